//! Authorization servers: the list and the new one.

use crate::view::part::{self, Icon, Input, Tone};
use crate::view::shell::{Shell, here};
use askama::Template;

/// An authorization server in the list.
#[derive(Clone, Debug)]
pub struct ServerRow {
    /// Stands in the address of its page.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its issuer.
    pub issuer: String,
    /// Whom its tokens are for, or empty.
    pub audience: String,
    /// Whether it is switched on.
    pub is_active: bool,
    /// Whether it is the organisation's own, which signs people in.
    pub is_org: bool,
}

/// The list (`/admin/servers`); an organisation has few.
#[derive(Debug, Template)]
#[template(path = "admin/servers.html")]
pub struct ServersPage {
    /// The frame.
    pub shell: Shell,
    /// The organisation's own first, then by name.
    pub rows: Vec<ServerRow>,
}

/// A new one (`/admin/servers/new`). Posts `name`, `audience`, `description` there.
#[derive(Debug, Template)]
#[template(path = "admin/server_new.html")]
pub struct ServerNewPage {
    /// The frame.
    pub shell: Shell,
    /// Its name.
    pub name: Input,
    /// Whom its tokens are for.
    pub audience: Input,
    /// What it is for.
    pub description: Input,
}

here!(ServersPage => Servers, ServerNewPage => Servers);
