//! Which means of proof an org takes at all. What it does not take is enrolled by nobody and counts nowhere: at no sign-in, in
//! no session that began by it, and at no link that must be backed by a code. What is enrolled stays, and counts again when
//! it is taken again.
//!
//! No policy may be left asking for what nobody could prove then, and nobody who changes this shuts themselves out.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::org::settings::OrgSettings;
use crate::problem::{Problem, quoted};
use crate::sign_on::lock_out::DoorWatch;
use crate::sign_on::{AuthenticatorKind, Outcome, ProvedAuthenticator, SignOnPolicy, store};
use database::{ReadTx, WriteTx};
use ledger::{Event, EventType, Target};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use vocab::future::boxed;
use vocab::id::OrgId;

/// What ids of authenticators begin with.
const PREFIX: &str = "aut";

/// A means of proof that an org may take or not. A password is none: whether one suffices is for the policies to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// Passkeys, wherever their keys live.
    Passkey,
    /// Authenticator apps.
    Totp,
    /// Codes by mail at a sign-in.
    EmailCode,
    /// Links by mail for whoever cannot get in and asks for one. Those that administrators send are no part of it.
    MailedRecovery,
}

impl Means {
    /// Every one.
    pub const ALL: [Self; 4] = [
        Self::Passkey,
        Self::Totp,
        Self::EmailCode,
        Self::MailedRecovery,
    ];

    /// What it is as a way to sign in; none for what is none.
    const fn of(kind: AuthenticatorKind) -> Option<Self> {
        match kind {
            AuthenticatorKind::Passkey(_) => Some(Self::Passkey),
            AuthenticatorKind::Totp => Some(Self::Totp),
            AuthenticatorKind::EmailCode => Some(Self::EmailCode),
            AuthenticatorKind::Password
            | AuthenticatorKind::IdentityProvider
            | AuthenticatorKind::RecoveryCode => None,
        }
    }

    /// What programs call the authenticator that it belongs to.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Passkey => "webauthn",
            Self::Totp => "google_otp",
            Self::EmailCode | Self::MailedRecovery => "okta_email",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn authenticator(self) -> &'static str {
        match self {
            Self::Passkey => "Passkeys",
            Self::Totp => "Authenticator app",
            Self::EmailCode | Self::MailedRecovery => "Email",
        }
    }

    const fn untaken(self) -> &'static str {
        match self {
            Self::Passkey => "this organisation takes no passkeys",
            Self::Totp => "this organisation takes no authenticator apps",
            Self::EmailCode => "this organisation takes no codes by mail",
            Self::MailedRecovery => "this organisation lets nobody back in by mail",
        }
    }
}

/// The means that an org does not take; all of them are taken unless it is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UntakenMeans(BTreeSet<Means>);

impl UntakenMeans {
    /// Whether all are taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is taken.
    #[must_use]
    pub fn takes(&self, means: Means) -> bool {
        !self.0.contains(&means)
    }

    /// Whether a kind of authenticator counts.
    #[must_use]
    pub fn counts(&self, kind: AuthenticatorKind) -> bool {
        Means::of(kind).is_none_or(|means| self.takes(means))
    }

    /// Takes out of what somebody has enrolled what does not count, and gives it back.
    pub(crate) fn take_out(&self, enrolled: &mut Vec<AuthenticatorKind>) -> Vec<AuthenticatorKind> {
        enrolled
            .extract_if(.., |kind| !self.counts(*kind))
            .collect()
    }

    /// What of this counts.
    #[must_use]
    pub fn counted(&self, proved: &[ProvedAuthenticator]) -> Vec<ProvedAuthenticator> {
        let mut counted = proved.to_vec();
        counted.retain(|proof| self.counts(proof.kind));
        counted
    }

    /// That it is taken.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] if it is not.
    pub fn check(&self, means: Means) -> Result<(), Refusal> {
        match self.takes(means) {
            true => Ok(()),
            false => Err(Refusal::WrongState(means.untaken())),
        }
    }

    /// The same with each of these taken, or not.
    #[must_use]
    pub fn with(&self, wanted: &[(Means, bool)]) -> Self {
        let mut untaken = self.0.clone();
        for (means, is_taken) in wanted {
            match is_taken {
                true => untaken.remove(means),
                false => untaken.insert(*means),
            };
        }
        Self(untaken)
    }

    /// Whether any of these is taken.
    fn takes_any(&self, wanted: &[(Means, bool)]) -> bool {
        wanted.iter().any(|(means, _)| self.takes(*means))
    }

    /// The first rule of a policy that asks for what nobody could prove. Printed codes are no way to meet it: they stand in
    /// for something lost.
    fn unattainable_rule<'p>(&self, policy: &'p SignOnPolicy) -> Option<&'p str> {
        let counts: Vec<AuthenticatorKind> = AuthenticatorKind::ALL
            .into_iter()
            .filter(|kind| self.counts(*kind) && *kind != AuthenticatorKind::RecoveryCode)
            .collect();
        let mut rules = policy.rules.iter();
        let rule = rules.find(|rule| match &rule.outcome {
            Outcome::Deny => false,
            Outcome::Allow(allow) => !allow.require.unmet(&counts, &counts).is_empty(),
        });
        rule.map(|rule| rule.name.as_str())
    }

    fn check_policy(&self, policy: &SignOnPolicy, field: &'static str) -> Result<(), Refusal> {
        match self.unattainable_rule(policy) {
            None => Ok(()),
            Some(rule) => Err(Refusal::invalid(
                field,
                Problem::of(
                    "the rule {name} of the policy {policy} asks for proof that this organisation takes from nobody",
                    [quoted(rule), ("policy", format!("\"{}\"", policy.name))],
                ),
            )),
        }
    }
}

/// The id of an authenticator of an org: it follows from the org's, since a setting has none of its own.
#[must_use]
pub fn authenticator_id(org: &OrgId, key: &str) -> String {
    crate::org::id_of_setting(PREFIX, org, key)
}

/// Holds a policy against the means that the org takes.
///
/// # Errors
/// [`Refusal::Invalid`] for a rule that nobody could satisfy.
pub(crate) async fn check_policy(
    tx: &mut ReadTx,
    permit: &Permit,
    policy: &SignOnPolicy,
) -> Result<(), Refusal> {
    // With all of them taken, the rules of policies say it already.
    let org = crate::org::store::load(tx, permit.org()).await?;
    let untaken = org.ok_or(Refusal::NotFound)?.settings.untaken_means;
    match untaken.is_empty() {
        true => Ok(()),
        false => untaken.check_policy(policy, "require"),
    }
}

/// Holds every policy that does not rest against them.
async fn check_policies(
    tx: &mut WriteTx,
    permit: &Permit,
    untaken: &UntakenMeans,
) -> Result<(), Refusal> {
    for stored in store::load_all_policies(tx, permit.org()).await? {
        if stored.active {
            untaken.check_policy(&stored.policy, "authenticator")?;
        }
    }
    Ok(())
}

/// What mail was not used for before it was used for nothing: who switches it on again gets back what there was.
fn keep_off(before: &UntakenMeans, after: &UntakenMeans, kept: &UntakenMeans) -> UntakenMeans {
    let uses = [(Means::EmailCode, true), (Means::MailedRecovery, true)];
    match (before.takes_any(&uses), after.takes_any(&uses)) {
        (true, false) => UntakenMeans(
            before
                .0
                .iter()
                .filter(|one| is_of_mail(**one))
                .copied()
                .collect(),
        ),
        (false, false) => kept.clone(),
        (_, true) => UntakenMeans::default(),
    }
}

const fn is_of_mail(means: Means) -> bool {
    matches!(means, Means::EmailCode | Means::MailedRecovery)
}

/// How the log calls a change: of whether anything of it is taken, or of something within.
const fn decide_event(before: bool, after: bool) -> EventType {
    match (before, after) {
        (false, true) => EventType::SecurityAuthenticatorLifecycleActivate,
        (true, false) => EventType::SecurityAuthenticatorLifecycleDeactivate,
        (true, true) | (false, false) => EventType::SecurityAuthenticatorLifecycleUpdate,
    }
}

impl Cell {
    /// Takes each of these means of one authenticator from now on, or takes it no more; nothing happens if it is so already. The
    /// log names the authenticator.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] while a policy asks for what nobody could prove then, and for what would shut out whoever changes it.
    #[boxed]
    pub async fn change_means(
        &self,
        permit: &Permit,
        wanted: &[(Means, bool)],
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (by, wanted, now) = (permit.clone(), Vec::from(wanted), self.now());
        let Some((means, _)) = wanted.first() else {
            return Ok(());
        };
        let id = authenticator_id(by.org(), means.key());
        let target = Target::other("AuthenticatorMethod", &id, means.authenticator());
        self.change_sign_on(permit, move |tx| {
            Box::pin(async move {
                let org = crate::org::store::load(tx, by.org()).await?;
                let org = org.ok_or(Refusal::NotFound)?;
                let before = &org.settings.untaken_means;
                let after = before.with(&wanted);
                if after == *before {
                    return Ok(());
                }
                check_policies(tx, &by, &after).await?;
                let kind = decide_event(before.takes_any(&wanted), after.takes_any(&wanted));
                let settings = OrgSettings {
                    mail_kept_off: keep_off(before, &after, &org.settings.mail_kept_off),
                    untaken_means: after,
                    ..org.settings.clone()
                };
                let door = DoorWatch::begin(tx, &by, now).await?;
                crate::org::store::update(tx, &org, &org.name, &settings, now).await?;
                door.end(tx, &by, "authenticator").await?;
                let event = Event::new(kind, ledger::Outcome::Success, now)
                    .actor(by.actor().clone())
                    .client(by.client())
                    .target(target);
                Ok(ledger::append(tx, by.org(), event).await?)
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::{Means, UntakenMeans, keep_off};
    use crate::sign_on::requirement::{Demand, Factors};
    use crate::sign_on::{
        Allow, AuthenticatorKind, Conditions, Outcome, PasskeyStorage, Requirement, Rule,
        SignOnPolicy,
    };
    use vocab::entropy::SeededEntropy;
    use vocab::id::{PolicyId, RuleId};

    fn policy(require: Requirement) -> SignOnPolicy {
        let entropy = SeededEntropy::new(3);
        SignOnPolicy {
            id: PolicyId::generate(&entropy),
            name: "Money".into(),
            rules: vec![Rule {
                id: RuleId::generate(&entropy),
                name: "Two".into(),
                conditions: Conditions::default(),
                outcome: Outcome::Allow(Allow {
                    require,
                    session_age_max_secs: None,
                }),
            }],
        }
    }

    #[test]
    fn what_is_not_taken_does_not_count() {
        let none = UntakenMeans::default();
        assert!(
            AuthenticatorKind::ALL
                .into_iter()
                .all(|kind| none.counts(kind))
        );
        let untaken = none.with(&[(Means::Passkey, false), (Means::EmailCode, false)]);
        for (kind, counts) in [
            (AuthenticatorKind::Passkey(PasskeyStorage::Synced), false),
            (
                AuthenticatorKind::Passkey(PasskeyStorage::DeviceBound),
                false,
            ),
            (AuthenticatorKind::EmailCode, false),
            (AuthenticatorKind::Totp, true),
            (AuthenticatorKind::Password, true),
            (AuthenticatorKind::IdentityProvider, true),
            (AuthenticatorKind::RecoveryCode, true),
        ] {
            assert_eq!(untaken.counts(kind), counts, "{kind:?}");
        }
        assert!(untaken.check(Means::Passkey).is_err());
        assert!(untaken.check(Means::MailedRecovery).is_ok());
        let again = untaken.with(&[(Means::Passkey, true), (Means::EmailCode, true)]);
        assert!(again.is_empty());
        let text = serde_json::to_string(&untaken).unwrap();
        assert_eq!(text, r#"["passkey","email_code"]"#);
        assert_eq!(
            serde_json::from_str::<UntakenMeans>(&text).unwrap(),
            untaken
        );
    }

    #[test]
    fn mail_is_used_again_for_what_it_was_used_for() {
        use Means::{EmailCode, MailedRecovery, Passkey};
        let none = UntakenMeans::default();
        let off = |means: &[Means]| {
            let means: Vec<(Means, bool)> = means.iter().map(|one| (*one, false)).collect();
            UntakenMeans::default().with(&means)
        };
        let both = off(&[EmailCode, MailedRecovery]);
        for (before, after, kept, expected) in [
            (off(&[]), both.clone(), off(&[]), off(&[])),
            (
                off(&[EmailCode, Passkey]),
                both.clone(),
                off(&[]),
                off(&[EmailCode]),
            ),
            // Something else changes meanwhile.
            (
                both.clone(),
                off(&[EmailCode, MailedRecovery, Passkey]),
                off(&[EmailCode]),
                off(&[EmailCode]),
            ),
            (both.clone(), off(&[EmailCode]), off(&[EmailCode]), none),
        ] {
            assert_eq!(keep_off(&before, &after, &kept), expected, "{before:?}");
        }
    }

    #[test]
    fn no_rule_is_left_that_nobody_could_satisfy() {
        use Means::{EmailCode, MailedRecovery, Passkey, Totp};
        let two = Requirement {
            factors: Factors::TwoFactors,
            ..Requirement::default()
        };
        let resistant = Requirement {
            phishing_resistant: Demand::Always,
            ..Requirement::default()
        };
        let where_enrolled = Requirement {
            factors: Factors::TwoWhereEnrolled,
            phishing_resistant: Demand::WhereEnrolled,
            ..Requirement::default()
        };
        for (untaken, require, is_left) in [
            (vec![], &two, true),
            (vec![Passkey, Totp], &two, true),
            (vec![Passkey, Totp, EmailCode], &two, false),
            (vec![Totp, EmailCode, MailedRecovery], &two, true),
            (vec![Passkey], &resistant, false),
            (vec![Totp, EmailCode], &resistant, true),
            (vec![Passkey, Totp, EmailCode], &where_enrolled, true),
        ] {
            let policy = policy(require.clone());
            let untaken: Vec<(Means, bool)> = untaken.into_iter().map(|one| (one, false)).collect();
            let means = UntakenMeans::default().with(&untaken);
            let rule = means.unattainable_rule(&policy);
            assert_eq!(rule.is_none(), is_left, "{untaken:?} {require:?}");
            assert_eq!(means.check_policy(&policy, "require").is_ok(), is_left);
        }
    }
}
