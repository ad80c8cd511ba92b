//! One call: the address, the token, the answer, each within bounds.

use crate::error::{ClientError, Refusal};
use crate::names::{Names, is_local};
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LINK, USER_AGENT};
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

/// How long one call may take, its answer included.
const CALL_MAX: Duration = Duration::from_secs(60);
/// Largest answer; a page of 1,000 rows of the log has about 2 MB.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Where the server is, and who asks.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address under which people reach the server.
    pub url: Url,
    /// The organisation's short name, where its address is none of its own.
    pub org: Option<String>,
    /// The text of an API token.
    pub token: String,
    /// Roots (PEM) to believe beside the public ones.
    pub roots: Option<PathBuf>,
}

/// Asks one organisation. Clones share the connections.
#[derive(Clone)]
pub struct Client {
    base: Url,
    authorization: HeaderValue,
    client: HyperClient<HttpsConnector<HttpConnector<Names>>, Full<Bytes>>,
}

/// An answer, and where the list goes on.
pub(crate) struct Answer<T> {
    pub(crate) body: T,
    pub(crate) next: Option<Url>,
}

impl Client {
    /// A client of these settings; nothing is asked yet.
    ///
    /// # Errors
    /// [`ClientError::Settings`]
    pub fn new(settings: &Settings) -> Result<Self, ClientError> {
        let mut authorization = HeaderValue::try_from(format!("SSWS {}", settings.token.trim()))
            .map_err(|_| wrong("the token", "it has characters that no token has"))?;
        authorization.set_sensitive(true);
        let mut plain = HttpConnector::new_with_resolver(Names);
        plain.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(settings)?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(plain);
        Ok(Self {
            base: base_of(settings)?,
            authorization,
            client: HyperClient::builder(TokioExecutor::new()).build(connector),
        })
    }

    /// `GET` of one thing.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, ClientError> {
        self.ask(Method::GET, path, &[], None::<&()>).await
    }

    /// Any call with a document in its answer.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&impl Serialize>,
    ) -> Result<T, ClientError> {
        let address = self.address(path, query)?;
        let (_, body) = self.exchange(method, &address, body).await?;
        parse(&address, &body)
    }

    /// Any call whose answer does not matter.
    pub(crate) async fn tell(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&impl Serialize>,
    ) -> Result<(), ClientError> {
        let address = self.address(path, query)?;
        self.exchange(method, &address, body).await.map(drop)
    }

    /// One page of a list.
    pub(crate) async fn page<T: DeserializeOwned>(
        &self,
        address: &Url,
    ) -> Result<Answer<Vec<T>>, ClientError> {
        let (head, body) = self.exchange(Method::GET, address, None::<&()>).await?;
        let next = match next_of(&head) {
            Some(link) => Some(self.within(&link)?),
            None => None,
        };
        Ok(Answer {
            body: parse(address, &body)?,
            next,
        })
    }

    /// The address of a path, whose parts may be anything: logins have characters of their own.
    pub(crate) fn address(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Url, ClientError> {
        if let Some(part) = path.iter().find(|part| matches!(**part, "" | "." | "..")) {
            return Err(wrong("the name", &format!("`{part}` names nothing")));
        }
        let mut address = self.base.clone();
        if let Ok(mut segments) = address.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v1"]).extend(path);
        }
        if !query.is_empty() {
            address.query_pairs_mut().extend_pairs(query);
        }
        Ok(address)
    }

    /// Where a list goes on: at the server that was asked, whatever address it believes to have, for the token goes with it.
    fn within(&self, link: &str) -> Result<Url, ClientError> {
        let garbled = |reason: String| ClientError::Garbled {
            address: self.base.to_string(),
            reason,
        };
        let link = self
            .base
            .join(link)
            .map_err(|error| garbled(format!("the next page: {error}")))?;
        let mut address = self.base.clone();
        address.set_path(link.path());
        address.set_query(link.query());
        Ok(address)
    }

    async fn exchange(
        &self,
        method: Method,
        address: &Url,
        body: Option<&impl Serialize>,
    ) -> Result<(HeaderMap, Bytes), ClientError> {
        let unreachable = |reason: String| ClientError::Unreachable {
            address: self.base.to_string(),
            reason,
        };
        let mut request = Request::builder()
            .method(method)
            .uri(address.as_str())
            .header(AUTHORIZATION, self.authorization.clone())
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, concat!("testudo/", env!("CARGO_PKG_VERSION")));
        let sent = match body {
            Some(body) => {
                request = request.header(CONTENT_TYPE, "application/json");
                serde_json::to_vec(body).map_err(|error| wrong("the call", &error.to_string()))?
            }
            None => Vec::new(),
        };
        let request = request
            .body(Full::new(Bytes::from(sent)))
            .map_err(|error| wrong("the address", &error.to_string()))?;
        let exchange = async {
            let answer = self.client.request(request).await;
            let answer = answer.map_err(|error| unreachable(innermost(&error)))?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|error| unreachable(error.to_string()))?;
            Ok((head, body.to_bytes()))
        };
        let (head, body) = tokio::time::timeout(CALL_MAX, exchange)
            .await
            .map_err(|_| {
                unreachable(format!("no answer within {} seconds", CALL_MAX.as_secs()))
            })??;
        if head.status.is_success() {
            Ok((head.headers, body))
        } else {
            Err(ClientError::Refused(Refusal::parse(head.status, &body)))
        }
    }
}

fn wrong(setting: &'static str, reason: &str) -> ClientError {
    ClientError::Settings {
        setting,
        reason: reason.to_owned(),
    }
}

/// Where the organisation answers. A token goes over the network in TLS, or not at all.
fn base_of(settings: &Settings) -> Result<Url, ClientError> {
    let mut base = settings.url.clone();
    base.set_query(None);
    base.set_fragment(None);
    let near = match base.host() {
        Some(Host::Domain(name)) => is_local(name),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match base.scheme() {
        "https" => {}
        "http" if near => {}
        "http" => {
            return Err(wrong(
                "the address",
                "a token is not sent without TLS to another machine; use https://",
            ));
        }
        _ => {
            return Err(wrong(
                "the address",
                "it must begin with https://, or http:// on this machine",
            ));
        }
    }
    if let Some(org) = &settings.org {
        if org.is_empty() || org.contains(['/', '.', '?', '#']) {
            return Err(wrong(
                "the organisation",
                "name it by its short name, such as acme",
            ));
        }
        if let Ok(mut segments) = base.path_segments_mut() {
            segments.pop_if_empty().extend(["t", org]);
        }
    }
    Ok(base)
}

fn tls(settings: &Settings) -> Result<ClientConfig, ClientError> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if let Some(path) = &settings.roots {
        let unread = |reason: String| {
            wrong(
                "the file of roots",
                &format!("{}: {reason}", path.display()),
            )
        };
        let found =
            CertificateDer::pem_file_iter(path).map_err(|error| unread(error.to_string()))?;
        for root in found {
            let root = root.map_err(|error| unread(error.to_string()))?;
            roots.add(root).map_err(|error| unread(error.to_string()))?;
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| wrong("TLS", &error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn parse<T: DeserializeOwned>(address: &Url, body: &[u8]) -> Result<T, ClientError> {
    serde_json::from_slice(body).map_err(|error| ClientError::Garbled {
        address: address.to_string(),
        reason: error.to_string(),
    })
}

/// The link to the next page (RFC 8288).
fn next_of(head: &HeaderMap) -> Option<String> {
    let links = head
        .get_all(LINK)
        .iter()
        .filter_map(|value| value.to_str().ok());
    links
        .flat_map(|links| links.split(", <"))
        .filter(|link| link.contains("rel=\"next\""))
        .find_map(|link| {
            let address = link.trim_start_matches('<').split_once('>')?.0;
            Some(address.to_owned())
        })
}

/// The cause that says most: those around it say that something failed.
fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::{Client, Settings, next_of};
    use http::HeaderMap;
    use http::header::LINK;

    fn settings(url: &str, org: Option<&str>) -> Settings {
        Settings {
            url: url.parse().unwrap(),
            org: org.map(str::to_owned),
            token: String::from("00Ttoken"),
            roots: None,
        }
    }

    #[test]
    fn an_address_is_made_of_its_parts() {
        let cases = [
            (
                "http://127.0.0.1:8080",
                None,
                "http://127.0.0.1:8080/api/v1/users/ada@example.com%2Fx",
            ),
            (
                "https://id.example.com/",
                Some("acme"),
                "https://id.example.com/t/acme/api/v1/users/ada@example.com%2Fx",
            ),
            (
                "https://id.example.com/t/acme?a#b",
                None,
                "https://id.example.com/t/acme/api/v1/users/ada@example.com%2Fx",
            ),
        ];
        for (url, org, whole) in cases {
            let client = Client::new(&settings(url, org)).unwrap();
            assert_eq!(
                client
                    .address(&["users", "ada@example.com/x"], &[])
                    .unwrap()
                    .as_str(),
                whole
            );
            assert!(client.address(&["users", ".."], &[]).is_err());
            assert!(client.address(&["users", ""], &[]).is_err());
        }
    }

    #[test]
    fn a_token_does_not_leave_the_machine_in_clear() {
        for (url, org) in [
            ("http://id.example.com", None),
            ("http://192.0.2.1:8080", None),
            ("ftp://localhost", None),
            ("https://id.example.com", Some("")),
            ("https://id.example.com", Some("../x")),
        ] {
            assert!(Client::new(&settings(url, org)).is_err(), "{url} {org:?}");
        }
        for url in [
            "http://[::1]:80",
            "http://acme.localhost:8080",
            "http://127.0.0.9",
        ] {
            assert!(Client::new(&settings(url, None)).is_ok(), "{url}");
        }
        let broken = Settings {
            token: String::from("two\nlines"),
            ..settings("http://localhost", None)
        };
        assert!(Client::new(&broken).is_err());
    }

    #[test]
    fn the_next_page_is_found_among_links_and_asked_of_the_same_server() {
        let own = "<https://id.example.com/api/v1/users>; rel=\"self\"";
        let next = "<https://id.example.com/api/v1/users?after=x,y>; rel=\"next\"";
        let mut both = HeaderMap::new();
        both.append(LINK, own.parse().unwrap());
        both.append(LINK, next.parse().unwrap());
        let mut joined = HeaderMap::new();
        joined.append(LINK, format!("{own}, {next}").parse().unwrap());
        for head in [both, joined] {
            let link = next_of(&head).unwrap();
            let client = Client::new(&settings("http://127.0.0.1:8080", None)).unwrap();
            let address = client.within(&link).unwrap();
            assert_eq!(
                address.as_str(),
                "http://127.0.0.1:8080/api/v1/users?after=x,y"
            );
        }
        let mut last = HeaderMap::new();
        last.append(LINK, own.parse().unwrap());
        assert_eq!(next_of(&last), None);
    }
}
