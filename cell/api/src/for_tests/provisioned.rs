//! An app whose people are provisioned: with a connection, an account that waits, a pushed group and an import that was begun.

use crate::for_tests::World;
use identity::access::Permission;
use identity::event_hook::envoy::PlainHttp;
use identity::provisioning::operations::ConnectionChange;
use identity::provisioning::push::{NewPush, PushTo};
use vocab::id::{AppId, GroupId, GroupPushId, OrgId};
use vocab::secret::Secret;

impl World {
    /// Lets an app of that org be provisioned, with that group; the id of the push.
    pub(super) async fn provision(
        &self,
        org: &OrgId,
        (app, group): (&AppId, &GroupId),
    ) -> GroupPushId {
        let manager = self.permit(org, Permission::ManageApps);
        let reader = self.permit(org, Permission::ReadDirectory);
        let app = self.cell.find_app(&reader, app).await.unwrap();
        let change = ConnectionChange {
            base_url: Some("https://scim.example/v2".into()),
            token: Some(Secret::new("letmein".into())),
            activate: true,
        };
        let set = self
            .cell
            .set_connection(&manager, &app, change, PlainHttp::Never);
        set.await.unwrap();
        self.look_at_everybody(org, &app.id).await;
        self.cell.begin_import(&manager, &app.id).await.unwrap();
        let new = NewPush {
            group_id: group.clone(),
            to: PushTo::Named("Engineers".into()),
            active: true,
        };
        self.cell.add_push(&manager, &app, new).await.unwrap().id
    }

    /// Does what the job does before it sends anything.
    pub(crate) async fn look_at_everybody(&self, org: &OrgId, app: &AppId) {
        let key = (org, app);
        let mut reached = 0;
        loop {
            let step = self.cell.follow_provisioning(key, reached).await.unwrap();
            reached = step.reached;
            if !step.has_more {
                break;
            }
        }
        while self.cell.walk_provisioning(key).await.unwrap() {}
    }
}
