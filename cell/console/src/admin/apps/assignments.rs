//! Whom an app is for.

use crate::admin::apps::{draw, load_app, unchanged};
use crate::admin::caller::{Answer, administrator, done, found, loaded};
use crate::admin::form::is_ticked;
use crate::admin::groups::find_groups;
use crate::admin::paging::{LOAD_ROWS, cut, key_of, pager, render_cursor, search_of};
use crate::admin::people::find_people;
use crate::view::admin::AppTab;
use crate::view::row::PartyRow;
use crate::visit::Visit;
use axum::extract::Path;
use database::{DatabaseFault, ReadTx};
use identity::access::Permission;
use identity::app::operations::AppChange;
use identity::app::settings::Assignment;
use identity::app::{App, store};
use vocab::id::{GroupId, UserId};

/// In cursors: the page begins among the people, all groups being behind.
const PEOPLE: &str = "people";
/// In cursors: the page begins among the groups.
const GROUPS: &str = "groups";

/// `GET /admin/apps/{id}/assignments`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let app = load_app(&visit, &id).await?;
    let org = &visit.context.org;
    let mut tx = loaded(&visit, visit.cell.database.read().await)?;
    let rows = load_rows(&mut tx, &app, &key_of(&visit)).await;
    let people = find_people(&mut tx, org, &search_of(&visit, "find-people")).await;
    let groups = find_groups(&mut tx, org, &search_of(&visit, "find-groups")).await;
    drop(tx);
    let mut rows = loaded(&visit, rows)?;
    let next = cut(&mut rows, |row| {
        render_cursor(&[if row.is_group { GROUPS } else { PEOPLE }, &row.id])
    });
    let tab = AppTab::Assignments {
        is_for_everyone: app.settings.visibility == Assignment::Everyone,
        rows,
        pager: pager(&visit, &["find-people", "find-groups"], next),
        people: loaded(&visit, people)?,
        groups: loaded(&visit, groups)?,
    };
    Ok(draw(&visit, visit.shell(), &app, tab))
}

/// Groups first, then people, after the key of a cursor.
async fn load_rows(
    tx: &mut ReadTx,
    app: &App,
    key: &[String],
) -> Result<Vec<PartyRow>, DatabaseFault> {
    let (mut after_group, mut after_person, mut rows) = ("", "", Vec::new());
    let is_among_people = match key {
        [kind, id] if kind == PEOPLE => {
            after_person = id;
            true
        }
        [kind, id] if kind == GROUPS => {
            after_group = id;
            false
        }
        _ => false,
    };
    if !is_among_people {
        let groups =
            store::load_assigned_groups(tx, &app.org_id, &app.id, after_group, LOAD_ROWS).await?;
        rows.extend(
            groups
                .into_iter()
                .map(|(id, name)| row(id.to_string(), name, true)),
        );
    }
    let left = LOAD_ROWS.saturating_sub(i64::try_from(rows.len()).unwrap_or(i64::MAX));
    if left > 0 {
        let people =
            store::load_assigned_people(tx, &app.org_id, &app.id, after_person, left).await?;
        rows.extend(
            people
                .into_iter()
                .map(|(id, login)| row(id.to_string(), login, false)),
        );
    }
    Ok(rows)
}

const fn row(id: String, name: String, is_group: bool) -> PartyRow {
    PartyRow {
        id,
        name,
        about: String::new(),
        is_group,
    }
}

/// `POST /admin/apps/{id}/assignments/everyone`.
pub async fn save_everyone(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let app = load_app(&visit, &id).await?;
    let mut change: AppChange = unchanged(&app);
    change.settings.visibility = if is_ticked(&visit, "everyone") {
        Assignment::Everyone
    } else {
        Assignment::Assigned
    };
    done(
        &visit,
        visit
            .cell
            .update_app(&permit, &app.id, app.revision, change)
            .await,
    )?;
    Ok(visit.go(&format!("/admin/apps/{id}/assignments")))
}

/// `POST /admin/apps/{id}/assignments/people/add`.
pub async fn add_person(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let app = load_app(&visit, &id).await?;
    let user = found(&visit, UserId::parse(visit.field("id")).ok())?;
    done(
        &visit,
        visit
            .cell
            .assign_app_to_person(&permit, &app.id, &user)
            .await,
    )?;
    Ok(visit.go(&format!("/admin/apps/{id}/assignments")))
}

/// `POST /admin/apps/{id}/assignments/groups/add`.
pub async fn add_group(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let app = load_app(&visit, &id).await?;
    let group = found(&visit, GroupId::parse(visit.field("id")).ok())?;
    done(
        &visit,
        visit
            .cell
            .assign_app_to_group(&permit, &app.id, &group)
            .await,
    )?;
    Ok(visit.go(&format!("/admin/apps/{id}/assignments")))
}

/// `POST /admin/apps/{id}/assignments/remove`: the id tells a group from a person.
pub async fn remove(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let app = load_app(&visit, &id).await?;
    let posted = visit.field("id");
    if let Ok(group) = GroupId::parse(posted) {
        done(
            &visit,
            visit
                .cell
                .unassign_app_from_group(&permit, &app.id, &group)
                .await,
        )?;
    } else {
        let user = found(&visit, UserId::parse(posted).ok())?;
        done(
            &visit,
            visit
                .cell
                .unassign_app_from_person(&permit, &app.id, &user)
                .await,
        )?;
    }
    Ok(visit.go(&format!("/admin/apps/{id}/assignments")))
}
