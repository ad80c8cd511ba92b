//! Standard roles that are narrowed to a group and to an app: of a person, of a group and of a service.

use crate::for_tests::World;
use crate::role::render_id;
use identity::access::narrowed::{RoleHolder, RoleTarget};
use identity::access::{Permission, Role};
use identity::app::search::MAKE;
use vocab::id::{AppId, GroupId, OrgId, UserId};

/// Where targets begin.
const TARGETS: &str = "/targets";

/// An example for each parameter of a path.
pub(super) struct Narrowed {
    user: String,
    team: String,
    service: String,
    group: String,
    app: String,
}

impl Narrowed {
    /// The path with those examples, if it is one of targets.
    pub(super) fn fill(&self, path: &str) -> String {
        let Some((before, after)) = path.split_once(TARGETS) else {
            return path.to_owned();
        };
        let holder = match before.split('/').nth(3) {
            Some("users") => &self.user,
            Some("groups") => &self.team,
            _ => &self.service,
        };
        let role = match after.contains("/catalog/") {
            true => Role::AppAdmin,
            false => Role::UserAdmin,
        };
        let before = before.replace("{id}", holder);
        let before = before.replace("{rid}", render_id(role));
        let after = after
            .replace("{gid}", &self.group)
            .replace("{app}", MAKE)
            .replace("{instance}", &self.app);
        format!("{before}{TARGETS}{after}")
    }
}

impl World {
    /// They are narrowed to that group and that app, and bear that name.
    pub(super) async fn narrowed(
        &self,
        org: &OrgId,
        name: &str,
        (service, group, app): (&AppId, &GroupId, &AppId),
    ) -> Narrowed {
        let login = format!("{name}-narrow");
        let user = self.person(org, &login, "Nora", "Narrow").await;
        let groups = self.permit(org, Permission::ManageGroups);
        let called = format!("{name} team");
        let team = self.cell.create_group(&groups, &called, "").await;
        let team = team.unwrap().id;
        let permit = self.permit(org, Permission::ManageOrg);
        for (role, target) in [
            (Role::UserAdmin, RoleTarget::Group(group.clone())),
            (Role::AppAdmin, RoleTarget::App(app.clone())),
        ] {
            self.cell.grant_role(&permit, &user, role).await.unwrap();
            let given = self.cell.grant_group_role(&permit, &team, role);
            given.await.unwrap();
            let given = self.cell.grant_app_role(&permit, service, role);
            given.await.unwrap();
            for holder in [
                RoleHolder::User(user.clone()),
                RoleHolder::Group(team.clone()),
                RoleHolder::App(service.clone()),
            ] {
                let narrowed = self
                    .cell
                    .add_role_target(&permit, (&holder, role), target.clone());
                narrowed.await.unwrap();
            }
        }
        Narrowed {
            user: user.to_string(),
            team: team.to_string(),
            service: service.to_string(),
            group: group.to_string(),
            app: app.to_string(),
        }
    }

    /// Gives the holder of [`World::desk`] a role, narrowed to these.
    pub(crate) async fn narrow_desk(&self, role: Role, targets: &[RoleTarget]) -> UserId {
        let desk = self.desk().await;
        self.narrow(&RoleHolder::User(desk.clone()), role, targets)
            .await;
        desk
    }

    /// Gives somebody of `main` a role, if they do not have it, and narrows it to these.
    pub(crate) async fn narrow(&self, holder: &RoleHolder, role: Role, targets: &[RoleTarget]) {
        let permit = self.permit(&self.main, Permission::ManageOrg);
        match holder {
            RoleHolder::User(user) => self.cell.grant_role(&permit, user, role).await,
            RoleHolder::Group(group) => self.cell.grant_group_role(&permit, group, role).await,
            RoleHolder::App(app) => self.cell.grant_app_role(&permit, app, role).await,
        }
        .unwrap();
        for target in targets {
            let added = self
                .cell
                .add_role_target(&permit, (holder, role), target.clone());
            added.await.unwrap();
        }
    }
}
