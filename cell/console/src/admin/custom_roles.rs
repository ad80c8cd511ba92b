//! Roles of the organisation's own: listed, added, changed and removed, beside the list of resource sets. Whoever changes one
//! proves afresh who they are.

use crate::admin::caller::{Answer, administrator, administrator_freshly, done, found, loaded};
use crate::admin::form::{shell_after, typed};
use crate::text::Text;
use crate::view::admin::{CustomRoleRow, CustomRolesPage, PermissionsOver, ResourceSetRow};
use crate::view::part::{Choice, Input};
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::Permission;
use identity::access::custom::capability::{Capability, ThingKind};
use identity::access::custom::roles::{RoleChange, RoleContent};
use identity::access::custom::store::labelled::load_all;
use identity::access::custom::{CustomRole, Named, ResourceSet, store};
use identity::fault::Refusal;
use std::collections::BTreeSet;
use vocab::id::CustomRoleId;

/// Where roles and sets are listed.
pub const HERE: &str = "/admin/custom-roles";

/// What permissions are over, in the order of the page.
const KINDS: [ThingKind; 4] = [
    ThingKind::Person,
    ThingKind::Group,
    ThingKind::App,
    ThingKind::Server,
];

/// `GET /admin/custom-roles`.
pub async fn list(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    page(&visit, visit.shell()).await
}

/// `POST /admin/custom-roles/add`.
pub async fn add(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let (named, capabilities) = (named(&visit), ticked(&visit));
    let made = visit
        .cell
        .create_custom_role(&permit, named, capabilities)
        .await;
    answer(&visit, made.map(drop)).await
}

/// `POST /admin/custom-roles/{id}/edit`: what is ticked is permitted, and nothing else, if the role is still as its form showed it.
pub async fn edit(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let id = found(&visit, CustomRoleId::parse(&id).ok())?;
    let change = RoleChange::Set {
        seen: RoleContent {
            named: seen(&visit),
            capabilities: capabilities(&visit, "seen"),
        },
        wanted: RoleContent {
            named: named(&visit),
            capabilities: ticked(&visit),
        },
    };
    let changed = visit.cell.change_custom_role(&permit, &id, change).await;
    answer(&visit, changed.map(drop)).await
}

/// `POST /admin/custom-roles/{id}/remove`.
pub async fn remove(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let id = found(&visit, CustomRoleId::parse(&id).ok())?;
    let removed = visit.cell.delete_custom_role(&permit, &id).await;
    answer(&visit, removed).await
}

/// Label and description as they were typed.
pub fn named(visit: &Visit) -> Named {
    Named {
        label: visit.field("label").to_owned(),
        description: visit.field("description").to_owned(),
    }
}

/// Label and description as the form showed them; those of nothing if it carries none.
pub fn seen(visit: &Visit) -> Named {
    Named {
        label: visit.field("seen_label").to_owned(),
        description: visit.field("seen_description").to_owned(),
    }
}

fn ticked(visit: &Visit) -> BTreeSet<Capability> {
    capabilities(visit, "permission")
}

fn capabilities(visit: &Visit, field: &str) -> BTreeSet<Capability> {
    let names = visit.fields(field);
    names.filter_map(Capability::parse).collect()
}

/// The list again after a change, or with what was refused above it.
pub async fn answer(visit: &Visit, outcome: Result<(), Refusal>) -> Answer {
    match outcome {
        Ok(()) => Ok(visit.go(HERE)),
        Err(refusal) => {
            let shell = done(visit, shell_after(visit, refusal))?;
            page(visit, shell).await
        }
    }
}

async fn page(visit: &Visit, shell: Shell) -> Answer {
    let (org, t) = (&visit.context.org, shell.t);
    let (roles, sets) = {
        let mut tx = loaded(visit, visit.cell.database.read().await)?;
        let roles: Vec<CustomRole> = loaded(visit, load_all(&mut tx, org).await)?;
        let mut rows = Vec::with_capacity(roles.len());
        for role in roles {
            let granted = store::roles::load_capabilities(&mut tx, org, &role.id).await;
            let granted = loaded(visit, granted)?;
            let held = granted.iter().map(|one| one.capability).collect();
            rows.push(CustomRoleRow {
                id: role.id.to_string(),
                label: role.named.label,
                description: role.named.description,
                permissions: permissions(t, &held),
            });
        }
        let sets: Vec<ResourceSet> = loaded(visit, load_all(&mut tx, org).await)?;
        (rows, sets)
    };
    let sets = sets.into_iter().map(|set| ResourceSetRow {
        id: set.id.to_string(),
        label: set.named.label,
        description: set.named.description,
    });
    // What was typed for a role that was refused is shown again.
    let is_role = visit.fields("permission").next().is_some();
    let again = |field| match is_role {
        true => typed(visit, field),
        false => Input::default(),
    };
    Ok(visit.page(&CustomRolesPage {
        shell,
        roles,
        sets: sets.collect(),
        permissions: permissions(t, &ticked(visit)),
        label: again("label"),
        description: again("description"),
    }))
}

/// Every permission in words, by what it is over; the held ones are ticked.
pub fn permissions(t: &'static Text, held: &BTreeSet<Capability>) -> Vec<PermissionsOver> {
    let over = |kind: ThingKind| PermissionsOver {
        title: t.capabilities_over(kind),
        choices: choices_over(t, kind, held),
    };
    KINDS.map(over).into()
}

fn choices_over(t: &'static Text, kind: ThingKind, held: &BTreeSet<Capability>) -> Vec<Choice> {
    let all = Capability::ALL.iter().filter(|one| one.kind() == kind);
    all.map(|one| {
        let (label, about) = t.capability(*one);
        let choice = Choice::new(one.as_str(), label).about(about);
        choice.ticked(held.contains(one))
    })
    .collect()
}
