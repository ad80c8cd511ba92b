//! Any bytes to `protocol::properties::check_basic`: credentials that come back as they went.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = protocol::properties::check_basic(bytes) {
        panic!("{violation}");
    }
});
