//! The answer to an authorization request (RFC 6749 sections 4.1.2 and 4.1.2.1), on its way through the browser.
//!
//! Every answer names its issuer (RFC 9207), so that a client of several servers cannot be confused about whose it is.

use crate::oauth::authorize::ResponseMode;
use crate::oauth::error::{ErrorCode, render_description};
use crate::oauth::form::render_form;

/// What is answered. Has no `Debug`: it may hold a code.
#[derive(Clone, Copy)]
pub enum Answer<'a> {
    /// A code (RFC 6749 section 4.1.2).
    Code(&'a str),
    /// A refusal (RFC 6749 section 4.1.2.1).
    Error {
        /// `error`.
        code: ErrorCode,
        /// `error_description`; characters that it may not have are replaced.
        description: &'a str,
    },
}

/// An answer with what accompanies it.
#[derive(Clone, Copy)]
pub struct AuthorizationResponse<'a> {
    /// The answer.
    pub answer: Answer<'a>,
    /// `state`, exactly as it came.
    pub state: Option<&'a str>,
    /// `iss` (RFC 9207 section 2).
    pub issuer: &'a str,
}

/// An answer ready to send. Has no `Debug`: it may hold a code.
pub enum RenderedResponse {
    /// Send the browser here.
    Redirect {
        /// The value of `Location`.
        location: String,
    },
    /// Send a page with this form, which submits itself.
    FormPost(FormPost),
}

/// A form for the browser to post (OAuth 2.0 Form Post Response Mode section 2). Has no `Debug`: it may hold a code.
/// The page that shows it escapes names and values as HTML.
pub struct FormPost {
    /// Where to.
    pub action: String,
    /// The hidden fields.
    pub fields: Vec<(&'static str, String)>,
}

/// Renders an answer for an address that was checked.
#[must_use]
pub fn render_authorization_response(
    redirect_uri: &str,
    mode: ResponseMode,
    response: &AuthorizationResponse<'_>,
) -> RenderedResponse {
    let fields = response_fields(response);
    match mode {
        ResponseMode::Query => {
            let pairs: Vec<(&str, &str)> = fields
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            RenderedResponse::Redirect {
                location: append_query(redirect_uri, &pairs),
            }
        }
        ResponseMode::FormPost => RenderedResponse::FormPost(FormPost {
            action: redirect_uri.to_owned(),
            fields,
        }),
    }
}

/// Renders the address after logout, with `state` when the client sent one (OpenID Connect RP-Initiated Logout section 3).
#[must_use]
pub fn render_post_logout_redirect(address: &str, state: Option<&str>) -> String {
    match state {
        Some(state) => append_query(address, &[("state", state)]),
        None => address.to_owned(),
    }
}

fn response_fields(response: &AuthorizationResponse<'_>) -> Vec<(&'static str, String)> {
    let mut fields = match response.answer {
        Answer::Code(code) => vec![("code", code.to_owned())],
        Answer::Error { code, description } => {
            vec![
                ("error", code.name().to_owned()),
                ("error_description", render_description(description)),
            ]
        }
    };
    if let Some(state) = response.state {
        fields.push(("state", state.to_owned()));
    }
    fields.push(("iss", response.issuer.to_owned()));
    fields
}

/// Adds parameters to an address and keeps the query that it has (RFC 6749 section 3.1.2). Registered addresses have
/// no fragment.
fn append_query(address: &str, pairs: &[(&str, &str)]) -> String {
    let joint = match address.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{address}{joint}{}", render_form(pairs))
}

#[cfg(test)]
mod tests {
    use super::{Answer, AuthorizationResponse, RenderedResponse};
    use super::{render_authorization_response, render_post_logout_redirect};
    use crate::oauth::authorize::ResponseMode;
    use crate::oauth::error::ErrorCode;

    const ISSUER: &str = "https://id.example";

    fn location(address: &str, response: AuthorizationResponse<'_>) -> String {
        match render_authorization_response(address, ResponseMode::Query, &response) {
            RenderedResponse::Redirect { location } => location,
            RenderedResponse::FormPost(_) => panic!("a form"),
        }
    }

    #[test]
    fn keeps_the_query_and_escapes_everything() {
        let code = AuthorizationResponse {
            answer: Answer::Code("Spl&x"),
            state: Some("a b=\u{e9}"),
            issuer: ISSUER,
        };
        let tail = "code=Spl%26x&state=a+b%3D%C3%A9&iss=https%3A%2F%2Fid.example";
        for (address, joint) in [
            ("https://app.example/cb", "?"),
            ("https://app.example/cb?x=1", "&"),
            ("https://app.example/cb?", ""),
            ("https://app.example/cb?x=1&", ""),
            ("com.example.app:/cb", "?"),
        ] {
            assert_eq!(location(address, code), format!("{address}{joint}{tail}"));
        }
    }

    #[test]
    fn answers_refusals_with_code_and_description() {
        let answer = Answer::Error {
            code: ErrorCode::AccessDenied,
            description: "no \"thanks\"\r\n",
        };
        let refusal = AuthorizationResponse {
            answer,
            state: None,
            issuer: ISSUER,
        };
        assert_eq!(
            location("https://app.example/cb", refusal),
            "https://app.example/cb?error=access_denied&error_description=no+%27thanks%27%3F%3F&iss=https%3A%2F%2Fid.example"
        );
    }

    #[test]
    fn fills_a_form() {
        let code = AuthorizationResponse {
            answer: Answer::Code("c<"),
            state: Some("s"),
            issuer: ISSUER,
        };
        let rendered = render_authorization_response(
            "https://app.example/cb?x=1",
            ResponseMode::FormPost,
            &code,
        );
        let RenderedResponse::FormPost(form) = rendered else {
            panic!("a redirect");
        };
        assert_eq!(form.action, "https://app.example/cb?x=1");
        let fields: Vec<(&str, &str)> = form
            .fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        assert_eq!(fields, [("code", "c<"), ("state", "s"), ("iss", ISSUER)]);
    }

    #[test]
    fn returns_state_after_logout() {
        assert_eq!(
            render_post_logout_redirect("https://a.example/?x", Some("1&2")),
            "https://a.example/?x&state=1%262"
        );
        assert_eq!(
            render_post_logout_redirect("https://a.example/", None),
            "https://a.example/"
        );
    }
}
