//! The client credentials grant (RFC 6749 section 4.4): one signature and one row in the log.

#[cfg(test)]
mod tests;

use crate::access::{decide_rule, decide_scopes, lifetimes_of};
use crate::denial::{Denial, Failure};
use crate::events::{GrantedTokens, tokens_granted};
use crate::token::inline_hook::issue;
use crate::token::issue::{Order, Subject};
use crate::token::{TokenCall, Tokens, store};
use identity::app::settings::GrantKind;
use protocol::oauth::error::ErrorCode;
use protocol::oauth::scope::ScopeSet;

/// Grants a token to the client itself.
///
/// # Errors
/// [`Failure`] in the protocol's words.
pub async fn run(call: TokenCall<'_>, asked: Option<&ScopeSet>) -> Result<Tokens, Failure> {
    let (issuer, app, cell) = (call.issuer, call.client.app(), &call.exchange.cell);
    if call.client.is_public() {
        // RFC 6749 section 4.4: only confidential clients may use it.
        let text = "a public client cannot use client_credentials";
        return Err(Denial::new(ErrorCode::UnauthorizedClient, text).into());
    }
    let scopes = decide_scopes(issuer, app, asked, GrantKind::ClientCredentials)?;
    let grant = GrantKind::ClientCredentials;
    let rule = decide_rule(issuer, app, grant, None, &scopes)?;
    let order = Order {
        issuer,
        app,
        scopes: &scopes,
        subject: Subject::App,
        family: None,
        access_secs: lifetimes_of(rule, app).access_secs,
        now: call.exchange.facts.now,
    };
    let made = issue(call, (grant, rule), &order).await?;
    let token = made.access;
    let scope = scopes.render();
    let granted = GrantedTokens {
        scope: &scope,
        access_token_id: &token.id,
        kinds: "access_token",
        session: None,
    };
    let event = tokens_granted(
        issuer,
        app,
        GrantKind::ClientCredentials,
        None,
        &granted,
        &call.exchange.facts,
    );
    let (org, server, app_id) = (issuer.org.clone(), issuer.key().to_owned(), app.id.clone());
    let (stored, expires_at) = (token.stored, token.expires_at);
    cell.database
        .write_leaving(move |tx| {
            Box::pin(async move {
                if let Some(stored) = &stored {
                    store::insert_access_token(tx, &org, &server, &app_id, stored, expires_at)
                        .await?;
                }
                ledger::append(tx, &org, event).await
            })
        })
        .await
        .map_err(Failure::from)?;
    Ok(Tokens {
        access_token: token.text,
        expires_in_secs: made.access_secs,
        scope,
        refresh_token: None,
        id_token: None,
    })
}
