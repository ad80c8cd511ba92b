//! Any bytes to `protocol::properties::check_resource_name`: whatever is read is what was written.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = protocol::properties::check_resource_name(bytes) {
        panic!("{violation}");
    }
});
