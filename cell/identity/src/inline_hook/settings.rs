//! Where an inline hook goes, as an administrator names it, held against its bounds. Pure.

use crate::event_hook::Header;
use crate::event_hook::channel::{AuthFate, decide_auth, decide_headers, decide_name, decide_uri};
use crate::event_hook::envoy::PlainHttp;
use crate::event_hook::sealing::GivenAuth;
use crate::fault::Refusal;
use crate::inline_hook::InlineHook;
use crate::inline_hook::oauth::{OAuthChange, ProofFate, decide_oauth};
use vocab::secret::Secret;

/// The header in which tokens stand (RFC 6750 section 2.1).
pub(crate) const AUTHORIZATION: &str = "Authorization";

/// A hook, as an administrator names it. Its kind is named once, when it is made.
pub struct InlineHookChange {
    /// Its name.
    pub name: String,
    /// The address.
    pub uri: String,
    /// Further headers.
    pub headers: Vec<Header>,
    /// How the receiver knows us.
    pub auth: InlineHookAuth,
    /// The address of the org, as the caller reaches it.
    pub base_url: String,
}

/// How the receiver of a hook knows us, beside the signature.
pub enum InlineHookAuth {
    /// By a header, and its value; without a value the present one stays.
    Header(Option<(String, Option<Secret<String>>)>),
    /// By a token that is got before.
    Token(OAuthChange),
}

/// What becomes of that by which the receiver knows us.
pub(crate) enum InlineHookFate<'c> {
    /// There is no token; the header that was given, and what becomes of its value.
    Header(&'c GivenAuth, AuthFate),
    /// How tokens are got, and what becomes of the proof.
    Token(&'c OAuthChange, ProofFate<'c>),
}

/// Holds a hook against its bounds; what becomes of its secrets.
///
/// # Errors
/// [`Refusal::Invalid`] naming the field as the API does.
pub(crate) fn decide_inline_hook<'c>(
    change: &'c InlineHookChange,
    present: Option<&'c InlineHook>,
    plain: PlainHttp,
) -> Result<InlineHookFate<'c>, Refusal> {
    decide_name(&change.name)?;
    decide_uri("channel.config.uri", &change.uri, plain)?;
    decide_headers(&change.headers)?;
    match &change.auth {
        InlineHookAuth::Header(auth) => {
            let present = present.map(|hook| &hook.config);
            let fate = decide_auth(&change.uri, auth.as_ref(), present)?;
            Ok(InlineHookFate::Header(auth, fate))
        }
        InlineHookAuth::Token(token) => {
            let mut names = change.headers.iter().map(|header| &header.name);
            if names.any(|name| name.eq_ignore_ascii_case(AUTHORIZATION)) {
                let problem = "the token stands in the header Authorization";
                return Err(Refusal::invalid("channel.config.headers", problem));
            }
            let stored =
                present.and_then(|hook| Some((hook.config.uri.as_str(), hook.oauth.as_ref()?)));
            let fate = decide_oauth(&change.uri, token, stored, plain)?;
            Ok(InlineHookFate::Token(token, fate))
        }
    }
}
