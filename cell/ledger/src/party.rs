//! Who acts and what is acted on, as log rows name them.

use crate::body::{ChangeDetails, PartyBody};
use crate::text::{DETAIL_BYTES_MAX, NAME_BYTES_MAX, bounded};
use std::borrow::Cow;
use vocab::id::{
    ApiTokenId, AppId, ClaimId, GroupId, GroupRuleId, OrgId, PasskeyId, PolicyId, RuleId, ScopeId,
    ServerId, SessionId, TotpId, UserId, ZoneId,
};

/// Most changed fields that one target lists.
const CHANGES_MAX: usize = 24;

/// The id that stands for a person whom nobody knows.
const UNKNOWN_ID: &str = "unknown";

/// What kind of party acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ActorKind {
    /// A person, or somebody who claims to be one.
    User,
    /// An application that acts for itself.
    Client,
    /// The product itself, or its operator at the machine.
    SystemPrincipal,
    /// A token of the management API.
    ApiToken,
}

impl ActorKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Client => "PublicClientApp",
            Self::SystemPrincipal => "SystemPrincipal",
            Self::ApiToken => "ApiToken",
        }
    }
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    kind: ActorKind,
    id: String,
    alternate_id: Option<String>,
    display_name: Option<String>,
}

impl Actor {
    fn new(
        kind: ActorKind,
        id: &str,
        alternate_id: Option<&str>,
        display_name: Option<&str>,
    ) -> Self {
        Self {
            kind,
            id: bounded(id, NAME_BYTES_MAX),
            alternate_id: alternate_id.map(|text| bounded(text, NAME_BYTES_MAX)),
            display_name: display_name.map(|text| bounded(text, NAME_BYTES_MAX)),
        }
    }

    /// A person.
    #[must_use]
    pub fn user(id: &UserId, login: &str, display_name: &str) -> Self {
        Self::new(
            ActorKind::User,
            id.as_str(),
            Some(login),
            Some(display_name),
        )
    }

    /// Somebody who is not known, by what was given as the identifier. That may be a password in the wrong field: give
    /// the text only when it has the shape of a login, else nothing.
    #[must_use]
    pub fn unknown(identifier: &str) -> Self {
        Self::new(
            ActorKind::User,
            UNKNOWN_ID,
            (!identifier.is_empty()).then_some(identifier),
            None,
        )
    }

    /// An application that acts for itself.
    #[must_use]
    pub fn client(id: &AppId, name: &str) -> Self {
        Self::new(ActorKind::Client, id.as_str(), None, Some(name))
    }

    /// A token of the management API.
    #[must_use]
    pub fn api_token(id: &ApiTokenId, name: &str) -> Self {
        Self::new(ActorKind::ApiToken, id.as_str(), None, Some(name))
    }

    /// A part of the product itself, or its operator.
    #[must_use]
    pub fn system(name: &str) -> Self {
        Self::new(ActorKind::SystemPrincipal, name, None, Some(name))
    }

    /// A rule that fills groups, which acts by itself.
    #[must_use]
    pub fn group_rule(id: &GroupRuleId, name: &str) -> Self {
        Self::new(ActorKind::SystemPrincipal, id.as_str(), None, Some(name))
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn render(&self) -> PartyBody<'_> {
        PartyBody {
            id: Cow::Borrowed(&self.id),
            kind: Cow::Borrowed(self.kind.as_str()),
            alternate_id: self.alternate_id.as_deref().map(Cow::Borrowed),
            display_name: self.display_name.as_deref().map(Cow::Borrowed),
            change_details: None,
        }
    }
}

/// What is acted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    kind: &'static str,
    id: String,
    alternate_id: Option<String>,
    display_name: Option<String>,
    changes: ChangeDetails,
}

impl Target {
    fn new(
        kind: &'static str,
        id: &str,
        alternate_id: Option<&str>,
        display_name: Option<&str>,
    ) -> Self {
        Self {
            kind,
            id: bounded(id, NAME_BYTES_MAX),
            alternate_id: alternate_id.map(|text| bounded(text, NAME_BYTES_MAX)),
            display_name: display_name.map(|text| bounded(text, NAME_BYTES_MAX)),
            changes: ChangeDetails::default(),
        }
    }

    /// A thing that has no function of its own here, by the catalogue's word for its kind.
    #[must_use]
    pub fn other(kind: &'static str, id: &str, name: &str) -> Self {
        Self::new(kind, id, None, (!name.is_empty()).then_some(name))
    }

    /// A person.
    #[must_use]
    pub fn user(id: &UserId, login: &str, display_name: &str) -> Self {
        Self::new("User", id.as_str(), Some(login), Some(display_name))
    }

    /// A group.
    #[must_use]
    pub fn group(id: &GroupId, name: &str) -> Self {
        Self::new("UserGroup", id.as_str(), None, Some(name))
    }

    /// An application.
    #[must_use]
    pub fn app(id: &AppId, name: &str) -> Self {
        Self::new("AppInstance", id.as_str(), None, Some(name))
    }

    /// A custom authorization server.
    #[must_use]
    pub fn server(id: &ServerId, name: &str) -> Self {
        Self::new("AuthorizationServer", id.as_str(), None, Some(name))
    }

    /// A scope.
    #[must_use]
    pub fn scope(id: &ScopeId, name: &str) -> Self {
        Self::new("Scope", id.as_str(), None, Some(name))
    }

    /// A claim.
    #[must_use]
    pub fn claim(id: &ClaimId, name: &str) -> Self {
        Self::new("Claim", id.as_str(), None, Some(name))
    }

    /// A policy.
    #[must_use]
    pub fn policy(id: &PolicyId, name: &str) -> Self {
        Self::new("PolicyEntity", id.as_str(), None, Some(name))
    }

    /// A rule that fills groups.
    #[must_use]
    pub fn group_rule(id: &GroupRuleId, name: &str) -> Self {
        Self::new("GroupRule", id.as_str(), None, Some(name))
    }

    /// A rule of a policy.
    #[must_use]
    pub fn rule(id: &RuleId, name: &str) -> Self {
        Self::new("PolicyRule", id.as_str(), None, Some(name))
    }

    /// A network zone.
    #[must_use]
    pub fn zone(id: &ZoneId, name: &str) -> Self {
        Self::new("NetworkZone", id.as_str(), None, Some(name))
    }

    /// A session.
    #[must_use]
    pub fn session(id: &SessionId) -> Self {
        Self::new("Session", id.as_str(), None, None)
    }

    /// A passkey.
    #[must_use]
    pub fn passkey(id: &PasskeyId, name: &str) -> Self {
        Self::new("AuthenticatorEnrollment", id.as_str(), None, Some(name))
    }

    /// A TOTP authenticator.
    #[must_use]
    pub fn totp(id: &TotpId) -> Self {
        Self::new("AuthenticatorEnrollment", id.as_str(), None, Some("TOTP"))
    }

    /// A token of the management API.
    #[must_use]
    pub fn api_token(id: &ApiTokenId, name: &str) -> Self {
        Self::new("ApiToken", id.as_str(), None, Some(name))
    }

    /// A signing key.
    #[must_use]
    pub fn signing_key(kid: &str) -> Self {
        Self::new("SigningKey", kid, None, None)
    }

    /// The organisation itself.
    #[must_use]
    pub fn org(id: &OrgId, name: &str) -> Self {
        Self::new("Org", id.as_str(), None, Some(name))
    }

    /// Notes that a field was changed. Never for a secret.
    #[must_use]
    pub fn change(mut self, field: &'static str, from: &str, to: &str) -> Self {
        if self.changes.from.len() < CHANGES_MAX || self.changes.from.contains_key(field) {
            self.changes
                .from
                .insert(field.to_owned(), bounded(from, DETAIL_BYTES_MAX));
            self.changes
                .to
                .insert(field.to_owned(), bounded(to, DETAIL_BYTES_MAX));
        }
        self
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn render(&self) -> PartyBody<'_> {
        PartyBody {
            id: Cow::Borrowed(&self.id),
            kind: Cow::Borrowed(self.kind),
            alternate_id: self.alternate_id.as_deref().map(Cow::Borrowed),
            display_name: self.display_name.as_deref().map(Cow::Borrowed),
            change_details: (!self.changes.from.is_empty()).then_some(Cow::Borrowed(&self.changes)),
        }
    }
}
