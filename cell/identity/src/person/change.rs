//! A person who is changed whole: profile, external id, password and state in one transaction, as provisioning clients
//! do it in one request.

use crate::access::ceiling::{check_way_in, hold_within_reach};
use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::credential::password::PasswordRefusal;
use crate::fault::Refusal;
use crate::group_rule::{active, follow::follow};
use crate::org::context::OrgContext;
use crate::person::lifecycle::LifecycleAction;
use crate::person::operations::{apply_profile, apply_transition, refuse_last_super_admin};
use crate::person::profile::{ProfileInput, decide_external_id, decide_profile_of};
use crate::person::store;
use crate::person::{Person, PersonStatus};
use crate::sign_in::setup::LinkPurpose;
use crate::user_type::store::hold_type;
use ledger::EventType;
use std::sync::Arc;
use vocab::future::boxed;
use vocab::id::UserId;
use vocab::secret::Secret;

/// What a person is to be like.
pub struct PersonChange {
    /// What is known of them.
    pub profile: ProfileInput,
    /// What a provisioning client calls them.
    pub external_id: Option<String>,
    /// A new password.
    pub password: Option<Secret<String>>,
    /// Whether they are to belong; they stay as they are where nothing is said.
    pub belongs: Option<bool>,
    /// By which address of the org somebody is let in by a link who is to belong: who has no password, or had to be let in so before.
    pub invited_by: Arc<OrgContext>,
}

/// The step after which somebody belongs, or does so no more; none where it is so already.
#[must_use]
pub const fn decide_belonging(
    from: PersonStatus,
    belongs: bool,
    has_password: bool,
) -> Option<LifecycleAction> {
    match (belongs, from) {
        (true, PersonStatus::Suspended) => Some(LifecycleAction::Unsuspend),
        (true, PersonStatus::Staged | PersonStatus::Deprovisioned) if has_password => {
            Some(LifecycleAction::Activate)
        }
        (true, PersonStatus::Staged | PersonStatus::Deprovisioned) => Some(LifecycleAction::Invite),
        (false, from) if from.belongs() => Some(LifecycleAction::Deactivate),
        _ => None,
    }
}

impl Cell {
    /// Changes a person, all of it or nothing; the mail with a link that lets them in included.
    ///
    /// # Errors
    /// [`PasswordRefusal`], or in it the [`Refusal`] that the rules of profiles and of the life cycle give, above all
    /// [`Refusal::Changed`] for a stale revision and [`Refusal::OutOfReach`] for somebody who may do more.
    #[boxed]
    pub async fn change_person(
        &self,
        permit: &Permit,
        user_id: &UserId,
        revision: i64,
        change: PersonChange,
    ) -> Result<(), PasswordRefusal> {
        permit.covers(Permission::ManagePeople)?;
        let subject = self.factor_subject(permit, user_id).await?;
        let present = &subject.person;
        if present.revision != revision {
            return Err(Refusal::Changed.into());
        }
        let org = subject.org();
        let profile = decide_profile_of(present, change.profile, subject.schema()?)?;
        let external_id = decide_external_id(change.external_id)?;
        let about = Person {
            login: profile.login.clone(),
            email: profile.email.clone(),
            first_name: profile.first_name.clone(),
            last_name: profile.last_name.clone(),
            ..present.clone()
        };
        let has_password = change.password.is_some() || self.has_password(present).await?;
        let password = match change.password {
            Some(password) => {
                let planned = self.plan_password(permit, &subject, &about, password);
                Some(planned.await?)
            }
            None => None,
        };
        let action = change
            .belongs
            .and_then(|belongs| decide_belonging(present.status, belongs, has_password));
        let is_profile_new = !is_same(present, &profile) || present.external_id != external_id;
        let notices = match is_profile_new {
            true => {
                let notices = self.seal_address_notices(org, user_id, &profile.email);
                notices.await?
            }
            false => Vec::new(),
        };
        let context = &change.invited_by;
        let link = match action {
            Some(LifecycleAction::Invite) => {
                let purpose = LinkPurpose::Invitation;
                Some(self.plan_mailed_link(context, &about, purpose).await?)
            }
            // The revision that is held below is that of the state to which they return.
            Some(LifecycleAction::Activate) if self.awaits_link(present).await? => {
                let purpose = LinkPurpose::Recovery;
                Some(self.plan_mailed_link(context, &about, purpose).await?)
            }
            _ => None,
        };
        let (cell, permit, user_id) = (self.clone(), permit.clone(), user_id.clone());
        let stored: Result<(), Refusal> = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let (org, now) = (permit.org(), cell.now());
                    // The org's row is taken before the person's.
                    if action.is_some_and(LifecycleAction::ends_sessions) {
                        refuse_last_super_admin(tx, org, &user_id).await?;
                    }
                    let mut person = hold_within_reach(tx, &permit, &user_id).await?;
                    if person.revision != revision {
                        return Err(Refusal::Changed);
                    }
                    let is_readdressed =
                        profile.login != person.login || profile.email != person.email;
                    if is_readdressed || action.is_some_and(LifecycleAction::lets_in) {
                        check_way_in(tx, &permit, &user_id).await?;
                    }
                    let mut events = Vec::new();
                    // Before names are held and anything is logged, as wherever people are added.
                    hold_type(tx, org, person.type_id.as_ref()).await?;
                    let rules = active::hold(tx, &cell, org).await?;
                    if is_profile_new {
                        let written = (&profile, person.type_id.as_ref());
                        apply_profile(tx, &person, written, notices, now).await?;
                        let external_id = external_id.as_deref();
                        store::put_external_id(tx, org, &user_id, external_id).await?;
                        let kind = EventType::UserAccountUpdateProfile;
                        events.push(cell.person_event(&permit, kind, &person));
                        let changed = store::load(tx, org, &user_id).await?;
                        person = changed.ok_or(Refusal::NotFound)?;
                    }
                    if let Some(action) = action {
                        apply_transition(tx, &cell, &person, action).await?;
                    }
                    if let Some(password) = password {
                        password.apply(tx).await?;
                    }
                    // A link goes out with a step alone.
                    if let Some(action) = action {
                        let event = cell.person_event(&permit, action.event(), &person);
                        events.push(match link {
                            Some(link) => link.put_with(tx, event).await?,
                            None => event,
                        });
                    }
                    let place = (org, &user_id);
                    let followed = follow(tx, &cell, Some(&permit), rules.as_deref(), place);
                    events.extend(followed.await?);
                    Ok(ledger::append_all(tx, org, events).await?)
                })
            })
            .await;
        Ok(stored?)
    }
}

fn is_same(person: &Person, profile: &ProfileInput) -> bool {
    person.login == profile.login
        && person.email == profile.email
        && person.first_name == profile.first_name
        && person.last_name == profile.last_name
        && person.profile == profile.attributes
}

#[cfg(test)]
mod tests {
    use super::decide_belonging;
    use crate::person::PersonStatus as Is;
    use crate::person::lifecycle::LifecycleAction as Do;
    use crate::person::lifecycle::decide_transition;

    #[test]
    fn a_step_is_taken_only_where_something_changes_and_is_one_of_the_table() {
        for (from, belongs, has_password, expected) in [
            (Is::Staged, true, false, Some(Do::Invite)),
            (Is::Staged, true, true, Some(Do::Activate)),
            (Is::Staged, false, true, None),
            (Is::Provisioned, true, true, None),
            (Is::Provisioned, false, false, Some(Do::Deactivate)),
            (Is::Active, true, true, None),
            (Is::Active, false, true, Some(Do::Deactivate)),
            (Is::LockedOut, true, true, None),
            (Is::LockedOut, false, true, Some(Do::Deactivate)),
            (Is::Suspended, true, false, Some(Do::Unsuspend)),
            (Is::Suspended, false, true, None),
            (Is::Deprovisioned, true, false, Some(Do::Invite)),
            (Is::Deprovisioned, true, true, Some(Do::Activate)),
            (Is::Deprovisioned, false, true, None),
        ] {
            let action = decide_belonging(from, belongs, has_password);
            assert_eq!(action, expected, "{from:?} {belongs} {has_password}");
        }
        for from in Is::ALL {
            for (belongs, has_password) in [(true, true), (true, false), (false, false)] {
                if let Some(action) = decide_belonging(from, belongs, has_password) {
                    let after = decide_transition(from, action).unwrap();
                    assert_eq!(after.belongs(), belongs, "{from:?}");
                } else {
                    assert_eq!(from.belongs(), belongs, "{from:?}");
                }
            }
        }
    }
}
