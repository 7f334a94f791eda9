//! The engine in process: for tests, and the reference for all others.
//!
//! Clones share what is in it, and each is a connection of its own; another [`Memory::new`] is
//! another engine. It does all that the port asks for, by tokio's clock, so that tests on a
//! paused one need not wait. It keeps nothing when the last clone has gone.

mod connection;
mod group;
mod memory;
mod queue;
mod settle;
mod source;
mod store;

pub use memory::{Memory, MemoryBuilder};
