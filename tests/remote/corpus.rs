//! The decoders of envelopes against bytes that nobody would write: the corpus of the fuzz
//! target, and mutations of it.

use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::*;

#[path = "../fuzz/check.rs"]
mod check;

fn corpus() -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus/envelope");
    let files = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 7, "{paths:?}");
    paths
        .iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect()
}

/// A change of some bytes: set one, cut some out, or put some of another place in.
#[derive(Debug, Clone)]
enum Change {
    Set(usize, u8),
    Cut(usize, usize),
    Copy(usize, usize, usize),
    Insert(usize, Vec<u8>),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len().max(1);
        match self {
            Self::Set(at, byte) => {
                if let Some(old) = bytes.get_mut(at % length) {
                    *old = *byte;
                }
            }
            Self::Cut(from, count) => {
                let from = from % length;
                let to = (from + count).min(bytes.len());
                if from < to {
                    bytes.drain(from..to);
                }
            }
            Self::Copy(from, count, to) => {
                let from = from % length;
                let part = bytes[from.min(bytes.len())..(from + count).min(bytes.len())].to_vec();
                let to = (to % length).min(bytes.len());
                bytes.splice(to..to, part);
            }
            Self::Insert(at, part) => {
                let at = (at % length).min(bytes.len());
                bytes.splice(at..at, part.iter().copied());
            }
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let interesting = prop_oneof![
        Just(b"null".to_vec()),
        Just(b"\"".to_vec()),
        Just(b"{".to_vec()),
        Just(b"]".to_vec()),
        Just(b"-1".to_vec()),
        Just(b"1e999".to_vec()),
        Just(b"18446744073709551616".to_vec()),
        Just(b"\\ud800".to_vec()),
        Just(vec![0xc1]),
        Just(vec![0xdf, 0xff, 0xff, 0xff, 0xff]),
        Just(vec![0xc6, 0xff, 0xff, 0xff, 0xff]),
        vec(any::<u8>(), 1..8),
    ];
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (any::<usize>(), 1..20_usize).prop_map(|(from, count)| Change::Cut(from, count)),
        (any::<usize>(), 1..40_usize, any::<usize>())
            .prop_map(|(from, count, to)| Change::Copy(from, count, to)),
        (any::<usize>(), interesting).prop_map(|(at, part)| Change::Insert(at, part)),
    ]
}

#[test]
fn the_corpus_holds() {
    for bytes in corpus() {
        check::envelope(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn mutations_of_the_corpus_hold(which in any::<usize>(), changes in vec(change(), 1..6)) {
        let corpus = corpus();
        let mut bytes = corpus[which % corpus.len()].clone();
        changes.iter().for_each(|change| change.apply(&mut bytes));
        check::envelope(&bytes);
    }

    #[test]
    fn bytes_of_any_kind_hold(bytes in vec(any::<u8>(), 0..200)) {
        check::envelope(&bytes);
    }
}
