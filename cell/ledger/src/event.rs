//! Builds an event. Everything foreign is cut to a bound on the way in; nothing here may be a secret.

use crate::body::{
    AuthenticationContext, DebugContext, LogEvent, OutcomeBody, SecurityContext, TransactionBody,
    UserBehavior,
};
use crate::client::ClientFacts;
use crate::event_type::EventType;
use crate::party::{Actor, Target};
use crate::text::{DETAIL_BYTES_MAX, NAME_BYTES_MAX, bounded};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;
use vocab::id::{EventId, SessionId};
use vocab::time::Timestamp;

/// Most targets of one event.
pub(crate) const TARGETS_MAX: usize = 32;
/// Most details of one event.
pub(crate) const DETAILS_MAX: usize = 24;
/// Most behaviours of one event.
pub(crate) const BEHAVIORS_MAX: usize = 16;
/// The version of the body's shape, as the compatible API has it.
const BODY_VERSION: &str = "0";

/// What came of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was not done, because something was wrong.
    Failure,
    /// A rule allowed it.
    Allow,
    /// A rule forbade it.
    Deny,
    /// More proof was asked for.
    Challenge,
    /// There was nothing to do.
    Skipped,
    /// It came too often.
    RateLimit,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 7] = [
        Self::Success,
        Self::Failure,
        Self::Allow,
        Self::Deny,
        Self::Challenge,
        Self::Skipped,
        Self::RateLimit,
    ];

    /// The word in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Failure => "FAILURE",
            Self::Allow => "ALLOW",
            Self::Deny => "DENY",
            Self::Challenge => "CHALLENGE",
            Self::Skipped => "SKIPPED",
            Self::RateLimit => "RATE_LIMIT",
        }
    }

    /// Reads the word in the log.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == word)
    }
}

/// How much an event should draw a reader's eye: it follows from type and outcome alone, so that like events look
/// alike.
pub(crate) fn decide_severity(event_type: EventType, outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Failure | Outcome::Deny | Outcome::RateLimit => "WARN",
        _ if event_type.is_alarming() => "WARN",
        _ => "INFO",
    }
}

/// An event on its way to the log.
#[derive(Debug, Clone)]
pub struct Event {
    event_type: EventType,
    outcome: Outcome,
    at: Timestamp,
    reason: Option<String>,
    actor: Actor,
    targets: Vec<Target>,
    targets_left_out: usize,
    client: ClientFacts,
    session: Option<String>,
    credential: Option<&'static str>,
    details: BTreeMap<&'static str, String>,
    behaviors: Vec<FoundBehavior>,
}

/// What was found of a behaviour.
#[derive(Debug, Clone)]
struct FoundBehavior {
    id: String,
    name: String,
    result: &'static str,
}

impl Event {
    /// An act of the product itself, until [`Event::actor`] says otherwise.
    #[must_use]
    pub fn new(event_type: EventType, outcome: Outcome, now: Timestamp) -> Self {
        Self {
            event_type,
            outcome,
            at: now,
            reason: None,
            actor: Actor::system("testudo"),
            targets: Vec::new(),
            targets_left_out: 0,
            client: ClientFacts::default(),
            session: None,
            credential: None,
            details: BTreeMap::new(),
            behaviors: Vec::new(),
        }
    }

    /// Who acted.
    #[must_use]
    pub fn actor(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }

    /// One more thing that was acted on. Beyond the bound only their number is kept.
    #[must_use]
    pub fn target(mut self, target: Target) -> Self {
        if self.targets.len() < TARGETS_MAX {
            self.targets.push(target);
        } else {
            self.targets_left_out += 1;
        }
        self
    }

    /// From where.
    #[must_use]
    pub fn client(mut self, client: &ClientFacts) -> Self {
        self.client = client.clone();
        self
    }

    /// In which session.
    #[must_use]
    pub fn session(mut self, session: &SessionId) -> Self {
        self.session = Some(session.as_str().to_owned());
        self
    }

    /// Proved by which kind of credential: `PASSWORD`, `PASSKEY`, `TOTP`, …
    #[must_use]
    pub fn credential(mut self, kind: &'static str) -> Self {
        self.credential = Some(kind);
        self
    }

    /// Why it came to this: a short word (`INVALID_CREDENTIALS`), never a secret.
    #[must_use]
    pub fn reason(mut self, reason: &str) -> Self {
        self.reason = Some(bounded(reason, NAME_BYTES_MAX));
        self
    }

    /// A further fact for people. Beyond the bound it is dropped; a name that is there is replaced.
    #[must_use]
    pub fn detail(mut self, name: &'static str, value: impl Display) -> Self {
        if self.details.len() < DETAILS_MAX || self.details.contains_key(name) {
            let value = bounded(&value.to_string(), DETAIL_BYTES_MAX);
            self.details.insert(name, value);
        }
        self
    }

    /// What was found of a behaviour. Beyond the bound it is dropped.
    #[must_use]
    pub fn behavior(mut self, id: &str, name: &str, result: &'static str) -> Self {
        if self.behaviors.len() < BEHAVIORS_MAX {
            self.behaviors.push(FoundBehavior {
                id: bounded(id, NAME_BYTES_MAX),
                name: bounded(name, NAME_BYTES_MAX),
                result,
            });
        }
        self
    }

    /// The type.
    #[must_use]
    pub const fn event_type(&self) -> EventType {
        self.event_type
    }

    /// The moment of the act.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// What came of the act.
    pub(crate) const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The id of who acted.
    pub(crate) fn actor_id(&self) -> &str {
        self.actor.id()
    }

    /// The body as it is stored, under the id and at the moment that the chain gives it.
    pub(crate) fn render<'e>(&'e self, id: &'e EventId, published: Timestamp) -> LogEvent<'e> {
        let transaction_id = self.client.transaction_id();
        let kind = if transaction_id.is_some() {
            "WEB"
        } else {
            "JOB"
        };
        let (client, request) = self.client.render();
        LogEvent {
            uuid: Cow::Borrowed(id.as_str()),
            published: Cow::Owned(published.to_rfc3339_millis()),
            event_type: Cow::Borrowed(self.event_type.as_str()),
            version: Cow::Borrowed(BODY_VERSION),
            severity: Cow::Borrowed(decide_severity(self.event_type, self.outcome)),
            display_message: Cow::Borrowed(self.event_type.message()),
            actor: self.actor.render(),
            target: self.targets.iter().map(Target::render).collect(),
            client,
            request,
            authentication_context: self.render_context(),
            outcome: OutcomeBody {
                result: Cow::Borrowed(self.outcome.as_str()),
                reason: self.reason.as_deref().map(Cow::Borrowed),
            },
            transaction: TransactionBody {
                kind: Cow::Borrowed(kind),
                id: transaction_id,
            },
            security_context: self.render_behaviors(),
            debug_context: self.render_details(),
        }
    }

    fn render_context(&self) -> Option<AuthenticationContext<'_>> {
        let is_known = self.session.is_some() || self.credential.is_some();
        is_known.then(|| AuthenticationContext {
            credential_type: self.credential.map(Cow::Borrowed),
            external_session_id: self.session.as_deref().map(Cow::Borrowed),
        })
    }

    fn render_behaviors(&self) -> Option<SecurityContext<'_>> {
        let found = self.behaviors.iter().map(|found| UserBehavior {
            id: Cow::Borrowed(found.id.as_str()),
            name: Cow::Borrowed(found.name.as_str()),
            result: Cow::Borrowed(found.result),
        });
        (!self.behaviors.is_empty()).then(|| SecurityContext {
            user_behaviors: found.collect(),
        })
    }

    fn render_details(&self) -> Option<DebugContext<'_>> {
        let details = self
            .details
            .iter()
            .map(|(name, value)| (Cow::Borrowed(*name), Cow::Borrowed(value.as_str())));
        let left_out = (self.targets_left_out > 0).then(|| {
            let count = Cow::Owned(self.targets_left_out.to_string());
            (Cow::Borrowed("targetsLeftOut"), count)
        });
        let debug_data: BTreeMap<_, _> = details.chain(left_out).collect();
        (!debug_data.is_empty()).then_some(DebugContext { debug_data })
    }
}

#[cfg(test)]
mod tests {
    use super::{DETAILS_MAX, Event, Outcome, TARGETS_MAX, decide_severity};
    use crate::client::ClientFacts;
    use crate::event_type::EventType;
    use crate::party::{Actor, Target};
    use vocab::entropy::SeededEntropy;
    use vocab::id::{EventId, SessionId, UserId};
    use vocab::time::Timestamp;

    fn rendered(event: Event) -> serde_json::Value {
        let id = EventId::parse("evt00000000000000001").unwrap();
        serde_json::to_value(event.render(&id, Timestamp::from_micros(1_795_465_901_123_000)))
            .unwrap()
    }

    #[test]
    fn a_whole_event_has_the_shape_of_the_api() {
        let entropy = SeededEntropy::new(1);
        let (user, session) = (UserId::generate(&entropy), SessionId::generate(&entropy));
        let client = ClientFacts {
            ip: "2001:db8::7".to_owned(),
            user_agent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/143.0".to_owned(),
            request_id: "req-1".to_owned(),
        };
        let event = Event::new(
            EventType::UserAccountUpdateProfile,
            Outcome::Failure,
            Timestamp::default(),
        )
        .actor(Actor::user(&user, "ada@example.com", "Ada"))
        .target(Target::user(&user, "ada@example.com", "Ada").change("title", "", "Countess"))
        .client(&client)
        .session(&session)
        .credential("PASSKEY")
        .reason("VALIDATION")
        .detail("attempt", 2);
        let expected = serde_json::json!({
            "uuid": "evt00000000000000001",
            "published": "2026-11-23T20:31:41.123Z",
            "eventType": "user.account.update_profile",
            "version": "0",
            "severity": "WARN",
            "displayMessage": "Profile changed",
            "actor": {"id": user.as_str(), "type": "User", "alternateId": "ada@example.com", "displayName": "Ada"},
            "target": [{
                "id": user.as_str(), "type": "User", "alternateId": "ada@example.com", "displayName": "Ada",
                "changeDetails": {"from": {"title": ""}, "to": {"title": "Countess"}},
            }],
            "client": {
                "userAgent": {"rawUserAgent": client.user_agent, "os": "Linux", "browser": "Firefox"},
                "ipAddress": "2001:db8::7",
            },
            "request": {"ipChain": [{"ip": "2001:db8::7", "version": "V6"}]},
            "authenticationContext": {"credentialType": "PASSKEY", "externalSessionId": session.as_str()},
            "outcome": {"result": "FAILURE", "reason": "VALIDATION"},
            "transaction": {"type": "WEB", "id": "req-1"},
            "debugContext": {"debugData": {"attempt": "2"}},
        });
        assert_eq!(rendered(event), expected);
    }

    #[test]
    fn an_event_of_the_product_itself_is_a_job() {
        let event = rendered(Event::new(
            EventType::AppOauth2KeyRollover,
            Outcome::Success,
            Timestamp::default(),
        ));
        assert_eq!(event["actor"]["type"], "SystemPrincipal");
        assert_eq!(event["transaction"], serde_json::json!({"type": "JOB"}));
        assert_eq!(event["target"], serde_json::json!([]));
        for absent in ["client", "request", "authenticationContext", "debugContext"] {
            assert!(event.get(absent).is_none(), "{absent}");
        }
    }

    #[test]
    fn nothing_foreign_makes_an_event_large() {
        const NAMES: [&str; 30] = [
            "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q",
            "r", "s", "t", "u", "v", "w", "x", "y", "z", "A", "B", "C", "D",
        ];
        let long = "\u{1}é\"".repeat(100_000);
        let client = ClientFacts {
            ip: long.clone(),
            user_agent: long.clone(),
            request_id: long.clone(),
        };
        let mut event = Event::new(
            EventType::UserSessionStart,
            Outcome::Deny,
            Timestamp::default(),
        )
        .actor(Actor::unknown(&long))
        .client(&client)
        .reason(&long);
        for name in NAMES {
            event = event.detail(name, &long);
        }
        for _ in 0..TARGETS_MAX + 3 {
            let target = NAMES
                .iter()
                .fold(Target::other("Org", &long, &long), |t, name| {
                    t.change(name, &long, &long)
                });
            event = event.target(target);
        }
        let event = rendered(event);
        assert_eq!(event["target"].as_array().unwrap().len(), TARGETS_MAX);
        assert_eq!(event["debugContext"]["debugData"]["targetsLeftOut"], "3");
        assert_eq!(
            event["debugContext"]["debugData"]
                .as_object()
                .unwrap()
                .len(),
            DETAILS_MAX + 1
        );
        assert!(
            event.get("request").is_none(),
            "an address that is none is not written as one"
        );
        assert!(event.to_string().len() < 2_000_000);
    }

    #[test]
    fn severity_follows_from_type_and_outcome() {
        let table = [
            (EventType::UserSessionStart, Outcome::Success, "INFO"),
            (EventType::UserSessionStart, Outcome::Failure, "WARN"),
            (EventType::PolicyEvaluateSignOn, Outcome::Challenge, "INFO"),
            (EventType::PolicyEvaluateSignOn, Outcome::Deny, "WARN"),
            (
                EventType::UserAccountPrivilegeGrant,
                Outcome::Success,
                "WARN",
            ),
        ];
        for (event_type, outcome, severity) in table {
            assert_eq!(decide_severity(event_type, outcome), severity);
        }
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
        }
    }
}
