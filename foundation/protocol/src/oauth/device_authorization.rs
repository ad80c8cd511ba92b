//! The device authorization request (RFC 8628 section 3.1) and its answer (section 3.2). Codes that people type
//! are in [`crate::device`].

use serde::Serialize;

use crate::oauth::form::Form;
use crate::oauth::scope::{ScopeError, ScopeSet};

/// A device asks for a pair of codes. Who asks is in the client's credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceAuthorizationRequest {
    /// `scope`; empty when absent.
    pub scope: ScopeSet,
}

/// Reads a device authorization request.
///
/// # Errors
/// [`ScopeError`] when the scope is malformed.
pub fn parse_device_authorization_request(
    form: &Form<'_>,
) -> Result<DeviceAuthorizationRequest, ScopeError> {
    Ok(DeviceAuthorizationRequest {
        scope: ScopeSet::parse(form.get("scope").unwrap_or_default())?,
    })
}

/// The answer (RFC 8628 section 3.2). Has no `Debug`: it holds codes.
#[derive(Clone, Serialize)]
pub struct DeviceAuthorizationResponse<'d> {
    /// What the device polls with.
    pub device_code: &'d str,
    /// What the person types.
    pub user_code: &'d str,
    /// Where the person types it.
    pub verification_uri: &'d str,
    /// The same with the code in it.
    pub verification_uri_complete: &'d str,
    /// How long the codes live, in seconds.
    pub expires_in: i64,
    /// How long the device waits between questions, in seconds.
    pub interval: i64,
}

#[cfg(test)]
mod tests {
    use super::parse_device_authorization_request;
    use crate::oauth::form::Form;

    #[test]
    fn reads_the_example_of_rfc_8628_section_3_1() {
        let parse = |text: &str| {
            parse_device_authorization_request(&Form::parse(text.as_bytes()).ok().unwrap())
        };
        assert_eq!(
            parse("client_id=1406020730&scope=example_scope")
                .unwrap()
                .scope
                .render(),
            "example_scope"
        );
        assert!(parse("client_id=1406020730").unwrap().scope.is_empty());
        assert!(parse("scope=+").is_err());
    }
}
