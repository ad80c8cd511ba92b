//! The rules for any text file of the tree. Pure: a file in, findings out.

use super::finding::{Finding, TextFile};

/// Names that say nothing about what they hold.
const EMPTY_NAMES: &[&str] = &[
    "utils", "util", "common", "helpers", "helper", "misc", "core", "manager",
];
/// Words that put work off. Written apart, so that this file does not contain them.
const NOTES_TO_SELF: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];
/// Folders of somebody's machine. Written apart, as above.
const MACHINE_FOLDERS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    PEOPLE,
];
/// A folder of homes on some machines, and in SCIM the address of people: only there something follows the name.
const PEOPLE: &str = concat!("/Us", "ers/");
/// Calls by which a script of the test bed would wait for a time.
const SCRIPT_PAUSES: &[&str] = &["waitForTimeout(", "time.sleep("];

/// What is wrong with a text file, whatever its language.
pub fn decide_text_findings(file: &TextFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(decide_name(file));
    if file.path == "LICENSE" {
        return findings;
    }
    for (index, line) in file.text.lines().enumerate() {
        let message = decide_notes(line)
            .or_else(|| decide_machine_path(line))
            .or_else(|| decide_lock(file, line))
            .or_else(|| decide_script_pause(file, line));
        findings.extend(message.map(|message| Finding::at(file, index + 1, message)));
    }
    findings
}

fn decide_name(file: &TextFile) -> Option<Finding> {
    let name = file.name();
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    let empty = file
        .folders()
        .chain([stem])
        .find(|part| EMPTY_NAMES.contains(part))?;
    Some(Finding::at(
        file,
        1,
        format!("`{empty}` says nothing about what is inside: name the subject"),
    ))
}

fn decide_notes(line: &str) -> Option<String> {
    let word = NOTES_TO_SELF.iter().find(|word| has_word(line, word))?;
    Some(format!("`{word}`: do it, or leave it out"))
}

fn decide_machine_path(line: &str) -> Option<String> {
    let folder = MACHINE_FOLDERS.iter().find(|folder| {
        line.match_indices(*folder).any(|(position, _)| {
            let (before, from) = line.split_at(position);
            let behind = from.strip_prefix(*folder).unwrap_or_default();
            !before.ends_with(is_path_character) && (**folder != PEOPLE || goes_on(behind))
        })
    })?;
    Some(format!("a path of one machine (`{folder}…`)"))
}

/// Whether a name follows, and something in it.
fn goes_on(path: &str) -> bool {
    let end = path.find(|character| !is_word_character(character));
    let (name, rest) = path.split_at(end.unwrap_or(path.len()));
    name.starts_with(|character: char| character.is_ascii_lowercase()) && rest.starts_with('/')
}

fn decide_lock(file: &TextFile, line: &str) -> Option<String> {
    let pinned_host =
        file.name() == "package-lock.json" && line.trim_start().starts_with("\"resolved\": \"http");
    pinned_host.then(|| {
        "a lock file that names a registry's host: `npm install` under our .npmrc leaves it out"
            .to_owned()
    })
}

fn decide_script_pause(file: &TextFile, line: &str) -> Option<String> {
    let is_script =
        file.path.starts_with("testbed/") && matches!(file.extension(), "js" | "mjs" | "ts" | "py");
    let pauses = is_script && SCRIPT_PAUSES.iter().any(|call| line.contains(call));
    pauses.then(|| "a test waits for a state, never for a time".to_owned())
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(position, _)| {
        let (before, from) = line.split_at(position);
        let after = from.strip_prefix(word).unwrap_or_default();
        !before.ends_with(is_word_character) && !after.starts_with(is_word_character)
    })
}

fn is_word_character(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// What may stand before a slash that continues a path: `/t/acme/home/`, `https://host/home/`.
fn is_path_character(character: char) -> bool {
    is_word_character(character) || matches!(character, '.' | '-' | '}' | '~' | '$')
}
