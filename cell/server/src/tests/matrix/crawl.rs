//! Walks through the pages as an administrator sees them, for an example of every path that has an id in it.

use super::world::{Who, World};
use crate::routes;
use axum::body::to_bytes;
use axum::http::{Method, StatusCode, header};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Pages that are walked through at most; more means that the walk goes in circles.
const PAGES_MAX: usize = 600;
const BODY_BYTES_MAX: usize = 4 << 20;
const STARTS: [&str; 2] = ["/admin", "/account"];
/// Nothing leads from a page to the endpoints of a server by its name.
const SERVER: (&str, &str) = ("/oauth2/{server}", "default");

/// What the pages of an org lead to.
pub(super) struct Samples {
    /// A pattern up to one of its parameters, and an example for that.
    values: BTreeMap<String, String>,
    pages: usize,
    dead_ends: Vec<String>,
}

impl Samples {
    /// Walks through the org at this prefix.
    pub(super) async fn gather(world: &World, prefix: &str) -> Self {
        let patterns = routes::paths();
        let mut samples = Self {
            values: BTreeMap::from([(SERVER.0.to_owned(), SERVER.1.to_owned())]),
            pages: 0,
            dead_ends: Vec::new(),
        };
        let mut waiting: VecDeque<(String, String)> = STARTS
            .iter()
            .map(|start| (format!("{prefix}{start}"), String::from("the start")))
            .collect();
        let mut seen: BTreeSet<String> =
            waiting.iter().map(|(address, _)| address.clone()).collect();
        while let Some((address, from)) = waiting.pop_front() {
            samples.pages += 1;
            assert!(
                samples.pages < PAGES_MAX,
                "the pages go on and on, at {address}"
            );
            let response = world.call(Who::Administrator, &Method::GET, &address).await;
            if response.status() == StatusCode::NOT_FOUND {
                samples.dead_ends.push(format!("{address}, from {from}"));
            }
            let kind = response.headers().get(header::CONTENT_TYPE);
            if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
                continue;
            }
            let body = to_bytes(response.into_body(), BODY_BYTES_MAX)
                .await
                .unwrap();
            for target in parse_targets(&String::from_utf8_lossy(&body)) {
                let Some(path) = target.address.strip_prefix(prefix) else {
                    continue;
                };
                samples.learn(&patterns, path);
                if target.is_page && is_walked(path) && seen.insert(target.address.clone()) {
                    waiting.push_back((target.address, address.clone()));
                }
            }
        }
        samples
    }

    /// Keeps what stands where a pattern has parameters.
    fn learn(&mut self, patterns: &[&str], address: &str) {
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').collect();
        for pattern in patterns {
            let wanted: Vec<&str> = pattern.split('/').collect();
            let fits = |(wanted, part): (&&str, &&str)| is_parameter(wanted) || wanted == part;
            if wanted.len() != parts.len() || !wanted.iter().zip(&parts).all(fits) {
                continue;
            }
            for (place, part) in parts.iter().enumerate() {
                let is_word = patterns
                    .iter()
                    .any(|other| has_word(other, &wanted, place, part));
                if is_parameter(wanted[place]) && !is_word && !part.is_empty() {
                    let key = wanted[..=place].join("/");
                    self.values.entry(key).or_insert_with(|| (*part).to_owned());
                }
            }
        }
    }

    /// The path with examples for its parameters; `none` where there is no example.
    pub(super) fn fill(&self, pattern: &str) -> String {
        let wanted: Vec<&str> = pattern.split('/').collect();
        let filled: Vec<&str> = (0..wanted.len())
            .map(|place| match wanted[place] {
                part if is_parameter(part) => {
                    let value = self.values.get(&wanted[..=place].join("/"));
                    value.map_or("none", String::as_str)
                }
                part => part,
            })
            .collect();
        filled.join("/")
    }

    /// How many pages there are.
    pub(super) const fn pages(&self) -> usize {
        self.pages
    }

    /// Links to nothing.
    pub(super) fn dead_ends(&self) -> &[String] {
        &self.dead_ends
    }
}

fn is_parameter(part: &str) -> bool {
    part.starts_with('{')
}

/// Whether another path has `part` as a word of its own at this place: then it is no example for a parameter.
fn has_word(other: &str, wanted: &[&str], place: usize, part: &str) -> bool {
    let other: Vec<&str> = other.split('/').collect();
    other.get(place) == Some(&part) && other.get(..place) == wanted.get(..place)
}

/// The live tail is a stream and has no end.
fn is_walked(path: &str) -> bool {
    let is_ours = path.starts_with("/admin") || path.starts_with("/account");
    is_ours && path != "/admin/log/tail"
}

/// Where a page leads.
struct Target {
    address: String,
    /// A link, not the action of a form.
    is_page: bool,
}

fn parse_targets(page: &str) -> Vec<Target> {
    let mut targets = Vec::new();
    for (attribute, is_page) in [
        (" href=\"", true),
        (" action=\"", false),
        (" formaction=\"", false),
    ] {
        for piece in page.split(attribute).skip(1) {
            let address = piece.split('"').next().unwrap_or_default();
            let address = address.replace("&#38;", "&").replace("&amp;", "&");
            let address = address.split('#').next().unwrap_or_default().to_owned();
            targets.push(Target { address, is_page });
        }
    }
    targets
}
