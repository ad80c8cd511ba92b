//! What administrators read of a server beside its settings: ids of its scopes and claims, and its access rules in
//! policies, some of them at rest.
//!
//! Tokens are decided by the settings alone, whose rules are those in force, in order. The parts stand beside them in a
//! column of their own. Whoever changes the settings without knowing of parts, a declaration or an older release, need
//! not keep them in step: they are fitted to the settings whenever both are read or written.

mod fit;
#[cfg(test)]
mod tests;

use crate::server::rules::STANDARD_SCOPES;
use crate::server::{AccessRule, ClaimToken, ServerConfig};
use serde::{Deserialize, Serialize};
use vocab::id::{ClaimId, InlineHookId, PolicyId, RuleId, ScopeId, ServerId};
use vocab::time::Timestamp;

/// Most access policies of one server.
pub const POLICIES_MAX: usize = 100;

/// What administrators read of a server beside its settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerParts {
    /// One for each scope.
    pub scopes: Vec<ScopePart>,
    /// One for each claim.
    pub claims: Vec<ClaimPart>,
    /// The access rules, and those at rest, in order.
    pub policies: Vec<AccessPolicy>,
}

/// A scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopePart {
    /// Its id.
    pub id: ScopeId,
    /// Its name.
    pub name: String,
    /// Whether discovery leaves it out.
    #[serde(default)]
    pub unlisted: bool,
}

/// A claim: of one name, there is one for each kind of token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimPart {
    /// Its id.
    pub id: ClaimId,
    /// Its name.
    pub name: String,
    /// Which token carries it.
    pub token: ClaimToken,
}

/// Access rules for the same apps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessPolicy {
    /// Its id.
    pub id: PolicyId,
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// The apps that its rules are for; empty means all.
    #[serde(default)]
    pub apps: Vec<String>,
    /// Whether its rules are in force.
    pub active: bool,
    /// Its rules in order.
    #[serde(default)]
    pub rules: Vec<PolicyRule>,
    /// When it was added; none for one that was made of rules.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// Last change.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
}

/// An access rule of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRule {
    /// Its id.
    pub id: RuleId,
    /// Whether it is in force, if its policy is.
    pub active: bool,
    /// The rule; its apps are those of the policy.
    pub rule: AccessRule,
    /// The inline hook that is asked about tokens which it permits. It stands here, and not in the settings, for an older
    /// release refuses settings that it does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook: Option<InlineHookId>,
    /// When it was added, as far as it is known.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// Last change.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
}

impl AccessPolicy {
    /// Its rules as the settings have them, those at rest as well.
    pub fn rules_for_apps(&self) -> impl Iterator<Item = (&PolicyRule, AccessRule)> {
        self.rules.iter().map(|rule| {
            let whole = AccessRule {
                apps: self.apps.clone(),
                ..rule.rule.clone()
            };
            (rule, whole)
        })
    }
}

/// The rules that are in force, in order.
#[must_use]
pub fn rules_in_force(policies: &[AccessPolicy]) -> Vec<AccessRule> {
    policies
        .iter()
        .filter(|policy| policy.active)
        .flat_map(AccessPolicy::rules_for_apps)
        .filter(|(rule, _)| rule.active)
        .map(|(_, whole)| whole)
        .collect()
}

/// The place among the policies of a rule of the settings. Rules that are alike permit the same: the first of them does.
#[must_use]
pub fn find_seat<'p>(
    parts: &'p ServerParts,
    config: &ServerConfig,
    rule: &AccessRule,
) -> Option<(&'p AccessPolicy, &'p PolicyRule)> {
    let place = config.rules.iter().position(|one| one == rule)?;
    let active = parts.policies.iter().filter(|policy| policy.active);
    let mut in_force = active.flat_map(|policy| {
        let rules = policy.rules.iter().filter(|rule| rule.active);
        rules.map(move |rule| (policy, rule))
    });
    in_force.nth(place)
}

impl ServerParts {
    /// Whether any rule has a hook asked.
    #[must_use]
    pub fn asks(&self) -> bool {
        let mut rules = self.policies.iter().flat_map(|policy| &policy.rules);
        rules.any(|rule| rule.hook.is_some())
    }

    /// The same for these settings: what is still there keeps its id, what is new is given one. Whatever the former parts
    /// say, their rules in force are then those of the settings.
    #[must_use]
    pub fn fitted(self, server: &ServerId, config: &ServerConfig) -> Self {
        let scopes = fit::fit_scopes(server, &self.scopes, &config.scopes);
        let mut policies = self.policies;
        for (former, present) in fit::renamed_scopes(&self.scopes, &scopes) {
            rename_scope(&mut policies, &former, &present);
        }
        Self {
            claims: fit::fit_claims(server, &self.claims, &config.claims),
            policies: fit::fit_policies(server, policies, &config.rules),
            scopes,
        }
    }

    /// The scopes that every server has, with the ids that they go by at this one.
    pub fn standard_scopes(server: &ServerId) -> impl Iterator<Item = (ScopeId, &'static str)> {
        let ids = STANDARD_SCOPES.into_iter().filter_map(|name| {
            let id = fit::standard_scope_id(server, name)?;
            Some((id, name))
        });
        ids.collect::<Vec<_>>().into_iter()
    }

    /// Which scopes discovery leaves out, into settings that were read or declared without it.
    pub fn mark_unlisted(&self, config: &mut ServerConfig) {
        for scope in &mut config.scopes {
            let mut parts = self.scopes.iter();
            scope.unlisted = parts.any(|part| part.name == scope.name && part.unlisted);
        }
    }
}

/// Rules at rest follow a scope that gets another name, as those in force do.
fn rename_scope(policies: &mut [AccessPolicy], former: &str, present: &str) {
    let rules = policies.iter_mut().flat_map(|policy| &mut policy.rules);
    for named in rules.flat_map(|rule| &mut rule.rule.scopes) {
        if named == former {
            present.clone_into(named);
        }
    }
}
