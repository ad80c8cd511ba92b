//! Any bytes to `protocol::properties::check_scim_path`: bounded, and one spelling for each path.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = protocol::properties::check_scim_path(bytes) {
        panic!("{violation}");
    }
});
