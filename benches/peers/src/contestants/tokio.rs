//! tokio's channels.

use std::hint::black_box;

use ::tokio::sync::{broadcast, mpsc, oneshot};

use super::bursts::{Audience, BURST, each, one_by_one};
use crate::contest::Contestant;
use crate::event::Event;

/// The name of [`broadcast()`].
pub const BROADCAST: &str = "tokio broadcast";
/// The name of [`mpsc()`].
pub const MPSC: &str = "tokio mpsc";

/// As many as a lane of ventix has room for.
const CAPACITY: usize = 1_024;

/// One channel that every subscriber receives from.
pub async fn broadcast(audience: Audience) -> Contestant {
    let send = start_broadcast(&audience).await;
    let emit = each(move |event| {
        let sent = send.send(event);
        sent.expect("somebody receives");
    });
    audience.bursts(BROADCAST, BURST, emit)
}

/// Starts the tasks that receive from one channel.
pub async fn start_broadcast(audience: &Audience) -> broadcast::Sender<Event> {
    let (send, _) = broadcast::channel::<Event>(CAPACITY);
    for _ in 0..audience.handlers {
        let left = audience.left.clone();
        let mut receive = send.subscribe();
        let start = || async {
            ::tokio::spawn(async move {
                while let Ok(event) = receive.recv().await {
                    left.handle(&event);
                }
            });
        };
        audience.place.make(start).await;
    }
    send
}

/// A channel for every subscriber.
pub async fn mpsc(audience: Audience) -> Contestant {
    let mut senders = Vec::new();
    for _ in 0..audience.handlers {
        senders.push(start_mpsc(&audience).await);
    }
    let emit = each(move |event| {
        for send in &senders {
            let sent = send.try_send(event.clone());
            sent.expect("there is room");
        }
    });
    audience.bursts(MPSC, BURST, emit)
}

/// Starts a task that receives from a channel.
pub async fn start_mpsc(audience: &Audience) -> mpsc::Sender<Event> {
    let (send, mut receive) = mpsc::channel::<Event>(CAPACITY);
    let left = audience.left.clone();
    let start = || async {
        ::tokio::spawn(async move {
            while let Some(event) = receive.recv().await {
                left.handle(&event);
            }
        });
    };
    audience.place.make(start).await;
    send
}

/// Questions by mpsc, with a oneshot for the answer.
pub async fn ask(audience: Audience) -> Contestant {
    let (send, mut receive) = mpsc::channel::<(Event, oneshot::Sender<u64>)>(CAPACITY);
    let left = audience.left.clone();
    ::tokio::spawn(async move {
        while let Some((event, reply)) = receive.recv().await {
            left.handle(&event);
            let _ = reply.send(black_box(1));
        }
    });
    one_by_one("tokio mpsc and oneshot", audience.left, move |event| {
        let send = send.clone();
        async move {
            let (reply, replied) = oneshot::channel();
            send.try_send((event, reply)).expect("there is room");
            replied.await.expect("it is answered");
        }
    })
}
