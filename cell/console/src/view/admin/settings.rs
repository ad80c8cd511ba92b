//! Settings of the organisation, a page per concern.

use crate::view::part::{self, Choice, Input, Moment, Tone};
use crate::view::shell::{Shell, here};
use askama::Template;

/// The tabs of all settings pages.
pub(super) fn tab_bar<'a>(shell: &'a Shell, here: &str) -> part::TabBar<'a> {
    let t = shell.t;
    let base = format!("{}/admin/settings", shell.prefix);
    [
        (t.settings.tab_general, ""),
        (t.settings.tab_mail, "/mail"),
        (t.settings.tab_passwords, "/passwords"),
        (t.settings.tab_sessions, "/sessions"),
        (t.settings.tab_passkeys, "/passkeys"),
        (t.settings.tab_attributes, "/attributes"),
        (t.settings.tab_tokens, "/tokens"),
    ]
    .into_iter()
    .fold(part::tabs(t.admin.nav_settings), |bar, (label, rest)| {
        bar.tab(label, &base, rest, rest == here)
    })
}

/// Name, colour, language, hosts (`/admin/settings`). Posts `name`, `colour`, `logo`, `language`, `hosts` there.
#[derive(Debug, Template)]
#[template(path = "admin/settings_general.html")]
pub struct GeneralSettingsPage {
    /// The frame.
    pub shell: Shell,
    /// The organisation's id.
    pub org_id: String,
    /// The short name in its addresses.
    pub slug: String,
    /// Its name.
    pub name: Input,
    /// Its colour, as `#rrggbb`.
    pub colour: Input,
    /// The address of its logo, or empty. The handler must allow its origin in `img-src`.
    pub logo: Input,
    /// The language where the browser names none that we have: a tag, or empty.
    pub language: Input,
    /// Host names of its own, one a line.
    pub hosts: Input,
    /// The addresses it answers at.
    pub addresses: Vec<String>,
}

impl GeneralSettingsPage {
    fn languages(&self) -> Vec<Choice> {
        crate::text::choice::languages()
            .iter()
            .map(|text| Choice::new(text.tag, text.own_name))
            .collect()
    }
}

/// The mail server (`/admin/settings/mail`). Posts `host`, `port`, `security` (`tls`, `starttls`, `none`), `username`,
/// `password` (empty keeps the present one), `from` there; a test goes to `…/mail/test`.
#[derive(Debug, Template)]
#[template(path = "admin/settings_mail.html")]
pub struct MailSettingsPage {
    /// The frame.
    pub shell: Shell,
    /// The server.
    pub host: Input,
    /// Its port.
    pub port: Input,
    /// How the connection is secured.
    pub security: Input,
    /// As whom we sign in.
    pub username: Input,
    /// Only its error is shown.
    pub password: Input,
    /// Whether a password is stored.
    pub has_password: bool,
    /// The sender's address.
    pub from: Input,
    /// Where mail goes until a server is set up, or none.
    pub mailbox_href: Option<String>,
}

impl MailSettingsPage {
    fn securities(&self) -> Vec<Choice> {
        let t = &self.shell.t.settings;
        vec![
            Choice::new("tls", t.mail_tls).about(t.mail_tls_about),
            Choice::new("starttls", t.mail_starttls).about(t.mail_starttls_about),
            Choice::new("none", t.mail_none).about(t.mail_none_about),
        ]
    }
}

/// The password policy (`/admin/settings/passwords`). Posts `length_min`, `history_count`, `age_max_days` (empty: never),
/// `refuse_commonest`, `refuse_name_parts` there.
#[derive(Debug, Template)]
#[template(path = "admin/settings_passwords.html")]
pub struct PasswordSettingsPage {
    /// The frame.
    pub shell: Shell,
    /// The least length.
    pub length_min: Input,
    /// How many old ones may not come back.
    pub history_count: Input,
    /// After how many days it expires; empty is never.
    pub age_max_days: Input,
    /// Whether common and breached ones are refused.
    pub refuse_commonest: Input,
    /// Whether parts of the person's name are refused.
    pub refuse_name_parts: Input,
}

/// Session lifetimes (`/admin/settings/sessions`). Posts `idle_minutes`, `lifetime_hours` there.
#[derive(Debug, Template)]
#[template(path = "admin/settings_sessions.html")]
pub struct SessionSettingsPage {
    /// The frame.
    pub shell: Shell,
    /// How long a session lives unused.
    pub idle_minutes: Input,
    /// How long it lives at most.
    pub lifetime_hours: Input,
}

/// The attestation policy (`/admin/settings/passkeys`). Posts `attestation` (`none` or `direct`), `models` (AAGUIDs, one
/// a line) there.
#[derive(Debug, Template)]
#[template(path = "admin/settings_passkeys.html")]
pub struct PasskeySettingsPage {
    /// The frame.
    pub shell: Shell,
    /// Whether authenticators must prove their make.
    pub attestation: Input,
    /// The makes that are allowed.
    pub models: Input,
    /// When it was last changed.
    pub changed: Option<Moment>,
}

impl PasskeySettingsPage {
    fn attestations(&self) -> Vec<Choice> {
        let t = &self.shell.t.settings;
        vec![
            Choice::new("none", t.attestation_none).about(t.attestation_none_about),
            Choice::new("direct", t.attestation_direct).about(t.attestation_direct_about),
        ]
    }
}

here!(
    GeneralSettingsPage => Settings,
    MailSettingsPage => Settings,
    PasswordSettingsPage => Settings,
    SessionSettingsPage => Settings,
    PasskeySettingsPage => Settings,
);
