//! The ceiling: whoever administers touches nobody who may do more, so that nobody comes to more than they have.
//!
//! A role that changes people would otherwise be every role: its holder would give the super administrator another
//! address or password, and sign in. The roles that count are those of the moment of the act, on both sides: they are
//! read in the transaction that acts, behind the lock on the person's row that whoever grants a role takes too. So an act
//! comes before the grant, and touched somebody who was not yet above, or after it, and is refused. What a caller holds over a
//! part of the org is read there in any case. Whole roles are read where somebody is touched who administers something; for an act
//! upon anybody else they are those of the moment in which the call was let in, and an act that was under way when the caller's
//! role was taken ends as one that came before.
//!
//! Roles are held against each other, and scopes against nothing: by its roles alone an app could become somebody else, and do what its
//! scopes do not name. So it changes nothing by which an administrator gets in, and no app that has a role or a scope.
//!
//! The operator at the machine has no ceiling, and over the own account a person needs none.

use crate::access::custom::capability::Capability;
use crate::access::custom::store::reach::{load_held, load_held_by_app};
use crate::access::custom::within;
use crate::access::{Permission, Permit, Rights, Role, roles_permit};
use crate::app::api_access;
use crate::fault::{Fault, Refusal};
use crate::person::{Person, store};
use database::{ReadTx, WriteTx};
use std::collections::BTreeSet;
use vocab::future::boxed;
use vocab::id::{AppId, OrgId, UserId};

const ABOVE: Refusal = Refusal::OutOfReach(
    "this person has a role that permits more than yours; somebody with that role can do it",
);
const APP_ABOVE: Refusal = Refusal::OutOfReach(
    "this app has a role that permits more than yours; somebody with that role can change it",
);
const BY_APP: Refusal = Refusal::OutOfReach(
    "this person has an administrator role; no app changes how they get in, whatever its scopes",
);
const APP_BY_APP: Refusal = Refusal::OutOfReach(
    "this app has a role or scopes of this API; no app changes it, whatever its scopes",
);
const MORE: Refusal =
    Refusal::OutOfReach("nobody gives or takes a role that permits more than their own");
const GIVING: Refusal = Refusal::OutOfReach(
    "this decides who has an administrator role; only a super administrator changes it",
);
const CONSOLE: Refusal = Refusal::OutOfReach(
    "this decides how administrators get in; only a super administrator changes it",
);

/// What somebody administers by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Standard roles that are held over everything.
    pub roles: Vec<Role>,
    /// What custom and narrowed roles give, over whatever it may be.
    pub capabilities: BTreeSet<Capability>,
}

impl Standing {
    /// Whether it is anything at all.
    #[must_use]
    pub fn is_administrator(&self) -> bool {
        !self.roles.is_empty() || !self.capabilities.is_empty()
    }

    /// Whether it can be as much as that permits. A small resource set counts as much as a large one: what it holds changes.
    fn permits(&self, permission: Permission) -> bool {
        let mut held = self.capabilities.iter();
        roles_permit(&self.roles, permission)
            || held.any(|held| held.amounts_to().includes(permission))
    }
}

/// By what a person administers at this moment.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_standing(tx: &mut ReadTx, org: &OrgId, user: &UserId) -> Result<Standing, Fault> {
    let (roles, capabilities) = load_held(tx, org, user).await?;
    Ok(Standing {
        roles,
        capabilities,
    })
}

/// By what an app administers at this moment.
async fn load_app_standing(tx: &mut ReadTx, org: &OrgId, app: &AppId) -> Result<Standing, Fault> {
    let (roles, capabilities) = load_held_by_app(tx, org, app).await?;
    Ok(Standing {
        roles,
        capabilities,
    })
}

/// Whether somebody with these roles may touch somebody of that standing.
#[must_use]
pub fn reaches_standing(callers: &[Role], other: &Standing) -> bool {
    let mut all = Permission::ALL.into_iter();
    all.all(|permission| roles_permit(callers, permission) || !other.permits(permission))
}

/// Whether somebody with these roles may touch somebody with those: only if they permit nothing more. Roles are held
/// against each other by what they permit together, never by their names: two small roles can be more than a large one.
#[must_use]
pub fn reaches(callers: &[Role], others: &[Role]) -> bool {
    let mut all = Permission::ALL.into_iter();
    all.all(|permission| roles_permit(callers, permission) || !roles_permit(others, permission))
}

/// Holds the permit against the roles of a person.
///
/// # Errors
/// [`Refusal::OutOfReach`] for somebody who may do more.
pub(crate) async fn check_reach(
    tx: &mut ReadTx,
    permit: &Permit,
    user_id: &UserId,
) -> Result<(), Refusal> {
    match &permit.rights {
        Rights::Operators | Rights::Own => return Ok(()),
        Rights::RolesOf(caller) if caller == user_id => return Ok(()),
        Rights::RolesOf(_) | Rights::RolesOfApp(_) | Rights::CustomOf(_) => {}
    }
    within::check_person(tx, permit, user_id).await?;
    check_above(tx, permit, user_id).await
}

async fn check_above(tx: &mut ReadTx, permit: &Permit, user_id: &UserId) -> Result<(), Refusal> {
    let other = load_standing(tx, permit.org(), user_id).await?;
    // Most people administer nothing, and then nobody else's roles need be known. Whoever acts by custom roles reaches
    // nobody who administers anything, and so not themselves.
    if !other.is_administrator() {
        return Ok(());
    }
    if permit.custom_caller().is_none()
        && reaches_standing(&load_callers(tx, permit).await?, &other)
    {
        return Ok(());
    }
    Err(ABOVE)
}

/// The same for an act upon something else that is also one upon the person, such as who is in a group. It bounds those
/// alone who act by custom roles; whoever changes every group changes who is in it, whoever that is.
///
/// # Errors
/// As for an act upon the person.
pub(crate) async fn check_custom_reach(
    tx: &mut ReadTx,
    permit: &Permit,
    user_id: &UserId,
) -> Result<(), Refusal> {
    match permit.custom_caller() {
        Some(_) => check_reach(tx, permit, user_id).await,
        None => Ok(()),
    }
}

/// The same for an act upon an app that is also one upon the person: whether the app is assigned to them.
///
/// # Errors
/// As for an act upon the person.
pub(crate) async fn check_assignee_reach(
    tx: &mut ReadTx,
    permit: &Permit,
    user_id: &UserId,
    app_id: &AppId,
) -> Result<(), Refusal> {
    if permit.custom_caller().is_none() {
        return Ok(());
    }
    within::check_assignee(tx, permit, user_id, app_id).await?;
    check_above(tx, permit, user_id).await
}

/// Holds the permit against the roles of an app that is about to be changed: whoever gives it another key becomes that app.
///
/// # Errors
/// [`Refusal::OutOfReach`] for an app that may do more, and, for an app that calls, for every one that has a role or a scope.
#[boxed]
pub async fn check_app_reach(
    tx: &mut ReadTx,
    permit: &Permit,
    app_id: &AppId,
) -> Result<(), Refusal> {
    check_app_above(tx, permit, app_id).await?;
    if permit.is_of_app() {
        let standing = load_app_standing(tx, permit.org(), app_id).await?;
        let scopes = api_access::store::load_grants(tx, permit.org(), app_id).await?;
        if standing.is_administrator() || !scopes.is_empty() {
            return Err(APP_BY_APP);
        }
    }
    Ok(())
}

/// The same for a role that is given to an app, or taken from it, by which nobody becomes that app.
///
/// # Errors
/// [`Refusal::OutOfReach`] for an app that may do more.
pub(crate) async fn check_app_above(
    tx: &mut ReadTx,
    permit: &Permit,
    app_id: &AppId,
) -> Result<(), Refusal> {
    if permit.is_operators() {
        return Ok(());
    }
    within::check_app(tx, permit, app_id).await?;
    let other = load_app_standing(tx, permit.org(), app_id).await?;
    let reaches = !other.is_administrator()
        || (permit.custom_caller().is_none()
            && reaches_standing(&load_callers(tx, permit).await?, &other));
    if reaches { Ok(()) } else { Err(APP_ABOVE) }
}

/// The roles that the permit acts with, as of now; none for whoever acts upon the own account.
async fn load_callers(tx: &mut ReadTx, permit: &Permit) -> Result<Vec<Role>, Refusal> {
    Ok(match &permit.rights {
        // A custom role reaches nobody who has a role.
        Rights::Operators | Rights::Own | Rights::CustomOf(_) => Vec::new(),
        Rights::RolesOf(caller) => store::load_roles(tx, permit.org(), caller).await?,
        Rights::RolesOfApp(app) => api_access::store::load_roles(tx, permit.org(), app).await?,
    })
}

/// The person whom an act is about to touch, held until the end of its transaction: every act of an administrator upon
/// a person begins with this, and every act of theirs upon the own account. Whoever also takes the org's row takes it before.
///
/// # Errors
/// [`Refusal::NotFound`] for a person that this org does not have; [`Refusal::OutOfReach`] for somebody who may do more;
/// [`Refusal::Changed`] for somebody at work on the own account who was shut out or is kept out since they were let in.
#[boxed]
pub async fn hold_within_reach(
    tx: &mut WriteTx,
    permit: &Permit,
    user_id: &UserId,
) -> Result<Person, Refusal> {
    let person = store::load_held(tx, permit.org(), user_id)
        .await?
        .ok_or(Refusal::NotFound)?;
    permit.still_stands(&person)?;
    check_reach(tx, permit, user_id).await?;
    Ok(person)
}

/// Begins an act by which somebody could get in as the person: a change of password, login, mail address or any other means
/// of proof, or of the state that keeps them out.
///
/// # Errors
/// As [`hold_within_reach`], and [`Refusal::OutOfReach`] for an app, upon anybody who administers.
pub async fn hold_for_way_in(
    tx: &mut WriteTx,
    permit: &Permit,
    user_id: &UserId,
) -> Result<Person, Refusal> {
    let person = hold_within_reach(tx, permit, user_id).await?;
    check_way_in(tx, permit, user_id).await?;
    Ok(person)
}

/// The same for somebody who is held, or is held once more where it is done.
///
/// # Errors
/// [`Refusal::OutOfReach`] for an app, upon anybody who administers.
pub(crate) async fn check_way_in(
    tx: &mut ReadTx,
    permit: &Permit,
    user_id: &UserId,
) -> Result<(), Refusal> {
    if !permit.is_of_app() {
        return Ok(());
    }
    let standing = load_standing(tx, permit.org(), user_id).await?;
    match standing.is_administrator() {
        true => Err(BY_APP),
        false => Ok(()),
    }
}

/// Holds the permit against a role that is to be given or taken.
///
/// # Errors
/// [`Refusal::OutOfReach`] if it permits more than the caller's own.
pub(crate) async fn check_grant(
    tx: &mut ReadTx,
    permit: &Permit,
    role: Role,
) -> Result<(), Refusal> {
    permits_all_of(tx, permit, role, MORE).await
}

/// Holds the permit against a change of what decides how administrators get in. Whoever could loosen it would need but
/// a password of those above, and whoever could tighten it would keep them out.
///
/// # Errors
/// [`Refusal::OutOfReach`] for whoever may not do everything.
pub(crate) async fn check_console(tx: &mut ReadTx, permit: &Permit) -> Result<(), Refusal> {
    permits_all_of(tx, permit, Role::SuperAdmin, CONSOLE).await
}

/// Holds the permit against a change of what gives people administrator roles: custom roles, resource sets, bindings, and
/// who is in a group that has one.
///
/// # Errors
/// [`Refusal::OutOfReach`] for whoever may not do everything.
pub(crate) async fn check_role_giving(tx: &mut ReadTx, permit: &Permit) -> Result<(), Refusal> {
    permits_all_of(tx, permit, Role::SuperAdmin, GIVING).await
}

/// Begins such a change: before every other lock, and of two that are made at once the second sees what the first one did.
///
/// # Errors
/// As [`check_role_giving`].
pub(crate) async fn begin_role_giving(tx: &mut WriteTx, permit: &Permit) -> Result<(), Refusal> {
    crate::org::store::lock(tx, permit.org()).await?;
    check_role_giving(tx, permit).await
}

async fn permits_all_of(
    tx: &mut ReadTx,
    permit: &Permit,
    role: Role,
    refusal: Refusal,
) -> Result<(), Refusal> {
    let callers = match &permit.rights {
        Rights::Operators => return Ok(()),
        Rights::Own => return Err(Refusal::Forbidden),
        Rights::RolesOf(_) | Rights::RolesOfApp(_) | Rights::CustomOf(_) => {
            load_callers(tx, permit).await?
        }
    };
    if reaches(&callers, &[role]) {
        Ok(())
    } else {
        Err(refusal)
    }
}
