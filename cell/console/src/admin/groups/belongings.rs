//! The members of a group, and the apps that they get by it.

use crate::admin::apps::find_apps;
use crate::admin::caller::{
    Answer, Detour, administrator, administrator_within, done, found, loaded,
};
use crate::admin::groups::within::{self, CHANGES_MEMBERS};
use crate::admin::groups::{draw, load_group, load_group_within, of_readers, shell_over};
use crate::admin::paging::{LOAD_ROWS, after_of, cut, key_of, pager, render_cursor, search_of};
use crate::admin::people::find_people;
use crate::admin::row::person_link;
use crate::view::admin::GroupTab;
use crate::view::row::LinkRow;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use database::ReadTx;
use identity::access::custom::capability::Capability;
use identity::access::{Permission, Permit};
use identity::fault::Fault;
use identity::group::{Group, store};
use identity::person::store::PeopleFilter;
use identity::{app, person};
use vocab::id::{AppId, UserId};

/// Most apps of a group that are shown.
const APPS_MAX: i64 = 200;

/// `GET /admin/groups/{id}`.
pub async fn show_members(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = of_readers(&visit).await?;
    let group = load_group_within(&visit, &permit, &id).await?;
    let shell = shell_over(&visit, visit.shell(), &group, CHANGES_MEMBERS.1).await?;
    if permit.custom_caller().is_some() {
        return show_members_within(&visit, &permit, shell, &group).await;
    }
    let query = search_of(&visit, "q");
    let mut tx = loaded(&visit, visit.cell.database.read().await)?;
    let page = if query.is_empty() {
        load_all(&mut tx, &group, &after_of(&visit)).await
    } else {
        let mut key = key_of(&visit).into_iter();
        let after = (
            key.next().unwrap_or_default(),
            key.next().unwrap_or_default(),
        );
        search(&mut tx, &group, &query, &after).await
    };
    let picker = find_people(&mut tx, &visit.context.org, &search_of(&visit, "find")).await;
    drop(tx);
    let (rows, next) = loaded(&visit, page)?;
    let picker = loaded(&visit, picker)?;
    let pager = pager(&visit, &["q", "find"], next);
    Ok(draw(
        &visit,
        shell,
        &group,
        GroupTab::Members {
            query,
            rows,
            pager,
            picker,
        },
    ))
}

/// The same for whoever sees a part of the organisation alone: those members who are within.
async fn show_members_within(
    visit: &Visit,
    permit: &Permit,
    shell: Shell,
    group: &Group,
) -> Answer {
    let (rows, next) = within::members(visit, permit, group).await?;
    let (sees, find) = (Permission::ReadDirectory, search_of(visit, "find"));
    let reader = administrator_within(visit, sees, Capability::UsersRead).await;
    let picker = within::find_people(visit, reader.as_ref().ok(), &find).await?;
    let tab = GroupTab::Members {
        query: String::new(),
        rows,
        pager: pager(visit, &["find"], next),
        picker,
    };
    Ok(draw(visit, shell, group, tab))
}

async fn load_all(
    tx: &mut ReadTx,
    group: &Group,
    after: &str,
) -> Result<(Vec<LinkRow>, Option<String>), Fault> {
    let mut members = store::load_members(tx, &group.org_id, &group.id, after, LOAD_ROWS).await?;
    let next = cut(&mut members, |(id, _)| render_cursor(&[id.as_str()]));
    let rows = members.into_iter().map(|(id, login)| LinkRow {
        id: id.to_string(),
        name: login,
        about: String::new(),
    });
    Ok((rows.collect(), next))
}

/// The members among the people whom a search finds. A page may come back short, with a place to go on from.
async fn search(
    tx: &mut ReadTx,
    group: &Group,
    query: &str,
    after: &(String, String),
) -> Result<(Vec<LinkRow>, Option<String>), Fault> {
    let filter = PeopleFilter {
        prefix: query.to_owned(),
        status: None,
    };
    let mut people = person::store::load_page(tx, &group.org_id, &filter, after, LOAD_ROWS).await?;
    let next = cut(&mut people, |(_, key)| render_cursor(&[&key.0, &key.1]));
    let mut rows = Vec::new();
    for (person, _) in &people {
        if store::is_member(tx, &group.org_id, &group.id, &person.id).await? {
            rows.push(person_link(person));
        }
    }
    Ok((rows, next))
}

/// `POST /admin/groups/{id}/members/add`.
pub async fn add_member(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permission, capability) = CHANGES_MEMBERS;
    let permit = administrator_within(&visit, permission, capability).await?;
    let group = load_group_within(&visit, &permit, &id).await?;
    let user = posted_person(&visit)?;
    done(
        &visit,
        visit.cell.add_group_member(&permit, &group.id, &user).await,
    )?;
    Ok(visit.go(&format!("/admin/groups/{id}")))
}

/// `POST /admin/groups/{id}/members/remove`.
pub async fn remove_member(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permission, capability) = CHANGES_MEMBERS;
    let permit = administrator_within(&visit, permission, capability).await?;
    let group = load_group_within(&visit, &permit, &id).await?;
    let user = posted_person(&visit)?;
    done(
        &visit,
        visit
            .cell
            .remove_group_member(&permit, &group.id, &user)
            .await,
    )?;
    Ok(visit.go(&format!("/admin/groups/{id}")))
}

fn posted_person(visit: &Visit) -> Result<UserId, Detour> {
    found(visit, UserId::parse(visit.field("id")).ok())
}

/// `GET /admin/groups/{id}/apps`.
pub async fn show_apps(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let group = load_group(&visit, &id).await?;
    let org = &visit.context.org;
    let mut tx = loaded(&visit, visit.cell.database.read().await)?;
    let apps = app::store::load_of_group(&mut tx, org, &group.id, APPS_MAX).await;
    let picker = find_apps(&mut tx, org, &search_of(&visit, "find")).await;
    drop(tx);
    let mut rows: Vec<LinkRow> = loaded(&visit, apps)?
        .into_iter()
        .map(|(id, name)| LinkRow {
            id: id.to_string(),
            name,
            about: String::new(),
        })
        .collect();
    rows.sort_by_cached_key(|row| row.name.to_lowercase());
    let picker = loaded(&visit, picker)?;
    Ok(draw(
        &visit,
        visit.shell(),
        &group,
        GroupTab::Apps { rows, picker },
    ))
}

/// `POST /admin/groups/{id}/apps/add`.
pub async fn add_app(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let (group, app) = (load_group(&visit, &id).await?, posted_app(&visit)?);
    done(
        &visit,
        visit
            .cell
            .assign_app_to_group(&permit, &app, &group.id)
            .await,
    )?;
    Ok(visit.go(&format!("/admin/groups/{id}/apps")))
}

/// `POST /admin/groups/{id}/apps/remove`.
pub async fn remove_app(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let (group, app) = (load_group(&visit, &id).await?, posted_app(&visit)?);
    done(
        &visit,
        visit
            .cell
            .unassign_app_from_group(&permit, &app, &group.id)
            .await,
    )?;
    Ok(visit.go(&format!("/admin/groups/{id}/apps")))
}

fn posted_app(visit: &Visit) -> Result<AppId, Detour> {
    found(visit, AppId::parse(visit.field("id")).ok())
}
