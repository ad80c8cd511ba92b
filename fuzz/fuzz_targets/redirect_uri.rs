//! Any bytes to `protocol::properties::check_redirect_uri`: no dangerous address registered, no answer harmed.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = protocol::properties::check_redirect_uri(bytes) {
        panic!("{violation}");
    }
});
