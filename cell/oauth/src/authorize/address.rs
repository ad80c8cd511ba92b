//! Addresses of the way to a code: the redirect address of the app, and where the browser comes back to. Pure.

use crate::authorize::decide::SignInReason;
use identity::app::{App, AppKind};
use identity::sign_on::authenticator::AuthenticationContext;
use protocol::oauth::form::{Form, render_form};
use protocol::oauth::redirect_uri::{ClientKind, RedirectUri};
use vocab::id::IdentityProviderId;
use vocab::time::Timestamp;

/// Says in the address of a request when a sign-in was asked for on its behalf: microseconds.
pub const ASKED_AT: &str = "testudo_asked_at";

/// Where a client runs, as far as its addresses depend on it.
#[must_use]
pub const fn client_kind(kind: AppKind) -> ClientKind {
    match kind {
        AppKind::Native => ClientKind::Native,
        AppKind::Web | AppKind::SinglePage | AppKind::Service => ClientKind::Web,
    }
}

/// The redirect address of a request: the named one if the app has registered it, or the only one if none is named.
#[must_use]
pub fn decide_redirect_uri(app: &App, named: Option<&str>) -> Option<String> {
    let kind = client_kind(app.kind);
    let mut registered = app.settings.redirect_uris.iter();
    match named {
        Some(named) => registered
            .filter_map(|uri| RedirectUri::parse(uri, kind).ok())
            .any(|uri| uri.matches(named))
            .then(|| named.to_owned()),
        // RFC 6749 section 3.1.2.3: it may be left out where there is one alone.
        None => match (registered.next(), registered.next()) {
            (Some(only), None) => Some(only.clone()),
            _ => None,
        },
    }
}

/// When a sign-in was asked for on behalf of the request.
#[must_use]
pub fn parse_asked_at(form: &Form<'_>) -> Option<Timestamp> {
    form.get(ASKED_AT)?.parse().ok().map(Timestamp::from_micros)
}

/// The request again, as an address of ours, without the named prompts and with the moment at which the person was
/// asked. A moment that is there already stays, so that one sign-in suffices.
#[must_use]
pub fn render_return(
    path: &str,
    form: &Form<'_>,
    asked_at: Option<Timestamp>,
    drop_prompt: Option<&str>,
) -> String {
    let stamp = asked_at.map(|moment| moment.micros().to_string());
    let mut prompt = String::new();
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for (name, value) in form
        .iter()
        .filter(|(name, value)| *name != ASKED_AT && !value.is_empty())
    {
        if name == "prompt" {
            let kept = value
                .split(' ')
                .filter(|word| Some(*word) != drop_prompt && !word.is_empty());
            prompt = kept.collect::<Vec<_>>().join(" ");
        } else {
            pairs.push((name, value));
        }
    }
    if !prompt.is_empty() {
        pairs.push(("prompt", &prompt));
    }
    if let Some(stamp) = &stamp {
        pairs.push((ASKED_AT, stamp));
    }
    format!("{path}/v1/authorize?{}", render_form(&pairs))
}

/// The address of the sign-in page for a request. Where proof must be given anew, it says since when proof counts.
#[must_use]
pub fn render_sign_in(
    path_prefix: &str,
    back: &str,
    app: &App,
    question: SignInQuestion<'_>,
) -> String {
    let since = question
        .fresh_since
        .map(|moment| moment.micros().to_string());
    let reason = question.reason;
    let mut pairs = vec![
        ("continue", back),
        ("app", app.id.as_str()),
        ("reason", reason.as_str()),
    ];
    if let Some(since) = &since {
        pairs.push(("fresh_since", since));
    }
    if let Some(context) = question.context {
        pairs.push(("acr", context.as_str()));
    }
    if let Some(hint) = question.login_hint {
        pairs.push(("login_hint", hint));
    }
    if let Some(provider) = question.provider {
        pairs.push(("idp", provider.as_str()));
    }
    format!("{path_prefix}/signin?{}", render_form(&pairs))
}

/// What the sign-in page is told.
#[derive(Debug, Clone, Copy)]
pub struct SignInQuestion<'a> {
    /// Why the person is sent there.
    pub reason: SignInReason,
    /// Proof from before this moment does not count.
    pub fresh_since: Option<Timestamp>,
    /// What is to be reached, beyond what the policies ask for.
    pub context: Option<AuthenticationContext>,
    /// Whom the app expects.
    pub login_hint: Option<&'a str>,
    /// At which identity provider the app wants the person to sign in.
    pub provider: Option<&'a IdentityProviderId>,
}

/// The address of the consent page for a request.
#[must_use]
pub fn render_consent(path_prefix: &str, back: &str) -> String {
    format!(
        "{path_prefix}/consent?{}",
        render_form(&[("continue", back)])
    )
}
