//! The short name of an organisation in host names and paths.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest slug: with a host's own labels it must fit a DNS name.
pub const SLUG_CHARS_MAX: usize = 40;

/// Names that would shadow a path or host of the product.
const RESERVED_SLUGS: &[&str] = &["admin", "api", "assets", "health", "localhost", "t", "www"];

/// Lower-case letters, digits and inner hyphens: one DNS label (RFC 1035 section 2.3.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(Box<str>);

/// Why a text is no slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// It has another shape.
    #[error("use 1 to 40 lower-case letters, digits and inner hyphens")]
    Shape,
    /// It would shadow something of the product's own.
    #[error("this name is reserved")]
    Reserved,
}

impl Slug {
    /// Accepts a DNS label that is not reserved.
    ///
    /// # Errors
    /// [`SlugError`] says what a slug looks like.
    pub fn parse(text: &str) -> Result<Self, SlugError> {
        let shaped = !text.is_empty()
            && text.len() <= SLUG_CHARS_MAX
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if !shaped {
            return Err(SlugError::Shape);
        }
        if RESERVED_SLUGS.contains(&text) {
            return Err(SlugError::Reserved);
        }
        Ok(Self(text.into()))
    }

    /// The slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for Slug {
    type Error = SlugError;
    fn try_from(text: String) -> Result<Self, SlugError> {
        Self::parse(&text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0.into_string()
    }
}

#[cfg(test)]
mod tests {
    use super::{Slug, SlugError};

    #[test]
    fn slugs_are_unreserved_dns_labels() {
        for good in ["acme", "a", "a-1", "0x"] {
            assert_eq!(Slug::parse(good).unwrap().as_str(), good);
        }
        let long = "a".repeat(41);
        for bad in ["", "-a", "a-", "A", "a.b", "ä", long.as_str()] {
            assert_eq!(Slug::parse(bad), Err(SlugError::Shape), "{bad}");
        }
        assert_eq!(Slug::parse("admin"), Err(SlugError::Reserved));
    }
}
