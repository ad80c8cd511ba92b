//! Hashes that were made elsewhere: parsed within bounds, verified as their makers would, replaced at the first success.
//!
//! Every cost that a hash asks for (memory, passes, iterations) is bounded when it is parsed, because an imported hash
//! is foreign input that is later executed. A text that is not understood wholly is refused; nothing is guessed.
//!
//! Understood, each with the spellings that its usual producers write:
//!
//! | function | spellings |
//! |---|---|
//! | Argon2 i, d, id | `$argon2id$v=19$m=…,t=…,p=…$salt$hash`, `argon2$argon2id$…` |
//! | bcrypt | `$2a$`, `$2b$`, `$2y$`, `bcrypt$$2b$…` |
//! | scrypt | `$scrypt$ln=…,r=…,p=…$salt$hash`, `scrypt:N:r:p$salt$hex`, `scrypt$N$salt$r$p$base64` |
//! | PBKDF2 with SHA-1, SHA-256, SHA-512 | `$pbkdf2-sha256$i=…,l=…$salt$hash`, `$pbkdf2-sha256$1000$salt$hash`, `pbkdf2_sha256$1000$salt$base64`, `pbkdf2:sha256:1000$salt$hex`, `{PBKDF2-SHA256}1000$salt$hash` |
//! | SHA-1, SHA-256, SHA-512, salted or not, of directories | `{SSHA}`, `{SSHA256}`, `{SSHA512}`, `{SHA}`, `{SHA256}`, `{SHA512}` |
//! | SHA-crypt | `$5$…`, `$6$…`, `{CRYPT}$6$…` |

mod parse;
#[cfg(test)]
mod tests;
mod verify;

use std::fmt;
use std::num::NonZeroU32;

use crate::password::STORED_BYTES_MAX;
use crate::password::argon2id;

/// Most memory of an imported Argon2 or scrypt hash, in KiB.
pub const FOREIGN_MEMORY_KIB_MAX: u32 = 128 * 1024;
/// Most memory times passes of an imported Argon2 hash, in KiB: about half a second.
pub const ARGON2_KIB_PASSES_MAX: u32 = 512 * 1024;
/// Most lanes of an imported Argon2 hash.
pub const ARGON2_LANES_MAX: u32 = 16;
/// Lowest and highest bcrypt cost; each step doubles the time, 14 is above a second.
pub const BCRYPT_COST: std::ops::RangeInclusive<u32> = 4..=14;
/// The longest password that bcrypt can tell from a longer one.
pub const BCRYPT_PASSWORD_BYTES_MAX: usize = 72;
/// Most N·r·p of an imported scrypt hash: about a third of a second.
pub const SCRYPT_WORK_MAX: u64 = 1 << 20;
/// Most r of an imported scrypt hash.
pub const SCRYPT_BLOCK_MAX: u32 = 32;
/// Most p of an imported scrypt hash.
pub const SCRYPT_PARALLEL_MAX: u32 = 16;
/// Most iterations of an imported PBKDF2 hash, counted over all blocks of its output.
pub const PBKDF2_ITERATIONS_MAX: u32 = 4_000_000;
/// Fewest and most rounds of an imported SHA-crypt hash.
pub const SHA_CRYPT_ROUNDS: std::ops::RangeInclusive<u32> = 1_000..=1_000_000;
/// Longest salt, in bytes.
pub const FOREIGN_SALT_BYTES_MAX: usize = 64;
/// Shortest and longest hash, in bytes: below sixteen a guess would match by chance.
pub const FOREIGN_HASH_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

/// The weight of the product's own hash, the unit in which the pool counts work.
pub const OWN_WEIGHT: u32 = 1_000;

/// The hash function of an imported hash, for messages and statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// Argon2 i, d or id.
    Argon2,
    /// bcrypt.
    Bcrypt,
    /// scrypt.
    Scrypt,
    /// PBKDF2 over HMAC.
    Pbkdf2,
    /// One SHA over password and salt, as directories store it.
    DirectorySha,
    /// SHA-256-crypt or SHA-512-crypt.
    ShaCrypt,
}

impl Family {
    /// The function's usual name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Argon2 => "argon2",
            Self::Bcrypt => "bcrypt",
            Self::Scrypt => "scrypt",
            Self::Pbkdf2 => "pbkdf2",
            Self::DirectorySha => "directory-sha",
            Self::ShaCrypt => "sha-crypt",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Why a text is not a hash that can be verified here. It never carries a part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ForeignError {
    /// Longer than [`STORED_BYTES_MAX`].
    #[error("the password hash is longer than {STORED_BYTES_MAX} bytes")]
    TooLong,
    /// None of the known spellings.
    #[error("the password hash is of no known kind")]
    Unknown,
    /// A known kind, but a field is missing or not as it should be.
    #[error("the {family} hash has no valid {field}")]
    Malformed {
        /// The function.
        family: Family,
        /// The field that is wrong.
        field: &'static str,
    },
    /// A known kind that asks for more work, or promises less safety, than is accepted.
    #[error("the {family} hash has a {field} outside the accepted range")]
    OutOfRange {
        /// The function.
        family: Family,
        /// The parameter that is out of range.
        field: &'static str,
    },
}

/// A hash that was understood and whose cost is bounded. It shows neither salt nor hash.
pub struct ForeignHash {
    scheme: Scheme,
}

enum Scheme {
    Argon2(Argon2Hash),
    Bcrypt {
        cost: u32,
        salt: [u8; 16],
        hash: [u8; 23],
    },
    Scrypt {
        log_n: u8,
        r: u32,
        p: u32,
        salt: Vec<u8>,
        hash: Vec<u8>,
    },
    Pbkdf2 {
        digest: Digest,
        iterations: NonZeroU32,
        salt: Vec<u8>,
        hash: Vec<u8>,
    },
    DirectorySha {
        digest: Digest,
        salt: Vec<u8>,
        hash: Vec<u8>,
    },
    ShaCrypt {
        digest: CryptDigest,
        rounds: u32,
        salt: String,
        hash: Vec<u8>,
    },
}

struct Argon2Hash {
    algorithm: argon2::Algorithm,
    version: argon2::Version,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Digest {
    Sha1,
    Sha256,
    Sha512,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CryptDigest {
    Sha256,
    Sha512,
}

impl Digest {
    const fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

impl fmt::Debug for ForeignHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ForeignHash")
            .field("family", &self.family())
            .finish_non_exhaustive()
    }
}

/// Understands a stored or imported hash.
///
/// # Errors
/// [`ForeignError`] says what is unknown, malformed or out of range.
pub fn parse_foreign(text: &str) -> Result<ForeignHash, ForeignError> {
    if text.len() > STORED_BYTES_MAX {
        return Err(ForeignError::TooLong);
    }
    parse::parse_scheme(text).map(|scheme| ForeignHash { scheme })
}

impl ForeignHash {
    /// The function's family.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self.scheme {
            Scheme::Argon2(_) => Family::Argon2,
            Scheme::Bcrypt { .. } => Family::Bcrypt,
            Scheme::Scrypt { .. } => Family::Scrypt,
            Scheme::Pbkdf2 { .. } => Family::Pbkdf2,
            Scheme::DirectorySha { .. } => Family::DirectorySha,
            Scheme::ShaCrypt { .. } => Family::ShaCrypt,
        }
    }

    /// Whether this is exactly what the product writes itself, so that a success needs no new hash.
    #[must_use]
    pub fn is_own(&self) -> bool {
        let Scheme::Argon2(hash) = &self.scheme else {
            return false;
        };
        hash.algorithm == argon2::Algorithm::Argon2id
            && hash.version == argon2::Version::V0x13
            && (hash.memory_kib, hash.passes, hash.lanes)
                == (argon2id::MEMORY_KIB, argon2id::PASSES, argon2id::LANES)
            && hash.salt.len() >= argon2id::SALT_BYTES
            && hash.hash.len() >= argon2id::HASH_BYTES
    }

    /// The expected work of one verification, in thousandths of the product's own hash. The factors are measured:
    /// bcrypt cost 10 takes 76 ms where the own hash takes 35, scrypt 2^14·8 37 ms, 600,000 PBKDF2 iterations 95 ms.
    #[must_use]
    pub fn weight(&self) -> u32 {
        let weight = match &self.scheme {
            Scheme::Argon2(hash) => {
                let own = u64::from(argon2id::MEMORY_KIB) * u64::from(argon2id::PASSES);
                u64::from(hash.memory_kib) * u64::from(hash.passes) * u64::from(OWN_WEIGHT) / own
            }
            Scheme::Bcrypt { cost, .. } => (1_u64 << cost.min(&31)) * 2_170 / 1_024,
            Scheme::Scrypt { log_n, r, p, .. } => {
                (u64::from(*r) * u64::from(*p)) << log_n.min(&32) >> 7
            }
            Scheme::Pbkdf2 {
                digest,
                iterations,
                hash,
                ..
            } => u64::from(iterations.get()) * hash.len().div_ceil(digest.bytes()) as u64 / 222,
            Scheme::DirectorySha { .. } => 1,
            Scheme::ShaCrypt { rounds, .. } => u64::from(*rounds) / 53,
        };
        u32::try_from(weight).unwrap_or(u32::MAX).max(1)
    }

    /// Whether `candidate` is the password. Costs what [`weight`](Self::weight) says: only for the threads of the pool.
    #[must_use]
    pub fn verify(&self, candidate: &[u8], memory: &mut argon2id::WorkMemory) -> bool {
        verify::matches(&self.scheme, candidate, memory)
    }
}
