//! Every rule on a file that keeps it and on one that breaks it.

use super::source::{Piece, Source};
use super::*;

fn file(path: &str, text: &str) -> TextFile {
    TextFile {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

fn messages(path: &str, text: &str) -> Vec<String> {
    decide_findings(&[file(path, text)], &BTreeSet::new())
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn assert_clean(path: &str, text: &str) {
    assert_eq!(messages(path, text), Vec::<String>::new());
}

fn assert_one(path: &str, text: &str, place: &str, words: &str) {
    let found = messages(path, text);
    match found.as_slice() {
        [only] => assert!(only.starts_with(place) && only.contains(words), "{only}"),
        others => panic!("one finding was expected: {others:?}"),
    }
}

/// A Rust file with a head and this body.
fn with_head(body: &str) -> String {
    format!("//! What it is for.\n{body}")
}

#[test]
fn a_file_opens_with_what_it_is_for() {
    assert_clean("cell/keys/src/seal.rs", &with_head("fn seal() {}\n"));
    assert_one(
        "cell/keys/src/seal.rs",
        "fn seal() {}\n",
        "cell/keys/src/seal.rs:1:",
        "opens without",
    );
    assert_one(
        "cell/keys/src/seal.rs",
        "//!\nfn seal() {}\n",
        "cell/keys/src/seal.rs:1:",
        "opens without",
    );
}

#[test]
fn a_file_stays_under_the_bound() {
    assert_clean("a/b.rs", &with_head(&"\n".repeat(699)));
    assert_one(
        "a/b.rs",
        &with_head(&"\n".repeat(700)),
        "a/b.rs:701:",
        "split it",
    );
    let growing = file("a/b.rs", &with_head(&"\n".repeat(650)));
    assert!(rust_rules::render_length_warning(&growing).is_some());
    let short = file("a/b.rs", &with_head("\n"));
    assert!(rust_rules::render_length_warning(&short).is_none());
}

#[test]
fn sql_stands_in_stores_only() {
    let statements = [
        ["SELECT", "id FROM people"],
        ["INSERT", "INTO people (id) VALUES ($1)"],
        ["UPDATE", "people SET name = $1"],
        ["DELETE", "FROM people"],
    ];
    for words in statements {
        let text = with_head(&format!(
            "const TEXT: &str = \"\n  {}\";\n",
            words.join(" ")
        ));
        assert_one(
            "cell/identity/src/person/mod.rs",
            &text,
            "cell/identity/src/person/mod.rs:2:",
            "SQL outside",
        );
        assert_clean("cell/identity/src/person/store.rs", &text);
        assert_clean("cell/identity/src/store/person.rs", &text);
        assert_clean("foundation/database/src/migrate.rs", &text);
    }
    let comment = format!("// {}\n", ["SELECT", "is a word."].join(" "));
    let prose = "const WORDS: &str = \"PRESELECT one, UPDATE all, DELETED FROM, SELECT\";\n";
    let path = "cell/identity/src/person/mod.rs";
    assert_clean(path, &with_head(&format!("{comment}{prose}")));
}

#[test]
fn lints_are_lifted_by_expect_only() {
    assert_clean(
        "a/b.rs",
        &with_head("#[expect(dead_code, reason = \"allow(x)\")]\nfn allow(x: u8) {}\n"),
    );
    assert_one(
        "a/b.rs",
        &with_head("#[allow(dead_code)]\nfn f() {}\n"),
        "a/b.rs:2:",
        "expect",
    );
    assert_one(
        "a/b.rs",
        &with_head("\n#![cfg_attr(test, allow(dead_code))]\n"),
        "a/b.rs:3:",
        "expect",
    );
}

#[test]
fn no_test_is_left_out() {
    assert_one(
        "a/b.rs",
        &with_head("#[ignore = \"slow\"]\nfn f() {}\n"),
        "a/b.rs:2:",
        "nobody runs",
    );
    assert_clean(
        "a/b.rs",
        &with_head("// #[ignore]\nlet ignored = #[inline] 1;\n"),
    );
    let child = "#[ignore = \"the child of parent\"]\nfn child() {}\n";
    assert_clean(
        "a/b.rs",
        &with_head(&format!("{child}fn parent() {{ start(); }}\n")),
    );
    assert_one("a/b.rs", &with_head(child), "a/b.rs:2:", "nobody runs");
}

#[test]
fn tests_wait_for_states() {
    let pausing = "std::thread::sleep(PAUSE);\n";
    assert_one(
        "cell/keys/tests/rotate.rs",
        &with_head(pausing),
        "cell/keys/tests/rotate.rs:2:",
        "for a state",
    );
    assert_one(
        "cell/keys/src/tests.rs",
        &with_head("tokio::time::sleep(PAUSE).await;\n"),
        "cell/keys/src/tests.rs:2:",
        "for a state",
    );
    assert_one(
        "testbed/src/browser.rs",
        &with_head("sleep(PAUSE).await;\n"),
        "testbed/src/browser.rs:2:",
        "for a state",
    );
    assert_clean("testbed/src/wait.rs", &with_head(pausing));
    assert_clean("cell/keys/src/rotate.rs", &with_head(pausing));
    let inner = format!(
        "fn f() {{}}\n#[cfg(test)]\nmod tests {{\n  fn g() {{ {pausing} }}\n}}\nfn h() {{ {pausing} }}\n"
    );
    assert_one(
        "cell/keys/src/rotate.rs",
        &with_head(&inner),
        "cell/keys/src/rotate.rs:5:",
        "for a state",
    );
    assert_one(
        "testbed/clients/node/signin.mjs",
        "await page.waitForTimeout(500);\n",
        "testbed/clients/node/signin.mjs:1:",
        "for a state",
    );
    assert_one(
        "testbed/clients/python/flow.py",
        "time.sleep(1)\n",
        "testbed/clients/python/flow.py:1:",
        "for a state",
    );
}

#[test]
fn names_show_their_home() {
    assert_one(
        "a/b.rs",
        &with_head("pub use vocab::id::OrgId;\n"),
        "a/b.rs:2:",
        "shows its home",
    );
    assert_clean(
        "a/b.rs",
        &with_head("pub use seal::Sealed;\nuse vocab::id::OrgId;\nmod keys;\n"),
    );
    assert_clean("a/b.rs", &with_head("mod keys;\n\npub use keys::KeyRow;\n"));
}

#[test]
fn names_say_what_is_inside() {
    assert_one(
        "cell/keys/src/utils.rs",
        &with_head(""),
        "cell/keys/src/utils.rs:1:",
        "`utils`",
    );
    assert_one(
        "cell/core/src/lib.rs",
        &with_head(""),
        "cell/core/src/lib.rs:1:",
        "`core`",
    );
    assert_clean("cell/keys/src/hardcore.rs", &with_head(""));
}

#[test]
fn no_work_is_put_off_in_writing() {
    let note = ["TO", "DO"].concat();
    assert_one(
        "docs/a.md",
        &format!("{note}: say more\n"),
        "docs/a.md:1:",
        "do it",
    );
    assert_clean("docs/a.md", &format!("the {note}S of others\n"));
}

#[test]
fn no_path_of_one_machine_is_named() {
    let place = ["/ho", "me/ada"].concat();
    assert_one(
        "docs/a.md",
        &format!("lies in {place}\n"),
        "docs/a.md:1:",
        "one machine",
    );
    assert_clean("docs/a.md", &format!("https://example.com{place}\n"));
    let people = ["/Us", "ers/"].concat();
    let home = format!("lies in {people}ada/a\n");
    assert_one("docs/a.md", &home, "docs/a.md:1:", "one machine");
    for address in ["{id}", "00u1", "bulkId:ada", ".search", "1/2"] {
        assert_clean("docs/a.md", &format!("asks for `{people}{address}`\n"));
    }
}

#[test]
fn lock_files_name_no_registry() {
    let line = "      \"resolved\": \"https://registry.example/a.tgz\",\n";
    assert_one(
        "testbed/clients/node/package-lock.json",
        line,
        "testbed/clients/node/package-lock.json:1:",
        "registry",
    );
    assert_clean("testbed/clients/node/package.json", line);
}

#[test]
fn what_a_map_names_exists() {
    let known =
        documents::known_paths(&["cell/keys/src/seal.rs".to_owned(), "docs/a.md".to_owned()]);
    let judge =
        |path: &str, text: &str| documents::decide_document_findings(&file(path, text), &known);
    let good = "`cell/keys/` and `cell/keys/src/seal.rs`; `/oauth2/v1/token`, `application/json`, `cargo test a/b`\n";
    assert_eq!(judge("README.md", good), Vec::new());
    let bad = judge("ARCHITECTURE.md", "first\n`cell/locks`\n");
    assert_eq!(
        bad.first().map(ToString::to_string),
        Some("ARCHITECTURE.md:2: points at `cell/locks`, which does not exist".to_owned())
    );
    assert_eq!(judge("docs/b.md", "`cell/locks`\n"), Vec::new());
}

#[test]
fn what_a_document_links_exists() {
    let known = documents::known_paths(&["docs/a.md".to_owned(), "LICENSE".to_owned()]);
    let judge =
        |path: &str, text: &str| documents::decide_document_findings(&file(path, text), &known);
    let good = "[a](a.md#top) [l](../LICENSE) [w](https://example.com/x) [h](#here)\n";
    assert_eq!(judge("docs/b.md", good), Vec::new());
    assert_eq!(judge("docs/b.md", "[a](c.md)\n").len(), 1);
}

#[test]
fn a_source_is_split_into_code_strings_and_comments() {
    let text = "let a = \"x\\\"y\"; // \"no\"\n/* \"no\" /* \"no\" */ */ let b = r#\"q\"q\"#;\nlet c: &'a str = b\"z\"; let d = '\"'; let e = '\\'';\n";
    let source = Source::parse(text);
    let strings: Vec<(usize, &str)> = source
        .strings
        .iter()
        .map(|Piece { line, text }| (*line, text.as_str()))
        .collect();
    assert_eq!(strings, [(1, "x\\\"y"), (2, "q\"q"), (3, "z")]);
    assert!(!source.code.contains("no"));
    assert_eq!(source.code.lines().count(), text.lines().count());
    assert!(source.code.contains("let e ="));
}

#[test]
fn a_source_that_ends_in_the_middle_is_split_all_the_same() {
    for text in [
        "\"open",
        "r##\"open\"#",
        "/* open /*",
        "'",
        "'\\",
        "b\"\\",
        "//",
        "#[cfg(test)] mod t {",
    ] {
        let source = Source::parse(text);
        assert_eq!(source.code.lines().count(), 1, "{text}");
        assert_eq!(
            source.test_code().chars().count(),
            source.code.chars().count()
        );
    }
}
