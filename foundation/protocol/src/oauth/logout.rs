//! The logout request of a client (OpenID Connect RP-Initiated Logout section 2).

use crate::oauth::form::Form;
use crate::oauth::parameter::{
    CLIENT_ID, Grammar, HINT_BYTES_MAX, ID_TOKEN_HINT, ParameterError, STATE, UI_LOCALES,
};
use crate::oauth::redirect_uri::REDIRECT_URI_BYTES_MAX;

const LOGOUT_HINT: Grammar = Grammar::text("logout_hint", HINT_BYTES_MAX);
const POST_LOGOUT_REDIRECT_URI: Grammar =
    Grammar::printable("post_logout_redirect_uri", REDIRECT_URI_BYTES_MAX);

/// A logout request; every part of it is optional.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogoutRequest {
    /// `id_token_hint`, unverified; it may have expired (section 2).
    pub id_token_hint: Option<String>,
    /// `logout_hint`.
    pub logout_hint: Option<String>,
    /// `client_id`; when there is an ID token too, it must be its audience (section 2).
    pub client_id: Option<String>,
    /// `post_logout_redirect_uri`, to be compared with the client's list.
    pub post_logout_redirect_uri: Option<String>,
    /// `state`, to be returned as it came.
    pub state: Option<String>,
    /// `ui_locales` in order of preference.
    pub ui_locales: Vec<String>,
}

/// Reads a logout request from a query or a body.
///
/// # Errors
/// [`ParameterError`] when a parameter is malformed or too long.
pub fn parse_logout_request(form: &Form<'_>) -> Result<LogoutRequest, ParameterError> {
    let owned = |grammar: Grammar| Ok(grammar.optional(form)?.map(str::to_owned));
    Ok(LogoutRequest {
        id_token_hint: owned(ID_TOKEN_HINT)?,
        logout_hint: owned(LOGOUT_HINT)?,
        client_id: owned(CLIENT_ID)?,
        post_logout_redirect_uri: owned(POST_LOGOUT_REDIRECT_URI)?,
        state: owned(STATE)?,
        ui_locales: UI_LOCALES.words(form)?,
    })
}

#[cfg(test)]
mod tests {
    use super::{LogoutRequest, parse_logout_request};
    use crate::oauth::form::Form;
    use crate::oauth::parameter::ParameterError;

    #[test]
    fn reads_all_or_nothing() {
        let parse = |text: &str| parse_logout_request(&Form::parse(text.as_bytes()).ok().unwrap());
        assert_eq!(parse("").unwrap(), LogoutRequest::default());
        let request = parse(
            "id_token_hint=x.y.z&logout_hint=ada&client_id=c&state=s&ui_locales=de+en\
             &post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fbye",
        );
        let request = request.unwrap();
        assert_eq!(
            request.post_logout_redirect_uri.as_deref(),
            Some("https://app.example/bye")
        );
        assert_eq!(
            (request.client_id.as_deref(), request.state.as_deref()),
            (Some("c"), Some("s"))
        );
        assert_eq!(request.ui_locales, ["de", "en"]);
        assert_eq!(parse("state=%07"), Err(ParameterError::Malformed("state")));
        assert_eq!(
            parse(&format!("logout_hint={}", "a".repeat(513))),
            Err(ParameterError::TooLong("logout_hint"))
        );
    }
}
