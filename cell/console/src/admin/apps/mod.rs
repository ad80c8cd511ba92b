//! Apps: the list, and what the pages of one app share.

pub mod api_access;
pub mod assigned;
pub mod assignments;
pub mod create;
pub mod credentials;
pub mod integrate;
pub mod profile;
pub mod provisioning;
pub mod settings;
pub mod test;
pub mod tokens;

use crate::admin::caller::{Answer, Detour, administrator_within, done, found, loaded};
use crate::admin::form::shell_after;
use crate::admin::paging::{
    FOUND_ROWS, LOAD_ROWS, PAGE_ROWS, after_of, cut, pager, place_of, render_cursor, render_place,
    search_of,
};
use crate::view::admin::{AppKind, AppPage, AppRow, AppTab, AppsAdminPage, Picker};
use crate::view::row::LinkRow;
use crate::view::shell::{Right, Shell};
use crate::visit::Visit;
use axum::response::Response;
use database::ReadTx;
use identity::access::custom::capability::Capability;
use identity::access::{Permission, Permit};
use identity::app::operations::AppChange;
use identity::app::search::AppSearch;
use identity::app::{App, AppStatus, store};
use identity::fault::{Fault, Refusal};
use identity::person::profile::fold;
use vocab::id::{AppId, OrgId};

/// `GET /admin/apps`. Where a kind is asked for, a page may come back short, with a place to go on from.
pub async fn list(visit: Visit) -> Answer {
    let permit = of_readers(&visit).await?;
    let (query, kind) = (
        search_of(&visit, "q"),
        AppKind::parse(visit.parameter("kind")),
    );
    if permit.custom_caller().is_some() {
        let (apps, next) = load_within(&visit, &permit, &query).await?;
        return Ok(draw_list(&visit, (query, kind), &apps, next));
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
    let mut apps = loaded(&visit, page)?;
    let next = cut(&mut apps, |app| render_cursor(&[&fold(&app.label)]));
    Ok(draw_list(&visit, (query, kind), &apps, next))
}

fn draw_list(
    visit: &Visit,
    (query, kind): (String, Option<AppKind>),
    apps: &[App],
    next: Option<String>,
) -> Response {
    let rows = apps
        .iter()
        .filter(|app| kind.is_none_or(|kind| kind_of(app.kind) == kind))
        .map(|app| AppRow {
            id: app.id.to_string(),
            name: app.label.clone(),
            kind: kind_of(app.kind),
            is_active: app.status == AppStatus::Active,
        });
    visit.page(&AppsAdminPage {
        shell: visit.shell(),
        query,
        kind: kind.map(|kind| kind.word().to_owned()).unwrap_or_default(),
        rows: rows.collect(),
        pager: pager(visit, &["q", "kind"], next),
    })
}

/// Whoever sees every app, or some.
async fn of_readers(visit: &Visit) -> Result<Permit, Detour> {
    administrator_within(visit, Permission::ReadDirectory, Capability::AppsRead).await
}

/// Whoever changes every app, or some.
async fn of_managers(visit: &Visit) -> Result<Permit, Detour> {
    administrator_within(visit, Permission::ManageApps, Capability::AppsManage).await
}

/// A page of apps as far as the reader's roles over a part of the organisation go, walked from what those hold.
async fn load_within(
    visit: &Visit,
    permit: &Permit,
    query: &str,
) -> Result<(Vec<App>, Option<String>), Detour> {
    const KEPT: [&str; 1] = ["q"];
    let search = match query {
        "" => AppSearch::every(),
        text => AppSearch::by_beginning(text),
    };
    let after = place_of(visit, &KEPT);
    let found = visit
        .cell
        .search_apps(permit, &search, after, PAGE_ROWS)
        .await;
    let found = done(visit, found)?;
    let next = found.next.map(|place| render_place(visit, &KEPT, &place));
    Ok((found.apps, next))
}

/// The app of an address, as far as the permit goes.
async fn load_app_within(visit: &Visit, permit: &Permit, id: &str) -> Result<App, Detour> {
    if permit.custom_caller().is_none() {
        return load_app(visit, id).await;
    }
    let id = found(visit, AppId::parse(id).ok())?;
    done(visit, visit.cell.find_app(permit, &id).await)
}

/// The frame of a page of one app for a reader who may change that one.
async fn shell_over(visit: &Visit, shell: Shell, app: &App) -> Result<Shell, Detour> {
    let Some(reader) = visit.signed_in() else {
        return Ok(shell);
    };
    if reader.capabilities.is_empty() || shell.may(Right::ChangeApps) {
        return Ok(shell);
    }
    let what = (Capability::AppsManage, app.id.as_str());
    let is_offered = visit
        .cell
        .is_offered_over(&app.org_id, &reader.person.id, what)
        .await;
    Ok(match loaded(visit, is_offered)? {
        true => shell.letting(Right::ChangeApps),
        false => shell,
    })
}

/// The kind as pages know it.
#[must_use]
pub const fn kind_of(kind: identity::app::AppKind) -> AppKind {
    match kind {
        identity::app::AppKind::Web => AppKind::Web,
        identity::app::AppKind::SinglePage => AppKind::SinglePage,
        identity::app::AppKind::Native => AppKind::Native,
        identity::app::AppKind::Service => AppKind::Service,
    }
}

/// The kind as it is stored.
#[must_use]
pub const fn stored_kind(kind: AppKind) -> identity::app::AppKind {
    match kind {
        AppKind::Web => identity::app::AppKind::Web,
        AppKind::SinglePage => identity::app::AppKind::SinglePage,
        AppKind::Native => identity::app::AppKind::Native,
        AppKind::Service => identity::app::AppKind::Service,
    }
}

/// The app of an address, as it is stored now.
///
/// # Errors
/// The page that says that there is none.
pub async fn load_app(visit: &Visit, id: &str) -> Result<App, Detour> {
    let id = found(visit, AppId::parse(id).ok())?;
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let app = store::load(&mut tx, &visit.context.org, &id).await;
    drop(tx);
    found(visit, loaded(visit, app)?)
}

/// The apps that a search finds, a bounded few.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn find_apps(tx: &mut ReadTx, org: &OrgId, query: &str) -> Result<Picker, Fault> {
    if query.is_empty() {
        return Ok(Picker::default());
    }
    let apps = store::load_page(tx, org, query, "", FOUND_ROWS).await?;
    let found = apps.into_iter().map(|app| LinkRow {
        id: app.id.to_string(),
        name: app.label,
        about: String::new(),
    });
    Ok(Picker {
        query: query.to_owned(),
        found: found.collect(),
    })
}

/// What the app is now, to be changed in part.
fn unchanged(app: &App) -> AppChange {
    AppChange {
        label: app.label.clone(),
        settings: app.settings.clone(),
        policy_id: app.policy_id.clone(),
    }
}

fn draw(visit: &Visit, shell: Shell, app: &App, tab: AppTab) -> Response {
    visit.page(&AppPage {
        shell,
        id: app.id.to_string(),
        name: app.label.clone(),
        kind: kind_of(app.kind),
        is_active: app.status == AppStatus::Active,
        tab,
    })
}

/// The frame in which a view is shown again after a refusal.
fn refused_shell(visit: &Visit, refusal: Refusal) -> Result<Shell, Detour> {
    done(visit, shell_after(visit, refusal))
}
