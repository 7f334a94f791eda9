//! Measures ventix beside its peers, and prints a table, or JSON.

use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;
use std::{env, io};

use ventix_peers::contest::Entry;
use ventix_peers::effort::Effort;
use ventix_peers::report::Report;
use ventix_peers::rounds::in_rounds;
use ventix_peers::shapes::{self, Measure, Shape};
use ventix_peers::table::Table;

const USAGE: &str = "usage: peers [--quick] [--json] [--shape PART-OF-ITS-NAME]";

/// What the command line asks for.
#[derive(Default)]
struct Options {
    is_quick: bool,
    is_json: bool,
    shape: String,
    /// The one shape to measure in this process, and to print as it is.
    alone: Option<String>,
    /// The contestant that takes its turns then.
    contestant: usize,
}

fn options() -> Option<Options> {
    let mut options = Options::default();
    let mut args = env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => options.is_quick = true,
            "--json" => options.is_json = true,
            "--shape" => options.shape = args.next()?,
            "--alone" => options.alone = Some(args.next()?),
            "--contestant" => options.contestant = args.next()?.parse().ok()?,
            _ => return None,
        }
    }
    Some(options)
}

fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let effort = if options.is_quick {
        Effort::QUICK
    } else {
        Effort::FULL
    };
    if let Some(alone) = options.alone {
        let shape = shapes::ALL.into_iter().find(|(name, _)| *name == alone);
        let (_, measure) = shape.expect("it was started with a shape's name");
        let out = io::stdout().lock();
        let written = match measure {
            Measure::Whole(measure) => serde_json::to_writer(out, &measure(effort)),
            Measure::Contest(measure) => {
                let (number, time) = (options.contestant, effort.per_round);
                serde_json::to_writer(out, &measure(Entry { number, time }))
            }
        };
        written.expect("it can be written");
        return ExitCode::SUCCESS;
    }
    let begin = Instant::now();
    let mut measured = Vec::new();
    for (name, measure) in shapes::ALL {
        if name.contains(&options.shape) {
            eprintln!("{name} ...");
            let is_quick = options.is_quick;
            measured.push(match measure {
                Measure::Whole(_) => in_its_own_process(name, is_quick, 0),
                Measure::Contest(_) => in_rounds(effort, |contestant| {
                    in_its_own_process(name, is_quick, contestant)
                }),
            });
        }
    }
    let report = Report::new(measured, begin.elapsed(), options.is_quick);
    if options.is_json {
        serde_json::to_writer_pretty(io::stdout().lock(), &report).expect("it can be written");
        println!();
    } else {
        print!("{}", Table(&report));
    }
    ExitCode::SUCCESS
}

/// Measures a shape, or one of its contestants, in a process of its own.
fn in_its_own_process<R>(name: &str, is_quick: bool, contestant: usize) -> Shape<R>
where
    R: serde::de::DeserializeOwned,
{
    let this = env::current_exe().expect("a program knows where it is");
    let mut command = Command::new(this);
    command.args(["--alone", name, "--contestant", &contestant.to_string()]);
    command.stderr(Stdio::inherit());
    if is_quick {
        command.arg("--quick");
    }
    let output = command.output().expect("it starts again");
    assert!(output.status.success(), "{name}: it was not measured");
    serde_json::from_slice(&output.stdout).expect("it prints a shape")
}
