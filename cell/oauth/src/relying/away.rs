//! A browser that leaves for a provider: what it takes along, and what it must bring back. Pure.
//!
//! The verifier and the nonce follow from the secret of the sign-in's cookie and from the state, so that neither is stored
//! anywhere, and that an answer is worth nothing in another browser. That it counts once is a condition of the store.

use crate::relying::RelyingRefusal;
use crate::trial::decide::render_challenge;
use identity::identity_provider::ProviderConfig;
use identity::sign_in::FlowState;
use identity::sign_on::AuthenticatorKind;
use protocol::oauth::form::Form;
use protocol::oidc::relying::parse_error_code;
use url::Url;
use vocab::id::IdentityProviderId;
use vocab::secret::SecretHash;

/// Answers come back below this path, within the org.
const CALLBACK_PATH: &str = "/oauth2/v1/authorize/callback/";
/// The same as a route.
pub const CALLBACK_ROUTE: &str = "/oauth2/v1/authorize/callback/{id}";
/// Longest code and state that are looked at.
const OPAQUE_BYTES_MAX: usize = 4_096;

/// The path, within the org, at which the answers of one provider come back; it alone knows it. With one address for all of them, a
/// hostile one could hand over as its own answer a code that another one gave (RFC 9700 section 4.4.2.2).
#[must_use]
pub fn callback_path(provider: &IdentityProviderId) -> String {
    format!("{CALLBACK_PATH}{provider}")
}

/// Whether an answer to whichever provider comes back at this path.
#[must_use]
pub fn is_callback(path: &str) -> bool {
    path.starts_with(CALLBACK_PATH)
}

/// Whether the person must prove anew who they are at the provider: where proof was given before, a provider that only repeats
/// what it knows would prove nothing.
#[must_use]
pub fn decide_fresh(state: &FlowState) -> bool {
    let is_theirs = |kind: AuthenticatorKind| kind == AuthenticatorKind::IdentityProvider;
    state.fresh_since.is_some()
        || state.session.is_some()
        || state.proved.iter().any(|proved| is_theirs(proved.kind))
}

/// The `code_verifier` of a departure (RFC 7636 section 4.1).
#[must_use]
pub fn render_verifier(cookie: &str, state: &str) -> String {
    SecretHash::of(&format!("testudo provider verifier/{state}/{cookie}")).to_hex()
}

/// Its `nonce`.
#[must_use]
pub fn render_nonce(cookie: &str, state: &str) -> String {
    SecretHash::of(&format!("testudo provider nonce/{state}/{cookie}")).to_hex()
}

/// What a browser takes along.
#[derive(Clone, Copy)]
pub struct Luggage<'a> {
    /// Where it comes back.
    pub redirect_uri: &'a str,
    /// By what the answer is found.
    pub state: &'a str,
    /// The secret of the sign-in's cookie.
    pub cookie: &'a str,
    /// Whether the person must prove it anew.
    pub is_fresh: bool,
}

/// Where the browser goes; none if the provider's address is none.
#[must_use]
pub fn render_departure(config: &ProviderConfig, luggage: Luggage<'_>) -> Option<String> {
    let Luggage { state, cookie, .. } = luggage;
    let mut address = Url::parse(&config.authorization).ok()?;
    let challenge = render_challenge(&render_verifier(cookie, state));
    address
        .query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &config.client_id)
        .append_pair("redirect_uri", luggage.redirect_uri)
        .append_pair("scope", &config.scopes.join(" "))
        .append_pair("state", state)
        .append_pair("nonce", &render_nonce(cookie, state))
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    if luggage.is_fresh {
        // The claim auth_time is required of whoever is asked so (OpenID Connect Core section 2).
        address
            .query_pairs_mut()
            .append_pair("prompt", "login")
            .append_pair("max_age", "0");
    }
    Some(address.into())
}

/// The state of an answer, by which its departure is found.
#[must_use]
pub fn parse_state<'f>(form: &'f Form<'_>) -> Option<&'f str> {
    form.get("state")
        .filter(|state| state.len() <= OPAQUE_BYTES_MAX)
}

/// The code of an answer that this provider gave.
///
/// # Errors
/// [`RelyingRefusal::OtherIssuer`] for one that somebody else gave (RFC 9207 section 2.4), before its code is shown to anybody;
/// [`RelyingRefusal::Said`] for what the provider answered instead.
pub fn decide_code<'f>(issuer: &str, form: &'f Form<'_>) -> Result<&'f str, RelyingRefusal> {
    if form.get("iss").is_some_and(|named| named != issuer) {
        return Err(RelyingRefusal::OtherIssuer);
    }
    if let Some(error) = form.get("error") {
        let code = parse_error_code(error).map(str::to_owned);
        return Err(RelyingRefusal::Said(code));
    }
    let code = form.get("code");
    code.filter(|code| code.len() <= OPAQUE_BYTES_MAX)
        .ok_or(RelyingRefusal::NoCode)
}

#[cfg(test)]
mod tests {
    use super::{
        Luggage, decide_code, decide_fresh, parse_state, render_departure, render_nonce,
        render_verifier,
    };
    use crate::relying::RelyingRefusal;
    use identity::identity_provider::arrival::ArrivalPolicy;
    use identity::identity_provider::{ProviderConfig, SecretPlace};
    use identity::sign_in::FlowState;
    use identity::sign_on::{AuthenticatorKind, ProvedAuthenticator};
    use protocol::oauth::form::Form;
    use protocol::oauth::pkce::{Challenge, Verifier};
    use url::Url;
    use vocab::entropy::SeededEntropy;
    use vocab::id::SessionId;
    use vocab::time::Timestamp;

    const ISSUER: &str = "https://idp.example";

    fn config(authorization: &str) -> ProviderConfig {
        ProviderConfig {
            issuer: ISSUER.into(),
            authorization: authorization.into(),
            token: "https://idp.example/token".into(),
            userinfo: None,
            jwks: "https://idp.example/keys".into(),
            client_id: "us & them".into(),
            client_secret: "sealed".into(),
            secret_place: SecretPlace::Basic,
            scopes: vec!["openid".into(), "email".into()],
            clock_skew_secs: 60,
            policy: ArrivalPolicy::default(),
        }
    }

    fn luggage(is_fresh: bool) -> Luggage<'static> {
        Luggage {
            redirect_uri: "https://acme.example/oauth2/v1/authorize/callback/0oa1",
            state: "s",
            cookie: "c",
            is_fresh,
        }
    }

    #[test]
    fn verifier_and_nonce_are_one_browsers_and_one_departures() {
        let verifier = render_verifier("c", "s");
        for (cookie, state) in [("d", "s"), ("c", "t"), ("", "s"), ("c", "")] {
            assert_ne!(render_verifier(cookie, state), verifier);
            assert_ne!(render_nonce(cookie, state), render_nonce("c", "s"));
        }
        assert_ne!(verifier, render_nonce("c", "s"));
    }

    #[test]
    fn the_browser_takes_along_what_binds_the_answer() {
        let address = render_departure(
            &config("https://idp.example/authorize?tenant=a"),
            luggage(false),
        );
        let address = Url::parse(&address.unwrap()).unwrap();
        assert_eq!(address.host_str(), Some("idp.example"));
        let form = address.query().unwrap().to_owned();
        let form = Form::parse(form.as_bytes()).ok().unwrap();
        for (name, value) in [
            ("tenant", "a"),
            ("response_type", "code"),
            ("client_id", "us & them"),
            ("redirect_uri", luggage(false).redirect_uri),
            ("scope", "openid email"),
            ("state", "s"),
            ("code_challenge_method", "S256"),
        ] {
            assert_eq!(form.get(name), Some(value), "{name}");
        }
        assert_eq!(form.get("nonce").unwrap(), render_nonce("c", "s"));
        let challenge = Challenge::parse(form.get("code_challenge").unwrap()).unwrap();
        let verifier = Verifier::parse(&render_verifier("c", "s")).ok().unwrap();
        assert!(challenge.is_met_by(&verifier));
        assert_eq!((form.get("prompt"), form.get("max_age")), (None, None));
        let fresh = render_departure(&config("https://idp.example/authorize"), luggage(true));
        assert!(fresh.unwrap().ends_with("&prompt=login&max_age=0"));
        assert_eq!(render_departure(&config("nowhere"), luggage(false)), None);
    }

    #[test]
    fn proof_is_wanted_anew_where_some_was_given() {
        let proved = |kind| FlowState {
            proved: vec![ProvedAuthenticator {
                kind,
                at: Timestamp::from_seconds(0),
            }],
            ..FlowState::default()
        };
        let session = FlowState {
            session: Some(SessionId::generate(&SeededEntropy::new(1))),
            ..FlowState::default()
        };
        let again = FlowState {
            fresh_since: Some(Timestamp::from_seconds(0)),
            ..FlowState::default()
        };
        for (state, expected) in [
            (FlowState::default(), false),
            (proved(AuthenticatorKind::Password), false),
            (proved(AuthenticatorKind::IdentityProvider), true),
            (session, true),
            (again, true),
        ] {
            assert_eq!(decide_fresh(&state), expected, "{state:?}");
        }
    }

    #[test]
    fn an_answer_of_another_issuer_and_one_without_a_code_are_refused() {
        let long = "x".repeat(4_097);
        let long_code = format!("code={long}");
        for (query, expected) in [
            ("code=a&state=s", Ok("a")),
            ("code=a&state=s&iss=https%3A%2F%2Fidp.example", Ok("a")),
            (
                "code=a&iss=https%3A%2F%2Fidp.example%2F",
                Err(RelyingRefusal::OtherIssuer),
            ),
            (
                "code=a&iss=https%3A%2F%2Fevil.example",
                Err(RelyingRefusal::OtherIssuer),
            ),
            (
                "error=access_denied&iss=https%3A%2F%2Fevil.example",
                Err(RelyingRefusal::OtherIssuer),
            ),
            (
                "error=access_denied&code=a",
                Err(RelyingRefusal::Said(Some("access_denied".into()))),
            ),
            ("error=%3Cscript%3E", Err(RelyingRefusal::Said(None))),
            ("state=s", Err(RelyingRefusal::NoCode)),
            ("code=", Err(RelyingRefusal::NoCode)),
            (long_code.as_str(), Err(RelyingRefusal::NoCode)),
        ] {
            let form = Form::parse(query.as_bytes()).ok().unwrap();
            assert_eq!(decide_code(ISSUER, &form), expected, "{query}");
        }
        let form = format!("state={long}");
        assert_eq!(
            parse_state(&Form::parse(form.as_bytes()).ok().unwrap()),
            None
        );
    }
}
