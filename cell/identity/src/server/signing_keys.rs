//! What administrators do with the signing keys of their authorization servers. The log rows are written by `keys`, in
//! the transaction of the change.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::fault::Refusal;
use keys::{KeyFault, KeyPhase, KeyView, ServerKeyScope};
use protocol::jose::algorithm::Algorithm;
use vocab::future::boxed;
use vocab::time::Timestamp;

impl Cell {
    /// Lets the next key of a server take over as soon as nobody's copy of the published keys can lack it; says when.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] where nothing signs by this algorithm; [`Refusal::TooMany`] when keys pile up.
    #[boxed]
    pub async fn rotate_signing_key(
        &self,
        permit: &Permit,
        server: &ServerKeyScope,
        algorithm: Algorithm,
    ) -> Result<Timestamp, Refusal> {
        permit.covers(Permission::ManageKeys)?;
        let signs = |key: &KeyView| key.algorithm == algorithm && key.phase == KeyPhase::Signing;
        self.check_key(permit, server, signs).await?;
        let (actor, client) = (permit.actor().clone(), permit.client());
        self.signing_keys
            .rotate_now(permit.org(), server, algorithm, actor, client)
            .await
            .map_err(refuse)
    }

    /// Withdraws a key at once, and with it every token that it signed.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a key that this org does not have.
    #[boxed]
    pub async fn revoke_signing_key(
        &self,
        permit: &Permit,
        server: &ServerKeyScope,
        kid: &str,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageKeys)?;
        self.check_key(permit, server, |key| key.kid == kid).await?;
        let (actor, client) = (permit.actor().clone(), permit.client());
        self.signing_keys
            .revoke(permit.org(), server, kid, actor, client)
            .await
            .map_err(refuse)
    }

    /// A key is never made for a server that the org does not have.
    async fn check_key(
        &self,
        permit: &Permit,
        server: &ServerKeyScope,
        is_meant: impl Fn(&KeyView) -> bool,
    ) -> Result<(), Refusal> {
        let keys = self.signing_keys.list(permit.org()).await?;
        let is_there = keys
            .iter()
            .any(|key| key.server == *server && key.phase != KeyPhase::Gone && is_meant(key));
        if is_there {
            Ok(())
        } else {
            Err(Refusal::NotFound)
        }
    }
}

fn refuse(fault: KeyFault) -> Refusal {
    match fault {
        KeyFault::NoSuchKey => Refusal::NotFound,
        KeyFault::TooManyKeys { max, .. } => Refusal::TooMany {
            what: "published keys of one algorithm (wait until the oldest has run out)",
            max,
        },
        KeyFault::Contended => Refusal::Changed,
        other => other.into(),
    }
}
