//! Tables for the choice of language, and what must hold for every language of the catalogue.

use super::choice::{OrgLanguage, decide_language, find_language, languages};
use crate::admin::custom_roles::permissions;
use identity::access::custom::capability::Capability;
use identity::feature::{Door, Feature, Others, ShutDoors};
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

/// The crates whose words pages show.
const BELOW: [&str; 2] = ["../identity/src", "../oauth/src"];
/// What their words stand behind, and how many literals come before them.
const MARKS: [(&str, usize); 7] = [
    ("Refusal::invalid(", 1),
    ("Problem::of(", 0),
    ("Problem::of_ours(", 0),
    ("WrongState(", 0),
    ("OutOfReach(", 0),
    ("what: ", 0),
    ("const ELSEWHERE: &str =", 0),
];

/// The words of the layers below are written where they are needed; each has its like in every language.
#[test]
fn what_the_layers_below_say_is_said_in_every_language() {
    let mut patterns = BTreeSet::new();
    for folder in BELOW {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        read_folder(&folder, &mut |text| {
            for (mark, skipped) in MARKS {
                patterns.extend(literals_behind(text, mark, skipped));
            }
        });
    }
    // Else the marks have changed, and nothing is proved.
    assert!(patterns.len() > 90, "{}", patterns.len());
    for text in languages().iter().filter(|text| text.tag != "en") {
        let unsaid = patterns.iter().filter(|pattern| {
            let own = text.pattern(pattern);
            own == pattern.as_str() && !is_same_everywhere(pattern)
        });
        assert_eq!(unsaid.collect::<Vec<_>>(), Vec::<&String>::new());
        for (english, own) in text.problems.iter().copied().flatten() {
            assert_eq!(placeholders(english), placeholders(own), "{english}");
        }
    }
}

/// What a page shows of a way in of programs stands in a refusal as well, and is called there as it is on the page.
#[test]
fn ways_in_have_the_same_name_in_refusals_and_on_their_page() {
    for text in languages() {
        let shown = [
            (Feature::ClassicSignIn, text.settings.feature_authn),
            (Feature::SessionTokens, text.settings.feature_sessions),
            (Feature::ApiTokens, text.settings.feature_tokens),
            (Feature::ScimServer, text.settings.feature_scim),
            (Feature::DeviceGrant, text.settings.feature_device),
        ];
        for (feature, name) in shown {
            assert_eq!(text.pattern(feature.name()), name, "{}", text.tag);
        }
        let plan = ShutDoors::default().plan(Feature::ApiTokens, Door::Shut, Others::Stay);
        let refusal = text.refusal(&plan.unwrap_err());
        let scim = format!("\"{}\"", text.settings.feature_scim);
        assert!(refusal.contains(&scim), "{refusal}");
    }
}

/// A permission of a custom role is told by words of its own, never by the name by which tools know it; where another is needed as
/// well, that one is called as it is on the page.
#[test]
fn permissions_are_told_by_words_of_their_own() {
    for text in languages() {
        let told = Capability::ALL.iter().map(|one| text.capability(*one));
        let told: Vec<_> = told.collect();
        let names: BTreeSet<&str> = told.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), Capability::ALL.len(), "{}", text.tag);
        assert!(names.iter().all(|name| !name.contains(['.', '_'])));
        let mut others = 0;
        for (name, about) in &told {
            let quoted = about.split(['“', '”', '„']).skip(1).step_by(2);
            for other in quoted {
                assert!(names.contains(other), "{}: {name}: {other}", text.tag);
                others += 1;
            }
        }
        assert_eq!(others, 6, "{}", text.tag);
    }
}

/// What a form does not show, saving it would take away.
#[test]
fn the_form_of_a_role_has_every_permission() {
    let parts = permissions(&super::en::TEXT, &BTreeSet::new());
    let values = parts.iter().flat_map(|part| &part.choices);
    let shown: BTreeSet<&str> = values.map(|choice| choice.value.as_str()).collect();
    let all = Capability::ALL.iter().map(|one| one.as_str());
    assert_eq!(shown, all.collect());
}

/// Whoever writes a program finds beside each name what the console calls it.
#[test]
fn the_guide_calls_permissions_as_the_console_does() {
    const GUIDE: &str = include_str!("../../../../docs/administrators.md");
    for one in Capability::ALL {
        let (name, _) = super::en::TEXT.capability(*one);
        let row = format!("\n| `{}` | {name} | ", one.as_str());
        assert!(GUIDE.contains(&row), "{row}");
    }
}

/// Words that are no sentences: the name of a field before the words of an error, and "Scopes".
fn is_same_everywhere(pattern: &str) -> bool {
    !pattern.contains(' ')
}

fn read_folder(folder: &std::path::Path, see: &mut impl FnMut(&str)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() && name != "tests" && name != "for_tests" {
            read_folder(&path, see);
        } else if name.ends_with(".rs") && name != "tests.rs" && name != "for_tests.rs" {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let spoken = code
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            see(&spoken.collect::<Vec<_>>().join("\n"));
        }
    }
}

/// The literal that is the argument behind so many others, where one stands right there.
fn literals_behind(code: &str, mark: &str, skipped: usize) -> Vec<String> {
    code.split(mark)
        .skip(1)
        .filter_map(|rest| {
            let argument = match skipped {
                0 => rest,
                _ => rest.split_once(',')?.1,
            };
            let literal = argument.trim_start().strip_prefix('"')?;
            Some(unescape(literal.get(..end_of_literal(literal)?)?))
        })
        .collect()
}

fn end_of_literal(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, char)| {
        let ends = char == '"' && !escaped;
        escaped = char == '\\' && !escaped;
        ends.then_some(at)
    })
}

/// A literal as the compiler reads it: a back slash at the end of a line swallows the space after it.
fn unescape(literal: &str) -> String {
    let mut joined = String::new();
    let mut parts = literal.split("\\\n");
    joined.push_str(parts.next().unwrap_or_default());
    for part in parts {
        joined.push_str(part.trim_start());
    }
    joined.replace("\\\"", "\"")
}
