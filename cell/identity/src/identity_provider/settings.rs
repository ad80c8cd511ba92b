//! A provider, as an administrator names it, held against its bounds. Pure.

use crate::event_hook::channel::{decide_name, decide_uri};
use crate::event_hook::envoy::PlainHttp;
use crate::fault::Refusal;
use crate::identity_provider::arrival::ArrivalPolicy;
use crate::identity_provider::{
    CLIENT_CHARS_MAX, CLOCK_SKEW_SECS_MAX, GROUPS_MAX, ProviderConfig, SCOPE_CHARS_MAX, SCOPES_MAX,
    SecretPlace,
};
use vocab::id::GroupId;
use vocab::secret::Secret;

/// The scope without which a provider says nothing of anybody (OpenID Connect Core section 3.1.2.1).
const OPENID: &str = "openid";

/// A provider, as an administrator names it.
pub struct ProviderChange {
    /// Its name.
    pub name: String,
    /// What it calls itself.
    pub issuer: String,
    /// Where browsers are sent.
    pub authorization: String,
    /// Where codes are redeemed.
    pub token: String,
    /// Where it tells more of somebody.
    pub userinfo: Option<String>,
    /// Where its keys are.
    pub jwks: String,
    /// What it calls us.
    pub client_id: String,
    /// By what it knows us; without one the present one stays.
    pub client_secret: Option<Secret<String>>,
    /// How that is shown.
    pub secret_place: SecretPlace,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// How far its clock may be off.
    pub clock_skew_secs: i64,
    /// Who somebody is for whom it vouches.
    pub policy: ArrivalPolicy,
}

/// What becomes of the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretFate {
    /// The one that is stored stays.
    Kept,
    /// The one that was given is sealed.
    Replaced,
}

/// Holds a provider against its bounds; what becomes of its secret.
///
/// # Errors
/// [`Refusal::Invalid`] naming the field as the API does.
pub fn decide_provider(
    change: &ProviderChange,
    present: Option<&ProviderConfig>,
    plain: PlainHttp,
) -> Result<SecretFate, Refusal> {
    decide_name(&change.name)?;
    decide_uri("protocol.issuer.url", &change.issuer, plain)?;
    // Discovery section 2 has none, and one would be compared with what no token says.
    if change.issuer.contains('?') {
        return Err(Refusal::invalid(
            "protocol.issuer.url",
            "leave out the query",
        ));
    }
    let authorization = "protocol.endpoints.authorization.url";
    decide_uri(authorization, &change.authorization, plain)?;
    decide_uri("protocol.endpoints.token.url", &change.token, plain)?;
    if let Some(userinfo) = &change.userinfo {
        decide_uri("protocol.endpoints.userInfo.url", userinfo, plain)?;
    }
    decide_uri("protocol.endpoints.jwks.url", &change.jwks, plain)?;
    decide_client(&change.client_id)?;
    decide_scopes(&change.scopes)?;
    if !(0..=CLOCK_SKEW_SECS_MAX).contains(&change.clock_skew_secs) {
        let problem = "use 0 to 300 seconds, in milliseconds";
        return Err(Refusal::invalid("policy.maxClockSkew", problem));
    }
    for (field, groups) in [
        (
            "policy.provisioning.groups.assignments",
            &change.policy.first_groups,
        ),
        (
            "policy.accountLink.filter.groups.include",
            &change.policy.link_groups,
        ),
    ] {
        decide_groups(field, groups)?;
    }
    decide_secret(change, present)
}

fn decide_client(id: &str) -> Result<(), Refusal> {
    let is_printable = id.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
    if id.is_empty() || id.len() > CLIENT_CHARS_MAX || !is_printable {
        let problem = "use 1 to 1,024 printable characters of ASCII";
        return Err(Refusal::invalid(
            "protocol.credentials.client.client_id",
            problem,
        ));
    }
    Ok(())
}

/// Holds scopes against their bounds (RFC 6749 section 3.3).
fn decide_scopes(scopes: &[String]) -> Result<(), Refusal> {
    let field = "protocol.scopes";
    if scopes.len() > SCOPES_MAX {
        return Err(Refusal::TooMany {
            what: "scopes of one provider",
            max: SCOPES_MAX,
        });
    }
    let is_token = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    let is_scope = |scope: &String| {
        !scope.is_empty() && scope.len() <= SCOPE_CHARS_MAX && scope.bytes().all(is_token)
    };
    if !scopes.iter().all(is_scope) {
        return Err(Refusal::invalid(field, "a scope is one printable word"));
    }
    if !scopes.iter().any(|scope| scope == OPENID) {
        return Err(Refusal::invalid(field, "openid must be among them"));
    }
    Ok(())
}

fn decide_groups(field: &'static str, groups: &[GroupId]) -> Result<(), Refusal> {
    if groups.len() > GROUPS_MAX {
        return Err(Refusal::invalid(field, "name at most 20 groups"));
    }
    Ok(())
}

/// A secret goes where the codes are redeemed: whoever names another place brings it again.
fn decide_secret(
    change: &ProviderChange,
    present: Option<&ProviderConfig>,
) -> Result<SecretFate, Refusal> {
    let field = "protocol.credentials.client.client_secret";
    match (&change.client_secret, present) {
        (Some(secret), _) => {
            let secret = secret.expose();
            if secret.is_empty()
                || secret.chars().count() > CLIENT_CHARS_MAX
                || secret.chars().any(char::is_control)
            {
                let problem = "use 1 to 1,024 characters on one line";
                return Err(Refusal::invalid(field, problem));
            }
            Ok(SecretFate::Replaced)
        }
        (None, Some(present)) if present.token == change.token => Ok(SecretFate::Kept),
        (None, Some(_)) => {
            let problem = "name the secret again, since it goes to another address";
            Err(Refusal::invalid(field, problem))
        }
        (None, None) => Err(Refusal::invalid(field, "a provider needs a secret")),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{ProviderChange, SecretFate, decide_provider};
    use crate::event_hook::envoy::PlainHttp;
    use crate::fault::Refusal;
    use crate::identity_provider::arrival::{ArrivalPolicy, Automatic};
    use crate::identity_provider::{ProviderConfig, SecretPlace};
    use vocab::entropy::SeededEntropy;
    use vocab::id::GroupId;
    use vocab::secret::Secret;

    pub(crate) fn change() -> ProviderChange {
        ProviderChange {
            name: "Partner".into(),
            issuer: "https://idp.example".into(),
            authorization: "https://idp.example/authorize".into(),
            token: "https://idp.example/token".into(),
            userinfo: Some("https://idp.example/userinfo".into()),
            jwks: "https://idp.example/keys".into(),
            client_id: "us".into(),
            client_secret: Some(Secret::new("let me in".into())),
            secret_place: SecretPlace::Basic,
            scopes: ["openid", "email", "profile"].map(str::to_owned).to_vec(),
            clock_skew_secs: 60,
            policy: ArrivalPolicy {
                creation: Automatic::Auto,
                linking: Automatic::Auto,
                ..ArrivalPolicy::default()
            },
        }
    }

    fn config(token: &str) -> ProviderConfig {
        let change = change();
        ProviderConfig {
            issuer: change.issuer,
            authorization: change.authorization,
            token: token.to_owned(),
            userinfo: change.userinfo,
            jwks: change.jwks,
            client_id: change.client_id,
            client_secret: "sealed".into(),
            secret_place: change.secret_place,
            scopes: change.scopes,
            clock_skew_secs: change.clock_skew_secs,
            policy: change.policy,
        }
    }

    /// Makes a provider wrong.
    type Spoil = fn(&mut ProviderChange);

    #[test]
    fn what_is_out_of_bounds_is_refused_by_its_place() {
        let table: [(&str, Spoil); 21] = [
            ("name", |change| change.name.clear()),
            ("name", |change| change.name = "a\u{202e}b".into()),
            ("protocol.issuer.url", |change| {
                change.issuer = "http://idp.example".into()
            }),
            ("protocol.issuer.url", |change| {
                change.issuer.push_str("?a=1")
            }),
            ("protocol.issuer.url", |change| change.issuer.push_str("#a")),
            ("protocol.endpoints.authorization.url", |change| {
                change.authorization = "javascript:alert(1)".into();
            }),
            ("protocol.endpoints.token.url", |change| {
                change.token = "https://a:b@idp.example/".into();
            }),
            ("protocol.endpoints.token.url", |change| {
                change.token.clear()
            }),
            ("protocol.endpoints.userInfo.url", |change| {
                change.userinfo = Some("file:///etc/passwd".into());
            }),
            ("protocol.endpoints.jwks.url", |change| {
                change.jwks = "http://127.0.0.1/keys".into();
            }),
            ("protocol.endpoints.jwks.url", |change| {
                change.jwks = "idp.example".into()
            }),
            ("protocol.credentials.client.client_id", |change| {
                change.client_id.clear()
            }),
            ("protocol.credentials.client.client_id", |change| {
                change.client_id = "a\nb".into();
            }),
            ("protocol.credentials.client.client_secret", |change| {
                change.client_secret = Some(Secret::new(String::new()));
            }),
            ("protocol.credentials.client.client_secret", |change| {
                change.client_secret = Some(Secret::new("x".repeat(1_025)));
            }),
            ("protocol.credentials.client.client_secret", |change| {
                change.client_secret = None;
            }),
            ("protocol.scopes", |change| change.scopes.remove(0).clear()),
            ("protocol.scopes", |change| change.scopes.push("a b".into())),
            ("policy.maxClockSkew", |change| change.clock_skew_secs = 301),
            ("policy.maxClockSkew", |change| change.clock_skew_secs = -1),
            ("policy.provisioning.groups.assignments", |change| {
                let group = GroupId::generate(&SeededEntropy::new(1));
                change.policy.first_groups = vec![group; 21];
            }),
        ];
        for (expected, spoil) in table {
            let mut change = change();
            spoil(&mut change);
            match decide_provider(&change, None, PlainHttp::Never) {
                Err(Refusal::Invalid { field, .. }) => assert_eq!(field, expected),
                other => panic!("{expected}: {other:?}"),
            }
        }
        let scopes = vec!["openid".to_owned(); 21];
        let many = ProviderChange { scopes, ..change() };
        assert!(decide_provider(&many, None, PlainHttp::Never).is_err());
    }

    #[test]
    fn the_secret_stays_only_where_it_goes_to_the_same_place() {
        let silent = || ProviderChange {
            client_secret: None,
            ..change()
        };
        let decide = |change: &ProviderChange, present: Option<&ProviderConfig>| {
            decide_provider(change, present, PlainHttp::Never).ok()
        };
        let (same, other) = (
            config("https://idp.example/token"),
            config("https://other.example/"),
        );
        assert_eq!(decide(&change(), None), Some(SecretFate::Replaced));
        assert_eq!(decide(&change(), Some(&other)), Some(SecretFate::Replaced));
        assert_eq!(decide(&silent(), Some(&same)), Some(SecretFate::Kept));
        assert_eq!(decide(&silent(), Some(&other)), None);
        assert_eq!(decide(&silent(), None), None);
    }
}
