//! Hook keys: key pairs by which inline hooks prove themselves where they get their tokens.

use crate::view::part::{self, Icon, Input, Moment, Tone};
use crate::view::shell::{Shell, here};
use askama::Template;

/// A key.
#[derive(Clone, Debug)]
pub struct HookKeyRow {
    /// Stands in addresses.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The id of its public half.
    pub key_id: String,
    /// Whether an inline hook uses it.
    pub is_used: bool,
}

/// The keys (`/admin/settings/hook-keys`). Posts `name` of a new one to `…/add`.
#[derive(Debug, Template)]
#[template(path = "admin/hook_keys.html")]
pub struct HookKeysPage {
    /// The frame.
    pub shell: Shell,
    /// The oldest first; an organisation has few.
    pub rows: Vec<HookKeyRow>,
    /// The name of a new one.
    pub name: Input,
}

/// An inline hook that uses a key.
#[derive(Clone, Debug)]
pub struct UsingHookRow {
    /// Stands in addresses.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A key (`/admin/settings/hook-keys/{id}`). Posts `name` there, and nothing to `…/remove`.
#[derive(Debug, Template)]
#[template(path = "admin/hook_key.html")]
pub struct HookKeyPage {
    /// The frame.
    pub shell: Shell,
    /// Stands in addresses.
    pub id: String,
    /// Its name.
    pub title: String,
    /// The id of its public half.
    pub key_id: String,
    /// The public half.
    pub public_jwk: String,
    /// When it was made.
    pub created: Moment,
    /// The inline hooks that use it.
    pub used_by: Vec<UsingHookRow>,
    /// What it is to be called.
    pub name: Input,
}

here!(HookKeysPage => Settings, HookKeyPage => Settings);
