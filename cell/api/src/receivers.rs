//! What hooks and log streams have in common at the wire: where to, how a receiver knows us, and what went wrong on the way to it.

use crate::body::Fields;
use crate::error::ApiError;
use identity::event_hook::envoy::Trouble;
use identity::event_hook::{Header, HookConfig};
use identity::fault::Refusal;
use serde_json::{Value, json};
use vocab::secret::Secret;

/// How a receiver knows us.
pub(crate) const AUTH_SCHEME: &str = "HEADER";

/// How a hook is reached.
pub(crate) const CHANNEL: &str = "HTTP";
/// The version of that.
pub(crate) const CHANNEL_VERSION: &str = "1.0.0";
/// By which method.
pub(crate) const METHOD: &str = "POST";

/// Where a hook goes.
pub(crate) struct Channel {
    /// The address.
    pub(crate) uri: String,
    /// Further headers.
    pub(crate) headers: Vec<Header>,
    /// The header by which the receiver knows us.
    pub(crate) auth: Option<Auth>,
}

/// Takes the channel of a hook; none if none is named.
///
/// # Errors
/// [`ApiError`] naming the field.
pub(crate) fn take_channel(fields: &mut Fields) -> Result<Option<Channel>, ApiError> {
    let Some(mut channel) = fields.take_object("channel")? else {
        return Ok(None);
    };
    channel.take_only("type", &[CHANNEL], "use HTTP")?;
    take_http(channel).map(Some)
}

/// Takes a channel whose type is known.
///
/// # Errors
/// [`ApiError`] naming the field.
pub(crate) fn take_http(mut channel: Fields) -> Result<Channel, ApiError> {
    channel.take_only("version", &[CHANNEL_VERSION], "use 1.0.0")?;
    let config = channel.take_object("config")?;
    let mut config = config.ok_or_else(|| channel.refusal("config", "it is required"))?;
    let (uri, headers) = take_address(&mut config)?;
    let auth = take_auth(&mut config)?;
    config.end()?;
    channel.end()?;
    Ok(Channel { uri, headers, auth })
}

/// Takes where a hook goes, and its further headers.
///
/// # Errors
/// [`ApiError`] naming the field.
pub(crate) fn take_address(config: &mut Fields) -> Result<(String, Vec<Header>), ApiError> {
    let uri = config.take_text("uri")?.unwrap_or_default();
    config.take_only("method", &[METHOD], "use POST")?;
    Ok((uri, take_headers(config)?))
}

fn take_headers(config: &mut Fields) -> Result<Vec<Header>, ApiError> {
    let headers = config.take_objects("headers")?.unwrap_or_default();
    let header = |mut header: Fields| {
        let name = header.take_text("key")?.unwrap_or_default();
        let value = header.take_text("value")?.unwrap_or_default();
        header.end()?;
        Ok(Header { name, value })
    };
    headers.into_iter().map(header).collect()
}

/// The channel of a hook, without what is secret in it.
pub(crate) fn render_channel(config: &HookConfig) -> Value {
    let auth = config
        .auth
        .as_ref()
        .map(|auth| json!({ "type": AUTH_SCHEME, "key": auth.name }));
    json!({
        "type": CHANNEL,
        "version": CHANNEL_VERSION,
        "config": {
            "uri": config.uri,
            "method": METHOD,
            "headers": render_headers(&config.headers),
            "authScheme": auth,
        },
    })
}

/// Further headers.
pub(crate) fn render_headers(headers: &[Header]) -> Value {
    let headers = headers.iter();
    headers
        .map(|header| json!({ "key": header.name, "value": header.value }))
        .collect()
}

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
