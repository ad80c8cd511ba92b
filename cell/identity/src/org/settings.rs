//! What an org's administrators set: appearance, sign-in, sessions, mail. Unknown keys are refused.

use crate::password::policy::PasswordPolicy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of an org, with usable defaults throughout.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrgSettings {
    /// How its pages look.
    pub branding: Branding,
    /// What a password must be.
    pub password: PasswordPolicy,
    /// How long sessions last.
    pub session: SessionSettings,
    /// Attributes of people beyond the built-in ones.
    pub profile_schema: Vec<ProfileAttribute>,
}

/// Name, logo and colour on the pages of an org.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Branding {
    /// `#rrggbb`.
    pub colour: String,
    /// `https:` address of an image, or empty.
    pub logo_url: String,
}

impl Default for Branding {
    fn default() -> Self {
        Self {
            colour: String::from("#2f6f4f"),
            logo_url: String::new(),
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

/// An attribute that the people of an org have beyond the built-in ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileAttribute {
    /// Its key in the profile: letters, digits, underscore.
    pub name: String,
    /// Its title for people.
    #[serde(default)]
    pub title: String,
    /// What it holds.
    #[serde(default)]
    pub kind: AttributeKind,
    /// Whether each person must have it.
    #[serde(default)]
    pub required: bool,
    /// Whether the person may change it.
    #[serde(default)]
    pub self_editable: bool,
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
