//! What a holder of roles over a part of the org may do to one thing, for the pages that offer it. Whether they may is decided
//! again where it is done.

use crate::access::Principal;
use crate::access::ceiling::load_standing;
use crate::access::custom::Reach;
use crate::access::custom::capability::Capability;
use crate::access::custom::store::reach;
use crate::cell::Cell;
use crate::fault::Fault;
use std::collections::BTreeSet;
use vocab::future::boxed;
use vocab::id::{OrgId, UserId};

/// What there is to be done to somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offered {
    /// What the holder may do to them.
    pub capabilities: BTreeSet<Capability>,
    /// Whether the person administers anything, and so is out of reach.
    pub is_above: bool,
}

impl Offered {
    /// Whether that is among it.
    #[must_use]
    pub fn contains(&self, needed: Capability) -> bool {
        self.capabilities.iter().any(|held| held.contains(needed))
    }
}

impl Cell {
    /// What somebody may do to a person by roles over a part of the org.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn offered_over_person(
        &self,
        org: &OrgId,
        (holder, user): (&UserId, &UserId),
    ) -> Result<Offered, Fault> {
        let mut tx = self.database.read().await?;
        let is_above = load_standing(&mut tx, org, user).await?.is_administrator();
        if is_above {
            return Ok(Offered {
                is_above,
                ..Offered::default()
            });
        }
        let holder = Principal::Person(holder.clone());
        let capabilities = reach::load_capabilities_over(&mut tx, (org, &holder), user).await?;
        Ok(Offered {
            capabilities,
            is_above,
        })
    }

    /// Whether somebody holds a capability over one group or app by roles over a part of the org.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn is_offered_over(
        &self,
        org: &OrgId,
        holder: &UserId,
        (capability, id): (Capability, &str),
    ) -> Result<bool, Fault> {
        let mut tx = self.database.read().await?;
        let holder = Principal::Person(holder.clone());
        let held = reach::load_resources(&mut tx, (org, &holder), capability, None).await?;
        Ok(Reach::of(capability.kind(), &held).holds(id))
    }
}
