//! What is a filter and what is none, as tables; and that each has one spelling.

use super::{FILTER_BYTES_MAX, FILTER_DEPTH_MAX, FILTER_TERMS_MAX, Filter, FilterError};
use proptest::prelude::{any, prop, prop_assert, proptest};

#[test]
fn filters_are_read_into_their_one_spelling() {
    for (text, spelling) in [
        ("status eq \"ACTIVE\"", "status eq \"ACTIVE\""),
        ("  status  EQ  \"ACTIVE\"  ", "status eq \"ACTIVE\""),
        ("profile.email Pr", "profile.email pr"),
        (
            "a eq 1 or b eq -2 and c eq true",
            "a eq 1 or b eq -2 and c eq true",
        ),
        (
            "(a pr or b pr) AND not (c sw \"x\")",
            "(a pr or b pr) and not (c sw \"x\")",
        ),
        ("not(a pr)", "not (a pr)"),
        ("((a pr))", "a pr"),
        (r#"a eq "q\"uo\\te\u00e9""#, r#"a eq "q\"uo\\teé""#),
        (
            "urn:ietf:params:scim:schemas:core:2.0:User.userName co \"a\"",
            "urn:ietf:params:scim:schemas:core:2.0:User.userName co \"a\"",
        ),
        ("or eq \"or\" or and pr", "or eq \"or\" or and pr"),
        (
            "emails[ type eq \"work\" and (value co \"a\" or value pr) ] or not (a[b pr])",
            "emails[type eq \"work\" and (value co \"a\" or value pr)] or not (a[b pr])",
        ),
    ] {
        let filter = Filter::parse(text).unwrap();
        assert_eq!(filter.to_string(), spelling, "{text}");
        assert_eq!(Filter::parse(spelling).unwrap(), filter, "{text}");
    }
}

#[test]
fn what_is_no_filter_is_refused_at_its_place() {
    for (text, at) in [
        ("", 0),
        ("   ", 3),
        ("status", 6),
        ("status is \"A\"", 7),
        ("status eq", 9),
        ("status eq ACTIVE", 10),
        ("status eq 'A'", 10),
        ("status eq \"A", 10),
        ("status eq \"A\"B", 10),
        ("é eq \"A\"", 0),
        ("a eq \"é\" x", 9),
        ("a eq 1.5", 5),
        ("a eq \"\\u0000\"", 5),
        ("a eq \"\\x\"", 5),
        ("a eq 99999999999999999999", 5),
        ("(a pr", 5),
        ("a pr)", 4),
        ("not a pr", 4),
        ("a pr and", 8),
        ("a pr b pr", 5),
        ("1a pr", 0),
        ("a[b pr", 6),
        ("a[b[c pr]]", 3),
        ("a [b pr]", 2),
        ("a[]", 2),
        ("a[b pr].c pr", 7),
        ("a pr]", 4),
    ] {
        match Filter::parse(text) {
            Err(FilterError::Expected { at: found, .. }) => assert_eq!(found, at, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn length_depth_and_count_are_bounded() {
    let deep = |levels| format!("{}a pr{}", "(".repeat(levels), ")".repeat(levels));
    assert!(Filter::parse(&deep(FILTER_DEPTH_MAX)).is_ok());
    assert_eq!(
        Filter::parse(&deep(FILTER_DEPTH_MAX + 1)),
        Err(FilterError::TooDeep)
    );
    let many = |terms| vec!["a pr"; terms].join(" or ");
    assert!(Filter::parse(&many(FILTER_TERMS_MAX)).is_ok());
    assert_eq!(
        Filter::parse(&many(FILTER_TERMS_MAX + 1)),
        Err(FilterError::TooManyTerms)
    );
    let long = format!("a eq \"{}\"", "x".repeat(FILTER_BYTES_MAX));
    assert_eq!(Filter::parse(&long), Err(FilterError::TooLong));
}

proptest! {
    #[test]
    fn any_text_is_a_filter_with_one_spelling_or_none(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        words in "(a|b\\.c| eq | sw | pr| and | or |not|\\(|\\)|\\[|\\]|\"x\"|1|true| ){0,20}",
    ) {
        prop_assert!(crate::properties::check_filter(&bytes).is_ok());
        prop_assert!(crate::properties::check_filter(words.as_bytes()).is_ok());
    }
}
