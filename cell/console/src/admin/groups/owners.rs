//! Who answers for a group.

use crate::admin::caller::{Answer, administrator, done, found, loaded};
use crate::admin::form::shell_after;
use crate::admin::groups::{draw, find_groups, load_group, load_group_within, of_readers};
use crate::admin::paging::search_of;
use crate::admin::people::find_people;
use crate::view::admin::{GroupTab, Picker};
use crate::view::row::PartyRow;
use crate::view::shell::{Right, Shell};
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::{Permission, Permit};
use identity::fault::Refusal;
use identity::group::Group;
use identity::group::owners::{GroupOwner, OwnerId};

/// `GET /admin/groups/{id}/owners`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = of_readers(&visit).await?;
    let group = load_group_within(&visit, &permit, &id).await?;
    page(&visit, visit.shell(), &permit, &group).await
}

/// `POST /admin/groups/{id}/owners/add`.
pub async fn add(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageGroups).await?;
    let group = load_group(&visit, &id).await?;
    let owner = found(&visit, OwnerId::parse(visit.field("id")))?;
    let added = visit.cell.add_group_owner(&permit, &group.id, &owner);
    match added.await {
        Ok(()) | Err(Refusal::Taken { .. }) => Ok(visit.go(&path(&group))),
        Err(refusal) => {
            let shell = done(&visit, shell_after(&visit, refusal))?;
            let reader = of_readers(&visit).await?;
            page(&visit, shell, &reader, &group).await
        }
    }
}

/// `POST /admin/groups/{id}/owners/remove`.
pub async fn remove(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageGroups).await?;
    let group = load_group(&visit, &id).await?;
    let owner = found(&visit, OwnerId::parse(visit.field("id")))?;
    let removed = visit
        .cell
        .remove_group_owner(&permit, &group.id, &owner)
        .await;
    done(&visit, removed)?;
    Ok(visit.go(&path(&group)))
}

fn path(group: &Group) -> String {
    format!("/admin/groups/{}/owners", group.id)
}

async fn page(visit: &Visit, shell: Shell, reader: &Permit, group: &Group) -> Answer {
    let owners = visit.cell.list_group_owners(reader, &group.id).await;
    let owners = done(visit, owners)?;
    let (mut people, mut groups) = (Picker::default(), Picker::default());
    if shell.may(Right::ChangeGroups) {
        let org = &visit.context.org;
        let mut tx = loaded(visit, visit.cell.database.read().await)?;
        let found = find_people(&mut tx, org, &search_of(visit, "find-people")).await;
        people = loaded(visit, found)?;
        let found = find_groups(&mut tx, org, &search_of(visit, "find-groups")).await;
        groups = loaded(visit, found)?;
    }
    let tab = GroupTab::Owners {
        rows: owners.into_iter().map(row).collect(),
        people,
        groups,
    };
    Ok(draw(visit, shell, group, tab))
}

fn row(owner: GroupOwner) -> PartyRow {
    PartyRow {
        id: owner.id.as_str().to_owned(),
        name: owner.name,
        about: owner.login,
        is_group: matches!(owner.id, OwnerId::Group(_)),
    }
}
