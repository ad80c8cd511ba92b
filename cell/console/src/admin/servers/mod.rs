//! Authorization servers: the list, a new one, and what the pages of one server share.

pub mod access;
pub mod claims;
pub mod clients;
pub mod keys;
pub mod policies;
pub mod preview;
pub mod rule_hook;
pub mod scopes;
pub mod settings;

use crate::admin::apps::settings::input;
use crate::admin::caller::{Answer, Detour, administrator, done, found, loaded};
use crate::admin::form::{problem_of, shell_after, typed};
use crate::view::admin::{ServerNewPage, ServerPage, ServerRow, ServerTab, ServersPage};
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::response::Response;
use identity::access::Permission;
use identity::fault::Refusal;
use identity::server::{AuthorizationServer, DEFAULT_SERVER_NAME, ServerConfig, store};
use oauth::issuer::{Issuer, ORG_SERVER_KEY, custom_issuer, org_issuer};
use std::sync::Arc;
use vocab::id::ServerId;

/// `GET /admin/servers`.
pub async fn list(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let servers = load_all(&visit).await?;
    let shell = visit.shell();
    let all = std::iter::once(Server::Org).chain(servers.into_iter().map(Server::custom));
    let rows = all.map(|server| ServerRow {
        id: server.id().to_owned(),
        name: server.name(&visit).to_owned(),
        issuer: server.issuer(&visit).url,
        audience: server
            .own()
            .map(|own| own.config.audience.clone())
            .unwrap_or_default(),
        is_active: server.is_active(),
        is_org: server.own().is_none(),
    });
    let rows = rows.collect();
    Ok(visit.page(&ServersPage { shell, rows }))
}

/// `GET /admin/servers/new`.
pub async fn show_new(visit: Visit) -> Answer {
    administrator(&visit, Permission::ManageServers).await?;
    Ok(visit.page(&ServerNewPage {
        shell: visit.shell(),
        name: typed(&visit, "name"),
        audience: typed(&visit, "audience"),
        description: typed(&visit, "description"),
    }))
}

/// `POST /admin/servers/new`.
pub async fn create(visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageServers).await?;
    let config = ServerConfig {
        audience: visit.field("audience").to_owned(),
        description: visit.field("description").to_owned(),
        ..ServerConfig::default()
    };
    let made = visit
        .cell
        .create_server(&permit, visit.field("name"), config)
        .await;
    match made {
        Ok(server) => Ok(visit.go(&format!("/admin/servers/{}", server.id))),
        Err(refusal) => {
            let problem = problem_of(visit.shell().t, &refusal);
            let again = |field: &str| input(visit.field(field), field, problem.as_ref());
            Ok(visit.page(&ServerNewPage {
                shell: refused_shell(&visit, refusal)?,
                name: again("name"),
                audience: again("audience"),
                description: again("description"),
            }))
        }
    }
}

/// A server that a page is about.
pub(crate) enum Server {
    /// The org's own.
    Org,
    /// A custom one.
    Custom(Arc<AuthorizationServer>),
}

impl Server {
    fn custom(server: AuthorizationServer) -> Self {
        Self::Custom(Arc::new(server))
    }

    /// The custom server, if it is one.
    pub(crate) fn own(&self) -> Option<&Arc<AuthorizationServer>> {
        match self {
            Self::Org => None,
            Self::Custom(server) => Some(server),
        }
    }

    /// What stands for it in addresses.
    pub(crate) fn id(&self) -> &str {
        self.own().map_or(ORG_SERVER_KEY, |own| own.id.as_str())
    }

    /// Its name; the org's own has that of the org.
    pub(crate) fn name<'a>(&'a self, visit: &'a Visit) -> &'a str {
        self.own()
            .map_or(visit.context.name.as_str(), |own| own.name.as_str())
    }

    /// Whether it issues tokens.
    pub(crate) fn is_active(&self) -> bool {
        self.own().is_none_or(|own| own.active)
    }

    fn is_preset(&self) -> bool {
        self.own()
            .is_some_and(|own| own.name == DEFAULT_SERVER_NAME)
    }

    /// How it names itself at the address by which the visitor came.
    pub(crate) fn issuer(&self, visit: &Visit) -> Issuer {
        match self {
            Self::Org => org_issuer(&visit.context),
            Self::Custom(server) => {
                let name = if self.is_preset() {
                    DEFAULT_SERVER_NAME
                } else {
                    server.id.as_str()
                };
                custom_issuer(&visit.context, Arc::clone(server), name)
            }
        }
    }
}

async fn load_all(visit: &Visit) -> Result<Vec<AuthorizationServer>, Detour> {
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let servers = store::load_all(&mut tx, &visit.context.org).await;
    drop(tx);
    loaded(visit, servers)
}

/// The server of an address, as it is stored now.
///
/// # Errors
/// The page that says that there is none.
pub(super) async fn load_server(visit: &Visit, id: &str) -> Result<Server, Detour> {
    if id == ORG_SERVER_KEY {
        return Ok(Server::Org);
    }
    load_custom(visit, id).await.map(Server::Custom)
}

/// The custom server of an address.
///
/// # Errors
/// The page that says that there is none.
pub(super) async fn load_custom(
    visit: &Visit,
    id: &str,
) -> Result<Arc<AuthorizationServer>, Detour> {
    let id = found(visit, ServerId::parse(id).ok())?;
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let server = store::load(&mut tx, &visit.context.org, &id).await;
    drop(tx);
    found(visit, loaded(visit, server)?).map(Arc::new)
}

pub(super) fn draw(visit: &Visit, shell: Shell, server: &Server, tab: ServerTab) -> Response {
    visit.page(&ServerPage {
        id: server.id().to_owned(),
        name: server.name(visit).to_owned(),
        issuer: server.issuer(visit).url,
        is_active: server.is_active(),
        is_org: server.own().is_none(),
        is_preset: server.is_preset(),
        shell,
        tab,
    })
}

/// The frame in which a view is shown again after a refusal.
pub(super) fn refused_shell(visit: &Visit, refusal: Refusal) -> Result<Shell, Detour> {
    done(visit, shell_after(visit, refusal))
}
