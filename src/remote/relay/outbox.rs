use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tokio::sync::mpsc::UnboundedSender;

use crate::emitter::Parcel;

use super::counts::RelayCounts;

/// Where parcels are put. Each emitter bounds its own: a parcel holds its place there.
#[derive(Debug)]
pub(in crate::remote) struct Outbox {
    pub(super) parcels: UnboundedSender<Parcel>,
    pub(super) counts: Arc<RelayCounts>,
}

impl Outbox {
    pub(in crate::remote) fn put(&self, parcel: Parcel) {
        self.counts.queued.fetch_add(1, Relaxed);
        // If the relay has ended with its arbiter, the parcel is dropped, and says so.
        let _ = self.parcels.send(parcel);
    }
}
