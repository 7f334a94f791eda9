//! Bytes of any kind are an envelope or an error, and an envelope is written as it was read.
#![no_main]

#[path = "../check.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| check::envelope(bytes));
