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
/// use ventix::{AnyEvent, Delivery};
///
/// struct OrderPlaced { id: u64 }
///
/// fn audit(event: &Delivery<AnyEvent>) -> Option<u64> {
///     event.downcast_ref::<OrderPlaced>().map(|order| order.id)
/// }
/// ```
pub type AnyEvent = dyn Any + Send + Sync;

/// A value that a handler produced. It moves between threads, but only one
/// place at a time looks at it, so it need not be `Sync`.
pub(crate) type AnyValue = dyn Any + Send;
