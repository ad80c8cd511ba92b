//! Authenticator apps and recovery codes: enrolment, use, removal.

use crate::cell::Cell;
use crate::credential::store::{self, StoredTotp};
use crate::fault::{Fault, Refusal};
use crate::notice::Notice;
use crate::org::Org;
use crate::person::Person;
use crate::person::operations::as_target;
use crate::recovery_codes::{generate_recovery_codes, parse_recovery_code};
use crate::totp::{TotpSeed, decide_totp};
use ledger::{Actor, ClientFacts, Event, EventType, Outcome};
use vocab::id::{OrgId, TotpId};
use vocab::secret::Secret;

/// Who does something to whose authenticators, for the log and the notice.
#[derive(Debug, Clone, Copy)]
pub struct FactorAct<'a> {
    /// The org.
    pub org: &'a Org,
    /// Whose authenticators.
    pub person: &'a Person,
    /// Who does it.
    pub actor: &'a Actor,
    /// From where.
    pub client: &'a ClientFacts,
}

fn seal_context(id: &TotpId) -> String {
    format!("totp/{id}")
}

impl Cell {
    /// Begins the enrolment of an authenticator app; an unfinished one is dropped.
    ///
    /// # Errors
    /// [`Fault`] if store or keys fail.
    pub async fn start_totp(&self, org_id: &OrgId, person: &Person) -> Result<TotpSeed, Fault> {
        let seed = TotpSeed::generate(self.entropy());
        let id = TotpId::generate(self.entropy());
        let sealed_seed = self
            .keyring
            .seal(org_id, &seal_context(&id), seed.expose())
            .await?;
        let totp = StoredTotp {
            id,
            sealed_seed,
            confirmed_at: None,
            last_step: 0,
            last_used_at: None,
        };
        let (org_id, user_id, now) = (org_id.clone(), person.id.clone(), self.now());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    store::insert_pending_totp(tx, &org_id, &user_id, &totp, now).await
                })
            })
            .await?;
        Ok(seed)
    }

    /// The seed of an enrolment that is under way, to show it again.
    ///
    /// # Errors
    /// [`Fault`] if store or keys fail.
    pub async fn pending_totp(
        &self,
        org_id: &OrgId,
        person: &Person,
    ) -> Result<Option<TotpSeed>, Fault> {
        let pending = self
            .load_totp_rows(org_id, person)
            .await?
            .into_iter()
            .find(|row| row.confirmed_at.is_none());
        match pending {
            Some(row) => self.open_seed(org_id, &row).await.map(Some),
            None => Ok(None),
        }
    }

    /// Ends the enrolment with the first code that the app shows; an earlier app no longer counts.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a wrong code.
    pub async fn confirm_totp(&self, act: FactorAct<'_>, code: &str) -> Result<(), Refusal> {
        let rows = self.load_totp_rows(&act.org.id, act.person).await?;
        let pending = rows
            .into_iter()
            .find(|row| row.confirmed_at.is_none())
            .ok_or(Refusal::NotFound)?;
        let seed = self.open_seed(&act.org.id, &pending).await?;
        let now = self.now();
        let step = decide_totp(&seed, code, now, None).ok_or_else(|| {
            Refusal::invalid("code", "this is not the code that the app shows now")
        })?;
        let event =
            factor_event(act, EventType::UserMfaFactorActivate, now).detail("factor", "TOTP");
        let mail = self
            .seal_mail(&act.org.name, act.person, &Notice::TotpAdded)
            .await?;
        let (org_id, user_id) = (act.org.id.clone(), act.person.id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    if !store::confirm_totp(tx, &org_id, &user_id, &pending.id, step, now).await? {
                        return Err(Refusal::Changed);
                    }
                    mail.enqueue(tx, &org_id, now).await?;
                    Ok(ledger::append(tx, &org_id, event).await?)
                })
            })
            .await
    }

    /// Accepts a code once.
    ///
    /// # Errors
    /// [`Fault`] if store or keys fail.
    pub async fn use_totp(
        &self,
        org_id: &OrgId,
        person: &Person,
        code: &str,
    ) -> Result<bool, Fault> {
        let rows = self.load_totp_rows(org_id, person).await?;
        let Some(row) = rows.into_iter().find(|row| row.confirmed_at.is_some()) else {
            return Ok(false);
        };
        let seed = self.open_seed(org_id, &row).await?;
        let now = self.now();
        let Some(step) = decide_totp(&seed, code, now, Some(row.last_step)) else {
            return Ok(false);
        };
        let org_id = org_id.clone();
        Ok(self
            .database
            .write(move |tx| {
                Box::pin(async move { store::use_totp_step(tx, &org_id, &row.id, step, now).await })
            })
            .await?)
    }

    /// Takes the authenticator app away.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if there is none.
    pub async fn remove_totp(&self, act: FactorAct<'_>) -> Result<(), Refusal> {
        let now = self.now();
        let event =
            factor_event(act, EventType::UserMfaFactorDeactivate, now).detail("factor", "TOTP");
        let mail = self
            .seal_mail(&act.org.name, act.person, &Notice::TotpRemoved)
            .await?;
        let (org_id, user_id) = (act.org.id.clone(), act.person.id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    if !store::delete_totp(tx, &org_id, &user_id).await? {
                        return Err(Refusal::NotFound);
                    }
                    mail.enqueue(tx, &org_id, now).await?;
                    Ok(ledger::append(tx, &org_id, event).await?)
                })
            })
            .await
    }

    /// Makes new recovery codes, to be shown once; earlier ones no longer work.
    ///
    /// # Errors
    /// [`Fault`] if store or keys fail.
    pub async fn make_recovery_codes(
        &self,
        act: FactorAct<'_>,
    ) -> Result<Vec<Secret<String>>, Fault> {
        let codes = generate_recovery_codes(self.entropy());
        let now = self.now();
        let event = factor_event(act, EventType::UserMfaFactorUpdate, now)
            .detail("factor", "RECOVERY_CODES");
        let mail = self
            .seal_mail(&act.org.name, act.person, &Notice::RecoveryCodesMade)
            .await?;
        let (org_id, user_id, hashes) = (act.org.id.clone(), act.person.id.clone(), codes.hashes);
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    store::replace_recovery_codes(tx, &org_id, &user_id, &hashes, now).await?;
                    mail.enqueue(tx, &org_id, now).await?;
                    Ok::<_, Fault>(ledger::append(tx, &org_id, event).await?)
                })
            })
            .await?;
        Ok(codes.shown)
    }

    /// Accepts a recovery code once, with a notice.
    ///
    /// # Errors
    /// [`Fault`] if store or keys fail.
    pub async fn use_recovery_code(
        &self,
        org: &Org,
        person: &Person,
        typed: &str,
    ) -> Result<bool, Fault> {
        let Some(hash) = parse_recovery_code(typed) else {
            return Ok(false);
        };
        let mail = self
            .seal_mail(&org.name, person, &Notice::RecoveryCodeUsed)
            .await?;
        let (org_id, user_id, now) = (org.id.clone(), person.id.clone(), self.now());
        Ok(self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let used = store::use_recovery_code(tx, &org_id, &user_id, &hash, now).await?;
                    if used {
                        mail.enqueue(tx, &org_id, now).await?;
                    }
                    Ok::<_, database::DatabaseFault>(used)
                })
            })
            .await?)
    }

    async fn load_totp_rows(
        &self,
        org_id: &OrgId,
        person: &Person,
    ) -> Result<Vec<StoredTotp>, Fault> {
        let mut tx = self.database.read().await?;
        Ok(store::load_totp(&mut tx, org_id, &person.id).await?)
    }

    async fn open_seed(&self, org_id: &OrgId, row: &StoredTotp) -> Result<TotpSeed, Fault> {
        let bytes = self
            .keyring
            .open(org_id, &seal_context(&row.id), &row.sealed_seed)
            .await?;
        TotpSeed::from_bytes(&bytes).ok_or_else(|| Fault::stored("totp seed", &"wrong length"))
    }
}

fn factor_event(act: FactorAct<'_>, kind: EventType, now: vocab::time::Timestamp) -> Event {
    Event::new(kind, Outcome::Success, now)
        .actor(act.actor.clone())
        .client(act.client)
        .target(as_target(act.person))
}
