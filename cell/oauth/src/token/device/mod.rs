//! The device code grant (RFC 8628 section 3.4).

pub mod decide;
#[cfg(test)]
mod tests;

use crate::denial::Failure;
use crate::device::store::{self, DeviceGrant};
use crate::grant::Attendance;
use crate::token::bundle::{Bundle, Redeemed};
use crate::token::device::decide::{DeviceVerdict, UNKNOWN, decide_device};
use crate::token::{TokenCall, Tokens, subject};
use identity::app::settings::GrantKind;
use identity::fault::Fault;
use vocab::secret::{Secret, SecretHash};

/// Grants tokens for a device code whose person said yes.
///
/// # Errors
/// [`Failure`] in the protocol's words.
pub async fn run(call: TokenCall<'_>, device_code: &Secret<String>) -> Result<Tokens, Failure> {
    let (issuer, app, exchange) = (call.issuer, call.client.app(), call.exchange);
    let now = exchange.facts.now;
    let hash = SecretHash::of(device_code.expose());
    let grant = {
        let mut tx = exchange.cell.database.read().await?;
        store::find_by_device_code(&mut tx, &issuer.org, &hash)
            .await?
            .ok_or(UNKNOWN)?
    };
    match decide_device(&grant, issuer.key(), &app.id, now) {
        DeviceVerdict::Refused(denial) => Err(denial.into()),
        DeviceVerdict::Wait {
            denial,
            interval_secs,
        } => {
            let org = issuer.org.clone();
            exchange
                .cell
                .database
                .write(move |tx| {
                    Box::pin(async move {
                        store::note_poll(tx, &org, &grant.id, interval_secs, now).await
                    })
                })
                .await?;
            Err(denial.into())
        }
        DeviceVerdict::Redeem => redeem(call, grant).await,
    }
}

async fn redeem(call: TokenCall<'_>, device: DeviceGrant) -> Result<Tokens, Failure> {
    let (issuer, cell, now) = (call.issuer, &call.exchange.cell, call.exchange.facts.now);
    let (grantor, grant) = device.grantor.zip(device.grant).ok_or(UNKNOWN)?;
    // As for a code: what a session granted is fetched while it lives, or not at all.
    let attendance = Attendance::WhileSignedIn;
    let facts = {
        let mut tx = cell.database.read().await?;
        let whose = (&grantor, attendance);
        subject::load(&mut tx, issuer, call.client.app(), whose, now).await?
    };
    let redeemed = Redeemed {
        kind: GrantKind::DeviceCode,
        grantor: &grantor,
        grant: &grant,
        attendance,
        facts: &facts,
    };
    let bundle = Bundle::make(call, redeemed).await?;
    let (org, id) = (issuer.org.clone(), device.id);
    let tokens = cell
        .database
        .write(move |tx| {
            Box::pin(async move {
                if store::redeem(tx, &org, &id, now).await? {
                    bundle.store(tx).await.map(Some)
                } else {
                    Ok::<_, Fault>(None)
                }
            })
        })
        .await?;
    Ok(tokens.ok_or(UNKNOWN)?)
}
