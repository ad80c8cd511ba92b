//! Sessions of people: looked at, and ended as by their owner: apps are told, and refresh tokens end.

use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::reply::Reply;
use identity::fault::Refusal;
use identity::session::SignedIn;
use identity::session::ending::Ending;
use serde_json::{Value, json};
use vocab::id::SessionId;

/// `GET /api/v1/sessions/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let signed_in = find(&call).await?;
    Ok(Reply::of(render(&call, &signed_in)))
}

/// `DELETE /api/v1/sessions/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn end(call: Call) -> Result<Reply, ApiError> {
    let signed_in = find(&call).await?;
    let session = signed_in.session.id.clone();
    let user = &signed_in.person.id;
    let ended = oauth::account::end_sessions(&call.cell, &call.permit, user, Ending::One(session));
    match ended.await {
        Err(Refusal::NotFound) => Err(missing(&call)),
        other => other.map(|()| Reply::empty()).map_err(ApiError::from),
    }
}

/// `DELETE /api/v1/users/{id}/sessions`: what apps were granted ends with them, whether that is asked for or not.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn end_all(call: Call) -> Result<Reply, ApiError> {
    if !call.query.flag("oauthTokens", true)? {
        let problem = "tokens end with the sessions in which they were granted";
        return Err(ApiError::invalid("oauthTokens", problem));
    }
    let user = call.user("id").await?.person.id;
    oauth::account::end_sessions(&call.cell, &call.permit, &user, Ending::All).await?;
    Ok(Reply::empty())
}

fn missing(call: &Call) -> ApiError {
    ApiError::not_found(Thing::Session, call.parameter("id"))
}

async fn find(call: &Call) -> Result<SignedIn, ApiError> {
    let id = SessionId::parse(call.parameter("id")).map_err(|_| missing(call))?;
    let found = call.cell.session_by_id(call.permit.org(), &id).await?;
    found.ok_or_else(|| missing(call))
}

fn render(call: &Call, signed_in: &SignedIn) -> Value {
    let (session, person) = (&signed_in.session, &signed_in.person);
    let href = call.href(&format!("/api/v1/sessions/{}", session.id));
    json!({
        "id": session.id.as_str(),
        "userId": person.id.as_str(),
        "login": person.login,
        "status": "ACTIVE",
        "createdAt": session.created_at.to_rfc3339_millis(),
        "expiresAt": session.idle_expires_at.to_rfc3339_millis(),
        "lastFactorVerification": session.authenticated_at.to_rfc3339_millis(),
        "amr": oauth::assurance::assurance_of(session).amr,
        "_links": {
            "self": { "href": href, "hints": { "allow": ["GET", "DELETE"] } },
            "user": { "href": call.href(&format!("/api/v1/users/{}", person.id)) },
        },
    })
}
