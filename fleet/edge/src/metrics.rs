//! What an edge has measured since its start, in the text form of Prometheus, for whoever asks on this machine.

use crate::answer::{AnswerBody, say};
use crate::tls::handshake::Front;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Connections at one time; further ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 16;
/// How long a connection may live: a scrape and the next one.
const CONNECTION_SECS_MAX: u64 = 120;
/// Pause after the system refused a connection (out of descriptors).
const ACCEPT_RETRY: Duration = Duration::from_millis(50);
/// Version of the text form.
const TEXT_FORM: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Answers for ever.
pub async fn serve(listener: TcpListener, front: Option<Arc<Front>>) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(permit) = Arc::clone(&connections).acquire_owned().await else {
            return;
        };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_RETRY).await;
                continue;
            }
        };
        let front = front.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let answer = answer(&request, front.as_deref());
                async move { Ok::<_, Infallible>(answer) }
            });
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service);
            let limit = Duration::from_secs(CONNECTION_SECS_MAX);
            // Whoever reads metrics comes again.
            let _ = tokio::time::timeout(limit, served).await;
            drop(permit);
        });
    }
}

fn answer<B>(request: &Request<B>, front: Option<&Front>) -> Response<AnswerBody> {
    if request.uri().path() != "/metrics" {
        return say(StatusCode::NOT_FOUND, "the metrics are at /metrics\n");
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return say(StatusCode::METHOD_NOT_ALLOWED, "metrics are read\n");
    }
    let text = front.map(|front| front.inventory.render() + &front.sources.render());
    let mut answer = say(StatusCode::OK, text.unwrap_or_default());
    let form = HeaderValue::from_static(TEXT_FORM);
    answer.headers_mut().insert(header::CONTENT_TYPE, form);
    answer
}
