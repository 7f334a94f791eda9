//! Redis as a backend: the promises of the port, and what is particular to Redis. Every test
//! starts a server of its own.

mod clauses;
mod failures;
mod network;
mod ordered;
mod proxy;
mod secrets;
mod server;
mod support;
