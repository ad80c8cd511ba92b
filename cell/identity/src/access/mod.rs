//! The one enforcement point: who may do what in which org.
//!
//! [`authorize`] returns a [`Permit`], and the operations of this crate take it as an argument: a call that nobody
//! has checked does not compile. What a role permits is one table, [`role_permits`]; whom its holder may touch is
//! [`ceiling`].

use crate::access::custom::capability::Capability;
use crate::access::own::{Freshness, OwnCaller, OwnStanding};
use crate::access::scope::ApiScope;
use crate::fault::Refusal;
use ledger::{Actor, ClientFacts};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use vocab::id::{ApiTokenId, AppId, FlowId, OrgId, SessionId, UserId};

pub mod assignees;
pub mod ceiling;
pub mod custom;
pub mod narrowed;
pub mod own;
mod permit;
pub mod scope;
mod store;
#[cfg(test)]
mod tests;

/// A role of an administrator. A person may have several, and may do what any of them permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// May do everything in the org.
    SuperAdmin,
    /// Runs the directory and how people sign in: people, groups, sign-on policies and zones.
    OrgAdmin,
    /// Runs the apps.
    AppAdmin,
    /// Runs people and groups.
    UserAdmin,
    /// Helps people who cannot get in.
    HelpDeskAdmin,
    /// May see everything but secrets, and change nothing.
    ReadOnlyAdmin,
    /// May see the system log, and nothing else.
    ReportAdmin,
    /// Runs the authorization servers.
    ApiAccessManagementAdmin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 8] = [
        Self::SuperAdmin,
        Self::OrgAdmin,
        Self::AppAdmin,
        Self::UserAdmin,
        Self::HelpDeskAdmin,
        Self::ReadOnlyAdmin,
        Self::ReportAdmin,
        Self::ApiAccessManagementAdmin,
    ];

    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SuperAdmin => "SUPER_ADMIN",
            Self::OrgAdmin => "ORG_ADMIN",
            Self::AppAdmin => "APP_ADMIN",
            Self::UserAdmin => "USER_ADMIN",
            Self::HelpDeskAdmin => "HELP_DESK_ADMIN",
            Self::ReadOnlyAdmin => "READ_ONLY_ADMIN",
            Self::ReportAdmin => "REPORT_ADMIN",
            Self::ApiAccessManagementAdmin => "API_ACCESS_MANAGEMENT_ADMIN",
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
    /// Let people back in: unlock, ask for a new password, send a link to get back in, take lost factors away, end
    /// sessions, take back what apps were let have. It sets no password, no address and no factor, so that nobody becomes somebody else by it.
    HelpPeople,
    /// Create and change people and their credentials; all of [`Permission::HelpPeople`] is included.
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
    pub const ALL: [Self; 12] = [
        Self::OwnAccount,
        Self::OwnFactors,
        Self::ReadDirectory,
        Self::ReadLog,
        Self::HelpPeople,
        Self::ManagePeople,
        Self::ManageGroups,
        Self::ManageApps,
        Self::ManageServers,
        Self::ManagePolicies,
        Self::ManageKeys,
        Self::ManageOrg,
    ];

    /// Whether a permit for this one is good for the other.
    const fn includes(self, other: Self) -> bool {
        matches!((self, other), (Self::ManagePeople, Self::HelpPeople)) || self as u8 == other as u8
    }
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
    /// An app that acts for itself at the management API, with roles of its own.
    App(AppCaller),
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
    /// What the person may do by custom and narrowed roles, over whatever it may be.
    pub capabilities: BTreeSet<Capability>,
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
    /// What that person may do by custom and narrowed roles now, over whatever it may be.
    pub capabilities: BTreeSet<Capability>,
}

/// Whoever holds roles over a part of the org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// A person.
    Person(UserId),
    /// An app that acts for itself.
    App(AppId),
}

impl Principal {
    /// The id. Those of people and of apps are never alike.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Person(user) => user.as_str(),
            Self::App(app) => app.as_str(),
        }
    }
}

/// With whose rights a permit acts.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rights {
    /// The operator's, who owns the machine.
    Operators,
    /// A person's over the own account, whatever their roles.
    Own,
    /// Those that the roles of this person give at the moment of the act.
    RolesOf(UserId),
    /// Those that the roles of this app give at that moment.
    RolesOfApp(AppId),
    /// Those that roles over a part of the org give at that moment.
    CustomOf(Principal),
}

/// What a permit was given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opens {
    /// That, over everything of the org.
    Whole(Permission),
    /// That, over what lies in resource sets of the caller.
    Within(Capability),
}

/// An app that acts for itself at the management API.
#[derive(Debug, Clone)]
pub struct AppCaller {
    /// The org of the app.
    pub org_id: OrgId,
    /// The app.
    pub app_id: AppId,
    /// Its name, for the log.
    pub label: String,
    /// Its roles now.
    pub roles: Vec<Role>,
    /// What it may do by narrowed roles now, over whatever it may be.
    pub capabilities: BTreeSet<Capability>,
    /// Scopes that its token carries and that it still has: outside of them its roles count for nothing.
    pub scopes: Vec<ApiScope>,
}

impl AppCaller {
    /// Whether one of its scopes is enough.
    #[must_use]
    pub fn has_scope(&self, needed: ApiScope) -> bool {
        self.scopes.iter().any(|scope| scope.covers(needed))
    }
}

/// Proof that a caller may do something in an org. Only [`authorize`] makes one.
#[derive(Debug, Clone)]
pub struct Permit {
    org_id: OrgId,
    opens: Opens,
    actor: Actor,
    client: ClientFacts,
    own_user: Option<UserId>,
    own_session: Option<SessionId>,
    own_flow: Option<FlowId>,
    own_token: Option<ApiTokenId>,
    /// How the person stood to whom it was given over the own account.
    own_standing: Option<OwnStanding>,
    rights: Rights,
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

    /// The person with whose rights it acts: who was given it, or who made the token that was.
    #[must_use]
    pub const fn acting_person(&self) -> Option<&UserId> {
        match &self.rights {
            Rights::RolesOf(user) | Rights::CustomOf(Principal::Person(user)) => Some(user),
            Rights::Operators
            | Rights::Own
            | Rights::RolesOfApp(_)
            | Rights::CustomOf(Principal::App(_)) => None,
        }
    }

    /// Whoever holds the roles over a part of the org by which it acts, if it comes of such: custom ones, or narrowed ones.
    #[must_use]
    pub const fn custom_caller(&self) -> Option<&Principal> {
        match &self.rights {
            Rights::CustomOf(caller) => Some(caller),
            Rights::RolesOf(_) | Rights::Operators | Rights::Own | Rights::RolesOfApp(_) => None,
        }
    }

    /// Whether it acts with the roles of an app.
    #[must_use]
    pub(crate) const fn is_of_app(&self) -> bool {
        matches!(
            self.rights,
            Rights::RolesOfApp(_) | Rights::CustomOf(Principal::App(_))
        )
    }

    /// The session it was given to; none for a person whose sign-in is still under way.
    #[must_use]
    pub const fn own_session(&self) -> Option<&SessionId> {
        self.own_session.as_ref()
    }

    /// The token of the management API it was given to.
    #[must_use]
    pub const fn own_token(&self) -> Option<&ApiTokenId> {
        self.own_token.as_ref()
    }

    /// Whether it was given to the operator at the machine itself.
    #[must_use]
    pub const fn is_operators(&self) -> bool {
        matches!(self.rights, Rights::Operators)
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
    let (actor, own_user, own_session, rights) = match caller {
        Caller::Anonymous => return Err(Refusal::Forbidden),
        Caller::Operator => (Actor::system("operator"), None, None, Rights::Operators),
        Caller::Person(person) => {
            in_org(&person.org_id, org_id)?;
            decide_person(person, permission)?;
            let actor = Actor::user(&person.user_id, &person.login, &person.display_name);
            let (user, session) = (person.user_id.clone(), person.session_id.clone());
            let rights = match permission {
                Permission::OwnAccount | Permission::OwnFactors => Rights::Own,
                _ => Rights::RolesOf(user.clone()),
            };
            (actor, Some(user), Some(session), rights)
        }
        Caller::Own(own) => {
            in_org(own.org(), org_id)?;
            decide_own(own.freshness(), permission)?;
            (
                own.actor(),
                Some(own.user().clone()),
                own.session().cloned(),
                Rights::Own,
            )
        }
        Caller::ApiToken(token) => {
            in_org(&token.org_id, org_id)?;
            if matches!(permission, Permission::OwnAccount | Permission::OwnFactors) {
                return Err(Refusal::Forbidden);
            }
            has_role(&token.roles, permission)?;
            let actor = Actor::api_token(&token.token_id, &token.name);
            (actor, None, None, Rights::RolesOf(token.user_id.clone()))
        }
        Caller::App(app) => {
            in_org(&app.org_id, org_id)?;
            if matches!(permission, Permission::OwnAccount | Permission::OwnFactors) {
                return Err(Refusal::Forbidden);
            }
            has_role(&app.roles, permission)?;
            let actor = Actor::client(&app.app_id, &app.label);
            (actor, None, None, Rights::RolesOfApp(app.app_id.clone()))
        }
    };
    Ok(Permit {
        org_id: org_id.clone(),
        opens: Opens::Whole(permission),
        actor,
        client: client.clone(),
        own_user,
        own_session,
        own_flow: own_flow(caller),
        own_token: own_token(caller),
        own_standing: match caller {
            Caller::Own(own) => Some(own.standing()),
            _ => None,
        },
        rights,
    })
}

/// Decides whether the caller may do it to what lies in their resource sets. The permit opens nothing by itself: whether
/// the very thing is within is decided where it is done, by [`custom::within`].
///
/// # Errors
/// [`Refusal::Forbidden`] for whoever may do it to nothing at all; [`Refusal::NotFound`] for a caller of another org.
pub fn authorize_within(
    caller: &Caller,
    org_id: &OrgId,
    capability: Capability,
    client: &ClientFacts,
) -> Result<Permit, Refusal> {
    let (callers_org, held, actor, principal) = match caller {
        Caller::Anonymous | Caller::Own(_) | Caller::Operator => return Err(Refusal::Forbidden),
        Caller::Person(person) => (
            &person.org_id,
            &person.capabilities,
            Actor::user(&person.user_id, &person.login, &person.display_name),
            Principal::Person(person.user_id.clone()),
        ),
        Caller::ApiToken(token) => (
            &token.org_id,
            &token.capabilities,
            Actor::api_token(&token.token_id, &token.name),
            Principal::Person(token.user_id.clone()),
        ),
        Caller::App(app) => (
            &app.org_id,
            &app.capabilities,
            Actor::client(&app.app_id, &app.label),
            Principal::App(app.app_id.clone()),
        ),
    };
    in_org(callers_org, org_id)?;
    let is_locked = matches!(caller, Caller::Person(person) if !person.administration_unlocked);
    if is_locked || !held.iter().any(|held| held.contains(capability)) {
        return Err(Refusal::Forbidden);
    }
    let (own_user, own_session) = match caller {
        Caller::Person(person) => (
            Some(person.user_id.clone()),
            Some(person.session_id.clone()),
        ),
        _ => (None, None),
    };
    Ok(Permit {
        org_id: org_id.clone(),
        opens: Opens::Within(capability),
        actor,
        client: client.clone(),
        own_user,
        own_session,
        own_flow: None,
        own_token: own_token(caller),
        own_standing: None,
        rights: Rights::CustomOf(principal),
    })
}

fn own_token(caller: &Caller) -> Option<ApiTokenId> {
    match caller {
        Caller::ApiToken(token) => Some(token.token_id.clone()),
        _ => None,
    }
}

fn own_flow(caller: &Caller) -> Option<FlowId> {
    match caller {
        Caller::Own(own) => own.flow().cloned(),
        _ => None,
    }
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
    if roles_permit(roles, permission) {
        Ok(())
    } else {
        Err(Refusal::Forbidden)
    }
}

/// Whether any of the roles permits it.
#[must_use]
pub fn roles_permit(roles: &[Role], permission: Permission) -> bool {
    roles.iter().any(|role| role_permits(*role, permission))
}

/// The table of roles.
///
/// Each role has the least that its work needs, and nothing by which its holder could come to more:
///
/// - What decides who administers stays with the super administrator: roles, API tokens and the settings of the org
///   ([`Permission::ManageOrg`]). Whoever could change the mail server, say, would read the links that go to others.
/// - So do the keys ([`Permission::ManageKeys`]), by which everything is signed, the org's own tokens included.
/// - An org administrator sets how people sign in, but not by which proof administrators come in: see
///   [`ceiling::check_console`].
/// - Whoever helps people sets nothing that could be used to become one of them.
/// - To see is to see directory and log together: who helps, or runs an app, must find out why somebody cannot get in.
///   Only the report administrator sees the log alone.
#[must_use]
pub const fn role_permits(role: Role, permission: Permission) -> bool {
    use Permission as To;
    use Role as Is;
    match permission {
        // Whoever signs in has these, with any role or none.
        To::OwnAccount | To::OwnFactors | To::ReadLog => true,
        To::ReadDirectory => !matches!(role, Is::ReportAdmin),
        To::HelpPeople => matches!(
            role,
            Is::SuperAdmin | Is::OrgAdmin | Is::UserAdmin | Is::HelpDeskAdmin
        ),
        To::ManagePeople | To::ManageGroups => {
            matches!(role, Is::SuperAdmin | Is::OrgAdmin | Is::UserAdmin)
        }
        To::ManagePolicies => matches!(role, Is::SuperAdmin | Is::OrgAdmin),
        To::ManageApps => matches!(role, Is::SuperAdmin | Is::AppAdmin),
        To::ManageServers => matches!(role, Is::SuperAdmin | Is::ApiAccessManagementAdmin),
        To::ManageKeys | To::ManageOrg => matches!(role, Is::SuperAdmin),
    }
}
