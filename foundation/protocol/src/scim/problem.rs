//! What is wrong with a message, by the words of RFC 7644 section 3.12, and the body of every error.

use crate::scim::ERROR;
use serde_json::{Value, json};
use std::fmt;

macro_rules! define_kinds {
    ($($variant:ident, $word:literal, $what:literal;)*) => {
        /// What kind of error it is, where there is a word for it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind {
            $(#[doc = $what] $variant,)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

define_kinds! {
    InvalidFilter, "invalidFilter", "No filter, or one that no index answers.";
    TooMany, "tooMany", "More than is looked at, or changed, at once.";
    Uniqueness, "uniqueness", "Another resource has that value.";
    Mutability, "mutability", "The attribute cannot be changed.";
    InvalidSyntax, "invalidSyntax", "The message does not have its form.";
    InvalidPath, "invalidPath", "The path names nothing that there can be.";
    NoTarget, "noTarget", "Nothing is at the place of the path.";
    InvalidValue, "invalidValue", "A value is missing, or of no use.";
    InvalidCursor, "invalidCursor", "The cursor is of another list (RFC 9865).";
    InvalidCount, "invalidCount", "The count is no number (RFC 9865).";
}

/// What is wrong with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its kind.
    pub kind: Kind,
    /// What is wrong, and what would be right.
    pub detail: String,
}

impl Problem {
    /// A problem in words.
    pub fn of(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.kind.as_str(), self.detail)
    }
}

impl std::error::Error for Problem {}

/// The body of an error. The status is a text there.
#[must_use]
pub fn render_error(status: u16, kind: Option<Kind>, detail: &str) -> Value {
    let mut body = json!({ "schemas": [ERROR], "status": status.to_string(), "detail": detail });
    if let Some(kind) = kind {
        body["scimType"] = Value::from(kind.as_str());
    }
    body
}
