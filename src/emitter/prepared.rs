use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use actix::clock::Instant;

use crate::event::{Attributes, EmissionId, IntoTopic};
use crate::outcome::{Receipt, Report};

use super::emitter::Emitter;
use super::message::Emit;
use super::request::Request;

/// An event that is about to be emitted, with what it carries. Made by
/// [`Emitter::prepare`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ventix::{on_topic, Emitter, Linker, Strategy};
///
/// struct Order { id: u64 }
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on_topic::<Order>("orders.*").call(|order| println!("{}", order.id)))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
///
/// let receipt = emitter
///     .prepare(Order { id: 1 })
///     .topic("orders.created")
///     .key("customer-7")
///     .header("tenant", "acme")
///     .expires_in(Duration::from_secs(30))
///     .emit();
/// assert_eq!(receipt.accepted(), 1);
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[must_use = "nothing is emitted until it is emitted, scheduled or made a request"]
pub struct Prepared<'a, E> {
    pub(super) emitter: &'a Emitter,
    pub(super) emit: Emit<E>,
}

impl<'a, E: Send + Sync + 'static> Prepared<'a, E> {
    /// What it says of itself, for one that was carried here and knows more.
    pub(crate) fn attributes(&mut self) -> &mut Attributes {
        self.emit.attributes()
    }

    /// Keeps it from workers until a time, which outlives this program: for
    /// [remote](crate::Strategy::remote) strategies. Any other one refuses it, with
    /// [`Reason::NotRemote`](crate::Reason::NotRemote).
    ///
    /// The delay that is left when it is published is what the engine keeps, by its own
    /// clock.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use ventix::remote::{Memory, Remote};
    /// use ventix::{on, Emitter, Linker, Reason, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u32>().call(|n| println!("{n}")))?;
    /// let tomorrow = SystemTime::now() + Duration::from_secs(24 * 60 * 60);
    ///
    /// let remote = Remote::start(Memory::new())?;
    /// remote.register::<u32>("reminder", 1)?;
    /// let emitter = Emitter::start(&linker, Strategy::remote(&remote));
    /// assert!(emitter.prepare(7_u32).not_before(tomorrow).emit().is_queued());
    ///
    /// let here = Emitter::start(&linker, Strategy::inline());
    /// let receipt = here.prepare(7_u32).not_before(tomorrow).emit();
    /// assert_eq!(receipt.refusal(), Some(&Reason::NotRemote));
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn not_before(mut self, time: SystemTime) -> Self {
        self.emit.attributes().not_before = Some(time);
        self
    }

    pub(super) fn new(emitter: &'a Emitter, emit: Emit<E>) -> Self {
        Self { emitter, emit }
    }

    /// Puts the event on a topic: it is for the subscribers of the topic, of
    /// matching patterns and of everything, and not for those of its type.
    ///
    /// Text that is no topic refuses the emission with
    /// [`Reason::InvalidTopic`](crate::Reason::InvalidTopic).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, on_topic, Emitter, Linker, Strategy, Topic};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u64>().call(|_| ()))?;
    /// let created = linker.subscribe(on_topic::<u64>("orders.created").call(|_| ()))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    ///
    /// // Made once, and checked once.
    /// let topic = Topic::new("orders.created")?;
    /// let report = emitter.prepare(7_u64).topic(&topic).emit_and_wait().await;
    /// assert!(report.iter().map(|ended| ended.subscription()).eq([created.id()]));
    /// assert!(emitter.prepare(7_u64).topic("orders..created").emit().refusal().is_some());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn topic(mut self, topic: impl IntoTopic) -> Self {
        self.emit.topic = topic.into_topic().map(Some);
        self
    }

    /// Sets the key: emissions of one key belong together.
    ///
    /// # Examples
    ///
    /// What happened to one customer, by the key of the customer:
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(move |news| {
    ///     tell.send((news.metadata().key().map(str::to_owned), **news))
    /// }))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// emitter.prepare("signed up").key("customer-7").emit();
    /// emitter.prepare("signed up").key("customer-8").emit();
    /// emitter.prepare("moved").key("customer-7").emit();
    /// let of_7 = told.try_iter().filter(|(key, _)| key.as_deref() == Some("customer-7"));
    /// assert!(of_7.map(|(_, news)| news).eq(["signed up", "moved"]));
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn key(mut self, key: impl Into<Arc<str>>) -> Self {
        self.emit.attributes().key = Some(key.into());
        self
    }

    /// Sets the id that all emissions of one piece of work share. By default
    /// that of the cause, or else the emission's own.
    ///
    /// # Examples
    ///
    /// Everything that follows from a request carries its id:
    ///
    /// ```
    /// # use ventix::{on, EmissionId, Emitter, Linker, Strategy};
    /// # struct OrderPlaced;
    /// # struct InvoiceSent;
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::start();
    /// linker.subscribe(on::<OrderPlaced>().call(|order| {
    ///     order.emitter().emit(InvoiceSent);
    /// }))?;
    /// linker.subscribe(on::<InvoiceSent>().call(move |it| tell.send(it.metadata().correlation())))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let request: EmissionId = "01890a5d-ac96-774b-bcce-b302099a8057".parse()?;
    /// emitter.prepare(OrderPlaced).correlation(request).emit();
    /// assert_eq!(told.try_recv()?, request);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn correlation(mut self, id: EmissionId) -> Self {
        self.emit.attributes().correlation = Some(id);
        self
    }

    /// Sets when the work is not wanted any more. An emission that
    /// has not been run by then is refused with
    /// [`Reason::Expired`](crate::Reason::Expired). What an actor has in its mailbox
    /// by then is handled: it can read the deadline. By default that of the cause,
    /// which it can only bring forward.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Reason, Strategy};
    /// # use std::time::Duration;
    /// # use actix::clock::Instant;
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let now = Instant::now();
    /// assert!(emitter.prepare(1_u8).deadline(now + Duration::from_secs(60)).emit().is_complete());
    /// let too_late = emitter.prepare(1_u8).deadline(now).emit();
    /// assert_eq!(too_late.refusal(), Some(&Reason::Expired));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn deadline(mut self, deadline: Instant) -> Self {
        self.emit.attributes().deadline = Some(deadline);
        self
    }

    /// Sets the deadline to a time from now. A time too long for the clock to count,
    /// such as [`Duration::MAX`], sets none.
    ///
    /// # Examples
    ///
    /// What waits for a busy arbiter for too long is not run any more:
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Outcome, Reason, Strategy};
    /// # use std::time::Duration;
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let waiting = emitter.prepare(1_u8).expires_in(Duration::from_secs(1)).emit_and_wait();
    /// let two_seconds_of_work = tokio::time::advance(Duration::from_secs(2));
    /// let (report, ()) = futures::join!(waiting, two_seconds_of_work);
    /// assert_eq!(report.receipt().accepted(), 1);
    /// assert!(matches!(report.outcomes().next(), Some(Outcome::Refused(Reason::Expired))));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn expires_in(self, time: Duration) -> Self {
        match Instant::now().checked_add(time) {
            Some(deadline) => self.deadline(deadline),
            None => self,
        }
    }

    /// Adds a free-form header, or replaces the one of that name.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, BoxError, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|n| {
    ///     let tenant = n.metadata().headers().get("tenant").ok_or("whose is it?")?;
    ///     Ok::<_, BoxError>(tenant.to_owned())
    /// }))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let report = emitter.prepare(1_u8).header("tenant", "acme").emit_and_wait().await;
    /// assert_eq!(report.replies::<String>().next().unwrap(), "acme");
    /// assert!(!emitter.emit_and_wait(1_u8).await.all_handled());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn header(mut self, name: impl Into<Box<str>>, value: impl Into<Box<str>>) -> Self {
        self.emit.attributes().headers.set(name, value);
        self
    }

    /// Emits it. See [`Emitter::emit`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on_topic, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on_topic::<u64>("orders.*").call(|order| println!("{}", **order)))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let receipt = emitter.prepare(7_u64).topic("orders.created").emit();
    /// assert_eq!(receipt.accepted(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn emit(self) -> Receipt {
        self.emitter.launch(self.emit)
    }

    /// Emits it after waiting for room. See [`Emitter::emit_when_ready`].
    ///
    /// # Cancel safety
    ///
    /// As for [`Emitter::emit_when_ready`].
    ///
    /// # Examples
    ///
    /// A deadline bounds the waiting as well:
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Overflow, Reason, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call_async(|_| std::future::pending::<()>()))?;
    /// let wait = Overflow::Wait(Duration::from_secs(60));
    /// let emitter = Emitter::start(&linker, Strategy::current().in_order().bounded(1, wait));
    /// assert!(emitter.emit_when_ready(1_u8).await.is_complete()); // it never ends
    /// assert!(emitter.emit_when_ready(2_u8).await.is_complete()); // it waits
    /// let third = emitter.prepare(3_u8).expires_in(Duration::from_secs(1)).emit_when_ready();
    /// assert_eq!(third.await.refusal(), Some(&Reason::Expired));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub async fn emit_when_ready(self) -> Receipt {
        self.emitter.launch_when_ready(self.emit).await
    }

    /// Emits it and waits for every outcome. See [`Emitter::emit_and_wait`].
    ///
    /// # Cancel safety
    ///
    /// As for [`Emitter::emit_and_wait`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on_topic, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on_topic::<&str>("numbers").call(|text| text.parse::<u32>()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let report = emitter.prepare("42").topic("numbers").emit_and_wait().await;
    /// assert_eq!(report.replies::<u32>().next(), Some(&42));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub async fn emit_and_wait(self) -> Report {
        self.emitter.launch_and_wait(self.emit).await
    }

    /// Makes it a question, for the replies of its handlers that are an `R`. See
    /// [`request`](crate::emitter::request).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on_topic, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on_topic::<&str>("numbers").call(|text| text.parse::<u32>()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// assert_eq!(emitter.prepare("42").topic("numbers").request::<u32>().await?, 42);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn request<R: Send + 'static>(self) -> Request<'a, E, R> {
        Request::new(self.emitter, self.emit)
    }

    /// Makes it a message for [`Emitter::addr`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on_topic, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on_topic::<u8>("bytes").call(|_| ()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let message = emitter.prepare(1_u8).topic("bytes").into_message();
    /// assert_eq!(emitter.addr().send(message).await?.accepted(), 1);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn into_message(self) -> Emit<E> {
        self.emit.caused_by(self.emitter.parent())
    }
}

impl<E> fmt::Debug for Prepared<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Prepared").field(&self.emit).finish()
    }
}
