//! The page that draws the fleet as it lives: for a browser on the control plane's own machine, to look and not to touch,
//! unless an operator opens it by a link.

pub mod keys;
mod operate;
mod static_table;

use crate::api::Side;
use crate::glance;
use crate::listener::serve_near;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream;
use static_table::render_page;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Interval, interval};
use wire::control::FleetView;

/// How often the page hears of the fleet.
const ROUND: Duration = Duration::from_millis(500);
/// Pages that are drawn at one time.
const WATCHERS_MAX: usize = 32;

const PAGE: &str = include_str!("fleet.html");
const STYLE: &str = include_str!("fleet.css");
const SCRIPT: &str = include_str!("fleet.js");
const OPERATE: &str = include_str!("operate.js");
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the page is drawn from.
#[derive(Clone)]
struct Drawn {
    side: Side,
    watchers: Arc<Semaphore>,
}

/// Serves the page until the register's feed is closed.
pub async fn serve(listener: TcpListener, address: SocketAddr, side: Side) {
    let feed = side.register.feed.clone();
    let drawn = Drawn {
        side,
        watchers: Arc::new(Semaphore::new(WATCHERS_MAX)),
    };
    let router = Router::new()
        .route("/", get(page))
        .route(
            "/fleet.css",
            get(async || file("text/css; charset=utf-8", STYLE)),
        )
        .route(
            "/fleet.js",
            get(async || file("text/javascript; charset=utf-8", SCRIPT)),
        )
        .route(
            "/operate.js",
            get(async || file("text/javascript; charset=utf-8", OPERATE)),
        )
        .route("/events", get(events))
        .merge(operate::router())
        .layer(from_fn_with_state(address.port(), guard))
        .with_state(drawn);
    serve_near(listener, router, async move { feed.closed().await }).await;
}

async fn page(State(drawn): State<Drawn>) -> Response {
    let fleet = drawn.look().await;
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (kind, render_page(PAGE, fleet.as_ref())).into_response()
}

impl Drawn {
    async fn look(&self) -> Option<FleetView> {
        match glance::load(&self.side.register, &self.side.watch).await {
            Ok(view) => Some(view),
            Err(error) => {
                tracing::warn!(%error, "the fleet's page has nothing to show");
                None
            }
        }
    }
}

/// A name that a stranger points at loopback is not ours: without this, any web page could read the fleet (DNS rebinding).
async fn guard(State(port): State<u16>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    let may_change = request.method() == Method::POST
        && request.uri().path().starts_with(operate::PATHS)
        && operate::is_own(request.headers(), host);
    let ours = ["localhost", "127.0.0.1", "[::1]"]
        .iter()
        .any(|name| host == format!("{name}:{port}"));
    let mut response = if !ours {
        let text = "this page is at localhost alone\n";
        (StatusCode::MISDIRECTED_REQUEST, text).into_response()
    } else if is_used_by_another_site(request.headers()) {
        let text = "this page is for whoever opens it, not for other pages\n";
        (StatusCode::FORBIDDEN, text).into_response()
    } else if may_change || matches!(*request.method(), Method::GET | Method::HEAD) {
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

/// Whether a page of somebody else asks (Fetch Metadata): it could take all places of those who watch. A link to here is followed.
fn is_used_by_another_site(headers: &HeaderMap) -> bool {
    let said = |name: &str, value: &str| headers.get(name).is_some_and(|told| told == value);
    let foreign = said("sec-fetch-site", "cross-site") || said("sec-fetch-site", "same-site");
    foreign && !said("sec-fetch-mode", "navigate")
}

fn file(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// One page that is being drawn.
struct Watcher {
    drawn: Drawn,
    round: Interval,
    /// What it was told last; nothing at first.
    told: Option<Option<FleetView>>,
    _place: OwnedSemaphorePermit,
}

impl Watcher {
    /// What is new for the page; none when the process ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let feed = &self.drawn.side.register.feed;
            tokio::select! {
                () = feed.closed() => return None,
                _ = self.round.tick() => {}
            }
            let view = self.drawn.look().await;
            if self.told.as_ref() == Some(&view) {
                continue;
            }
            let event = match &view {
                Some(view) => Event::default().json_data(view).ok()?,
                None => Event::default()
                    .event("trouble")
                    .data("the register cannot be read"),
            };
            self.told = Some(view);
            return Some(event);
        }
    }
}

async fn events(State(drawn): State<Drawn>) -> Response {
    let Ok(place) = Arc::clone(&drawn.watchers).try_acquire_owned() else {
        let text = "too many pages look at the fleet; close one\n";
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    };
    let watcher = Watcher {
        drawn,
        round: interval(ROUND),
        told: None,
        _place: place,
    };
    let news = stream::unfold(watcher, async |mut watcher| {
        let event = watcher.next().await?;
        Some((Ok::<_, Infallible>(event), watcher))
    });
    Sse::new(news)
        .keep_alive(KeepAlive::default())
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::SCRIPT;
    use wire::control::CellState;

    /// The kinds of the log's rows, but for those of cells' states.
    const KINDS: [&str; 19] = [
        "cell.declare",
        "cell.address",
        "org.create",
        "org.serve",
        "org.release",
        "org.invite",
        "org.move",
        "org.move.switch",
        "org.move.done",
        "org.move.undo",
        "org.move.undone",
        "org.move.back",
        "org.move.settle",
        "org.move.abandon",
        "org.move.clean",
        "org.host.claim",
        "org.host.add",
        "org.host.remove",
        "org.host.gone",
    ];

    #[test]
    fn the_page_has_words_for_every_kind_of_change() {
        let states = CellState::ALL.map(|state| format!("cell.{}", state.as_str()));
        let kinds = KINDS.iter().map(|kind| (*kind).to_owned());
        for kind in kinds
            .chain(states)
            .chain([String::from("org.host.release")])
        {
            assert!(SCRIPT.contains(&format!("\"{kind}\": \"")), "{kind}");
        }
    }
}
