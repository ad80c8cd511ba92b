//! Nobody comes to more by a group: who is in a group that holds a role is changed by super administrators alone, by hand
//! alone; and a holder of custom roles puts nobody into a group by which they would come to do more to that person.

use crate::access::Permit;
use crate::access::ceiling::check_role_giving;
use crate::access::custom::GIVING_GROUPS_OF_ONE_MAX;
use crate::access::custom::capability::{Capability, ThingKind};
use crate::access::custom::store::{bindings, reach};
use crate::fault::Refusal;
use crate::group_rule::active::RuleSet;
use crate::group_rule::store as rules;
use crate::person::Person;
use crate::person::roles::refuse_half_open;
use crate::walk::rows_max;
use database::ReadTx;
use std::collections::BTreeSet;
use vocab::id::{GroupId, UserId};

const MORE: Refusal = Refusal::OutOfReach(
    "in this group you could do more to the person than you can now; somebody above you can add them",
);
const ASKED: Refusal = Refusal::OutOfReach(
    "a rule that fills groups asks about this group; somebody above you can change it",
);

const FILLED: Refusal = Refusal::OutOfReach(
    "a rule fills this group, and would rest without it; somebody above you can remove it",
);
const APP: Refusal = Refusal::OutOfReach(
    "this group gives its members an administrator role; no app changes it, whatever its scopes",
);

/// The bound on the groups by which somebody has roles.
pub(crate) const TOO_MANY: Refusal = Refusal::TooMany {
    what: "groups with a role of one person",
    max: GIVING_GROUPS_OF_ONE_MAX,
};

/// For whatever changes a group that gives its members a role, or ends it. An app has its roles only as far as its scopes
/// go, and a scope for groups is none for roles.
///
/// # Errors
/// [`Refusal::OutOfReach`] for whoever is no super administrator, and for every app.
pub(crate) async fn check_group(
    tx: &mut ReadTx,
    permit: &Permit,
    group: &GroupId,
) -> Result<(), Refusal> {
    if !bindings::is_group_holder(tx, permit.org(), group.as_str()).await? {
        return Ok(());
    }
    if permit.is_of_app() {
        return Err(APP);
    }
    check_role_giving(tx, permit).await
}

/// For somebody who is about to be put into a group, or taken out.
///
/// # Errors
/// [`Refusal::OutOfReach`] where the group gives a role and the caller may not, or where the caller would come to more.
pub(crate) async fn check_member(
    tx: &mut ReadTx,
    permit: &Permit,
    group: &GroupId,
    user: &UserId,
) -> Result<(), Refusal> {
    check_group(tx, permit, group).await?;
    let Some(caller) = permit.custom_caller() else {
        return Ok(());
    };
    let whose = (permit.org(), caller);
    let after = reach::load_capabilities_by_group(tx, whose, group).await?;
    if after.is_empty() {
        return Ok(());
    }
    let before = reach::load_capabilities_over(tx, whose, user).await?;
    match decide_growth(&before, &after) {
        Growth::Nothing => Ok(()),
        Growth::More => Err(MORE),
    }
}

/// For somebody who is about to be put into a group by hand.
///
/// # Errors
/// [`Refusal::WrongState`] for somebody who is getting back in by mail, and [`Refusal::TooMany`] for somebody of as many such
/// groups as one may be in, where the group gives its members a role.
pub(crate) async fn check_added(
    tx: &mut ReadTx,
    permit: &Permit,
    group: &GroupId,
    person: &Person,
) -> Result<(), Refusal> {
    if !bindings::is_group_holder(tx, permit.org(), group.as_str()).await? {
        return Ok(());
    }
    refuse_half_open(tx, permit, person).await?;
    check_room(tx, permit, group, &person.id).await
}

/// The same for somebody who is new.
///
/// # Errors
/// [`Refusal::TooMany`] as for [`check_added`].
pub(crate) async fn check_new(
    tx: &mut ReadTx,
    permit: &Permit,
    group: &GroupId,
    user: &UserId,
) -> Result<(), Refusal> {
    match bindings::is_group_holder(tx, permit.org(), group.as_str()).await? {
        true => check_room(tx, permit, group, user).await,
        false => Ok(()),
    }
}

async fn check_room(
    tx: &mut ReadTx,
    permit: &Permit,
    group: &GroupId,
    user: &UserId,
) -> Result<(), Refusal> {
    let others = bindings::count_giving_groups(tx, permit.org(), (user, group)).await?;
    match others >= rows_max(GIVING_GROUPS_OF_ONE_MAX) {
        true => Err(TOO_MANY),
        false => Ok(()),
    }
}

/// For a group that is about to be called otherwise, or to be no more: rules that ask about it are applied to everybody by
/// it, and nobody is asked any more whom they put where.
///
/// # Errors
/// [`Refusal::OutOfReach`] for a holder of custom roles, where a rule asks about the group.
pub(crate) fn check_asked(
    permit: &Permit,
    rules: Option<&RuleSet>,
    group: &GroupId,
    names: &[&str],
) -> Result<(), Refusal> {
    let (Some(_), Some(rules)) = (permit.custom_caller(), rules) else {
        return Ok(());
    };
    let is_asked = |name: &&str| rules.asking_about(group, name).next().is_some();
    match names.iter().any(is_asked) {
        true => Err(ASKED),
        false => Ok(()),
    }
}

/// For a group that is about to be no more: the rules that fill it rest from then on, and fill no other group either.
///
/// # Errors
/// [`Refusal::OutOfReach`] for a holder of custom roles, where a rule fills the group.
pub(crate) async fn check_filled(
    tx: &mut ReadTx,
    permit: &Permit,
    group: &GroupId,
) -> Result<(), Refusal> {
    let is_custom = permit.custom_caller().is_some();
    match is_custom
        && !rules::load_filling(tx, permit.org(), group)
            .await?
            .is_empty()
    {
        true => Err(FILLED),
        false => Ok(()),
    }
}

/// For a rule, which would put people in without anybody being asked.
///
/// # Errors
/// [`Refusal::Invalid`] for a group that gives its members a role.
pub(crate) async fn refuse_rule(
    tx: &mut ReadTx,
    permit: &Permit,
    group: &GroupId,
) -> Result<(), Refusal> {
    if bindings::is_group_holder(tx, permit.org(), group.as_str()).await? {
        let problem = "a group that holds an administrator role is filled by hand alone";
        return Err(Refusal::invalid("groups", problem));
    }
    Ok(())
}

/// Whether a caller comes to more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Growth {
    Nothing,
    More,
}

/// Whether what a caller holds over somebody afterwards is more than before, each with all that is contained in it. What is
/// held over people counts alone: the sets of a group's members hold nothing else.
fn decide_growth(before: &BTreeSet<Capability>, after: &BTreeSet<Capability>) -> Growth {
    let mut of_people = after.iter().filter(|one| one.kind() == ThingKind::Person);
    match of_people.all(|needed| before.contains(needed)) {
        true => Growth::Nothing,
        false => Growth::More,
    }
}

#[cfg(test)]
mod tests {
    use super::{Growth, decide_growth};
    use crate::access::custom::capability::Capability as To;

    #[test]
    fn what_is_contained_before_is_no_more_afterwards() {
        type Case<'c> = (&'c [To], &'c [To], Growth);
        let table: [Case<'_>; 7] = [
            (&[], &[], Growth::Nothing),
            (&[], &[To::UsersRead], Growth::More),
            (&[To::UsersRead], &[To::UsersRead], Growth::Nothing),
            (
                &[To::UsersManage],
                &[To::UsersSuspend, To::UsersRead],
                Growth::Nothing,
            ),
            (&[To::UsersSuspend], &[To::UsersLifecycle], Growth::More),
            (
                &[To::UsersGroupMembership],
                &[To::UsersResetPassword],
                Growth::More,
            ),
            (&[], &[To::GroupsManage, To::AppsManage], Growth::Nothing),
        ];
        for (before, after, expected) in table {
            let set = |some: &[To]| {
                let all = To::ALL.iter().copied();
                all.filter(|one| some.iter().any(|held| held.contains(*one)))
                    .collect()
            };
            assert_eq!(
                decide_growth(&set(before), &set(after)),
                expected,
                "{before:?} {after:?}"
            );
        }
    }
}
