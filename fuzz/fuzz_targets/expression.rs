//! Any bytes to `protocol::properties::check_expression`: bounded, ending, and the same in parentheses.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = protocol::properties::check_expression(bytes) {
        panic!("{violation}");
    }
});
