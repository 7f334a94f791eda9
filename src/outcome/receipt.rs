use std::sync::Arc;

use crate::event::{EmissionId, SubscriptionId};

use super::reason::Reason;

/// What [`emit`](crate::Emitter::emit) returns at once: who matched, who will
/// get it, and why the others will not.
///
/// `matched` is always `accepted` plus the number of `refusals`, unless the
/// emission as a whole was refused: then nothing was accepted.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let emitter = Emitter::start(&linker, Strategy::inline());
///
/// assert!(emitter.emit("nobody listens").is_unheard());
///
/// linker.subscribe(on::<&str>().call(|_| ()))?;
/// let receipt = emitter.emit("somebody does");
/// assert_eq!((receipt.matched(), receipt.accepted()), (1, 1));
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Receipt {
    id: EmissionId,
    matched: usize,
    accepted: usize,
    refusals: Vec<Refusal>,
    refused: Option<Reason>,
}

impl Receipt {
    pub(crate) fn new(id: EmissionId, matched: usize, refusals: Vec<Refusal>) -> Self {
        Self {
            id,
            matched,
            accepted: matched - refusals.len(),
            refusals,
            refused: None,
        }
    }

    pub(crate) fn refused(id: EmissionId, matched: usize, reason: Reason) -> Self {
        Self {
            id,
            matched,
            accepted: 0,
            refusals: Vec::new(),
            refused: Some(reason),
        }
    }

    /// Returns the emission's id.
    #[must_use]
    pub fn id(&self) -> EmissionId {
        self.id
    }

    /// Returns how many subscriptions the emission is for.
    #[must_use]
    pub fn matched(&self) -> usize {
        self.matched
    }

    /// Returns how many of them get it.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.accepted
    }

    /// Returns the others, each with its reason.
    #[must_use]
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    /// Returns why the emission as a whole was turned away, if it was.
    #[must_use]
    pub fn refusal(&self) -> Option<&Reason> {
        self.refused.as_ref()
    }

    /// Returns whether nobody listens to this event: no subscription matched,
    /// and the emission was not refused either.
    #[must_use]
    pub fn is_unheard(&self) -> bool {
        self.matched == 0 && self.refused.is_none()
    }

    /// Returns whether every subscription that matched gets it.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.refusals.is_empty() && self.refused.is_none()
    }
}

/// A subscription that matched and does not get the emission.
///
/// # Examples
///
/// ```
/// # use ventix::{on_topic, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let links = linker.subscribe(on_topic::<u8>("a.b").call(|_| ()).named("bytes"))?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// let receipt = emitter.prepare("text").topic("a.b").emit();
/// assert_eq!(receipt.refusals()[0].subscription(), links.id());
/// assert_eq!(receipt.refusals()[0].name(), Some("bytes"));
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Refusal {
    pub(super) subscription: SubscriptionId,
    pub(super) name: Option<Arc<str>>,
    pub(super) reason: Reason,
}

impl Refusal {
    pub(crate) fn new(
        subscription: SubscriptionId,
        name: Option<Arc<str>>,
        reason: Reason,
    ) -> Self {
        Self {
            subscription,
            name,
            reason,
        }
    }

    /// Returns the subscription's id.
    #[must_use]
    pub fn subscription(&self) -> SubscriptionId {
        self.subscription
    }

    /// Returns the subscription's name, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns why.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.reason
    }
}
