//! Steps of the life cycle, and the link that goes out with one to whoever it leads to where a link alone lets them in: in one
//! transaction, so that nobody is led there without one. Nobody is shown the link but its person, by mail.

use crate::access::Permit;
use crate::access::ceiling::{check_reach, check_way_in};
use crate::cell::Cell;
use crate::fault::{Fault, Refusal};
use crate::org::context::OrgContext;
use crate::person::lifecycle::{LifecycleAction, decide_return};
use crate::person::operations::{apply_transition, hold_for_step, tell};
use crate::person::{Person, PersonStatus, store};
use crate::sign_in::setup::{LinkPurpose, MailedLink};
use vocab::future::boxed;
use vocab::id::UserId;

/// A step that is ready to be taken.
pub struct PlannedStep {
    permit: Permit,
    user_id: UserId,
    action: LifecycleAction,
    link: Option<MailedLink>,
}

/// What goes out with a step that leads somebody there.
const fn link_with(action: LifecycleAction, after: PersonStatus) -> Option<LinkPurpose> {
    match (action, after) {
        (LifecycleAction::Invite, _) => Some(LinkPurpose::Invitation),
        (LifecycleAction::ResetPassword, _)
        | (LifecycleAction::Activate, PersonStatus::Recovery) => Some(LinkPurpose::Recovery),
        _ => None,
    }
}

impl Cell {
    /// Prepares a step, for the person as they are now; nothing is changed or sent yet. Whoever may take it may have the link sent that
    /// goes out with it: whoever may activate somebody, that of a reset.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else; [`Refusal::NotFound`] for a person that this org does not
    /// have; [`Refusal::OutOfReach`] for somebody who may do more; [`Refusal::WrongState`] where the table has no such step.
    #[boxed]
    pub async fn plan_step(
        &self,
        context: &OrgContext,
        permit: &Permit,
        user_id: &UserId,
        action: LifecycleAction,
    ) -> Result<PlannedStep, Refusal> {
        permit.covers_within(action.permission(), action.capability())?;
        let (person, returns_to) = {
            let mut tx = self.database.read().await?;
            let person = store::load(&mut tx, permit.org(), user_id).await?;
            let person = person.ok_or(Refusal::NotFound)?;
            // It is held against both once more where it is done; before that nothing is told of somebody out of reach.
            check_reach(&mut tx, permit, user_id).await?;
            if action.lets_in() {
                check_way_in(&mut tx, permit, user_id).await?;
            }
            let returns_to = store::load_return(&mut tx, permit.org(), user_id).await?;
            (person, returns_to)
        };
        let (after, _) = decide_return(person.status, returns_to, action)?;
        let link = match link_with(action, after) {
            Some(purpose) => Some(self.plan_mailed_link(context, &person, purpose).await?),
            None => None,
        };
        Ok(PlannedStep {
            permit: permit.clone(),
            user_id: user_id.clone(),
            action,
            link,
        })
    }

    /// Whether activation leads somebody back to where a link alone lets them in.
    pub(super) async fn awaits_link(&self, person: &Person) -> Result<bool, Fault> {
        let mut tx = self.database.read().await?;
        let returns_to = store::load_return(&mut tx, &person.org_id, &person.id).await?;
        let after = decide_return(person.status, returns_to, LifecycleAction::Activate);
        Ok(matches!(after, Ok((PersonStatus::Recovery, _))))
    }
}

impl PlannedStep {
    /// Whether a mail with a link goes out with it.
    #[must_use]
    pub const fn sends_link(&self) -> bool {
        self.link.is_some()
    }

    /// Takes it.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] where the table has no such step; [`Refusal::OutOfReach`] for somebody who may do more;
    /// [`Refusal::Changed`] where a link has to go out and cannot: the mail address is another one since it was made ready, or none
    /// was, because the step did not lead there yet. Where one was made ready and is not needed any more, none is sent.
    #[boxed]
    pub async fn apply(self, cell: &Cell) -> Result<PersonStatus, Refusal> {
        let (writer, cell) = (cell.database.clone(), cell.clone());
        writer
            .write(move |tx| {
                Box::pin(async move {
                    let (permit, action) = (&self.permit, self.action);
                    let person = hold_for_step(tx, permit, &self.user_id, action).await?;
                    let after = apply_transition(tx, &cell, &person, action).await?;
                    let mut event = cell.person_event(permit, action.event(), &person);
                    if link_with(action, after).is_some() {
                        let link = self.link.ok_or(Refusal::Changed)?;
                        event = link.put_with(tx, event).await?;
                    }
                    tell(tx, &cell, permit, &self.user_id, event).await?;
                    Ok(after)
                })
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::link_with;
    use crate::person::PersonStatus as Is;
    use crate::person::lifecycle::LifecycleAction as Do;
    use crate::sign_in::setup::LinkPurpose;

    #[test]
    fn a_link_goes_out_where_it_alone_lets_in() {
        for (action, after, expected) in [
            (Do::Invite, Is::Provisioned, Some(LinkPurpose::Invitation)),
            (Do::ResetPassword, Is::Recovery, Some(LinkPurpose::Recovery)),
            (Do::Activate, Is::Recovery, Some(LinkPurpose::Recovery)),
            (Do::Activate, Is::Active, None),
            (Do::Activate, Is::PasswordExpired, None),
            (Do::ExpirePassword, Is::PasswordExpired, None),
            (Do::Deactivate, Is::Deprovisioned, None),
        ] {
            assert_eq!(link_with(action, after), expected, "{action:?} {after:?}");
        }
    }
}
