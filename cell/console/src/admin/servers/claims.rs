//! The claims that a server adds to tokens, beside those of the standard.

use crate::admin::apps::settings::input;
use crate::admin::caller::{Answer, administrator, found};
use crate::admin::form::problem_of;
use crate::admin::servers::{Server, draw, load_custom, load_server, refused_shell};
use crate::text::Text;
use crate::view::admin::{ClaimFormPage, ClaimRow, ServerTab};
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use axum::response::Response;
use identity::access::Permission;
use identity::server::change::{ServerChange, part_key};
use identity::server::{AuthorizationServer, ClaimConfig, ClaimToken, ClaimValue};

/// Claims about the person that the standard brings: name, attribute, whether the ID token carries it, scope.
const STANDARD_CLAIMS: [(&str, &str, ClaimToken, &str); 6] = [
    ("sub", "login", ClaimToken::AccessToken, ""),
    ("sub", "id", ClaimToken::IdToken, ""),
    ("name", "display_name", ClaimToken::IdToken, "profile"),
    (
        "preferred_username",
        "login",
        ClaimToken::IdToken,
        "profile",
    ),
    ("email", "email", ClaimToken::IdToken, "email"),
    ("email_verified", "email", ClaimToken::IdToken, "email"),
];

/// `GET /admin/servers/{id}/claims`.
pub async fn list(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let server = load_server(&visit, &id).await?;
    Ok(page(&visit, visit.shell(), &server))
}

fn page(visit: &Visit, shell: Shell, server: &Server) -> Response {
    let rows = rows_of(shell.t, server);
    draw(visit, shell, server, ServerTab::Claims { rows })
}

fn rows_of(t: &'static Text, server: &Server) -> Vec<ClaimRow> {
    let standard = STANDARD_CLAIMS
        .iter()
        .map(|(name, attribute, token, scope)| ClaimRow {
            id: String::new(),
            name: (*name).to_owned(),
            source: format!("{}: {attribute}", t.servers.source_attribute),
            token: token_name(t, *token).to_owned(),
            scopes: std::iter::once((*scope).to_owned())
                .filter(|scope| !scope.is_empty())
                .collect(),
            is_system: true,
        });
    let own = server
        .own()
        .map(|own| own.config.claims.as_slice())
        .unwrap_or_default();
    let own = own.iter().map(|claim| ClaimRow {
        id: part_key(claim),
        name: claim.name.clone(),
        source: source_name(t, &claim.value),
        token: token_name(t, claim.token).to_owned(),
        scopes: claim.scopes.clone(),
        is_system: false,
    });
    standard.chain(own).collect()
}

const fn token_name(t: &'static Text, token: ClaimToken) -> &'static str {
    match token {
        ClaimToken::AccessToken => t.servers.token_access,
        ClaimToken::IdToken => t.servers.token_id,
    }
}

fn source_name(t: &'static Text, value: &ClaimValue) -> String {
    match value {
        ClaimValue::Constant(text) => format!("{}: {text}", t.servers.source_fixed),
        ClaimValue::Attribute(name) => format!("{}: {name}", t.servers.source_attribute),
        ClaimValue::GroupsStartingWith(prefix) if prefix.is_empty() => {
            t.servers.source_groups.to_owned()
        }
        ClaimValue::GroupsStartingWith(prefix) => format!("{}: {prefix}…", t.servers.source_groups),
    }
}

/// `GET /admin/servers/{id}/claims/new`.
pub async fn show_new(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ManageServers).await?;
    let server = load_custom(&visit, &id).await?;
    let claim = ClaimConfig {
        name: String::new(),
        token: ClaimToken::AccessToken,
        value: ClaimValue::Attribute(String::new()),
        scopes: Vec::new(),
    };
    Ok(form(&visit, visit.shell(), &server, None, &claim, None))
}

/// `GET /admin/servers/{id}/claims/{key}`.
pub async fn show(Path((id, key)): Path<(String, String)>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ManageServers).await?;
    let server = load_custom(&visit, &id).await?;
    let mut claims = server.config.claims.iter();
    let claim = found(&visit, claims.find(|claim| part_key(claim) == key))?;
    Ok(form(&visit, visit.shell(), &server, Some(key), claim, None))
}

/// `POST /admin/servers/{id}/claims/new`.
pub async fn create(Path(id): Path<String>, visit: Visit) -> Answer {
    put(&visit, &id, None).await
}

/// `POST /admin/servers/{id}/claims/{key}`.
pub async fn save(Path((id, key)): Path<(String, String)>, visit: Visit) -> Answer {
    put(&visit, &id, Some(key)).await
}

async fn put(visit: &Visit, id: &str, key: Option<String>) -> Answer {
    let permit = administrator(visit, Permission::ManageServers).await?;
    let server = load_custom(visit, id).await?;
    let claim = ClaimConfig {
        name: visit.field("name").trim().to_owned(),
        token: if visit.field("token") == "id_token" {
            ClaimToken::IdToken
        } else {
            ClaimToken::AccessToken
        },
        value: parse_value(visit.field("source"), visit.field("value")),
        scopes: words(visit.field("scopes")),
    };
    let change = ServerChange::PutClaim(key.clone(), claim.clone());
    match visit.cell.change_server(&permit, &server.id, change).await {
        Ok(()) => Ok(visit.go(&format!("/admin/servers/{id}/claims"))),
        Err(refusal) => {
            let problem = problem_of(visit.shell().t, &refusal);
            let shell = refused_shell(visit, refusal)?;
            Ok(form(visit, shell, &server, key, &claim, problem.as_ref()))
        }
    }
}

/// `POST /admin/servers/{id}/claims/remove`.
pub async fn remove(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageServers).await?;
    let server = load_custom(&visit, &id).await?;
    let change = ServerChange::RemoveClaim(visit.field("id").to_owned());
    match visit.cell.change_server(&permit, &server.id, change).await {
        Ok(()) => Ok(visit.go(&format!("/admin/servers/{id}/claims"))),
        Err(refusal) => {
            let shell = refused_shell(&visit, refusal)?;
            Ok(page(&visit, shell, &Server::Custom(server)))
        }
    }
}

fn parse_value(source: &str, text: &str) -> ClaimValue {
    match source {
        "groups_starting_with" => ClaimValue::GroupsStartingWith(text.to_owned()),
        "constant" => ClaimValue::Constant(text.to_owned()),
        _ => ClaimValue::Attribute(text.trim().to_owned()),
    }
}

/// Words parted by spaces, each once.
#[must_use]
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words
}

fn form(
    visit: &Visit,
    shell: Shell,
    server: &AuthorizationServer,
    key: Option<String>,
    claim: &ClaimConfig,
    problem: Option<&(&'static str, String)>,
) -> Response {
    let (source, value) = match &claim.value {
        ClaimValue::Constant(text) => ("constant", text),
        ClaimValue::Attribute(name) => ("attribute", name),
        ClaimValue::GroupsStartingWith(prefix) => ("groups_starting_with", prefix),
    };
    let token = match claim.token {
        ClaimToken::AccessToken => "access_token",
        ClaimToken::IdToken => "id_token",
    };
    visit.page(&ClaimFormPage {
        shell,
        server_id: server.id.to_string(),
        server_name: server.name.clone(),
        id: key,
        name: input(&claim.name, "claims", problem),
        source: Input::of(source),
        value: Input::of(value),
        token: Input::of(token),
        scopes: Input::of(claim.scopes.join(" ")),
    })
}

#[cfg(test)]
mod tests {
    use super::{parse_value, words};
    use identity::server::ClaimValue;

    #[test]
    fn words_come_once_and_in_order() {
        assert_eq!(words(" b  a b\n"), ["b", "a"]);
        assert!(words(" ").is_empty());
    }

    #[test]
    fn each_source_keeps_its_text() {
        let table = [
            ("constant", ClaimValue::Constant(" x ".into())),
            ("attribute", ClaimValue::Attribute("x".into())),
            (
                "groups_starting_with",
                ClaimValue::GroupsStartingWith(" x ".into()),
            ),
        ];
        for (source, value) in table {
            assert_eq!(parse_value(source, " x "), value);
        }
    }
}
