//! What the load generator is asked to do: against whom, what, and how hard. One JSON object.

use serde::{Deserialize, Serialize};

use crate::agent::Person;

/// One run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// What is asked of the server.
    pub flow: Flow,
    /// How hard.
    pub pace: Pace,
    /// Before anything is counted.
    #[serde(default)]
    pub warm_up_seconds: f64,
    /// The server's process, to count its processor time.
    #[serde(default)]
    pub pid: Option<u32>,
    /// The server.
    pub target: Target,
}

/// What is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// A service's token.
    ClientCredentials,
    /// A new pair of tokens for a refresh token, which is rotated.
    Refresh,
    /// A resource server asks about an access token.
    Introspection,
    /// A person with a session gets a code, and the application tokens for it.
    CodeFlow,
    /// A person without a session signs in with a password, from the first page to the last redirect.
    SignIn,
    /// The floor: posts to these paths in turn, all of them one step.
    Posts(Vec<String>),
}

/// How hard.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// So many connections, each with one step at a time.
    Closed {
        /// Connections.
        workers: usize,
        /// How long.
        seconds: f64,
    },
    /// So many connections that share so many steps.
    Steps {
        /// Connections.
        workers: usize,
        /// Steps of all of them.
        steps: usize,
    },
    /// Arrivals by the clock.
    Open {
        /// Arrivals each second.
        per_second: f64,
        /// How long.
        seconds: f64,
    },
}

/// A server and what it knows.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Target {
    /// `http://localhost:8080`.
    pub origin: String,
    /// The token endpoint.
    pub token_path: String,
    /// The authorization endpoint.
    pub authorize_path: String,
    /// The introspection endpoint.
    pub introspect_path: String,
    /// The web application.
    pub web: Application,
    /// The service.
    pub service: Application,
    /// Where the web application is called back.
    pub redirect_uri: String,
    /// Where a bare sign-in begins; the authorization endpoint when empty.
    pub sign_in_start: String,
    /// Where it has ended.
    pub sign_in_end: String,
    /// The people: `person0@example.com` and so on.
    pub people: usize,
    /// Their password.
    pub password: String,
}

/// A client with a secret.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Application {
    /// Its id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// What it asks for.
    pub scope: String,
}

impl Target {
    /// One of the people.
    #[must_use]
    pub fn person(&self, number: usize) -> Person {
        Person {
            login: format!("person{}@example.com", number % self.people.max(1)),
            password: self.password.clone(),
        }
    }
}
