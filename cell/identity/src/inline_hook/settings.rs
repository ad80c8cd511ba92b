//! Where an inline hook goes, as an administrator names it, held against its bounds. Pure.

use crate::event_hook::channel::{AuthFate, decide_auth, decide_headers, decide_name, decide_uri};
use crate::event_hook::envoy::PlainHttp;
use crate::event_hook::{Header, HookConfig};
use crate::fault::Refusal;
use vocab::secret::Secret;

/// A hook, as an administrator names it. Its kind is named once, when it is made.
pub struct InlineHookChange {
    /// Its name.
    pub name: String,
    /// The address.
    pub uri: String,
    /// Further headers.
    pub headers: Vec<Header>,
    /// The header by which the receiver knows us, and its value; without a value the present one stays.
    pub auth: Option<(String, Option<Secret<String>>)>,
    /// The address of the org, as the caller reaches it.
    pub base_url: String,
}

/// Holds a hook against its bounds; what becomes of the value of its header.
///
/// # Errors
/// [`Refusal::Invalid`] naming the field as the API does.
pub fn decide_inline_hook(
    change: &InlineHookChange,
    present: Option<&HookConfig>,
    plain: PlainHttp,
) -> Result<AuthFate, Refusal> {
    decide_name(&change.name)?;
    decide_uri("channel.config.uri", &change.uri, plain)?;
    decide_headers(&change.headers)?;
    decide_auth(&change.uri, change.auth.as_ref(), present)
}
