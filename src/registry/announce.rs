use std::cell::Cell;
use std::sync::Arc;

use actix_rt::ArbiterHandle;

use crate::delivery::{Emitted, Header, Held, Kept, Origin};
use crate::event::{EventType, Metadata};
use crate::notice::DeadLetter;
use crate::outcome::{Reason, Refusal};
use crate::shield::shielded;

use super::course::Course;
use super::goal::Place;
use super::registry::Registry;
use super::route::Route;

/// What a registry needs of the linker that it belongs to, to tell what happens.
pub(crate) trait Host: Send + Sync {
    /// The linker's arbiter.
    fn home(&self) -> &ArbiterHandle;

    /// Who emits notices: counts one in.
    fn origin(self: Arc<Self>) -> Arc<dyn Origin>;

    /// Who delivers once more what has ended: counts one in, unless no more are taken.
    fn reopen(self: Arc<Self>) -> Result<Arc<dyn Origin>, Reason>;
}

thread_local! {
    /// Whether this thread is telling of something. What a handler of notices does
    /// may be worth another one: not in its middle, lest they pile up.
    static TELLING: Cell<bool> = const { Cell::new(false) };
}

impl Registry {
    /// Whether one of those that turned an emission away is worth a dead letter that
    /// somebody wants.
    pub(crate) fn is_dead_letter_due(&self, refusals: &[Refusal]) -> bool {
        let mut reasons = refusals.iter().map(Refusal::reason);
        reasons.any(|reason| !reason.is_skip()) && self.wants_dead_letters()
    }

    /// Keeps a dead letter, if any are kept, and tells of it.
    pub(super) fn bury(&self, letter: impl FnOnce() -> DeadLetter) {
        let Some(shelf) = self.shelf() else {
            return self.announce(letter);
        };
        // To make one may run a user's code.
        shielded(|| {
            let kept = shelf.put(letter());
            self.announce(|| DeadLetter::clone(&kept));
        });
    }

    /// Tells of the subscriptions that turned an emission away.
    pub(crate) fn tell_of_refusals(&self, kept: &Kept, refusals: &[Refusal]) {
        if !kept.header().makes_notices() {
            return;
        }
        let lost = refusals
            .iter()
            .filter(|refusal| !refusal.reason().is_skip());
        for refusal in lost {
            self.bury(|| DeadLetter {
                id: None,
                kept: kept.clone(),
                handler: Some(refusal.handler().clone()),
                error: Arc::new(refusal.reason().clone()),
                attempts: Vec::new(),
            });
        }
    }

    /// Tells of an emission that was refused as a whole.
    pub(crate) fn tell_of_refused(&self, kept: Kept, reason: &Reason) {
        if !kept.header().makes_notices() {
            return;
        }
        self.bury(|| DeadLetter {
            id: None,
            kept,
            handler: None,
            error: Arc::new(reason.clone()),
            attempts: Vec::new(),
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
        let origin = Counted::new(host.clone().origin());
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

/// The origin of an emission, which counts it until its header does.
pub(super) struct Counted(Option<Arc<dyn Origin>>);

impl Counted {
    /// For one that it has counted in.
    pub(super) fn new(origin: Arc<dyn Origin>) -> Self {
        Self(Some(origin))
    }

    pub(super) fn pass_on(mut self) -> Arc<dyn Origin> {
        self.0.take().expect("it is passed on once")
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(origin) = self.0.take() {
            origin.ended(0);
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
    let origin = origin.pass_on();
    let _telling = Telling::begin();
    let (accepted, _) = route.claim(Place::Here, &notice, &metadata);
    let mut header = Header::new(metadata, origin.is_of_notices());
    header.watch(route.timed(header.metadata.id()), None);
    let emitted = Emitted {
        header,
        payload: notice,
    };
    let course = Course::new(route.clone(), origin);
    // What becomes of a notice is not kept.
    let held = Held::new(emitted, course);
    if !accepted.is_none() {
        route.run(held, &accepted, false);
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
    use crate::latency::Sampling;
    use crate::registry::{Aim, Extras, Lane, Part, Record, Selector, Target, TypedPart};

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

        fn reopen(self: Arc<Self>) -> Result<Arc<dyn Origin>, Reason> {
            unreachable!("nothing is delivered once more")
        }

        fn origin(self: Arc<Self>) -> Arc<dyn Origin> {
            self.notices.fetch_add(1, Ordering::Relaxed);
            self
        }
    }

    impl Origin for Stopped {
        fn ended(&self, _: usize) {
            self.notices.fetch_sub(1, Ordering::Relaxed);
        }

        fn is_draining(&self) -> bool {
            false
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
        let registry = Registry::new(None, Sampling::default());
        let linker = Arc::new(Stopped::new());
        let host = Arc::downgrade(&linker);
        registry.belong_to(host);
        let handler = HandlerRef {
            subscription: registry.next_id(),
            name: None,
        };
        let debug = Debug::new(None, Some(false));
        let options = (Lane::unbounded(), Extras::default());
        let record = Arc::new(Record::new(handler, options, &Arc::new(debug), Weak::new()));
        let selectors = vec![Selector::of_type(EventType::of::<u8>())];
        let aim = Aim {
            target: Arc::new(Elsewhere),
            filter: None,
        };
        let part: Box<dyn Part> = Box::new(TypedPart { selectors, aim });
        registry.link(&record, &[part]).unwrap();
        for _ in 0..2_000 {
            registry.announce(|| 1_u8);
        }
        assert_eq!(linker.notices.load(Ordering::Relaxed), 0);
        assert_eq!(registry.missed_notices(), 0, "none of them waits any more");
    }
}
