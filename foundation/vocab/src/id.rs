//! One id type per thing: a three-character prefix and seventeen random characters of `[0-9A-Za-z]`.
//!
//! 17 characters of base 62 carry 101 bits, so ids never collide and cannot be guessed; yet no rule relies on
//! an id being secret.

use crate::entropy::Entropy;
use crate::value::{FromValue, Value, ValueError};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Length of every id in characters.
pub const ID_CHARS: usize = 20;
const PREFIX_CHARS: usize = 3;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Why a text is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind} id: expected {prefix} and 17 letters or digits")]
pub struct IdError {
    /// What the id should have named, for example `user`.
    pub kind: &'static str,
    /// The prefix that ids of that kind carry.
    pub prefix: &'static str,
}

fn generate(prefix: &'static str, entropy: &dyn Entropy) -> Box<str> {
    let mut text = String::with_capacity(ID_CHARS);
    text.push_str(prefix);
    let mut pool = [0_u8; 32];
    while text.len() < ID_CHARS {
        entropy.fill(&mut pool);
        for byte in pool {
            // 248 = 4 * 62: larger bytes are thrown away so that each character is equally likely.
            if byte < 248
                && text.len() < ID_CHARS
                && let Some(character) = ALPHABET.get(usize::from(byte % 62))
            {
                text.push(char::from(*character));
            }
        }
    }
    text.into_boxed_str()
}

fn is_id(prefix: &str, text: &str) -> bool {
    text.len() == ID_CHARS
        && text.starts_with(prefix)
        && text
            .bytes()
            .skip(PREFIX_CHARS)
            .all(|byte| byte.is_ascii_alphanumeric())
}

macro_rules! define_ids {
    ($($(#[$doc:meta])* $name:ident, $prefix:literal, $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// The three characters that every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// Draws a new id.
            #[must_use]
            pub fn generate(entropy: &dyn Entropy) -> Self {
                Self(generate($prefix, entropy))
            }

            /// Accepts exactly the shape of an id of this kind.
            ///
            /// # Errors
            /// [`IdError`] for any other text.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                if is_id($prefix, text) {
                    Ok(Self(text.into()))
                } else {
                    Err(IdError { kind: $kind, prefix: $prefix })
                }
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.into_string()
            }
        }

        impl From<&$name> for Value {
            fn from(id: &$name) -> Self {
                Value::Text(id.0.to_string())
            }
        }

        impl From<$name> for Value {
            fn from(id: $name) -> Self {
                Value::Text(id.0.into_string())
            }
        }

        impl From<Option<&$name>> for Value {
            fn from(id: Option<&$name>) -> Self {
                id.map_or(Value::Null, Value::from)
            }
        }

        impl FromValue for $name {
            fn from_value(value: &Value) -> Result<Self, ValueError> {
                Self::parse(&String::from_value(value)?).map_err(|_| ValueError { wanted: $kind })
            }
        }
    )*};
}

define_ids! {
    /// An organisation: a tenant.
    OrgId, "00o", "org";
    /// A person.
    UserId, "00u", "user";
    /// A group of people.
    GroupId, "00g", "group";
    /// An application; its id is also its OAuth `client_id`.
    AppId, "0oa", "app";
    /// A custom authorization server.
    ServerId, "aus", "authorization server";
    /// A policy.
    PolicyId, "00p", "policy";
    /// A rule of a policy.
    RuleId, "0pr", "rule";
    /// A rule that fills groups.
    GroupRuleId, "0pr", "group rule";
    /// A network zone.
    ZoneId, "nzo", "network zone";
    /// What is called unusual of a sign-in.
    BehaviorId, "bhv", "behaviour";
    /// A site that an org trusts.
    TrustedOriginId, "tos", "trusted origin";
    /// A scope of an authorization server.
    ScopeId, "scp", "scope";
    /// A claim of an authorization server.
    ClaimId, "ocl", "claim";
    /// A passkey.
    PasskeyId, "fwf", "passkey";
    /// A TOTP authenticator.
    TotpId, "ost", "totp factor";
    /// A session of a person.
    SessionId, "102", "session";
    /// A sign-in that is under way.
    FlowId, "flw", "sign-in flow";
    /// A secret of an app.
    AppSecretId, "ocs", "client secret";
    /// A token of the management API.
    ApiTokenId, "00T", "api token";
    /// A scope of the management API that an app was granted.
    ApiGrantId, "oag", "grant";
    /// A family of refresh tokens: all that descend from one sign-in.
    RefreshFamilyId, "oar", "refresh family";
    /// A device authorization that is under way.
    DeviceGrantId, "odg", "device grant";
    /// A one-time code or link sent to a person.
    OneTimeCodeId, "otc", "one-time code";
    /// A row of the system log.
    EventId, "evt", "log event";
    /// A row of the outbox.
    OutboxId, "obx", "outbox row";
    /// An event hook.
    EventHookId, "who", "event hook";
    /// An inline hook.
    InlineHookId, "cal", "inline hook";
    /// A key pair by which inline hooks prove themselves.
    HookKeyId, "HKY", "hook key";
    /// A delivery of an event hook.
    HookDeliveryId, "whd", "hook delivery";
    /// A provider at which people of other organisations sign in.
    IdentityProviderId, "0oa", "identity provider";
    /// A stream of the system log.
    LogStreamId, "0oa", "log stream";
    /// A group that is pushed to the server of an app.
    GroupPushId, "gPm", "group push mapping";
    /// A role of administrators that an org made itself.
    CustomRoleId, "cr0", "custom role";
    /// A set of resources that such a role is bound to.
    ResourceSetId, "iam", "resource set";
    /// A resource of a set.
    SetResourceId, "ire", "resource of a set";
    /// A role bound to a set for somebody.
    RoleBindingId, "irb", "role binding";
    /// A type of people, other than the one that every org has.
    UserTypeId, "oty", "type of people";
    /// A relation between people.
    LinkedObjectId, "lob", "linked object";
    /// A move of an org from one cell to another.
    MoveId, "mov", "org move";
}

#[cfg(test)]
mod tests {
    use super::{GroupId, ID_CHARS, UserId};
    use crate::entropy::{SeededEntropy, SystemEntropy};
    use proptest::prelude::{any, proptest};
    use std::collections::HashSet;

    #[test]
    fn a_generated_id_parses_and_is_of_its_kind_alone() {
        let id = UserId::generate(&SystemEntropy);
        assert_eq!(id.as_str().len(), ID_CHARS);
        assert_eq!(UserId::parse(id.as_str()).unwrap(), id);
        assert!(GroupId::parse(id.as_str()).is_err());
    }

    #[test]
    fn ids_differ() {
        let entropy = SeededEntropy::new(1);
        let ids: HashSet<_> = (0..10_000).map(|_| UserId::generate(&entropy)).collect();
        assert_eq!(ids.len(), 10_000);
    }

    #[test]
    fn a_json_id_of_another_kind_is_refused() {
        let id = UserId::generate(&SystemEntropy);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<UserId>(&json).unwrap(), id);
        assert!(serde_json::from_str::<GroupId>(&json).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_an_id_only_in_the_exact_shape(text in any::<String>()) {
            let shaped = text.len() == ID_CHARS && text.starts_with("00u") && text.bytes().all(|b| b.is_ascii_alphanumeric());
            assert_eq!(UserId::parse(&text).is_ok(), shaped);
        }

        #[test]
        fn the_exact_shape_parses(tail in "[0-9A-Za-z]{17}") {
            assert!(UserId::parse(&format!("00u{tail}")).is_ok());
        }
    }
}
