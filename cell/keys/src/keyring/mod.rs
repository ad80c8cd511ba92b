//! Org keys: made together with their org, wrapped by every root of trust, unwrapped by whichever is there.

pub(crate) mod moving;
mod store;

#[cfg(test)]
mod tests;

use crate::cache::Cache;
use crate::fault::{KeyFault, RootFault};
use crate::keyring::store::{Wrap, WrappedKey};
use crate::org_key::{KEY_BYTES, KeyBytes, OrgKeys};
use crate::root::file::{FileRoot, FileRootError};
use crate::root::{RootOfTrust, render_context};
use database::{Database, DatabaseFault, ReadTx, WriteTx};
use ledger::{Actor, ClientFacts, Event, EventType, Outcome, Target};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use vocab::entropy::Entropy;
use vocab::id::OrgId;
use vocab::time::{Clock, Timestamp};
use zeroize::Zeroizing;

/// Most orgs whose keys are held in the clear.
const ORG_KEYS_MAX: usize = 4_096;
/// Most orgs that one call wraps under a new root.
const REWRAP_ORGS_MAX: i64 = 100;

/// The keys of all orgs; clones share them.
#[derive(Clone)]
pub struct Keyring(Arc<Inner>);

struct Inner {
    database: Database,
    roots: Vec<Arc<dyn RootOfTrust>>,
    entropy: Arc<dyn Entropy>,
    clock: Arc<dyn Clock>,
    unwrapped: Cache<OrgId, OrgKeys>,
}

/// That a root of trust wrapped a version of an org's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapping {
    /// The version.
    pub version: i64,
    /// The id of the root: what it is, and a hash that tells it from others.
    pub root: String,
    /// Since when.
    pub since: Timestamp,
}

/// A key for a new org, wrapped already: what remains is to insert it together with the org.
pub struct NewOrgKey {
    keys: OrgKeys,
    wrapped: Vec<WrappedKey>,
    now: Timestamp,
}

impl NewOrgKey {
    /// Writes the key in the transaction that makes the org.
    ///
    /// # Errors
    /// The store's fault; the transaction is then over.
    pub async fn insert(&self, tx: &mut WriteTx) -> Result<(), DatabaseFault> {
        for wrapped in &self.wrapped {
            store::insert_key(tx, self.keys.org(), wrapped, self.now).await?;
        }
        Ok(())
    }

    /// The key itself, to seal what the same transaction writes.
    #[must_use]
    pub const fn keys(&self) -> &OrgKeys {
        &self.keys
    }
}

impl Keyring {
    /// A keyring over these roots of trust; each new key is wrapped by all of them.
    #[must_use]
    pub fn new(
        database: Database,
        roots: Vec<Arc<dyn RootOfTrust>>,
        entropy: Arc<dyn Entropy>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self(Arc::new(Inner {
            database,
            roots,
            entropy,
            clock,
            unwrapped: Cache::new(ORG_KEYS_MAX),
        }))
    }

    /// Whether any org has a key. A database that has keys must not be given a newly made root.
    ///
    /// # Errors
    /// The store's fault.
    pub async fn holds_keys(tx: &mut ReadTx) -> Result<bool, DatabaseFault> {
        Ok(store::load_any_org(tx).await?.is_some())
    }

    /// The root of trust in a file: read if it is there, made if neither it nor any key is. A database that has keys is
    /// not given a new root, under which none of them would open.
    ///
    /// # Errors
    /// [`KeyFault::RootFile`] for a file that is missing, damaged, or readable by others.
    pub async fn open_root(
        database: &Database,
        path: &Path,
        entropy: &dyn Entropy,
    ) -> Result<FileRoot, KeyFault> {
        if let Some(root) = FileRoot::load(path)? {
            return Ok(root);
        }
        let mut tx = database.read().await?;
        if Self::holds_keys(&mut tx).await? {
            return Err(FileRootError::missing(path).into());
        }
        Ok(FileRoot::create(path, entropy)?)
    }

    /// Tries the roots of trust on one stored key, so that a wrong root stops the start and not the first sign-in.
    ///
    /// # Errors
    /// [`KeyFault::RootMissing`] or [`KeyFault::Root`] when no root unwraps it.
    pub async fn check_roots(&self) -> Result<(), KeyFault> {
        let org = store::load_any_org(&mut self.0.database.read().await?).await?;
        match org {
            Some(org) => self.load(&org).await.map(drop),
            None => Ok(()),
        }
    }

    /// Draws and wraps a key for an org that is about to be made. Call it before the transaction: a root of trust may
    /// be a network away.
    ///
    /// # Errors
    /// [`KeyFault::Root`] when no root of trust wraps it.
    pub async fn prepare_org_key(&self, org: &OrgId) -> Result<NewOrgKey, KeyFault> {
        let key = self.draw_key();
        let wrapped = self.wrap(org, 1, &key).await?;
        let keys = OrgKeys::new(org.clone(), vec![(1, key)])?;
        Ok(NewOrgKey {
            keys,
            wrapped,
            now: self.0.clock.now(),
        })
    }

    /// The org's key, to seal and open without waiting, inside a transaction too.
    ///
    /// # Errors
    /// [`KeyFault`] when the org has no key or no root unwraps it.
    pub async fn load(&self, org: &OrgId) -> Result<Arc<OrgKeys>, KeyFault> {
        match self.0.unwrapped.get(org) {
            Some(keys) => Ok(keys),
            None => self.reload(org).await,
        }
    }

    /// Which roots of trust wrapped the org's key, for an administrator; the newest version first.
    ///
    /// # Errors
    /// [`KeyFault`] when the store fails.
    pub async fn wrappings(&self, org: &OrgId) -> Result<Vec<Wrapping>, KeyFault> {
        let mut tx = self.0.database.read().await?;
        Ok(store::load_wrappings(&mut tx, org).await?)
    }

    /// Seals a value for one place of one org. The context names the place: `totp:` and the row's id.
    ///
    /// # Errors
    /// [`KeyFault`] when the org's key cannot be had or the value is too large.
    pub async fn seal(
        &self,
        org: &OrgId,
        context: &str,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, KeyFault> {
        self.load(org).await?.seal(context, plaintext)
    }

    /// Opens what was sealed for this org and context.
    ///
    /// # Errors
    /// [`KeyFault::Sealed`] for anything else; other faults when the org's key cannot be had.
    pub async fn open(
        &self,
        org: &OrgId,
        context: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
        let keys = self.load(org).await?;
        if keys.lacks_version_of(sealed) {
            // Another process has rotated the key since it was loaded.
            return self.reload(org).await?.open(context, sealed);
        }
        keys.open(context, sealed)
    }

    /// A key for one purpose of one org, such as the MAC of its forms. It changes when the org's key is rotated.
    ///
    /// # Errors
    /// [`KeyFault`] when the org's key cannot be had.
    pub async fn derive(&self, org: &OrgId, purpose: &str) -> Result<KeyBytes, KeyFault> {
        self.load(org).await?.derive(purpose)
    }

    /// Gives the org a new version of its key. What was sealed before still opens.
    ///
    /// # Errors
    /// [`KeyFault`]; [`KeyFault::Contended`] when another rotation of the same org came first.
    pub async fn rotate_org_key(
        &self,
        org: &OrgId,
        actor: Actor,
        client: &ClientFacts,
    ) -> Result<u32, KeyFault> {
        let current = self.reload(org).await?.current_version();
        let next = current
            .checked_add(1)
            .ok_or(KeyFault::Internal("counting the versions of an org key"))?;
        let wrapped = self.wrap(org, next, &self.draw_key()).await?;
        let now = self.0.clock.now();
        let event = Event::new(EventType::SystemOrgKeyRotate, Outcome::Success, now)
            .actor(actor)
            .client(client)
            .target(Target::other("Org", org.as_str(), ""))
            .detail("version", next);
        let of = org.clone();
        let inserted = self
            .0
            .database
            .write(move |tx| {
                Box::pin(async move {
                    for key in &wrapped {
                        if !store::insert_key(tx, &of, key, now).await? {
                            return Err(KeyFault::Contended);
                        }
                    }
                    Ok::<_, KeyFault>(ledger::append(tx, &of, event).await?)
                })
            })
            .await;
        self.0.unwrapped.remove(org);
        inserted.map(|()| next)
    }

    /// Wraps keys under roots that were added since they were made, some at a time, and says how many orgs it did.
    ///
    /// # Errors
    /// [`KeyFault`] when the store or the new root fails.
    pub async fn wrap_under_new_roots(&self) -> Result<usize, KeyFault> {
        let mut done = 0;
        for root in &self.0.roots {
            let orgs = {
                let mut tx = self.0.database.read().await?;
                store::load_orgs_without_root(&mut tx, root.id(), REWRAP_ORGS_MAX).await?
            };
            for org in orgs {
                self.wrap_under(&org, root.as_ref()).await?;
                done += 1;
            }
        }
        Ok(done)
    }

    /// Drops what this process remembers of an org's key: it left, or arrived anew.
    pub fn forget_org(&self, org: &OrgId) {
        self.0.unwrapped.remove(org);
    }

    pub(crate) fn database(&self) -> &Database {
        &self.0.database
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    async fn wrap_under(&self, org: &OrgId, root: &dyn RootOfTrust) -> Result<(), KeyFault> {
        let keys = self.load(org).await?;
        let mut wrapped = Vec::new();
        for (version, key) in keys.keys() {
            let version = i64::from(version);
            let bytes = root.wrap_key(&render_context(org, version), key).await?;
            wrapped.push(WrappedKey {
                version,
                wrap: Wrap {
                    root_id: root.id().to_owned(),
                    wrapped: bytes,
                },
            });
        }
        let (of, now) = (org.clone(), self.0.clock.now());
        self.0
            .database
            .write(move |tx| {
                Box::pin(async move {
                    for key in &wrapped {
                        store::insert_key(tx, &of, key, now).await?;
                    }
                    Ok::<_, KeyFault>(())
                })
            })
            .await
    }

    fn draw_key(&self) -> KeyBytes {
        let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
        self.0.entropy.fill(key.as_mut());
        key
    }

    async fn wrap(
        &self,
        org: &OrgId,
        version: u32,
        key: &KeyBytes,
    ) -> Result<Vec<WrappedKey>, KeyFault> {
        let version = i64::from(version);
        let context = render_context(org, version);
        let wraps = self.wrap_by_all(org, &context, key).await?;
        Ok(wraps
            .into_iter()
            .map(|wrap| WrappedKey { version, wrap })
            .collect())
    }

    /// Under every root that answers; one suffices, the others are made up for later.
    async fn wrap_by_all(
        &self,
        org: &OrgId,
        context: &[u8],
        key: &KeyBytes,
    ) -> Result<Vec<Wrap>, KeyFault> {
        let (mut wraps, mut failure) = (Vec::new(), None);
        for root in &self.0.roots {
            match root.wrap_key(context, key).await {
                Ok(wrapped) => wraps.push(Wrap {
                    root_id: root.id().to_owned(),
                    wrapped,
                }),
                Err(fault) => {
                    tracing::warn!(error = %fault, "a key of an org is not wrapped by this root of trust yet");
                    failure = Some(fault);
                }
            }
        }
        match (wraps.is_empty(), failure) {
            (false, _) => Ok(wraps),
            (true, Some(fault)) => Err(fault.into()),
            (true, None) => Err(KeyFault::RootMissing {
                org: org.clone(),
                wrapped_by: "none".to_owned(),
            }),
        }
    }

    async fn reload(&self, org: &OrgId) -> Result<Arc<OrgKeys>, KeyFault> {
        let removals = self.0.unwrapped.removals();
        let wrapped = {
            let mut tx = self.0.database.read().await?;
            store::load_keys(&mut tx, org).await?
        };
        let keys = self.unwrap_versions(org, wrapped).await?;
        let keys = Arc::new(OrgKeys::new(org.clone(), keys)?);
        self.0
            .unwrapped
            .insert(org.clone(), Arc::clone(&keys), removals);
        Ok(keys)
    }

    /// In the order of their versions.
    async fn unwrap_versions(
        &self,
        org: &OrgId,
        wrapped: Vec<WrappedKey>,
    ) -> Result<Vec<(u32, KeyBytes)>, KeyFault> {
        let mut versions: BTreeMap<i64, Vec<Wrap>> = BTreeMap::new();
        for key in wrapped {
            versions.entry(key.version).or_default().push(key.wrap);
        }
        let mut keys = Vec::with_capacity(versions.len());
        for (version, wraps) in versions {
            let number = u32::try_from(version)
                .map_err(|_| KeyFault::Internal("reading the version of an org key"))?;
            let context = render_context(org, version);
            keys.push((number, self.unwrap_by_any(org, &context, &wraps).await?));
        }
        Ok(keys)
    }

    /// Tries the roots in the order in which they were set up.
    async fn unwrap_by_any(
        &self,
        org: &OrgId,
        context: &[u8],
        wraps: &[Wrap],
    ) -> Result<KeyBytes, KeyFault> {
        let mut failure: Option<RootFault> = None;
        for root in &self.0.roots {
            let Some(wrap) = wraps.iter().find(|wrap| wrap.root_id == root.id()) else {
                continue;
            };
            match root.unwrap_key(context, &wrap.wrapped).await {
                Ok(key) => return Ok(key),
                Err(fault) => {
                    tracing::warn!(error = %fault, "a root of trust did not unwrap a key of an org; trying the next");
                    failure = Some(fault);
                }
            }
        }
        match failure {
            Some(fault) => Err(fault.into()),
            None => {
                let wrapped_by = wraps
                    .iter()
                    .map(|wrap| wrap.root_id.as_str())
                    .collect::<Vec<_>>()
                    .join(", ");
                Err(KeyFault::RootMissing {
                    org: org.clone(),
                    wrapped_by,
                })
            }
        }
    }
}
