//! Several values of one file, and several processes.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use super::*;

/// Tells the child what it is; without it, it is none.
const ROLE: &str = "VENTIX_SQLITE_CHILD";
const FILE: &str = "VENTIX_SQLITE_FILE";

/// A process of this program that does one thing, killed when it is dropped.
pub(super) struct Process {
    child: Killed,
    lines: Lines<BufReader<ChildStdout>>,
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    pub(super) fn start(role: &str, path: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "processes::child", "--nocapture"])
            .env(ROLE, role)
            .env(FILE, path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self {
            child: Killed(child),
            lines,
        }
    }

    /// The next line that it says after a mark, or `None` when it has ended.
    pub(super) fn line(&mut self) -> Option<String> {
        said(&mut self.lines)
    }

    /// Kills it by SIGKILL, and returns what it had said by then.
    pub(super) fn kill(&mut self) -> Vec<String> {
        self.child.0.kill().unwrap();
        self.child.0.wait().unwrap();
        std::iter::from_fn(|| said(&mut self.lines)).collect()
    }

    /// How much processor time its threads have had, as the scheduler counts it: to the
    /// nanosecond, and not by who runs when the clock ticks.
    #[cfg(target_os = "linux")]
    fn processor_time(&self) -> Duration {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.child.0.id())).unwrap();
        let times = threads.map(|thread| {
            let path = thread.unwrap().path().join("schedstat");
            let times = std::fs::read_to_string(path).unwrap();
            let nanos = times.split_whitespace().next().unwrap();
            Duration::from_nanos(nanos.parse().unwrap())
        });
        times.sum()
    }

    fn wait(&mut self) -> bool {
        self.child.0.wait().unwrap().success()
    }
}

/// The next line that a process said, past those of the test harness.
fn said(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<String> {
    let said = |line: String| Some(line.split_once("> ")?.1.to_owned());
    lines.map_while(Result::ok).find_map(said)
}

/// Says something, in one write.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("> {text}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// What the processes run that tests start; without a role, nothing.
#[actix::test]
async fn child() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let backend = Sqlite::builder(std::env::var_os(FILE).unwrap())
        .busy_timeout(DEADLINE)
        .open()
        .unwrap();
    let pid = std::process::id();
    match role.as_str() {
        "publish" => {
            for n in 0..250 {
                let text = format!("{pid}-{n}");
                publish(&backend, &[message(&text)]).await;
                say(&text);
            }
        }
        "publish without end" => loop {
            let batch: Vec<_> = (0..16).map(|_| message(&fresh_id().to_string())).collect();
            publish(&backend, &batch).await;
            let texts = batch
                .iter()
                .map(|message| String::from_utf8_lossy(&message.body));
            say(&texts.collect::<Vec<_>>().join(" "));
        },
        "consume" => {
            let consumer = consumer(unordered(), &pid.to_string(), "billing", LONG);
            let mut source = backend.consume(&consumer).await.unwrap();
            say("ready");
            loop {
                for lease in next(&mut source, 8).await {
                    let text = text(&lease);
                    lease.ack().await.unwrap();
                    say(&text);
                }
            }
        }
        "hold" => {
            let brief = Duration::from_millis(500);
            let mut source = read_with_lease(&backend, unordered(), "billing", brief).await;
            let held = next(&mut source, 8).await;
            say(&held.len().to_string());
            std::future::pending::<()>().await;
            drop(held);
        }
        role => panic!("{role}"),
    }
}

#[actix::test]
async fn values_of_one_file_hear_of_each_other() {
    let place = Place::new();
    let (one_value, other) = (place.open(), place.open());
    let mut source = reader(&one_value, unordered(), "billing").await;
    for n in 0..3 {
        let (taken, ()) = futures::future::join(async { drain(&mut source, 1).await }, async {
            publish(&other, &[message(&n.to_string())]).await;
        })
        .await;
        assert_eq!(taken, [n.to_string()]);
    }
    let message = message("once");
    publish(&one_value, std::slice::from_ref(&message)).await;
    let again = other.publish(&queue(), &[message]).await.pop().unwrap();
    assert_eq!(again.unwrap(), Confirmed::Duplicate);
}

#[actix::test]
async fn clones_hear_of_each_other_without_looking() {
    let place = Place::new();
    let backend = Sqlite::builder(&place.path)
        .poll_interval(LONG)
        .open()
        .unwrap();
    let mut source = reader(&backend, unordered(), "billing").await;
    let other = backend.clone();
    let (taken, ()) = futures::future::join(async { drain(&mut source, 1).await }, async {
        publish(&other, &[message("a")]).await;
    })
    .await;
    assert_eq!(taken, ["a"]);
}

#[actix::test]
async fn two_arbiters_use_one_backend() {
    let place = Place::new();
    let backend = place.open();
    let mut source = reader(&backend, unordered(), "billing").await;
    let arbiters = [actix::Arbiter::new(), actix::Arbiter::new()];
    for (n, arbiter) in arbiters.iter().enumerate() {
        let backend = backend.clone();
        arbiter.spawn(async move { publish(&backend, &[message(&n.to_string())]).await });
    }
    let mut texts = drain(&mut source, 2).await;
    texts.sort();
    assert_eq!(texts, ["0", "1"]);
    for arbiter in arbiters {
        arbiter.stop();
    }
}

#[actix::test]
async fn four_processes_publish_and_consume_one_file() {
    let place = Place::new();
    let backend = place.open();
    backend
        .ensure(&unordered().group(group("billing")))
        .await
        .unwrap();
    let mut publishers: Vec<_> = (0..2)
        .map(|_| Process::start("publish", &place.path))
        .collect();
    let (found, taken) = std::sync::mpsc::channel();
    let mut consumers = Vec::new();
    for _ in 0..2 {
        let Process { child, mut lines } = Process::start("consume", &place.path);
        consumers.push(child);
        let found = found.clone();
        std::thread::spawn(move || {
            assert_eq!(said(&mut lines).unwrap(), "ready");
            while let Some(line) = said(&mut lines) {
                if found.send(line).is_err() {
                    return;
                }
            }
        });
    }
    let mut published = BTreeSet::new();
    for publisher in &mut publishers {
        while let Some(line) = publisher.line() {
            published.insert(line);
        }
        assert!(publisher.wait());
    }
    assert_eq!(published.len(), 500);
    let mut done = BTreeSet::new();
    for _ in 0..500 {
        let text = taken.recv_timeout(DEADLINE).unwrap();
        assert!(done.insert(text), "twice");
    }
    assert_eq!(done, published);
    place.assert_intact();
}

#[cfg(target_os = "linux")]
#[actix::test]
async fn a_process_that_waits_for_messages_costs_less_than_one_percent() {
    let place = Place::new();
    let mut process = Process::start("consume", &place.path);
    assert_eq!(process.line().unwrap(), "ready");
    // A stretch of time is what is measured. Other processes on this machine only add to what
    // it takes, by what they push out of the caches: so the least of five is what it costs.
    let stretch = Duration::from_secs(1);
    let mut least = stretch;
    for _ in 0..5 {
        let before = process.processor_time();
        tokio::time::sleep(stretch).await;
        least = least.min(process.processor_time() - before);
    }
    assert!(least < stretch / 100, "{least:?} in {stretch:?}");
    // It was not dead, but waiting.
    publish(&place.open(), &[message("a")]).await;
    assert_eq!(process.line().unwrap(), "a");
}
