//! The connection of an app to its SCIM server, and how it stands.

use crate::apps::load_app;
use crate::body::Fields;
use crate::call::Call;
use crate::error::ApiError;
use crate::provisioning::{href, load, not_set_up, refused};
use crate::reply::Reply;
use crate::shown::moment;
use identity::app::App;
use identity::fault::Refusal;
use identity::provisioning::Connection;
use identity::provisioning::import::Import;
use identity::provisioning::operations::{COUNTED_MAX, ConnectionChange, Overview};
use serde_json::{Value, json};
use vocab::secret::Secret;

/// How a server knows us: by a token that it was given for us.
const TOKEN: &str = "TOKEN";
/// What is shown of a connection, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 3] = ["status", "authScheme", "_links"];

/// `GET …/connections/default`. An app without one has nothing that is known.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    let connection = call.cell.find_connection(&call.permit, &app.id).await?;
    Ok(Reply::of(match connection {
        Some(connection) => render(&call, &app, &connection),
        None => json!({
            "status": "UNKNOWN",
            "profile": { "authScheme": "UNKNOWN" },
            "_links": { "self": render_self(&call, &app) },
        }),
    }))
}

/// `POST …/connections/default`: sets it up, or changes what is named of it.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn set(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    let mut change = parse_change(call.json()?)?;
    change.activate = call.query.flag("activate", false)?;
    let plain = call.envoy.plain_http();
    let set = call.cell.set_connection(&call.permit, &app, change, plain);
    let connection = set.await.map_err(refused)?;
    Ok(Reply::of(render(&call, &app, &connection)))
}

/// `POST …/connections/default/lifecycle/activate`: everybody is looked at.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn activate(call: Call) -> Result<Reply, ApiError> {
    switch(call, true).await
}

/// `POST …/connections/default/lifecycle/deactivate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn deactivate(call: Call) -> Result<Reply, ApiError> {
    switch(call, false).await
}

async fn switch(call: Call, active: bool) -> Result<Reply, ApiError> {
    let (app, _) = load(&call).await?;
    let switched = call.cell.switch_connection(&call.permit, &app, active);
    switched.await.map_err(refused)?;
    Ok(Reply::empty())
}

/// `GET …/provisioning`: how it stands.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn survey(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    let overview = match call.cell.survey_connection(&call.permit, &app.id).await {
        Err(Refusal::NotFound) => return Err(not_set_up()),
        other => other?,
    };
    Ok(Reply::of(render_overview(&call, &app, &overview)))
}

fn parse_change(bytes: &[u8]) -> Result<ConnectionChange, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let base_url = fields.take_text("baseUrl")?;
    let profile = fields.take_object("profile")?;
    let mut profile = profile.ok_or_else(|| fields.refusal("profile", "it is required"))?;
    let scheme = profile.take_text("authScheme")?;
    match scheme.as_deref() {
        Some(TOKEN) => {}
        Some("OAUTH2" | "OAUTH") => return Err(ApiError::not_supported("profile.authScheme")),
        _ => return Err(profile.refusal("authScheme", "use TOKEN")),
    }
    let token = profile.take_text("token")?.map(Secret::new);
    profile.end()?;
    fields.end()?;
    Ok(ConnectionChange {
        base_url,
        token,
        activate: false,
    })
}

fn render_self(call: &Call, app: &App) -> Value {
    json!({ "href": href(call, app, "/connections/default"), "hints": { "allow": ["GET", "POST"] } })
}

fn render(call: &Call, app: &App, connection: &Connection) -> Value {
    let step = if connection.active {
        "deactivate"
    } else {
        "activate"
    };
    let path = format!("/connections/default/lifecycle/{step}");
    json!({
        "authScheme": TOKEN,
        "status": if connection.active { "ENABLED" } else { "DISABLED" },
        "baseUrl": connection.config.base_url,
        "profile": { "authScheme": TOKEN },
        "_links": {
            "self": render_self(call, app),
            step: { "href": href(call, app, &path), "hints": { "allow": ["POST"] } },
        },
    })
}

fn render_overview(call: &Call, app: &App, overview: &Overview) -> Value {
    let connection = &overview.connection;
    let standing = &connection.standing;
    let fails = standing.failures > 0;
    json!({
        "status": if connection.active { "ENABLED" } else { "DISABLED" },
        "waiting": overview.waiting,
        "failed": overview.troubled,
        "countedMax": COUNTED_MAX,
        "pushedGroups": overview.pushes,
        "eventsBehind": (standing.newest - standing.followed).max(0),
        "lookingAtEverybody": !standing.walk_at.is_empty(),
        "failure": standing.trouble,
        "failedAttempts": standing.failures,
        "nextAttempt": moment(Some(standing.next_at).filter(|_| fails)),
        "import": overview.import.as_ref().map(render_import),
        "_links": {
            "self": { "href": href(call, app, "/provisioning"), "hints": { "allow": ["GET"] } },
            "accounts": { "href": href(call, app, "/provisioning/accounts"), "hints": { "allow": ["GET"] } },
            "requests": { "href": href(call, app, "/provisioning/requests"), "hints": { "allow": ["GET"] } },
            "plan": { "href": href(call, app, "/provisioning/plan"), "hints": { "allow": ["GET"] } },
            "retry": { "href": href(call, app, "/provisioning/retry"), "hints": { "allow": ["POST"] } },
        },
    })
}

/// An import, as it is shown.
pub(crate) fn render_import(import: &Import) -> Value {
    json!({
        "status": import.state.as_str(),
        "started": moment(Some(import.started_at)),
        "ended": moment(import.ended_at),
        "pages": import.pages,
        "people": import.seen,
        "failure": import.trouble,
    })
}

#[cfg(test)]
mod tests {
    use super::parse_change;
    use crate::error::ErrorCode;
    use serde_json::{Value, json};

    #[test]
    fn a_connection_is_read_and_what_means_nothing_here_is_refused() {
        let body = json!({
            "baseUrl": "https://scim.example", "profile": { "authScheme": "TOKEN", "token": "t" },
            "status": "ENABLED", "authScheme": "TOKEN", "_links": {},
        });
        let read = parse_change(body.to_string().as_bytes()).unwrap();
        assert_eq!(read.base_url.as_deref(), Some("https://scim.example"));
        assert_eq!(read.token.unwrap().expose(), "t");
        for (pointer, value) in [
            ("/profile", Value::Null),
            ("/profile/authScheme", json!("OAUTH2")),
            ("/profile/authScheme", json!("OAUTH")),
            ("/profile/authScheme", json!("BASIC")),
            ("/profile/authScheme", Value::Null),
            ("/profile/token", json!(1)),
            (
                "/profile",
                json!({ "authScheme": "TOKEN", "clientId": "0oa" }),
            ),
            ("/profile", json!({ "authScheme": "TOKEN", "signing": {} })),
            ("/baseUrl", json!([])),
        ] {
            let mut body = body.clone();
            *body.pointer_mut(pointer).unwrap() = value;
            let error = parse_change(body.to_string().as_bytes()).err().unwrap();
            assert_eq!(error.code(), ErrorCode::Validation, "{pointer}");
        }
    }
}
