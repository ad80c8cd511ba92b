//! The page that draws the fleet as it lives: for a browser on the control plane's own machine, to look and not to touch.

use crate::api::Side;
use crate::glance;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream::{self, Stream};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;

/// How often the page hears of the fleet.
const ROUND: Duration = Duration::from_millis(500);

const PAGE: &str = include_str!("fleet.html");
const STYLE: &str = include_str!("fleet.css");
const SCRIPT: &str = include_str!("fleet.js");
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Serves the page as long as it is polled.
pub async fn serve(listener: TcpListener, address: SocketAddr, side: Side) {
    let router = Router::new()
        .route("/", get(async || file("text/html; charset=utf-8", PAGE)))
        .route(
            "/fleet.css",
            get(async || file("text/css; charset=utf-8", STYLE)),
        )
        .route(
            "/fleet.js",
            get(async || file("text/javascript; charset=utf-8", SCRIPT)),
        )
        .route("/events", get(events))
        .layer(from_fn_with_state(address.port(), guard))
        .with_state(side);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::warn!(%error, "the fleet's page is no longer served");
    }
}

/// A name that a stranger points at loopback is not ours: without this, any web page could read the fleet (DNS rebinding).
async fn guard(State(port): State<u16>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    let ours = ["localhost", "127.0.0.1", "[::1]"]
        .iter()
        .any(|name| host == format!("{name}:{port}"));
    let mut response = if !ours {
        let text = "this page is at localhost alone\n";
        (StatusCode::MISDIRECTED_REQUEST, text).into_response()
    } else if request.method() == Method::GET || request.method() == Method::HEAD {
        next.run(request).await
    } else {
        StatusCode::METHOD_NOT_ALLOWED.into_response()
    };
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

fn file(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

async fn events(State(side): State<Side>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let news = stream::unfold(
        (side, tokio::time::interval(ROUND)),
        async |(side, mut round)| {
            round.tick().await;
            let event = match glance::load(&side.register, &side.watch).await {
                Ok(view) => Event::default().json_data(view),
                Err(error) => {
                    tracing::warn!(%error, "the fleet's page has nothing to show");
                    Ok(Event::default()
                        .event("trouble")
                        .data("the register cannot be read"))
                }
            };
            // A view has a JSON form always; a comment keeps the connection if it had none.
            let event = event.unwrap_or_else(|_| Event::default().comment(""));
            Some((Ok(event), (side, round)))
        },
    );
    Sse::new(news).keep_alive(KeepAlive::default())
}
