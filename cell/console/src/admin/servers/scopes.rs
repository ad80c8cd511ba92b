//! The scopes of a server: those of the standard, and its own.

use crate::admin::apps::settings::input;
use crate::admin::caller::{Answer, administrator, found};
use crate::admin::form::{is_ticked, problem_of};
use crate::admin::servers::{Server, draw, load_custom, load_server, refused_shell};
use crate::text::Text;
use crate::view::admin::{ScopeFormPage, ScopeRow, ServerTab};
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use axum::response::Response;
use identity::access::Permission;
use identity::server::change::{ServerChange, part_key};
use identity::server::rules::STANDARD_SCOPES;
use identity::server::{AuthorizationServer, ScopeConfig};

/// `GET /admin/servers/{id}/scopes`.
pub async fn list(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let server = load_server(&visit, &id).await?;
    Ok(page(&visit, visit.shell(), &server))
}

fn page(visit: &Visit, shell: Shell, server: &Server) -> Response {
    let rows = rows_of(shell.t, server);
    draw(visit, shell, server, ServerTab::Scopes { rows })
}

fn rows_of(t: &'static Text, server: &Server) -> Vec<ScopeRow> {
    let standard = STANDARD_SCOPES.iter().map(|name| ScopeRow {
        id: String::new(),
        name: (*name).to_owned(),
        about: t.scope(name).unwrap_or_default().to_owned(),
        asks_consent: false,
        is_default: false,
        is_system: true,
    });
    let own = server
        .own()
        .map(|own| own.config.scopes.as_slice())
        .unwrap_or_default();
    let own = own.iter().map(|scope| ScopeRow {
        id: part_key(scope),
        name: scope.name.clone(),
        about: scope.description.clone(),
        asks_consent: scope.consent_required,
        is_default: scope.default,
        is_system: false,
    });
    standard.chain(own).collect()
}

/// `GET /admin/servers/{id}/scopes/new`.
pub async fn show_new(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ManageServers).await?;
    let server = load_custom(&visit, &id).await?;
    let scope = ScopeConfig::default();
    Ok(form(&visit, visit.shell(), &server, None, &scope, None))
}

/// `GET /admin/servers/{id}/scopes/{key}`.
pub async fn show(Path((id, key)): Path<(String, String)>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ManageServers).await?;
    let server = load_custom(&visit, &id).await?;
    let mut scopes = server.config.scopes.iter();
    let scope = found(&visit, scopes.find(|scope| part_key(scope) == key))?;
    Ok(form(&visit, visit.shell(), &server, Some(key), scope, None))
}

/// `POST /admin/servers/{id}/scopes/new`.
pub async fn create(Path(id): Path<String>, visit: Visit) -> Answer {
    put(&visit, &id, None).await
}

/// `POST /admin/servers/{id}/scopes/{key}`.
pub async fn save(Path((id, key)): Path<(String, String)>, visit: Visit) -> Answer {
    put(&visit, &id, Some(key)).await
}

async fn put(visit: &Visit, id: &str, key: Option<String>) -> Answer {
    let permit = administrator(visit, Permission::ManageServers).await?;
    let server = load_custom(visit, id).await?;
    let mut known = server.config.scopes.iter();
    let present = known.find(|scope| key.as_deref() == Some(part_key(scope).as_str()));
    let scope = ScopeConfig {
        name: visit.field("name").trim().to_owned(),
        description: visit.field("description").trim().to_owned(),
        default: is_ticked(visit, "is_default"),
        consent_required: is_ticked(visit, "asks_consent"),
        // Set by the management API alone; the form leaves it as it is.
        unlisted: present.is_some_and(|scope| scope.unlisted),
    };
    let change = ServerChange::PutScope(key.clone(), scope.clone());
    match visit.cell.change_server(&permit, &server.id, change).await {
        Ok(()) => Ok(visit.go(&format!("/admin/servers/{id}/scopes"))),
        Err(refusal) => {
            let problem = problem_of(visit.shell().t, &refusal);
            let shell = refused_shell(visit, refusal)?;
            Ok(form(visit, shell, &server, key, &scope, problem.as_ref()))
        }
    }
}

/// `POST /admin/servers/{id}/scopes/remove`.
pub async fn remove(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageServers).await?;
    let server = load_custom(&visit, &id).await?;
    let change = ServerChange::RemoveScope(visit.field("id").to_owned());
    match visit.cell.change_server(&permit, &server.id, change).await {
        Ok(()) => Ok(visit.go(&format!("/admin/servers/{id}/scopes"))),
        Err(refusal) => {
            let shell = refused_shell(&visit, refusal)?;
            Ok(page(&visit, shell, &Server::Custom(server)))
        }
    }
}

fn form(
    visit: &Visit,
    shell: Shell,
    server: &AuthorizationServer,
    key: Option<String>,
    scope: &ScopeConfig,
    problem: Option<&(&'static str, String)>,
) -> Response {
    visit.page(&ScopeFormPage {
        shell,
        server_id: server.id.to_string(),
        server_name: server.name.clone(),
        id: key,
        name: input(&scope.name, "scopes", problem),
        description: Input::of(&scope.description),
        asks_consent: Input::ticked(scope.consent_required),
        is_default: Input::ticked(scope.default),
    })
}
