use std::fmt;
use std::sync::Arc;

use crate::emitter::{Outlet, Parcel};
use crate::event::{AnyEvent, Metadata};
use crate::outcome::{BoxError, Described, Reason};
use crate::shield::try_run;

use super::catalogue::{Catalogue, Entry};
use super::clock;
use super::relay::{Outbox, RelayCounts, RelayStats};
use super::seal::Seal;
use super::wire::{Attributes, Codec, Envelope, EnvelopeError};

/// The emitting side: makes envelopes, and hands them to the relay.
pub(super) struct Port {
    settings: PortSettings,
    outbox: Outbox,
    counts: Arc<RelayCounts>,
}

pub(super) struct PortSettings {
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) codec: Codec,
    pub(super) seal: Seal,
    pub(super) source: String,
    pub(super) max_bytes: usize,
}

impl Port {
    pub(super) fn new(settings: PortSettings, outbox: Outbox, counts: Arc<RelayCounts>) -> Self {
        Self {
            settings,
            outbox,
            counts,
        }
    }

    pub(super) fn stats(&self) -> RelayStats {
        self.counts.read()
    }

    fn envelope(
        &self,
        entry: &Entry,
        event: &AnyEvent,
        metadata: &Metadata,
    ) -> Result<Envelope, EnvelopeError> {
        let (payload, content_type) = (entry.encode)(event, self.settings.codec)?;
        let attributes = Attributes {
            specversion: Envelope::SPEC_VERSION.into(),
            id: metadata.id().to_string(),
            source: self.settings.source.clone(),
            event: (*entry.name).into(),
            dataversion: Some(entry.version),
            time: clock::timestamp(metadata.time()),
            datacontenttype: Some(content_type.into()),
            subject: metadata.topic().map(|topic| topic.as_str().into()),
            partitionkey: metadata.key().map(Into::into),
            correlationid: metadata
                .is_correlated()
                .then(|| metadata.correlation().to_string()),
            causationid: metadata.causation().map(|id| id.to_string()),
            notbefore: metadata.not_before().and_then(clock::timestamp),
            expirytime: metadata.deadline().and_then(clock::wall_clock),
            ..Attributes::default()
        };
        let mut envelope = Envelope {
            attributes,
            payload,
        };
        envelope.set_headers(metadata.headers());
        self.settings.seal.sign(&mut envelope);
        Ok(envelope)
    }
}

impl Outlet for Port {
    fn encode(&self, event: &AnyEvent, metadata: &Metadata) -> Result<Arc<[u8]>, Reason> {
        let entry = self.settings.catalogue.of(event);
        let entry = entry.ok_or(Reason::Unregistered {
            event: metadata.event_type(),
        })?;
        let unencodable = |error: BoxError| Reason::Unencodable(Described::new(error));
        // It runs a user's `Serialize`.
        let envelope = try_run(|| self.envelope(&entry, event, metadata))
            .map_err(|_| unencodable("its `Serialize` panicked".into()))?
            .map_err(|error| unencodable(error.into()))?;
        let body = envelope.to_bytes(self.settings.codec);
        let (size, limit) = (body.len(), self.settings.max_bytes);
        if size > limit {
            return Err(Reason::TooLarge { size, limit });
        }
        Ok(body.into())
    }

    fn take(&self, parcel: Parcel) {
        self.outbox.put(parcel);
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Port")
            .field("source", &self.settings.source)
            .finish_non_exhaustive()
    }
}
