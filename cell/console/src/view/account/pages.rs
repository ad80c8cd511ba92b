//! Profile, sessions, consents, activity.

use crate::view::part::{self, AttributeField, Icon, Moment, Pager, Tone};
use crate::view::row::{LogRow, SessionRow};
use crate::view::shell::{Shell, here};
use askama::Template;

/// The profile (`/account`). Posts `revision` and each writable attribute under its name to `/account`; what is only shown is not
/// posted, however long it is.
#[derive(Debug, Template)]
#[template(path = "account/profile.html")]
pub struct ProfilePage {
    /// The frame.
    pub shell: Shell,
    /// What was read, to tell a change by another.
    pub revision: i64,
    /// The name to show.
    pub name: String,
    /// What the person signs in with.
    pub login: String,
    /// The attributes in the order of the schema.
    pub attributes: Vec<AttributeField>,
}

/// Sessions and devices (`/account/sessions`). Posts to `/account/sessions/{id}/end`, and to `/account/sessions/end-others`.
#[derive(Debug, Template)]
#[template(path = "account/sessions.html")]
pub struct SessionsPage {
    /// The frame.
    pub shell: Shell,
    /// On the first page this one, then the newest first.
    pub sessions: Vec<SessionRow>,
    /// Whether there are others than this one.
    pub others: bool,
    /// Its neighbours.
    pub pager: Pager,
}

/// An application that was let in.
#[derive(Clone, Debug)]
pub struct ConsentRow {
    /// Stands in the address of the form.
    pub id: String,
    /// The application's name.
    pub app: String,
    /// What it may do, in words.
    pub scopes: Vec<String>,
    /// Since when.
    pub granted: Moment,
}

/// Consents (`/account/consents`). Posts to `/account/consents/{id}/revoke`.
#[derive(Debug, Template)]
#[template(path = "account/consents.html")]
pub struct ConsentsPage {
    /// The frame.
    pub shell: Shell,
    /// By name.
    pub consents: Vec<ConsentRow>,
    /// Its neighbours.
    pub pager: Pager,
}

/// One's own rows of the log (`/account/activity`).
#[derive(Debug, Template)]
#[template(path = "account/activity.html")]
pub struct ActivityPage {
    /// The frame.
    pub shell: Shell,
    /// The newest first.
    pub rows: Vec<LogRow>,
    /// Its neighbours.
    pub pager: Pager,
}

here!(ProfilePage => Profile, SessionsPage => Sessions, ConsentsPage => Consents, ActivityPage => Activity);
