//! The refresh grant (RFC 6749 section 6) with rotation and reuse detection (RFC 9700 section 4.14.2).

pub mod decide;
#[cfg(test)]
mod tests;

use crate::access::{Lifetimes, decide_rule, lifetimes_of};
use crate::denial::{Denial, Failure};
use crate::events::{GrantedTokens, reuse_detected, tokens_granted};
use crate::grant::decide_attendance;
use crate::token::inline_hook::issue;
use crate::token::issue::{AccessToken, Order, PersonSubject, Subject};
use crate::token::refresh::decide::{
    PresentedToken, Presenter, RefreshVerdict, decide_refresh, parse_refresh_token, plan_successor,
};
use crate::token::store::{self, RefreshFamily, Rotation};
use crate::token::{TokenCall, Tokens, subject};
use database::WriteTx;
use identity::app::settings::GrantKind;
use identity::fault::Fault;
use identity::person::Person;
use ledger::Event;
use protocol::oauth::error::ErrorCode;
use protocol::oauth::scope::ScopeSet;
use vocab::id::AppId;
use vocab::secret::{Secret, SecretHash, random_token};
use vocab::time::Timestamp;

const REFUSED: Denial =
    Denial::invalid_grant("the refresh token is unknown, ended or another client's");

/// Grants new tokens for a refresh token.
///
/// # Errors
/// [`Failure`] in the protocol's words; a token that was used before ends its family.
pub async fn run(
    call: TokenCall<'_>,
    token: &Secret<String>,
    asked: Option<&ScopeSet>,
) -> Result<Tokens, Failure> {
    let presented = parse_refresh_token(token.expose()).ok_or(REFUSED)?;
    let (issuer, app, exchange) = (call.issuer, call.client.app(), call.exchange);
    let now = exchange.facts.now;
    let presenter = Presenter {
        server: issuer.key(),
        app: &app.id,
    };
    let (family, granted, facts) = {
        let mut tx = exchange.cell.database.read().await?;
        let family = store::load_family(&mut tx, &issuer.org, &presented.family)
            .await?
            .ok_or(REFUSED)?;
        match decide_refresh(&family, &presented, presenter, now) {
            RefreshVerdict::Refused => return Err(REFUSED.into()),
            // Decided once more where it is written, on what is stored by then.
            RefreshVerdict::Rotate | RefreshVerdict::Repeat | RefreshVerdict::Reused => {}
        }
        let granted = family.grant.scopes()?;
        let whose = (&family.grantor, decide_attendance(&granted));
        let facts = subject::load(&mut tx, issuer, app, whose, now).await?;
        (family, granted, facts)
    };
    let person = subject::decide_standing(&facts, &family.grantor, decide_attendance(&granted))?;
    let scopes = decide_narrowed(&granted, asked)?;
    let (kind, whom) = (GrantKind::RefreshToken, Some(facts.rule_person(person)));
    let rule = decide_rule(issuer, app, kind, whom, &scopes)?;
    let lifetimes = lifetimes_of(rule, app);
    let mut grant = family.grant.clone();
    // The nonce was for the first ID token (OpenID Connect Core section 12.2).
    grant.nonce = None;
    let order = Order {
        issuer,
        app,
        scopes: &scopes,
        subject: Subject::Person(PersonSubject {
            person,
            grant: &grant,
            session: &family.grantor.session,
            groups: &facts.group_names,
        }),
        family: Some(&family.id),
        access_secs: lifetimes.access_secs,
        now,
    };
    let made = issue(call, (kind, rule), &order).await?;
    let refresh_token = store_grant(
        call,
        (&family, person),
        presented,
        &made.access,
        &scopes,
        lifetimes,
    )
    .await?;
    Ok(Tokens {
        access_token: made.access.text,
        expires_in_secs: made.access_secs,
        scope: scopes.render(),
        refresh_token: Some(refresh_token),
        id_token: made.id_token,
    })
}

/// The scopes that a refresh asks for: the same or fewer (RFC 6749 section 6).
fn decide_narrowed(granted: &ScopeSet, asked: Option<&ScopeSet>) -> Result<ScopeSet, Denial> {
    match asked {
        None => Ok(granted.clone()),
        Some(asked) if asked.is_subset_of(granted) => Ok(asked.clone()),
        Some(_) => Err(Denial::new(
            ErrorCode::InvalidScope,
            "a scope was asked for that the person did not grant",
        )),
    }
}

async fn store_grant(
    call: TokenCall<'_>,
    (family, person): (&RefreshFamily, &Person),
    presented: PresentedToken,
    access: &AccessToken,
    scopes: &ScopeSet,
    lifetimes: Lifetimes,
) -> Result<Secret<String>, Failure> {
    let (issuer, app, facts) = (call.issuer, call.client.app(), &call.exchange.facts);
    let scope = scopes.render();
    let granted = GrantedTokens {
        scope: &scope,
        access_token_id: &access.id,
        kinds: "access_token refresh_token",
        session: Some(&family.grantor.session),
    };
    let salt = random_token(call.exchange.cell.entropy(), "")
        .expose()
        .clone();
    let renewal = Renewal {
        server: issuer.key().to_owned(),
        app: app.id.clone(),
        next: plan_successor(&presented, &salt),
        presented,
        salt,
        idle_expires_at: facts
            .now
            .plus_secs(lifetimes.refresh_idle_secs)
            .min(family.expires_at),
        stored: access.stored.clone(),
        access_expires_at: access.expires_at,
        granted: tokens_granted(
            issuer,
            app,
            GrantKind::RefreshToken,
            Some(person),
            &granted,
            facts,
        ),
        reused: reuse_detected(
            issuer,
            app,
            &family.grantor.user,
            "a used refresh token was presented",
            facts,
        ),
        now: facts.now,
    };
    let org = issuer.org.clone();
    let token = call
        .exchange
        .cell
        .database
        .write_leaving(move |tx| Box::pin(async move { apply(tx, &org, renewal).await }))
        .await?;
    Ok(token.ok_or(REFUSED)?)
}

/// What is written for a refresh, decided on what is stored when it is written.
struct Renewal {
    server: String,
    app: AppId,
    presented: PresentedToken,
    next: Secret<String>,
    salt: String,
    idle_expires_at: Timestamp,
    stored: Option<crate::token::issue::StoredAccessToken>,
    access_expires_at: Timestamp,
    granted: Event,
    reused: Event,
    now: Timestamp,
}

/// The latest refresh token, or none if the presented one is refused.
async fn apply(
    tx: &mut WriteTx,
    org: &vocab::id::OrgId,
    renewal: Renewal,
) -> Result<Option<Secret<String>>, Fault> {
    let next = Rotation {
        token_hash: SecretHash::of(renewal.next.expose()),
        salt: renewal.salt,
        idle_expires_at: renewal.idle_expires_at,
    };
    let presented = &renewal.presented;
    let token = if store::rotate_family(tx, org, presented, &next, renewal.now).await? {
        renewal.next
    } else {
        // It is not the latest, or not any more: what it is instead is decided on what is stored now.
        let Some(family) = store::load_family(tx, org, &presented.family).await? else {
            return Ok(None);
        };
        let presenter = Presenter {
            server: &renewal.server,
            app: &renewal.app,
        };
        match decide_refresh(&family, presented, presenter, renewal.now) {
            RefreshVerdict::Repeat => plan_successor(presented, &family.salt),
            RefreshVerdict::Reused => {
                store::revoke_family(tx, org, &family.id, renewal.now).await?;
                ledger::append(tx, org, renewal.reused).await?;
                return Ok(None);
            }
            RefreshVerdict::Rotate | RefreshVerdict::Refused => return Ok(None),
        }
    };
    if let Some(stored) = &renewal.stored {
        store::insert_access_token(
            tx,
            org,
            &renewal.server,
            &renewal.app,
            stored,
            renewal.access_expires_at,
        )
        .await?;
    }
    ledger::append(tx, org, renewal.granted).await?;
    Ok(Some(token))
}
