//! When a person must be asked, and what about. Pure.

use identity::app::settings::ConsentRule;
use identity::server::ServerConfig;
use protocol::oauth::scope::ScopeSet;
use protocol::oidc::claims::OPENID;

/// The scopes of a request that need the person's consent: all of them for an app that must ask, for a trusted one
/// those that the server marks. `openid` alone gives away no more than that somebody is signed in.
#[must_use]
pub fn decide_needed(rule: ConsentRule, config: &ServerConfig, scopes: &ScopeSet) -> ScopeSet {
    scopes.filtered(|scope| {
        let marked = config
            .scopes
            .iter()
            .any(|known| known.name == scope && known.consent_required);
        marked || (rule == ConsentRule::Required && scope != OPENID)
    })
}

/// Whether the person must be asked now: something needed is not given yet, or the app wants it asked again.
#[must_use]
pub fn decide_missing(
    rule: ConsentRule,
    needed: &ScopeSet,
    given: &ScopeSet,
    asked_again: bool,
) -> bool {
    let must_ask = rule == ConsentRule::Required || !needed.is_empty();
    !needed.is_subset_of(given) || (asked_again && must_ask)
}

/// What is stored after a yes: what was given before, and this.
#[must_use]
pub fn plan_given(given: &ScopeSet, scopes: &ScopeSet) -> ScopeSet {
    let all = given.iter().chain(scopes.iter());
    // Over the bound the new ones alone are kept: the others are asked for again.
    ScopeSet::from_tokens(all).unwrap_or_else(|_| scopes.clone())
}
