//! Settings of an org of the world that have addresses of their own: one of each.

use crate::for_tests::World;
use identity::access::Permission;
use identity::sign_on::zone::{ZoneReach, parse_ranges};
use identity::trusted_origin::{OriginInput, Trust};
use vocab::id::OrgId;

/// Where the paths of trusted origins begin.
const ORIGINS: &str = "/api/v1/trustedOrigins";
/// Where those of zones do.
const ZONES: &str = "/api/v1/zones";

impl World {
    /// They bear that name: where a path begins, a parameter of it, and an example for that.
    pub(super) async fn settings(
        &self,
        org: &OrgId,
        name: &str,
    ) -> Vec<(&'static str, &'static str, String)> {
        let permit = self.permit(org, Permission::ManageOrg);
        let input = OriginInput {
            name: name.to_owned(),
            origin: format!("https://{}.example", name.to_lowercase().replace('_', "-")),
            trust: Trust {
                cors: true,
                redirect: true,
            },
        };
        let origin = self.cell.create_trusted_origin(&permit, input);
        let origin = origin.await.unwrap();
        let policies = self.permit(org, Permission::ManagePolicies);
        let ranges = parse_ranges("192.0.2.0/24").unwrap();
        let zone = self
            .cell
            .create_zone(&policies, name, ranges, ZoneReach::Named);
        let zone = zone.await.unwrap();
        vec![
            (ORIGINS, "{id}", origin.id.to_string()),
            (ZONES, "{id}", zone.id.to_string()),
        ]
    }
}
