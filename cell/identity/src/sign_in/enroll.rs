//! Enrolling something on the way, because the policy asks for more than the person has.

use crate::access::own::OwnCaller;
use crate::access::{Caller, Permission, Permit, authorize};
use crate::cell::Cell;
use crate::credential::passkey::{Enrolment, PasskeyRefusal};
use crate::credential::password::PasswordRefusal;
use crate::credential::store as credentials;
use crate::fault::{Fault, Refusal};
use crate::org::context::{OrgContext, RequestFacts};
use crate::person::Person;
use crate::person::lifecycle::LifecycleAction;
use crate::person::operations::apply_transition;
use crate::person::{PersonStatus, store as people};
use crate::sign_in::{Flow, Step};
use crate::sign_on::{AuthenticatorKind, PasskeyStorage};
use crate::snapshot::OrgSnapshot;
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

    /// Replaces an expired password on the way.
    ///
    /// # Errors
    /// [`PasswordRefusal`]; a sign-in that does not ask for it changes nothing.
    #[boxed]
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
        let permit = permit_sign_in(&person, Some(&flow.id), &request.client)?;
        self.set_password(&permit, &person.id, password).await?;
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
