use crate::event::EmissionId;

use super::receipt::Receipt;

/// What [`emit_all`](crate::Emitter::emit_all) returns at once: the receipt of every
/// emission, in the order of the events, and what they come to.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Overflow, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u8>().call(|_| ()))?;
/// let emitter = Emitter::start(&linker, Strategy::current().bounded(2, Overflow::Refuse));
/// let receipts = emitter.emit_all([1_u8, 2, 3]);
/// assert_eq!((receipts.len(), receipts.accepted(), receipts.refused()), (3, 2, 1));
/// let (at, receipt) = receipts.incomplete().next().ok_or("one is refused")?;
/// assert_eq!((at, receipt.accepted()), (2, 0));
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "receipts say what was refused"]
pub struct Receipts {
    entries: Vec<Entry>,
    /// Those that say more than their entries, by the place of these.
    others: Vec<(usize, Receipt)>,
    matched: usize,
    accepted: usize,
    refused: usize,
    unheard: usize,
}

/// A receipt without refusals: in short, because most are.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    id: EmissionId,
    matched: usize,
}

impl Receipts {
    pub(crate) fn with_capacity(emissions: usize) -> Self {
        Self {
            entries: Vec::with_capacity(emissions),
            ..Self::default()
        }
    }

    pub(crate) fn push(&mut self, receipt: Receipt) {
        self.matched += receipt.matched();
        self.accepted += receipt.accepted();
        self.refused += usize::from(receipt.refusal().is_some());
        self.unheard += usize::from(receipt.is_unheard());
        let (id, matched) = (receipt.id(), receipt.matched());
        if receipt.refusal().is_some() || !receipt.refusals().is_empty() {
            self.others.push((self.entries.len(), receipt));
        }
        self.entries.push(Entry { id, matched });
    }

    /// Returns how many events there were.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    /// assert_eq!(emitter.emit_all(["nobody", "listens"]).len(), 2);
    /// # });
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether there was none.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    /// assert!(emitter.emit_all(Vec::<u8>::new()).is_empty());
    /// # });
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns how many deliveries the emissions are, all in all: one for each
    /// subscription that matched each.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, on_any, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// linker.subscribe(on_any().call(|_| ()))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert_eq!(emitter.emit_all([1_u8, 2, 3]).matched(), 6);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn matched(&self) -> usize {
        self.matched
    }

    /// Returns how many of these deliveries are made.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// linker.subscribe(on::<u8>().call(|_| ()).once())?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// assert_eq!(emitter.emit_all([1_u8, 2, 3]).accepted(), 4);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.accepted
    }

    /// Returns how many emissions were refused as a whole.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::current());
    /// assert!(emitter.drain(Duration::ZERO).await.is_complete());
    /// assert_eq!(emitter.emit_all(["too", "late"]).refused(), 2);
    /// # });
    /// ```
    #[must_use]
    pub fn refused(&self) -> usize {
        self.refused
    }

    /// Returns how many emissions nobody listens to.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::current());
    /// assert_eq!(emitter.emit_all(["nobody", "listens"]).unheard(), 2);
    /// # });
    /// ```
    #[must_use]
    pub fn unheard(&self) -> usize {
        self.unheard
    }

    /// Returns whether [every receipt is](Receipt::is_complete) complete.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let stuck = on::<u8>().call_async(|_| std::future::pending::<()>());
    /// linker.subscribe(stuck.capacity(2))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// assert!(emitter.emit_all([1_u8, 2]).is_complete());
    /// assert!(!emitter.emit_all([3_u8, 4]).is_complete());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.others.iter().all(|(_, receipt)| receipt.is_complete())
    }

    /// Returns the receipts that are not complete, each with the place of its event.
    ///
    /// # Examples
    ///
    /// Knows what to emit again:
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Overflow, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current().bounded(2, Overflow::Refuse));
    /// let events = [10_u8, 20, 30, 40];
    /// let receipts = emitter.emit_all(events);
    /// let again: Vec<_> = receipts.incomplete().map(|(at, _)| events[at]).collect();
    /// assert_eq!(again, [30, 40]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn incomplete(&self) -> impl Iterator<Item = (usize, &Receipt)> {
        let others = self.others.iter().map(|(at, receipt)| (*at, receipt));
        others.filter(|(_, receipt)| !receipt.is_complete())
    }

    /// Returns the receipt of every emission, in the order of the events.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, EmissionId, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let receipts = emitter.emit_all([1_u8, 2, 3]);
    /// let ids: Vec<EmissionId> = receipts.iter().map(|receipt| receipt.id()).collect();
    /// assert!(ids.is_sorted());
    /// assert!(receipts.iter().all(|receipt| receipt.accepted() == 1));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = Receipt> {
        let mut others = self.others.iter().peekable();
        self.entries.iter().enumerate().map(move |(at, entry)| {
            match others.next_if(|(other, _)| *other == at) {
                Some((_, receipt)) => receipt.clone(),
                None => Receipt::new(entry.id, entry.matched, Vec::new()),
            }
        })
    }
}
