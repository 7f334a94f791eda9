use std::time::Duration;

use actix::clock::Instant;
use proptest::prelude::*;

use crate::policy::{Breaker, BreakerState, Change, Circuit, Pass};

const SECOND: Duration = Duration::from_secs(1);

fn pass(circuit: &Circuit, now: Instant) -> Pass {
    circuit.ask(now).unwrap().0
}

/// A circuit that one failure opens for 5 seconds, and its only start time.
fn touchy(probes: u32) -> (Circuit, Instant) {
    let breaker = Breaker::new().window(1).probes(probes);
    (Circuit::new(breaker), Instant::now())
}

/// The same, when it is half open, with its first probe.
fn half_open(probes: u32) -> (Circuit, Instant, Pass) {
    let (circuit, start) = touchy(probes);
    circuit.ended(pass(&circuit, start), false, start).unwrap();
    let now = start + 5 * SECOND;
    let probe = pass(&circuit, now);
    (circuit, now, probe)
}

#[test]
fn it_opens_at_the_rate_and_not_before() {
    let breaker = Breaker::new().window(4).min_calls(3).failure_rate(0.5);
    let (circuit, now) = (Circuit::new(breaker), Instant::now());
    let end = |success| circuit.ended(pass(&circuit, now), success, now);
    assert_eq!([end(false), end(true)], [None; 2], "too few");
    // A third of three, two of five: of which four count.
    assert_eq!([end(true), end(true), end(false)], [None; 3]);
    let change = Change {
        from: BreakerState::Closed,
        to: BreakerState::Open,
        failure_rate: 0.5,
    };
    assert_eq!(end(false), Some(change));
    assert_eq!(circuit.ask(now), Err(now + 5 * SECOND));
}

#[test]
fn probes_that_are_handled_close_it_with_a_clean_window() {
    let (circuit, now, first) = half_open(2);
    assert!(first.probe);
    let second = pass(&circuit, now);
    assert_eq!(circuit.ask(now), Err(now + 5 * SECOND), "no third probe");
    assert_eq!(circuit.ended(first, true, now), None);
    let closed = circuit.ended(second, true, now).unwrap();
    assert_eq!(
        (closed.to, closed.failure_rate),
        (BreakerState::Closed, 0.0)
    );
    assert!(!pass(&circuit, now).probe);
}

#[test]
fn a_probe_that_fails_opens_it_for_as_long_again() {
    let (circuit, now, first) = half_open(3);
    let (second, third) = (pass(&circuit, now), pass(&circuit, now));
    assert_eq!(circuit.ended(first, true, now), None);
    let now = now + SECOND;
    let opened = circuit.ended(second, false, now).unwrap();
    assert_eq!((opened.to, opened.failure_rate), (BreakerState::Open, 0.5));
    assert_eq!(circuit.ask(now), Err(now + 5 * SECOND));
    assert_eq!(circuit.ended(third, false, now + SECOND), None);
    assert_eq!(circuit.ask(now), Err(now + 5 * SECOND), "not put off");
}

#[test]
fn what_began_before_a_change_does_not_count_after_it() {
    let (circuit, start) = touchy(1);
    let early = [(); 4].map(|()| pass(&circuit, start));
    circuit.ended(early[0], false, start).unwrap();
    assert_eq!(circuit.ended(early[1], true, start), None, "it is open");
    let now = start + 5 * SECOND;
    let probe = pass(&circuit, now);
    assert_eq!(circuit.ended(early[2], true, now), None, "it is half open");
    circuit.ended(probe, true, now).unwrap();
    assert_eq!(
        circuit.ended(early[3], false, now),
        None,
        "it is closed anew"
    );
    assert_eq!(circuit.state(), BreakerState::Closed);
}

#[test]
fn a_probe_that_never_ran_makes_room_for_another() {
    let (circuit, now, probe) = half_open(1);
    circuit.ask(now).unwrap_err();
    circuit.give_back(probe);
    let (again, change) = circuit.ask(now).unwrap();
    assert_eq!((again.probe, change), (true, None));
    circuit.ask(now).unwrap_err();
}

#[test]
fn probes_that_do_not_end_are_replaced_after_a_while_and_still_count() {
    let (circuit, now, stuck) = half_open(1);
    circuit.ask(now + 4 * SECOND).unwrap_err();
    let later = now + 5 * SECOND;
    let _ = pass(&circuit, later);
    circuit.ask(later).unwrap_err();
    circuit.give_back(stuck);
    circuit.ask(later).unwrap_err();
    let closed = circuit.ended(stuck, true, later).unwrap();
    assert_eq!(closed.to, BreakerState::Closed);
}

#[test]
fn threads_that_ask_at_once_get_as_many_probes_as_are_allowed() {
    for _ in 0..200 {
        let (circuit, start) = touchy(3);
        circuit.ended(pass(&circuit, start), false, start).unwrap();
        let now = start + 5 * SECOND;
        let asked: Vec<_> = std::thread::scope(|scope| {
            let ask = || [(); 4].map(|()| circuit.ask(now).ok());
            let threads = [(); 4].map(|()| scope.spawn(ask));
            let asked = threads.into_iter().flat_map(|it| it.join().unwrap());
            asked.flatten().collect()
        });
        assert_eq!(asked.len(), 3);
        assert_eq!(
            asked.iter().filter(|(_, change)| change.is_some()).count(),
            1
        );
    }
}

/// One that forgets nothing, and counts everything anew each time.
struct Model {
    /// Window, least, percent, and probes.
    breaker: (usize, usize, u32, usize),
    /// What each change led to, and when; the first is the beginning.
    changes: Vec<(BreakerState, u64)>,
    /// By pass: after how many changes it was given, in which round, and its fate.
    passes: Vec<(usize, usize, Fate)>,
    /// In the order in which they ended: after how many changes, and how.
    ended: Vec<(usize, bool)>,
    /// When each round of probes began.
    rounds: Vec<u64>,
}

#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Running,
    Handled,
    Failed,
    GivenBack,
}

const OPEN_FOR: u64 = 5;

impl Model {
    fn ask(&mut self, now: u64) -> Result<bool, u64> {
        let (state, since) = *self.changes.last().unwrap();
        match state {
            BreakerState::Closed => {}
            BreakerState::Open if now < since + OPEN_FOR => return Err(since + OPEN_FOR),
            BreakerState::Open => {
                self.changes.push((BreakerState::HalfOpen, now));
                self.rounds.push(now);
            }
            BreakerState::HalfOpen => {
                let (change, round) = (self.changes.len(), self.rounds.len());
                let took_room = |(in_change, in_round, fate): &&(usize, usize, Fate)| {
                    let room = match fate {
                        Fate::Running => *in_round == round,
                        Fate::Handled => true,
                        Fate::Failed | Fate::GivenBack => false,
                    };
                    *in_change == change && room
                };
                if self.passes.iter().filter(took_room).count() >= self.breaker.3 {
                    let until = self.rounds.last().unwrap() + OPEN_FOR;
                    if now < until {
                        return Err(until);
                    }
                    self.rounds.push(now);
                }
            }
        }
        let (change, round) = (self.changes.len(), self.rounds.len());
        self.passes.push((change, round, Fate::Running));
        Ok(self.changes.last().unwrap().0 == BreakerState::HalfOpen)
    }

    fn end(&mut self, index: usize, success: bool, now: u64) -> Option<BreakerState> {
        let (window, least, percent, probes) = self.breaker;
        self.passes[index].2 = if success { Fate::Handled } else { Fate::Failed };
        let change = self.changes.len();
        if self.passes[index].0 != change {
            return None;
        }
        self.ended.push((change, success));
        let counted = self.ended.iter().filter(|(of, _)| *of == change);
        let counted: Vec<bool> = counted.map(|(_, success)| *success).collect();
        let next = match self.changes.last().unwrap().0 {
            BreakerState::Closed => {
                let last: Vec<_> = counted.iter().rev().take(window).collect();
                let failed = last.iter().filter(|success| !***success).count();
                let trips = last.len() >= least && failed * 100 >= percent as usize * last.len();
                trips.then_some(BreakerState::Open)
            }
            _ if !success => Some(BreakerState::Open),
            _ => (counted.len() >= probes).then_some(BreakerState::Closed),
        };
        self.changes.extend(next.map(|next| (next, now)));
        next
    }
}

#[derive(Debug, Clone)]
enum Step {
    Ask,
    /// The pass at this share of those that run.
    End(usize, bool),
    GiveBack(usize),
    Wait(u64),
}

fn a_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => Just(Step::Ask),
        4 => (any::<usize>(), any::<bool>()).prop_map(|(n, success)| Step::End(n, success)),
        1 => any::<usize>().prop_map(Step::GiveBack),
        2 => (1..6_u64).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_circuit_does_what_one_that_forgets_nothing_would(
        (window, least) in (1..8_u32).prop_flat_map(|window| (Just(window), 1..=window)),
        percent in prop::sample::select(vec![1_u32, 25, 50, 100]),
        probes in 1..4_u32,
        steps in prop::collection::vec(a_step(), 1..200),
    ) {
        let breaker = Breaker::new().window(window).min_calls(least).probes(probes)
            .failure_rate(f64::from(percent) / 100.0);
        prop_assert_eq!(breaker.check(), Ok(()));
        let (circuit, start) = (Circuit::new(breaker), Instant::now());
        let mut model = Model {
            breaker: (window as usize, least as usize, percent, probes as usize),
            changes: vec![(BreakerState::Closed, 0)],
            passes: Vec::new(),
            ended: Vec::new(),
            rounds: Vec::new(),
        };
        let (mut now, mut passes) = (0, Vec::new());
        for step in steps {
            let at = start + now * SECOND;
            let running: Vec<_> = (0..passes.len())
                .filter(|index| model.passes[*index].2 == Fate::Running)
                .collect();
            match step {
                Step::Wait(seconds) => now += seconds as u32,
                Step::Ask => {
                    let before = circuit.state();
                    let asked = circuit.ask(at);
                    if let Ok((pass, change)) = asked {
                        passes.push(pass);
                        let to = change.map(|change| (change.from, change.to));
                        let turned = (before != circuit.state()).then(|| (before, circuit.state()));
                        prop_assert_eq!(to, turned);
                    }
                    let asked = asked.map(|(pass, _)| pass.probe);
                    let until = |seconds: u64| start + seconds as u32 * SECOND;
                    prop_assert_eq!(asked, model.ask(now.into()).map_err(until));
                }
                Step::End(n, success) if !running.is_empty() => {
                    let index = running[n % running.len()];
                    let change = circuit.ended(passes[index], success, at);
                    let to = change.map(|change| change.to);
                    prop_assert_eq!(to, model.end(index, success, now.into()));
                }
                Step::GiveBack(n) if !running.is_empty() => {
                    let index = running[n % running.len()];
                    circuit.give_back(passes[index]);
                    model.passes[index].2 = Fate::GivenBack;
                }
                Step::End(..) | Step::GiveBack(_) => {}
            }
            prop_assert_eq!(circuit.state(), model.changes.last().unwrap().0);
        }
    }
}
