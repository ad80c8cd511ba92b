//! The sign-in that follows a link which opened an account: what was proved or set on the page behind it counts there.

use crate::cell::Cell;
use crate::fault::Refusal;
use crate::org::context::RequestFacts;
use crate::person::Person;
use crate::person::profile::fold;
use crate::sign_in::Flow;
use crate::sign_in::device::decide_familiarity;
use crate::sign_in::open::LinkProof;
use crate::sign_in::prove::guess_at;
use crate::sign_on::AuthenticatorKind;
use crate::slowdown::GuessedSecret;
use vocab::future::boxed;

impl Cell {
    /// Counts in the sign-in that follows what a code proved at the link.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] in the sign-in of somebody else.
    #[boxed]
    pub async fn count_link_proof(
        &self,
        flow: &mut Flow,
        proof: &LinkProof,
        request: &RequestFacts,
    ) -> Result<(), Refusal> {
        let person = self.person_of(flow).await?;
        let person = person.filter(|person| person.id == proof.user_id);
        let person = person.ok_or(Refusal::Forbidden)?;
        self.count_proof(flow, proof.kind, Some(&person), request)
            .await
    }

    /// Counts in the sign-in that follows a link the password that its owner has just set by it: no guess is made, so nothing
    /// that others tried slows it or keeps it out. What is typed further on in that sign-in is not held against the address.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] in the sign-in of somebody else.
    #[boxed]
    pub async fn count_new_password(
        &self,
        flow: &mut Flow,
        owner: &Person,
        request: &RequestFacts,
    ) -> Result<(), Refusal> {
        let person = self.person_of(flow).await?;
        let person = person.filter(|person| person.id == owner.id);
        let person = person.ok_or(Refusal::Forbidden)?;
        flow.state.by_link = true;
        let kind = AuthenticatorKind::Password;
        self.count_proof(flow, kind, Some(&person), request).await?;
        // From now on the address is one from which the owner has signed in, as after a password that was typed.
        let identifier = fold(&flow.state.identifier);
        let familiarity = decide_familiarity(&flow.state.devices, Some(&person), request.now);
        let secret = GuessedSecret::Password;
        let guess = guess_at(&flow.org_id, &identifier, secret, familiarity, request);
        if let Ok(ticket) = self.slowdown.check(&guess, request.now) {
            self.slowdown.record_success(ticket, request.now);
        }
        Ok(())
    }
}
