//! Text to [`Scheme`]: one function per spelling, all bounds checked here and nowhere later.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use argon2::{Algorithm, Version};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::{
    ARGON2_KIB_PASSES_MAX, ARGON2_LANES_MAX, Argon2Hash, BCRYPT_COST, CryptDigest, Digest,
    FOREIGN_HASH_BYTES, FOREIGN_MEMORY_KIB_MAX, FOREIGN_SALT_BYTES_MAX, Family, ForeignError,
    PBKDF2_ITERATIONS_MAX, SCRYPT_BLOCK_MAX, SCRYPT_PARALLEL_MAX, SCRYPT_WORK_MAX,
    SHA_CRYPT_ROUNDS, Scheme,
};
use crate::password::phc::{PhcText, parse_decimal, parse_phc};

/// Standard base64, with or without padding: directories and web frameworks differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// bcrypt's own alphabet. Some producers leave random bits after the last byte of the salt.
const BCRYPT_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::BCRYPT,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

pub(super) fn parse_scheme(text: &str) -> Result<Scheme, ForeignError> {
    if let Some(rest) = text.strip_prefix('{') {
        let (label, rest) = rest.split_once('}').ok_or(ForeignError::Unknown)?;
        return parse_labelled(&label.to_ascii_uppercase(), rest);
    }
    if let Some(rest) = text.strip_prefix("argon2$") {
        return parse_argon2(&format!("${rest}"));
    }
    if let Some(rest) = text.strip_prefix("bcrypt$") {
        return parse_bcrypt(rest);
    }
    if let Some(rest) = text.strip_prefix("scrypt:") {
        return parse_scrypt_colons(rest);
    }
    if let Some(rest) = text.strip_prefix("scrypt$") {
        return parse_scrypt_dollars(rest);
    }
    if let Some(rest) = text.strip_prefix("pbkdf2:") {
        return parse_pbkdf2_colons(rest);
    }
    if let Some(rest) = text.strip_prefix("pbkdf2_") {
        return parse_pbkdf2_named(rest);
    }
    parse_dollar(text)
}

fn parse_dollar(text: &str) -> Result<Scheme, ForeignError> {
    let name = text
        .strip_prefix('$')
        .and_then(|rest| rest.split('$').next())
        .ok_or(ForeignError::Unknown)?;
    match name {
        "2a" | "2b" | "2y" => parse_bcrypt(text),
        "argon2i" | "argon2d" | "argon2id" => parse_argon2(text),
        "scrypt" => parse_scrypt_phc(text),
        "pbkdf2" | "pbkdf2-sha1" => parse_pbkdf2_dollar(Digest::Sha1, text),
        "pbkdf2-sha256" => parse_pbkdf2_dollar(Digest::Sha256, text),
        "pbkdf2-sha512" => parse_pbkdf2_dollar(Digest::Sha512, text),
        "5" => parse_sha_crypt(CryptDigest::Sha256, text),
        "6" => parse_sha_crypt(CryptDigest::Sha512, text),
        _ => Err(ForeignError::Unknown),
    }
}

fn parse_labelled(label: &str, rest: &str) -> Result<Scheme, ForeignError> {
    match label {
        "CRYPT" | "ARGON2" => parse_dollar(rest),
        "SHA" | "SSHA" => parse_directory_sha(Digest::Sha1, label, rest),
        "SHA256" | "SSHA256" => parse_directory_sha(Digest::Sha256, label, rest),
        "SHA512" | "SSHA512" => parse_directory_sha(Digest::Sha512, label, rest),
        "PBKDF2" | "PBKDF2-SHA1" => parse_pbkdf2_fields(Digest::Sha1, rest),
        "PBKDF2-SHA256" => parse_pbkdf2_fields(Digest::Sha256, rest),
        "PBKDF2-SHA512" => parse_pbkdf2_fields(Digest::Sha512, rest),
        _ => Err(ForeignError::Unknown),
    }
}

fn parse_argon2(text: &str) -> Result<Scheme, ForeignError> {
    let malformed = malformed(Family::Argon2);
    let phc = parse_phc(text).map_err(|_| malformed("form"))?;
    let algorithm = match phc.name {
        "argon2i" => Algorithm::Argon2i,
        "argon2d" => Algorithm::Argon2d,
        "argon2id" => Algorithm::Argon2id,
        _ => return Err(ForeignError::Unknown),
    };
    // The first version of the format had no version field.
    let version = match phc.version {
        None | Some(0x10) => Version::V0x10,
        Some(0x13) => Version::V0x13,
        Some(_) => return Err(malformed("version")),
    };
    if !phc.has_only(&["m", "t", "p"]) {
        return Err(malformed("parameters"));
    }
    let memory_kib = required(&phc, "m", malformed)?;
    let passes = required(&phc, "t", malformed)?;
    let lanes = required(&phc, "p", malformed)?;
    let outside = out_of_range(Family::Argon2);
    within(lanes, 1..=ARGON2_LANES_MAX).ok_or(outside("parallelism"))?;
    within(memory_kib, 8 * lanes..=FOREIGN_MEMORY_KIB_MAX).ok_or(outside("memory"))?;
    within(passes, 1..=ARGON2_KIB_PASSES_MAX / memory_kib).ok_or(outside("passes"))?;
    if !(8..=FOREIGN_SALT_BYTES_MAX).contains(&phc.salt.len()) {
        return Err(outside("salt"));
    }
    check_hash(Family::Argon2, &phc.hash)?;
    Ok(Scheme::Argon2(Argon2Hash {
        algorithm,
        version,
        memory_kib,
        passes,
        lanes,
        salt: phc.salt,
        hash: phc.hash,
    }))
}

fn parse_bcrypt(text: &str) -> Result<Scheme, ForeignError> {
    let malformed = malformed(Family::Bcrypt);
    let mut fields = text.split('$');
    if fields.next() != Some("") || !matches!(fields.next(), Some("2a" | "2b" | "2y")) {
        return Err(malformed("version"));
    }
    // Always two digits, so the one place where a leading zero belongs to the format.
    let digits = fields
        .next()
        .filter(|digits| digits.len() == 2)
        .ok_or(malformed("cost"))?;
    let cost =
        parse_decimal(digits.strip_prefix('0').unwrap_or(digits)).ok_or(malformed("cost"))?;
    let body = fields
        .next()
        .filter(|body| body.len() == 53 && body.is_ascii())
        .ok_or(malformed("length"))?;
    if fields.next().is_some() {
        return Err(malformed("form"));
    }
    within(cost, BCRYPT_COST).ok_or(out_of_range(Family::Bcrypt)("cost"))?;
    let (salt, hash) = body.split_at_checked(22).ok_or(malformed("length"))?;
    let salt = decode_exactly(salt).ok_or(malformed("salt"))?;
    let hash = decode_exactly(hash).ok_or(malformed("hash"))?;
    Ok(Scheme::Bcrypt { cost, salt, hash })
}

fn decode_exactly<const BYTES: usize>(text: &str) -> Option<[u8; BYTES]> {
    BCRYPT_BASE64
        .decode(text)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
}

fn parse_scrypt_phc(text: &str) -> Result<Scheme, ForeignError> {
    let malformed = malformed(Family::Scrypt);
    let phc = parse_phc(text).map_err(|_| malformed("form"))?;
    if phc.version.is_some() || !phc.has_only(&["ln", "r", "p"]) {
        return Err(malformed("parameters"));
    }
    let log_n = required(&phc, "ln", malformed)?;
    let r = required(&phc, "r", malformed)?;
    let p = required(&phc, "p", malformed)?;
    scrypt_scheme(log_n, (r, p), phc.salt, phc.hash)
}

/// `N:r:p$salt$hex`, with the salt as text.
fn parse_scrypt_colons(rest: &str) -> Result<Scheme, ForeignError> {
    let malformed = malformed(Family::Scrypt);
    let [parameters, salt, hash] = split(rest, '$').ok_or(malformed("form"))?;
    let [n, r, p] = split(parameters, ':').ok_or(malformed("parameters"))?;
    let r = parse_decimal(r).ok_or(malformed("block size"))?;
    let p = parse_decimal(p).ok_or(malformed("parallelism"))?;
    let hash = decode_hex(hash).ok_or(malformed("hash"))?;
    scrypt_scheme(log_of(n)?, (r, p), salt.as_bytes().to_vec(), hash)
}

/// `N$salt$r$p$base64`, with the salt as text.
fn parse_scrypt_dollars(rest: &str) -> Result<Scheme, ForeignError> {
    let malformed = malformed(Family::Scrypt);
    let [n, salt, r, p, hash] = split(rest, '$').ok_or(malformed("form"))?;
    let r = parse_decimal(r).ok_or(malformed("block size"))?;
    let p = parse_decimal(p).ok_or(malformed("parallelism"))?;
    let hash = BASE64.decode(hash).map_err(|_| malformed("hash"))?;
    scrypt_scheme(log_of(n)?, (r, p), salt.as_bytes().to_vec(), hash)
}

fn log_of(n: &str) -> Result<u32, ForeignError> {
    let n = parse_decimal(n).filter(|n| n.is_power_of_two());
    n.map(u32::ilog2).ok_or(malformed(Family::Scrypt)("cost"))
}

fn scrypt_scheme(
    log_n: u32,
    (r, p): (u32, u32),
    salt: Vec<u8>,
    hash: Vec<u8>,
) -> Result<Scheme, ForeignError> {
    let outside = out_of_range(Family::Scrypt);
    within(r, 1..=SCRYPT_BLOCK_MAX).ok_or(outside("block size"))?;
    within(p, 1..=SCRYPT_PARALLEL_MAX).ok_or(outside("parallelism"))?;
    let log_n = u8::try_from(log_n)
        .ok()
        .filter(|log_n| (1..=24).contains(log_n))
        .ok_or(outside("cost"))?;
    let blocks = u64::from(r) << log_n;
    // A block is 128 bytes: eight of them are a KiB.
    if blocks / 8 > u64::from(FOREIGN_MEMORY_KIB_MAX) || blocks * u64::from(p) > SCRYPT_WORK_MAX {
        return Err(outside("cost"));
    }
    check_salt(Family::Scrypt, &salt)?;
    check_hash(Family::Scrypt, &hash)?;
    Ok(Scheme::Scrypt {
        log_n,
        r,
        p,
        salt,
        hash,
    })
}

/// `$pbkdf2-sha256$i=1000,l=32$salt$hash`, or the older `$pbkdf2-sha256$1000$salt$hash`.
fn parse_pbkdf2_dollar(digest: Digest, text: &str) -> Result<Scheme, ForeignError> {
    let malformed = malformed(Family::Pbkdf2);
    if let Ok(phc) = parse_phc(text) {
        if phc.version.is_some() || !phc.has_only(&["i", "l"]) {
            return Err(malformed("parameters"));
        }
        if phc
            .parameter("l")
            .is_some_and(|length| length as usize != phc.hash.len())
        {
            return Err(malformed("length"));
        }
        let iterations = required(&phc, "i", malformed)?;
        return pbkdf2_scheme(digest, iterations, phc.salt, phc.hash);
    }
    let rest = text
        .strip_prefix('$')
        .and_then(|rest| rest.split_once('$'))
        .map(|(_, rest)| rest);
    parse_pbkdf2_fields(digest, rest.ok_or(malformed("form"))?)
}

/// `1000$salt$hash`, base64 with a full stop in place of the plus sign.
fn parse_pbkdf2_fields(digest: Digest, rest: &str) -> Result<Scheme, ForeignError> {
    let malformed = malformed(Family::Pbkdf2);
    let [iterations, salt, hash] = split(rest, '$').ok_or(malformed("form"))?;
    let iterations = parse_decimal(iterations).ok_or(malformed("iterations"))?;
    let salt = BASE64
        .decode(salt.replace('.', "+"))
        .map_err(|_| malformed("salt"))?;
    let hash = BASE64
        .decode(hash.replace('.', "+"))
        .map_err(|_| malformed("hash"))?;
    pbkdf2_scheme(digest, iterations, salt, hash)
}

/// `sha256$1000$salt$base64`, with the salt as text.
fn parse_pbkdf2_named(rest: &str) -> Result<Scheme, ForeignError> {
    let malformed = malformed(Family::Pbkdf2);
    let [digest, iterations, salt, hash] = split(rest, '$').ok_or(malformed("form"))?;
    let iterations = parse_decimal(iterations).ok_or(malformed("iterations"))?;
    let hash = BASE64.decode(hash).map_err(|_| malformed("hash"))?;
    pbkdf2_scheme(
        digest_named(digest)?,
        iterations,
        salt.as_bytes().to_vec(),
        hash,
    )
}

/// `sha256:1000$salt$hex`, with the salt as text.
fn parse_pbkdf2_colons(rest: &str) -> Result<Scheme, ForeignError> {
    let malformed = malformed(Family::Pbkdf2);
    let [function, salt, hash] = split(rest, '$').ok_or(malformed("form"))?;
    let [digest, iterations] = split(function, ':').ok_or(malformed("iterations"))?;
    let iterations = parse_decimal(iterations).ok_or(malformed("iterations"))?;
    let hash = decode_hex(hash).ok_or(malformed("hash"))?;
    pbkdf2_scheme(
        digest_named(digest)?,
        iterations,
        salt.as_bytes().to_vec(),
        hash,
    )
}

fn digest_named(name: &str) -> Result<Digest, ForeignError> {
    match name {
        "sha1" => Ok(Digest::Sha1),
        "sha256" => Ok(Digest::Sha256),
        "sha512" => Ok(Digest::Sha512),
        _ => Err(malformed(Family::Pbkdf2)("digest")),
    }
}

fn pbkdf2_scheme(
    digest: Digest,
    iterations: u32,
    salt: Vec<u8>,
    hash: Vec<u8>,
) -> Result<Scheme, ForeignError> {
    let outside = out_of_range(Family::Pbkdf2);
    check_salt(Family::Pbkdf2, &salt)?;
    check_hash(Family::Pbkdf2, &hash)?;
    let blocks = u32::try_from(hash.len().div_ceil(digest.bytes())).map_err(|_| outside("hash"))?;
    let iterations = NonZeroU32::new(iterations).ok_or(outside("iterations"))?;
    within(iterations.get(), 1..=PBKDF2_ITERATIONS_MAX / blocks.max(1))
        .ok_or(outside("iterations"))?;
    Ok(Scheme::Pbkdf2 {
        digest,
        iterations,
        salt,
        hash,
    })
}

fn parse_directory_sha(digest: Digest, label: &str, rest: &str) -> Result<Scheme, ForeignError> {
    let family = Family::DirectorySha;
    let mut hash = BASE64
        .decode(rest)
        .map_err(|_| malformed(family)("encoding"))?;
    if hash.len() < digest.bytes() {
        return Err(malformed(family)("length"));
    }
    let salt = hash.split_off(digest.bytes());
    if label.starts_with("SSHA") {
        check_salt(family, &salt)?;
    } else if !salt.is_empty() {
        return Err(malformed(family)("length"));
    }
    Ok(Scheme::DirectorySha { digest, salt, hash })
}

/// `$6$rounds=5000$salt$hash`, the rounds being 5000 where they are not written.
fn parse_sha_crypt(digest: CryptDigest, text: &str) -> Result<Scheme, ForeignError> {
    let malformed = malformed(Family::ShaCrypt);
    let mut fields = text.split('$').skip(2);
    let mut salt = fields.next().ok_or(malformed("form"))?;
    let mut rounds = sha_crypt::Params::RECOMMENDED_ROUNDS;
    if let Some(digits) = salt.strip_prefix("rounds=") {
        rounds = parse_decimal(digits).ok_or(malformed("rounds"))?;
        salt = fields.next().ok_or(malformed("form"))?;
    }
    let hash = fields.next().ok_or(malformed("form"))?;
    if fields.next().is_some() {
        return Err(malformed("form"));
    }
    within(rounds, SHA_CRYPT_ROUNDS).ok_or(out_of_range(Family::ShaCrypt)("rounds"))?;
    // The function reads sixteen bytes of salt; more would be ignored.
    if salt.len() > 16
        || salt
            .chars()
            .any(|character| character.is_control() || character == ':')
    {
        return Err(malformed("salt"));
    }
    let order: &[u8] = match digest {
        CryptDigest::Sha256 => &SHA256_CRYPT_ORDER,
        CryptDigest::Sha512 => &SHA512_CRYPT_ORDER,
    };
    let hash = decode_crypt(hash, order).ok_or(malformed("hash"))?;
    Ok(Scheme::ShaCrypt {
        digest,
        rounds,
        salt: salt.to_owned(),
        hash,
    })
}

/// Which byte of the digest each byte of the text carries, as SHA-crypt's specification lists it.
const SHA256_CRYPT_ORDER: [u8; 32] = [
    20, 10, 0, 11, 1, 21, 2, 22, 12, 23, 13, 3, 14, 4, 24, 5, 25, 15, 26, 16, 6, 17, 7, 27, 8, 28,
    18, 29, 19, 9, 30, 31,
];
const SHA512_CRYPT_ORDER: [u8; 64] = [
    42, 21, 0, 1, 43, 22, 23, 2, 44, 45, 24, 3, 4, 46, 25, 26, 5, 47, 48, 27, 6, 7, 49, 28, 29, 8,
    50, 51, 30, 9, 10, 52, 31, 32, 11, 53, 54, 33, 12, 13, 55, 34, 35, 14, 56, 57, 36, 15, 16, 58,
    37, 38, 17, 59, 60, 39, 18, 19, 61, 40, 41, 20, 62, 63,
];

/// crypt's base64: six bits a character, the lowest first.
fn decode_crypt(text: &str, order: &[u8]) -> Option<Vec<u8>> {
    const ALPHABET: &[u8] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut bytes = Vec::with_capacity(order.len());
    let (mut buffer, mut bits) = (0_u32, 0_u32);
    for character in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == character)?;
        buffer |= u32::try_from(value).ok()? << bits;
        bits += 6;
        if bits >= 8 {
            bytes.push(u8::try_from(buffer & 0xff).ok()?);
            buffer >>= 8;
            bits -= 8;
        }
    }
    // What is left over must be less than a character and zero, or two texts would mean one hash.
    if bytes.len() != order.len() || bits >= 6 || buffer != 0 {
        return None;
    }
    let mut digest = vec![0; order.len()];
    for (byte, place) in bytes.iter().zip(order) {
        *digest.get_mut(usize::from(*place))? = *byte;
    }
    Some(digest)
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .map(|character| {
            character
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs
        .map(|pair| {
            pair.first()
                .zip(pair.last())
                .map(|(high, low)| high << 4 | low)
        })
        .collect()
}

/// Exactly `FIELDS` parts between separators.
fn split<const FIELDS: usize>(text: &str, separator: char) -> Option<[&str; FIELDS]> {
    let parts: Vec<&str> = text.splitn(FIELDS + 1, separator).collect();
    parts.try_into().ok()
}

fn required(
    phc: &PhcText<'_>,
    name: &'static str,
    malformed: impl Fn(&'static str) -> ForeignError,
) -> Result<u32, ForeignError> {
    phc.parameter(name).ok_or_else(|| malformed(name))
}

fn within(value: u32, range: RangeInclusive<u32>) -> Option<u32> {
    range.contains(&value).then_some(value)
}

fn check_salt(family: Family, salt: &[u8]) -> Result<(), ForeignError> {
    if (1..=FOREIGN_SALT_BYTES_MAX).contains(&salt.len()) {
        Ok(())
    } else {
        Err(out_of_range(family)("salt"))
    }
}

fn check_hash(family: Family, hash: &[u8]) -> Result<(), ForeignError> {
    if FOREIGN_HASH_BYTES.contains(&hash.len()) {
        Ok(())
    } else {
        Err(out_of_range(family)("hash"))
    }
}

fn malformed(family: Family) -> impl Fn(&'static str) -> ForeignError + Copy {
    move |field| ForeignError::Malformed { family, field }
}

fn out_of_range(family: Family) -> impl Fn(&'static str) -> ForeignError + Copy {
    move |field| ForeignError::OutOfRange { family, field }
}
