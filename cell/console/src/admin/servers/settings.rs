//! Settings of a server, whether it is in use, and its end.

use crate::admin::apps::settings::input;
use crate::admin::caller::{Answer, administrator, done};
use crate::admin::form::problem_of;
use crate::admin::servers::{Server, draw, load_custom, load_server, refused_shell};
use crate::view::admin::ServerTab;
use crate::view::part::{Choice, Input};
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use axum::response::Response;
use identity::access::Permission;
use identity::fault::Refusal;
use identity::server::change::{ServerChange, ServerSettings};
use identity::server::{AccessTokenAlgorithm, AccessTokenForm, AuthorizationServer};

/// The algorithms of access tokens, by the words of the JOSE registry.
const ALGORITHMS: [(&str, AccessTokenAlgorithm); 3] = [
    ("ES256", AccessTokenAlgorithm::ES256),
    ("RS256", AccessTokenAlgorithm::RS256),
    ("EdDSA", AccessTokenAlgorithm::EdDSA),
];
/// The forms of access tokens, by the words of the form.
const FORMS: [(&str, AccessTokenForm); 2] = [
    ("jwt", AccessTokenForm::Jwt),
    ("opaque", AccessTokenForm::Opaque),
];

/// `GET /admin/servers/{id}`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let server = load_server(&visit, &id).await?;
    let settings = settings_of(&server);
    Ok(page(&visit, visit.shell(), &server, &settings, None))
}

/// `POST /admin/servers/{id}`.
pub async fn save(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageServers).await?;
    let server = load_custom(&visit, &id).await?;
    let settings = read(&visit, &server);
    let change = ServerChange::Set(settings.clone());
    match visit.cell.change_server(&permit, &server.id, change).await {
        Ok(()) => Ok(visit.go(&format!("/admin/servers/{id}"))),
        Err(refusal) => {
            let problem = problem_of(visit.shell().t, &refusal);
            let shell = refused_shell(&visit, refusal)?;
            let server = Server::Custom(server);
            Ok(page(&visit, shell, &server, &settings, problem.as_ref()))
        }
    }
}

fn settings_of(server: &Server) -> ServerSettings {
    let config = server.own().map(|own| own.config.clone());
    let config = config.unwrap_or_default();
    ServerSettings {
        name: server.own().map(|own| own.name.clone()).unwrap_or_default(),
        audience: config.audience,
        description: config.description,
        access_token_form: config.access_token_form,
        access_token_algorithm: config.access_token_algorithm,
    }
}

/// What the form says; a word that is not listed changes nothing.
fn read(visit: &Visit, server: &AuthorizationServer) -> ServerSettings {
    let config = &server.config;
    ServerSettings {
        name: visit.field("name").to_owned(),
        audience: visit.field("audience").to_owned(),
        description: visit.field("description").to_owned(),
        access_token_form: of_word(&FORMS, visit.field("access_token_format"))
            .unwrap_or(config.access_token_form),
        access_token_algorithm: of_word(&ALGORITHMS, visit.field("access_token_alg"))
            .unwrap_or(config.access_token_algorithm),
    }
}

fn of_word<T: Copy>(words: &[(&str, T)], word: &str) -> Option<T> {
    let mut named = words.iter().filter(|(name, _)| *name == word);
    named.next().map(|(_, value)| *value)
}

fn word_of<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> &'static str {
    let mut named = words.iter().filter(|(_, known)| known == value);
    named.next().map_or("", |(name, _)| name)
}

fn page(
    visit: &Visit,
    shell: Shell,
    server: &Server,
    settings: &ServerSettings,
    problem: Option<&(&'static str, String)>,
) -> Response {
    let issuer = server.issuer(visit);
    let tab = ServerTab::Settings {
        name: input(&settings.name, "name", problem),
        audience: input(&settings.audience, "audience", problem),
        description: input(&settings.description, "description", problem),
        access_token_alg: Input::of(word_of(&ALGORITHMS, &settings.access_token_algorithm)),
        algs: ALGORITHMS
            .iter()
            .map(|(name, _)| Choice::new(*name, *name))
            .collect(),
        access_token_format: Input::of(word_of(&FORMS, &settings.access_token_form)),
        discovery: format!("{}/.well-known/openid-configuration", issuer.url),
    };
    draw(visit, shell, server, tab)
}

/// `POST /admin/servers/{id}/activate`.
pub async fn activate(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageServers).await?;
    let server = load_custom(&visit, &id).await?;
    let outcome = visit.cell.activate_server(&permit, &server.id).await;
    done(&visit, outcome)?;
    Ok(visit.go(&format!("/admin/servers/{id}")))
}

/// `POST /admin/servers/{id}/deactivate`.
pub async fn deactivate(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageServers).await?;
    let server = load_custom(&visit, &id).await?;
    let outcome = visit.cell.deactivate_server(&permit, &server.id).await;
    done(&visit, outcome)?;
    Ok(visit.go(&format!("/admin/servers/{id}")))
}

/// `POST /admin/servers/{id}/delete`.
pub async fn delete(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageServers).await?;
    let server = load_custom(&visit, &id).await?;
    match visit.cell.delete_server(&permit, &server.id).await {
        Ok(()) => Ok(visit.go("/admin/servers")),
        Err(refusal @ Refusal::WrongState(_)) => {
            let shell = refused_shell(&visit, refusal)?;
            let server = Server::Custom(server);
            let settings = settings_of(&server);
            Ok(page(&visit, shell, &server, &settings, None))
        }
        Err(refusal) => Ok(visit.refused(&refusal)),
    }
}
