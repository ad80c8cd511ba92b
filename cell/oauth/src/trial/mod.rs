//! Sign-ins that an administrator tries as an app, in the own browser, through the very endpoints that the app will use.
//!
//! The answer comes back to the console, at an address that is permitted by a [`Ticket`] and by nothing else. What is
//! issued is shown and ended at once.

pub mod decide;
pub mod store;
#[cfg(test)]
mod tests;

use crate::authorize::Scene;
use crate::client_auth::AuthenticatedClient;
use crate::denial::{Denial, Failure};
use crate::endpoint::Exchange;
use crate::issuer::{self, Issuer};
use crate::limits::TRIAL_SECS;
use crate::signing::{Wanted, verify};
use crate::token::authorization_code::decide::Presented as PresentedCode;
use crate::token::refresh::decide::parse_refresh_token;
use crate::token::{self, TokenCall, Tokens, authorization_code, client_credentials, live};
use crate::trial::decide::{
    Presented, Ticket, is_for, is_presented_by, render_challenge, render_nonce, render_verifier,
};
use axum::body::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use identity::access::{Permission, Permit};
use identity::app::{App, AppStatus};
use identity::cell::Cell;
use identity::fault::{Fault, Refusal};
use identity::org::context::OrgContext;
use protocol::jose::base64url;
use protocol::oauth::authorize::Envelope;
use protocol::oauth::error::ErrorCode;
use protocol::oauth::form::render_form;
use protocol::oauth::pkce::Verifier;
use protocol::oauth::scope::ScopeSet;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::Arc;
use vocab::id::{AppId, UserId};
use vocab::secret::{Secret, SecretHash, random_token};

/// Where tickets are sealed for.
const SEALED_FOR: &str = "sign-in trial";

/// A trial that begins.
pub struct Begun {
    /// Where the browser goes, after the path prefix.
    pub address: String,
    /// What the browser keeps until the answer comes.
    pub secret: Secret<String>,
}

/// What an app would have got.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialTokens {
    /// The claims of the ID token, checked as a client checks them.
    pub id_token: Option<Map<String, Value>>,
    /// The claims of the access token.
    pub access_token: Map<String, Value>,
    /// Whether there was a refresh token.
    pub refreshes: bool,
}

/// How a trial ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// With tokens.
    Worked(Box<TrialTokens>),
    /// With an error, in the protocol's words.
    Failed {
        /// The protocol's code.
        error: String,
        /// What was wrong.
        description: String,
    },
}

impl From<Denial> for Outcome {
    fn from(denial: Denial) -> Self {
        Self::Failed {
            error: denial.code.to_string(),
            description: denial.description.into_owned(),
        }
    }
}

/// Whether a trial of a sign-in begins with a new proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// A session that lives suffices.
    AsItIs,
    /// The person signs in anew.
    Anew,
}

/// The path of the console at which the answer to a trial comes back.
#[must_use]
pub fn callback_path(app: &AppId) -> String {
    format!("/admin/apps/{app}/test/callback")
}

/// Begins a trial of a sign-in with these scopes.
///
/// # Errors
/// [`Refusal`] without the permit for apps, or for an app that is switched off.
pub async fn begin(
    scene: &Scene<'_>,
    permit: &Permit,
    app: &App,
    scope: &str,
    freshness: Freshness,
) -> Result<Begun, Refusal> {
    permit.covers(Permission::ManageApps)?;
    let user = permit.own_user().ok_or(Refusal::Forbidden)?;
    if app.status != AppStatus::Active {
        return Err(Refusal::WrongState("switch the app on before you try it"));
    }
    let secret = random_token(scene.cell.entropy(), "");
    let ticket = Ticket {
        app: app.id.clone(),
        user: user.clone(),
        secret_hash: SecretHash::of(secret.expose()).to_hex(),
        expires_at: scene.facts.now.plus_secs(TRIAL_SECS),
    };
    let state = seal(scene.cell, scene.context, &ticket).await?;
    let challenge = render_challenge(&render_verifier(secret.expose()));
    let callback = format!("{}{}", scene.context.base_url, callback_path(&app.id));
    let nonce = render_nonce(secret.expose());
    let mut pairs = vec![
        ("response_type", "code"),
        ("client_id", app.id.as_str()),
        ("redirect_uri", &callback),
        ("scope", scope),
        ("state", &state),
        ("nonce", &nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    if freshness == Freshness::Anew {
        pairs.push(("prompt", "login"));
    }
    Ok(Begun {
        address: format!("/oauth2/v1/authorize?{}", render_form(&pairs)),
        secret,
    })
}

async fn seal(cell: &Cell, context: &OrgContext, ticket: &Ticket) -> Result<String, Fault> {
    let text = serde_json::to_vec(ticket).map_err(|error| Fault::stored("ticket", &error))?;
    let sealed = cell.keyring.seal(&context.org, SEALED_FOR, &text).await?;
    Ok(base64url::render(&sealed))
}

/// The ticket that a `state` is; none for anything else.
async fn open(cell: &Cell, context: &OrgContext, state: &str) -> Option<Ticket> {
    let sealed = base64url::parse(state).ok()?;
    // What does not open is no ticket of ours. An org's key that cannot be had fails every other step as well.
    let text = cell
        .keyring
        .open(&context.org, SEALED_FOR, &sealed)
        .await
        .ok()?;
    serde_json::from_slice(&text).ok()
}

/// The administrator who tries the request, if it names the console's address and carries a living ticket for the app.
pub(crate) async fn load_trier(
    cell: &Cell,
    context: &OrgContext,
    app: &App,
    envelope: &Envelope,
) -> Option<UserId> {
    let callback = format!("{}{}", context.base_url, callback_path(&app.id));
    if envelope.redirect_uri.as_deref() != Some(callback.as_str()) {
        return None;
    }
    let ticket = open(cell, context, envelope.state.as_deref()?).await?;
    is_for(&ticket, &app.id, cell.now()).then_some(ticket.user)
}

/// Takes the answer to a trial, redeems its code as the app would, and ends what came of it.
///
/// # Errors
/// [`Refusal::WrongState`] if it is no answer to a trial that this browser began, or was taken before.
pub async fn finish(
    scene: &Scene<'_>,
    permit: &Permit,
    app: &Arc<App>,
    secret: &str,
    answer: &[(String, String)],
) -> Result<Outcome, Refusal> {
    let client = AuthenticatedClient::vouched_for(permit, Arc::clone(app))?;
    let of = |name: &str| {
        let mut named = answer.iter().filter(|(key, _)| key == name);
        named.next().map(|(_, value)| value.as_str())
    };
    let state = of("state").ok_or(ENDED)?;
    take_ticket(scene, permit, app, secret, state).await?;
    if let Some(error) = of("error") {
        return Ok(Outcome::Failed {
            error: error.to_owned(),
            description: of("error_description").unwrap_or_default().to_owned(),
        });
    }
    let code = Secret::new(of("code").ok_or(ENDED)?.to_owned());
    let callback = format!("{}{}", scene.context.base_url, callback_path(&app.id));
    let verifier = Verifier::parse(&render_verifier(secret)).map_err(|_| ENDED)?;
    let presented = PresentedCode {
        redirect_uri: Some(&callback),
        verifier: Some(&verifier),
    };
    let issuer = issuer::org_issuer(scene.context);
    let exchange = exchange_of(scene, None, HeaderMap::new(), String::new());
    let call = TokenCall {
        exchange: &exchange,
        issuer: &issuer,
        client: &client,
    };
    match authorization_code::run(call, &code, presented).await {
        Ok(tokens) => read_and_end(scene, &issuer, tokens, Some(&render_nonce(secret))).await,
        Err(failure) => outcome_of(failure),
    }
}

const ENDED: Refusal = Refusal::WrongState("this test has ended; begin it again");

async fn take_ticket(
    scene: &Scene<'_>,
    permit: &Permit,
    app: &App,
    secret: &str,
    state: &str,
) -> Result<(), Refusal> {
    let user = permit.own_user().ok_or(Refusal::Forbidden)?;
    let presented = Presented {
        app: &app.id,
        user,
        secret,
    };
    let ticket = open(scene.cell, scene.context, state).await.ok_or(ENDED)?;
    if !is_presented_by(&ticket, presented, scene.facts.now) {
        return Err(ENDED);
    }
    let (org, key) = (scene.context.org.clone(), SecretHash::of(state).to_hex());
    let spent = scene
        .cell
        .database
        .write(move |tx| {
            Box::pin(async move { store::spend_ticket(tx, &org, &key, ticket.expires_at).await })
        })
        .await?;
    if spent { Ok(()) } else { Err(ENDED) }
}

/// A token that a service gets for itself at a custom server.
pub struct ServiceTrial<'a> {
    /// The server, as it is addressed.
    pub server: &'a str,
    /// The secret, to prove the app by it; without one the administrator vouches for the app.
    pub secret: Option<&'a str>,
    /// The scopes.
    pub scope: &'a str,
}

/// Asks for a token as a service would, and ends it.
///
/// # Errors
/// [`Refusal`] without the permit for apps.
pub async fn ask_for_service(
    scene: &Scene<'_>,
    permit: &Permit,
    app: &Arc<App>,
    trial: &ServiceTrial<'_>,
) -> Result<Outcome, Refusal> {
    let client = AuthenticatedClient::vouched_for(permit, Arc::clone(app))?;
    let (headers, body) = render_service_request(app, trial);
    let exchange = exchange_of(scene, Some(trial.server), headers, body);
    let (issuer, _) = match exchange.issuer().await {
        Ok(loaded) => loaded,
        Err(failure) => return outcome_of(failure),
    };
    let tokens = match trial.secret {
        Some(_) => token::run(&exchange).await,
        None if app.status != AppStatus::Active => Err(Failure::Denied(Denial::new(
            ErrorCode::InvalidClient,
            "the app is switched off",
        ))),
        None => {
            let call = TokenCall {
                exchange: &exchange,
                issuer: &issuer,
                client: &client,
            };
            match ScopeSet::parse(trial.scope) {
                Ok(scopes) => client_credentials::run(call, Some(&scopes)).await,
                Err(error) => Err(Failure::wire(&error)),
            }
        }
    };
    match tokens {
        Ok(tokens) => read_and_end(scene, &issuer, tokens, None).await,
        Err(failure) => outcome_of(failure),
    }
}

/// The request as the app would send it.
fn render_service_request(app: &App, trial: &ServiceTrial<'_>) -> (HeaderMap, String) {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    let mut pairs = vec![("grant_type", "client_credentials")];
    if !trial.scope.is_empty() {
        pairs.push(("scope", trial.scope));
    }
    // In the body: the endpoint takes it there whichever of the two ways the app is set to.
    if let Some(secret) = trial.secret {
        pairs.extend([("client_id", app.id.as_str()), ("client_secret", secret)]);
    }
    (headers, render_form(&pairs))
}

fn exchange_of(
    scene: &Scene<'_>,
    server: Option<&str>,
    headers: HeaderMap,
    body: String,
) -> Exchange {
    Exchange {
        cell: scene.cell.clone(),
        context: Arc::new(scene.context.clone()),
        facts: Arc::new(scene.facts.clone()),
        server: server.map(str::to_owned),
        method: Method::POST,
        query: String::new(),
        headers,
        body: Bytes::from(body),
    }
}

fn outcome_of(failure: Failure) -> Result<Outcome, Refusal> {
    match failure {
        Failure::Denied(denial) | Failure::Unauthenticated { denial, .. } => Ok(denial.into()),
        Failure::SlowDown { .. } => Ok(Denial::new(
            ErrorCode::TemporarilyUnavailable,
            "too many failed attempts; try again later",
        )
        .into()),
        Failure::NoServer => Ok(Denial::new(
            ErrorCode::InvalidRequest,
            "there is no such authorization server, or it is switched off",
        )
        .into()),
        Failure::Fault(fault) => Err(fault.into()),
    }
}

/// Reads the tokens as a client and an interface do, and ends them.
async fn read_and_end(
    scene: &Scene<'_>,
    issuer: &Issuer,
    tokens: Tokens,
    nonce: Option<&str>,
) -> Result<Outcome, Refusal> {
    let access = tokens.access_token.expose();
    let live = live::load(scene.cell, issuer, access, scene.facts.now).await?;
    end(scene, issuer, &tokens, live.as_ref()).await?;
    let Some(live) = live else {
        return Ok(broken("the access token is not accepted at its own server"));
    };
    let id_token = match &tokens.id_token {
        None => None,
        Some(token) => match verify(scene.cell, issuer, token.expose(), Wanted::IdToken).await? {
            Some(verified) => Some(verified.members().clone()),
            None => return Ok(broken("the signature of the ID token does not verify")),
        },
    };
    let told = id_token
        .as_ref()
        .and_then(|claims| claims.get("nonce"))
        .and_then(Value::as_str);
    if id_token.is_some() && told != nonce {
        return Ok(broken("the ID token carries another nonce"));
    }
    Ok(Outcome::Worked(Box::new(TrialTokens {
        id_token,
        access_token: live.claims().clone(),
        refreshes: tokens.refresh_token.is_some(),
    })))
}

fn broken(description: &'static str) -> Outcome {
    Denial {
        code: ErrorCode::ServerError,
        description: Cow::Borrowed(description),
    }
    .into()
}

async fn end(
    scene: &Scene<'_>,
    issuer: &Issuer,
    tokens: &Tokens,
    live: Option<&live::LiveToken>,
) -> Result<(), Fault> {
    let family = tokens
        .refresh_token
        .as_ref()
        .and_then(|token| parse_refresh_token(token.expose()))
        .map(|presented| presented.family);
    let access = live.map(|token| (token.id.clone(), token.expires_at));
    let (org, now) = (issuer.org.clone(), scene.facts.now);
    scene
        .cell
        .database
        .write(move |tx| {
            Box::pin(async move {
                if let Some(family) = &family {
                    token::store::revoke_family(tx, &org, family, now).await?;
                }
                if let Some((id, expires_at)) = &access {
                    token::store::spend_access_token(tx, &org, id, *expires_at).await?;
                }
                Ok::<(), Fault>(())
            })
        })
        .await
}
