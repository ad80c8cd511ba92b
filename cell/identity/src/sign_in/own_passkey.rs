//! Enrolling a passkey from the own account. What the server must remember between question and answer is kept as a
//! sign-in of its own, bound to a cookie, and ends with the answer.

use crate::access::Permit;
use crate::cell::Cell;
use crate::credential::passkey::{Enrolment, PasskeyRefusal};
use crate::fault::Refusal;
use crate::org::context::OrgContext;
use crate::sign_in::{FLOW_SECS, Flow, FlowState, store};
use vocab::future::boxed;
use vocab::id::FlowId;
use vocab::secret::{Secret, SecretHash, random_token};

impl Cell {
    /// Options for the browser as JSON, and the secret for the cookie.
    ///
    /// # Errors
    /// [`PasskeyRefusal`] as the enrolment says.
    #[boxed]
    pub async fn begin_own_passkey(
        &self,
        context: &OrgContext,
        permit: &Permit,
    ) -> Result<(String, Secret<String>), PasskeyRefusal> {
        let own = permit.own_user().ok_or(Refusal::Forbidden)?;
        let (options, pending) = self
            .start_passkey_registration(context, permit, own)
            .await?;
        let now = self.now();
        let flow = Flow {
            org_id: permit.org().clone(),
            id: FlowId::generate(self.entropy()),
            state: FlowState {
                continue_to: String::from("/account/security"),
                user_id: Some(own.clone()),
                session: permit.own_session().cloned(),
                registration: Some(pending),
                ..FlowState::default()
            },
            revision: 1,
            expires_at: now.plus_secs(FLOW_SECS),
        };
        let secret = random_token(self.entropy(), "");
        let hash = SecretHash::of(secret.expose());
        self.database
            .write(move |tx| Box::pin(async move { store::insert(tx, &flow, &hash, now).await }))
            .await?;
        Ok((options, secret))
    }

    /// Takes the authenticator's answer. The challenge is spent whatever comes of it.
    ///
    /// # Errors
    /// [`PasskeyRefusal`]; also for a cookie of another person or session.
    pub async fn finish_own_passkey(
        &self,
        enrolment: Enrolment<'_>,
        cookie: &str,
        answer: &str,
    ) -> Result<(), PasskeyRefusal> {
        let permit = enrolment.permit;
        let flow = self
            .load_sign_in(permit.org(), cookie)
            .await?
            .filter(|flow| {
                flow.state.user_id.as_ref() == Some(enrolment.user_id)
                    && flow.state.session.as_ref() == permit.own_session()
            })
            .ok_or(PasskeyRefusal::NotVerified)?;
        let pending = flow.state.registration.ok_or(PasskeyRefusal::NotVerified)?;
        let (org_id, id, revision) = (flow.org_id, flow.id, flow.revision);
        let spent = self
            .database
            .write(move |tx| {
                Box::pin(async move { store::delete(tx, &org_id, &id, revision).await })
            })
            .await?;
        if !spent {
            return Err(PasskeyRefusal::NotVerified);
        }
        self.finish_passkey_registration(enrolment, &pending, answer)
            .await
            .map(drop)
    }
}
