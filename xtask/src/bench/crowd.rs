//! What the servers are told before the run: the same people and the same applications for the product and the peer. The
//! test bed knows the form of the product's document; here it is passed on.

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::command::Call;

/// How many people there are; each has many sessions in the course of a run.
const PEOPLE: usize = 256;

/// The people and applications of a run.
#[derive(Debug, Clone)]
pub struct Crowd {
    /// The product's bootstrap document.
    pub document: String,
    /// What an order to the load generator says of the product, but for its origin.
    pub target: Value,
}

impl Crowd {
    /// Asks the load generator.
    pub fn gather(load: &std::path::Path) -> anyhow::Result<Self> {
        let text = Call::new(load)
            .args(["crowd", &PEOPLE.to_string()])
            .capture()?;
        let value: Value = serde_json::from_str(&text)?;
        let document = value.get("document").and_then(Value::as_str);
        Ok(Self {
            document: document
                .context("the load generator gave no document")?
                .to_owned(),
            target: value
                .get("target")
                .cloned()
                .context("the load generator gave no target")?,
        })
    }

    /// What an order says of the product at this address.
    pub fn product_target(&self, origin: &str) -> Value {
        with(&self.target, json!({ "origin": origin }))
    }

    /// The same for the peer: it has other paths, and a sign-in begins and ends at the application.
    pub fn peer_target(&self, origin: &str) -> Value {
        let changes = json!({
            "origin": origin,
            "token_path": "/token",
            "authorize_path": "/auth",
            "introspect_path": "/token/introspection",
            "sign_in_start": "",
            "sign_in_end": self.part(&["redirect_uri"]),
        });
        with(&self.target, changes)
    }

    /// What the peer is started with.
    pub fn peer_input(&self) -> Value {
        let password = self.part(&["password"]);
        let people: Vec<Value> = (0..PEOPLE)
            .map(|number| {
                json!({ "login": format!("person{number}@example.com"), "password": password })
            })
            .collect();
        json!({
            "port": 0,
            "people": people,
            "clients": [
                {
                    "client_id": self.part(&["web", "client_id"]),
                    "client_secret": self.part(&["web", "client_secret"]),
                    "redirect_uris": [self.part(&["redirect_uri"])],
                    "response_types": ["code"],
                    "grant_types": ["authorization_code", "refresh_token"],
                },
                {
                    "client_id": self.part(&["service", "client_id"]),
                    "client_secret": self.part(&["service", "client_secret"]),
                    "redirect_uris": [],
                    "response_types": [],
                    "grant_types": ["client_credentials"],
                },
            ],
        })
    }

    fn part(&self, path: &[&str]) -> Value {
        path.iter()
            .try_fold(&self.target, |value, name| value.get(name))
            .cloned()
            .unwrap_or_default()
    }
}

fn with(target: &Value, changes: Value) -> Value {
    let mut target = target.clone();
    if let (Value::Object(into), Value::Object(from)) = (&mut target, changes) {
        into.extend(from);
    }
    target
}
