use super::any::AnyEvent;

/// What a subscription to a topic can take: any event type, or [`AnyEvent`] for
/// all of them. Sealed.
///
/// # Examples
///
/// ```
/// use ventix::{on_topic, AnyEvent};
///
/// let typed = on_topic::<String>("audit.>").call(|line| println!("{line}"));
/// let any = on_topic::<AnyEvent>("audit.>").call(|any| println!("{}", any.name()));
/// ```
///
/// A type that is never emitted, for it has no size, would never match:
///
/// ```compile_fail,E0277
/// ventix::on_topic::<str>("audit.>").call(|line| println!("{line}"));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is never emitted on a topic",
    note = "name a sized type that is `Send + Sync + 'static`, or `AnyEvent`"
)]
pub trait Payload: sealed::Sealed + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<E: Send + Sync + 'static> Payload for E {}

impl Payload for AnyEvent {}

mod sealed {
    use super::AnyEvent;

    pub trait Sealed {}

    impl<E> Sealed for E {}

    impl Sealed for AnyEvent {}
}
