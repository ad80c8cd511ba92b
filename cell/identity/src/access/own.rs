//! The caller of the own account: a person who changes what belongs to nobody else.
//!
//! It is made here alone, from a live session or from a sign-in that has proved all there is to prove, so that no
//! handler can claim a proof that nobody has looked at.

use crate::behavior::place::Origin;
use crate::cell::Cell;
use crate::fault::Fault;
use crate::org::context::RequestFacts;
use crate::person::Person;
use crate::session::SignedIn;
use crate::sign_in::evaluate::PolicyQuestion;
use crate::sign_on::{Evaluation, Verdict};
use crate::snapshot::OrgSnapshot;
use ledger::Actor;
use vocab::future::boxed;
use vocab::id::{FlowId, OrgId, SessionId, UserId};
use vocab::time::Timestamp;

/// How old a proof may be when a person changes how they prove who they are.
pub const FRESH_PROOF_SECS: i64 = 15 * 60;

/// Whether the person has proved lately who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// What the org's policy asks for was proved within [`FRESH_PROOF_SECS`].
    Fresh,
    /// It was not, or not all of it.
    Stale,
}

/// The moment before which proof is stale.
#[must_use]
pub fn plan_fresh_since(now: Timestamp) -> Timestamp {
    now.plus_secs(-FRESH_PROOF_SECS)
}

/// Whether the policies, asked with proof from [`plan_fresh_since`] on alone, would let the person in. A password that
/// was typed a minute ago is no fresh proof of somebody of whom the policy wants the passkey.
#[must_use]
pub const fn decide_freshness(evaluation: &Evaluation) -> Freshness {
    match evaluation.verdict {
        Verdict::Allow(_) => Freshness::Fresh,
        Verdict::Deny(_) | Verdict::Challenge { .. } | Verdict::Enroll { .. } => Freshness::Stale,
    }
}

/// How a person stands: what ends everything that was proved for them, or keeps them out, makes it another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OwnStanding {
    epoch: i64,
    may_act: bool,
}

impl OwnStanding {
    pub(crate) const fn of(person: &Person) -> Self {
        Self {
            epoch: person.epoch,
            may_act: person.status.may_act(),
        }
    }
}

/// A person at work on the own account.
#[derive(Debug, Clone)]
pub struct OwnCaller {
    org_id: OrgId,
    user_id: UserId,
    login: String,
    display_name: String,
    session_id: Option<SessionId>,
    flow_id: Option<FlowId>,
    freshness: Freshness,
    standing: OwnStanding,
}

impl OwnCaller {
    /// A person whose sign-in has proved all there is to prove, or, without one, who opened the account by a link; there
    /// is no session yet.
    pub(crate) fn of_sign_in(person: &Person, flow: Option<&FlowId>) -> Self {
        Self {
            flow_id: flow.cloned(),
            ..Self::new(person, None, Freshness::Fresh)
        }
    }

    pub(crate) fn of_session(signed_in: &SignedIn, freshness: Freshness) -> Self {
        let session = signed_in.session.id.clone();
        Self::new(&signed_in.person, Some(session), freshness)
    }

    fn new(person: &Person, session_id: Option<SessionId>, freshness: Freshness) -> Self {
        Self {
            org_id: person.org_id.clone(),
            user_id: person.id.clone(),
            login: person.login.clone(),
            display_name: person.display_name(),
            session_id,
            flow_id: None,
            freshness,
            standing: OwnStanding::of(person),
        }
    }

    /// The org.
    #[must_use]
    pub const fn org(&self) -> &OrgId {
        &self.org_id
    }

    /// The person.
    #[must_use]
    pub const fn user(&self) -> &UserId {
        &self.user_id
    }

    /// The session, if there is one already.
    #[must_use]
    pub const fn session(&self) -> Option<&SessionId> {
        self.session_id.as_ref()
    }

    /// The sign-in that is still under way.
    pub(super) const fn flow(&self) -> Option<&FlowId> {
        self.flow_id.as_ref()
    }

    /// Whether the person has proved lately who they are.
    #[must_use]
    pub const fn freshness(&self) -> Freshness {
        self.freshness
    }

    pub(super) const fn standing(&self) -> OwnStanding {
        self.standing
    }

    pub(super) fn actor(&self) -> Actor {
        Actor::user(&self.user_id, &self.login, &self.display_name)
    }
}

impl Cell {
    /// The person of a live session at work on the own account.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn own_caller(
        &self,
        snapshot: &OrgSnapshot,
        signed_in: &SignedIn,
        request: &RequestFacts,
    ) -> Result<OwnCaller, Fault> {
        let origin = Origin::Session(signed_in.session.id.clone());
        let here = self
            .proved_here_since(snapshot, &signed_in.person, &origin, request)
            .await?;
        let question = PolicyQuestion {
            proved: signed_in.session.authenticators.clone(),
            is_session: true,
            proved_since: Some(plan_fresh_since(request.now)).max(here),
            origin,
            ..PolicyQuestion::default()
        };
        let evaluation = self
            .evaluate_policies(snapshot, &signed_in.person, question, request)
            .await?;
        Ok(OwnCaller::of_session(
            signed_in,
            decide_freshness(&evaluation),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::{FRESH_PROOF_SECS, Freshness, OwnCaller, decide_freshness, plan_fresh_since};
    use crate::access::{Caller, Permission, authorize};
    use crate::behavior::detect::BehaviorFacts;
    use crate::fault::Refusal;
    use crate::person::{Person, PersonStatus};
    use crate::sign_on::evaluation::Asked;
    use crate::sign_on::{
        AuthenticatorKind, PasskeyStorage, ProvedAuthenticator, SignInFacts, evaluate, presets,
    };
    use ledger::ClientFacts;
    use std::collections::BTreeSet;
    use std::net::{IpAddr, Ipv4Addr};
    use vocab::entropy::SeededEntropy;
    use vocab::id::{OrgId, PolicyId, UserId};
    use vocab::time::Timestamp;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_465_901);
    const PASSWORD: AuthenticatorKind = AuthenticatorKind::Password;
    const TOTP: AuthenticatorKind = AuthenticatorKind::Totp;
    const PASSKEY: AuthenticatorKind = AuthenticatorKind::Passkey(PasskeyStorage::Synced);
    const PRINTED: AuthenticatorKind = AuthenticatorKind::RecoveryCode;

    fn freshness(
        is_administrator: bool,
        enrolled: &[AuthenticatorKind],
        proved: &[(AuthenticatorKind, i64)],
    ) -> Freshness {
        let entropy = SeededEntropy::new(7);
        let (_, policy) = presets::org_policy(PolicyId::generate(&entropy), &entropy);
        let facts = SignInFacts {
            user: UserId::generate(&entropy),
            groups: BTreeSet::new(),
            is_administrator,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            enrolled: enrolled.to_vec(),
            untaken: Vec::new(),
            enrollable: vec![PASSKEY, TOTP],
            proved: proved
                .iter()
                .map(|(kind, age_secs)| ProvedAuthenticator {
                    kind: *kind,
                    at: NOW.plus_secs(-age_secs),
                })
                .collect(),
            asked: Asked {
                proved_since: Some(plan_fresh_since(NOW)),
                ..Asked::default()
            },
            behaviors: BehaviorFacts::default(),
            now: NOW,
        };
        decide_freshness(&evaluate(&[&policy], &[], &facts))
    }

    #[test]
    fn proof_is_fresh_for_a_quarter_of_an_hour_and_only_as_strong_as_the_policy_wants() {
        use Freshness::{Fresh, Stale};
        let edge = FRESH_PROOF_SECS;
        let both: &[_] = &[PASSWORD, PASSKEY];
        let app: &[_] = &[PASSWORD, TOTP];
        let table: [(bool, &[_], &[_], Freshness); 13] = [
            (false, &[PASSWORD], &[], Stale),
            (false, &[PASSWORD], &[(PASSWORD, 0)], Fresh),
            (false, &[PASSWORD], &[(PASSWORD, edge)], Fresh),
            (false, &[PASSWORD], &[(PASSWORD, edge + 1)], Stale),
            (false, both, &[(PASSWORD, 10)], Stale),
            (false, both, &[(PASSKEY, 10)], Fresh),
            (false, both, &[(PASSKEY, 2_000), (PASSWORD, 10)], Stale),
            (false, app, &[(PASSWORD, 10), (TOTP, 10)], Fresh),
            (false, app, &[(PASSWORD, 10), (TOTP, edge + 1)], Stale),
            (false, app, &[(PRINTED, 0)], Stale),
            // An administrator with a password alone has to enrol something first.
            (true, &[PASSWORD], &[(PASSWORD, 0)], Stale),
            (true, app, &[(PASSWORD, 0), (TOTP, 0)], Fresh),
            (true, both, &[(PASSWORD, 0), (PRINTED, 0)], Stale),
        ];
        for (is_administrator, enrolled, proved, expected) in table {
            assert_eq!(
                freshness(is_administrator, enrolled, proved),
                expected,
                "{is_administrator} {enrolled:?} {proved:?}"
            );
        }
    }

    fn ada(entropy: &SeededEntropy) -> Person {
        Person {
            org_id: OrgId::generate(entropy),
            id: UserId::generate(entropy),
            status: PersonStatus::Active,
            login: "ada".into(),
            email: "ada@example.com".into(),
            email_verified: true,
            first_name: "Ada".into(),
            last_name: "Lovelace".into(),
            profile: serde_json::Map::new(),
            epoch: 0,
            revision: 1,
            created_at: NOW,
            updated_at: NOW,
            last_sign_in_at: None,
            activated_at: None,
            external_id: None,
            type_id: None,
            status_changed_at: NOW,
        }
    }

    #[test]
    fn the_own_account_is_all_there_is_and_factors_want_fresh_proof() {
        let entropy = SeededEntropy::new(8);
        let ada = ada(&entropy);
        let (other, stranger) = (OrgId::generate(&entropy), UserId::generate(&entropy));
        let client = ClientFacts::default();
        for freshness in [Freshness::Fresh, Freshness::Stale] {
            let caller = Caller::Own(OwnCaller::new(&ada, None, freshness));
            for permission in Permission::ALL {
                let expected = permission == Permission::OwnAccount
                    || (permission == Permission::OwnFactors && freshness == Freshness::Fresh);
                let permit = authorize(&caller, &ada.org_id, permission, &client);
                assert_eq!(permit.is_ok(), expected, "{freshness:?} {permission:?}");
                let elsewhere = authorize(&caller, &other, permission, &client);
                assert!(matches!(elsewhere, Err(Refusal::NotFound)));
                let Ok(permit) = permit else { continue };
                assert!(permit.covers_account_of(&ada.id).is_ok());
                let strangers = permit.covers_account_of(&stranger);
                assert!(matches!(strangers, Err(Refusal::NotFound)));
                let factors = permit.covers_factors_of(&ada.id);
                assert_eq!(factors.is_ok(), permission == Permission::OwnFactors);
                assert!(permit.covers_factors_of(&stranger).is_err());
            }
        }
    }
}
