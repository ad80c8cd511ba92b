//! Passwords: how they are hashed, how hashes of other products are understood, which new ones are refused.
//!
//! Nothing here reads a store, a clock of its own or the network. A password in the clear exists only inside
//! [`vocab::secret::Secret`] and on the threads of the [`hash_pool`]; it never reaches a log, an error or a message.

pub mod argon2id;
pub mod commonest;
pub mod foreign;
pub mod hash_pool;
pub mod phc;
pub mod policy;

#[cfg(test)]
mod tests;

/// The longest password that is accepted or tried, in bytes. Long enough for any passphrase, short enough that no
/// hash function is made to work by the length of its input.
pub const PASSWORD_BYTES_MAX: usize = 256;

/// The longest stored or imported hash that is read, in bytes. The longest form in use (SHA-512 PBKDF2 with a long
/// salt) is under 250.
pub const STORED_BYTES_MAX: usize = 512;
