//! Settings of the organisation, a page per concern.

use crate::view::part::{self, Choice, Input, Tone};
use crate::view::shell::{Shell, here};
use askama::Template;

/// The way between all settings pages.
pub(super) fn sections<'a>(shell: &'a Shell, here: &'a str) -> part::Sections<'a> {
    let t = shell.t;
    let base = format!("{}/admin/settings", shell.prefix);
    part::sections(t.admin.nav_settings, base, here)
        .group(
            t.settings.group_org,
            &[
                (t.settings.tab_general, ""),
                (t.settings.tab_mail, "/mail"),
                (t.settings.tab_features, "/features"),
            ],
        )
        .group(
            t.settings.group_sign_in,
            &[
                (t.settings.tab_passwords, "/passwords"),
                (t.settings.tab_passkeys, "/passkeys"),
                (t.settings.tab_means, "/authenticators"),
                (t.settings.tab_sessions, "/sessions"),
                (t.settings.threats, "/threats"),
                (t.providers.tab, "/providers"),
            ],
        )
        .group(
            t.settings.group_people,
            &[
                (t.settings.tab_attributes, "/attributes"),
                (t.relations.tab, "/relations"),
            ],
        )
        .group(
            t.settings.group_programs,
            &[
                (t.settings.tab_tokens, "/tokens"),
                (t.settings.tab_origins, "/origins"),
                (t.settings.tab_hooks, "/hooks"),
                (t.inline_hooks.tab, "/inline-hooks"),
                (t.streams.tab, "/streams"),
            ],
        )
}

/// Name, colour, language, logo, hosts (`/admin/settings`). Posts `name`, `colour`, `language`, `revision` there; the
/// file `logo` to `…/logo`, and nothing to `…/logo/remove`; `host` to `…/hosts/add` and `…/hosts/remove`.
#[derive(Debug, Template)]
#[template(path = "admin/settings_general.html")]
pub struct GeneralSettingsPage {
    /// The frame.
    pub shell: Shell,
    /// The organisation's id.
    pub org_id: String,
    /// The short name in its addresses.
    pub slug: String,
    /// What was read, to tell a change by another.
    pub revision: i64,
    /// Its name.
    pub name: Input,
    /// Its colour, as `#rrggbb`.
    pub colour: Input,
    /// The language where the browser names none that we have: a tag, or empty.
    pub language: Input,
    /// Only its error is shown; the present logo stands in the frame.
    pub logo: Input,
    /// Host names of its own.
    pub hosts: Vec<String>,
    /// One to add.
    pub host: Input,
    /// The addresses it answers at.
    pub addresses: Vec<String>,
}

impl GeneralSettingsPage {
    fn languages(&self) -> Vec<Choice> {
        let any = Choice::new("", self.shell.t.settings.language_any);
        let tags = crate::text::choice::languages()
            .iter()
            .map(|text| Choice::new(text.tag, text.own_name));
        std::iter::once(any).chain(tags).collect()
    }
}

/// The mail server (`/admin/settings/mail`). Posts `host`, `port`, `security` (`tls`, `starttls`, `none`), `username`,
/// `password` (empty keeps the present one), `from`, `revision` there; `revision` to `…/mail/remove`; a test goes to
/// `…/mail/test`.
#[derive(Debug, Template)]
#[template(path = "admin/settings_mail.html")]
pub struct MailSettingsPage {
    /// The frame.
    pub shell: Shell,
    /// What was read, to tell a change by another.
    pub revision: i64,
    /// Whether a server is set up.
    pub is_set_up: bool,
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
/// `refuse_commonest`, `refuse_name_parts`, `mailbox_alone`, `revision` there.
#[derive(Debug, Template)]
#[template(path = "admin/settings_passwords.html")]
pub struct PasswordSettingsPage {
    /// The frame.
    pub shell: Shell,
    /// What was read, to tell a change by another.
    pub revision: i64,
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
    /// Whether a mailbox alone lets people without a role back in.
    pub mailbox_alone: Input,
}

/// Session lifetimes (`/admin/settings/sessions`). Posts `idle_minutes`, `lifetime_minutes`, `revision` there.
#[derive(Debug, Template)]
#[template(path = "admin/settings_sessions.html")]
pub struct SessionSettingsPage {
    /// The frame.
    pub shell: Shell,
    /// What was read, to tell a change by another.
    pub revision: i64,
    /// How long a session lives unused.
    pub idle_minutes: Input,
    /// How long it lives at most.
    pub lifetime_minutes: Input,
}

/// The attestation policy (`/admin/settings/passkeys`). Posts `attestation` (`none` or `direct`), `models` (AAGUIDs, one
/// a line), `roots` (certificates in PEM), `existing` (`kept` or `refused`), `revision` there.
#[derive(Debug, Template)]
#[template(path = "admin/settings_passkeys.html")]
pub struct PasskeySettingsPage {
    /// The frame.
    pub shell: Shell,
    /// What was read, to tell a change by another.
    pub revision: i64,
    /// Whether authenticators must prove their make.
    pub attestation: Input,
    /// The makes that are allowed.
    pub models: Input,
    /// The makers' root certificates.
    pub roots: Input,
    /// What becomes of passkeys that are there already.
    pub existing: Input,
}

impl PasskeySettingsPage {
    fn attestations(&self) -> Vec<Choice> {
        let t = &self.shell.t.settings;
        vec![
            Choice::new("none", t.attestation_none).about(t.attestation_none_about),
            Choice::new("direct", t.attestation_direct).about(t.attestation_direct_about),
        ]
    }

    fn fates(&self) -> Vec<Choice> {
        let t = &self.shell.t.settings;
        vec![
            Choice::new("kept", t.existing_kept).about(t.existing_kept_about),
            Choice::new("refused", t.existing_refused).about(t.existing_refused_about),
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
