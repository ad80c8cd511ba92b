//! The standard roles that a group gives whoever is in it. Whoever gives or takes one proves afresh who they are.

use crate::admin::caller::{Answer, administrator, administrator_freshly, done, found};
use crate::admin::form::shell_after;
use crate::admin::groups::{draw, load_group};
use crate::admin::row::{free_roles, role_row};
use crate::view::admin::GroupTab;
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::{Permission, Permit, Role};
use identity::fault::Refusal;
use identity::group::Group;

/// `GET /admin/groups/{id}/roles`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    let reader = administrator(&visit, Permission::ReadDirectory).await?;
    let group = load_group(&visit, &id).await?;
    page(&visit, visit.shell(), &reader, &group).await
}

/// `POST /admin/groups/{id}/roles/add`.
pub async fn add(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, &path_of(&id)).await?;
    let group = load_group(&visit, &id).await?;
    let role = found(&visit, Role::from_word(visit.field("role")))?;
    let given = visit.cell.grant_group_role(&permit, &group.id, role).await;
    answer(&visit, &group, given.map(drop)).await
}

/// `POST /admin/groups/{id}/roles/remove`.
pub async fn remove(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, &path_of(&id)).await?;
    let group = load_group(&visit, &id).await?;
    let role = found(&visit, Role::from_word(visit.field("role")))?;
    let taken = visit.cell.revoke_group_role(&permit, &group.id, role).await;
    answer(&visit, &group, taken.map(drop)).await
}

fn path_of(id: &str) -> String {
    format!("/admin/groups/{id}/roles")
}

async fn answer(visit: &Visit, group: &Group, outcome: Result<(), Refusal>) -> Answer {
    match outcome {
        Ok(()) => Ok(visit.go(&path_of(group.id.as_str()))),
        Err(refusal) => {
            let shell = done(visit, shell_after(visit, refusal))?;
            let reader = administrator(visit, Permission::ReadDirectory).await?;
            page(visit, shell, &reader, group).await
        }
    }
}

async fn page(visit: &Visit, shell: Shell, reader: &Permit, group: &Group) -> Answer {
    let held = visit.cell.list_group_roles(reader, &group.id).await;
    let held = done(visit, held)?;
    let tab = GroupTab::Roles {
        free: free_roles(shell.t, &held),
        rows: held.iter().map(|held| role_row(shell.t, *held)).collect(),
        chosen: Input::default(),
    };
    Ok(draw(visit, shell, group, tab))
}
