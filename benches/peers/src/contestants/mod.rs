//! Those that take part: ventix in its ways, and what a user would pick instead.

pub mod actix;
pub mod broker;
pub mod bursts;
pub mod kameo;
pub mod ractor;
pub mod tokio;
pub mod ventix;
