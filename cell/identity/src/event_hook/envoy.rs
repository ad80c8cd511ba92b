//! The way from here to an address that an administrator named. Whoever implements it decides where connections may go,
//! follows no redirection, and reads no more of an answer than its bound.

use std::pin::Pin;
use vocab::secret::Secret;

/// Most of an answer that is read.
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
}

/// An answer, cut to [`ANSWER_BYTES_MAX`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
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
}

impl Trouble {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::Inward,
        Self::Unreachable,
        Self::Untrusted,
        Self::TimedOut,
        Self::Garbled,
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
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|trouble| trouble.as_str() == word)
    }
}

/// What [`Envoy::send`] returns.
pub type Sent<'e> = Pin<Box<dyn Future<Output = Result<Answered, Trouble>> + Send + 'e>>;

/// Goes to addresses that administrators named.
pub trait Envoy: Send + Sync {
    /// Whether an address may do without TLS.
    fn plain_http(&self) -> PlainHttp;

    /// Sends one request, within a bound of time.
    fn send<'e>(&'e self, letter: &'e Letter) -> Sent<'e>;
}
