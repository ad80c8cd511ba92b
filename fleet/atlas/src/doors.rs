//! The control plane's way into each cell.

use crate::org_move::ask;
use crate::org_move::record::MoveRecord;
use crate::org_move::view::{Answer, Question};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use vocab::id::OrgId;
use wire::cell::{AdoptOrg, AdoptedOrg, CellHealth, STATUS_PATH, org_invite_path, org_path};
use wire::client::{CallError, FleetClient};
use wire::control::{CellView, OrgView};
use wire::identity::{FleetIdentity, FleetRole, server_name};
use wire::names::CellName;

/// How long a cell may take to make an org.
const ADOPT_SECS_MAX: u64 = 10;
/// How long a cell may take to say how it is.
const STATUS_SECS_MAX: u64 = 2;

/// Clients of the cells, each made when it is first needed. Clones share them.
#[derive(Clone)]
pub struct Doors {
    identity: Arc<FleetIdentity>,
    open: Arc<Mutex<HashMap<CellName, (String, FleetClient)>>>,
}

impl Doors {
    /// Doors that are opened with this certificate.
    #[must_use]
    pub fn new(identity: Arc<FleetIdentity>) -> Self {
        Self {
            identity,
            open: Arc::default(),
        }
    }

    /// Has a cell make an org, unless it is there.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn adopt(
        &self,
        cell: &CellView,
        org: &OrgId,
        adopt: &AdoptOrg,
    ) -> Result<AdoptedOrg, CallError> {
        let time = Duration::from_secs(ADOPT_SECS_MAX);
        self.to(cell)?.put(&org_path(org), adopt, time).await
    }

    /// Has a cell make a new set-up link for an org that is there, if it has no administrator.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn invite(&self, cell: &CellView, org: &OrgView) -> Result<AdoptedOrg, CallError> {
        let path = org_invite_path(&org.id, org.epoch);
        let time = Duration::from_secs(ADOPT_SECS_MAX);
        self.to(cell)?
            .post(&path, &serde_json::json!({}), time)
            .await
    }

    /// Asks a cell how it is.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn status(&self, cell: &CellView) -> Result<CellHealth, CallError> {
        let time = Duration::from_secs(STATUS_SECS_MAX);
        self.to(cell)?.get(STATUS_PATH, time).await
    }

    /// Whether the cell of this name, as its certificate proves, is at an address.
    pub(crate) async fn finds(&self, name: &CellName, address: &str) -> bool {
        let proved = server_name(FleetRole::Cell, name.as_str());
        let Ok(client) = FleetClient::new(&self.identity, address, &proved) else {
            return false;
        };
        let time = Duration::from_secs(STATUS_SECS_MAX);
        client.get::<CellHealth>(STATUS_PATH, time).await.is_ok()
    }

    /// Asks a cell about a move.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn ask_about_move(
        &self,
        cell: &CellView,
        record: &MoveRecord,
        question: &Question,
    ) -> Result<Answer, CallError> {
        ask::ask(&self.to(cell)?, record, question).await
    }

    /// The client of a cell.
    pub(crate) fn to(&self, cell: &CellView) -> Result<FleetClient, CallError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((address, client)) = open.get(&cell.name)
            && *address == cell.address
        {
            return Ok(client.clone());
        }
        let name = server_name(FleetRole::Cell, cell.name.as_str());
        let client = FleetClient::new(&self.identity, &cell.address, &name);
        let client = client.map_err(|error| CallError::Unreachable {
            address: cell.address.clone(),
            reason: error.to_string(),
        })?;
        open.insert(cell.name.clone(), (cell.address.clone(), client.clone()));
        Ok(client)
    }
}
