//! The refresh tokens of an app, at all servers or at one: listed a page at a time, and ended. `oauth` decides who may.

use crate::admin::caller::{Detour, done, found};
use crate::admin::form::shell_after;
use crate::admin::paging::{PAGE_ROWS, after_of, pager, render_cursor};
use crate::admin::row::moment;
use crate::view::admin::{HeldTokenRow, HeldTokens};
use crate::view::part::Tone;
use crate::view::shell::{Flash, Shell};
use crate::visit::Visit;
use identity::access::Permit;
use identity::app::App;
use identity::fault::Refusal;
use identity::person::Person;
use oauth::held::of_app::store::HeldByApp;
use oauth::held::of_app::{self, OfApp};
use oauth::held::store::HeldFamily;
use oauth::issuer::ORG_SERVER_KEY;
use vocab::id::{RefreshFamilyId, UserId};

/// Which tokens a form is about: those of an app, at one server or at all.
#[derive(Clone, Copy)]
pub struct Which<'a> {
    /// The app.
    pub app: &'a App,
    /// The server.
    pub server: Option<&'a str>,
}

/// A page of them.
///
/// # Errors
/// The page for a refusal.
pub async fn load(visit: &Visit, reader: &Permit, which: Which<'_>) -> Result<HeldTokens, Detour> {
    let of = OfApp {
        app: &which.app.id,
        server: which.server,
    };
    let after = after_of(visit);
    let page = of_app::list(&visit.cell, reader, of, (&after, PAGE_ROWS)).await;
    let (tokens, next) = done(visit, page)?;
    let mut ids: Vec<UserId> = tokens.iter().map(|held| held.user.clone()).collect();
    ids.sort();
    ids.dedup();
    let people = done(visit, visit.cell.find_people(reader, &ids).await)?;
    let rows = tokens
        .into_iter()
        .map(|HeldByApp { user, family }| token_row(visit, (&user, people.get(&user)), &family));
    Ok(HeldTokens {
        rows: rows.collect(),
        pager: pager(visit, &[], next.map(|place| render_cursor(&[&place]))),
    })
}

/// A token as lists show it, with the person as far as there is one.
#[must_use]
pub fn token_row(
    visit: &Visit,
    (user, person): (&UserId, Option<&Person>),
    family: &HeldFamily,
) -> HeldTokenRow {
    HeldTokenRow {
        id: family.id.to_string(),
        person: person.map_or_else(|| user.to_string(), Person::display_name),
        login: person
            .map(|person| person.login.clone())
            .unwrap_or_default(),
        person_id: user.to_string(),
        server: server_name(visit, &family.server),
        scopes: family
            .scopes
            .split_ascii_whitespace()
            .map(str::to_owned)
            .collect(),
        created: moment(family.created_at),
        last_used: moment(family.rotated_at),
        expires: moment(family.expires_at),
    }
}

/// What a server is called; one that was removed, by its id.
#[must_use]
pub fn server_name(visit: &Visit, key: &str) -> String {
    if key == ORG_SERVER_KEY {
        return visit.context.name.clone();
    }
    let server = visit.snapshot.server(key);
    server.map_or_else(|| key.to_owned(), |server| server.name.clone())
}

/// Ends the one that the form names.
///
/// # Errors
/// The page that says that there is none; the inner error is what the list says above it.
pub async fn revoke(
    visit: &Visit,
    permit: &Permit,
    which: Which<'_>,
) -> Result<Result<(), Refusal>, Detour> {
    let id = found(visit, RefreshFamilyId::parse(visit.field("id")).ok())?;
    let Which { app, server } = which;
    match of_app::revoke(&visit.cell, permit, app, server, &id).await {
        Ok(true) => Ok(Ok(())),
        Ok(false) => Err(visit.refused(&Refusal::NotFound).into()),
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// Ends all of them, as many as are ended at once. False if there may be more.
///
/// # Errors
/// What the list says above it.
pub async fn revoke_all(visit: &Visit, permit: &Permit, which: Which<'_>) -> Result<bool, Refusal> {
    of_app::revoke_all(&visit.cell, permit, which.app, which.server).await
}

/// The frame in which the list is shown again, where there is something to say; else there is nothing more to do.
///
/// # Errors
/// The page for a refusal that has one of its own.
pub fn told(visit: &Visit, outcome: Result<bool, Refusal>) -> Result<Option<Shell>, Detour> {
    match outcome {
        Ok(true) => Ok(None),
        Ok(false) => {
            let shell = visit.shell();
            let flash = Some(Flash {
                tone: Tone::Warn,
                text: shell.t.held.more_left.to_owned(),
            });
            Ok(Some(Shell { flash, ..shell }))
        }
        Err(refusal) => done(visit, shell_after(visit, refusal)).map(Some),
    }
}
