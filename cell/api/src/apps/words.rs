//! The words of the interface for what an app is and may do, beside what is stored.

use crate::error::ApiError;
use identity::app::AppKind;
use identity::app::settings::{ClientAuthentication, ConsentRule, GrantKind};
use identity::provisioning::Features;

/// The one way in which people get to an app here.
pub const SIGN_ON_MODE: &str = "OPENID_CONNECT";

/// What sort of program an app is.
pub const APPLICATION_TYPES: [(&str, AppKind); 4] = [
    ("web", AppKind::Web),
    ("browser", AppKind::SinglePage),
    ("native", AppKind::Native),
    ("service", AppKind::Service),
];

/// How it proves itself.
pub const AUTHENTICATION_METHODS: [(&str, ClientAuthentication); 4] = [
    (
        "client_secret_basic",
        ClientAuthentication::ClientSecretBasic,
    ),
    ("client_secret_post", ClientAuthentication::ClientSecretPost),
    ("private_key_jwt", ClientAuthentication::PrivateKeyJwt),
    ("none", ClientAuthentication::None),
];

/// Whether people are asked.
pub const CONSENT_METHODS: [(&str, ConsentRule); 2] = [
    ("TRUSTED", ConsentRule::Trusted),
    ("REQUIRED", ConsentRule::Required),
];

/// How it gets tokens.
pub const GRANT_TYPES: [(&str, GrantKind); 4] = [
    ("authorization_code", GrantKind::AuthorizationCode),
    ("refresh_token", GrantKind::RefreshToken),
    ("client_credentials", GrantKind::ClientCredentials),
    (
        "urn:ietf:params:oauth:grant-type:device_code",
        GrantKind::DeviceCode,
    ),
];

/// What the endpoint that people are sent to may answer with, by the grant that leads to it; and the word that clients have
/// for an app to which it answers nothing since it acts for itself.
pub const RESPONSE_TYPES: [(&str, GrantKind); 2] = [
    ("code", GrantKind::AuthorizationCode),
    ("token", GrantKind::ClientCredentials),
];

/// What may be done at the SCIM server of an app.
pub const FEATURES: [&str; 6] = [
    "GROUP_PUSH",
    "IMPORT_NEW_USERS",
    "PUSH_NEW_USERS",
    "PUSH_PROFILE_UPDATES",
    "PUSH_USER_DEACTIVATION",
    "REACTIVATE_USERS",
];

/// Of these, what is done: some of it as it is ticked, and some of it wherever a server is connected.
#[must_use]
pub fn features_of(ticked: Features) -> Vec<&'static str> {
    let done = [
        true,
        true,
        ticked.create,
        ticked.update,
        ticked.deactivate,
        ticked.create || ticked.update,
    ];
    let words = FEATURES.into_iter().zip(done);
    words
        .filter_map(|(word, is_done)| is_done.then_some(word))
        .collect()
}

/// What a word stands for.
///
/// # Errors
/// [`ApiError`] for a word that stands for nothing here.
pub fn stored<T: Copy>(
    words: &'static [(&'static str, T)],
    field: &str,
    word: &str,
) -> Result<T, ApiError> {
    let found = words.iter().find(|(known, _)| *known == word);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(known, _)| *known).collect();
        let problem = format!("it is not supported here: use {}", words.join(", "));
        ApiError::invalid(field, &problem)
    })
}

/// The word for what is stored.
#[must_use]
pub fn shown<T: PartialEq>(words: &'static [(&'static str, T)], value: &T) -> &'static str {
    let found = words.iter().find(|(_, known)| known == value);
    found.map_or("", |(word, _)| *word)
}

/// The response types to which these grants lead.
#[must_use]
pub fn response_types(grants: &[GrantKind]) -> Vec<&'static str> {
    let possible = RESPONSE_TYPES.iter();
    possible
        .filter(|(_, grant)| grants.contains(grant))
        .map(|(word, _)| *word)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::features_of;
    use identity::provisioning::Features;

    #[test]
    fn what_is_done_at_a_server_follows_what_is_ticked() {
        for ((create, update, deactivate), expected) in [
            ((false, false, false), &[][..]),
            (
                (true, false, false),
                &["PUSH_NEW_USERS", "REACTIVATE_USERS"],
            ),
            (
                (false, true, true),
                &[
                    "PUSH_PROFILE_UPDATES",
                    "PUSH_USER_DEACTIVATION",
                    "REACTIVATE_USERS",
                ],
            ),
        ] {
            let features = Features {
                create,
                update,
                deactivate,
            };
            let always = ["GROUP_PUSH", "IMPORT_NEW_USERS"];
            assert_eq!(features_of(features), [&always, expected].concat());
        }
    }
}
