//! Any bytes to `protocol::properties::check_provider_answer`: what another provider says is read within its bounds.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = protocol::properties::check_provider_answer(bytes) {
        panic!("{violation}");
    }
});
