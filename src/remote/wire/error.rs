use crate::outcome::BoxError;

/// Why bytes are no envelope, or an envelope has no such event.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// They are neither JSON nor MessagePack, or lack what every CloudEvent has.
    #[error("no CloudEvents envelope")]
    Unreadable(#[source] BoxError),
    /// It is a CloudEvent of a version that is not known.
    #[error("CloudEvents {0:?} is not known; 1.0 is")]
    SpecVersion(String),
    /// An attribute cannot be read.
    #[error("the attribute `{0}` cannot be read")]
    Attribute(&'static str),
    /// The payload is in a format that this program does not read.
    #[error("the payload is {0:?}, which is not read here")]
    ContentType(String),
    /// The payload is not that of the event.
    #[error("the payload is not that of the event")]
    Payload(#[source] BoxError),
    /// It is MessagePack, and the program is built without the feature `messagepack`.
    #[error("MessagePack is not read here: build with the feature `messagepack`")]
    NoMessagePack,
}
