use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::debug::debug_line;
use crate::emitter::message::Emit;
use crate::emitter::prepared::Prepared;
use crate::event::Address;

use super::about::About;
use super::agenda::Job;
use super::due::Due;
use super::error::ScheduleError;
use super::kind::ScheduleKind;
use super::now::Now;
use super::rhythm::{Every, Once, Rhythm};
use super::schedule::Schedule;
use super::schedules::Schedules;
use super::source::{Clones, Itself, Source};

/// The shortest interval: what tokio's timer tells apart.
const RESOLUTION: Duration = Duration::from_millis(1);

impl<E: Send + Sync + 'static> Prepared<'_, E> {
    /// Emits it once, so much later. See [the page on
    /// schedules](crate::emitter::schedule).
    ///
    /// A time over thirty years, such as [`Duration::MAX`], is thirty years.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let linker = Linker::start();
    /// let reminders = linker.subscribe(on::<&str>().call(|text| println!("{}", **text)))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let reminder = emitter.prepare("pay!").after(Duration::from_secs(60));
    /// tokio::time::sleep(Duration::from_secs(61)).await;
    /// assert!(!reminder.is_active());
    /// assert_eq!(reminders.counts().handled, 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn after(self, time: Duration) -> Schedule {
        let due = Due::Clock(Now::read().later(time));
        self.schedule_once(ScheduleKind::After(time), due)
    }

    /// Emits it once, when the wall clock shows that time: at once if that has passed.
    /// See [the page on schedules](crate::emitter::schedule).
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::{Duration, SystemTime};
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let linker = Linker::start();
    /// let alarms = linker.subscribe(on::<&str>().call(|text| println!("{}", **text)))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
    /// let alarm = emitter.prepare("get up!").at(tomorrow);
    /// assert_eq!(alarm.next(), Some(tomorrow));
    /// tokio::time::sleep(Duration::from_secs(86_401)).await;
    /// assert_eq!(alarms.counts().handled, 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn at(self, time: SystemTime) -> Schedule {
        self.schedule_once(ScheduleKind::At(time), Due::Wall(time))
    }

    /// Emits a clone of it at intervals, the first after one of them. See [the page on
    /// schedules](crate::emitter::schedule).
    ///
    /// An interval over thirty years, such as [`Duration::MAX`], is thirty years.
    ///
    /// # Errors
    ///
    /// When the interval is shorter than a millisecond.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let linker = Linker::start();
    /// let beats = linker.subscribe(on::<&str>().call(|_| ()))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let beat = emitter.prepare("beat").every(Duration::from_secs(10))?;
    /// tokio::time::sleep(Duration::from_secs(61)).await;
    /// assert_eq!((beat.fired(), beats.counts().handled), (6, 6));
    /// assert!(beat.cancel());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn every(self, interval: Duration) -> Result<Schedule, ScheduleError>
    where
        E: Clone,
    {
        if interval < RESOLUTION {
            return Err(ScheduleError::TooShort { interval });
        }
        let due = Due::Clock(Now::read().later(interval));
        let rhythm = Box::new(Every(interval));
        Ok(self.schedule_clones(ScheduleKind::Every(interval), due, rhythm))
    }

    fn schedule_once(self, kind: ScheduleKind, due: Due) -> Schedule {
        self.schedule(kind, due, Box::new(Once), |emit| {
            Box::new(Itself::new(emit))
        })
    }

    pub(super) fn schedule_clones(
        self,
        kind: ScheduleKind,
        due: Due,
        rhythm: Box<dyn Rhythm>,
    ) -> Schedule
    where
        E: Clone,
    {
        self.schedule(kind, due, rhythm, |emit| Box::new(Clones::new(emit)))
    }

    fn schedule(
        self,
        kind: ScheduleKind,
        due: Due,
        rhythm: Box<dyn Rhythm>,
        source: impl FnOnce(Emit<E>) -> Box<dyn Source>,
    ) -> Schedule {
        let emitter = &self.emitter.shared;
        let core = &emitter.core;
        let emit = self.into_message();
        let topic = emit.topic.as_ref().ok().cloned().flatten();
        let is_about_notices = emit.attributes.as_ref().is_some_and(|a| a.is_about_notices);
        let about = Arc::new(About::new(
            core.linker.core().next_schedule(),
            Address::of::<E>(topic),
            kind,
            !is_about_notices,
        ));
        debug_line!(
            core.debug,
            emitter = %core.debug.name,
            schedule = %about.id,
            event = about.name(),
            kind = %about.kind,
            "scheduled"
        );
        let source = source(emit);
        if let Err(mut job) = Schedules::add(emitter, &about, due, Job { rhythm, source }) {
            // Refused as it would be if it was emitted now, and told of in the same way.
            job.source.emit(emitter, &about);
        }
        Schedule::new(about, &core.schedules)
    }
}
