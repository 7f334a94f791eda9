use ventix::remote::{Codec, Envelope};

const CODECS: &[Codec] = &[
    Codec::Json,
    #[cfg(feature = "messagepack")]
    Codec::MessagePack,
];

/// What holds of any bytes: they are an envelope or an error, and what is read, written and
/// read again is the same.
pub(crate) fn envelope(bytes: &[u8]) {
    let Ok(read) = Envelope::from_bytes(bytes) else {
        return;
    };
    for codec in CODECS {
        let written = read.to_bytes(*codec);
        let again = Envelope::from_bytes(&written).expect("what we write, we read");
        assert_eq!(
            written,
            again.to_bytes(*codec),
            "written twice it is the same"
        );
        assert_eq!(read.emission_id(), again.emission_id());
        assert_eq!(read.done(), again.done());
        assert_eq!(
            (read.event(), read.version()),
            (again.event(), again.version())
        );
    }
    let _ = read.errors();
    let _ = read.renewed();
}
