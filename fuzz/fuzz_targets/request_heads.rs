//! Any bytes to the edge's look at request heads: the same however they are cut, and where httparse, which reads them after
//! us, sees the first head end, we do.
#![no_main]

/// As many fields as a head may have.
const FIELDS_MAX: usize = 64;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = edge::properties::check_request_heads(bytes) {
        panic!("{violation}");
    }
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut request = httparse::Request::new(&mut fields);
    if let Ok(httparse::Status::Complete(end)) = request.parse(bytes) {
        let tells = |name: &str| {
            ["content-length", "transfer-encoding"]
                .iter()
                .any(|wanted| name.eq_ignore_ascii_case(wanted))
        };
        let told = request
            .headers
            .iter()
            .filter(|field| tells(field.name))
            .count();
        if let Err(violation) = edge::properties::check_end_of_head(bytes, end, told) {
            panic!("{violation}");
        }
    }
});
