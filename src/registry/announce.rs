use std::cell::Cell;
use std::sync::{Arc, OnceLock};

use actix_rt::ArbiterHandle;

use crate::delivery::{Emitted, Header, Origin};
use crate::event::{EventType, Metadata};
use crate::notice::DeadLetter;
use crate::outcome::{Reason, Refusal};
use crate::shield::shielded;

use super::registry::Registry;
use super::route::{Place, Route};

/// What a registry needs of the linker that it belongs to, to tell what happens.
pub(crate) trait Host: Send + Sync {
    /// The linker's arbiter.
    fn home(&self) -> &ArbiterHandle;

    /// Who emits notices: counts one in.
    fn origin(self: Arc<Self>) -> Arc<dyn Origin>;
}

thread_local! {
    /// Whether this thread is telling of something. What a handler of notices does
    /// may be worth another one: not in its middle, lest they pile up.
    static TELLING: Cell<bool> = const { Cell::new(false) };
}

impl Registry {
    /// Whether anybody listens to dead letters.
    pub(crate) fn is_dead_letter_heard(&self) -> bool {
        self.route::<DeadLetter>().len() > 0
    }

    /// Tells of the subscriptions that turned an emission away.
    pub(crate) fn tell_of_refusals<E: Send + Sync + 'static>(
        &self,
        emitted: &Arc<Emitted<E>>,
        refusals: &[Refusal],
    ) {
        if !emitted.header.makes_notices() {
            return;
        }
        let lost = refusals
            .iter()
            .filter(|refusal| !refusal.reason().is_skip());
        for refusal in lost {
            self.announce(|| DeadLetter {
                emitted: emitted.clone(),
                handler: Some(refusal.handler().clone()),
                error: Arc::new(refusal.reason().clone()),
            });
        }
    }

    /// Tells of an emission that was refused as a whole.
    pub(crate) fn tell_of_refused<E: Send + Sync + 'static>(
        &self,
        emitted: Arc<Emitted<E>>,
        reason: &Reason,
    ) {
        if !emitted.header.makes_notices() {
            return;
        }
        self.announce(|| DeadLetter {
            emitted,
            handler: None,
            error: Arc::new(reason.clone()),
        });
    }

    /// Emits a notice, if anybody listens: here, or on the linker's arbiter.
    pub(crate) fn announce<N: Send + Sync + 'static>(&self, notice: impl FnOnce() -> N) {
        let route = self.route::<N>();
        if route.len() == 0 {
            return;
        }
        // Making it, telling it and dropping it may run a user's code.
        shielded(move || self.emit_notice(route, notice()));
    }

    fn emit_notice<N: Send + Sync + 'static>(&self, route: Arc<Route<N>>, notice: N) {
        let Some(host) = self.host() else {
            return;
        };
        let metadata = Metadata::new(self.notice_id(), EventType::of::<N>(), None, None);
        let origin = Counted(Some(host.clone().origin()));
        let is_telling = TELLING.get() || std::thread::panicking();
        if !is_telling && route.can_start() {
            return tell(&route, origin, metadata, notice);
        }
        let Some(place) = self.place_for_notice() else {
            return;
        };
        host.home().spawn_fn(move || {
            drop(place);
            shielded(move || tell(&route, origin, metadata, notice));
        });
    }
}

/// The origin of a notice, which counts it until its header does.
struct Counted(Option<Arc<dyn Origin>>);

impl Counted {
    fn pass_on(mut self) -> Option<Arc<dyn Origin>> {
        self.0.take()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(origin) = self.0.take() {
            origin.ended();
        }
    }
}

/// This thread tells of something, until it is dropped.
struct Telling(bool);

impl Telling {
    fn begin() -> Self {
        Self(TELLING.replace(true))
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        TELLING.set(self.0);
    }
}

fn tell<N: Send + Sync + 'static>(
    route: &Arc<Route<N>>,
    origin: Counted,
    metadata: Metadata,
    notice: N,
) {
    let Some(origin) = origin.pass_on() else {
        return;
    };
    let _telling = Telling::begin();
    let (accepted, _) = route.claim(Place::Here, &metadata);
    let header = Header {
        metadata,
        ledger: route.clone(),
        origin,
        tracker: OnceLock::new(),
    };
    let payload = notice;
    let emitted = Arc::new(Emitted { header, payload });
    if !accepted.is_none() {
        route.run(emitted, &accepted, false);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Weak;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use actix_rt::Arbiter;

    use super::*;
    use crate::debug::Debug;
    use crate::delivery::Turn;
    use crate::event::{AnyEvent, HandlerRef};
    use crate::registry::{Callbacks, Lane, Part, Record, Selector, Target, TypedPart};

    /// A linker whose arbiter has stopped, and drops what it is given.
    #[derive(Debug)]
    struct Stopped {
        home: ArbiterHandle,
        notices: AtomicUsize,
    }

    impl Stopped {
        fn new() -> Self {
            let home = actix_rt::System::new().block_on(async {
                let arbiter = Arbiter::new();
                let home = arbiter.handle();
                arbiter.stop();
                arbiter.join().unwrap();
                home
            });
            let notices = AtomicUsize::new(0);
            Self { home, notices }
        }
    }

    impl Host for Stopped {
        fn home(&self) -> &ArbiterHandle {
            &self.home
        }

        fn origin(self: Arc<Self>) -> Arc<dyn Origin> {
            self.notices.fetch_add(1, Ordering::Relaxed);
            self
        }
    }

    impl Origin for Stopped {
        fn ended(&self) {
            self.notices.fetch_sub(1, Ordering::Relaxed);
        }

        fn into_any(self: Arc<Self>) -> Arc<AnyEvent> {
            self
        }
    }

    /// What cannot run on any thread but an arbiter's.
    struct Elsewhere;

    impl Target<u8> for Elsewhere {
        fn start(&self, _: Turn<'_, u8>) {
            unreachable!("it cannot start here");
        }

        fn can_start(&self) -> bool {
            false
        }
    }

    #[test]
    fn a_notice_that_is_dropped_with_the_arbiter_is_counted_off() {
        let registry = Registry::new(None);
        let linker = Arc::new(Stopped::new());
        let host = Arc::downgrade(&linker);
        registry.belong_to(host);
        let record = Arc::new(Record {
            handler: HandlerRef {
                subscription: registry.next_id(),
                name: None,
            },
            lane: Lane::OPEN,
            once: None,
            callbacks: Callbacks::default(),
            tally: Arc::default(),
            stopwatch: None,
            debug: Debug::new(None, Some(false)),
            registry: Weak::new(),
        });
        let selectors = vec![Selector::of_type(EventType::of::<u8>())];
        let target: Arc<dyn Target<u8>> = Arc::new(Elsewhere);
        let part: Box<dyn Part> = Box::new(TypedPart { selectors, target });
        registry.link(&record, &[part]).unwrap();
        for _ in 0..2_000 {
            registry.announce(|| 1_u8);
        }
        assert_eq!(linker.notices.load(Ordering::Relaxed), 0);
        assert_eq!(registry.missed_notices(), 0, "none of them waits any more");
    }
}
