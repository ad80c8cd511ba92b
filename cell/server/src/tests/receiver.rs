//! Receivers that listen: of requests, that take what they are told or misbehave; and certificates for them.

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

/// What a receiver does next, in place of taking what it is told.
pub(super) enum Act {
    Answer(u16, String),
    RedirectTo(String),
    Hang,
}

/// What a receiver was told.
pub(super) struct Told {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Told {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(super) fn envelope(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A receiver that listens.
pub(super) struct Receiver {
    pub(super) uri: String,
    acts: Arc<Mutex<VecDeque<Act>>>,
    pub(super) told: mpsc::UnboundedReceiver<Told>,
}

impl Receiver {
    pub(super) async fn start(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acts = Arc::new(Mutex::new(VecDeque::new()));
        let (tell, told) = mpsc::unbounded_channel();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let next = Arc::clone(&acts);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (tls, acts, tell) = (tls.clone(), Arc::clone(&next), tell.clone());
                tokio::spawn(async move {
                    let service =
                        service_fn(move |request| answer(request, Arc::clone(&acts), tell.clone()));
                    let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                    // A client that turns away ends the connection; that is its right.
                    match tls {
                        None => {
                            let _ = server.serve_connection(TokioIo::new(stream), service).await;
                        }
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                let stream = TokioIo::new(stream);
                                let _ = server.serve_connection(stream, service).await;
                            }
                        }
                    }
                });
            }
        });
        Self {
            uri: format!("{scheme}://localhost:{port}/in"),
            acts,
            told,
        }
    }

    pub(super) fn will(&self, acts: impl IntoIterator<Item = Act>) {
        self.acts.lock().unwrap().extend(acts);
    }

    pub(super) fn was_told(&mut self) -> Vec<Told> {
        std::iter::from_fn(|| self.told.try_recv().ok()).collect()
    }
}

async fn answer(
    request: Request<Incoming>,
    acts: Arc<Mutex<VecDeque<Act>>>,
    tell: mpsc::UnboundedSender<Told>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let challenge = request
        .headers()
        .get("x-okta-verification-challenge")
        .cloned();
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    if method == Method::POST {
        let _ = tell.send(Told { headers, body });
    }
    let respond = |status: u16, text: String| {
        let response = Response::builder().status(status);
        response.body(Full::new(Bytes::from(text))).unwrap()
    };
    let act = acts.lock().unwrap().pop_front();
    Ok(match act {
        Some(Act::Answer(status, text)) => respond(status, text),
        Some(Act::RedirectTo(uri)) => Response::builder()
            .status(302)
            .header("location", uri)
            .body(Full::default())
            .unwrap(),
        Some(Act::Hang) => std::future::pending().await,
        None => {
            let challenge = challenge.map(|text| text.to_str().unwrap().to_owned());
            respond(200, json!({ "verification": challenge }).to_string())
        }
    })
}

/// A certificate that signed itself.
pub(super) struct Certificate {
    pub(super) pem: String,
    der: CertificateDer<'static>,
    key: Vec<u8>,
}

/// A certificate for this name.
pub(super) fn make_certificate(name: &str) -> Certificate {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    Certificate {
        pem: made.cert.pem(),
        der: made.cert.der().clone(),
        key: made.signing_key.serialize_der(),
    }
}

impl Certificate {
    /// What takes connections under it.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.der.clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(server))
    }

    /// The authorities of whoever trusts it.
    pub(super) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        roots
    }
}
