//! The system log.

use crate::connection::Client;
use crate::error::ClientError;
use crate::pages::Pages;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEvent {
    /// Its id, the same wherever it is shown.
    pub uuid: String,
    /// When.
    pub published: String,
    /// What, such as `user.session.start`.
    pub event_type: String,
    /// Who.
    #[serde(default)]
    pub actor: Party,
    /// How it ended.
    #[serde(default)]
    pub outcome: Outcome,
    /// Whom or what it was done to.
    #[serde(default)]
    pub target: Option<Vec<Party>>,
    /// Everything else that is shown.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Somebody or something that a row names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Party {
    /// The id.
    pub id: Option<String>,
    /// What people know it by.
    pub display_name: Option<String>,
    /// The login or another name.
    pub alternate_id: Option<String>,
    /// Everything else that is shown.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// How something ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Outcome {
    /// SUCCESS, FAILURE and others.
    pub result: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

impl Party {
    /// What people know it by, or its id.
    #[must_use]
    pub fn name(&self) -> &str {
        let names = [&self.alternate_id, &self.display_name, &self.id];
        names
            .into_iter()
            .flatten()
            .map(String::as_str)
            .find(|name| !name.is_empty())
            .unwrap_or("-")
    }
}

/// Which rows of the log.
#[derive(Debug, Clone, Default)]
pub struct Span<'a> {
    /// From when on; by default the last seven days.
    pub since: Option<&'a str>,
    /// Until when; without it, in ascending order, the list has no end.
    pub until: Option<&'a str>,
    /// Which, as an expression.
    pub filter: Option<&'a str>,
    /// Words that all of them have.
    pub keywords: Option<&'a str>,
    /// The newest first.
    pub newest_first: bool,
}

impl Client {
    /// Rows of the log.
    ///
    /// # Errors
    /// [`ClientError`]
    pub fn log(&self, span: &Span<'_>) -> Result<Pages<'_, LogEvent>, ClientError> {
        let order = if span.newest_first {
            "DESCENDING"
        } else {
            "ASCENDING"
        };
        let words = [
            ("since", span.since),
            ("until", span.until),
            ("filter", span.filter),
            ("q", span.keywords),
            ("sortOrder", Some(order)),
        ];
        let query: Vec<(&str, &str)> = words
            .into_iter()
            .filter_map(|(name, word)| Some((name, word?)))
            .collect();
        Pages::of(self, &["logs"], &query)
    }
}
