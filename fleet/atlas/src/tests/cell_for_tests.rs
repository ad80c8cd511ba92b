//! A cell's door as the control plane sees it: a real listener with a cell's certificate, and a list of what it was asked.

use super::World;
use crate::listener;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use std::path::Path as FilePath;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use wire::cell::{AdoptOrg, AdoptedOrg, CellHealth};
use wire::control::Problem;
use wire::identity::{FleetAuthority, FleetIdentity, FleetRole};

/// A cell of one test's own; it is gone with it.
pub(super) struct TestCell {
    pub(super) address: String,
    pub(super) book: Arc<Book>,
    serving: JoinHandle<()>,
}

/// What the cell was asked, and how it shall answer.
pub(super) struct Book {
    name: String,
    /// The ids of the orgs that it was to make, once per call.
    asked: Mutex<Vec<String>>,
    /// What it was told of hosts.
    hosts: Mutex<Vec<String>>,
    refusal: Mutex<Option<(StatusCode, Problem)>>,
    /// Whether its orgs have administrators.
    pub(super) set_up: AtomicBool,
    /// A call is answered with a permit alone.
    gate: Semaphore,
    /// A permit for each call that came.
    pub(super) came: Semaphore,
}

impl Book {
    pub(super) fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    pub(super) fn hosts(&self) -> Vec<String> {
        self.hosts.lock().unwrap().clone()
    }

    pub(super) fn refuse(&self, status: StatusCode, error: &str) {
        let problem = Problem {
            error: error.to_owned(),
            message: String::from("this cell has its reasons"),
        };
        *self.refusal.lock().unwrap() = Some((status, problem));
    }

    pub(super) fn accept(&self) {
        *self.refusal.lock().unwrap() = None;
    }

    pub(super) fn open_gate(&self) {
        self.gate.add_permits(1_000);
    }
}

impl TestCell {
    /// A cell whose calls wait until its gate is opened.
    pub(super) async fn with_closed_gate(world: &World, name: &str) -> Self {
        Self::start(&world.authority, world.folder.path(), name).await
    }

    pub(super) async fn open(world: &World, name: &str) -> Self {
        let cell = Self::with_closed_gate(world, name).await;
        cell.book.open_gate();
        cell
    }

    pub(super) async fn start(authority: &FleetAuthority, folder: &FilePath, name: &str) -> Self {
        let own = folder.join(name);
        authority.issue(FleetRole::Cell, name, &own).unwrap();
        let config = FleetIdentity::load(&own)
            .unwrap()
            .server_config(&[b"http/1.1"])
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let book = Arc::new(Book {
            name: name.to_owned(),
            asked: Mutex::default(),
            hosts: Mutex::default(),
            refusal: Mutex::default(),
            set_up: AtomicBool::new(false),
            gate: Semaphore::new(0),
            came: Semaphore::new(0),
        });
        let router = Router::new()
            .route("/fleet/v1/status", get(status))
            .route("/fleet/v1/orgs/{id}", put(adopt))
            .route("/fleet/v1/orgs/{id}/invite", post(invite))
            .route("/fleet/v1/orgs/{id}/hosts/{host}", put(host).delete(host))
            .with_state(Arc::clone(&book));
        let serving = listener::serve(listener, config, router, std::future::pending());
        Self {
            address,
            book,
            serving: tokio::spawn(serving),
        }
    }
}

impl Drop for TestCell {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn status(State(book): State<Arc<Book>>) -> Json<CellHealth> {
    Json(CellHealth {
        name: book.name.clone(),
        ready: true,
        orgs: 0,
        version: String::from("0"),
        store: String::from("none"),
    })
}

async fn invite(State(book): State<Arc<Book>>, Path(_): Path<String>) -> Response {
    if let Some((status, problem)) = book.refusal.lock().unwrap().clone() {
        return (status, Json(problem)).into_response();
    }
    let token = (!book.set_up.load(Ordering::Relaxed)).then(|| String::from("invited"));
    Json(AdoptedOrg { setup_token: token }).into_response()
}

async fn host(
    State(book): State<Arc<Book>>,
    method: Method,
    Path((_, host)): Path<(String, String)>,
) -> Response {
    if let Some((status, problem)) = book.refusal.lock().unwrap().clone() {
        return (status, Json(problem)).into_response();
    }
    book.hosts.lock().unwrap().push(format!("{method} {host}"));
    Json(serde_json::json!({})).into_response()
}

async fn adopt(
    State(book): State<Arc<Book>>,
    Path(id): Path<String>,
    Json(_): Json<AdoptOrg>,
) -> Response {
    book.asked.lock().unwrap().push(id);
    book.came.add_permits(1);
    book.gate.acquire().await.unwrap().forget();
    if let Some((status, problem)) = book.refusal.lock().unwrap().clone() {
        return (status, Json(problem)).into_response();
    }
    let token = format!("token-{}", book.asked());
    Json(AdoptedOrg {
        setup_token: Some(token),
    })
    .into_response()
}
