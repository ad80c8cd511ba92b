//! The form of a sign-on rule: when it applies, and what it asks for.

use crate::text::Text;
use crate::view::part::{self, Choice, Input};
use crate::view::shell::{Shell, here};
use askama::Template;

/// A kind of authenticator, by the word that storage and forms know it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the kind that it names")]
pub enum Proof {
    PasskeyDeviceBound,
    PasskeySynced,
    Password,
    IdentityProvider,
    Totp,
    EmailCode,
    RecoveryCode,
}

impl Proof {
    /// Every kind with its word, the preferred ones first.
    pub const ALL: [(&'static str, Proof); 7] = [
        ("passkey_device_bound", Proof::PasskeyDeviceBound),
        ("passkey_synced", Proof::PasskeySynced),
        ("password", Proof::Password),
        ("identity_provider", Proof::IdentityProvider),
        ("totp", Proof::Totp),
        ("email_code", Proof::EmailCode),
        ("recovery_code", Proof::RecoveryCode),
    ];

    /// From that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Proof> {
        Proof::ALL
            .iter()
            .find(|(name, _)| *name == word)
            .map(|(_, proof)| *proof)
    }

    /// In the reader's language.
    #[must_use]
    pub fn label(self, t: &'static Text) -> &'static str {
        match self {
            Proof::PasskeyDeviceBound => t.policies.kind_passkey_bound,
            Proof::PasskeySynced => t.policies.kind_passkey_synced,
            Proof::Password => t.signin.way_password,
            Proof::IdentityProvider => t.providers.way,
            Proof::Totp => t.signin.way_totp,
            Proof::EmailCode => t.signin.way_email,
            Proof::RecoveryCode => t.signin.way_recovery,
        }
    }

    /// Every kind as a choice, those in `chosen` ticked.
    pub(super) fn choices(t: &'static Text, chosen: &[String]) -> Vec<Choice> {
        Proof::ALL
            .iter()
            .map(|(word, proof)| {
                Choice::new(*word, proof.label(t)).ticked(chosen.iter().any(|one| one == word))
            })
            .collect()
    }
}

/// A rule. Posts to `/admin/policies/{policy}/rules/new` or `…/rules/{id}`; removal goes to `…/rules/{id}/remove`.
///
/// Each time `revision` goes along. When: `name`; `administrators` (`both`, `only`, `others`); any number of `group` and `group_except`, and
/// where there are more than can be ticked `more_groups` and `more_groups_except` (names, one a line); `people` and
/// `people_except` (usernames, one a line); `zone_mode` (`any`, `in`, `not_in`) and any number of `zone`; any number of `behavior`.
/// Then: `access` (`allow` or `deny`); `factors` (`any_one`, `two_where_enrolled`, `two_factors`); `phishing_resistant`
/// (`no`, `where_enrolled`, `always`); the ticks `hardware_bound`, `possession`, `knowledge`; any number of `refused`
/// (words of [`Proof::ALL`]); `session_minutes` (empty: as long as the session).
#[derive(Debug, Template)]
#[template(path = "admin/rule_form.html")]
pub struct RuleFormPage {
    /// The frame.
    pub shell: Shell,
    /// The policy's id.
    pub policy_id: String,
    /// The policy's name.
    pub policy_name: String,
    /// The rule's id; none for a new one.
    pub id: Option<String>,
    /// What was read of the policy, to tell a change by another.
    pub revision: i64,
    /// Its name.
    pub name: Input,
    /// Everybody, administrators only, or everybody else.
    pub administrators: Input,
    /// A bounded few groups to tick: those it is for.
    pub groups: Vec<Choice>,
    /// The same groups: those it is not for.
    pub groups_except: Vec<Choice>,
    /// The names of further groups it is for; none where all can be ticked.
    pub more_groups: Option<Input>,
    /// The names of further groups it is not for; none where all can be ticked.
    pub more_groups_except: Option<Input>,
    /// Whom it is for.
    pub people: Input,
    /// Whom it is not for.
    pub people_except: Input,
    /// Anywhere, in some zones, or outside of them.
    pub zone_mode: Input,
    /// The zones to tick.
    pub zones: Vec<Choice>,
    /// What is wrong with the choice of zones.
    pub zones_error: Input,
    /// The behaviours to tick.
    pub behaviors: Vec<Choice>,
    /// What is wrong with the choice of behaviours.
    pub behaviors_error: Input,
    /// Let in or refuse.
    pub access: Input,
    /// How many different factors.
    pub factors: Input,
    /// Whether something phishing-resistant must be among them.
    pub phishing_resistant: Input,
    /// Whether something bound to hardware must be.
    pub hardware_bound: Input,
    /// Whether something held must be.
    pub possession: Input,
    /// Whether something known must be.
    pub knowledge: Input,
    /// The words of the kinds that do not count.
    pub refused: Vec<String>,
    /// How old a proof may be.
    pub session_minutes: Input,
}

impl RuleFormPage {
    fn administrator_modes(&self) -> Vec<Choice> {
        let t = &self.shell.t.policies;
        vec![
            Choice::new("both", t.people_any),
            Choice::new("only", t.people_administrators),
            Choice::new("others", t.people_others),
        ]
    }

    fn zone_modes(&self) -> Vec<Choice> {
        let t = &self.shell.t.policies;
        vec![
            Choice::new("any", t.zone_any),
            Choice::new("in", t.zone_in),
            Choice::new("not_in", t.zone_out),
        ]
    }

    fn accesses(&self) -> Vec<Choice> {
        let t = &self.shell.t.policies;
        vec![
            Choice::new("allow", t.allow).about(t.allow_about),
            Choice::new("deny", t.deny).about(t.deny_about),
        ]
    }

    fn factor_modes(&self) -> Vec<Choice> {
        let t = &self.shell.t.policies;
        vec![
            Choice::new("any_one", t.factors_one),
            Choice::new("two_where_enrolled", t.factors_where_enrolled)
                .about(t.factors_where_enrolled_about),
            Choice::new("two_factors", t.factors_two).about(t.factors_two_about),
        ]
    }

    fn resistance_modes(&self) -> Vec<Choice> {
        let t = &self.shell.t.policies;
        vec![
            Choice::new("no", t.resistant_no),
            Choice::new("where_enrolled", t.resistant_where_enrolled)
                .about(t.resistant_where_enrolled_about),
            Choice::new("always", t.resistant_always).about(t.resistant_always_about),
        ]
    }

    /// Whether the folded exceptions hold something to see.
    fn has_exceptions(&self) -> bool {
        let is_filled = |input: &Input| *input != Input::default();
        is_filled(&self.people_except)
            || self.more_groups_except.as_ref().is_some_and(is_filled)
            || self.groups_except.iter().any(|choice| choice.is_on)
    }

    /// Whether the folded demands hold something to see.
    fn has_more_demands(&self) -> bool {
        let ticks = [&self.hardware_bound, &self.possession, &self.knowledge];
        !self.refused.is_empty() || ticks.into_iter().any(|tick| tick.value == "on")
    }

    fn kinds(&self) -> Vec<Choice> {
        Proof::choices(self.shell.t, &self.refused)
    }
}

here!(RuleFormPage => Policies);
