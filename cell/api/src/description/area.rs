//! The operations in the order of the route table, and the areas that they are shown in.

use crate::authn;
use crate::authn::open::OpenOperation;
use crate::description::Description;
use crate::route::{OPERATIONS, Operation};
use http::Method;
use identity::access::custom::capability::Capability;
use identity::access::scope::Area;
use identity::access::{Permission, Role, role_permits};

/// Sign-in by a program's own pages, which needs no token and so has no scope.
pub const SIGN_IN: (&str, &str, &str) = (
    "authn",
    "Sign-in",
    "Sign-in by a program's own pages, one answer after another, until the policies are satisfied.",
);

/// An operation of either kind.
#[derive(Clone, Copy)]
pub enum Described {
    /// It needs a token.
    Held(&'static Operation),
    /// Whoever calls proves something by the call.
    Open(&'static OpenOperation),
}

/// Every operation.
pub fn all() -> impl Iterator<Item = Described> {
    let held = OPERATIONS.iter().map(Described::Held);
    held.chain(authn::OPERATIONS.iter().map(Described::Open))
}

impl Described {
    /// The method.
    #[must_use]
    pub const fn method(self) -> &'static Method {
        match self {
            Self::Held(operation) => &operation.method,
            Self::Open(operation) => &operation.method,
        }
    }

    /// The path, within the org.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Held(operation) => operation.path,
            Self::Open(operation) => operation.path,
        }
    }

    /// What it does.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Held(operation) => operation.summary,
            Self::Open(operation) => operation.summary,
        }
    }

    /// What it reads and answers.
    #[must_use]
    pub const fn description(self) -> &'static Description {
        match self {
            Self::Held(operation) => operation.description,
            Self::Open(operation) => operation.description,
        }
    }

    /// Word, title and subject of the area that it is in.
    #[must_use]
    pub fn area(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Held(operation) => match operation.scope() {
                Some(scope) => (scope.area.as_str(), title(scope.area), about(scope.area)),
                None => ("", "", ""),
            },
            Self::Open(_) => SIGN_IN,
        }
    }

    /// The scope that an app's token must carry.
    #[must_use]
    pub fn scope(self) -> Option<String> {
        match self {
            Self::Held(operation) => operation.scope().map(|scope| scope.render()),
            Self::Open(_) => None,
        }
    }

    /// The roles that permit it.
    #[must_use]
    pub fn roles(self) -> Vec<&'static str> {
        let Self::Held(operation) = self else {
            return Vec::new();
        };
        let permits = |role: &Role| role_permits(*role, operation.permission);
        let roles = Role::ALL.into_iter().filter(permits);
        roles.map(Role::as_str).collect()
    }

    /// What a custom role must permit, over what it is about; none where none opens it.
    #[must_use]
    pub fn permission(self) -> Option<&'static str> {
        match self {
            Self::Held(operation) => operation.capability().map(Capability::as_str),
            Self::Open(_) => None,
        }
    }

    /// What the roles must permit, in words.
    #[must_use]
    pub fn need(self) -> Option<&'static str> {
        match self {
            Self::Held(operation) => Some(need_of(operation)),
            Self::Open(_) => None,
        }
    }

    /// A name that programs made of the description call it by: that of its function, in one word.
    #[must_use]
    pub fn id(self) -> String {
        let handler = match self {
            Self::Held(operation) => operation.handler,
            Self::Open(operation) => operation.handler,
        };
        let mut id = match self {
            Self::Held(_) => String::new(),
            Self::Open(_) => String::from(SIGN_IN.0),
        };
        let mut before = "";
        for part in handler.split([':', '_', ' ']) {
            if part.is_empty() || part == before {
                continue;
            }
            before = part;
            let mut letters = part.chars();
            match letters.next() {
                Some(first) if !id.is_empty() => id.push(first.to_ascii_uppercase()),
                Some(first) => id.push(first),
                None => {}
            }
            id.push_str(letters.as_str());
        }
        id
    }
}

fn need_of(operation: &Operation) -> &'static str {
    match operation.permission {
        // Whoever holds a token may give it up.
        _ if operation.path.ends_with("/current") => "any role",
        Permission::ReadDirectory => "to see the directory",
        Permission::ReadLog => "to see the log",
        Permission::HelpPeople => "to help people",
        Permission::ManagePeople => "to change people",
        Permission::ManageGroups => "to change groups",
        Permission::ManageApps => "to change apps",
        Permission::ManageServers => "to change authorization servers",
        Permission::ManagePolicies => "to change policies",
        Permission::ManageKeys => "to rotate keys",
        Permission::ManageOrg => "to administer the organisation",
        Permission::OwnAccount | Permission::OwnFactors => "to be signed in",
    }
}

/// What an area is called.
#[must_use]
pub const fn title(area: Area) -> &'static str {
    match area {
        Area::Users => "People",
        Area::Groups => "Groups",
        Area::Apps => "Apps",
        Area::AppGrants => "Grants of apps",
        Area::AuthorizationServers => "Authorization servers",
        Area::Policies => "Policies",
        Area::Roles => "Roles",
        Area::Sessions => "Sessions",
        Area::NetworkZones => "Network zones",
        Area::Behaviors => "Behaviours",
        Area::ApiTokens => "Tokens of this API",
        Area::TrustedOrigins => "Trusted origins",
        Area::Logs => "The log",
        Area::Orgs => "The organisation",
        Area::Schemas => "Schemas",
        Area::LinkedObjects => "Relations between people",
        Area::ProfileMappings => "Mappings of profiles",
        Area::UserTypes => "Types of people",
        Area::EventHooks => "Event hooks",
        Area::InlineHooks => "Inline hooks",
        Area::IdentityProviders => "Identity providers",
        Area::Authenticators => "Authenticators",
        Area::Features => "Features",
        Area::ThreatInsights => "Threats",
        Area::LogStreams => "Log streams",
    }
}

/// What an area is about.
#[must_use]
pub const fn about(area: Area) -> &'static str {
    match area {
        Area::Users => "People, their life cycle, passwords and means of proof.",
        Area::Groups => "Groups, their members, and the rules that fill them.",
        Area::Apps => {
            "Clients of OpenID Connect and OAuth, to whom they are assigned, and what they prove themselves by."
        }
        Area::AppGrants => "Scopes of this API that apps were granted which act for themselves.",
        Area::AuthorizationServers => {
            "Servers that issue tokens: scopes, claims, access policies and keys."
        }
        Area::Policies => "What is asked at a sign-in, and what a password must be.",
        Area::Roles => "Administrator roles of people and of apps.",
        Area::Sessions => "Sessions of people, looked at and ended.",
        Area::NetworkZones => "Lists of addresses that rules name.",
        Area::Behaviors => "What is unusual of a sign-in, for rules to name.",
        Area::ApiTokens => "The tokens that scripts call this API with.",
        Area::TrustedOrigins => {
            "Sites whose scripts may call this API, or to which browsers may be sent."
        }
        Area::Logs => "What happened in the organisation.",
        Area::Orgs => "What the organisation is called.",
        Area::Schemas => "The attributes of people, of groups, and of people in apps.",
        Area::LinkedObjects => "Relations such as that of manager and subordinate.",
        Area::ProfileMappings => {
            "What people have in an app because of what their own profiles say."
        }
        Area::UserTypes => "The types of people that there are, each with a schema of its own.",
        Area::EventHooks => "Addresses that are told what happens.",
        Area::InlineHooks => {
            "Addresses that are asked before something is answered, and keys by which they are asked."
        }
        Area::IdentityProviders => "Providers at which people of other organisations sign in.",
        Area::Authenticators => "What people can prove who they are by, and whether it counts.",
        Area::Features => "Ways in of programs that an organisation can shut.",
        Area::ThreatInsights => "Addresses from which many different names fail to sign in.",
        Area::LogStreams => "Receivers that the log flows to.",
    }
}

#[cfg(test)]
mod tests {
    use super::all;
    use crate::description::parameter::{names_of, words_of};
    use std::collections::BTreeSet;

    #[test]
    fn each_operation_has_an_area_and_a_name_of_its_own() {
        let ids: BTreeSet<String> = all().map(|operation| operation.id()).collect();
        assert_eq!(ids.len(), all().count());
        for operation in all() {
            let id = operation.id();
            assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
            let (word, title, about) = operation.area();
            assert!(!word.is_empty() && !title.is_empty() && !about.is_empty());
        }
        assert!(ids.contains("usersList") && ids.contains("groupsMembersAdd"));
    }

    #[test]
    fn each_parameter_is_named_once_and_each_of_a_path_has_its_words() {
        for operation in all() {
            let path = operation.path();
            for name in names_of(path) {
                assert!(
                    words_of(path, name).is_some(),
                    "say what {name} is in {path}"
                );
            }
            let query = operation.description().query;
            let names: BTreeSet<&str> = query.iter().map(|parameter| parameter.name).collect();
            assert_eq!(names.len(), query.len(), "{path}");
        }
    }
}
