use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Context, Poll};

use futures::task::AtomicWaker;

use crate::delivery::{Instance, Parcel};
use crate::event::HandlerRef;
use crate::outcome::{Reason, Verdict};
use crate::registry::{Expects, Record, Tally};
use crate::shield::shielded;

use super::received::Received;

/// What a stream and its handler have between them.
///
/// # The end
///
/// Nothing can come any more when the handler is unlinked and no delivery is on its
/// way: accepted, and neither arrived nor ended elsewhere. Both are signs of their
/// own, and whichever comes last wakes the consumer. An emission may still know of
/// the handler by then, and holds it; so that it goes is no sign.
pub(crate) struct Channel<E: ?Sized + 'static> {
    capacity: usize,
    state: Mutex<State<E>>,
    /// Takes nothing any more: the stream was dropped, or has ended. Changed under
    /// the lock, and asked without.
    closed: AtomicBool,
    /// Accepted, and not arrived.
    on_way: AtomicUsize,
    unlinked: AtomicBool,
    consumer: AtomicWaker,
    taken: Arc<Taken>,
    subscribed: OnceLock<Subscribed>,
}

struct State<E: ?Sized + 'static> {
    waiting: VecDeque<Parcel<E>>,
    /// Dropped before the first that waits, and not told of yet.
    lagged: u64,
}

/// The subscription that it belongs to.
pub(super) struct Subscribed {
    /// Weak: it follows this.
    record: Weak<Record>,
    pub(super) handler: HandlerRef,
    pub(super) tally: Arc<Tally>,
}

/// How the deliveries that the consumer has taken end: on their own, whatever has
/// become of the stream.
struct Taken;

impl<E: ?Sized + 'static> Instance<E> for Taken {
    fn is_connected(&self) -> bool {
        true
    }

    /// Dropped, it is lost.
    fn take_back(&self, _: Parcel<E>) {}

    fn panicked(&self) {}
}

impl<E: ?Sized + 'static> Channel<E> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                lagged: 0,
            }),
            closed: AtomicBool::new(false),
            on_way: AtomicUsize::new(0),
            unlinked: AtomicBool::new(false),
            consumer: AtomicWaker::new(),
            taken: Arc::new(Taken),
            subscribed: OnceLock::new(),
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// How many wait to be taken.
    pub(super) fn len(&self) -> usize {
        self.state().waiting.len()
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) fn subscribed(&self) -> Option<&Subscribed> {
        self.subscribed.get()
    }

    /// Says whose handler it is.
    pub(super) fn belong_to(&self, record: &Arc<Record>) {
        self.subscribed.get_or_init(|| Subscribed {
            record: Arc::downgrade(record),
            handler: record.handler.clone(),
            tally: record.tally().clone(),
        });
    }

    /// Adds a delivery; in a full buffer, for the oldest.
    pub(super) fn push(&self, parcel: Parcel<E>) {
        let mut state = self.state();
        if self.is_closed() {
            drop(state);
            // Lost.
            return drop(parcel);
        }
        let full = state.waiting.len() >= self.capacity;
        let oldest = if full {
            state.waiting.pop_front()
        } else {
            None
        };
        state.lagged += u64::from(oldest.is_some());
        state.waiting.push_back(parcel);
        drop(state);
        self.wake();
        if let Some(oldest) = oldest {
            let capacity = self.capacity;
            oldest.end(Verdict::Refused(Reason::DroppedOldest { capacity }));
        }
    }

    pub(super) fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<Received<E>>> {
        if let Poll::Ready(item) = self.take() {
            return Poll::Ready(item);
        }
        self.consumer.register(cx.waker());
        // What came before that has woken nobody.
        self.take()
    }

    fn take(&self) -> Poll<Option<Received<E>>> {
        loop {
            // Asked before the buffer is looked at: what arrives in between has been
            // on its way.
            let nothing_comes = self.nothing_comes();
            let mut state = self.state();
            if self.is_closed() {
                return Poll::Ready(None);
            }
            if state.lagged > 0 {
                let missed = std::mem::take(&mut state.lagged);
                return Poll::Ready(Some(Received::Lagged(missed)));
            }
            let Some(parcel) = state.waiting.pop_front() else {
                if !nothing_comes {
                    return Poll::Pending;
                }
                self.closed.store(true, Ordering::Release);
                return Poll::Ready(None);
            };
            drop(state);
            if parcel.is_over() {
                // It waited for too long, and has ended. What it holds is a user's.
                shielded(move || drop(parcel));
            } else if let Some(delivery) = parcel.into_delivery(self.taken.clone()) {
                return Poll::Ready(Some(Received::Delivery(delivery)));
            }
        }
    }

    /// Takes nothing any more, unlinks the handler, and loses what waits.
    pub(super) fn close(&self) {
        let mut state = self.state();
        self.closed.store(true, Ordering::Release);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        // Unlinking drops what is the user's.
        shielded(|| self.unlink());
        let consumer = self.consumer.take();
        shielded(move || drop(consumer));
        for parcel in waiting {
            shielded(move || drop(parcel));
        }
    }

    /// Takes the handler out of what leads to it, now that it is closed.
    pub(super) fn unlink(&self) {
        let record = self.subscribed.get().and_then(|s| s.record.upgrade());
        if let Some(record) = record {
            if let Some(registry) = record.registry.upgrade() {
                registry.remove_dropped(&record);
            }
        }
    }

    /// Notes that nothing leads to the handler any more.
    pub(super) fn unlinked(&self) {
        self.unlinked.store(true, Ordering::SeqCst);
        self.wake();
    }

    /// Each of the two is written by one thread and read by another that has just
    /// written the other: so that one of them sees both, they are sequentially
    /// consistent.
    fn nothing_comes(&self) -> bool {
        self.unlinked.load(Ordering::SeqCst) && self.on_way.load(Ordering::SeqCst) == 0
    }

    fn wake(&self) {
        if let Some(consumer) = self.consumer.take() {
            shielded(|| consumer.wake());
        }
    }

    fn state(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: ?Sized + Send + Sync + 'static> Expects for Channel<E> {
    fn claimed(&self) {
        self.on_way.fetch_add(1, Ordering::SeqCst);
    }

    fn accounted(&self) {
        let before = self.on_way.fetch_sub(1, Ordering::SeqCst);
        if before == 1 && self.unlinked.load(Ordering::SeqCst) {
            self.wake();
        }
    }
}
