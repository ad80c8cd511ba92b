//! The kinds of applications and the list of them.

use crate::text::Text;
use crate::view::part::{self, Choice, Icon, Pager, Tone};
use crate::view::shell::{Shell, here};
use askama::Template;

/// What kind of program an application is; it decides which grants and which client authentication it is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppKind {
    /// Runs on a server and can keep a secret.
    Web,
    /// Runs in the browser.
    SinglePage,
    /// Runs on a phone or a desktop.
    Native,
    /// Acts for itself: no person signs in.
    Service,
}

impl AppKind {
    /// Every kind with the word that stands in addresses and forms.
    pub const ALL: [(&'static str, AppKind); 4] = [
        ("web", AppKind::Web),
        ("single_page", AppKind::SinglePage),
        ("native", AppKind::Native),
        ("service", AppKind::Service),
    ];

    /// From that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<AppKind> {
        AppKind::ALL
            .iter()
            .find(|(name, _)| *name == word)
            .map(|(_, kind)| *kind)
    }

    /// That word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            AppKind::Web => "web",
            AppKind::SinglePage => "single_page",
            AppKind::Native => "native",
            AppKind::Service => "service",
        }
    }

    /// In the reader's language.
    #[must_use]
    pub fn label(self, t: &'static Text) -> &'static str {
        match self {
            AppKind::Web => t.apps.kind_web,
            AppKind::SinglePage => t.apps.kind_single_page,
            AppKind::Native => t.apps.kind_native,
            AppKind::Service => t.apps.kind_service,
        }
    }

    pub(super) fn about(self, t: &'static Text) -> &'static str {
        match self {
            AppKind::Web => t.apps.kind_web_about,
            AppKind::SinglePage => t.apps.kind_single_page_about,
            AppKind::Native => t.apps.kind_native_about,
            AppKind::Service => t.apps.kind_service_about,
        }
    }

    pub(super) fn icon(self) -> Icon {
        match self {
            AppKind::Web => Icon::Server,
            AppKind::SinglePage => Icon::Browser,
            AppKind::Native => Icon::Device,
            AppKind::Service => Icon::Robot,
        }
    }

    /// Whether people sign in to it.
    #[must_use]
    pub fn has_people(self) -> bool {
        self != AppKind::Service
    }

    /// Whether it may be a device without a browser of its own.
    #[must_use]
    pub fn has_devices(self) -> bool {
        self == AppKind::Native
    }

    /// Whether it can keep a secret.
    #[must_use]
    pub fn is_confidential(self) -> bool {
        matches!(self, AppKind::Web | AppKind::Service)
    }
}

/// An application in the list.
#[derive(Clone, Debug)]
pub struct AppRow {
    /// Stands in the address of its page; also its client id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What kind.
    pub kind: AppKind,
    /// Whether it is switched on.
    pub is_active: bool,
}

/// The list (`/admin/apps?q=…&kind=…`), keyset-paged.
#[derive(Debug, Template)]
#[template(path = "admin/apps.html")]
pub struct AppsAdminPage {
    /// The frame.
    pub shell: Shell,
    /// What was searched.
    pub query: String,
    /// The word of the kind that was filtered by, or empty.
    pub kind: String,
    /// By name.
    pub rows: Vec<AppRow>,
    /// Its neighbours.
    pub pager: Pager,
}

impl AppsAdminPage {
    fn kinds(&self) -> Vec<Choice> {
        let t = self.shell.t;
        std::iter::once(Choice::new("", t.common.all))
            .chain(
                AppKind::ALL
                    .iter()
                    .map(|(word, kind)| Choice::new(*word, kind.label(t))),
            )
            .collect()
    }

    fn is_filtered(&self) -> bool {
        !self.query.is_empty() || !self.kind.is_empty()
    }
}

here!(AppsAdminPage => Apps);
