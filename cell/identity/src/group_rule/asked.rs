//! Who may change a group that rules ask about, or fill. Whoever calls it otherwise, or ends it, decides whom the rules put where: they
//! are applied to everybody by it, and of each person whom that moves nobody is asked any more. So what the rules fill must be in the
//! reach of the one who does it, as it must be of whoever switches such a rule.

use crate::access::Permit;
use crate::access::custom::guard;
use crate::fault::Refusal;
use crate::group::Group;
use crate::group_rule::active::RuleSet;
use crate::group_rule::store;
use crate::sign_on::of_administrators;
use database::ReadTx;
use std::collections::BTreeSet;
use vocab::id::GroupId;

/// For a group that is called so from now on, or was called so until now.
///
/// # Errors
/// [`Refusal::OutOfReach`] where a rule asks about the group that the caller could not switch.
pub(crate) async fn check_names(
    tx: &mut ReadTx,
    permit: &Permit,
    set: Option<&RuleSet>,
    group: &GroupId,
    names: &[&str],
) -> Result<(), Refusal> {
    guard::check_asked(permit, set, group, names)?;
    let Some(set) = set else {
        return Ok(());
    };
    let mut filled = BTreeSet::new();
    for name in names {
        for rule in set.asking_about(group, name) {
            filled.extend(rule.groups.iter().cloned());
        }
    }
    of_administrators::check_filled(tx, permit, &filled).await
}

/// For a group that is about to be no more: what rules ask about it they ask in vain then, and those that fill it rest.
///
/// # Errors
/// [`Refusal::OutOfReach`] where a rule asks about the group, or fills it, that the caller could not switch.
pub(crate) async fn check_removal(
    tx: &mut ReadTx,
    permit: &Permit,
    set: Option<&RuleSet>,
    group: &Group,
) -> Result<(), Refusal> {
    check_names(tx, permit, set, &group.id, &[group.name.as_str()]).await?;
    guard::check_filled(tx, permit, &group.id).await?;
    let beside = store::load_filled_beside(tx, permit.org(), &group.id).await?;
    of_administrators::check_filled(tx, permit, &beside).await?;
    of_administrators::check_group(tx, permit, &group.id).await
}
