use std::sync::{Arc, OnceLock};

use actix::clock::Instant;

use crate::event::{AnyEvent, Metadata};
use crate::outcome::{HoldsTracker, Lines, Tracker};

use super::spans::Spans;
use super::timing::Timing;

/// An event that was emitted, and what is known of it.
#[derive(Debug)]
pub(crate) struct Emitted<E> {
    pub(crate) header: Header,
    pub(crate) payload: E,
}

/// What is known of an emission without knowing its type.
///
/// It is part of every emission in flight, and small: with an event of up to five words the
/// allocation stays below 128 bytes, where glibc has fast bins.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) metadata: Metadata,
    /// If anybody looks at how its deliveries begin and end.
    watched: OnceLock<Arc<Watched>>,
    is_of_notices: bool,
}

/// What those have who look at deliveries.
#[derive(Debug, Default)]
struct Watched {
    /// Where the outcomes go, if somebody waits for them.
    tracker: OnceLock<Tracker>,
    /// If it is timed.
    timing: Option<Timing>,
    /// If somebody looks at spans.
    spans: Option<Arc<Spans>>,
}

impl HoldsTracker for Watched {
    fn tracker(&self) -> &Tracker {
        self.tracker
            .get()
            .expect("an account is opened before it is asked for")
    }
}

impl Header {
    /// For an emission that nobody looks at.
    pub(crate) fn new(metadata: Metadata, is_of_notices: bool) -> Self {
        Self {
            metadata,
            watched: OnceLock::new(),
            is_of_notices,
        }
    }

    /// Times it, from when it was accepted, and lets those see it who look at spans, if it is
    /// to be.
    #[inline]
    pub(crate) fn watch(&mut self, timed: Option<Instant>, spans: Option<Arc<Spans>>) {
        if timed.is_some() || spans.is_some() {
            self.watch_both(timed, spans);
        }
    }

    #[cold]
    fn watch_both(&mut self, timed: Option<Instant>, spans: Option<Arc<Spans>>) {
        self.watched = OnceLock::from(Arc::new(Watched {
            tracker: OnceLock::new(),
            timing: timed.map(Timing::since),
            spans,
        }));
    }

    /// Where the outcomes go, from now on.
    pub(crate) fn track(&self, deliveries: impl FnOnce() -> usize) -> &Tracker {
        let watched = self.watched.get_or_init(Arc::default);
        watched.tracker.get_or_init(|| Tracker::new(deliveries()))
    }

    /// The outcomes, when all deliveries have ended. For one that waits.
    pub(crate) fn lines(&self, deliveries: impl FnOnce() -> usize) -> Lines {
        self.track(deliveries);
        let watched = self.watched.get().expect("it is tracked");
        Tracker::report(watched.clone())
    }

    /// Where the outcomes go, if somebody waits for them.
    pub(crate) fn tracker(&self) -> Option<&Tracker> {
        self.watched.get()?.tracker.get()
    }

    #[inline]
    pub(crate) fn timing(&self) -> Option<&Timing> {
        self.watched.get()?.timing.as_ref()
    }

    #[inline]
    pub(crate) fn spans(&self) -> Option<&Arc<Spans>> {
        self.watched.get()?.spans.as_ref()
    }

    /// Whether what becomes of it is worth a notice: not if it is one, or if the
    /// handler of one made it. So there are no loops.
    pub(crate) fn makes_notices(&self) -> bool {
        !self.is_of_notices && !self.metadata.is_about_notices()
    }

    /// Whether nobody looks at how its deliveries begin and end.
    #[inline]
    pub(crate) fn is_unwatched(&self) -> bool {
        self.watched.get().is_none()
    }

    /// Whether it is a notice.
    pub(crate) fn is_of_notices(&self) -> bool {
        self.is_of_notices
    }
}

/// What an event of type `E` was emitted as, wherever it lies.
pub(crate) trait Body<E: ?Sized>: Send + Sync {
    fn header(&self) -> &Header;

    fn event(&self) -> &E;

    /// As that of any event.
    fn as_any(self: Arc<Self>) -> Arc<dyn Body<AnyEvent>>;
}

impl<E: Send + Sync + 'static> Body<E> for Emitted<E> {
    fn header(&self) -> &Header {
        &self.header
    }

    fn event(&self) -> &E {
        &self.payload
    }

    fn as_any(self: Arc<Self>) -> Arc<dyn Body<AnyEvent>> {
        self
    }
}

impl<E: Send + Sync + 'static> Body<AnyEvent> for Emitted<E> {
    fn header(&self) -> &Header {
        &self.header
    }

    fn event(&self) -> &AnyEvent {
        &self.payload
    }

    fn as_any(self: Arc<Self>) -> Arc<dyn Body<AnyEvent>> {
        self
    }
}
