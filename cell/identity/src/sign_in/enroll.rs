//! Enrolling something on the way, because the policy asks for more than the person has.

use crate::cell::Cell;
use crate::credential::passkey::{Enrolment, PasskeyRefusal};
use crate::credential::password::PasswordRefusal;
use crate::credential::store as credentials;
use crate::credential::totp::FactorAct;
use crate::fault::{Fault, Refusal};
use crate::org::context::{OrgContext, RequestFacts};
use crate::person::Person;
use crate::person::lifecycle::LifecycleAction;
use crate::person::operations::apply_transition;
use crate::person::{PersonStatus, store as people};
use crate::sign_in::{Flow, Step};
use crate::sign_on::{AuthenticatorKind, PasskeyStorage};
use crate::snapshot::OrgSnapshot;
use crate::totp::TotpSeed;
use ledger::Actor;
use vocab::secret::Secret;

fn actor_of(person: &Person) -> Actor {
    Actor::user(&person.id, &person.login, &person.display_name())
}

impl Cell {
    /// The person of a sign-in in which something must be enrolled now; nobody enrols anything before having proved
    /// what there is to prove.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] if nothing must be enrolled.
    pub async fn enrolling_person(
        &self,
        snapshot: &OrgSnapshot,
        flow: &Flow,
        request: &RequestFacts,
    ) -> Result<Person, Refusal> {
        match self.next_step(snapshot, flow, request).await? {
            Step::Enroll(_) => self.person_of(flow).await?.ok_or(Refusal::Forbidden),
            _ => Err(Refusal::Forbidden),
        }
    }

    /// Begins the enrolment of a passkey on the way.
    ///
    /// # Errors
    /// [`Refusal`] as the enrolment says.
    pub async fn begin_enroll_passkey(
        &self,
        context: &OrgContext,
        person: &Person,
        flow: &mut Flow,
    ) -> Result<String, Refusal> {
        let (options, pending) = self
            .start_passkey_registration(context, person)
            .await
            .map_err(refuse)?;
        flow.state.registration = Some(pending);
        self.keep_sign_in(flow).await?;
        Ok(options)
    }

    /// Ends it; the new passkey counts as proved at once, since it has just verified the person.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] if the passkey could not be verified.
    pub async fn finish_enroll_passkey(
        &self,
        enrolment: Enrolment<'_>,
        flow: &mut Flow,
        answer: &str,
        request: &RequestFacts,
    ) -> Result<(), Refusal> {
        let pending = flow.state.registration.take().ok_or(Refusal::Changed)?;
        self.keep_sign_in(flow).await?;
        let id = self
            .finish_passkey_registration(enrolment, &pending, answer)
            .await
            .map_err(refuse)?;
        let mut tx = self.database.read().await?;
        let enrolled =
            credentials::load_passkeys(&mut tx, &enrolment.org.id, &enrolment.person.id).await?;
        drop(tx);
        let device_bound = enrolled
            .iter()
            .any(|passkey| passkey.id == id && passkey.device_bound);
        let storage = if device_bound {
            PasskeyStorage::DeviceBound
        } else {
            PasskeyStorage::Synced
        };
        self.count_proof(
            flow,
            AuthenticatorKind::Passkey(storage),
            Some(enrolment.person),
            request,
        )
        .await
    }

    /// The seed of the authenticator app that is being enrolled on the way; the same until it is confirmed.
    ///
    /// # Errors
    /// [`Fault`] if store or keys fail.
    pub async fn begin_enroll_totp(&self, person: &Person) -> Result<TotpSeed, Fault> {
        match self.pending_totp(&person.org_id, person).await? {
            Some(seed) => Ok(seed),
            None => self.start_totp(&person.org_id, person).await,
        }
    }

    /// Confirms the authenticator app; it counts as proved at once.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a wrong code.
    pub async fn finish_enroll_totp(
        &self,
        snapshot: &OrgSnapshot,
        person: &Person,
        flow: &mut Flow,
        code: &str,
        request: &RequestFacts,
    ) -> Result<(), Refusal> {
        let actor = actor_of(person);
        let act = FactorAct {
            org: &snapshot.org,
            person,
            actor: &actor,
            client: &request.client,
        };
        self.confirm_totp(act, code).await?;
        self.count_proof(flow, AuthenticatorKind::Totp, Some(person), request)
            .await
    }

    /// Replaces an expired password on the way.
    ///
    /// # Errors
    /// [`PasswordRefusal`]; a sign-in that does not ask for it changes nothing.
    pub async fn replace_password(
        &self,
        snapshot: &OrgSnapshot,
        flow: &mut Flow,
        password: Secret<String>,
        request: &RequestFacts,
    ) -> Result<bool, PasswordRefusal> {
        if self.next_step(snapshot, flow, request).await? != Step::ChangePassword {
            return Ok(false);
        }
        let Some(person) = self.person_of(flow).await? else {
            return Ok(false);
        };
        self.set_password(
            &snapshot.org,
            &person,
            actor_of(&person),
            &request.client,
            password,
        )
        .await?;
        if person.status == PersonStatus::PasswordExpired {
            self.reactivate(&person).await?;
        }
        flow.state.must_change_password = false;
        match self.keep_sign_in(flow).await {
            Ok(()) => Ok(true),
            Err(Refusal::Fault(fault)) => Err(fault.into()),
            Err(_) => Ok(false),
        }
    }

    async fn reactivate(&self, person: &Person) -> Result<(), Fault> {
        let (cell, person) = (self.clone(), person.clone());
        let done = self.database.write(move |tx| {
            Box::pin(async move {
                let present = people::load(tx, &person.org_id, &person.id)
                    .await?
                    .ok_or(Refusal::NotFound)?;
                apply_transition(tx, &cell, &present, LifecycleAction::Activate).await
            })
        });
        match done.await {
            Err(Refusal::Fault(fault)) => Err(fault),
            // Somebody else changed the state meanwhile: that decision stands.
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

fn refuse(refusal: PasskeyRefusal) -> Refusal {
    match refusal {
        PasskeyRefusal::Fault(fault) => Refusal::Fault(fault),
        other => Refusal::invalid("passkey", other.to_string()),
    }
}
