//! Logout tokens for apps (OpenID Connect Back-Channel Logout). They live two minutes, so they are made when the outbox
//! delivers, not when the session ends.

use crate::limits::LOGOUT_TOKEN_SECS;
use crate::signing::algorithm;
use identity::cell::Cell;
use identity::fault::Fault;
use keys::{KeyFault, ServerKeyScope};
use protocol::jose::jws::TokenType;
use protocol::oauth::form::render_form;
use protocol::oidc::logout_token::{LogoutSubject, LogoutTokenClaims};
use serde::{Deserialize, Serialize};
use vocab::id::{AppId, OrgId, SessionId, UserId};
use vocab::secret::random_token;
use vocab::time::Timestamp;

/// The kind of outbox row.
pub const KIND: &str = "backchannel_logout";

/// That a session ended, for one app: the payload of the outbox row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// The app.
    pub app: AppId,
    /// The server by which the app signed the person in.
    pub server: String,
    /// Its `iss`, as the app knows it.
    pub issuer: String,
    /// The person.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
}

/// What is to be posted, and where. Has no `Debug`: it holds a token.
pub struct Delivery {
    /// The app's address.
    pub uri: String,
    /// A form with `logout_token`.
    pub body: String,
}

/// Makes the request for a row of the outbox; none if the app is gone or does not want to be told any more.
///
/// # Errors
/// [`Fault`] if the payload cannot be read, or there is no key.
pub async fn prepare(
    cell: &Cell,
    org: &OrgId,
    payload: &[u8],
    now: Timestamp,
) -> Result<Option<Delivery>, Fault> {
    let unreadable =
        |error: &dyn std::fmt::Display| Fault::stored("notice of a logout", &error.to_string());
    let notice: Notice = serde_json::from_slice(payload).map_err(|error| unreadable(&error))?;
    let Some(app) = cell.app(org, &notice.app).await? else {
        return Ok(None);
    };
    let uri = app.settings.backchannel_logout_uri.clone();
    if uri.is_empty() {
        return Ok(None);
    }
    let scope = ServerKeyScope::parse(&notice.server).map_err(|error| unreadable(&error))?;
    let signer = cell
        .signing_keys
        .active_signer(org, &scope, algorithm(app.settings.id_token_algorithm))
        .await?;
    let id = random_token(cell.entropy(), "LT.");
    let claims = LogoutTokenClaims {
        iss: &notice.issuer,
        aud: app.id.as_str(),
        iat: now.seconds(),
        exp: now.plus_secs(LOGOUT_TOKEN_SECS).seconds(),
        jti: id.expose(),
        subject: LogoutSubject::PersonSession {
            sub: notice.user.as_str(),
            sid: notice.session.as_str(),
        },
    };
    let token = signer
        .encode(TokenType::LogoutToken, &claims)
        .map_err(|_| Fault::Key(KeyFault::Internal("signing a logout token")))?;
    Ok(Some(Delivery {
        uri,
        body: render_form(&[("logout_token", &token)]),
    }))
}
