//! The channel `OAUTH`: a hook is asked with a token, which is got before by client credentials (RFC 6749 section 4.4). What an
//! administrator names of it, held against its bounds. Pure.

use crate::event_hook::channel::decide_uri;
use crate::event_hook::envoy::PlainHttp;
use crate::fault::Refusal;
use protocol::oauth::scope::ScopeSet;
use serde::{Deserialize, Serialize};
use vocab::id::HookKeyId;
use vocab::secret::Secret;

/// Longest client id and longest secret.
pub const CLIENT_CHARS_MAX: usize = 1_024;
/// Where the address of the token endpoint stands.
const TOKEN_URL: &str = "channel.config.tokenUrl";
/// Where the secret does.
const CLIENT_SECRET: &str = "channel.config.clientSecret";

/// How a hook comes to its token. What is secret in it is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuthChannel {
    /// What the token endpoint calls us.
    pub client_id: String,
    /// The token endpoint.
    pub token_uri: String,
    /// What is asked for; nothing where it is empty.
    pub scope: String,
    /// How we prove that we are that client.
    pub proof: ClientProof,
}

/// How we prove ourselves at a token endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientProof {
    /// By a secret in the body (`client_secret_post`): sealed, in base64.
    Secret {
        /// The sealed secret.
        sealed: String,
    },
    /// By a statement that a hook key signs (`private_key_jwt`).
    Key {
        /// The key.
        id: HookKeyId,
    },
}

/// The same, as an administrator names it.
pub struct OAuthChange {
    /// What the token endpoint calls us.
    pub client_id: String,
    /// The token endpoint.
    pub token_uri: String,
    /// What is asked for.
    pub scope: String,
    /// How we prove ourselves.
    pub proof: GivenProof,
}

/// How we are to prove ourselves.
pub enum GivenProof {
    /// By a secret; without one the present one stays.
    Secret(Option<Secret<String>>),
    /// By a hook key of the org.
    Key(HookKeyId),
}

/// What becomes of the proof.
pub(crate) enum ProofFate<'c> {
    /// The sealed secret that is stored stays.
    Kept(&'c str),
    /// This one is sealed.
    Replaced(&'c Secret<String>),
    /// A key stands for it.
    Key(&'c HookKeyId),
}

/// A hook as it is stored: its address, and its channel.
pub(crate) type Stored<'s> = (&'s str, &'s OAuthChannel);

/// Holds the channel against its bounds; what becomes of the proof. A secret is for the endpoint and the address that it was given for:
/// whoever may change one of them could else have it, or what it is good for, sent to one of their own. A hook key is bound to none of
/// them: whoever may change hooks may use every key of the org, for any client.
///
/// # Errors
/// [`Refusal::Invalid`] naming the field as the API does.
pub(crate) fn decide_oauth<'c>(
    uri: &str,
    change: &'c OAuthChange,
    stored: Option<Stored<'c>>,
    plain: PlainHttp,
) -> Result<ProofFate<'c>, Refusal> {
    decide_uri(TOKEN_URL, &change.token_uri, plain)?;
    let id = &change.client_id;
    let is_printable = id.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
    if id.is_empty() || id.len() > CLIENT_CHARS_MAX || !is_printable {
        let problem = "use 1 to 1,024 printable characters of ASCII";
        return Err(Refusal::invalid("channel.config.clientId", problem));
    }
    if ScopeSet::parse(&change.scope).is_err() {
        let problem = "name scopes with one space between them";
        return Err(Refusal::invalid("channel.config.scope", problem));
    }
    match &change.proof {
        GivenProof::Key(id) => Ok(ProofFate::Key(id)),
        GivenProof::Secret(Some(secret)) => decide_secret(secret),
        GivenProof::Secret(None) => decide_kept(uri, change, stored),
    }
}

fn decide_secret(secret: &Secret<String>) -> Result<ProofFate<'_>, Refusal> {
    let text = secret.expose();
    let chars = text.chars().count();
    if chars == 0 || chars > CLIENT_CHARS_MAX || text.chars().any(char::is_control) {
        let problem = "use 1 to 1,024 characters on one line";
        return Err(Refusal::invalid(CLIENT_SECRET, problem));
    }
    Ok(ProofFate::Replaced(secret))
}

fn decide_kept<'c>(
    uri: &str,
    change: &OAuthChange,
    stored: Option<Stored<'c>>,
) -> Result<ProofFate<'c>, Refusal> {
    let same = stored.filter(|(at, channel)| {
        *at == uri && channel.token_uri == change.token_uri && channel.client_id == change.client_id
    });
    match same.map(|(_, channel)| &channel.proof) {
        Some(ClientProof::Secret { sealed }) => Ok(ProofFate::Kept(sealed)),
        Some(ClientProof::Key { .. }) | None => {
            let problem = "give the secret: what is stored was given for another address or client";
            Err(Refusal::invalid(CLIENT_SECRET, problem))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientProof, GivenProof, OAuthChange, OAuthChannel, ProofFate, decide_oauth};
    use crate::event_hook::envoy::PlainHttp;
    use crate::fault::Refusal;
    use vocab::entropy::SeededEntropy;
    use vocab::id::HookKeyId;
    use vocab::secret::Secret;

    const URI: &str = "https://hooks.example/in";

    fn change(secret: Option<&str>) -> OAuthChange {
        OAuthChange {
            client_id: "us".into(),
            token_uri: "https://as.example/token".into(),
            scope: "hook:ask".into(),
            proof: GivenProof::Secret(secret.map(|secret| Secret::new(secret.to_owned()))),
        }
    }

    fn stored(proof: ClientProof) -> OAuthChannel {
        OAuthChannel {
            client_id: "us".into(),
            token_uri: "https://as.example/token".into(),
            scope: String::new(),
            proof,
        }
    }

    fn decide(
        uri: &str,
        change: &OAuthChange,
        present: Option<&OAuthChannel>,
    ) -> Result<String, &'static str> {
        let present = present.map(|present| (URI, present));
        match decide_oauth(uri, change, present, PlainHttp::Never) {
            Ok(ProofFate::Kept(sealed)) => Ok(format!("kept {sealed}")),
            Ok(ProofFate::Replaced(secret)) => Ok(format!("sealed {}", secret.expose())),
            Ok(ProofFate::Key(id)) => Ok(format!("key {id}")),
            Err(Refusal::Invalid { field, .. }) => Err(field),
            Err(other) => panic!("{other:?}"),
        }
    }

    /// A change with one field made unusable.
    type Spoil = fn(&mut OAuthChange);

    #[test]
    fn what_cannot_be_used_is_named() {
        let table: [(&str, Spoil); 11] = [
            ("channel.config.tokenUrl", |change| change.token_uri.clear()),
            ("channel.config.tokenUrl", |change| {
                change.token_uri = "http://as.example/token".into();
            }),
            ("channel.config.tokenUrl", |change| {
                change.token_uri = "https://a:b@as.example/".into();
            }),
            ("channel.config.clientId", |change| change.client_id.clear()),
            ("channel.config.clientId", |change| {
                change.client_id = "a\nb".into();
            }),
            ("channel.config.clientId", |change| {
                change.client_id = "x".repeat(1_025);
            }),
            ("channel.config.scope", |change| {
                change.scope = "a  b".into();
            }),
            ("channel.config.scope", |change| {
                change.scope = "a\"b".into();
            }),
            ("channel.config.clientSecret", |change| {
                change.proof = GivenProof::Secret(Some(Secret::new(String::new())));
            }),
            ("channel.config.clientSecret", |change| {
                change.proof = GivenProof::Secret(Some(Secret::new("x".repeat(1_025))));
            }),
            ("channel.config.clientSecret", |change| {
                change.proof = GivenProof::Secret(Some(Secret::new("a\r\nb".into())));
            }),
        ];
        for (field, spoil) in table {
            let mut spoilt = change(Some("let me in"));
            spoil(&mut spoilt);
            assert_eq!(decide(URI, &spoilt, None), Err(field));
        }
        let silent = OAuthChange {
            scope: String::new(),
            ..change(Some("let me in"))
        };
        assert_eq!(decide(URI, &silent, None), Ok("sealed let me in".into()));
    }

    #[test]
    fn a_stored_secret_is_for_its_endpoint_address_and_client_alone() {
        let sealed = "c2VhbGVk".to_owned();
        let secret = stored(ClientProof::Secret { sealed });
        let kept = Ok("kept c2VhbGVk".into());
        assert_eq!(decide(URI, &change(None), Some(&secret)), kept);
        let refused = Err("channel.config.clientSecret");
        assert_eq!(decide(URI, &change(None), None), refused);
        let elsewhere = decide("https://evil.example/", &change(None), Some(&secret));
        assert_eq!(elsewhere, refused);
        for spoil in [
            (|change: &mut OAuthChange| change.token_uri = "https://evil.example/".into()) as Spoil,
            |change| change.client_id = "them".into(),
        ] {
            let mut moved = change(None);
            spoil(&mut moved);
            assert_eq!(decide(URI, &moved, Some(&secret)), refused);
        }
        let id = HookKeyId::generate(&SeededEntropy::new(5));
        let key = stored(ClientProof::Key { id: id.clone() });
        assert_eq!(decide(URI, &change(None), Some(&key)), refused);
        let by_key = OAuthChange {
            proof: GivenProof::Key(id.clone()),
            ..change(None)
        };
        let expected = Ok(format!("key {id}"));
        assert_eq!(decide(URI, &by_key, Some(&secret)), expected);
    }
}
