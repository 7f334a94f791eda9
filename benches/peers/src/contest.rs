//! Those that take part in a shape, and what is measured of them.

use std::fmt;
use std::time::{Duration, Instant};

use futures::future::LocalBoxFuture;

type Turn = Box<dyn FnMut() -> LocalBoxFuture<'static, Duration>>;

/// One that takes part in a shape.
pub struct Contestant {
    name: String,
    note: &'static str,
    floor: Option<String>,
    /// What the time of a turn is divided by.
    per_turn: usize,
    turn: Turn,
}

impl Contestant {
    /// One whose turns do `per_turn` pieces of work, in the time that they return.
    pub fn new<F>(
        name: impl fmt::Display,
        per_turn: usize,
        mut turn: impl FnMut() -> F + 'static,
    ) -> Self
    where
        F: Future<Output = Duration> + 'static,
    {
        Self {
            name: name.to_string(),
            note: "",
            floor: None,
            per_turn,
            turn: Box::new(move || Box::pin(turn())),
        }
    }

    /// What a reader of the figure has to know.
    #[must_use]
    pub fn note(mut self, note: &'static str) -> Self {
        self.note = note;
        self
    }

    /// The row that its figure is divided by, where it is not the shape's floor.
    #[must_use]
    pub fn floor(mut self, floor: impl fmt::Display) -> Self {
        self.floor = Some(floor.to_string());
        self
    }
}

impl fmt::Debug for Contestant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contestant")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Which of the contestants of a shape takes its turns in this process, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its place in the list.
    pub number: usize,
    /// The time that its turns have.
    pub time: Duration,
}

/// What was measured of one contestant.
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
pub struct Row {
    /// Whose it is.
    pub name: String,
    /// The median of all turns.
    pub median: f64,
    /// The best turn.
    pub min: f64,
    /// How many turns there were.
    pub turns: usize,
    /// What a reader of the figure has to know.
    pub note: String,
    /// The row that it is divided by, where it is not the shape's floor.
    pub floor: Option<String>,
}

impl Row {
    /// Sums up the figures of all turns.
    ///
    /// # Panics
    ///
    /// When there are none.
    #[must_use]
    pub fn of(name: impl fmt::Display, mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        Self {
            name: name.to_string(),
            median: median(&figures),
            min: figures[0],
            turns: figures.len(),
            note: String::new(),
            floor: None,
        }
    }
}

/// The turns of one contestant, before they are summed up.
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
pub struct Turns {
    name: String,
    note: String,
    floor: Option<String>,
    /// What each of them came to.
    figures: Vec<f64>,
}

impl Turns {
    /// Of one that has had none yet.
    fn none(contestant: Contestant) -> Self {
        Self {
            name: contestant.name,
            note: contestant.note.to_owned(),
            floor: contestant.floor,
            figures: Vec::new(),
        }
    }

    /// Adds those that the same contestant has had in another round.
    pub fn add(&mut self, round: Self) {
        self.figures.extend(round.figures);
    }

    /// Sums them up.
    ///
    /// # Panics
    ///
    /// When there are none.
    #[must_use]
    pub fn sum_up(self) -> Row {
        Row {
            note: self.note,
            floor: self.floor,
            ..Row::of(self.name, self.figures)
        }
    }
}

/// The middle of sorted figures; between the two that are in the middle of an even number.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    } else {
        sorted[middle]
    }
}

/// Lets the one contestant warm up that has this number, and take turns until the time of its
/// round is over. Figures are in nanoseconds. The others are there, and idle.
pub async fn contest(mut contestants: Vec<Contestant>, entry: Entry) -> Vec<Turns> {
    let mut figures = Vec::new();
    if let Some(one) = contestants.get_mut(entry.number) {
        (one.turn)().await;
        let begin = Instant::now();
        while figures.is_empty() || begin.elapsed() < entry.time {
            let time = (one.turn)().await;
            figures.push(time.as_nanos() as f64 / one.per_turn as f64);
        }
    }
    let mut all: Vec<_> = contestants.into_iter().map(Turns::none).collect();
    if let Some(one) = all.get_mut(entry.number) {
        one.figures = figures;
    }
    all
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::time::Duration;

    use super::{Contestant, Entry, Row, Turns, contest, median};

    #[test]
    fn median_is_the_middle() {
        assert_eq!(median(&[1.0]), 1.0);
        assert_eq!(median(&[1.0, 3.0]), 2.0);
        assert_eq!(median(&[1.0, 2.0, 9.0]), 2.0);
    }

    #[test]
    fn row_sorts_before_it_sums_up() {
        let row = Row::of("it", vec![9.0, 1.0, 2.0]);
        assert_eq!((row.median, row.min, row.turns), (2.0, 1.0, 3));
    }

    #[test]
    fn one_contestant_takes_turns_after_a_warm_up() {
        let turns = Rc::new(RefCell::new(String::new()));
        let contestant = |name: &'static str, nanos| {
            let turns = turns.clone();
            Contestant::new(name, 10, move || {
                turns.borrow_mut().push_str(name);
                async move { Duration::from_nanos(nanos) }
            })
        };
        let contestants = || vec![contestant("a", 50), contestant("b", 70)];
        let time = Duration::ZERO;
        let run =
            |number| futures::executor::block_on(contest(contestants(), Entry { number, time }));
        let mut all = run(1);
        assert_eq!((turns.borrow().as_str(), all.len()), ("bb", 2));
        for (one, round) in all.iter_mut().zip(run(0)) {
            one.add(round);
        }
        assert_eq!(*turns.borrow(), "bbaa");
        let rows = all.into_iter().map(Turns::sum_up);
        assert_eq!(
            rows.map(|row| (row.median, row.turns)).collect::<Vec<_>>(),
            [(5.0, 1), (7.0, 1)]
        );
        // Nobody has that number.
        assert!(run(2).iter().all(|one| one.figures.is_empty()));
        assert_eq!(*turns.borrow(), "bbaa");
    }
}
