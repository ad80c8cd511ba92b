//! Any bytes to `protocol::properties::check_keywords`: bounded, and each is a word of its own text.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = protocol::properties::check_keywords(bytes) {
        panic!("{violation}");
    }
});
