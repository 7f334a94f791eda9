use super::parcel::Parcel;

/// The one of several actors that a delivery was sent to, when the bus has made
/// it and can make another.
pub(crate) trait Instance<E: ?Sized + 'static>: Send + Sync {
    /// Whether its mailbox is still there.
    fn is_connected(&self) -> bool;

    /// Takes a delivery back that was dropped unread, with its mailbox.
    fn take_back(&self, parcel: Parcel<E>);

    /// It panicked over a delivery.
    fn panicked(&self);
}
