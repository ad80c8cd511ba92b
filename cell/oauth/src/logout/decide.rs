//! What a logout request comes to (OpenID Connect RP-Initiated Logout sections 2 and 3). Pure.

use crate::authorize::address::client_kind;
use crate::denial::Denial;
use identity::app::App;
use protocol::oauth::error::ErrorCode;
use protocol::oauth::redirect_uri::RedirectUri;

/// What a verified `id_token_hint` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The app that it was issued to.
    pub app: String,
    /// The person.
    pub user: String,
    /// The session, if it names one.
    pub session: Option<String>,
}

/// The session that the browser has.
#[derive(Debug, Clone, Copy)]
pub struct Current<'a> {
    /// The person.
    pub user: &'a str,
    /// The session.
    pub session: &'a str,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogoutStep {
    /// End the session and go on.
    End,
    /// Ask first: anybody can make a browser send this request.
    Ask,
    /// There is no session; go on.
    GoOn,
}

/// The app of a request: of the hint, or as named; both must agree.
///
/// # Errors
/// `invalid_request` if they do not.
pub fn decide_app<'a>(
    hint: Option<&'a Hint>,
    named: Option<&'a str>,
) -> Result<Option<&'a str>, Denial> {
    match (hint.map(|hint| hint.app.as_str()), named) {
        (Some(hinted), Some(named)) if hinted != named => Err(Denial::new(
            ErrorCode::InvalidRequest,
            "client_id is not the app of id_token_hint",
        )),
        (hinted, named) => Ok(hinted.or(named)),
    }
}

/// The address after logout: one that the app has registered.
///
/// # Errors
/// `invalid_request`, for the person's eyes alone, if it is not.
pub fn decide_target(app: Option<&App>, named: Option<&str>) -> Result<Option<String>, Denial> {
    let Some(named) = named else {
        return Ok(None);
    };
    let registered = app.is_some_and(|app| {
        let uris = app.settings.post_logout_redirect_uris.iter();
        uris.filter_map(|uri| RedirectUri::parse(uri, client_kind(app.kind)).ok())
            .any(|uri| uri.matches(named))
    });
    if registered {
        Ok(Some(named.to_owned()))
    } else {
        Err(Denial::new(
            ErrorCode::InvalidRequest,
            "the parameter post_logout_redirect_uri is not one that the app has registered",
        ))
    }
}

/// Ends the session without a question only if the app proves by its hint that it means this very person.
#[must_use]
pub fn decide_logout(current: Option<Current<'_>>, hint: Option<&Hint>) -> LogoutStep {
    match (current, hint) {
        (None, _) => LogoutStep::GoOn,
        (Some(current), Some(hint))
            if hint.user == current.user
                && hint
                    .session
                    .as_deref()
                    .is_none_or(|session| session == current.session) =>
        {
            LogoutStep::End
        }
        (Some(_), _) => LogoutStep::Ask,
    }
}
