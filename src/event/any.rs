use std::any::Any;

/// An event whose type is known only at run time.
///
/// It is the payload of what an [`on_any`](crate::on_any) handler gets:
/// `Delivery<AnyEvent>` dereferences to it, so a handler asks for the type it
/// knows with [`downcast_ref`](trait@Any#method.downcast_ref).
///
/// # Examples
///
/// ```
/// # use ventix::{on_any, AnyEvent, BoxError, Delivery, Emitter, Linker, Strategy};
/// struct OrderPlaced { id: u64 }
///
/// fn audit(event: &Delivery<AnyEvent>) -> Result<Option<u64>, BoxError> {
///     Ok(event.downcast_ref::<OrderPlaced>().map(|order| order.id))
/// }
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on_any().call(audit))?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// let report = emitter.emit_and_wait(OrderPlaced { id: 7 }).await;
/// assert_eq!(report.replies::<Option<u64>>().next(), Some(&Some(7)));
/// let report = emitter.emit_and_wait("no order").await;
/// assert_eq!(report.replies::<Option<u64>>().next(), Some(&None));
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
pub type AnyEvent = dyn Any + Send + Sync;

/// A value that a handler produced. It moves between threads, but only one
/// place at a time looks at it, so it need not be `Sync`.
pub(crate) type AnyValue = dyn Any + Send;
