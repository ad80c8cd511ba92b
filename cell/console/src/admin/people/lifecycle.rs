//! Steps of a person's life cycle, each one button.

use crate::admin::caller::{Answer, administrator_over_within, found};
use crate::admin::people::load_person_within;
use crate::admin::people::profile::show_refusal;
use crate::view::admin::{PersonAction, Touch};
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::custom::capability::Capability;
use identity::access::custom::shown::Offered;
use identity::access::{Permission, Permit};
use identity::fault::Refusal;
use identity::person::Person;
use identity::person::lifecycle::{LifecycleAction, permitted_actions};
use identity::session::ending::Ending;
use oauth::account::end_sessions;

/// The buttons that there are.
const OFFERED: [PersonAction; 9] = [
    PersonAction::Activate,
    PersonAction::Invite,
    PersonAction::Unlock,
    PersonAction::Unsuspend,
    PersonAction::ResetPassword,
    PersonAction::ExpirePassword,
    PersonAction::EndSessions,
    PersonAction::Suspend,
    PersonAction::Deactivate,
];

/// The step of the table that a button asks for; none for one that changes no state.
const fn step_of(action: PersonAction) -> Option<LifecycleAction> {
    match action {
        PersonAction::Activate => Some(LifecycleAction::Activate),
        PersonAction::Invite => Some(LifecycleAction::Invite),
        PersonAction::Unlock => Some(LifecycleAction::Unlock),
        PersonAction::Unsuspend => Some(LifecycleAction::Unsuspend),
        PersonAction::ResetPassword => Some(LifecycleAction::ResetPassword),
        PersonAction::ExpirePassword => Some(LifecycleAction::ExpirePassword),
        PersonAction::Suspend => Some(LifecycleAction::Suspend),
        PersonAction::Deactivate => Some(LifecycleAction::Deactivate),
        PersonAction::EndSessions | PersonAction::ResetFactors | PersonAction::Delete => None,
    }
}

/// What whoever presses a button must be permitted. All that changes no state of the table helps people.
fn permission_of(action: PersonAction) -> Permission {
    step_of(action).map_or(Permission::HelpPeople, LifecycleAction::permission)
}

/// The same by roles over a part of the organisation.
fn capability_of(action: PersonAction) -> Capability {
    step_of(action).map_or(Capability::UsersClearSessions, LifecycleAction::capability)
}

/// The buttons that a person's state permits, and the reader's rights.
#[must_use]
pub fn offered_actions(person: &Person, touch: Touch, offered: &Offered) -> Vec<PersonAction> {
    let permitted = permitted_actions(person.status);
    let may = |action: PersonAction| {
        offered.contains(capability_of(action))
            || match permission_of(action) {
                Permission::HelpPeople => touch.help,
                _ => touch.edit,
            }
    };
    OFFERED
        .into_iter()
        .filter(|action| may(*action))
        .filter(|action| match step_of(*action) {
            Some(step) => permitted.contains(&step),
            None => person.status.may_act(),
        })
        .collect()
}

/// `POST /admin/people/{id}/lifecycle/{verb}`.
pub async fn act(Path((id, verb)): Path<(String, String)>, visit: Visit) -> Answer {
    let action = OFFERED.into_iter().find(|action| action.verb() == verb);
    let permission = action.map_or(Permission::ManagePeople, permission_of);
    let capability = action.map_or(Capability::UsersManage, capability_of);
    let permit = administrator_over_within(&visit, (&id, ""), permission, capability).await?;
    let person = load_person_within(&visit, &permit, &id).await?;
    let action = found(&visit, action)?;
    match apply(&visit, &permit, &person, action).await {
        Ok(()) => Ok(visit.go(&format!("/admin/people/{id}"))),
        Err(refusal) => show_refusal(&visit, &person, refusal).await,
    }
}

async fn apply(
    visit: &Visit,
    permit: &Permit,
    person: &Person,
    action: PersonAction,
) -> Result<(), Refusal> {
    let Some(step) = step_of(action) else {
        return end_sessions(&visit.cell, permit, &person.id, Ending::All).await;
    };
    let (context, id) = (&visit.context, &person.id);
    let planned = visit.cell.plan_step(context, permit, id, step).await?;
    planned.apply(&visit.cell).await.map(drop)
}
