//! Contestants take turns, so that whatever else the machine does hits them alike.

use std::fmt;
use std::time::{Duration, Instant};

use futures::future::LocalBoxFuture;

use crate::effort::Effort;

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

/// The middle of sorted figures; between the two that are in the middle of an even number.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    } else {
        sorted[middle]
    }
}

/// Lets everyone warm up, and then take turns until the time is over. Figures are in
/// nanoseconds.
///
/// In every round the turns are in another order: what one leaves behind, in the allocator
/// say, would otherwise always be the same one's to clear up.
pub async fn contest(contestants: Vec<Contestant>, effort: Effort) -> Vec<Row> {
    let begin = Instant::now();
    let mut entries: Vec<_> = contestants
        .into_iter()
        .map(|one| (one, Vec::new()))
        .collect();
    for (one, _) in &mut entries {
        (one.turn)().await;
    }
    let mut rounds = 0;
    while rounds < effort.rounds || begin.elapsed() < effort.per_shape {
        for at in order(entries.len(), rounds) {
            let (one, figures) = &mut entries[at];
            let time = (one.turn)().await;
            figures.push(time.as_nanos() as f64 / one.per_turn as f64);
        }
        rounds += 1;
    }
    let rows = entries.into_iter().map(|(one, figures)| Row {
        note: one.note.to_owned(),
        floor: one.floor,
        ..Row::of(one.name, figures)
    });
    rows.collect()
}

/// The order of a round: each by a stride of its own, so that most have another before them.
fn order(count: usize, round: usize) -> impl Iterator<Item = usize> {
    let strides = (1..count.max(2)).filter(|stride| gcd(count, *stride) == 1);
    let strides: Vec<_> = strides.collect();
    let stride = strides[round % strides.len()];
    (0..count).map(move |turn| (round + turn * stride) % count)
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::HashSet;
    use std::rc::Rc;
    use std::time::Duration;

    use super::{Contestant, Row, contest, median, order};
    use crate::effort::Effort;

    #[test]
    fn all_have_a_turn_in_every_round_and_most_follow_another_one() {
        for count in 1..20 {
            let mut before_the_first = HashSet::new();
            for round in 0..count {
                let turns: Vec<_> = order(count, round).collect();
                let mut sorted = turns.clone();
                sorted.sort_unstable();
                assert!(sorted.into_iter().eq(0..count));
                let mut pairs = turns.windows(2).filter(|pair| pair[1] == 0);
                before_the_first.extend(pairs.next().map(|pair| pair[0]));
            }
            assert!(count < 5 || before_the_first.len() > 1, "{count}");
        }
    }

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
    fn contestants_take_turns_after_a_warm_up() {
        let turns = Rc::new(RefCell::new(String::new()));
        let contestant = |name: &'static str, nanos| {
            let turns = turns.clone();
            Contestant::new(name, 10, move || {
                turns.borrow_mut().push_str(name);
                async move { Duration::from_nanos(nanos) }
            })
        };
        let contestants = vec![contestant("a", 50), contestant("b", 70)];
        let effort = Effort {
            per_shape: Duration::ZERO,
            rounds: 2,
            ..Effort::QUICK
        };
        let rows = futures::executor::block_on(contest(contestants, effort));
        assert_eq!(*turns.borrow(), "ababba");
        assert_eq!(
            rows.iter().map(|row| row.median).collect::<Vec<_>>(),
            [5.0, 7.0]
        );
    }
}
