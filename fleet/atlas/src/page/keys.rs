//! Who may do more on the page than look: whoever opens it by a link that an operator had made. Kept in memory alone.
//!
//! A link works once and opens a session of two secrets. One is a cookie that no script reads; but cookies know no ports, and
//! whatever else answers at this host sees it as well. So the page keeps the other one where only pages of its own port do,
//! and sends it in a field that no form and no foreign page can send.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use vocab::entropy::Entropy;
use vocab::secret::{Secret, SecretHash, random_token};
use vocab::time::Timestamp;

/// How long a link is good.
pub const LINK_SECS: i64 = 10 * 60;
/// How long a session is good.
pub const SESSION_SECS: i64 = 60 * 60;
/// Links that are good at one time; with more, the oldest ends.
const LINKS_MAX: usize = 8;
/// Sessions at one time; with more, the oldest ends.
const SESSIONS_MAX: usize = 8;

/// The links and sessions of one control plane. Clones share them.
#[derive(Clone, Default)]
pub struct PageKeys(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    links: Vec<Link>,
    sessions: Vec<Session>,
}

struct Link {
    key: SecretHash,
    until: Timestamp,
}

struct Session {
    cookie: SecretHash,
    field: SecretHash,
    until: Timestamp,
}

/// The two secrets of a session.
pub struct Opened {
    /// For the cookie.
    pub cookie: Secret<String>,
    /// For the page.
    pub field: Secret<String>,
}

impl PageKeys {
    /// A key for one link.
    #[must_use]
    pub fn make_link(&self, entropy: &dyn Entropy, now: Timestamp) -> Secret<String> {
        let key = random_token(entropy, "");
        let link = Link {
            key: SecretHash::of(key.expose()),
            until: now.plus_secs(LINK_SECS),
        };
        push_bounded(&mut self.kept().links, link, LINKS_MAX);
        key
    }

    /// Opens a session by a key, which is used up; none if it is not good.
    #[must_use]
    pub fn open(&self, key: &str, entropy: &dyn Entropy, now: Timestamp) -> Option<Opened> {
        let (key, mut kept) = (SecretHash::of(key), self.kept());
        let at = kept.links.iter().position(|link| link.key == key)?;
        let link = kept.links.remove(at);
        if now >= link.until {
            return None;
        }
        let opened = Opened {
            cookie: random_token(entropy, ""),
            field: random_token(entropy, ""),
        };
        let session = Session {
            cookie: SecretHash::of(opened.cookie.expose()),
            field: SecretHash::of(opened.field.expose()),
            until: now.plus_secs(SESSION_SECS),
        };
        push_bounded(&mut kept.sessions, session, SESSIONS_MAX);
        Some(opened)
    }

    /// Whether both secrets are those of one session that is good.
    #[must_use]
    pub fn admits(&self, cookie: &str, field: &str, now: Timestamp) -> bool {
        let (cookie, field) = (SecretHash::of(cookie), SecretHash::of(field));
        let mut kept = self.kept();
        kept.sessions.retain(|session| now < session.until);
        let mut sessions = kept.sessions.iter();
        sessions.any(|session| session.cookie == cookie && session.field == field)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Every change of it is one move that cannot fail half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn push_bounded<T>(list: &mut Vec<T>, one: T, most: usize) {
    if list.len() >= most {
        list.remove(0);
    }
    list.push(one);
}

#[cfg(test)]
mod tests {
    use super::{LINK_SECS, LINKS_MAX, PageKeys, SESSION_SECS, SESSIONS_MAX};
    use vocab::entropy::SeededEntropy;
    use vocab::time::Timestamp;

    #[test]
    fn a_link_opens_one_session_and_a_session_takes_both_secrets() {
        let (keys, entropy) = (PageKeys::default(), SeededEntropy::new(3));
        let now = Timestamp::from_seconds(1_000);
        let link = keys.make_link(&entropy, now);
        assert!(keys.open("another", &entropy, now).is_none());
        let opened = keys.open(link.expose(), &entropy, now).unwrap();
        assert!(keys.open(link.expose(), &entropy, now).is_none(), "used up");
        let (cookie, field) = (opened.cookie.expose(), opened.field.expose());
        assert!(keys.admits(cookie, field, now));
        let other = keys.make_link(&entropy, now);
        let other = keys.open(other.expose(), &entropy, now).unwrap();
        let table = [
            (cookie.as_str(), ""),
            ("", field.as_str()),
            (field, cookie),
            (cookie, other.field.expose()),
            (link.expose(), link.expose()),
        ];
        for (cookie, field) in table {
            assert!(!keys.admits(cookie, field, now), "{cookie} {field}");
        }
        let end = now.plus_secs(SESSION_SECS);
        assert!(keys.admits(cookie, field, now.plus_secs(SESSION_SECS - 1)));
        assert!(!keys.admits(cookie, field, end));
        assert!(!keys.admits(cookie, field, now), "it is gone for good");
        let late = keys.make_link(&entropy, now);
        let end = now.plus_secs(LINK_SECS);
        assert!(keys.open(late.expose(), &entropy, end).is_none());
        assert!(keys.open(late.expose(), &entropy, now).is_none());
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_oldest_ends() {
        let (keys, entropy) = (PageKeys::default(), SeededEntropy::new(4));
        let now = Timestamp::from_seconds(1_000);
        let links: Vec<_> = (0..=LINKS_MAX)
            .map(|_| keys.make_link(&entropy, now))
            .collect();
        assert!(keys.open(links[0].expose(), &entropy, now).is_none());
        let sessions: Vec<_> = (0..=SESSIONS_MAX)
            .map(|_| {
                let link = keys.make_link(&entropy, now);
                keys.open(link.expose(), &entropy, now).unwrap()
            })
            .collect();
        let is_good = |at: usize| {
            let session = &sessions[at];
            keys.admits(session.cookie.expose(), session.field.expose(), now)
        };
        assert!(!is_good(0) && is_good(1) && is_good(SESSIONS_MAX));
    }
}
