//! Setting and checking passwords.

use crate::cell::Cell;
use crate::credential::store::{self, StoredPassword};
use crate::fault::{Fault, Refusal};
use crate::notice::Notice;
use crate::org::Org;
use crate::password::hash_pool::{Denial, HashError};
use crate::password::policy::{
    PasswordAge, PasswordFacts, PasswordProblem, Reuse, decide_password, decide_password_age,
};
use crate::person::Person;
use ledger::{Actor, ClientFacts, Event, EventType, Outcome};
use vocab::id::OrgId;
use vocab::secret::Secret;

/// Why a new password was not set.
#[derive(Debug, thiserror::Error)]
pub enum PasswordRefusal {
    /// The policy refuses it.
    #[error("the password does not meet the policy")]
    Policy(Vec<PasswordProblem>),
    /// More hashing is wanted than can be done in time.
    #[error("too busy; try again in {retry_after_secs} s")]
    Busy {
        /// When to try again.
        retry_after_secs: u32,
    },
    /// Not the person's fault.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What checking a password found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordCheck {
    /// It is the password.
    Right {
        /// Whether it must be replaced before anything else.
        must_change: bool,
    },
    /// It is not, or there is no such person or password: all alike.
    Wrong,
    /// More hashing is wanted than can be done in time.
    Busy {
        /// When to try again.
        retry_after_secs: u32,
    },
}

fn hash_fault(fault: &crate::password::hash_pool::Fault) -> Fault {
    Fault::stored("password hash", fault)
}

impl Cell {
    /// Checks a password. Without a person or a password it costs the same and is wrong.
    ///
    /// # Errors
    /// [`Fault`] if store or pool fails.
    pub async fn check_password(
        &self,
        org: &Org,
        person: Option<&Person>,
        candidate: Secret<String>,
    ) -> Result<PasswordCheck, Fault> {
        let stored = match person {
            Some(person) => {
                let mut tx = self.database.read().await?;
                store::load_password(&mut tx, &org.id, &person.id).await?
            }
            None => None,
        };
        let (Some(person), Some(stored)) = (person, stored) else {
            return match self.passwords.dummy_verify(candidate).await {
                Ok(()) | Err(HashError::Denial(Denial::TooLong)) => Ok(PasswordCheck::Wrong),
                Err(error) => busy_or_fault(error),
            };
        };
        let verified = match self
            .passwords
            .verify(candidate.clone(), stored.hash.clone())
            .await
        {
            Ok(verified) => verified,
            Err(HashError::Denial(Denial::TooLong)) => return Ok(PasswordCheck::Wrong),
            Err(error) => return busy_or_fault(error),
        };
        if !verified.matches {
            return Ok(PasswordCheck::Wrong);
        }
        if verified.needs_rehash {
            self.rehash(&org.id, person, candidate, &stored.hash)
                .await?;
        }
        let aged = decide_password_age(&org.settings.password, stored.changed_at, self.now());
        let must_change = stored.must_change || aged == PasswordAge::Expired;
        Ok(PasswordCheck::Right { must_change })
    }

    /// A foreign or outdated hash is replaced at the first success. Under load that can wait for the next one.
    async fn rehash(
        &self,
        org_id: &OrgId,
        person: &Person,
        password: Secret<String>,
        old: &str,
    ) -> Result<(), Fault> {
        let Ok(new) = self.passwords.hash(password).await else {
            return Ok(());
        };
        let (org_id, user_id, old) = (org_id.clone(), person.id.clone(), old.to_owned());
        let work = self.database.write(move |tx| {
            Box::pin(async move { store::replace_hash(tx, &org_id, &user_id, &old, &new).await })
        });
        Ok(work.await?)
    }

    /// Holds a new password against the rules that need no hashing, so that a link is not used up for a refused one.
    ///
    /// # Errors
    /// [`PasswordRefusal::Policy`] with all problems.
    pub fn check_new_password(
        &self,
        org: &Org,
        person: &Person,
        candidate: &Secret<String>,
    ) -> Result<(), PasswordRefusal> {
        let facts = PasswordFacts {
            login: &person.login,
            emails: &[&person.email],
            names: &[&person.first_name, &person.last_name, &org.name],
        };
        decide_password(
            &org.settings.password,
            candidate.expose(),
            &facts,
            Reuse::New,
        )
        .map_err(PasswordRefusal::Policy)
    }

    /// Sets a person's password: policy, history, hash, log row and notice.
    ///
    /// # Errors
    /// [`PasswordRefusal`]; nothing was changed.
    pub async fn set_password(
        &self,
        org: &Org,
        person: &Person,
        actor: Actor,
        client: &ClientFacts,
        candidate: Secret<String>,
    ) -> Result<(), PasswordRefusal> {
        let policy = &org.settings.password;
        let (present, history) = {
            let mut tx = self.database.read().await.map_err(Fault::from)?;
            let present = store::load_password(&mut tx, &org.id, &person.id)
                .await
                .map_err(Fault::from)?;
            let keep = i64::from(policy.history_count);
            let history = store::load_history(&mut tx, &org.id, &person.id, keep)
                .await
                .map_err(Fault::from)?;
            (present, history)
        };
        let mut former = history;
        former.extend(present.iter().map(|password| password.hash.clone()));
        // The cheap rules first: a refused password costs no hashing.
        self.check_new_password(org, person, &candidate)?;
        if policy.history_count > 0 && !former.is_empty() {
            let used = self
                .passwords
                .matches_any(candidate.clone(), former)
                .await
                .map_err(refuse_hash)?;
            if used {
                let history_count = policy.history_count;
                return Err(PasswordRefusal::Policy(vec![PasswordProblem::Former {
                    history_count,
                }]));
            }
        }
        let hash = self.passwords.hash(candidate).await.map_err(refuse_hash)?;
        let mail = self
            .seal_mail(&org.name, person, &Notice::PasswordChanged)
            .await?;
        let now = self.now();
        let event = Event::new(EventType::UserAccountUpdatePassword, Outcome::Success, now)
            .actor(actor)
            .client(client)
            .target(crate::person::operations::as_target(person));
        let (org_id, user_id, keep) = (
            org.id.clone(),
            person.id.clone(),
            i64::from(policy.history_count),
        );
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    if let Some(present) = present {
                        store::insert_history(tx, &org_id, &user_id, &present.hash, now, keep)
                            .await?;
                    }
                    let password = StoredPassword {
                        hash,
                        changed_at: now,
                        must_change: false,
                    };
                    store::put_password(tx, &org_id, &user_id, &password).await?;
                    mail.enqueue(tx, &org_id, now).await?;
                    ledger::append(tx, &org_id, event).await
                })
            })
            .await
            .map_err(|fault| PasswordRefusal::Fault(fault.into()))
    }

    /// Takes over a password hash from another system; the next sign-in replaces it by one of our own.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a hash that is not understood.
    pub async fn import_password_hash(
        &self,
        org_id: &OrgId,
        person: &Person,
        hash: &str,
    ) -> Result<(), Refusal> {
        crate::password::foreign::parse_foreign(hash)
            .map_err(|error| Refusal::invalid("password_hash", error.to_string()))?;
        let password = StoredPassword {
            hash: hash.to_owned(),
            changed_at: self.now(),
            must_change: false,
        };
        let (org_id, user_id) = (org_id.clone(), person.id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move { store::put_password(tx, &org_id, &user_id, &password).await })
            })
            .await
            .map_err(|fault| Refusal::Fault(fault.into()))
    }
}

fn busy_or_fault(error: HashError) -> Result<PasswordCheck, Fault> {
    match error {
        HashError::Denial(Denial::Busy { retry_after_secs }) => {
            Ok(PasswordCheck::Busy { retry_after_secs })
        }
        HashError::Denial(Denial::TooLong) => Ok(PasswordCheck::Wrong),
        HashError::Fault(fault) => Err(hash_fault(&fault)),
    }
}

/// What the pool's refusal means for somebody who sets a password.
pub(crate) fn refuse_hash(error: HashError) -> PasswordRefusal {
    match error {
        HashError::Denial(Denial::Busy { retry_after_secs }) => {
            PasswordRefusal::Busy { retry_after_secs }
        }
        HashError::Denial(Denial::TooLong) => {
            let bytes_max = u16::try_from(crate::password::PASSWORD_BYTES_MAX).unwrap_or(u16::MAX);
            PasswordRefusal::Policy(vec![PasswordProblem::TooLong { bytes_max }])
        }
        HashError::Fault(fault) => PasswordRefusal::Fault(hash_fault(&fault)),
    }
}
