//! Any bytes to `wire::properties::check_move_offer`: what cells sign and seal to each other by way of the control plane has one spelling.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = wire::properties::check_move_offer(bytes) {
        panic!("{violation}");
    }
});
