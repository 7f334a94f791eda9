//! Contestants take turns, so that whatever else the machine does hits them alike, and each in
//! a process of its own: what one leaves behind in the allocator is in nobody else's figures.

use std::time::Instant;

use crate::contest::Turns;
use crate::effort::Effort;
use crate::shapes::Shape;

/// Measures all contestants of a shape in rounds, until the time is over. `measure` starts a
/// process, in which the one of this number takes its turns.
pub fn in_rounds(effort: Effort, measure: impl Fn(usize) -> Shape<Turns>) -> Shape {
    let begin = Instant::now();
    // Nobody has this number: it says who takes part.
    let Shape {
        name,
        unit,
        floor,
        rows: mut all,
    } = measure(usize::MAX);
    let mut rounds = 0;
    while rounds < effort.rounds || begin.elapsed() < effort.per_shape {
        for number in order(all.len(), rounds) {
            let round = measure(number).rows;
            for (one, round) in all.iter_mut().zip(round) {
                one.add(round);
            }
        }
        rounds += 1;
    }
    Shape {
        name,
        unit,
        floor,
        rows: all.into_iter().map(Turns::sum_up).collect(),
    }
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
    use std::collections::HashSet;

    use super::order;

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
}
