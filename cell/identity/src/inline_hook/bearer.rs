//! Asking a hook with a token: it is got from the token endpoint, kept while it is good and the hook is as it was, and forgotten once the
//! hook refuses it. Of several callers one gets it, and the others wait and take what came of that, be it a token or none. Whatever is
//! needed of all this lies within the time that a hook without tokens has.

use crate::cell::Cell;
use crate::event_hook::envoy::{Answered, Letter, Method, Trouble, is_final};
use crate::fault::Fault;
use crate::inline_hook::call::Unheard;
use crate::inline_hook::oauth::{ClientProof, OAuthChannel};
use crate::inline_hook::settings::AUTHORIZATION;
use crate::inline_hook::{InlineHook, place_of};
use protocol::oauth::client_auth::JWT_BEARER;
use protocol::oauth::form::render_form;
use protocol::oidc::relying::{
    BearerAnswer, TOKEN_ANSWER_BYTES_MAX, parse_bearer_answer, parse_token_error,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};
use vocab::secret::Secret;
use vocab::time::Timestamp;

/// Binds the sealed secret of the client to its place.
pub(crate) const CLIENT_SECRET_PART: &str = "client-secret";
/// How long one asking may take, the token included: as long as a hook without one may take to answer.
const ASKING_MAX: Duration = Duration::from_secs(3);
/// The longest time for which a token is kept, whatever its endpoint says.
const KEPT_SECS_MAX: u32 = 3_600;
/// How long before its end a token counts for nothing any more: it has to get there.
const LEEWAY_SECS: u32 = 10;
/// What refuses a token (RFC 6750 section 3.1).
const UNAUTHORIZED: u16 = 401;

/// Why there was no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoToken {
    /// The token endpoint was not heard.
    Trouble(Trouble),
    /// It answered with another status.
    Status(u16),
    /// It answered with none that could be used.
    Answer,
    /// The hook key is gone.
    NoKey,
}

impl NoToken {
    /// The word in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trouble(trouble) => trouble.as_str(),
            Self::Status(_) => "STATUS",
            Self::Answer => "NO_BEARER_TOKEN",
            Self::NoKey => "NO_KEY",
        }
    }
}

/// Why there is no token, and the token endpoint's word for it.
type Why = (NoToken, Option<String>);

/// The time is over.
const LATE: Why = (NoToken::Trouble(Trouble::TimedOut), None);

/// Where the token of a hook is got, by one at a time, and kept.
#[derive(Default)]
pub(crate) struct Slot {
    /// How often somebody has tried to get one, and is done: tells those who wait whether that was while they did.
    tries: AtomicU64,
    last: Mutex<Option<Fetched>>,
}

/// What came of getting a token.
struct Fetched {
    /// The hook as it was then.
    revision: i64,
    at: Timestamp,
    /// Until when the token is there for further questions; without it, it is for those alone who waited for it.
    until: Option<Timestamp>,
    outcome: Result<Secret<String>, Why>,
}

/// Who looks for a token.
#[derive(Clone, Copy)]
struct Seeker<'a> {
    /// The hook as it is.
    revision: i64,
    now: Timestamp,
    /// Whether somebody was getting one, and got done, since this one came.
    has_waited: bool,
    /// The token that the hook has just refused.
    refused: Option<&'a Secret<String>>,
}

/// A token to ask with.
struct Bearer {
    token: Secret<String>,
    /// Whether it was got for an earlier question: then it may have been withdrawn since.
    is_kept: bool,
}

/// What came of asking: the answer, and what kept us from a token, be it the first or another in place of one that was refused.
pub(crate) struct Asked {
    pub(crate) answer: Result<Answered, Unheard>,
    pub(crate) token_problem: Option<NoToken>,
    /// The word by which the token endpoint refused us.
    pub(crate) token_error: Option<String>,
}

impl Asked {
    pub(crate) const fn of(answer: Result<Answered, Unheard>) -> Self {
        Self {
            answer,
            token_problem: None,
            token_error: None,
        }
    }

    fn is_final(&self) -> bool {
        match &self.answer {
            Ok(answered) => is_final(answered.status),
            Err(Unheard::Trouble(trouble) | Unheard::NoToken(NoToken::Trouble(trouble))) => {
                trouble.is_final()
            }
            Err(Unheard::NoToken(NoToken::Status(status))) => is_final(*status),
            Err(_) => true,
        }
    }
}

/// A question as it goes out each time.
pub(crate) struct Question<'a> {
    pub(crate) hook: &'a InlineHook,
    pub(crate) channel: &'a OAuthChannel,
    pub(crate) letter: &'a Letter,
}

impl Question<'_> {
    /// The same with a token.
    fn letter_with(&self, token: &Secret<String>) -> Letter {
        let bearer = Secret::new(format!("Bearer {}", token.expose()));
        let mut headers = self.letter.headers.clone();
        headers.push((AUTHORIZATION.to_owned(), bearer));
        Letter {
            method: self.letter.method,
            uri: self.letter.uri.clone(),
            headers,
            body: self.letter.body.clone(),
            answer_bytes_max: self.letter.answer_bytes_max,
        }
    }
}

/// Until when a token is kept; none where it is used this once.
fn decide_kept_until(now: Timestamp, lifetime_secs: Option<u32>) -> Option<Timestamp> {
    let secs = lifetime_secs?.min(KEPT_SECS_MAX).checked_sub(LEEWAY_SECS)?;
    (secs > 0).then(|| now.plus_secs(i64::from(secs)))
}

impl Fetched {
    /// What it is to somebody who looks for a token. Whoever waited for it takes it as it is; to all others it is a token that is
    /// kept, or nothing.
    fn decide_use(&self, seeker: Seeker<'_>) -> Option<Result<Bearer, Why>> {
        if self.revision != seeker.revision {
            return None;
        }
        if seeker.has_waited {
            let is_kept = false;
            let outcome = self.outcome.clone();
            return Some(outcome.map(|token| Bearer { token, is_kept }));
        }
        let token = self.outcome.as_ref().ok()?;
        let is_refused = seeker.refused.is_some_and(|refused| self.is_of(refused));
        if is_refused || !self.is_kept_at(seeker.now) {
            return None;
        }
        Some(Ok(Bearer {
            token: token.clone(),
            is_kept: true,
        }))
    }

    /// Whether it is there for further questions. A clock that was set back counts for nothing.
    fn is_kept_at(&self, now: Timestamp) -> bool {
        self.at <= now && self.until.is_some_and(|until| now < until)
    }

    fn is_of(&self, token: &Secret<String>) -> bool {
        let got = self.outcome.as_ref();
        got.is_ok_and(|got| got.expose() == token.expose())
    }
}

/// What the token endpoint answered: a token, or why there is none, and its word for that.
fn decide_token(answered: &Answered) -> Result<BearerAnswer, Why> {
    match answered.status {
        200 => parse_bearer_answer(&answered.body).map_err(|_| (NoToken::Answer, None)),
        400 | 401 => {
            let said = parse_token_error(&answered.body);
            Err((NoToken::Status(answered.status), said))
        }
        other => Err((NoToken::Status(other), None)),
    }
}

fn no_token((why, token_error): Why) -> Asked {
    Asked {
        answer: Err(Unheard::NoToken(why)),
        token_problem: Some(why),
        token_error,
    }
}

/// A token, or why there is none; outside of that, our own fault.
type Got = Result<Result<Bearer, Why>, Fault>;

impl Cell {
    /// Asks a hook with a token, so often while it, or its token endpoint, is silent or fails.
    pub(crate) async fn ask_with_token(
        &self,
        question: &Question<'_>,
        times_max: usize,
    ) -> Result<Asked, Fault> {
        let mut asked = self.ask_once(question).await?;
        for _ in 1..times_max {
            if asked.is_final() {
                break;
            }
            asked = self.ask_once(question).await?;
        }
        Ok(asked)
    }

    async fn ask_once(&self, question: &Question<'_>) -> Result<Asked, Fault> {
        let end = Instant::now() + ASKING_MAX;
        let mut bearer = match self.hook_token(question, None, end).await? {
            Ok(bearer) => bearer,
            Err(why) => return Ok(no_token(why)),
        };
        loop {
            let letter = question.letter_with(&bearer.token);
            let sent = timeout_at(end, self.envoy().send(&letter)).await;
            let answer = sent.unwrap_or(Err(Trouble::TimedOut));
            let is_refused = matches!(&answer, Ok(answered) if answered.status == UNAUTHORIZED);
            let asked = Asked::of(answer.map_err(Unheard::Trouble));
            if !is_refused {
                return Ok(asked);
            }
            // One that was got for this very question is no better the next time.
            if !bearer.is_kept {
                self.forget_token(question.hook, &bearer.token, end).await;
                return Ok(asked);
            }
            let other = self.hook_token(question, Some(&bearer.token), end).await?;
            bearer = match other {
                Ok(other) => Bearer {
                    is_kept: false,
                    ..other
                },
                // The hook was asked, and what it answered stands.
                Err((why, token_error)) => {
                    return Ok(Asked {
                        token_problem: Some(why),
                        token_error,
                        ..asked
                    });
                }
            };
        }
    }

    fn token_slot(&self, hook: &InlineHook) -> Arc<Slot> {
        let key = (hook.org_id.clone(), hook.id.clone());
        self.hook_tokens.get_or_insert_with(&key, Arc::default)
    }

    /// The token of a hook: what somebody got while this one waited, the one that is kept, unless the hook has refused it, or another.
    async fn hook_token(
        &self,
        question: &Question<'_>,
        refused: Option<&Secret<String>>,
        end: Instant,
    ) -> Got {
        let hook = question.hook;
        let slot = self.token_slot(hook);
        let tries = slot.tries.load(Ordering::Acquire);
        let Ok(mut last) = timeout_at(end, slot.last.lock()).await else {
            return Ok(Err(LATE));
        };
        let seeker = Seeker {
            revision: hook.revision,
            now: self.now(),
            has_waited: slot.tries.load(Ordering::Acquire) != tries,
            refused,
        };
        let present = last.as_ref().and_then(|last| last.decide_use(seeker));
        if let Some(present) = present {
            return Ok(present);
        }
        *last = None;
        // In time for those who wait, too: they take it that there is none.
        let fetched = timeout_at(end, self.fetch_token(hook, question.channel)).await;
        let answer = fetched.unwrap_or(Ok(Err(LATE)))?;
        let lifetime = answer.as_ref().ok().and_then(|good| good.lifetime_secs);
        let outcome = answer.map(|good| good.access_token);
        *last = Some(Fetched {
            revision: hook.revision,
            at: seeker.now,
            until: decide_kept_until(seeker.now, lifetime),
            outcome: outcome.clone(),
        });
        slot.tries.fetch_add(1, Ordering::Release);
        let is_kept = false;
        Ok(outcome.map(|token| Bearer { token, is_kept }))
    }

    /// Asks the token endpoint.
    async fn fetch_token(
        &self,
        hook: &InlineHook,
        channel: &OAuthChannel,
    ) -> Result<Result<BearerAnswer, Why>, Fault> {
        let letter = match self.render_token_request(hook, channel).await? {
            Ok(letter) => letter,
            Err(why) => return Ok(Err((why, None))),
        };
        Ok(match self.envoy().send(&letter).await {
            Ok(answered) => decide_token(&answered),
            Err(trouble) => Err((NoToken::Trouble(trouble), None)),
        })
    }

    /// Forgets a token that was refused, unless another one has taken its place, or somebody is getting one.
    async fn forget_token(&self, hook: &InlineHook, refused: &Secret<String>, end: Instant) {
        let slot = self.token_slot(hook);
        let Ok(mut last) = timeout_at(end, slot.last.lock()).await else {
            return;
        };
        if last.as_ref().is_some_and(|last| last.is_of(refused)) {
            *last = None;
        }
    }

    /// The request of a token (RFC 6749 section 4.4.2).
    async fn render_token_request(
        &self,
        hook: &InlineHook,
        channel: &OAuthChannel,
    ) -> Result<Result<Letter, NoToken>, Fault> {
        let (org, place) = (&hook.org_id, place_of(&hook.id));
        let mut pairs = vec![
            ("grant_type", "client_credentials"),
            ("client_id", channel.client_id.as_str()),
        ];
        if !channel.scope.is_empty() {
            pairs.push(("scope", &channel.scope));
        }
        let proof = match &channel.proof {
            ClientProof::Secret { sealed } => {
                let opened = self.open_part(org, &place, CLIENT_SECRET_PART, sealed);
                Some(opened.await?)
            }
            ClientProof::Key { id } => {
                let about = (channel.client_id.as_str(), channel.token_uri.as_str());
                self.sign_client_assertion(org, id, about).await?
            }
        };
        let Some(proof) = proof else {
            return Ok(Err(NoToken::NoKey));
        };
        match &channel.proof {
            ClientProof::Secret { .. } => pairs.push(("client_secret", proof.expose())),
            ClientProof::Key { .. } => {
                pairs.push(("client_assertion_type", JWT_BEARER));
                pairs.push(("client_assertion", proof.expose()));
            }
        }
        Ok(Ok(Letter {
            method: Method::PostForm,
            uri: channel.token_uri.clone(),
            headers: Vec::new(),
            body: render_form(&pairs).into_bytes(),
            // One more tells that an answer is too large.
            answer_bytes_max: TOKEN_ANSWER_BYTES_MAX + 1,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Fetched, NoToken, Seeker, Why, decide_kept_until, decide_token};
    use crate::event_hook::envoy::{Answered, Trouble};
    use crate::inline_hook::call::Unheard;
    use vocab::secret::Secret;
    use vocab::time::Timestamp;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    #[test]
    fn a_token_is_kept_within_a_bound_and_not_to_its_last_second() {
        for (lifetime, expected) in [
            (None, None),
            (Some(0), None),
            (Some(10), None),
            (Some(11), Some(1)),
            (Some(300), Some(290)),
            (Some(3_600), Some(3_590)),
            (Some(86_400), Some(3_590)),
            (Some(u32::MAX), Some(3_590)),
        ] {
            let until = decide_kept_until(NOW, lifetime);
            assert_eq!(
                until,
                expected.map(|secs| NOW.plus_secs(secs)),
                "{lifetime:?}"
            );
        }
    }

    fn fetched(outcome: Result<&str, Why>, until: Option<i64>) -> Fetched {
        Fetched {
            revision: 3,
            at: NOW,
            until: until.map(|secs| NOW.plus_secs(secs)),
            outcome: outcome.map(|token| Secret::new(token.to_owned())),
        }
    }

    /// The token and whether it was kept, or why there is none; nothing where another one is to be got.
    fn use_of(fetched: &Fetched, seeker: Seeker<'_>) -> Option<Result<(String, bool), Why>> {
        let present = fetched.decide_use(seeker)?;
        Some(present.map(|bearer| (bearer.token.expose().clone(), bearer.is_kept)))
    }

    #[test]
    fn a_kept_token_is_for_the_hook_as_it_was() {
        let kept = fetched(Ok("t"), Some(60));
        for (revision, secs, expected) in [
            (3, 0, true),
            (3, 59, true),
            (3, 60, false),
            (3, -1, false),
            (4, 0, false),
            (2, 0, false),
        ] {
            let seeker = Seeker {
                revision,
                now: NOW.plus_secs(secs),
                has_waited: false,
                refused: None,
            };
            let expected = expected.then(|| Ok(("t".to_owned(), true)));
            assert_eq!(use_of(&kept, seeker), expected, "{revision} {secs}");
        }
    }

    #[test]
    fn whoever_waited_takes_what_came_and_others_what_is_kept() {
        let (refused, other) = (Secret::new("t".to_owned()), Secret::new("u".to_owned()));
        let failed: Why = (NoToken::Status(400), Some("invalid_client".to_owned()));
        let seeker = |has_waited, refused| Seeker {
            revision: 3,
            now: NOW,
            has_waited,
            refused,
        };
        let token = |is_kept| Some(Ok(("t".to_owned(), is_kept)));
        let (once, kept) = (fetched(Ok("t"), None), fetched(Ok("t"), Some(60)));
        let none = fetched(Err(failed.clone()), None);
        for (what, seeker, expected) in [
            (&once, seeker(true, None), token(false)),
            (&once, seeker(false, None), None),
            (&kept, seeker(true, None), token(false)),
            (&kept, seeker(false, None), token(true)),
            // Somebody may have been given the same again, after it was refused.
            (&kept, seeker(true, Some(&refused)), token(false)),
            (&kept, seeker(false, Some(&refused)), None),
            (&kept, seeker(false, Some(&other)), token(true)),
            (&none, seeker(true, None), Some(Err(failed.clone()))),
            (&none, seeker(false, None), None),
        ] {
            assert_eq!(use_of(what, seeker), expected);
        }
        let changed = Seeker {
            revision: 4,
            ..seeker(true, None)
        };
        assert_eq!(use_of(&kept, changed), None);
    }

    #[test]
    fn an_answer_without_a_token_says_why() {
        let token = r#"{"access_token":"a","token_type":"Bearer"}"#;
        let refused = r#"{"error":"invalid_client","error_description":"<b>"}"#;
        let said = Some("invalid_client".to_owned());
        for (status, body, expected) in [
            (200, token, None),
            (201, token, Some((NoToken::Status(201), None))),
            (302, token, Some((NoToken::Status(302), None))),
            (200, "{}", Some((NoToken::Answer, None))),
            (200, "<html>", Some((NoToken::Answer, None))),
            (401, refused, Some((NoToken::Status(401), said.clone()))),
            (400, refused, Some((NoToken::Status(400), said))),
            (401, "<html>", Some((NoToken::Status(401), None))),
            (500, refused, Some((NoToken::Status(500), None))),
        ] {
            let answered = Answered::of(status, body.as_bytes().to_vec());
            assert_eq!(decide_token(&answered).err(), expected, "{status} {body}");
        }
    }

    #[test]
    fn what_may_be_better_the_next_time_is_not_final() {
        let answer = |status| Ok(Answered::of(status, Vec::new()));
        for (answer, expected) in [
            (answer(200), true),
            (answer(401), true),
            (answer(503), false),
            (Err(Unheard::Trouble(Trouble::TimedOut)), false),
            (Err(Unheard::Trouble(Trouble::Inward)), true),
            (
                Err(Unheard::NoToken(NoToken::Trouble(Trouble::TimedOut))),
                false,
            ),
            (
                Err(Unheard::NoToken(NoToken::Trouble(Trouble::Inward))),
                true,
            ),
            (Err(Unheard::NoToken(NoToken::Status(400))), true),
            (Err(Unheard::NoToken(NoToken::Status(503))), false),
            (Err(Unheard::NoToken(NoToken::Answer)), true),
            (Err(Unheard::NoToken(NoToken::NoKey)), true),
        ] {
            let shown = format!("{answer:?}");
            assert_eq!(Asked::of(answer).is_final(), expected, "{shown}");
        }
    }
}
