//! What a run has to say, as one table.

use std::fmt::{self, Write as _};

use crate::bars::{Judged, Verdict};
use crate::contest::Row;
use crate::report::Report;
use crate::shapes::Shape;

const HEAD: [&str; 8] = ["", "median", "min", "ratio", "to", "must", "aim", ""];

/// A report as a table, in Markdown that is aligned.
#[derive(Debug)]
pub struct Table<'a>(pub &'a Report);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { run, shapes, bars } = self.0;
        let length = if run.is_quick { ", quick" } else { "" };
        writeln!(
            f,
            "{}, {}, {} threads{length}, {:.0} s",
            run.date, run.machine, run.threads, run.seconds
        )?;
        writeln!(f)?;
        let mut lines = vec![HEAD.map(str::to_owned)];
        for shape in shapes {
            lines.extend(section(shape, bars));
        }
        write(f, &lines)?;
        let missed: Vec<_> = bars
            .iter()
            .filter(|bar| bar.verdict == Verdict::Miss)
            .collect();
        writeln!(f)?;
        writeln!(f, "{} bars, {} missed", bars.len(), missed.len())?;
        for bar in missed {
            let to = bar
                .against
                .as_ref()
                .map_or(String::new(), |to| format!(" x {to}"));
            let must = bar.must.map_or(String::new(), number);
            let measured = number(bar.measured);
            writeln!(
                f,
                "MISS  {}: {}: {measured}{to}, must be {must}",
                bar.shape, bar.subject
            )?;
        }
        Ok(())
    }
}

type Line = [String; 8];

/// The lines of one shape.
fn section(shape: &Shape, bars: &[Judged]) -> Vec<Line> {
    let mut lines = vec![Line::default()];
    lines[0][0] = format!("**{}** ({})", shape.name, shape.unit);
    for row in &shape.rows {
        let of_row = |bar: &&Judged| bar.shape == shape.name && bar.subject == row.name;
        let mut judged: Vec<Line> = bars.iter().filter(of_row).map(compared).collect();
        let floor = row.floor.as_ref().or(shape.floor.as_ref());
        let has_floor = |bar: &Judged| of_row(&bar) && bar.against.as_ref() == floor;
        if let Some(floor) = floor
            && *floor != row.name
            && !bars.iter().any(has_floor)
        {
            judged.insert(0, to_floor(row, shape, floor));
        }
        if judged.is_empty() {
            judged.push(Line::default());
        }
        judged[0][0] = match row.note.as_str() {
            "" => row.name.clone(),
            note => format!("{} ({note})", row.name),
        };
        judged[0][1] = number(row.median);
        judged[0][2] = number(row.min);
        lines.extend(judged);
    }
    lines
}

/// The cells of a ratio that has no bar.
fn to_floor(row: &Row, shape: &Shape, floor: &str) -> Line {
    let mut line = Line::default();
    if let Some(by) = shape.rows.iter().find(|row| row.name == floor) {
        line[3] = number(row.median / by.median);
        floor.clone_into(&mut line[4]);
    }
    line
}

/// The cells of a bar.
fn compared(bar: &Judged) -> Line {
    let mut line = Line::default();
    line[3] = number(bar.measured);
    line[4] = bar.against.clone().unwrap_or_default();
    line[5] = bar.must.map_or(String::new(), number);
    line[6] = bar.aim.map_or(String::new(), number);
    line[7] = bar.verdict.to_string();
    line
}

/// A number with as many digits as it is worth.
fn number(n: f64) -> String {
    match n.abs() {
        0.0 => "0".to_owned(),
        100.0.. => format!("{n:.0}"),
        10.0.. => format!("{n:.1}"),
        _ => format!("{n:.2}"),
    }
}

/// Writes lines below each other, the first as the head.
fn write(f: &mut fmt::Formatter<'_>, lines: &[Line]) -> fmt::Result {
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; 8] = std::array::from_fn(width);
    for (n, line) in lines.iter().enumerate() {
        let mut text = String::new();
        for (column, cell) in line.iter().enumerate() {
            let width = widths[column];
            match column {
                0 | 4 | 7 => write!(text, "| {cell:width$} ")?,
                _ => write!(text, "| {cell:>width$} ")?,
            }
        }
        writeln!(f, "{text}|")?;
        if n == 0 {
            for (column, width) in widths.into_iter().enumerate() {
                let (dashes, end) = match column {
                    0 | 4 | 7 => (width + 2, ""),
                    _ => (width + 1, ":"),
                };
                write!(f, "|{}{end}", "-".repeat(dashes))?;
            }
            writeln!(f, "|")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Table, number};
    use crate::contest::Row;
    use crate::contestants::actix::RAW;
    use crate::contestants::broker::BROKER;
    use crate::contestants::ventix::{By, How, To, Way};
    use crate::report::Report;
    use crate::shapes::{Shape, one};

    #[test]
    fn numbers_have_three_digits() {
        assert_eq!(
            [0.0, 0.123, 9.876, 12.34, 1234.5].map(number),
            ["0", "0.12", "9.88", "12.3", "1234"]
        );
    }

    #[test]
    fn ratio_is_to_the_row_s_own_floor_where_it_has_one() {
        let row = |name, figure| Row::of(name, vec![figure]);
        let mut two = row("b, two", 60.0);
        two.floor = Some("b".to_owned());
        let shape = Shape {
            name: "it".to_owned(),
            unit: "ns".to_owned(),
            floor: Some("a".to_owned()),
            rows: vec![row("a", 10.0), row("b", 20.0), two],
        };
        let table = Table(&Report::new(vec![shape], Duration::ZERO, true)).to_string();
        let ratio = |name: &str| {
            let line = table.lines().find(|line| line.starts_with(name)).unwrap();
            let mut cells = line.split('|').map(str::trim);
            (cells.nth(4).unwrap(), cells.next().unwrap())
        };
        assert_eq!(ratio("| b  "), ("2.00", "a"));
        assert_eq!(ratio("| b, two"), ("3.00", "b"));
    }

    #[test]
    fn table_has_a_line_for_every_bar_and_says_what_was_missed() {
        let actor = Way(By::Inline, How::Emit, To::Actor);
        let plain = Way(By::Inline, How::Emit, To::PlainActor);
        let row = |name: &dyn std::fmt::Display, figure| Row::of(name, vec![figure]);
        let rows = vec![
            row(&RAW, 50.0),
            row(&BROKER, 200.0),
            row(&actor, 110.0),
            row(&plain, 400.0),
        ];
        let shape = Shape {
            name: one::NAME.to_owned(),
            unit: "ns per delivery".to_owned(),
            floor: Some(RAW.to_owned()),
            rows,
        };
        let table = Table(&Report::new(vec![shape], Duration::from_secs(3), true)).to_string();
        let cells = |line: &str| {
            line.split('|')
                .map(|cell| cell.trim().to_owned())
                .collect::<Vec<_>>()
        };
        let lines: Vec<_> = table.lines().map(cells).collect();
        let actor = actor.to_string();
        let at = lines.iter().position(|line| line.contains(&actor)).unwrap();
        assert_eq!(
            lines[at][2..],
            ["110", "110", "2.20", RAW, "2.10", "1.60", "MISS", ""]
        );
        assert_eq!(
            lines[at + 1][2..],
            ["", "", "0.55", BROKER, "0.60", "0.40", "ok", ""]
        );
        assert_eq!(
            lines[at + 2][2..],
            ["400", "400", "8.00", RAW, "", "", "", ""]
        );
        assert!(table.contains("2 bars, 1 missed"));
        assert!(table.contains(&format!("{actor}: 2.20 x {RAW}, must be 2.10")));
        assert!(table.contains("quick"));
    }
}
