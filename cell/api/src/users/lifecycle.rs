//! The life cycle of a person: which step leads where is known below; here are its words and what goes out with it.

use crate::call::Call;
use crate::error::{ApiError, ErrorCode};
use crate::reply::Reply;
use crate::users::reload;
use crate::users::render::render_one;
use identity::person::PersonStatus;
use identity::person::lifecycle::{LifecycleAction, permitted_actions};
use identity::person::search::PersonRecord;

/// A step that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// For somebody who does not belong yet, or no more.
    Activate,
    /// Invite once more.
    Reactivate,
    /// Deactivate.
    Deactivate,
    /// Suspend.
    Suspend,
    /// Unsuspend.
    Unsuspend,
    /// Unlock.
    Unlock,
    /// Ask for a new password.
    ExpirePassword,
    /// Send a link to get back in.
    ResetPassword,
}

impl Step {
    const ALL: [Self; 8] = [
        Self::Activate,
        Self::Reactivate,
        Self::Deactivate,
        Self::Suspend,
        Self::Unsuspend,
        Self::Unlock,
        Self::ExpirePassword,
        Self::ResetPassword,
    ];

    /// The word in addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::Reactivate => "reactivate",
            Self::Deactivate => "deactivate",
            Self::Suspend => "suspend",
            Self::Unsuspend => "unsuspend",
            Self::Unlock => "unlock",
            Self::ExpirePassword => "expire_password",
            Self::ResetPassword => "reset_password",
        }
    }
}

/// What a step does to somebody in that state: with a password, who is activated is in; without one, invited.
///
/// # Errors
/// [`ErrorCode`] where the state does not permit it.
pub fn decide_action(
    step: Step,
    from: PersonStatus,
    has_password: bool,
) -> Result<LifecycleAction, ErrorCode> {
    use PersonStatus::{Deprovisioned, Provisioned, Staged};
    let action = match step {
        Step::Activate if !matches!(from, Staged | Provisioned | Deprovisioned) => {
            return Err(ErrorCode::AlreadyActive);
        }
        Step::Activate if has_password => LifecycleAction::Activate,
        Step::Activate => LifecycleAction::Invite,
        Step::Reactivate if from == Provisioned => LifecycleAction::Invite,
        Step::Reactivate => return Err(ErrorCode::UserStatus),
        Step::Deactivate => LifecycleAction::Deactivate,
        Step::Suspend => LifecycleAction::Suspend,
        Step::Unsuspend => LifecycleAction::Unsuspend,
        Step::Unlock => LifecycleAction::Unlock,
        Step::ExpirePassword => LifecycleAction::ExpirePassword,
        Step::ResetPassword => LifecycleAction::ResetPassword,
    };
    if permitted_actions(from).contains(&action) {
        Ok(action)
    } else {
        Err(ErrorCode::UserStatus)
    }
}

/// The steps that a state permits.
#[must_use]
pub fn permitted_steps(from: PersonStatus) -> Vec<Step> {
    let permitted = |step: &Step| decide_action(*step, from, true).is_ok();
    Step::ALL.into_iter().filter(permitted).collect()
}

/// `POST …/lifecycle/activate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn activate(call: Call) -> Result<Reply, ApiError> {
    // Most people who have a password are sent nothing: then it says what is done anyway.
    call.query.flag("sendEmail", true)?;
    take(&call, Step::Activate).await
}

/// `POST …/lifecycle/reactivate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn reactivate(call: Call) -> Result<Reply, ApiError> {
    call.query.flag("sendEmail", true)?;
    take(&call, Step::Reactivate).await
}

/// `POST …/lifecycle/deactivate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn deactivate(call: Call) -> Result<Reply, ApiError> {
    no_mail(&call)?;
    take(&call, Step::Deactivate).await
}

/// `POST …/lifecycle/suspend`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn suspend(call: Call) -> Result<Reply, ApiError> {
    take(&call, Step::Suspend).await
}

/// `POST …/lifecycle/unsuspend`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn unsuspend(call: Call) -> Result<Reply, ApiError> {
    take(&call, Step::Unsuspend).await
}

/// `POST …/lifecycle/unlock`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn unlock(call: Call) -> Result<Reply, ApiError> {
    take(&call, Step::Unlock).await
}

/// `POST …/lifecycle/expire_password`: the one step that shows the person after it.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn expire_password(call: Call) -> Result<Reply, ApiError> {
    let record = call.user("id").await?;
    apply(&call, &record, Step::ExpirePassword).await?;
    let record = reload(&call, &record).await?;
    Ok(Reply::of(render_one(&call, &record)).revision(record.person.revision))
}

/// `POST …/lifecycle/reset_password`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn reset_password(call: Call) -> Result<Reply, ApiError> {
    links_go_by_mail(&call)?;
    take(&call, Step::ResetPassword).await
}

/// `DELETE /api/v1/users/{id}`: the first one deactivates, the second one removes.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    no_mail(&call)?;
    let record = call.user("id").await?;
    if record.person.status == PersonStatus::Deprovisioned {
        let id = &record.person.id;
        call.cell.delete_person(&call.permit, id).await?;
    } else {
        apply(&call, &record, Step::Deactivate).await?;
    }
    Ok(Reply::empty())
}

/// A link that opens an account goes to its person and is told to nobody else: who may call the API may not thereby
/// become anybody.
fn links_go_by_mail(call: &Call) -> Result<(), ApiError> {
    if call.query.flag("sendEmail", true)? {
        Ok(())
    } else {
        let cause = "sendEmail: a link is sent to the person alone";
        Err(ApiError::because(ErrorCode::Unsupported, cause))
    }
}

/// No administrator is sent a mail about what another one does; the log tells it.
fn no_mail(call: &Call) -> Result<(), ApiError> {
    if call.query.flag("sendEmail", false)? {
        let cause = "sendEmail: administrators are told by the log";
        Err(ApiError::because(ErrorCode::Unsupported, cause))
    } else {
        Ok(())
    }
}

async fn take(call: &Call, step: Step) -> Result<Reply, ApiError> {
    let record = call.user("id").await?;
    apply(call, &record, step).await?;
    Ok(Reply::done())
}

async fn apply(call: &Call, record: &PersonRecord, step: Step) -> Result<(), ApiError> {
    let person = &record.person;
    let has_password = call.cell.has_password(person).await?;
    let action = decide_action(step, person.status, has_password).map_err(ApiError::of)?;
    let (context, permit) = (&call.context, &call.permit);
    let planned = call.cell.plan_step(context, permit, &person.id, action);
    let planned = planned.await?;
    if planned.sends_link() {
        links_go_by_mail(call)?;
    }
    planned.apply(&call.cell).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Step, decide_action, permitted_steps};
    use crate::error::ErrorCode;
    use identity::person::PersonStatus as Is;
    use identity::person::lifecycle::LifecycleAction as Do;

    #[test]
    fn steps_follow_the_state() {
        use Step::{
            Activate, Deactivate, ExpirePassword, Reactivate, ResetPassword, Suspend, Unlock,
            Unsuspend,
        };
        let present = [Suspend, ExpirePassword, ResetPassword].as_slice();
        let table = [
            (Is::Staged, vec![Activate, Deactivate]),
            (Is::Provisioned, vec![Activate, Reactivate, Deactivate]),
            (Is::Active, [&[Deactivate], present].concat()),
            (Is::Recovery, vec![Deactivate, Suspend, ResetPassword]),
            (
                Is::PasswordExpired,
                vec![Deactivate, Suspend, ResetPassword],
            ),
            (Is::LockedOut, vec![Deactivate, Unlock, ResetPassword]),
            (Is::Suspended, vec![Deactivate, Unsuspend]),
            (Is::Deprovisioned, vec![Activate]),
        ];
        for (state, steps) in table {
            assert_eq!(permitted_steps(state), steps, "{state:?}");
        }
    }

    #[test]
    fn who_has_a_password_is_in_and_who_has_none_is_invited() {
        for (from, has_password, expected) in [
            (Is::Staged, true, Ok(Do::Activate)),
            (Is::Staged, false, Ok(Do::Invite)),
            (Is::Deprovisioned, false, Ok(Do::Invite)),
            (Is::Active, true, Err(ErrorCode::AlreadyActive)),
            (Is::PasswordExpired, true, Err(ErrorCode::AlreadyActive)),
        ] {
            let action = decide_action(Step::Activate, from, has_password);
            assert_eq!(action, expected, "{from:?}");
        }
        let again = decide_action(Step::Reactivate, Is::Active, true);
        assert_eq!(again, Err(ErrorCode::UserStatus));
    }
}
