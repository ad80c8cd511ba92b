//! What event hooks and log streams have in common at the wire: how a receiver knows us, and what went wrong on the way to it.

use crate::body::Fields;
use crate::error::ApiError;
use identity::event_hook::envoy::Trouble;
use identity::fault::Refusal;
use vocab::secret::Secret;

/// How a receiver knows us.
pub(crate) const AUTH_SCHEME: &str = "HEADER";

/// The header by which a receiver knows us: its name, and its value where one is said.
type Auth = (String, Option<Secret<String>>);

/// Takes that header.
///
/// # Errors
/// [`ApiError`] naming the field.
pub(crate) fn take_auth(fields: &mut Fields) -> Result<Option<Auth>, ApiError> {
    let Some(mut scheme) = fields.take_object("authScheme")? else {
        return Ok(None);
    };
    scheme.take_only("type", &[AUTH_SCHEME], "use HEADER")?;
    let name = scheme.take_text("key")?.unwrap_or_default();
    let value = scheme.take_text("value")?.map(Secret::new);
    scheme.end()?;
    Ok(Some((name, value)))
}

/// The reasons of the domain in the words of the wire.
pub(crate) fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::WrongState(why) => ApiError::invalid("status", why),
        other => other.into(),
    }
}

/// What went wrong on the way, in words.
pub(crate) const fn explain(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Inward => {
            "it leads into a private network; the operator's option --allow-private-outbound permits that"
        }
        Trouble::Unreachable => "nobody is to be reached there",
        Trouble::Untrusted => "its certificate is not trusted",
        Trouble::TimedOut => "it took too long to answer",
        Trouble::Garbled => "what it answered is no HTTP",
        Trouble::Broken => "the connection ended before all was taken",
    }
}
