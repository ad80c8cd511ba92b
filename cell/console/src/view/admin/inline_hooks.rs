//! Inline hooks, and trying them.

use super::settings::tab_bar;
use crate::text::Text;
use crate::view::part::{self, Choice, Icon, Input, Moment, Tone};
use crate::view::shell::{Shell, here};
use askama::Template;

/// What a hook is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InlineHookTopic {
    /// What tokens say.
    Tokens,
    /// Passwords of another system.
    Passwords,
}

impl InlineHookTopic {
    const ALL: [Self; 2] = [Self::Tokens, Self::Passwords];

    /// What a form posts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Passwords => "passwords",
        }
    }

    /// Reads what a form posts.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == word)
    }

    fn label(self, t: &'static Text) -> &'static str {
        match self {
            Self::Tokens => t.inline_hooks.kind_tokens,
            Self::Passwords => t.inline_hooks.kind_passwords,
        }
    }

    fn about(self, t: &'static Text) -> &'static str {
        match self {
            Self::Tokens => t.inline_hooks.kind_tokens_about,
            Self::Passwords => t.inline_hooks.kind_passwords_about,
        }
    }
}

/// A hook.
#[derive(Clone, Debug)]
pub struct InlineHookRow {
    /// Stands in addresses.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where to.
    pub uri: String,
    /// What it is asked about.
    pub topic: InlineHookTopic,
    /// Whether it is switched on.
    pub is_active: bool,
}

/// What the controls of a hook hold. The value of its header is never shown.
#[derive(Clone, Debug, Default)]
pub struct InlineHookForm {
    /// Its name.
    pub name: Input,
    /// The address.
    pub uri: Input,
    /// The header by which the receiver knows us.
    pub auth_name: Input,
    /// What it is asked about; chosen once.
    pub topic: Input,
}

/// An access rule that names a hook.
#[derive(Clone, Debug)]
pub struct AskingRuleRow {
    /// The rule.
    pub rule: String,
    /// Its server.
    pub server: String,
}

/// A hook that is tried.
#[derive(Clone, Debug, Default)]
pub struct InlineHookTrial {
    /// What is asked.
    pub question: Input,
    /// What was answered.
    pub answer: Option<String>,
}

/// The hooks (`/admin/settings/inline-hooks`). Posts the form of a new one to `…/add`: `name`, `topic`, `uri`, `auth_name`,
/// `auth_value`.
#[derive(Debug, Template)]
#[template(path = "admin/inline_hooks.html")]
pub struct InlineHooksPage {
    /// The frame.
    pub shell: Shell,
    /// The oldest first; an organisation has few.
    pub rows: Vec<InlineHookRow>,
    /// A new one.
    pub form: InlineHookForm,
}

impl InlineHooksPage {
    fn topics(&self) -> Vec<Choice> {
        let t = self.shell.t;
        let choice = |topic: InlineHookTopic| Choice {
            about: topic.about(t).to_owned(),
            ..Choice::new(topic.as_str(), topic.label(t))
        };
        InlineHookTopic::ALL.map(choice).to_vec()
    }
}

/// A hook (`/admin/settings/inline-hooks/{id}`). Posts the form there; nothing to `…/activate`, `…/deactivate`, `…/secret`,
/// `…/remove`; `question` to `…/try`.
#[derive(Debug, Template)]
#[template(path = "admin/inline_hook.html")]
pub struct InlineHookPage {
    /// The frame.
    pub shell: Shell,
    /// Stands in addresses.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is asked about.
    pub topic: InlineHookTopic,
    /// Whether it is switched on.
    pub is_active: bool,
    /// Whether the value of a header is stored.
    pub has_auth: bool,
    /// When it was made.
    pub created: Moment,
    /// A secret that was made just now, shown this once.
    pub fresh_secret: Option<String>,
    /// What it is now.
    pub form: InlineHookForm,
    /// The access rules that name it.
    pub asked_by: Vec<AskingRuleRow>,
    /// Trying it.
    pub trial: InlineHookTrial,
}

impl InlineHookPage {
    fn auth_hint(&self) -> &'static str {
        let t = &self.shell.t.settings;
        if self.has_auth {
            t.hook_auth_kept
        } else {
            t.hook_auth_hint
        }
    }

    fn is_about_tokens(&self) -> bool {
        self.topic == InlineHookTopic::Tokens
    }
}

here!(InlineHooksPage => Settings, InlineHookPage => Settings);
