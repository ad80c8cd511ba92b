//! The hash that this product writes: Argon2id, 19 MiB, two passes, one lane (the first choice of the OWASP password
//! storage guide), computed in memory that a worker keeps between hashes.
//!
//! The parameters stand here alone. Changing them makes every older hash "needs a rehash" at its next success.

use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::password::phc::render_phc;

/// Memory of one hash, in KiB.
pub const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over the memory.
pub const PASSES: u32 = 2;
/// Lanes; one, because a hash runs on one thread.
pub const LANES: u32 = 1;
/// Bytes of random salt.
pub const SALT_BYTES: usize = 16;
/// Bytes of the resulting hash.
pub const HASH_BYTES: usize = 32;

/// The working memory of one thread: kept from hash to hash, because touching 19 MiB of fresh pages each time costs
/// about a sixth of the hash.
#[derive(Default)]
pub struct WorkMemory {
    blocks: Vec<Block>,
}

impl WorkMemory {
    /// Gives everything back: an idle server should not hold 19 MiB per worker.
    pub fn release(&mut self) {
        self.blocks = Vec::new();
    }

    /// Gives back what an imported hash needed beyond the product's own parameters.
    pub fn trim(&mut self) {
        let own = MEMORY_KIB as usize;
        if self.blocks.len() > own {
            self.blocks.truncate(own);
            self.blocks.shrink_to_fit();
        }
    }

    fn at_least(&mut self, blocks: usize) -> &mut [Block] {
        if self.blocks.len() < blocks {
            self.blocks.resize(blocks, Block::new());
        }
        &mut self.blocks
    }
}

/// Hashes a password with the product's own parameters and writes the stored form.
///
/// # Errors
/// [`argon2::Error`] only if the constants above are not possible parameters.
pub fn hash_password(
    password: &[u8],
    salt: &[u8; SALT_BYTES],
    memory: &mut WorkMemory,
) -> Result<String, argon2::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES))?;
    let function = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut hash = [0; HASH_BYTES];
    fill(&function, password, salt, &mut hash, memory)?;
    let parameters = [("m", MEMORY_KIB), ("t", PASSES), ("p", LANES)];
    Ok(render_phc(
        "argon2id",
        Some(u32::from(Version::V0x13)),
        &parameters,
        salt,
        &hash,
    ))
}

/// Computes an Argon2 hash with any parameters into `hash`.
///
/// # Errors
/// [`argon2::Error`] if salt or output length are out of the function's range.
pub fn fill(
    function: &Argon2<'_>,
    password: &[u8],
    salt: &[u8],
    hash: &mut [u8],
    memory: &mut WorkMemory,
) -> Result<(), argon2::Error> {
    let blocks = memory.at_least(function.params().block_count());
    function.hash_password_into_with_memory(password, salt, hash, blocks)
}
