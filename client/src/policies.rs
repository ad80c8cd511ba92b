//! Policies, and what they would make of a sign-in.

use crate::connection::Client;
use crate::error::ClientError;
use crate::pages::Pages;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it decides about.
    #[serde(rename = "type")]
    pub kind: String,
    /// ACTIVE or INACTIVE.
    pub status: String,
    /// Everything else that is shown.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A rule of a policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// The id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// ACTIVE or INACTIVE.
    pub status: String,
    /// Its place: the first that fits decides.
    #[serde(default)]
    pub priority: i64,
    /// Everything else that is shown.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Client {
    /// Policies, of all types or of one.
    ///
    /// # Errors
    /// [`ClientError`]
    pub fn policies(&self, kind: Option<&str>) -> Result<Pages<'_, Policy>, ClientError> {
        let query: Vec<(&str, &str)> = kind.into_iter().map(|kind| ("type", kind)).collect();
        Pages::of(self, &["policies"], &query)
    }

    /// A policy, by id.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn policy(&self, id: &str) -> Result<Policy, ClientError> {
        self.get(&["policies", id]).await
    }

    /// The rules of a policy, in their order.
    ///
    /// # Errors
    /// [`ClientError`]
    pub fn rules(&self, policy: &str) -> Result<Pages<'_, Rule>, ClientError> {
        Pages::of(self, &["policies", policy, "rules"], &[])
    }

    /// What the policies would make of a sign-in, as the server says it.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn simulate(
        &self,
        user: &str,
        app: &str,
        address: Option<&str>,
    ) -> Result<Value, ClientError> {
        let mut context = json!({ "user": { "id": user } });
        if let Some(address) = address {
            context["ip"] = Value::from(address);
        }
        let body = json!([{ "appInstance": app, "policyContext": context }]);
        self.ask(
            Method::POST,
            &["policies", "simulate"],
            &[("expand", "EVALUATED,RULE")],
            Some(&body),
        )
        .await
    }
}
