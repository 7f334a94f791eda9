use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Which of several equal places takes the next one: an arbiter of a
/// [pool](crate::Strategy::pool), or an actor of an
/// [actor pool](crate::On::actor_pool).
///
/// # Examples
///
/// ```
/// # use ventix::{on, BoxError, Emitter, Linker, Routing, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u8>().call(|_| Ok::<_, BoxError>(std::thread::current().id())))?;
/// let emitter = Emitter::start(&linker, Strategy::pool(4).routing(Routing::Keyed));
/// let first = emitter.prepare(1_u8).key("customer 7").emit_and_wait().await;
/// let second = emitter.prepare(2_u8).key("customer 7").emit_and_wait().await;
/// assert_eq!(
///     first.replies::<std::thread::ThreadId>().next(),
///     second.replies::<std::thread::ThreadId>().next(),
/// );
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Routing {
    /// One after the other. The default.
    #[default]
    RoundRobin,
    /// The one with the least to do, and of several such the next in turn.
    LeastLoaded,
    /// The one that the [key](crate::Prepared::key) stands for: what has the same
    /// key is handled in the order of emission. What has no key goes round.
    Keyed,
}

/// Routing, and whose turn it is.
#[derive(Debug)]
pub(crate) struct Router {
    routing: Routing,
    turn: AtomicUsize,
}

impl Router {
    pub(crate) fn new(routing: Routing) -> Self {
        let turn = AtomicUsize::new(0);
        Self { routing, turn }
    }

    /// Whether a key has one place and no other.
    pub(crate) fn is_fixed(&self, key: Option<&str>) -> bool {
        self.routing == Routing::Keyed && key.is_some()
    }

    /// Picks one of `places`. `load` says how much one has to do.
    pub(crate) fn pick(
        &self,
        places: usize,
        key: Option<&str>,
        load: impl Fn(usize) -> usize,
    ) -> usize {
        let next = || self.turn.fetch_add(1, Ordering::Relaxed) % places;
        match (self.routing, key) {
            (Routing::Keyed, Some(key)) => place_of(key, places),
            (Routing::LeastLoaded, _) => {
                let first = next();
                let places = round(first, places);
                places.min_by_key(|place| load(*place)).unwrap_or(first)
            }
            (Routing::RoundRobin | Routing::Keyed, _) => next(),
        }
    }
}

/// All places, once round from the first.
pub(crate) fn round(first: usize, places: usize) -> impl Iterator<Item = usize> {
    (0..places).map(move |n| (first + n) % places)
}

/// The place that a key stands for: the same in every router of as many places,
/// so that order per key holds from one to the next.
fn place_of(key: &str, places: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    // The remainder is less than `places`.
    usize::try_from(hasher.finish() % places as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_robin_goes_round() {
        let router = Router::new(Routing::RoundRobin);
        let picked: Vec<_> = (0..5).map(|_| router.pick(3, Some("k"), |_| 0)).collect();
        assert_eq!(picked, [0, 1, 2, 0, 1]);
    }

    #[test]
    fn least_loaded_goes_where_least_is_to_do_and_round_among_equals() {
        let router = Router::new(Routing::LeastLoaded);
        assert_eq!(router.pick(3, None, |place| [5, 1, 3][place]), 1);
        let picked: Vec<_> = (0..3).map(|_| router.pick(3, None, |_| 7)).collect();
        assert_eq!(picked, [1, 2, 0]);
    }

    #[test]
    fn a_key_has_one_place_and_keys_are_spread() {
        let router = Router::new(Routing::Keyed);
        let places: Vec<_> = (0..400)
            .map(|n| router.pick(4, Some(&n.to_string()), |_| 0))
            .collect();
        let again = (0..400).map(|n| router.pick(4, Some(&n.to_string()), |_| 0));
        assert!(again.eq(places.iter().copied()));
        for place in 0..4 {
            let share = places.iter().filter(|p| **p == place).count();
            assert!((50..=150).contains(&share), "{share} of 400 at {place}");
        }
        assert_ne!(router.pick(4, None, |_| 0), router.pick(4, None, |_| 0));
    }
}
