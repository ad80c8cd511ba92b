//! The authorization code grant (RFC 6749 section 4.1.3) with PKCE.

pub mod decide;
pub mod store;
#[cfg(test)]
mod tests;

use crate::consent;
use crate::denial::Failure;
use crate::events::reuse_detected;
use crate::grant::Attendance;
use crate::issuer::Issuer;
use crate::token::authorization_code::decide::{
    CodeVerdict, Presented, StoredCode, UNKNOWN, decide_code,
};
use crate::token::bundle::{Bundle, Redeemed};
use crate::token::{TokenCall, Tokens, store as token_store, subject};
use database::WriteTx;
use identity::app::App;
use identity::app::settings::GrantKind;
use identity::fault::Fault;
use ledger::Event;
use protocol::oauth::scope::ScopeSet;
use std::sync::Arc;
use vocab::id::{OrgId, UserId};
use vocab::secret::{Secret, SecretHash};
use vocab::time::Timestamp;

/// Grants tokens for a code.
///
/// # Errors
/// [`Failure`] in the protocol's words; a code that was used before ends what came from it.
pub async fn run(
    call: TokenCall<'_>,
    code: &Secret<String>,
    presented: Presented<'_>,
) -> Result<Tokens, Failure> {
    let (issuer, app, exchange) = (call.issuer, call.client.app(), call.exchange);
    let (now, cell) = (exchange.facts.now, &exchange.cell);
    let hash = SecretHash::of(code.expose());
    let (code, facts) = {
        let mut tx = cell.database.read().await?;
        let code = store::load(&mut tx, &issuer.org, &hash)
            .await?
            .ok_or(UNKNOWN)?;
        match decide_code(&code, issuer.key(), &app.id, presented, now) {
            CodeVerdict::Refused(denial) => return Err(denial.into()),
            CodeVerdict::Replayed => {
                drop(tx);
                return Err(revoke_replayed(call, code).await?);
            }
            CodeVerdict::Redeem => {}
        }
        let whose = (&code.grantor, Attendance::WhileSignedIn);
        let facts = subject::load(&mut tx, issuer, app, whose, now).await?;
        (code, facts)
    };
    let redeemed = Redeemed {
        kind: GrantKind::AuthorizationCode,
        grantor: &code.grantor,
        grant: &code.grant,
        attendance: Attendance::WhileSignedIn,
        facts: &facts,
    };
    let bundle = Bundle::make(call, redeemed).await?;
    let redemption = Redemption {
        hash,
        issuer: issuer.clone(),
        app: Arc::clone(app),
        user: code.grantor.user.clone(),
        scopes: code.grant.scopes()?,
        reused: reuse_detected(
            issuer,
            app,
            &code.grantor.user,
            "a used code was presented",
            &exchange.facts,
        ),
        bundle,
        now,
    };
    let tokens = cell
        .database
        .write_leaving(move |tx| Box::pin(async move { apply(tx, redemption).await }))
        .await?;
    Ok(tokens.ok_or(UNKNOWN)?)
}

/// What is written when a code is redeemed.
struct Redemption {
    hash: SecretHash,
    issuer: Issuer,
    app: Arc<App>,
    user: UserId,
    scopes: ScopeSet,
    bundle: Bundle,
    reused: Event,
    now: Timestamp,
}

/// The tokens, if this redemption came first.
async fn apply(tx: &mut WriteTx, redemption: Redemption) -> Result<Option<Tokens>, Fault> {
    let (issuer, app, user) = (&redemption.issuer, &redemption.app, &redemption.user);
    let (org, bundle) = (&issuer.org, redemption.bundle);
    let (access_token_id, access_token_expires_at) = bundle.access_token();
    let outcome = store::Outcome {
        family: bundle.family().cloned(),
        access_token_id,
        access_token_expires_at,
    };
    // Between code and tokens the person may have taken the consent back.
    if !consent::covers(tx, issuer, app, user, &redemption.scopes).await? {
        return Ok(None);
    }
    if store::redeem(tx, org, &redemption.hash, &outcome, redemption.now).await? {
        return bundle.store(tx).await.map(Some);
    }
    if let Some(code) = store::load(tx, org, &redemption.hash).await? {
        end_what_came_from(tx, org, &code, redemption.now).await?;
    }
    ledger::append(tx, org, redemption.reused).await?;
    Ok(None)
}

/// Ends what came from a code that is presented again, and gives the refusal.
async fn revoke_replayed(call: TokenCall<'_>, code: StoredCode) -> Result<Failure, Fault> {
    let event = reuse_detected(
        call.issuer,
        call.client.app(),
        &code.grantor.user,
        "a used code was presented",
        &call.exchange.facts,
    );
    let (org, now) = (call.issuer.org.clone(), call.exchange.facts.now);
    call.exchange
        .cell
        .database
        .write(move |tx| {
            Box::pin(async move {
                end_what_came_from(tx, &org, &code, now).await?;
                ledger::append(tx, &org, event).await?;
                Ok::<(), Fault>(())
            })
        })
        .await?;
    Ok(UNKNOWN.into())
}

async fn end_what_came_from(
    tx: &mut WriteTx,
    org: &OrgId,
    code: &StoredCode,
    now: Timestamp,
) -> Result<(), Fault> {
    if let Some(family) = &code.family {
        token_store::revoke_family(tx, org, family, now).await?;
    }
    if let Some((id, end)) = &code.access_token {
        token_store::spend_access_token(tx, org, id, *end).await?;
    }
    Ok(())
}
