//! Sign-on policies: which proof suffices for whom, from where, as an administrator writes it down.
//!
//! A policy is a list of rules in order; the first whose conditions hold decides. A sign-in must satisfy the org's
//! policy and the app's, so the stricter wins. No rule that matches, no policy, or a rule that names a zone which no
//! longer exists: refused. What a policy means is one pure function, [`evaluation::evaluate`], whose trace explains every
//! rule; sign-in and simulation call the same one.

pub mod aside;
pub mod authenticator;
pub mod evaluation;
pub(crate) mod lock_out;
pub mod means;
pub mod of_administrators;
pub mod operations;
pub mod presets;
pub mod requirement;
pub mod store;
#[cfg(test)]
mod tests;
pub mod zone;

use crate::behavior::Behavior;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use vocab::id::{BehaviorId, GroupId, PolicyId, RuleId, UserId, ZoneId};
use vocab::text::disguises;

pub use self::authenticator::{AuthenticatorKind, PasskeyStorage, ProvedAuthenticator};
pub use self::evaluation::{Evaluation, SignInFacts, Verdict, evaluate};
pub use self::requirement::Requirement;
pub use self::zone::Zone;

/// Most bytes of a policy as a document.
pub const POLICY_BYTES_MAX: usize = 64 * 1024;
/// Most rules of one policy.
pub const RULES_MAX: usize = 50;
/// Most people, groups, zones or behaviours in one list of a condition.
pub const CONDITION_ENTRIES_MAX: usize = 200;
/// Most characters of the name of a policy, a rule or a zone.
pub const NAME_CHARACTERS_MAX: usize = 100;
/// The shortest time after which a rule may ask for fresh proof: below it a person would never get anywhere.
pub const SESSION_AGE_MIN_SECS: u32 = 60;

/// What a policy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyScope {
    /// Every sign-in to the org.
    Org,
    /// The administrators' console.
    Console,
    /// The apps that name it.
    App,
}

impl PolicyScope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::Org, Self::Console, Self::App];

    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Org => "org",
            Self::Console => "console",
            Self::App => "app",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

/// A named list of rules in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignOnPolicy {
    /// Its id.
    pub id: PolicyId,
    /// Its name for administrators.
    pub name: String,
    /// The rules; the first that matches decides.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// Its name for administrators.
    pub name: String,
    /// When it matches: all of them must hold.
    #[serde(default)]
    pub conditions: Conditions,
    /// What happens then.
    pub outcome: Outcome,
}

/// When a rule matches. Left out, a condition holds for everyone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conditions {
    /// Persons by name.
    pub people: Membership<UserId>,
    /// Persons by group.
    pub groups: Membership<GroupId>,
    /// Where the request comes from.
    pub zones: ZoneCondition,
    /// Administrators alone (`true`), everyone else alone (`false`), or both (left out).
    pub administrators: Option<bool>,
    /// One of these is detected; empty, nothing need be. Left out where it is empty: the release before knows no such word.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub behaviors: Vec<BehaviorId>,
}

/// Who is meant. With nothing included (neither people nor groups) everyone is; else those in either list. An exclusion
/// always wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Membership<Id> {
    /// Those who are meant.
    pub include: Vec<Id>,
    /// Those who are not, whatever else holds.
    pub exclude: Vec<Id>,
}

impl<Id> Default for Membership<Id> {
    fn default() -> Self {
        Self {
            include: Vec::new(),
            exclude: Vec::new(),
        }
    }
}

/// Where a request comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneCondition {
    /// Anywhere.
    #[default]
    Any,
    /// One of these zones.
    In(Vec<ZoneId>),
    /// None of these zones.
    NotIn(Vec<ZoneId>),
}

impl ZoneCondition {
    /// The zones that are named.
    #[must_use]
    pub fn named(&self) -> &[ZoneId] {
        match self {
            Self::Any => &[],
            Self::In(zones) | Self::NotIn(zones) => zones,
        }
    }
}

/// What happens when a rule matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nobody gets in.
    Deny,
    /// Whoever proves enough gets in.
    Allow(Allow),
}

/// What must be proved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Allow {
    /// Which proof suffices.
    pub require: Requirement,
    /// How old a proof may be, in seconds; older ones must be given again. Left out: as old as the session.
    pub session_age_max_secs: Option<u32>,
}

/// Why a policy is not accepted. Each names the rule, so that a form can show it in its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The document is over [`POLICY_BYTES_MAX`].
    #[error("the policy is longer than {POLICY_BYTES_MAX} bytes")]
    TooLong,
    /// The document is no policy.
    #[error("the policy cannot be read: {0}")]
    Unreadable(String),
    /// A name is empty or over [`NAME_CHARACTERS_MAX`].
    #[error("the name of {0} must have between 1 and {NAME_CHARACTERS_MAX} characters")]
    Name(String),
    /// There are no rules, which would refuse everyone, or more than [`RULES_MAX`].
    #[error("a policy must have between 1 and {RULES_MAX} rules")]
    RuleCount,
    /// Two rules have one id.
    #[error("the rule id {0} stands twice")]
    RepeatedRule(RuleId),
    /// A list has more than [`CONDITION_ENTRIES_MAX`] entries, or a zone condition none.
    #[error(
        "each list of rule {0} must have at most {CONDITION_ENTRIES_MAX} entries, and a zone condition at least 1"
    )]
    EntryCount(RuleId),
    /// A zone that the org does not have.
    #[error("rule {rule} names the zone {zone}, which does not exist")]
    UnknownZone {
        /// The rule.
        rule: RuleId,
        /// The zone.
        zone: ZoneId,
    },
    /// A behaviour that the org does not have.
    #[error("rule {rule} names the behaviour {behavior}, which does not exist")]
    UnknownBehavior {
        /// The rule.
        rule: RuleId,
        /// The behaviour.
        behavior: BehaviorId,
    },
    /// Fresh proof would be asked for all the time.
    #[error("rule {0}: session_age_max_secs must be at least {SESSION_AGE_MIN_SECS}")]
    SessionAge(RuleId),
    /// No authenticator could ever satisfy the rule.
    #[error("rule {0} asks for proof that no authenticator can give")]
    Unattainable(RuleId),
}

/// Reads a stored or submitted policy and checks its bounds. Zones are checked apart, by [`SignOnPolicy::check_zones`], and
/// behaviours by [`check_behaviors`].
///
/// # Errors
/// [`PolicyError`] for anything that is no policy within the bounds.
pub fn parse_policy(json: &str) -> Result<SignOnPolicy, PolicyError> {
    if json.len() > POLICY_BYTES_MAX {
        return Err(PolicyError::TooLong);
    }
    let policy: SignOnPolicy =
        serde_json::from_str(json).map_err(|error| PolicyError::Unreadable(error.to_string()))?;
    policy.validate()?;
    Ok(policy)
}

impl SignOnPolicy {
    /// Checks the bounds; to be called wherever a policy comes from outside.
    ///
    /// # Errors
    /// The first [`PolicyError`].
    pub fn validate(&self) -> Result<(), PolicyError> {
        check_name(&self.name, || format!("policy {}", self.id))?;
        if !(1..=RULES_MAX).contains(&self.rules.len()) {
            return Err(PolicyError::RuleCount);
        }
        let mut known = HashSet::new();
        for rule in &self.rules {
            if !known.insert(&rule.id) {
                return Err(PolicyError::RepeatedRule(rule.id.clone()));
            }
            rule.validate()?;
        }
        Ok(())
    }

    /// Checks that every zone that a rule names exists.
    ///
    /// # Errors
    /// [`PolicyError::UnknownZone`].
    pub fn check_zones(&self, zones: &[Zone]) -> Result<(), PolicyError> {
        let named = self.rules.iter().flat_map(|rule| {
            rule.conditions
                .zones
                .named()
                .iter()
                .map(move |zone| (rule, zone))
        });
        let mut dangling = named.filter(|(_, zone)| !zones.iter().any(|known| known.id == **zone));
        match dangling.next() {
            Some((rule, zone)) => Err(PolicyError::UnknownZone {
                rule: rule.id.clone(),
                zone: zone.clone(),
            }),
            None => Ok(()),
        }
    }

    /// The groups that the policy names: what a caller must know of a person's groups to evaluate it.
    pub fn named_groups(&self) -> impl Iterator<Item = &GroupId> {
        self.rules.iter().flat_map(|rule| {
            let groups = &rule.conditions.groups;
            groups.include.iter().chain(&groups.exclude)
        })
    }
}

/// Checks that every behaviour that one of the rules names exists.
///
/// # Errors
/// [`PolicyError::UnknownBehavior`].
pub fn check_behaviors<'r>(
    rules: impl Iterator<Item = &'r Rule>,
    known: &[Behavior],
) -> Result<(), PolicyError> {
    for rule in rules {
        let mut named = rule.conditions.behaviors.iter();
        if let Some(id) = named.find(|id| known.iter().all(|known| known.id != **id)) {
            return Err(PolicyError::UnknownBehavior {
                rule: rule.id.clone(),
                behavior: id.clone(),
            });
        }
    }
    Ok(())
}

impl Rule {
    fn validate(&self) -> Result<(), PolicyError> {
        check_name(&self.name, || format!("rule {}", self.id))?;
        let conditions = &self.conditions;
        let lengths = [
            conditions.people.include.len(),
            conditions.people.exclude.len(),
            conditions.groups.include.len(),
            conditions.groups.exclude.len(),
            conditions.zones.named().len(),
            conditions.behaviors.len(),
        ];
        let zones_missing =
            conditions.zones != ZoneCondition::Any && conditions.zones.named().is_empty();
        if zones_missing
            || lengths
                .into_iter()
                .any(|length| length > CONDITION_ENTRIES_MAX)
        {
            return Err(PolicyError::EntryCount(self.id.clone()));
        }
        let Outcome::Allow(allow) = &self.outcome else {
            return Ok(());
        };
        if allow
            .session_age_max_secs
            .is_some_and(|secs| secs < SESSION_AGE_MIN_SECS)
        {
            return Err(PolicyError::SessionAge(self.id.clone()));
        }
        if !allow.require.is_attainable() {
            return Err(PolicyError::Unattainable(self.id.clone()));
        }
        Ok(())
    }
}

fn check_name(name: &str, whose: impl Fn() -> String) -> Result<(), PolicyError> {
    let visible = name.trim() == name && !name.chars().any(disguises);
    let is_name = visible && (1..=NAME_CHARACTERS_MAX).contains(&name.chars().count());
    if is_name {
        Ok(())
    } else {
        Err(PolicyError::Name(whose()))
    }
}
