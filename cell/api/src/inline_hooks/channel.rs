//! The channel of an inline hook at the wire: asked with a header, or with a token that is got before.

use crate::body::Fields;
use crate::error::ApiError;
use crate::receivers::{
    CHANNEL, CHANNEL_VERSION, Channel, METHOD, render_channel, render_headers, take_address,
    take_http,
};
use identity::event_hook::Header;
use identity::inline_hook::InlineHook;
use identity::inline_hook::oauth::{ClientProof, GivenProof, OAuthChange, OAuthChannel};
use identity::inline_hook::settings::InlineHookAuth;
use serde_json::{Value, json};
use vocab::id::HookKeyId;
use vocab::secret::Secret;

/// The word for a channel with tokens.
pub(crate) const OAUTH: &str = "OAUTH";
/// The ways to prove ourselves at a token endpoint.
pub(crate) const CLIENT_SECRET_POST: &str = "client_secret_post";
/// By a statement that a hook key signs.
pub(crate) const PRIVATE_KEY_JWT: &str = "private_key_jwt";

/// Where an inline hook goes, and how it knows us.
pub(crate) struct InlineChannel {
    /// The address.
    pub(crate) uri: String,
    /// Further headers.
    pub(crate) headers: Vec<Header>,
    /// How it knows us.
    pub(crate) auth: InlineHookAuth,
}

impl From<Channel> for InlineChannel {
    fn from(channel: Channel) -> Self {
        Self {
            uri: channel.uri,
            headers: channel.headers,
            auth: InlineHookAuth::Header(channel.auth),
        }
    }
}

/// Takes the channel; none if none is named.
///
/// # Errors
/// [`ApiError`] naming the field.
pub(crate) fn take_channel(fields: &mut Fields) -> Result<Option<InlineChannel>, ApiError> {
    let Some(mut channel) = fields.take_object("channel")? else {
        return Ok(None);
    };
    match channel.take_text("type")?.as_deref() {
        None | Some(CHANNEL) => Ok(Some(take_http(channel)?.into())),
        Some(OAUTH) => take_oauth(channel).map(Some),
        Some(_) => Err(channel.refusal("type", "use HTTP or OAUTH")),
    }
}

fn take_oauth(mut channel: Fields) -> Result<InlineChannel, ApiError> {
    channel.take_only("version", &[CHANNEL_VERSION], "use 1.0.0")?;
    let config = channel.take_object("config")?;
    let mut config = config.ok_or_else(|| channel.refusal("config", "it is required"))?;
    let (uri, headers) = take_address(&mut config)?;
    if config.take("authScheme").is_some() {
        let problem = "a hook with tokens has no header besides";
        return Err(config.refusal("authScheme", problem));
    }
    let proof = take_proof(&mut config)?;
    let change = OAuthChange {
        client_id: config.take_text("clientId")?.unwrap_or_default(),
        token_uri: config.take_text("tokenUrl")?.unwrap_or_default(),
        scope: config.take_text("scope")?.unwrap_or_default(),
        proof,
    };
    config.end()?;
    channel.end()?;
    Ok(InlineChannel {
        uri,
        headers,
        auth: InlineHookAuth::Token(change),
    })
}

/// Takes how we prove ourselves. What belongs to the other way is not known here, and refused.
fn take_proof(config: &mut Fields) -> Result<GivenProof, ApiError> {
    match config.take_text("authType")?.as_deref() {
        Some(CLIENT_SECRET_POST) => {
            let secret = config.take_text("clientSecret")?;
            Ok(GivenProof::Secret(secret.map(Secret::new)))
        }
        Some(PRIVATE_KEY_JWT) => {
            let named = config.take_text("hookKeyId")?.unwrap_or_default();
            let id = HookKeyId::parse(&named);
            let problem = "there is no hook key of this id";
            let id = id.map_err(|_| config.refusal("hookKeyId", problem))?;
            Ok(GivenProof::Key(id))
        }
        _ => Err(config.refusal("authType", "use client_secret_post or private_key_jwt")),
    }
}

/// The channel that a hook has, whose secret stays.
pub(crate) fn channel_of(hook: &InlineHook) -> InlineChannel {
    let config = &hook.config;
    let auth = match &hook.oauth {
        None => {
            let auth = config.auth.as_ref();
            InlineHookAuth::Header(auth.map(|auth| (auth.name.clone(), None)))
        }
        Some(channel) => InlineHookAuth::Token(OAuthChange {
            client_id: channel.client_id.clone(),
            token_uri: channel.token_uri.clone(),
            scope: channel.scope.clone(),
            proof: match &channel.proof {
                ClientProof::Secret { .. } => GivenProof::Secret(None),
                ClientProof::Key { id } => GivenProof::Key(id.clone()),
            },
        }),
    };
    InlineChannel {
        uri: config.uri.clone(),
        headers: config.headers.clone(),
        auth,
    }
}

/// The channel, without what is secret in it.
pub(crate) fn render(hook: &InlineHook) -> Value {
    match &hook.oauth {
        None => render_channel(&hook.config),
        Some(channel) => render_oauth(hook, channel),
    }
}

fn render_oauth(hook: &InlineHook, channel: &OAuthChannel) -> Value {
    let (auth_type, key) = match &channel.proof {
        ClientProof::Secret { .. } => (CLIENT_SECRET_POST, None),
        ClientProof::Key { id } => (PRIVATE_KEY_JWT, Some(id.as_str())),
    };
    let scope = Some(&channel.scope).filter(|scope| !scope.is_empty());
    let mut config = json!({
        "uri": hook.config.uri,
        "method": METHOD,
        "headers": render_headers(&hook.config.headers),
        "authScheme": null,
        "authType": auth_type,
        "clientId": channel.client_id,
        "tokenUrl": channel.token_uri,
        "scope": scope,
    });
    if let Some(key) = key {
        config["hookKeyId"] = json!(key);
    }
    json!({ "type": OAUTH, "version": CHANNEL_VERSION, "config": config })
}
