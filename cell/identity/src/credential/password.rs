//! Setting and checking passwords.

use crate::access::ceiling::hold_for_way_in;
use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::credential::store::{self, StoredPassword};
use crate::credential::subject::FactorSubject;
use crate::fault::{Fault, Refusal};
use crate::notice::{Notice, SealedMail};
use crate::org::Org;
use crate::password::hash_pool::{Denial, HashError};
use crate::password::policy::{
    PasswordAge, PasswordFacts, PasswordProblem, Reuse, decide_password, decide_password_age,
};
use crate::person::Person;
use crate::slowdown::{Familiarity, Guess, GuessedSecret};
use database::WriteTx;
use ledger::{ClientFacts, Event, EventType};
use std::net::{IpAddr, Ipv4Addr};
use vocab::future::boxed;
use vocab::id::{OrgId, UserId};
use vocab::secret::Secret;
use vocab::time::Timestamp;

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
    /// The present password, which a person names to change it, is another one.
    #[error("this is not the present password")]
    WrongPresent,
    /// It was guessed at too often.
    #[error("too many attempts; try again in {retry_after_secs} s")]
    Slow {
        /// When to try again.
        retry_after_secs: u32,
    },
    /// The caller may not do this, there is no such person, or the password was changed meanwhile.
    #[error(transparent)]
    Refused(Refusal),
    /// Not the person's fault.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<Refusal> for PasswordRefusal {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Fault(fault) => Self::Fault(fault),
            other => Self::Refused(other),
        }
    }
}

impl From<database::DatabaseFault> for PasswordRefusal {
    fn from(fault: database::DatabaseFault) -> Self {
        Self::Fault(fault.into())
    }
}

/// A new password that is checked and hashed, to be stored in the caller's transaction.
pub struct PlannedPassword {
    permit: Permit,
    user_id: UserId,
    hash: String,
    /// What it replaces.
    present: Option<StoredPassword>,
    keep: i64,
    mail: SealedMail,
    event: Event,
    now: Timestamp,
}

impl PlannedPassword {
    /// Stores it, with history, notice and log row.
    ///
    /// # Errors
    /// [`Refusal::Changed`] if the password that it replaces was replaced meanwhile, or whoever replaces their own was shut out
    /// or is kept out since; [`Refusal::OutOfReach`] for somebody who may do more.
    #[boxed]
    pub async fn apply(self, tx: &mut WriteTx) -> Result<(), Refusal> {
        let (org_id, user_id) = (self.permit.org(), &self.user_id);
        hold_for_way_in(tx, &self.permit, user_id).await?;
        let stored = store::load_password(tx, org_id, user_id).await?;
        let hash_of = |password: &StoredPassword| password.hash.clone();
        if stored.as_ref().map(hash_of) != self.present.as_ref().map(hash_of) {
            return Err(Refusal::Changed);
        }
        if let Some(present) = &self.present {
            store::insert_history(tx, org_id, user_id, &present.hash, self.now, self.keep).await?;
        }
        let password = StoredPassword {
            hash: self.hash,
            changed_at: self.now,
            must_change: false,
        };
        store::put_password(tx, org_id, user_id, &password).await?;
        self.mail.enqueue(tx, org_id, self.now).await?;
        Ok(ledger::append(tx, org_id, self.event).await?)
    }
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
    /// Checks a password. Without a person or a password it costs the same and is wrong; whose password another system
    /// knows is asked about there, and costs that in addition.
    ///
    /// # Errors
    /// [`Fault`] if store or pool fails.
    #[boxed]
    pub async fn check_password(
        &self,
        org: &Org,
        person: Option<&Person>,
        candidate: Secret<String>,
        client: &ClientFacts,
    ) -> Result<PasswordCheck, Fault> {
        let (mut stored, mut awaited) = (None, false);
        if let Some(person) = person {
            let mut tx = self.database.read().await?;
            stored = store::load_password(&mut tx, &org.id, &person.id).await?;
            awaited =
                stored.is_none() && store::awaits_import(&mut tx, &org.id, &person.id).await?;
        }
        match (person, stored) {
            (Some(person), Some(stored)) => self.check_stored(org, person, candidate, stored).await,
            // In a box: what is seldom done must not make the future of every sign-in large.
            (Some(person), None) if awaited => {
                Box::pin(self.check_imported(org, person, candidate, client)).await
            }
            _ => self.check_nothing(candidate).await,
        }
    }

    /// The work of a check for somebody who has no password.
    pub(crate) async fn check_nothing(
        &self,
        candidate: Secret<String>,
    ) -> Result<PasswordCheck, Fault> {
        match self.passwords.dummy_verify(candidate).await {
            Ok(()) | Err(HashError::Denial(Denial::TooLong)) => Ok(PasswordCheck::Wrong),
            Err(error) => busy_or_fault(error),
        }
    }

    pub(crate) async fn check_stored(
        &self,
        org: &Org,
        person: &Person,
        candidate: Secret<String>,
        stored: StoredPassword,
    ) -> Result<PasswordCheck, Fault> {
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

    /// Holds a new password against the rules that need no hashing.
    fn check_new_password(
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
    #[boxed]
    pub async fn set_password(
        &self,
        permit: &Permit,
        user_id: &UserId,
        candidate: Secret<String>,
    ) -> Result<(), PasswordRefusal> {
        let subject = self.factor_subject(permit, user_id).await?;
        let planned = self
            .plan_password(permit, &subject, &subject.person, candidate)
            .await?;
        self.database
            .write(move |tx| Box::pin(planned.apply(tx)))
            .await?;
        Ok(())
    }

    /// Prepares the change of the own password, which takes the present one where there is one. The caller stores it
    /// in the transaction that ends the person's other sessions.
    ///
    /// # Errors
    /// [`PasswordRefusal`]; nothing was changed, but a wrong guess was noted.
    #[boxed]
    pub async fn plan_own_password(
        &self,
        permit: &Permit,
        present: Secret<String>,
        candidate: Secret<String>,
    ) -> Result<PlannedPassword, PasswordRefusal> {
        let own = permit.own_user().ok_or(Refusal::Forbidden)?;
        let subject = self.factor_subject(permit, own).await?;
        if self.has_password(&subject.person).await? {
            self.check_present(permit, &subject, present).await?;
        }
        self.plan_password(permit, &subject, &subject.person, candidate)
            .await
    }

    /// Changes the password of a person for a program that was given the present one.
    ///
    /// # Errors
    /// [`PasswordRefusal`]; nothing was changed, but a wrong guess was noted.
    #[boxed]
    pub async fn change_known_password(
        &self,
        permit: &Permit,
        user_id: &UserId,
        present: Secret<String>,
        candidate: Secret<String>,
    ) -> Result<(), PasswordRefusal> {
        let subject = self.factor_subject(permit, user_id).await?;
        self.check_present(permit, &subject, present).await?;
        let planned = self
            .plan_password(permit, &subject, &subject.person, candidate)
            .await?;
        self.database
            .write(move |tx| Box::pin(planned.apply(tx)))
            .await?;
        Ok(())
    }

    /// Slowed down as a sign-in is: else whoever finds an open session could try passwords without end.
    async fn check_present(
        &self,
        permit: &Permit,
        subject: &FactorSubject,
        present: Secret<String>,
    ) -> Result<(), PasswordRefusal> {
        let now = self.now();
        let ip = &permit.client().ip;
        let guess = Guess {
            org: permit.org(),
            account: subject.person.id.as_str(),
            address: ip.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            secret: GuessedSecret::Password,
            familiarity: Familiarity::Strange,
        };
        let ticket = self
            .slowdown
            .check(&guess, now)
            .map_err(|wait| PasswordRefusal::Slow {
                retry_after_secs: wait.secs,
            })?;
        match self
            .check_password(
                subject.org(),
                Some(&subject.person),
                present,
                permit.client(),
            )
            .await
        {
            Ok(PasswordCheck::Right { .. }) => {
                self.slowdown.record_success(ticket, now);
                Ok(())
            }
            Ok(PasswordCheck::Wrong) => {
                self.slowdown.record_failure(ticket);
                let event = subject
                    .failure(permit, EventType::UserAccountUpdatePassword, now)
                    .reason("INVALID_CREDENTIALS");
                let org_id = permit.org().clone();
                self.database
                    .write(move |tx| {
                        Box::pin(async move { ledger::append(tx, &org_id, event).await })
                    })
                    .await?;
                Err(PasswordRefusal::WrongPresent)
            }
            Ok(PasswordCheck::Busy { retry_after_secs }) => {
                self.slowdown.release(ticket);
                Err(PasswordRefusal::Busy { retry_after_secs })
            }
            Err(fault) => {
                self.slowdown.release(ticket);
                Err(fault.into())
            }
        }
    }

    /// Whether the person has a password, here or in another system.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn has_password(&self, person: &Person) -> Result<bool, Fault> {
        let (org, user) = (&person.org_id, &person.id);
        let mut tx = self.database.read().await?;
        Ok(store::load_password(&mut tx, org, user).await?.is_some()
            || store::awaits_import(&mut tx, org, user).await?)
    }

    pub(crate) async fn plan_password(
        &self,
        permit: &Permit,
        subject: &FactorSubject,
        about: &Person,
        candidate: Secret<String>,
    ) -> Result<PlannedPassword, PasswordRefusal> {
        let (org, person) = (subject.org(), &subject.person);
        // The cheap rules first: a refused password costs no hashing.
        Self::check_new_password(org, about, &candidate)?;
        let keep = i64::from(org.settings.password.history_count);
        let (present, mut former) = {
            let mut tx = self.database.read().await?;
            let present = store::load_password(&mut tx, &org.id, &person.id).await?;
            let former = store::load_history(&mut tx, &org.id, &person.id, keep).await?;
            (present, former)
        };
        former.extend(present.iter().map(|password| password.hash.clone()));
        self.refuse_former(org, former, &candidate).await?;
        let hash = self.passwords.hash(candidate).await.map_err(refuse_hash)?;
        let mail = self
            .seal_mail(&org.name, person, &Notice::PasswordChanged)
            .await?;
        let now = self.now();
        Ok(PlannedPassword {
            permit: permit.clone(),
            user_id: person.id.clone(),
            hash,
            present,
            keep,
            mail,
            event: subject.event(permit, EventType::UserAccountUpdatePassword, now),
            now,
        })
    }

    async fn refuse_former(
        &self,
        org: &Org,
        former: Vec<String>,
        candidate: &Secret<String>,
    ) -> Result<(), PasswordRefusal> {
        let history_count = org.settings.password.history_count;
        if history_count == 0 || former.is_empty() {
            return Ok(());
        }
        let used = self.passwords.matches_any(candidate.clone(), former);
        if used.await.map_err(refuse_hash)? {
            return Err(PasswordRefusal::Policy(vec![PasswordProblem::Former {
                history_count,
            }]));
        }
        Ok(())
    }

    /// Takes over a password hash from another system; the next sign-in replaces it by one of our own.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a hash that is not understood.
    #[boxed]
    pub async fn import_password_hash(
        &self,
        permit: &Permit,
        user_id: &UserId,
        hash: &str,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManagePeople)?;
        crate::password::foreign::parse_foreign(hash)
            .map_err(|error| Refusal::invalid("password_hash", error.to_string()))?;
        let subject = self.factor_subject(permit, user_id).await?;
        let now = self.now();
        let password = StoredPassword {
            hash: hash.to_owned(),
            changed_at: now,
            must_change: false,
        };
        // Without a mail: a person who moves here with a crowd has noticed nothing of the password.
        let event = subject
            .event(permit, EventType::UserAccountUpdatePassword, now)
            .detail("imported", true);
        let ((org_id, user_id), permit) = (subject.ids(), permit.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    hold_for_way_in(tx, &permit, &user_id).await?;
                    store::put_password(tx, &org_id, &user_id, &password).await?;
                    Ok(ledger::append(tx, &org_id, event).await?)
                })
            })
            .await
    }
}

pub(crate) fn busy_or_fault(error: HashError) -> Result<PasswordCheck, Fault> {
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
