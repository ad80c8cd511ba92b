//! Any bytes to `protocol::properties::check_scim_peer`: what a SCIM server answers is read within its bounds.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = protocol::properties::check_scim_peer(bytes) {
        panic!("{violation}");
    }
});
