//! The page `options` says of every pair one thing at most, and every test that it
//! names is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::pairs::OPTIONS;

/// A handler, which stands last.
const STREAM: &str = "stream";

const PAGE: &str = include_str!("../../src/options.md");

/// The rows of the page, with the option that each stands under. These come in their
/// order.
fn rows() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut rows = Vec::new();
    let (mut option, mut last) = (None, None);
    for line in PAGE.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            let heading = heading.trim_matches('`');
            let place = OPTIONS.iter().position(|known| *known == heading);
            let place = place.unwrap_or_else(|| panic!("no option: {heading}"));
            assert!(last < Some(place), "{heading} comes too late");
            (option, last) = (Some(heading), Some(place));
        }
        let Some(row) = line.strip_prefix("| ") else {
            continue;
        };
        let cells: Vec<_> = row.trim_end_matches(" |").split(" | ").collect();
        assert_eq!(cells.len(), 3, "{line}");
        if cells[0] != "meets" {
            rows.push((option.expect("a row stands under an option"), cells));
        }
    }
    rows
}

#[test]
fn every_pair_is_told_once_at_most_and_under_the_first() {
    let mut told = BTreeSet::new();
    for (option, cells) in rows() {
        let place = |name: &str| {
            let mut names = OPTIONS.iter().chain([&STREAM]);
            let place = names.position(|known| *known == name);
            place.unwrap_or_else(|| panic!("no option: {name}"))
        };
        for other in cells[0].split(", ").map(|it| it.trim_matches('`')) {
            assert!(
                place(option) < place(other),
                "{option} comes before {other}"
            );
            assert!(
                told.insert((option, other)),
                "{option} and {other} are told twice"
            );
        }
    }
    assert!(told.len() > 165, "the page has been read");
}

/// Whether what is defined there stands under attributes that make it a test, and do not
/// keep it from being run.
fn is_test(text: &str, definition: &str) -> bool {
    let Some((before, _)) = text.split_once(definition) else {
        return false;
    };
    let before = before.trim_end();
    let before = before.strip_suffix("async").unwrap_or(before).trim_end();
    let attributes = before.lines().rev().map(str::trim);
    let attributes: Vec<_> = attributes
        .take_while(|line| line.starts_with("#["))
        .collect();
    let runs_it = |line: &&str| ["#[test]", "#[actix::test]"].contains(line);
    attributes.iter().any(runs_it) && !attributes.iter().any(|line| line.contains("ignore"))
}

#[test]
fn what_is_no_test_is_not_taken_for_one() {
    let text = "#[test]\nfn plain() {}\n\n\
        #[actix::test]\nasync fn waits() {}\n\n\
        #[test]\n#[ignore]\nfn ignored() {}\n\n\
        fn helper() {}\n\nasync fn waiting_helper() {}\n\n\
        #[must_use]\nfn attributed() {}\n";
    let names = [
        "plain",
        "waits",
        "ignored",
        "helper",
        "waiting_helper",
        "attributed",
        "none",
    ];
    let tests = names.map(|name| is_test(text, &format!("fn {name}(")));
    assert_eq!(tests, [true, true, false, false, false, false, false]);
}

#[test]
fn every_test_that_is_named_is_there() {
    let in_rows = rows()
        .into_iter()
        .flat_map(|(_, cells)| cells[2].split(", "));
    let in_text = PAGE.split('`').filter(|text| text.starts_with("options::"));
    let mut count = 0;
    for named in in_rows.chain(in_text) {
        let path: Vec<_> = named.trim_matches('`').split("::").collect();
        let (test, file) = path.split_last().unwrap();
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        let file = tests.join(file.join("/")).with_extension("rs");
        let text = fs::read_to_string(&file).unwrap_or_else(|_| panic!("no file: {file:?}"));
        let definition = format!("fn {test}(");
        let wrapped = format!("fn {test}\n(");
        let is_there = text.contains(&definition) || text.contains(&wrapped);
        assert!(is_there, "{file:?} has no test {test}");
        assert!(
            is_test(&text, &definition) || is_test(&text, &wrapped),
            "{named} is no test that is run"
        );
        count += 1;
    }
    assert!(count > 170, "the page has been read");
}
