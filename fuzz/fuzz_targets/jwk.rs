//! Any bytes to `protocol::properties::check_jwk`: keys that come back as they went.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = protocol::properties::check_jwk(bytes) {
        panic!("{violation}");
    }
});
