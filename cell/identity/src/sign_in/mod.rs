//! A sign-in that is under way: what was asked for, what has been proved, and what is needed next.
//!
//! It is bound to a cookie whose secret is stored as a hash, and ends with a session. What suffices is decided by
//! [`crate::sign_on::evaluate`] alone.

pub mod begin;
pub mod by_link;
pub mod device;
pub mod enroll;
pub mod evaluate;
pub mod factors;
pub mod finish;
pub mod open;
pub mod own_passkey;
pub mod prove;
pub mod recover;
pub mod setup;
pub mod store;

use crate::credential::passkey::{PendingAssertion, PendingRegistration};
use crate::person::Person;
use crate::sign_in::device::KnownDevice;
use crate::sign_on::means::UntakenMeans;
use crate::sign_on::{AuthenticatorKind, PasskeyStorage, ProvedAuthenticator, Requirement};
use serde::{Deserialize, Serialize};
use vocab::id::{AppId, FlowId, IdentityProviderId, OrgId, SessionId, UserId};
use vocab::time::Timestamp;

/// How long a sign-in may take.
pub const FLOW_SECS: i64 = 30 * 60;
/// Longest address to go on to.
pub const CONTINUE_BYTES_MAX: usize = 4_096;
/// Longest identifier that is looked at.
pub const IDENTIFIER_CHARS_MAX: usize = 254;

/// What everybody may prove first, whoever they are and whether there is such a person: until something is proved, each
/// identifier gets the same pages (`docs/decisions/ask-everybody-the-same-first.md`).
pub const FIRST_WAYS: [AuthenticatorKind; 3] = [
    AuthenticatorKind::Password,
    AuthenticatorKind::Passkey(PasskeyStorage::Synced),
    AuthenticatorKind::EmailCode,
];

/// Those of the first ways that the org takes: the same for everybody.
#[must_use]
pub fn first_ways(untaken: &UntakenMeans) -> Vec<AuthenticatorKind> {
    let ways = FIRST_WAYS.into_iter();
    ways.filter(|kind| untaken.counts(*kind)).collect()
}

/// A sign-in that is under way.
#[derive(Debug, Clone)]
pub struct Flow {
    /// The org that is signed in to.
    pub org_id: OrgId,
    /// Its id.
    pub id: FlowId,
    /// What is known so far.
    pub state: FlowState,
    /// Counts changes: of two answers at once only one is taken.
    pub revision: i64,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What is known of a sign-in so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FlowState {
    /// Where the person goes afterwards: a path of this org.
    pub continue_to: String,
    /// The app that asked.
    pub app: Option<AppId>,
    /// What the person typed.
    pub identifier: String,
    /// Whose it is, as far as the identifier tells. Nobody is told whether there is one.
    pub user_id: Option<UserId>,
    /// The person's epoch when the first of it was proved: what ends all sessions ends what was proved for one as well.
    pub epoch: Option<i64>,
    /// What has been proved.
    pub proved: Vec<ProvedAuthenticator>,
    /// The session that is being strengthened.
    pub session: Option<SessionId>,
    /// Whether fresh proof is wanted even where the session has some.
    pub fresh_since: Option<Timestamp>,
    /// What the app asks for beyond the policies, by `acr_values`.
    pub requirement: Requirement,
    /// For whom this browser is known.
    pub devices: Vec<KnownDevice>,
    /// Whether the password must be replaced before the end.
    pub must_change_password: bool,
    /// Whether a code was mailed: to look at its page again sends no other.
    pub mailed: bool,
    /// A passkey sign-in that waits for its answer.
    pub assertion: Option<PendingAssertion>,
    /// A passkey enrolment that waits for its answer.
    pub registration: Option<PendingRegistration>,
    /// Somebody at a provider who may be linked once the person has proved by means of their own who they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_link: Option<PendingLink>,
    /// Whether a link opened the account for this sign-in, and its password was set then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub by_link: bool,
}

/// Somebody at a provider, and who they may be here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendingLink {
    /// The provider.
    pub provider: IdentityProviderId,
    /// Its revision then: what it said is not the word of whatever it became since.
    #[serde(default)]
    pub provider_revision: i64,
    /// What it calls them.
    pub subject: String,
    /// The same for people to read; may be empty.
    pub account: String,
    /// The one person who may say that it is theirs.
    pub user: UserId,
}

impl FlowState {
    /// Whether nothing is proved yet, so that nothing of the person may show.
    #[must_use]
    pub const fn is_first(&self) -> bool {
        self.proved.is_empty()
    }

    /// Whether what was proved was proved for the person as of now.
    #[must_use]
    pub fn is_of(&self, person: &Person) -> bool {
        self.is_first() || self.epoch == Some(person.epoch)
    }

    /// Forgets what was proved, in which session, and by which link.
    pub fn forget(&mut self) {
        self.proved.clear();
        self.epoch = None;
        self.session = None;
        self.by_link = false;
    }

    /// Whether this may be proved now. Codes that come second are not even looked at before: what becomes of them
    /// would tell of the person.
    #[must_use]
    pub const fn takes(&self, kind: AuthenticatorKind) -> bool {
        !self.is_first() || kind.stands_alone()
    }
}

/// What is needed next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Who is it?
    Identify,
    /// One of these, the preferred one first.
    Prove(Vec<AuthenticatorKind>),
    /// One of these must be enrolled first.
    Enroll(Vec<AuthenticatorKind>),
    /// A new password must be chosen.
    ChangePassword,
    /// The policy refuses.
    Denied,
    /// Nothing: the session may begin.
    Done,
}

/// Only a path of this org is a place to go on to: never another host.
#[must_use]
pub fn decide_continue(wanted: &str) -> String {
    let local = wanted.starts_with('/')
        && !wanted.starts_with("//")
        && !wanted.starts_with("/\\")
        && wanted.len() <= CONTINUE_BYTES_MAX
        && wanted.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if local {
        wanted.to_owned()
    } else {
        String::from("/")
    }
}

#[cfg(test)]
mod tests {
    use super::{FIRST_WAYS, FlowState, decide_continue};
    use crate::sign_on::{AuthenticatorKind, ProvedAuthenticator};
    use proptest::prelude::{any, proptest};

    #[test]
    fn only_paths_of_this_org_are_followed() {
        for good in ["/", "/apps", "/oauth2/v1/authorize?client_id=a&state=%2F"] {
            assert_eq!(decide_continue(good), good);
        }
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "evil",
            "/a\r\nSet-Cookie: x",
            "/a b",
        ] {
            assert_eq!(decide_continue(bad), "/", "{bad:?}");
        }
    }

    #[test]
    fn what_comes_second_is_not_taken_first() {
        let mut state = FlowState::default();
        for kind in AuthenticatorKind::ALL {
            assert_eq!(state.takes(kind), kind.stands_alone(), "{kind:?}");
        }
        assert!(FIRST_WAYS.into_iter().all(|kind| state.takes(kind)));
        state.proved.push(ProvedAuthenticator {
            kind: AuthenticatorKind::Password,
            at: vocab::time::Timestamp::from_seconds(0),
        });
        assert!(
            AuthenticatorKind::ALL
                .into_iter()
                .all(|kind| state.takes(kind))
        );
    }

    proptest! {
        #[test]
        fn the_result_is_always_a_path_of_this_host(text in any::<String>()) {
            let to = decide_continue(&text);
            let url = url::Url::parse("https://id.example.com").unwrap().join(&to).unwrap();
            assert_eq!(url.host_str(), Some("id.example.com"));
        }
    }
}
