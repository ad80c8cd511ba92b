//! The signing keys of authorization servers: made when first needed, rotated ahead of time, cached for the hot path.
//!
//! Asking for a signer that is in use touches no store. What this process remembers is looked at again after a minute,
//! so that a rotation or revocation made by another process is seen that soon everywhere.

pub(crate) mod jwks;
pub(crate) mod plan;
mod rotate;
pub(crate) mod schedule;
pub(crate) mod scope;
pub(crate) mod signer;
mod store;

#[cfg(test)]
mod tests;

use crate::cache::Cache;
use crate::fault::KeyFault;
use crate::keyring::Keyring;
use crate::signing::jwks::JwksDocument;
use crate::signing::plan::{KeyFacts, KeyPhase, next_change, phase_at, signer_at};
use crate::signing::rotate::Cause;
use crate::signing::schedule::{RECHECK_SECS, RotationSchedule};
use crate::signing::scope::ServerKeyScope;
use crate::signing::signer::Signer;
use crate::signing::store::StoredKey;
use database::{DatabaseFault, WriteTx};
use ledger::{Actor, ClientFacts};
use protocol::jose::algorithm::Algorithm;
use protocol::jose::jwk::Jwk;
use protocol::jose::jwks::Jwks;
use protocol::jose::jws::memo::VerifiedMemo;
use protocol::jose::jws::verify::{JwsError, Verified, verify_remembering};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::Mutex;
use vocab::id::OrgId;
use vocab::time::Timestamp;

/// Most private keys that are held in memory.
const SIGNERS_MAX: usize = 2_048;
/// Most sets of published keys that are held in memory.
const DOCUMENTS_MAX: usize = 2_048;
/// Most tokens of our own whose signatures are remembered: 2 MB, and 6 MB for those that are remembered as they were read.
const VERIFIED_MAX: usize = 32_768;
/// Most keys of one server and algorithm: three algorithms fill a set of 16.
const KEYS_MAX: usize = 5;
/// Most keys that one run of the rotation looks at.
const DUE_MAX: i64 = 32;
/// Most keys that an administrator is shown.
const LISTED_MAX: i64 = 500;
/// How long others go on with what is remembered while one looks at it again.
const LOOKING_SECS: i64 = 5;
/// How long a signer is used while the store does not answer.
const STALE_SECS_MAX: i64 = 600;

/// The signing keys of all authorization servers; clones share them.
#[derive(Clone)]
pub struct SigningKeys(Arc<Inner>);

struct Inner {
    keyring: Keyring,
    schedule: RotationSchedule,
    signers: Cache<Owner, Remembered<Signer>>,
    documents: Cache<(OrgId, ServerKeyScope), Remembered<JwksDocument>>,
    verified: VerifiedMemo,
    /// One key is made at a time: an RSA key costs a core for a tenth of a second or more.
    making: Arc<Mutex<()>>,
}

type Owner = (OrgId, ServerKeyScope, Algorithm);

/// A value with the moment at which it must be looked at again, and the one after which it must not be used.
struct Remembered<T> {
    value: Arc<T>,
    look_again_at: AtomicI64,
    usable_until: Timestamp,
}

/// A signing key as an administrator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyView {
    /// Whose it is.
    pub server: ServerKeyScope,
    /// Its id.
    pub kid: String,
    /// Its algorithm.
    pub algorithm: Algorithm,
    /// Where in its life it is.
    pub phase: KeyPhase,
    /// When it was made, and so published.
    pub created_at: Timestamp,
    /// When it began or begins to sign.
    pub signs_from: Timestamp,
    /// When its successor is meant to begin.
    pub signs_until: Timestamp,
    /// Until when it is published.
    pub published_until: Timestamp,
    /// The public half: JSON.
    pub public_jwk: String,
}

/// What one run of the rotation did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RotationReport {
    /// Servers and algorithms that were looked at.
    pub examined: usize,
    /// Keys that were made.
    pub created: usize,
    /// Keys that were forgotten.
    pub removed: usize,
    /// Servers and algorithms that failed and were put off.
    pub failed: usize,
}

impl SigningKeys {
    /// Signing keys sealed by this keyring, rotated by this schedule.
    #[must_use]
    pub fn new(keyring: Keyring, schedule: RotationSchedule) -> Self {
        Self(Arc::new(Inner {
            keyring,
            schedule,
            signers: Cache::new(SIGNERS_MAX),
            documents: Cache::new(DOCUMENTS_MAX),
            verified: VerifiedMemo::new(VERIFIED_MAX),
            making: Arc::default(),
        }))
    }

    /// The key that signs now; it is made when there is none.
    ///
    /// # Errors
    /// [`KeyFault`] when the store or the org's key cannot be had.
    pub async fn active_signer(
        &self,
        org: &OrgId,
        server: &ServerKeyScope,
        algorithm: Algorithm,
    ) -> Result<Arc<Signer>, KeyFault> {
        let owner = (org.clone(), server.clone(), algorithm);
        let now = self.now();
        let remembered = self.0.signers.get(&owner);
        if let Some(signer) = remembered
            .as_ref()
            .and_then(|remembered| remembered.fresh(now))
        {
            return Ok(signer);
        }
        match (
            Box::pin(self.load_signer(&owner, remembered.as_deref())).await,
            remembered,
        ) {
            // Better a key that was right a minute ago than no sign-in while the store is away.
            (Err(KeyFault::Database(fault)), Some(remembered))
                if fault.is_unavailable() && now < remembered.usable_until =>
            {
                tracing::warn!(error = %fault, "signing on with the remembered key while the store does not answer");
                Ok(Arc::clone(&remembered.value))
            }
            (loaded, _) => loaded,
        }
    }

    /// Makes the first key where there is none: call it when an app or server begins to use an algorithm, so that its
    /// key is published before the first token.
    ///
    /// # Errors
    /// [`KeyFault`] when the store or the org's key cannot be had.
    pub async fn ensure_signer(
        &self,
        org: &OrgId,
        server: &ServerKeyScope,
        algorithm: Algorithm,
    ) -> Result<(), KeyFault> {
        self.active_signer(org, server, algorithm).await.map(drop)
    }

    /// The published keys of a server. Keys of the wanted algorithms are made first where there are none, so that a
    /// client which fetches them before its first token knows the key of that token.
    ///
    /// # Errors
    /// [`KeyFault`] when the store or the org's key cannot be had.
    pub async fn published_jwks(
        &self,
        org: &OrgId,
        server: &ServerKeyScope,
        wanted: &[Algorithm],
    ) -> Result<Arc<JwksDocument>, KeyFault> {
        let of = (org.clone(), server.clone());
        let has_all = |document: &JwksDocument| {
            wanted.iter().all(|wanted| {
                document
                    .keys
                    .keys()
                    .iter()
                    .any(|key| key.algorithm() == *wanted)
            })
        };
        let remembered = self
            .0
            .documents
            .get(&of)
            .and_then(|remembered| remembered.fresh(self.now()));
        if let Some(document) = remembered.filter(|document| has_all(document)) {
            return Ok(document);
        }
        let document = Box::pin(self.load_document(&of)).await?;
        if has_all(&document) {
            return Ok(document);
        }
        for algorithm in wanted {
            Box::pin(self.ensure_signer(org, server, *algorithm)).await?;
        }
        Box::pin(self.load_document(&of)).await
    }

    /// Checks a token against the published keys of a server. One that was checked before costs no signature.
    ///
    /// # Errors
    /// [`KeyFault`] when the store or the org's key cannot be had; inside, why the token is refused.
    pub async fn verify(
        &self,
        org: &OrgId,
        server: &ServerKeyScope,
        token: &str,
    ) -> Result<Result<Arc<Verified>, JwsError>, KeyFault> {
        let document = self.published_jwks(org, server, &[]).await?;
        Ok(verify_remembering(
            token,
            (&document.keys, &document.mark),
            &Algorithm::ALL,
            &self.0.verified,
        ))
    }

    /// The signing keys of an org, of all its servers, for an administrator.
    ///
    /// # Errors
    /// [`KeyFault`] when the store fails.
    pub async fn list(&self, org: &OrgId) -> Result<Vec<KeyView>, KeyFault> {
        let stored = {
            let mut tx = self.0.keyring.database().read().await?;
            store::load_org_keys(&mut tx, org, LISTED_MAX).await?
        };
        let now = self.now();
        let mut views: Vec<KeyView> = stored
            .iter()
            .map(|key| render_view(&stored, key, now))
            .collect();
        views.sort_by_cached_key(|view| {
            (
                view.server.as_str().to_owned(),
                view.algorithm,
                view.signs_from,
            )
        });
        Ok(views)
    }

    /// Rotates on an administrator's word. The next key signs as soon as nobody's copy of the published keys can lack
    /// it; the present key stays published until its tokens have run out. Says from when the next key signs.
    ///
    /// # Errors
    /// [`KeyFault::TooManyKeys`] when keys pile up; other faults when the store or the org's key cannot be had.
    pub async fn rotate_now(
        &self,
        org: &OrgId,
        server: &ServerKeyScope,
        algorithm: Algorithm,
        actor: Actor,
        client: &ClientFacts,
    ) -> Result<Timestamp, KeyFault> {
        let owner = (org.clone(), server.clone(), algorithm);
        let cause = Cause::Wish {
            actor,
            client: client.clone(),
        };
        let applied = self.rotate(&owner, &cause).await?;
        Ok(applied.next_signs_from.unwrap_or_else(|| self.now()))
    }

    /// Withdraws a key at once: it signs no more, is published no more, its private half is destroyed, and another
    /// takes its place. Tokens that it signed are refused by everybody as soon as their copies of the keys run out.
    ///
    /// # Errors
    /// [`KeyFault::NoSuchKey`]; other faults when the store or the org's key cannot be had.
    pub async fn revoke(
        &self,
        org: &OrgId,
        server: &ServerKeyScope,
        kid: &str,
        actor: Actor,
        client: &ClientFacts,
    ) -> Result<(), KeyFault> {
        let keys = self.load_stored(org, server).await?;
        let known = keys
            .iter()
            .find(|key| key.facts.kid == kid && key.facts.revoked_at.is_none());
        let algorithm = known.map(|key| key.algorithm).ok_or(KeyFault::NoSuchKey)?;
        let owner = (org.clone(), server.clone(), algorithm);
        let cause = Cause::Revocation {
            kid: kid.to_owned(),
            actor,
            client: client.clone(),
        };
        self.rotate(&owner, &cause).await.map(drop)
    }

    /// Does what is due: makes successors ahead of time, forgets keys whose tokens have run out. Looks at a
    /// bounded number of keys; there may be more while `examined` is that bound and `failed` is zero.
    ///
    /// # Errors
    /// [`KeyFault`] when it cannot be found out what is due. A key that fails is reported, put off where that can be
    /// written, and does not hold up the others.
    pub async fn rotate_due(&self) -> Result<RotationReport, KeyFault> {
        let now = self.now();
        let due = {
            let mut tx = self.0.keyring.database().read().await?;
            store::load_due(&mut tx, now, DUE_MAX).await?
        };
        let mut report = RotationReport {
            examined: due.len(),
            ..RotationReport::default()
        };
        for owner in due {
            match self.rotate(&owner, &Cause::Schedule).await {
                Ok(applied) => {
                    report.created += applied.created;
                    report.removed += applied.removed;
                }
                Err(fault) => {
                    tracing::error!(error = %fault, org = %owner.0, "a signing key was not rotated; trying again later");
                    report.failed += 1;
                    // An org that is on its way to another cell takes no note either; the others are not to wait for it.
                    if let Err(fault) = self.postpone(&owner, now).await {
                        tracing::warn!(error = %fault, org = %owner.0, "a signing key that was not rotated could not be put off");
                    }
                }
            }
        }
        Ok(report)
    }

    fn now(&self) -> Timestamp {
        self.0.keyring.now()
    }

    async fn load_stored(
        &self,
        org: &OrgId,
        server: &ServerKeyScope,
    ) -> Result<Vec<StoredKey>, KeyFault> {
        let mut tx = self.0.keyring.database().read().await?;
        store::load_server_keys(&mut tx, org, server).await
    }

    async fn load_signer(
        &self,
        owner: &Owner,
        remembered: Option<&Remembered<Signer>>,
    ) -> Result<Arc<Signer>, KeyFault> {
        let (org, server, algorithm) = owner;
        let mut removals = self.0.signers.removals();
        let mut keys = facts_of(&self.load_stored(org, server).await?, *algorithm);
        if signer_at(&keys, self.now()).is_none() {
            self.rotate(owner, &Cause::First).await?;
            removals = self.0.signers.removals();
            keys = facts_of(&self.load_stored(org, server).await?, *algorithm);
        }
        let now = self.now();
        let kid = signer_at(&keys, now)
            .map(|key| key.kid.clone())
            .ok_or(KeyFault::Contended)?;
        let signer = match remembered {
            Some(remembered) if remembered.value.kid() == kid => Arc::clone(&remembered.value),
            _ => Arc::new(self.open_signer(owner, kid).await?),
        };
        let entry = Remembered::new(Arc::clone(&signer), &keys, now);
        self.0
            .signers
            .insert(owner.clone(), Arc::new(entry), removals);
        Ok(signer)
    }

    async fn open_signer(&self, owner: &Owner, kid: String) -> Result<Signer, KeyFault> {
        let (org, server, algorithm) = owner;
        let sealed = {
            let mut tx = self.0.keyring.database().read().await?;
            store::load_sealed(&mut tx, org, server, &kid)
                .await?
                .ok_or(KeyFault::Contended)?
        };
        let context = render_context(server, &kid, *algorithm);
        self.0
            .keyring
            .open_signer(org, &context, (*algorithm, kid), &sealed)
            .await
    }

    async fn load_document(
        &self,
        of: &(OrgId, ServerKeyScope),
    ) -> Result<Arc<JwksDocument>, KeyFault> {
        let removals = self.0.documents.removals();
        let stored = self.load_stored(&of.0, &of.1).await?;
        let now = self.now();
        let mut keys = Vec::new();
        for key in &stored {
            let siblings = facts_of(&stored, key.algorithm);
            if phase_at(&siblings, &key.facts, now) != KeyPhase::Gone {
                keys.push(
                    Jwk::parse(key.public_jwk.as_bytes())
                        .map_err(|_| KeyFault::Stored("public half"))?,
                );
            }
        }
        let keys = Jwks::from_keys(keys).map_err(|_| KeyFault::Stored("number"))?;
        let document = Arc::new(JwksDocument::new(keys, self.0.schedule.jwks_max_age_secs()));
        let facts: Vec<KeyFacts> = stored.into_iter().map(|key| key.facts).collect();
        let entry = Remembered::new(Arc::clone(&document), &facts, now);
        self.0
            .documents
            .insert(of.clone(), Arc::new(entry), removals);
        Ok(document)
    }

    /// By which rules keys rotate.
    #[must_use]
    pub fn schedule(&self) -> &RotationSchedule {
        &self.0.schedule
    }

    /// Drops what this process remembers of a server whose keys were deleted.
    pub fn forget_server(&self, org: &OrgId, server: &ServerKeyScope) {
        for algorithm in Algorithm::ALL {
            self.forget(&(org.clone(), server.clone(), algorithm));
        }
    }

    /// Drops what this process remembers of every server of an org: it left, or arrived anew.
    pub fn forget_org(&self, org: &OrgId) {
        self.0.signers.remove_where(|(of, _, _)| of == org);
        self.0.documents.remove_where(|(of, _)| of == org);
    }

    fn forget(&self, owner: &Owner) {
        self.0.signers.remove(owner);
        self.0.documents.remove(&(owner.0.clone(), owner.1.clone()));
    }
}

impl<T> Remembered<T> {
    fn new(value: Arc<T>, keys: &[KeyFacts], now: Timestamp) -> Self {
        let latest = now.plus_secs(STALE_SECS_MAX);
        Self {
            value,
            look_again_at: AtomicI64::new(now.plus_secs(RECHECK_SECS).micros()),
            usable_until: next_change(keys, now).map_or(latest, |change| change.min(latest)),
        }
    }

    /// The value, unless this caller is the one who must look again: then the others go on with it meanwhile.
    fn fresh(&self, now: Timestamp) -> Option<Arc<T>> {
        if now >= self.usable_until {
            return None;
        }
        let look_again_at = self.look_again_at.load(Ordering::Relaxed);
        if now.micros() >= look_again_at {
            let later = now.plus_secs(LOOKING_SECS).micros();
            let claimed = self.look_again_at.compare_exchange(
                look_again_at,
                later,
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
            if claimed.is_ok() {
                return None;
            }
        }
        Some(Arc::clone(&self.value))
    }
}

/// Forgets every signing key of a server in the transaction that deletes the server; afterwards
/// [`SigningKeys::forget_server`] drops what is remembered.
///
/// # Errors
/// The store's fault.
pub async fn delete_server_keys(
    tx: &mut WriteTx,
    org: &OrgId,
    server: &ServerKeyScope,
) -> Result<(), DatabaseFault> {
    store::delete_server_keys(tx, org, server).await.map(drop)
}

fn facts_of(stored: &[StoredKey], algorithm: Algorithm) -> Vec<KeyFacts> {
    stored
        .iter()
        .filter(|key| key.algorithm == algorithm)
        .map(|key| key.facts.clone())
        .collect()
}

fn render_view(stored: &[StoredKey], key: &StoredKey, now: Timestamp) -> KeyView {
    let siblings: Vec<KeyFacts> = stored
        .iter()
        .filter(|other| other.server == key.server && other.algorithm == key.algorithm)
        .map(|other| other.facts.clone())
        .collect();
    KeyView {
        server: key.server.clone(),
        kid: key.facts.kid.clone(),
        algorithm: key.algorithm,
        phase: phase_at(&siblings, &key.facts, now),
        created_at: key.facts.created_at,
        signs_from: key.facts.signs_from,
        signs_until: key.facts.signs_until,
        published_until: key.facts.published_until,
        public_jwk: key.public_jwk.clone(),
    }
}

/// The place that a private half is sealed for.
fn render_context(server: &ServerKeyScope, kid: &str, algorithm: Algorithm) -> String {
    format!("signing-key:{}:{}:{kid}", server.as_str(), algorithm.name())
}
