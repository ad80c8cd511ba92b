//! One function per kind of hash: computes it over the candidate and compares in constant time.
//!
//! Any failure of the function itself counts as "does not match": a hash that cannot be computed opens nothing.

use std::num::NonZeroU32;

use argon2::{Argon2, Params};
use aws_lc_rs::{digest, pbkdf2};
use subtle::ConstantTimeEq as _;

use super::{Argon2Hash, BCRYPT_PASSWORD_BYTES_MAX, CryptDigest, Digest, Scheme};
use crate::password::argon2id::{WorkMemory, fill};

pub(super) fn matches(scheme: &Scheme, candidate: &[u8], memory: &mut WorkMemory) -> bool {
    match scheme {
        Scheme::Argon2(hash) => matches_argon2(hash, candidate, memory),
        Scheme::Bcrypt { cost, salt, hash } => matches_bcrypt(*cost, *salt, hash, candidate),
        Scheme::Scrypt {
            log_n,
            r,
            p,
            salt,
            hash,
        } => scrypt::Params::new(*log_n, *r, *p)
            .is_ok_and(|params| matches_scrypt(&params, salt, hash, candidate)),
        Scheme::Pbkdf2 {
            digest,
            iterations,
            salt,
            hash,
        } => matches_pbkdf2(*digest, *iterations, salt, hash, candidate),
        Scheme::DirectorySha { digest, salt, hash } => {
            matches_directory_sha(*digest, salt, hash, candidate)
        }
        Scheme::ShaCrypt {
            digest,
            rounds,
            salt,
            hash,
        } => matches_sha_crypt(*digest, *rounds, salt, hash, candidate),
    }
}

fn matches_argon2(expected: &Argon2Hash, candidate: &[u8], memory: &mut WorkMemory) -> bool {
    let mut computed = vec![0; expected.hash.len()];
    Params::new(
        expected.memory_kib,
        expected.passes,
        expected.lanes,
        Some(expected.hash.len()),
    )
    .map(|params| Argon2::new(expected.algorithm, expected.version, params))
    .and_then(|function| fill(&function, candidate, &expected.salt, &mut computed, memory))
    .is_ok_and(|()| equal(&computed, &expected.hash))
}

fn matches_bcrypt(cost: u32, salt: [u8; 16], expected: &[u8; 23], candidate: &[u8]) -> bool {
    // bcrypt reads 72 bytes and stops at a NUL: beyond either, different passwords would match.
    if candidate.len() > BCRYPT_PASSWORD_BYTES_MAX || candidate.contains(&0) {
        return false;
    }
    let mut key = candidate.to_vec();
    key.push(0);
    key.truncate(BCRYPT_PASSWORD_BYTES_MAX);
    let computed = bcrypt::bcrypt(cost, salt, &key);
    // The format drops the last of the 24 bytes.
    computed
        .split_last()
        .is_some_and(|(_, kept)| equal(kept, expected))
}

fn matches_scrypt(params: &scrypt::Params, salt: &[u8], expected: &[u8], candidate: &[u8]) -> bool {
    let mut computed = vec![0; expected.len()];
    scrypt::scrypt(candidate, salt, params, &mut computed)
        .is_ok_and(|()| equal(&computed, expected))
}

fn matches_pbkdf2(
    digest: Digest,
    iterations: NonZeroU32,
    salt: &[u8],
    expected: &[u8],
    candidate: &[u8],
) -> bool {
    let function = match digest {
        Digest::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
        Digest::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        Digest::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
    };
    pbkdf2::verify(function, iterations, salt, candidate, expected).is_ok()
}

fn matches_directory_sha(kind: Digest, salt: &[u8], expected: &[u8], candidate: &[u8]) -> bool {
    let function = match kind {
        Digest::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        Digest::Sha256 => &digest::SHA256,
        Digest::Sha512 => &digest::SHA512,
    };
    let mut context = digest::Context::new(function);
    context.update(candidate);
    context.update(salt);
    equal(context.finish().as_ref(), expected)
}

fn matches_sha_crypt(
    kind: CryptDigest,
    rounds: u32,
    salt: &str,
    expected: &[u8],
    candidate: &[u8],
) -> bool {
    let Ok(params) = sha_crypt::Params::new(rounds) else {
        return false;
    };
    match kind {
        CryptDigest::Sha256 => equal(
            &sha_crypt::sha256_crypt(candidate, salt.as_bytes(), params),
            expected,
        ),
        CryptDigest::Sha512 => equal(
            &sha_crypt::sha512_crypt(candidate, salt.as_bytes(), params),
            expected,
        ),
    }
}

fn equal(computed: &[u8], expected: &[u8]) -> bool {
    computed.ct_eq(expected).into()
}
