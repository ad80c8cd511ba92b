//! The way from here to an address that an administrator named. Whoever implements it decides where connections may go,
//! follows no redirection, and reads no more of an answer than its bound.

use std::pin::Pin;
use vocab::future::boxed;
use vocab::secret::Secret;

/// Most of an answer that is read, unless a letter says otherwise.
pub const ANSWER_BYTES_MAX: usize = 16 * 1_024;

/// Whether an address may do without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainHttp {
    /// Never.
    Never,
    /// On this machine: for development.
    OnThisMachine,
    /// Anywhere, since the operator lets connections go anywhere.
    Anywhere,
}

/// What is done at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Something is asked.
    Get,
    /// Something is told.
    Post,
    /// The same, as a form.
    PostForm,
    /// Something is asked of a SCIM server.
    ScimGet,
    /// Something is added there.
    ScimPost,
    /// Something is replaced there.
    ScimPut,
    /// Something is changed there.
    ScimPatch,
    /// Something is removed there.
    ScimDelete,
}

impl Method {
    /// The name of the method.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get | Self::ScimGet => "GET",
            Self::Post | Self::PostForm | Self::ScimPost => "POST",
            Self::ScimPut => "PUT",
            Self::ScimPatch => "PATCH",
            Self::ScimDelete => "DELETE",
        }
    }

    /// Whether it is one of those that go to SCIM servers, which may take their time.
    #[must_use]
    pub const fn is_scim(self) -> bool {
        matches!(
            self,
            Self::ScimGet | Self::ScimPost | Self::ScimPut | Self::ScimPatch | Self::ScimDelete
        )
    }
}

/// A request to an address. Not `Debug`: a header may be a secret.
pub struct Letter {
    /// What is done.
    pub method: Method,
    /// The address.
    pub uri: String,
    /// Headers, beside those that belong to every request.
    pub headers: Vec<(String, Secret<String>)>,
    /// The body.
    pub body: Vec<u8>,
    /// Most of the answer that is read.
    pub answer_bytes_max: usize,
}

/// An answer, cut to as much as its letter says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// For how many seconds the receiver asks to be left alone.
    pub retry_after_secs: Option<u32>,
}

impl Answered {
    /// An answer that asks for no pause.
    #[must_use]
    pub const fn of(status: u16, body: Vec<u8>) -> Self {
        Self {
            status,
            body,
            retry_after_secs: None,
        }
    }
}

/// Why there was no answer. Administrators read it, so it tells nothing of the network that this server stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The address leads where connections must not go.
    Inward,
    /// Nobody was reached.
    Unreachable,
    /// Somebody was reached who is not known to be the right one.
    Untrusted,
    /// It took too long.
    TimedOut,
    /// What came was no answer.
    Garbled,
    /// The connection ended before all was taken.
    Broken,
}

impl Trouble {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Inward,
        Self::Unreachable,
        Self::Untrusted,
        Self::TimedOut,
        Self::Garbled,
        Self::Broken,
    ];

    /// The word of storage and of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inward => "PRIVATE_ADDRESS",
            Self::Unreachable => "UNREACHABLE",
            Self::Untrusted => "UNTRUSTED_CERTIFICATE",
            Self::TimedOut => "TIMEOUT",
            Self::Garbled => "NO_HTTP",
            Self::Broken => "CONNECTION_LOST",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|trouble| trouble.as_str() == word)
    }

    /// Whether there is no use in trying again: where connections must not go, they must not go a second time.
    pub(crate) fn is_final(self) -> bool {
        self == Self::Inward
    }
}

/// Frames for a receiver of syslog over TLS.
pub struct Shipment {
    /// The receiver, by which its certificate is judged.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The certificates, as PEM, of which one must have signed the receiver's; public authorities where there are none.
    pub authority: Option<String>,
    /// The frames.
    pub frames: Vec<u8>,
}

/// What [`Envoy::ship`] returns.
pub type Shipped<'e> = Pin<Box<dyn Future<Output = Result<(), Trouble>> + Send + 'e>>;

/// What [`Envoy::send`] returns.
pub type Sent<'e> = Pin<Box<dyn Future<Output = Result<Answered, Trouble>> + Send + 'e>>;

/// Goes to addresses that administrators named.
pub trait Envoy: Send + Sync {
    /// Whether an address may do without TLS.
    fn plain_http(&self) -> PlainHttp;

    /// Sends one request, within a bound of time.
    fn send<'e>(&'e self, letter: &'e Letter) -> Sent<'e>;

    /// Writes frames on a connection of their own, within a bound of time. They count as taken when the receiver, told that
    /// nothing more comes, has ended the connection in order: it has read them all then.
    fn ship<'e>(&'e self, shipment: &'e Shipment) -> Shipped<'e>;

    /// Whether a text holds certificates of authorities, and nothing else.
    fn reads_authority(&self, pem: &str) -> bool;
}

/// The answer of an address that is asked so often while it is silent or fails.
///
/// # Errors
/// [`Trouble`] of the last time.
#[boxed]
pub async fn ask(
    envoy: &dyn Envoy,
    letter: &Letter,
    times_max: usize,
) -> Result<Answered, Trouble> {
    let mut answer = envoy.send(letter).await;
    for _ in 1..times_max {
        let is_final = match &answer {
            Ok(answered) => is_final(answered.status),
            Err(trouble) => trouble.is_final(),
        };
        if is_final {
            break;
        }
        answer = envoy.send(letter).await;
    }
    answer
}

/// Whether whoever answers with this status is not asked once more.
pub(crate) const fn is_final(status: u16) -> bool {
    status < 500
}

/// No way at all: for commands that work on a store and reach nobody.
pub struct Nowhere;

impl Envoy for Nowhere {
    fn plain_http(&self) -> PlainHttp {
        PlainHttp::Never
    }

    fn send<'e>(&'e self, _: &'e Letter) -> Sent<'e> {
        Box::pin(async { Err(Trouble::Unreachable) })
    }

    fn ship<'e>(&'e self, _: &'e Shipment) -> Shipped<'e> {
        Box::pin(async { Err(Trouble::Unreachable) })
    }

    fn reads_authority(&self, _: &str) -> bool {
        false
    }
}
