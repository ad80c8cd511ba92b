//! Proves which client sends a request. Whoever holds an [`AuthenticatedClient`] has been through here.

pub mod assertion;
pub mod decide;
pub mod store;
#[cfg(test)]
pub(crate) mod tests;

use crate::client_auth::decide::{ClientCheck, decide_client};
use crate::denial::{ByHeader, Denial, Failure, THREAT};
use crate::endpoint::Exchange;
use crate::events;
use crate::issuer::Issuer;
use http::HeaderName;
use identity::access::{Permission, Permit};
use identity::app::App;
use identity::app::settings::ClientAuthentication;
use identity::fault::Refusal;
use identity::slowdown::{Familiarity, Guess, GuessedSecret, Halt};
use protocol::oauth::client_auth::{
    ClientAuthMethod, ClientCredentials, ClientProof, parse_client_credentials,
};
use protocol::oauth::error::{ErrorCode, WireError};
use protocol::oauth::form::Form;
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use vocab::id::AppId;

/// By which a browser says whose page sent a request.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A client that proved who it is, or a public one that only named itself.
#[derive(Debug, Clone)]
pub struct AuthenticatedClient {
    app: Arc<App>,
    method: ClientAuthMethod,
}

impl AuthenticatedClient {
    /// The app, spoken for by an administrator who could as well give it a new secret: what an administrator tries as
    /// an app needs no secret, which nobody could show again.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit for something else; [`Refusal::NotFound`] for another org's app.
    pub fn vouched_for(permit: &Permit, app: Arc<App>) -> Result<Self, Refusal> {
        permit.covers(Permission::ManageApps)?;
        if *permit.org() != app.org_id {
            return Err(Refusal::NotFound);
        }
        let method = match app.settings.client_authentication {
            ClientAuthentication::None => ClientAuthMethod::None,
            ClientAuthentication::ClientSecretBasic => ClientAuthMethod::SecretBasic,
            ClientAuthentication::ClientSecretPost => ClientAuthMethod::SecretPost,
            ClientAuthentication::PrivateKeyJwt => ClientAuthMethod::PrivateKeyJwt,
        };
        Ok(Self { app, method })
    }

    /// The app.
    #[must_use]
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Whether it only named itself.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.method == ClientAuthMethod::None
    }
}

/// Authenticates the client of a request by the one method that it uses.
///
/// # Errors
/// [`Failure::Unauthenticated`] if it fails, with a row in the log unless its address is a threat; [`Failure::SlowDown`] after many
/// failures.
pub async fn authenticate(
    exchange: &Exchange,
    issuer: &Issuer,
    form: &Form<'_>,
) -> Result<AuthenticatedClient, Failure> {
    let authorization = exchange.authorization()?;
    let by_header = if authorization.is_some() {
        ByHeader::Yes
    } else {
        ByHeader::No
    };
    let credentials = parse_client_credentials(authorization, form)
        .map_err(|error| refuse_parse(&error, by_header))?;
    let app = match AppId::parse(&credentials.client_id) {
        Ok(id) => exchange.cell.app(&exchange.context.org, &id).await?,
        Err(_) => None,
    };
    match check(exchange, issuer, app.as_ref(), &credentials).await? {
        Ok(client) => Ok(client),
        Err(why) => {
            Box::pin(count_failure(exchange, &credentials.client_id, by_header)).await?;
            let (org, facts) = (exchange.context.org.clone(), &exchange.facts);
            let id = &credentials.client_id;
            let event = events::invalid_client(issuer, id, app.as_deref(), facts, why);
            let logged = (exchange.cell.database)
                .write(move |tx| Box::pin(async move { ledger::append(tx, &org, event).await }));
            Box::pin(logged).await.map_err(Failure::from)?;
            Err(Failure::Unauthenticated {
                // One text for every reason: which one it was is in the log.
                denial: Denial::new(
                    ErrorCode::InvalidClient,
                    "the client is unknown or its authentication failed",
                ),
                by_header,
            })
        }
    }
}

async fn check(
    exchange: &Exchange,
    issuer: &Issuer,
    app: Option<&Arc<App>>,
    credentials: &ClientCredentials,
) -> Result<Result<AuthenticatedClient, &'static str>, Failure> {
    let Some(app) = app else {
        return Ok(Err("no such client"));
    };
    let method = credentials.proof.method();
    let passed = match decide_client(app, &credentials.proof) {
        ClientCheck::Passed => Ok(()),
        ClientCheck::Refused(why) => Err(why),
        ClientCheck::VerifyAssertion => match &credentials.proof {
            ClientProof::PrivateKeyJwt(assertion) => {
                Box::pin(assertion::verify(exchange, issuer, app, assertion.expose())).await?
            }
            ClientProof::None | ClientProof::SecretBasic(_) | ClientProof::SecretPost(_) => {
                Err("no assertion")
            }
        },
    };
    Ok(passed.map(|()| AuthenticatedClient {
        app: Arc::clone(app),
        method,
    }))
}

fn refuse_parse(error: &impl WireError, by_header: ByHeader) -> Failure {
    let denial = Denial {
        code: error.code(),
        description: Cow::Owned(error.description()),
    };
    match denial.code {
        ErrorCode::InvalidClient => Failure::Unauthenticated { denial, by_header },
        _ => Failure::Denied(denial),
    }
}

/// Counts a failure of that client from that address. Only failures are counted and slowed down: success costs nothing,
/// a client's own traffic is never held up by what others try under its name, and a flood of failures does not flood the
/// log. Secrets of clients are drawn by us and cannot be guessed, so nothing is lost by judging before counting.
///
/// What a page of another site had a browser post is slowed down alone: any page can do that to whoever looks at it.
async fn count_failure(
    exchange: &Exchange,
    client_id: &str,
    by_header: ByHeader,
) -> Result<(), Failure> {
    let facts = &exchange.facts;
    let guess = Guess {
        org: &exchange.context.org,
        account: client_id,
        address: facts
            .client
            .ip
            .parse()
            .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        secret: GuessedSecret::ClientSecret,
        familiarity: Familiarity::Strange,
    };
    let snapshot = exchange.cell.snapshot(&exchange.context.org).await?;
    let snapshot = snapshot.ok_or(Failure::NoServer)?;
    let slowdown = &exchange.cell.slowdown;
    let admitted = match exchange.header(&FETCH_SITE) {
        Some("cross-site") => slowdown.check(&guess, facts.now).map_err(Halt::from),
        _ => exchange.cell.admit(&snapshot, &guess, facts).await,
    };
    match admitted {
        Ok(ticket) => {
            let (org, cell) = (&exchange.context.org, &exchange.cell);
            cell.record_failed_sign_in(org, ticket, facts).await;
            Ok(())
        }
        Err(Halt::Slow(wait)) => Err(Failure::SlowDown {
            retry_after_secs: i64::from(wait.secs),
        }),
        Err(Halt::Threat) => Err(Failure::Unauthenticated {
            denial: THREAT,
            by_header,
        }),
    }
}
