//! The administration as tests use it: pages are looked at, and forms sent by whoever it is.

use crate::tests::matrix::read;
use crate::tests::matrix::world::{Who, World};
use crate::tests::one_org::permit;
use crate::tests::two_orgs::find_person;
use axum::body::Body;
use axum::http::{Method, Response, StatusCode};
use identity::access::narrowed::{RoleHolder, RoleTarget};
use identity::access::{Permission, Permit, Role};
use identity::fault::Fault;
use identity::notice::OUTBOX_KIND;
use identity::sign_on::presets;
use ledger::outbox::store as outbox;
use vocab::id::{AppId, GroupId, OrgId, PolicyId, UserId};

/// The words above a page whose form was made from what is no more.
pub(crate) const CHANGED: &str = "It was changed meanwhile";

/// The pages of the administration of an organisation, as its administrator and others use them.
pub(crate) struct Pages {
    pub(crate) world: World,
}

impl Pages {
    pub(crate) async fn open() -> Self {
        Self {
            world: World::copy().await,
        }
    }

    pub(crate) fn reader(&self) -> Permit {
        permit(&self.world.main, Permission::ReadDirectory)
    }

    pub(crate) async fn look(&self, path: &str) -> String {
        let who = Who::Administrator;
        let shown = self.world.call(who, &Method::GET, path, "").await;
        assert_eq!(shown.status(), StatusCode::OK, "{path}");
        read(shown).await
    }

    pub(crate) async fn send(&self, who: Who, path: &str, form: &str) -> Response<Body> {
        self.world.call(who, &Method::POST, path, form).await
    }

    /// What the administrator sends is done, and the page is loaded anew.
    pub(crate) async fn done(&self, path: &str, form: &str) {
        let answer = self.send(Who::Administrator, path, form).await;
        let status = answer.status();
        assert_eq!(
            status,
            StatusCode::SEE_OTHER,
            "{path} {form}: {}",
            read(answer).await
        );
    }

    /// What somebody sends is not done: the status, and what the page says.
    pub(crate) async fn refused(&self, who: Who, path: &str, form: &str) -> (StatusCode, String) {
        let before = self.world.log_rows().await;
        let answer = self.send(who, path, form).await;
        assert_eq!(self.world.log_rows().await, before, "{path} {form}");
        assert_ne!(answer.status(), StatusCode::SEE_OTHER, "{path} {form}");
        (answer.status(), read(answer).await)
    }

    /// The administrator's form is shown again with these words above it.
    pub(crate) async fn told(&self, path: &str, form: &str, words: &str) {
        let (_, page) = self.refused(Who::Administrator, path, form).await;
        assert!(page.contains(words), "{path} {form}: {page}");
    }

    pub(crate) async fn missing(&self, path: &str, form: &str) {
        let (status, _) = self.refused(Who::Administrator, path, form).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path} {form}");
    }

    pub(crate) async fn forbidden(&self, role: Role, path: &str, form: &str) {
        let (status, _) = self.refused(Who::Holder(role), path, form).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{role:?} {path} {form}");
    }

    pub(crate) async fn group(&self, org: &OrgId, name: &str) -> GroupId {
        let permit = permit(org, Permission::ManageGroups);
        let group = self.world.cell.create_group(&permit, name, "").await;
        group.unwrap().id
    }

    pub(crate) async fn app(&self, org: &OrgId) -> AppId {
        let mut tx = self.world.cell.database.read().await.unwrap();
        let app = identity::app::store::find_by_label(&mut tx, org, "Wiki").await;
        app.unwrap().unwrap().id
    }

    pub(crate) async fn policy(&self, org: &OrgId, name: &str) -> PolicyId {
        let permit = permit(org, Permission::ManagePolicies);
        let cell = &self.world.cell;
        let entropy = cell.entropy();
        let (_, preset) = presets::app_policy(PolicyId::generate(entropy), entropy);
        let made = cell.create_policy(&permit, name, preset.rules).await;
        made.unwrap().id
    }

    /// How many mails with these words were written since this was last asked.
    pub(crate) async fn mails_with(&self, words: &str) -> usize {
        let (cell, now) = (&self.world.cell, self.world.cell.now());
        let leased: Result<_, Fault> = cell
            .database
            .write(move |tx| {
                Box::pin(async move { Ok(outbox::lease_due(tx, OUTBOX_KIND, now, 100).await?) })
            })
            .await;
        let mut found = 0;
        for row in leased.unwrap() {
            let mail = cell.open_mail(&row.org_id, &row.payload).await.unwrap();
            found += usize::from(mail.text.contains(words));
        }
        found
    }

    pub(crate) async fn person(&self, slug: &str, name: &str) -> UserId {
        let login = format!("{name}@{slug}.example");
        find_person(&self.world.cell, slug, &login).await.id
    }

    pub(crate) async fn targets(&self, holder: &RoleHolder, role: Role) -> Vec<RoleTarget> {
        let reader = self.reader();
        let held = (holder, role);
        let listed = self.world.cell.list_role_targets(&reader, held);
        let listed = listed.await.unwrap().into_iter();
        listed.map(|one| one.target).collect()
    }
}

/// The revision that a page carries.
pub(crate) fn revision_on(page: &str) -> String {
    let behind = page.split("name=\"revision\" value=\"").nth(1);
    let (revision, _) = behind.unwrap().split_once('"').unwrap();
    revision.to_owned()
}
