//! The groups that a person is in, and the apps that a person may use.

use crate::admin::apps::find_apps;
use crate::admin::caller::{Answer, Detour, administrator, done, found, loaded};
use crate::admin::groups::find_groups;
use crate::admin::paging::{LOAD_ROWS, PAGE_ROWS, after_of, cut, pager, render_cursor, search_of};
use crate::admin::people::{draw, load_person, load_touch};
use crate::view::admin::{PersonAppRow, PersonTab};
use crate::view::part::Pager;
use crate::view::row::LinkRow;
use crate::visit::Visit;
use axum::extract::Path;
use database::ReadTx;
use identity::access::Permission;
use identity::app::settings::Assignment;
use identity::fault::Fault;
use identity::person::Person;
use identity::{app, group};
use vocab::id::{AppId, GroupId};

/// `GET /admin/people/{id}/groups`.
pub async fn show_groups(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let person = load_person(&visit, &id).await?;
    let touch = load_touch(&visit, &person).await?;
    let (org, after) = (&visit.context.org, after_of(&visit));
    let mut tx = loaded(&visit, visit.cell.database.read().await)?;
    let page = group::store::load_of_person(&mut tx, org, &person.id, &after, LOAD_ROWS).await;
    let picker = find_groups(&mut tx, org, &search_of(&visit, "find")).await;
    drop(tx);
    let (mut rows, picker) = (loaded(&visit, page)?, loaded(&visit, picker)?);
    let next = cut(&mut rows, |(id, _)| render_cursor(&[id.as_str()]));
    let rows = rows.into_iter().map(|(id, name)| LinkRow {
        id: id.to_string(),
        name,
        about: String::new(),
    });
    let tab = PersonTab::Groups {
        rows: rows.collect(),
        pager: pager(&visit, &["find"], next),
        picker,
    };
    Ok(draw(&visit, visit.shell(), &person, touch, tab))
}

/// `POST /admin/people/{id}/groups/add`.
pub async fn add_group(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageGroups).await?;
    let (person, group) = (load_person(&visit, &id).await?, posted_group(&visit)?);
    done(
        &visit,
        visit
            .cell
            .add_group_member(&permit, &group, &person.id)
            .await,
    )?;
    Ok(visit.go(&format!("/admin/people/{id}/groups")))
}

/// `POST /admin/people/{id}/groups/remove`.
pub async fn remove_group(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageGroups).await?;
    let (person, group) = (load_person(&visit, &id).await?, posted_group(&visit)?);
    done(
        &visit,
        visit
            .cell
            .remove_group_member(&permit, &group, &person.id)
            .await,
    )?;
    Ok(visit.go(&format!("/admin/people/{id}/groups")))
}

fn posted_group(visit: &Visit) -> Result<GroupId, Detour> {
    found(visit, GroupId::parse(visit.field("id")).ok())
}

/// `GET /admin/people/{id}/apps`: the apps that are switched on and assigned, a bounded number of them.
pub async fn show_apps(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let person = load_person(&visit, &id).await?;
    let touch = load_touch(&visit, &person).await?;
    let mut tx = loaded(&visit, visit.cell.database.read().await)?;
    let rows = load_app_rows(&mut tx, &person).await;
    let picker = find_apps(&mut tx, &visit.context.org, &search_of(&visit, "find")).await;
    drop(tx);
    let tab = PersonTab::Apps {
        rows: loaded(&visit, rows)?,
        pager: Pager::default(),
        picker: loaded(&visit, picker)?,
    };
    Ok(draw(&visit, visit.shell(), &person, touch, tab))
}

/// The apps of a person, with the group through which. An app that is open to everybody is assigned to nobody.
async fn load_app_rows(tx: &mut ReadTx, person: &Person) -> Result<Vec<PersonAppRow>, Fault> {
    let (org, limit) = (&person.org_id, i64::try_from(PAGE_ROWS).unwrap_or(i64::MAX));
    let groups = group::store::load_of_person(tx, org, &person.id, "", limit).await?;
    let mut rows = Vec::new();
    for app in app::store::load_for_person(tx, org, &person.id, limit).await? {
        if app.settings.visibility == Assignment::Everyone {
            continue;
        }
        let via = load_via_group(tx, &app, &groups, limit).await?;
        rows.push(PersonAppRow {
            id: app.id.to_string(),
            name: app.label,
            via_group: via.unwrap_or_default(),
        });
    }
    Ok(rows)
}

async fn load_via_group(
    tx: &mut ReadTx,
    app: &app::App,
    groups: &[(GroupId, String)],
    limit: i64,
) -> Result<Option<String>, Fault> {
    let assigned = app::store::load_assigned_groups(tx, &app.org_id, &app.id, "", limit).await?;
    let via = groups
        .iter()
        .find(|(group, _)| assigned.iter().any(|(id, _)| id == group));
    Ok(via.map(|(_, name)| name.clone()))
}

/// `POST /admin/people/{id}/apps/add`.
pub async fn add_app(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let (person, app) = (load_person(&visit, &id).await?, posted_app(&visit)?);
    done(
        &visit,
        visit
            .cell
            .assign_app_to_person(&permit, &app, &person.id)
            .await,
    )?;
    Ok(visit.go(&format!("/admin/people/{id}/apps")))
}

/// `POST /admin/people/{id}/apps/remove`.
pub async fn remove_app(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let (person, app) = (load_person(&visit, &id).await?, posted_app(&visit)?);
    done(
        &visit,
        visit
            .cell
            .unassign_app_from_person(&permit, &app, &person.id)
            .await,
    )?;
    Ok(visit.go(&format!("/admin/people/{id}/apps")))
}

fn posted_app(visit: &Visit) -> Result<AppId, Detour> {
    found(visit, AppId::parse(visit.field("id")).ok())
}
