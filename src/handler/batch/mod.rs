//! The ways to handle a [`Batch`](crate::delivery::Batch): as the handlers of single
//! deliveries, each for what a [`Collector`](crate::registry::Collector) hands over.

mod actor;
mod blocking;
mod call;
mod call_async;

pub(crate) use actor::BatchActor;
pub(crate) use blocking::BatchBlocking;
pub(crate) use call::BatchCall;
pub(crate) use call_async::BatchAsync;
