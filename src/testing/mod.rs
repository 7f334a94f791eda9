//! For authors of [backends](crate::remote::Backend): the suite that one has to pass.
//!
//! Two pages of requirements stand in the docs of [`Backend`](crate::remote::Backend) and of
//! [`Settle`](crate::remote::Settle); the suite holds an engine to each of them, except for
//! what its [`Capabilities`](crate::remote::Capabilities) exclude. Every
//! [row](Suite::rows) is a test of its own, named after what it shows.
//!
//! # How to write a backend
//!
//! 1. Decide how the engine stores a message **once for each group**, and how a lease is owned:
//!    by a token that every settlement is compared with, in one step with the change itself.
//!    [`backend`] has a small one that is complete, and what tends to go wrong.
//! 2. Write `ensure`, `publish`, `consume` and `Source::next`, and run the rows of `publish` and
//!    `delivery`. Then `Settle`, and the rows of `lease`; then dead letters; then order.
//! 3. Say in `capabilities` what the engine cannot do. The worker makes do: it carries its own
//!    count of attempts, and its own list of who is done.
//! 4. Say in your docs what *confirmed* is worth: what a power loss takes, with which setting.
//! 5. Run the suite under load: [`Suite::run_ten_at_a_time`].
//!
//! # How to run the suite
//!
//! ```
//! use ventix::remote::Memory;
//! use ventix::testing::Suite;
//!
//! // A new connection to one engine for every call.
//! let memory = Memory::new();
//! let suite = Suite::new(move || memory.clone()).scale(0.01);
//! actix::System::new().block_on(async {
//!     suite.run("released_is_handed_out_again_at_once").await;
//! });
//! ```
//!
//! In a test binary of yours [`conformance!`](crate::conformance) makes a test of every row:
//!
//! ```no_run
//! # use ventix::remote::Memory;
//! # use ventix::testing::Suite;
//! fn suite() -> Option<Suite> {
//!     let memory = Memory::new();
//!     Some(Suite::new(move || memory.clone()))
//! }
//!
//! ventix::conformance!(suite());
//! ```
//!
//! A row that fails panics, as a test does.

#[doc = include_str!("backend.md")]
pub mod backend {}

mod case;
mod rows;
mod suite;

pub use suite::Suite;
