//! How certificate authorities are asked: over TLS alone, bounded in size and time.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Largest answer: a chain, with room.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// How long one request may take, its answer included.
const REQUEST_SECS_MAX: u64 = 30;
/// How long an idle connection is kept.
const IDLE_SECS_MAX: u64 = 30;

/// Why authorities cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The file of roots cannot be read, or holds something else.
    #[error("{path}: {reason}")]
    Roots {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The roots make no configuration.
    #[error("the roots of certificate authorities cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// A client. Clones share its connections.
#[derive(Clone)]
pub struct AcmeClient(Client<HttpsConnector<HttpConnector>, BodyWrapper<Bytes>>);

impl AcmeClient {
    /// A client that believes these roots; the public ones if none are named.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn new(roots: Option<&Path>) -> Result<Self, ClientError> {
        let roots = match roots {
            Some(path) => read_roots(path)?,
            None => RootCertStore {
                roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
            },
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_only()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(IDLE_SECS_MAX))
            .build(connector);
        Ok(Self(client))
    }
}

fn read_roots(path: &Path) -> Result<RootCertStore, ClientError> {
    let refuse = |reason: String| ClientError::Roots {
        path: path.to_path_buf(),
        reason,
    };
    let read = CertificateDer::pem_file_iter(path).map_err(|error| refuse(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for root in read {
        let root = root.map_err(|error| refuse(error.to_string()))?;
        roots.add(root).map_err(|error| refuse(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(refuse(String::from("it holds no certificate in PEM form")));
    }
    Ok(roots)
}

impl HttpClient for AcmeClient {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let sent = self.0.request(request);
        Box::pin(async move {
            let whole = async {
                let (head, body) = sent.await.map_err(other)?.into_parts();
                let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
                let body = Full::new(body.map_err(Error::Other)?.to_bytes());
                Ok(BytesResponse::from(Response::from_parts(head, body)))
            };
            let limit = Duration::from_secs(REQUEST_SECS_MAX);
            tokio::time::timeout(limit, whole).await.map_err(other)?
        })
    }
}

/// With what caused it: "client error (Connect)" alone says nothing.
fn other(error: impl std::error::Error) -> Error {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    Error::Other(text.into())
}
