//! What every operation of a cell works with: the store, the keys, the clock, randomness, bounded pools and caches.

use crate::app::App;
use crate::event_hook::envoy::{Envoy, Nowhere};
use crate::group_rule::active::RuleSet;
use crate::identity_provider::way::KeptKeys;
use crate::inline_hook::bearer::Slot;
use crate::inline_hook::lines::Lines;
use crate::password::hash_pool::HashPool;
use crate::slowdown::SlowdownTable;
use crate::snapshot::OrgSnapshot;
use crate::snapshot::cache::Cache;
use database::Database;
use keys::{Keyring, SigningKeys};
use std::sync::Arc;
use tokio::sync::Mutex;
use vocab::entropy::Entropy;
use vocab::id::{AppId, IdentityProviderId, InlineHookId, OrgId};
use vocab::time::{Clock, Timestamp};

/// Most orgs whose configuration is held in memory.
const SNAPSHOTS_MAX: usize = 10_000;
/// Most apps that are held in memory.
const APPS_MAX: usize = 20_000;

/// Most orgs whose group rules are held in memory, read and ready.
const RULE_SETS_MAX: usize = 256;
/// Most identity providers whose keys are held in memory; each takes at most 64 KB.
const PROVIDER_KEYS_MAX: usize = 256;
/// Most inline hooks whose token is held in memory; each takes at most 16 KB.
const HOOK_TOKENS_MAX: usize = 1_024;
/// Most host names whose org is held in memory.
const HOSTS_MAX: usize = 10_000;

/// A running cell. Cheap to clone.
#[derive(Clone)]
pub struct Cell {
    parts: Arc<CellParts>,
    envoy: Arc<dyn Envoy>,
}

/// The parts of a cell.
pub struct CellParts {
    /// The store.
    pub database: Database,
    /// Org keys.
    pub keyring: Keyring,
    /// Signing keys of authorization servers.
    pub signing_keys: SigningKeys,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Draws ids and tokens.
    pub entropy: Arc<dyn Entropy>,
    /// Hashes passwords, bounded.
    pub passwords: HashPool,
    /// Slows down guessing, bounded.
    pub slowdown: SlowdownTable,
    /// Configuration of orgs in use.
    pub(crate) snapshots: Cache<OrgId, Arc<OrgSnapshot>>,
    /// Apps in use.
    pub(crate) apps: Cache<(OrgId, AppId), Arc<App>>,
    /// Group rules of orgs in use; each is of one stamp, and nothing else is ever looked at.
    pub(crate) rule_sets: Cache<OrgId, Arc<RuleSet>>,
    /// Orgs by the host names of their own.
    pub(crate) hosts: Cache<String, OrgId>,
    /// Orgs by their short names; the first one under the empty name.
    pub(crate) names: Cache<String, OrgId>,
    /// Keys of identity providers in use.
    pub(crate) provider_keys: Cache<(OrgId, IdentityProviderId), KeptKeys>,
    /// Tokens that inline hooks are asked with.
    pub(crate) hook_tokens: Cache<(OrgId, InlineHookId), Arc<Slot>>,
    /// Calls of inline hooks that are under way, bounded.
    pub(crate) lines: Lines,
    /// Those of identity providers, bounded by themselves: anybody can begin them, and none of them keeps a hook from being asked.
    pub(crate) provider_lines: Lines,
    /// Hook keys that are being made, one of an org at a time.
    pub(crate) hook_key_lines: Lines,
    /// And one of all orgs: the others wait, each org with one at most.
    pub(crate) hook_key_turn: Arc<Mutex<()>>,
}

/// What a cell is made of, as the caller brings it.
pub struct CellBuilder {
    /// The store, migrated.
    pub database: Database,
    /// Org keys.
    pub keyring: Keyring,
    /// Signing keys.
    pub signing_keys: SigningKeys,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Draws ids and tokens.
    pub entropy: Arc<dyn Entropy>,
    /// Hashes passwords.
    pub passwords: HashPool,
    /// Slows down guessing.
    pub slowdown: SlowdownTable,
}

impl CellBuilder {
    /// Puts the cell together, with no way out: see [`Cell::reaching`].
    #[must_use]
    pub fn build(self) -> Cell {
        Cell {
            parts: Arc::new(CellParts {
                database: self.database,
                keyring: self.keyring,
                signing_keys: self.signing_keys,
                clock: self.clock,
                entropy: self.entropy,
                passwords: self.passwords,
                slowdown: self.slowdown,
                snapshots: Cache::new(SNAPSHOTS_MAX),
                apps: Cache::new(APPS_MAX),
                rule_sets: Cache::new(RULE_SETS_MAX),
                hosts: Cache::new(HOSTS_MAX),
                names: Cache::new(SNAPSHOTS_MAX),
                provider_keys: Cache::new(PROVIDER_KEYS_MAX),
                hook_tokens: Cache::new(HOOK_TOKENS_MAX),
                lines: Lines::default(),
                provider_lines: Lines::default(),
                hook_key_lines: Lines::of(1),
                hook_key_turn: Arc::default(),
            }),
            envoy: Arc::new(Nowhere),
        }
    }
}

impl Cell {
    /// The same cell, all parts shared, whose inline hooks and identity providers are gone to by this way.
    #[must_use]
    pub fn reaching(self, envoy: Arc<dyn Envoy>) -> Self {
        Self { envoy, ..self }
    }

    /// The way to addresses that administrators named.
    #[must_use]
    pub fn envoy(&self) -> &dyn Envoy {
        self.envoy.as_ref()
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// The source of randomness.
    #[must_use]
    pub fn entropy(&self) -> &dyn Entropy {
        self.parts.entropy.as_ref()
    }
}

impl std::ops::Deref for Cell {
    type Target = CellParts;
    fn deref(&self) -> &CellParts {
        &self.parts
    }
}
