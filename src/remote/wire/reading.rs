//! How attributes are read: field by field as they come. serde's `flatten` would buffer every
//! one of them twice, since what is not known is kept.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use super::envelope::Attributes;

/// Attributes, and the fields beside them that are a format's own.
pub(super) struct Fields<D> {
    pub(super) attributes: Attributes,
    pub(super) data: Option<D>,
    /// Only where the format has it.
    pub(super) data_base64: Option<String>,
}

/// What the format calls its payload, and whether it has `data_base64`.
pub(super) trait Data<'de>: Deserialize<'de> {
    const HAS_BASE64: bool;
}

impl<'de, D: Data<'de>> Deserialize<'de> for Fields<D> {
    fn deserialize<T: Deserializer<'de>>(deserializer: T) -> Result<Self, T::Error> {
        deserializer.deserialize_map(Reader(PhantomData))
    }
}

struct Reader<D>(PhantomData<D>);

/// A name of a field, which is rarely escaped.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The fields that have been there, a bit for each.
#[derive(Default)]
struct Seen(u32);

impl Seen {
    fn once<E: Error>(&mut self, bit: u32, name: &'static str) -> Result<(), E> {
        match self.has(bit) {
            true => Err(E::duplicate_field(name)),
            false => {
                self.0 |= 1 << bit;
                Ok(())
            }
        }
    }

    fn has(&self, bit: u32) -> bool {
        self.0 & 1 << bit != 0
    }
}

/// Those that every CloudEvent has are the first.
const REQUIRED: [&str; 4] = ["specversion", "id", "source", "type"];

macro_rules! read {
    ($name:expr, $map:ident, $seen:ident, $into:ident, { $($bit:literal $text:literal $field:ident,)* }, $else:block) => {
        match $name {
            $($text => {
                $seen.once($bit, $text)?;
                $into.$field = $map.next_value()?;
            })*
            _ => $else,
        }
    };
}

impl<'de, D: Data<'de>> Visitor<'de> for Reader<D> {
    type Value = Fields<D>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a CloudEvent")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<D>, A::Error> {
        let (mut seen, mut it) = (Seen::default(), Attributes::default());
        let (mut data, mut data_base64) = (None, None);
        while let Some(Name(name)) = map.next_key()? {
            read!(&*name, map, seen, it, {
                0 "specversion" specversion,
                1 "id" id,
                2 "source" source,
                3 "type" event,
                4 "time" time,
                5 "datacontenttype" datacontenttype,
                6 "subject" subject,
                7 "dataversion" dataversion,
                8 "partitionkey" partitionkey,
                9 "correlationid" correlationid,
                10 "causationid" causationid,
                11 "traceparent" traceparent,
                12 "tracestate" tracestate,
                13 "headers" headers,
                14 "notbefore" notbefore,
                15 "expirytime" expirytime,
                16 "attempt" attempt,
                17 "done" done,
                18 "deadreason" deadreason,
                19 "errors" errors,
                20 "keyid" keyid,
                21 "signedat" signedat,
                22 "signature" signature,
            }, {
                match &*name {
                    "data" => {
                        seen.once(23, "data")?;
                        data = map.next_value()?;
                    }
                    "data_base64" if D::HAS_BASE64 => {
                        seen.once(24, "data_base64")?;
                        data_base64 = map.next_value()?;
                    }
                    _ => drop(it.extensions.insert(name.into_owned(), map.next_value()?)),
                }
            });
        }
        for (bit, name) in (0..).zip(REQUIRED) {
            if !seen.has(bit) {
                return Err(A::Error::missing_field(name));
            }
        }
        Ok(Fields {
            attributes: it,
            data,
            data_base64,
        })
    }
}
