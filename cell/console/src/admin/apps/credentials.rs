//! How an app proves itself: its secrets, shown once, and its public keys.

use crate::admin::apps::settings::input;
use crate::admin::apps::{draw, load_app, refused_shell, unchanged};
use crate::admin::caller::{Answer, Detour, administrator, done, found, loaded};
use crate::admin::form::{Shown, is_ticked, problem_of, revision, revision_of};
use crate::admin::row::moment;
use crate::view::admin::{AppTab, SecretRow};
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::{Permission, Permit};
use identity::app::operations::AppChange;
use identity::app::settings::{AppSettings, ClientAuthentication};
use identity::app::{App, AppStatus, secrets};
use identity::fault::Refusal;
use vocab::id::AppSecretId;

/// Methods of client authentication by the words of the IANA registry.
const METHODS: [(&str, ClientAuthentication); 3] = [
    (
        "client_secret_basic",
        ClientAuthentication::ClientSecretBasic,
    ),
    ("client_secret_post", ClientAuthentication::ClientSecretPost),
    ("private_key_jwt", ClientAuthentication::PrivateKeyJwt),
];

/// The method of that word.
#[must_use]
pub fn parse_method(word: &str) -> Option<ClientAuthentication> {
    METHODS
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, method)| *method)
}

fn method_word(method: ClientAuthentication) -> &'static str {
    METHODS
        .iter()
        .find(|(_, known)| *known == method)
        .map_or("none", |(name, _)| name)
}

/// `GET /admin/apps/{id}/credentials`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let app = load_app(&visit, &id).await?;
    page(&visit, visit.shell(), &app, Fields::of(&app.settings)).await
}

/// `POST /admin/apps/{id}/credentials`: how it proves itself.
pub async fn save_method(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let app = load_app(&visit, &id).await?;
    let client_authentication = found(&visit, parse_method(visit.field("client_auth")))?;
    save(
        &visit,
        &permit,
        &app,
        AppSettings {
            client_authentication,
            ..app.settings.clone()
        },
    )
    .await
}

/// `POST /admin/apps/{id}/keys`: its public keys.
pub async fn save_keys(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let app = load_app(&visit, &id).await?;
    save(
        &visit,
        &permit,
        &app,
        AppSettings {
            jwks: visit.field("jwks").to_owned(),
            ..app.settings.clone()
        },
    )
    .await
}

async fn save(visit: &Visit, permit: &Permit, app: &App, settings: AppSettings) -> Answer {
    let change = AppChange {
        settings: settings.clone(),
        ..unchanged(app)
    };
    match visit
        .cell
        .update_app(permit, &app.id, revision(visit), change)
        .await
    {
        Ok(()) => Ok(visit.go(&format!("/admin/apps/{}/credentials", app.id))),
        Err(refusal) => refused(visit, app, (Shown::Typed, &settings), refusal).await,
    }
}

/// `POST /admin/apps/{id}/secrets/add`: the page shows the new secret this once.
pub async fn add_secret(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let app = load_app(&visit, &id).await?;
    match visit.cell.add_app_secret(&permit, &app.id).await {
        Ok(added) => {
            let fresh_secret = Some(added.secret.expose().clone());
            page(
                &visit,
                visit.shell(),
                &app,
                Fields {
                    fresh_secret,
                    ..Fields::of(&app.settings)
                },
            )
            .await
        }
        Err(refusal) => refused(&visit, &app, (Shown::Stored, &app.settings), refusal).await,
    }
}

/// `POST /admin/apps/{id}/secrets/remove`.
pub async fn remove_secret(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let app = load_app(&visit, &id).await?;
    let secret = found(&visit, AppSecretId::parse(visit.field("id")).ok())?;
    done(
        &visit,
        visit
            .cell
            .remove_app_secret(&permit, &app.id, &secret)
            .await,
    )?;
    Ok(visit.go(&format!("/admin/apps/{id}/credentials")))
}

/// `POST /admin/apps/{id}/secrets/switch`: a secret is accepted no more, or, with `on`, again.
pub async fn switch_secret(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let app = load_app(&visit, &id).await?;
    let secret = found(&visit, AppSecretId::parse(visit.field("id")).ok())?;
    let switched = match is_ticked(&visit, "on") {
        true => {
            visit
                .cell
                .activate_app_secret(&permit, &app.id, &secret)
                .await
        }
        false => {
            visit
                .cell
                .deactivate_app_secret(&permit, &app.id, &secret)
                .await
        }
    };
    match switched {
        Ok(()) => Ok(visit.go(&format!("/admin/apps/{id}/credentials"))),
        Err(refusal) => refused(&visit, &app, (Shown::Stored, &app.settings), refusal).await,
    }
}

async fn refused(
    visit: &Visit,
    app: &App,
    (shown, settings): (Shown, &AppSettings),
    refusal: Refusal,
) -> Answer {
    let problem = problem_of(visit.shell().t, &refusal);
    let shell = refused_shell(visit, refusal)?;
    let method = method_word(settings.client_authentication);
    let fields = Fields {
        shown,
        client_auth: input(method, "client_authentication", problem.as_ref()),
        jwks: input(&settings.jwks, "jwks", problem.as_ref()),
        fresh_secret: None,
    };
    page(visit, shell, app, fields).await
}

struct Fields {
    shown: Shown,
    client_auth: Input,
    jwks: Input,
    fresh_secret: Option<String>,
}

impl Fields {
    fn of(settings: &AppSettings) -> Self {
        Self {
            shown: Shown::Stored,
            client_auth: Input::of(method_word(settings.client_authentication)),
            jwks: Input::of(&settings.jwks),
            fresh_secret: None,
        }
    }
}

async fn page(visit: &Visit, shell: Shell, app: &App, fields: Fields) -> Answer {
    let tab = AppTab::Credentials {
        revision: revision_of(visit, fields.shown, app.revision),
        client_auth: fields.client_auth,
        secrets: load_secret_rows(visit, app).await?,
        fresh_secret: fields.fresh_secret,
        jwks: fields.jwks,
    };
    Ok(draw(visit, shell, app, tab))
}

/// The newest first. When a secret was last used is not noted: that would be a write for every token.
async fn load_secret_rows(visit: &Visit, app: &App) -> Result<Vec<SecretRow>, Detour> {
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let secrets = secrets::store::load_all(&mut tx, &app.org_id, &app.id).await;
    drop(tx);
    Ok(loaded(visit, secrets)?
        .into_iter()
        .rev()
        .map(|secret| SecretRow {
            id: secret.id.to_string(),
            hint: secret.hint,
            is_active: secret.status == AppStatus::Active,
            created: moment(secret.created_at),
            last_used: None,
        })
        .collect())
}
