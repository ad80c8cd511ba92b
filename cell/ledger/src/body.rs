//! The event as it is stored, hashed and shown: the `LogEvent` of the compatible API, reduced to what is known.
//!
//! Members that are not known are left out; whoever renders the API's full form adds its nulls. The order of the
//! members is the order of the fields here, so that one event has one text. Members may be added, never renamed:
//! rows of every age are read with these types.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEvent {
    /// The id of the event.
    pub uuid: String,
    /// When, RFC 3339 with milliseconds.
    pub published: String,
    /// The wire name of the type.
    pub event_type: String,
    /// The version of this shape.
    pub version: String,
    /// `DEBUG`, `INFO`, `WARN` or `ERROR`.
    pub severity: String,
    /// What happened, in a few words.
    pub display_message: String,
    /// Who acted.
    pub actor: PartyBody,
    /// On what.
    #[serde(default)]
    pub target: Vec<PartyBody>,
    /// From where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientBody>,
    /// By which way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestBody>,
    /// In which session, proved how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication_context: Option<AuthenticationContext>,
    /// With what result.
    pub outcome: OutcomeBody,
    /// As a part of which request or job.
    pub transaction: TransactionBody,
    /// Further facts, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debug_context: Option<DebugContext>,
}

/// Who acted, or what was acted on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartyBody {
    /// Its id.
    pub id: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its login or other unique name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alternate_id: Option<String>,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What was changed in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_details: Option<ChangeDetails>,
}

/// Fields before and after.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeDetails {
    /// Before.
    pub from: BTreeMap<String, String>,
    /// After.
    pub to: BTreeMap<String, String>,
}

/// The client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientBody {
    /// What it says of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<UserAgentBody>,
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
}

/// What a client says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserAgentBody {
    /// The header.
    pub raw_user_agent: String,
    /// The operating system that it names.
    pub os: String,
    /// The browser that it names.
    pub browser: String,
}

/// The way of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestBody {
    /// The addresses that it passed.
    pub ip_chain: Vec<IpHop>,
}

/// One address of the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpHop {
    /// The address.
    pub ip: String,
    /// `V4` or `V6`.
    pub version: String,
}

/// In which session, proved how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationContext {
    /// The kind of credential that was used: `PASSWORD`, `PASSKEY`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_type: Option<String>,
    /// The session's id (never its secret).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_session_id: Option<String>,
}

/// The result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeBody {
    /// `SUCCESS`, `FAILURE`, `DENY`, …
    pub result: String,
    /// Why, unless it went well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The request or job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionBody {
    /// `WEB` or `JOB`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The request id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// Further facts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DebugContext {
    /// Name to value.
    pub debug_data: BTreeMap<String, String>,
}
