//! All that a run has to say: for the table, and as JSON.

use std::time::{Duration, SystemTime};
use std::{fs, thread};

use serde::Serialize;

use crate::bars::{self, Judged};
use crate::shapes::Shape;

/// All that a run has to say.
#[derive(Debug, Serialize)]
pub struct Report {
    /// When, where and how long it ran.
    pub run: Run,
    /// What was measured.
    pub shapes: Vec<Shape>,
    /// How it compares to the bars.
    pub bars: Vec<Judged>,
}

/// When, where and how long a run was.
#[derive(Debug, Serialize)]
pub struct Run {
    /// The date, in UTC.
    pub date: String,
    /// The processor.
    pub machine: String,
    /// How many threads it runs at a time.
    pub threads: usize,
    /// How long it took.
    pub seconds: f64,
    /// Whether it was a quick one.
    pub is_quick: bool,
}

impl Report {
    /// Judges what was measured.
    #[must_use]
    pub fn new(shapes: Vec<Shape>, took: Duration, is_quick: bool) -> Self {
        let now = jiff::Timestamp::try_from(SystemTime::now()).unwrap_or_default();
        let run = Run {
            date: now.strftime("%Y-%m-%d").to_string(),
            machine: machine(),
            threads: thread::available_parallelism().map_or(1, usize::from),
            seconds: took.as_secs_f64(),
            is_quick,
        };
        let bars = bars::judge(&shapes);
        Self { run, shapes, bars }
    }
}

/// The name of the processor, where the system tells it.
fn machine() -> String {
    let known = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let names = known
        .lines()
        .filter_map(|line| line.strip_prefix("model name"));
    let name = names.filter_map(|rest| rest.split_once(':')).next();
    name.map_or_else(
        || std::env::consts::ARCH.to_owned(),
        |(_, name)| name.trim().to_owned(),
    )
}
