//! Codes by mail, for a sign-in that is under way.

use crate::cell::Cell;
use crate::credential::store::{self, OneTimeCode};
use crate::fault::Fault;
use crate::notice::Notice;
use crate::org::Org;
use crate::person::Person;
use crate::sign_in::setup::insert_mailed;
use vocab::entropy::Entropy;
use vocab::id::{FlowId, OneTimeCodeId, UserId};
use vocab::secret::SecretHash;

/// How long a code is valid.
pub const CODE_SECS: i64 = 10 * 60;
/// Attempts at one code.
pub const ATTEMPTS_MAX: i64 = 5;
const PURPOSE: &str = "email_code";
const DIGITS: u32 = 6;

/// Draws six digits, each sequence equally likely.
fn draw_code(entropy: &dyn Entropy) -> String {
    let bound = 10_u32.pow(DIGITS);
    let fair_below = u32::MAX - u32::MAX % bound;
    loop {
        let mut bytes = [0_u8; 4];
        entropy.fill(&mut bytes);
        let number = u32::from_be_bytes(bytes);
        if number < fair_below {
            return format!("{:06}", number % bound);
        }
    }
}

/// The hash binds the code to its sign-in, since six digits alone would be found by trying, and to the person: the
/// same sign-in may have named somebody else when the code was sent.
fn code_hash(flow_id: &FlowId, user_id: &UserId, code: &str) -> SecretHash {
    SecretHash::of(&format!("{flow_id}/{user_id}/{code}"))
}

impl Cell {
    /// Sends a code by mail; an earlier one of that person ends. For nobody the same work is done and nothing is sent,
    /// so that the time does not tell whether there is such a person.
    ///
    /// # Errors
    /// [`Fault`] if store or keys fail.
    pub async fn send_email_code(
        &self,
        org: &Org,
        person: Option<&Person>,
        flow_id: &FlowId,
    ) -> Result<(), Fault> {
        let code = draw_code(self.entropy());
        let nobody = UserId::generate(self.entropy());
        let user_id = person.map_or(&nobody, |person| &person.id);
        let hash = code_hash(flow_id, user_id, &code);
        let notice = Notice::Code { code: &code };
        let mail = match person {
            Some(person) => Some(self.seal_mail(&org.name, person, &notice).await?),
            None => {
                self.seal_decoy(&org.id, &org.name, &notice).await?;
                None
            }
        };
        let now = self.now();
        let stored = OneTimeCode {
            id: OneTimeCodeId::generate(self.entropy()),
            user_id: person.map(|person| person.id.clone()),
            purpose: PURPOSE,
            hash,
            bound_to: flow_id.to_string(),
            expires_at: now.plus_secs(CODE_SECS),
        };
        let org_id = org.id.clone();
        let to = person
            .map(|person| person.email.clone())
            .unwrap_or_default();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let is_theirs = insert_mailed(tx, &org_id, &stored, &to, now).await?;
                    match mail.filter(|_| is_theirs) {
                        Some(mail) => mail.enqueue(tx, &org_id, now).await,
                        None => Ok(()),
                    }
                })
            })
            .await?;
        Ok(())
    }

    /// Accepts a code once, from the person to whom it was sent; after [`ATTEMPTS_MAX`] wrong ones it is worth nothing.
    /// Nobody's code is always wrong, after the same work.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    pub async fn use_email_code(
        &self,
        org: &Org,
        person: Option<&Person>,
        flow_id: &FlowId,
        typed: &str,
    ) -> Result<bool, Fault> {
        let typed: String = typed
            .chars()
            .filter(char::is_ascii_digit)
            .take(DIGITS as usize + 1)
            .collect();
        let nobody = UserId::generate(self.entropy());
        let user_id = person.map_or(&nobody, |person| &person.id);
        let hash = code_hash(flow_id, user_id, &typed);
        let known = person.is_some();
        let (org_id, bound_to, now) = (org.id.clone(), flow_id.to_string(), self.now());
        Ok(self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let right =
                        store::count_attempt(tx, &org_id, &bound_to, PURPOSE, ATTEMPTS_MAX, now)
                            .await?;
                    if !known || right != Some(hash) {
                        return Ok(false);
                    }
                    let used = store::use_link(tx, &org_id, PURPOSE, &hash, now).await?;
                    Ok::<_, database::DatabaseFault>(used.is_some())
                })
            })
            .await?)
    }
}

#[cfg(test)]
mod tests {
    use super::{code_hash, draw_code};
    use vocab::entropy::SeededEntropy;
    use vocab::id::{FlowId, UserId};

    #[test]
    fn a_code_is_six_digits_and_bound_to_its_sign_in_and_person() {
        let entropy = SeededEntropy::new(31);
        for _ in 0..1_000 {
            let code = draw_code(&entropy);
            assert!(
                code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()),
                "{code}"
            );
        }
        let (one, two) = (FlowId::generate(&entropy), FlowId::generate(&entropy));
        let (ada, eve) = (UserId::generate(&entropy), UserId::generate(&entropy));
        assert_ne!(
            code_hash(&one, &ada, "123456"),
            code_hash(&two, &ada, "123456")
        );
        assert_ne!(
            code_hash(&one, &ada, "123456"),
            code_hash(&one, &eve, "123456")
        );
    }
}
