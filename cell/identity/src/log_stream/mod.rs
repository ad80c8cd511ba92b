//! Log streams: receivers to which the log of an org flows, row after row, at least once.
//!
//! A stream follows the log by the numbers of the rows, as event hooks do; but what it has not been told stays in the log,
//! and its place moves only when the receiver has taken what was sent ([`dispatch`]). So nothing is lost and nothing
//! overtakes; a receiver that is slow, or away, delays itself alone. What is sent is rendered by [`wire`], and leaves
//! through an [`crate::event_hook::envoy`] that alone connects.

pub mod dispatch;
pub mod operations;
pub mod parcel;
pub mod retry;
pub mod settings;
pub mod store;
pub mod trial;
pub mod wire;

use crate::event_hook::{FormerSecret, SealedHeader};
use serde::{Deserialize, Serialize};
use vocab::id::{LogStreamId, OrgId};
use vocab::time::Timestamp;

/// Most streams of one org.
pub const STREAMS_MAX: usize = 10;

/// Where the secrets of a stream are bound to.
pub(crate) fn place_of(id: &LogStreamId) -> String {
    format!("log-stream:{id}")
}

/// How a stream leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamKind {
    /// Requests with some events each.
    Webhook,
    /// Messages of syslog over TLS.
    Syslog,
}

impl StreamKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Webhook, Self::Syslog];

    /// The word of the API and of forms.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Syslog => "syslog",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStream {
    /// The org it belongs to.
    pub org_id: OrgId,
    /// Its id.
    pub id: LogStreamId,
    /// Its name.
    pub name: String,
    /// Where to, and how.
    pub config: StreamConfig,
    /// Which events, in the filter language of the log; all where it is empty.
    pub filter: String,
    /// Whether it is switched on.
    pub active: bool,
    /// Rises with each change by an administrator.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When an administrator last changed it.
    pub updated_at: Timestamp,
    /// How far it has come.
    pub standing: Standing,
}

/// Where a stream goes. Everything secret in it is sealed under the org's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamConfig {
    /// The receiver.
    pub receiver: Receiver,
    /// The address of the org, as whoever last set the stream reached it.
    pub base_url: String,
}

impl StreamConfig {
    /// How it leaves.
    #[must_use]
    pub const fn kind(&self) -> StreamKind {
        match self.receiver {
            Receiver::Webhook(_) => StreamKind::Webhook,
            Receiver::Syslog(_) => StreamKind::Syslog,
        }
    }
}

/// Who takes a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Receiver {
    /// Whoever answers at an address.
    Webhook(Webhook),
    /// Whoever takes syslog over TLS.
    Syslog(Syslog),
}

/// An address that is told by requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// The address.
    pub uri: String,
    /// The header by which the receiver knows us.
    pub auth: Option<SealedHeader>,
    /// The secret of the signature, sealed, in base64.
    pub secret: String,
    /// The one before.
    pub former: Option<FormerSecret>,
}

/// A receiver of syslog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Syslog {
    /// Its name, which its certificate must bear.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who signs its certificate, as PEM; public authorities where that is not said.
    pub authority: Option<String>,
}

/// How far a stream has come, and what came of the last attempts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The number of the last row that the receiver has taken, or that is not for it.
    pub followed: i64,
    /// The newest row of the log.
    pub newest: i64,
    /// Rows that were removed from the log before it came to them.
    pub missed: i64,
    /// When something was last taken.
    pub taken_at: Option<Timestamp>,
    /// When something was last sent.
    pub tried_at: Option<Timestamp>,
    /// Attempts that failed since something was last taken.
    pub failures: i64,
    /// When the first of these was.
    pub failing_since: Option<Timestamp>,
    /// Whether its administrators were told that it fails.
    pub alerted: bool,
    /// Why nothing was answered last: a word of [`crate::event_hook::envoy::Trouble`].
    pub trouble: Option<String>,
    /// The status that was answered last.
    pub status: Option<i64>,
    /// No attempt before this moment.
    pub next_at: Timestamp,
}

impl Standing {
    /// How many rows of the log it has not come to.
    #[must_use]
    pub fn behind(&self) -> i64 {
        self.newest.saturating_sub(self.followed).max(0)
    }
}
