//! Style sheets, scripts and icons, and the answer for what is not there.

use crate::assets::{Caching, find_asset};
use crate::style_page::StylePage;
use crate::view::colour::{Accent, render_org_css};
use crate::view::trouble::ErrorKind;
use crate::visit::Visit;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

/// The name of the style sheet that is made for each org.
const ORG_SHEET: &str = "org.css";
/// The address names the content, so it never changes.
const FOREVER: &str = "public, max-age=31536000, immutable";
const BRIEFLY: &str = "public, max-age=300";

/// The name under which the org's logo is served.
pub const ORG_LOGO: &str = "org-logo";

/// `GET /assets/{name}`.
pub async fn asset(Path(name): Path<String>, visit: Visit) -> Response {
    if name == ORG_SHEET {
        let accent = Accent::parse(visit.parameter("c")).unwrap_or_default();
        let headers = [
            (header::CONTENT_TYPE, "text/css; charset=utf-8"),
            (header::CACHE_CONTROL, FOREVER),
        ];
        return (headers, render_org_css(accent)).into_response();
    }
    if name == ORG_LOGO {
        return logo(&visit).await;
    }
    match find_asset(&name) {
        Some((asset, caching)) => {
            let kept = if caching == Caching::Forever {
                FOREVER
            } else {
                BRIEFLY
            };
            let headers = [
                (header::CONTENT_TYPE, asset.content_type),
                (header::CACHE_CONTROL, kept),
            ];
            (headers, asset.bytes).into_response()
        }
        None => visit.error(StatusCode::NOT_FOUND, ErrorKind::NotFound),
    }
}

/// The logo of the org. Its address names the upload, so it may be kept for ever; under another name it is shown as well,
/// to whoever has an older page, but not kept.
async fn logo(visit: &Visit) -> Response {
    match visit.cell.logo(&visit.context.org).await {
        Ok(Some(logo)) => {
            let kept = if visit.parameter("v") == logo.mark {
                FOREVER
            } else {
                "no-store"
            };
            let headers = [
                (header::CONTENT_TYPE, logo.format.content_type()),
                (header::CACHE_CONTROL, kept),
            ];
            (headers, logo.bytes).into_response()
        }
        Ok(None) => visit.error(StatusCode::NOT_FOUND, ErrorKind::NotFound),
        Err(fault) => visit.failed(&fault),
    }
}

/// `GET /style`: every component in its states.
pub async fn style(visit: Visit) -> Response {
    visit.page(&StylePage::new(visit.shell()))
}

/// Whatever no route answers.
pub async fn not_found(visit: Visit) -> Response {
    visit.error(StatusCode::NOT_FOUND, ErrorKind::NotFound)
}
