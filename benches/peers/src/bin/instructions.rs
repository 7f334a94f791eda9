//! How many instructions an emission takes, counted by callgrind: the same figure in
//! every run, however busy the machine is.
//!
//! `instructions` prints a table. It starts itself under valgrind with `--run PATH TIMES`,
//! once for a number of emissions and once for twice as many, so that what a program
//! does before and after them is in the difference no more. `--list` prints the paths.

use std::env;
use std::fmt;
use std::hint::black_box;
use std::process::{Command, ExitCode};
use std::time::Duration;

use actix::{Recipient, System};
use ventix::{Emitter, Linker, Retry, Strategy, SubscriptionSpec, Topic, on, on_topic};
use ventix_peers::contestants::actix::{Counter, RAW};
use ventix_peers::contestants::bursts::{Audience, BATCH, BURST, each};
use ventix_peers::contestants::ventix::{By, How, To, Way, emitter};
use ventix_peers::event::{Event, Left};
use ventix_peers::place::Place;

const USAGE: &str = "usage: instructions [--list | --run PATH TIMES]";
const NO_VALGRIND: &str = "valgrind counts the instructions: install it (Debian: apt install \
                           valgrind), and run this again";

/// Of whole bursts, and batches.
const TIMES: usize = 2_000;

/// What is counted.
#[derive(Clone, Copy, Debug)]
enum Path {
    /// [`Recipient::do_send`] to so many actors.
    Raw(usize),
    /// One of ventix's ways to so many handlers.
    To(Way, usize),
    /// By `inline` to one callback, with an option of its subscription.
    With(&'static str, fn(Left) -> SubscriptionSpec),
    /// By `inline` to one callback, on a topic.
    Topic,
    /// By `inline`, and nobody listens.
    Nobody,
}

const fn one(by: By, how: How, to: To) -> Path {
    Path::To(Way(by, how, to), 1)
}

const fn hundred(by: By, to: To) -> Path {
    Path::To(Way(by, How::Emit, to), 100)
}

const PATHS: [Path; 21] = [
    Path::Raw(1),
    Path::Raw(100),
    one(By::Inline, How::Emit, To::Actor),
    one(By::Inline, How::Typed, To::Actor),
    one(By::Inline, How::Emit, To::Callback),
    one(By::Inline, How::Typed, To::Callback),
    hundred(By::Inline, To::Actor),
    hundred(By::Inline, To::Callback),
    one(By::Current, How::Emit, To::Actor),
    one(By::Current, How::Emit, To::Callback),
    hundred(By::Current, To::Callback),
    one(By::Current, How::EmitAll, To::Callback),
    Path::Nobody,
    one(By::Inline, How::EmitAndWait, To::Actor),
    one(By::Inline, How::EmitAndWait, To::Callback),
    one(By::Inline, How::Emit, To::PlainActor),
    one(By::Inline, How::Emit, To::AsyncCallback),
    Path::Topic,
    Path::With("filter", filtered),
    Path::With("retry", retried),
    Path::With("in_order", in_order),
];

fn filtered(left: Left) -> SubscriptionSpec {
    let spec = on::<Event>().filter(|event, _| {
        black_box(event);
        true
    });
    spec.call(move |event| left.handle(event))
}

fn retried(left: Left) -> SubscriptionSpec {
    let spec = on::<Event>().call(move |event| left.handle(event));
    spec.retry(Retry::exponential(Duration::from_millis(100)))
}

fn in_order(left: Left) -> SubscriptionSpec {
    let spec = on::<Event>().call(move |event| left.handle(event));
    spec.in_order()
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raw(handlers) => write!(f, "{RAW}, {handlers}"),
            Self::To(way, handlers) => write!(f, "{way}, {handlers}"),
            Self::With(option, _) => write!(f, "ventix inline, emit, callback with {option}, 1"),
            Self::Topic => write!(f, "ventix inline, emit on a topic, callback, 1"),
            Self::Nobody => write!(f, "ventix inline, emit, nobody listens"),
        }
    }
}

impl Path {
    /// Emits so many events in bursts, each until all its handlers have run.
    async fn run(self, times: usize) {
        let audience = |handlers| Audience::new(handlers, Place::Here);
        match self {
            Self::Raw(handlers) => {
                let audience = audience(handlers);
                let mut actors: Vec<Recipient<Event>> = Vec::new();
                for _ in 0..handlers {
                    let actor = Counter::start(&audience.left, &audience.place).await;
                    actors.push(actor.recipient());
                }
                let emit = each(move |event| {
                    for actor in &actors {
                        actor.do_send(event.clone());
                    }
                });
                bursts(times, BURST, &audience, emit).await;
            }
            Self::To(Way(by, how, to), handlers) => {
                let audience = audience(handlers);
                let emitter = emitter(by, to, &audience).await;
                call(emitter, how, times, &audience).await;
            }
            Self::With(_, spec) => {
                let audience = audience(1);
                let emitter = linked(spec(audience.left.clone()));
                call(emitter, How::Emit, times, &audience).await;
            }
            Self::Topic => {
                let audience = audience(1);
                let left = audience.left.clone();
                let topic = Topic::new("event.one").expect("it is a topic");
                let spec = on_topic::<Event>(&topic).call(move |event| left.handle(event));
                let emitter = linked(spec);
                let emit = each(move |event| {
                    drop(black_box(emitter.prepare(event).topic(&topic).emit()));
                });
                bursts(times, BURST, &audience, emit).await;
            }
            Self::Nobody => {
                let emitter = Emitter::start(&Linker::start(), Strategy::inline());
                call(emitter, How::Emit, times, &audience(0)).await;
            }
        }
    }
}

fn linked(spec: SubscriptionSpec) -> Emitter {
    let linker = Linker::start();
    linker.subscribe(spec).expect("no limit is set");
    Emitter::start(&linker, Strategy::inline())
}

async fn call(emitter: Emitter, how: How, times: usize, audience: &Audience) {
    match how {
        How::Emit => {
            let emit = each(move |event| drop(black_box(emitter.emit(event))));
            bursts(times, BURST, audience, emit).await;
        }
        How::Typed => {
            let emitter = emitter.typed::<Event>();
            let emit = each(move |event| drop(black_box(emitter.emit(event))));
            bursts(times, BURST, audience, emit).await;
        }
        How::EmitAll => {
            let emit = move |burst| {
                let events = (0..burst).map(Event::new);
                drop(black_box(emitter.emit_all(events)));
            };
            bursts(times, BATCH, audience, emit).await;
        }
        How::EmitAndWait => {
            audience.left.expect(0, times * audience.handlers);
            for n in 0..times {
                drop(black_box(emitter.emit_and_wait(Event::new(n)).await));
            }
            assert!(audience.left.is_over(), "every emission was awaited");
        }
        How::Request => unreachable!("it is no path"),
    }
}

async fn bursts(times: usize, burst: usize, audience: &Audience, emit: impl Fn(usize)) {
    for _ in 0..times / burst {
        audience.left.expect(0, burst * audience.handlers);
        emit(burst);
        let are_over = audience.left.are_over(audience.place.spins()).await;
        assert!(are_over, "a delivery was lost");
        // What follows the last handler is a part of its delivery.
        actix_rt::task::yield_now().await;
    }
}

/// The instructions that one emission takes.
fn count(path: Path) -> Result<f64, String> {
    let [once, twice] = [collected(path, TIMES)?, collected(path, 2 * TIMES)?];
    Ok(twice.saturating_sub(once) as f64 / TIMES as f64)
}

/// The instructions of a whole run, as callgrind tells them.
fn collected(path: Path, times: usize) -> Result<u64, String> {
    let this = env::current_exe().map_err(|error| error.to_string())?;
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    valgrind.arg(this).arg("--run").arg(path.to_string());
    let output = valgrind.arg(times.to_string()).output();
    let output = output.map_err(|error| format!("{error}; {NO_VALGRIND}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| {
        let (_, count) = line.split_once("Collected : ")?;
        count.trim().parse().ok()
    });
    match collected {
        Some(count) if output.status.success() => Ok(count),
        _ => Err(format!("{path}: it was not counted\n{said}")),
    }
}

fn table() -> Result<(), String> {
    println!("| path, handlers | instructions per emission |");
    println!("|---|---:|");
    for path in PATHS {
        println!("| {path} | {:.0} |", count(path)?);
    }
    Ok(())
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        [] => table(),
        ["--list"] => {
            PATHS.iter().for_each(|path| println!("{path}"));
            Ok(())
        }
        ["--run", name, times] => {
            let path = PATHS.iter().find(|path| path.to_string() == name);
            match (path, times.parse()) {
                (Some(path), Ok(times)) => {
                    System::new().block_on(path.run(times));
                    Ok(())
                }
                _ => Err(USAGE.to_owned()),
            }
        }
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
