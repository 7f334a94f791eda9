use std::sync::Arc;

use crate::event::SubscriptionId;
use crate::registry::{Counts, SubscriptionInfo};

/// A handler in a [`Graph`](crate::Graph): a subscription.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Linker};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let sum = linker.subscribe(on::<u8>().call(|_| ()).named("sum"))?;
/// let graph = linker.graph();
/// let handler = &graph.handlers()[0];
/// assert_eq!((handler.id(), handler.name()), (sum.id(), Some("sum")));
/// assert!(handler.is_unreached(), "nothing has been emitted yet");
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct HandlerNode {
    id: SubscriptionId,
    name: Option<Arc<str>>,
    linked: Option<Linked>,
}

/// What is known of one that is still there.
#[derive(Debug, Clone, Copy)]
struct Linked {
    once: bool,
    counts: Counts,
}

impl HandlerNode {
    pub(super) fn linked(info: &SubscriptionInfo) -> Self {
        Self {
            id: info.id(),
            name: info.name().map(Arc::from),
            linked: Some(Linked {
                once: info.is_once(),
                counts: info.counts(),
            }),
        }
    }

    pub(super) fn gone(id: SubscriptionId, name: Option<Arc<str>>) -> Self {
        let linked = None;
        Self { id, name, linked }
    }

    /// Returns the subscription's id.
    ///
    /// # Examples
    ///
    /// Ends what nothing has ever reached:
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// for handler in linker.graph().unreached() {
    ///     linker.unsubscribe(handler.id());
    /// }
    /// assert!(linker.is_empty());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn id(&self) -> SubscriptionId {
        self.id
    }

    /// Returns the subscription's name, if it was given one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()).named("sum"))?;
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let graph = linker.graph();
    /// assert!(graph.handlers().iter().map(|h| h.name()).eq([Some("sum"), None]));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns whether it is still subscribed. One that is not is in the graph if it
    /// is in the sample: it has emitted something.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().sample_graph(1).start()?;
    /// let first = on::<u8>().call(|byte| drop(byte.emitter().emit("the first")));
    /// linker.subscribe(first.once())?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// assert!(!linker.graph().handlers()[0].is_linked(), "it has fired");
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_linked(&self) -> bool {
        self.linked.is_some()
    }

    /// Returns whether it fires once, and has not yet.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()).once())?;
    /// assert!(linker.graph().handlers()[0].is_once());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_once(&self) -> bool {
        self.linked.is_some_and(|linked| linked.once)
    }

    /// Returns what has become of its deliveries, all of them, sampled or not. `None`
    /// when it is not subscribed any more.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// let graph = linker.graph();
    /// assert_eq!(graph.handlers()[0].counts().map(|counts| counts.handled), Some(1));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn counts(&self) -> Option<Counts> {
        self.linked.map(|linked| linked.counts)
    }

    /// Returns whether no emission has ever matched it, sampled or not.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// linker.subscribe(on::<u16>().call(|_| ()))?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// let graph = linker.graph();
    /// assert!(graph.handlers().iter().map(|h| h.is_unreached()).eq([false, true]));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_unreached(&self) -> bool {
        self.linked.is_some_and(|linked| linked.counts.matched == 0)
    }
}
