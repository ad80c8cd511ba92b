//! A custom role that a group holds over a resource set, for the paths that name one.

use crate::for_tests::World;
use identity::access::Permission;
use identity::access::custom::capability::Capability;
use identity::access::custom::{Holder, Named, Resource, store};
use std::collections::BTreeSet;
use vocab::id::{CustomRoleId, OrgId, ResourceSetId, RoleBindingId};

/// Where the roles of a group begin.
const OF_GROUPS: &str = "/api/v1/groups/{id}/roles";

/// An example for each parameter of a path.
pub(super) struct Custom {
    role: String,
    set: String,
    resource: String,
    binding: String,
    desk: String,
}

impl Custom {
    /// The path with those examples that it takes.
    pub(super) fn fill(&self, path: &str) -> String {
        let path = match path.starts_with(OF_GROUPS) {
            true => path
                .replace("{id}", &self.desk)
                .replace("{rid}", &self.binding),
            false => path.to_owned(),
        };
        path.replace("{role}", &self.role)
            .replace("{permission}", "okta.users.read")
            .replace("{set}", &self.set)
            .replace("{resource}", &self.resource)
            .replace("{member}", &self.binding)
    }
}

impl World {
    /// They bear that name.
    pub(super) async fn custom(&self, org: &OrgId, name: &str) -> Custom {
        let groups = self.permit(org, Permission::ManageGroups);
        let called = format!("{name} desk");
        let desk = self.cell.create_group(&groups, &called, "");
        let desk = desk.await.unwrap().id;
        let (role, set) = self
            .role_over(org, name, &[Capability::UsersRead], &[Resource::Groups])
            .await;
        let binding = self
            .bind(org, (&role, &set), Holder::Group(desk.clone()))
            .await;
        let mut tx = self.cell.database.read().await.unwrap();
        let resources = store::sets::load_resources(&mut tx, org, &set)
            .await
            .unwrap();
        Custom {
            role: role.to_string(),
            set: set.to_string(),
            resource: resources[0].id.to_string(),
            binding: binding.to_string(),
            desk: desk.to_string(),
        }
    }

    /// A role that permits these, and a set that holds those, both of that name.
    pub(crate) async fn role_over(
        &self,
        org: &OrgId,
        name: &str,
        capabilities: &[Capability],
        resources: &[Resource],
    ) -> (CustomRoleId, ResourceSetId) {
        let permit = self.permit(org, Permission::ManageOrg);
        let named = || Named {
            label: format!("{name} custom"),
            description: String::new(),
        };
        let capabilities: BTreeSet<Capability> = capabilities.iter().copied().collect();
        let role = self.cell.create_custom_role(&permit, named(), capabilities);
        let role = role.await.unwrap().id;
        let resources: BTreeSet<Resource> = resources.iter().cloned().collect();
        let set = self.cell.create_resource_set(&permit, named(), resources);
        (role, set.await.unwrap().id)
    }

    /// Gives somebody a role over a set.
    pub(crate) async fn bind(
        &self,
        org: &OrgId,
        pair: (&CustomRoleId, &ResourceSetId),
        holder: Holder,
    ) -> RoleBindingId {
        let permit = self.permit(org, Permission::ManageOrg);
        let bound = self.cell.bind_role(&permit, pair, [holder].into());
        bound.await.unwrap().pop().unwrap().id
    }
}
