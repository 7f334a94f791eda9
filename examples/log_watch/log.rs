//! The package log: its lines, and the events that they become.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::thread;

use futures::stream::{self, Stream};
use tokio::sync::mpsc;
use ventix::{Emitter, Report};

/// How many lines may be on their way at a time.
pub(crate) const IN_FLIGHT: usize = 256;
/// The longest line that is held in memory, in bytes. A longer one is a bad line.
const MAX_LINE: usize = 64 * 1024;
/// How many bytes of a bad line are shown.
const SHOWN_BYTES: usize = 60;

// The events. They are plain types: nothing to implement, nothing to register.

pub(crate) struct Started;
pub(crate) struct Installed {
    pub(crate) package: String,
    pub(crate) version: String,
}
pub(crate) struct Upgraded {
    pub(crate) package: String,
    pub(crate) from: String,
    pub(crate) to: String,
}
pub(crate) struct Configured;
pub(crate) struct Triggered;
pub(crate) struct Disappeared;
pub(crate) struct Removed {
    pub(crate) package: String,
    pub(crate) version: String,
}
pub(crate) struct Purged;
pub(crate) struct Conffile;

/// Emitted on the topic `dpkg.status.STATE`.
pub(crate) struct Status {
    pub(crate) package: String,
}

/// An error, and an event too.
#[derive(Debug, Clone, thiserror::Error)]
#[error("line {number} is no log entry: \"{start}\"")]
pub(crate) struct BadLine {
    number: usize,
    /// How it begins, escaped: it may hold anything.
    start: String,
}

const STATES: &str = "not-installed config-files half-installed unpacked half-configured \
                      triggers-awaited triggers-pending installed";

/// Emits a line as what it is, by the format in dpkg(1) under `--log`, and waits
/// for its handlers.
pub(crate) async fn emit(emitter: &Emitter, number: usize, line: &[u8]) -> Report {
    let words: Vec<&str> = entry(line).unwrap_or("").split_whitespace().collect();
    match words[..] {
        ["startup", "archives" | "packages", _] => emitter.emit_and_wait(Started).await,
        ["install", package, _, version] => {
            let (package, version) = (package.into(), version.into());
            emitter.emit_and_wait(Installed { package, version }).await
        }
        ["upgrade", package, from, to] => {
            let (package, from, to) = (package.into(), from.into(), to.into());
            emitter.emit_and_wait(Upgraded { package, from, to }).await
        }
        ["configure", _, _, _] => emitter.emit_and_wait(Configured).await,
        ["trigproc", _, _, _] => emitter.emit_and_wait(Triggered).await,
        ["disappear", _, _, _] => emitter.emit_and_wait(Disappeared).await,
        ["remove", package, version, _] => {
            let (package, version) = (package.into(), version.into());
            emitter.emit_and_wait(Removed { package, version }).await
        }
        ["purge", _, _, _] => emitter.emit_and_wait(Purged).await,
        ["conffile", _, "install" | "keep"] => emitter.emit_and_wait(Conffile).await,
        ["status", state, package, _] if STATES.split(' ').any(|known| known == state) => {
            let package = package.into();
            let status = emitter.prepare(Status { package });
            let status = status.topic(format!("dpkg.status.{state}"));
            status.emit_and_wait().await
        }
        _ => {
            let start = &line[..line.len().min(SHOWN_BYTES)];
            let start = start.escape_ascii().to_string();
            emitter.emit_and_wait(BadLine { number, start }).await
        }
    }
}

/// What a line of plain text says after its time, which has a digit for each `0`.
fn entry(line: &[u8]) -> Option<&str> {
    const TIME: &str = "0000-00-00 00:00:00 ";
    let plain = |b: &u8| b.is_ascii_graphic() || b.is_ascii_whitespace();
    if line.len() > MAX_LINE || !line.iter().all(plain) {
        return None;
    }
    let (time, entry) = std::str::from_utf8(line)
        .ok()?
        .split_at_checked(TIME.len())?;
    let fits = |(b, t): (u8, u8)| b == t || (t == b'0' && b.is_ascii_digit());
    time.bytes().zip(TIME.bytes()).all(fits).then_some(entry)
}

/// The last item of a log that could not be read to its end.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {source}", path.display())]
pub(crate) struct Unreadable {
    path: PathBuf,
    source: io::Error,
}

/// Reads a log on a thread of its own, which may block, and never more than
/// [`IN_FLIGHT`] lines ahead.
pub(crate) fn lines(path: PathBuf) -> impl Stream<Item = Result<Vec<u8>, Unreadable>> {
    let (sender, mut lines) = mpsc::channel(IN_FLIGHT);
    thread::spawn(move || {
        // A line that nobody takes any more is no error: the watch has ended.
        if let Err(source) = read(&path, |line| sender.blocking_send(Ok(line)).is_ok()) {
            let _ = sender.blocking_send(Err(Unreadable { path, source }));
        }
    });
    stream::poll_fn(move |task| lines.poll_recv(task))
}

/// Reads until the end, or until nobody wants to see more.
fn read(path: &Path, see: impl Fn(Vec<u8>) -> bool) -> io::Result<()> {
    let mut input: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(path)?))
    };
    loop {
        let mut line = Vec::new();
        let mut start = input.by_ref().take(MAX_LINE as u64 + 1);
        if start.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if line.len() > MAX_LINE {
            input.skip_until(b'\n')?;
        }
        if !see(line) {
            return Ok(());
        }
    }
}
