//! The life cycle of a person as one table.

use crate::access::Permission;
use crate::access::custom::capability::Capability;
use crate::fault::Refusal;
use crate::person::PersonStatus;
use ledger::EventType;

/// What can be done to a person's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LifecycleAction {
    /// Invite somebody who has no way to sign in yet.
    Invite,
    /// The person has set up a way to sign in, or was given one.
    Activate,
    /// Keep out for a time.
    Suspend,
    /// Let in again.
    Unsuspend,
    /// Lock.
    Lock,
    /// Unlock.
    Unlock,
    /// Ask for a new password at the next sign-in.
    ExpirePassword,
    /// Take the password away and send a recovery link.
    ResetPassword,
    /// The person left.
    Deactivate,
}

impl LifecycleAction {
    /// Every action.
    pub const ALL: [Self; 9] = [
        Self::Invite,
        Self::Activate,
        Self::Suspend,
        Self::Unsuspend,
        Self::Lock,
        Self::Unlock,
        Self::ExpirePassword,
        Self::ResetPassword,
        Self::Deactivate,
    ];

    /// The word in addresses and forms.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invite => "invite",
            Self::Activate => "activate",
            Self::Suspend => "suspend",
            Self::Unsuspend => "unsuspend",
            Self::Lock => "lock",
            Self::Unlock => "unlock",
            Self::ExpirePassword => "expire_password",
            Self::ResetPassword => "reset_password",
            Self::Deactivate => "deactivate",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }

    /// The row of the system log that records it.
    #[must_use]
    pub const fn event(self) -> EventType {
        match self {
            Self::Invite | Self::Activate => EventType::UserLifecycleActivate,
            Self::Suspend => EventType::UserLifecycleSuspend,
            Self::Unsuspend => EventType::UserLifecycleUnsuspend,
            Self::Lock => EventType::UserAccountLock,
            Self::Unlock => EventType::UserAccountUnlockByAdmin,
            Self::ExpirePassword => EventType::UserAccountExpirePassword,
            Self::ResetPassword => EventType::UserAccountResetPassword,
            Self::Deactivate => EventType::UserLifecycleDeactivate,
        }
    }

    /// What whoever does it must be permitted. To help is to let somebody back in who has a way in already; who is let
    /// in at all, and who is kept out, is decided by whoever manages people.
    #[must_use]
    pub const fn permission(self) -> Permission {
        match self {
            Self::Unlock | Self::ExpirePassword | Self::ResetPassword => Permission::HelpPeople,
            Self::Invite
            | Self::Activate
            | Self::Suspend
            | Self::Unsuspend
            | Self::Lock
            | Self::Deactivate => Permission::ManagePeople,
        }
    }

    /// What a custom role must permit for it.
    #[must_use]
    pub const fn capability(self) -> Capability {
        match self {
            Self::Invite | Self::Activate => Capability::UsersActivate,
            Self::Suspend => Capability::UsersSuspend,
            Self::Unsuspend => Capability::UsersUnsuspend,
            Self::Unlock => Capability::UsersUnlock,
            Self::ExpirePassword => Capability::UsersExpirePassword,
            Self::ResetPassword => Capability::UsersResetPassword,
            Self::Deactivate => Capability::UsersDeactivate,
            Self::Lock => Capability::UsersLifecycle,
        }
    }

    /// Whether live sessions and tokens end with it.
    #[must_use]
    pub const fn ends_sessions(self) -> bool {
        matches!(
            self,
            Self::Suspend | Self::Lock | Self::ResetPassword | Self::Deactivate
        )
    }

    /// Whether it opens a way in, or changes by what the person gets in. To let somebody act again who was suspended does
    /// neither.
    #[must_use]
    pub const fn lets_in(self) -> bool {
        matches!(
            self,
            Self::Invite
                | Self::Activate
                | Self::Unlock
                | Self::ExpirePassword
                | Self::ResetPassword
        )
    }
}

/// The state after the action.
///
/// # Errors
/// [`Refusal::WrongState`] where the table has no such step.
pub fn decide_transition(
    from: PersonStatus,
    action: LifecycleAction,
) -> Result<PersonStatus, Refusal> {
    use LifecycleAction as Do;
    use PersonStatus as Is;
    match (from, action) {
        (Is::Staged | Is::Provisioned | Is::Deprovisioned, Do::Invite) => Ok(Is::Provisioned),
        (
            Is::Staged | Is::Provisioned | Is::Deprovisioned | Is::Recovery | Is::PasswordExpired,
            Do::Activate,
        )
        | (Is::Suspended, Do::Unsuspend)
        | (Is::LockedOut, Do::Unlock) => Ok(Is::Active),
        (Is::Active | Is::PasswordExpired | Is::Recovery, Do::Suspend) => Ok(Is::Suspended),
        (Is::Active | Is::PasswordExpired | Is::Recovery, Do::Lock) => Ok(Is::LockedOut),
        (Is::Active, Do::ExpirePassword) => Ok(Is::PasswordExpired),
        (Is::Active | Is::PasswordExpired | Is::LockedOut | Is::Recovery, Do::ResetPassword) => {
            Ok(Is::Recovery)
        }
        (
            Is::Staged
            | Is::Provisioned
            | Is::Active
            | Is::Recovery
            | Is::PasswordExpired
            | Is::LockedOut
            | Is::Suspended,
            Do::Deactivate,
        ) => Ok(Is::Deprovisioned),
        _ => Err(Refusal::WrongState(
            "the person's state does not permit this",
        )),
    }
}

/// The state after the action of somebody who is to return to another one, and to which they return from then on.
///
/// Whoever has to choose another password has to do so after all that keeps them out for a time: an old password, or one that
/// somebody else was told, counts no more for having waited. It is forgotten where the person is in that state again, or is
/// made active out of it.
///
/// # Errors
/// [`Refusal::WrongState`] as [`decide_transition`].
pub fn decide_return(
    from: PersonStatus,
    returns_to: Option<PersonStatus>,
    action: LifecycleAction,
) -> Result<(PersonStatus, Option<PersonStatus>), Refusal> {
    use PersonStatus as Is;
    let after = decide_transition(from, action)?;
    Ok(match (from, after) {
        (Is::Recovery | Is::PasswordExpired, Is::Active) => (Is::Active, None),
        (_, Is::Active) => (returns_to.unwrap_or(Is::Active), None),
        (_, Is::Recovery | Is::PasswordExpired) => (after, None),
        (Is::Recovery | Is::PasswordExpired, _) => (after, Some(from)),
        // What is still stored was left by a release that knew nothing of it.
        (Is::Active, _) => (after, None),
        _ => (after, returns_to),
    })
}

/// What may be done to a person in that state, in the order of the table.
#[must_use]
pub fn permitted_actions(from: PersonStatus) -> Vec<LifecycleAction> {
    LifecycleAction::ALL
        .into_iter()
        .filter(|action| decide_transition(from, *action).is_ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{LifecycleAction, decide_return, decide_transition, permitted_actions};
    use crate::person::PersonStatus;

    #[test]
    fn what_each_state_permits() {
        use LifecycleAction as Do;
        use PersonStatus as Is;
        let table: &[(Is, &[Do])] = &[
            (Is::Staged, &[Do::Invite, Do::Activate, Do::Deactivate]),
            (Is::Provisioned, &[Do::Invite, Do::Activate, Do::Deactivate]),
            (
                Is::Active,
                &[
                    Do::Suspend,
                    Do::Lock,
                    Do::ExpirePassword,
                    Do::ResetPassword,
                    Do::Deactivate,
                ],
            ),
            (
                Is::Recovery,
                &[
                    Do::Activate,
                    Do::Suspend,
                    Do::Lock,
                    Do::ResetPassword,
                    Do::Deactivate,
                ],
            ),
            (
                Is::PasswordExpired,
                &[
                    Do::Activate,
                    Do::Suspend,
                    Do::Lock,
                    Do::ResetPassword,
                    Do::Deactivate,
                ],
            ),
            (
                Is::LockedOut,
                &[Do::Unlock, Do::ResetPassword, Do::Deactivate],
            ),
            (Is::Suspended, &[Do::Unsuspend, Do::Deactivate]),
            (Is::Deprovisioned, &[Do::Invite, Do::Activate]),
        ];
        for (state, permitted) in table {
            assert_eq!(&permitted_actions(*state), permitted, "{state:?}");
        }
    }

    #[test]
    fn nobody_gets_rid_of_another_password_by_being_kept_out() {
        use LifecycleAction as Do;
        use PersonStatus as Is;
        let goes = |from: Is, actions: &[Do]| {
            let mut stands = (from, None);
            for action in actions {
                stands = decide_return(stands.0, stands.1, *action).unwrap();
            }
            stands
        };
        for from in [Is::Recovery, Is::PasswordExpired] {
            for (actions, after) in [
                (&[Do::Suspend, Do::Unsuspend] as &[Do], from),
                (&[Do::Lock, Do::Unlock], from),
                (&[Do::Deactivate, Do::Activate], from),
                (&[Do::Suspend, Do::Deactivate, Do::Activate], from),
                (&[Do::Lock, Do::Deactivate, Do::Invite, Do::Activate], from),
                (&[Do::Lock, Do::ResetPassword], Is::Recovery),
                (&[Do::Activate], Is::Active),
                (&[Do::Activate, Do::Suspend, Do::Unsuspend], Is::Active),
            ] {
                assert_eq!(goes(from, actions), (after, None), "{from:?} {actions:?}");
            }
        }
        for actions in [
            &[Do::Suspend, Do::Unsuspend] as &[Do],
            &[Do::Lock, Do::Unlock],
            &[Do::Deactivate, Do::Activate],
        ] {
            assert_eq!(goes(Is::Active, actions), (Is::Active, None));
        }
        assert_eq!(
            goes(Is::PasswordExpired, &[Do::Suspend]),
            (Is::Suspended, Some(Is::PasswordExpired))
        );
    }

    #[test]
    fn every_action_that_ends_sessions_leads_to_a_state_that_may_not_act() {
        for state in PersonStatus::ALL {
            for action in permitted_actions(state) {
                let after = decide_transition(state, action).unwrap();
                if action.ends_sessions() {
                    assert!(!after.may_act(), "{state:?} {action:?}");
                }
            }
        }
    }

    #[test]
    fn words_are_read_back() {
        for state in PersonStatus::ALL {
            assert_eq!(PersonStatus::from_word(state.as_str()), Some(state));
        }
        for action in LifecycleAction::ALL {
            assert_eq!(LifecycleAction::from_word(action.as_str()), Some(action));
        }
    }
}
