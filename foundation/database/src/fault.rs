//! What can go wrong between us and an engine, in one small vocabulary for both engines.
//!
//! A fault says what kind it is, what was attempted, and keeps the engine's own words as its source. It never carries
//! a bound value: PostgreSQL's detail lines quote the row ("Key (login)=(…)"), so they are dropped here.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// How many words and bytes of a statement name it in a message.
const ATTEMPT_WORDS_MAX: usize = 5;
const ATTEMPT_BYTES_MAX: usize = 80;

/// What kind of thing went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// A row with this key exists already.
    UniqueViolation {
        /// The table that has the key.
        table: String,
        /// The columns (SQLite) or the constraint (PostgreSQL) that was violated.
        hint: String,
    },
    /// A foreign key, NOT NULL or CHECK was violated; the hint is the constraint or its table, where the engine says so.
    ConstraintViolation {
        /// What the engine calls the constraint.
        hint: String,
    },
    /// Lost a race (serialization failure, deadlock, lock timeout): the same work may be tried again.
    Retryable,
    /// The engine cannot be reached, is shutting down, is full or did not answer in time.
    Unavailable,
    /// The stored data is damaged.
    Corrupt,
    /// A value does not fit the column or the type that was asked for.
    TypeMismatch,
    /// Anything else: wrong SQL, a write in a read transaction, a panic in the work.
    Other,
}

impl fmt::Display for FaultKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UniqueViolation { table, hint } => {
                write!(formatter, "unique key of {table} ({hint}) violated")
            }
            Self::ConstraintViolation { hint } => write!(formatter, "constraint {hint} violated"),
            Self::Retryable => formatter.write_str("lost a race, may be tried again"),
            Self::Unavailable => formatter.write_str("database unavailable"),
            Self::Corrupt => formatter.write_str("stored data is damaged"),
            Self::TypeMismatch => formatter.write_str("value does not fit its type"),
            Self::Other => formatter.write_str("database refused"),
        }
    }
}

/// A fault of the database, cheap to clone.
#[derive(Clone)]
pub struct DatabaseFault(Arc<Inner>);

struct Inner {
    kind: FaultKind,
    attempted: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl DatabaseFault {
    /// A fault of this kind while attempting this.
    pub(crate) fn new(kind: FaultKind, attempted: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            kind,
            attempted: attempted.into(),
            source: None,
        }))
    }

    /// The same with the engine's own words as the source.
    pub(crate) fn caused(
        kind: FaultKind,
        attempted: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self(Arc::new(Inner {
            kind,
            attempted: attempted.into(),
            source: Some(source.into()),
        }))
    }

    /// What kind of thing went wrong.
    #[must_use]
    pub fn kind(&self) -> &FaultKind {
        &self.0.kind
    }

    /// What was attempted: the first words of the statement, or the step.
    #[must_use]
    pub fn attempted(&self) -> &str {
        &self.0.attempted
    }

    /// Whether a row with the same key exists already.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        matches!(self.0.kind, FaultKind::UniqueViolation { .. })
    }

    /// Whether the same work, begun anew, may well succeed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.kind == FaultKind::Retryable
    }

    /// Whether the engine is out of reach or overloaded rather than the work wrong.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        self.0.kind == FaultKind::Unavailable
    }
}

impl fmt::Display for DatabaseFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.0.attempted, self.0.kind)
    }
}

impl fmt::Debug for DatabaseFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DatabaseFault({self}")?;
        if let Some(source) = &self.0.source {
            write!(formatter, "; {source}")?;
        }
        formatter.write_str(")")
    }
}

impl Error for DatabaseFault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}

/// The first words of a statement, enough to find it in the source.
pub(crate) fn render_attempt(sql: &str) -> String {
    let mut attempt = String::new();
    for word in sql.split_whitespace().take(ATTEMPT_WORDS_MAX) {
        if attempt.len() + word.len() >= ATTEMPT_BYTES_MAX {
            break;
        }
        if !attempt.is_empty() {
            attempt.push(' ');
        }
        attempt.push_str(word);
    }
    attempt
}
