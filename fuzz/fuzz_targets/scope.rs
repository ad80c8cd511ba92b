//! Any bytes to `protocol::properties::check_scope`: words of the grammar only.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = protocol::properties::check_scope(bytes) {
        panic!("{violation}");
    }
});
