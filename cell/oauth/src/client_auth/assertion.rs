//! Client assertions (RFC 7523 section 3): a JWT that the client signed for us, good for one use.

use crate::client_auth::store;
use crate::denial::Failure;
use crate::endpoint::Exchange;
use crate::issuer::{Issuer, org_issuer};
use crate::limits::{ASSERTION_SECS_MAX, CLOCK_LEEWAY_SECS};
use identity::app::App;
use protocol::jose::algorithm::Algorithm;
use protocol::jose::jwks::Jwks;
use protocol::jose::jws::verify::parse_unverified;
use protocol::jwt::{Claims, Expected, Expiry, check_claims};
use vocab::secret::SecretHash;
use vocab::time::Timestamp;

/// Verifies an assertion of that app and spends it.
///
/// # Errors
/// [`Failure::Fault`] if the store fails; the inner error says why the assertion is refused, for the log.
pub async fn verify(
    exchange: &Exchange,
    issuer: &Issuer,
    app: &App,
    assertion: &str,
) -> Result<Result<(), &'static str>, Failure> {
    let now = exchange.facts.now;
    let own = org_issuer(&exchange.context);
    // Clients in the field name the token endpoint of the org whichever server they ask, or the issuer; those whose configured
    // address ends in a slash name it with two.
    let audiences = [
        issuer.url.clone(),
        issuer.endpoint("v1/token"),
        own.endpoint("v1/token"),
        format!("{}//oauth2/v1/token", own.url),
        own.url.clone(),
    ];
    let claims = match decide_assertion(
        app,
        assertion,
        &audiences.each_ref().map(String::as_str),
        now,
    ) {
        Ok(claims) => claims,
        Err(why) => return Ok(Err(why)),
    };
    // Without a jti the hash of what was signed makes it good for one use; not of the signature, which can be written in
    // more than one way.
    let signed = assertion
        .rsplit_once('.')
        .map_or(assertion, |(signed, _)| signed);
    let token_id = claims
        .token_id
        .unwrap_or_else(|| SecretHash::of(signed).to_hex());
    if token_id.chars().any(char::is_control) {
        return Ok(Err("the assertion's jti has control characters"));
    }
    let key = format!("{}/{token_id}", app.id);
    let end = claims
        .expires_at_secs
        .map_or(now, Timestamp::from_seconds)
        .plus_secs(CLOCK_LEEWAY_SECS);
    let org = exchange.context.org.clone();
    let spent = exchange
        .cell
        .database
        .write(move |tx| Box::pin(async move { store::spend_assertion(tx, &org, &key, end).await }))
        .await?;
    Ok(if spent {
        Ok(())
    } else {
        Err("the assertion was used before")
    })
}

/// Checks signature and claims: issued by and about the client, for us, and short-lived.
///
/// # Errors
/// Why it is refused, for the log.
pub fn decide_assertion(
    app: &App,
    assertion: &str,
    audiences: &[&str],
    now: Timestamp,
) -> Result<Claims, &'static str> {
    let keys =
        Jwks::parse(app.settings.jwks.as_bytes()).map_err(|_| "the app has no usable keys")?;
    let verified = parse_unverified(assertion)
        .and_then(|unverified| unverified.verify(&keys, &Algorithm::ALL))
        .map_err(|_| "the assertion's signature is not by a key of the app")?;
    let expected = Expected {
        issuer: Some(app.id.as_str()),
        subject: Some(app.id.as_str()),
        audiences,
        leeway_secs: CLOCK_LEEWAY_SECS,
        lifetime_secs_max: Some(ASSERTION_SECS_MAX),
        expiry: Expiry::Required,
    };
    check_claims(verified, &expected, now.seconds())
        .map_err(|_| "the assertion's claims are not as they must be")
}
