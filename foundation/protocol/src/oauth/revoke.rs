//! Token revocation (RFC 7009 section 2.1). The answer is an empty 200, also for tokens that nobody knows (section 2.2).

use crate::oauth::form::Form;
use crate::oauth::introspect::{TokenQuery, parse_introspect_request};
use crate::oauth::parameter::ParameterError;

/// Reads a revocation request, which has the same two parameters as an introspection request.
///
/// # Errors
/// [`ParameterError`] when `token` is missing or a parameter is malformed.
pub fn parse_revoke_request(form: &Form<'_>) -> Result<TokenQuery, ParameterError> {
    parse_introspect_request(form)
}

#[cfg(test)]
mod tests {
    use super::parse_revoke_request;
    use crate::oauth::form::Form;
    use crate::oauth::introspect::TokenTypeHint;

    #[test]
    fn reads_the_example_of_rfc_7009_section_2_1() {
        let form = Form::parse(b"token=45ghiukldjahdnhzdauz&token_type_hint=refresh_token")
            .ok()
            .unwrap();
        let query = parse_revoke_request(&form).ok().unwrap();
        assert_eq!(query.token.expose(), "45ghiukldjahdnhzdauz");
        assert_eq!(query.hint, Some(TokenTypeHint::RefreshToken));
    }
}
