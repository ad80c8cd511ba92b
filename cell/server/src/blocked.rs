//! Refuses whoever comes from a blocked network zone, before a session is looked at or anything is asked: nothing that
//! the org knows changes the answer, so it tells nobody anything.

use axum::http::StatusCode;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use identity::cell::Cell;
use identity::org::context::OrgContext;
use identity::sign_on::Zone;
use identity::sign_on::zone::find_block;
use ledger::{Actor, ClientFacts, Event, EventType, Outcome, Target};
use reception::crowd::subscriber_of;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use vocab::id::OrgId;
use vocab::time::Timestamp;

/// How often one address is a row of the log: a stranger must not fill it.
const NOTED_EVERY_SECS: i64 = 60;
/// Addresses that are remembered. While there are more, further ones are refused without a row.
const NOTED_MAX: usize = 4_096;
/// What pages are drawn with; it is the same for everybody and everywhere.
const ASSETS: &str = "/assets/";

/// Which refusals stand in the log already. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Blocked {
    noted: Arc<Mutex<HashMap<(OrgId, IpAddr), Timestamp>>>,
}

/// How a refusal is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// By a page, to a person.
    Page,
    /// By the protocol's words, to a program.
    Json,
}

impl Blocked {
    /// The zone that refuses the request, if one does; a row of the log says so, now and then.
    pub async fn find(
        &self,
        cell: &Cell,
        context: &OrgContext,
        zones: &[Zone],
        client: &ClientFacts,
        path: &str,
    ) -> Option<()> {
        let zone = find_block(zones, &client.ip).filter(|_| !path.starts_with(ASSETS))?;
        let now = cell.now();
        if self.is_due(&context.org, &client.ip, now) {
            let event = Event::new(EventType::SecurityRequestBlocked, Outcome::Failure, now)
                .actor(Actor::unknown(""))
                .client(client)
                .target(Target::other("NetworkZone", zone.id.as_str(), &zone.name))
                .reason("BLOCKED_ZONE");
            let org = context.org.clone();
            let noted = cell
                .database
                .write(move |tx| Box::pin(async move { ledger::append(tx, &org, event).await }));
            if let Err(fault) = noted.await {
                tracing::warn!(error = ?fault, "a refused request is not in the log");
            }
        }
        Some(())
    }

    fn is_due(&self, org: &OrgId, ip: &str, now: Timestamp) -> bool {
        let Ok(address) = ip.parse::<IpAddr>() else {
            return false;
        };
        let key = (org.clone(), subscriber_of(address));
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = now.plus_secs(-NOTED_EVERY_SECS);
        if noted.get(&key).is_some_and(|at| *at > recent) {
            return false;
        }
        if noted.len() >= NOTED_MAX {
            noted.retain(|_, at| *at > recent);
        }
        if noted.len() >= NOTED_MAX {
            return false;
        }
        noted.insert(key, now);
        true
    }
}

/// Who asks: a browser says that it takes pages.
pub fn decide_telling(headers: &HeaderMap) -> Telling {
    let accept = headers.get(header::ACCEPT);
    let takes_pages = accept
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    if takes_pages {
        Telling::Page
    } else {
        Telling::Json
    }
}

/// The answer to a program.
pub fn refuse_program() -> Response {
    let text = r#"{"error":"access_denied","error_description":"requests from this address are not served"}"#;
    let mut response = (StatusCode::FORBIDDEN, text).into_response();
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::{Blocked, NOTED_EVERY_SECS, NOTED_MAX, Telling, decide_telling};
    use axum::http::{HeaderMap, HeaderValue, header};
    use vocab::entropy::SeededEntropy;
    use vocab::id::OrgId;
    use vocab::time::Timestamp;

    const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

    #[test]
    fn an_address_is_noted_once_a_minute_and_only_so_many_are() {
        let blocked = Blocked::default();
        let entropy = SeededEntropy::new(3);
        let (one, two) = (OrgId::generate(&entropy), OrgId::generate(&entropy));
        assert!(blocked.is_due(&one, "192.0.2.1", START));
        assert!(!blocked.is_due(&one, "192.0.2.1", START.plus_secs(NOTED_EVERY_SECS - 1)));
        assert!(blocked.is_due(&two, "192.0.2.1", START));
        assert!(blocked.is_due(&one, "192.0.2.1", START.plus_secs(NOTED_EVERY_SECS)));
        assert!(!blocked.is_due(&one, "no address", START));
        let later = START.plus_secs(10 * NOTED_EVERY_SECS);
        let due = (0..NOTED_MAX + 10)
            .filter(|n| {
                blocked.is_due(
                    &one,
                    &format!("10.{}.{}.{}", n >> 16, (n >> 8) & 255, n & 255),
                    later,
                )
            })
            .count();
        assert_eq!(due, NOTED_MAX);
    }

    #[test]
    fn browsers_get_a_page_and_programs_words() {
        for (accept, expected) in [
            (Some("text/html,application/xhtml+xml"), Telling::Page),
            (Some("application/json"), Telling::Json),
            (Some("*/*"), Telling::Json),
            (None, Telling::Json),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            }
            assert_eq!(decide_telling(&headers), expected, "{accept:?}");
        }
    }
}
