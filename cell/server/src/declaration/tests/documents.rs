//! What a document may say, and where its mistakes are told.

use super::WHOLE;
use crate::declaration::parse::{DOCUMENT_BYTES_MAX, parse_document};
use crate::declaration::plan::role;
use crate::declaration::problem::Place;
use crate::declaration::report::Kind;
use crate::declaration::secret::Secrets;
use crate::declaration::{load, render_schema};
use identity::access::Role;
use std::path::Path;
use tempfile::TempDir;

fn org(rest: &str) -> String {
    format!("orgs:\n- slug: main\n  name: Main\n{rest}")
}

fn check(text: &str, line: u64, column: u64, words: &str) {
    let told = parse_document(text).err().unwrap();
    assert_eq!(told.place, Some(Place { line, column }), "{text}\n{told:?}");
    assert!(told.what.contains(words), "{text}\n{told:?}");
    assert!(!told.what.contains('\n'), "{told:?}");
}

#[test]
fn mistakes_of_form_are_told_with_line_and_column() {
    check("orgs: [\n", 1, 7, "mend the YAML");
    check(&org("  colour: red\n"), 4, 3, "`colour`");
    check(&org("  colour: red\n"), 4, 3, "`testudo schema`");
    check(&org("  name: Again\n"), 4, 3, "keep one");
    check(&org("  people: 3\n"), 4, 11, "");
    check(
        &org("  people:\n  - { login: a, email: a@b, age: 3 }\n"),
        5,
        29,
        "`age`",
    );
    check(
        &org("  apps:\n  - id: short\n    label: L\n    kind: web\n"),
        5,
        9,
        "0oa",
    );
    check("orgs:\n- { slug: Main, name: Main }\n", 2, 11, "lower-case");
    let roles = "  people:\n  - { login: a, email: a@b, roles: [admin] }\n";
    check(&org(roles), 5, 37, "super_admin");
    let zone = "  zones:\n  - name: Z\n    ranges: [10.0.0.0/8, nowhere]\n";
    check(&org(zone), 6, 26, "nowhere");
    check(
        &org("  zones:\n  - { name: Z, ranges: [] }\n"),
        5,
        13,
        "no ranges",
    );
    check("a: 1\n---\nb: 2\n", 1, 1, "");
}

#[test]
fn what_stands_twice_is_told_where_it_stands_again() {
    let people = "  people:\n  - { login: a, email: a@b }\n  - { login: A, email: c@d }\n";
    check(&org(people), 6, 14, "twice, first in line 5");
    // Whatever the store takes for one login, `plan` refuses before it looks at the store.
    for (one, other) in [
        ("ada", " ada\u{a0}"),
        ("\u{e4}da", "\u{c4}DA"),
        ("\u{130}pek", "i\u{307}pek"),
    ] {
        let people = format!(
            "  people:\n  - {{ login: \"{one}\", email: a@b }}\n  - {{ login: \"{other}\", email: c@d }}\n"
        );
        check(&org(&people), 6, 14, "twice, first in line 5");
    }
    let members =
        "  people:\n  - { login: a, email: a@b }\n  groups:\n  - name: G\n    members: [a, A]\n";
    check(&org(members), 8, 18, "twice");
    let orgs = "orgs:\n- { slug: a, name: A }\n- { slug: a, name: B }\n";
    check(orgs, 3, 11, "twice");
    for list in [
        "groups",
        "zones",
        "trusted_origins",
        "policies",
        "authorization_servers",
    ] {
        let rest = match list {
            "zones" => ", ranges: [::1]",
            "trusted_origins" => ", origin: https://a.example, scopes: [cors]",
            "policies" => ", rules: []",
            "authorization_servers" => ", audience: a",
            _ => "",
        };
        let text = format!("  {list}:\n  - {{ name: N{rest} }}\n  - {{ name: n{rest} }}\n");
        check(&org(&text), 6, 13, "twice");
    }
}

#[test]
fn what_leads_nowhere_is_told() {
    let person = "  people:\n  - { login: ada, email: a@b }\n";
    let app = format!("{person}  apps:\n  - label: L\n    kind: web\n");
    let rule = "  policies:\n  - name: P\n    rules:\n    - name: R\n      outcome: deny\n";
    let table = [
        (
            String::from("  groups:\n  - name: G\n    members: [ada]\n"),
            6,
            15,
        ),
        (format!("{app}    groups: [G]\n"), 9, 14),
        (format!("{app}    people: [G]\n"), 9, 14),
        (format!("{app}    policy: P\n"), 9, 13),
        (format!("{rule}      zones: {{ in: [Z] }}\n"), 9, 21),
        (format!("{rule}      people: {{ exclude: [Z] }}\n"), 9, 27),
        (
            String::from(
                "  authorization_servers:\n  - name: S\n    audience: a\n    rules: [ { name: R, apps: [L] } ]\n",
            ),
            7,
            32,
        ),
        (
            String::from("  api_tokens:\n  - { name: T, person: ada, token: { env: X } }\n"),
            5,
            24,
        ),
    ];
    for (text, line, column) in table {
        check(&org(&text), line, column, "not declared");
    }
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    for secret in [
        "hunter2-hunter2",
        "[hunter2-hunter2]",
        "{ clean: hunter2-hunter2 }",
    ] {
        let text = org(&format!(
            "  people:\n  - {{ login: a, email: a@b, password: {secret} }}\n"
        ));
        let told = parse_document(&text).err().unwrap();
        assert_eq!(told.place.unwrap().line, 5, "{told:?}");
        assert!(!told.what.contains("hunter2"), "{told:?}");
    }
    let ways = "  people:\n  - { login: a, email: a@b, password_hash: h, invitation: true }\n";
    check(&org(ways), 5, 14, "one of");
}

#[test]
fn roles_are_also_understood_as_the_management_api_spells_them() {
    let words: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let words = words.join(", ");
    let text = org(&format!(
        "  people:\n  - {{ login: a, email: a@b, roles: [{words}] }}\n"
    ));
    let document = parse_document(&text).unwrap();
    let alike = parse_document(&text.to_lowercase()).unwrap();
    let roles = &document.orgs[0].people[0].roles;
    assert_eq!(roles, &alike.orgs[0].people[0].roles);
    let meant: Vec<Role> = roles.iter().map(|name| role(*name)).collect();
    assert_eq!(meant, Role::ALL);
}

#[test]
fn a_file_is_bounded_and_its_problem_told_once() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("long.yaml");
    std::fs::write(
        &path,
        " ".repeat(usize::try_from(DOCUMENT_BYTES_MAX).unwrap() + 1),
    )
    .unwrap();
    let told = load(&path).err().unwrap();
    assert!(told.to_string().contains("longer than"), "{told}");
    let told = load(&folder.path().join("none")).err().unwrap();
    assert!(told.to_string().contains("cannot be read"), "{told}");
    std::fs::write(&path, org("  colour: red\n")).unwrap();
    let told = load(&path).err().unwrap();
    assert_eq!(told.to_string().matches("colour").count(), 1, "{told}");
    assert!(told.to_string().ends_with("what may stand where"), "{told}");
    assert!(told.to_string().contains("long.yaml:4:3: "), "{told}");
    assert!(std::error::Error::source(&told).is_none());
}

#[test]
fn secrets_come_from_files_beside_the_document() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("one"), "first\r\n").unwrap();
    std::fs::write(folder.path().join("empty"), "\n").unwrap();
    std::fs::write(folder.path().join("long"), "x".repeat(5_000)).unwrap();
    let text = |file: &str| {
        org(&format!(
            "  people:\n  - {{ login: a, email: a@b, password: {{ file: {file} }} }}\n"
        ))
    };
    let fetch = |file: &str| {
        let document = parse_document(&text(file)).unwrap();
        let secrets = Secrets::fetch(&document, folder.path());
        let person = &document.orgs[0].people[0];
        secrets
            .get(
                Kind::Person,
                &person.login,
                person.password.as_ref().unwrap(),
            )
            .map(|secret| secret.expose().clone())
    };
    assert_eq!(fetch("one").unwrap(), "first");
    for file in ["empty", "long", "none"] {
        let told = fetch(file).unwrap_err();
        assert_eq!(told.place.unwrap().line, 5);
        assert!(told.what.starts_with("person a: "), "{told:?}");
    }
}

#[test]
fn what_every_run_needs_is_missed_at_once_and_a_first_password_later() {
    let document = parse_document(&WHOLE.replace(
        "{ clear: \"plain clock winter harbour\" }",
        "{ env: TESTUDO_NOT_SET }",
    ))
    .unwrap();
    let secrets = Secrets::fetch(&document, Path::new(""));
    secrets.check_lasting(&document).unwrap();
    let document = parse_document(&WHOLE.replace(
        "{ clear: web-secret-of-the-test-bed-0123456789 }",
        "{ env: TESTUDO_NOT_SET }",
    ))
    .unwrap();
    let told = Secrets::fetch(&document, Path::new("")).check_lasting(&document);
    let told = told.unwrap_err();
    assert!(told.what.contains("TESTUDO_NOT_SET"), "{told:?}");
    assert!(told.what.starts_with("app \"Wiki\": "), "{told:?}");
}

/// A secret is told at its own place, and its wrong shape before anything is compared with what is there.
#[test]
fn a_secret_has_its_own_line_and_column() {
    let told = |text: &str| {
        let document = parse_document(text).unwrap();
        let secrets = Secrets::fetch(&document, Path::new(""));
        let told = secrets.check_lasting(&document).unwrap_err();
        let place = told.place.unwrap();
        (place.line, place.column, told.what)
    };
    let person = "  people:\n  - { login: a, email: a@b }\n";
    let token = |source: &str| {
        org(&format!(
            "{person}  api_tokens:\n  - name: Robot\n    person: a\n    token: {source}\n"
        ))
    };
    let app = |source: &str| {
        org(&format!(
            "  apps:\n  - label: Wiki\n    kind: web\n    client_secret: {source}\n"
        ))
    };
    for (text, line, words) in [
        (token("{ env: TESTUDO_NOT_SET }"), 9, "is not set"),
        (token("{ clear: no-token }"), 9, "use 00T and at least 40"),
        (app("{ env: TESTUDO_NOT_SET }"), 7, "is not set"),
        (app("{ clear: too-short }"), 7, "use 32 to 256"),
        (
            app("\n      env: TESTUDO_NOT_SET"),
            8,
            "\"TESTUDO_NOT_SET\" is not set",
        ),
    ] {
        let (at_line, at_column, what) = told(&text);
        assert_eq!(at_line, line, "{text}\n{what}");
        assert!(at_column > 4, "{at_column}: {what}");
        assert!(what.contains(words), "{what}");
        assert!(!what.contains("no-token") && !what.contains("too-short"));
    }
}

#[test]
fn the_schema_names_everything_and_refuses_the_rest() {
    let schema = render_schema().to_string();
    for word in [
        "client_secret",
        "password_hash",
        "api_tokens",
        "redirect_uris",
        "not_in",
    ] {
        assert!(schema.contains(word), "{word}");
    }
    for role in Role::ALL {
        let word = role.as_str().to_lowercase();
        assert!(schema.contains(&format!("\"{word}\"")), "{word}");
    }
    assert!(schema.contains("\"additionalProperties\":false"));
}
