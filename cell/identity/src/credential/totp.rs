//! Authenticator apps and recovery codes: enrolment, use, removal.

use crate::access::ceiling::hold_for_way_in;
use crate::access::{Permission, Permit};
use crate::behavior::store::forget_places;
use crate::cell::Cell;
use crate::credential::store::{self, StoredTotp};
use crate::fault::{Fault, Refusal};
use crate::notice::Notice;
use crate::org::Org;
use crate::person::Person;
use crate::recovery_codes::{generate_recovery_codes, parse_recovery_code};
use crate::sign_on::means::Means;
use crate::totp::{TotpSeed, decide_totp};
use ledger::EventType;
use vocab::future::boxed;
use vocab::id::{OrgId, TotpId, UserId};
use vocab::secret::Secret;
use vocab::time::Timestamp;

/// How long an enrolment may take.
pub const ENROLMENT_SECS: i64 = 30 * 60;

fn is_under_way(row: &StoredTotp, now: Timestamp) -> bool {
    row.confirmed_at.is_none() && now.secs_since(row.created_at) < ENROLMENT_SECS
}

/// The enrolment under way that the same one began.
fn find_begun(rows: Vec<StoredTotp>, beginner: Option<&str>, now: Timestamp) -> Option<StoredTotp> {
    let theirs = |row: &StoredTotp| beginner.is_some() && row.begun_by.as_deref() == beginner;
    rows.into_iter()
        .find(|row| is_under_way(row, now) && theirs(row))
}

/// An authenticator app whose enrolment has begun.
pub struct BegunTotp {
    /// Its id.
    pub id: TotpId,
    /// What the app must know.
    pub seed: TotpSeed,
}

fn seal_context(id: &TotpId) -> String {
    format!("totp/{id}")
}

impl Cell {
    /// Begins the enrolment of an authenticator app, or shows again the one that the same caller began lately: a page
    /// that is loaded twice must not show a picture that no longer counts, and a seed that somebody saw long ago must not
    /// either. For anybody else another seed is drawn, and the former one is dropped: whoever confirms a seed is the only
    /// one who was shown it. What an administrator begins is a row of the log.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if the permit is not for that person.
    #[boxed]
    pub async fn begin_totp(
        &self,
        permit: &Permit,
        user_id: &UserId,
    ) -> Result<BegunTotp, Refusal> {
        let subject = self.factor_subject(permit, user_id).await?;
        subject.takes(Means::Totp)?;
        let ((org_id, user_id), beginner) = (subject.ids(), permit.beginner());
        let (rows, now) = (
            self.load_totp_rows(&org_id, &subject.person).await?,
            self.now(),
        );
        if let Some(begun) = find_begun(rows, beginner.as_deref(), now) {
            return self.show_begun(&org_id, begun).await;
        }
        let seed = TotpSeed::generate(self.entropy());
        let id = TotpId::generate(self.entropy());
        let sealed_seed = self
            .keyring
            .seal(&org_id, &seal_context(&id), seed.expose())
            .await?;
        let totp = StoredTotp {
            id,
            sealed_seed,
            confirmed_at: None,
            last_step: 0,
            created_at: now,
            last_used_at: None,
            begun_by: beginner,
        };
        let drawn = BegunTotp {
            id: totp.id.clone(),
            seed,
        };
        let event = permit.covers(Permission::ManagePeople).is_ok().then(|| {
            subject
                .event(permit, EventType::UserMfaFactorUpdate, now)
                .detail("factor", "TOTP")
                .detail("enrolment", "begun")
        });
        let (permit, org) = (permit.clone(), org_id.clone());
        let begun: Result<Option<StoredTotp>, Refusal> = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    hold_for_way_in(tx, &permit, &user_id).await?;
                    // A page that is loaded twice at once shows what the first one drew.
                    let rows = store::load_totp(tx, &org, &user_id).await?;
                    let begun = find_begun(rows, totp.begun_by.as_deref(), now);
                    if begun.is_none() {
                        store::insert_pending_totp(tx, &org, &user_id, &totp).await?;
                        if let Some(event) = event {
                            ledger::append(tx, &org, event).await?;
                        }
                    }
                    Ok(begun)
                })
            })
            .await;
        match begun? {
            Some(begun) => self.show_begun(&org_id, begun).await,
            None => Ok(drawn),
        }
    }

    /// The enrolment that is under way, if there is one.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if the permit is not for that person.
    #[boxed]
    pub async fn pending_totp(
        &self,
        permit: &Permit,
        user_id: &UserId,
    ) -> Result<Option<TotpId>, Refusal> {
        let subject = self.factor_subject(permit, user_id).await?;
        let now = self.now();
        let rows = self.load_totp_rows(permit.org(), &subject.person).await?;
        let pending = rows.into_iter().find(|row| is_under_way(row, now));
        Ok(pending.map(|row| row.id))
    }

    /// Ends the enrolment with the first code that the app shows; an earlier app no longer counts.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a wrong code; [`Refusal::NotFound`] if no enrolment is under way.
    #[boxed]
    pub async fn confirm_totp(
        &self,
        permit: &Permit,
        user_id: &UserId,
        code: &str,
    ) -> Result<(), Refusal> {
        let subject = self.factor_subject(permit, user_id).await?;
        subject.takes(Means::Totp)?;
        let (org_id, user_id) = subject.ids();
        let (rows, now) = (
            self.load_totp_rows(&org_id, &subject.person).await?,
            self.now(),
        );
        let pending = rows
            .into_iter()
            .find(|row| is_under_way(row, now))
            .ok_or(Refusal::NotFound)?;
        let seed = self.open_seed(&org_id, &pending).await?;
        let step = decide_totp(&seed, code, now, None).ok_or_else(|| {
            Refusal::invalid("code", "this is not the code that the app shows now")
        })?;
        let event = subject
            .event(permit, EventType::UserMfaFactorActivate, now)
            .detail("factor", "TOTP");
        let mail = self
            .seal_mail(&subject.org().name, &subject.person, &Notice::TotpAdded)
            .await?;
        let permit = permit.clone();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    hold_for_way_in(tx, &permit, &user_id).await?;
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
    #[boxed]
    pub async fn remove_totp(&self, permit: &Permit, user_id: &UserId) -> Result<(), Refusal> {
        let subject = self.loss_subject(permit, user_id).await?;
        let now = self.now();
        let event = subject
            .event(permit, EventType::UserMfaFactorDeactivate, now)
            .detail("factor", "TOTP");
        let mail = self
            .seal_mail(&subject.org().name, &subject.person, &Notice::TotpRemoved)
            .await?;
        let ((org_id, user_id), permit) = (subject.ids(), permit.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    hold_for_way_in(tx, &permit, &user_id).await?;
                    if !store::delete_totp(tx, &org_id, &user_id).await? {
                        return Err(Refusal::NotFound);
                    }
                    // What was proved by it makes nothing usual any more.
                    forget_places(tx, &org_id, &user_id).await?;
                    mail.enqueue(tx, &org_id, now).await?;
                    Ok(ledger::append(tx, &org_id, event).await?)
                })
            })
            .await
    }

    /// Makes new recovery codes, to be shown once; earlier ones no longer work.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if the permit is not for that person.
    #[boxed]
    pub async fn make_recovery_codes(
        &self,
        permit: &Permit,
        user_id: &UserId,
    ) -> Result<Vec<Secret<String>>, Refusal> {
        let subject = self.factor_subject(permit, user_id).await?;
        let codes = generate_recovery_codes(self.entropy());
        let now = self.now();
        let event = subject
            .event(permit, EventType::UserMfaFactorUpdate, now)
            .detail("factor", "RECOVERY_CODES");
        let notice = Notice::RecoveryCodesMade;
        let mail = self
            .seal_mail(&subject.org().name, &subject.person, &notice)
            .await?;
        let ((org_id, user_id), hashes) = (subject.ids(), codes.hashes);
        let permit = permit.clone();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    hold_for_way_in(tx, &permit, &user_id).await?;
                    store::replace_recovery_codes(tx, &org_id, &user_id, &hashes, now).await?;
                    mail.enqueue(tx, &org_id, now).await?;
                    Ok::<_, Refusal>(ledger::append(tx, &org_id, event).await?)
                })
            })
            .await?;
        Ok(codes.shown)
    }

    /// Makes recovery codes for a person who has none left; nothing for one who has some.
    ///
    /// # Errors
    /// As for [`Cell::make_recovery_codes`].
    #[boxed]
    pub async fn make_first_recovery_codes(
        &self,
        permit: &Permit,
        user_id: &UserId,
    ) -> Result<Option<Vec<Secret<String>>>, Refusal> {
        let mut tx = self.database.read().await?;
        let left = store::count_recovery_codes(&mut tx, permit.org(), user_id).await?;
        drop(tx);
        if left > 0 {
            return Ok(None);
        }
        self.make_recovery_codes(permit, user_id).await.map(Some)
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

    async fn show_begun(&self, org_id: &OrgId, begun: StoredTotp) -> Result<BegunTotp, Refusal> {
        let seed = self.open_seed(org_id, &begun).await?;
        Ok(BegunTotp { id: begun.id, seed })
    }

    async fn open_seed(&self, org_id: &OrgId, row: &StoredTotp) -> Result<TotpSeed, Fault> {
        let bytes = self
            .keyring
            .open(org_id, &seal_context(&row.id), &row.sealed_seed)
            .await?;
        TotpSeed::from_bytes(&bytes).ok_or_else(|| Fault::stored("totp seed", &"wrong length"))
    }
}
