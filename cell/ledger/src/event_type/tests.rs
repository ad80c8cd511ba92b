//! The wire names against a list of their own: a renamed event must be noticed.

use super::EventType;
use std::collections::BTreeSet;

#[test]
fn the_wire_names_are_those_of_the_list() {
    let written: BTreeSet<&str> = EventType::ALL
        .iter()
        .map(|event_type| event_type.as_str())
        .collect();
    let listed: BTreeSet<&str> = include_str!("wire_names.txt").lines().collect();
    assert_eq!(written, listed);
    assert_eq!(EventType::ALL.len(), listed.len(), "a name is used twice");
}

#[test]
fn a_name_is_read_back_and_has_a_message() {
    for event_type in EventType::ALL {
        assert_eq!(EventType::parse(event_type.as_str()), Some(*event_type));
        assert!(!event_type.message().is_empty());
        assert!(
            event_type
                .as_str()
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(&byte))
        );
    }
    assert_eq!(EventType::parse("user.session.begin"), None);
}

#[test]
fn our_own_names_are_few_and_real() {
    for own in EventType::OWN {
        assert!(EventType::ALL.contains(own));
    }
    assert!(EventType::OWN.len() * 5 < EventType::ALL.len());
}
