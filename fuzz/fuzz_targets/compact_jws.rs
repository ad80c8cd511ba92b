//! Any bytes to `protocol::properties::check_compact_jws`: one spelling per signed token, none verified without a key.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = protocol::properties::check_compact_jws(bytes) {
        panic!("{violation}");
    }
});
