//! Any bytes to `protocol::properties::check_filter`: bounded, and one spelling for each filter.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = protocol::properties::check_filter(bytes) {
        panic!("{violation}");
    }
});
