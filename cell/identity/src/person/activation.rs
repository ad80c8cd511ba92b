//! Activation, and the link that goes out with it to whoever it leads back to where a link alone lets them in: in one transaction, so
//! that nobody is led there without one. Nobody is shown the link but its person, by mail.

use crate::access::Permit;
use crate::access::ceiling::hold_for_way_in;
use crate::cell::Cell;
use crate::fault::{Fault, Refusal};
use crate::org::context::OrgContext;
use crate::person::lifecycle::{LifecycleAction, decide_return};
use crate::person::operations::{apply_transition, tell};
use crate::person::{Person, PersonStatus, store};
use crate::sign_in::setup::{LinkPurpose, MailedLink};
use vocab::future::boxed;
use vocab::id::UserId;

/// An activation that is ready to be done.
pub struct PlannedActivation {
    permit: Permit,
    user_id: UserId,
    link: Option<MailedLink>,
}

impl Cell {
    /// Prepares an activation; nothing is changed or sent yet. Whoever may activate somebody may have this link sent, as they may
    /// have an invitation sent to somebody without a password.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else; [`Refusal`] if keys fail.
    #[boxed]
    pub async fn plan_activation(
        &self,
        context: &OrgContext,
        permit: &Permit,
        person: &Person,
    ) -> Result<PlannedActivation, Refusal> {
        let action = LifecycleAction::Activate;
        permit.covers_within(action.permission(), action.capability())?;
        let link = match self.awaits_link(person).await? {
            true => Some(self.plan_way_back(context, person).await?),
            false => None,
        };
        Ok(PlannedActivation {
            permit: permit.clone(),
            user_id: person.id.clone(),
            link,
        })
    }

    /// The link that a reset sends, to somebody whom activation leads back to where they stood after it.
    pub(super) async fn plan_way_back(
        &self,
        context: &OrgContext,
        person: &Person,
    ) -> Result<MailedLink, Refusal> {
        let purpose = LinkPurpose::Recovery;
        self.plan_mailed_link(context, person, purpose).await
    }

    /// Whether activation leads somebody back to where a link alone lets them in.
    pub(super) async fn awaits_link(&self, person: &Person) -> Result<bool, Fault> {
        let mut tx = self.database.read().await?;
        let returns_to = store::load_return(&mut tx, &person.org_id, &person.id).await?;
        let after = decide_return(person.status, returns_to, LifecycleAction::Activate);
        Ok(matches!(after, Ok((PersonStatus::Recovery, _))))
    }
}

impl PlannedActivation {
    /// Whether a mail with a link goes out with it.
    #[must_use]
    pub const fn sends_link(&self) -> bool {
        self.link.is_some()
    }

    /// Does it.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] where the table has no such step; [`Refusal::OutOfReach`] for somebody who may do more;
    /// [`Refusal::Changed`] if it leads elsewhere by now, or the mail address is another one.
    #[boxed]
    pub async fn apply(self, cell: &Cell) -> Result<PersonStatus, Refusal> {
        let (writer, cell) = (cell.database.clone(), cell.clone());
        writer
            .write(move |tx| {
                Box::pin(async move {
                    let (permit, action) = (&self.permit, LifecycleAction::Activate);
                    let person = hold_for_way_in(tx, permit, &self.user_id).await?;
                    let after = apply_transition(tx, &cell, &person, action).await?;
                    let mut event = cell.person_event(permit, action.event(), &person);
                    match (after, self.link) {
                        (PersonStatus::Recovery, Some(link)) => {
                            link.put(tx).await?;
                            event = event.detail("link", LinkPurpose::Recovery.as_str());
                        }
                        // They were reset since it was looked at: nobody is led there without a link.
                        (PersonStatus::Recovery, None) => return Err(Refusal::Changed),
                        _ => {}
                    }
                    tell(tx, &cell, permit, &self.user_id, event).await?;
                    Ok(after)
                })
            })
            .await
    }
}
