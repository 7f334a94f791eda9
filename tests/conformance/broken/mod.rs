//! An engine that is broken on purpose, in one way at a time.

mod engine;
mod fault;
mod settle;
mod source;

pub(crate) use engine::Broken;
pub(crate) use fault::Fault;
