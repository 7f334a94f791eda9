/// How envelopes and the events in them are written. Workers read all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Codec {
    /// JSON, as CloudEvents lays it out: to be read by anything.
    #[default]
    Json,
    /// MessagePack: smaller, and quicker to read. Needs the feature `messagepack`.
    #[cfg(feature = "messagepack")]
    MessagePack,
}

impl Codec {
    /// The one that has written an envelope.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        match bytes.first() {
            #[cfg(feature = "messagepack")]
            // A map of MessagePack begins with a byte that no JSON begins with.
            Some(0x80..) => Self::MessagePack,
            _ => Self::Json,
        }
    }
}
