//! The typed client calls nothing that is not served: every path in its sources is one of the description.

use crate::description::area::all;
use std::path::Path;

/// Where the sources of the client lie.
const CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../client/src");
/// The file that makes the calls of the others.
const MACHINERY: &str = "connection.rs";
/// The fewest calls that are worth the name: a reader that finds nothing proves nothing.
const CALLS_MIN: usize = 25;
/// What a call begins with, and its method; where none is named, it stands before the path.
const BEGINNINGS: [(&str, Option<&str>); 3] = [
    ("self.get(", Some("GET")),
    ("Pages::of(self,", Some("GET")),
    ("Method::", None),
];

/// The calls of a file: method and parts of the path, none for a part that is not known before.
fn calls_in(source: &str) -> Vec<(String, Vec<Option<String>>)> {
    let product = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = Vec::new();
    for (beginning, method) in BEGINNINGS {
        for rest in product.split(beginning).skip(1) {
            let (before, after) = match rest.split_once("&[") {
                Some(parts) if parts.0.len() < 40 => parts,
                _ => continue,
            };
            let method = method.unwrap_or_else(|| before.split(',').next().unwrap_or_default());
            let path = after.split(']').next().unwrap_or_default();
            let parts = path.split(',').map(str::trim);
            let parts = parts.filter(|part| !part.is_empty()).map(|part| {
                let word = part.strip_prefix('"')?.strip_suffix('"')?;
                Some(word.to_owned())
            });
            found.push((method.trim().to_owned(), parts.collect()));
        }
    }
    found
}

fn is_served(method: &str, parts: &[Option<String>]) -> bool {
    all().any(|operation| {
        let Some(path) = operation.path().strip_prefix("/api/v1/") else {
            return false;
        };
        let wanted: Vec<&str> = path.split('/').collect();
        let fits = |(wanted, part): (&&str, &Option<String>)| match part {
            Some(word) => wanted == word,
            None => true,
        };
        operation.method() == method
            && wanted.len() == parts.len()
            && wanted.iter().zip(parts).all(fits)
    })
}

#[test]
fn the_client_calls_what_is_described() {
    let mut count = 0;
    for entry in std::fs::read_dir(Path::new(CLIENT)).unwrap() {
        let place = entry.unwrap().path();
        if place.ends_with(MACHINERY) {
            continue;
        }
        let source = std::fs::read_to_string(&place).unwrap();
        for (method, parts) in calls_in(&source) {
            assert!(
                is_served(&method, &parts),
                "{}: {method} {parts:?}",
                place.display()
            );
            count += 1;
        }
    }
    assert!(count >= CALLS_MIN, "only {count} calls were found");
}
