//! A resource set: what it holds, and who holds which role over it. Whoever changes one proves afresh who they are.

use crate::admin::caller::{
    Answer, Detour, administrator, administrator_freshly, done, found, loaded,
};
use crate::admin::custom_roles::{HERE as LIST, answer, named, seen};
use crate::admin::form::{Shown, shell_after, typed};
use crate::text::Text;
use crate::view::admin::{ResourceSetPage, RoleBindingRow, SetResourceRow};
use crate::view::part::{Choice, Input};
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use database::ReadTx;
use identity::access::custom::sets::SetChange;
use identity::access::custom::{Binding, CustomRole, Holder, Resource, ResourceSet, store};
use identity::access::{Permission, Permit};
use identity::fault::{Fault, Refusal};
use identity::{app, group, person, server};
use std::collections::BTreeSet;
use vocab::id::{CustomRoleId, OrgId, ResourceSetId, RoleBindingId, SetResourceId};

/// Most holders that the page shows.
const SHOWN_HOLDERS: i64 = 200;

/// `POST /admin/resource-sets/add`: an empty one, which its page fills.
pub async fn add(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, LIST).await?;
    let made = visit
        .cell
        .create_resource_set(&permit, named(&visit), BTreeSet::new())
        .await;
    match made {
        Ok(set) => Ok(visit.go(&path(&set.id))),
        Err(refusal) => answer(&visit, Err(refusal)).await,
    }
}

/// `GET /admin/resource-sets/{id}`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let set = load(&visit, &id).await?;
    page(&visit, visit.shell(), set, Shown::Stored).await
}

/// `POST /admin/resource-sets/{id}`: what was typed, if the set is still called as its form showed it.
pub async fn rename(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permit, set) = changing(&visit, &id).await?;
    let change = SetChange::NameAsSeen {
        seen: seen(&visit),
        wanted: named(&visit),
    };
    let changed = visit.cell.change_resource_set(&permit, &set.id, change);
    let changed = changed.await.map(drop);
    after(&visit, set, changed, Shown::Typed).await
}

/// `POST /admin/resource-sets/{id}/remove`.
pub async fn remove(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permit, set) = changing(&visit, &id).await?;
    match visit.cell.delete_resource_set(&permit, &set.id).await {
        Ok(()) => Ok(visit.go(LIST)),
        refused => again(&visit, set, refused).await,
    }
}

/// `POST /admin/resource-sets/{id}/resources/add`.
pub async fn add_resource(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permit, set) = changing(&visit, &id).await?;
    let outcome = match find_resource(&visit).await? {
        Some(resource) => {
            let change = SetChange::Add([resource].into());
            let changed = visit.cell.change_resource_set(&permit, &set.id, change);
            changed.await.map(drop)
        }
        None => Err(nothing()),
    };
    again(&visit, set, outcome).await
}

/// `POST /admin/resource-sets/{id}/resources/remove`.
pub async fn remove_resource(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permit, set) = changing(&visit, &id).await?;
    let resource = SetResourceId::parse(visit.field("resource"));
    let change = SetChange::Remove(found(&visit, resource.ok())?);
    let changed = visit.cell.change_resource_set(&permit, &set.id, change);
    let changed = changed.await.map(drop);
    again(&visit, set, changed).await
}

/// `POST /admin/resource-sets/{id}/bindings/add`.
pub async fn bind(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permit, set) = changing(&visit, &id).await?;
    let role = found(&visit, CustomRoleId::parse(visit.field("role")).ok())?;
    let outcome = match find_holder(&visit).await? {
        Some(holder) => {
            let bound = visit
                .cell
                .bind_role(&permit, (&role, &set.id), [holder].into());
            bound.await.map(drop)
        }
        None => Err(nothing()),
    };
    again(&visit, set, outcome).await
}

/// `POST /admin/resource-sets/{id}/bindings/remove`.
pub async fn unbind(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permit, set) = changing(&visit, &id).await?;
    let binding = RoleBindingId::parse(visit.field("binding"));
    let binding = found(&visit, binding.ok())?;
    let taken = visit.cell.unbind_role(&permit, &binding).await;
    again(&visit, set, taken).await
}

fn path(id: &ResourceSetId) -> String {
    format!("/admin/resource-sets/{id}")
}

fn nothing() -> Refusal {
    Refusal::invalid("name", "there is nothing that is called so")
}

/// The permit to change sets, and the one that is meant.
async fn changing(visit: &Visit, id: &str) -> Result<(Permit, ResourceSet), Detour> {
    let back = format!("/admin/resource-sets/{id}");
    let permit = administrator_freshly(visit, Permission::ManageOrg, &back).await?;
    Ok((permit, load(visit, id).await?))
}

async fn load(visit: &Visit, id: &str) -> Result<ResourceSet, Detour> {
    let id = found(visit, ResourceSetId::parse(id).ok())?;
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let set = store::labelled::load(&mut tx, &visit.context.org, &id).await;
    drop(tx);
    found(visit, loaded(visit, set)?)
}

/// The page again after a change, or with what was refused above it.
async fn again(visit: &Visit, set: ResourceSet, outcome: Result<(), Refusal>) -> Answer {
    after(visit, set, outcome, Shown::Stored).await
}

async fn after(
    visit: &Visit,
    set: ResourceSet,
    outcome: Result<(), Refusal>,
    refused: Shown,
) -> Answer {
    match outcome {
        Ok(()) => Ok(visit.go(&path(&set.id))),
        Err(refusal) => {
            let shell = done(visit, shell_after(visit, refusal))?;
            page(visit, shell, set, refused).await
        }
    }
}

/// What kind and name mean; none where nothing is called so.
async fn find_resource(visit: &Visit) -> Result<Option<Resource>, Detour> {
    let (org, name) = (&visit.context.org, visit.field("name").trim());
    // Nothing has one in its name, and PostgreSQL takes none in a text.
    if name.contains('\0') {
        return Ok(None);
    }
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let kind = visit.field("kind");
    Ok(match kind {
        "USERS" => Some(Resource::Users),
        "GROUPS" => Some(Resource::Groups),
        "APPS" => Some(Resource::Apps),
        "SERVERS" => Some(Resource::Servers),
        "USERS_OF" | "GROUP" => {
            let group = group::store::find_by_name(&mut tx, org, name).await;
            let group = loaded(visit, group)?.map(|group| group.id);
            group.map(|id| match kind {
                "GROUP" => Resource::Group(id),
                _ => Resource::UsersOf(id),
            })
        }
        "APP" => {
            let app = app::store::find_by_label(&mut tx, org, name).await;
            loaded(visit, app)?.map(|app| Resource::App(app.id))
        }
        "SERVER" => {
            let servers = server::store::load_all(&mut tx, org).await;
            let mut servers = loaded(visit, servers)?.into_iter();
            let server = servers.find(|server| server.name.eq_ignore_ascii_case(name));
            server.map(|server| Resource::Server(server.id))
        }
        _ => None,
    })
}

/// Whom the form means; none where nobody is called so.
async fn find_holder(visit: &Visit) -> Result<Option<Holder>, Detour> {
    let (org, name) = (&visit.context.org, visit.field("name").trim());
    if name.contains('\0') {
        return Ok(None);
    }
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    if visit.field("holder") == "group" {
        let group = group::store::find_by_name(&mut tx, org, name).await;
        return Ok(loaded(visit, group)?.map(|group| Holder::Group(group.id)));
    }
    let person = person::store::find_by_identifier(&mut tx, org, name).await;
    Ok(loaded(visit, person)?.map(|person| Holder::User(person.id)))
}

async fn page(visit: &Visit, shell: Shell, set: ResourceSet, shown: Shown) -> Answer {
    let (org, t) = (&visit.context.org, shell.t);
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let held = store::sets::load_resources(&mut tx, org, &set.id).await;
    let mut resources = Vec::new();
    for one in loaded(visit, held)? {
        let name = loaded(visit, name_of(&mut tx, org, &one.resource).await)?;
        resources.push(SetResourceRow {
            id: one.id.to_string(),
            kind: kind_label(t, one.resource.stored().0).to_owned(),
            name,
        });
    }
    let roles: Vec<CustomRole> = loaded(visit, store::labelled::load_all(&mut tx, org).await)?;
    let bound = store::bindings::load_of_set(&mut tx, org, &set.id, SHOWN_HOLDERS).await;
    let mut bindings = Vec::new();
    for binding in loaded(visit, bound)? {
        let row = binding_row(&mut tx, org, &roles, &binding).await;
        bindings.push(loaded(visit, row)?);
    }
    drop(tx);
    let kinds = KINDS.map(|kind| Choice::new(kind, kind_label(t, kind)));
    let roles = roles
        .iter()
        .map(|role| Choice::new(role.id.as_str(), &role.named.label));
    // With what somebody typed, what they saw stays as it was: the form, sent again, would else undo what another changed meanwhile.
    let (label, description, seen) = match shown {
        Shown::Typed => (
            typed(visit, "label"),
            typed(visit, "description"),
            seen(visit),
        ),
        Shown::Stored => (
            Input::of(&set.named.label),
            Input::of(&set.named.description),
            set.named.clone(),
        ),
    };
    Ok(visit.page(&ResourceSetPage {
        shell,
        id: set.id.to_string(),
        title: set.named.label,
        label,
        description,
        seen_label: seen.label,
        seen_description: seen.description,
        resources,
        bindings,
        kinds: kinds.into(),
        roles: roles.collect(),
    }))
}

async fn binding_row(
    tx: &mut ReadTx,
    org: &OrgId,
    roles: &[CustomRole],
    binding: &Binding,
) -> Result<RoleBindingRow, Fault> {
    let role = roles.iter().find(|role| role.id == binding.role);
    let holder = match &binding.holder {
        Holder::User(id) => {
            let person = person::store::load(tx, org, id).await?;
            person.map(|person| person.login)
        }
        Holder::Group(id) => {
            let group = group::store::load(tx, org, id).await?;
            group.map(|group| group.name)
        }
    };
    Ok(RoleBindingRow {
        id: binding.id.to_string(),
        role: role
            .map(|role| role.named.label.clone())
            .unwrap_or_default(),
        holder: holder.unwrap_or_default(),
        is_group: matches!(binding.holder, Holder::Group(_)),
    })
}

/// The words by which storage and forms know the kinds.
const KINDS: [&str; 8] = [
    "USERS", "USERS_OF", "GROUPS", "GROUP", "APPS", "APP", "SERVERS", "SERVER",
];

fn kind_label(t: &'static Text, kind: &str) -> &'static str {
    match kind {
        "USERS" => t.roles.kind_users,
        "USERS_OF" => t.roles.kind_users_of,
        "GROUPS" => t.roles.kind_groups,
        "GROUP" => t.roles.kind_group,
        "APPS" => t.roles.kind_apps,
        "APP" => t.roles.kind_app,
        "SERVERS" => t.roles.kind_servers,
        _ => t.roles.kind_server,
    }
}

/// What a single thing is called; empty where all of a kind are meant.
async fn name_of(tx: &mut ReadTx, org: &OrgId, resource: &Resource) -> Result<String, Fault> {
    let name = match resource {
        Resource::Users | Resource::Groups | Resource::Apps | Resource::Servers => None,
        Resource::UsersOf(id) | Resource::Group(id) => group::store::load(tx, org, id)
            .await?
            .map(|group| group.name),
        Resource::App(id) => app::store::load(tx, org, id).await?.map(|app| app.label),
        Resource::Server(id) => server::store::load(tx, org, id)
            .await?
            .map(|server| server.name),
    };
    Ok(name.unwrap_or_default())
}
