//! Asks a SCIM server, one request after another, and keeps of each what an administrator is to read of it.

use crate::cell::Cell;
use crate::event_hook::envoy::{Answered, Envoy, Letter, Method, Trouble};
use crate::provisioning::requests::Request;
use crate::provisioning::retry::{Fate, decide_fate};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use protocol::scim::peer::{
    ANSWER_BYTES_MAX, PAGE_BYTES_MAX, PeerError, PeerPage, PeerResource, is_scim_error,
    parse_detail, parse_page, parse_resource,
};
use serde_json::{Map, Value};
use std::time::Instant;
use url::form_urlencoded::byte_serialize;
use vocab::secret::Secret;
use vocab::time::Timestamp;

/// Resources that are looked at where one is looked for: two are as bad as any number.
const FOUND_MAX: usize = 10;
/// How many are asked for.
const FOUND_ASKED: usize = 2;
/// What is too large to be a path in the log is cut.
const PATH_CHARS_MAX: usize = 500;
/// What stands where a secret stood.
const CONCEALED: &str = "[…]";
/// So many bytes of the beginning of a secret tell nobody anything.
const KEPT_BYTES_MAX: usize = 3;
/// How long one step may take: what is not asked by then is asked in the next one.
pub(crate) const STEP_SECS_MAX: i64 = 40;
const STATUS_NOT_FOUND: u16 = 404;
const STATUS_CONFLICT: u16 = 409;

/// Why something was not done at a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// In a word.
    pub word: String,
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// What the peer said of it.
    pub detail: Option<String>,
    /// The pause that it asked for.
    pub retry_after_secs: Option<u32>,
    /// Whether the server itself says that there is no such resource.
    pub is_missing: bool,
    /// What it means.
    pub fate: Fate,
}

impl Failure {
    pub(crate) fn of_status(answered: &Answered) -> Self {
        // Only a SCIM server knows what it has; anybody else who stands in its place is asked again.
        let is_foreign = answered.status == STATUS_NOT_FOUND && !is_scim_error(&answered.body);
        Self {
            word: format!("HTTP_{}", answered.status),
            status: Some(answered.status),
            detail: parse_detail(&answered.body),
            retry_after_secs: answered.retry_after_secs,
            is_missing: answered.status == STATUS_NOT_FOUND && !is_foreign,
            fate: match is_foreign {
                true => Fate::Later,
                false => decide_fate(answered.status),
            },
        }
    }

    fn of_trouble(trouble: Trouble) -> Self {
        Self::of_word(trouble.as_str(), Fate::PeerLater)
    }

    /// One that is ours to name.
    pub(crate) fn of_word(word: &str, fate: Fate) -> Self {
        Self {
            word: word.to_owned(),
            status: None,
            detail: None,
            retry_after_secs: None,
            is_missing: false,
            fate,
        }
    }

    /// An answer that cannot be what was asked for: asking again makes it no better.
    pub(crate) fn wrong(error: PeerError) -> Self {
        let word = match error {
            PeerError::Garbled => "WRONG_ANSWER",
            PeerError::NoId => "NO_ID_IN_ANSWER",
            PeerError::NoList => "NO_LIST_IN_ANSWER",
        };
        Self::of_word(word, Fate::Parked)
    }

    /// The same without a token that the peer gave back, in whichever of the usual ways it wrote it.
    fn without(mut self, token: &Secret<String>) -> Self {
        self.detail = self.detail.map(|said| conceal(said, token.expose()));
        self
    }

    /// Whether there is no such resource.
    pub(crate) const fn is_missing(&self) -> bool {
        self.is_missing
    }

    /// Whether there is another such resource.
    pub(crate) fn is_conflict(&self) -> bool {
        self.status == Some(STATUS_CONFLICT)
    }

    /// Whether the peer does not know how to change parts of a resource.
    pub(crate) const fn is_unknown_method(&self) -> bool {
        matches!(self.status, Some(405 | 501))
    }

    /// What is noted of it, and shown.
    pub(crate) fn explain(&self) -> String {
        match &self.detail {
            Some(detail) => format!("{}: {detail}", self.word),
            None => self.word.clone(),
        }
    }
}

/// A way to a peer.
pub struct Peer<'p> {
    cell: &'p Cell,
    envoy: &'p dyn Envoy,
    base_url: &'p str,
    token: &'p Secret<String>,
    subject: String,
    began: Timestamp,
    trail: Vec<Request>,
}

/// A text of others without a secret of ours: as it is, as it stands in addresses and in JSON, and in base64 with what usually stands before it.
/// Of a text that was cut, the beginning of the secret at its end goes too.
fn conceal(mut said: String, secret: &str) -> String {
    let mut written = vec![
        secret.to_owned(),
        as_part(secret),
        byte_serialize(secret.as_bytes()).collect(),
        Value::from(secret).to_string().trim_matches('"').to_owned(),
    ];
    for text in [secret.to_owned(), format!("Bearer {secret}")] {
        written.push(URL_SAFE_NO_PAD.encode(&text));
        written.push(STANDARD_NO_PAD.encode(&text));
    }
    for text in &written {
        said = replace_any_case(&said, text);
    }
    for text in &written {
        let most = text.len().min(said.len());
        let cut = (KEPT_BYTES_MAX + 1..=most)
            .rev()
            .filter_map(|length| text.get(..length))
            .find(|start| ends_with_any_case(&said, start));
        if let Some(cut) = cut {
            let kept = said.len() - cut.len();
            said.truncate(kept);
            said.push_str(CONCEALED);
        }
    }
    said
}

fn ends_with_any_case(said: &str, end: &str) -> bool {
    let start = said.len().checked_sub(end.len());
    let tail = start.and_then(|start| said.get(start..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

fn replace_any_case(said: &str, text: &str) -> String {
    let (lower, text) = (said.to_ascii_lowercase(), text.to_ascii_lowercase());
    let mut kept = String::with_capacity(said.len());
    let mut from = 0;
    for (at, found) in lower.match_indices(&text) {
        kept.push_str(said.get(from..at).unwrap_or_default());
        kept.push_str(CONCEALED);
        from = at + found.len();
    }
    kept.push_str(said.get(from..).unwrap_or_default());
    kept
}

/// A part of a path.
pub(crate) fn as_part(text: &str) -> String {
    // A plus is a space in forms alone.
    byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

pub(crate) fn equals(attribute: &str, value: &str) -> String {
    let filter = format!("{attribute} eq {}", Value::from(value));
    format!(
        "?filter={}&startIndex=1&count={FOUND_ASKED}",
        as_part(&filter)
    )
}

impl<'p> Peer<'p> {
    /// The way to what stands below an address; the subject is whom the requests are about.
    pub(crate) fn new(
        cell: &'p Cell,
        envoy: &'p dyn Envoy,
        (base_url, token): (&'p str, &'p Secret<String>),
        subject: &str,
    ) -> Self {
        Self {
            cell,
            envoy,
            base_url: base_url.trim_end_matches('/'),
            token,
            subject: subject.to_owned(),
            began: cell.now(),
            trail: Vec::new(),
        }
    }

    /// Whether something may still be asked in this step.
    pub(crate) fn has_time(&self) -> bool {
        self.cell.now() < self.began.plus_secs(STEP_SECS_MAX)
    }

    /// What was asked.
    pub(crate) fn trail(self) -> Vec<Request> {
        self.trail
    }

    async fn ask(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        bytes_max: usize,
    ) -> Result<Answered, Failure> {
        if !self.has_time() {
            return Err(Failure::of_word("TOO_SLOW", Fate::PeerLater));
        }
        let bearer = Secret::new(format!("Bearer {}", self.token.expose()));
        let letter = Letter {
            method,
            uri: format!("{}{path}", self.base_url),
            headers: vec![("authorization".to_owned(), bearer)],
            body: body
                .map(|body| body.to_string().into_bytes())
                .unwrap_or_default(),
            // One byte more tells whether there is more than the bound.
            answer_bytes_max: bytes_max + 1,
        };
        let (at, began) = (self.cell.now(), Instant::now());
        let answer = self.envoy.send(&letter).await;
        let took_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        let judged = match answer {
            Ok(answered) if (200..300).contains(&answered.status) => Ok(answered),
            Ok(answered) => Err(Failure::of_status(&answered).without(self.token)),
            Err(trouble) => Err(Failure::of_trouble(trouble)),
        };
        let failure = judged.as_ref().err();
        self.trail.push(Request {
            number: 0,
            at,
            subject: self.subject.clone(),
            method: method.as_str().to_owned(),
            path: path.chars().take(PATH_CHARS_MAX).collect(),
            status: match (&judged, failure) {
                (Ok(answered), _) => Some(i64::from(answered.status)),
                (_, failure) => failure.and_then(|failure| failure.status).map(i64::from),
            },
            took_ms,
            trouble: failure
                .filter(|failure| failure.status.is_none())
                .map(|failure| failure.word.clone()),
            answer: failure.and_then(|failure| failure.detail.clone()),
        });
        judged
    }

    /// The resource of an id; none if there is none.
    pub(crate) async fn find(
        &mut self,
        kind: &str,
        id: &str,
    ) -> Result<Option<(PeerResource, Map<String, Value>)>, Failure> {
        let path = format!("/{kind}/{}", as_part(id));
        let answered = match self
            .ask(Method::ScimGet, &path, None, ANSWER_BYTES_MAX)
            .await
        {
            Err(failure) if failure.is_missing() => return Ok(None),
            other => other?,
        };
        let resource = parse_resource(&answered.body).map_err(Failure::wrong)?;
        if resource.id != id {
            return Err(Failure::of_word("ANOTHER_ID_IN_ANSWER", Fate::Parked));
        }
        let document = protocol::scim::body::parse_object(&answered.body);
        let document = document.map_err(|_| Failure::wrong(PeerError::Garbled))?;
        Ok(Some((resource, document)))
    }

    /// The resources whose attribute is just that. What a server names besides, since it does not understand the question, is passed over.
    pub(crate) async fn search(
        &mut self,
        kind: &str,
        (attribute, value): (&str, &str),
        is_meant: impl Fn(&PeerResource) -> bool,
    ) -> Result<Option<PeerResource>, Failure> {
        let path = format!("/{kind}{}", equals(attribute, value));
        let answered = self
            .ask(Method::ScimGet, &path, None, PAGE_BYTES_MAX)
            .await?;
        let page = parse_page(&answered.body, FOUND_MAX).map_err(Failure::wrong)?;
        let mut meant: Vec<PeerResource> = page.resources.into_iter().filter(is_meant).collect();
        match (meant.pop(), meant.is_empty()) {
            (found, true) => Ok(found),
            (_, false) => Err(Failure::of_word("SEVERAL_FOUND", Fate::Parked)),
        }
    }

    /// A page of users, from that place on, which begins at 1.
    pub(crate) async fn page(&mut self, start: i64, count: usize) -> Result<PeerPage, Failure> {
        let path = format!("/Users?startIndex={start}&count={count}");
        let answered = self
            .ask(Method::ScimGet, &path, None, PAGE_BYTES_MAX)
            .await?;
        parse_page(&answered.body, count).map_err(Failure::wrong)
    }

    /// Adds a resource.
    pub(crate) async fn add(&mut self, kind: &str, body: &Value) -> Result<PeerResource, Failure> {
        let path = format!("/{kind}");
        let answered = self
            .ask(Method::ScimPost, &path, Some(body), ANSWER_BYTES_MAX)
            .await?;
        parse_resource(&answered.body).map_err(Failure::wrong)
    }

    /// Changes a resource in parts.
    pub(crate) async fn patch(
        &mut self,
        kind: &str,
        id: &str,
        body: &Value,
    ) -> Result<(), Failure> {
        let path = format!("/{kind}/{}", as_part(id));
        let asked = self.ask(Method::ScimPatch, &path, Some(body), ANSWER_BYTES_MAX);
        asked.await.map(|_| ())
    }

    /// Replaces a resource.
    pub(crate) async fn put(&mut self, kind: &str, id: &str, body: &Value) -> Result<(), Failure> {
        let path = format!("/{kind}/{}", as_part(id));
        let asked = self.ask(Method::ScimPut, &path, Some(body), ANSWER_BYTES_MAX);
        asked.await.map(|_| ())
    }

    /// Removes a resource; nothing happens if there is none.
    pub(crate) async fn remove(&mut self, kind: &str, id: &str) -> Result<(), Failure> {
        let path = format!("/{kind}/{}", as_part(id));
        match self
            .ask(Method::ScimDelete, &path, None, ANSWER_BYTES_MAX)
            .await
        {
            Err(failure) if failure.is_missing() => Ok(()),
            other => other.map(|_| ()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{as_part, conceal, equals};

    #[test]
    fn what_a_peer_gives_back_of_a_token_is_not_kept() {
        let secret = "a+b/Secret%Token==";
        for said in [
            "Bearer a+b/Secret%Token== is bad",
            "a%2Bb%2FSecret%25Token%3D%3D",
            "a%2bb%2fsecret%25token%3d%3d",
            "YStiL1NlY3JldCVUb2tlbj09",
            "header QmVhcmVyIGErYi9TZWNyZXQlVG9rZW49PQ==",
            "it was cut: a+b/Secret%Tok",
        ] {
            let kept = conceal(said.to_owned(), secret);
            assert!(kept.contains("[…]"), "{kept}");
            for part in ["ecret", "NlY3J", "VhcmVy"] {
                assert!(!kept.to_ascii_lowercase().contains(part), "{kept}");
            }
        }
        assert_eq!(conceal("nothing ü".into(), secret), "nothing ü");
    }

    #[test]
    fn what_is_asked_for_stands_in_an_address_as_it_is() {
        for (text, expected) in [
            ("2819c223", "2819c223"),
            ("a/../b?c#d", "a%2F..%2Fb%3Fc%23d"),
            ("a+b c", "a%2Bb%20c"),
            ("ü", "%C3%BC"),
        ] {
            assert_eq!(as_part(text), expected);
        }
        assert_eq!(
            equals("userName", "a\"b\\"),
            "?filter=userName%20eq%20%22a%5C%22b%5C%5C%22&startIndex=1&count=2"
        );
    }
}
