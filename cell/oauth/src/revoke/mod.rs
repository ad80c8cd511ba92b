//! Token revocation (RFC 7009): a client ends its own tokens; about others' it learns nothing.

pub mod http;

use crate::client_auth::{AuthenticatedClient, authenticate};
use crate::denial::Failure;
use crate::endpoint::Exchange;
use crate::events::token_revoked;
use crate::issuer::Issuer;
use crate::token::live;
use crate::token::refresh::decide::{PresentedToken, parse_refresh_token};
use crate::token::store;
use identity::fault::Fault;
use protocol::oauth::revoke::parse_revoke_request;
use vocab::id::RefreshFamilyId;
use vocab::time::Timestamp;

/// Ends the token, if it is the client's.
///
/// # Errors
/// [`Failure`] in the protocol's words; a token that is unknown is none (RFC 7009 section 2.2).
pub async fn run(exchange: &Exchange) -> Result<(), Failure> {
    let (issuer, _) = exchange.issuer().await?;
    let form = exchange.body_form()?;
    let client = authenticate(exchange, &issuer, &form).await?;
    let query = parse_revoke_request(&form).map_err(|error| Failure::wire(&error))?;
    let text = query.token.expose();
    let spent = match parse_refresh_token(text) {
        Some(presented) => find_family(exchange, &issuer, &client, presented)
            .await?
            .map(Spent::Family),
        None => live::load(&exchange.cell, &issuer, text, exchange.facts.now)
            .await?
            .filter(|token| token.app == client.app().id)
            .map(|token| Spent::AccessToken {
                id: token.id,
                expires_at: token.expires_at,
            }),
    };
    match spent {
        Some(spent) => Ok(apply(exchange, &issuer, &client, spent).await?),
        None => Ok(()),
    }
}

/// What is to be ended.
enum Spent {
    /// A family, and with it every access token that came from it (RFC 7009 section 2.1).
    Family(RefreshFamilyId),
    /// One access token.
    AccessToken { id: String, expires_at: Timestamp },
}

/// The family, if the client holds one of its tokens, whether the latest or an older one.
async fn find_family(
    exchange: &Exchange,
    issuer: &Issuer,
    client: &AuthenticatedClient,
    presented: PresentedToken,
) -> Result<Option<RefreshFamilyId>, Failure> {
    let mut tx = exchange.cell.database.read().await?;
    let family = store::load_family(&mut tx, &issuer.org, &presented.family).await?;
    let theirs = family.filter(|family| {
        family.app == client.app().id
            && family.server == issuer.key()
            && family.member_hash == presented.member_hash
    });
    Ok(theirs.map(|family| family.id))
}

async fn apply(
    exchange: &Exchange,
    issuer: &Issuer,
    client: &AuthenticatedClient,
    spent: Spent,
) -> Result<(), Fault> {
    let what = match &spent {
        Spent::Family(_) => "refresh_token",
        Spent::AccessToken { .. } => "access_token",
    };
    let event = token_revoked(issuer, client.app(), what, &exchange.facts);
    let (org, now) = (issuer.org.clone(), exchange.facts.now);
    exchange
        .cell
        .database
        .write(move |tx| {
            Box::pin(async move {
                let ended = match &spent {
                    Spent::Family(family) => store::revoke_family(tx, &org, family, now).await?,
                    Spent::AccessToken { id, expires_at } => {
                        store::spend_access_token(tx, &org, id, *expires_at).await?
                    }
                };
                if ended {
                    ledger::append(tx, &org, event).await?;
                }
                Ok::<(), Fault>(())
            })
        })
        .await
}
