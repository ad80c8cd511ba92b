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
    let filled = filled_by_asking(set, group, names);
    of_administrators::check_filled(tx, permit, &filled).await
}

/// The groups that rules fill which ask about the group by one of these names, or by its id.
fn filled_by_asking(set: Option<&RuleSet>, group: &GroupId, names: &[&str]) -> BTreeSet<GroupId> {
    let named = names.iter().flat_map(|name| {
        let asking = set
            .into_iter()
            .flat_map(|set| set.asking_about(group, name));
        asking.flat_map(|rule| rule.groups.iter().cloned())
    });
    named.collect()
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
    let names = [group.name.as_str()];
    guard::check_asked(permit, set, &group.id, &names)?;
    guard::check_filled(tx, permit, &group.id).await?;
    if !permit.is_operators() {
        guard::check_group(tx, permit, &group.id).await?;
    }
    let mut concerned = filled_by_asking(set, &group.id, &names);
    concerned.extend(store::load_filled_beside(tx, permit.org(), &group.id).await?);
    concerned.insert(group.id.clone());
    of_administrators::check_filled(tx, permit, &concerned).await
}
