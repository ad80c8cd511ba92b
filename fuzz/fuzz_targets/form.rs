//! Any bytes to `protocol::properties::check_form`: each name once, nothing lost on the way.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = protocol::properties::check_form(bytes) {
        panic!("{violation}");
    }
});
