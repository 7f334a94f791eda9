use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use actix::clock::Instant;

use crate::event::ScheduleId;

use super::about::About;
use super::due::Due;
use super::now::{LOOK_AGAIN, Now};
use super::rhythm::Rhythm;
use super::source::Source;

/// What is pending, in the order in which it is due.
///
/// There is one order for each clock, as how they stand to each other may change. They are
/// sets and not heaps, because what is cancelled leaves at once: a program that schedules
/// a timeout for everything it does, and cancels nearly all of them, keeps none.
#[derive(Default)]
pub(super) struct Agenda {
    entries: BTreeMap<ScheduleId, Entry>,
    by_clock: BTreeSet<(Instant, ScheduleId)>,
    by_wall: BTreeSet<(SystemTime, ScheduleId)>,
    /// Whether there is a task that looks after it.
    pub(super) is_kept: bool,
}

pub(super) struct Entry {
    pub(super) about: Arc<About>,
    pub(super) due: Due,
    /// Out while it is at work.
    job: Option<Job>,
}

/// What a schedule does. Some of it is a user's.
pub(super) struct Job {
    pub(super) rhythm: Box<dyn Rhythm>,
    pub(super) source: Box<dyn Source>,
}

/// A schedule whose time has come.
pub(super) struct Tick {
    pub(super) about: Arc<About>,
    pub(super) due: Due,
    pub(super) job: Job,
}

impl Agenda {
    pub(super) fn insert(&mut self, about: Arc<About>, due: Due, job: Job) {
        self.enqueue(due, about.id);
        let entry = Entry {
            due,
            job: Some(job),
            about,
        };
        self.entries.insert(entry.about.id, entry);
    }

    /// Takes the schedule that has been due for longest. It stays pending until it is
    /// [put off](Self::put_off).
    pub(super) fn pop_due(&mut self, now: &Now) -> Option<Tick> {
        let by_clock = self.by_clock.first().map(|(at, id)| (Due::Clock(*at), *id));
        let by_wall = self.by_wall.first().map(|(at, id)| (Due::Wall(*at), *id));
        let late = |(due, id): (Due, ScheduleId)| Some((due.lateness(now)?, due, id));
        let (a, b) = (by_clock.and_then(late), by_wall.and_then(late));
        let (_, due, id) = match (a, b) {
            (Some(a), Some(b)) if b.0 > a.0 || (b.0 == a.0 && b.2 < a.2) => b,
            (Some(first), _) | (None, Some(first)) => first,
            (None, None) => return None,
        };
        self.dequeue(due, id);
        let entry = self.entries.get_mut(&id)?;
        Some(Tick {
            about: entry.about.clone(),
            due,
            job: entry.job.take()?,
        })
    }

    /// Says when one that was taken is due again, and ends it if it is not. Returns
    /// whether it was still pending.
    pub(super) fn put_off(&mut self, id: ScheduleId, next: Option<Due>) -> bool {
        let Some(due) = next else {
            return self.entries.remove(&id).is_some();
        };
        let Some(entry) = self.entries.get_mut(&id) else {
            return false;
        };
        entry.due = due;
        self.enqueue(due, id);
        true
    }

    /// Gives the job back to one that goes on. Returns it if that has ended meanwhile.
    pub(super) fn give_back(&mut self, id: ScheduleId, job: Job) -> Option<Job> {
        match self.entries.get_mut(&id) {
            Some(entry) => {
                entry.job = Some(job);
                None
            }
            None => Some(job),
        }
    }

    pub(super) fn remove(&mut self, id: ScheduleId) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        self.dequeue(entry.due, id);
        Some(entry)
    }

    pub(super) fn get(&self, id: ScheduleId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    /// Those that are pending, in the order of scheduling.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes all, and the order they were in.
    pub(super) fn take(&mut self) -> BTreeMap<ScheduleId, Entry> {
        self.by_clock.clear();
        self.by_wall.clear();
        std::mem::take(&mut self.entries)
    }

    /// Whether nothing is due before it.
    pub(super) fn is_first(&self, due: Due, id: ScheduleId) -> bool {
        match due {
            Due::Clock(at) => self.by_clock.first() == Some(&(at, id)),
            Due::Wall(at) => self.by_wall.first() == Some(&(at, id)),
        }
    }

    /// When to look again, if anything is pending.
    pub(super) fn next_look(&self, now: &Now) -> Option<Instant> {
        let by_clock = self.by_clock.first().map(|(at, _)| *at);
        let by_wall = self.by_wall.first().map(|(at, _)| {
            let at = Due::Wall(*at).instant(now);
            at.min(now.clock + LOOK_AGAIN)
        });
        by_clock.into_iter().chain(by_wall).min()
    }

    fn enqueue(&mut self, due: Due, id: ScheduleId) {
        match due {
            Due::Clock(at) => self.by_clock.insert((at, id)),
            Due::Wall(at) => self.by_wall.insert((at, id)),
        };
    }

    fn dequeue(&mut self, due: Due, id: ScheduleId) {
        match due {
            Due::Clock(at) => self.by_clock.remove(&(at, id)),
            Due::Wall(at) => self.by_wall.remove(&(at, id)),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::emitter::schedule::kind::ScheduleKind;
    use crate::emitter::schedule::rhythm::Once;
    use crate::emitter::shared::Shared;
    use crate::event::Address;
    use crate::outcome::Receipt;

    const HOUR: Duration = Duration::from_secs(3_600);

    struct Nothing;

    impl Source for Nothing {
        fn emit(&mut self, _: &Shared, _: &About) -> Option<Receipt> {
            None
        }
    }

    fn add(agenda: &mut Agenda, number: u64, due: Due) -> ScheduleId {
        let id = ScheduleId::new(number);
        let kind = ScheduleKind::After(Duration::ZERO);
        let about = About::new(id, Address::of::<u8>(None), kind, true);
        let job = Job {
            rhythm: Box::new(Once),
            source: Box::new(Nothing),
        };
        agenda.insert(Arc::new(about), due, job);
        id
    }

    fn pop(agenda: &mut Agenda, now: &Now) -> Option<ScheduleId> {
        agenda.pop_due(now).map(|tick| tick.about.id)
    }

    #[test]
    fn a_wall_clock_that_is_set_is_followed_within_a_minute() {
        let (mut agenda, mut now) = (Agenda::default(), Now::read());
        let wall = add(&mut agenda, 1, Due::Wall(now.wall + HOUR));
        assert_eq!(agenda.next_look(&now), Some(now.clock + LOOK_AGAIN));
        assert_eq!(pop(&mut agenda, &now), None);
        // An hour on, by the wall only; or back, and then an hour is not enough.
        let mut back = now;
        (back.wall, back.clock) = (now.wall - HOUR, now.clock + HOUR);
        assert_eq!(pop(&mut agenda, &back), None);
        now.wall += HOUR;
        assert_eq!(pop(&mut agenda, &now), Some(wall));
    }

    #[test]
    fn what_goes_by_the_monotonic_clock_is_slept_for_in_one_go() {
        let (mut agenda, now) = (Agenda::default(), Now::read());
        add(&mut agenda, 1, Due::Clock(now.clock + HOUR));
        assert_eq!(agenda.next_look(&now), Some(now.clock + HOUR));
    }

    #[test]
    fn what_is_longest_due_comes_first_and_then_what_was_scheduled_first() {
        let (mut agenda, now) = (Agenda::default(), Now::read());
        let late = |hours| (now.clock - hours * HOUR, now.wall - hours * HOUR);
        let ids = [
            add(&mut agenda, 3, Due::Wall(late(2).1)),
            add(&mut agenda, 5, Due::Clock(late(2).0)),
            add(&mut agenda, 1, Due::Clock(late(1).0)),
            add(&mut agenda, 2, Due::Wall(late(1).1)),
            add(&mut agenda, 4, Due::Clock(late(1).0)),
        ];
        let popped: Vec<_> = std::iter::from_fn(|| pop(&mut agenda, &now)).collect();
        assert_eq!(popped, ids);
    }

    #[test]
    fn what_is_cancelled_leaves_nothing_behind() {
        let (mut agenda, now) = (Agenda::default(), Now::read());
        for due in [Due::Clock(now.clock), Due::Wall(now.wall)] {
            let id = add(&mut agenda, 1, due);
            assert!(agenda.remove(id).is_some());
            let gone = agenda.by_clock.is_empty() && agenda.by_wall.is_empty();
            assert!(gone && agenda.is_empty());
            let id = add(&mut agenda, 1, due);
            // Cancelled while a tick is carried out, before and after it is put off.
            let taken = agenda.pop_due(&now).unwrap();
            assert!(agenda.remove(id).is_some());
            assert!(!agenda.put_off(id, Some(due)));
            assert!(agenda.give_back(id, taken.job).is_some());
            let id = add(&mut agenda, 1, due);
            let taken = agenda.pop_due(&now).unwrap();
            assert!(agenda.put_off(id, Some(due)));
            assert!(agenda.remove(id).is_some());
            assert!(agenda.give_back(id, taken.job).is_some());
            assert!(agenda.next_look(&now).is_none());
        }
    }
}
