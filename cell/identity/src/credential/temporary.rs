//! A password that is made for a person who has lost theirs: whoever asks for it is told it once, and the person must
//! replace it at the next sign-in.

use crate::access::ceiling::hold_within_reach;
use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::credential::password::{PasswordRefusal, PlannedPassword};
use crate::credential::subject::FactorSubject;
use crate::fault::Refusal;
use crate::group_rule::active;
use crate::person::PersonStatus;
use crate::person::lifecycle::{LifecycleAction, decide_transition};
use crate::person::operations::{apply_transition, tell};
use ledger::EventType;
use vocab::entropy::Entropy;
use vocab::future::boxed;
use vocab::id::UserId;
use vocab::secret::Secret;

/// What it is made of: nothing that is taken for something else when it is read out or copied by hand. So many that each
/// is as likely as any other: 32 divides the values of a byte.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// The fewest characters: 5 bits each, beyond what anybody could guess while it lasts.
const CHARS_MIN: usize = 20;
/// How often one is drawn anew that contains a name, which the policy refuses.
const ATTEMPTS_MAX: usize = 4;

/// Draws one of at least so many characters.
fn draw(entropy: &dyn Entropy, length_min: usize) -> Secret<String> {
    let mut bytes = vec![0_u8; length_min.max(CHARS_MIN)];
    entropy.fill(&mut bytes);
    let letters = bytes.iter().filter_map(|byte| {
        let place = usize::from(*byte) % ALPHABET.len();
        ALPHABET.get(place).copied().map(char::from)
    });
    Secret::new(letters.collect())
}

/// Whether somebody in that state gets one; it is decided again where it is made.
#[must_use]
pub fn may_get_temporary(from: PersonStatus) -> bool {
    decide_begin(from).is_ok()
}

/// Whether somebody in that state gets one: whoever may sign in, or is to replace a password anyhow.
fn decide_begin(from: PersonStatus) -> Result<(), Refusal> {
    match from {
        PersonStatus::PasswordExpired => Ok(()),
        other => decide_transition(other, LifecycleAction::ExpirePassword).map(|_| ()),
    }
}

impl Cell {
    /// Gives a person a password that they must replace at the next sign-in, and returns it. It is told to whoever may set
    /// any password, so that nobody becomes somebody else by it who could not do so before.
    ///
    /// # Errors
    /// [`PasswordRefusal`], or in it [`Refusal::WrongState`] for somebody who may not sign in, and [`Refusal::OutOfReach`]
    /// for somebody who may do more.
    #[boxed]
    pub async fn set_temporary_password(
        &self,
        permit: &Permit,
        user_id: &UserId,
    ) -> Result<Secret<String>, PasswordRefusal> {
        permit.covers(Permission::ManagePeople)?;
        let subject = self.factor_subject(permit, user_id).await?;
        decide_begin(subject.person.status)?;
        let (text, planned) = self.plan_temporary(permit, &subject).await?;
        let (cell, permit, user_id) = (self.clone(), permit.clone(), user_id.clone());
        let stored: Result<(), Refusal> = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let person = hold_within_reach(tx, &permit, &user_id).await?;
                    // Before the log, as whoever lets rules follow a change takes both.
                    active::hold(tx, &cell, permit.org()).await?;
                    planned.apply(tx).await?;
                    if person.status == PersonStatus::PasswordExpired {
                        return Ok(());
                    }
                    let action = LifecycleAction::ExpirePassword;
                    apply_transition(tx, &cell, &person, action).await?;
                    let event =
                        cell.person_event(&permit, EventType::UserAccountExpirePassword, &person);
                    tell(tx, &cell, &permit, &user_id, event).await
                })
            })
            .await;
        stored?;
        Ok(text)
    }

    async fn plan_temporary(
        &self,
        permit: &Permit,
        subject: &FactorSubject,
    ) -> Result<(Secret<String>, PlannedPassword), PasswordRefusal> {
        let length_min = usize::from(subject.org().settings.password.length_min);
        let mut refused = None;
        for _ in 0..ATTEMPTS_MAX {
            let text = draw(self.entropy(), length_min);
            let planned = self
                .plan_password(permit, subject, &subject.person, text.clone())
                .await;
            match planned {
                Ok(planned) => return Ok((text, planned)),
                Err(refusal @ PasswordRefusal::Policy(_)) => refused = Some(refusal),
                Err(refusal) => return Err(refusal),
            }
        }
        Err(refused.unwrap_or(PasswordRefusal::Refused(Refusal::Changed)))
    }
}

#[cfg(test)]
mod tests {
    use super::{ALPHABET, CHARS_MIN, decide_begin, draw};
    use crate::person::PersonStatus as Is;
    use vocab::entropy::SeededEntropy;

    #[test]
    fn it_is_long_enough_and_no_two_are_the_same() {
        let entropy = SeededEntropy::new(1);
        for (asked, expected) in [(0, CHARS_MIN), (12, CHARS_MIN), (64, 64)] {
            let (one, other) = (draw(&entropy, asked), draw(&entropy, asked));
            assert_eq!(one.expose().len(), expected);
            assert_ne!(one.expose(), other.expose());
            assert!(one.expose().bytes().all(|byte| ALPHABET.contains(&byte)));
        }
    }

    #[test]
    fn whoever_may_sign_in_gets_one() {
        for status in Is::ALL {
            let expected = matches!(status, Is::Active | Is::PasswordExpired);
            assert_eq!(decide_begin(status).is_ok(), expected, "{status:?}");
        }
    }
}
