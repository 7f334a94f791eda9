//! The dead letters that a linker keeps: to look at, to deliver again, to throw away.

mod dead_letters;

pub use dead_letters::DeadLetters;
