//! Any bytes to `database::tenancy::properties::check_row`: rows of an org that have one spelling.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = database::tenancy::properties::check_row(bytes) {
        panic!("{violation}");
    }
});
