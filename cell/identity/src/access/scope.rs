//! Scopes of the management API: which part of it a token may touch at all. A scope permits nothing by itself; what its
//! caller's roles permit is cut down to it.

/// What every scope begins with; clients in the field ask for these names.
const PREFIX: &str = "okta.";

macro_rules! define_areas {
    ($($(#[$doc:meta])* $variant:ident, $word:literal;)*) => {
        /// A part of the management API.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Area {
            $($(#[$doc])* $variant,)*
        }

        impl Area {
            /// Every part.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in the scope.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

define_areas! {
    /// People and their life cycle.
    Users, "users";
    /// Groups and their members.
    Groups, "groups";
    /// Apps and their assignments.
    Apps, "apps";
    /// Which apps may use this API, and for what.
    AppGrants, "appGrants";
    /// Authorization servers.
    AuthorizationServers, "authorizationServers";
    /// Policies.
    Policies, "policies";
    /// Roles of administrators and apps.
    Roles, "roles";
    /// Sessions of people.
    Sessions, "sessions";
    /// Network zones.
    NetworkZones, "networkZones";
    /// What is called unusual of a sign-in.
    Behaviors, "behaviors";
    /// Tokens of this API.
    ApiTokens, "apiTokens";
    /// Sites whose scripts may call, and to which browsers are sent.
    TrustedOrigins, "trustedOrigins";
    /// The system log.
    Logs, "logs";
    /// What the org is called.
    Orgs, "orgs";
    /// What profiles hold.
    Schemas, "schemas";
    /// Relations between people.
    LinkedObjects, "linkedObjects";
    /// What people have in apps because of what their profiles say.
    ProfileMappings, "profileMappings";
    /// Types of people.
    UserTypes, "userTypes";
    /// Event hooks.
    EventHooks, "eventHooks";
    /// Inline hooks.
    InlineHooks, "inlineHooks";
    /// Identity providers.
    IdentityProviders, "idps";
    /// What people can prove who they are by.
    Authenticators, "authenticators";
    /// Ways in of programs, open or shut.
    Features, "features";
    /// What is done about threats.
    ThreatInsights, "threatInsights";
    /// Streams of the system log.
    LogStreams, "logStreams";
}

/// What is done to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    /// To look.
    Read,
    /// To look and to change.
    Manage,
}

impl Verb {
    /// The word in the scope.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Manage => "manage",
        }
    }
}

/// A scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApiScope {
    /// Which part.
    pub area: Area,
    /// What is done to it.
    pub verb: Verb,
}

impl ApiScope {
    /// Reads its name; none for a part that this API does not have.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (area, verb) = name.strip_prefix(PREFIX)?.split_once('.')?;
        Some(Self {
            area: Area::ALL
                .iter()
                .copied()
                .find(|known| known.as_str() == area)?,
            verb: [Verb::Read, Verb::Manage]
                .into_iter()
                .find(|known| known.as_str() == verb)?,
        })
    }

    /// Its name.
    #[must_use]
    pub fn render(self) -> String {
        format!("{PREFIX}{}.{}", self.area.as_str(), self.verb.as_str())
    }

    /// Whether it is enough for what needs that one: whoever may change something may look at it.
    #[must_use]
    pub fn covers(self, needed: Self) -> bool {
        self.area == needed.area && self.verb >= needed.verb
    }
}

#[cfg(test)]
mod tests {
    use super::{ApiScope, Area, Verb};

    #[test]
    fn names_are_read_as_they_are_written() {
        for area in Area::ALL.iter().copied() {
            for verb in [Verb::Read, Verb::Manage] {
                let scope = ApiScope { area, verb };
                assert_eq!(ApiScope::parse(&scope.render()), Some(scope));
            }
        }
        let named = ApiScope::parse("okta.users.read").unwrap();
        assert_eq!((named.area, named.verb), (Area::Users, Verb::Read));
        for none in [
            "",
            "okta.users",
            "okta.users.write",
            "okta.Users.read",
            "okta.brands.read",
            "users.read",
            "okta.users.read ",
            "okta.users.read.all",
        ] {
            assert_eq!(ApiScope::parse(none), None, "{none}");
        }
    }

    #[test]
    fn to_change_is_to_look_as_well_within_one_part() {
        let scope = |name| ApiScope::parse(name).unwrap();
        for (held, needed, enough) in [
            ("okta.users.read", "okta.users.read", true),
            ("okta.users.manage", "okta.users.read", true),
            ("okta.users.manage", "okta.users.manage", true),
            ("okta.users.read", "okta.users.manage", false),
            ("okta.groups.manage", "okta.users.read", false),
            ("okta.apps.manage", "okta.appGrants.manage", false),
        ] {
            assert_eq!(scope(held).covers(scope(needed)), enough, "{held} {needed}");
        }
    }
}
