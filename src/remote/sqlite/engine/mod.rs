//! The thread that has the file open, and what it is asked.

mod claim;
mod engine;
mod handle;
mod held;
mod store;
mod task;

pub(super) use claim::Reader;
pub(super) use engine::Engine;
pub(super) use handle::Handle;
