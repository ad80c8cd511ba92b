//! The one enforcement point: who may do what in which org.
//!
//! [`authorize`] returns a [`Permit`], and the operations of this crate take it as an argument: a call that nobody
//! has checked does not compile.

use crate::fault::Refusal;
use ledger::{Actor, ClientFacts};
use serde::{Deserialize, Serialize};
use vocab::id::{ApiTokenId, OrgId, SessionId, UserId};

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
    /// Use one's own account pages and apps.
    OwnAccount,
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
    pub const ALL: [Self; 10] = [
        Self::OwnAccount,
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
    own: Option<(UserId, SessionId)>,
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

    /// The person and session it was given to, if it was given to a person.
    #[must_use]
    pub const fn own(&self) -> Option<&(UserId, SessionId)> {
        self.own.as_ref()
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
    let (actor, own) = match caller {
        Caller::Anonymous => return Err(Refusal::Forbidden),
        Caller::Operator => (Actor::system("operator"), None),
        Caller::Person(person) => {
            in_org(&person.org_id, org_id)?;
            if permission != Permission::OwnAccount {
                if !person.administration_unlocked {
                    return Err(Refusal::Forbidden);
                }
                has_role(&person.roles, permission)?;
            }
            let actor = Actor::user(&person.user_id, &person.login, &person.display_name);
            let own = (person.user_id.clone(), person.session_id.clone());
            (actor, Some(own))
        }
        Caller::ApiToken(token) => {
            in_org(&token.org_id, org_id)?;
            if permission == Permission::OwnAccount {
                return Err(Refusal::Forbidden);
            }
            has_role(&token.roles, permission)?;
            (Actor::api_token(&token.token_id, &token.name), None)
        }
    };
    Ok(Permit {
        org_id: org_id.clone(),
        permission,
        actor,
        client: client.clone(),
        own,
        operators: matches!(caller, Caller::Operator),
    })
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
            Permission::OwnAccount | Permission::ReadDirectory | Permission::ReadLog
        ),
    }
}
