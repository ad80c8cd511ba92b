//! One kept-alive HTTP/1.1 connection: the cheapest honest client, for load and for walks alike.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::Context as _;
use base64::Engine as _;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, LOCATION};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpSocket;

/// The longest that one exchange may take; a flood's queue must be far below it.
const EXCHANGE_MAX: Duration = Duration::from_secs(30);

/// Where a server listens and what it is called.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The socket.
    pub address: SocketAddr,
    /// The `Host` header.
    pub host: String,
}

impl Peer {
    /// From `http://name:port`; names that end in `localhost` are this machine.
    ///
    /// # Errors
    /// When it is not such an address.
    pub fn parse(origin: &str) -> anyhow::Result<Self> {
        let host = origin
            .strip_prefix("http://")
            .map(|rest| rest.trim_end_matches('/'))
            .with_context(|| format!("{origin} is not a plain HTTP origin"))?;
        let (_, port) = host
            .rsplit_once(':')
            .with_context(|| format!("{origin} has no port"))?;
        let port: u16 = port
            .parse()
            .with_context(|| format!("the port of {origin} is no number"))?;
        Ok(Self {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            host: host.to_owned(),
        })
    }

    /// The scheme, name and port.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.host)
    }
}

/// One answer, read whole.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none; the message holds its beginning.
    pub fn json(&self) -> anyhow::Result<serde_json::Value> {
        serde_json::from_slice(&self.body).with_context(|| {
            let beginning: String = self.text().chars().take(200).collect();
            format!("{} with a body that is no JSON: {beginning}", self.status)
        })
    }

    /// Where it redirects to.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.headers.get(LOCATION)?.to_str().ok()
    }
}

/// A connection that opens itself when it is needed.
#[derive(Debug)]
pub struct Connection {
    peer: Peer,
    source: Option<IpAddr>,
    sender: Option<http1::SendRequest<Full<Bytes>>>,
    exchanges: u64,
}

impl Connection {
    /// To `peer`; opens with the first exchange.
    #[must_use]
    pub fn new(peer: Peer) -> Self {
        Self {
            peer,
            source: None,
            sender: None,
            exchanges: 0,
        }
    }

    /// The same from one of this machine's own loopback addresses, so that a server sees many clients.
    #[must_use]
    pub fn from_address(peer: Peer, source: IpAddr) -> Self {
        Self {
            peer,
            source: Some(source),
            sender: None,
            exchanges: 0,
        }
    }

    /// Begins anew with the next exchange: for a server that has been started again meanwhile.
    pub fn forget(&mut self) {
        self.sender = None;
    }

    /// How many requests it has sent.
    #[must_use]
    pub fn exchanges(&self) -> u64 {
        self.exchanges
    }

    /// To whom.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Asks for a page or a document.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn get(&mut self, path: &str, cookies: &str) -> anyhow::Result<Reply> {
        self.get_with(path, cookies, &[]).await
    }

    /// The same with further headers.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn get_with(
        &mut self,
        path: &str,
        cookies: &str,
        headers: &[(http::HeaderName, String)],
    ) -> anyhow::Result<Reply> {
        let mut request = Request::builder()
            .method(Method::GET)
            .uri(path)
            .header(HOST, &self.peer.host);
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies);
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        self.exchange(request.body(Full::default())?).await
    }

    /// Posts a form, with the headers given.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn post_form(
        &mut self,
        path: &str,
        body: String,
        headers: &[(http::HeaderName, String)],
    ) -> anyhow::Result<Reply> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(HOST, &self.peer.host)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        self.exchange(request.body(Full::new(Bytes::from(body)))?)
            .await
    }

    /// Calls an interface of programs, with a JSON body unless it is null.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn call(
        &mut self,
        method: Method,
        path: &str,
        body: &serde_json::Value,
        headers: &[(http::HeaderName, String)],
    ) -> anyhow::Result<Reply> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.peer.host);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let body = if body.is_null() {
            Full::default()
        } else {
            request = request.header(CONTENT_TYPE, "application/json");
            Full::new(Bytes::from(body.to_string()))
        };
        self.exchange(request.body(body)?).await
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<Reply> {
        let what = format!("{} {}", request.method(), request.uri().path());
        self.exchanges += 1;
        let reply = tokio::time::timeout(EXCHANGE_MAX, self.send(request)).await;
        match reply {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(error)) => {
                self.sender = None;
                Err(error).context(what)
            }
            Err(_) => {
                self.sender = None;
                anyhow::bail!("{what}: no answer within {} s", EXCHANGE_MAX.as_secs())
            }
        }
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<Reply> {
        let mut sender = match self.sender.take() {
            Some(sender) if sender.is_ready() => sender,
            _ => self.open().await?,
        };
        let reply = sender.send_request(request).await?;
        let (head, body) = reply.into_parts();
        let body = body.collect().await?.to_bytes();
        // The connection task needs one turn to see that the body has ended before it takes the next request.
        if sender.ready().await.is_ok() {
            self.sender = Some(sender);
        }
        Ok(Reply {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    async fn open(&self) -> anyhow::Result<http1::SendRequest<Full<Bytes>>> {
        let socket = TcpSocket::new_v4()?;
        if let Some(source) = self.source {
            socket.bind(SocketAddr::new(source, 0))?;
        }
        let stream = socket
            .connect(self.peer.address)
            .await
            .with_context(|| format!("nothing listens at {}", self.peer.address))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Its end shows in the sender; there is nobody else to tell.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }
}

/// The `Authorization` header of HTTP Basic, as RFC 6749 section 2.3.1 has it: both parts form-encoded first.
#[must_use]
pub fn basic(client_id: &str, client_secret: &str) -> (http::HeaderName, String) {
    let encode =
        |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let pair = format!("{}:{}", encode(client_id), encode(client_secret));
    let packed = base64::engine::general_purpose::STANDARD.encode(pair);
    (AUTHORIZATION, format!("Basic {packed}"))
}

/// A form's body.
#[must_use]
pub fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// A parameter of an address's query.
#[must_use]
pub fn query_parameter(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let query = query.split('#').next().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_becomes_a_socket_and_a_name() {
        let peer = Peer::parse("http://acme.localhost:8080/").unwrap();
        assert_eq!(peer.host, "acme.localhost:8080");
        assert_eq!(peer.address.port(), 8080);
        assert!(Peer::parse("https://localhost:1").is_err());
        assert!(Peer::parse("http://localhost").is_err());
    }

    #[test]
    fn basic_credentials_are_form_encoded_first() {
        let (_, value) = basic("a:b", "c d");
        assert_eq!(value, "Basic YSUzQWI6Yytk");
    }

    #[test]
    fn a_parameter_is_found_and_decoded() {
        let url = "http://127.0.0.1:9/cb?code=a%2Bb&iss=http%3A%2F%2Fx#f";
        assert_eq!(query_parameter(url, "code").as_deref(), Some("a+b"));
        assert_eq!(query_parameter(url, "state"), None);
    }
}
