//! Any options together, under any emissions, held against a model that says what the
//! docs say, as plainly as can be: one list of what waits, searched from its start.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::{Strategy, any, prop, prop_oneof, proptest};
use proptest::sample::select;
use ventix::{
    Breaker, Counts, Debounce, DeliveryLayer, Incoming, Overflow, Retry, Strategy as Run, Throttle,
    WhenPaused,
};

use super::*;

/// Times are milliseconds since the start.
type Time = u64;

#[derive(Debug, Clone, Default)]
struct Options {
    /// It does not want the numbers that leave this when divided by three.
    rejects: Option<u32>,
    priority: i32,
    holds: bool,
    starts_paused: bool,
    until: Option<Time>,
    throttle: Option<Slow>,
    /// The quiet time, and how long a burst lasts at most.
    debounce: Option<(Time, Time)>,
    shots: Option<usize>,
    breaker: Option<Wary>,
    /// How often, and the delay.
    retry: Option<(u32, Time)>,
    capacity: Option<usize>,
    overflow: Overflow,
    in_order: bool,
    /// A layer turns away where the sum of number and attempt leaves this.
    turned_away: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Slow {
    every: Time,
    burst: u64,
    holds: bool,
}

#[derive(Debug, Clone, Copy)]
struct Wary {
    window: usize,
    open_for: Time,
    probes: u32,
}

/// An emission.
#[derive(Debug, Clone, Copy)]
struct Event {
    number: u32,
    failures: u32,
    key: Option<&'static str>,
    deadline: Option<Time>,
}

#[derive(Debug, Clone)]
enum Step {
    Emit {
        failures: u32,
        key: Option<&'static str>,
        expires_in: Option<Time>,
    },
    Pass(Time),
    Pause(usize),
    Resume(usize),
    Unsubscribe(usize),
}

// The model.

/// A delivery that is not with its handler.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    event: Event,
    attempt: u32,
    pass: Option<Pass>,
    /// When its burst began, and until when it waits for newer ones.
    quiet: Option<(Time, Time)>,
    has_come: bool,
}

#[derive(Debug, Clone, Copy)]
enum Timer {
    /// The lane looks again.
    Wake,
    /// One is to be tried again.
    Again(Waiting),
    Over,
}

#[derive(Debug, Clone, Copy)]
struct Pass {
    epoch: u64,
}

#[derive(Debug)]
enum Circuit {
    Closed(Vec<bool>),
    Open(Time),
    /// Since which epoch and time; how many were let through, and handled.
    HalfOpen(u64, Time, u32, u32),
}

#[derive(Debug)]
struct Model {
    options: Options,
    is_linked: bool,
    is_paused: bool,
    shots_free: usize,
    shots_unspent: usize,
    /// When the throttle's next one would come, did they all come evenly.
    due: Time,
    circuit: Circuit,
    epoch: u64,
    /// What has room.
    inside: usize,
    /// Those that are tried again, and the others.
    queue: [Vec<Waiting>; 2],
    /// The one that the next waits for.
    current: Option<u32>,
    alarm: Option<Time>,
    timers: Vec<(Time, Timer)>,
    /// On their way to the handler.
    runs: VecDeque<Waiting>,
    log: Vec<(Time, u32)>,
    counts: Ledger,
}

/// The fields of [`Counts`].
#[derive(Debug, Default, PartialEq)]
struct Ledger {
    matched: u64,
    handled: u64,
    failed: u64,
    refused: u64,
    dropped: u64,
    skipped: u64,
    retried: u64,
}

impl From<Counts> for Ledger {
    fn from(counts: Counts) -> Self {
        assert_eq!(counts.panicked + counts.timed_out + counts.lost, 0);
        Self {
            matched: counts.matched,
            handled: counts.handled,
            failed: counts.failed,
            refused: counts.refused,
            dropped: counts.dropped,
            skipped: counts.skipped,
            retried: counts.retried,
        }
    }
}

impl Model {
    fn new(options: &Options) -> Self {
        let timers = options.until.map(|until| (until, Timer::Over));
        Self {
            options: options.clone(),
            is_linked: true,
            is_paused: options.starts_paused,
            shots_free: options.shots.unwrap_or(usize::MAX),
            shots_unspent: options.shots.unwrap_or(usize::MAX),
            due: 0,
            circuit: Circuit::Closed(Vec::new()),
            epoch: 0,
            inside: 0,
            queue: Default::default(),
            current: None,
            alarm: None,
            timers: timers.into_iter().collect(),
            runs: VecDeque::new(),
            log: Vec::new(),
            counts: Ledger::default(),
        }
    }

    fn takes_back(&self) -> bool {
        matches!(
            self.options.overflow,
            Overflow::DropOldest | Overflow::Coalesce
        )
    }

    fn is_serial(&self) -> bool {
        self.options.in_order || self.takes_back()
    }

    /// Whether deliveries may have to wait.
    fn keeps(&self) -> bool {
        let Options {
            holds,
            throttle,
            debounce,
            in_order,
            ..
        } = &self.options;
        let slow = throttle.is_some_and(|slow| slow.holds);
        *holds || slow || debounce.is_some() || *in_order || self.takes_back()
    }

    fn is_held(&self) -> bool {
        self.options.holds && self.is_paused && self.is_linked
    }

    /// The algebra: the questions in their order.
    fn claim(&mut self, event: Event, now: Time) -> Result<(), Reason> {
        self.counts.matched += 1;
        let claimed = self.try_claim(event, now);
        match &claimed {
            Ok(()) => {}
            Err(reason) if reason.is_skip() => self.counts.skipped += 1,
            Err(reason) if reason.is_drop() => self.counts.dropped += 1,
            Err(_) => self.counts.refused += 1,
        }
        claimed
    }

    fn try_claim(&mut self, event: Event, now: Time) -> Result<(), Reason> {
        if !self.options.holds && self.is_paused {
            return Err(Reason::Paused);
        }
        if self.options.rejects == Some(event.number % 3) {
            return Err(Reason::Filtered);
        }
        if self.options.throttle.is_some_and(|slow| !slow.holds) {
            self.pace(now).map_err(|when| Reason::Throttled {
                retry_in: ms(when - now),
            })?;
        }
        if let Some((quiet, most)) = self.options.debounce {
            let same = |it: &Waiting| it.quiet.is_some() && it.event.key == event.key;
            if let Some(at) = self.queue[1].iter().position(same) {
                let older = self.queue[1].remove(at);
                self.counts.skipped += 1;
                let (first, _) = older.quiet.unwrap();
                let quiet = Some((first, (now + quiet).min(first + most)));
                self.queue[1].push(Waiting {
                    event,
                    quiet,
                    has_come: false,
                    ..older
                });
                return Ok(());
            }
        }
        if self.shots_free == 0 {
            return Err(Reason::Spent);
        }
        let pass = self.ask(now).map_err(|until| Reason::BreakerOpen {
            retry_in: ms(until - now),
        })?;
        if let Err(reason) = self.enter(event) {
            self.give_back(pass);
            return Err(reason);
        }
        self.shots_free -= usize::from(self.options.shots.is_some());
        self.queue[1].push(Waiting {
            event,
            attempt: 1,
            pass,
            quiet: self
                .options
                .debounce
                .map(|(quiet, most)| (now, now + quiet.min(most))),
            has_come: false,
        });
        Ok(())
    }

    /// Takes room, or that of another one.
    fn enter(&mut self, event: Event) -> Result<(), Reason> {
        let Some(capacity) = self.options.capacity else {
            return Ok(());
        };
        if self.inside < capacity {
            self.inside += 1;
            return Ok(());
        }
        let full = Reason::LaneFull { capacity };
        let evicted = match self.options.overflow {
            Overflow::DropNewest => return Err(Reason::DroppedNewest { capacity }),
            Overflow::DropOldest => {
                let rank = usize::from(self.queue[0].is_empty());
                let first = (!self.queue[rank].is_empty()).then(|| self.queue[rank].remove(0));
                first.ok_or(full)?
            }
            Overflow::Coalesce => {
                let same = |it: &Waiting| it.event.key == event.key;
                let at = self.queue[1].iter().position(same);
                let at = at.filter(|_| event.key.is_some()).ok_or(full)?;
                self.queue[1].remove(at)
            }
            _ => return Err(full),
        };
        self.counts.dropped += 1;
        self.unspend(&evicted);
        self.give_back(evicted.pass);
        Ok(())
    }

    /// The shot of one that has not begun is free again.
    fn unspend(&mut self, it: &Waiting) {
        if it.attempt == 1 && self.options.shots.is_some() {
            self.shots_free += 1;
        }
    }

    fn pace(&mut self, now: Time) -> Result<(), Time> {
        let Some(Slow { every, burst, .. }) = self.options.throttle else {
            return Ok(());
        };
        let earliest = self.due.saturating_sub((burst - 1) * every);
        if earliest > now {
            return Err(earliest);
        }
        self.due = self.due.max(now) + every;
        Ok(())
    }

    fn ask(&mut self, now: Time) -> Result<Option<Pass>, Time> {
        let Some(Wary {
            open_for, probes, ..
        }) = self.options.breaker
        else {
            return Ok(None);
        };
        match &mut self.circuit {
            Circuit::Closed(_) => {}
            Circuit::Open(until) if now < *until => return Err(*until),
            Circuit::Open(_) => {
                self.epoch += 1;
                self.circuit = Circuit::HalfOpen(self.epoch, now, 1, 0);
            }
            Circuit::HalfOpen(_, began, given, handled) => {
                if *given >= probes {
                    if now < *began + open_for {
                        return Err(*began + open_for);
                    }
                    // Others in the place of those that have not ended.
                    (*began, *given) = (now, *handled);
                    self.epoch += 1;
                }
                *given += 1;
            }
        }
        Ok(Some(Pass { epoch: self.epoch }))
    }

    fn give_back(&mut self, pass: Option<Pass>) {
        let (Circuit::HalfOpen(_, _, given, _), Some(pass)) = (&mut self.circuit, pass) else {
            return;
        };
        // It may be one from before it opened.
        if pass.epoch == self.epoch {
            *given -= 1;
        }
    }

    fn judge(&mut self, pass: Option<Pass>, well: bool, now: Time) {
        let (
            Some(Wary {
                window,
                open_for,
                probes,
            }),
            Some(pass),
        ) = (self.options.breaker, pass)
        else {
            return;
        };
        let next = match &mut self.circuit {
            Circuit::Closed(ended) if pass.epoch == self.epoch => {
                ended.push(well);
                if ended.len() > window {
                    ended.remove(0);
                }
                let failed = ended.iter().filter(|well| !**well).count();
                if ended.len() < window || 2 * failed < window {
                    return;
                }
                Circuit::Open(now + open_for)
            }
            Circuit::HalfOpen(since, _, given, handled) if pass.epoch >= *since => {
                if well {
                    *handled += 1;
                    *given += u32::from(pass.epoch != self.epoch);
                    if *handled < probes {
                        return;
                    }
                    Circuit::Closed(Vec::new())
                } else {
                    Circuit::Open(now + open_for)
                }
            }
            _ => return,
        };
        self.circuit = next;
        self.epoch += 1;
    }

    /// The emission of one that was accepted is run.
    fn come(&mut self, event: Event, now: Time) {
        let at = self.queue[1]
            .iter()
            .position(|it| it.event.number == event.number);
        let at = at.expect("it was accepted");
        if !self.keeps() {
            let it = self.queue[1].remove(at);
            return self.start(it, now);
        }
        if !self.is_linked {
            self.queue[1][at].quiet = None;
        }
        let it = self.queue[1][at];
        let due = it.quiet.map(|(_, due)| due).filter(|due| *due > now);
        if due.is_none() && self.ready(now).is_none() && self.current.is_none() && !self.is_held() {
            match self.pace_held(now) {
                Ok(()) => {
                    self.queue[1].remove(at);
                    self.current = self.is_serial().then_some(event.number);
                    return self.start(it, now);
                }
                Err(when) => self.wake_at(when),
            }
        }
        self.queue[1][at].has_come = true;
        if let Some(due) = due {
            self.wake_at(due);
        }
    }

    fn pace_held(&mut self, now: Time) -> Result<(), Time> {
        match self.options.throttle {
            Some(slow) if slow.holds => self.pace(now),
            _ => Ok(()),
        }
    }

    fn wake_at(&mut self, when: Time) {
        if self.alarm.is_none_or(|alarm| alarm > when) {
            self.alarm = Some(when);
            self.timers.push((when, Timer::Wake));
        }
    }

    /// The first that waits for nothing but its turn.
    fn ready(&self, now: Time) -> Option<(usize, usize)> {
        let is_ready = |it: &Waiting| it.has_come && it.quiet.is_none_or(|(_, due)| due <= now);
        let first = |rank: usize| self.queue[rank].iter().position(is_ready);
        first(0).map(|at| (0, at)).or(first(1).map(|at| (1, at)))
    }

    /// Starts the next one, if its turn has come.
    fn next(&mut self, now: Time) {
        if self.is_held() || self.current.is_some() {
            return;
        }
        let Some((rank, at)) = self.ready(now) else {
            let quiet = self.queue[1].iter().filter(|it| it.has_come);
            let due = quiet.filter_map(|it| it.quiet).map(|(_, due)| due).min();
            return due.into_iter().for_each(|due| self.wake_at(due));
        };
        if let Err(when) = self.pace_held(now) {
            return self.wake_at(when);
        }
        let it = self.queue[rank].remove(at);
        self.current = Some(it.event.number);
        self.runs.push_back(it);
    }

    /// What has been started comes to its handler, until nothing does.
    fn settle(&mut self, now: Time) {
        while let Some(it) = self.runs.pop_front() {
            if it.event.deadline.is_some_and(|deadline| deadline <= now) {
                self.abandon(it, now);
                continue;
            }
            self.start(it, now);
            if !self.is_serial() && self.current == Some(it.event.number) {
                self.current = None;
                self.next(now);
            }
        }
    }

    fn leave(&mut self, it: Waiting, now: Time) {
        self.inside = self.inside.saturating_sub(1);
        if self.current == Some(it.event.number) {
            self.current = None;
            self.next(now);
        }
    }

    /// It ends before it has begun.
    fn abandon(&mut self, it: Waiting, now: Time) {
        self.counts.refused += 1;
        self.give_back(it.pass);
        self.leave(it, now);
        self.unspend(&it);
    }

    fn start(&mut self, mut it: Waiting, now: Time) {
        let number = it.event.number;
        if self.options.turned_away == Some((number + it.attempt) % 3) {
            return self.abandon(it, now);
        }
        if it.attempt == 1 && self.options.shots.is_some() {
            self.shots_unspent -= 1;
            if self.shots_unspent == 0 {
                self.unlink(now);
            }
        }
        self.log.push((now, number));
        let well = it.attempt > it.event.failures;
        self.judge(it.pass.take(), well, now);
        if let Some((attempts, delay)) = self.options.retry.filter(|_| !well) {
            let in_time = it
                .event
                .deadline
                .is_none_or(|deadline| now + delay < deadline);
            if it.attempt < attempts && in_time {
                self.counts.retried += 1;
                it.attempt += 1;
                (it.quiet, it.has_come) = (None, true);
                if !self.options.in_order && self.current == Some(number) {
                    self.current = None;
                    self.next(now);
                }
                return self.timers.push((now + delay, Timer::Again(it)));
            }
        }
        if well {
            self.counts.handled += 1;
        } else {
            self.counts.failed += 1;
        }
        self.leave(it, now);
    }

    fn unlink(&mut self, now: Time) {
        if std::mem::take(&mut self.is_linked) {
            // Nobody can resume it, and nothing newer comes.
            self.is_paused = false;
            self.queue[1].iter_mut().for_each(|it| it.quiet = None);
            self.next(now);
        }
    }

    fn change(&mut self, paused: bool, now: Time) -> bool {
        if !self.is_linked || self.is_paused == paused {
            return false;
        }
        self.is_paused = paused;
        self.next(now);
        true
    }

    /// Lets everything happen up to then.
    fn pass(&mut self, until: Time) {
        while let Some(now) = self.timers.iter().map(|(time, _)| *time).min() {
            if now > until {
                return;
            }
            let is_due = |(time, _): &(Time, Timer)| *time == now;
            let due: Vec<_> = self.timers.iter().copied().filter(is_due).collect();
            self.timers.retain(|timer| !is_due(timer));
            for (_, timer) in due {
                match timer {
                    Timer::Over => self.unlink(now),
                    Timer::Wake => {
                        self.alarm = self.alarm.filter(|alarm| *alarm != now);
                        self.next(now);
                    }
                    Timer::Again(it) => self.again(it, now),
                }
            }
            self.settle(now);
        }
    }

    fn again(&mut self, mut it: Waiting, now: Time) {
        it.pass = match self.ask(now) {
            Ok(pass) => pass,
            Err(until) => return self.timers.push((until, Timer::Again(it))),
        };
        if !self.keeps() {
            return self.runs.push_back(it);
        }
        if self.current == Some(it.event.number) {
            self.current = None;
        }
        self.queue[0].push(it);
        self.next(now);
    }
}

// The real one.

/// Turns away where the sum of number and attempt leaves this.
struct Guard(u32);

impl DeliveryLayer for Guard {
    fn before(&self, delivery: &mut Incoming<'_>) -> Result<(), Reason> {
        let job = delivery
            .event()
            .downcast_ref::<Job>()
            .expect("all are jobs");
        match (job.number + delivery.attempt()) % 3 == self.0 {
            true => Err(Reason::layer("it is to be turned away")),
            false => Ok(()),
        }
    }
}

fn spec(options: &Options, log: &Log, start: Instant) -> SubscriptionSpec {
    let log = log.clone();
    let rejects = options.rejects;
    let mut on = on::<Job>();
    if rejects.is_some() {
        on = on.filter(move |job, _| rejects != Some(job.number % 3));
    }
    let mut spec = on.call(move |job| log.handle(**job, job.attempt()));
    spec = spec.priority(options.priority).overflow(options.overflow);
    if options.holds {
        spec = spec.when_paused(WhenPaused::Hold);
    }
    if options.starts_paused {
        spec = spec.paused();
    }
    if let Some(until) = options.until {
        spec = spec.until(start + ms(until));
    }
    if let Some(Slow {
        every,
        burst,
        holds,
    }) = options.throttle
    {
        let throttle = Throttle::per(1, ms(every)).burst(u32::try_from(burst).unwrap());
        spec = spec.throttle(if holds { throttle.hold() } else { throttle });
    }
    if let Some((quiet, most)) = options.debounce {
        spec = spec.debounce(Debounce::quiet(ms(quiet)).max_wait(ms(most)));
    }
    if let Some(shots) = options.shots {
        spec = spec.for_at_most(shots);
    }
    if let Some(Wary {
        window,
        open_for,
        probes,
    }) = options.breaker
    {
        let window = u32::try_from(window).unwrap();
        let breaker = Breaker::new().window(window).open_for(ms(open_for));
        spec = spec.breaker(breaker.probes(probes));
    }
    if let Some((attempts, delay)) = options.retry {
        spec = spec.retry(Retry::constant(ms(delay)).attempts(attempts));
    }
    if let Some(capacity) = options.capacity {
        spec = spec.capacity(capacity);
    }
    if options.in_order {
        spec = spec.in_order();
    }
    if let Some(turned_away) = options.turned_away {
        spec = spec.layer(Guard(turned_away));
    }
    spec
}

/// Takes the steps with both, and compares them after each.
async fn compare(all: Vec<Options>, steps: Vec<Step>, is_inline: bool) {
    let start = Instant::now();
    let linker = Linker::start();
    let strategy = if is_inline {
        Run::inline()
    } else {
        Run::current()
    };
    let emitter = Emitter::start(&linker, strategy);
    let mut worlds: Vec<_> = all
        .iter()
        .map(|options| {
            let log = Log::new();
            let subscription = linker.subscribe(spec(options, &log, start)).unwrap();
            (Model::new(options), log, subscription)
        })
        .collect();
    let priorities: Vec<_> = all.iter().map(|options| options.priority).collect();
    let mut order: Vec<_> = (0..worlds.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(priorities[*at]));
    let (mut now, number) = (0, AtomicU64::new(0));
    let resume_all = (0..worlds.len()).map(Step::Resume);
    let to_the_end = resume_all.chain([Step::Pass(100_000)]);
    for step in steps.into_iter().chain(to_the_end) {
        match step {
            Step::Emit {
                failures,
                key,
                expires_in,
            } => {
                let number = u32::try_from(number.fetch_add(1, Ordering::Relaxed)).unwrap();
                let deadline = expires_in.map(|time| now + time);
                let event = Event {
                    number,
                    failures,
                    key,
                    deadline,
                };
                let mut emission = emitter.prepare(failing(number, failures));
                if let Some(key) = key {
                    emission = emission.key(key);
                }
                if let Some(time) = expires_in {
                    emission = emission.expires_in(ms(time));
                }
                let receipt = emission.emit();
                let mut refusals = Vec::new();
                let mut accepted = Vec::new();
                let linked = order.iter().copied().filter(|at| worlds[*at].0.is_linked);
                for at in linked.collect::<Vec<_>>() {
                    match worlds[at].0.claim(event, now) {
                        Ok(()) => accepted.push(at),
                        Err(reason) => refusals.push((worlds[at].2.id(), reason)),
                    }
                }
                for at in accepted {
                    worlds[at].0.come(event, now);
                }
                let got = receipt.refusals().iter();
                let got: Vec<_> = got
                    .map(|it| (it.subscription(), it.reason().clone()))
                    .collect();
                assert_eq!(got, refusals, "emission {number} at {now}");
            }
            Step::Pass(time) => {
                now += time;
                worlds.iter_mut().for_each(|(model, ..)| model.pass(now));
                sleep(ms(time)).await;
            }
            Step::Pause(at) | Step::Resume(at) => {
                let pauses = matches!(step, Step::Pause(_));
                let count = worlds.len();
                let (model, _, subscription) = &mut worlds[at % count];
                let done = if pauses {
                    subscription.pause()
                } else {
                    subscription.resume()
                };
                assert_eq!(done, model.change(pauses, now));
            }
            Step::Unsubscribe(at) => {
                let count = worlds.len();
                let (model, _, subscription) = &mut worlds[at % count];
                assert_eq!(subscription.unsubscribe(), model.is_linked);
                model.unlink(now);
            }
        }
        settle().await;
        for (model, log, subscription) in &mut worlds {
            model.settle(now);
            assert_eq!(log.entries(), model.log, "at {now}: {:?}", model.options);
            assert_eq!(subscription.is_active(), model.is_linked, "at {now}");
            assert_eq!(
                Ledger::from(subscription.counts()),
                model.counts,
                "at {now}"
            );
        }
    }
    let mut all = Counts::default();
    for (_, _, subscription) in &worlds {
        assert_eq!(subscription.counts().in_flight(), 0);
        all += subscription.counts();
    }
    // The emitter has counted the same, in another way.
    assert_eq!(emitter.stats().deliveries, all);
    assert!(linker.drain(ms(0)).await.is_complete());
}

fn options() -> impl Strategy<Value = Options> {
    let overflow = select(vec![
        Overflow::Refuse,
        Overflow::Refuse,
        Overflow::DropOldest,
        Overflow::DropNewest,
        Overflow::Coalesce,
    ]);
    let slow = (select(vec![40, 90]), 1..4_u64, any::<bool>());
    let slow = slow.prop_map(|(every, burst, holds)| Slow {
        every,
        burst,
        holds,
    });
    let wary = (1..4_usize, select(vec![60, 200]), 1..3_u32);
    let wary = wary.prop_map(|(window, open_for, probes)| Wary {
        window,
        open_for,
        probes,
    });
    let entry = (
        proptest::option::weighted(0.3, 0..3_u32),
        -1..2_i32,
        (any::<bool>(), proptest::bool::weighted(0.2)),
        proptest::option::weighted(0.2, select(vec![105, 305])),
        proptest::option::weighted(0.4, slow),
        proptest::option::weighted(0.3, select(vec![(20, 70), (35, 35)])),
        proptest::option::weighted(0.3, 1..6_usize),
        proptest::option::weighted(0.4, wary),
        proptest::option::weighted(0.5, (1..4_u32, select(vec![3, 11, 50]))),
        (proptest::option::weighted(0.6, 1..4_usize), overflow),
        (any::<bool>(), proptest::option::weighted(0.3, 0..3_u32)),
    );
    entry.prop_map(
        |(
            rejects,
            priority,
            (holds, starts_paused),
            until,
            throttle,
            debounce,
            shots,
            breaker,
            retry,
            (capacity, overflow),
            (in_order, turned_away),
        )| {
            Options {
                rejects,
                priority,
                holds,
                starts_paused,
                until,
                throttle,
                debounce,
                shots,
                breaker,
                retry,
                capacity,
                overflow,
                in_order,
                turned_away,
            }
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let key = select(vec![None, None, Some("a"), Some("b")]);
    let expires_in = select(vec![None, None, None, Some(1), Some(15), Some(90)]);
    let emit = (select(vec![0, 0, 1, 2, 9]), key, expires_in);
    prop_oneof![
        8 => emit.prop_map(|(failures, key, expires_in)| Step::Emit { failures, key, expires_in }),
        4 => select(vec![10, 30, 100]).prop_map(Step::Pass),
        1 => (0..3_usize).prop_map(Step::Pause),
        1 => (0..3_usize).prop_map(Step::Resume),
        1 => (0..9_usize).prop_filter_map("rarely", |at| (at < 3).then_some(Step::Unsubscribe(at))),
    ]
}

proptest! {
    #[test]
    fn any_options_together_do_what_the_docs_say(
        options in prop::collection::vec(options(), 1..4),
        steps in prop::collection::vec(step(), 1..50),
        is_inline in any::<bool>(),
    ) {
        in_virtual_time(compare(options, steps, is_inline));
    }
}
