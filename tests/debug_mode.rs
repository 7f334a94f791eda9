//! The debug mode: a line for every subscribe, unsubscribe, emission and outcome.

use std::io;
use std::process::Command;
use std::sync::{Arc, Mutex};

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;
use ventix::{Emitter, Linker, LinkerBuilder, Strategy, on};

/// What was written at a level or above it, on this thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn at(level: tracing::Level) -> (Self, DefaultGuard) {
        let lines = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_writer(lines.clone())
            .with_ansi(false)
            .without_time()
            .finish();
        (lines, tracing::subscriber::set_default(subscriber))
    }

    fn take(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// A little of everything that has a line.
async fn work(linker: LinkerBuilder, emitter_debug: Option<bool>) {
    let linker = linker.name("orders").start().unwrap();
    let links = linker.subscribe(
        on::<u8>()
            .call(|_| Err::<(), _>("no paper"))
            .named("printer"),
    );
    let emitter = Emitter::builder(&linker)
        .strategy(Strategy::inline())
        .name("shop");
    let emitter = match emitter_debug {
        Some(on) => emitter.debug(on),
        None => emitter,
    };
    let emitter = emitter.start().unwrap();
    emitter.emit(1_u8);
    emitter.emit("unheard");
    emitter.prepare(1_u8).topic("no topic").emit();
    links.unwrap().unsubscribe();
}

/// Whether a line has all of these.
fn has(lines: &[String], parts: &[&str]) -> bool {
    lines
        .iter()
        .any(|line| parts.iter().all(|part| line.contains(part)))
}

#[actix::test]
async fn it_tells_of_everything_with_ids_names_and_thread() {
    let (lines, _guard) = Lines::at(tracing::Level::DEBUG);
    work(Linker::builder(), None).await;
    let lines = lines.take();
    let subscription = "subscription=#1 (printer)";
    let delivering = [
        "delivering",
        "linker=orders",
        "emission=",
        "u8",
        subscription,
    ];
    assert!(has(&lines, &delivering));
    assert!(has(
        &lines,
        &[
            "DEBUG ventix: subscribed",
            "linker=orders",
            subscription,
            "u8"
        ]
    ));
    assert!(has(
        &lines,
        &[
            "emitted",
            "emitter=shop",
            "emission=",
            "event=\"u8\"",
            "matched=1"
        ]
    ));
    assert!(has(
        &lines,
        &["failed", "linker=orders", subscription, "error=no paper"]
    ));
    assert!(has(&lines, &["nobody listens", "event=\"&str\""]));
    assert!(has(&lines, &["refused", "reason=invalid topic `no topic`"]));
    assert!(has(
        &lines,
        &["unsubscribed", "linker=orders", "subscription=#1"]
    ));
    assert!(
        lines
            .iter()
            .all(|line| line.contains("at=") && line.contains("(arbiter)"))
    );
}

#[actix::test]
async fn by_default_the_filter_decides() {
    let (lines, _guard) = Lines::at(tracing::Level::INFO);
    work(Linker::builder(), None).await;
    assert_eq!(lines.take(), Vec::<String>::new());
}

#[actix::test]
async fn switched_on_it_stands_out_of_the_filter() {
    let (lines, _guard) = Lines::at(tracing::Level::INFO);
    work(Linker::builder().debug(true), None).await;
    let linker = lines.take();
    assert!(has(&linker, &["INFO ventix: subscribed"]) && !has(&linker, &["emitter=shop"]));
    work(Linker::builder(), Some(true)).await;
    let emitter = lines.take();
    assert!(has(&emitter, &["INFO ventix: emitted"]) && !has(&emitter, &["linker=orders"]));
}

#[actix::test]
async fn switched_off_it_is_silent() {
    let (lines, _guard) = Lines::at(tracing::Level::TRACE);
    work(Linker::builder().debug(false), Some(false)).await;
    assert_eq!(lines.take(), Vec::<String>::new());
}

/// Run by the next test, in a process whose environment it sets.
#[actix::test]
async fn with_the_environment() {
    let (lines, _guard) = Lines::at(tracing::Level::INFO);
    work(Linker::builder(), None).await;
    let written = lines.take().len();
    let expected = match std::env::var("VENTIX_DEBUG").as_deref() {
        Ok("1") => 7,
        _ => 0,
    };
    assert_eq!(written, expected);
}

#[test]
fn the_environment_switches_it_where_nothing_was_said() {
    for value in ["1", "0"] {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "with_the_environment"])
            .env("VENTIX_DEBUG", value)
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success(), "VENTIX_DEBUG={value}: {output}");
        assert!(output.contains("1 passed"), "{output}");
    }
}

#[actix::test]
async fn it_tells_why_a_subscription_was_turned_away() {
    let (lines, _guard) = Lines::at(tracing::Level::DEBUG);
    let linker = Linker::builder().name("orders").start().unwrap();
    let slow = on::<u8>().call_async(|_| std::future::pending::<()>());
    linker.subscribe(slow.capacity(1).named("slow")).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    emitter.emit(1_u8);
    let id = emitter.emit(2_u8).id().to_string();
    let reason = "reason=the lane is full (capacity 1)";
    assert!(has(
        &lines.take(),
        &["turned away", "subscription=#1 (slow)", reason, &id]
    ));
}
