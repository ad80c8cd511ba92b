//! The text form of stored hashes: `$name$v=19$m=19456,t=2,p=1$salt$hash`, the string format of the Password
//! Hashing Competition.
//!
//! Parsing is bounded and strict: known shape, decimal parameters without signs or leading zeros, canonical base64.
//! It never interprets a parameter; that is for the code that knows the function.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::password::STORED_BYTES_MAX;

/// The most parameters of one hash; real functions have at most four.
pub const PHC_PARAMETERS_MAX: usize = 8;

/// One hash in the competition's string format, taken apart but not yet understood.
pub struct PhcText<'t> {
    /// The function's name, such as `argon2id`.
    pub name: &'t str,
    /// The `v=` field, where the function has one.
    pub version: Option<u32>,
    /// The parameters in their order.
    pub parameters: Vec<(&'t str, u32)>,
    /// The decoded salt.
    pub salt: Vec<u8>,
    /// The decoded hash.
    pub hash: Vec<u8>,
}

impl PhcText<'_> {
    /// The value of one parameter, if it is there.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<u32> {
        self.parameters
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| *value)
    }

    /// Whether every parameter is one of `known`: a parameter that is not understood must not be ignored.
    #[must_use]
    pub fn has_only(&self, known: &[&str]) -> bool {
        self.parameters.iter().all(|(key, _)| known.contains(key))
    }
}

/// Why a text is not in the competition's string format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhcError {
    /// Longer than [`STORED_BYTES_MAX`].
    #[error("the hash is longer than {STORED_BYTES_MAX} bytes")]
    TooLong,
    /// A field is missing, doubled or out of place.
    #[error("the hash does not have the fields $name$parameters$salt$hash")]
    Shape,
    /// A parameter is not `key=decimal`, or stands twice.
    #[error("a parameter of the hash is not a plain decimal number")]
    Parameter,
    /// Salt or hash are not unpadded base64.
    #[error("the salt or the hash is not unpadded base64")]
    Encoding,
}

/// Takes a hash in the competition's string format apart.
///
/// # Errors
/// [`PhcError`] names the field that is not as the format demands.
pub fn parse_phc(text: &str) -> Result<PhcText<'_>, PhcError> {
    if text.len() > STORED_BYTES_MAX {
        return Err(PhcError::TooLong);
    }
    let mut fields = text.split('$');
    if fields.next() != Some("") {
        return Err(PhcError::Shape);
    }
    let name = fields
        .next()
        .filter(|name| is_name(name))
        .ok_or(PhcError::Shape)?;
    let mut field = fields.next().ok_or(PhcError::Shape)?;
    let mut version = None;
    if let Some(digits) = field.strip_prefix("v=") {
        version = Some(parse_decimal(digits).ok_or(PhcError::Parameter)?);
        field = fields.next().ok_or(PhcError::Shape)?;
    }
    let mut parameters = Vec::new();
    if field.contains('=') {
        parameters = parse_parameters(field)?;
        field = fields.next().ok_or(PhcError::Shape)?;
    }
    let salt = decode(field)?;
    let hash = decode(fields.next().ok_or(PhcError::Shape)?)?;
    if fields.next().is_some() {
        return Err(PhcError::Shape);
    }
    Ok(PhcText {
        name,
        version,
        parameters,
        salt,
        hash,
    })
}

/// Writes a hash in the competition's string format.
#[must_use]
pub fn render_phc(
    name: &str,
    version: Option<u32>,
    parameters: &[(&str, u32)],
    salt: &[u8],
    hash: &[u8],
) -> String {
    let mut text = format!("${name}");
    // Writing to a String cannot fail.
    if let Some(version) = version {
        let _ = write!(text, "$v={version}");
    }
    for (index, (key, value)) in parameters.iter().enumerate() {
        let separator = if index == 0 { '$' } else { ',' };
        let _ = write!(text, "{separator}{key}={value}");
    }
    let _ = write!(
        text,
        "${}${}",
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(hash)
    );
    text
}

/// A plain decimal number: no sign, no leading zero, no space.
#[must_use]
pub fn parse_decimal(text: &str) -> Option<u32> {
    let plain =
        !text.is_empty() && text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || (text.len() > 1 && text.starts_with('0')) {
        return None;
    }
    text.parse().ok()
}

fn parse_parameters(field: &str) -> Result<Vec<(&str, u32)>, PhcError> {
    let mut parameters: Vec<(&str, u32)> = Vec::new();
    for pair in field.split(',') {
        let (key, value) = pair.split_once('=').ok_or(PhcError::Parameter)?;
        let value = parse_decimal(value).ok_or(PhcError::Parameter)?;
        let repeated = parameters.iter().any(|(known, _)| *known == key);
        if !is_name(key) || repeated || parameters.len() == PHC_PARAMETERS_MAX {
            return Err(PhcError::Parameter);
        }
        parameters.push((key, value));
    }
    Ok(parameters)
}

fn is_name(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn decode(field: &str) -> Result<Vec<u8>, PhcError> {
    STANDARD_NO_PAD
        .decode(field)
        .map_err(|_| PhcError::Encoding)
}
