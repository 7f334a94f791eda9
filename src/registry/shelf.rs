use std::collections::VecDeque;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::event::{EventType, SubscriptionId};
use crate::notice::{DeadLetter, LetterId};
use crate::shield::shielded;

use super::selector::Selector;

/// A dead letter that its linker keeps, or has kept. Cloning is cheap.
///
/// It is a [`DeadLetter`], with a number and a time.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Selector, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::builder().dead_letters(10).start()?;
/// let parser = linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()).named("parser"))?;
/// Emitter::start(&linker, Strategy::inline()).emit("three");
///
/// let letters = linker.dead_letters().list();
/// let letter = &letters[0];
/// assert!(letter.is::<&str>() && letter.is_on(&Selector::event::<&str>()));
/// assert!(letter.is_for(parser.id()));
/// assert_eq!(letter.original().downcast_ref(), Some(&"three"));
/// assert_eq!(letter.to_string(), "letter 1: &str was not handled by #1 (parser): invalid digit found in string");
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct StoredLetter(Arc<Stored>);

struct Stored {
    id: LetterId,
    time: SystemTime,
    letter: DeadLetter,
}

impl StoredLetter {
    /// Returns its number.
    ///
    /// # Examples
    ///
    /// See [`DeadLetters::requeue`](crate::DeadLetters::requeue).
    #[must_use]
    pub fn id(&self) -> LetterId {
        self.0.id
    }

    /// Returns when it was made: when the delivery had ended, or was turned away.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::DeadLetters;
    /// fn forget_after_a_day(letters: &DeadLetters) -> usize {
    ///     let day = Duration::from_secs(24 * 3_600);
    ///     letters.purge(|letter| letter.time().elapsed().is_ok_and(|age| age > day))
    /// }
    /// # actix::System::new().block_on(async {
    /// # assert_eq!(forget_after_a_day(&ventix::Linker::start().dead_letters()), 0);
    /// # });
    /// ```
    #[must_use]
    pub fn time(&self) -> SystemTime {
        self.0.time
    }

    /// Returns whether its event is an `E`, on whatever topic.
    ///
    /// # Examples
    ///
    /// See [`StoredLetter`].
    #[must_use]
    pub fn is<E: 'static>(&self) -> bool {
        self.original_metadata().event_type() == EventType::of::<E>()
    }

    /// Returns whether `selector` selects its event: its type, if it is on no topic; its
    /// topic; or a pattern of topics.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{DeadLetters, Selector, TopicError};
    /// fn requeue_orders(letters: &DeadLetters) -> Result<usize, TopicError> {
    ///     let orders = Selector::topic("orders.>")?;
    ///     Ok(letters.requeue_all(|letter| letter.is_on(&orders)))
    /// }
    /// # actix::System::new().block_on(async {
    /// # assert_eq!(requeue_orders(&ventix::Linker::start().dead_letters()), Ok(0));
    /// # });
    /// ```
    #[must_use]
    pub fn is_on(&self, selector: &Selector) -> bool {
        selector.selects(self.original_metadata())
    }

    /// Returns whether it was a delivery of this subscription. What was refused as a
    /// whole was nobody's.
    ///
    /// # Examples
    ///
    /// See [`StoredLetter`].
    #[must_use]
    pub fn is_for(&self, subscription: SubscriptionId) -> bool {
        let handler = self.handler();
        handler.is_some_and(|handler| handler.subscription() == subscription)
    }
}

impl Deref for StoredLetter {
    type Target = DeadLetter;

    fn deref(&self) -> &DeadLetter {
        &self.0.letter
    }
}

/// The number, and what the letter says.
impl fmt::Display for StoredLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.id(), self.0.letter)
    }
}

impl fmt::Debug for StoredLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredLetter")
            .field("id", &self.id())
            .field("time", &self.time())
            .field("letter", &self.0.letter)
            .finish()
    }
}

/// The last dead letters of a linker, the oldest first.
///
/// One that is being requeued is [claimed](Self::claim): it stays where it is, and
/// nobody else requeues it or takes it out. What leaves is dropped after the lock: events
/// and errors are a user's.
pub(crate) struct Shelf {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    slots: VecDeque<Slot>,
    /// How many numbers have been given.
    given: u64,
    /// How many have made room for newer ones.
    displaced: u64,
}

struct Slot {
    letter: StoredLetter,
    is_claimed: bool,
}

/// A letter that is being requeued. Dropped, it is free again.
pub(super) struct Claim<'a> {
    shelf: &'a Shelf,
    pub(super) letter: StoredLetter,
}

impl Shelf {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            state: Mutex::default(),
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn len(&self) -> usize {
        self.state().slots.len()
    }

    pub(crate) fn displaced(&self) -> u64 {
        self.state().displaced
    }

    /// Keeps a letter, in the place of the oldest if there is no room.
    pub(super) fn put(&self, letter: DeadLetter) -> StoredLetter {
        let time = SystemTime::now();
        let mut state = self.state();
        state.given += 1;
        let id = LetterId::new(state.given);
        let letter = DeadLetter {
            id: Some(id),
            ..letter
        };
        let letter = StoredLetter(Arc::new(Stored { id, time, letter }));
        let mut oldest = None;
        if state.slots.len() >= self.capacity {
            state.displaced += 1;
            oldest = state.slots.pop_front();
        }
        state.slots.push_back(Slot {
            letter: letter.clone(),
            is_claimed: false,
        });
        drop(state);
        shielded(move || drop(oldest));
        letter
    }

    /// Returns what is kept, the oldest first.
    pub(crate) fn list(&self) -> Vec<StoredLetter> {
        let state = self.state();
        let letters = state.slots.iter().map(|slot| slot.letter.clone());
        letters.collect()
    }

    pub(crate) fn get(&self, id: LetterId) -> Option<StoredLetter> {
        let state = self.state();
        let at = state.find(id)?;
        Some(state.slots[at].letter.clone())
    }

    /// Takes those out of `ids`, which are in their order, that are there and not
    /// claimed.
    pub(crate) fn take(&self, ids: &[LetterId]) -> Vec<StoredLetter> {
        let mut taken = Vec::new();
        self.state().slots.retain(|slot| {
            let stays = slot.is_claimed || ids.binary_search(&slot.letter.id()).is_err();
            if !stays {
                taken.push(slot.letter.clone());
            }
            stays
        });
        taken
    }

    /// Claims a letter that is there and that nobody else has claimed.
    pub(super) fn claim(&self, id: LetterId) -> Option<Claim<'_>> {
        let mut state = self.state();
        let at = state.find(id)?;
        let slot = &mut state.slots[at];
        if std::mem::replace(&mut slot.is_claimed, true) {
            return None;
        }
        let letter = slot.letter.clone();
        Some(Claim {
            shelf: self,
            letter,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Numbers rise from the oldest to the newest.
    fn find(&self, id: LetterId) -> Option<usize> {
        let found = self.slots.binary_search_by_key(&id, |s| s.letter.id());
        found.ok()
    }
}

impl Claim<'_> {
    /// Takes it out, unless it has made room for a newer one meanwhile.
    pub(super) fn take_out(&self) {
        let mut state = self.shelf.state();
        let at = state.find(self.letter.id());
        let slot = at.and_then(|at| state.slots.remove(at));
        drop(state);
        // The letter is held here as well.
        drop(slot);
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut state = self.shelf.state();
        if let Some(at) = state.find(self.letter.id()) {
            state.slots[at].is_claimed = false;
        }
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelf")
            .field("capacity", &self.capacity)
            .field("len", &self.len())
            .finish()
    }
}
