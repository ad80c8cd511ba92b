//! A SCIM server in this process, that does what it is asked, or what it is told to do instead.

use identity::event_hook::envoy::{
    Answered, Envoy, Letter, Method, PlainHttp, Sent, Shipment, Shipped, Trouble,
};
use protocol::scim::ERROR;
use protocol::scim::patch::{apply, parse_patch};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use vocab::time::ManualClock;

/// What it does next, in place of what it is asked.
pub(super) enum Act {
    /// It does not answer.
    Silent(Trouble),
    /// It answers this.
    Say(u16, String),
    /// It asks for a pause of so many seconds.
    Wait(u16, u32),
    /// It does what it is asked, and its answer is lost.
    Lose,
    /// It does what it is asked, and takes so many seconds for it.
    Take(Arc<ManualClock>, i64),
    /// It does what it is asked.
    Obey,
}

#[derive(Default)]
struct State {
    things: BTreeMap<String, BTreeMap<String, Map<String, Value>>>,
    made: usize,
    acts: VecDeque<Act>,
    asked: Vec<String>,
    knows_patch: bool,
    keeps_members: bool,
}

/// The server.
pub(super) struct Peer {
    state: Mutex<State>,
}

impl Peer {
    pub(super) fn new() -> Self {
        let state = State {
            knows_patch: true,
            ..State::default()
        };
        Self {
            state: Mutex::new(state),
        }
    }

    pub(super) fn will(&self, acts: impl IntoIterator<Item = Act>) {
        self.state.lock().unwrap().acts.extend(acts);
    }

    pub(super) fn forget_patch(&self) {
        self.state.lock().unwrap().knows_patch = false;
    }

    /// Whether it lets nobody go who is in a group.
    pub(super) fn keep_members(&self, keeps: bool) {
        self.state.lock().unwrap().keeps_members = keeps;
    }

    /// What it was asked since it was asked this.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }

    /// Its users by name, or its groups.
    pub(super) fn all(&self, kind: &str) -> BTreeMap<String, Value> {
        let state = self.state.lock().unwrap();
        let things = state.things.get(kind).cloned().unwrap_or_default();
        let name_of = |thing: &Map<String, Value>| {
            let name = thing.get("userName").or_else(|| thing.get("displayName"));
            name.unwrap().as_str().unwrap().to_owned()
        };
        let named = things.into_values();
        named
            .map(|thing| (name_of(&thing), Value::Object(thing)))
            .collect()
    }

    pub(super) fn put(&self, kind: &str, id: &str, thing: Value) {
        let mut thing = thing.as_object().cloned().unwrap();
        thing.insert("id".into(), json!(id));
        let mut state = self.state.lock().unwrap();
        state
            .things
            .entry(kind.into())
            .or_default()
            .insert(id.into(), thing);
    }

    pub(super) fn remove(&self, kind: &str, id: &str) {
        let mut state = self.state.lock().unwrap();
        state.things.get_mut(kind).unwrap().remove(id);
    }
}

fn say(status: u16, body: &Value) -> Answered {
    Answered::of(status, body.to_string().into_bytes())
}

fn refuse(status: u16, detail: &str) -> Answered {
    say(
        status,
        &json!({ "schemas": [ERROR], "status": status.to_string(), "detail": detail }),
    )
}

fn decode(text: &str) -> String {
    url::form_urlencoded::parse(format!("x={text}").as_bytes())
        .next()
        .unwrap()
        .1
        .into_owned()
}

impl State {
    fn obey(&mut self, letter: &Letter) -> Answered {
        let path = letter.uri.strip_prefix("https://scim.example/v2/").unwrap();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (kind, id) = path.split_once('/').unwrap_or((path, ""));
        let id = decode(id);
        let things = self.things.entry(kind.to_owned()).or_default();
        match letter.method {
            Method::ScimGet if id.is_empty() => search(things, query),
            Method::ScimGet => match things.get(&id) {
                Some(thing) => say(200, &json!(thing)),
                None => refuse(404, "no such thing"),
            },
            Method::ScimPost => {
                let mut thing: Map<String, Value> = serde_json::from_slice(&letter.body).unwrap();
                let same = |other: &Map<String, Value>| {
                    thing.contains_key("userName") && other.get("userName") == thing.get("userName")
                };
                if things.values().any(same) {
                    return refuse(409, "taken");
                }
                self.made += 1;
                let id = format!("id{}", self.made);
                thing.insert("id".into(), json!(id));
                things.insert(id, thing.clone());
                say(201, &json!(thing))
            }
            Method::ScimPatch if !self.knows_patch => refuse(501, "no patches"),
            Method::ScimPatch if self.keeps_members && is_removal(&letter.body) => {
                refuse(403, "they stay")
            }
            Method::ScimPatch => match things.get_mut(&id) {
                None => refuse(404, "no such thing"),
                Some(thing) => {
                    for operation in parse_patch(&letter.body).unwrap() {
                        apply::apply(thing, &operation).unwrap();
                    }
                    Answered::of(204, Vec::new())
                }
            },
            Method::ScimPut => match things.get_mut(&id) {
                None => refuse(404, "no such thing"),
                Some(thing) => {
                    *thing = serde_json::from_slice(&letter.body).unwrap();
                    say(200, &json!(thing))
                }
            },
            Method::ScimDelete => match things.remove(&id) {
                None => refuse(404, "no such thing"),
                Some(_) => Answered::of(204, Vec::new()),
            },
            Method::Get | Method::Post | Method::PostForm => panic!("that is not asked of it"),
        }
    }
}

fn is_removal(body: &[u8]) -> bool {
    let patch: Value = serde_json::from_slice(body).unwrap();
    let operations = patch["Operations"].as_array().unwrap();
    operations.iter().any(|one| one["op"] == "remove")
}

fn search(things: &BTreeMap<String, Map<String, Value>>, query: &str) -> Answered {
    let parameters: BTreeMap<String, String> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let found: Vec<Value> = match parameters.get("filter") {
        None => things.values().map(|thing| json!(thing)).collect(),
        Some(filter) => {
            let (attribute, value) = filter.split_once(" eq ").unwrap();
            let value: Value = serde_json::from_str(value).unwrap();
            let is_meant = |thing: &&Map<String, Value>| thing.get(attribute) == Some(&value);
            things
                .values()
                .filter(is_meant)
                .map(|thing| json!(thing))
                .collect()
        }
    };
    let start: usize = parameters["startIndex"].parse().unwrap();
    let count: usize = parameters["count"].parse().unwrap();
    let total = found.len();
    let page: Vec<Value> = found.into_iter().skip(start - 1).take(count).collect();
    say(
        200,
        &json!({ "totalResults": total, "startIndex": start, "Resources": page }),
    )
}

impl Envoy for Peer {
    fn plain_http(&self) -> PlainHttp {
        PlainHttp::Never
    }

    fn send<'e>(&'e self, letter: &'e Letter) -> Sent<'e> {
        let mut state = self.state.lock().unwrap();
        let (name, value) = &letter.headers[0];
        assert_eq!(
            (name.as_str(), value.expose().as_str()),
            ("authorization", "Bearer letmein")
        );
        let path = letter.uri.strip_prefix("https://scim.example/v2").unwrap();
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        state
            .asked
            .push(format!("{} {path}", letter.method.as_str()));
        let answer = match state.acts.pop_front() {
            None | Some(Act::Obey) => Ok(state.obey(letter)),
            Some(Act::Silent(trouble)) => Err(trouble),
            Some(Act::Say(status, text)) => Ok(Answered::of(status, text.into_bytes())),
            Some(Act::Wait(status, secs)) => Ok(Answered {
                retry_after_secs: Some(secs),
                ..Answered::of(status, Vec::new())
            }),
            Some(Act::Take(clock, secs)) => {
                clock.advance_secs(secs);
                Ok(state.obey(letter))
            }
            Some(Act::Lose) => {
                state.obey(letter);
                Err(Trouble::TimedOut)
            }
        };
        Box::pin(async move { answer })
    }

    fn ship<'e>(&'e self, _: &'e Shipment) -> Shipped<'e> {
        Box::pin(async { Err(Trouble::Unreachable) })
    }

    fn reads_authority(&self, _: &str) -> bool {
        false
    }
}
