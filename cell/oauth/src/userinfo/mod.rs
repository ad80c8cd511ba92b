//! UserInfo (OpenID Connect Core section 5.3): what an access token may learn about its person.

pub mod http;

use crate::claims;
use crate::denial::Failure;
use crate::endpoint::Exchange;
use crate::token::live;
use ::http::Method;
use identity::person;
use protocol::oauth::bearer::{BearerError, parse_bearer};
use protocol::oidc::claims::OPENID;
use serde_json::{Map, Value};
use vocab::id::AppId;

/// Why nothing is told.
#[derive(Debug)]
pub enum UserinfoFailure {
    /// The request carries no token.
    NoToken,
    /// The request carries a token in a wrong way.
    Bearer(BearerError),
    /// The token is unknown or has ended.
    InvalidToken,
    /// The token is not about a person who shared anything.
    InsufficientScope,
    /// Another reason, in common with other endpoints.
    Other(Failure),
}

impl<F: Into<Failure>> From<F> for UserinfoFailure {
    fn from(failure: F) -> Self {
        Self::Other(failure.into())
    }
}

/// What is told, and to which app.
#[derive(Debug)]
pub struct Userinfo {
    /// The app that the token was issued to.
    pub app: AppId,
    /// The claims: a JSON document.
    pub body: String,
}

/// Tells the claims that the token's scopes ask for.
///
/// # Errors
/// [`UserinfoFailure`].
pub async fn run(exchange: &Exchange) -> Result<Userinfo, UserinfoFailure> {
    let (issuer, _) = exchange.issuer().await?;
    let body = match exchange.method == Method::POST && exchange.has_form_body() {
        true => Some(exchange.body_form()?),
        false => None,
    };
    let token =
        parse_bearer(exchange.authorization()?, body.as_ref()).map_err(UserinfoFailure::Bearer)?;
    let token = token.ok_or(UserinfoFailure::NoToken)?;
    let live = live::load(&exchange.cell, &issuer, token.expose(), exchange.facts.now)
        .await?
        .ok_or(UserinfoFailure::InvalidToken)?;
    if !live.scopes.contains(OPENID) {
        return Err(UserinfoFailure::InsufficientScope);
    }
    let bearer = live.person.ok_or(UserinfoFailure::InsufficientScope)?;
    let (person, groups) = {
        let mut tx = exchange.cell.database.read().await?;
        let (org, config) = (&issuer.org, issuer.config());
        let person = person::store::load(&mut tx, org, &bearer.id).await?;
        let groups = claims::load_group_names(&mut tx, org, config, &bearer.id).await?;
        (person.ok_or(UserinfoFailure::InvalidToken)?, groups)
    };
    let extra = claims::render_userinfo_claims(&person, &live.scopes, issuer.config(), &groups);
    let mut members: Map<String, Value> = extra.members().clone();
    // The same as in the ID token (OpenID Connect Core section 5.3.2).
    members.insert(String::from("sub"), Value::from(person.id.as_str()));
    Ok(Userinfo {
        app: live.app,
        body: Value::Object(members).to_string(),
    })
}
