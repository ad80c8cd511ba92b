//! How the people of an app are provisioned: the connection, what waits and went wrong, what would be sent and was, pushed groups, imports.

use crate::admin::apps::{draw, load_app, refused_shell};
use crate::admin::caller::{Answer, administrator, administrator_freshly, done, found, loaded};
use crate::admin::form::{is_ticked, problem_of, typed};
use crate::admin::groups::find_groups;
use crate::admin::paging::search_of;
use crate::admin::row::moment;
use crate::text::Text;
use crate::view::admin::{
    AppTab, FoundKind, FoundRow, ProvisionedRow, ProvisioningForm, ProvisioningStanding, PushRow,
    SentRow,
};
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::Path;
use identity::access::{Permission, Permit};
use identity::app::App;
use identity::event_hook::envoy::Envoy;
use identity::fault::Refusal;
use identity::group;
use identity::provisioning::Features;
use identity::provisioning::decide::Step;
use identity::provisioning::import::{Found, Import, ImportState, Verdict};
use identity::provisioning::operations::{ConnectionChange, Overview};
use identity::provisioning::plan::Planned;
use identity::provisioning::push::{Afterwards, NewPush, PushTo};
use identity::provisioning::requests::Request;
use identity::provisioning::store::accounts::Which;
use std::sync::Arc;
use vocab::id::{GroupId, GroupPushId, UserId};
use vocab::secret::Secret;

/// Rows of each list: the API shows all.
const ROWS: i64 = 50;
/// Requests that are shown.
const REQUEST_ROWS: i64 = 20;

/// The way to addresses that administrators named.
type Way = Extension<Arc<dyn Envoy>>;

fn path_of(id: &str) -> String {
    format!("/admin/apps/{id}/provisioning")
}

/// `GET /admin/apps/{id}/provisioning`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ReadDirectory).await?;
    let app = load_app(&visit, &id).await?;
    page(&visit, visit.shell(), (&permit, &app), None).await
}

/// `POST /admin/apps/{id}/provisioning`: the connection, and what is done there.
pub async fn save(Path(id): Path<String>, Extension(envoy): Way, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageApps, &path_of(&id)).await?;
    let app = load_app(&visit, &id).await?;
    let token = visit.field("token");
    let change = ConnectionChange {
        base_url: Some(visit.field("base_url").trim().to_owned()),
        token: (!token.is_empty()).then(|| Secret::new(token.to_owned())),
        activate: false,
    };
    let features = Features {
        create: is_ticked(&visit, "create"),
        update: is_ticked(&visit, "update"),
        deactivate: is_ticked(&visit, "deactivate"),
    };
    let set = visit
        .cell
        .set_connection(&permit, &app, change, envoy.plain_http());
    let saved = match set.await {
        Ok(_) => {
            visit
                .cell
                .set_features(&permit, &app, Some(features), None)
                .await
        }
        Err(refusal) => Err(refusal),
    };
    match saved {
        Ok(_) => Ok(visit.go(&path_of(&id))),
        Err(refusal) => {
            let form = refused_form(&visit, &refusal, features);
            let shell = refused_shell(&visit, refusal)?;
            let reader = administrator(&visit, Permission::ReadDirectory).await?;
            page(&visit, shell, (&reader, &app), Some(form)).await
        }
    }
}

/// `POST /admin/apps/{id}/provisioning/activate`.
pub async fn activate(Path(id): Path<String>, visit: Visit) -> Answer {
    switch(&visit, &id, true).await
}

/// `POST /admin/apps/{id}/provisioning/deactivate`.
pub async fn deactivate(Path(id): Path<String>, visit: Visit) -> Answer {
    switch(&visit, &id, false).await
}

async fn switch(visit: &Visit, id: &str, active: bool) -> Answer {
    let permit = administrator_freshly(visit, Permission::ManageApps, &path_of(id)).await?;
    let app = load_app(visit, id).await?;
    let switched = visit.cell.switch_connection(&permit, &app, active).await;
    after(visit, &app, switched.map(drop)).await
}

/// `POST /admin/apps/{id}/provisioning/retry`: somebody, or everybody.
pub async fn retry(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageApps, &path_of(&id)).await?;
    let app = load_app(&visit, &id).await?;
    let user = match visit.field("id") {
        "" => None,
        named => Some(found(&visit, UserId::parse(named).ok())?),
    };
    let retried = visit
        .cell
        .retry_provisioning(&permit, &app.id, user.as_ref());
    let retried = retried.await;
    after(&visit, &app, retried).await
}

/// `POST /admin/apps/{id}/provisioning/pushes/add`: under the name that the group has.
pub async fn add_push(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageApps, &path_of(&id)).await?;
    let app = load_app(&visit, &id).await?;
    let group_id = found(&visit, GroupId::parse(visit.field("id")).ok())?;
    let named = {
        let mut tx = loaded(&visit, visit.cell.database.read().await)?;
        let named = group::store::load(&mut tx, &app.org_id, &group_id).await;
        found(&visit, loaded(&visit, named)?)?
    };
    let new = NewPush {
        group_id,
        to: PushTo::Named(named.name),
        active: true,
    };
    let added = visit.cell.add_push(&permit, &app, new).await;
    after(&visit, &app, added.map(drop)).await
}

/// `POST /admin/apps/{id}/provisioning/pushes/switch`.
pub async fn switch_push(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageApps, &path_of(&id)).await?;
    let app = load_app(&visit, &id).await?;
    let push = found(&visit, GroupPushId::parse(visit.field("id")).ok())?;
    let on = is_ticked(&visit, "on");
    let switched = visit.cell.switch_push(&permit, &app, &push, on).await;
    after(&visit, &app, switched.map(drop)).await
}

/// `POST /admin/apps/{id}/provisioning/pushes/remove`.
pub async fn remove_push(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageApps, &path_of(&id)).await?;
    let app = load_app(&visit, &id).await?;
    let push = found(&visit, GroupPushId::parse(visit.field("id")).ok())?;
    let afterwards = match is_ticked(&visit, "both") {
        true => Afterwards::Goes,
        false => Afterwards::Stays,
    };
    let removed = visit
        .cell
        .remove_push(&permit, &app, &push, afterwards)
        .await;
    after(&visit, &app, removed).await
}

/// `POST /admin/apps/{id}/provisioning/import`.
pub async fn begin_import(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageApps, &path_of(&id)).await?;
    let app = load_app(&visit, &id).await?;
    let begun = visit.cell.begin_import(&permit, &app.id).await;
    after(&visit, &app, begun.map(drop)).await
}

/// `POST /admin/apps/{id}/provisioning/import/link`.
pub async fn link_found(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageApps, &path_of(&id)).await?;
    let app = load_app(&visit, &id).await?;
    let linked = visit
        .cell
        .link_found(&permit, &app, visit.field("id"))
        .await;
    after(&visit, &app, linked.map(drop)).await
}

/// `POST /admin/apps/{id}/provisioning/import/create`.
pub async fn make_found(Path(id): Path<String>, visit: Visit) -> Answer {
    let back = path_of(&id);
    let apps = administrator_freshly(&visit, Permission::ManageApps, &back).await?;
    let app = load_app(&visit, &id).await?;
    found(&visit, Some(visit.field("id")).filter(|id| !id.is_empty()))?;
    let people = administrator_freshly(&visit, Permission::ManagePeople, &back).await?;
    let made = visit
        .cell
        .make_found((&people, &apps), &app, visit.field("id"))
        .await;
    after(&visit, &app, made.map(drop)).await
}

/// Back to the page, or the page with what was refused.
async fn after(visit: &Visit, app: &App, outcome: Result<(), Refusal>) -> Answer {
    match outcome {
        Ok(()) => Ok(visit.go(&path_of(app.id.as_str()))),
        Err(refusal) => {
            let shell = refused_shell(visit, refusal)?;
            let reader = administrator(visit, Permission::ReadDirectory).await?;
            page(visit, shell, (&reader, app), None).await
        }
    }
}

/// What was typed, with what is wrong beside it.
fn refused_form(visit: &Visit, refusal: &Refusal, features: Features) -> ProvisioningForm {
    let problem = problem_of(visit.shell().t, refusal);
    let refused = |input: Input, named: &str| match &problem {
        Some((of, text)) if *of == named => input.refused(text.as_str()),
        _ => input,
    };
    ProvisioningForm {
        base_url: refused(typed(visit, "base_url"), "baseUrl"),
        token: refused(Input::default(), "profile.token"),
        ..form_of("", features)
    }
}

fn form_of(base_url: &str, features: Features) -> ProvisioningForm {
    ProvisioningForm {
        base_url: Input::of(base_url),
        token: Input::default(),
        create: Input::ticked(features.create),
        update: Input::ticked(features.update),
        deactivate: Input::ticked(features.deactivate),
    }
}

async fn page(
    visit: &Visit,
    shell: Shell,
    (permit, app): (&Permit, &App),
    refused: Option<ProvisioningForm>,
) -> Answer {
    let overview = match visit.cell.survey_connection(permit, &app.id).await {
        Err(Refusal::NotFound) => None,
        other => Some(done(visit, other)?),
    };
    let stored = match &overview {
        Some(overview) => {
            let config = &overview.connection.config;
            form_of(&config.base_url, config.features)
        }
        // All of it is what most want.
        None => form_of(
            "",
            Features {
                create: true,
                update: true,
                deactivate: true,
            },
        ),
    };
    let standing = match overview {
        Some(overview) => Some(load_standing(visit, shell.t, (permit, app), overview).await?),
        None => None,
    };
    let tab = AppTab::Provisioning {
        form: refused.unwrap_or(stored),
        standing,
    };
    Ok(draw(visit, shell, app, tab))
}

async fn load_standing(
    visit: &Visit,
    t: &'static Text,
    (permit, app): (&Permit, &App),
    overview: Overview,
) -> Result<ProvisioningStanding, crate::admin::caller::Detour> {
    let cell = &visit.cell;
    let failed = cell
        .list_accounts(permit, &app.id, Which::Troubled, ("", ROWS))
        .await;
    let failed = done(visit, failed)?
        .into_iter()
        .map(|account| ProvisionedRow {
            id: account.user_id.to_string(),
            name: account.login,
            about: account.trouble.unwrap_or_default(),
        });
    let requests = cell.list_provisioning_requests(permit, &app.id, i64::MAX, REQUEST_ROWS);
    let requests = done(visit, requests.await)?;
    let planned = match visit.parameter("plan") {
        "on" => {
            let page = done(visit, cell.plan_provisioning(permit, &app.id, None).await)?;
            let rows = page
                .planned
                .iter()
                .filter(|planned| planned.step != Step::Nothing);
            Some(rows.map(|planned| planned_row(t, planned)).collect())
        }
        _ => None,
    };
    let found = cell.list_found(permit, &app.id, ("", ROWS)).await;
    let found = done(visit, found)?;
    let (pushes, groups) = load_pushes(visit, permit, app).await?;
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    let standing = overview.connection.standing;
    Ok(ProvisioningStanding {
        is_on: overview.connection.active,
        waiting: count(overview.waiting),
        troubled: count(overview.troubled),
        next_try: (standing.failures > 0).then(|| moment(standing.next_at)),
        trouble: standing.trouble,
        failed: failed.collect(),
        planned,
        requests: requests.iter().map(sent_row).collect(),
        pushes,
        groups,
        import: overview.import.map(|import| render_import(t, &import)),
        found: found.into_iter().map(found_row).collect(),
    })
}

async fn load_pushes(
    visit: &Visit,
    permit: &Permit,
    app: &App,
) -> Result<(Vec<PushRow>, crate::view::admin::Picker), crate::admin::caller::Detour> {
    let pushes = done(visit, visit.cell.list_pushes(permit, &app.id).await)?;
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let mut rows = Vec::new();
    for push in pushes {
        let group = group::store::load(&mut tx, &app.org_id, &push.group_id).await;
        let group = loaded(visit, group)?;
        rows.push(PushRow {
            id: push.id.to_string(),
            group_id: push.group_id.to_string(),
            name: group.map_or_else(|| push.name.clone(), |group| group.name),
            is_active: push.active,
            trouble: push.trouble.unwrap_or_default(),
        });
    }
    let groups = find_groups(&mut tx, &app.org_id, &search_of(visit, "find-groups")).await;
    Ok((rows, loaded(visit, groups)?))
}

fn planned_row(t: &'static Text, planned: &Planned) -> ProvisionedRow {
    let tp = &t.provisioning;
    let about = match planned.step {
        Step::Create => tp.step_create,
        Step::Update => tp.step_update,
        Step::Deactivate | Step::FindAndDeactivate => tp.step_deactivate,
        Step::Forget => tp.step_forget,
        Step::Nothing => tp.step_nothing,
    };
    ProvisionedRow {
        id: planned.user_id.to_string(),
        name: planned.login.clone(),
        about: about.to_owned(),
    }
}

fn sent_row(request: &Request) -> SentRow {
    let outcome = match (request.status, &request.trouble) {
        (Some(status), _) => status.to_string(),
        (None, trouble) => trouble.clone().unwrap_or_default(),
    };
    SentRow {
        at: moment(request.at),
        what: format!("{} {}", request.method, request.path),
        is_bad: !request
            .status
            .is_some_and(|status| (200..300).contains(&status)),
        outcome,
    }
}

fn render_import(t: &'static Text, import: &Import) -> String {
    let tp = &t.provisioning;
    let word = match import.state {
        ImportState::Running => tp.import_running,
        ImportState::Completed => tp.import_completed,
        ImportState::Failed => tp.import_failed,
    };
    match &import.trouble {
        Some(trouble) => format!("{word} · {} · {trouble}", import.seen),
        None => format!("{word} · {}", import.seen),
    }
}

fn found_row(found: Found) -> FoundRow {
    FoundRow {
        id: found.peer_id,
        name: found.user_name,
        kind: match found.verdict {
            Verdict::Matched => FoundKind::Matched,
            Verdict::New => FoundKind::New,
            Verdict::Conflict => FoundKind::Conflict,
            Verdict::Linked => FoundKind::Linked,
        },
        reason: found.reason,
    }
}
