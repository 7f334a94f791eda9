//! actix's own broker.

use actix_broker::{Broker, SystemBroker};

use super::actix::Counter;
use super::bursts::{Audience, BURST, each};
use crate::contest::Contestant;
use crate::event::Event;

/// The name of [`broker`].
pub const BROKER: &str = "actix-broker";

/// `issue_async`, to actors that are subscribed.
pub async fn broker(audience: Audience) -> Contestant {
    let mut actors = Vec::new();
    for _ in 0..audience.handlers {
        actors.push(Counter::start_of_broker(&audience.left, &audience.place).await);
    }
    settle().await;
    let emit = each(move |event| {
        let _alive = &actors;
        issue(event);
    });
    audience.bursts(BROKER, BURST, emit)
}

/// Issues an event.
pub fn issue(event: Event) {
    Broker::<SystemBroker>::issue_async(event);
}

/// Gives actors the time to subscribe, which they do when they are first polled.
pub async fn settle() {
    actix_rt::time::sleep(std::time::Duration::from_millis(50)).await;
}
