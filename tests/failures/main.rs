//! What users see when things go wrong: processes are killed, brokers restart, networks and
//! disks fail. The workers and emitters that are killed are processes of their own.
//!
//! The soak takes 20 seconds on each engine, or as many as `VENTIX_SOAK` says:
//!
//! ```sh
//! VENTIX_SOAK=1800 cargo test --features redis,sqlite --test failures soak -- --nocapture
//! ```

#[macro_use]
#[path = "../remote/passing_on.rs"]
mod passing_on;

mod crash;
mod deploy;
mod dice;
mod drain;
mod file;
mod full;
mod lease;
mod ledger;
mod network;
#[path = "../redis/proxy.rs"]
#[allow(dead_code, reason = "the tests of the backend itself use the rest")]
mod proxy;
mod restart;
mod role;
#[path = "../redis/server.rs"]
#[allow(dead_code, reason = "the tests of the backend itself use the rest")]
mod server;
mod slow;
mod soak;
mod trim;
mod witness;
mod world;

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// What is emitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Job {
    id: u64,
}

/// What only newer programs know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Note(String);

const MS: Duration = Duration::from_millis(1);

/// How long a test waits for what must come: far longer than it takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for something that others do.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        actix::clock::sleep(5 * MS).await;
    }
}

/// Runs each test on each engine, as a test of its own.
macro_rules! on_engines {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                crate::world::run(crate::world::World::sqlite, super::$name);
            })*
        }
        mod redis {
            $(#[test]
            fn $name() {
                crate::world::run(crate::world::World::redis, super::$name);
            })*
        }
    };
}
/// Runs each test on Redis.
macro_rules! on_redis {
    ($($name:ident)*) => {
        mod redis {
            $(#[test]
            fn $name() {
                crate::world::run(crate::world::World::redis, super::$name);
            })*
        }
    };
}
use {on_engines, on_redis};
