//! People: the list.

pub mod belongings;
pub mod create;
pub mod factors;
pub mod grants;
pub mod lifecycle;
pub mod password;
pub mod profile;
pub mod relations;
pub mod sessions;
pub mod types;
mod within;

use crate::admin::caller::{Answer, Detour, administrator_within, done, found, loaded};
use crate::admin::form::shell_after;
use crate::admin::paging::{FOUND_ROWS, LOAD_ROWS, cut, key_of, pager, render_cursor, search_of};
use crate::admin::people::types::{filtered_type, type_choices};
use crate::admin::row::{person_link, person_row, status_of};
use crate::admin::settings::types::word_of;
use crate::view::admin::{PeoplePage, PersonPage, PersonTab, Picker, Touch};
use crate::view::part::Choice;
use crate::view::shell::{Right, Shell};
use crate::visit::Visit;
use axum::response::Response;
use database::ReadTx;
use identity::access::ceiling::{load_standing, reaches_standing};
use identity::access::custom::capability::Capability;
use identity::access::custom::shown::Offered;
use identity::access::{Permission, Permit};
use identity::fault::{Fault, Refusal};
use identity::person::store::{self, PeopleFilter};
use identity::person::{Person, PersonStatus};
use vocab::id::{OrgId, UserId};

/// `GET /admin/people`.
pub async fn list(visit: Visit) -> Answer {
    let permit = of_readers(&visit).await?;
    let query = search_of(&visit, "q");
    let status = PersonStatus::from_word(visit.parameter("status"));
    let of = filtered_type(&visit);
    if permit.custom_caller().is_some() || of.is_some() {
        let (rows, next) = within::people(&visit, &permit, &query, (status, of)).await?;
        return draw_list(&visit, (query, status), rows, next).await;
    }
    let filter = PeopleFilter {
        prefix: query.clone(),
        status,
    };
    let mut key = key_of(&visit).into_iter();
    let after = (
        key.next().unwrap_or_default(),
        key.next().unwrap_or_default(),
    );
    let mut tx = loaded(&visit, visit.cell.database.read().await)?;
    let page = store::load_page(&mut tx, &visit.context.org, &filter, &after, LOAD_ROWS).await;
    drop(tx);
    let mut rows = loaded(&visit, page)?;
    let next = cut(&mut rows, |(_, key)| render_cursor(&[&key.0, &key.1]));
    let rows = rows.into_iter().map(|(person, _)| person).collect();
    draw_list(&visit, (query, status), rows, next).await
}

async fn draw_list(
    visit: &Visit,
    (query, status): (String, Option<PersonStatus>),
    people: Vec<Person>,
    next: Option<String>,
) -> Answer {
    let mut types = type_choices(visit).await?;
    if !types.is_empty() {
        types.insert(0, Choice::new("", visit.shell().t.common.all));
    }
    let of = filtered_type(visit);
    Ok(visit.page(&PeoplePage {
        shell: visit.shell(),
        type_word: of.map(|key| word_of(key.as_ref())).unwrap_or_default(),
        types,
        query,
        status: status
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        rows: people.iter().map(person_row).collect(),
        pager: pager(visit, &["q", "status", "type"], next),
    }))
}

/// Whoever sees everybody, or some.
async fn of_readers(visit: &Visit) -> Result<Permit, Detour> {
    administrator_within(visit, Permission::ReadDirectory, Capability::UsersRead).await
}

/// The person of an address, as far as the permit goes.
///
/// # Errors
/// The page that says that there is none.
pub async fn load_person_within(
    visit: &Visit,
    permit: &Permit,
    id: &str,
) -> Result<Person, Detour> {
    if permit.custom_caller().is_none() {
        return load_person(visit, id).await;
    }
    let id = found(visit, UserId::parse(id).ok())?;
    let record = visit.cell.find_person(permit, id.as_str()).await;
    Ok(done(visit, record)?.person)
}

/// The person of an address.
///
/// # Errors
/// The page that says that there is none.
pub async fn load_person(visit: &Visit, id: &str) -> Result<Person, Detour> {
    let id = found(visit, UserId::parse(id).ok())?;
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let person = store::load(&mut tx, &visit.context.org, &id).await;
    drop(tx);
    found(visit, loaded(visit, person)?)
}

/// The people that a search finds, a bounded few.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn find_people(tx: &mut ReadTx, org: &OrgId, query: &str) -> Result<Picker, Fault> {
    if query.is_empty() {
        return Ok(Picker::default());
    }
    let filter = PeopleFilter {
        prefix: query.to_owned(),
        status: None,
    };
    let rows = store::load_page(
        tx,
        org,
        &filter,
        &(String::new(), String::new()),
        FOUND_ROWS,
    )
    .await?;
    Ok(Picker {
        query: query.to_owned(),
        found: rows.iter().map(|(person, _)| person_link(person)).collect(),
    })
}

/// What the reader may do to a person; whether they may is decided again where it is done.
///
/// # Errors
/// The page for a fault.
pub async fn load_touch(visit: &Visit, person: &Person) -> Result<Touch, Detour> {
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let standing = load_standing(&mut tx, &person.org_id, &person.id).await;
    drop(tx);
    let (standing, shell) = (loaded(visit, standing)?, visit.shell());
    let is_within = visit.signed_in().is_some_and(|reader| {
        reader.person.id == person.id || reaches_standing(&reader.roles, &standing)
    });
    let (edits, helps) = (shell.may(Right::ChangePeople), shell.may(Right::HelpPeople));
    Ok(Touch {
        edit: edits && is_within,
        help: helps && is_within,
        is_above: helps && !is_within,
    })
}

/// What the reader may do to a person by roles over a part of the organisation.
///
/// # Errors
/// The page for a fault.
pub async fn load_offered(visit: &Visit, person: &Person) -> Result<Offered, Detour> {
    let Some(reader) = visit.signed_in() else {
        return Ok(Offered::default());
    };
    if reader.capabilities.is_empty() {
        return Ok(Offered::default());
    }
    let whose = (&reader.person.id, &person.id);
    let offered = visit.cell.offered_over_person(&person.org_id, whose).await;
    loaded(visit, offered)
}

/// The page of a person with one of its views open.
fn draw(visit: &Visit, shell: Shell, person: &Person, touch: Touch, tab: PersonTab) -> Response {
    visit.page(&PersonPage {
        shell,
        id: person.id.to_string(),
        name: person.display_name(),
        login: person.login.clone(),
        status: status_of(person),
        touch,
        tab,
    })
}

/// The frame in which a view is shown again after a refusal.
fn refused_shell(visit: &Visit, refusal: Refusal) -> Result<Shell, Detour> {
    done(visit, shell_after(visit, refusal))
}
