//! Settings of an app, whether it is in use, and its sign-on policy.

use crate::admin::apps::{
    draw, load_app, load_app_within, of_managers, of_readers, refused_shell, shell_over, unchanged,
};
use crate::admin::caller::{Answer, administrator, done, found, loaded};
use crate::admin::form::{
    Shown, is_ticked, lines, problem_of, revision, revision_beside, revision_of,
};
use crate::view::admin::AppTab;
use crate::view::part::{Choice, Input};
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use axum::response::Response;
use identity::access::Permission;
use identity::app::operations::AppChange;
use identity::app::settings::{AppSettings, ConsentRule, GrantKind, TokenAlgorithm};
use identity::app::{App, AppKind};
use identity::sign_on;
use vocab::id::PolicyId;

/// The algorithms of ID tokens, by the words of the JOSE registry.
const ALGORITHMS: [(&str, TokenAlgorithm); 3] = [
    ("RS256", TokenAlgorithm::RS256),
    ("ES256", TokenAlgorithm::ES256),
    ("EdDSA", TokenAlgorithm::EdDSA),
];

/// `GET /admin/apps/{id}`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = of_readers(&visit).await?;
    let app = load_app_within(&visit, &permit, &id).await?;
    let shell = shell_over(&visit, visit.shell(), &app).await?;
    let change = (Shown::Stored, &unchanged(&app));
    Ok(page(&visit, shell, &app, change, None))
}

/// `POST /admin/apps/{id}`.
pub async fn save(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = of_managers(&visit).await?;
    let app = load_app_within(&visit, &permit, &id).await?;
    let change = AppChange {
        label: visit.field("name").to_owned(),
        settings: read_settings(&visit, app.kind, app.settings.clone()),
        policy_id: app.policy_id.clone(),
    };
    match visit
        .cell
        .update_app(&permit, &app.id, revision(&visit), change.clone())
        .await
    {
        Ok(()) => Ok(visit.go(&format!("/admin/apps/{id}"))),
        Err(refusal) => {
            let problem = problem_of(visit.shell().t, &refusal);
            let shell = refused_shell(&visit, refusal)?;
            let shell = shell_over(&visit, shell, &app).await?;
            let change = (Shown::Typed, &change);
            Ok(page(&visit, shell, &app, change, problem.as_ref()))
        }
    }
}

/// The settings with what the form says about them. A service has none of these fields.
#[must_use]
pub fn read_settings(visit: &Visit, kind: AppKind, mut settings: AppSettings) -> AppSettings {
    if kind == AppKind::Service {
        return settings;
    }
    settings.redirect_uris = lines(visit, "redirect_uris");
    settings.post_logout_redirect_uris = lines(visit, "post_logout_redirect_uris");
    settings.initiate_login_uri = visit.field("start_uri").trim().to_owned();
    settings.backchannel_logout_uri = visit.field("backchannel_logout_uri").trim().to_owned();
    for (field, grant) in [
        ("refresh", GrantKind::RefreshToken),
        ("device", GrantKind::DeviceCode),
    ] {
        settings.grants.retain(|kept| *kept != grant);
        if is_ticked(visit, field) {
            settings.grants.push(grant);
        }
    }
    // A device without a browser of its own returns to no address; every other app that people sign in to does.
    let is_device = settings.grants.contains(&GrantKind::DeviceCode);
    let redirects = !is_device || !settings.redirect_uris.is_empty();
    settings
        .grants
        .retain(|kept| *kept != GrantKind::AuthorizationCode);
    if redirects {
        settings.grants.push(GrantKind::AuthorizationCode);
    }
    if !kind.is_public() {
        settings.require_pkce = is_ticked(visit, "pkce");
    }
    settings.consent = if is_ticked(visit, "consent") {
        ConsentRule::Required
    } else {
        ConsentRule::Trusted
    };
    let word = visit.field("id_token_alg");
    if let Some((_, algorithm)) = ALGORITHMS.iter().find(|(name, _)| *name == word) {
        settings.id_token_algorithm = *algorithm;
    }
    settings
}

/// A control with the error that belongs to it.
#[must_use]
pub fn input(
    value: impl Into<String>,
    field: &str,
    problem: Option<&(&'static str, String)>,
) -> Input {
    let error = problem
        .filter(|(of, _)| *of == field)
        .map(|(_, text)| text.clone());
    Input {
        value: value.into(),
        error,
    }
}

fn page(
    visit: &Visit,
    shell: Shell,
    app: &App,
    (shown, change): (Shown, &AppChange),
    problem: Option<&(&'static str, String)>,
) -> Response {
    let settings = &change.settings;
    let has = |grant| settings.grants.contains(&grant);
    let algorithm = ALGORITHMS
        .iter()
        .find(|(_, algorithm)| *algorithm == settings.id_token_algorithm);
    // Which kinds may use the device grant is the one thing that can be wrong with the grants of this form.
    let device = Input::ticked(has(GrantKind::DeviceCode));
    let tab = AppTab::Settings {
        revision: revision_of(visit, shown, app.revision),
        name: input(&change.label, "label", problem),
        redirect_uris: input(settings.redirect_uris.join("\n"), "redirect_uris", problem),
        post_logout_redirect_uris: input(
            settings.post_logout_redirect_uris.join("\n"),
            "post_logout_redirect_uris",
            problem,
        ),
        start_uri: input(&settings.initiate_login_uri, "initiate_login_uri", problem),
        backchannel_logout_uri: input(
            &settings.backchannel_logout_uri,
            "backchannel_logout_uri",
            problem,
        ),
        pkce: Input::ticked(settings.require_pkce),
        refresh: Input::ticked(has(GrantKind::RefreshToken)),
        device: input(device.value, "grants", problem),
        consent: Input::ticked(settings.consent == ConsentRule::Required),
        id_token_alg: Input::of(algorithm.map_or("", |(name, _)| name)),
        id_token_algs: ALGORITHMS
            .iter()
            .map(|(name, _)| Choice::new(*name, *name))
            .collect(),
    };
    draw(visit, shell, app, tab)
}

/// `POST /admin/apps/{id}/activate`.
pub async fn activate(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = of_managers(&visit).await?;
    let app = load_app_within(&visit, &permit, &id).await?;
    done(&visit, visit.cell.activate_app(&permit, &app.id).await)?;
    Ok(visit.go(&format!("/admin/apps/{id}")))
}

/// `POST /admin/apps/{id}/deactivate`.
pub async fn deactivate(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = of_managers(&visit).await?;
    let app = load_app_within(&visit, &permit, &id).await?;
    done(&visit, visit.cell.deactivate_app(&permit, &app.id).await)?;
    Ok(visit.go(&format!("/admin/apps/{id}")))
}

/// `POST /admin/apps/{id}/delete`.
pub async fn delete(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = of_managers(&visit).await?;
    let app = load_app_within(&visit, &permit, &id).await?;
    match visit.cell.delete_app(&permit, &app.id).await {
        Ok(()) => Ok(visit.go("/admin/apps")),
        Err(refusal) => {
            let shell = refused_shell(&visit, refusal)?;
            let shell = shell_over(&visit, shell, &app).await?;
            let change = (Shown::Stored, &unchanged(&app));
            Ok(page(&visit, shell, &app, change, None))
        }
    }
}

/// `GET /admin/apps/{id}/sign-on`.
pub async fn show_sign_on(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let app = load_app(&visit, &id).await?;
    sign_on_page(&visit, visit.shell(), &app, None).await
}

/// `POST /admin/apps/{id}/sign-on`.
pub async fn save_sign_on(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let app = load_app(&visit, &id).await?;
    let chosen = found(&visit, PolicyId::parse(visit.field("policy")).ok())?;
    let change = AppChange {
        policy_id: (chosen != visit.snapshot.org_policy.id).then(|| chosen.clone()),
        ..unchanged(&app)
    };
    match visit
        .cell
        .update_app(&permit, &app.id, revision(&visit), change)
        .await
    {
        Ok(()) => Ok(visit.go(&format!("/admin/apps/{id}/sign-on"))),
        Err(refusal) => {
            let shell = refused_shell(&visit, refusal)?;
            sign_on_page(&visit, shell, &app, Some(&chosen)).await
        }
    }
}

/// The page, with the policy that is in force or the one that somebody chose.
async fn sign_on_page(visit: &Visit, shell: Shell, app: &App, chosen: Option<&PolicyId>) -> Answer {
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let policies = sign_on::store::load_policies(&mut tx, &visit.context.org).await;
    drop(tx);
    let policies = loaded(visit, policies)?;
    let mut choices: Vec<Choice> = policies
        .apps
        .values()
        .map(|policy| Choice::new(policy.id.as_str(), policy.name.as_str()))
        .collect();
    choices.sort_by_cached_key(|choice| choice.label.to_lowercase());
    // The org's own policy holds for every app; choosing it means that the app has none of its own beside it.
    choices.insert(
        0,
        Choice::new(policies.org.id.as_str(), policies.org.name.as_str()),
    );
    let in_force = app.policy_id.as_ref().unwrap_or(&policies.org.id);
    let tab = AppTab::SignOn {
        revision: revision_beside(visit, chosen, app.revision),
        policy: Input::of(chosen.unwrap_or(in_force).as_str()),
        policies: choices,
    };
    Ok(draw(visit, shell, app, tab))
}
