//! Resources as they are named on the wire: by a resource name (`orn:…`) or by the address of this API. Pure. Whatever is
//! of another organisation, or of a kind over which nothing is enforced here, is none.

use crate::error::ApiError;
use identity::access::custom::{Holder, RESOURCES_MAX, Resource};
use identity::app::search::MAKE;
use protocol::resource_name::{self, Way};
use std::collections::BTreeSet;
use vocab::id::{AppId, GroupId, OrgId, ServerId, UserId};

/// The word for whoever is in a group.
const CONTAINED: &str = "contained_resources";

/// Where names are read: the org, and the address of its API.
#[derive(Debug, Clone, Copy)]
pub struct Site<'s> {
    /// The org.
    pub org: &'s OrgId,
    /// What every address of it begins with.
    pub base_url: &'s str,
}

impl Site<'_> {
    /// Reads a resource; none for what cannot be in a set.
    #[must_use]
    pub fn parse_resource(&self, text: &str) -> Option<Resource> {
        let name = resource_name::parse(text, self.org.as_str(), self.base_url)?;
        let group = |id: &str| GroupId::parse(id).ok();
        match (name.way, name.words.as_slice()) {
            (Way::Directory | Way::Address, ["users"]) => Some(Resource::Users),
            (Way::Directory | Way::Address, ["groups"]) => Some(Resource::Groups),
            (Way::Directory | Way::Address, ["groups", id]) => group(id).map(Resource::Group),
            (Way::Directory, ["groups", id, CONTAINED])
            | (Way::Address, ["groups", id, "users"]) => group(id).map(Resource::UsersOf),
            (Way::Provider | Way::Address, ["apps"]) => Some(Resource::Apps),
            (Way::Provider, ["apps", MAKE, id]) | (Way::Address, ["apps", id]) => {
                AppId::parse(id).ok().map(Resource::App)
            }
            (Way::Provider, ["authorization_servers"])
            | (Way::Address, ["authorizationServers"]) => Some(Resource::Servers),
            (Way::Provider, ["authorization_servers", id])
            | (Way::Address, ["authorizationServers", id]) => {
                ServerId::parse(id).ok().map(Resource::Server)
            }
            _ => None,
        }
    }

    /// Reads whoever can hold a role; none for anything else.
    #[must_use]
    pub fn parse_holder(&self, text: &str) -> Option<Holder> {
        let name = resource_name::parse(text, self.org.as_str(), self.base_url)?;
        match (name.way, name.words.as_slice()) {
            (Way::Directory | Way::Address, ["users", id]) => {
                UserId::parse(id).ok().map(Holder::User)
            }
            (Way::Directory | Way::Address, ["groups", id]) => {
                GroupId::parse(id).ok().map(Holder::Group)
            }
            _ => None,
        }
    }

    /// The resource name.
    #[must_use]
    pub fn render_orn(&self, resource: &Resource) -> String {
        let org = self.org;
        match resource {
            Resource::Users => format!("orn:okta:directory:{org}:users"),
            Resource::UsersOf(id) => format!("orn:okta:directory:{org}:groups:{id}:{CONTAINED}"),
            Resource::Groups => format!("orn:okta:directory:{org}:groups"),
            Resource::Group(id) => format!("orn:okta:directory:{org}:groups:{id}"),
            Resource::Apps => format!("orn:okta:idp:{org}:apps"),
            Resource::App(id) => format!("orn:okta:idp:{org}:apps:{MAKE}:{id}"),
            Resource::Servers => format!("orn:okta:idp:{org}:authorization_servers"),
            Resource::Server(id) => format!("orn:okta:idp:{org}:authorization_servers:{id}"),
        }
    }

    /// The address at which it is found.
    #[must_use]
    pub fn render_href(&self, resource: &Resource) -> String {
        let base = format!("{}/api/v1", self.base_url);
        match resource {
            Resource::Users => format!("{base}/users"),
            Resource::UsersOf(id) => format!("{base}/groups/{id}/users"),
            Resource::Groups => format!("{base}/groups"),
            Resource::Group(id) => format!("{base}/groups/{id}"),
            Resource::Apps => format!("{base}/apps"),
            Resource::App(id) => format!("{base}/apps/{id}"),
            Resource::Servers => format!("{base}/authorizationServers"),
            Resource::Server(id) => format!("{base}/authorizationServers/{id}"),
        }
    }

    /// The resources that a field lists.
    ///
    /// # Errors
    /// [`ApiError`] for the first that is none, and for more than a set may hold.
    pub fn parse_resources(
        &self,
        field: &str,
        texts: &[String],
    ) -> Result<BTreeSet<Resource>, ApiError> {
        refuse_many(field, texts.len(), RESOURCES_MAX)?;
        let read = |text: &String| {
            let problem = "use all of people, groups, apps or authorizationServers, one group, app or server, or the \
                           people of a group, as a resource name or an address of this organisation";
            let resource = self.parse_resource(text);
            resource.ok_or_else(|| ApiError::invalid(field, problem))
        };
        texts.iter().map(read).collect()
    }

    /// Whoever a field lists.
    ///
    /// # Errors
    /// [`ApiError`] for the first that is nobody who can hold a role, and for more than one may bind at once.
    pub fn parse_holders(
        &self,
        field: &str,
        texts: &[String],
        max: usize,
    ) -> Result<BTreeSet<Holder>, ApiError> {
        refuse_many(field, texts.len(), max)?;
        let read = |text: &String| {
            let problem = "use the address of a person or a group of this organisation";
            let holder = self.parse_holder(text);
            holder.ok_or_else(|| ApiError::invalid(field, problem))
        };
        texts.iter().map(read).collect()
    }
}

fn refuse_many(field: &str, count: usize, max: usize) -> Result<(), ApiError> {
    match count {
        0 => Err(ApiError::invalid(field, "name one at least")),
        count if count > max => Err(ApiError::invalid(
            field,
            &format!("at most {max} are possible"),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::Site;
    use identity::access::custom::{Holder, Resource};
    use vocab::entropy::SeededEntropy;
    use vocab::id::{AppId, GroupId, OrgId, ServerId, UserId};

    const BASE: &str = "https://id.example/t/main";

    #[test]
    fn both_names_of_a_resource_are_read() {
        let entropy = SeededEntropy::new(31);
        let (org, group) = (OrgId::generate(&entropy), GroupId::generate(&entropy));
        let site = Site {
            org: &org,
            base_url: BASE,
        };
        for resource in [
            Resource::Users,
            Resource::UsersOf(group.clone()),
            Resource::Groups,
            Resource::Group(group),
            Resource::Apps,
            Resource::App(AppId::generate(&entropy)),
            Resource::Servers,
            Resource::Server(ServerId::generate(&entropy)),
        ] {
            for text in [site.render_orn(&resource), site.render_href(&resource)] {
                assert_eq!(
                    site.parse_resource(&text).as_ref(),
                    Some(&resource),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn what_is_elsewhere_or_of_another_kind_is_nothing() {
        let entropy = SeededEntropy::new(32);
        let (org, other) = (OrgId::generate(&entropy), OrgId::generate(&entropy));
        let (user, group) = (UserId::generate(&entropy), GroupId::generate(&entropy));
        let site = Site {
            org: &org,
            base_url: BASE,
        };
        for text in [
            String::new(),
            "orn".into(),
            "orn:okta:directory".into(),
            format!("orn:okta:directory:{other}:users"),
            format!("orn:okta:directory:{org}"),
            format!("orn:okta:directory:{org}:users:{user}"),
            format!("orn:okta:directory:{org}:users:"),
            format!("orn:okta:directory:{org}:apps"),
            format!("orn:okta:directory:{org}:groups:{user}"),
            format!("orn:okta:directory:{org}:groups:{group}:users"),
            format!("orn:okta:idp:{org}:users"),
            format!("orn:okta:idp:{org}:apps:oidc_client"),
            format!("orn:okta:idp:{org}:policies"),
            format!("{BASE}/api/v1/policies"),
            format!("{BASE}/api/v1/users/"),
            format!("{BASE}/api/v1/groups/{group}/apps"),
            format!("{BASE}/api/v2/users"),
            format!("{BASE}-two/api/v1/users"),
            "https://id.example/t/other/api/v1/users".into(),
            format!("{BASE}/api/v1/{}", "x".repeat(600)),
        ] {
            assert_eq!(site.parse_resource(&text), None, "{text}");
        }
    }

    #[test]
    fn people_and_groups_hold_roles() {
        let entropy = SeededEntropy::new(33);
        let org = OrgId::generate(&entropy);
        let (user, group) = (UserId::generate(&entropy), GroupId::generate(&entropy));
        let site = Site {
            org: &org,
            base_url: BASE,
        };
        for (text, expected) in [
            (
                format!("{BASE}/api/v1/users/{user}"),
                Some(Holder::User(user.clone())),
            ),
            (
                format!("{BASE}/api/v1/groups/{group}"),
                Some(Holder::Group(group.clone())),
            ),
            (
                format!("orn:okta:directory:{org}:users:{user}"),
                Some(Holder::User(user.clone())),
            ),
            (format!("{BASE}/api/v1/users/{group}"), None),
            (format!("{BASE}/api/v1/users"), None),
            (format!("{BASE}/api/v1/apps/{user}"), None),
            (user.to_string(), None),
        ] {
            assert_eq!(site.parse_holder(&text), expected, "{text}");
        }
    }
}
