//! Goes to addresses that administrators of orgs named, for hooks, log streams, identity providers and the SCIM servers of apps: by [`crate::outbound`] alone, within a bound of
//! time, without following anybody anywhere, and reading no more than a bound of what is answered.

use crate::outbound::{Connector, Reach};
use crate::syslog;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{HeaderMap, Request, header};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use identity::event_hook::channel::decide_uri;
use identity::event_hook::envoy::{
    Answered, Envoy, Letter, Method, PlainHttp, Sent, Shipment, Shipped, Trouble,
};
use protocol::scim::MEDIA_TYPE;
use rustls::ClientConfig;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How long a receiver may take, from the first packet to the last.
const ANSWER_MAX: Duration = Duration::from_secs(3);
/// How long a SCIM server may take, which often asks another system before it answers.
const SCIM_ANSWER_MAX: Duration = Duration::from_secs(10);
/// Longest pause that a receiver can ask for.
const PAUSE_SECS_MAX: u32 = 24 * 60 * 60;
/// Bytes of an answer that are held while it is read; its head is no larger.
const BUFFER_BYTES_MAX: usize = 64 * 1_024;
/// Connections to one host that are kept for what comes next.
const IDLE_OF_ONE_HOST_MAX: usize = 2;
/// How long they are kept.
const IDLE_MAX: Duration = Duration::from_secs(20);
/// What we call ourselves.
const USER_AGENT: &str = "testudo-event-hooks";
/// What we call ourselves at SCIM servers.
const SCIM_USER_AGENT: &str = "testudo-provisioning";

/// The one envoy of a cell.
pub struct HttpEnvoy {
    client: Client<HttpsConnector<Connector>, Full<Bytes>>,
    public: Arc<ClientConfig>,
    reach: Reach,
}

impl HttpEnvoy {
    /// One that goes no further than this, and trusts public authorities.
    ///
    /// # Errors
    /// What the TLS library says.
    pub fn new(reach: Reach) -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_webpki_roots()
            .with_no_client_auth();
        Ok(Self::trusting(reach, tls))
    }

    /// The same with other authorities.
    pub(crate) fn trusting(reach: Reach, tls: ClientConfig) -> Self {
        let public = Arc::new(tls.clone());
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(Connector::new(reach));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_MAX)
            .pool_max_idle_per_host(IDLE_OF_ONE_HOST_MAX)
            .http1_max_buf_size(BUFFER_BYTES_MAX)
            .build(connector);
        Self {
            client,
            public,
            reach,
        }
    }

    async fn go(&self, letter: &Letter) -> Result<Answered, Trouble> {
        // An address may have been stored while the operator let connections go further.
        decide_uri("uri", &letter.uri, self.plain_http()).map_err(|_| Trouble::Inward)?;
        let request = render_request(letter).map_err(|_| Trouble::Garbled)?;
        let answer = self.client.request(request).await;
        let answer = answer.map_err(|error| decide_trouble(error.is_connect(), &error))?;
        let (parts, body) = answer.into_parts();
        Ok(Answered {
            status: parts.status.as_u16(),
            body: read_beginning(body, letter.answer_bytes_max).await?,
            retry_after_secs: read_pause(&parts.headers),
        })
    }
}

impl Envoy for HttpEnvoy {
    fn plain_http(&self) -> PlainHttp {
        match self.reach {
            Reach::Public => PlainHttp::Never,
            Reach::PublicAndLoopback => PlainHttp::OnThisMachine,
            Reach::Everywhere => PlainHttp::Anywhere,
        }
    }

    fn send<'e>(&'e self, letter: &'e Letter) -> Sent<'e> {
        let time_max = if letter.method.is_scim() {
            SCIM_ANSWER_MAX
        } else {
            ANSWER_MAX
        };
        Box::pin(async move {
            tokio::time::timeout(time_max, self.go(letter))
                .await
                .unwrap_or(Err(Trouble::TimedOut))
        })
    }

    fn ship<'e>(&'e self, shipment: &'e Shipment) -> Shipped<'e> {
        Box::pin(syslog::ship(self.reach, &self.public, shipment))
    }

    fn reads_authority(&self, pem: &str) -> bool {
        syslog::read_authority(pem).is_some()
    }
}

fn render_request(letter: &Letter) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let mut request = Request::builder()
        .method(letter.method.as_str())
        .uri(&letter.uri);
    let content_type = match letter.method {
        Method::Get | Method::ScimGet | Method::ScimDelete => None,
        Method::Post => Some("application/json"),
        Method::PostForm => Some("application/x-www-form-urlencoded"),
        Method::ScimPost | Method::ScimPut | Method::ScimPatch => Some(MEDIA_TYPE),
    };
    if let Some(content_type) = content_type {
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    let (name, accepted) = match letter.method.is_scim() {
        true => (SCIM_USER_AGENT, "application/scim+json, application/json"),
        false => (USER_AGENT, "application/json"),
    };
    request = request
        .header(header::USER_AGENT, name)
        .header(header::ACCEPT, accepted);
    for (name, value) in &letter.headers {
        request = request.header(name, value.expose());
    }
    request.body(Full::new(Bytes::from(letter.body.clone())))
}

/// The pause that is asked for, in seconds; one that is asked for by a date is not understood.
fn read_pause(headers: &HeaderMap) -> Option<u32> {
    let asked = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    let secs: u32 = asked.trim().parse().ok()?;
    Some(secs.min(PAUSE_SECS_MAX))
}

/// What is behind the bound is not read; the connection is then closed, for the rest would come on it.
async fn read_beginning(mut body: Incoming, bytes_max: usize) -> Result<Vec<u8>, Trouble> {
    let mut read = Vec::new();
    while read.len() < bytes_max {
        let Some(frame) = body.frame().await else {
            break;
        };
        let frame = frame.map_err(|_| Trouble::Garbled)?;
        if let Some(bytes) = frame.data_ref() {
            let room = bytes_max - read.len();
            read.extend(bytes.iter().take(room));
        }
    }
    Ok(read)
}

/// What went wrong, by what the layers below say of it.
pub(crate) fn decide_trouble(while_connecting: bool, error: &(dyn Error + 'static)) -> Trouble {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<rustls::Error>() {
            return Trouble::Untrusted;
        }
        cause = error.source();
        if let Some(error) = error.downcast_ref::<io::Error>() {
            match error.kind() {
                io::ErrorKind::PermissionDenied => return Trouble::Inward,
                io::ErrorKind::TimedOut => return Trouble::TimedOut,
                _ => {}
            }
            // Its source is that of what it holds, which is passed over.
            if let Some(inner) = error.get_ref() {
                cause = Some(inner);
            }
        }
    }
    if while_connecting {
        Trouble::Unreachable
    } else {
        Trouble::Garbled
    }
}
