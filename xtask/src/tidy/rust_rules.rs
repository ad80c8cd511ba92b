//! The rules for one Rust file. Pure: a file in, findings out.

use super::finding::{Finding, TextFile};
use super::source::Source;
use crate::report;

/// Beyond this many lines a file is asked to be split.
const LINES_SOFT: usize = 600;
/// Beyond this many lines the check fails.
const LINES_MAX: usize = 700;
/// Files that may be longer, and how long. Empty, and meant to stay so.
const LONGER_FILES: &[(&str, usize)] = &[];
/// The one place of the test bed that may pause, because it waits for states.
const MAY_PAUSE: &str = "testbed/src/wait.rs";
/// Our crates, whose names must show their home wherever they are used.
const NOT_RE_EXPORTED: &[&str] = &[
    "vocab",
    "protocol",
    "database",
    "telemetry",
    "ledger",
    "keys",
    "identity",
    "oauth",
    "scim",
    "console",
    "server",
];

/// What is wrong with a Rust file.
pub fn decide_rust_findings(file: &TextFile) -> Vec<Finding> {
    let source = Source::parse(&file.text);
    let mut findings = Vec::new();
    findings.extend(decide_head(file));
    findings.extend(decide_length(file));
    findings.extend(decide_sql(file, &source));
    findings.extend(decide_attributes(file, &source));
    findings.extend(decide_pauses(file, &source));
    findings.extend(decide_re_exports(file, &source));
    findings
}

fn decide_head(file: &TextFile) -> Option<Finding> {
    let opens = file
        .text
        .lines()
        .next()
        .is_some_and(|line| line.starts_with("//! "));
    (!opens).then(|| {
        Finding::at(
            file,
            1,
            "opens without `//! ` lines that say what the file is for",
        )
    })
}

fn decide_length(file: &TextFile) -> Option<Finding> {
    let lines = file.text.lines().count();
    let lines_max = LONGER_FILES
        .iter()
        .find(|(path, _)| *path == file.path)
        .map_or(LINES_MAX, |(_, lines_max)| *lines_max);
    (lines > lines_max).then(|| {
        Finding::at(
            file,
            lines,
            format!("{lines} lines; split it before {lines_max}"),
        )
    })
}

/// A word of warning about a file that grows towards the bound; no breach yet.
pub fn render_length_warning(file: &TextFile) -> Option<String> {
    let lines = file.text.lines().count();
    (lines > LINES_SOFT && decide_length(file).is_none()).then(|| {
        format!(
            "{}: {lines} lines; a file should stay under {LINES_SOFT}",
            file.path
        )
    })
}

fn decide_sql(file: &TextFile, source: &Source) -> Vec<Finding> {
    if may_hold_sql(file) {
        return Vec::new();
    }
    source
        .strings
        .iter()
        .filter(|piece| is_sql(&piece.text))
        .map(|piece| {
            Finding::at(
                file,
                piece.line,
                "SQL outside a store: it belongs in a `store.rs` or a `store` folder",
            )
        })
        .collect()
}

fn may_hold_sql(file: &TextFile) -> bool {
    file.name() == "store.rs"
        || file.path.starts_with("foundation/database/")
        || file.path.starts_with("foundation/postgres_for_tests/")
        || file
            .folders()
            .any(|folder| matches!(folder, "store" | "schema"))
}

/// Whether a string reads as a statement: the words of SQL in capitals, as all of ours are written.
fn is_sql(text: &str) -> bool {
    let words: Vec<&str> = text
        .split_whitespace()
        .map(|word| word.trim_start_matches('('))
        .collect();
    let adjacent = words.windows(2).any(|pair| {
        matches!(
            pair,
            ["INSERT", "INTO"] | ["DELETE", "FROM"] | ["SELECT", _]
        )
    });
    let update = words.iter().position(|word| *word == "UPDATE");
    let set = words.iter().rposition(|word| *word == "SET");
    adjacent || matches!((update, set), (Some(update), Some(set)) if update < set)
}

fn decide_attributes(file: &TextFile, source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, attribute) in attributes(&source.code) {
        if has_call(&attribute, "allow") {
            findings.push(Finding::at(
                file,
                line,
                "lints are lifted by `expect` with a reason, which ends when its cause does",
            ));
        }
        if attribute.starts_with("ignore") && !is_child_of_a_test(line, source) {
            findings.push(Finding::at(
                file,
                line,
                "a test that nobody runs: mend it or remove it",
            ));
        }
    }
    findings
}

/// Whether the `ignore` of this line marks the other half of a test that starts its own program as a child: its reason
/// reads `the child of …` and names a test of the same file, which runs it.
fn is_child_of_a_test(line: usize, source: &Source) -> bool {
    source
        .strings
        .iter()
        .filter(|piece| piece.line == line)
        .filter_map(|piece| piece.text.strip_prefix("the child of "))
        .any(|parent| source.code.contains(&format!("fn {parent}(")))
}

/// The attributes of a file: the line and what stands between the brackets.
fn attributes(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut line = 1;
    let mut rest = code;
    while let Some(position) = rest.find('#') {
        let (before, from) = rest.split_at(position);
        line += before.matches('\n').count();
        let after = from.trim_start_matches(['#', '!']);
        if let Some(body) = after.strip_prefix('[') {
            found.push((line, attribute_body(body).trim().to_owned()));
        }
        rest = after;
    }
    found
}

fn attribute_body(text: &str) -> &str {
    let mut depth = 1_usize;
    for (position, character) in text.char_indices() {
        match character {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return text.split_at(position).0;
        }
    }
    text
}

/// Whether a text calls `name`, as a whole word before a bracket.
fn has_call(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(position, _)| {
        let (before, from) = text.split_at(position);
        let whole = !before.ends_with(|last: char| last.is_alphanumeric() || last == '_');
        let after = from.strip_prefix(name).unwrap_or_default();
        whole && after.trim_start().starts_with('(')
    })
}

fn decide_pauses(file: &TextFile, source: &Source) -> Vec<Finding> {
    if file.path == MAY_PAUSE {
        return Vec::new();
    }
    let code = if is_test_file(file) {
        source.code.clone()
    } else {
        source.test_code()
    };
    code.lines()
        .enumerate()
        .filter(|(_, line)| pauses(line))
        .map(|(index, _)| {
            Finding::at(
                file,
                index + 1,
                "a test waits for a state, never for a time",
            )
        })
        .collect()
}

fn pauses(line: &str) -> bool {
    ["thread::sleep", "time::sleep"]
        .iter()
        .any(|name| line.contains(name))
        || has_call(line, "sleep")
        || has_call(line, "sleep_until")
}

fn is_test_file(file: &TextFile) -> bool {
    let name = file.name();
    name == "tests.rs"
        || name.ends_with("_tests.rs")
        || file.path.starts_with("testbed/")
        || file.folders().any(|folder| folder == "tests")
}

fn decide_re_exports(file: &TextFile, source: &Source) -> Vec<Finding> {
    source
        .code
        .lines()
        .enumerate()
        .filter(|(_, line)| re_exports(line, &source.code))
        .map(|(index, _)| {
            Finding::at(
                file,
                index + 1,
                "re-exports another crate of ours: every name shows its home",
            )
        })
        .collect()
}

/// Whether a line re-exports a crate of ours; a module of the same name in this file is something else.
fn re_exports(line: &str, code: &str) -> bool {
    let Some(path) = line.trim_start().strip_prefix("pub use ") else {
        return false;
    };
    let (from_crates, path) = match path.strip_prefix("::") {
        Some(rest) => (true, rest),
        None => (false, path),
    };
    let Some((first, _)) = path.split_once("::") else {
        return false;
    };
    let is_module = !from_crates && code.contains(&format!("mod {first};"));
    NOT_RE_EXPORTED.contains(&first) && !is_module
}

/// Prints how the lengths stand, for a person who wonders where to split next.
pub fn report_length_warnings<'a>(files: impl Iterator<Item = &'a TextFile>) {
    for warning in files.filter_map(render_length_warning) {
        report::line(&format!("note: {warning}"));
    }
}
