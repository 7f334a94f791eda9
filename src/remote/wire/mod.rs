//! What crosses the wire: [CloudEvents 1.0](https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md)
//! in the structured mode, as JSON.
//!
//! ```json
//! {"specversion":"1.0","id":"01977420-2e40-7000-8000-000000000001","source":"shop",
//!  "type":"shop.order-placed","time":"2025-06-15T12:00:00Z","subject":"orders.placed",
//!  "datacontenttype":"application/json","dataversion":1,"partitionkey":"customer-7",
//!  "data":{"id":7,"total":12}}
//! ```
//!
//! - `type` and the extension `dataversion` are what the event was
//!   [registered](super::Remote::register) as, never the name of a Rust type. `subject` is the
//!   topic, `partitionkey` the key, `time` and `id` are the emission's.
//! - Extensions, in lower case as CloudEvents wants them: `correlationid`, `causationid`,
//!   `traceparent`, `tracestate`, `headers` (all other headers, as the text of a JSON object),
//!   `notbefore`, `expirytime` (the deadline), and what workers write: `attempt` (how often it
//!   has failed), `done` (which handlers are done, as the text of a JSON array), `deadreason`
//!   and `errors` (likewise an array). With the feature `signing` `keyid`, `signedat` and
//!   `signature`.
//! - What is not known is kept: a worker of an older program hands it on.
//! - The second codec is the same map as MessagePack, with the payload as its field `data`. A
//!   worker reads both, whichever its own remote writes: the first byte tells them apart.
//!
//! Nothing on the wire chooses code or a type: an envelope is matched against what the program
//! has registered, and everything else is a dead letter.

mod codec;
mod encoding;
mod envelope;
mod error;
mod payload;
mod reading;

pub use codec::Codec;
pub(super) use envelope::Attributes;
pub use envelope::Envelope;
pub use error::EnvelopeError;
pub use payload::Payload;
