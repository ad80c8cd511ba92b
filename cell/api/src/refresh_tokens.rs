//! Refresh tokens, never what they are: as they are shown below a person, an app or a server; and those of an app, looked at
//! and ended below the app or below one server.

use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::limits::TOKENS_OF_APP_PAGE;
use crate::reply::Reply;
use identity::app::App;
use identity::condition::Place;
use oauth::held::of_app::store::HeldByApp;
use oauth::held::of_app::{self, OfApp};
use oauth::held::store::HeldFamily;
use oauth::issuer::ORG_SERVER_KEY;
use serde_json::{Value, json};
use vocab::id::{AppId, RefreshFamilyId, UserId};

/// After how long a call that did what one call may is to be repeated.
const AGAIN_SECS: u32 = 1;

/// What can be shown inside of a token.
const SCOPE: &str = "scope";

/// The refresh tokens of an app, at one server or at all, and the address below which they stand.
pub(crate) struct Tokens {
    pub(crate) app: App,
    pub(crate) server: Option<String>,
    pub(crate) href: String,
}

impl Tokens {
    fn which(&self) -> OfApp<'_> {
        OfApp {
            app: &self.app.id,
            server: self.server.as_deref(),
        }
    }

    fn show(&self, call: &Call, held: &HeldByApp, is_expanded: bool) -> Value {
        let href = format!("{}/tokens/{}", self.href, held.family.id);
        let whose = (&held.user, &self.app.id);
        render(call, whose, &held.family, &href, is_expanded)
    }

    /// A page of them.
    pub(crate) async fn list(&self, call: &Call) -> Result<Reply, ApiError> {
        let is_expanded = call.query.expand(&[SCOPE])?.is_some();
        let after = call.place()?.map(|place| place.id).unwrap_or_default();
        let limit = call.query.limit(TOKENS_OF_APP_PAGE)?;
        let asked = of_app::list(&call.cell, &call.permit, self.which(), (&after, limit));
        let (tokens, next) = asked.await?;
        let shown = tokens
            .iter()
            .map(|held| self.show(call, held, is_expanded))
            .collect();
        let next = next.as_deref().map(Place::at);
        Ok(call.paged(Reply::of(Value::Array(shown)), next.as_ref()))
    }

    /// The one that the path names.
    pub(crate) async fn one(&self, call: &Call) -> Result<Reply, ApiError> {
        let is_expanded = call.query.expand(&[SCOPE])?.is_some();
        let id = parse_id(call)?;
        let found = of_app::find(&call.cell, &call.permit, self.which(), &id).await?;
        let held = found.ok_or_else(|| missing(call))?;
        Ok(Reply::of(self.show(call, &held, is_expanded)))
    }

    /// Ends the one that the path names.
    pub(crate) async fn revoke(&self, call: &Call) -> Result<Reply, ApiError> {
        let id = parse_id(call)?;
        let server = self.server.as_deref();
        let revoked = of_app::revoke(&call.cell, &call.permit, &self.app, server, &id);
        match revoked.await? {
            true => Ok(Reply::empty()),
            false => Err(missing(call)),
        }
    }

    /// Ends all of them.
    pub(crate) async fn revoke_all(&self, call: &Call) -> Result<Reply, ApiError> {
        let server = self.server.as_deref();
        let ended = of_app::revoke_all(&call.cell, &call.permit, &self.app, server);
        match ended.await? {
            true => Ok(Reply::empty()),
            // What was done is done, and the next call goes on.
            false => Err(ApiError::slow(AGAIN_SECS)),
        }
    }
}

fn missing(call: &Call) -> ApiError {
    ApiError::not_found(Thing::RefreshToken, call.parameter("token"))
}

fn parse_id(call: &Call) -> Result<RefreshFamilyId, ApiError> {
    RefreshFamilyId::parse(call.parameter("token")).map_err(|_| missing(call))
}

/// The issuer of a server, by what its rows name it.
pub(crate) fn issuer(call: &Call, server: &str) -> String {
    match server {
        ORG_SERVER_KEY => call.href(""),
        custom => call.href(&format!("/oauth2/{custom}")),
    }
}

/// A scope as its server describes it; nothing is read for it.
pub(crate) fn render_scope(call: &Call, server: &str, name: &str) -> Value {
    let server = call.snapshot.server(server);
    let mut described = server.iter().flat_map(|server| &server.config.scopes);
    let described = described.find(|scope| scope.name == name);
    let description = described.map(|scope| scope.description.as_str());
    json!({
        "id": name,
        "name": name,
        "description": description.filter(|text| !text.is_empty()),
    })
}

/// A token at its address.
pub(crate) fn render(
    call: &Call,
    (user, app): (&UserId, &AppId),
    token: &HeldFamily,
    href: &str,
    is_expanded: bool,
) -> Value {
    let scopes: Vec<&str> = token.scopes.split_ascii_whitespace().collect();
    let described = || -> Vec<Value> {
        let scopes = scopes.iter();
        scopes
            .map(|scope| render_scope(call, &token.server, scope))
            .collect()
    };
    let app_href = call.href(&format!("/api/v1/apps/{app}"));
    json!({
        "id": token.id.as_str(),
        "status": "ACTIVE",
        "created": token.created_at.to_rfc3339_millis(),
        "lastUpdated": token.rotated_at.to_rfc3339_millis(),
        "expiresAt": token.expires_at.to_rfc3339_millis(),
        "issuer": issuer(call, &token.server),
        "clientId": app.as_str(),
        "userId": user.as_str(),
        "scopes": scopes,
        "_embedded": is_expanded.then(|| json!({ "scopes": described() })),
        "_links": {
            "self": { "href": href, "hints": { "allow": ["GET", "DELETE"] } },
            "revoke": { "href": href, "hints": { "allow": ["DELETE"] } },
            "app": { "href": app_href },
            "client": { "href": app_href },
            "user": { "href": call.href(&format!("/api/v1/users/{user}")) },
        },
    })
}
