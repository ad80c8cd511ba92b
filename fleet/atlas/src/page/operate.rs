//! What an operator does on the page: opens it by a link, looks who is where, and moves organisations. Each answer but the
//! first takes the proof that the request comes from such a page.

use crate::api::{Answer, Said, invalid, problem, refused};
use crate::page::Drawn;
use crate::page::keys::SESSION_SECS;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use vocab::slug::Slug;
use wire::control::OrgPage;
use wire::names::CellName;
use wire::org_move::view::{MoveView, StartMove};

/// Where all of this is.
pub(super) const PATHS: &str = "/operate/";
/// The cookie of a session.
const COOKIE: &str = "testudo_fleet_page";
/// The field with the other secret of a session.
const FIELD: &str = "x-testudo-page";
/// Largest body of a request.
const BODY_BYTES_MAX: usize = 4 * 1024;
/// Organisations that are listed together.
const PAGE_ORGS: i64 = 50;
/// Whom the log names.
const ACTOR: &str = "operator (page)";

/// The paths.
pub(super) fn router() -> Router<Drawn> {
    Router::new()
        .route("/operate/session", post(open))
        .route("/operate/orgs", get(orgs))
        .route("/operate/orgs/{slug}/move", post(start_move))
        .route("/operate/orgs/{slug}/move/undo", post(undo_move))
        .route("/operate/orgs/{slug}/move/back", post(take_move_back))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// Whether a request that changes something comes from the page itself: browsers say from where (Fetch, section 3.2).
pub(super) fn is_own(headers: &HeaderMap, host: &str) -> bool {
    let origin = headers.get(header::ORIGIN);
    origin.is_some_and(|origin| origin.as_bytes() == format!("http://{host}").as_bytes())
}

/// Proof that a request comes from a page that was opened by a link.
pub(super) struct Operating(());

impl FromRequestParts<Drawn> for Operating {
    type Rejection = Said;

    async fn from_request_parts(parts: &mut Parts, drawn: &Drawn) -> Result<Self, Said> {
        let field = parts
            .headers
            .get(FIELD)
            .and_then(|field| field.to_str().ok());
        let now = drawn.side.register.clock.now();
        let keys = &drawn.side.page_keys;
        let is_good = cookie_of(&parts.headers)
            .zip(field)
            .is_some_and(|(cookie, field)| keys.admits(cookie, field, now));
        is_good.then_some(Self(())).ok_or_else(|| {
            let text =
                "this page may only look; open it by the link that `testudo fleet page` prints";
            problem(StatusCode::FORBIDDEN, "forbidden", text)
        })
    }
}

fn cookie_of(headers: &HeaderMap) -> Option<&str> {
    let fields = headers.get_all(header::COOKIE).into_iter();
    let mut pairs = fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    key: String,
}

async fn open(
    State(drawn): State<Drawn>,
    body: Result<Json<Open>, JsonRejection>,
) -> Result<Response, Said> {
    let Json(Open { key }) = body.map_err(|error| invalid(&error.body_text()))?;
    let register = &drawn.side.register;
    let keys = &drawn.side.page_keys;
    let opened = keys.open(&key, register.entropy.as_ref(), register.clock.now());
    let opened = opened.ok_or_else(|| {
        let text = "this link was used, or is too old; `testudo fleet page` prints a new one";
        problem(StatusCode::FORBIDDEN, "forbidden", text)
    })?;
    let cookie = format!(
        "{COOKIE}={}; Path={PATHS}; Max-Age={SESSION_SECS}; HttpOnly; SameSite=Strict",
        opened.cookie.expose()
    );
    let body = Json(json!({ "field": opened.field.expose() }));
    Ok(([(header::SET_COOKIE, cookie)], body).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrgsQuery {
    #[serde(default)]
    after: String,
    cell: Option<CellName>,
}

async fn orgs(
    _: Operating,
    State(drawn): State<Drawn>,
    query: Result<Query<OrgsQuery>, QueryRejection>,
) -> Answer<OrgPage> {
    let Query(query) = query.map_err(|error| invalid(&error.body_text()))?;
    let register = &drawn.side.register;
    let page = register.orgs(query.cell.as_ref(), &query.after, PAGE_ORGS);
    page.await.map(Json).map_err(|refusal| refused(&refusal))
}

async fn start_move(
    _: Operating,
    State(drawn): State<Drawn>,
    Path(slug): Path<String>,
    body: Result<Json<StartMove>, JsonRejection>,
) -> Answer<MoveView> {
    let Json(wanted) = body.map_err(|error| invalid(&error.body_text()))?;
    let register = &drawn.side.register;
    let begun = register.start_move(&slug_of(&slug)?, wanted, ACTOR).await;
    begun.map(Json).map_err(|refusal| refused(&refusal))
}

async fn undo_move(
    _: Operating,
    State(drawn): State<Drawn>,
    Path(slug): Path<String>,
) -> Answer<MoveView> {
    let register = &drawn.side.register;
    let undone = register.undo_move(&slug_of(&slug)?, ACTOR).await;
    undone.map(Json).map_err(|refusal| refused(&refusal))
}

async fn take_move_back(
    _: Operating,
    State(drawn): State<Drawn>,
    Path(slug): Path<String>,
) -> Answer<MoveView> {
    let register = &drawn.side.register;
    let taken = register.take_move_back(&slug_of(&slug)?, ACTOR).await;
    taken.map(Json).map_err(|refusal| refused(&refusal))
}

fn slug_of(text: &str) -> Result<Slug, Said> {
    Slug::parse(text).map_err(|error| invalid(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{cookie_of, is_own};
    use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

    fn fields(name: HeaderName, values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        for (values, found) in [
            (&["testudo_fleet_page=a"][..], Some("a")),
            (&["x=1; testudo_fleet_page=a; y=2"], Some("a")),
            (&["x=1", "testudo_fleet_page=a"], Some("a")),
            (&["testudo_fleet_page2=a; xtestudo_fleet_page=b"], None),
            (&[], None),
        ] {
            let headers = fields(header::COOKIE, values);
            assert_eq!(cookie_of(&headers), found, "{values:?}");
        }
    }

    #[test]
    fn only_the_page_itself_changes_anything() {
        for (values, own) in [
            (&["http://localhost:8090"][..], true),
            (&["http://localhost:8080"], false),
            (&["https://localhost:8090"], false),
            (&["http://evil.example"], false),
            (&["null"], false),
            (&[], false),
        ] {
            let headers = fields(header::ORIGIN, values);
            assert_eq!(is_own(&headers, "localhost:8090"), own, "{values:?}");
        }
    }
}
