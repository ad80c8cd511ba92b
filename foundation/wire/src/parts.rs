//! Lists of byte strings in one spelling: what is hashed or signed has no second reading.

/// Bytes of the length before each part.
const LENGTH_BYTES: usize = 4;

/// Each part with its length before it: no two lists of parts have the same bytes.
pub(crate) fn render_parts<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        // A part of four gibibytes is over every bound; its false length would make the whole unreadable, not other.
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// Reads [`render_parts`]; none for more than so many parts, or for anything that it does not write.
pub(crate) fn parse_parts(bytes: &[u8], parts_max: usize) -> Option<Vec<&[u8]>> {
    let (mut parts, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        if parts.len() == parts_max {
            return None;
        }
        let (length, after) = rest.split_first_chunk::<LENGTH_BYTES>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (part, after) = after.split_at_checked(length)?;
        parts.push(part);
        rest = after;
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::{parse_parts, render_parts};
    use proptest::prelude::{any, prop, proptest};

    proptest! {
        #[test]
        fn parts_come_back_and_have_one_spelling(
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..6),
            bytes in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            let slices: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let rendered = render_parts(slices.iter().copied());
            assert_eq!(parse_parts(&rendered, parts.len()), Some(slices));
            if !parts.is_empty() {
                assert_eq!(parse_parts(&rendered, parts.len() - 1), None);
                assert!(parse_parts(&rendered[..rendered.len() - 1], 9) != Some(Vec::new()));
            }
            if let Some(read) = parse_parts(&bytes, 9) {
                assert_eq!(render_parts(read), bytes);
            }
        }
    }
}
