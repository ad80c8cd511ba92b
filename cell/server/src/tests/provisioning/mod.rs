//! Provisioning against a SCIM server that does as it is told, and against one that hangs, fails, lies and loses answers.

mod doubt;
mod groups;
mod imports;
mod mapped;
mod peer;
mod people;
mod store;
mod trouble;

use crate::provisioning::settle;
use crate::tests::one_org::{self, OneOrg};
use crate::tests::provisioning::peer::Peer;
use database::Location;
use identity::access::{Permission, Permit};
use identity::app::operations::NewApp;
use identity::app::settings::{AppSettings, ClientAuthentication};
use identity::app::{App, AppKind};
use identity::cell::Cell;
use identity::event_hook::envoy::{Envoy, PlainHttp};
use identity::person::lifecycle::LifecycleAction;
use identity::person::profile::ProfileInput;
use identity::provisioning::Features;
use identity::provisioning::operations::ConnectionChange;
use identity::provisioning::store::accounts::Account;
use postgres_for_tests::TestDatabase;
use std::sync::Arc;
use tempfile::TempDir;
use vocab::id::{GroupId, OrgId, UserId};
use vocab::secret::Secret;
use vocab::time::ManualClock;

const STEPS_MAX: usize = 200;

/// A cell with an org, and an app whose people are provisioned.
struct Bench {
    cell: Cell,
    clock: Arc<ManualClock>,
    org: OrgId,
    app: App,
    peer: Arc<Peer>,
    envoy: Arc<dyn Envoy>,
    _folder: TempDir,
    _server: Option<TestDatabase<'static>>,
}

impl Bench {
    async fn on_sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let location = Location::Sqlite {
            path: folder.path().join("cell.db"),
        };
        Self::open(location, folder, None).await
    }

    async fn on_postgres() -> Self {
        let server = postgres_for_tests::shared().empty_database().unwrap();
        let location = Location::Postgres {
            url: Secret::new(server.url()),
        };
        Self::open(location, TempDir::new().unwrap(), Some(server)).await
    }

    async fn open(
        location: Location,
        folder: TempDir,
        server: Option<TestDatabase<'static>>,
    ) -> Self {
        let OneOrg { cell, clock, org } = OneOrg::open(&location, folder.path(), 91).await;
        let permit = one_org::permit(&org, Permission::ManageApps);
        let app = make_app(&cell, &permit, "Wiki").await;
        let peer = Arc::new(Peer::new());
        let envoy: Arc<dyn Envoy> = Arc::<Peer>::clone(&peer);
        let bench = Self {
            cell,
            clock,
            org,
            app,
            peer,
            envoy,
            _folder: folder,
            _server: server,
        };
        bench.connect("https://scim.example/v2").await;
        let all = Features {
            create: true,
            update: true,
            deactivate: true,
        };
        bench.let_do(all).await;
        bench
    }

    async fn connect(&self, base_url: &str) {
        let change = ConnectionChange {
            base_url: Some(base_url.into()),
            token: Some(Secret::new("letmein".into())),
            activate: true,
        };
        let permit = self.permit(Permission::ManageApps);
        let set = self
            .cell
            .set_connection(&permit, &self.app, change, PlainHttp::Never);
        set.await.unwrap();
    }

    async fn let_do(&self, features: Features) {
        let permit = self.permit(Permission::ManageApps);
        let set = self
            .cell
            .set_features(&permit, &self.app, Some(features), None);
        set.await.unwrap();
    }

    fn permit(&self, permission: Permission) -> Permit {
        one_org::permit(&self.org, permission)
    }

    async fn person(&self, login: &str) -> UserId {
        let permit = self.permit(Permission::ManagePeople);
        let profile = profile(login, "Ada");
        let id = self.cell.create_person(&permit, profile).await.unwrap();
        self.act(&id, LifecycleAction::Activate).await;
        id
    }

    async fn rename(&self, user: &UserId, login: &str, first: &str) {
        let permit = self.permit(Permission::ManagePeople);
        let mut tx = self.cell.database.read().await.unwrap();
        let person = identity::person::store::load(&mut tx, &self.org, user).await;
        let revision = person.unwrap().unwrap().revision;
        drop(tx);
        let changed = self
            .cell
            .update_person(&permit, user, revision, profile(login, first))
            .await;
        changed.unwrap();
    }

    async fn act(&self, user: &UserId, action: LifecycleAction) {
        let permit = self.permit(Permission::ManagePeople);
        self.cell
            .change_person_status(&permit, user, action)
            .await
            .unwrap();
    }

    async fn assign(&self, user: &UserId) {
        let permit = self.permit(Permission::ManageApps);
        self.cell
            .assign_app_to_person(&permit, &self.app.id, user)
            .await
            .unwrap();
    }

    async fn unassign(&self, user: &UserId) {
        let permit = self.permit(Permission::ManageApps);
        let unassigned = self
            .cell
            .unassign_app_from_person(&permit, &self.app.id, user);
        unassigned.await.unwrap();
    }

    async fn group(&self, name: &str) -> GroupId {
        let permit = self.permit(Permission::ManageGroups);
        self.cell.create_group(&permit, name, "").await.unwrap().id
    }

    async fn join(&self, group: &GroupId, user: &UserId) {
        let permit = self.permit(Permission::ManageGroups);
        self.cell
            .add_group_member(&permit, group, user)
            .await
            .unwrap();
    }

    async fn leave(&self, group: &GroupId, user: &UserId) {
        let permit = self.permit(Permission::ManageGroups);
        self.cell
            .remove_group_member(&permit, group, user)
            .await
            .unwrap();
    }

    /// Works until there is nothing to do now; in how many steps.
    async fn settle(&self) -> usize {
        let key = (&self.org, &self.app.id);
        let steps = settle(&self.cell, &self.envoy, key, STEPS_MAX)
            .await
            .unwrap();
        assert!(steps < STEPS_MAX, "it never ends");
        steps
    }

    /// The same after a while.
    async fn settle_after(&self, secs: i64) {
        self.clock.advance_secs(secs);
        self.settle().await;
    }

    async fn account(&self, user: &UserId) -> Option<Account> {
        let mut tx = self.cell.database.read().await.unwrap();
        let key = (&self.org, &self.app.id);
        let account = identity::provisioning::store::accounts::load(&mut tx, key, user);
        account.await.unwrap()
    }

    async fn trouble(&self, user: &UserId) -> Option<String> {
        self.account(user).await.unwrap().trouble
    }

    /// The types of rows of the log about provisioning, oldest first, and how each went.
    async fn told(&self) -> Vec<String> {
        let mut tx = self.cell.database.read().await.unwrap();
        let all = ledger::LogFilter::default();
        let page = ledger::load_after(&mut tx, &self.org, &all, 0, 1_000).await;
        let rows = page.unwrap().rows.into_iter();
        rows.filter_map(|row| {
            let kind = row.event_type.strip_prefix("application.provision.")?;
            Some(format!("{kind} {}", row.outcome))
        })
        .collect()
    }
}

fn profile(login: &str, first: &str) -> ProfileInput {
    ProfileInput {
        login: login.to_owned(),
        email: format!("{login}@example.com"),
        first_name: first.to_owned(),
        last_name: "Lovelace".into(),
        attributes: serde_json::Map::new(),
    }
}

async fn make_app(cell: &Cell, permit: &Permit, label: &str) -> App {
    let new = NewApp {
        label: label.into(),
        kind: AppKind::Web,
        settings: AppSettings {
            client_authentication: ClientAuthentication::ClientSecretBasic,
            redirect_uris: vec!["https://wiki.example/back".into()],
            ..AppSettings::default()
        },
    };
    cell.create_app(permit, new).await.unwrap().app
}

/// Makes a test on each engine of every named function, which takes a bench.
macro_rules! on_both_engines {
    ($($of:ident::$name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::$of::$name(super::Bench::on_sqlite().await).await;
                }
            )+
        }
        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::$of::$name(super::Bench::on_postgres().await).await;
                }
            )+
        }
    };
}

on_both_engines!(
    people::somebody_comes_changes_and_leaves,
    people::who_comes_by_a_group_leaves_with_it,
    people::what_is_not_let_be_done_is_not_done,
    people::an_account_that_is_there_is_taken_over_and_keeps_what_is_its_own,
    people::who_is_removed_is_switched_off_and_forgotten,
    people::switched_off_meanwhile_it_catches_up,
    people::a_plan_sends_nothing,
    people::another_address_begins_anew,
    people::another_org_is_not_found,
    people::who_leaves_comes_before_who_comes,
    people::who_needs_nothing_is_noted_with_others,
    people::nothing_is_held_where_nothing_waits,
    mapped::what_is_mapped_is_sent_and_follows,
    mapped::who_works_by_an_older_mapping_ends,
    mapped::who_has_too_much_mapped_keeps_what_they_have,
    mapped::what_newer_rules_say_reaches_who_did_not_change,
    trouble::an_answer_that_is_lost_makes_nobody_twice,
    trouble::a_worker_that_dies_leaves_nothing_undone,
    trouble::who_fails_is_tried_again_later_and_later,
    trouble::a_peer_that_asks_for_a_pause_gets_it,
    trouble::what_is_refused_is_parked_until_somebody_looks,
    trouble::lies_change_nothing,
    trouble::a_peer_without_patches_gets_whole_resources,
    trouble::an_account_that_vanished_is_made_anew,
    trouble::requests_are_kept_in_bounds_and_without_secrets,
    doubt::a_change_whose_answer_is_lost_is_not_forgotten,
    doubt::an_account_of_somebody_else_stays_untouched,
    doubt::who_is_no_more_takes_no_account_from_the_living,
    doubt::only_the_server_says_that_nobody_is_there,
    doubt::a_deactivation_that_is_refused_is_tried_until_it_is_done,
    doubt::what_was_begun_is_found_under_each_of_its_names,
    doubt::nobody_is_linked_while_an_account_is_being_made,
    doubt::a_token_that_is_given_back_is_not_kept,
    doubt::a_step_ends_before_its_hold,
    groups::a_group_is_pushed_renamed_and_removed,
    groups::members_follow_their_accounts,
    groups::a_large_group_goes_in_parts,
    groups::a_group_that_is_there_is_taken_over,
    groups::who_is_not_taken_holds_up_nobody,
    groups::who_is_not_let_go_holds_up_nobody,
    groups::a_group_of_no_name_is_never_made,
    groups::a_group_at_the_peer_is_that_of_one_push,
    imports::who_is_found_is_matched_and_linked,
    imports::a_peer_that_never_ends_is_cut_off,
);
