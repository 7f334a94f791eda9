use std::fmt;
use std::fs;
use std::time::Duration;

use serde::Serialize;

use crate::bars::{Bar, Must};
use crate::figures::Figures;

/// What came out, for people; serialized, for programs.
#[derive(Debug, Serialize)]
pub(crate) struct Table<'a> {
    figures: &'a Figures,
    bars: &'a [Bar],
    seconds: f64,
    threads: usize,
    /// How many wanted to run, as the kernel says, in the last minutes.
    load: String,
}

impl<'a> Table<'a> {
    pub(crate) fn new(figures: &'a Figures, bars: &'a [Bar], took: Duration) -> Self {
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            figures,
            bars,
            seconds: took.as_secs_f64(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            load: load.split(' ').take(3).collect::<Vec<_>>().join(" "),
        }
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.figures.iter().map(|figure| {
            let rounds: Vec<_> = figure.rounds.iter().map(|&round| number(round)).collect();
            let median = number(figure.median());
            [
                figure.name.clone(),
                figure.unit.to_owned(),
                median,
                rounds.join(", "),
            ]
        });
        write(
            f,
            ["payloads of 100 bytes", "unit", "median", "rounds"],
            rows,
        )?;
        writeln!(f)?;
        let rows = self.bars.iter().map(|bar| {
            let must = match bar.must {
                Must::AtLeast(least) => format!("at least {}", number(least)),
                Must::Under(most) => format!("under {}", number(most)),
            };
            let what = match bar.against {
                Some(against) => format!("{}, to {against}", bar.figure),
                None => bar.figure.to_owned(),
            };
            let measured = bar.measured.map_or_else(|| "-".to_owned(), number);
            [what, measured, must, bar.verdict().to_owned()]
        });
        write(f, ["bar", "measured", "must", ""], rows)?;
        let missed = self.bars.iter().filter(|bar| bar.is_missed()).count();
        writeln!(
            f,
            "\n{} bars, {missed} missed; {:.0} s on {} threads, load average {}",
            self.bars.len(),
            self.seconds,
            self.threads,
            self.load
        )
    }
}

fn number(n: f64) -> String {
    match n.abs() {
        100.0.. => format!("{n:.0}"),
        10.0.. => format!("{n:.1}"),
        _ => format!("{n:.2}"),
    }
}

fn write(
    f: &mut fmt::Formatter<'_>,
    head: [&str; 4],
    rows: impl Iterator<Item = [String; 4]>,
) -> fmt::Result {
    let lines: Vec<_> = [head.map(str::to_owned)].into_iter().chain(rows).collect();
    let widths: [usize; 4] = std::array::from_fn(|column| {
        let lengths = lines.iter().map(|line| line[column].chars().count());
        lengths.max().unwrap_or(0)
    });
    for (n, line) in lines.iter().enumerate() {
        for (cell, width) in line.iter().zip(widths) {
            write!(f, "| {cell:width$} ")?;
        }
        writeln!(f, "|")?;
        if n == 0 {
            for width in widths {
                write!(f, "|{}", "-".repeat(width + 2))?;
            }
            writeln!(f, "|")?;
        }
    }
    Ok(())
}
