use std::sync::Arc;

use super::bucket::Bucket;
use super::goal::Aim;
use super::record::Record;
use super::selector::Selector;

/// One handler of a subscription, with the selectors that lead to it.
pub(crate) trait Part: Send {
    fn selectors(&self) -> &[Selector];
    /// Puts the handler, number `part` of its subscription, into the list of its
    /// type in a selector's bucket.
    fn link(&self, bucket: &mut Bucket, record: &Arc<Record>, part: usize);
}

/// A part that knows the type of its event.
pub(crate) struct TypedPart<E: ?Sized + 'static> {
    pub(crate) selectors: Vec<Selector>,
    pub(crate) aim: Aim<E>,
}

impl<E: ?Sized + Send + Sync + 'static> Part for TypedPart<E> {
    fn selectors(&self) -> &[Selector] {
        &self.selectors
    }

    fn link(&self, bucket: &mut Bucket, record: &Arc<Record>, part: usize) {
        bucket.link(record, part, &self.aim);
    }
}
