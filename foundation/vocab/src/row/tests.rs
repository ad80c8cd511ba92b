//! Rows as bytes: what went in comes out, in one spelling, and hostile bytes are refused.

use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::{collection, prop_assert, prop_assert_eq, proptest};

use crate::row::properties::check_row;
use crate::row::{
    ROW_BYTES_MAX, ROWS_MAX, RowError, VALUES_MAX, decode_row, decode_rows, encode_row, encode_rows,
};
use crate::value::Value;

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::Integer),
        (any::<i64>(), 0..64_u32).prop_map(|(number, shift)| Value::Integer(number >> shift)),
        any::<f64>()
            .prop_filter("a number, and no negative zero", |number| {
                !number.is_nan() && (*number != 0.0 || number.is_sign_positive())
            })
            .prop_map(Value::Real),
        "[^\0]{0,300}".prop_map(Value::Text),
        any::<Vec<u8>>().prop_map(Value::Bytes),
    ]
}

fn rows() -> impl Strategy<Value = Vec<Value>> {
    collection::vec(values(), 0..=VALUES_MAX)
}

proptest! {
    #[test]
    fn a_row_comes_back_as_it_went(row in rows()) {
        let bytes = encode_row(&row).unwrap();
        prop_assert_eq!(decode_row(&bytes).unwrap(), row);
        prop_assert_eq!(check_row(&bytes), Ok(()));
    }

    #[test]
    fn several_rows_come_back_as_they_went(list in collection::vec(rows(), 0..8)) {
        let bytes = encode_rows(list.iter().map(Vec::as_slice)).unwrap();
        prop_assert_eq!(decode_rows(&bytes).unwrap(), list);
    }

    #[test]
    fn no_bytes_have_a_second_spelling(bytes in any::<Vec<u8>>()) {
        prop_assert_eq!(check_row(&bytes), Ok(()));
    }

    #[test]
    fn a_row_that_was_tampered_with_is_no_second_spelling(row in rows(), at in any::<usize>(), byte in any::<u8>()) {
        let mut bytes = encode_row(&row).unwrap();
        let at = at % bytes.len();
        bytes[at] = byte;
        prop_assert_eq!(check_row(&bytes), Ok(()));
        bytes.truncate(at);
        prop_assert!(decode_row(&bytes).is_err());
    }
}

#[test]
fn other_forms_are_refused() {
    let cases: &[(&[u8], RowError)] = &[
        (&[], RowError::BrokenOff),
        (&[1], RowError::BrokenOff),
        (&[2, 0], RowError::OtherForm),
        (&[1, 129], RowError::TooLarge),
        (&[1, 0, 0], RowError::MoreBehind),
        (&[1, 1, 0x01], RowError::OtherForm),
        (&[1, 1, 0x50], RowError::OtherForm),
        // Zero has no byte, one has one.
        (&[1, 1, 0x11, 0], RowError::OtherForm),
        (&[1, 1, 0x12, 0, 1], RowError::OtherForm),
        (&[1, 1, 0x12, 0xff, 0x80], RowError::OtherForm),
        (
            &[1, 1, 0x19, 1, 1, 1, 1, 1, 1, 1, 1, 1],
            RowError::OtherForm,
        ),
        // Lengths: zero with a byte, too many bytes, more than there is.
        (&[1, 1, 0x31, 0], RowError::OtherForm),
        (&[1, 1, 0x35, 1, 1, 1, 1, 1], RowError::OtherForm),
        (&[1, 1, 0x44, 255, 255, 255, 255, 0], RowError::BrokenOff),
        (&[1, 1, 0x31, 1, 0], RowError::Unstorable),
        (&[1, 1, 0x31, 1, 0xff], RowError::Unstorable),
        (
            &[1, 1, 0x20, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0],
            RowError::Unstorable,
        ),
        (
            &[1, 1, 0x20, 0x80, 0, 0, 0, 0, 0, 0, 0],
            RowError::OtherForm,
        ),
    ];
    for (bytes, error) in cases {
        assert_eq!(decode_row(bytes), Err(*error), "{bytes:?}");
    }
}

#[test]
fn integers_are_as_short_as_they_can_be() {
    let cases: &[(i64, &[u8])] = &[
        (0, &[0x10]),
        (1, &[0x11, 1]),
        (-1, &[0x11, 0xff]),
        (127, &[0x11, 0x7f]),
        (128, &[0x12, 0, 0x80]),
        (-128, &[0x11, 0x80]),
        (-129, &[0x12, 0xff, 0x7f]),
        (i64::MAX, &[0x18, 0x7f, 255, 255, 255, 255, 255, 255, 255]),
        (i64::MIN, &[0x18, 0x80, 0, 0, 0, 0, 0, 0, 0]),
    ];
    for (number, bytes) in cases {
        let encoded = encode_row(&[Value::Integer(*number)]).unwrap();
        assert_eq!(&encoded[2..], *bytes, "{number}");
        assert_eq!(decode_row(&encoded), Ok(vec![Value::Integer(*number)]));
    }
}

#[test]
fn what_is_too_large_or_cannot_be_stored_has_no_bytes() {
    let too_large = vec![Value::Null; VALUES_MAX + 1];
    assert_eq!(encode_row(&too_large), Err(RowError::TooLarge));
    let long = [Value::Bytes(vec![0; ROW_BYTES_MAX])];
    assert_eq!(encode_row(&long), Err(RowError::TooLarge));
    assert_eq!(
        decode_row(&vec![0; ROW_BYTES_MAX + 1]),
        Err(RowError::TooLarge)
    );
    let many = vec![[]; ROWS_MAX + 1];
    assert_eq!(
        encode_rows(many.iter().map(<[Value; 0]>::as_slice)),
        Err(RowError::TooLarge)
    );
    let framed: Vec<u8> = [0, 0, 0, 2, 1, 0].repeat(ROWS_MAX + 1);
    assert_eq!(decode_rows(&framed), Err(RowError::TooLarge));
    for value in [Value::Real(f64::NAN), Value::from("a\0b")] {
        assert_eq!(encode_row(&[value]), Err(RowError::Unstorable));
    }
    let zero = encode_row(&[Value::Real(-0.0)]).unwrap();
    assert_eq!(zero, encode_row(&[Value::Real(0.0)]).unwrap());
}
