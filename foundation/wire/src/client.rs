//! A thin client for what our processes ask of each other: JSON over mutual TLS, bounded in size and time.

use crate::control::Problem;
use crate::identity::{FleetIdentity, IdentityError};
use crate::routes::file::WHOLE_BYTES_MAX;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls_pki_types::ServerName;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::time::Duration;

/// The largest answer: a whole route map.
const ANSWER_BYTES_MAX: usize = WHOLE_BYTES_MAX as usize;
/// How long an idle connection is kept.
const IDLE_SECS_MAX: u64 = 30;

/// Asks one process of the fleet.
#[derive(Clone)]
pub struct FleetClient {
    address: String,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// Why there is no answer of the wanted kind.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The process cannot be reached, or did not answer in time.
    #[error("{address} cannot be reached: {reason}")]
    Unreachable {
        /// Which.
        address: String,
        /// Why.
        reason: String,
    },
    /// It refused.
    #[error("{}", .problem.message)]
    Refused {
        /// The status.
        status: StatusCode,
        /// What it said.
        problem: Problem,
    },
    /// It answered something else than was asked.
    #[error("{address} answered with something else than was asked: {reason}")]
    Garbled {
        /// Which.
        address: String,
        /// What was wrong.
        reason: String,
    },
}

impl FleetClient {
    /// A client for the process of this certificate name at this `host:port`.
    ///
    /// # Errors
    /// [`IdentityError`] if our own certificate or the name cannot be used.
    pub fn new(
        identity: &FleetIdentity,
        address: &str,
        server_name: &str,
    ) -> Result<Self, IdentityError> {
        let name = ServerName::try_from(server_name.to_owned())
            .map_err(|error| rustls::Error::General(format!("{server_name:?}: {error}")))?;
        let mut plain = HttpConnector::new();
        plain.enforce_http(false);
        plain.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(identity.client_config()?)
            .https_only()
            .with_server_name_resolver(FixedServerNameResolver::new(name))
            .enable_http1()
            .wrap_connector(plain);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(IDLE_SECS_MAX))
            .build(connector);
        Ok(Self {
            address: address.to_owned(),
            client,
        })
    }

    /// `GET`.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        timeout: Duration,
    ) -> Result<T, CallError> {
        self.send(Method::GET, path, Bytes::new(), timeout).await
    }

    /// `GET` of an answer that may be of another form than JSON: what form it says to be of, and its bytes.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_raw(
        &self,
        path: &str,
        timeout: Duration,
    ) -> Result<(Option<HeaderValue>, Bytes), CallError> {
        self.within(timeout, self.exchange(Method::GET, path, Bytes::new()))
            .await
    }

    /// `POST` of a JSON document.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        timeout: Duration,
    ) -> Result<T, CallError> {
        let body = self.render(body)?;
        self.send(Method::POST, path, body, timeout).await
    }

    /// `PUT` of a JSON document.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        timeout: Duration,
    ) -> Result<T, CallError> {
        let body = self.render(body)?;
        self.send(Method::PUT, path, body, timeout).await
    }

    /// `DELETE`.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn delete<T: DeserializeOwned>(
        &self,
        path: &str,
        timeout: Duration,
    ) -> Result<T, CallError> {
        self.send(Method::DELETE, path, Bytes::new(), timeout).await
    }

    fn render(&self, body: &impl Serialize) -> Result<Bytes, CallError> {
        serde_json::to_vec(body)
            .map(Bytes::from)
            .map_err(|error| self.garbled(&error))
    }

    fn garbled(&self, error: &impl ToString) -> CallError {
        CallError::Garbled {
            address: self.address.clone(),
            reason: error.to_string(),
        }
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        timeout: Duration,
    ) -> Result<T, CallError> {
        let answer = self.within(timeout, self.exchange(method, path, body));
        let (_, body) = answer.await?;
        serde_json::from_slice(&body).map_err(|error| self.garbled(&error))
    }

    async fn within<T>(
        &self,
        timeout: Duration,
        answer: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        match tokio::time::timeout(timeout, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(CallError::Unreachable {
                address: self.address.clone(),
                reason: format!("no answer within {} ms", timeout.as_millis()),
            }),
        }
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<(Option<HeaderValue>, Bytes), CallError> {
        let unreachable = |reason: String| CallError::Unreachable {
            address: self.address.clone(),
            reason,
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("https://{}{path}", self.address))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| self.garbled(&error))?;
        let answer = self
            .client
            .request(request)
            .await
            .map_err(|error| unreachable(render_first_cause(&error)))?;
        let status = answer.status();
        let form = answer.headers().get(header::CONTENT_TYPE).cloned();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX)
            .collect()
            .await
            .map_err(|error| unreachable(error.to_string()))?
            .to_bytes();
        if !status.is_success() {
            let problem = serde_json::from_slice(&body).unwrap_or_else(|_| Problem {
                error: String::from("unknown"),
                message: format!("{} answered {status}", self.address),
            });
            return Err(CallError::Refused { status, problem });
        }
        Ok((form, body))
    }
}

/// What was wrong in the first place. The layers around it ("client error (Connect)", "tcp connect error") tell people nothing.
fn render_first_cause(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let first = causes.last();
    first.map_or_else(String::new, ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::render_first_cause;

    #[derive(Debug, thiserror::Error)]
    #[error("client error (Connect)")]
    struct Layer(#[source] std::io::Error);

    #[test]
    fn what_was_wrong_in_the_first_place_is_told() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let told = refused.to_string();
        assert_eq!(render_first_cause(&refused), told);
        assert_eq!(render_first_cause(&Layer(refused)), told);
    }
}
