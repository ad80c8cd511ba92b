//! Whose signing keys: the org's own authorization server, or a custom one.

use vocab::id::{IdError, ServerId};
use vocab::value::Value;

/// The stored word for the org's own authorization server.
const ORG: &str = "org";

/// An authorization server, as the owner of signing keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ServerKeyScope {
    /// The org's own server.
    Org,
    /// A custom server.
    Custom(ServerId),
}

impl ServerKeyScope {
    /// The stored text: `org` or the server's id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Org => ORG,
            Self::Custom(id) => id.as_str(),
        }
    }

    /// Reads the stored text.
    ///
    /// # Errors
    /// [`IdError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if text == ORG {
            Ok(Self::Org)
        } else {
            ServerId::parse(text).map(Self::Custom)
        }
    }
}

impl From<&ServerKeyScope> for Value {
    fn from(scope: &ServerKeyScope) -> Self {
        Value::from(scope.as_str())
    }
}
