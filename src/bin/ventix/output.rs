use std::error::Error;
use std::io::{self, Write};

use serde_json::Value;

/// What a command prints: a table for people, or JSON for programs.
pub(crate) struct Output {
    pub(crate) is_json: bool,
}

impl Output {
    /// Prints rows under their headings. For programs each row is an object.
    pub(crate) fn rows(&self, headings: &[&str], rows: &[Vec<Value>]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.is_json {
            for row in rows {
                let names = headings.iter().map(ToString::to_string);
                let object: serde_json::Map<_, _> = names.zip(row.iter().cloned()).collect();
                writeln!(out, "{}", Value::Object(object))?;
            }
            return Ok(());
        }
        let shown: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(text).collect())
            .collect();
        let width = |column: usize| {
            let cells = shown.iter().map(|row| row[column].chars().count());
            cells.chain([headings[column].len()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..headings.len()).map(width).collect();
        let titles = headings.iter().map(|it| it.replace('_', " "));
        writeln!(out, "{}", line(titles, &widths, &[]))?;
        for (cells, row) in shown.iter().zip(rows) {
            writeln!(out, "{}", line(cells.iter().cloned(), &widths, row))?;
        }
        Ok(())
    }

    /// Prints one value: for people as a sentence.
    pub(crate) fn one(
        &self,
        name: &str,
        value: impl Into<Value>,
        sentence: &str,
    ) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match self.is_json {
            true => writeln!(out, "{}", serde_json::json!({ name: value.into() })),
            false => writeln!(out, "{sentence}"),
        }
    }
}

/// Cells side by side: numbers to the right, all else to the left.
fn line(cells: impl Iterator<Item = String>, widths: &[usize], row: &[Value]) -> String {
    let padded = cells.enumerate().map(|(column, cell)| {
        let width = widths[column];
        match row.get(column) {
            Some(Value::Number(_)) => format!("{cell:>width$}"),
            _ => format!("{cell:<width$}"),
        }
    });
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::String(text) => text.replace(['\n', '\r'], " "),
        other => other.to_string(),
    }
}

/// An error with all that led to it.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
