//! Why a key could not be had or used. No message ever carries key material or what was sealed.

use crate::root::file::FileRootError;
use database::DatabaseFault;
use protocol::jose::algorithm::Algorithm;
use protocol::jose::signing_key::SigningKeyError;
use vocab::id::OrgId;

/// Why a key could not be had or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// The store failed.
    #[error("the store of keys failed")]
    Database(#[from] DatabaseFault),
    /// The org has no key: it does not exist.
    #[error("the org {0} has no key")]
    NoOrgKey(OrgId),
    /// None of the roots of trust that are set up has wrapped this org's key.
    #[error("the key of org {org} is wrapped by {wrapped_by}, and no such root of trust is set up")]
    RootMissing {
        /// The org.
        org: OrgId,
        /// The roots that wrapped it.
        wrapped_by: String,
    },
    /// A root of trust failed.
    #[error(transparent)]
    Root(#[from] RootFault),
    /// The file of a root of trust cannot be used.
    #[error("the root of trust cannot be used: {0}")]
    RootFile(#[from] FileRootError),
    /// A sealed value was changed, belongs to another org or place, or is no sealed value.
    #[error("the sealed value for {context} does not open: it was changed, or belongs elsewhere")]
    Sealed {
        /// The place that it was opened for.
        context: String,
    },
    /// What should be the key of an org on its way from another cell is something else.
    #[error("what arrived for org {0} is not its key")]
    NotExported(OrgId),
    /// An org's key has more versions than can be moved.
    #[error("the key of org {org} has {versions} versions: too many to be moved")]
    TooManyVersions {
        /// The org.
        org: OrgId,
        /// How many.
        versions: usize,
    },
    /// The value is too large to be sealed.
    #[error("a value of {bytes} bytes is too large to be sealed")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// A signing key could not be made or read.
    #[error("a signing key for {algorithm} could not be used")]
    Signing {
        /// Its algorithm.
        algorithm: Algorithm,
        /// Why not.
        #[source]
        source: SigningKeyError,
    },
    /// A stored key does not have the shape that this release writes.
    #[error("the stored {0} of a signing key cannot be read")]
    Stored(&'static str),
    /// There is no such signing key.
    #[error("there is no such signing key")]
    NoSuchKey,
    /// So many keys are published already that another rotation must wait.
    #[error(
        "{max} keys for {algorithm} are published already: wait until the oldest has run out, or revoke one"
    )]
    TooManyKeys {
        /// The algorithm.
        algorithm: Algorithm,
        /// The bound.
        max: usize,
    },
    /// Others changed the same keys again and again.
    #[error("the signing keys were changed by others at the same time")]
    Contended,
    /// The library failed, or the process is ending.
    #[error("{0} failed")]
    Internal(&'static str),
}

impl KeyFault {
    pub(crate) fn signing(algorithm: Algorithm, source: SigningKeyError) -> Self {
        Self::Signing { algorithm, source }
    }
}

/// A root of trust did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the root of trust {root} {problem}")]
pub struct RootFault {
    /// Its id.
    pub root: String,
    /// What went wrong.
    pub problem: RootProblem,
}

/// What went wrong at a root of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RootProblem {
    /// It cannot be reached, now.
    #[error("cannot be reached")]
    Unavailable,
    /// It does not unwrap this.
    #[error("does not unwrap this key: it was changed, or belongs to another org")]
    Refused,
}
