//! Log streams, and how far each has come.

use super::settings::sections;
use crate::text::Text;
use crate::view::part::{self, Badge, Icon, Input, Moment, Tone, badge};
use crate::view::shell::{Shell, here};
use askama::Template;

/// How far a stream has come.
#[derive(Clone, Debug, Default)]
pub struct StreamStanding {
    /// Events that it has not come to.
    pub behind: u64,
    /// Events that were removed from the log before it came to them.
    pub missed: u64,
    /// When something was last taken.
    pub taken: Option<Moment>,
    /// When something was last sent.
    pub tried: Option<Moment>,
    /// Attempts in vain since something was last taken.
    pub failures: u64,
    /// When the first of these was.
    pub failing_since: Option<Moment>,
    /// No attempt before this moment, where it fails.
    pub next_try: Option<Moment>,
    /// Why the last attempt failed.
    pub why: Option<String>,
}

impl StreamStanding {
    fn is_failing(&self) -> bool {
        self.failures > 0
    }

    fn text_of_behind(&self, t: &'static Text) -> String {
        match self.behind {
            0 => t.streams.up_to_date.to_owned(),
            behind => part::count(&behind, t.streams.behind_one, t.streams.behind_many),
        }
    }
}

/// A stream.
#[derive(Clone, Debug)]
pub struct StreamRow {
    /// Stands in addresses.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where to.
    pub to: String,
    /// Whether it is switched on.
    pub is_active: bool,
    /// How far it has come.
    pub standing: StreamStanding,
}

/// Whether a stream is switched on, and whether it arrives.
fn state_badge<'b>(t: &'static Text, is_active: bool, standing: &StreamStanding) -> Badge<'b> {
    match (is_active, standing.is_failing()) {
        (false, _) => badge(t.common.inactive, Tone::Plain),
        (true, true) => badge(t.streams.failing, Tone::Bad),
        (true, false) => badge(t.common.active, Tone::Ok),
    }
}

impl StreamRow {
    fn badge(&self, t: &'static Text) -> Badge<'static> {
        state_badge(t, self.is_active, &self.standing)
    }
}

/// What the controls of a stream hold. The value of its header is never shown.
#[derive(Clone, Debug, Default)]
pub struct StreamForm {
    /// Its name.
    pub name: Input,
    /// Which events.
    pub filter: Input,
    /// The address of a webhook.
    pub uri: Input,
    /// The header by which the receiver knows us.
    pub auth_name: Input,
    /// The host of a receiver of syslog.
    pub host: Input,
    /// Its port.
    pub port: Input,
    /// Who signs its certificate.
    pub authority: Input,
}

/// The streams (`/admin/settings/streams`). Posts the form of a new one to `…/add`: `kind` (`webhook`, `syslog`), `name`,
/// `filter`; `uri`, `auth_name`, `auth_value`; `host`, `port`, `authority`.
#[derive(Debug, Template)]
#[template(path = "admin/streams.html")]
pub struct StreamsPage {
    /// The frame.
    pub shell: Shell,
    /// The oldest first; an organisation has few.
    pub rows: Vec<StreamRow>,
    /// A new webhook.
    pub webhook: StreamForm,
    /// A new receiver of syslog.
    pub syslog: StreamForm,
}

/// A stream (`/admin/settings/streams/{id}`). Posts the form and `revision` there; nothing to `…/activate`, `…/deactivate`,
/// `…/test`, `…/secret`, `…/remove`.
#[derive(Debug, Template)]
#[template(path = "admin/stream.html")]
pub struct StreamPage {
    /// The frame.
    pub shell: Shell,
    /// Stands in addresses.
    pub id: String,
    /// The revision that its form is made from.
    pub revision: i64,
    /// Its name.
    pub name: String,
    /// Whether it is a webhook; syslog otherwise.
    pub is_webhook: bool,
    /// Whether it is switched on.
    pub is_active: bool,
    /// Whether the value of a header is stored.
    pub has_auth: bool,
    /// When it was made.
    pub created: Moment,
    /// A secret that was made just now, shown this once.
    pub fresh_secret: Option<String>,
    /// How far it has come.
    pub standing: StreamStanding,
    /// What it is now.
    pub form: StreamForm,
}

impl StreamPage {
    fn badge(&self) -> Badge<'static> {
        state_badge(self.shell.t, self.is_active, &self.standing)
    }

    fn kind(&self) -> &'static str {
        if self.is_webhook { "webhook" } else { "syslog" }
    }

    fn auth_hint(&self) -> &'static str {
        let t = &self.shell.t.streams;
        if self.has_auth {
            t.auth_kept
        } else {
            t.auth_hint
        }
    }
}

here!(StreamsPage => Settings, StreamPage => Settings);
