//! Who administers the org. Whoever gives or takes a role proves afresh who they are.

use crate::admin::caller::{Answer, administrator, administrator_freshly, done, found, loaded};
use crate::admin::form::shell_after;
use crate::admin::paging::search_of;
use crate::admin::people::find_people;
use crate::admin::row::{moment, role_name};
use crate::view::admin::{AdministratorRow, AdministratorsPage, narrowed, role_choices};
use crate::view::part::{Choice, Tone};
use crate::view::row::LinkRow;
use crate::view::shell::{Flash, Shell};
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::narrowed::{Breadth, narrowed_by};
use identity::access::{Permission, Role};
use identity::fault::Refusal;
use identity::person::roles::{ADMINISTRATORS_MAX, GrantedRole};
use identity::person::{Person, store};
use vocab::id::UserId;
use vocab::time::Timestamp;

const HERE: &str = "/admin/administrators";

/// `GET /admin/administrators`.
pub async fn list(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    page(&visit, visit.shell()).await
}

/// `POST /admin/administrators/add`: who may see, and change nothing.
pub async fn add(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let user = found(&visit, UserId::parse(visit.field("id")).ok())?;
    answer(&visit, visit.cell.add_administrator(&permit, &user).await).await
}

/// `POST /admin/administrators/{id}/roles`: those that are ticked, and no others.
pub async fn change_roles(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let user = found(&visit, UserId::parse(&id).ok())?;
    let ticked: Option<Vec<Role>> = visit.fields("role").map(Role::from_word).collect();
    let ticked = found(&visit, ticked)?;
    // Whoever shall have none is removed, by the button that asks first.
    if ticked.is_empty() {
        let shell = visit.shell();
        let flash = Flash {
            tone: Tone::Bad,
            text: shell.t.words.choose_one.to_owned(),
        };
        let flash = Some(flash);
        return page(&visit, Shell { flash, ..shell }).await;
    }
    answer(
        &visit,
        visit.cell.change_roles(&permit, &user, ticked).await,
    )
    .await
}

/// `POST /admin/administrators/{id}/remove`.
pub async fn remove(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let user = found(&visit, UserId::parse(&id).ok())?;
    answer(
        &visit,
        visit.cell.change_roles(&permit, &user, Vec::new()).await,
    )
    .await
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
        // Each may have every role.
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

/// One row for each person, by name.
fn administrator_rows(visit: &Visit, granted: Vec<(Person, GrantedRole)>) -> Vec<AdministratorRow> {
    let own = visit.signed_in().map(|signed_in| &signed_in.person.id);
    let mut held: Vec<(Person, Vec<GrantedRole>, Timestamp)> = Vec::new();
    for (person, role) in granted {
        let since = role.granted_at;
        match held.last_mut().filter(|(last, ..)| last.id == person.id) {
            Some((_, roles, first)) => {
                roles.push(role);
                *first = (*first).min(since);
            }
            None => held.push((person, vec![role], since)),
        }
    }
    let mut rows: Vec<AdministratorRow> = held
        .into_iter()
        .map(|(person, roles, since)| AdministratorRow {
            id: person.id.to_string(),
            name: person.display_name(),
            is_self: own == Some(&person.id),
            login: person.login,
            narrowable: narrowable(visit, &roles),
            roles: ticked(visit, &roles),
            since: moment(since),
        })
        .collect();
    rows.sort_by_cached_key(|row| (row.name.to_lowercase(), row.id.clone()));
    rows
}

/// The roles among these that can be held over their targets alone.
fn narrowable(visit: &Visit, held: &[GrantedRole]) -> Vec<LinkRow> {
    let t = visit.shell().t;
    let held = held
        .iter()
        .filter(|held| narrowed_by(held.role).is_some())
        .map(|held| LinkRow {
            id: held.role.as_str().to_owned(),
            name: role_name(
                t,
                GrantedRole {
                    breadth: Breadth::Whole,
                    ..*held
                },
            ),
            about: String::new(),
        });
    held.collect()
}

/// Every role, those ticked that are held; one that is narrowed says so.
fn ticked(visit: &Visit, held: &[GrantedRole]) -> Vec<Choice> {
    let t = visit.shell().t;
    let choices = role_choices(t).into_iter();
    choices
        .map(|choice| {
            let held = held.iter().find(|held| held.role.as_str() == choice.value);
            let choice = match held.map(|held| held.breadth) {
                Some(Breadth::Narrowed) => narrowed(t, choice),
                Some(Breadth::Whole) | None => choice,
            };
            choice.ticked(held.is_some())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::role_choices;
    use crate::text::choice::languages;
    use identity::access::Role;
    use std::collections::BTreeSet;

    #[test]
    fn every_role_can_be_chosen() {
        let known: BTreeSet<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        for t in languages() {
            let choices = role_choices(t);
            let offered: BTreeSet<&str> =
                choices.iter().map(|choice| choice.value.as_str()).collect();
            assert_eq!((offered, choices.len()), (known.clone(), known.len()));
        }
    }
}
