//! Whose means of proof an operation is about: looked up once the permit is known to cover them.

use crate::access::Permit;
use crate::access::ceiling::{check_reach, check_way_in};
use crate::cell::Cell;
use crate::fault::{Fault, Refusal};
use crate::org::Org;
use crate::org::settings::ProfileAttribute;
use crate::person::Person;
use crate::person::operations::{Retype, as_target};
use crate::sign_on::means::Means;
use crate::snapshot::OrgSnapshot;
use ledger::{Event, EventType, Outcome};
use std::sync::Arc;
use vocab::id::{OrgId, UserId};
use vocab::time::Timestamp;

/// A person whose means of proof are looked at or changed, by somebody who may do so.
pub(crate) struct FactorSubject {
    snapshot: Arc<OrgSnapshot>,
    pub(crate) person: Person,
}

impl FactorSubject {
    pub(crate) fn org(&self) -> &Org {
        &self.snapshot.org
    }

    /// The attributes that the person has.
    ///
    /// # Errors
    /// As [`OrgSnapshot::schema_of_person`].
    pub(crate) fn schema(&self) -> Result<&[ProfileAttribute], Refusal> {
        self.snapshot.schema_of_person(&self.person)
    }

    /// The attributes that the person has once the type is the one that is meant.
    ///
    /// # Errors
    /// As [`Retype::of`].
    pub(crate) fn schema_after<'s>(
        &'s self,
        retype: &'s Retype,
    ) -> Result<&'s [ProfileAttribute], Refusal> {
        let (_, schema) = retype.of(&self.snapshot, &self.person)?;
        Ok(schema)
    }

    /// That the org takes such a means of proof.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] if it does not.
    pub(crate) fn takes(&self, means: Means) -> Result<(), Refusal> {
        self.org().settings.untaken_means.check(means)
    }

    /// Org and person, for a closure that outlives this.
    pub(crate) fn ids(&self) -> (OrgId, UserId) {
        (self.person.org_id.clone(), self.person.id.clone())
    }

    /// A row of the log about a change that was made.
    pub(crate) fn event(&self, permit: &Permit, kind: EventType, now: Timestamp) -> Event {
        self.row(permit, Event::new(kind, Outcome::Success, now))
    }

    /// A row of the log about a change that was refused.
    pub(crate) fn failure(&self, permit: &Permit, kind: EventType, now: Timestamp) -> Event {
        self.row(permit, Event::new(kind, Outcome::Failure, now))
    }

    fn row(&self, permit: &Permit, event: Event) -> Event {
        let event = event
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(as_target(&self.person));
        match permit.own_session() {
            Some(session) => event.session(session),
            None => event,
        }
    }
}

impl Cell {
    /// The person whose means of proof the permit lets its holder change.
    pub(crate) async fn factor_subject(
        &self,
        permit: &Permit,
        user_id: &UserId,
    ) -> Result<FactorSubject, Refusal> {
        permit.covers_factors_of(user_id)?;
        self.load_subject(permit, user_id).await
    }

    /// The person from whom the permit lets its holder take a means of proof away.
    pub(crate) async fn loss_subject(
        &self,
        permit: &Permit,
        user_id: &UserId,
    ) -> Result<FactorSubject, Refusal> {
        permit.covers_loss_of_factors_of(user_id)?;
        self.load_subject(permit, user_id).await
    }

    async fn load_subject(
        &self,
        permit: &Permit,
        user_id: &UserId,
    ) -> Result<FactorSubject, Refusal> {
        let snapshot = self
            .snapshot(permit.org())
            .await?
            .ok_or(Refusal::NotFound)?;
        let mut tx = self.database.read().await.map_err(Fault::from)?;
        let person = crate::person::store::load(&mut tx, permit.org(), user_id)
            .await?
            .ok_or(Refusal::NotFound)?;
        // What follows is held against it once more where it is done; before that nothing is shown, hashed or sealed.
        check_reach(&mut tx, permit, user_id).await?;
        check_way_in(&mut tx, permit, user_id).await?;
        Ok(FactorSubject { snapshot, person })
    }
}
