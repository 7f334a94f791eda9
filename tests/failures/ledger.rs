use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a line ends with that was written to its end.
const END: &str = ".";

/// What processes have written down, in a file that outlives them.
///
/// A line is written at once. A kill, or a look at the file in the meantime, can still cut one
/// in two where a page of the file ends: so a line has a mark at its end, and begins on a line
/// of its own. What was cut off was not written down.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    path: PathBuf,
    file: Arc<File>,
}

/// What happened to a job, and where.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) word: String,
    pub(crate) id: u64,
    /// Of a lease: which delivery it is.
    pub(crate) number: u32,
    pub(crate) process: u32,
}

impl Ledger {
    pub(crate) fn open(path: &Path) -> Self {
        let file = OpenOptions::new().create(true).append(true).open(path);
        Self {
            path: path.to_owned(),
            file: Arc::new(file.unwrap()),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn note(&self, word: &str, id: u64) {
        self.number(word, id, 0);
    }

    pub(crate) fn number(&self, word: &str, id: u64, number: u32) {
        let line = format!("\n{word} {id} {number} {} {END}\n", std::process::id());
        (&*self.file).write_all(line.as_bytes()).unwrap();
    }

    /// All lines, in the order in which they were written.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let text = std::fs::read_to_string(&self.path).unwrap();
        text.lines().filter_map(parse).collect()
    }

    /// The jobs of which something is said, each as often as it is.
    pub(crate) fn all(&self, word: &str) -> Vec<u64> {
        let lines = self.lines().into_iter().filter(|line| line.word == word);
        lines.map(|line| line.id).collect()
    }

    pub(crate) fn set(&self, word: &str) -> BTreeSet<u64> {
        self.all(word).into_iter().collect()
    }

    pub(crate) fn count(&self, word: &str, id: u64) -> usize {
        self.all(word).into_iter().filter(|&it| it == id).count()
    }

    /// The numbers that were written down with a job.
    pub(crate) fn numbers(&self, word: &str, id: u64) -> Vec<u32> {
        let lines = self.lines().into_iter();
        let lines = lines.filter(|line| line.word == word && line.id == id);
        lines.map(|line| line.number).collect()
    }

    /// Does what a unique key of a database does: only the first of an id has an effect.
    pub(crate) fn effect(&self, id: u64) {
        let path = self.path.with_extension(format!("effect-{id}"));
        if File::create_new(path).is_ok() {
            self.note("effect", id);
        }
    }

    /// A file that opens a gate when it is there.
    pub(crate) fn gate(&self) -> PathBuf {
        self.path.with_extension("gate")
    }

    /// Checks that no confirmed job was lost, and says how it went.
    pub(crate) fn balance(&self, title: &str) -> Balance {
        let (confirmed, done) = (self.set("confirmed"), self.all("done"));
        let handled: BTreeSet<_> = done.iter().copied().collect();
        let lost: Vec<_> = confirmed.difference(&handled).collect();
        assert!(lost.is_empty(), "{title}: lost {lost:?}");
        let balance = Balance {
            confirmed: confirmed.len(),
            handled: handled.len(),
            duplicates: done.len() - handled.len(),
        };
        let Balance {
            confirmed,
            handled,
            duplicates,
        } = balance;
        println!("{title}: confirmed {confirmed}, handled {handled}, duplicates {duplicates}");
        balance
    }
}

/// What a ledger says in the end. What was handled and not confirmed is in doubt for who
/// emitted it: it was killed before it could write so down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Balance {
    pub(crate) confirmed: usize,
    pub(crate) handled: usize,
    pub(crate) duplicates: usize,
}

/// What a line says. `None` if it is cut off.
fn parse(line: &str) -> Option<Line> {
    let words: Vec<_> = line.split(' ').collect();
    let [word, id, number, process, END] = words[..] else {
        return None;
    };
    Some(Line {
        word: word.into(),
        id: id.parse().unwrap(),
        number: number.parse().unwrap(),
        process: process.parse().unwrap(),
    })
}
