//! From bytes to an authorization request whose app, redirect address and scopes are checked.

use crate::access::decide_scopes;
use crate::authorize::address::decide_redirect_uri;
use crate::authorize::{Destination, destination};
use crate::denial::{Denial, Failure};
use crate::issuer::{self, Issuer};
use crate::trial;
use identity::app::rules::needs_pkce;
use identity::app::settings::GrantKind;
use identity::app::{App, AppStatus};
use identity::cell::Cell;
use identity::fault::Fault;
use identity::org::context::OrgContext;
use identity::snapshot::OrgSnapshot;
use protocol::oauth::authorize::{
    AuthorizeRequest, Envelope, parse_authorize_request, parse_envelope,
};
use protocol::oauth::error::{ErrorCode, WireError};
use protocol::oauth::form::Form;
use protocol::oauth::response::{Answer, AuthorizationResponse, render_authorization_response};
use protocol::oauth::scope::ScopeSet;
use std::borrow::Cow;
use std::sync::Arc;
use vocab::id::{AppId, UserId};

/// A request whose app, redirect address and scopes are checked.
pub struct CheckedRequest {
    /// The server.
    pub issuer: Issuer,
    /// The org's configuration.
    pub snapshot: Arc<OrgSnapshot>,
    /// The app.
    pub app: Arc<App>,
    /// The request.
    pub request: AuthorizeRequest,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// The scopes that it means.
    pub scopes: ScopeSet,
    /// The administrator who tries it, if it is a trial: nobody else gets an answer.
    pub tried_by: Option<UserId>,
}

/// Why a request cannot be answered to the app: the person is told instead.
#[derive(Debug)]
pub enum Refusal {
    /// The request's fault.
    Denied(Denial),
    /// There is no such server.
    NoServer,
    /// Ours.
    Fault(Fault),
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<database::DatabaseFault> for Refusal {
    fn from(fault: database::DatabaseFault) -> Self {
        Self::Fault(fault.into())
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Denied(denial) | Failure::Unauthenticated { denial, .. } => {
                Self::Denied(denial)
            }
            Failure::SlowDown { .. } => Self::Denied(Denial::new(
                ErrorCode::TemporarilyUnavailable,
                "too many attempts; try again later",
            )),
            Failure::NoServer => Self::NoServer,
            Failure::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// A refusal that may be answered to the app, for its address is checked.
pub struct Answerable {
    issuer: Issuer,
    app: Arc<App>,
    redirect_uri: String,
    envelope: Envelope,
    denial: Denial,
}

impl Answerable {
    /// The refusal on its way to the app.
    #[must_use]
    pub fn answer(&self) -> Destination {
        let answer = Answer::Error {
            code: self.denial.code,
            description: &self.denial.description,
        };
        let response = AuthorizationResponse {
            answer,
            state: self.envelope.state.as_deref(),
            issuer: &self.issuer.url,
        };
        let rendered = render_authorization_response(
            &self.redirect_uri,
            self.envelope.response_mode,
            &response,
        );
        destination(&self.app.label, rendered)
    }
}

/// Reads and checks a request.
///
/// # Errors
/// [`Refusal`] while the redirect address is not known to be the app's; after that the inner error, which goes there.
pub async fn load(
    cell: &Cell,
    context: &OrgContext,
    server: Option<&str>,
    form: &Form<'_>,
) -> Result<Result<CheckedRequest, Box<Answerable>>, Refusal> {
    let (issuer, snapshot) = issuer::load(cell, context, server).await?;
    let envelope = parse_envelope(form).map_err(|error| wire(&error))?;
    let unknown = Denial::new(
        ErrorCode::InvalidRequest,
        "the parameter client_id does not name an app that is in use",
    );
    let app_id = AppId::parse(&envelope.client_id).map_err(|_| unknown.clone())?;
    let app = cell
        .app(&context.org, &app_id)
        .await?
        .filter(|app| app.status == AppStatus::Active)
        .ok_or(unknown)?;
    let tried_by = trial::load_trier(cell, context, &app, &envelope).await;
    let redirect_uri = match &tried_by {
        Some(_) => envelope.redirect_uri.clone(),
        None => decide_redirect_uri(&app, envelope.redirect_uri.as_deref()),
    };
    let redirect_uri = redirect_uri.ok_or(Denial::new(
        ErrorCode::InvalidRequest,
        "the parameter redirect_uri is not one that the app has registered",
    ))?;
    let checked = parse_authorize_request(form)
        .map_err(|error| wire(&error))
        .and_then(|request| {
            decide_request(&issuer, &app, &request).map(|scopes| (request, scopes))
        });
    Ok(match checked {
        Ok((request, scopes)) => Ok(CheckedRequest {
            issuer,
            snapshot,
            app,
            request,
            redirect_uri,
            scopes,
            tried_by,
        }),
        Err(denial) => Err(Box::new(Answerable {
            issuer,
            app,
            redirect_uri,
            envelope,
            denial,
        })),
    })
}

/// What the app may ask for at all, whoever the person is.
fn decide_request(
    issuer: &Issuer,
    app: &App,
    request: &AuthorizeRequest,
) -> Result<ScopeSet, Denial> {
    if !app.settings.grants.contains(&GrantKind::AuthorizationCode) {
        return Err(Denial::new(
            ErrorCode::UnauthorizedClient,
            "the app may not use authorization codes",
        ));
    }
    if needs_pkce(app.kind, &app.settings) && request.code_challenge.is_none() {
        return Err(Denial::new(
            ErrorCode::InvalidRequest,
            "the parameter code_challenge is missing: this client must use PKCE with S256",
        ));
    }
    decide_scopes(
        issuer,
        app,
        Some(&request.scope),
        GrantKind::AuthorizationCode,
    )
}

fn wire(error: &impl WireError) -> Denial {
    Denial {
        code: error.code(),
        description: Cow::Owned(error.description()),
    }
}
