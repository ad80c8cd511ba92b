//! Who administers the org. Whoever gives or takes a role proves afresh who they are.

use crate::admin::caller::{Answer, administrator, administrator_freshly, done, found, loaded};
use crate::admin::form::shell_after;
use crate::admin::paging::search_of;
use crate::admin::people::find_people;
use crate::admin::row::moment;
use crate::view::admin::{AdministratorRow, AdministratorsPage, role_choices};
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::{Permission, Role};
use identity::fault::Refusal;
use identity::person::roles::ADMINISTRATORS_MAX;
use identity::person::{Person, store};
use vocab::id::UserId;
use vocab::time::Timestamp;

const HERE: &str = "/admin/administrators";

/// `GET /admin/administrators`.
pub async fn list(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    page(&visit, visit.shell()).await
}

/// `POST /admin/administrators/add`: with the least role.
pub async fn add(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let user = found(&visit, UserId::parse(visit.field("id")).ok())?;
    answer(&visit, visit.cell.add_administrator(&permit, &user).await).await
}

/// `POST /admin/administrators/{id}/role`.
pub async fn change_role(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let user = found(&visit, UserId::parse(&id).ok())?;
    let role = found(&visit, Role::from_word(visit.field("role")))?;
    answer(
        &visit,
        visit.cell.change_role(&permit, &user, Some(role)).await,
    )
    .await
}

/// `POST /admin/administrators/{id}/remove`.
pub async fn remove(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let user = found(&visit, UserId::parse(&id).ok())?;
    answer(&visit, visit.cell.change_role(&permit, &user, None).await).await
}

async fn answer(visit: &Visit, outcome: Result<(), Refusal>) -> Answer {
    match outcome {
        Ok(()) => Ok(visit.go(HERE)),
        Err(refusal) => {
            let shell = done(visit, shell_after(visit, refusal))?;
            page(visit, shell).await
        }
    }
}

async fn page(visit: &Visit, shell: Shell) -> Answer {
    let (rows, picker) = {
        let org = &visit.context.org;
        let mut tx = loaded(visit, visit.cell.database.read().await)?;
        // Each may have two roles from a declaration.
        let rows_max = ADMINISTRATORS_MAX.saturating_mul(Role::ALL.len());
        let rows_max = i64::try_from(rows_max).unwrap_or(i64::MAX);
        let rows = store::load_administrators(&mut tx, org, "", rows_max).await;
        let picker = find_people(&mut tx, org, &search_of(visit, "find")).await;
        (loaded(visit, rows)?, loaded(visit, picker)?)
    };
    let roles = role_choices(shell.t);
    Ok(visit.page(&AdministratorsPage {
        shell,
        rows: administrator_rows(visit, rows),
        roles,
        picker,
    }))
}

/// One row for each person, with the strongest role, by name.
fn administrator_rows(
    visit: &Visit,
    granted: Vec<(Person, Role, Timestamp)>,
) -> Vec<AdministratorRow> {
    let own = visit.signed_in().map(|signed_in| &signed_in.person.id);
    let mut rows: Vec<AdministratorRow> = Vec::new();
    for (person, role, since) in granted {
        let row = AdministratorRow {
            id: person.id.to_string(),
            name: person.display_name(),
            login: person.login,
            role: Input::of(role.as_str()),
            since: moment(since),
            is_self: own == Some(&person.id),
        };
        match rows.last_mut().filter(|last| last.id == row.id) {
            Some(last) if role == Role::SuperAdmin => *last = row,
            Some(_) => {}
            None => rows.push(row),
        }
    }
    rows.sort_by_cached_key(|row| (row.name.to_lowercase(), row.id.clone()));
    rows
}
