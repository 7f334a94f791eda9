use std::fmt;
use std::time::SystemTime;

use crate::event::{Address, EventType, ScheduleId, Topic};

use super::about::About;
use super::kind::ScheduleKind;

/// A pending schedule, as it was when somebody asked. Made by
/// [`Emitter::schedules`](crate::Emitter::schedules).
///
/// # Examples
///
/// ```
/// # use std::time::{Duration, SystemTime};
/// # use ventix::{Emitter, Linker, ScheduleKind, Strategy};
/// # actix::System::new().block_on(async {
/// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
/// let hour = Duration::from_secs(3_600);
/// let report = emitter.prepare("report").topic("reports.due").every(hour)?;
///
/// let [info] = &emitter.schedules()[..] else { unreachable!() };
/// assert_eq!(info.id(), report.id());
/// assert_eq!((info.name(), info.event_type().name()), ("reports.due", "&str"));
/// assert_eq!(info.kind(), &ScheduleKind::Every(hour));
/// assert!(info.next() > SystemTime::now());
/// assert_eq!((info.fired(), info.missed()), (0, 0));
/// assert_eq!(info.to_string(), "#1 emits reports.due every 3600s; fired 0, missed 0");
/// # Ok::<(), ventix::ScheduleError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct ScheduleInfo {
    id: ScheduleId,
    address: Address,
    kind: ScheduleKind,
    next: SystemTime,
    fired: u64,
    missed: u64,
}

impl ScheduleInfo {
    pub(super) fn new(about: &About, next: SystemTime) -> Self {
        Self {
            id: about.id,
            address: about.address.clone(),
            kind: about.kind.clone(),
            next,
            fired: about.fired(),
            missed: about.missed(),
        }
    }

    /// Returns the schedule's id.
    ///
    /// # Examples
    ///
    /// See [`ScheduleInfo`].
    #[must_use]
    pub fn id(&self) -> ScheduleId {
        self.id
    }

    /// Returns the name of what it emits: its topic, or its type.
    ///
    /// # Examples
    ///
    /// See [`ScheduleInfo`].
    #[must_use]
    pub fn name(&self) -> &str {
        self.address.name()
    }

    /// Returns the type of what it emits.
    ///
    /// # Examples
    ///
    /// See [`ScheduleInfo`].
    #[must_use]
    pub fn event_type(&self) -> EventType {
        self.address.event
    }

    /// Returns the topic that it emits on, if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{Emitter, Linker, Strategy, Topic};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    /// emitter.prepare("report").topic("reports.due").after(Duration::from_secs(60));
    /// emitter.prepare("by its type").after(Duration::from_secs(120));
    /// let topics = emitter.schedules().into_iter().map(|info| info.topic().cloned());
    /// assert_eq!(topics.flatten().collect::<Vec<_>>(), [Topic::new("reports.due")?]);
    /// # Ok::<(), ventix::TopicError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn topic(&self) -> Option<&Topic> {
        self.address.topic.as_ref()
    }

    /// Returns when it emits, as it was said.
    ///
    /// # Examples
    ///
    /// See [`ScheduleInfo`].
    #[must_use]
    pub fn kind(&self) -> &ScheduleKind {
        &self.kind
    }

    /// Returns when it is due next, by the wall clock.
    ///
    /// # Examples
    ///
    /// See [`ScheduleInfo`].
    #[must_use]
    pub fn next(&self) -> SystemTime {
        self.next
    }

    /// Returns how often it has emitted.
    ///
    /// # Examples
    ///
    /// See [`ScheduleInfo`].
    #[must_use]
    pub fn fired(&self) -> u64 {
        self.fired
    }

    /// Returns how many ticks had no emission.
    ///
    /// # Examples
    ///
    /// See [`ScheduleInfo`].
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

impl fmt::Display for ScheduleInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, name, kind) = (self.id, self.name(), &self.kind);
        let (fired, missed) = (self.fired, self.missed);
        write!(
            f,
            "{id} emits {name} {kind}; fired {fired}, missed {missed}"
        )
    }
}
