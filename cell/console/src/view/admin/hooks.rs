//! Event hooks, and what they were told.

use super::settings::sections;
use crate::text::Text;
use crate::view::part::{self, Badge, Icon, Input, Moment, Pager, Tone, badge};
use crate::view::shell::{Shell, here};
use askama::Template;

/// A hook.
#[derive(Clone, Debug)]
pub struct HookRow {
    /// Stands in addresses.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where to.
    pub uri: String,
    /// Whether it is switched on.
    pub is_active: bool,
    /// Whether its address is verified.
    pub is_verified: bool,
    /// How many types of events it is told.
    pub types: u64,
}

/// What the controls of a hook hold. The value of its header is never shown.
#[derive(Clone, Debug, Default)]
pub struct HookForm {
    /// Its name.
    pub name: Input,
    /// What it is for.
    pub description: Input,
    /// The address.
    pub uri: Input,
    /// The types of events, one a line.
    pub types: Input,
    /// The header by which the receiver knows us.
    pub auth_name: Input,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryTone {
    /// It is to be sent.
    Waiting,
    /// It was taken.
    Delivered,
    /// It was given up.
    Failed,
    /// It was called off.
    Cancelled,
}

impl DeliveryTone {
    /// As a badge.
    #[must_use]
    pub fn badge(self, t: &'static Text) -> Badge<'static> {
        match self {
            DeliveryTone::Waiting => badge(t.settings.delivery_waiting, Tone::Info),
            DeliveryTone::Delivered => badge(t.settings.delivery_delivered, Tone::Ok),
            DeliveryTone::Failed => badge(t.settings.delivery_failed, Tone::Bad),
            DeliveryTone::Cancelled => badge(t.settings.delivery_cancelled, Tone::Plain),
        }
    }

    pub(super) fn can_repeat(self) -> bool {
        self != DeliveryTone::Waiting
    }
}

/// A delivery.
#[derive(Clone, Debug)]
pub struct DeliveryRow {
    /// Its id.
    pub id: String,
    /// What happened first.
    pub event: String,
    /// How many events there are beside it.
    pub more: u64,
    /// When it was last tried, or made.
    pub at: Moment,
    /// What became of it.
    pub tone: DeliveryTone,
    /// How often it was tried.
    pub attempts: u64,
    /// How long the last attempt took.
    pub took_ms: Option<u64>,
    /// What was answered, or why nothing was.
    pub result: Option<String>,
    /// How the answer begins.
    pub answer: Option<String>,
}

/// The hooks (`/admin/settings/hooks`). Posts the form of a new one to `…/add`: `name`, `description`, `uri`, `types` (one a
/// line), `auth_name`, `auth_value`.
#[derive(Debug, Template)]
#[template(path = "admin/hooks.html")]
pub struct HooksPage {
    /// The frame.
    pub shell: Shell,
    /// The oldest first; an organisation has few.
    pub rows: Vec<HookRow>,
    /// A new one.
    pub form: HookForm,
}

/// A hook (`/admin/settings/hooks/{id}`). Posts the form and `revision` there; nothing to `…/verify`, `…/activate`,
/// `…/deactivate`, `…/secret`, `…/remove`; `delivery` to `…/repeat`.
#[derive(Debug, Template)]
#[template(path = "admin/hook.html")]
pub struct HookPage {
    /// The frame.
    pub shell: Shell,
    /// Stands in addresses.
    pub id: String,
    /// The revision that its form is made from.
    pub revision: i64,
    /// Its name.
    pub name: String,
    /// Whether it is switched on.
    pub is_active: bool,
    /// Whether its address is verified.
    pub is_verified: bool,
    /// Whether the value of a header is stored.
    pub has_auth: bool,
    /// When it was made.
    pub created: Moment,
    /// A secret that was made just now, shown this once.
    pub fresh_secret: Option<String>,
    /// What it is now.
    pub form: HookForm,
    /// The newest first.
    pub deliveries: Vec<DeliveryRow>,
    /// The neighbours of this page of them.
    pub pager: Pager,
}

impl HookPage {
    fn auth_hint(&self) -> &'static str {
        let t = &self.shell.t.settings;
        if self.has_auth {
            t.hook_auth_kept
        } else {
            t.hook_auth_hint
        }
    }
}

here!(HooksPage => Settings, HookPage => Settings);
