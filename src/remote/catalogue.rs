use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::emitter::Emitter;
use crate::event::{AnyEvent, EventType};
use crate::outcome::Report;

use super::error::RegisterError;
use super::topology::check;
use super::wire::{Codec, Envelope, EnvelopeError, Payload};

/// Which events cross the wire, and by which names.
#[derive(Debug, Default)]
pub(super) struct Catalogue(RwLock<Tables>);

#[derive(Debug, Default)]
struct Tables {
    by_type: HashMap<TypeId, Arc<Entry>>,
    by_name: HashMap<Arc<str>, Arc<Entry>>,
}

/// One event: how it is called, and how it gets onto the wire and off it.
pub(super) struct Entry {
    pub(super) name: Arc<str>,
    pub(super) version: u32,
    event: EventType,
    pub(super) encode: Encode,
    pub(super) emit: EmitHere,
}

type Encode = fn(&AnyEvent, Codec) -> Result<(Payload, &'static str), EnvelopeError>;

/// Decodes an event and emits it through an emitter here.
type EmitHere = fn(&Emitter, Carried<'_>) -> Result<Reporting, EnvelopeError>;

/// What becomes of an emission that has come here.
pub(super) type Reporting = Pin<Box<dyn Future<Output = Report> + Send>>;

/// An emission that has come here, with what it brings along.
pub(super) struct Carried<'a> {
    pub(super) envelope: &'a Envelope,
    pub(super) done: Arc<[Box<str>]>,
}

impl Catalogue {
    /// Gives an event its name.
    pub(super) fn register<E>(&self, name: &str, version: u32) -> Result<(), RegisterError>
    where
        E: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let name = check(name)?;
        let event = EventType::of::<E>();
        let mut tables = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let known = tables.by_type.get(&TypeId::of::<E>());
        let known = known.or_else(|| tables.by_name.get(&name));
        if let Some(known) = known {
            if (&known.name, known.version, known.event) == (&name, version, event) {
                return Ok(());
            }
            return Err(known.conflict(event, &name, version));
        }
        let entry = Arc::new(Entry {
            name: name.clone(),
            version,
            event,
            encode: encode::<E>,
            emit: emit_here::<E>,
        });
        tables.by_type.insert(TypeId::of::<E>(), entry.clone());
        tables.by_name.insert(name, entry);
        Ok(())
    }

    /// The entry of an event.
    pub(super) fn of(&self, event: &AnyEvent) -> Option<Arc<Entry>> {
        let tables = self.0.read().unwrap_or_else(PoisonError::into_inner);
        tables.by_type.get(&Any::type_id(event)).cloned()
    }

    /// The entry of a name, in whichever version.
    pub(super) fn named(&self, name: &str) -> Option<Arc<Entry>> {
        let tables = self.0.read().unwrap_or_else(PoisonError::into_inner);
        tables.by_name.get(name).cloned()
    }
}

impl Entry {
    fn conflict(&self, event: EventType, name: &str, version: u32) -> RegisterError {
        if self.event != event {
            return RegisterError::NameTaken {
                name: name.into(),
                by: self.event,
            };
        }
        RegisterError::EventTaken {
            event,
            name: self.name.clone(),
            version: self.version,
            again: format!("{name} {version}").into(),
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.name, self.version, self.event)
    }
}

fn encode<E: Serialize + 'static>(
    event: &AnyEvent,
    codec: Codec,
) -> Result<(Payload, &'static str), EnvelopeError> {
    let event = event.downcast_ref::<E>();
    let event = event.expect("an entry is found by the type of the event");
    Payload::encode(event, codec)
}

fn emit_here<E>(emitter: &Emitter, carried: Carried<'_>) -> Result<Reporting, EnvelopeError>
where
    E: DeserializeOwned + Send + Sync + 'static,
{
    let Carried { envelope, done } = carried;
    let about = &envelope.attributes;
    let event: E = envelope.payload.decode(about.datacontenttype.as_deref())?;
    let headers = envelope.to_headers()?;
    let id = envelope.emission_id();
    let topic = envelope.as_topic();
    let key: Option<Arc<str>> = envelope.key().map(Arc::from);
    let parse = |text: &Option<String>| text.as_ref().and_then(|text| text.parse().ok());
    let (correlation, causation) = (parse(&about.correlationid), parse(&about.causationid));
    let deadline = about.expirytime.map(super::clock::instant_of);
    let emitter = emitter.clone();
    Ok(Box::pin(async move {
        let mut prepared = emitter.prepare(event);
        let attributes = prepared.attributes();
        attributes.id = Some(id);
        attributes.key = key;
        attributes.correlation = correlation;
        attributes.causation = causation;
        attributes.deadline = deadline;
        attributes.headers = headers;
        attributes.done = (!done.is_empty()).then_some(done);
        let prepared = match topic {
            Some(topic) => prepared.topic(topic),
            None => prepared,
        };
        prepared.emit_and_wait().await
    }))
}
