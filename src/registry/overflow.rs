use std::time::Duration;

use crate::outcome::Reason;

/// What happens to the next one when there is no room: in the lane of a
/// subscription, or among the emissions that wait for an emitter.
///
/// Whatever is turned away or dropped is in the receipt or the report, is counted,
/// and is a [`DeadLetter`](crate::DeadLetter).
///
/// A lane that drops what waits hands its deliveries over one at a time, the
/// next when the one before has ended: what lies in an actor's mailbox cannot be
/// taken back. With [`Refuse`](Self::Refuse), [`DropNewest`](Self::DropNewest) and
/// [`Wait`](Self::Wait) it hands them over at once.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Overflow, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let shown = on::<u32>().call_async(async |n| Ok::<_, ventix::BoxError>(*n));
/// // Show what is current: one is being shown, and the last one waits.
/// linker.subscribe(shown.capacity(2).overflow(Overflow::DropOldest))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
/// let reports = (0..10_u32).map(|n| emitter.emit_and_wait(n));
/// let reports = futures::future::join_all(reports).await;
/// let shown: Vec<_> = reports.iter().flat_map(|report| report.replies::<u32>()).collect();
/// assert_eq!(shown, [&8, &9]);
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// It is refused, with [`Reason::LaneFull`] or
    /// [`Reason::EmitterFull`]. The default.
    #[default]
    Refuse,
    /// The oldest that waits is dropped for it. When none waits, because all are
    /// being handled, it is refused: so leave room for two at least.
    DropOldest,
    /// It is dropped itself.
    DropNewest,
    /// The one that waits with the same type of event, topic and
    /// [key](crate::Prepared::key) is dropped for it: the latest wins. As long as there
    /// is room, all of them wait. What has no key, or one that none waits with, is
    /// refused.
    Coalesce,
    /// The waiting calls, [`emit_and_wait`](crate::Emitter::emit_and_wait) and
    /// [`emit_when_ready`](crate::Emitter::emit_when_ready), wait for room up to
    /// this long, and it is refused then. [`emit`](crate::Emitter::emit), which never waits,
    /// refuses it at once.
    Wait(Duration),
}

impl Overflow {
    /// Whether what waits is dropped for what comes, and so must be kept where it can
    /// be taken back.
    pub(crate) fn takes_back(self) -> bool {
        matches!(self, Self::DropOldest | Self::Coalesce)
    }

    /// Why one that waited was dropped for another.
    pub(crate) fn evicted(self, capacity: usize) -> Reason {
        match self {
            Self::Coalesce => Reason::Coalesced,
            _ => Reason::DroppedOldest { capacity },
        }
    }

    /// Why one that comes is turned away: it is dropped, or `full` is said.
    pub(crate) fn turned_away(self, capacity: usize, full: Reason) -> Reason {
        match self {
            Self::DropNewest => Reason::DroppedNewest { capacity },
            _ => full,
        }
    }
}
