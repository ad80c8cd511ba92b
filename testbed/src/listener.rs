//! An application's own endpoint: keeps the bodies that are posted to it, and answers with the statuses it was given.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::wait;

/// The longest until something is posted.
const POST_MAX: Duration = Duration::from_secs(60);

/// What was posted.
#[derive(Debug, Clone)]
pub struct Posted {
    /// The path.
    pub path: String,
    /// The `Content-Type`.
    pub content_type: String,
    /// The body.
    pub body: String,
    /// What it was answered with.
    pub answered: StatusCode,
}

/// A listening endpoint; ends with its runtime.
#[derive(Debug, Clone)]
pub struct Listener {
    address: SocketAddr,
    posted: Arc<Mutex<Vec<Posted>>>,
}

impl Listener {
    /// Listens on a free port; the answers are `statuses` in turn, and 200 after them.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start(statuses: &[StatusCode]) -> anyhow::Result<Self> {
        let socket = TcpListener::bind("127.0.0.1:0").await?;
        let listener = Self {
            address: socket.local_addr()?,
            posted: Arc::default(),
        };
        let (own, statuses) = (listener.clone(), statuses.to_vec());
        tokio::spawn(async move {
            while let Ok((stream, _)) = socket.accept().await {
                let (own, statuses) = (own.clone(), statuses.clone());
                let service = service_fn(move |request| {
                    let (own, statuses) = (own.clone(), statuses.clone());
                    async move { Ok::<_, Infallible>(own.answer(&statuses, request).await) }
                });
                tokio::spawn(async move {
                    // A client that goes away is no matter of ours.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Ok(listener)
    }

    /// The address of a path of it.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits until so many posts have come; all of them.
    ///
    /// # Errors
    /// When they do not come.
    pub async fn wait_for(&self, count: usize) -> anyhow::Result<Vec<Posted>> {
        wait::until_async(&format!("{count} posts"), POST_MAX, || {
            let posted = self.lock().clone();
            async move { Ok((posted.len() >= count).then_some(posted)) }
        })
        .await
    }

    async fn answer(
        &self,
        statuses: &[StatusCode],
        request: Request<Incoming>,
    ) -> Response<Full<Bytes>> {
        let is_post = request.method() == Method::POST;
        let path = request.uri().path().to_owned();
        let content_type = request.headers().get("content-type");
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        let body = request
            .into_body()
            .collect()
            .await
            .map(|body| body.to_bytes());
        let body = String::from_utf8_lossy(&body.unwrap_or_default()).into_owned();
        let mut posted = self.lock();
        let answered = match statuses.get(posted.len()) {
            _ if !is_post => StatusCode::METHOD_NOT_ALLOWED,
            Some(status) => *status,
            None => StatusCode::OK,
        };
        posted.push(Posted {
            path,
            content_type,
            body,
            answered,
        });
        let mut response = Response::new(Full::default());
        *response.status_mut() = answered;
        response
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Posted>> {
        self.posted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
