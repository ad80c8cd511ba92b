//! Signed tokens in the compact form (RFC 7515 section 3.1): write ours, check anybody's.

pub mod encode;
pub mod memo;
pub mod verify;

#[cfg(test)]
mod tests;

/// The `typ` of a token (RFC 7515 section 4.1.9): keeps one kind from passing for another (RFC 8725 section 3.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenType {
    /// `JWT`: ID tokens.
    Jwt,
    /// `at+jwt`: access tokens (RFC 9068 section 2.1).
    AccessToken,
    /// `logout+jwt`: back-channel logout tokens (OpenID Connect Back-Channel Logout section 2.4).
    LogoutToken,
}

impl TokenType {
    /// The name in the header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            TokenType::Jwt => "JWT",
            TokenType::AccessToken => "at+jwt",
            TokenType::LogoutToken => "logout+jwt",
        }
    }
}
