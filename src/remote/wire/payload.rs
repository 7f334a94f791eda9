use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::codec::Codec;
use super::error::EnvelopeError;

/// The bytes of an event, in the format that its envelope names.
#[derive(Clone, Default)]
pub enum Payload {
    /// There is none.
    #[default]
    None,
    /// JSON text, checked, and not read any further.
    Json(Box<RawValue>),
    /// Bytes of any other format.
    Binary(Vec<u8>),
}

/// The content type of JSON.
pub(super) const JSON: &str = "application/json";
/// The content type of MessagePack.
pub(super) const MESSAGE_PACK: &str = "application/msgpack";

impl Payload {
    /// Encodes an event; returns its content type too.
    pub(crate) fn encode<E: Serialize>(
        event: &E,
        codec: Codec,
    ) -> Result<(Self, &'static str), EnvelopeError> {
        match codec {
            Codec::Json => {
                let json = serde_json::value::to_raw_value(event);
                let json = json.map_err(|error| EnvelopeError::Payload(error.into()))?;
                Ok((Self::Json(json), JSON))
            }
            #[cfg(feature = "messagepack")]
            Codec::MessagePack => {
                let bytes = rmp_serde::to_vec_named(event);
                let bytes = bytes.map_err(|error| EnvelopeError::Payload(error.into()))?;
                Ok((Self::Binary(bytes), MESSAGE_PACK))
            }
        }
    }

    /// Decodes an event, by the content type that its envelope names: JSON, if it names none.
    pub(crate) fn decode<E: DeserializeOwned>(
        &self,
        content_type: Option<&str>,
    ) -> Result<E, EnvelopeError> {
        let content_type = content_type.unwrap_or(JSON);
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let is_json = essence == JSON || essence.ends_with("+json") || essence == "text/json";
        if is_json {
            let event = match self {
                Self::None => serde_json::from_str("null"),
                Self::Json(json) => serde_json::from_str(json.get()),
                Self::Binary(bytes) => serde_json::from_slice(bytes),
            };
            return event.map_err(|error| EnvelopeError::Payload(error.into()));
        }
        match self {
            Self::Binary(bytes) if essence == MESSAGE_PACK => from_message_pack(bytes),
            _ => Err(EnvelopeError::ContentType(content_type.into())),
        }
    }

    /// The bytes, whatever they are.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::None => &[],
            Self::Json(json) => json.get().as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

#[cfg(feature = "messagepack")]
fn from_message_pack<E: DeserializeOwned>(bytes: &[u8]) -> Result<E, EnvelopeError> {
    rmp_serde::from_slice(bytes).map_err(|error| EnvelopeError::Payload(error.into()))
}

#[cfg(not(feature = "messagepack"))]
fn from_message_pack<E>(_: &[u8]) -> Result<E, EnvelopeError> {
    Err(EnvelopeError::NoMessagePack)
}

/// Its length: what an event holds may be secret.
impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = match self {
            Self::None => return f.write_str("None"),
            Self::Json(_) => "Json",
            Self::Binary(_) => "Binary",
        };
        write!(f, "{format}({} bytes)", self.as_bytes().len())
    }
}
