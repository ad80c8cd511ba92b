//! The beginning of a sign-in, and the question what is needed next.

use crate::cell::Cell;
use crate::fault::{Fault, Refusal};
use crate::org::context::RequestFacts;
use crate::person::{Person, PersonStatus};
use crate::session::SignedIn;
use crate::sign_in::{
    FLOW_SECS, Flow, FlowState, IDENTIFIER_CHARS_MAX, Step, decide_continue, first_ways, store,
};
use crate::sign_on::Requirement;
use crate::snapshot::OrgSnapshot;
use vocab::future::boxed;
use vocab::id::{AppId, FlowId, OrgId};
use vocab::secret::{Secret, SecretHash, random_token};
use vocab::time::Timestamp;

/// What a sign-in is for.
#[derive(Debug, Clone, Default)]
pub struct Purpose {
    /// Where the person goes afterwards.
    pub continue_to: String,
    /// The app that asked.
    pub app: Option<AppId>,
    /// Whether proof from before this moment does not count.
    pub fresh_since: Option<Timestamp>,
    /// What the app asks for beyond the policies.
    pub requirement: Requirement,
    /// The cookie by which the browser is known, or nothing.
    pub device_cookie: String,
}

/// How the person of a sign-in stands to it.
enum Standing {
    /// It is theirs, and what was proved counts.
    Known(Box<Person>),
    /// What was proved counts no more: all sessions were ended since, or the one that it came from.
    Outdated,
    /// There is nobody, or nobody who may sign in.
    Nobody,
}

pub(crate) const fn may_sign_in(status: PersonStatus) -> bool {
    matches!(status, PersonStatus::Active | PersonStatus::PasswordExpired)
}

impl Cell {
    /// Begins a sign-in; returns the secret for its cookie.
    ///
    /// With a live session the person is known already and what the session proves counts.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn begin_sign_in(
        &self,
        org_id: &OrgId,
        purpose: Purpose,
        session: Option<&SignedIn>,
    ) -> Result<(Flow, Secret<String>), Fault> {
        let now = self.now();
        let devices = self.open_devices(org_id, &purpose.device_cookie).await;
        let mut state = FlowState {
            continue_to: decide_continue(&purpose.continue_to),
            app: purpose.app,
            fresh_since: purpose.fresh_since,
            requirement: purpose.requirement,
            devices,
            ..FlowState::default()
        };
        if let Some(signed_in) = session.filter(|signed_in| signed_in.session.org_id == *org_id) {
            state.identifier.clone_from(&signed_in.person.login);
            state.user_id = Some(signed_in.person.id.clone());
            state.session = Some(signed_in.session.id.clone());
            state.epoch = Some(signed_in.session.user_epoch);
            state.proved.clone_from(&signed_in.session.authenticators);
            // Though a clock be set back meanwhile, it does not pass for proof that was given on the way.
            for proof in &mut state.proved {
                proof.at = proof.at.min(now);
            }
        }
        let flow = Flow {
            org_id: org_id.clone(),
            id: FlowId::generate(self.entropy()),
            state,
            revision: 1,
            expires_at: now.plus_secs(FLOW_SECS),
        };
        let secret = random_token(self.entropy(), "");
        let (stored, hash) = (flow.clone(), SecretHash::of(secret.expose()));
        self.database
            .write(move |tx| Box::pin(async move { store::insert(tx, &stored, &hash, now).await }))
            .await?;
        Ok((flow, secret))
    }

    /// The sign-in of that cookie, if it is still under way.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn load_sign_in(&self, org_id: &OrgId, secret: &str) -> Result<Option<Flow>, Fault> {
        let now = self.now();
        let mut tx = self.database.read().await?;
        store::find(&mut tx, org_id, &SecretHash::of(secret), now).await
    }

    /// Notes who the person says to be. Nothing tells whether there is such a person; whatever was begun for somebody
    /// else is over.
    ///
    /// # Errors
    /// [`Refusal::Changed`] if another answer came first.
    #[boxed]
    pub async fn identify(&self, flow: &mut Flow, identifier: &str) -> Result<(), Refusal> {
        let identifier: String = identifier
            .trim()
            .chars()
            .take(IDENTIFIER_CHARS_MAX)
            .collect();
        if identifier.is_empty() {
            return Err(Refusal::invalid(
                "identifier",
                "type your user name or mail address",
            ));
        }
        let person = {
            let mut tx = self.database.read().await?;
            crate::person::store::find_by_identifier(&mut tx, &flow.org_id, &identifier).await?
        };
        flow.state.identifier = identifier;
        flow.state.user_id = person.map(|person| person.id);
        flow.state.forget();
        flow.state.must_change_password = false;
        flow.state.mailed = false;
        flow.state.registration = None;
        self.keep_sign_in(flow).await
    }

    pub(crate) async fn keep_sign_in(&self, flow: &mut Flow) -> Result<(), Refusal> {
        let stored = flow.clone();
        let kept = self
            .database
            .write(move |tx| Box::pin(async move { store::update(tx, &stored).await }))
            .await?;
        if !kept {
            return Err(Refusal::Changed);
        }
        flow.revision += 1;
        Ok(())
    }

    /// The person of a sign-in, if there is one who may sign in at all and for whom what was proved still counts.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn person_of(&self, flow: &Flow) -> Result<Option<Person>, Fault> {
        Ok(match self.standing_of(flow).await? {
            Standing::Known(person) => Some(*person),
            Standing::Outdated | Standing::Nobody => None,
        })
    }

    async fn standing_of(&self, flow: &Flow) -> Result<Standing, Fault> {
        let Some(user_id) = &flow.state.user_id else {
            return Ok(Standing::Nobody);
        };
        let mut tx = self.database.read().await?;
        let person = crate::person::store::load(&mut tx, &flow.org_id, user_id).await?;
        let Some(person) = person.filter(|person| may_sign_in(person.status)) else {
            return Ok(Standing::Nobody);
        };
        if !flow.state.is_of(&person) {
            return Ok(Standing::Outdated);
        }
        // What a session proved counts as long as the session lives.
        if let Some(id) = &flow.state.session {
            let session = crate::session::store::load(&mut tx, &flow.org_id, id).await?;
            let now = self.now();
            if !session.is_some_and(|session| crate::session::is_live(&session, &person, now)) {
                return Ok(Standing::Outdated);
            }
        }
        Ok(Standing::Known(Box::new(person)))
    }

    /// What is needed next.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn next_step(
        &self,
        snapshot: &OrgSnapshot,
        flow: &Flow,
        request: &RequestFacts,
    ) -> Result<Step, Fault> {
        if flow.state.identifier.is_empty() && flow.state.user_id.is_none() {
            return Ok(Step::Identify);
        }
        // Neither the policies nor what is enrolled are looked at before: the answer, and the time it takes, would tell.
        if flow.state.is_first() {
            return Ok(Step::Prove(first_ways(
                &snapshot.org.settings.untaken_means,
            )));
        }
        let person = match self.standing_of(flow).await? {
            Standing::Known(person) => *person,
            // The person, or somebody for them, has shut out whoever was under way: it begins anew.
            Standing::Outdated => return Ok(Step::Identify),
            // Kept out since the proof was given.
            Standing::Nobody => return Ok(Step::Denied),
        };
        let step = self
            .evaluate_sign_in(snapshot, flow, &person, request)
            .await?;
        if step == Step::Done
            && (flow.state.must_change_password || person.status == PersonStatus::PasswordExpired)
        {
            return Ok(Step::ChangePassword);
        }
        Ok(step)
    }
}
