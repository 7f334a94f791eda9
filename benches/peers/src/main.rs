//! Measures ventix beside its peers, and prints a table, or JSON.

use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;
use std::{env, io};

use ventix_peers::effort::Effort;
use ventix_peers::report::Report;
use ventix_peers::shapes::{self, Shape};
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
        serde_json::to_writer(io::stdout().lock(), &measure(effort)).expect("it can be written");
        return ExitCode::SUCCESS;
    }
    let begin = Instant::now();
    let mut measured = Vec::new();
    for (name, _) in shapes::ALL {
        if name.contains(&options.shape) {
            eprintln!("{name} ...");
            measured.push(in_its_own_process(name, options.is_quick));
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

/// Measures a shape in a process of its own: what others leave behind in the allocator
/// would be in its figures.
fn in_its_own_process(name: &str, is_quick: bool) -> Shape {
    let this = env::current_exe().expect("a program knows where it is");
    let mut command = Command::new(this);
    command.args(["--alone", name]).stderr(Stdio::inherit());
    if is_quick {
        command.arg("--quick");
    }
    let output = command.output().expect("it starts again");
    assert!(output.status.success(), "{name}: it was not measured");
    serde_json::from_slice(&output.stdout).expect("it prints a shape")
}
