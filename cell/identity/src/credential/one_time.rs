//! Codes by mail, for a sign-in that is under way.

use crate::cell::Cell;
use crate::credential::store::{self, OneTimeCode};
use crate::fault::Fault;
use crate::notice::Notice;
use crate::org::Org;
use crate::person::Person;
use vocab::entropy::Entropy;
use vocab::id::{FlowId, OneTimeCodeId};
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

/// The hash binds the code to its sign-in: six digits alone would be found by trying.
fn code_hash(flow_id: &FlowId, code: &str) -> SecretHash {
    SecretHash::of(&format!("{flow_id}/{code}"))
}

impl Cell {
    /// Sends a code by mail; an earlier one of that person ends.
    ///
    /// # Errors
    /// [`Fault`] if store or keys fail.
    pub async fn send_email_code(
        &self,
        org: &Org,
        person: &Person,
        flow_id: &FlowId,
    ) -> Result<(), Fault> {
        let code = draw_code(self.entropy());
        let mail = self
            .seal_mail(&org.name, person, &Notice::Code { code: &code })
            .await?;
        let now = self.now();
        let stored = OneTimeCode {
            id: OneTimeCodeId::generate(self.entropy()),
            user_id: Some(person.id.clone()),
            purpose: PURPOSE,
            hash: code_hash(flow_id, &code),
            bound_to: flow_id.to_string(),
            expires_at: now.plus_secs(CODE_SECS),
        };
        let org_id = org.id.clone();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    store::insert_one_time(tx, &org_id, &stored, now).await?;
                    mail.enqueue(tx, &org_id, now).await
                })
            })
            .await?;
        Ok(())
    }

    /// Accepts a code once; after [`ATTEMPTS_MAX`] wrong ones it is worth nothing.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    pub async fn use_email_code(
        &self,
        org: &Org,
        flow_id: &FlowId,
        typed: &str,
    ) -> Result<bool, Fault> {
        let typed: String = typed
            .chars()
            .filter(char::is_ascii_digit)
            .take(DIGITS as usize + 1)
            .collect();
        let hash = code_hash(flow_id, &typed);
        let (org_id, bound_to, now) = (org.id.clone(), flow_id.to_string(), self.now());
        Ok(self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let right =
                        store::count_attempt(tx, &org_id, &bound_to, PURPOSE, ATTEMPTS_MAX, now)
                            .await?;
                    if right != Some(hash) {
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
    use vocab::id::FlowId;

    #[test]
    fn a_code_is_six_digits_and_bound_to_its_sign_in() {
        let entropy = SeededEntropy::new(31);
        for _ in 0..1_000 {
            let code = draw_code(&entropy);
            assert!(
                code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()),
                "{code}"
            );
        }
        let (one, two) = (FlowId::generate(&entropy), FlowId::generate(&entropy));
        assert_ne!(code_hash(&one, "123456"), code_hash(&two, "123456"));
    }
}
