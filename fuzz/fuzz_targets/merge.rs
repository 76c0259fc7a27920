//! Bytes as operations and merges among replicas.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rejoin_tests::fuzz::merge(bytes));
