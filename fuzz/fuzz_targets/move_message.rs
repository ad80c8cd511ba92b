//! Any bytes to `wire::properties::check_move_message`: nothing opens that was not sealed.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = wire::properties::check_move_message(bytes) {
        panic!("{violation}");
    }
});
