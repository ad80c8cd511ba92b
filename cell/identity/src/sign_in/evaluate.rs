//! What a sign-in still needs: gathers the facts and asks the policies.

use crate::access::ceiling::load_standing;
use crate::app::settings::Assignment;
use crate::behavior::place::{Origin, proved_before};
use crate::cell::Cell;
use crate::credential::store as credentials;
use crate::fault::Fault;
use crate::org::context::RequestFacts;
use crate::person::Person;
use crate::sign_in::{Flow, Step};
use crate::sign_on::evaluation::{Asked, DenyReason};
use crate::sign_on::means::UntakenMeans;
use crate::sign_on::{
    AuthenticatorKind, Evaluation, PasskeyStorage, ProvedAuthenticator, Requirement, SignInFacts,
    SignOnPolicy, Verdict, evaluate,
};
use crate::snapshot::OrgSnapshot;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use vocab::future::boxed;
use vocab::id::AppId;
use vocab::time::Timestamp;

/// Where the administrators' console lies; its policy holds for what leads there.
const CONSOLE_PATH: &str = "/admin";

/// What is asked of the policies.
#[derive(Debug, Clone, Default)]
pub struct PolicyQuestion {
    /// The app that is signed in to.
    pub app: Option<AppId>,
    /// Whether the console is.
    pub console: bool,
    /// What was proved.
    pub proved: Vec<ProvedAuthenticator>,
    /// Whether it was proved for a session that lives.
    pub is_session: bool,
    /// Proof from before this moment does not count.
    pub proved_since: Option<Timestamp>,
    /// What the client asks for beyond the policies.
    pub requirement: Requirement,
    /// Where it was proved, and by whose device.
    pub origin: Origin,
}

impl Cell {
    /// Asks the policies of org, app and console about a person.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn evaluate_policies(
        &self,
        snapshot: &OrgSnapshot,
        person: &Person,
        question: PolicyQuestion,
        request: &RequestFacts,
    ) -> Result<Evaluation, Fault> {
        let app_policy = match &question.app {
            Some(app_id) => self.policy_of_app(snapshot, app_id).await?,
            None => None,
        };
        let mut chain: Vec<&SignOnPolicy> = vec![&snapshot.org_policy];
        chain.extend(app_policy.as_deref());
        if question.console {
            chain.push(&snapshot.console_policy);
        }
        let mut tx = self.database.read().await?;
        let mut groups = BTreeSet::new();
        for group in chain.iter().flat_map(|policy| policy.named_groups()) {
            if crate::group::store::is_member(&mut tx, &person.org_id, group, &person.id).await? {
                groups.insert(group.clone());
            }
        }
        let standing = load_standing(&mut tx, &person.org_id, &person.id).await?;
        let untaken = &snapshot.org.settings.untaken_means;
        let mut enrolled = load_enrolled(&mut tx, person).await?;
        drop(tx);
        let not_taken = untaken.take_out(&mut enrolled);
        let mut behaviors = self
            .behavior_facts((snapshot, &chain), person, &question.origin, request)
            .await?;
        behaviors.take_out(untaken, &enrolled);
        let is_administrator = standing.is_administrator();
        let mut proved = match question.origin {
            Origin::Session(_) => proved_before(question.proved, request.now),
            _ => question.proved,
        };
        proved.retain(|proved| untaken.counts(proved.kind));
        // The word of a provider ends with the link, with the provider, and for whoever administers without proof of their own that
        // the link is theirs. Sessions that began by it go on, but not with what an administrator may do.
        if !enrolled.contains(&AuthenticatorKind::IdentityProvider)
            && (is_administrator || !question.is_session)
        {
            proved.retain(|proved| proved.kind != AuthenticatorKind::IdentityProvider);
        }
        let facts = SignInFacts {
            user: person.id.clone(),
            groups,
            is_administrator,
            // An address that cannot be read lies in no zone.
            address: request
                .client
                .ip
                .parse()
                .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            enrolled,
            untaken: not_taken,
            enrollable: plan_enrollable(untaken),
            proved,
            asked: Asked {
                requirement: question.requirement,
                proved_since: question.proved_since,
            },
            behaviors,
            now: request.now,
        };
        Ok(evaluate(&chain, &snapshot.zones, &facts))
    }

    async fn policy_of_app(
        &self,
        snapshot: &OrgSnapshot,
        app_id: &AppId,
    ) -> Result<Option<std::sync::Arc<SignOnPolicy>>, Fault> {
        let app = self.app(&snapshot.org.id, app_id).await?;
        let Some(policy_id) = app.and_then(|app| app.policy_id.clone()) else {
            return Ok(None);
        };
        match snapshot.app_policies.get(&policy_id) {
            Some(policy) => Ok(Some(std::sync::Arc::clone(policy))),
            // The app names a policy that is not there: nobody gets in until that is mended.
            None => Err(Fault::stored(
                "policy of an app",
                &"it names a policy that does not exist",
            )),
        }
    }

    /// What is still needed in a sign-in.
    pub(crate) async fn evaluate_sign_in(
        &self,
        snapshot: &OrgSnapshot,
        flow: &Flow,
        person: &Person,
        request: &RequestFacts,
    ) -> Result<Step, Fault> {
        let evaluation = self.evaluate_flow(snapshot, flow, person, request).await?;
        Ok(match evaluation.verdict {
            Verdict::Deny(_) => Step::Denied,
            Verdict::Allow(_) => Step::Done,
            Verdict::Challenge { next, .. } => Step::Prove(next),
            Verdict::Enroll { kinds, .. } => Step::Enroll(kinds),
        })
    }

    /// What the policies say of a sign-in so far.
    pub(crate) async fn evaluate_flow(
        &self,
        snapshot: &OrgSnapshot,
        flow: &Flow,
        person: &Person,
        request: &RequestFacts,
    ) -> Result<Evaluation, Fault> {
        let question = PolicyQuestion {
            app: flow.state.app.clone(),
            console: leads_to_console(&flow.state.continue_to),
            proved: flow.state.proved.clone(),
            is_session: false,
            proved_since: flow.state.fresh_since,
            requirement: flow.state.requirement.clone(),
            origin: Origin::of_sign_in(flow),
        };
        let asks_more = question.requirement != Requirement::default();
        let plain = asks_more.then(|| PolicyQuestion {
            requirement: Requirement::default(),
            ..question.clone()
        });
        let evaluation = self
            .evaluate_policies(snapshot, person, question, request)
            .await?;
        if let Some(plain) = plain
            && matches!(
                evaluation.verdict,
                Verdict::Deny(DenyReason::Unattainable(_))
            )
        {
            // The person cannot reach what the app would like. The sign-in goes on without it, and the app is told.
            return self
                .evaluate_policies(snapshot, person, plain, request)
                .await;
        }
        Ok(evaluation)
    }

    /// Whether the person may use the app at all: it is open to everyone, or assigned.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn has_app(&self, app: &crate::app::App, person: &Person) -> Result<bool, Fault> {
        if app.settings.visibility == Assignment::Everyone {
            return Ok(true);
        }
        let mut tx = self.database.read().await?;
        Ok(crate::app::store::is_assigned(&mut tx, &app.org_id, &app.id, &person.id).await?)
    }
}

/// Whether an address lies in the administrators' console.
#[must_use]
pub fn leads_to_console(continue_to: &str) -> bool {
    let path = continue_to.split(['?', '#']).next().unwrap_or_default();
    path == CONSOLE_PATH
        || path
            .strip_prefix(CONSOLE_PATH)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// What a person may set up on the way, of what the org takes.
pub(crate) fn plan_enrollable(untaken: &UntakenMeans) -> Vec<AuthenticatorKind> {
    let mut enrollable = vec![
        AuthenticatorKind::Passkey(PasskeyStorage::Synced),
        AuthenticatorKind::Passkey(PasskeyStorage::DeviceBound),
        AuthenticatorKind::Totp,
    ];
    enrollable.retain(|kind| untaken.counts(*kind));
    enrollable
}

/// What a person can prove with.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn load_enrolled(
    tx: &mut database::ReadTx,
    person: &Person,
) -> Result<Vec<AuthenticatorKind>, Fault> {
    let (org, user) = (&person.org_id, &person.id);
    let mut enrolled = BTreeSet::new();
    for passkey in credentials::load_passkeys(tx, org, user).await? {
        let storage = if passkey.device_bound {
            PasskeyStorage::DeviceBound
        } else {
            PasskeyStorage::Synced
        };
        enrolled.insert(AuthenticatorKind::Passkey(storage));
    }
    if credentials::load_password(tx, org, user).await?.is_some()
        || credentials::awaits_import(tx, org, user).await?
    {
        enrolled.insert(AuthenticatorKind::Password);
    }
    if crate::identity_provider::store::has_usable_link(tx, org, user).await? {
        enrolled.insert(AuthenticatorKind::IdentityProvider);
    }
    if credentials::load_totp(tx, org, user)
        .await?
        .iter()
        .any(|totp| totp.confirmed_at.is_some())
    {
        enrolled.insert(AuthenticatorKind::Totp);
    }
    if credentials::count_recovery_codes(tx, org, user).await? > 0 {
        enrolled.insert(AuthenticatorKind::RecoveryCode);
    }
    if person.email_verified {
        enrolled.insert(AuthenticatorKind::EmailCode);
    }
    Ok(enrolled.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::leads_to_console;

    #[test]
    fn the_console_is_told_by_its_path() {
        for inside in ["/admin", "/admin/people", "/admin?x=1", "/admin/#a"] {
            assert!(leads_to_console(inside), "{inside}");
        }
        for outside in ["/", "/administrators", "/apps?next=/admin", "/account"] {
            assert!(!leads_to_console(outside), "{outside}");
        }
    }
}
