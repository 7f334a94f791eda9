//! Emissions that leave the process, by ventix and by what a user would pick instead: a table
//! of what is confirmed and handled in a second, or JSON.

mod apalis_redis_jobs;
mod bars;
mod bus;
mod figures;
mod pyventus;
mod raw;
mod server;
mod table;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use bars::judge;
use bus::Place;
use figures::Figures;
use pyventus::Pyventus;
use server::Server;
use table::Table;

/// How often everything that is not idle is measured.
const ROUNDS: usize = 3;
/// How many emissions a round sends, and handles.
const EMISSIONS: usize = 50_000;
/// How many jobs apalis-redis gets: of more that wait, a script of its own unpacks too many.
const JOBS: usize = 4_096;
/// How many of them go through what handles some hundreds in a second.
const FEW: usize = 300;
/// How many emissions are timed one by one.
const SINGLES: usize = 500;
/// How long an idle worker is watched.
const IDLE: Duration = Duration::from_secs(10);

const FORGETFUL: [&str; 4] = ["--appendonly", "no", "--save", ""];
const KEEPING: [&str; 6] = [
    "--appendonly",
    "yes",
    "--appendfsync",
    "everysec",
    "--save",
    "",
];

fn main() -> ExitCode {
    let mut is_json = false;
    // A part of a figure's name, for those who look at one thing.
    let mut only = String::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match (arg.as_str(), args.len()) {
            ("--json", _) => is_json = true,
            ("--only", 1..) => only = args.next().unwrap_or_default(),
            _ => {
                eprintln!(
                    "usage: remote [--json] [--only redis|keeping|sqlite|apalis|pyventus|idle]"
                );
                return ExitCode::from(2);
            }
        }
    }
    let begin = Instant::now();
    let mut figures = Figures::default();
    let pyventus = wanted(&only, "pyventus").then(Pyventus::install).flatten();
    if wanted(&only, "idle") {
        idle(&mut figures);
    }
    for round in 1..=ROUNDS {
        eprintln!("round {round} of {ROUNDS} ...");
        measure(&mut figures, &only, pyventus.as_ref());
    }
    let bars = judge(&figures);
    let table = Table::new(&figures, &bars, begin.elapsed());
    if is_json {
        serde_json::to_writer_pretty(std::io::stdout().lock(), &table).expect("it can be written");
        println!();
    } else {
        print!("{table}");
    }
    ExitCode::SUCCESS
}

fn wanted(only: &str, what: &str) -> bool {
    only.is_empty() || only == what
}

/// What a worker costs that has nothing to do.
fn idle(figures: &mut Figures) {
    if let Some(server) = Server::start(&FORGETFUL) {
        let share = bus::idle(&Place::Redis(server.url()), IDLE);
        figures.add("Redis: idle worker", "% CPU", share);
    }
    let share = bus::idle(&Place::file(), IDLE);
    figures.add("SQLite: idle worker", "% CPU", share);
}

/// One round of everything.
fn measure(figures: &mut Figures, only: &str, pyventus: Option<&Pyventus>) {
    let places = [
        ("Redis", "redis", &FORGETFUL[..]),
        ("Redis everysec", "keeping", &KEEPING[..]),
    ];
    for (name, part, arguments) in places {
        if !wanted(only, part) {
            continue;
        }
        let Some(server) = Server::start(arguments) else {
            continue;
        };
        if let Some(rate) = raw::xadd(&server) {
            figures.add(&format!("{name}: redis-benchmark XADD"), "a second", rate);
        }
        bus(figures, name, &Place::Redis(server.url()));
    }
    if wanted(only, "sqlite") {
        bus(figures, "SQLite", &Place::file());
    }
    if wanted(only, "apalis")
        && let Some(server) = Server::start(&FORGETFUL)
    {
        let (pushed, worked) = apalis_redis_jobs::rates(&server.url(), JOBS);
        figures.add("Redis: apalis-redis pushed", "a second", pushed);
        if let Some(worked) = worked {
            figures.add("Redis: apalis-redis worked", "a second", worked);
        }
    }
    if let Some(pyventus) = pyventus
        && let Some(server) = Server::start(&FORGETFUL)
        && let Some((enqueued, worked)) = pyventus.rates(server.port, FEW)
    {
        figures.add("Redis: Pyventus with RQ enqueued", "a second", enqueued);
        figures.add("Redis: Pyventus with RQ worked", "a second", worked);
    }
}

fn bus(figures: &mut Figures, name: &str, place: &Place) {
    let (confirmed, handled) = bus::rates(place, EMISSIONS);
    figures.add(&format!("{name}: ventix confirmed"), "a second", confirmed);
    figures.add(&format!("{name}: ventix handled"), "a second", handled);
    let [median, late] = bus::latency(place, SINGLES);
    figures.add(
        &format!("{name}: ventix emit to handler, median"),
        "ms",
        median,
    );
    figures.add(&format!("{name}: ventix emit to handler, p99"), "ms", late);
}
