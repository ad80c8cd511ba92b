//! Any bytes to `protocol::properties::check_authorize`: authorization requests that agree with themselves.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = protocol::properties::check_authorize(bytes) {
        panic!("{violation}");
    }
});
