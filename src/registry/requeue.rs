use crate::event::HandlerRef;
use crate::notice::{DeadLetter, LetterId};
use crate::outcome::Reason;
use crate::shield::shielded;

use super::queue::Standing;
use super::registry::Registry;
use super::shelf::Shelf;

/// Why a dead letter was not delivered again. Where there is one, it stays.
///
/// # Examples
///
/// ```
/// use ventix::{on, Emitter, Linker, Reason, RequeueError, Strategy};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::builder().dead_letters(10).start()?;
/// let parser = linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
/// Emitter::start(&linker, Strategy::inline()).emit("three");
/// let letters = linker.dead_letters();
/// let id = letters.list()[0].id();
///
/// parser.pause();
/// assert_eq!(letters.requeue(id), Err(RequeueError::Refused(Reason::Paused)));
/// parser.unsubscribe();
/// assert!(matches!(letters.requeue(id), Err(RequeueError::Gone { .. })));
/// letters.clear();
/// assert_eq!(letters.requeue(id), Err(RequeueError::Unknown { id }));
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequeueError {
    /// There is no such letter: it was requeued, taken out, or has made room for a newer
    /// one. Or somebody else is requeueing it.
    #[error("{id} is not among the dead letters")]
    Unknown {
        /// What was asked for.
        id: LetterId,
    },
    /// The subscription that did not handle it has gone, was spent, or no longer listens
    /// to such events.
    #[error("{handler} is not subscribed any more")]
    Gone {
        /// The subscription.
        handler: HandlerRef,
    },
    /// The emission was refused as a whole, and nobody listens to such events now.
    #[error("nobody listens to it")]
    Unheard,
    /// It was turned away again.
    #[error("it was turned away")]
    Refused(#[source] Reason),
}

impl Registry {
    /// Delivers a dead letter's event once more: to the subscription that did not handle
    /// it; or, if the emission was refused as a whole, to all that it would go to now.
    pub(crate) fn requeue(&self, shelf: &Shelf, id: LetterId) -> Result<(), RequeueError> {
        let claim = shelf.claim(id).ok_or(RequeueError::Unknown { id })?;
        if self.is_closed() {
            return Err(RequeueError::Refused(Reason::LinkerStopped));
        }
        let letter = claim.letter.clone();
        let done = match letter.handler() {
            Some(handler) => self.requeue_one(&letter, handler, || claim.take_out()),
            None => self.requeue_all(&letter, || claim.take_out()),
        };
        drop(claim);
        // The last to hold its errors, perhaps, which are a user's.
        shielded(move || drop(letter));
        done
    }

    fn requeue_one(
        &self,
        letter: &DeadLetter,
        handler: &HandlerRef,
        claimed: impl FnOnce(),
    ) -> Result<(), RequeueError> {
        let done = self.redeliver(&letter.kept, handler.subscription(), claimed);
        done.map_err(|reason| match reason {
            Reason::HandlerGone => {
                let handler = handler.clone();
                RequeueError::Gone { handler }
            }
            reason => RequeueError::Refused(reason),
        })
    }

    /// Like an emission: those that turn it away have a letter each, unless all do.
    fn requeue_all(&self, letter: &DeadLetter, claimed: impl FnOnce()) -> Result<(), RequeueError> {
        if let Some(reason @ Reason::InvalidTopic(_)) = letter.error().downcast_ref() {
            return Err(RequeueError::Refused(reason.clone()));
        }
        let redeliveries = self.redeliveries(&letter.kept);
        // All of them may be delivered, or none.
        let reopened = redeliveries.iter().map(|_| self.reopen(&letter.kept));
        let reopened = reopened.collect::<Result<Vec<_>, _>>();
        let reopened = reopened.map_err(RequeueError::Refused)?;
        let (mut accepted, mut refusals) = (Vec::new(), Vec::new());
        for (redelivery, reopened) in redeliveries.into_iter().zip(reopened) {
            match redelivery.claim(Standing::Last) {
                Ok(()) => accepted.push((redelivery, reopened)),
                Err(refusal) => refusals.push(refusal),
            }
        }
        if accepted.is_empty() {
            let lost = refusals.iter().find(|refusal| !refusal.reason().is_skip());
            let why = lost.or(refusals.first());
            return Err(why.map_or(RequeueError::Unheard, |refusal| {
                RequeueError::Refused(refusal.reason().clone())
            }));
        }
        claimed();
        for (redelivery, reopened) in accepted {
            redelivery.send(reopened);
        }
        self.tell_of_refusals(&letter.kept, &refusals);
        Ok(())
    }
}
