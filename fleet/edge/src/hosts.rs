//! Whose a host is, by the fleet's own address and the route map: nobody else's host gets a certificate made for it.

use crate::address::{Origin, Wanted};
use crate::follower::Routes;
use vocab::slug::Slug;
use wire::routes::entry::OrgRoute;
use wire::routes::follow::Followed;

/// Whom a host belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// The fleet itself.
    Fleet,
    /// This org.
    Org(Slug),
    /// Nobody that we know.
    Nobody,
}

/// The hosts that lead here.
#[derive(Clone)]
pub struct Hosts {
    origin: Origin,
    routes: Routes,
}

impl Hosts {
    /// The hosts of this origin and this map.
    #[must_use]
    pub const fn new(origin: Origin, routes: Routes) -> Self {
        Self { origin, routes }
    }

    /// The fleet's own address.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whose a host is at this moment.
    #[must_use]
    pub fn owner(&self, host: &str) -> Owner {
        // By the host alone: what a path names is for the request to say.
        match self.origin.resolve(host, "/") {
            Ok(Wanted::Fleet) => Owner::Fleet,
            Ok(wanted) => find_org(&self.routes.current(), &wanted)
                .map_or(Owner::Nobody, |route| Owner::Org(route.slug.clone())),
            Err(_) => Owner::Nobody,
        }
    }

    /// The hosts for which a certificate is made before anybody asks: the fleet's own, and those that orgs brought.
    #[must_use]
    pub fn foreseen(&self, max: usize) -> Vec<String> {
        let map = self.routes.current();
        let brought = map.map.hosts().map(|route| route.host.to_string());
        let own = self.origin.host().to_owned();
        std::iter::once(own).chain(brought).take(max).collect()
    }
}

/// The route of the org that a request names.
#[must_use]
pub fn find_org<'m>(map: &'m Followed, wanted: &Wanted) -> Option<&'m OrgRoute> {
    match wanted {
        Wanted::Slug(slug) => map.map.org_by_slug(slug),
        Wanted::Host(host) => map.map.org_by_host(host),
        Wanted::Fleet => None,
    }
}
