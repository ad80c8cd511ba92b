//! The policies that an org begins with: phishing-resistant where enrolled, and never a password alone for
//! administrators.

use vocab::entropy::Entropy;
use vocab::id::{PolicyId, RuleId};

use super::authenticator::AuthenticatorKind;
use super::requirement::{Demand, Factors, Requirement};
use super::{Allow, Conditions, Outcome, PolicyScope, Rule, SignOnPolicy};

/// After how long an administrator proves again who it is, before the console opens.
pub const CONSOLE_SESSION_AGE_MAX_SECS: u32 = 12 * 60 * 60;

/// For every sign-in to the org. Administrators prove two factors, and a code by mail is none of them; everyone proves
/// the best of what is enrolled.
#[must_use]
pub fn org_policy(id: PolicyId, entropy: &dyn Entropy) -> (PolicyScope, SignOnPolicy) {
    let administrators = Rule {
        id: RuleId::generate(entropy),
        name: String::from("Administrators"),
        conditions: Conditions {
            administrators: Some(true),
            ..Conditions::default()
        },
        outcome: Outcome::Allow(Allow {
            require: two_factors(),
            session_age_max_secs: None,
        }),
    };
    let everyone = Rule {
        id: RuleId::generate(entropy),
        name: String::from("Everyone"),
        conditions: Conditions::default(),
        outcome: Outcome::Allow(Allow {
            require: best_enrolled(),
            session_age_max_secs: None,
        }),
    };
    let name = String::from("Organisation");
    (
        PolicyScope::Org,
        SignOnPolicy {
            id,
            name,
            rules: vec![administrators, everyone],
        },
    )
}

/// For the administrators' console: administrators alone, with fresh proof every half day.
#[must_use]
pub fn console_policy(id: PolicyId, entropy: &dyn Entropy) -> (PolicyScope, SignOnPolicy) {
    let session_age_max_secs = Some(CONSOLE_SESSION_AGE_MAX_SECS);
    let administrators = Rule {
        id: RuleId::generate(entropy),
        name: String::from("Administrators"),
        conditions: Conditions {
            administrators: Some(true),
            ..Conditions::default()
        },
        outcome: Outcome::Allow(Allow {
            require: two_factors(),
            session_age_max_secs,
        }),
    };
    let others = Rule {
        id: RuleId::generate(entropy),
        name: String::from("Everyone else"),
        conditions: Conditions::default(),
        outcome: Outcome::Deny,
    };
    let name = String::from("Administration console");
    (
        PolicyScope::Console,
        SignOnPolicy {
            id,
            name,
            rules: vec![administrators, others],
        },
    )
}

/// For apps: what the org's policy asks for is enough.
#[must_use]
pub fn app_policy(id: PolicyId, entropy: &dyn Entropy) -> (PolicyScope, SignOnPolicy) {
    let everyone = Rule {
        id: RuleId::generate(entropy),
        name: String::from("Everyone"),
        conditions: Conditions::default(),
        outcome: Outcome::Allow(Allow::default()),
    };
    let name = String::from("Apps");
    (
        PolicyScope::App,
        SignOnPolicy {
            id,
            name,
            rules: vec![everyone],
        },
    )
}

fn two_factors() -> Requirement {
    Requirement {
        factors: Factors::TwoFactors,
        phishing_resistant: Demand::WhereEnrolled,
        refused: vec![AuthenticatorKind::EmailCode],
        ..Requirement::default()
    }
}

fn best_enrolled() -> Requirement {
    Requirement {
        factors: Factors::TwoWhereEnrolled,
        phishing_resistant: Demand::WhereEnrolled,
        ..Requirement::default()
    }
}
