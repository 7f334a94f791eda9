use std::sync::{Arc, Weak};
use std::time::SystemTime;

use actix::clock::Instant;
use tracing::Span;

use super::attributes::{Attributes, Cause};
use super::event_type::EventType;
use super::handler_ref::HandlerRef;
use super::headers::Headers;
use super::id::EmissionId;
use super::topic::Topic;
use super::trace_context::TraceContext;

/// What an emission says about itself: the same for all its handlers.
///
/// # Examples
///
/// ```
/// # use ventix::{on_topic, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on_topic::<u64>("orders.*").call(|order| {
///     let about = order.metadata();
///     assert_eq!(about.name(), "orders.created");
///     assert_eq!(about.key(), Some("customer-7"));
///     assert_eq!(about.headers().get("tenant"), Some("acme"));
///     assert_eq!(about.correlation(), about.id());
///     assert_eq!(about.causation(), None);
/// }))?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// let report = emitter
///     .prepare(1_u64)
///     .topic("orders.created")
///     .key("customer-7")
///     .header("tenant", "acme")
///     .emit_and_wait()
///     .await;
/// assert!(report.all_handled());
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Metadata {
    id: EmissionId,
    event: EventType,
    attributes: Option<Box<Attributes>>,
}

impl Metadata {
    pub(crate) fn new(
        id: EmissionId,
        event: EventType,
        topic: Option<Topic>,
        mut attributes: Option<Box<Attributes>>,
    ) -> Self {
        if topic.is_some() {
            attributes.get_or_insert_default().topic = topic;
        }
        Self {
            id,
            event,
            attributes,
        }
    }

    /// Of an event and nothing else.
    #[inline(always)]
    pub(crate) fn of<E: 'static>(id: EmissionId) -> Self {
        Self {
            id,
            event: EventType::of::<E>(),
            attributes: None,
        }
    }

    /// Returns the emission's id.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, BoxError, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|n| Ok::<_, BoxError>(n.metadata().id())))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let report = emitter.emit_and_wait(1_u8).await;
    /// // The handler knows the emission by the same id as the one that emits.
    /// assert_eq!(report.replies().next(), Some(&report.receipt().id()));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn id(&self) -> EmissionId {
        self.id
    }

    /// Returns the event's name for people: the topic, or else the name of the
    /// event's type.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on_any, BoxError, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on_any().call(|any| Ok::<_, BoxError>(any.metadata().name().to_owned())))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    ///
    /// let report = emitter.emit_and_wait(1_u8).await;
    /// assert_eq!(report.replies::<String>().next().unwrap(), "u8");
    /// let report = emitter.prepare(1_u8).topic("bytes.in").emit_and_wait().await;
    /// assert_eq!(report.replies::<String>().next().unwrap(), "bytes.in");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        match self.topic() {
            Some(topic) => topic.as_str(),
            None => self.event.name(),
        }
    }

    /// Returns the type of the event.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on_any, BoxError, Emitter, EventType, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on_any().call(|any| Ok::<_, BoxError>(any.metadata().event_type())))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let report = emitter.emit_and_wait(1_u8).await;
    /// // What was emitted, not the `AnyEvent` that the handler takes.
    /// assert_eq!(report.replies().next(), Some(&EventType::of::<u8>()));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn event_type(&self) -> EventType {
        self.event
    }

    /// Returns the topic, if the event was emitted on one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on_topic, BoxError, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on_topic::<u8>("readings.*").or_event().call(|reading| {
    ///     let room = reading.metadata().topic().and_then(|topic| topic.parts().nth(1));
    ///     Ok::<_, BoxError>(room.map(str::to_owned))
    /// }))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    ///
    /// let report = emitter.prepare(21_u8).topic("readings.kitchen").emit_and_wait().await;
    /// assert_eq!(report.replies::<Option<String>>().next(), Some(&Some("kitchen".into())));
    /// let report = emitter.emit_and_wait(21_u8).await;
    /// assert_eq!(report.replies::<Option<String>>().next(), Some(&None));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn topic(&self) -> Option<&Topic> {
        self.attributes.as_ref()?.topic.as_ref()
    }

    /// Returns the wall-clock time of the emission, in whole milliseconds. On
    /// Linux it is that of the kernel's last tick, 1 to 10 ms ago.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # use std::time::Duration;
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|n| n.metadata().time().elapsed()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let report = emitter.emit_and_wait(1_u8).await;
    /// let waited = report.replies::<Duration>().next().expect("the clock has not stepped back");
    /// assert!(*waited < Duration::from_secs(60));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn time(&self) -> SystemTime {
        self.id.time()
    }

    /// Returns the key: emissions of one key belong together.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, BoxError, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|news| {
    ///     let who = news.metadata().key().unwrap_or("somebody");
    ///     Ok::<_, BoxError>(format!("{who} {}", **news))
    /// }))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let report = emitter.prepare("has moved").key("customer-7").emit_and_wait().await;
    /// assert_eq!(report.replies::<String>().next().unwrap(), "customer-7 has moved");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.attributes.as_ref()?.key.as_deref()
    }

    /// Returns the id that all emissions of one piece of work share: what
    /// [`Prepared::correlation`](crate::Prepared::correlation) set, or what the cause
    /// had, or else the emission's own id.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, BoxError, EmissionId, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|n| Ok::<_, BoxError>(n.metadata().correlation())))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    ///
    /// let request = EmissionId::from_u128(7);
    /// let report = emitter.prepare(1_u8).correlation(request).emit_and_wait().await;
    /// assert_eq!(report.replies().next(), Some(&request));
    /// let report = emitter.emit_and_wait(1_u8).await;
    /// assert_eq!(report.replies().next(), Some(&report.receipt().id()));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn correlation(&self) -> EmissionId {
        let set = self.attributes.as_ref().and_then(|a| a.correlation);
        set.unwrap_or(self.id)
    }

    /// Returns the id of the emission whose handler made this one through
    /// [`Delivery::emitter`](crate::Delivery::emitter).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # struct OrderPlaced;
    /// # struct InvoiceSent;
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::start();
    /// linker.subscribe(on::<OrderPlaced>().call(|order| {
    ///     order.emitter().emit(InvoiceSent);
    /// }))?;
    /// linker.subscribe(on::<InvoiceSent>().call(move |it| tell.send(it.metadata().causation())))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let order = emitter.emit(OrderPlaced);
    /// assert_eq!(told.try_recv()?, Some(order.id()));
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn causation(&self) -> Option<EmissionId> {
        self.attributes.as_ref()?.causation
    }

    /// Returns the time after which nobody wants the work done any more.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, BoxError, Emitter, Linker, Strategy};
    /// # use std::time::Duration;
    /// # use actix::clock::Instant;
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|n| {
    ///     let left = n.metadata().deadline().map(|at| at.saturating_duration_since(Instant::now()));
    ///     Ok::<_, BoxError>(left.unwrap_or(Duration::MAX))
    /// }))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let minute = Duration::from_secs(60);
    /// let report = emitter.prepare(1_u8).expires_in(minute).emit_and_wait().await;
    /// assert!(*report.replies::<Duration>().next().unwrap() <= minute);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.attributes.as_ref()?.deadline
    }

    /// Returns the time before which no worker is to get it:
    /// [`Prepared::not_before`](crate::Prepared::not_before).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, BoxError, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|n| Ok::<_, BoxError>(n.metadata().not_before())))?;
    /// let report = Emitter::start(&linker, Strategy::inline()).emit_and_wait(1_u8).await;
    /// assert_eq!(report.replies().next(), Some(&None::<std::time::SystemTime>), "it did not go out");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn not_before(&self) -> Option<SystemTime> {
        self.attributes.as_ref()?.not_before
    }

    /// Whether a handler is done with it: an emission that was carried here says so of those
    /// that need not run again.
    pub(crate) fn is_done_by(&self, handler: &HandlerRef) -> bool {
        let done = self.attributes.as_ref().and_then(|a| a.done.as_deref());
        done.is_some_and(|done| done.contains(&handler.label()))
    }

    /// Whether it says of any handler that it is done.
    #[inline]
    pub(crate) fn is_done_by_some(&self) -> bool {
        self.attributes.as_ref().is_some_and(|a| a.done.is_some())
    }

    /// Returns the free-form headers.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, BoxError, Emitter, Headers, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|n| Ok::<_, BoxError>(n.metadata().headers().clone())))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    ///
    /// let report = emitter.prepare(1_u8).header("tenant", "acme").emit_and_wait().await;
    /// assert_eq!(report.replies::<Headers>().next().unwrap().get("tenant"), Some("acme"));
    /// let report = emitter.emit_and_wait(1_u8).await;
    /// assert!(report.replies::<Headers>().next().unwrap().is_empty());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn headers(&self) -> &Headers {
        match &self.attributes {
            Some(attributes) => &attributes.headers,
            None => Headers::EMPTY,
        }
    }

    /// Returns where the emission stands in a distributed trace: what its headers
    /// `traceparent` and `tracestate` say, if that can be read.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, BoxError, Emitter, Linker, Strategy, TraceContext};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|n| Ok::<_, BoxError>(n.metadata().trace_context())))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let request = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    /// let report = emitter.prepare(1_u8).header("traceparent", request).emit_and_wait().await;
    /// assert_eq!(report.replies().next(), Some(&TraceContext::parse(request)));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn trace_context(&self) -> Option<TraceContext> {
        TraceContext::of(self.headers())
    }

    /// What the one that makes it may still change.
    pub(crate) fn attributes_mut(&mut self) -> &mut Attributes {
        self.attributes.get_or_insert_default()
    }

    /// The headers of the emission whose handler made it.
    pub(crate) fn cause_headers(&self) -> &Headers {
        match &self.attributes {
            Some(attributes) => &attributes.cause_headers,
            None => Headers::EMPTY,
        }
    }

    /// Whether a correlation was given to it, or handed down.
    pub(crate) fn is_correlated(&self) -> bool {
        let attributes = self.attributes.as_ref();
        attributes.is_some_and(|a| a.correlation.is_some())
    }

    /// Whether a layer made it, directly or not: it passes by all of them.
    pub(crate) fn passes_layers(&self) -> bool {
        self.attributes.as_ref().is_some_and(|a| a.passes_layers)
    }

    /// Whether its deadline has passed.
    pub(crate) fn is_expired(&self) -> bool {
        let deadline = self.deadline();
        deadline.is_some_and(|deadline| deadline <= Instant::now())
    }

    /// The handlers that led to it, the latest last.
    pub(crate) fn path(&self) -> &[HandlerRef] {
        let path = self.attributes.as_ref().and_then(|a| a.path.as_deref());
        path.unwrap_or_default()
    }

    /// Whether a handler of notices made it, directly or not: what becomes of it
    /// makes no further notices.
    pub(crate) fn is_about_notices(&self) -> bool {
        self.attributes.as_ref().is_some_and(|a| a.is_about_notices)
    }

    /// The span of the delivery whose handler made it, while that runs.
    pub(crate) fn follows(&self) -> Option<Arc<Span>> {
        self.attributes.as_ref()?.follows.upgrade()
    }

    /// What is handed down to an emission that `handler` makes.
    pub(crate) fn as_cause(&self, handler: HandlerRef, is_notice: bool) -> Cause {
        Cause {
            is_about_notices: is_notice || self.is_about_notices(),
            passes_layers: self.passes_layers(),
            headers: self.headers().clone(),
            path: HandlerRef::extend(self.path(), handler),
            id: self.id,
            correlation: self.correlation(),
            deadline: self.deadline(),
            trace: self.trace_context().map(|trace| trace.child_of(self.id)),
            span: Weak::new(),
        }
    }
}
