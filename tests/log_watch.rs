//! The example `log_watch`, run as a process. Its numbers are checked against
//! `grep -c` on the same file.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// The program, built from today's sources with the profile of this test:
/// `cargo test --test log_watch` by itself builds no example.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let profile_dir = test.ancestors().nth(2).expect("PROFILE/deps/TEST");
        let profile = match profile_dir.file_name().and_then(OsStr::to_str) {
            Some("debug") => "dev",
            Some(profile) => profile,
            None => panic!("{} is in no profile's directory", test.display()),
        };
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--example", "log_watch"])
            .args(["--profile", profile, "--target-dir"])
            .arg(profile_dir.parent().expect("a target directory"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(built.unwrap().success());
        profile_dir.join("examples/log_watch")
    })
}

fn spawn(args: &[impl AsRef<OsStr>]) -> Child {
    Command::new(program())
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn end_of(child: Child) -> Output {
    let (ended, end) = mpsc::channel();
    thread::spawn(move || ended.send(child.wait_with_output().unwrap()));
    let end = end.recv_timeout(Duration::from_secs(100));
    end.expect("it ends by itself")
}

fn run(args: &[impl AsRef<OsStr>]) -> Output {
    let mut child = spawn(args);
    drop(child.stdin.take());
    end_of(child)
}

fn run_with_input(input: impl Into<Vec<u8>>) -> Output {
    let mut child = spawn(&["-"]);
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.into());
    let feeder = thread::spawn(move || stdin.write_all(&input).unwrap());
    let end = end_of(child);
    feeder.join().unwrap();
    end
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// What a run that went well says; it says it on stdout, and nothing else.
#[track_caller]
fn summary(output: &Output) -> &str {
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    text(&output.stdout)
}

/// The numbers of a summary by their names.
fn numbers(summary: &str) -> BTreeMap<&str, u64> {
    let (tables, kept) = summary
        .split_once("\nbad lines, from the failure callback: ")
        .unwrap();
    let kept = kept.lines().next().unwrap().parse().unwrap();
    let rows = tables.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words.next()?.parse().ok()?))
    });
    rows.chain([("kept", kept)]).collect()
}

const STATES: [&str; 8] = [
    "not-installed",
    "config-files",
    "half-installed",
    "unpacked",
    "half-configured",
    "triggers-awaited",
    "triggers-pending",
    "installed",
];

/// The regular expression of a log entry, given what follows the time.
fn regex(entry: &str) -> String {
    let entry = entry.replace(' ', "[[:space:]]+").replace('W', "[!-~]+");
    let (date, time) = ("[0-9]{4}-[0-9]{2}-[0-9]{2}", "[0-9]{2}:[0-9]{2}:[0-9]{2}");
    format!("^{date} {time} [[:space:]]*{entry}[[:space:]]*$")
}

/// Every number of a summary but the totals, with what it counts.
fn entries() -> Vec<(String, String)> {
    let states = format!("status ({}) W W", STATES.join("|"));
    let mut entries = vec![
        ("startup".into(), "startup (archives|packages) W".into()),
        ("conffile".into(), "conffile W (install|keep)".into()),
        ("status".into(), states),
    ];
    for action in "install upgrade configure trigproc disappear remove purge".split(' ') {
        entries.push((action.into(), format!("{action} W W W")));
    }
    for state in STATES {
        entries.push((
            format!("dpkg.status.{state}"),
            format!("status {state} W W"),
        ));
    }
    entries
}

/// Runs `grep` in the locale in which every byte is a character.
fn grep(options: &[&str], regex: &str, file: &Path) -> String {
    let grep = Command::new("grep")
        .args(options)
        .args(["--text", "--extended-regexp", "--regexp", regex])
        .arg(file)
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    assert_eq!(text(&grep.stderr), "");
    text(&grep.stdout).to_owned()
}

fn grep_count(options: &[&str], regex: &str, file: &Path) -> u64 {
    let options = [options, &["--count"]].concat();
    grep(&options, regex, file).trim().parse().unwrap()
}

/// Checks all numbers of a summary, and what else depends on the order of lines.
#[track_caller]
fn assert_agrees_with_grep(summary: &str, file: &Path) {
    let mut expected = BTreeMap::new();
    for (name, entry) in entries() {
        let count = grep_count(&[], &regex(&entry), file);
        // A state that no package was in has no row.
        if count > 0 || !name.starts_with("dpkg.") {
            expected.insert(name, count);
        }
    }
    let any: Vec<_> = entries().into_iter().map(|(_, entry)| entry).collect();
    let any = regex(&format!("({})", any.join("|")));
    let bad = grep_count(&["--invert-match"], &any, file);
    expected.insert("bad".into(), bad);
    expected.insert("kept".into(), bad);
    expected.insert("all".into(), grep_count(&[], "", file));
    let expected: BTreeMap<_, _> = expected.iter().map(|(name, n)| (&**name, *n)).collect();
    assert_eq!(numbers(summary), expected);

    let change = regex("(install|upgrade|remove) W W W");
    let change = grep(&["--max-count=1"], &change, file);
    let first = change
        .split_whitespace()
        .skip(2)
        .take(2)
        .collect::<Vec<_>>();
    let first = if first.is_empty() {
        "none".into()
    } else {
        first.join(" ")
    };
    let said: Vec<_> = summary
        .lines()
        .filter(|line| line.starts_with("first change"))
        .collect();
    let [said] = said[..] else {
        panic!("not once: {said:?}")
    };
    assert!(
        said.starts_with(&format!("first change: {first}")),
        "{said}"
    );

    for state in STATES {
        let all = grep(&[], &regex(&format!("status {state} W W")), file);
        let Some(last) = all.lines().last() else {
            continue;
        };
        let row = summary
            .lines()
            .find(|line| line.contains(&format!(".{state} ")));
        let package = last.split_whitespace().nth(4).unwrap();
        assert!(
            row.unwrap().ends_with(&format!(" last {package}")),
            "{row:?}"
        );
    }
}

fn file(content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("dpkg.log");
    fs::write(&path, content).unwrap();
    (dir, path)
}

/// A log with every kind of entry, no two equally often, and bad ones in between.
fn sample(lines: usize) -> String {
    let kinds = [
        "startup archives unpack",
        "status half-installed P 1.0-1",
        "install P <none> 1.0-1",
        "status unpacked P 1.0-1",
        "upgrade P 1.0-1 1.1-1",
        "install the best package there is",
        "status half-configured P 1.1-1",
        "configure P 1.1-1 <none>",
        "status triggers-pending P 1.1-1",
        "trigproc P 1.1-1 <none>",
        "status triggers-awaited P 1.1-1",
        "conffile /etc/P.conf keep",
        "status installed P 1.1-1",
        "status upside-down P 1.1-1",
        "remove P 1.1-1 <none>",
        "status config-files P 1.1-1",
        "purge P 1.1-1 <none>",
        "status not-installed P <none>",
        "disappear P 1.1-1 <none>",
    ];
    let often = |(times, kind)| std::iter::repeat_n(kind, times + 1);
    let kinds = kinds.into_iter().enumerate().flat_map(often);
    let entry = |(n, kind): (usize, &str)| {
        let package = format!("lib{}:amd64", n % 997);
        let (minute, second) = (n / 60 % 60, n % 60);
        format!(
            "2026-11-01 10:{minute:02}:{second:02} {}\n",
            kind.replace('P', &package)
        )
    };
    let kinds: Vec<_> = kinds.collect();
    // 7 and the number of kinds have no common factor: a shuffle.
    (0..lines)
        .map(|n| entry((n, kinds[n * 7 % kinds.len()])))
        .collect()
}

#[test]
fn every_number_is_that_of_grep() {
    let (_dir, path) = file(sample(2_000));
    let output = run(&[&path]);
    let numbers = numbers(summary(&output));
    assert!(numbers.values().all(|count| *count > 0), "{numbers:?}");
    assert_agrees_with_grep(summary(&output), &path);
}

#[test]
fn the_machines_own_log_is_read_by_default() {
    let own = Path::new("/var/log/dpkg.log");
    let size = || fs::metadata(own).map_or(0, |log| log.len());
    loop {
        let before = size();
        if before == 0 {
            return; // A machine without such a log has nothing to check.
        }
        let (output, copy) = (run(&[] as &[&str]), fs::read(own).unwrap());
        if size() == before {
            let (_dir, path) = file(copy);
            return assert_agrees_with_grep(summary(&output), &path);
        }
    }
}

#[test]
fn standard_input_is_read_like_a_file() {
    let (_dir, path) = file(sample(2_000));
    let from_file = run(&[&path]);
    let from_input = run_with_input(sample(2_000));
    assert_eq!(summary(&from_input), summary(&from_file));
}

#[test]
fn an_empty_log_has_only_zeros() {
    let (_dir, path) = file("");
    for output in [run(&[&path]), run_with_input("")] {
        assert_agrees_with_grep(summary(&output), &path);
        assert!(numbers(summary(&output)).values().all(|count| *count == 0));
    }
}

#[test]
fn a_long_log_loses_nothing() {
    let (_dir, path) = file(sample(50_000));
    let output = run(&[&path]);
    assert_eq!(numbers(summary(&output))["all"], 50_000);
    assert_agrees_with_grep(summary(&output), &path);
}

/// Bytes that look random and are the same every time (xorshift64).
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn binary_garbage_is_counted_and_never_shown_raw() {
    let mut log = b"\n\0\0\0\n\x1b[31m\x1b]0;title\x07\xff\xfe\xc3\x28\xc2\x9b\n".to_vec();
    log.extend(noise(300_000));
    log.extend(b"\n2026-11-01 10:00:00 install crlf:all <none> 1\r\n");
    log.extend(b"2026-11-01 10:00:00 install \x1b[31mred:all <none> 1\n");
    log.extend(b"2026-11-01 10:00:00  remove  wide\t gap  1\n");
    log.extend("2026-11-01 10:00:00 install größe:all <none> 1\n".bytes());
    log.extend(vec![b'x'; 1 << 20]);
    log.extend(b"\n2026-11-01 10:00:00 status installed last:all 1");
    let lines = log.split(|byte| *byte == b'\n').count() as u64;
    let (_dir, path) = file(&log);

    for output in [run(&[&path]), run_with_input(log)] {
        assert_agrees_with_grep(summary(&output), &path);
        let numbers = numbers(summary(&output));
        assert_eq!(numbers["all"], lines);
        assert_eq!(numbers["bad"], lines - 3);
        let harmless = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n');
        assert!(output.stdout.iter().all(harmless));
    }
}

#[test]
fn only_the_first_bad_lines_are_shown() {
    let bad: String = (1..=25)
        .map(|n| format!("bad {n} \t{}\n", "y".repeat(900)))
        .collect();
    let output = run_with_input(bad);
    let shown: Vec<_> = summary(&output).lines().rev().take(11).collect();
    assert_eq!(shown[10], "bad lines, from the failure callback: 25");
    for (line, n) in shown[..10].iter().rev().zip(1..) {
        let start = format!("  line {n} is no log entry: \"bad {n} \\tyyy");
        assert!(line.starts_with(&start) && line.len() < 110, "{line}");
    }
}

#[test]
fn a_line_that_is_cut_short_is_bad_even_if_its_start_is_an_entry() {
    let entry = "2026-11-01 10:00:00 install long:all <none> 1";
    let bytes = |length: usize| entry.to_owned() + &"1".repeat(length - entry.len()) + "\n";
    let output = run_with_input(bytes(64 * 1024) + &bytes(64 * 1024 + 1) + &bytes(70_000));
    let numbers = numbers(summary(&output));
    assert_eq!(
        (numbers["install"], numbers["bad"], numbers["all"]),
        (1, 2, 3)
    );
}

#[track_caller]
fn assert_refused(output: &Output, message: &str) {
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stdout), "");
    let said = text(&output.stderr);
    assert!(said.starts_with(message), "{said}");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let dir = TempDir::new().unwrap();
    for path in [dir.path().join("missing.log"), dir.path().to_owned()] {
        let message = format!("log_watch: cannot read {}: ", path.display());
        assert_refused(&run(&[&path]), &message);
    }
}

#[test]
fn wrong_arguments_get_the_usage() {
    assert_refused(&run(&["--wrong"]), "usage: log_watch [FILE]");
    assert_refused(&run(&["one.log", "two.log"]), "usage: log_watch [FILE]");
    let help = run(&["--help"]);
    assert!(summary(&help).starts_with("usage: log_watch [FILE]"));
}

/// Has the once-handler speak.
fn write_first_change(stdin: &mut ChildStdin) {
    let line = "2026-11-01 10:00:00 install first:all <none> 1\n";
    stdin.write_all(line.as_bytes()).unwrap();
}

#[test]
fn a_pipe_that_is_closed_after_a_line_ends_it_quietly() {
    let mut child = spawn(&["-"]);
    let mut stdin = child.stdin.take().unwrap();
    write_first_change(&mut stdin);
    // It is there before the input ends, and the summary cannot be.
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "first change: install first:all 1\n");
    drop(stdout);

    stdin.write_all(sample(20_000).as_bytes()).unwrap();
    drop(stdin);
    let output = end_of(child);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_pipe_that_is_closed_from_the_start_does_not_wait_for_the_input() {
    let mut child = spawn(&["-"]);
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    write_first_change(&mut stdin);
    let output = end_of(child);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    drop(stdin); // It was open all the time.
}
