//! Groups: the list, a new one, name and description.

pub mod attributes;
pub mod belongings;
pub mod owners;
pub mod roles;
pub mod rules;
mod within;

use crate::admin::caller::{
    Answer, Detour, administrator, administrator_within, done, found, loaded,
};
use crate::admin::form::{Shown, problem_of, revision, revision_of, shell_after, typed_again};
use crate::admin::paging::{FOUND_ROWS, LOAD_ROWS, after_of, cut, pager, render_cursor, search_of};
use crate::admin::people::profile::{read_attribute, schema_field};
use crate::admin::values::ValuesVisit;
use crate::view::admin::{GroupNewPage, GroupPage, GroupRow, GroupTab, GroupsPage, Picker};
use crate::view::part::{AttributeField, Input};
use crate::view::row::LinkRow;
use crate::view::shell::{Right, Shell};
use crate::visit::Visit;
use axum::extract::Path;
use axum::response::Response;
use database::ReadTx;
use identity::access::custom::capability::Capability;
use identity::access::{Permission, Permit};
use identity::fault::{Fault, Refusal};
use identity::group::{Group, store};
use identity::person::profile::fold;
use serde_json::{Map, Value};
use vocab::id::{GroupId, OrgId};

/// `GET /admin/groups`.
pub async fn list(visit: Visit) -> Answer {
    let permit = of_readers(&visit).await?;
    let query = search_of(&visit, "q");
    if permit.custom_caller().is_some() {
        let (groups, next) = within::groups(&visit, &permit, &query).await?;
        return Ok(draw_list(&visit, query, groups, next));
    }
    let mut tx = loaded(&visit, visit.cell.database.read().await)?;
    let page = store::load_page(
        &mut tx,
        &visit.context.org,
        &query,
        &after_of(&visit),
        LOAD_ROWS,
    )
    .await;
    drop(tx);
    let mut groups = loaded(&visit, page)?;
    let next = cut(&mut groups, |group| render_cursor(&[&fold(&group.name)]));
    Ok(draw_list(&visit, query, groups, next))
}

fn draw_list(visit: &Visit, query: String, groups: Vec<Group>, next: Option<String>) -> Response {
    let rows = groups.into_iter().map(|group| GroupRow {
        id: group.id.to_string(),
        name: group.name,
        about: group.description,
    });
    visit.page(&GroupsPage {
        shell: visit.shell(),
        query,
        rows: rows.collect(),
        pager: pager(visit, &["q"], next),
    })
}

/// Whoever sees every group, or some.
async fn of_readers(visit: &Visit) -> Result<Permit, Detour> {
    administrator_within(visit, Permission::ReadDirectory, Capability::GroupsRead).await
}

/// Whoever changes every group, or some.
async fn of_managers(visit: &Visit) -> Result<Permit, Detour> {
    administrator_within(visit, Permission::ManageGroups, Capability::GroupsManage).await
}

/// The frame of a page of one group for a reader who may do something to that one.
async fn shell_over(
    visit: &Visit,
    shell: Shell,
    group: &Group,
    capability: Capability,
) -> Result<Shell, Detour> {
    let Some(reader) = visit.signed_in() else {
        return Ok(shell);
    };
    if reader.capabilities.is_empty() || shell.may(Right::ChangeGroups) {
        return Ok(shell);
    }
    let what = (capability, group.id.as_str());
    let is_offered = visit
        .cell
        .is_offered_over(&group.org_id, &reader.person.id, what)
        .await;
    Ok(match loaded(visit, is_offered)? {
        true => shell.letting(Right::ChangeGroups),
        false => shell,
    })
}

/// `GET /admin/groups/new`.
pub async fn show_new(visit: Visit) -> Answer {
    administrator(&visit, Permission::ManageGroups).await?;
    let (name, description) = (Input::default(), Input::default());
    Ok(visit.page(&GroupNewPage {
        shell: visit.shell(),
        name,
        description,
    }))
}

/// `POST /admin/groups/new`.
pub async fn create(visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageGroups).await?;
    let made = visit
        .cell
        .create_group(&permit, visit.field("name"), visit.field("description"))
        .await;
    match made {
        Ok(group) => Ok(visit.go(&format!("/admin/groups/{}", group.id))),
        Err(refusal) => {
            let (name, description) = typed_inputs(&visit, &refusal);
            let shell = done(&visit, shell_after(&visit, refusal))?;
            Ok(visit.page(&GroupNewPage {
                shell,
                name,
                description,
            }))
        }
    }
}

/// `GET /admin/groups/{id}/settings`.
pub async fn show_settings(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = of_readers(&visit).await?;
    let group = load_group_within(&visit, &permit, &id).await?;
    let tab = GroupTab::Settings {
        revision: group.revision,
        name: Input::of(&group.name),
        description: Input::of(&group.description),
        attributes: attribute_fields(&visit, group.attributes.values(), None),
    };
    let manage = Capability::GroupsManage;
    let shell = shell_over(&visit, visit.shell(), &group, manage).await?;
    Ok(draw(&visit, shell, &group, tab))
}

/// `POST /admin/groups/{id}/settings`.
pub async fn save(Path(id): Path<String>, ValuesVisit(visit): ValuesVisit) -> Answer {
    let permit = of_managers(&visit).await?;
    let group = load_group_within(&visit, &permit, &id).await?;
    let changed = Group {
        name: visit.field("name").trim().to_owned(),
        description: visit.field("description").to_owned(),
        revision: revision(&visit),
        ..group.clone()
    };
    let attributes = read_attributes(&visit, &group);
    let replaced = visit
        .cell
        .replace_group(&permit, changed, Some(attributes.clone()));
    match replaced.await {
        Ok(()) => Ok(visit.go(&format!("/admin/groups/{id}/settings"))),
        Err(refusal) => {
            let (name, description) = typed_inputs(&visit, &refusal);
            let problem = problem_of(visit.shell().t, &refusal);
            let attributes = attribute_fields(&visit, &attributes, problem.as_ref());
            let shell = done(&visit, shell_after(&visit, refusal))?;
            let manage = Capability::GroupsManage;
            let shell = shell_over(&visit, shell, &group, manage).await?;
            Ok(draw(
                &visit,
                shell,
                &group,
                GroupTab::Settings {
                    revision: revision_of(&visit, Shown::Typed, group.revision),
                    name,
                    description,
                    attributes,
                },
            ))
        }
    }
}

/// `POST /admin/groups/{id}/delete`.
pub async fn delete(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = of_managers(&visit).await?;
    let group = load_group_within(&visit, &permit, &id).await?;
    done(&visit, visit.cell.delete_group(&permit, &group.id).await)?;
    Ok(visit.go("/admin/groups"))
}

/// The controls of what the schema of groups adds.
fn attribute_fields(
    visit: &Visit,
    values: &Map<String, Value>,
    problem: Option<&(&'static str, String)>,
) -> Vec<AttributeField> {
    let schema = visit.snapshot.group_schema.iter();
    schema
        .map(|attribute| schema_field(attribute, values, problem))
        .collect()
}

/// What a form sends of them. Attributes that the schema no longer has are left out.
fn read_attributes(visit: &Visit, group: &Group) -> Map<String, Value> {
    let mut attributes = Map::new();
    for attribute in &visit.snapshot.group_schema {
        if let Some(value) = read_attribute(visit, attribute, group.attributes.values()) {
            attributes.insert(attribute.name.clone(), value);
        }
    }
    attributes
}

fn typed_inputs(visit: &Visit, refusal: &Refusal) -> (Input, Input) {
    let problem = problem_of(visit.shell().t, refusal);
    let input = |field: &str| typed_again(visit, field, field, problem.as_ref());
    (input("name"), input("description"))
}

/// The group of an address, as far as the permit goes.
///
/// # Errors
/// The page that says that there is none.
pub async fn load_group_within(visit: &Visit, permit: &Permit, id: &str) -> Result<Group, Detour> {
    if permit.custom_caller().is_none() {
        return load_group(visit, id).await;
    }
    let id = found(visit, GroupId::parse(id).ok())?;
    done(visit, visit.cell.find_group(permit, &id).await)
}

/// The group of an address.
///
/// # Errors
/// The page that says that there is none.
pub async fn load_group(visit: &Visit, id: &str) -> Result<Group, Detour> {
    let id = found(visit, GroupId::parse(id).ok())?;
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let group = store::load(&mut tx, &visit.context.org, &id).await;
    drop(tx);
    found(visit, loaded(visit, group)?)
}

/// The groups that a search finds, a bounded few.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn find_groups(tx: &mut ReadTx, org: &OrgId, query: &str) -> Result<Picker, Fault> {
    if query.is_empty() {
        return Ok(Picker::default());
    }
    let groups = store::load_page(tx, org, query, "", FOUND_ROWS).await?;
    let found = groups.into_iter().map(|group| LinkRow {
        id: group.id.to_string(),
        name: group.name,
        about: group.description,
    });
    Ok(Picker {
        query: query.to_owned(),
        found: found.collect(),
    })
}

fn draw(visit: &Visit, shell: Shell, group: &Group, tab: GroupTab) -> Response {
    visit.page(&GroupPage {
        shell,
        id: group.id.to_string(),
        name: group.name.clone(),
        about: group.description.clone(),
        tab,
    })
}
