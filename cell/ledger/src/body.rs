//! The event as it is stored, hashed and shown: the `LogEvent` of the compatible API, reduced to what is known.
//!
//! Members that are not known are left out; whoever renders the API's full form adds its nulls. The order of the
//! members is the order of the fields here, so that one event has one text. Members may be added, never renamed:
//! rows of every age are read with these types. What is written borrows from the event, what was read owns its words.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A word of an event.
pub type Word<'e> = Cow<'e, str>;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEvent<'e> {
    /// The id of the event.
    pub uuid: Word<'e>,
    /// When, RFC 3339 with milliseconds.
    pub published: Word<'e>,
    /// The wire name of the type.
    pub event_type: Word<'e>,
    /// The version of this shape.
    pub version: Word<'e>,
    /// `DEBUG`, `INFO`, `WARN` or `ERROR`.
    pub severity: Word<'e>,
    /// What happened, in a few words.
    pub display_message: Word<'e>,
    /// Who acted.
    pub actor: PartyBody<'e>,
    /// On what.
    #[serde(default)]
    pub target: Vec<PartyBody<'e>>,
    /// From where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientBody<'e>>,
    /// By which way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestBody<'e>>,
    /// In which session, proved how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication_context: Option<AuthenticationContext<'e>>,
    /// With what result.
    pub outcome: OutcomeBody<'e>,
    /// As a part of which request or job.
    pub transaction: TransactionBody<'e>,
    /// What was unusual of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_context: Option<SecurityContext<'e>>,
    /// Further facts, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debug_context: Option<DebugContext<'e>>,
}

/// Who acted, or what was acted on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartyBody<'e> {
    /// Its id.
    pub id: Word<'e>,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: Word<'e>,
    /// Its login or other unique name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alternate_id: Option<Word<'e>>,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Word<'e>>,
    /// What was changed in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_details: Option<Cow<'e, ChangeDetails>>,
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
pub struct ClientBody<'e> {
    /// What it says of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<UserAgentBody<'e>>,
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<Word<'e>>,
}

/// What a client says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserAgentBody<'e> {
    /// The header.
    pub raw_user_agent: Word<'e>,
    /// The operating system that it names.
    pub os: Word<'e>,
    /// The browser that it names.
    pub browser: Word<'e>,
}

/// The way of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestBody<'e> {
    /// The addresses that it passed.
    pub ip_chain: Vec<IpHop<'e>>,
}

/// One address of the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpHop<'e> {
    /// The address.
    pub ip: Word<'e>,
    /// `V4` or `V6`.
    pub version: Word<'e>,
}

/// In which session, proved how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationContext<'e> {
    /// The kind of credential that was used: `PASSWORD`, `PASSKEY`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_type: Option<Word<'e>>,
    /// The session's id (never its secret).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_session_id: Option<Word<'e>>,
}

/// The result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeBody<'e> {
    /// `SUCCESS`, `FAILURE`, `DENY`, …
    pub result: Word<'e>,
    /// Why, unless it went well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Word<'e>>,
}

/// The request or job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionBody<'e> {
    /// `WEB` or `JOB`.
    #[serde(rename = "type")]
    pub kind: Word<'e>,
    /// The request id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Word<'e>>,
}

/// What was unusual.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityContext<'e> {
    /// What was found of each behaviour that was looked at.
    #[serde(default)]
    pub user_behaviors: Vec<UserBehavior<'e>>,
}

/// What was found of a behaviour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserBehavior<'e> {
    /// Its id.
    pub id: Word<'e>,
    /// Its name then.
    pub name: Word<'e>,
    /// `POSITIVE`, `NEGATIVE`, `UNKNOWN` or `BAD_REQUEST`.
    pub result: Word<'e>,
}

/// Further facts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DebugContext<'e> {
    /// Name to value.
    pub debug_data: BTreeMap<Word<'e>, Word<'e>>,
}
