//! The wizard for a new app: its kind, its details, and what it then needs to know.

use crate::admin::apps::credentials::parse_method;
use crate::admin::apps::integrate::{integration, ready_page};
use crate::admin::apps::settings::{input, read_settings};
use crate::admin::apps::{refused_shell, stored_kind};
use crate::admin::caller::{Answer, administrator, done, found};
use crate::admin::form::{problem_of, typed};
use crate::admin::people::create::group_choices;
use crate::view::admin::{AppDetailsPage, AppKind, AppKindPage, NewAppForm};
use crate::view::part::Input;
use crate::visit::Visit;
use identity::access::Permission;
use identity::app::operations::NewApp;
use identity::app::rules::default_settings;
use identity::app::settings::{AppSettings, Assignment};
use identity::fault::Refusal;
use vocab::id::GroupId;

/// `GET /admin/apps/new`: the kinds, and for `?kind=…` the details that it asks for.
pub async fn show(visit: Visit) -> Answer {
    administrator(&visit, Permission::ManageApps).await?;
    let Some(kind) = AppKind::parse(visit.parameter("kind")) else {
        return Ok(visit.page(&AppKindPage {
            shell: visit.shell(),
        }));
    };
    let form = NewAppForm {
        client_auth: Input::of("client_secret_basic"),
        refresh: Input::ticked(true),
        assign: Input::of("everyone"),
        groups: group_choices(&visit).await?,
        ..NewAppForm::default()
    };
    Ok(visit.page(&AppDetailsPage {
        shell: visit.shell(),
        kind,
        form,
    }))
}

/// `POST /admin/apps/new`: adds the app and shows what it needs to know, its secret this once.
pub async fn create(visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let kind = found(&visit, AppKind::parse(visit.field("kind")))?;
    let label = visit.field("name").to_owned();
    let made = visit.cell.create_app(
        &permit,
        NewApp {
            label,
            kind: stored_kind(kind),
            settings: read(&visit, kind),
        },
    );
    let made = match made.await {
        Ok(made) => made,
        Err(refusal) => return refused(&visit, kind, refusal).await,
    };
    if visit.field("assign") == "groups" {
        for group in visit
            .fields("group")
            .filter_map(|id| GroupId::parse(id).ok())
        {
            done(
                &visit,
                visit
                    .cell
                    .assign_app_to_group(&permit, &made.app.id, &group)
                    .await,
            )?;
        }
    }
    let secret = made.secret.map(|secret| secret.expose().clone());
    let mut facts = integration(&visit, &made.app, secret);
    let scopes = visit.field("scopes").trim();
    if !kind.has_people() && !scopes.is_empty() {
        facts.scopes = scopes.to_owned();
    }
    Ok(ready_page(&visit, &made.app, facts))
}

fn read(visit: &Visit, kind: AppKind) -> AppSettings {
    let mut settings = read_settings(
        visit,
        stored_kind(kind),
        default_settings(stored_kind(kind)),
    );
    if kind.is_confidential() {
        if let Some(method) = parse_method(visit.field("client_auth")) {
            settings.client_authentication = method;
        }
        settings.jwks = visit.field("jwks").to_owned();
    }
    if kind.has_people() && visit.field("assign") == "everyone" {
        settings.visibility = Assignment::Everyone;
    }
    settings
}

async fn refused(visit: &Visit, kind: AppKind, refusal: Refusal) -> Answer {
    let problem = problem_of(visit.shell().t, &refusal);
    let problem = problem.as_ref();
    let shell = refused_shell(visit, refusal)?;
    let again = |field: &str, of: &str| input(visit.field(field), of, problem);
    let form = NewAppForm {
        name: again("name", "label"),
        redirect_uris: again("redirect_uris", "redirect_uris"),
        post_logout_redirect_uris: again("post_logout_redirect_uris", "post_logout_redirect_uris"),
        start_uri: again("start_uri", "initiate_login_uri"),
        client_auth: again("client_auth", "client_authentication"),
        jwks: again("jwks", "jwks"),
        refresh: typed(visit, "refresh"),
        device: again("device", "grants"),
        consent: typed(visit, "consent"),
        assign: typed(visit, "assign"),
        groups: group_choices(visit).await?,
    };
    Ok(visit.page(&AppDetailsPage { shell, kind, form }))
}
