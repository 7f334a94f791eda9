use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::event::{EmissionId, Headers, Topic};

use super::error::EnvelopeError;
use super::payload::Payload;

/// An emission on the wire. See the [module's page](super).
#[derive(Debug, Clone)]
pub struct Envelope {
    pub(crate) attributes: Attributes,
    pub(crate) payload: Payload,
}

/// All but the payload, as serde writes it; what reads it is [`Fields`](super::reading::Fields).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Attributes {
    pub(crate) specversion: String,
    pub(crate) id: String,
    pub(crate) source: String,
    #[serde(rename = "type")]
    pub(crate) event: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) datacontenttype: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    /// Which version of the event it is: 1, if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dataversion: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) partitionkey: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) correlationid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) causationid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) traceparent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tracestate: Option<String>,
    /// The text of a JSON object: CloudEvents has no extensions that are maps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) headers: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) notbefore: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expirytime: Option<Timestamp>,
    /// How often handlers have failed with it.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) attempt: u32,
    /// The text of a JSON array: the handlers that are done with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) done: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deadreason: Option<String>,
    /// The text of a JSON array: what went wrong in the attempts, the latest last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) errors: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) keyid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signedat: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signature: Option<String>,
    /// What is not known here, kept as it came.
    #[serde(flatten)]
    pub(crate) extensions: BTreeMap<String, Value>,
}

/// What an id that is no UUID becomes is made of this and the id.
const FOREIGN_IDS: Uuid = Uuid::from_u128(0x6f1d_3c5e_97a4_5b0e_8a53_76e6_7469_7801);

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Envelope {
    /// The version of CloudEvents that this is.
    pub(crate) const SPEC_VERSION: &str = "1.0";

    /// Returns the name that the event is registered by.
    #[must_use]
    pub fn event(&self) -> &str {
        &self.attributes.event
    }

    /// Returns the version that the event is registered in.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.attributes.dataversion.unwrap_or(1)
    }

    /// Returns the `id` as it stands there.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.attributes.id
    }

    /// Returns the id of the emission: the same for the same `source` and `id`, whatever
    /// these are.
    #[must_use]
    pub fn emission_id(&self) -> EmissionId {
        let Attributes { id, source, .. } = &self.attributes;
        id.parse().unwrap_or_else(|_| {
            let name = format!("{source}\n{id}");
            let uuid = Uuid::new_v5(&FOREIGN_IDS, name.as_bytes());
            EmissionId::from_u128(uuid.as_u128())
        })
    }

    /// Returns what emitted it.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.attributes.source
    }

    /// Returns when it was emitted, as RFC 3339 writes it.
    #[must_use]
    pub fn time(&self) -> Option<String> {
        self.attributes.time.map(|time| time.to_string())
    }

    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.attributes.partitionkey.as_deref()
    }

    /// Returns the topic, as it stands there.
    #[must_use]
    pub fn topic(&self) -> Option<&str> {
        self.attributes.subject.as_deref()
    }

    /// Returns how often handlers have failed with it.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attributes.attempt
    }

    /// Returns the handlers that are done with it: they are not run again.
    #[must_use]
    pub fn done(&self) -> Vec<String> {
        list(self.attributes.done.as_deref())
    }

    /// Returns why it is dead, if it is: the code, and more.
    #[must_use]
    pub fn dead_reason(&self) -> Option<&str> {
        self.attributes.deadreason.as_deref()
    }

    /// Returns what went wrong in the last attempts, the latest last.
    #[must_use]
    pub fn errors(&self) -> Vec<String> {
        list(self.attributes.errors.as_deref())
    }

    /// Returns the event's bytes.
    #[must_use]
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The topic, which a subject of others need not be.
    pub(crate) fn as_topic(&self) -> Option<Topic> {
        Topic::new(self.attributes.subject.as_deref()?).ok()
    }

    /// Headers of the emission: those that have a place of their own, and the others.
    pub(crate) fn to_headers(&self) -> Result<Headers, EnvelopeError> {
        let mut headers = Headers::default();
        let Attributes {
            traceparent,
            tracestate,
            ..
        } = &self.attributes;
        for (name, value) in [("traceparent", traceparent), ("tracestate", tracestate)] {
            if let Some(value) = value {
                headers.set(name, value.as_str());
            }
        }
        if let Some(text) = &self.attributes.headers {
            let others: BTreeMap<String, String> =
                serde_json::from_str(text).map_err(|_| EnvelopeError::Attribute("headers"))?;
            for (name, value) in others {
                headers.set(name, value);
            }
        }
        Ok(headers)
    }

    /// Writes the headers of an emission.
    pub(crate) fn set_headers(&mut self, headers: &Headers) {
        let mut others = BTreeMap::new();
        for (name, value) in headers.iter() {
            match name {
                "traceparent" => self.attributes.traceparent = Some(value.into()),
                "tracestate" => self.attributes.tracestate = Some(value.into()),
                _ => drop(others.insert(name, value)),
            }
        }
        if !others.is_empty() {
            self.attributes.headers = Some(json_text(&others));
        }
    }

    /// Says which handlers are done.
    pub(crate) fn set_done(&mut self, done: &[String]) {
        self.attributes.done = (!done.is_empty()).then(|| json_text(done));
    }

    /// Says what went wrong, of the last attempts.
    pub(crate) fn set_errors(&mut self, errors: &[String]) {
        self.attributes.errors = (!errors.is_empty()).then(|| json_text(errors));
    }

    /// As if it had never been tried, but for the handlers that are done with it: what a dead
    /// letter is to be when it is given back.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::remote::Envelope;
    ///
    /// let json = r#"{"specversion":"1.0","id":"7","source":"/shop","type":"order",
    ///     "attempt":5,"done":"[\"mail\"]","deadreason":"failed: no luck"}"#;
    /// let envelope = Envelope::from_bytes(json.as_bytes())?.renewed();
    /// assert_eq!((envelope.attempt(), envelope.dead_reason()), (0, None));
    /// assert_eq!(envelope.done(), ["mail"]);
    /// # Ok::<(), ventix::remote::EnvelopeError>(())
    /// ```
    #[must_use]
    pub fn renewed(mut self) -> Self {
        self.attributes.attempt = 0;
        self.attributes.deadreason = None;
        self.attributes.errors = None;
        self
    }
}

fn list(text: Option<&str>) -> Vec<String> {
    let list = text.map(serde_json::from_str);
    list.and_then(Result::ok).unwrap_or_default()
}

fn json_text(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("texts, and lists and maps of them, are JSON")
}
