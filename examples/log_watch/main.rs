//! Watches a package log. Every line becomes a typed event, and handlers of four
//! kinds make something of it:
//!
//! - **an actor on its own arbiter** counts events of all types, through one
//!   subscription;
//! - **a callback on a topic pattern**, `dpkg.status.>`, follows the states that
//!   packages pass through;
//! - **a once-handler** announces the first change of a package, of whichever of
//!   three types it is;
//! - **a failure callback** keeps the lines that do not parse: an error is an
//!   event like any other.
//!
//! ```sh
//! cargo run --example log_watch                    # /var/log/dpkg.log
//! cargo run --example log_watch -- FILE
//! zcat /var/log/dpkg.log.*.gz | cargo run --example log_watch -- -
//! ```
//!
//! A log of any length is read in bounded memory, and nothing of it is lost: at
//! most 256 lines are on their way at a time, where a subscription would refuse
//! the 1,025th delivery, and every report is looked at.

mod log;

use std::collections::{BTreeMap, HashMap};
use std::io::ErrorKind::BrokenPipe;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use std::{env, fmt};

use actix::prelude::*;
use futures::StreamExt;
use ventix::{
    BoxError, Delivery, Emitter, EventType, Linker, SharedError, Strategy, SubscriptionSpec, on,
    on_topic,
};

use log::{
    BadLine, Conffile, Configured, Disappeared, IN_FLIGHT, Installed, Purged, Removed, Started,
    Status, Triggered, Unreadable, Upgraded,
};

const USAGE: &str = "usage: log_watch [FILE]
FILE is /var/log/dpkg.log unless given; - reads standard input.
";

/// How often a terminal is told how far the watch is, and what wipes that away.
const REFRESH: Duration = Duration::from_millis(100);
const CLEAR_LINE: &str = "\x1b[K";

/// Counts events, whatever they are.
#[derive(Default)]
struct Counter(Counts);

type Counts = HashMap<EventType, u64>;

#[derive(Message)]
#[rtype(result = "Counts")]
struct GetCounts;

impl Actor for Counter {
    type Context = Context<Self>;
}

impl<E: 'static> Handler<Delivery<E>> for Counter {
    type Result = ();

    fn handle(&mut self, event: Delivery<E>, _: &mut Context<Self>) {
        *self.0.entry(event.metadata().event_type()).or_default() += 1;
    }
}

impl Handler<GetCounts> for Counter {
    type Result = MessageResult<GetCounts>;

    fn handle(&mut self, _: GetCounts, _: &mut Context<Self>) -> Self::Result {
        MessageResult(self.0.clone())
    }
}

/// One subscription of many types.
fn count(counter: &Addr<Counter>) -> SubscriptionSpec {
    on::<Started>()
        .actor(counter.clone())
        .and(on::<Installed>().actor(counter.clone()))
        .and(on::<Upgraded>().actor(counter.clone()))
        .and(on::<Configured>().actor(counter.clone()))
        .and(on::<Triggered>().actor(counter.clone()))
        .and(on::<Disappeared>().actor(counter.clone()))
        .and(on::<Removed>().actor(counter.clone()))
        .and(on::<Purged>().actor(counter.clone()))
        .and(on::<Conffile>().actor(counter.clone()))
        .and(on_topic::<Status>("dpkg.status.>").actor(counter.clone()))
        .and(on::<BadLine>().actor(counter.clone()))
}

/// For each topic, how many packages came by, and the last of them.
type Seen = BTreeMap<String, (u64, String)>;

fn follow(seen: Arc<Mutex<Seen>>) -> SubscriptionSpec {
    on_topic::<Status>("dpkg.status.>").call(move |status| {
        let mut seen = lock(&seen);
        let (count, last) = seen.entry(status.name().to_owned()).or_default();
        *count += 1;
        last.clone_from(&status.package);
    })
}

/// Fires once, not once per type. When it cannot write, the report says so.
fn announce() -> SubscriptionSpec {
    let say = |change: fmt::Arguments<'_>| writeln!(io::stdout(), "first change: {change}");
    on::<Installed>()
        .call(move |new| say(format_args!("install {} {}", new.package, new.version)))
        .and(on::<Upgraded>().call(move |new| {
            let Upgraded { package, from, to } = new.event();
            say(format_args!("upgrade {package} {from} -> {to}"))
        }))
        .and(
            on::<Removed>()
                .call(move |old| say(format_args!("remove {} {}", old.package, old.version))),
        )
        .once()
}

/// How many lines do not parse, and the first of them.
#[derive(Default)]
struct Kept {
    count: u64,
    first: Vec<String>,
}

/// Nothing can be done about a bad line: its handler fails with it, and the
/// failure callback keeps it.
fn keep(kept: Arc<Mutex<Kept>>) -> SubscriptionSpec {
    let fail = on::<BadLine>().call(|bad| Err::<(), _>(bad.event().clone()));
    fail.on_failure(move |failure| {
        let mut kept = lock(&kept);
        kept.count += 1;
        if kept.first.len() < 10 {
            kept.first.push(failure.error().to_string());
        }
    })
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().expect("no handler panics while it holds it")
}

/// How far the watch is, on a terminal: when it was last told.
struct Progress(Option<Instant>);

impl Progress {
    fn show(&mut self, lines: u64) {
        if self.0.is_some_and(|shown| shown.elapsed() > REFRESH) {
            self.0 = Some(Instant::now());
            let _ = write!(io::stderr(), "{lines} lines\r");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.0.is_some() {
            let _ = write!(io::stderr(), "{CLEAR_LINE}");
        }
    }
}

async fn watch(path: PathBuf) -> ventix::Result {
    let arbiter = Arbiter::new();
    let counter = Counter::start_in_arbiter(&arbiter.handle(), |_| Counter::default());
    let (seen, kept) = (Arc::default(), Arc::default());
    let linker = Linker::start();
    linker.subscribe(count(&counter))?;
    linker.subscribe(follow(Arc::clone(&seen)))?;
    linker.subscribe(keep(Arc::clone(&kept)))?;
    let first_change = linker.subscribe(announce())?;

    // The callbacks are short enough for this thread, and the actor has its own.
    let emitter = &Emitter::start(&linker, Strategy::inline());
    // Emits in the order of lines, and looks at the reports in that order.
    let mut reports = log::lines(path)
        .enumerate()
        .map(|(before, line)| async move {
            Ok::<_, Unreadable>(log::emit(emitter, before + 1, &line?).await)
        })
        .buffered(IN_FLIGHT);
    let mut lines = 0;
    let mut progress = Progress(io::stderr().is_terminal().then(Instant::now));
    while let Some(report) = reports.next().await {
        if let Some(error) = report?.errors().find(|error| !error.is::<BadLine>()) {
            return Err(error.into());
        }
        lines += 1;
        progress.show(lines);
    }
    drop(progress);

    let counts = counter.send(GetCounts).await?;
    let counted = counts.values().sum::<u64>();
    if counted != lines {
        return Err(format!("{lines} lines were read, and {counted} counted").into());
    }
    if first_change.is_active() {
        writeln!(io::stdout(), "first change: none")?;
    }
    print(&counts, &lock(&seen), &lock(&kept))?;
    Ok(())
}

fn print(counts: &Counts, seen: &Seen, kept: &Kept) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    writeln!(out, "\nlines by what they became, from the counting actor:")?;
    for (word, event) in [
        ("startup", EventType::of::<Started>()),
        ("install", EventType::of::<Installed>()),
        ("upgrade", EventType::of::<Upgraded>()),
        ("configure", EventType::of::<Configured>()),
        ("trigproc", EventType::of::<Triggered>()),
        ("disappear", EventType::of::<Disappeared>()),
        ("remove", EventType::of::<Removed>()),
        ("purge", EventType::of::<Purged>()),
        ("conffile", EventType::of::<Conffile>()),
        ("status", EventType::of::<Status>()),
        ("bad", EventType::of::<BadLine>()),
    ] {
        let count = counts.get(&event).unwrap_or(&0);
        writeln!(out, "{word:>12} {count:>9}")?;
    }
    writeln!(out, "{:>12} {:>9}", "all", counts.values().sum::<u64>())?;
    writeln!(
        out,
        "\nstates by topic, from the callback on dpkg.status.>:"
    )?;
    for (topic, (count, last)) in seen {
        writeln!(out, "{topic:>28} {count:>9}  last {last}")?;
    }
    let Kept { count, first } = kept;
    writeln!(out, "\nbad lines, from the failure callback: {count}")?;
    for line in first {
        writeln!(out, "  {line}")?;
    }
    out.flush()
}

/// Whoever reads the output has seen enough, as `head` has: no reason to complain.
fn is_closed_pipe(error: &BoxError) -> bool {
    let own = error.downcast_ref::<io::Error>();
    let handlers = || error.downcast_ref::<SharedError>()?.downcast_ref();
    own.or_else(handlers)
        .is_some_and(|error: &io::Error| error.kind() == BrokenPipe)
}

#[actix::main]
async fn main() -> ExitCode {
    let mut args = env::args_os().skip(1);
    let (path, more) = (args.next(), args.next());
    let path = path.unwrap_or_else(|| "/var/log/dpkg.log".into());
    let ended: Result<(), BoxError> = if path == "--help" || path == "-h" {
        write!(io::stdout(), "{USAGE}").map_err(BoxError::from)
    } else if more.is_some() || (path != "-" && path.as_encoded_bytes().starts_with(b"-")) {
        let _ = write!(io::stderr(), "{USAGE}");
        return ExitCode::from(2);
    } else {
        watch(path.into()).await
    };
    match ended {
        Err(error) if !is_closed_pipe(&error) => {
            let _ = writeln!(io::stderr(), "log_watch: {error}");
            ExitCode::from(if error.is::<Unreadable>() { 2 } else { 1 })
        }
        _ => ExitCode::SUCCESS,
    }
}
