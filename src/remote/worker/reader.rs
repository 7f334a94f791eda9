//! What a worker does all the time: lease what it has room for, and have it worked on.

use std::num::NonZeroUsize;
use std::sync::Arc;

use actix::clock::sleep;

use crate::remote::backend::Source;
use crate::remote::error::{BackendError, ConsumeError};
use crate::remote::pause::Pause;

use super::run::{Desk, Phase, Place};

/// Reads until the worker is drained, or its backend closed.
pub(super) async fn read(desk: Arc<Desk>) {
    let mut pause = Pause::default();
    while *desk.phase.borrow() < Phase::Draining {
        let source = tokio::select! {
            biased;
            () = desk.reached(Phase::Draining) => return,
            source = open(&desk) => source,
        };
        match source {
            Ok(source) => {
                desk.enter(Phase::Reading);
                pause.reset();
                lease_from(&desk, source, &mut pause).await;
            }
            Err(BackendError::Closed) => return,
            Err(error) => {
                tracing::warn!(target: "ventix", group = %desk.settings.consumer.group, %error, "not reading");
                rest(&desk, &mut pause).await;
            }
        }
    }
}

async fn open(desk: &Desk) -> Result<Box<dyn Source>, BackendError> {
    let consumer = &desk.settings.consumer;
    desk.backend().ensure(&consumer.topology).await?;
    desk.backend().consume(consumer).await
}

async fn lease_from(desk: &Arc<Desk>, mut source: Box<dyn Source>, pause: &mut Pause) {
    loop {
        // The phase first: whoever gives up says so before its room is free again.
        let room = tokio::select! {
            biased;
            () = desk.reached(Phase::Draining) => break,
            room = desk.free.clone().acquire_owned() => room,
        };
        let Ok(room) = room else {
            break;
        };
        let mut room = Some(room);
        // Nobody else takes room: so it is still there when they have come.
        let free = NonZeroUsize::MIN.saturating_add(desk.free.available_permits());
        let leases = tokio::select! {
            biased;
            () = desk.reached(Phase::Draining) => break,
            leases = source.next(free) => leases,
        };
        match leases {
            Ok(leases) => {
                pause.reset();
                for lease in leases {
                    let room = room
                        .take()
                        .or_else(|| desk.free.clone().try_acquire_owned().ok());
                    let place = Place::take(desk.clone(), room);
                    actix_rt::spawn(async move { place.work(lease).await });
                }
            }
            Err(ConsumeError::Stopped) => return,
            Err(error) => {
                tracing::warn!(target: "ventix", group = %desk.settings.consumer.group, %error, "not reading");
                rest(desk, pause).await;
            }
        }
    }
    source.stop();
}

/// Pauses, unless the worker is drained meanwhile.
async fn rest(desk: &Desk, pause: &mut Pause) {
    tokio::select! {
        () = desk.reached(Phase::Draining) => {}
        () = sleep(pause.next()) => {}
    }
}
