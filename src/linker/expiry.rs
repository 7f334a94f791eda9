use std::pin::pin;
use std::sync::Arc;

use actix::clock::{Instant, sleep_until};
use futures::channel::oneshot;
use futures::future::{Either, select};

use crate::debug::debug_line;
use crate::event::SubscriptionId;

use super::shared::Core;

/// Unlinks a subscription when its time is over. Has nothing to do any more once what it
/// returns is dropped.
pub(super) fn expire(until: Instant, id: SubscriptionId, linker: &Core) -> oneshot::Sender<()> {
    let (needed, needless) = oneshot::channel();
    let (registry, debug) = (Arc::downgrade(&linker.registry), linker.debug.clone());
    linker.home.spawn(async move {
        if let Either::Right(_) = select(pin!(sleep_until(until)), needless).await {
            return;
        }
        if registry
            .upgrade()
            .is_some_and(|registry| registry.remove(id))
        {
            let linker = &debug.name;
            debug_line!(debug, %linker, subscription = %id, "unsubscribed: its time is over");
        }
    });
    needed
}
