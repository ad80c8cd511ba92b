//! What a cell is told of the hosts of its orgs.

use crate::doors::Doors;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use wire::cell::org_host_path;
use wire::client::CallError;
use wire::control::{CellView, OrgView};
use wire::names::Host;

/// How long a cell may take to learn of a host.
const HOST_SECS_MAX: u64 = 10;

/// There is nothing to say beside the path.
#[derive(Serialize, Deserialize)]
struct Empty {}

impl Doors {
    /// Lets an org answer at a host name in its cell, unless it does.
    ///
    /// # Errors
    /// [`CallError`].
    pub(crate) async fn add_host(
        &self,
        cell: &CellView,
        org: &OrgView,
        host: &Host,
    ) -> Result<(), CallError> {
        let (path, time) = (path(org, host), Duration::from_secs(HOST_SECS_MAX));
        self.to(cell)?.put::<Empty>(&path, &Empty {}, time).await?;
        Ok(())
    }

    /// Lets an org no longer answer at a host name in its cell.
    ///
    /// # Errors
    /// [`CallError`].
    pub(crate) async fn remove_host(
        &self,
        cell: &CellView,
        org: &OrgView,
        host: &Host,
    ) -> Result<(), CallError> {
        let (path, time) = (path(org, host), Duration::from_secs(HOST_SECS_MAX));
        self.to(cell)?.delete::<Empty>(&path, time).await?;
        Ok(())
    }
}

fn path(org: &OrgView, host: &Host) -> String {
    org_host_path(&org.id, host, org.epoch)
}
