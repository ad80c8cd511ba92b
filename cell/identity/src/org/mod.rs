//! Organisations: the tenants. Their names, host names and settings.

pub mod context;
pub mod hosts;
pub mod logo;
pub mod mail;
pub mod operations;
pub mod settings;
pub mod store;

use crate::fault::Refusal;
use serde::{Deserialize, Serialize};
use std::fmt;
use vocab::id::OrgId;
use vocab::time::Timestamp;

/// Longest slug: it must fit a DNS label.
pub const SLUG_CHARS_MAX: usize = 40;
/// Longest display name.
pub const NAME_CHARS_MAX: usize = 100;

/// The short name of an org in host names and paths: lower-case letters, digits, inner hyphens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(Box<str>);

/// Names that would shadow a path or host of the product.
const RESERVED_SLUGS: &[&str] = &["admin", "api", "assets", "health", "localhost", "t", "www"];

impl Slug {
    /// Accepts a DNS label that is not reserved.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] that says what a slug looks like.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let shaped = !text.is_empty()
            && text.len() <= SLUG_CHARS_MAX
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if !shaped {
            return Err(Refusal::invalid(
                "slug",
                "use 1 to 40 lower-case letters, digits and inner hyphens",
            ));
        }
        if RESERVED_SLUGS.contains(&text) {
            return Err(Refusal::invalid("slug", "this name is reserved"));
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
    type Error = Refusal;
    fn try_from(text: String) -> Result<Self, Refusal> {
        Self::parse(&text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0.into_string()
    }
}

/// An organisation.
#[derive(Debug, Clone)]
pub struct Org {
    /// Its id.
    pub id: OrgId,
    /// Its short name.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// Its place in the order of creation; the lowest answers at the bare origin.
    pub ordinal: i64,
    /// What its administrators set.
    pub settings: settings::OrgSettings,
    /// Counts changes; a change names the revision it read.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::Slug;

    #[test]
    fn slugs_are_unreserved_dns_labels() {
        for good in ["acme", "a", "a-1", "0x"] {
            assert_eq!(Slug::parse(good).unwrap().as_str(), good);
        }
        let long = "a".repeat(41);
        for bad in ["", "-a", "a-", "A", "a.b", "ä", "admin", long.as_str()] {
            assert!(Slug::parse(bad).is_err(), "{bad}");
        }
    }
}
