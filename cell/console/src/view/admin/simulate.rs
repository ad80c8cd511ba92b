//! Simulation: what would happen if this person signed in to that app from there?

use super::rule::Proof;
use crate::view::part::{self, Choice, Icon, Input, Tone};
use crate::view::shell::{Shell, here};
use askama::Template;

/// How it would end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerdictKind {
    /// Let in with what was presented.
    Allow,
    /// Asked for more.
    More,
    /// Asked to enrol something first.
    Enroll,
    /// Refused.
    Deny,
}

impl VerdictKind {
    fn tone(self) -> Tone {
        match self {
            VerdictKind::Allow => Tone::Ok,
            VerdictKind::More | VerdictKind::Enroll => Tone::Warn,
            VerdictKind::Deny => Tone::Bad,
        }
    }

    fn icon(self) -> Icon {
        match self {
            VerdictKind::Allow => Icon::Check,
            VerdictKind::More => Icon::Lock,
            VerdictKind::Enroll => Icon::Plus,
            VerdictKind::Deny => Icon::Cross,
        }
    }

    fn label(self, t: &'static crate::text::Text) -> &'static str {
        match self {
            VerdictKind::Allow => t.policies.verdict_allow,
            VerdictKind::More => t.policies.verdict_more,
            VerdictKind::Enroll => t.policies.verdict_enroll,
            VerdictKind::Deny => t.policies.verdict_deny,
        }
    }
}

/// How a step of the evaluation went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceMark {
    /// A fact that was looked up.
    Fact,
    /// Applies, or is met.
    Yes,
    /// Does not apply.
    Skip,
    /// Is not met.
    No,
}

/// A step of the evaluation, in the reader's language.
#[derive(Clone, Debug)]
pub struct TraceStep {
    /// How it went.
    pub mark: TraceMark,
    /// What was looked at, such as a rule's name.
    pub title: String,
    /// Why it went so.
    pub detail: String,
}

/// What would happen.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// How it would end.
    pub kind: VerdictKind,
    /// The policy and rule that decide, in words.
    pub decided_by: String,
    /// Every step, in order.
    pub trace: Vec<TraceStep>,
}

/// The simulation (`/admin/policies/simulate`). All fields are read from the address (GET): `person`, `app`, `find_app`, `address`,
/// any number of `proof`, `proof_minutes`, `usual_device`.
#[derive(Debug, Template)]
#[template(path = "admin/simulate.html")]
pub struct SimulatePage {
    /// The frame.
    pub shell: Shell,
    /// A username.
    pub person: Input,
    /// An app's id; `console` is the administration, and empty is signing in alone.
    pub app: Input,
    /// The apps that were found, a bounded few, and the one that is chosen.
    pub apps: Vec<Choice>,
    /// What was searched for among the apps.
    pub find_app: Input,
    /// An IP address.
    pub address: Input,
    /// The words of [`Proof::ALL`] that the person presents.
    pub proofs: Vec<String>,
    /// How many minutes ago.
    pub proof_minutes: Input,
    /// Whether the device is one that the person got in by.
    pub usual_device: Input,
    /// Whether the organisation has behaviours, which tell devices apart.
    pub has_behaviors: bool,
    /// What would happen; none before the first question.
    pub verdict: Option<Verdict>,
}

/// From so many apps on the form has a search.
const APPS_IN_SIGHT: usize = 20;

impl SimulatePage {
    fn is_many(&self) -> bool {
        self.apps.len() > APPS_IN_SIGHT || !self.find_app.value.is_empty()
    }

    fn proof_choices(&self) -> Vec<Choice> {
        Proof::choices(self.shell.t, &self.proofs)
    }
}

here!(SimulatePage => Simulate);
