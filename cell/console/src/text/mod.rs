//! The message catalogue: every word that a page shows, once per language.
//!
//! A language is one value of [`Text`], built from one small struct per area. The English files declare the keys and
//! their English wording in one breath; every other language fills the same structs, so a missing or surplus key does
//! not compile. Placeholders are written `{name}` and filled in the templates by `part::put`.
//! This module holds words only: it must never hold mark-up, addresses or decisions.

/// Declares the keys of one area together with their English wording.
macro_rules! messages {
    ($(#[$about:meta])* $area:ident, $english:ident { $($key:ident: $text:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug)]
        pub struct $area {
            $(#[doc = $text] pub $key: &'static str,)+
        }

        /// The English wording.
        pub const $english: $area = $area { $($key: $text,)+ };

        impl $area {
            /// Every key with its wording in this language, in the order of the English file.
            #[must_use]
            pub fn entries(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($key), self.$key),)+]
            }
        }
    };
}

use identity::fault::Refusal;
use identity::problem::Problem;

pub mod choice;
pub mod de;
pub mod en;
mod permission;
#[cfg(test)]
mod tests;

/// All texts in one language.
#[derive(Debug)]
pub struct Text {
    /// The BCP 47 tag, as the `lang` attribute of a page carries it.
    pub tag: &'static str,
    /// The language's own name for itself.
    pub own_name: &'static str,
    /// Words that many pages share.
    pub common: en::shared::Common,
    /// Signing in and out, consent, devices.
    pub signin: en::signin::Signin,
    /// Enrolment, recovery, invitation and set-up.
    pub begin: en::begin::Begin,
    /// Error pages and mail pages.
    pub trouble: en::trouble::Trouble,
    /// My account.
    pub account: en::account::Account,
    /// The administration's frame and first page.
    pub admin: en::admin::Admin,
    /// People.
    pub people: en::people::People,
    /// Groups and administrators.
    pub groups: en::groups::Groups,
    /// Applications.
    pub apps: en::apps::Apps,
    /// Authorization servers.
    pub servers: en::servers::Servers,
    /// Policies, simulation and zones.
    pub policies: en::policies::Policies,
    /// Behaviours.
    pub behaviors: en::behaviors::Behaviors,
    /// Keys and the system log.
    pub watch: en::watch::Watch,
    /// Settings.
    pub settings: en::settings::Settings,
    /// Inline hooks.
    pub inline_hooks: en::inline_hooks::InlineHooks,
    /// Identity providers.
    pub providers: en::providers::Providers,
    /// Provisioning of apps.
    pub provisioning: en::provisioning::Provisioning,
    /// What people have in an app.
    pub mappings: en::mappings::Mappings,
    /// Log streams.
    pub streams: en::streams::Streams,
    /// Custom roles and resource sets.
    pub roles: en::roles::Roles,
    /// What a custom role can permit.
    pub permissions: en::permissions::Permissions,
    /// What a role is held over, and the roles of groups.
    pub targets: en::targets::Targets,
    /// Attributes of groups, and of people in an app.
    pub schemas: en::schemas::Schemas,
    /// Relations between people.
    pub relations: en::relations::Relations,
    /// Refresh tokens that apps hold.
    pub held: en::held::Held,
    /// What apps hold of a person.
    pub grants: en::grants::Grants,
    /// The description of the API.
    pub reference: en::reference::Reference,
    /// What handlers say.
    pub words: en::words::Words,
    /// Reasons by key.
    pub reasons: en::reasons::Reasons,
    /// Events by type.
    pub events: en::events::Events,
    /// Problems that the layers below name by their English pattern; empty where the pattern says it.
    pub problems: &'static [&'static [(&'static str, &'static str)]],
}

impl Text {
    /// Every key as `area.key` with its wording, for checks over whole languages.
    #[must_use]
    pub fn entries(&self) -> Vec<(String, &'static str)> {
        let areas = [
            ("common", self.common.entries()),
            ("signin", self.signin.entries()),
            ("begin", self.begin.entries()),
            ("trouble", self.trouble.entries()),
            ("account", self.account.entries()),
            ("admin", self.admin.entries()),
            ("people", self.people.entries()),
            ("groups", self.groups.entries()),
            ("apps", self.apps.entries()),
            ("servers", self.servers.entries()),
            ("policies", self.policies.entries()),
            ("behaviors", self.behaviors.entries()),
            ("watch", self.watch.entries()),
            ("settings", self.settings.entries()),
            ("inline_hooks", self.inline_hooks.entries()),
            ("providers", self.providers.entries()),
            ("provisioning", self.provisioning.entries()),
            ("mappings", self.mappings.entries()),
            ("streams", self.streams.entries()),
            ("roles", self.roles.entries()),
            ("permissions", self.permissions.entries()),
            ("targets", self.targets.entries()),
            ("schemas", self.schemas.entries()),
            ("relations", self.relations.entries()),
            ("held", self.held.entries()),
            ("grants", self.grants.entries()),
            ("reference", self.reference.entries()),
            ("words", self.words.entries()),
            ("reasons", self.reasons.entries()),
            ("events", self.events.entries()),
        ];
        areas
            .into_iter()
            .flat_map(|(area, keys)| {
                keys.into_iter()
                    .map(move |(key, text)| (format!("{area}.{key}"), text))
            })
            .collect()
    }

    /// What an event type such as `user.session.start` means, where the catalogue knows it.
    #[must_use]
    pub fn event(&self, event_type: &str) -> Option<&'static str> {
        find(self.events.entries(), event_type)
    }

    /// What a reason such as `sign-on.unmet.second-factor` or `password.problem.former` means.
    #[must_use]
    pub fn reason(&self, key: &str) -> Option<&'static str> {
        find(self.reasons.entries(), key)
    }

    /// A problem that the layers below name by its English pattern, in this language.
    #[must_use]
    pub fn problem(&self, problem: &Problem) -> String {
        problem.translate(|english| self.pattern(english))
    }

    /// What stands for an English text of the layers below: itself where the catalogue does not know it.
    #[must_use]
    pub fn pattern<'t>(&'t self, english: &'t str) -> &'t str {
        let mut known = self.problems.iter().copied().flatten();
        known
            .find(|(pattern, _)| *pattern == english)
            .map_or(english, |(_, own)| own)
    }

    /// Why something was refused.
    #[must_use]
    pub fn refusal(&self, refusal: &Refusal) -> String {
        match refusal {
            Refusal::Invalid { problem, .. } => self.problem(problem),
            Refusal::Taken { .. } => self.common.taken.to_owned(),
            Refusal::Changed => self.common.changed_meanwhile.to_owned(),
            Refusal::WrongState(why) | Refusal::OutOfReach(why) => capitalised(self.pattern(why)),
            Refusal::Shut(_) => self.common.switched_off.to_owned(),
            Refusal::TooMany { what, max } => self
                .common
                .at_most
                .replace("{max}", &max.to_string())
                .replace("{what}", self.pattern(what)),
            Refusal::NotFound => self.trouble.not_found_title.to_owned(),
            Refusal::Forbidden => self.trouble.forbidden_title.to_owned(),
            Refusal::Fault(_) => self.trouble.fault_title.to_owned(),
        }
    }

    /// What a standard scope lets an application do; others have a description of their own.
    #[must_use]
    pub fn scope(&self, name: &str) -> Option<&'static str> {
        let words = &self.words;
        let title = match name {
            "openid" => words.scope_openid,
            "profile" => words.scope_profile,
            "email" => words.scope_email,
            "phone" => words.scope_phone,
            "address" => words.scope_address,
            "groups" => words.scope_groups,
            "offline_access" => words.scope_offline_access,
            _ => return None,
        };
        Some(title)
    }
}

/// A clause as a sentence of its own.
fn capitalised(clause: &str) -> String {
    let mut chars = clause.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).collect()
}

/// Finds a key that is written with dots and hyphens elsewhere.
fn find(entries: Vec<(&'static str, &'static str)>, key: &str) -> Option<&'static str> {
    let written = key.replace(['.', '-'], "_").to_ascii_lowercase();
    entries
        .into_iter()
        .find(|(name, _)| *name == written)
        .map(|(_, text)| text)
}
