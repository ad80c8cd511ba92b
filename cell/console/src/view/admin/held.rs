//! The refresh tokens of an application, as its own page, that of a server and that of a person show them. What they are is shown
//! nowhere.

use crate::view::part::{self, Icon, Moment, Pager};
use crate::view::shell::Shell;
use askama::Template;

/// A refresh token that lives.
#[derive(Clone, Debug)]
pub struct HeldTokenRow {
    /// Stands in forms.
    pub id: String,
    /// Whose it is; stands in addresses.
    pub person_id: String,
    /// The name to show.
    pub person: String,
    /// What they sign in with.
    pub login: String,
    /// The server that issued it.
    pub server: String,
    /// What it is good for.
    pub scopes: Vec<String>,
    /// When the first of its line was issued.
    pub created: Moment,
    /// When the latest was.
    pub last_used: Moment,
    /// When it ends unless it is used.
    pub expires: Moment,
}

/// A page of them. Posts `id` to `…/revoke`, and nothing to `…/revoke-all`.
#[derive(Clone, Debug, Default)]
pub struct HeldTokens {
    /// By server and id.
    pub rows: Vec<HeldTokenRow>,
    /// Its neighbours.
    pub pager: Pager,
}

impl HeldTokens {
    /// The list as it is drawn: `path` begins after the path prefix, and forms go below it.
    #[must_use]
    pub fn draw<'a>(
        &'a self,
        shell: &'a Shell,
        words: &'a HeldWords<'a>,
        path: &'a str,
    ) -> HeldTokensBox<'a> {
        HeldTokensBox {
            tokens: self,
            shell,
            words,
            path,
        }
    }
}

/// What stands over a list of tokens, and who ends them.
#[derive(Clone, Copy, Debug)]
pub struct HeldWords<'a> {
    /// Its heading.
    pub title: &'a str,
    /// Which tokens they are.
    pub about: &'static str,
    /// What is asked before all of them end.
    pub question: &'static str,
    /// Whether the reader may end them.
    pub may_change: bool,
    /// Whether all of them are of the person whose page it is, who is not named again.
    pub is_one_persons: bool,
}

/// A list of tokens as it is drawn. See [`HeldTokens::draw`].
#[derive(Clone, Debug, Template)]
#[template(path = "admin/held_tokens.html")]
pub struct HeldTokensBox<'a> {
    tokens: &'a HeldTokens,
    shell: &'a Shell,
    words: &'a HeldWords<'a>,
    path: &'a str,
}

impl askama::filters::HtmlSafe for HeldTokensBox<'_> {}
