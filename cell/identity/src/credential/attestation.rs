//! The models of authenticators: what an org asks an authenticator to prove of itself when a passkey is enrolled.
//!
//! A model counts as proved only if the attestation statement (WebAuthn level 3, section 6.5) was verified up to a root
//! that the org's administrators named. What an authenticator merely says of itself is neither kept nor shown. Not
//! looked up is whether a maker has withdrawn a model or a certificate: administrators take it off the list.

use crate::credential::store::StoredPasskey;
use crate::fault::{Fault, Refusal};
use crate::org::settings::{Aaguid, Attestation, ExistingPasskeys, PasskeySettings};
use webauthn_rs::prelude::{
    AttestationCaList, AttestationMetadata, AttestedPasskey, WebauthnError,
};

/// Most models that an org may allow.
pub const MODELS_MAX: usize = 200;
/// Most roots that an org may name.
pub const ROOTS_MAX: usize = 20;
/// Largest root certificate.
pub const ROOT_BYTES_MAX: usize = 8 * 1024;

/// Holds the settings against their bounds.
///
/// # Errors
/// [`Refusal::Invalid`] naming the setting.
pub fn decide_passkey_settings(settings: &PasskeySettings) -> Result<(), Refusal> {
    let bounds = [
        ("models", settings.allowed_aaguids.len(), MODELS_MAX),
        ("roots", settings.attestation_roots.len(), ROOTS_MAX),
    ];
    for (what, count, max) in bounds {
        if count > max {
            return Err(Refusal::TooMany { what, max });
        }
    }
    for root in &settings.attestation_roots {
        if root.len() > ROOT_BYTES_MAX || parse_root(root).is_none() {
            return Err(Refusal::invalid(
                "roots",
                "use certificates in PEM: -----BEGIN CERTIFICATE-----",
            ));
        }
    }
    if settings.attestation == Attestation::None {
        return Ok(());
    }
    if settings.allowed_aaguids.is_empty() {
        return Err(Refusal::invalid("models", "name at least one model"));
    }
    if settings.attestation_roots.is_empty() {
        return Err(Refusal::invalid(
            "roots",
            "without a root certificate of a maker no model can be proved; name at least one",
        ));
    }
    Ok(())
}

fn parse_root(pem: &str) -> Option<AttestationCaList> {
    AttestationCaList::try_from(pem.as_bytes()).ok()
}

/// The roots up to which a statement must chain.
///
/// # Errors
/// [`Fault::Stored`] if one cannot be read: then nothing is proved by any.
pub(crate) fn load_roots(settings: &PasskeySettings) -> Result<AttestationCaList, Fault> {
    let mut roots = AttestationCaList::default();
    for pem in &settings.attestation_roots {
        let root = parse_root(pem)
            .ok_or_else(|| Fault::stored("root certificate", &"it is no certificate in PEM"))?;
        roots.union(&root);
    }
    Ok(roots)
}

/// The model that a verified statement proves. Other formats than these two carry none that is proved.
pub(crate) fn read_model(passkey: &AttestedPasskey) -> Option<Aaguid> {
    match &passkey.attestation().metadata {
        AttestationMetadata::Packed { aaguid } | AttestationMetadata::Tpm { aaguid, .. } => {
            Aaguid::parse(&aaguid.to_string())
        }
        _ => None,
    }
}

/// Whether a new passkey of that model may be enrolled.
#[must_use]
pub fn may_enroll(settings: &PasskeySettings, model: Option<Aaguid>) -> bool {
    settings.attestation == Attestation::None
        || model.is_some_and(|model| settings.allowed_aaguids.contains(&model))
}

/// Whether a passkey that was enrolled earlier still signs its owner in.
#[must_use]
pub fn may_sign_in(settings: &PasskeySettings, model: Option<Aaguid>) -> bool {
    settings.existing == ExistingPasskeys::Kept || may_enroll(settings, model)
}

/// Whether administrators who set this could still sign in by a passkey, if they have any: a list that leaves out all
/// of their own would lock them out.
#[must_use]
pub fn keeps_a_passkey(settings: &PasskeySettings, own: &[StoredPasskey]) -> bool {
    own.is_empty()
        || own
            .iter()
            .any(|passkey| may_sign_in(settings, passkey.attested_aaguid))
}

/// Whether a registration failed for what the authenticator proves, or does not prove, of its model.
pub(crate) const fn is_about_model(error: &WebauthnError) -> bool {
    matches!(
        error,
        WebauthnError::AttestationNotVerifiable
            | WebauthnError::AttestationChainNotTrusted(_)
            | WebauthnError::AttestationUntrustedAaguid
            | WebauthnError::AttestationCertificateAAGUIDMismatch
            | WebauthnError::AttestationFormatMissingAaguid
            | WebauthnError::AttestationNotSupported
            | WebauthnError::CredentialMayNotBeHardwareBound
    )
}
