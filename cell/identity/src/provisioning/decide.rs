//! What is to be done for somebody at a peer. Pure.

use crate::person::PersonStatus;
use crate::provisioning::Features;

/// Whether somebody is to have an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The app is assigned to them, and they belong to the org.
    Yes,
    /// The app is assigned to them, and they are not in yet: an account that they have elsewhere already stays as it is.
    NotYet,
    /// They are there, and are to have none.
    No,
    /// They are no more.
    Gone,
}

/// What is known of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Whether its id is known.
    pub linked: bool,
    /// Whether it is active, as far as is known.
    pub active: bool,
    /// Whether what was last sent is what would be sent now.
    pub current: bool,
    /// Whether one may have been made whose id is not known, or what was last sent to it was not confirmed.
    pub begun: bool,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Nothing,
    /// Nothing at the peer; what is noted of the person goes.
    Forget,
    /// It is looked for, and switched off if it is there.
    FindAndDeactivate,
    /// It is looked for, and made if it is not there.
    Create,
    /// It is made to be like the person, and active.
    Update,
    /// It is switched off.
    Deactivate,
}

impl Step {
    /// The word of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "NOTHING",
            Self::Forget => "FORGET",
            Self::FindAndDeactivate => "FIND_AND_DEACTIVATE",
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Deactivate => "DEACTIVATE",
        }
    }
}

/// Whether somebody is to have an account.
#[must_use]
pub const fn decide_wanted(status: Option<PersonStatus>, assigned: bool) -> Wanted {
    match status {
        None => Wanted::Gone,
        Some(status) if assigned && status.belongs() => Wanted::Yes,
        Some(PersonStatus::Staged) if assigned => Wanted::NotYet,
        Some(_) => Wanted::No,
    }
}

/// What is to be done.
#[must_use]
pub const fn decide_step(wanted: Wanted, known: Known, may: Features) -> Step {
    match wanted {
        Wanted::Yes => decide_for_wanted(known, may),
        Wanted::NotYet => Step::Nothing,
        Wanted::No | Wanted::Gone => {
            let is_gone = matches!(wanted, Wanted::Gone);
            match (known.linked, known.active || known.begun, may.deactivate) {
                (false, _, true) if known.begun => Step::FindAndDeactivate,
                (false, _, _) => Step::Forget,
                (true, true, true) => Step::Deactivate,
                (true, _, _) if is_gone => Step::Forget,
                (true, _, _) => Step::Nothing,
            }
        }
    }
}

const fn decide_for_wanted(known: Known, may: Features) -> Step {
    if !known.linked {
        return if may.create {
            Step::Create
        } else {
            Step::Nothing
        };
    }
    if !known.active || known.begun {
        // To let somebody in again is to give them an account, and to say what they are like.
        return if may.create || may.update {
            Step::Update
        } else {
            Step::Nothing
        };
    }
    if known.current || !may.update {
        Step::Nothing
    } else {
        Step::Update
    }
}

#[cfg(test)]
mod tests {
    use super::{Known, Step, Wanted, decide_step, decide_wanted};
    use crate::person::PersonStatus;
    use crate::provisioning::Features;

    const ALL: Features = Features {
        create: true,
        update: true,
        deactivate: true,
    };
    const NONE: Features = Features {
        create: false,
        update: false,
        deactivate: false,
    };

    const fn known(linked: bool, active: bool, current: bool, begun: bool) -> Known {
        Known {
            linked,
            active,
            current,
            begun,
        }
    }

    #[test]
    fn an_account_is_for_whom_the_app_is_and_who_belongs() {
        for (status, assigned, expected) in [
            (None, true, Wanted::Gone),
            (Some(PersonStatus::Active), true, Wanted::Yes),
            (Some(PersonStatus::Active), false, Wanted::No),
            (Some(PersonStatus::Staged), true, Wanted::NotYet),
            (Some(PersonStatus::Staged), false, Wanted::No),
            (Some(PersonStatus::Provisioned), true, Wanted::Yes),
            (Some(PersonStatus::PasswordExpired), true, Wanted::Yes),
            (Some(PersonStatus::LockedOut), true, Wanted::Yes),
            (Some(PersonStatus::Suspended), true, Wanted::No),
            (Some(PersonStatus::Deprovisioned), true, Wanted::No),
        ] {
            assert_eq!(decide_wanted(status, assigned), expected, "{status:?}");
        }
    }

    #[test]
    fn what_is_done_follows_from_what_is_known_and_what_is_let_be_done() {
        let none_but = |create, update, deactivate| Features {
            create,
            update,
            deactivate,
        };
        for (wanted, known, may, expected) in [
            (
                Wanted::Yes,
                known(false, false, false, false),
                ALL,
                Step::Create,
            ),
            (
                Wanted::Yes,
                known(false, false, false, true),
                ALL,
                Step::Create,
            ),
            (
                Wanted::Yes,
                known(false, false, false, false),
                NONE,
                Step::Nothing,
            ),
            (
                Wanted::Yes,
                known(true, true, true, false),
                ALL,
                Step::Nothing,
            ),
            (
                Wanted::Yes,
                known(true, true, false, false),
                ALL,
                Step::Update,
            ),
            (
                Wanted::Yes,
                known(true, true, false, false),
                none_but(true, false, true),
                Step::Nothing,
            ),
            (
                Wanted::Yes,
                known(true, false, false, false),
                none_but(true, false, true),
                Step::Update,
            ),
            (
                Wanted::Yes,
                known(true, false, false, false),
                none_but(false, true, true),
                Step::Update,
            ),
            (
                Wanted::Yes,
                known(true, false, false, false),
                none_but(false, false, true),
                Step::Nothing,
            ),
            // Where an answer was lost, nothing is taken for done.
            (
                Wanted::Yes,
                known(true, true, true, true),
                none_but(true, false, true),
                Step::Update,
            ),
            (
                Wanted::No,
                known(true, false, false, true),
                ALL,
                Step::Deactivate,
            ),
            (
                Wanted::NotYet,
                known(false, false, false, false),
                ALL,
                Step::Nothing,
            ),
            (
                Wanted::NotYet,
                known(true, true, false, false),
                ALL,
                Step::Nothing,
            ),
            (
                Wanted::No,
                known(false, false, false, false),
                ALL,
                Step::Forget,
            ),
            (
                Wanted::No,
                known(false, false, false, true),
                ALL,
                Step::FindAndDeactivate,
            ),
            (
                Wanted::No,
                known(false, false, false, true),
                none_but(true, true, false),
                Step::Forget,
            ),
            (
                Wanted::No,
                known(true, true, true, false),
                ALL,
                Step::Deactivate,
            ),
            (
                Wanted::No,
                known(true, false, false, false),
                ALL,
                Step::Nothing,
            ),
            (
                Wanted::No,
                known(true, true, true, false),
                none_but(true, true, false),
                Step::Nothing,
            ),
            (
                Wanted::Gone,
                known(true, true, true, false),
                ALL,
                Step::Deactivate,
            ),
            (
                Wanted::Gone,
                known(true, false, false, false),
                ALL,
                Step::Forget,
            ),
            (
                Wanted::Gone,
                known(true, true, true, false),
                NONE,
                Step::Forget,
            ),
        ] {
            assert_eq!(
                decide_step(wanted, known, may),
                expected,
                "{wanted:?} {known:?} {may:?}"
            );
        }
    }
}
