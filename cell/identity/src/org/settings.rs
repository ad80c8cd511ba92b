//! What an org's administrators set: appearance, sign-in, sessions, mail. Unknown keys are refused.

use crate::feature::ShutDoors;
use crate::org::mail::MailSettings;
use crate::password::policy::PasswordPolicy;
use crate::sign_on::means::UntakenMeans;
use crate::threat::ThreatSettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of an org, with usable defaults throughout.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrgSettings {
    /// How its pages look.
    pub branding: Branding,
    /// The tag of the language for those whose browser asks for none that there is; empty for the product's own.
    pub language: String,
    /// The mail server of its own; without one, mail goes where that of the whole cell goes.
    pub mail: Option<MailSettings>,
    /// What a password must be.
    pub password: PasswordPolicy,
    /// How long sessions last.
    pub session: SessionSettings,
    /// Which authenticators may hold a passkey.
    pub passkey: PasskeySettings,
    /// The means of proof that it does not take. Where it takes all of them nothing is written down, which the release before
    /// this one reads; one that does not know of them does not open such an org.
    #[serde(skip_serializing_if = "UntakenMeans::is_empty")]
    pub untaken_means: UntakenMeans,
    /// Where it uses mail for nothing, what it did not use mail for before.
    #[serde(skip_serializing_if = "UntakenMeans::is_empty")]
    pub mail_kept_off: UntakenMeans,
    /// The ways in of programs that it has shut. Where all are open nothing is written down, as above.
    #[serde(skip_serializing_if = "ShutDoors::is_empty")]
    pub shut_doors: ShutDoors,
    /// What it does about addresses from which many names fail. Where that is nothing, nothing is written down, as above.
    #[serde(skip_serializing_if = "ThreatSettings::is_default")]
    pub threats: ThreatSettings,
    /// How people get back in who have lost what they sign in with.
    pub recovery: RecoverySettings,
    /// Attributes of people beyond the built-in ones.
    pub profile_schema: Vec<ProfileAttribute>,
}

/// How the pages of an org look, beside its name and logo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Branding {
    /// `#rrggbb`.
    pub colour: String,
}

impl Default for Branding {
    fn default() -> Self {
        Self {
            colour: String::from("#2f6f4f"),
        }
    }
}

/// Lifetimes of sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SessionSettings {
    /// A session ends when it was not used for so long.
    pub idle_secs: i64,
    /// A session ends after so long in any case.
    pub lifetime_secs: i64,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self {
            idle_secs: 2 * 60 * 60,
            lifetime_secs: 12 * 60 * 60,
        }
    }
}

/// Which authenticators may hold a passkey.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PasskeySettings {
    /// Whether an authenticator must prove its model when it is enrolled.
    pub attestation: Attestation,
    /// The models that are allowed, by AAGUID; needed with [`Attestation::Direct`], else without effect.
    pub allowed_aaguids: Vec<Aaguid>,
    /// The makers' root certificates in PEM, one each: only a statement that chains up to one of them proves a model.
    pub attestation_roots: Vec<String>,
    /// What becomes of passkeys that were enrolled before and are not of an allowed model.
    pub existing: ExistingPasskeys,
}

/// Whether an authenticator must prove its model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Attestation {
    /// Nothing is asked, and nothing is known of the model.
    #[default]
    None,
    /// The statement of the authenticator is verified against the roots, and its model against the list.
    Direct,
}

/// What becomes of enrolled passkeys whose model is not, or no longer, proved and allowed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExistingPasskeys {
    /// They still sign their owners in: the list holds for what is enrolled from now on.
    #[default]
    Kept,
    /// They are refused at sign-in.
    Refused,
}

/// The model of an authenticator: 128 bits, written as a UUID in lower case.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Aaguid(uuid::Uuid);

impl Aaguid {
    /// Reads it as makers print it, with or without hyphens. All zeros is no model.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let uuid = uuid::Uuid::try_parse(text.trim()).ok()?;
        (!uuid.is_nil()).then_some(Self(uuid))
    }

    /// The same as the WebAuthn library writes it.
    #[must_use]
    pub const fn uuid(self) -> uuid::Uuid {
        self.0
    }
}

impl From<uuid::Uuid> for Aaguid {
    fn from(uuid: uuid::Uuid) -> Self {
        Self(uuid)
    }
}

impl TryFrom<String> for Aaguid {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| format!("{text:?} is not the AAGUID of a model"))
    }
}

impl From<Aaguid> for String {
    fn from(aaguid: Aaguid) -> Self {
        aaguid.to_string()
    }
}

impl std::fmt::Display for Aaguid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// How people get back in who have lost what they sign in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RecoverySettings {
    /// Whether the mailbox alone is enough for people without a role. Administrators always need more.
    pub mailbox_alone: bool,
}

impl Default for RecoverySettings {
    fn default() -> Self {
        Self {
            mailbox_alone: true,
        }
    }
}

/// An attribute that the people of an org have beyond the built-in ones. What is not said of it is not written down either:
/// the release before this one reads what it knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileAttribute {
    /// Its key in the profile: letters, digits, underscore.
    pub name: String,
    /// Its title for people.
    #[serde(default)]
    pub title: String,
    /// A line of help beside it in forms.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What it holds.
    #[serde(default)]
    pub kind: AttributeKind,
    /// Whether each person must have it.
    #[serde(default)]
    pub required: bool,
    /// Whether the person may change it.
    #[serde(default)]
    pub self_editable: bool,
    /// Whether the person does not even see it on the own pages.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub self_hidden: bool,
    /// Whether no two people may have the same value; upper and lower case are the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
    /// The fewest characters of a text, or the smallest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// The most characters of a text, or the largest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// The values that there are; none named, any will do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<AttributeChoice>,
}

/// A value that an attribute may have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttributeChoice {
    /// The text, or the number in digits.
    pub value: String,
    /// What it is called in forms; nothing for the value itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
}

/// What a profile attribute holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttributeKind {
    /// Text of at most 1,000 characters.
    #[default]
    Text,
    /// A whole number.
    Integer,
    /// True or false.
    Boolean,
}
