use std::fmt;

use crate::event::{Address, EventType, ScheduleId};

/// A schedule was due more than once before it could emit: the linker's arbiter was
/// busy, or the wall clock was set forward. One emission goes out for all those ticks,
/// right after this.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// # use ventix::{on, Emitter, Linker, Strategy, TicksMissed};
/// # actix::System::new().block_on(async {
/// # tokio::time::pause();
/// let linker = Linker::start();
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// let beat = emitter.prepare("beat").every(Duration::from_secs(1))?;
/// # let (tell, told) = std::sync::mpsc::channel();
/// let id = beat.id();
/// linker.subscribe(on::<TicksMissed>().call(move |late| {
///     assert_eq!((late.schedule(), late.event_name(), late.missed()), (id, "&str", 4));
/// #   tell.send(late.to_string())
/// }))?;
/// # actix_rt::task::yield_now().await;
/// tokio::time::advance(Duration::from_millis(5_500)).await; // something blocks
/// # for _ in 0..9 { actix_rt::task::yield_now().await; }
/// # assert_eq!(told.try_recv()?, "schedule #1 of &str missed 4 ticks");
/// assert_eq!((beat.fired(), beat.missed()), (1, 4));
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct TicksMissed {
    pub(crate) schedule: ScheduleId,
    /// Of what it emits.
    pub(crate) address: Address,
    pub(crate) missed: u64,
}

impl TicksMissed {
    /// Returns the schedule.
    ///
    /// # Examples
    ///
    /// See [`TicksMissed`].
    #[must_use]
    pub fn schedule(&self) -> ScheduleId {
        self.schedule
    }

    /// Returns the name of what it emits: its topic, or its type. (`late.name()` is the
    /// notice's own.)
    ///
    /// # Examples
    ///
    /// See [`TicksMissed`].
    #[must_use]
    pub fn event_name(&self) -> &str {
        self.address.name()
    }

    /// Returns the type of what it emits.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, EventType, Linker, Strategy, TicksMissed};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::start();
    /// linker.subscribe(on::<TicksMissed>().call(move |late| tell.send(late.event_type())))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let _beat = emitter.prepare("beat").every(Duration::from_secs(1))?;
    /// # actix_rt::task::yield_now().await;
    /// tokio::time::advance(Duration::from_millis(5_500)).await; // something blocks
    /// # for _ in 0..9 { actix_rt::task::yield_now().await; }
    /// assert_eq!(told.try_recv()?, EventType::of::<&str>());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn event_type(&self) -> EventType {
        self.address.event
    }

    /// Returns how many ticks had no emission, this time.
    ///
    /// # Examples
    ///
    /// See [`TicksMissed`].
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

impl fmt::Display for TicksMissed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (schedule, missed) = (self.schedule, self.missed);
        let ticks = if missed == 1 { "tick" } else { "ticks" };
        write!(
            f,
            "schedule {schedule} of {} missed {missed} {ticks}",
            self.event_name()
        )
    }
}
