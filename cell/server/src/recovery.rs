//! Letting a person back in from the machine itself: for an administrator whom nobody else can help. Works beside a
//! running server, on the same store.

use crate::membership::store::load_place;
use crate::start::MIGRATIONS;
use database::{Database, Location, OpenError};
use identity::cell::{Cell, CellBuilder};
use identity::fault::Refusal;
use identity::org::context::OrgContext;
use identity::password::hash_pool::{HashPool, HashPoolLimits};
use identity::slowdown::SlowdownTable;
use keys::{Keyring, RotationSchedule, SigningKeys};
use std::sync::Arc;
use std::time::Duration;
use vocab::entropy::{Entropy, SystemEntropy};
use vocab::future::boxed;
use vocab::id::OrgId;
use vocab::secret::Secret;
use vocab::time::{Clock, SystemClock};
use wire::names::org_address;
use wire::org_move::side::PlaceState;

/// Why no link was made.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The store cannot be used.
    #[error("{0}")]
    Store(#[from] OpenError),
    /// The threads for password hashing could not be started.
    #[error("{0}")]
    Passwords(#[from] identity::password::hash_pool::Fault),
    /// There is no such org.
    #[error("there is no organisation {0:?}; leave --org out for the first one")]
    NoOrg(String),
    /// A cell has many orgs, and none of them is the first.
    #[error("name the organisation with --org")]
    Unnamed,
    /// The org is another cell's.
    #[error(
        "this cell does not serve the organisation {0:?}; `testudo org show {0}` names the cell that does"
    )]
    Elsewhere(String),
    /// There is no such person who may be let in.
    #[error(
        "nobody of that name can be let in: there is no such account, or it is suspended, locked or was never activated"
    )]
    NoPerson,
    /// The link could not be stored.
    #[error("the link could not be stored: {0}")]
    Refused(Refusal),
}

/// Where the orgs of a store answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answering {
    /// Those of a server: the first one at the bare address, the others below it.
    OfServer,
    /// Those of a cell of a fleet: each where the fleet tells people that it is, and only if this cell serves it.
    OfCell,
}

/// A link that lets the person set a new password, and give lost passkeys up; it works once and for an hour. Of no address it is the path.
///
/// # Errors
/// [`RecoveryError`] with what to do.
#[boxed]
pub async fn make_link(
    location: &Location,
    (base_url, answering): (&str, Answering),
    org: Option<&str>,
    login: &str,
) -> Result<Secret<String>, RecoveryError> {
    let cell = open(location).await?;
    let made = match answering {
        Answering::OfServer => make(&cell, base_url, org, login).await,
        Answering::OfCell => make_in_cell(&cell, base_url, org, login).await,
    };
    cell.database.close().await;
    made
}

async fn make(
    cell: &Cell,
    base_url: &str,
    slug: Option<&str>,
    login: &str,
) -> Result<Secret<String>, RecoveryError> {
    let no_org = || RecoveryError::NoOrg(slug.unwrap_or_default().to_owned());
    let found = async {
        let mut tx = cell.database.read().await?;
        let first = identity::org::store::find_first(&mut tx).await?;
        let named = match slug {
            Some(slug) => identity::org::store::find_by_slug(&mut tx, slug).await?,
            None => first.clone(),
        };
        Ok::<_, Refusal>((first, named))
    };
    let (first, named) = found.await.map_err(RecoveryError::Refused)?;
    let org = named.ok_or_else(no_org)?;
    // The first org answers at the bare origin.
    let path_prefix = match slug {
        Some(slug) if first.as_ref() != Some(&org) => format!("/t/{slug}"),
        _ => String::new(),
    };
    let slug = slug.unwrap_or_default();
    make_for(cell, context(org, slug, base_url, path_prefix), login).await
}

/// In a cell of a fleet: a link that is made where the org is not served would open nothing.
async fn make_in_cell(
    cell: &Cell,
    base_url: &str,
    slug: Option<&str>,
    login: &str,
) -> Result<Secret<String>, RecoveryError> {
    let slug = slug.ok_or(RecoveryError::Unnamed)?;
    let served = async {
        let mut tx = cell.database.read().await?;
        let Some(org) = identity::org::store::find_by_slug(&mut tx, slug).await? else {
            return Ok::<_, Refusal>(None);
        };
        let place = load_place(&mut tx, &org).await?;
        Ok(place
            .filter(|place| place.state == PlaceState::Serving)
            .map(|_| org))
    };
    let org = served.await.map_err(RecoveryError::Refused)?;
    let org = org.ok_or_else(|| RecoveryError::Elsewhere(slug.to_owned()))?;
    // Where the fleet has told people that the org is.
    let address = org_address(base_url, slug);
    make_for(cell, context(org, slug, &address, String::new()), login).await
}

fn context(org: OrgId, slug: &str, base_url: &str, path_prefix: String) -> OrgContext {
    OrgContext {
        org,
        slug: slug.to_owned(),
        name: String::new(),
        base_url: format!("{}{path_prefix}", base_url.trim_end_matches('/')),
        path_prefix,
        rp_id: String::new(),
    }
}

async fn make_for(
    cell: &Cell,
    context: OrgContext,
    login: &str,
) -> Result<Secret<String>, RecoveryError> {
    match cell.make_help_link(&context, login).await {
        Ok(link) => Ok(link),
        Err(Refusal::NotFound) => Err(RecoveryError::NoPerson),
        Err(refusal) => Err(RecoveryError::Refused(refusal)),
    }
}

/// A cell without its keys: what is done here opens and seals nothing.
async fn open(location: &Location) -> Result<Cell, RecoveryError> {
    let database = Database::open(location, &MIGRATIONS).await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let keyring = Keyring::new(
        database.clone(),
        Vec::new(),
        Arc::clone(&entropy),
        Arc::clone(&clock),
    );
    let limits = HashPoolLimits {
        workers: 1,
        queue_jobs_max: 1,
        wait_max: Duration::from_secs(1),
        burst_max: Duration::from_secs(1),
    };
    Ok(CellBuilder {
        database,
        keyring: keyring.clone(),
        signing_keys: SigningKeys::new(keyring, RotationSchedule::default()),
        clock,
        passwords: HashPool::start(limits, Arc::clone(&entropy))?,
        slowdown: SlowdownTable::default(),
        entropy,
    }
    .build())
}
