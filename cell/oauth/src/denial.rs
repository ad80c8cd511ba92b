//! Why a request of a client is not granted: its own fault in the protocol's words, or ours.

use database::DatabaseFault;
use identity::fault::Fault;
use keys::KeyFault;
use protocol::oauth::error::{ErrorCode, WireError, render_description};
use std::borrow::Cow;

/// The caller's fault, in the protocol's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The protocol's code.
    pub code: ErrorCode,
    /// What was wrong, for the developer of the client.
    pub description: Cow<'static, str>,
}

/// What is told to a client that does not prove who it is from an address which is taken for a threat: it failed like any other
/// (RFC 6749 section 5.2).
pub const THREAT: Denial = Denial::new(
    ErrorCode::InvalidClient,
    "too many names have failed from this address; try again later",
);

impl Denial {
    /// A denial with a fixed text.
    #[must_use]
    pub const fn new(code: ErrorCode, description: &'static str) -> Self {
        Self {
            code,
            description: Cow::Borrowed(description),
        }
    }

    /// A denial with a text that is made; what may not stand in one is replaced.
    #[must_use]
    pub fn told(code: ErrorCode, text: &str) -> Self {
        Self {
            code,
            description: Cow::Owned(render_description(text)),
        }
    }

    /// The grant is unknown, used, ended or another client's: all the same to the one who asks.
    #[must_use]
    pub const fn invalid_grant(description: &'static str) -> Self {
        Self::new(ErrorCode::InvalidGrant, description)
    }
}

/// Why a request is not granted.
#[derive(Debug)]
pub enum Failure {
    /// The caller's fault.
    Denied(Denial),
    /// The client did not prove who it is.
    Unauthenticated {
        /// In the protocol's words.
        denial: Denial,
        /// Whether the client tried the `Authorization` header.
        by_header: ByHeader,
    },
    /// Too many failures; come back later.
    SlowDown {
        /// How long to wait.
        retry_after_secs: i64,
    },
    /// There is no such authorization server, or it is switched off.
    NoServer,
    /// Ours.
    Fault(Fault),
}

/// Whether a client tried to authenticate with the `Authorization` header (RFC 6749 section 5.2 answers it in kind).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByHeader {
    /// It did.
    Yes,
    /// It did not.
    No,
}

impl Failure {
    /// A refusal of one of the protocol's parsers.
    pub fn wire(error: &impl WireError) -> Self {
        Self::Denied(Denial {
            code: error.code(),
            description: Cow::Owned(error.description()),
        })
    }
}

impl From<Denial> for Failure {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<DatabaseFault> for Failure {
    fn from(fault: DatabaseFault) -> Self {
        Self::Fault(fault.into())
    }
}

impl From<KeyFault> for Failure {
    fn from(fault: KeyFault) -> Self {
        Self::Fault(fault.into())
    }
}
