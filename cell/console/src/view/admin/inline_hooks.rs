//! Inline hooks, and trying them.

use super::settings::sections;
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

/// How the receiver of a hook knows us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InlineHookProof {
    /// By a header, if by any.
    Header,
    /// By a token that is got with a secret.
    Secret,
    /// By a token that is got with a hook key.
    Key,
}

impl InlineHookProof {
    const ALL: [Self; 3] = [Self::Header, Self::Secret, Self::Key];

    /// What a form posts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Secret => "secret",
            Self::Key => "key",
        }
    }

    /// Reads what a form posts.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|proof| proof.as_str() == word)
    }

    fn choice(self, t: &'static Text) -> Choice {
        let t = &t.inline_hooks;
        let (label, about) = match self {
            Self::Header => (t.auth_header, t.auth_header_about),
            Self::Secret => (t.auth_secret, t.auth_secret_about),
            Self::Key => (t.auth_key, t.auth_key_about),
        };
        Choice::new(self.as_str(), label).about(about)
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

/// What the controls of a hook hold. The value of its header and its secret are never shown.
#[derive(Clone, Debug, Default)]
pub struct InlineHookForm {
    /// Its name.
    pub name: Input,
    /// The address.
    pub uri: Input,
    /// The header by which the receiver knows us.
    pub auth_name: Input,
    /// Which of the ways it knows us.
    pub auth_kind: Input,
    /// The token endpoint.
    pub token_uri: Input,
    /// What that calls us.
    pub client_id: Input,
    /// What is asked for there.
    pub scope: Input,
    /// The secret of the client: what is wrong with it alone.
    pub client_secret: Input,
    /// Whether one is stored.
    pub has_secret: bool,
    /// The hook key, by its id.
    pub hook_key: Input,
    /// The hook keys that there are: ids and names.
    pub keys: Vec<(String, String)>,
    /// What it is asked about; chosen once.
    pub topic: Input,
}

impl InlineHookForm {
    fn proofs(&self, t: &'static Text) -> Vec<Choice> {
        InlineHookProof::ALL.map(|proof| proof.choice(t)).to_vec()
    }

    fn has_token(&self) -> bool {
        let proof = InlineHookProof::from_word(&self.auth_kind.value);
        proof.is_some_and(|proof| proof != InlineHookProof::Header)
    }

    fn secret_hint(&self, t: &'static Text) -> &'static str {
        if self.has_secret {
            t.inline_hooks.client_secret_kept
        } else {
            t.inline_hooks.client_secret_hint
        }
    }

    fn key_choices(&self, t: &'static Text) -> Vec<Choice> {
        let none = Choice::new("", t.inline_hooks.key_none);
        let keys = self.keys.iter().map(|(id, name)| Choice::new(id, name));
        std::iter::once(none).chain(keys).collect()
    }
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

/// The hooks (`/admin/settings/inline-hooks`). Posts the form of a new one to `…/add`: `name`, `topic`, `uri`, `auth_kind`, `auth_name`,
/// `auth_value`, `token_uri`, `client_id`, `scope`, `client_secret`, `hook_key`.
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

/// A hook (`/admin/settings/inline-hooks/{id}`). Posts the form and `revision` there; nothing to `…/activate`, `…/deactivate`,
/// `…/secret`, `…/remove`; `question` to `…/try`.
#[derive(Debug, Template)]
#[template(path = "admin/inline_hook.html")]
pub struct InlineHookPage {
    /// The frame.
    pub shell: Shell,
    /// Stands in addresses.
    pub id: String,
    /// The revision that its form is made from.
    pub revision: i64,
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
