use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use actix::clock::Instant;
use futures::future::BoxFuture;
use futures::stream::{self, Stream, StreamExt};

use crate::event::EventType;

use super::super::emitter::Emitter;
use super::super::message::Emit;
use super::arrivals::{Arrivals, Arrived};
use super::error::RequestError;
use super::replies::Replies;

/// A question that is about to be asked, for replies of type `R`. Made by
/// [`Emitter::request`] and [`Prepared::request`](crate::Prepared::request); see the
/// [module's page](crate::emitter::request).
///
/// Awaited, it is its [first](Self::first) reply.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ventix::{on, Emitter, Linker, Strategy};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
/// let number: u32 = emitter.request("42").within(Duration::from_secs(1)).await?;
/// assert_eq!(number, 42);
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[must_use = "nothing is asked until it is awaited"]
pub struct Request<'a, E, R> {
    emitter: &'a Emitter,
    emit: Emit<E>,
    reply: PhantomData<fn() -> R>,
}

impl<'a, E, R> Request<'a, E, R>
where
    E: Send + Sync + 'static,
    R: Send + 'static,
{
    pub(in crate::emitter) fn new(emitter: &'a Emitter, emit: Emit<E>) -> Self {
        let reply = PhantomData;
        Self {
            emitter,
            emit,
            reply,
        }
    }

    /// Sets until when replies are waited for: the emission's
    /// [deadline](crate::Prepared::deadline) as well. Of several limits, the earliest
    /// counts.
    ///
    /// # Examples
    ///
    /// One limit for two questions:
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use actix::clock::Instant;
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let limit = Instant::now() + Duration::from_secs(5);
    /// let first: u32 = emitter.request("40").until(limit).await?;
    /// let second: u32 = emitter.request("2").until(limit).await?;
    /// assert_eq!(first + second, 42);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn until(mut self, limit: Instant) -> Self {
        let deadline = &mut self.emit.attributes().deadline;
        *deadline = Some(deadline.map_or(limit, |other| other.min(limit)));
        self
    }

    /// Sets how long from now replies are waited for, as [`until`](Self::until). A time
    /// too long for the clock to count, such as [`Duration::MAX`], sets no limit.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, RequestError, Silence, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call_async(|_| std::future::pending::<()>()).named("stuck"))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let asked = emitter.request::<_, u32>("42").within(Duration::from_secs(5)).await;
    /// let error = asked.unwrap_err();
    /// assert_eq!(error.to_string(), "no reply in time: #1 (stuck) has not ended");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn within(self, time: Duration) -> Self {
        match Instant::now().checked_add(time) {
            Some(limit) => self.until(limit),
            None => self,
        }
    }

    /// Asks, and waits for the first reply that is an `R`: it is there as soon as that
    /// handler has replied, whatever the others do.
    ///
    /// # Errors
    ///
    /// - [`RequestError::Unheard`] when nobody listens.
    /// - [`RequestError::Refused`] when the request was refused as a whole.
    /// - [`RequestError::NoReply`] when all handlers have ended without such a reply.
    /// - [`RequestError::TimedOut`] when the limit came first.
    ///
    /// # Cancel safety
    ///
    /// Nothing is emitted before the future is polled, or while it waits for room.
    /// When it is dropped later, the handlers run on, and what they reply is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call_async(|_| std::future::pending::<()>()))?;
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let number: u32 = emitter.request("42").first().await?; // the first handler never ends
    /// assert_eq!(number, 42);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub async fn first(self) -> Result<R, RequestError> {
        let mut arrivals = self.ask().await;
        match arrivals.next().await {
            Some(Arrived { value, .. }) => Ok(value),
            None => Err(arrivals.into_error(EventType::of::<R>())),
        }
    }

    /// Asks, and waits until all handlers have ended, or the limit is reached.
    ///
    /// # Cancel safety
    ///
    /// As for [`first`](Self::first). What has been replied by then is dropped too: set a
    /// limit to get it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
    /// linker.subscribe(on::<&str>().call(|text| text.strip_suffix("!").ok_or("calm").map(str::len)))?;
    /// linker.subscribe(on::<&str>().call(|text| text.trim().parse::<u32>()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let replies = emitter.request::<_, u32>(" 42").all().await;
    /// assert_eq!(replies.iter().collect::<Vec<_>>(), [&42]);
    /// let why: Vec<_> = replies.silent().iter().map(ToString::to_string).collect();
    /// assert_eq!(why, ["#1 failed: invalid digit found in string", "#2 failed: calm"]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub async fn all(self) -> Replies<R> {
        let mut arrivals = self.ask().await;
        let mut replies = Vec::new();
        while let Some(arrived) = arrivals.next().await {
            replies.push(arrived);
        }
        replies.sort_by_key(|arrived: &Arrived<R>| arrived.position);
        let replies = replies.into_iter().map(|it| (it.handler, it.value));
        let receipt = arrivals.receipt.clone();
        Replies::new(receipt, replies.collect(), arrivals.into_silent())
    }

    /// Asks, and returns the replies in the order in which they come, until all
    /// handlers have ended or the limit is reached.
    ///
    /// Nothing is emitted before the stream is polled. Dropped, it cancels nothing: the
    /// handlers run on. Who has not replied is not told here.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::StreamExt;
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// for price in [9_u32, 5, 7] {
    ///     linker.subscribe(on::<&str>().call(move |_| Ok::<_, ventix::BoxError>(price)))?;
    /// }
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let mut prices = emitter.request::<_, u32>("tea").replies();
    /// let mut seen = Vec::new();
    /// while let Some(price) = prices.next().await {
    ///     seen.push(price);
    ///     if price < 6 {
    ///         break; // good enough
    ///     }
    /// }
    /// assert_eq!(seen, [9, 5]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn replies(self) -> impl Stream<Item = R> + Send + Unpin + use<'a, E, R> {
        let each = |arrivals: Arrivals| {
            stream::unfold(arrivals, async |mut arrivals| {
                let arrived = arrivals.next().await?;
                Some((arrived.value, arrivals))
            })
        };
        stream::once(self.ask()).flat_map(each).boxed()
    }

    async fn ask(self) -> Arrivals {
        self.emitter.launch_for_each(self.emit).await
    }
}

impl<'a, E, R> IntoFuture for Request<'a, E, R>
where
    E: Send + Sync + 'static,
    R: Send + 'static,
{
    type Output = Result<R, RequestError>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    /// Asks for the [first](Request::first) reply.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.first())
    }
}

impl<E, R> fmt::Debug for Request<'_, E, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Request").field(&self.emit).finish()
    }
}
