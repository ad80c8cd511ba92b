//! How a person proved who they are, by the registered names (RFC 8176 section 2).

use serde::{Deserialize, Serialize};

/// A value of `amr`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Amr {
    /// A password.
    Pwd,
    /// A one-time password.
    Otp,
    /// A key in hardware.
    Hwk,
    /// A key in software, such as a synced passkey.
    Swk,
    /// The person was seen to be there.
    User,
    /// A PIN or pattern.
    Pin,
    /// A fingerprint.
    Fpt,
    /// A face.
    Face,
    /// A message to a phone.
    Sms,
    /// A phone call.
    Tel,
    /// Knowledge about the person.
    Kba,
    /// Several channels.
    Mca,
    /// Several factors.
    Mfa,
    /// Several persons.
    Mpa,
    /// A risk-based decision.
    Rba,
    /// A smart card.
    Sc,
    /// Windows integrated authentication.
    Wia,
}

impl Amr {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Amr::Pwd => "pwd",
            Amr::Otp => "otp",
            Amr::Hwk => "hwk",
            Amr::Swk => "swk",
            Amr::User => "user",
            Amr::Pin => "pin",
            Amr::Fpt => "fpt",
            Amr::Face => "face",
            Amr::Sms => "sms",
            Amr::Tel => "tel",
            Amr::Kba => "kba",
            Amr::Mca => "mca",
            Amr::Mfa => "mfa",
            Amr::Mpa => "mpa",
            Amr::Rba => "rba",
            Amr::Sc => "sc",
            Amr::Wia => "wia",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Amr;

    #[test]
    fn serialises_by_its_registered_name() {
        for amr in [
            Amr::Pwd,
            Amr::Otp,
            Amr::Hwk,
            Amr::Swk,
            Amr::User,
            Amr::Mfa,
            Amr::Sc,
            Amr::Wia,
            Amr::Kba,
        ] {
            assert_eq!(serde_json::to_value(amr).unwrap(), amr.name());
        }
    }
}
