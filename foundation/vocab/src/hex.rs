//! Bytes as lower-case hexadecimal text, digit by digit: hashes are written and read on every request.

/// The text of the bytes.
#[must_use]
pub fn render(bytes: &[u8]) -> String {
    let mut digits = Vec::with_capacity(bytes.len() * 2);
    for byte in bytes {
        digits.extend_from_slice(&[digit_of(byte >> 4), digit_of(byte & 0x0f)]);
    }
    // Digits are text always.
    String::from_utf8(digits).unwrap_or_default()
}

/// The bytes of a text that has exactly so many, in digits of either case.
#[must_use]
pub fn parse<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0_u8; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = (value_of(*high)? << 4) | value_of(*low)?;
    }
    Some(bytes)
}

const fn digit_of(half: u8) -> u8 {
    match half {
        0..=9 => b'0' + half,
        _ => b'a' + half - 10,
    }
}

fn value_of(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, render};
    use proptest::prelude::{any, proptest};

    #[test]
    fn the_text_is_lower_case_and_either_case_is_read() {
        assert_eq!(render(&[0x00, 0x9f, 0xa0, 0xff]), "009fa0ff");
        assert_eq!(parse("009Fa0fF"), Some([0x00, 0x9f, 0xa0, 0xff]));
        for text in [
            "009fa0f",
            "009fa0ff0",
            "009fa0fg",
            "+09fa0ff",
            "é9fa0ff",
            "",
        ] {
            assert_eq!(parse::<4>(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_text_leads_back(bytes in any::<[u8; 32]>()) {
            assert_eq!(parse(&render(&bytes)), Some(bytes));
        }
    }
}
