//! Tables for the choice of language, and what must hold for every language of the catalogue.

use super::choice::{OrgLanguage, decide_language, find_language, languages};
use std::collections::BTreeSet;

#[test]
fn the_header_and_the_organisation_choose_the_language() {
    let cases = [
        (None, OrgLanguage::Any, "en"),
        (Some("de-AT,de;q=0.9,en;q=0.5"), OrgLanguage::Any, "de"),
        (Some("fr,en;q=0.4,de;q=0.6"), OrgLanguage::Any, "de"),
        (Some("fr, it"), OrgLanguage::Preferred("de"), "de"),
        (Some("en"), OrgLanguage::Preferred("de"), "en"),
        (Some("en"), OrgLanguage::Only("de"), "de"),
        (Some("de;q=0, en;q=0.1"), OrgLanguage::Any, "en"),
        (Some("de;q=nonsense"), OrgLanguage::Any, "en"),
        (Some(";;;,,,"), OrgLanguage::Any, "en"),
        (Some("tlh"), OrgLanguage::Only("tlh"), "en"),
    ];
    for (header, org, expected) in cases {
        assert_eq!(
            decide_language(header, org).tag,
            expected,
            "{header:?} {org:?}"
        );
    }
}

#[test]
fn an_endless_header_is_not_read() {
    let header = "x,".repeat(100_000) + "de";
    assert_eq!(decide_language(Some(&header), OrgLanguage::Any).tag, "en");
    assert_eq!(
        decide_language(Some(&"ä".repeat(5000)), OrgLanguage::Any).tag,
        "en"
    );
}

#[test]
fn tags_are_unique_and_found_by_their_primary_part() {
    let tags: BTreeSet<_> = languages().iter().map(|text| text.tag).collect();
    assert_eq!(tags.len(), languages().len());
    assert_eq!(find_language("DE_ch").map(|text| text.tag), Some("de"));
    assert!(find_language("").is_none());
}

/// The keys are the same by construction (they are fields); what the compiler cannot see is checked here.
#[test]
fn every_language_says_something_for_every_key_with_the_same_placeholders() {
    let english = super::en::TEXT.entries();
    for text in languages() {
        let other = text.entries();
        assert_eq!(english.len(), other.len());
        for ((key, english), (other_key, other)) in english.iter().zip(&other) {
            assert_eq!(key, other_key);
            assert!(!other.trim().is_empty(), "{}: {key} is empty", text.tag);
            assert_eq!(
                other.trim(),
                *other,
                "{}: {key} has space around it",
                text.tag
            );
            assert!(
                !other.contains(['<', '>']),
                "{}: {key} holds mark-up",
                text.tag
            );
            assert_eq!(
                placeholders(english),
                placeholders(other),
                "{}: {key}",
                text.tag
            );
        }
    }
}

#[test]
fn keys_of_the_layers_below_are_found() {
    let text = &super::en::TEXT;
    assert_eq!(text.event("user.session.start"), Some("Sign-in finished"));
    assert_eq!(
        text.reason("sign-on.unmet.second-factor"),
        Some("A second factor is missing.")
    );
    assert_eq!(text.scope("email"), Some("See your email address"));
    assert!(
        text.event("user.session").is_none()
            && text.reason("").is_none()
            && text.scope("orders:read").is_none()
    );
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
        .collect()
}
