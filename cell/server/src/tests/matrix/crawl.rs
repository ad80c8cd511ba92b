//! Walks through the pages as an administrator sees them, for an example of every path that has an id in it.

use super::world::{Who, World};
use crate::routes;
use axum::body::to_bytes;
use axum::http::{Method, StatusCode, header};
use protocol::oauth::form::render_form;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Pages that are walked through at most; more means that the walk goes in circles.
const PAGES_MAX: usize = 600;
/// The length of every id.
const ID_CHARS: usize = 20;
const BODY_BYTES_MAX: usize = 4 << 20;
const STARTS: [&str; 2] = ["/admin", "/account"];
/// What the API names as the administration does, and a page of what nobody in the example has.
const OF_API: [(&str, &str); 15] = [
    ("/admin/people/{id}/clients/{client}", "/admin/apps/{id}"),
    ("/oauth2/v1/clients/{id}", "/admin/apps/{id}"),
    ("/api/v1/apps/{id}", "/admin/apps/{id}"),
    ("/api/v1/apps/{id}/groups/{group}", "/admin/groups/{id}"),
    ("/api/v1/apps/{id}/users/{user}", "/admin/people/{id}"),
    (
        "/api/v1/apps/{id}/provisioning/accounts/{user}",
        "/admin/people/{id}",
    ),
    ("/scim/v2/Users/{id}", "/admin/people/{id}"),
    ("/scim/v2/Groups/{id}", "/admin/groups/{id}"),
    ("/api/v1/users/{id}", "/admin/people/{id}"),
    ("/api/v1/users/{id}/clients/{client}", "/admin/apps/{id}"),
    ("/api/v1/meta/schemas/apps/{id}", "/admin/apps/{id}"),
    (
        "/api/v1/users/{id}/linkedObjects/{name}/{primary}",
        "/admin/people/{id}",
    ),
    ("/api/v1/groups/{id}", "/admin/groups/{id}"),
    ("/api/v1/groups/{id}/users/{user}", "/admin/people/{id}"),
    ("/api/v1/groups/{id}/owners/{owner}", "/admin/people/{id}"),
];
/// What the API alone has ids for: the pattern, and the list in which an example stands.
const OF_LISTS: &[(&str, &str)] = &[
    ("/api/v1/groups/rules/{id}", "/api/v1/groups/rules"),
    ("/api/v1/eventHooks/{id}", "/api/v1/eventHooks"),
    ("/api/v1/inlineHooks/{id}", "/api/v1/inlineHooks"),
    ("/api/v1/hook-keys/{id}", "/api/v1/hook-keys"),
    (PUBLIC_HOOK_KEY, "/api/v1/hook-keys"),
    ("/api/v1/logStreams/{id}", "/api/v1/logStreams"),
    ("/api/v1/idps/{id}", "/api/v1/idps"),
    ("/api/v1/authenticators/{id}", "/api/v1/authenticators"),
    ("/api/v1/features/{id}", "/api/v1/features"),
    ("/sso/idps/{id}", "/api/v1/idps"),
    ("/oauth2/v1/authorize/callback/{id}", "/api/v1/idps"),
    ("/api/v1/iam/roles/{role}", "/api/v1/iam/roles"),
    (
        "/api/v1/iam/resource-sets/{set}",
        "/api/v1/iam/resource-sets",
    ),
    (
        "/api/v1/iam/resource-sets/{set}/resources/{resource}",
        "/api/v1/iam/resource-sets/{set}/resources",
    ),
    (
        "/api/v1/iam/resource-sets/{set}/bindings/{role}",
        "/api/v1/iam/resource-sets/{set}/bindings",
    ),
    (
        "/api/v1/iam/resource-sets/{set}/bindings/{role}/members/{member}",
        "/api/v1/iam/resource-sets/{set}/bindings/{role}/members",
    ),
    (
        "/api/v1/eventHooks/{id}/deliveries/{delivery}",
        "/api/v1/eventHooks/{id}/deliveries",
    ),
    (
        "/api/v1/authorizationServers/{id}",
        "/api/v1/authorizationServers",
    ),
    (
        "/api/v1/authorizationServers/{id}/scopes/{scope}",
        "/api/v1/authorizationServers/{id}/scopes",
    ),
    (
        "/api/v1/authorizationServers/{id}/policies/{policy}",
        "/api/v1/authorizationServers/{id}/policies",
    ),
    (
        "/api/v1/authorizationServers/{id}/policies/{policy}/rules/{rule}",
        "/api/v1/authorizationServers/{id}/policies/{policy}/rules",
    ),
    ("/api/v1/policies/{id}", "/api/v1/policies"),
    ("/api/v1/trustedOrigins/{id}", "/api/v1/trustedOrigins"),
    ("/api/v1/zones/{id}", "/api/v1/zones"),
    ("/api/v1/behaviors/{id}", "/api/v1/behaviors"),
    ("/api/v1/mappings/{mapping}", "/api/v1/mappings"),
    ("/api/v1/meta/types/user/{type}", "/api/v1/meta/types/user"),
    ("/api/v1/api-tokens/{id}", "/api/v1/api-tokens"),
    (
        "/api/v1/policies/{id}/rules/{rule}",
        "/api/v1/policies/{id}/rules",
    ),
];
/// The public half of a hook key has an id of its own.
const PUBLIC_HOOK_KEY: &str = "/api/v1/hook-keys/public/{key}";
/// Nothing leads from a page to the endpoints of a server by its name.
const SERVER: (&str, &str) = ("/oauth2/{server}", "default");
/// Nor to the schema of people.
const SCHEMA: (&str, &str) = ("/api/v1/meta/schemas/user/{schema}", "default");
/// Nor to relations between people by the names of their ends.
const RELATION: (&str, &str) = ("/api/v1/meta/schemas/user/linkedObjects/{name}", "manager");
const RELATION_OF_PERSON: (&str, &str) = ("/api/v1/users/{id}/linkedObjects/{name}", "manager");
/// Nor to the roles of a person by their ids: this is the super administrator's.
const ROLE: (&str, &str) = ("/api/v1/users/{id}/roles/{rid}", "KNKVARKSL5AUITKJJY");
/// Nor to the one method of an authenticator.
const METHOD: (&str, &str) = ("/api/v1/authenticators/{id}/methods/{method}", "password");
/// Nor to what a custom role permits.
const PERMISSION: (&str, &str) = (
    "/api/v1/iam/roles/{role}/permissions/{permission}",
    "okta.users.read",
);

/// Nor to what is done at the server of an app.
const FEATURE: (&str, &str) = ("/api/v1/apps/{id}/features/{feature}", "USER_PROVISIONING");

/// Nor to the step that switches a feature.
const LIFECYCLE: (&str, &str) = ("/api/v1/features/{id}/{lifecycle}", "enable");

/// What the pages of an org lead to.
pub(super) struct Samples {
    /// A pattern up to one of its parameters, and an example for that.
    values: BTreeMap<String, String>,
    /// A pattern, and an example of the whole: its parameters belong together.
    wholes: BTreeMap<String, String>,
    /// What a form sends to an address as it stands on its page, without the guard.
    forms: BTreeMap<String, String>,
    pages: usize,
    dead_ends: Vec<String>,
}

impl Samples {
    /// Walks through the org at this prefix.
    pub(super) async fn gather(world: &World, prefix: &str) -> Self {
        let patterns = routes::paths();
        let mut samples = Self {
            values: [
                SERVER,
                ROLE,
                SCHEMA,
                METHOD,
                RELATION,
                RELATION_OF_PERSON,
                PERMISSION,
                FEATURE,
                LIFECYCLE,
            ]
            .map(|(pattern, example)| (pattern.to_owned(), example.to_owned()))
            .into(),
            wholes: BTreeMap::new(),
            forms: BTreeMap::new(),
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
            let response = world
                .call(Who::Administrator, &Method::GET, &address, "")
                .await;
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
            let page = String::from_utf8_lossy(&body);
            for target in parse_values(&page, " href=\"") {
                let Some(path) = target.strip_prefix(prefix) else {
                    continue;
                };
                samples.learn(&patterns, path);
                if is_walked(path) && seen.insert(target.clone()) {
                    waiting.push_back((target, address.clone()));
                }
            }
            for form in page.split("<form ").skip(1) {
                samples.learn_form(&patterns, prefix, form);
            }
        }
        for (pattern, page) in OF_API {
            let example = samples.values[page].clone();
            samples.values.insert(pattern.to_owned(), example);
        }
        for &(pattern, list) in OF_LISTS {
            let address = format!("{prefix}{}", samples.fill(list));
            let response = world
                .call(Who::Administrator, &Method::GET, &address, "")
                .await;
            let body = to_bytes(response.into_body(), BODY_BYTES_MAX)
                .await
                .unwrap();
            let listed: serde_json::Value = serde_json::from_slice(&body).unwrap();
            // Some lists stand in an object that has nothing else of the kind.
            let mut inner = listed.as_object().into_iter().flatten();
            let list = inner.find_map(|(_, value)| value.is_array().then_some(value));
            let id = if pattern == PUBLIC_HOOK_KEY {
                "keyId"
            } else {
                "id"
            };
            let example = list.unwrap_or(&listed)[0][id].as_str();
            let example = example.unwrap_or_else(|| panic!("{address}: {listed}"));
            samples
                .values
                .insert(pattern.to_owned(), example.to_owned());
        }
        samples
    }

    /// Keeps what a form sends as it stands.
    fn learn_form(&mut self, patterns: &[&str], prefix: &str, form: &str) {
        let form = form.split("</form>").next().unwrap_or_default();
        let Some(action) = parse_values(form, "action=\"").into_iter().next() else {
            return;
        };
        if let Some(path) = action.strip_prefix(prefix) {
            self.learn(patterns, path);
        }
        let mut fields = Vec::new();
        for tag in form.split(['<', '>']).filter(|tag| {
            let is_sent = !tag.contains("type=\"checkbox\"") && !tag.contains("type=\"radio\"");
            tag.starts_with("input ") && (is_sent || tag.contains(" checked"))
        }) {
            let value = |name| parse_values(tag, name).into_iter().next();
            if let Some(name) = value(" name=\"").filter(|name| name != "csrf") {
                fields.push((name, value(" value=\"").unwrap_or_default()));
            }
        }
        let pairs: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.forms
            .entry(action)
            .or_insert_with(|| render_form(&pairs));
    }

    /// What the form for this address sends; empty if no page has one.
    pub(super) fn form(&self, address: &str) -> &str {
        self.forms.get(address).map_or("", String::as_str)
    }

    /// Keeps what stands where a pattern has parameters; an id rather than a word that stands for one.
    fn learn(&mut self, patterns: &[&str], address: &str) {
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').collect();
        for pattern in patterns {
            let wanted: Vec<&str> = pattern.split('/').collect();
            let fits = |(wanted, part): (&&str, &&str)| is_parameter(wanted) || wanted == part;
            if wanted.len() != parts.len() || !wanted.iter().zip(&parts).all(fits) {
                continue;
            }
            let examples: Vec<(usize, &str)> = parts
                .iter()
                .enumerate()
                .filter(|(place, _)| is_parameter(wanted[*place]))
                .map(|(place, part)| (place, *part))
                .collect();
            let is_example = |(place, part): &(usize, &str)| {
                let mut others = patterns.iter();
                !part.is_empty() && !others.any(|other| has_word(other, &wanted, *place, part))
            };
            if examples.is_empty() || !examples.iter().all(is_example) {
                continue;
            }
            let is_id = examples.iter().any(|(_, part)| part.len() == ID_CHARS);
            keep(&mut self.wholes, (*pattern).to_owned(), path, is_id);
            for (place, part) in examples {
                let key = wanted[..=place].join("/");
                keep(&mut self.values, key, part, part.len() == ID_CHARS);
            }
        }
    }

    /// The path with examples for its parameters; `none` where there is no example.
    pub(super) fn fill(&self, pattern: &str) -> String {
        if let Some(whole) = self.wholes.get(pattern) {
            return whole.clone();
        }
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

/// The first example, unless a better one comes: an id is better than a word that stands for something built in.
fn keep(kept: &mut BTreeMap<String, String>, key: String, example: &str, is_id: bool) {
    let has_id = |known: &str| known.split('/').any(|part| part.len() == ID_CHARS);
    match kept.get_mut(&key) {
        Some(known) if is_id && !has_id(known) => *known = example.to_owned(),
        Some(_) => {}
        None => {
            kept.insert(key, example.to_owned());
        }
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

/// What follows each `before` up to the next quotation mark.
fn parse_values(text: &str, before: &str) -> Vec<String> {
    text.split(before)
        .skip(1)
        .map(|piece| {
            let value = piece.split(['"', '#']).next().unwrap_or_default();
            value.replace("&amp;", "&")
        })
        .collect()
}
