//! Sessions of people: begun by a session token, looked at, prolonged, and ended as by their owner: apps are told, and
//! refresh tokens end. They are named by their ids, which open nothing: no operation looks at a cookie.

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, ErrorCode, Thing};
use crate::reply::Reply;
use identity::fault::Refusal;
use identity::feature::Feature;
use identity::session::SignedIn;
use identity::session::ending::Ending;
use identity::sign_in::begin::Purpose;
use serde_json::{Value, json};
use vocab::id::SessionId;

/// What a caller can ask for besides the session: a token that makes it the session of a browser, once.
pub(crate) const COOKIE_TOKEN: &str = "cookieToken";

/// `POST /api/v1/sessions`: takes a session token once. The session is nobody's browser's until its cookie token, if there is
/// one, is redeemed.
///
/// # Errors
/// [`ApiError`]: one answer for every token that is not good.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let doors = &call.snapshot.org.settings.shut_doors;
    doors.check(Feature::SessionTokens)?;
    let wants_cookie = match call.query.get("additionalFields") {
        None => false,
        Some(COOKIE_TOKEN) => true,
        Some(_) => return Err(ApiError::invalid("additionalFields", "use cookieToken")),
    };
    let mut fields = Fields::parse(call.json()?)?;
    let token = fields.take_text("sessionToken")?;
    let token = token.ok_or_else(|| ApiError::invalid("sessionToken", "it is required"))?;
    fields.end()?;
    let begun = begin(&call, &token).await?;
    let mut shown = render(&call, &begun);
    if wants_cookie {
        let org = &call.context.org;
        let kept = call
            .cell
            .begin_sign_in(org, Purpose::default(), Some(&begun));
        let (_, secret) = kept.await?;
        shown[COOKIE_TOKEN] = Value::from(secret.expose().as_str());
    }
    Ok(Reply::of(shown))
}

async fn begin(call: &Call, token: &str) -> Result<SignedIn, ApiError> {
    let refused = || ApiError::of(ErrorCode::Authentication);
    let (org, snapshot) = (&call.context.org, &call.snapshot);
    let flow = call.cell.load_sign_in(org, token).await?;
    let flow = flow.ok_or_else(refused)?;
    let finished = call
        .cell
        .redeem_sign_in(snapshot, &flow, call.facts(), &call.permit);
    match finished.await {
        Ok(begun) => {
            let session = call.cell.session_by_id(org, &begun.session_id).await?;
            session.ok_or_else(refused)
        }
        // Something was still needed, or it was used a moment ago.
        Err(Refusal::Forbidden | Refusal::Changed) => Err(refused()),
        Err(refusal) => Err(refusal.into()),
    }
}

/// `POST /api/v1/sessions/{id}/lifecycle/refresh`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn refresh(call: Call) -> Result<Reply, ApiError> {
    let session = find(&call).await?.session;
    let settings = &call.snapshot.org.settings.session;
    let prolonged = call.cell.prolong_session(&call.permit, &session, settings);
    match prolonged.await {
        Ok(()) => {}
        Err(Refusal::NotFound) => return Err(missing(&call)),
        Err(refusal) => return Err(refusal.into()),
    }
    let signed_in = find(&call).await?;
    Ok(Reply::of(render(&call, &signed_in)))
}

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
    if !call.query.flag("forgetDevices", true)? {
        let problem = "what was remembered of devices ends with the sessions";
        return Err(ApiError::invalid("forgetDevices", problem));
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
        "amr": oauth::assurance::assurance_of(session, &call.snapshot.org.settings.untaken_means).amr,
        "_links": {
            "self": { "href": href, "hints": { "allow": ["GET", "DELETE"] } },
            "refresh": { "href": format!("{href}/lifecycle/refresh"), "hints": { "allow": ["POST"] } },
            "user": { "href": call.href(&format!("/api/v1/users/{}", person.id)) },
        },
    })
}
