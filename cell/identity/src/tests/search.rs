//! People and groups in order and by conditions; people added and removed whole.

use super::sign_in::{context, mails};
use super::store::{count_belongings, insert_belongings, plan_of};
use crate::access::{Permission, Permit, Role};
use crate::api_token::operations::DeclaredApiToken;
use crate::condition::{Comparison, Condition, Direction, Operand, Place};
use crate::credential::password::PasswordRefusal;
use crate::fault::{Fault, Refusal};
use crate::for_tests::{World, on_both_engines, profile};
use crate::person::PersonStatus;
use crate::person::creation::{
    Beginning, FIRST_GROUPS_MAX, FirstPassword, NewPerson, decide_first_status,
};
use crate::person::lifecycle::LifecycleAction;
use crate::person::operations::Retype;
use crate::person::profile::ProfileInput;
use crate::person::search::plan::{PeopleSearch, PersonCondition};
use crate::person::search::{PersonAttribute, PersonOrder};
use crate::person::store::insert;
use crate::walk::EXAMINED_MAX;
use std::sync::Arc;
use vocab::id::{GroupId, OrgId, UserId};
use vocab::secret::Secret;

const PASSWORD: &str = "a tall lighthouse in fog";

fn is(attribute: PersonAttribute, comparison: Comparison, text: &str) -> PersonCondition {
    Condition::Compare(attribute, comparison, Operand::Text(text.into()))
}

async fn read_page(
    world: &World,
    permit: &Permit,
    search: &PeopleSearch,
    after: Option<Place>,
) -> (Vec<String>, Option<Place>) {
    let found = world.cell.search_people(permit, search, after, 200).await;
    let found = found.unwrap();
    let logins = found.people.into_iter().map(|record| record.person.login);
    (logins.collect(), found.next)
}

async fn a_page_looks_at_no_more_than_it_may(world: &World) {
    let org = world.org("acme").await;
    let (many, cell) = (EXAMINED_MAX + 1, world.cell.clone());
    let (stored, now) = (org.clone(), cell.now());
    world
        .write(move |tx| {
            Box::pin(async move {
                for number in 0..many {
                    let id = UserId::generate(cell.entropy());
                    let input = ProfileInput {
                        first_name: String::from(if number + 1 == many { "Last" } else { "Other" }),
                        last_name: "Same".into(),
                        ..profile(&format!("p{number:05}"))
                    };
                    let status = PersonStatus::Active;
                    if let Err(Refusal::Fault(fault)) =
                        insert(tx, &stored, &id, status, &input, now).await
                    {
                        return Err(fault);
                    }
                }
                Ok(())
            })
        })
        .await;
    let permit = world.permit(&org, Permission::ReadDirectory);
    let active = is(PersonAttribute::Status, Comparison::Equal, "ACTIVE");
    let last = is(PersonAttribute::FirstName, Comparison::Contains, "last");
    let condition = Condition::All(vec![active, last]);
    let search = PeopleSearch::plan(&condition, PersonOrder::Natural, Direction::Ascending);
    let search = search.unwrap();
    let (found, next) = read_page(world, &permit, &search, None).await;
    assert!(found.is_empty(), "{found:?}");
    let (found, next) = read_page(world, &permit, &search, next).await;
    assert_eq!((found, next), (vec![format!("p{EXAMINED_MAX:05}")], None));
    let other = world.permit(&org, Permission::ManagePeople);
    let refused = world.cell.search_people(&other, &search, None, 1).await;
    assert!(matches!(refused, Err(Refusal::Forbidden)));
}

#[tokio::test]
async fn every_walk_is_along_its_index_and_nothing_is_sorted() {
    let world = World::on_sqlite().await;
    let mut tx = world.cell.database.read().await.unwrap();
    let apps = crate::app::search::store::EVERY_WALK.into_iter();
    let apps = apps.chain(crate::app::assigned::store::EVERY_WALK);
    let apps = apps.chain(crate::linked_object::store::EVERY_WALK);
    for direction in [Direction::Ascending, Direction::Descending] {
        let people = crate::person::search::store::every_walk(direction);
        let groups = crate::group::search::store::every_walk(direction);
        for (sql, index) in people.into_iter().chain(groups).chain(apps.clone()) {
            let plan = plan_of(&mut tx, sql).await;
            let first = plan.split("; ").next().unwrap();
            assert!(
                first.starts_with("SEARCH") && first.contains(index),
                "{sql}\n{plan}"
            );
            assert!(!plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
        }
    }
}

/// Whoever calls pays for the groups that they are in, and nothing for roles that others hold.
#[tokio::test]
async fn what_a_caller_holds_is_found_by_the_caller() {
    let world = World::on_sqlite().await;
    let mut tx = world.cell.database.read().await.unwrap();
    for sql in crate::access::custom::store::reach::OF_CALLS {
        let plan = plan_of(&mut tx, sql).await;
        for step in plan.split("; ") {
            // Whether there is any such row at all is one look, and what comes of it one row.
            let is_one = step.contains(" some_")
                || ["role_bindings ", "narrowed_roles ", "group_roles "]
                    .iter()
                    .any(|table| step.starts_with(&format!("SEARCH {table}")));
            let is_own = step.contains("user_id=?")
                || step.contains("group_id=?")
                || step.contains("member_id=?")
                || step.contains("holder_id=?")
                || step.contains("role_id=?")
                || step.contains("set_id=?")
                || step.contains("app_id=?");
            let reads = step.starts_with("SCAN") || step.starts_with("SEARCH");
            let joined = ["SCAN h", "SCAN w"].contains(&step);
            assert!(!reads || is_one || is_own || joined, "{step}\n{plan}");
        }
    }
}

#[tokio::test]
async fn links_that_have_ended_are_found_by_what_ended() {
    let world = World::on_sqlite().await;
    let mut tx = world.cell.database.read().await.unwrap();
    for (sql, indexes) in crate::linked_object::store::EVERY_REMOVAL {
        let plan = plan_of(&mut tx, sql).await;
        for index in indexes {
            assert!(plan.contains(index), "{index}: {plan}");
        }
        let mut scanned = plan.split("; ").filter(|step| step.starts_with("SCAN"));
        assert!(scanned.all(|step| step == "SCAN org_fences"), "{plan}");
    }
}

#[tokio::test]
async fn the_apps_of_a_person_are_found_among_the_assignments_of_that_person() {
    let world = World::on_sqlite().await;
    let mut tx = world.cell.database.read().await.unwrap();
    let plan = plan_of(&mut tx, crate::app::search::store::JOINED_WALK).await;
    for index in [
        "app_users_by_user",
        "group_members_by_user",
        "app_groups_by_group",
        "sqlite_autoindex_apps_1",
    ] {
        assert!(plan.contains(index), "{index}: {plan}");
    }
    // What is joined is walked once; no table is.
    let mut scanned = plan.split("; ").filter(|step| step.starts_with("SCAN"));
    assert!(scanned.all(|step| step == "SCAN f"), "{plan}");
}

async fn group(world: &World, org: &OrgId, name: &str) -> GroupId {
    let permit = world.permit(org, Permission::ManageGroups);
    let made = world.cell.create_group(&permit, name, "").await;
    made.unwrap().id
}

fn new(login: &str, groups: Option<(Permit, Vec<GroupId>)>) -> NewPerson {
    NewPerson {
        profile: profile(login),
        external_id: None,
        password: Some(FirstPassword::Given(Secret::new(PASSWORD.to_owned()))),
        groups,
        type_id: None,
        beginning: Beginning::Active,
        invited_by: None,
    }
}

async fn a_person_is_added_whole_or_not_at_all(world: &World) {
    let (org, other) = (world.org("acme").await, world.org("globex").await);
    let permit = world.permit(&org, Permission::ManagePeople);
    let to_groups = world.permit(&org, Permission::ManageGroups);
    let (own, foreign) = (
        group(world, &org, "Eng").await,
        group(world, &other, "Eng").await,
    );
    let rows = world.log_rows(&org).await;
    for groups in [
        vec![own.clone(), foreign],
        vec![own.clone(); FIRST_GROUPS_MAX + 1],
    ] {
        let refused = world
            .cell
            .add_person(&permit, new("ada", Some((to_groups.clone(), groups))))
            .await;
        assert!(matches!(refused, Err(PasswordRefusal::Refused(_))));
    }
    let weak = NewPerson {
        password: Some(FirstPassword::Given(Secret::new("ada".to_owned()))),
        ..new("ada", None)
    };
    let refused = world.cell.add_person(&permit, weak).await;
    assert!(matches!(refused, Err(PasswordRefusal::Policy(_))));
    let wrong = new("ada", Some((permit.clone(), vec![own.clone()])));
    let refused = world.cell.add_person(&permit, wrong).await;
    let is_forbidden = matches!(refused, Err(PasswordRefusal::Refused(Refusal::Forbidden)));
    assert!(is_forbidden);
    assert_eq!(world.log_rows(&org).await, rows);
    let good = new("ada", Some((to_groups, vec![own.clone(), own])));
    let (id, status) = world.cell.add_person(&permit, good).await.unwrap();
    let person = world.load(&org, &id).await;
    assert_eq!((status, person.status), (PersonStatus::Active, status));
    assert_eq!(person.activated_at, Some(world.cell.now()));
    assert_eq!(
        world.log_rows(&org).await,
        rows + 4,
        "three of the person, one of the group"
    );
    // Somebody without a password is invited in the same transaction: where the person is not added, no mail goes out.
    let invited = |login: &str| NewPerson {
        password: None,
        invited_by: Some(Arc::new(context(&org))),
        ..new(login, None)
    };
    let taken = world.cell.add_person(&permit, invited("ada")).await;
    assert!(taken.is_err() && mails(world).await.is_empty());
    let (_, status) = world
        .cell
        .add_person(&permit, invited("bob"))
        .await
        .unwrap();
    assert_eq!(status, PersonStatus::Provisioned);
    assert_eq!(mails(world).await.len(), 1);
}

#[test]
fn the_first_state_follows_from_what_the_person_has() {
    use Beginning::{Active, ActiveWithNewPassword, Staged};
    for (beginning, has_password, expected) in [
        (Staged, false, PersonStatus::Staged),
        (Staged, true, PersonStatus::Staged),
        (Active, false, PersonStatus::Provisioned),
        (Active, true, PersonStatus::Active),
        (ActiveWithNewPassword, true, PersonStatus::PasswordExpired),
    ] {
        let seen = decide_first_status(beginning, has_password);
        assert_eq!(seen, expected, "{beginning:?} {has_password}");
    }
}

async fn nothing_is_left_of_somebody_who_was_removed(world: &World) {
    let org = world.org("acme").await;
    world.administrator(&org, "boss", Role::SuperAdmin).await;
    let ada = world.administrator(&org, "ada", Role::SuperAdmin).await.id;
    let permit = world.permit(&org, Permission::ManagePeople);
    let to_groups = world.permit(&org, Permission::ManageGroups);
    let of_org = world.permit(&org, Permission::ManageOrg);
    let eng = group(world, &org, "Eng").await;
    let cell = &world.cell;
    cell.add_group_member(&to_groups, &eng, &ada).await.unwrap();
    let set = cell.set_password(&permit, &ada, Secret::new(PASSWORD.to_owned()));
    set.await.unwrap();
    let token = format!("00T{}", "a".repeat(43));
    let declared = DeclaredApiToken {
        name: "script".into(),
        user_id: ada.clone(),
        text: Secret::new(token.clone()),
    };
    cell.declare_api_token(&of_org, declared).await.unwrap();
    let refused = cell.delete_person(&permit, &ada).await;
    assert!(matches!(refused, Err(Refusal::WrongState(_))));
    let left = LifecycleAction::Deactivate;
    cell.change_person_status(&permit, &ada, left)
        .await
        .unwrap();
    let refused = cell.delete_person(&to_groups, &ada).await;
    assert!(matches!(refused, Err(Refusal::Forbidden)));
    let (of, whose) = (org.clone(), ada.clone());
    let added: Result<(), Fault> = cell
        .database
        .write(move |tx| Box::pin(async move { insert_belongings(tx, &of, &whose).await }))
        .await;
    added.unwrap();
    let mut tx = cell.database.read().await.unwrap();
    let counts = count_belongings(&mut tx, &org, &ada).await;
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    drop(tx);
    let rows = world.log_rows(&org).await;
    world.clock.advance_secs(5);
    cell.delete_person(&permit, &ada).await.unwrap();
    assert_eq!(
        world.log_rows(&org).await,
        rows + 3,
        "begun, a token, completed"
    );
    let mut tx = cell.database.read().await.unwrap();
    let counts = count_belongings(&mut tx, &org, &ada).await;
    assert!(counts.iter().all(|count| *count == 0), "{counts:?}");
    let eng = crate::group::store::load(&mut tx, &org, &eng)
        .await
        .unwrap();
    assert_eq!(eng.unwrap().members_changed_at, cell.now());
    drop(tx);
    assert!(cell.api_token_caller(&org, &token).await.unwrap().is_none());
    let gone = cell.delete_person(&permit, &ada).await;
    assert!(matches!(gone, Err(Refusal::NotFound)));
}

async fn profile_and_password_change_together_or_neither(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManagePeople);
    let (id, _) = world
        .cell
        .add_person(&permit, new("ada", None))
        .await
        .unwrap();
    let rows = world.log_rows(&org).await;
    let change = async |revision: i64, login: &str, password: &str| {
        let password = Secret::new(password.to_owned());
        let written = (profile(login), Retype::Keep);
        let changed =
            world
                .cell
                .update_person_with_password(&permit, (&id, revision), written, password);
        changed.await
    };
    let stale = change(7, "king", "another tall lighthouse").await;
    assert!(matches!(
        stale,
        Err(PasswordRefusal::Refused(Refusal::Changed))
    ));
    let weak = change(1, "king", "short").await;
    assert!(matches!(weak, Err(PasswordRefusal::Policy(_))));
    // By the login that it would be changed together with.
    let own = change(1, "lighthouse.keeper", "lighthouse.keeper1").await;
    assert!(matches!(own, Err(PasswordRefusal::Policy(_))));
    let former = change(1, "king", PASSWORD).await;
    assert!(matches!(former, Err(PasswordRefusal::Policy(_))));
    assert_eq!(world.log_rows(&org).await, rows);
    assert_eq!(world.load(&org, &id).await.login, "ada");
    change(1, "king", "another tall lighthouse").await.unwrap();
    assert_eq!(world.load(&org, &id).await.login, "king");
    assert_eq!(world.log_rows(&org).await, rows + 2);
}

on_both_engines!(
    a_page_looks_at_no_more_than_it_may,
    a_person_is_added_whole_or_not_at_all,
    nothing_is_left_of_somebody_who_was_removed,
    profile_and_password_change_together_or_neither,
);
