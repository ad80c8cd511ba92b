//! What must be proved, as properties of authenticators and never as their brands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::authenticator::{AuthenticationContext, AuthenticatorKind, Factor, factor_count};

/// What must be proved. Each part is a demand of its own; the default demands any one authenticator.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Requirement {
    /// How many different factors.
    pub factors: Factors,
    /// Whether something that a false page cannot trick out of the person must be among them.
    pub phishing_resistant: Demand,
    /// Whether something that cannot leave its device must be among them.
    pub hardware_bound: bool,
    /// Whether something held must be among them.
    pub possession: bool,
    /// Whether something known must be among them.
    pub knowledge: bool,
    /// Kinds that do not count under this rule.
    pub refused: Vec<AuthenticatorKind>,
}

/// How many different factors must be proved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Factors {
    /// Any one authenticator that can stand alone.
    #[default]
    AnyOne,
    /// Two, for a person who has enrolled what gives two; else one. Codes by mail and printed codes do not count as
    /// enrolled.
    TwoWhereEnrolled,
    /// Two, always.
    TwoFactors,
}

/// Whether a property must be proved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    /// It need not.
    #[default]
    No,
    /// It must by a person who has enrolled an authenticator with it.
    WhereEnrolled,
    /// It must by everyone.
    Always,
}

/// A part of a requirement that is not met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unmet {
    /// Nothing that can stand alone was proved.
    NothingProved,
    /// A second factor is missing.
    SecondFactor,
    /// Something phishing-resistant is missing.
    PhishingResistant,
    /// Something bound to a device is missing.
    HardwareBound,
    /// Something held is missing.
    Possession,
    /// Something known is missing.
    Knowledge,
}

impl Unmet {
    /// The key of the message in the catalogue.
    #[must_use]
    pub const fn message_key(self) -> &'static str {
        match self {
            Self::NothingProved => "sign-on.unmet.nothing-proved",
            Self::SecondFactor => "sign-on.unmet.second-factor",
            Self::PhishingResistant => "sign-on.unmet.phishing-resistant",
            Self::HardwareBound => "sign-on.unmet.hardware-bound",
            Self::Possession => "sign-on.unmet.possession",
            Self::Knowledge => "sign-on.unmet.knowledge",
        }
    }
}

impl Requirement {
    /// What a client asks for by a value of `acr_values`.
    #[must_use]
    pub fn for_context(context: AuthenticationContext) -> Self {
        let resistant = context >= AuthenticationContext::PhishingResistant;
        Self {
            factors: if context >= AuthenticationContext::TwoFactors {
                Factors::TwoFactors
            } else {
                Factors::AnyOne
            },
            phishing_resistant: if resistant {
                Demand::Always
            } else {
                Demand::No
            },
            hardware_bound: context >= AuthenticationContext::PhishingResistantHardware,
            ..Self::default()
        }
    }

    /// What of it is not met by `proved`, for a person with these authenticators `enrolled`. Empty: it is met.
    ///
    /// Proving more never makes more unmet, and enrolling more never makes less unmet.
    #[must_use]
    pub fn unmet(
        &self,
        proved: &[AuthenticatorKind],
        enrolled: &[AuthenticatorKind],
    ) -> Vec<Unmet> {
        let counted: Vec<_> = proved
            .iter()
            .copied()
            .filter(|kind| !self.refused.contains(kind))
            .collect();
        let missing =
            |property: fn(AuthenticatorKind) -> bool| !counted.iter().any(|kind| property(*kind));
        let mut unmet = Vec::new();
        if missing(AuthenticatorKind::stands_alone) {
            unmet.push(Unmet::NothingProved);
        }
        if self.wants_two_factors(enrolled) && factor_count(&counted) < 2 {
            unmet.push(Unmet::SecondFactor);
        }
        if self.wants_phishing_resistance(enrolled)
            && missing(AuthenticatorKind::is_phishing_resistant)
        {
            unmet.push(Unmet::PhishingResistant);
        }
        if self.hardware_bound && missing(AuthenticatorKind::is_hardware_bound) {
            unmet.push(Unmet::HardwareBound);
        }
        if self.possession && missing(is_possession) {
            unmet.push(Unmet::Possession);
        }
        if self.knowledge && missing(is_knowledge) {
            unmet.push(Unmet::Knowledge);
        }
        unmet
    }

    /// Whether a person who had everything could meet it.
    #[must_use]
    pub fn is_attainable(&self) -> bool {
        self.unmet(&AuthenticatorKind::ALL, &AuthenticatorKind::ALL)
            .is_empty()
    }

    fn wants_two_factors(&self, enrolled: &[AuthenticatorKind]) -> bool {
        match self.factors {
            Factors::AnyOne => false,
            Factors::TwoFactors => true,
            Factors::TwoWhereEnrolled => factor_count(&self.lasting(enrolled)) >= 2,
        }
    }

    fn wants_phishing_resistance(&self, enrolled: &[AuthenticatorKind]) -> bool {
        match self.phishing_resistant {
            Demand::No => false,
            Demand::Always => true,
            Demand::WhereEnrolled => self
                .lasting(enrolled)
                .iter()
                .any(|kind| kind.is_phishing_resistant()),
        }
    }

    /// What "enrolled" means: no fallbacks, and nothing that would not count if it were proved.
    fn lasting(&self, enrolled: &[AuthenticatorKind]) -> Vec<AuthenticatorKind> {
        enrolled
            .iter()
            .copied()
            .filter(|kind| !kind.is_fallback() && !self.refused.contains(kind))
            .collect()
    }
}

/// The strongest proof that can be asked of somebody before a new authenticator may be enrolled.
pub(super) fn enrolment_requirement(factors: Factors) -> Requirement {
    Requirement {
        factors,
        phishing_resistant: Demand::WhereEnrolled,
        ..Requirement::default()
    }
}

fn is_possession(kind: AuthenticatorKind) -> bool {
    kind.factors().contains(&Factor::Possession)
}

fn is_knowledge(kind: AuthenticatorKind) -> bool {
    kind.factors().contains(&Factor::Knowledge)
}
