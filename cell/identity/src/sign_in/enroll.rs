//! Enrolling something on the way, because the policy asks for more than the person has.

use crate::access::own::OwnCaller;
use crate::access::{Caller, Permission, Permit, authorize};
use crate::cell::Cell;
use crate::credential::passkey::{Enrolment, PasskeyRefusal};
use crate::credential::password::{PasswordRefusal, PlannedPassword};
use crate::credential::store as credentials;
use crate::fault::Refusal;
use crate::org::context::{OrgContext, RequestFacts};
use crate::person::Person;
use crate::person::lifecycle::LifecycleAction;
use crate::person::operations::apply_transition;
use crate::person::{PersonStatus, store as people};
use crate::sign_in::{Flow, Step, store as flows};
use crate::sign_on::{AuthenticatorKind, PasskeyStorage};
use crate::snapshot::OrgSnapshot;
use database::WriteTx;
use ledger::ClientFacts;
use vocab::future::boxed;
use vocab::id::FlowId;
use vocab::secret::Secret;

/// A person who must enrol something, and the right to do so: nobody enrols anything before having proved what there is
/// to prove.
#[derive(Debug, Clone)]
pub struct Enrolling {
    /// The person.
    pub person: Person,
    /// The right.
    pub permit: Permit,
}

/// The permit of a person whose sign-in has come to the point where a means of proof is set up; without a sign-in, of one
/// who opened the account by a link.
pub(crate) fn permit_sign_in(
    person: &Person,
    flow: Option<&FlowId>,
    client: &ClientFacts,
) -> Result<Permit, Refusal> {
    let caller = Caller::Own(OwnCaller::of_sign_in(person, flow));
    authorize(&caller, &person.org_id, Permission::OwnFactors, client)
}

impl Cell {
    /// The person of a sign-in in which something must be enrolled now.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] if nothing must be enrolled.
    #[boxed]
    pub async fn enrolling_person(
        &self,
        snapshot: &OrgSnapshot,
        flow: &Flow,
        request: &RequestFacts,
    ) -> Result<Enrolling, Refusal> {
        let Step::Enroll(_) = self.next_step(snapshot, flow, request).await? else {
            return Err(Refusal::Forbidden);
        };
        let person = self.person_of(flow).await?.ok_or(Refusal::Forbidden)?;
        let permit = permit_sign_in(&person, Some(&flow.id), &request.client)?;
        Ok(Enrolling { person, permit })
    }

    /// Begins the enrolment of a passkey on the way.
    ///
    /// # Errors
    /// [`Refusal`] as the enrolment says.
    #[boxed]
    pub async fn begin_enroll_passkey(
        &self,
        context: &OrgContext,
        enrolling: &Enrolling,
        flow: &mut Flow,
    ) -> Result<String, Refusal> {
        let (options, pending) = self
            .start_passkey_registration(context, &enrolling.permit, &enrolling.person.id)
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
        let (org_id, user_id) = (enrolment.permit.org(), enrolment.user_id);
        let mut tx = self.database.read().await?;
        let person = people::load(&mut tx, org_id, user_id).await?;
        let enrolled = credentials::load_passkeys(&mut tx, org_id, user_id).await?;
        drop(tx);
        let device_bound = enrolled
            .iter()
            .any(|passkey| passkey.id == id && passkey.device_bound);
        let storage = if device_bound {
            PasskeyStorage::DeviceBound
        } else {
            PasskeyStorage::Synced
        };
        let kind = AuthenticatorKind::Passkey(storage);
        self.count_proof(flow, kind, person.as_ref(), request).await
    }

    /// Confirms the authenticator app; it counts as proved at once.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a wrong code.
    #[boxed]
    pub async fn finish_enroll_totp(
        &self,
        enrolling: &Enrolling,
        flow: &mut Flow,
        code: &str,
        request: &RequestFacts,
    ) -> Result<(), Refusal> {
        let person = &enrolling.person;
        self.confirm_totp(&enrolling.permit, &person.id, code)
            .await?;
        self.count_proof(flow, AuthenticatorKind::Totp, Some(person), request)
            .await
    }

    /// Replaces an expired password on the way; whoever had to do so before anything else is active again.
    ///
    /// # Errors
    /// [`PasswordRefusal`], and in it [`Refusal::Changed`] if the person or the sign-in changed at the same moment; a sign-in that
    /// does not ask for it changes nothing.
    #[boxed]
    pub async fn replace_password(
        &self,
        snapshot: &OrgSnapshot,
        flow: &mut Flow,
        password: Secret<String>,
        request: &RequestFacts,
    ) -> Result<bool, PasswordRefusal> {
        let planned = self.plan_replacement(snapshot, flow, password, request);
        let Some(planned) = planned.await? else {
            return Ok(false);
        };
        let cell = self.clone();
        let replaced: Result<Flow, Refusal> = self
            .database
            .write(move |tx| Box::pin(async move { planned.apply(tx, &cell).await }))
            .await;
        *flow = replaced?;
        Ok(true)
    }

    /// Prepares it; nothing where the sign-in does not ask for it.
    pub(crate) async fn plan_replacement(
        &self,
        snapshot: &OrgSnapshot,
        flow: &Flow,
        password: Secret<String>,
        request: &RequestFacts,
    ) -> Result<Option<PlannedReplacement>, PasswordRefusal> {
        if self.next_step(snapshot, flow, request).await? != Step::ChangePassword {
            return Ok(None);
        }
        let Some(person) = self.person_of(flow).await? else {
            return Ok(None);
        };
        let permit = permit_sign_in(&person, Some(&flow.id), &request.client)?;
        let subject = self.factor_subject(&permit, &person.id).await?;
        let password = self
            .plan_password(&permit, &subject, &subject.person, password)
            .await?;
        let mut flow = flow.clone();
        flow.state.must_change_password = false;
        Ok(Some(PlannedReplacement {
            permit,
            person,
            password,
            flow,
        }))
    }
}

/// A new password in place of an expired one, to be stored together with what comes of it.
pub(crate) struct PlannedReplacement {
    permit: Permit,
    /// The person as the sign-in found them.
    person: Person,
    password: PlannedPassword,
    /// The sign-in as it goes on.
    flow: Flow,
}

impl PlannedReplacement {
    /// Stores it, lets the person act again who had to replace it, and lets the sign-in go on: all of it, or nothing.
    ///
    /// # Errors
    /// [`Refusal::Changed`] if another answer came first, or the person is not in the state any more in which they were asked
    /// for it, or was shut out: whoever decided that meanwhile did not decide about somebody who comes back by this.
    pub(crate) async fn apply(mut self, tx: &mut WriteTx, cell: &Cell) -> Result<Flow, Refusal> {
        if !flows::update(tx, &self.flow).await? {
            return Err(Refusal::Changed);
        }
        self.flow.revision += 1;
        let person = people::load_held(tx, &self.person.org_id, &self.person.id)
            .await?
            .filter(|present| {
                present.status == self.person.status && self.flow.state.is_of(present)
            })
            .ok_or(Refusal::Changed)?;
        self.password.apply(tx).await?;
        if person.status == PersonStatus::PasswordExpired {
            let action = LifecycleAction::Activate;
            apply_transition(tx, cell, &person, action).await?;
            let event = cell.person_event(&self.permit, action.event(), &person);
            ledger::append(tx, &person.org_id, event).await?;
        }
        Ok(self.flow)
    }
}

pub(crate) fn refuse(refusal: PasskeyRefusal) -> Refusal {
    match refusal {
        PasskeyRefusal::NoDomain => {
            Refusal::WrongState("passkeys need a host name; this is an address")
        }
        PasskeyRefusal::Fault(fault) => Refusal::Fault(fault),
        PasskeyRefusal::Model => Refusal::invalid("model", refusal.to_string()),
        other => Refusal::invalid("passkey", other.to_string()),
    }
}
