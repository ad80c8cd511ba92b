//! Any bytes to `protocol::properties::check_scim_bulk`: bounded, and each operation has its turn, after what it names.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = protocol::properties::check_scim_bulk(bytes) {
        panic!("{violation}");
    }
});
