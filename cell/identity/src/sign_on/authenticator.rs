//! Authenticators by what they prove, and the words in which tokens tell it.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vocab::time::Timestamp;

/// A way to prove who one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum AuthenticatorKind {
    /// A passkey. User verification is always required, so it stands for two factors.
    Passkey(PasskeyStorage),
    /// A password.
    Password,
    /// The word of an identity provider. What was proved there is not known here: it stands for no more than a password does.
    IdentityProvider,
    /// A code from an authenticator app.
    Totp,
    /// A code sent by mail.
    EmailCode,
    /// A code that was printed once.
    RecoveryCode,
}

/// Where the private key of a passkey lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PasskeyStorage {
    /// In one device, which does not give it away. How sure that is depends on the org's attestation policy.
    DeviceBound,
    /// In an account that copies it to several devices.
    Synced,
}

/// A kind of evidence; two different ones make two factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Factor {
    /// Something known.
    Knowledge,
    /// Something held.
    Possession,
    /// A PIN or a biometric feature that the device itself has checked.
    UserVerification,
}

impl AuthenticatorKind {
    /// Every kind, the preferred ones first: the order in which they are offered.
    pub const ALL: [Self; 7] = [
        Self::Passkey(PasskeyStorage::DeviceBound),
        Self::Passkey(PasskeyStorage::Synced),
        Self::Password,
        Self::IdentityProvider,
        Self::Totp,
        Self::EmailCode,
        Self::RecoveryCode,
    ];

    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passkey(PasskeyStorage::DeviceBound) => "passkey_device_bound",
            Self::Passkey(PasskeyStorage::Synced) => "passkey_synced",
            Self::Password => "password",
            Self::IdentityProvider => "identity_provider",
            Self::Totp => "totp",
            Self::EmailCode => "email_code",
            Self::RecoveryCode => "recovery_code",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// What it is evidence of.
    #[must_use]
    pub const fn factors(self) -> &'static [Factor] {
        match self {
            Self::Passkey(_) => &[Factor::Possession, Factor::UserVerification],
            Self::Password | Self::IdentityProvider => &[Factor::Knowledge],
            Self::Totp | Self::EmailCode | Self::RecoveryCode => &[Factor::Possession],
        }
    }

    /// Whether it cannot be tricked out of a person by a false page.
    #[must_use]
    pub const fn is_phishing_resistant(self) -> bool {
        matches!(self, Self::Passkey(_))
    }

    /// Whether it cannot leave the device it was made in.
    #[must_use]
    pub const fn is_hardware_bound(self) -> bool {
        matches!(self, Self::Passkey(PasskeyStorage::DeviceBound))
    }

    /// Whether it can be the only or the first thing that is asked for. Six digits of an app can be guessed by somebody
    /// with patience and many addresses, and a printed code is meant to stand in for something lost: both come second.
    #[must_use]
    pub const fn stands_alone(self) -> bool {
        match self {
            Self::Passkey(_) | Self::Password | Self::IdentityProvider | Self::EmailCode => true,
            Self::Totp | Self::RecoveryCode => false,
        }
    }

    /// Whether it only stands in for something lost, and so is not what "enrolled" means in a requirement.
    #[must_use]
    pub const fn is_fallback(self) -> bool {
        matches!(self, Self::EmailCode | Self::RecoveryCode)
    }

    /// The values of the `amr` claim (RFC 8176) that it stands for, without `mfa`.
    #[must_use]
    pub const fn amr(self) -> &'static [&'static str] {
        match self {
            Self::Passkey(PasskeyStorage::DeviceBound) => &["hwk", "user"],
            Self::Passkey(PasskeyStorage::Synced) => &["swk", "user"],
            Self::Password => &["pwd"],
            // RFC 8176 has no word for it, and what was proved elsewhere is not said as if it had been seen here.
            Self::IdentityProvider => &[],
            Self::Totp | Self::EmailCode | Self::RecoveryCode => &["otp"],
        }
    }
}

/// A word that names no kind of authenticator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of authenticator")]
pub struct UnknownAuthenticator;

impl TryFrom<String> for AuthenticatorKind {
    type Error = UnknownAuthenticator;
    fn try_from(word: String) -> Result<Self, UnknownAuthenticator> {
        Self::from_word(&word).ok_or(UnknownAuthenticator)
    }
}

impl From<AuthenticatorKind> for String {
    fn from(kind: AuthenticatorKind) -> Self {
        kind.as_str().to_owned()
    }
}

impl JsonSchema for AuthenticatorKind {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AuthenticatorKind".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "enum": Self::ALL.map(Self::as_str) })
    }
}

/// Something that was proved, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvedAuthenticator {
    /// By what.
    pub kind: AuthenticatorKind,
    /// When.
    pub at: Timestamp,
}

/// How many different factors the kinds are evidence of.
#[must_use]
pub fn factor_count(kinds: &[AuthenticatorKind]) -> usize {
    kinds
        .iter()
        .flat_map(|kind| kind.factors())
        .collect::<BTreeSet<_>>()
        .len()
}

/// The `amr` claim for what was proved: sorted, each value once, with `mfa` where two factors are among them.
#[must_use]
pub fn amr_of(kinds: &[AuthenticatorKind]) -> Vec<&'static str> {
    let mut values: BTreeSet<&'static str> =
        kinds.iter().flat_map(|kind| kind.amr()).copied().collect();
    if factor_count(kinds) >= 2 {
        values.insert("mfa");
    }
    values.into_iter().collect()
}

/// The `acr` claim: how sure a sign-in is, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AuthenticationContext {
    /// Anything at all.
    OneFactor,
    /// Two different factors.
    TwoFactors,
    /// Phishing-resistant.
    PhishingResistant,
    /// Phishing-resistant and bound to a device.
    PhishingResistantHardware,
}

impl AuthenticationContext {
    /// Every context, the weakest first.
    pub const ALL: [Self; 4] = [
        Self::OneFactor,
        Self::TwoFactors,
        Self::PhishingResistant,
        Self::PhishingResistantHardware,
    ];

    /// The claim's value; `phr` and `phrh` are those of the OpenID EAP profile.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneFactor => "urn:testudo:acr:1fa",
            Self::TwoFactors => "urn:testudo:acr:2fa",
            Self::PhishingResistant => "phr",
            Self::PhishingResistantHardware => "phrh",
        }
    }

    /// Reads a value of `acr_values`; `None` for one that is not known, which a client must be able to send.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|context| context.as_str() == word)
    }

    /// What the proved authenticators amount to; `None` if nothing was proved.
    #[must_use]
    pub fn of(kinds: &[AuthenticatorKind]) -> Option<Self> {
        let strongest = if kinds
            .iter()
            .any(|kind| kind.is_phishing_resistant() && kind.is_hardware_bound())
        {
            Self::PhishingResistantHardware
        } else if kinds.iter().any(|kind| kind.is_phishing_resistant()) {
            Self::PhishingResistant
        } else if factor_count(kinds) >= 2 {
            Self::TwoFactors
        } else {
            Self::OneFactor
        };
        (!kinds.is_empty()).then_some(strongest)
    }
}
