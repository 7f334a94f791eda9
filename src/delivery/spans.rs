use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::Span;

use crate::event::SubscriptionId;
use crate::outcome::Outcome;
use crate::shield::shielded;

/// The spans of an emission and of its deliveries that run. Each is open until what it
/// is of has ended.
///
/// Whatever is done with a span runs a subscriber's code, so none is touched under the
/// lock.
#[derive(Debug, Default)]
pub(crate) struct Spans(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    emission: Option<Arc<Span>>,
    deliveries: HashMap<SubscriptionId, Arc<Span>>,
}

impl Spans {
    pub(crate) fn new(emission: Span) -> Arc<Self> {
        let spans = Self::default();
        spans.open().emission = Some(Arc::new(emission));
        Arc::new(spans)
    }

    /// That of the emission, unless it has ended.
    pub(crate) fn emission(&self) -> Option<Arc<Span>> {
        self.open().emission.clone()
    }

    /// A delivery, or another attempt of it, is about to start.
    pub(crate) fn begin(&self, subscription: SubscriptionId, span: Span) {
        let before = self.open().deliveries.insert(subscription, Arc::new(span));
        drop(before);
    }

    /// That of a delivery, while it runs.
    pub(crate) fn of(&self, subscription: SubscriptionId) -> Option<Arc<Span>> {
        self.open().deliveries.get(&subscription).cloned()
    }

    /// A delivery has ended, or this attempt.
    pub(crate) fn end(&self, subscription: SubscriptionId, outcome: &Outcome) {
        let Some(span) = self.open().deliveries.remove(&subscription) else {
            return;
        };
        // Prints an error, which is a user's.
        shielded(move || {
            span.record("outcome", outcome.as_str());
            if let Some(error) = outcome.error() {
                span.record("error", tracing::field::display(error));
                span.record("otel.status_code", "ERROR");
            }
        });
    }

    /// The emission has ended.
    pub(super) fn close(&self) {
        let left = std::mem::take(&mut *self.open());
        shielded(move || drop(left));
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
