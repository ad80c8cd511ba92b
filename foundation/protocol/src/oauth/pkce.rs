//! Proof Key for Code Exchange (RFC 7636), `S256` only: `plain` protects against nobody who can read the request
//! (section 7.2, RFC 9700 section 2.1.1).

use aws_lc_rs::digest::{SHA256, digest};
use subtle::ConstantTimeEq as _;
use vocab::secret::Secret;

use crate::jose::base64url;
use crate::oauth::form::Form;
use crate::oauth::parameter::ParameterError;

/// The one method that we offer.
pub const METHOD: &str = "S256";

/// A `code_challenge`: the SHA-256 of a verifier, base64url.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    text: String,
}

impl Challenge {
    /// Parses a challenge for `S256`: the encoding of exactly 32 bytes (RFC 7636 section 4.2).
    ///
    /// # Errors
    /// [`ParameterError::Malformed`] for anything else.
    pub fn parse(text: &str) -> Result<Challenge, ParameterError> {
        base64url::parse_array::<32>(text)
            .map_err(|_| ParameterError::Malformed("code_challenge"))?;
        Ok(Challenge {
            text: text.to_owned(),
        })
    }

    /// The challenge as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `verifier` is the one behind the challenge (RFC 7636 section 4.6), in constant time.
    #[must_use]
    pub fn is_met_by(&self, verifier: &Verifier) -> bool {
        let computed =
            base64url::render(digest(&SHA256, verifier.text.expose().as_bytes()).as_ref());
        computed.as_bytes().ct_eq(self.text.as_bytes()).into()
    }
}

/// A `code_verifier`.
pub struct Verifier {
    text: Secret<String>,
}

impl Verifier {
    /// Parses a verifier: 43 to 128 unreserved characters (RFC 7636 section 4.1).
    ///
    /// # Errors
    /// [`ParameterError::Malformed`] for anything else.
    pub fn parse(text: &str) -> Result<Verifier, ParameterError> {
        let is_unreserved =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        match (43..=128).contains(&text.len()) && text.bytes().all(is_unreserved) {
            true => Ok(Verifier {
                text: Secret::new(text.to_owned()),
            }),
            false => Err(ParameterError::Malformed("code_verifier")),
        }
    }
}

/// Reads `code_challenge` and `code_challenge_method` together.
///
/// # Errors
/// [`ParameterError`] when the challenge is malformed, or one of the two lacks the other. The method's default
/// `plain` (RFC 7636 section 4.3) is not offered, so it must be named.
pub fn parse_challenge(form: &Form<'_>) -> Result<Option<Challenge>, ParameterError> {
    match (
        form.get("code_challenge"),
        form.get("code_challenge_method"),
    ) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(ParameterError::Missing("code_challenge")),
        (Some(_), None) => Err(ParameterError::Missing("code_challenge_method")),
        (Some(challenge), Some(METHOD)) => Challenge::parse(challenge).map(Some),
        (Some(_), Some(_)) => Err(ParameterError::Malformed("code_challenge_method")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Challenge, Verifier, parse_challenge};
    use crate::oauth::form::Form;
    use crate::oauth::parameter::ParameterError;
    use proptest::prelude::{prop_assert, proptest};

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn follows_rfc_7636_appendix_b() {
        let challenge = Challenge::parse(CHALLENGE).unwrap();
        assert!(challenge.is_met_by(&Verifier::parse(VERIFIER).ok().unwrap()));
        assert!(!challenge.is_met_by(&Verifier::parse(CHALLENGE).ok().unwrap()));
    }

    #[test]
    fn refuses_verifiers_outside_the_grammar() {
        for text in [
            "",
            &"a".repeat(42),
            &"a".repeat(129),
            &format!("{}+", "a".repeat(43)),
            &"\u{e9}".repeat(30),
        ] {
            assert_eq!(
                Verifier::parse(text).err(),
                Some(ParameterError::Malformed("code_verifier")),
                "{text}"
            );
        }
        for text in ["a".repeat(43), "~".repeat(128)] {
            assert!(Verifier::parse(&text).is_ok());
        }
    }

    #[test]
    fn wants_method_and_challenge_together() {
        let parse = |text: &str| parse_challenge(&Form::parse(text.as_bytes()).ok().unwrap());
        let both = format!("code_challenge={CHALLENGE}&code_challenge_method=");
        assert_eq!(
            parse(&format!("{both}S256")).unwrap().unwrap().as_str(),
            CHALLENGE
        );
        assert_eq!(parse("").unwrap(), None);
        assert_eq!(
            parse(&both),
            Err(ParameterError::Missing("code_challenge_method"))
        );
        assert_eq!(
            parse(&format!("{both}plain")),
            Err(ParameterError::Malformed("code_challenge_method"))
        );
        assert_eq!(
            parse(&format!("{both}s256")),
            Err(ParameterError::Malformed("code_challenge_method"))
        );
        assert_eq!(
            parse("code_challenge_method=S256"),
            Err(ParameterError::Missing("code_challenge"))
        );
        let short = "code_challenge=abc&code_challenge_method=S256";
        assert_eq!(
            parse(short),
            Err(ParameterError::Malformed("code_challenge"))
        );
    }

    proptest! {
        #[test]
        fn only_its_own_verifier_meets_a_challenge(one in "[A-Za-z0-9._~-]{43,128}", two in "[A-Za-z0-9._~-]{43,128}") {
            use aws_lc_rs::digest::{SHA256, digest};
            let text = crate::jose::base64url::render(digest(&SHA256, one.as_bytes()).as_ref());
            let challenge = Challenge::parse(&text).unwrap();
            prop_assert!(challenge.is_met_by(&Verifier::parse(&one).ok().unwrap()));
            prop_assert!(one == two || !challenge.is_met_by(&Verifier::parse(&two).ok().unwrap()));
        }
    }
}
