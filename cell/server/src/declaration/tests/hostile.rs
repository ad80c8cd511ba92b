//! Documents that are made to hurt: bombs of aliases, depth, size, and anything at all.

use crate::declaration::parse::{DOCUMENT_BYTES_MAX, parse_document};
use crate::declaration::tests::WHOLE;
use proptest::prelude::{ProptestConfig, any, proptest};
use std::fmt::Write as _;

fn refused(text: &str) -> String {
    let told = parse_document(text).err().unwrap();
    assert!(told.what.chars().count() < 700, "{}", told.what.len());
    told.what
}

#[test]
fn aliases_that_double_are_refused() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..30 {
        let below = format!("*a{}, ", level - 1).repeat(9);
        let _ = writeln!(text, "a{level}: &a{level} [{below}]");
    }
    text.push_str("orgs: []\n");
    refused(&text);
    // Where the types take it, too.
    let mut people = String::from(
        "orgs:\n- slug: main\n  name: Main\n  people:\n  - &p { login: a, email: a@b, attributes: &m { x: [1, 1, 1, 1, 1, 1, 1, 1] } }\n",
    );
    people.push_str(&"  - *p\n".repeat(100_000));
    refused(&people);
}

#[test]
fn a_long_text_is_not_multiplied() {
    let long = "x".repeat(4 * 1024 * 1024);
    let mut text = format!(
        "orgs:\n- slug: main\n  name: Main\n  people:\n  - {{ login: a, email: a@b, first_name: &long \"{long}\" }}\n"
    );
    for person in 0..900 {
        let _ = writeln!(
            text,
            "  - {{ login: p{person}, email: a@b, first_name: *long }}"
        );
    }
    refused(&text);
}

#[test]
fn a_cycle_is_refused() {
    refused("orgs: &a\n- slug: main\n  name: Main\n  people: *a\n");
    refused("orgs: &a [*a]\n");
}

#[test]
fn depth_is_bounded() {
    for (open, close) in [("[", "]"), ("{a: ", "}")] {
        let deep = format!("orgs: {}{}", open.repeat(100_000), close.repeat(100_000));
        refused(&deep);
        let attributes = format!(
            "orgs:\n- slug: main\n  name: Main\n  people:\n  - {{ login: a, email: a@b, attributes: {{ x: {}1{} }} }}\n",
            open.repeat(40),
            close.repeat(40)
        );
        refused(&attributes);
    }
    let indented: String = (0..2_000).fold(String::from("orgs:\n"), |mut text, level| {
        let _ = writeln!(text, "{}a:", " ".repeat(level + 1));
        text
    });
    refused(&indented);
}

#[test]
fn size_is_bounded() {
    let long = " ".repeat(usize::try_from(DOCUMENT_BYTES_MAX).unwrap() + 1);
    assert!(refused(&long).contains("longer than"));
    let nodes = format!("orgs: [{}]", "a,".repeat(3_000_000));
    refused(&nodes);
}

#[test]
fn one_document_alone_and_no_foreign_file() {
    refused("orgs: []\n---\norgs: []\n");
    refused("orgs: !include /etc/passwd\n");
    refused("");
    refused("\u{0}");
}

#[test]
fn many_people_fit() {
    let people = (0..20_000).map(|n| {
        format!("  - {{ login: p{n}, email: p{n}@example.com, first_name: A, last_name: B }}\n")
    });
    let text = format!(
        "orgs:\n- slug: main\n  name: Main\n  people:\n{}",
        people.collect::<String>()
    );
    assert_eq!(parse_document(&text).unwrap().orgs[0].people.len(), 20_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever comes is read or refused with a place that lies in it, in one line.
    #[test]
    fn anything_is_read_or_refused(text in any::<String>()) {
        if let Err(problem) = parse_document(&text) {
            assert!(!problem.what.contains('\n'));
        }
    }

    /// The same for what is nearly a document: a piece of a good one is taken out, or put in a second time.
    #[test]
    fn a_torn_document_is_read_or_refused(from in 0..3_000_usize, length in 0..400_usize, twice in any::<bool>()) {
        let characters: Vec<char> = WHOLE.chars().collect();
        let from = from.min(characters.len());
        let to = (from + length).min(characters.len());
        let piece = if twice { &characters[from..to] } else { &[] };
        let head = characters[..if twice { to } else { from }].iter();
        let text: String = head.chain(piece).chain(&characters[to..]).collect();
        let lines = u64::try_from(text.lines().count()).unwrap();
        if let Err(problem) = parse_document(&text) {
            let place = problem.place.unwrap();
            assert!((1..=lines + 1).contains(&place.line), "{problem:?}");
            assert!(place.column >= 1, "{problem:?}");
            assert!(!problem.what.contains('\n'));
        }
    }
}
