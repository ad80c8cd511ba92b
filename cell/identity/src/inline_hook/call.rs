//! One call of a hook: what goes out, what comes back, and the rows of the log that tell of it. Never made inside a transaction.

use crate::cell::Cell;
use crate::event_hook::envoy::{Answered, Letter, Method, Trouble, ask};
use crate::event_hook::sealing::{headers_of, sign};
use crate::fault::Fault;
use crate::inline_hook::bearer::{Asked, NoToken, Question};
use crate::inline_hook::store;
use crate::inline_hook::{InlineHook, InlineHookKind, place_of};
use ledger::{Actor, ClientFacts, Event, EventType, Outcome, Target};
use protocol::json::{JsonError, parse_value_within};
use serde_json::{Map, Value};
use std::time::Instant;
use vocab::future::boxed;
use vocab::id::{InlineHookId, OrgId};
use vocab::secret::random_token;
use vocab::time::Timestamp;

/// The largest answer.
pub const ANSWER_BYTES_MAX: usize = 256 * 1_024;
/// The deepest: commands hold values, and these hold objects of their own.
const ANSWER_DEPTH_MAX: usize = 16;
/// What was asked and answered.
const OK: u16 = 200;
/// What was asked, with nothing to say to it.
const NO_CONTENT: u16 = 204;
/// The version of what is asked.
const EVENT_TYPE_VERSION: &str = "1.0";
/// The version of the form around it.
const CLOUD_EVENT_VERSION: &str = "0.1";

/// How often a hook is asked that is silent or fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// Once.
    Once,
    /// Once more.
    Twice,
}

/// Why nothing was heard that could be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unheard {
    /// There was no answer.
    Trouble(Trouble),
    /// There was no token to ask with.
    NoToken(NoToken),
    /// It answered with another status.
    Status(u16),
    /// The answer is too large.
    TooLarge,
    /// It is no JSON, nested too deep, or no object.
    NoJson,
    /// Too many calls of the org are under way.
    Busy,
}

impl Unheard {
    /// The word in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trouble(trouble) => trouble.as_str(),
            Self::NoToken(_) => "NO_TOKEN",
            Self::Status(_) => "STATUS",
            Self::TooLarge => "TOO_LARGE",
            Self::NoJson => "NO_JSON",
            Self::Busy => "TOO_MANY_CALLS",
        }
    }
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    /// What was said; none where the hook had nothing to say.
    pub heard: Result<Option<Map<String, Value>>, Unheard>,
    event_id: String,
    status: Option<u16>,
    /// What kept us from a token: the first, or another in place of one that the hook refused.
    token_problem: Option<NoToken>,
    /// The word by which the token endpoint refused us.
    token_error: Option<String>,
    took_ms: i64,
}

/// What is said beside the data of a question.
pub struct Envelope<'a> {
    /// What the hook is asked about.
    pub kind: InlineHookKind,
    /// Names the call.
    pub event_id: &'a str,
    /// When it is asked.
    pub at: Timestamp,
    /// Where the question comes from.
    pub source: &'a str,
}

/// A question, as services in the field read it.
#[must_use]
pub fn render_question(envelope: &Envelope<'_>, data: Value) -> Value {
    serde_json::json!({
        "eventId": envelope.event_id,
        "eventTime": envelope.at.to_rfc3339_millis(),
        "eventType": envelope.kind.as_str(),
        "eventTypeVersion": EVENT_TYPE_VERSION,
        "cloudEventVersion": CLOUD_EVENT_VERSION,
        "contentType": "application/json",
        "source": envelope.source,
        "data": data,
    })
}

/// What an answer comes to.
fn decide_heard(answer: Result<Answered, Unheard>) -> Result<Option<Map<String, Value>>, Unheard> {
    let answered = answer?;
    match answered.status {
        OK => {}
        NO_CONTENT => return Ok(None),
        other => return Err(Unheard::Status(other)),
    }
    match parse_value_within(&answered.body, ANSWER_BYTES_MAX, ANSWER_DEPTH_MAX) {
        Ok(Value::Object(said)) => Ok(Some(said)),
        Ok(_) | Err(JsonError::Malformed | JsonError::NotAnObject) => Err(Unheard::NoJson),
        Err(JsonError::TooLarge) => Err(Unheard::TooLarge),
    }
}

impl Called {
    /// That the hook was asked, and whether anything was heard.
    #[must_use]
    pub fn event(&self, hook: &InlineHook, now: Timestamp) -> Event {
        let outcome = match self.heard {
            Ok(_) => Outcome::Success,
            Err(_) => Outcome::Failure,
        };
        let mut event = hook_event(EventType::InlineHookExecuted, outcome, hook, now)
            .detail("eventId", &self.event_id)
            .detail("durationMillis", self.took_ms);
        if let Some(status) = self.status {
            event = event.detail("status", status);
        }
        if let Some(why) = self.token_problem {
            event = event.detail("tokenProblem", why.as_str());
            if let NoToken::Status(status) = why {
                event = event.detail("tokenStatus", status);
            }
        }
        if let Some(error) = &self.token_error {
            event = event.detail("tokenError", error);
        }
        match self.heard {
            Ok(_) => event,
            Err(unheard) => event.reason(unheard.as_str()),
        }
    }

    /// The word by which a token endpoint refused us, if it said one.
    #[must_use]
    pub fn token_error(&self) -> Option<&str> {
        self.token_error.as_deref()
    }

    /// Whether what was heard could be applied.
    #[must_use]
    pub fn processed(&self, hook: &InlineHook, why_not: Option<&str>, now: Timestamp) -> Event {
        let kind = EventType::InlineHookResponseProcessed;
        let outcome = match why_not {
            None => Outcome::Success,
            Some(_) => Outcome::Failure,
        };
        let event = hook_event(kind, outcome, hook, now).detail("eventId", &self.event_id);
        match why_not {
            None => event,
            Some(why) => event.reason(why),
        }
    }
}

fn hook_event(kind: EventType, outcome: Outcome, hook: &InlineHook, now: Timestamp) -> Event {
    Event::new(kind, outcome, now)
        .target(Target::other("InlineHook", hook.id.as_str(), &hook.name))
        .detail("inlineHookType", hook.kind.as_str())
}

impl Cell {
    /// The hook that an access rule names, if it is switched on.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn active_token_hook(
        &self,
        org: &OrgId,
        id: &InlineHookId,
    ) -> Result<Option<InlineHook>, Fault> {
        let mut tx = self.database.read().await?;
        let hook = store::load(&mut tx, org, id).await?;
        let is_asked =
            |hook: &InlineHook| hook.active && hook.kind == InlineHookKind::TokenTransform;
        Ok(hook.filter(is_asked))
    }

    /// Draws what names a call.
    #[must_use]
    pub fn draw_call_id(&self) -> String {
        random_token(self.entropy(), "").expose().clone()
    }

    /// Asks a hook. Whoever calls holds no transaction, and writes what came of it into the log.
    ///
    /// # Errors
    /// [`Fault`] if what is sealed for the hook cannot be opened; nothing was sent.
    #[boxed]
    pub async fn call_inline_hook(
        &self,
        hook: &InlineHook,
        event_id: String,
        body: Vec<u8>,
        times: Times,
    ) -> Result<Called, Fault> {
        let place = place_of(&hook.id);
        let auth = self
            .open_auth(&hook.org_id, &place, hook.config.auth.as_ref())
            .await?;
        let secrets = self
            .open_signing_secrets(&hook.org_id, &place, hook.config.signing())
            .await?;
        let mut headers = headers_of(&hook.config, auth.as_ref());
        headers.extend(sign(&secrets, &event_id, self.now(), &body));
        let letter = Letter {
            method: Method::Post,
            uri: hook.config.uri.clone(),
            headers,
            body,
            // One more tells that an answer is too large.
            answer_bytes_max: ANSWER_BYTES_MAX + 1,
        };
        let times = match times {
            Times::Once => 1,
            Times::Twice => 2,
        };
        let began = Instant::now();
        let asked = match self.lines.enter(&hook.org_id).await {
            None => Asked::of(Err(Unheard::Busy)),
            Some(_line) => self.ask_by_channel(hook, &letter, times).await?,
        };
        let status = asked.answer.as_ref().map(|answered| answered.status);
        Ok(Called {
            status: status.ok(),
            heard: decide_heard(asked.answer),
            token_problem: asked.token_problem,
            token_error: asked.token_error,
            event_id,
            took_ms: i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX),
        })
    }

    async fn ask_by_channel(
        &self,
        hook: &InlineHook,
        letter: &Letter,
        times_max: usize,
    ) -> Result<Asked, Fault> {
        let Some(channel) = &hook.oauth else {
            let answer = ask(self.envoy(), letter, times_max).await;
            return Ok(Asked::of(answer.map_err(Unheard::Trouble)));
        };
        let question = Question {
            hook,
            channel,
            letter,
        };
        self.ask_with_token(&question, times_max).await
    }

    /// Writes what came of a call into the log.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn note_inline_call(
        &self,
        org: &OrgId,
        events: Vec<Event>,
        (actor, client): (Actor, &ClientFacts),
    ) -> Result<(), Fault> {
        let org = org.clone();
        let of_actor = |event: Event| event.actor(actor.clone()).client(client);
        let events: Vec<Event> = events.into_iter().map(of_actor).collect();
        self.database
            .write(move |tx| Box::pin(async move { ledger::append_all(tx, &org, events).await }))
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{ANSWER_BYTES_MAX, Unheard, decide_heard};
    use crate::event_hook::envoy::{Answered, Trouble};

    #[test]
    fn only_an_object_with_the_status_of_success_is_heard() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(40), "]".repeat(40));
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(ANSWER_BYTES_MAX));
        for (status, body, expected) in [
            (200, "{}", Ok(true)),
            (200, "{\"commands\":[]}", Ok(true)),
            (204, "", Ok(false)),
            (204, "what is behind it", Ok(false)),
            (200, "", Err(Unheard::NoJson)),
            (200, "<html>", Err(Unheard::NoJson)),
            (200, "[]", Err(Unheard::NoJson)),
            (200, "{} {}", Err(Unheard::NoJson)),
            (200, "{\"a\":1,\"a\":2}", Err(Unheard::NoJson)),
            (200, deep.as_str(), Err(Unheard::NoJson)),
            (200, large.as_str(), Err(Unheard::TooLarge)),
            (201, "{}", Err(Unheard::Status(201))),
            (302, "{}", Err(Unheard::Status(302))),
            (500, "{}", Err(Unheard::Status(500))),
        ] {
            let body = body.as_bytes().to_vec();
            let heard = decide_heard(Ok(Answered::of(status, body)));
            assert_eq!(heard.map(|said| said.is_some()), expected, "{status}");
        }
        let silent = decide_heard(Err(Unheard::Trouble(Trouble::TimedOut)));
        assert_eq!(silent, Err(Unheard::Trouble(Trouble::TimedOut)));
    }
}
