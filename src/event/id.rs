use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use crate::biased::ThisThread;
use crate::fence::Bias;

use super::clock;

/// The id of an emission: a UUID of version 7, so ids sort by time.
///
/// The first 48 bits are the wall-clock time in milliseconds, as RFC 9562 lays
/// them out; then come a counter of the emitter (32 bits) and the emitter's own
/// random bits (42), which takes one clock reading and no random numbers per
/// emission. On Linux the time has the resolution of the kernel's tick (1 to
/// 10 ms). Ids of one emitter never repeat, and those that one thread makes
/// rise in the order of emission, while the system's clock does not step back (and
/// but for one step in 2^32 emissions, where the counter starts anew).
///
/// # Examples
///
/// ```
/// use ventix::EmissionId;
///
/// let id: EmissionId = "01890a5d-ac96-774b-bcce-b302099a8057".parse()?;
/// assert_eq!(id.to_string(), "01890a5d-ac96-774b-bcce-b302099a8057");
/// # Ok::<(), ventix::InvalidId>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmissionId {
    /// Two words that travel in registers, where 16 bytes would go through memory.
    high: u64,
    low: u64,
}

impl EmissionId {
    /// Makes an id of 128 bits that come from elsewhere, such as a request id.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(ventix::EmissionId::from_u128(7).as_u128(), 7);
    /// ```
    #[must_use]
    pub const fn from_u128(bits: u128) -> Self {
        Self::of(Uuid::from_u128(bits))
    }

    /// Returns the id's 128 bits.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::EmissionId;
    ///
    /// let id: EmissionId = "00000000-0000-0000-0000-0000000000ff".parse()?;
    /// assert_eq!(id.as_u128(), 255);
    /// # Ok::<(), ventix::InvalidId>(())
    /// ```
    #[must_use]
    pub const fn as_u128(&self) -> u128 {
        self.uuid().as_u128()
    }

    const fn of(uuid: Uuid) -> Self {
        let (high, low) = uuid.as_u64_pair();
        Self { high, low }
    }

    const fn uuid(self) -> Uuid {
        Uuid::from_u64_pair(self.high, self.low)
    }

    /// Returns the emitter's counter in the id.
    pub(crate) fn number(self) -> u32 {
        let Self { high, low } = self;
        let bits = (high & 0xfff) << 20 | (low >> IdSource::RANDOM_BITS) & 0xf_ffff;
        u32::try_from(bits).expect("12 and 20 bits")
    }

    /// Returns 64 bits that stand for the emission within a trace, and are not 0.
    pub(super) fn short(self) -> u64 {
        let Self { high, low } = self;
        // One emitter's low halves repeat after 2^20 emissions, its high halves with them
        // do not: an odd factor moves no two of those onto each other.
        let mixed = low ^ high.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed.max(1)
    }

    /// Returns the time in the id's first 48 bits.
    pub(super) fn time(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.high >> 16)
    }
}

impl fmt::Display for EmissionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid().fmt(f)
    }
}

impl fmt::Debug for EmissionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmissionId({self})")
    }
}

impl FromStr for EmissionId {
    type Err = super::error::InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = Uuid::try_parse(text).map_err(super::error::InvalidId)?;
        Ok(Self::of(id))
    }
}

/// The ids of one emitter.
///
/// All threads that emit through it count here, so it has its cache lines to itself.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct IdSource {
    /// 42 random bits: what keeps two emitters apart in one millisecond.
    random: u64,
    /// How many ids were given. Its low 32 bits go into the id, so a repeat
    /// would need 2^32 emissions in one millisecond.
    given: AtomicU64,
    /// Who gives them.
    bias: Bias,
    /// When the clock was read last, in milliseconds since 1970.
    last: AtomicU64,
}

impl IdSource {
    const RANDOM_BITS: u32 = 42;

    pub(crate) fn new() -> Self {
        // All but 2 of the low 64 bits of a version 4 are random.
        let (_, low) = Uuid::new_v4().as_u64_pair();
        Self {
            random: low & ((1 << Self::RANDOM_BITS) - 1),
            given: AtomicU64::new(0),
            bias: Bias::default(),
            last: AtomicU64::new(0),
        }
    }

    /// How many ids were given.
    pub(crate) fn given(&self) -> u64 {
        self.given.load(Ordering::Relaxed)
    }

    #[inline(always)]
    pub(crate) fn next(&self) -> EmissionId {
        let now = self.now();
        self.make(now)
    }

    /// The id of an emission that nobody hears, at the time of the last one that somebody
    /// heard: no clock is read.
    #[inline]
    pub(crate) fn next_unheard(&self) -> EmissionId {
        match self.last.load(Ordering::Relaxed) {
            0 => self.next(),
            last => self.make(last),
        }
    }

    /// The next ids, so many, of one moment.
    pub(crate) fn next_many(&self, count: u64) -> impl Iterator<Item = EmissionId> {
        let now = self.now();
        let first = self.take(count);
        (first..first + count).map(move |number| self.compose(now, number))
    }

    /// Reads the clock. It is written only what has changed: others read it too.
    #[inline(always)]
    fn now(&self) -> u64 {
        let now = clock::now_millis();
        if self.last.load(Ordering::Relaxed) != now {
            self.last.store(now, Ordering::Relaxed);
        }
        now
    }

    #[inline(always)]
    fn make(&self, millis: u64) -> EmissionId {
        self.compose(millis, self.take(1))
    }

    /// Gives so many, and returns the first.
    #[inline(always)]
    fn take(&self, count: u64) -> u64 {
        let plain = || {
            let first = self.given.load(Ordering::Relaxed);
            self.given
                .store(first.wrapping_add(count), Ordering::Relaxed);
            first
        };
        let atomic = || self.given.fetch_add(count, Ordering::Relaxed);
        self.bias.run(ThisThread::get(), plain, atomic)
    }

    #[inline(always)]
    fn compose(&self, millis: u64, number: u64) -> EmissionId {
        let count = number & 0xffff_ffff;
        let version_and_count = 0x7000 | (count >> 20);
        let high = millis << 16 | version_and_count;
        let variant = 0b10 << 62;
        let low = variant | (count & 0xf_ffff) << Self::RANDOM_BITS | self.random;
        EmissionId { high, low }
    }
}

/// The id of a subscription, unique within its linker and never used again.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Linker};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let first = linker.subscribe(on::<u8>().call(|_| ()))?;
/// let second = linker.subscribe(on::<u8>().call(|_| ()))?;
/// assert!(first.id() < second.id());
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriptionId(u64);

impl SubscriptionId {
    pub(crate) const fn new(number: u64) -> Self {
        Self(number)
    }

    pub(crate) const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for SubscriptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

impl fmt::Debug for SubscriptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubscriptionId({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_an_emitter_are_version_7_unique_and_rising() {
        let source = IdSource::new();
        let ids: Vec<_> = (0..100_000).map(|_| source.next()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(ids.iter().all(|id| id.uuid().get_version_num() == 7));
        assert!(
            ids.iter()
                .all(|id| id.uuid().get_variant() == uuid::Variant::RFC4122)
        );
    }

    #[test]
    fn the_time_in_an_id_is_the_wall_clock_within_a_tick() {
        let before = SystemTime::now() - Duration::from_millis(50);
        let time = IdSource::new().next().time();
        assert!(before <= time && time <= SystemTime::now() + Duration::from_millis(1));
    }

    #[test]
    fn an_id_knows_its_number() {
        let source = IdSource::new();
        for number in [0, 1, 0xf_ffff, 0x10_0000, 0x1234_5678, u32::MAX] {
            source.given.store(u64::from(number), Ordering::Relaxed);
            assert_eq!(source.next().number(), number);
        }
    }

    #[test]
    fn several_ids_are_those_that_one_after_the_other_would_be() {
        let source = IdSource::new();
        let before = source.next();
        let ids: Vec<_> = source.next_many(3).collect();
        let numbers = ids.iter().map(|id| id.number());
        assert!(numbers.eq(1..4) && before < ids[0] && source.next().number() == 4);
    }

    #[test]
    fn short_ids_of_an_emitter_do_not_repeat_with_the_low_half() {
        let source = IdSource::new();
        let mut seen = std::collections::HashSet::new();
        for round in 0..1_000 {
            source.given.store(round << 20, Ordering::Relaxed);
            assert!((0..10).all(|_| seen.insert(source.next().short())));
        }
    }

    #[test]
    fn what_nobody_hears_has_an_id_of_its_own_and_the_time_of_the_last() {
        let source = IdSource::new();
        let (first, heard) = (source.next_unheard(), source.next());
        let unheard = source.next_unheard();
        assert!(first < heard && heard < unheard && unheard < source.next());
        assert_eq!(unheard.time(), heard.time());
        assert_eq!(source.given(), 4);
    }

    #[test]
    fn two_emitters_differ_in_their_random_bits() {
        assert_ne!(IdSource::new().random, IdSource::new().random);
    }
}
