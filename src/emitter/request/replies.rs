use crate::event::HandlerRef;
use crate::outcome::Receipt;

use super::silent::{Silence, Silent};

/// What [`Request::all`](crate::Request::all) returns: the replies, and who has
/// not replied, both in the order of the deliveries, which is that of subscription.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
/// linker.subscribe(on::<&str>().call(|_| ()).named("printer"))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
///
/// let replies = emitter.request::<_, u32>("42").all().await;
/// assert_eq!(replies.silent()[0].handler().name(), Some("printer"));
/// assert_eq!(replies.into_iter().collect::<Vec<u32>>(), [42]);
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
#[must_use = "the replies are in it, and who has not replied"]
pub struct Replies<R> {
    receipt: Receipt,
    replies: Vec<(HandlerRef, R)>,
    silent: Vec<Silent>,
}

impl<R> Replies<R> {
    pub(super) fn new(
        receipt: Receipt,
        replies: Vec<(HandlerRef, R)>,
        silent: Vec<Silent>,
    ) -> Self {
        Self {
            receipt,
            replies,
            silent,
        }
    }

    /// Returns how many replies there are.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// assert_eq!(emitter.request::<_, u32>("42").all().await.len(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.replies.len()
    }

    /// Returns whether there is none.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::current());
    /// let replies = emitter.request::<_, u32>("nobody listens").all().await;
    /// assert!(replies.is_empty() && replies.receipt().is_unheard());
    /// # });
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.replies.is_empty()
    }

    /// Returns the replies.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// for factor in 1..=3_u32 {
    ///     linker.subscribe(on::<u32>().call(move |n| n.checked_mul(factor).ok_or("too much")))?;
    /// }
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let replies = emitter.request::<_, u32>(7_u32).all().await;
    /// assert_eq!(replies.iter().max(), Some(&21));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &R> + DoubleEndedIterator {
        self.replies.iter().map(|(_, reply)| reply)
    }

    /// Returns the replies, each with whose it is.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// for (name, price) in [("north", 8_u32), ("south", 7)] {
    ///     let seller = on::<&str>().call(move |_| Ok::<u32, ventix::BoxError>(price));
    ///     linker.subscribe(seller.named(name))?;
    /// }
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let prices = emitter.request::<_, u32>("tea").all().await;
    /// let cheapest = prices.by_handler().min_by_key(|(_, price)| *price);
    /// assert_eq!(cheapest.and_then(|(handler, _)| handler.name()), Some("south"));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn by_handler(&self) -> impl ExactSizeIterator<Item = (&HandlerRef, &R)> {
        self.replies.iter().map(|(handler, reply)| (handler, reply))
    }

    /// Returns who has not replied, and why.
    ///
    /// How success and failure callbacks of the subscriptions fared is not told here.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let replies = emitter.request::<_, u32>("no number").all().await;
    /// let error = replies.silent()[0].why().error().ok_or("it has failed")?;
    /// assert!(error.is::<std::num::ParseIntError>());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn silent(&self) -> &[Silent] {
        &self.silent
    }

    /// Returns whether the limit was reached before all handlers had ended. Those that
    /// had not are [open](Silence::Open).
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
    /// linker.subscribe(on::<&str>().call_async(|_| std::future::pending::<()>()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let replies = emitter.request::<_, u32>("42").within(Duration::from_secs(1)).all().await;
    /// assert!(replies.is_timed_out());
    /// assert_eq!(replies.iter().collect::<Vec<_>>(), [&42]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_timed_out(&self) -> bool {
        let is_open = |silent: &Silent| matches!(silent.why(), Silence::Open);
        self.silent.iter().any(is_open)
    }

    /// Returns what `emit` would have returned: who matched, and whether the request
    /// was refused as a whole.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Reason, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// assert!(emitter.drain(Duration::ZERO).await.is_complete());
    /// let replies = emitter.request::<_, u32>("42").all().await;
    /// assert_eq!(replies.receipt().refusal(), Some(&Reason::ShuttingDown));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }
}

impl<R> IntoIterator for Replies<R> {
    type Item = R;
    type IntoIter = std::vec::IntoIter<R>;

    fn into_iter(self) -> Self::IntoIter {
        let replies = self.replies.into_iter().map(|(_, reply)| reply);
        replies.collect::<Vec<_>>().into_iter()
    }
}
