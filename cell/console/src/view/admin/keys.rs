//! Signing keys and roots of trust, their states and their rotation.

use crate::text::Text;
use crate::view::part::{self, Badge, Icon, Moment, Tone, badge};
use crate::view::shell::{Shell, here};
use askama::Template;

/// Where a signing key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published, not signing yet, so that every client knows it before it is used.
    Next,
    /// Signing.
    Signing,
    /// Published, no longer signing, until the last token it signed has run out.
    Retiring,
    /// Gone from the key set.
    Gone,
}

impl KeyState {
    /// As a badge.
    #[must_use]
    pub fn badge(self, t: &'static Text) -> Badge<'static> {
        match self {
            KeyState::Next => badge(t.watch.key_next, Tone::Info),
            KeyState::Signing => badge(t.watch.key_active, Tone::Ok),
            KeyState::Retiring => badge(t.watch.key_retiring, Tone::Warn),
            KeyState::Gone => badge(t.watch.key_retired, Tone::Plain),
        }
    }

    pub(super) fn is_published(self) -> bool {
        self != KeyState::Gone
    }
}

/// A signing key.
#[derive(Clone, Debug)]
pub struct KeyRow {
    /// Its id in the key set.
    pub kid: String,
    /// Its algorithm.
    pub algorithm: String,
    /// The server it signs for, by name.
    pub server: String,
    /// The server as forms and addresses know it: `org`, or the server's id.
    pub server_id: String,
    /// Where in its life.
    pub state: KeyState,
    /// When it was made.
    pub created: Moment,
    /// When it moves on to the next state by itself.
    pub changes: Option<Moment>,
}

/// A root of trust or a key that it wraps.
#[derive(Clone, Debug)]
pub struct RootRow {
    /// What it is, such as "file" or "organisation key", in the reader's language.
    pub name: String,
    /// Where it is or what it protects.
    pub about: String,
    /// Since when, where that is known.
    pub created: Option<Moment>,
}

/// Keys (`/admin/keys`). Posts `server`, `algorithm` to `/admin/keys/rotate`; `server`, `kid` to `/admin/keys/revoke`.
#[derive(Debug, Template)]
#[template(path = "admin/keys.html")]
pub struct KeysPage {
    /// The frame.
    pub shell: Shell,
    /// By server, the signing ones first.
    pub keys: Vec<KeyRow>,
    /// How many days a key signs.
    pub days: u64,
    /// How many days it is published before it signs.
    pub lead_days: u64,
    /// The chain of what protects what, the root first.
    pub roots: Vec<RootRow>,
}

here!(KeysPage => Keys);
