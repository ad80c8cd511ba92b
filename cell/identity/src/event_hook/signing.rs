//! How a receiver knows that a delivery is ours and of now: an HMAC over its id, the moment and the body, in the headers of
//! the Standard Webhooks specification, for which libraries are there in every language.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vocab::entropy::Entropy;
use vocab::secret::Secret;
use vocab::time::Timestamp;

/// What the text of every secret begins with.
pub const SECRET_PREFIX: &str = "whsec_";
/// Random bytes of a secret: as many as the hash has.
pub const SECRET_BYTES: usize = 32;
/// Names the delivery; the same for every attempt.
pub const ID_HEADER: &str = "webhook-id";
/// The moment of the attempt, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// One signature for each secret, with a space between them.
pub const SIGNATURE_HEADER: &str = "webhook-signature";
/// The version of the form of a signature.
const VERSION: &str = "v1";

/// Draws a secret, as its text is shown and sealed.
#[must_use]
pub fn draw_secret(entropy: &dyn Entropy) -> Secret<String> {
    let mut bytes = vec![0_u8; SECRET_BYTES];
    entropy.fill(&mut bytes);
    let bytes = Secret::new(bytes);
    let mut text = String::with_capacity(SECRET_PREFIX.len() + 44);
    text.push_str(SECRET_PREFIX);
    STANDARD.encode_string(bytes.expose(), &mut text);
    Secret::new(text)
}

/// The signatures of a delivery by each of these secrets; one whose text is none of ours signs nothing.
#[must_use]
pub fn render_signatures(
    secrets: &[Secret<String>],
    id: &str,
    at: Timestamp,
    body: &[u8],
) -> String {
    let signatures = secrets.iter().filter_map(|secret| {
        let text = secret.expose().strip_prefix(SECRET_PREFIX)?;
        let bytes = Secret::new(STANDARD.decode(text).ok()?);
        let key = hmac::Key::new(hmac::HMAC_SHA256, bytes.expose());
        let mut context = hmac::Context::with_key(&key);
        context.update(id.as_bytes());
        context.update(format!(".{}.", at.seconds()).as_bytes());
        context.update(body);
        let signature = STANDARD.encode(context.sign().as_ref());
        Some(format!("{VERSION},{signature}"))
    });
    signatures.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{SECRET_PREFIX, draw_secret, render_signatures};
    use vocab::entropy::SeededEntropy;
    use vocab::secret::Secret;
    use vocab::time::Timestamp;

    const AT: Timestamp = Timestamp::from_seconds(1_614_265_330);

    /// The example of the specification.
    #[test]
    fn a_signature_is_what_receivers_expect() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let body = br#"{"test": 2432232314}"#;
        let signed = render_signatures(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", AT, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_secret_signs_and_no_other_text_does() {
        let entropy = SeededEntropy::new(3);
        let (new, old) = (draw_secret(&entropy), draw_secret(&entropy));
        assert!(new.expose().starts_with(SECRET_PREFIX));
        assert_eq!(new.expose().len(), SECRET_PREFIX.len() + 44);
        let both = render_signatures(&[new.clone(), old], "whd1", AT, b"{}");
        let (first, second) = both.split_once(' ').unwrap();
        assert_ne!(first, second);
        let alone =
            |id, at, body: &[u8]| render_signatures(std::slice::from_ref(&new), id, at, body);
        assert_eq!(first, alone("whd1", AT, b"{}"));
        for other in [
            alone("whd2", AT, b"{}"),
            alone("whd1", AT.plus_secs(1), b"{}"),
            alone("whd1", AT, b"[]"),
        ] {
            assert_ne!(first, other);
        }
        let none = render_signatures(&[Secret::new("secret".to_owned())], "whd1", AT, b"{}");
        assert_eq!(none, "");
    }
}
