//! Hostile bytes as traces and as messages.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rejoin_tests::fuzz::decode(bytes));
