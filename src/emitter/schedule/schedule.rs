use std::fmt;
use std::sync::{Arc, Weak};
use std::time::SystemTime;

use crate::event::ScheduleId;

use super::about::About;
use super::kind::ScheduleKind;
use super::schedules::Schedules;

/// The handle to look at a scheduled emission, and to cancel it. Made by
/// [`Prepared::after`](crate::Prepared::after) and its like; see the
/// [module's page](crate::emitter::schedule).
///
/// Inert: dropping it cancels nothing, and it keeps nothing alive.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// # use ventix::{Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
/// let reminder = emitter.prepare("pay!").after(Duration::from_secs(3_600));
/// assert!(reminder.is_active());
/// assert!(reminder.cancel());
/// assert!(!reminder.cancel(), "it was cancelled already");
/// # });
/// ```
#[derive(Clone)]
pub struct Schedule {
    about: Arc<About>,
    schedules: Weak<Schedules>,
}

impl Schedule {
    pub(super) fn new(about: Arc<About>, schedules: &Arc<Schedules>) -> Self {
        let schedules = Arc::downgrade(schedules);
        Self { about, schedules }
    }

    /// Returns its id.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    /// let soon = emitter.prepare("soon").after(Duration::from_secs(1));
    /// assert_eq!(emitter.schedules()[0].id(), soon.id());
    /// # });
    /// ```
    #[must_use]
    pub fn id(&self) -> ScheduleId {
        self.about.id
    }

    /// Returns when it emits, as it was said.
    ///
    /// # Examples
    ///
    /// See [`ScheduleKind`].
    #[must_use]
    pub fn kind(&self) -> &ScheduleKind {
        &self.about.kind
    }

    /// Cancels it, and returns whether there was something to cancel. The event is
    /// dropped before this returns. After `true`, nothing more is emitted.
    ///
    /// A handler may cancel the schedule of its own event. (While a tick is carried out,
    /// the event is in use, and is dropped on the linker's arbiter.)
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use std::time::Duration;
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    /// let event = Arc::new("much to keep");
    /// let later = emitter.prepare(event.clone()).after(Duration::from_secs(3_600));
    /// assert!(later.cancel());
    /// assert_eq!(Arc::strong_count(&event), 1);
    /// # });
    /// ```
    pub fn cancel(&self) -> bool {
        let schedules = self.schedules.upgrade();
        schedules.is_some_and(|schedules| schedules.cancel(self.about.id))
    }

    /// Returns whether it is going to emit.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    /// let once = emitter.prepare("once").after(Duration::from_secs(1));
    /// let often = emitter.prepare("often").every(Duration::from_secs(1))?;
    /// tokio::time::sleep(Duration::from_secs(2)).await;
    /// assert!(!once.is_active() && often.is_active());
    /// # Ok::<(), ventix::ScheduleError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_active(&self) -> bool {
        let schedules = self.schedules.upgrade();
        schedules.is_some_and(|schedules| schedules.is_pending(self.about.id))
    }

    /// Returns when it is due next, by the wall clock; `None` when it has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::{Duration, SystemTime};
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    /// let then = SystemTime::now() + Duration::from_secs(3_600);
    /// let later = emitter.prepare("later").at(then);
    /// assert_eq!(later.next(), Some(then));
    /// later.cancel();
    /// assert_eq!(later.next(), None);
    /// # });
    /// ```
    #[must_use]
    pub fn next(&self) -> Option<SystemTime> {
        self.schedules.upgrade()?.next(self.about.id)
    }

    /// Returns how often it has emitted, whatever became of that; also after it has
    /// ended.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    /// let beat = emitter.prepare("beat").every(Duration::from_secs(1))?;
    /// tokio::time::sleep(Duration::from_millis(2_500)).await;
    /// beat.cancel();
    /// assert_eq!(beat.fired(), 2);
    /// # Ok::<(), ventix::ScheduleError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn fired(&self) -> u64 {
        self.about.fired()
    }

    /// Returns how many ticks had no emission: others were due as well when the linker's
    /// arbiter got to them, or the event's `clone` panicked.
    ///
    /// # Examples
    ///
    /// See [`TicksMissed`](crate::TicksMissed).
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.about.missed()
    }

    /// Returns a guard that cancels when it is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    /// {
    ///     let _beating = emitter.prepare("beat").every(Duration::from_secs(1))?.guard();
    ///     assert_eq!(emitter.schedules().len(), 1);
    /// }
    /// assert!(emitter.schedules().is_empty());
    /// # Ok::<(), ventix::ScheduleError>(())
    /// # }).unwrap();
    /// ```
    pub fn guard(self) -> ScheduleGuard {
        ScheduleGuard(self)
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schedule")
            .field("id", &self.about.id)
            .field("event", &self.about.name())
            .field("kind", &self.about.kind)
            .field("fired", &self.fired())
            .field("missed", &self.missed())
            .finish_non_exhaustive()
    }
}

/// A schedule that is cancelled when this is dropped. See [`Schedule::guard`].
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// # use ventix::{Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
/// let guard = emitter.prepare("beat").every(Duration::from_secs(1))?.guard();
/// let beat = guard.schedule().clone();
/// assert!(beat.is_active());
/// drop(guard);
/// assert!(!beat.is_active());
/// # Ok::<(), ventix::ScheduleError>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
#[must_use = "dropping the guard cancels the schedule"]
pub struct ScheduleGuard(Schedule);

impl ScheduleGuard {
    /// Returns the schedule.
    ///
    /// # Examples
    ///
    /// See [`ScheduleGuard`].
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.0
    }
}

impl Drop for ScheduleGuard {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
