//! Token introspection (RFC 7662), for clients that prove who they are.

pub mod http;
#[cfg(test)]
mod tests;

use crate::client_auth::authenticate;
use crate::denial::{ByHeader, Denial, Failure};
use crate::endpoint::Exchange;
use crate::issuer::Issuer;
use crate::token::live::{self, LiveToken};
use crate::token::refresh::decide::parse_refresh_token;
use crate::token::store::{self, RefreshFamily};
use identity::app::App;
use identity::person::Person;
use protocol::oauth::error::ErrorCode;
use protocol::oauth::introspect::{ActiveToken, INACTIVE, parse_introspect_request};
use protocol::oauth::token::BEARER;
use vocab::time::Timestamp;

/// What is said about the token: a JSON document.
///
/// # Errors
/// [`Failure`] in the protocol's words.
pub async fn run(exchange: &Exchange) -> Result<String, Failure> {
    let (issuer, _) = exchange.issuer().await?;
    let form = exchange.body_form()?;
    let client = authenticate(exchange, &issuer, &form).await?;
    if client.is_public() {
        // RFC 7662 section 2.1: else anybody could try tokens out.
        return Err(Failure::Unauthenticated {
            denial: Denial::new(
                ErrorCode::InvalidClient,
                "introspection needs a client that can authenticate",
            ),
            by_header: ByHeader::No,
        });
    }
    let query = parse_introspect_request(&form).map_err(|error| Failure::wire(&error))?;
    let (text, now) = (query.token.expose(), exchange.facts.now);
    let body = if parse_refresh_token(text).is_some() {
        match load_refresh(exchange, &issuer, client.app(), text, now).await? {
            Some((family, person)) => render_refresh(&issuer, &family, &person),
            None => None,
        }
    } else {
        live::load(&exchange.cell, &issuer, text, now)
            .await?
            .as_ref()
            .and_then(|token| render_access(&issuer, token))
    };
    Ok(body.unwrap_or_else(|| INACTIVE.to_owned()))
}

/// A living refresh token of the client itself; others' are none of its business.
async fn load_refresh(
    exchange: &Exchange,
    issuer: &Issuer,
    app: &App,
    text: &str,
    now: Timestamp,
) -> Result<Option<(RefreshFamily, Person)>, Failure> {
    let Some(presented) = parse_refresh_token(text) else {
        return Ok(None);
    };
    let mut tx = exchange.cell.database.read().await?;
    let family = store::load_family(&mut tx, &issuer.org, &presented.family).await?;
    let is_live = |family: &RefreshFamily| {
        family.app == app.id
            && family.server == issuer.key()
            && family.token_hash == presented.hash
            && family.revoked_at.is_none()
            && now < family.idle_expires_at
            && now < family.expires_at
    };
    let Some(family) = family.filter(is_live) else {
        return Ok(None);
    };
    let person = identity::person::store::load(&mut tx, &issuer.org, &family.grantor.user).await?;
    let person =
        person.filter(|person| person.epoch == family.grantor.epoch && person.status.may_act());
    Ok(person.map(|person| (family, person)))
}

fn render_access(issuer: &Issuer, token: &LiveToken) -> Option<String> {
    let scope = token.scopes.render();
    let body = ActiveToken {
        active: true,
        token_type: Some(BEARER),
        scope: &scope,
        client_id: token.app.as_str(),
        username: token.person.as_ref().map(|person| person.login.as_str()),
        exp: token.expires_at.seconds(),
        iat: token.number("iat")?,
        sub: token.text("sub")?,
        aud: token.text("aud"),
        iss: token.text("iss").unwrap_or(&issuer.url),
        jti: Some(&token.id),
        uid: token.text("uid"),
    };
    serde_json::to_string(&body).ok()
}

fn render_refresh(issuer: &Issuer, family: &RefreshFamily, person: &Person) -> Option<String> {
    let body = ActiveToken {
        active: true,
        token_type: None,
        scope: &family.grant.scope,
        client_id: family.app.as_str(),
        username: Some(&person.login),
        exp: family.idle_expires_at.seconds(),
        iat: family.rotated_at.seconds(),
        sub: person.login.as_str(),
        aud: None,
        iss: &issuer.url,
        jti: None,
        uid: Some(person.id.as_str()),
    };
    serde_json::to_string(&body).ok()
}
