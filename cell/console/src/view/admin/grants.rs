//! What apps hold of a person: the apps, and of one of them the scopes and the refresh tokens.

use super::held::{HeldTokens, HeldWords};
use super::person::Touch;
use crate::text::Text;
use crate::view::part::{Moment, Pager};
use crate::view::row::LinkRow;

/// A scope that a person let an app have.
#[derive(Clone, Debug)]
pub struct HeldScopeRow {
    /// Stands in forms.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What the server says of it, or empty.
    pub about: String,
    /// The server.
    pub server: String,
    /// Since when.
    pub since: Moment,
}

/// What an app holds of a person. Posts `id` to `…/scopes/revoke`, and nothing to `…/scopes/revoke-all`; the same to `…/tokens/revoke`
/// and `…/tokens/revoke-all`.
#[derive(Clone, Debug)]
pub struct HeldOfPerson {
    /// The app.
    pub app: LinkRow,
    /// By server and name.
    pub scopes: Vec<HeldScopeRow>,
    /// The neighbours of their page.
    pub scopes_pager: Pager,
    /// Its refresh tokens.
    pub tokens: HeldTokens,
}

impl HeldOfPerson {
    pub(super) fn words(t: &'static Text, touch: Touch) -> HeldWords<'static> {
        HeldWords {
            title: t.apps.refresh,
            about: t.grants.tokens_about,
            question: t.grants.tokens_all_question,
            may_change: touch.help,
            is_one_persons: true,
        }
    }
}
