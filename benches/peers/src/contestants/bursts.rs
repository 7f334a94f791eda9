//! How a turn goes: events in bursts, each until all its handlers have run.

use std::fmt;
use std::rc::Rc;
use std::time::Instant;

use crate::contest::Contestant;
use crate::event::{Event, Left};
use crate::place::Place;

/// Few enough that no lane of ventix, of 1,024 by default, is ever full.
pub const BURST: usize = 500;

/// How many events a batch has, in one burst.
pub const BATCH: usize = 1_000;

/// Handlers that wait for events in bursts.
#[derive(Clone)]
pub struct Audience {
    /// How many handlers have still to run.
    pub left: Left,
    /// How many there are.
    pub handlers: usize,
    /// Where they live.
    pub place: Place,
    /// Whether what follows a handler is over too, where that is not at once.
    pub is_settled: Rc<dyn Fn() -> bool>,
}

impl Audience {
    /// So many handlers in one place.
    #[must_use]
    pub fn new(handlers: usize, place: Place) -> Self {
        Self {
            left: Left::default(),
            handlers,
            place,
            is_settled: Rc::new(|| true),
        }
    }

    /// One whose turn is a thousand emissions, or a few thousand where one has one
    /// delivery, in bursts that `emit` emits.
    ///
    /// # Panics
    ///
    /// In a turn in which a delivery was lost.
    pub fn bursts(
        self,
        name: impl fmt::Display,
        burst: usize,
        emit: impl Fn(usize) + 'static,
    ) -> Contestant {
        let emissions = if self.handlers == 1 { 3 * BATCH } else { BATCH };
        let bursts = emissions / burst;
        let emit = Rc::new(emit);
        let name = Rc::new(name.to_string());
        Contestant::new(name.clone(), bursts * burst * self.handlers, move || {
            let (this, emit, name) = (self.clone(), emit.clone(), name.clone());
            async move {
                // One burst is not timed: it warms the caches, and the allocator clears
                // up after the one before.
                let mut begin = Instant::now();
                for n in 0..=bursts {
                    if n == 1 {
                        begin = Instant::now();
                    }
                    this.left.expect(0, burst * this.handlers);
                    emit(burst);
                    let are_over = this.left.are_over(this.place.spins()).await;
                    assert!(are_over, "{name}: a delivery was lost");
                    while !(this.is_settled)() {
                        actix_rt::task::yield_now().await;
                    }
                }
                begin.elapsed()
            }
        })
    }
}

/// Emits the events of a burst one by one.
pub fn each(emit: impl Fn(Event) + 'static) -> impl Fn(usize) + 'static {
    move |burst| {
        for n in 0..burst {
            emit(Event::new(n));
        }
    }
}

/// One whose turn is a few hundred requests, each awaited before the next.
pub fn one_by_one<F>(
    name: impl fmt::Display,
    left: Left,
    ask: impl Fn(Event) -> F + 'static,
) -> Contestant
where
    F: Future<Output = ()>,
{
    const REQUESTS: usize = 500;
    let ask = Rc::new(ask);
    Contestant::new(name, REQUESTS, move || {
        let (left, ask) = (left.clone(), ask.clone());
        async move {
            left.expect(0, REQUESTS);
            let begin = Instant::now();
            for n in 0..REQUESTS {
                ask(Event::new(n)).await;
            }
            let time = begin.elapsed();
            assert!(left.is_over(), "every request was handled");
            time
        }
    })
}
