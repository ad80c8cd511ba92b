//! Any bytes to `edge::properties::check_proxy_header`: a PROXY header is one, whatever follows.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = edge::properties::check_proxy_header(bytes) {
        panic!("{violation}");
    }
});
