//! Any bytes to `protocol::properties::check_scim_patch`: bounded, and what is done twice is done once.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = protocol::properties::check_scim_patch(bytes) {
        panic!("{violation}");
    }
});
