//! The one enforcement point: who may do what in which org.
//!
//! [`authorize`] returns a [`Permit`], and the operations of this crate take it as an argument: a call that nobody
//! has checked does not compile.

use crate::access::own::{Freshness, OwnCaller};
use crate::fault::Refusal;
use ledger::{Actor, ClientFacts};
use serde::{Deserialize, Serialize};
use vocab::id::{ApiTokenId, OrgId, SessionId, UserId};

pub mod own;
#[cfg(test)]
mod tests;

/// A role of an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// May do everything in the org.
    SuperAdmin,
    /// May see everything but secrets, and change nothing.
    ReadOnlyAdmin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 2] = [Self::SuperAdmin, Self::ReadOnlyAdmin];

    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SuperAdmin => "SUPER_ADMIN",
            Self::ReadOnlyAdmin => "READ_ONLY_ADMIN",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// What a caller wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Use one's own account pages and apps: profile, sessions, consents.
    OwnAccount,
    /// Change the means by which one proves who one is: passwords, passkeys, authenticator app, recovery codes.
    OwnFactors,
    /// See people, groups, apps, servers, policies, keys (public parts), settings.
    ReadDirectory,
    /// See the system log.
    ReadLog,
    /// Create and change people and their credentials.
    ManagePeople,
    /// Create and change groups and their members.
    ManageGroups,
    /// Create and change apps, their secrets and assignments.
    ManageApps,
    /// Create and change authorization servers.
    ManageServers,
    /// Create and change policies and zones.
    ManagePolicies,
    /// Rotate and revoke keys.
    ManageKeys,
    /// Change settings of the org, its administrators and API tokens.
    ManageOrg,
}

impl Permission {
    /// Every permission, for the pages and the matrix test.
    pub const ALL: [Self; 11] = [
        Self::OwnAccount,
        Self::OwnFactors,
        Self::ReadDirectory,
        Self::ReadLog,
        Self::ManagePeople,
        Self::ManageGroups,
        Self::ManageApps,
        Self::ManageServers,
        Self::ManagePolicies,
        Self::ManageKeys,
        Self::ManageOrg,
    ];
}

/// Who is calling, as far as it is proved.
#[derive(Debug, Clone)]
pub enum Caller {
    /// Nobody known.
    Anonymous,
    /// A person with a live session.
    Person(PersonCaller),
    /// A person at work on the own account, and on nothing else.
    Own(OwnCaller),
    /// A token of the management API, acting with the roles of the person who made it.
    ApiToken(TokenCaller),
    /// The operator at the machine itself: start-up declaration and command line on the data folder.
    Operator,
}

/// A person with a live session.
#[derive(Debug, Clone)]
pub struct PersonCaller {
    /// The org of the session.
    pub org_id: OrgId,
    /// The person.
    pub user_id: UserId,
    /// The login, for the log.
    pub login: String,
    /// The name, for the log.
    pub display_name: String,
    /// The session.
    pub session_id: SessionId,
    /// The person's roles.
    pub roles: Vec<Role>,
    /// Whether this session satisfies what the org asks of administrators.
    pub administration_unlocked: bool,
}

/// A token of the management API.
#[derive(Debug, Clone)]
pub struct TokenCaller {
    /// The org of the token.
    pub org_id: OrgId,
    /// The token.
    pub token_id: ApiTokenId,
    /// Its name, for the log.
    pub name: String,
    /// The person who made it.
    pub user_id: UserId,
    /// That person's roles now.
    pub roles: Vec<Role>,
}

/// Proof that a caller may do something in an org. Only [`authorize`] makes one.
#[derive(Debug, Clone)]
pub struct Permit {
    org_id: OrgId,
    permission: Permission,
    actor: Actor,
    client: ClientFacts,
    own_user: Option<UserId>,
    own_session: Option<SessionId>,
    operators: bool,
}

impl Permit {
    /// The org in which it holds.
    #[must_use]
    pub const fn org(&self) -> &OrgId {
        &self.org_id
    }

    /// Who acts, for the log.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// From where, for the log.
    #[must_use]
    pub const fn client(&self) -> &ClientFacts {
        &self.client
    }

    /// The person it was given to, if it was given to a person.
    #[must_use]
    pub const fn own_user(&self) -> Option<&UserId> {
        self.own_user.as_ref()
    }

    /// The session it was given to; none for a person whose sign-in is still under way.
    #[must_use]
    pub const fn own_session(&self) -> Option<&SessionId> {
        self.own_session.as_ref()
    }

    /// Whether it was given to the operator at the machine itself.
    #[must_use]
    pub const fn is_operators(&self) -> bool {
        self.operators
    }

    /// Holds the permit against what an operation needs.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] if it was given for something else.
    pub fn covers(&self, permission: Permission) -> Result<(), Refusal> {
        if self.permission == permission {
            Ok(())
        } else {
            Err(Refusal::Forbidden)
        }
    }

    /// Holds the permit against a change to the account of a person: an administrator's is good for everybody of the
    /// org, a person's own for that person alone.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for the account of somebody else, of whom nothing is told; [`Refusal::Forbidden`] if it
    /// was given for something else.
    pub fn covers_account_of(&self, user_id: &UserId) -> Result<(), Refusal> {
        match self.permission {
            Permission::ManagePeople => Ok(()),
            Permission::OwnAccount | Permission::OwnFactors => self.is_own(user_id),
            _ => Err(Refusal::Forbidden),
        }
    }

    /// The same for the means by which the person proves who they are.
    ///
    /// # Errors
    /// As for [`Permit::covers_account_of`].
    pub fn covers_factors_of(&self, user_id: &UserId) -> Result<(), Refusal> {
        match self.permission {
            Permission::ManagePeople => Ok(()),
            Permission::OwnFactors => self.is_own(user_id),
            _ => Err(Refusal::Forbidden),
        }
    }

    fn is_own(&self, user_id: &UserId) -> Result<(), Refusal> {
        if self.own_user.as_ref() == Some(user_id) {
            Ok(())
        } else {
            Err(Refusal::NotFound)
        }
    }
}

/// Decides whether the caller may do it in this org.
///
/// # Errors
/// [`Refusal::Forbidden`] if not; [`Refusal::NotFound`] for a caller of another org, who learns nothing of this one.
pub fn authorize(
    caller: &Caller,
    org_id: &OrgId,
    permission: Permission,
    client: &ClientFacts,
) -> Result<Permit, Refusal> {
    let (actor, own_user, own_session) = match caller {
        Caller::Anonymous => return Err(Refusal::Forbidden),
        Caller::Operator => (Actor::system("operator"), None, None),
        Caller::Person(person) => {
            in_org(&person.org_id, org_id)?;
            decide_person(person, permission)?;
            let actor = Actor::user(&person.user_id, &person.login, &person.display_name);
            let (user, session) = (person.user_id.clone(), person.session_id.clone());
            (actor, Some(user), Some(session))
        }
        Caller::Own(own) => {
            in_org(own.org(), org_id)?;
            decide_own(own.freshness(), permission)?;
            (
                own.actor(),
                Some(own.user().clone()),
                own.session().cloned(),
            )
        }
        Caller::ApiToken(token) => {
            in_org(&token.org_id, org_id)?;
            if matches!(permission, Permission::OwnAccount | Permission::OwnFactors) {
                return Err(Refusal::Forbidden);
            }
            has_role(&token.roles, permission)?;
            (Actor::api_token(&token.token_id, &token.name), None, None)
        }
    };
    Ok(Permit {
        org_id: org_id.clone(),
        permission,
        actor,
        client: client.clone(),
        own_user,
        own_session,
        operators: matches!(caller, Caller::Operator),
    })
}

fn decide_person(person: &PersonCaller, permission: Permission) -> Result<(), Refusal> {
    match permission {
        Permission::OwnAccount => Ok(()),
        // Only a caller whose proof was looked at for this very purpose: see [`own`].
        Permission::OwnFactors => Err(Refusal::Forbidden),
        _ if !person.administration_unlocked => Err(Refusal::Forbidden),
        _ => has_role(&person.roles, permission),
    }
}

/// What a person may do with the own account.
fn decide_own(freshness: Freshness, permission: Permission) -> Result<(), Refusal> {
    match (permission, freshness) {
        (Permission::OwnAccount, _) | (Permission::OwnFactors, Freshness::Fresh) => Ok(()),
        _ => Err(Refusal::Forbidden),
    }
}

fn in_org(callers: &OrgId, asked: &OrgId) -> Result<(), Refusal> {
    if callers == asked {
        Ok(())
    } else {
        Err(Refusal::NotFound)
    }
}

fn has_role(roles: &[Role], permission: Permission) -> Result<(), Refusal> {
    if roles.iter().any(|role| role_permits(*role, permission)) {
        Ok(())
    } else {
        Err(Refusal::Forbidden)
    }
}

/// The table of roles.
#[must_use]
pub const fn role_permits(role: Role, permission: Permission) -> bool {
    match role {
        Role::SuperAdmin => true,
        Role::ReadOnlyAdmin => matches!(
            permission,
            Permission::OwnAccount
                | Permission::OwnFactors
                | Permission::ReadDirectory
                | Permission::ReadLog
        ),
    }
}
