use std::sync::{Arc, Weak};

use crate::delivery::Turn;
use crate::registry::{Aim, Bucket, Filter, Part, Record, Selector, Target, Tie, TypedPart};

use super::channel::Channel;

/// A handler that keeps deliveries until the consumer of its stream takes them.
pub(crate) struct StreamTarget<E: ?Sized + 'static> {
    channel: Arc<Channel<E>>,
    tie: Weak<Linked<E>>,
}

impl<E: ?Sized + Send + Sync + 'static> Target<E> for StreamTarget<E> {
    fn start(&self, turn: Turn<'_, E>) {
        self.channel.push(turn.into_parcel());
    }

    fn is_alive(&self) -> bool {
        !self.channel.is_closed()
    }

    fn tie(&self) -> Option<Tie> {
        let tie: Tie = self.tie.upgrade()?;
        Some(tie)
    }
}

/// Held by all that leads to the handler, and by what will.
pub(crate) struct Linked<E: ?Sized + 'static>(Arc<Channel<E>>);

impl<E: ?Sized + 'static> Linked<E> {
    pub(crate) fn new(channel: Arc<Channel<E>>) -> Arc<Self> {
        Arc::new(Self(channel))
    }
}

impl<E: ?Sized + 'static> Drop for Linked<E> {
    fn drop(&mut self) {
        self.0.unlinked();
    }
}

/// The stream's part of a subscription. Its tie holds until it has been linked.
pub(crate) struct StreamPart<E: ?Sized + 'static> {
    part: TypedPart<E>,
    tie: Arc<Linked<E>>,
}

impl<E: ?Sized + Send + Sync + 'static> StreamPart<E> {
    pub(crate) fn new(
        selectors: Vec<Selector>,
        filter: Option<Filter<E>>,
        tie: Arc<Linked<E>>,
    ) -> Self {
        let target = Arc::new(StreamTarget {
            channel: tie.0.clone(),
            tie: Arc::downgrade(&tie),
        });
        let aim = Aim { target, filter };
        let part = TypedPart { selectors, aim };
        Self { part, tie }
    }
}

impl<E: ?Sized + Send + Sync + 'static> Part for StreamPart<E> {
    fn selectors(&self) -> &[Selector] {
        self.part.selectors()
    }

    fn link(&self, bucket: &mut Bucket, record: &Arc<Record>, part: usize) {
        self.tie.0.belong_to(record);
        self.part.link(bucket, record, part);
    }
}

/// The stream may have been dropped while its handler was being linked.
impl<E: ?Sized + 'static> Drop for StreamPart<E> {
    fn drop(&mut self) {
        if self.tie.0.is_closed() {
            self.tie.0.unlink();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debug::Debug;
    use crate::event::HandlerRef;
    use crate::latency::Sampling;
    use crate::registry::{Extras, Lane, Registry};

    #[test]
    fn a_stream_that_goes_while_it_is_linked_leaves_nothing() {
        let registry = Arc::new(Registry::new(None, Sampling::default()));
        let channel: Arc<Channel<u8>> = Arc::new(Channel::new(1));
        let handler = HandlerRef {
            subscription: registry.next_id(),
            name: None,
        };
        let debug = Debug::new(None, Some(false));
        let extras = Extras {
            expects: vec![channel.clone()],
            ..Extras::default()
        };
        let (debug, home) = (Arc::new(debug), Arc::downgrade(&registry));
        let record = Arc::new(Record::new(
            handler,
            (Lane::unbounded(), extras),
            &debug,
            home,
        ));
        let selectors = vec![Selector::event::<u8>()];
        let part = StreamPart::new(selectors, None, Linked::new(channel.clone()));
        let parts: [Box<dyn Part>; 1] = [Box::new(part)];
        // It belongs to no subscription yet.
        channel.close();
        registry.link(&record, &parts).unwrap();
        assert_eq!(registry.subscription_count(), 1);
        drop(parts);
        assert_eq!(registry.subscription_count(), 0);
    }
}
