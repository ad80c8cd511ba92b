//! The first page of the administration: the first-run guide, a few figures, what happened last.

use crate::text::Text;
use crate::view::part;
use crate::view::row::LogRow;
use crate::view::shell::{Shell, here};
use askama::Template;

/// One thing to do first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuideKind {
    /// A second passkey or recovery codes for oneself.
    Secure,
    /// A mail server.
    Mail,
    /// The first other person.
    People,
    /// The first application.
    App,
    /// A look at the policy.
    Policy,
}

impl GuideKind {
    fn href(self) -> &'static str {
        match self {
            GuideKind::Secure => "/account/security",
            GuideKind::Mail => "/admin/settings/mail",
            GuideKind::People => "/admin/people/new",
            GuideKind::App => "/admin/apps/new",
            GuideKind::Policy => "/admin/policies",
        }
    }

    fn title(self, t: &'static Text) -> &'static str {
        match self {
            GuideKind::Secure => t.admin.guide_secure,
            GuideKind::Mail => t.admin.guide_mail,
            GuideKind::People => t.admin.guide_people,
            GuideKind::App => t.admin.guide_app,
            GuideKind::Policy => t.admin.guide_policy,
        }
    }

    fn about(self, t: &'static Text) -> &'static str {
        match self {
            GuideKind::Secure => t.admin.guide_secure_about,
            GuideKind::Mail => t.admin.guide_mail_about,
            GuideKind::People => t.admin.guide_people_about,
            GuideKind::App => t.admin.guide_app_about,
            GuideKind::Policy => t.admin.guide_policy_about,
        }
    }

    fn act(self, t: &'static Text) -> &'static str {
        match self {
            GuideKind::Secure => t.admin.guide_secure_act,
            GuideKind::Mail => t.admin.guide_mail_act,
            GuideKind::People => t.admin.guide_people_act,
            GuideKind::App => t.admin.guide_app_act,
            GuideKind::Policy => t.admin.guide_policy_act,
        }
    }
}

/// A step of the guide.
#[derive(Clone, Copy, Debug)]
pub struct GuideStep {
    /// Which.
    pub kind: GuideKind,
    /// Whether it is done.
    pub is_done: bool,
}

/// A few figures, as they are shown ("1 204", "more than 10 000").
#[derive(Clone, Debug)]
pub struct Figures {
    /// Active people.
    pub people: String,
    /// Groups.
    pub groups: String,
    /// Applications.
    pub apps: String,
    /// Sign-ins in the last 24 hours.
    pub sign_ins: String,
}

/// The first page (`/admin`). The guide is dismissed by a post to `/admin/guide/dismiss`.
#[derive(Debug, Template)]
#[template(path = "admin/home.html")]
pub struct HomePage {
    /// The frame.
    pub shell: Shell,
    /// The guide; empty once it was dismissed.
    pub guide: Vec<GuideStep>,
    /// A few figures.
    pub figures: Figures,
    /// The last entries of the log, the newest first.
    pub recent: Vec<LogRow>,
}

impl HomePage {
    fn is_guide_done(&self) -> bool {
        self.guide.iter().all(|step| step.is_done)
    }
}

here!(HomePage => Home);
