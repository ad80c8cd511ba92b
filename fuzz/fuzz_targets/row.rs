//! Any bytes to `vocab::row::properties::check_row`: rows that have one spelling.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = vocab::row::properties::check_row(bytes) {
        panic!("{violation}");
    }
});
