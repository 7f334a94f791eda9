use std::fmt;

use crate::event::{HandlerRef, SubscriptionId};

/// What a drain left behind: nothing, if all went well.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// # use ventix::{on, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u8>().call_async(|_| std::future::pending::<()>()).named("stuck"))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
/// emitter.emit(1_u8);
/// let left = emitter.drain(Duration::from_millis(5)).await;
/// assert!(!left.is_complete());
/// assert_eq!(left.to_string(), "1 emission unfinished; in flight: 1 of #1 (stuck)");
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "it says what did not finish in time"]
pub struct Drained {
    emissions: usize,
    deliveries: Vec<Unfinished>,
    cancelled: usize,
}

impl Drained {
    pub(crate) fn new(emissions: usize, deliveries: Vec<Unfinished>, cancelled: usize) -> Self {
        Self {
            emissions,
            deliveries,
            cancelled,
        }
    }

    /// Returns whether everything that was accepted has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(ventix::Drained::default().is_complete());
    /// ```
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.emissions == 0
    }

    /// Returns how many emissions had not ended: they waited, or some of their
    /// deliveries were not done. They go on as long as their `System` runs.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(ventix::Drained::default().emissions(), 0);
    /// ```
    #[must_use]
    pub fn emissions(&self) -> usize {
        self.emissions
    }

    /// Returns the subscriptions that had deliveries in flight when the time was
    /// over, whoever emitted them. Empty when all has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let stuck = linker.subscribe(on::<u8>().call_async(|_| std::future::pending::<()>()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// emitter.emit(1_u8);
    /// emitter.emit(2_u8);
    /// let left = linker.drain(Duration::from_millis(5)).await;
    /// assert_eq!(left.deliveries()[0].subscription(), stuck.id());
    /// assert_eq!(left.deliveries()[0].count(), 2);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn deliveries(&self) -> &[Unfinished] {
        &self.deliveries
    }

    /// Returns how many [schedules](crate::emitter::schedule) were pending, and are
    /// cancelled. They had emitted nothing that is not counted above.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::current());
    /// let _ = emitter.prepare("much later").after(Duration::from_secs(3_600));
    /// let left = emitter.drain(Duration::from_secs(5)).await;
    /// assert_eq!((left.is_complete(), left.cancelled()), (true, 1));
    /// assert_eq!(left.to_string(), "everything has ended; 1 schedule cancelled");
    /// # });
    /// ```
    #[must_use]
    pub fn cancelled(&self) -> usize {
        self.cancelled
    }
}

impl fmt::Display for Drained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.emissions {
            0 => f.write_str("everything has ended")?,
            1 => f.write_str("1 emission unfinished")?,
            n => write!(f, "{n} emissions unfinished")?,
        }
        for (i, left) in self.deliveries.iter().enumerate() {
            let before = if i > 0 { ", " } else { "; in flight: " };
            write!(f, "{before}{left}")?;
        }
        match self.cancelled {
            0 => Ok(()),
            1 => f.write_str("; 1 schedule cancelled"),
            n => write!(f, "; {n} schedules cancelled"),
        }
    }
}

/// A subscription whose deliveries had not all ended.
///
/// # Examples
///
/// See [`Drained::deliveries`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    handler: HandlerRef,
    count: usize,
}

impl Unfinished {
    pub(crate) fn new(handler: HandlerRef, count: usize) -> Self {
        Self { handler, count }
    }

    /// Returns the subscription.
    ///
    /// # Examples
    ///
    /// See [`Drained::deliveries`].
    #[must_use]
    pub fn subscription(&self) -> SubscriptionId {
        self.handler.subscription()
    }

    /// Returns the subscription's name, if it was given one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::Drained;
    /// fn names(left: &Drained) -> Vec<&str> {
    ///     left.deliveries().iter().filter_map(|of| of.name()).collect()
    /// }
    /// assert!(names(&Drained::default()).is_empty());
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.handler.name()
    }

    /// Returns how many of its deliveries had not ended.
    ///
    /// # Examples
    ///
    /// See [`Drained::deliveries`].
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.count, self.handler)
    }
}
