//! The authorization request (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1).
//!
//! Two steps, for two audiences. [`parse_envelope`] reads what says who asks and where the answer goes; its errors
//! may only be shown to the person, for a redirect to an unchecked address is an open redirector (RFC 6749 section
//! 4.1.2.1). Once the address is checked, [`parse_authorize_request`] reads the rest, and its errors go back to the client.

use crate::oauth::error::{ErrorCode, WireError};
use crate::oauth::form::Form;
use crate::oauth::parameter::{
    CLIENT_ID, Grammar, HINT_BYTES_MAX, ID_TOKEN_HINT, OPAQUE_BYTES_MAX, ParameterError, STATE,
    UI_LOCALES,
};
use crate::oauth::pkce::{Challenge, parse_challenge};
use crate::oauth::redirect_uri::REDIRECT_URI_BYTES_MAX;
use crate::oauth::scope::{ScopeError, ScopeSet};

const REDIRECT_URI: Grammar = Grammar::printable("redirect_uri", REDIRECT_URI_BYTES_MAX);
const NONCE: Grammar = Grammar::text("nonce", OPAQUE_BYTES_MAX);
const PROMPT: Grammar = Grammar::printable("prompt", HINT_BYTES_MAX);
const LOGIN_HINT: Grammar = Grammar::text("login_hint", HINT_BYTES_MAX);
const ACR_VALUES: Grammar = Grammar::printable("acr_values", HINT_BYTES_MAX);
/// Ten years: longer ages mean nothing, and sums with them stay far from overflow.
const MAX_AGE_SECS_MAX: i64 = 10 * 366 * 86_400;

/// How the answer travels back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResponseMode {
    /// In the query of the redirect: the default for codes (OAuth 2.0 Multiple Response Types section 2.1).
    #[default]
    Query,
    /// As a form that the browser posts (OAuth 2.0 Form Post Response Mode section 2).
    FormPost,
}

impl ResponseMode {
    /// Every mode, in the order in which metadata lists them.
    pub const ALL: [ResponseMode; 2] = [ResponseMode::Query, ResponseMode::FormPost];

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ResponseMode::Query => "query",
            ResponseMode::FormPost => "form_post",
        }
    }

    /// The mode of a name. `fragment` is not offered for codes: a code belongs to the server or the app that asked,
    /// and the query reaches both.
    #[must_use]
    pub fn parse(name: &str) -> Option<ResponseMode> {
        ResponseMode::ALL
            .into_iter()
            .find(|mode| mode.name() == name)
    }
}

/// Who asks, and where the answer goes. Nothing in it is checked against a client yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// `client_id`.
    pub client_id: String,
    /// `redirect_uri`, if named.
    pub redirect_uri: Option<String>,
    /// `state`, to be returned as it came; none when it is malformed, which [`parse_authorize_request`] then reports.
    pub state: Option<String>,
    /// `response_mode`; the default when it is not one that we offer, which [`parse_authorize_request`] then reports.
    pub response_mode: ResponseMode,
}

/// What a `prompt` parameter asks for (OpenID Connect Core section 3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prompts {
    /// `none`: show nothing to the person; never together with another.
    pub none: bool,
    /// `login`: prove it again.
    pub login: bool,
    /// `consent`: ask for consent again.
    pub consent: bool,
    /// `select_account`: let the person choose who to be.
    pub select_account: bool,
}

/// A complete authorization request with `response_type=code`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizeRequest {
    /// `client_id`.
    pub client_id: String,
    /// `redirect_uri`, if named.
    pub redirect_uri: Option<String>,
    /// How the answer travels back.
    pub response_mode: ResponseMode,
    /// `state`, to be returned as it came.
    pub state: Option<String>,
    /// `scope`; empty when absent.
    pub scope: ScopeSet,
    /// `nonce`, to be repeated in the ID token.
    pub nonce: Option<String>,
    /// `prompt`.
    pub prompts: Prompts,
    /// `max_age`: how long ago the person may have proved who they are; 0 means again now.
    pub max_age_secs: Option<i64>,
    /// `login_hint`.
    pub login_hint: Option<String>,
    /// `id_token_hint`, unverified.
    pub id_token_hint: Option<String>,
    /// `acr_values` in order of preference.
    pub acr_values: Vec<String>,
    /// `ui_locales` in order of preference.
    pub ui_locales: Vec<String>,
    /// `code_challenge` for `S256`.
    pub code_challenge: Option<Challenge>,
}

/// Why an authorization request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizeError {
    /// A parameter is missing, malformed or too long.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The scope is malformed.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// Another `response_type` than `code`.
    #[error("the parameter response_type must be code")]
    ResponseType,
    /// A `response_mode` that is not offered.
    #[error("the parameter response_mode must be query or form_post")]
    ResponseMode,
    /// An unknown `prompt`.
    #[error("the parameter prompt may hold none, login, consent and select_account")]
    Prompt,
    /// `prompt=none` with another.
    #[error("the parameter prompt must not hold none together with another value")]
    PromptNone,
    /// `request` (OpenID Connect Core section 6.1).
    #[error("the parameter request is not supported")]
    Request,
    /// `request_uri` (OpenID Connect Core section 6.2).
    #[error("the parameter request_uri is not supported")]
    RequestUri,
    /// `registration` (OpenID Connect Core section 7.2.1).
    #[error("the parameter registration is not supported")]
    Registration,
}

impl WireError for AuthorizeError {
    fn code(&self) -> ErrorCode {
        match self {
            AuthorizeError::Parameter(error) => error.code(),
            AuthorizeError::Scope(error) => error.code(),
            AuthorizeError::ResponseType => ErrorCode::UnsupportedResponseType,
            AuthorizeError::ResponseMode | AuthorizeError::Prompt | AuthorizeError::PromptNone => {
                ErrorCode::InvalidRequest
            }
            AuthorizeError::Request => ErrorCode::RequestNotSupported,
            AuthorizeError::RequestUri => ErrorCode::RequestUriNotSupported,
            AuthorizeError::Registration => ErrorCode::RegistrationNotSupported,
        }
    }
}

/// Reads who asks and where the answer goes.
///
/// # Errors
/// [`ParameterError`] when `client_id` is missing, or it or `redirect_uri` is malformed: for the person's eyes only.
pub fn parse_envelope(form: &Form<'_>) -> Result<Envelope, ParameterError> {
    Ok(Envelope {
        client_id: CLIENT_ID.required(form)?.to_owned(),
        redirect_uri: REDIRECT_URI.optional(form)?.map(str::to_owned),
        state: STATE.optional(form).unwrap_or_default().map(str::to_owned),
        response_mode: form
            .get("response_mode")
            .and_then(ResponseMode::parse)
            .unwrap_or_default(),
    })
}

/// Reads the whole request. Parameters that are not known are passed over (RFC 6749 section 3.1).
///
/// # Errors
/// [`AuthorizeError`] on the first thing wrong; it may be returned to the client once its address is checked.
pub fn parse_authorize_request(form: &Form<'_>) -> Result<AuthorizeRequest, AuthorizeError> {
    refuse_indirection(form)?;
    let envelope = parse_envelope(form)?;
    let state = STATE.optional(form)?.map(str::to_owned);
    parse_response_type(form)?;
    if form
        .get("response_mode")
        .is_some_and(|name| ResponseMode::parse(name).is_none())
    {
        return Err(AuthorizeError::ResponseMode);
    }
    Ok(AuthorizeRequest {
        client_id: envelope.client_id,
        redirect_uri: envelope.redirect_uri,
        response_mode: envelope.response_mode,
        state,
        scope: ScopeSet::parse(form.get("scope").unwrap_or_default())?,
        nonce: NONCE.optional(form)?.map(str::to_owned),
        prompts: parse_prompts(form)?,
        max_age_secs: parse_max_age(form)?,
        login_hint: LOGIN_HINT.optional(form)?.map(str::to_owned),
        id_token_hint: ID_TOKEN_HINT.optional(form)?.map(str::to_owned),
        acr_values: ACR_VALUES.words(form)?,
        ui_locales: UI_LOCALES.words(form)?,
        code_challenge: parse_challenge(form)?,
    })
}

/// Request objects come first: when one is there, the other parameters may stand inside it.
fn refuse_indirection(form: &Form<'_>) -> Result<(), AuthorizeError> {
    let refused = [
        ("request", AuthorizeError::Request),
        ("request_uri", AuthorizeError::RequestUri),
        ("registration", AuthorizeError::Registration),
    ];
    match refused
        .into_iter()
        .find(|(name, _)| form.get(name).is_some())
    {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

fn parse_response_type(form: &Form<'_>) -> Result<(), AuthorizeError> {
    match form.get("response_type") {
        None => Err(ParameterError::Missing("response_type").into()),
        Some("code") => Ok(()),
        Some(_) => Err(AuthorizeError::ResponseType),
    }
}

fn parse_prompts(form: &Form<'_>) -> Result<Prompts, AuthorizeError> {
    let mut prompts = Prompts::default();
    let words = PROMPT.words(form)?;
    for word in &words {
        match word.as_str() {
            "none" => prompts.none = true,
            "login" => prompts.login = true,
            "consent" => prompts.consent = true,
            "select_account" => prompts.select_account = true,
            _ => return Err(AuthorizeError::Prompt),
        }
    }
    match prompts.none && words.len() > 1 {
        true => Err(AuthorizeError::PromptNone),
        false => Ok(prompts),
    }
}

fn parse_max_age(form: &Form<'_>) -> Result<Option<i64>, ParameterError> {
    let Some(text) = form.get("max_age") else {
        return Ok(None);
    };
    let malformed = ParameterError::Malformed("max_age");
    // Digits only: the parser of the standard library would let a sign pass.
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(malformed);
    }
    match text.parse::<i64>() {
        Ok(seconds) if seconds <= MAX_AGE_SECS_MAX => Ok(Some(seconds)),
        _ => Err(malformed),
    }
}

#[cfg(test)]
mod tests;
