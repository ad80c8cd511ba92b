//! The authorization server that a request is for: which one, by which name it was addressed, what it is set to.

use crate::denial::Failure;
use identity::cell::Cell;
use identity::org::context::OrgContext;
use identity::server::{AuthorizationServer, DEFAULT_SERVER_NAME, ServerConfig};
use identity::snapshot::OrgSnapshot;
use std::sync::Arc;
use vocab::id::{OrgId, ServerId};

/// What is stored as the server of a row that belongs to the org's own server.
pub const ORG_SERVER_KEY: &str = "org";

/// An authorization server as a request addressed it. One server may answer under its id and as `default`, and at
/// several hosts; everything in one reply names it in the same way.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// The org.
    pub org: OrgId,
    /// The custom server; none is the org's own.
    pub server: Option<ServerId>,
    /// The `iss`.
    pub url: String,
    /// Where the endpoints are: the address before `/v1/…`.
    pub endpoints: String,
    /// The same without scheme and host, for links.
    pub path: String,
    /// The `aud` of its access tokens.
    pub audience: String,
    configuration: Configuration,
}

#[derive(Debug, Clone)]
enum Configuration {
    Org(Box<ServerConfig>),
    Custom(Arc<AuthorizationServer>),
}

impl Issuer {
    /// What is stored as the server of its rows, and names its keys.
    #[must_use]
    pub fn key(&self) -> &str {
        self.server
            .as_ref()
            .map_or(ORG_SERVER_KEY, ServerId::as_str)
    }

    /// What it is set to.
    #[must_use]
    pub fn config(&self) -> &ServerConfig {
        match &self.configuration {
            Configuration::Org(config) => config,
            Configuration::Custom(server) => &server.config,
        }
    }

    /// The custom server.
    #[must_use]
    pub fn custom(&self) -> Option<&AuthorizationServer> {
        match &self.configuration {
            Configuration::Org(_) => None,
            Configuration::Custom(server) => Some(server),
        }
    }

    /// Whether it is the org's own server.
    #[must_use]
    pub const fn is_org_server(&self) -> bool {
        self.server.is_none()
    }

    /// Whether a token that names `claimed` as its issuer is this server's. The host is not compared: an org answers
    /// at several, and the signature already says which server it was.
    #[must_use]
    pub fn is_named_by(&self, claimed: &str) -> bool {
        match &self.configuration {
            Configuration::Org(_) => !claimed.contains("/oauth2/"),
            Configuration::Custom(server) => {
                let Some((_, name)) = claimed.rsplit_once("/oauth2/") else {
                    return false;
                };
                name == server.id.as_str()
                    || (name == DEFAULT_SERVER_NAME && server.name == DEFAULT_SERVER_NAME)
            }
        }
    }

    /// The absolute address of an endpoint, such as `v1/token`.
    #[must_use]
    pub fn endpoint(&self, name: &str) -> String {
        format!("{}/{name}", self.endpoints)
    }
}

/// The org's own server at this address.
#[must_use]
pub fn org_issuer(context: &OrgContext) -> Issuer {
    Issuer {
        org: context.org.clone(),
        server: None,
        url: context.base_url.clone(),
        endpoints: format!("{}/oauth2", context.base_url),
        path: format!("{}/oauth2", context.path_prefix),
        audience: context.base_url.clone(),
        configuration: Configuration::Org(Box::default()),
    }
}

/// A custom server, addressed as `name`.
#[must_use]
pub fn custom_issuer(context: &OrgContext, server: Arc<AuthorizationServer>, name: &str) -> Issuer {
    let url = format!("{}/oauth2/{name}", context.base_url);
    Issuer {
        org: context.org.clone(),
        server: Some(server.id.clone()),
        endpoints: url.clone(),
        url,
        path: format!("{}/oauth2/{name}", context.path_prefix),
        audience: server.config.audience.clone(),
        configuration: Configuration::Custom(server),
    }
}

/// The server that a request addresses, with the org's configuration.
///
/// # Errors
/// [`Failure::NoServer`] if there is none of that name or it is switched off.
pub async fn load(
    cell: &Cell,
    context: &OrgContext,
    name: Option<&str>,
) -> Result<(Issuer, Arc<OrgSnapshot>), Failure> {
    let snapshot = cell
        .snapshot(&context.org)
        .await?
        .ok_or(Failure::NoServer)?;
    let issuer = match name {
        None => org_issuer(context),
        Some(name) => {
            let server = snapshot
                .server(name)
                .filter(|server| server.active)
                .ok_or(Failure::NoServer)?;
            custom_issuer(context, server, name)
        }
    };
    Ok((issuer, snapshot))
}
