use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::value::RawValue;

use super::codec::Codec;
use super::envelope::{Attributes, Envelope};
use super::error::EnvelopeError;
use super::payload::Payload;
use super::reading::{Data, Fields};

/// An envelope as JSON.
#[derive(Serialize)]
struct Json<'a> {
    #[serde(flatten)]
    attributes: &'a Attributes,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_base64: Option<String>,
}

impl Data<'_> for Box<RawValue> {
    const HAS_BASE64: bool = true;
}

impl Envelope {
    /// Reads an envelope, whichever codec wrote it.
    ///
    /// # Errors
    ///
    /// If it is none.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::remote::Envelope;
    ///
    /// let json = r#"{"specversion":"1.0","id":"7","source":"/shop","type":"order","data":[1]}"#;
    /// let envelope = Envelope::from_bytes(json.as_bytes())?;
    /// assert_eq!((envelope.event(), envelope.version()), ("order", 1));
    /// assert_eq!(envelope.payload().as_bytes(), b"[1]");
    /// assert!(Envelope::from_bytes(b"{}").is_err());
    /// # Ok::<(), ventix::remote::EnvelopeError>(())
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        // A map of MessagePack begins with a byte that no JSON begins with.
        let is_message_pack = bytes.first().is_some_and(|&byte| byte >= 0x80);
        let envelope = if is_message_pack {
            message_pack::read(bytes)
        } else {
            from_json(bytes)
        }?;
        let version = &envelope.attributes.specversion;
        if version != Self::SPEC_VERSION {
            return Err(EnvelopeError::SpecVersion(version.clone()));
        }
        if envelope.attributes.id.is_empty() {
            return Err(EnvelopeError::Attribute("id"));
        }
        Ok(envelope)
    }

    /// Writes the envelope.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::remote::{Codec, Envelope};
    ///
    /// let json = r#"{"specversion":"1.0","id":"7","source":"/shop","type":"order","data":[1]}"#;
    /// let envelope = Envelope::from_bytes(json.as_bytes())?;
    /// assert_eq!(envelope.to_bytes(Codec::Json), json.as_bytes());
    /// # Ok::<(), ventix::remote::EnvelopeError>(())
    /// ```
    #[must_use]
    pub fn to_bytes(&self, codec: Codec) -> Vec<u8> {
        match codec {
            Codec::Json => to_json(self),
            #[cfg(feature = "messagepack")]
            Codec::MessagePack => message_pack::write(self),
        }
    }
}

fn from_json(bytes: &[u8]) -> Result<Envelope, EnvelopeError> {
    let json: Fields<Box<RawValue>> =
        serde_json::from_slice(bytes).map_err(|error| EnvelopeError::Unreadable(error.into()))?;
    let payload = match (json.data, json.data_base64) {
        (Some(data), _) => Payload::Json(data),
        (None, None) => Payload::None,
        (None, Some(text)) => {
            let bytes = STANDARD.decode(text);
            let bytes = bytes.map_err(|_| EnvelopeError::Attribute("data_base64"))?;
            Payload::Binary(bytes)
        }
    };
    Ok(Envelope {
        attributes: json.attributes,
        payload,
    })
}

fn to_json(envelope: &Envelope) -> Vec<u8> {
    let (data, data_base64) = match &envelope.payload {
        Payload::None => (None, None),
        Payload::Json(data) => (Some(&**data), None),
        Payload::Binary(bytes) => (None, Some(STANDARD.encode(bytes))),
    };
    let json = Json {
        attributes: &envelope.attributes,
        data,
        data_base64,
    };
    serde_json::to_vec(&json).expect("texts, numbers and what is JSON already are JSON")
}

#[cfg(feature = "messagepack")]
mod message_pack {
    use serde::{Deserialize, Serialize};
    use serde_json::value::RawValue;

    use super::super::payload::{JSON, MESSAGE_PACK};
    use super::{Attributes, Data, Envelope, EnvelopeError, Fields, Payload};

    /// An envelope as MessagePack.
    #[derive(Serialize)]
    struct Packed<'a> {
        #[serde(flatten)]
        attributes: &'a Attributes,
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<Bin>,
    }

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct Bin(#[serde(with = "bytes")] Vec<u8>);

    impl Data<'_> for Bin {
        const HAS_BASE64: bool = false;
    }

    /// As bytes, not as a list of numbers.
    mod bytes {
        use std::fmt;

        use serde::de::{Error, Visitor};
        use serde::{Deserializer, Serializer};

        pub(super) fn serialize<S: Serializer>(bytes: &[u8], s: S) -> Result<S::Ok, S::Error> {
            s.serialize_bytes(bytes)
        }

        pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
            d.deserialize_byte_buf(Bytes)
        }

        struct Bytes;

        impl Visitor<'_> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
        }
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Envelope, EnvelopeError> {
        let packed: Fields<Bin> = rmp_serde::from_slice(bytes)
            .map_err(|error| EnvelopeError::Unreadable(error.into()))?;
        let attributes = packed.attributes;
        let is_json = attributes.datacontenttype.as_deref().unwrap_or(JSON) != MESSAGE_PACK;
        let payload = match packed.data {
            None => Payload::None,
            Some(Bin(bytes)) if is_json => match String::from_utf8(bytes) {
                Ok(text) => match RawValue::from_string(text.clone()) {
                    Ok(json) => Payload::Json(json),
                    Err(_) => Payload::Binary(text.into_bytes()),
                },
                Err(error) => Payload::Binary(error.into_bytes()),
            },
            Some(Bin(bytes)) => Payload::Binary(bytes),
        };
        Ok(Envelope {
            attributes,
            payload,
        })
    }

    pub(super) fn write(envelope: &Envelope) -> Vec<u8> {
        let data = match &envelope.payload {
            Payload::None => None,
            payload => Some(Bin(payload.as_bytes().to_vec())),
        };
        let packed = Packed {
            attributes: &envelope.attributes,
            data,
        };
        rmp_serde::to_vec_named(&packed).expect("texts, numbers and bytes are MessagePack")
    }
}

#[cfg(not(feature = "messagepack"))]
mod message_pack {
    use super::{Envelope, EnvelopeError};

    pub(super) fn read(_: &[u8]) -> Result<Envelope, EnvelopeError> {
        Err(EnvelopeError::NoMessagePack)
    }
}
