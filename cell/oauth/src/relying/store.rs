//! The table `identity_provider_departures`.

use crate::limits::DEPARTURES_MAX;
use database::{DatabaseFault, WriteTx, params};
use vocab::id::{FlowId, IdentityProviderId, OrgId};
use vocab::secret::SecretHash;
use vocab::time::Timestamp;

/// A browser that left for a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// The provider.
    pub provider: IdentityProviderId,
    /// Its revision then: an answer is not shown to whatever the provider became since.
    pub provider_revision: i64,
    /// Where the browser was to come back.
    pub redirect_uri: String,
    /// Whether the person was to prove anew who they are.
    pub is_fresh: bool,
    /// When it left.
    pub left_at: Timestamp,
}

/// Notes that the browser of a sign-in left; false if it left so often already without having come back.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn insert(
    tx: &mut WriteTx,
    org: &OrgId,
    (state, flow): (&SecretHash, &FlowId),
    departure: &Departure,
    expires_at: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO identity_provider_departures (org_id, state_hash, provider_id, provider_revision, flow_id, \
               redirect_uri, fresh, left_at, expires_at) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 \
               WHERE (SELECT COUNT(*) FROM identity_provider_departures WHERE org_id = $1 AND flow_id = $5 \
               AND used_at IS NULL AND expires_at > $8) < $10";
    let values = params![
        org,
        state,
        &departure.provider,
        departure.provider_revision,
        flow,
        &departure.redirect_uri,
        departure.is_fresh,
        departure.left_at,
        expires_at,
        DEPARTURES_MAX
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Takes the answer to a departure: none if this sign-in did not leave so, was away too long, or brought an answer before.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn take(
    tx: &mut WriteTx,
    org: &OrgId,
    (state, flow): (&SecretHash, &FlowId),
    now: Timestamp,
) -> Result<Option<Departure>, DatabaseFault> {
    let sql = "UPDATE identity_provider_departures SET used_at = $4 WHERE org_id = $1 AND state_hash = $2 \
               AND flow_id = $3 AND used_at IS NULL AND expires_at > $4 \
               RETURNING provider_id, provider_revision, redirect_uri, fresh, left_at";
    let row = tx
        .query_optional(sql, params![org, state, flow, now])
        .await?;
    row.map(|row| {
        Ok(Departure {
            provider: row.get(0)?,
            provider_revision: row.get(1)?,
            redirect_uri: row.get(2)?,
            is_fresh: row.get(3)?,
            left_at: row.get(4)?,
        })
    })
    .transpose()
}
