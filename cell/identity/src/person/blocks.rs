//! Whether somebody is kept from signing in at this moment, and from where: locked, or slowed down by guesses of strangers.

use crate::access::Permit;
use crate::access::custom::capability::ThingKind;
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::person::{Person, PersonStatus};

/// From where somebody cannot sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// From everywhere: the account is locked.
    Everywhere,
    /// From where they have never signed in: others have guessed at the password, and the next guess has to wait.
    StrangePlaces,
}

/// The block that is the widest.
#[must_use]
pub const fn decide_block(status: PersonStatus, is_slowed: bool) -> Option<Block> {
    match (status, is_slowed) {
        (PersonStatus::LockedOut, _) => Some(Block::Everywhere),
        (_, true) => Some(Block::StrangePlaces),
        (_, false) => None,
    }
}

impl Cell {
    /// How a person is blocked now. It reads nothing but memory: guesses are counted there, in each process for itself.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    pub fn find_block(&self, permit: &Permit, person: &Person) -> Result<Option<Block>, Refusal> {
        permit.covers_finding(ThingKind::Person)?;
        let (org, now) = (&person.org_id, self.now());
        let mut typed = [&person.login, &person.email].into_iter();
        let is_slowed = typed.any(|text| self.slowdown.slows_strangers(org, text, now));
        Ok(decide_block(person.status, is_slowed))
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, decide_block};
    use crate::person::PersonStatus as Is;

    #[test]
    fn who_is_locked_is_blocked_everywhere() {
        for (status, is_slowed, expected) in [
            (Is::Active, false, None),
            (Is::Active, true, Some(Block::StrangePlaces)),
            (Is::LockedOut, false, Some(Block::Everywhere)),
            (Is::LockedOut, true, Some(Block::Everywhere)),
            (Is::Suspended, false, None),
        ] {
            assert_eq!(decide_block(status, is_slowed), expected, "{status:?}");
        }
    }
}
