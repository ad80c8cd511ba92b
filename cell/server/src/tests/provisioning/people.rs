//! People at a peer that does as it is told.

use crate::provisioning::{self, one_step};
use crate::tests::provisioning::Bench;
use crate::tests::provisioning::peer::Act;
use identity::access::Permission;
use identity::event_hook::envoy::Trouble;
use identity::fault::Refusal;
use identity::person::lifecycle::LifecycleAction;
use identity::provisioning::Features;
use identity::provisioning::decide::Step;
use serde_json::json;

pub(super) async fn somebody_comes_changes_and_leaves(bench: Bench) {
    let user = bench.person("ada").await;
    bench.settle().await;
    assert!(bench.peer.asked().is_empty(), "the app is not assigned");
    bench.assign(&user).await;
    bench.settle().await;
    assert_eq!(bench.peer.asked(), ["GET /Users", "POST /Users"]);
    let made = bench.peer.all("Users")["ada"].clone();
    assert_eq!(made["externalId"], user.as_str());
    assert_eq!(made["active"], true);
    bench.settle().await;
    assert!(bench.peer.asked().is_empty(), "nothing changed");
    bench.rename(&user, "ada2", "Augusta").await;
    bench.settle().await;
    assert_eq!(bench.peer.asked(), ["PATCH /Users/id1"]);
    let changed = bench.peer.all("Users")["ada2"].clone();
    assert_eq!(changed["name"]["givenName"], "Augusta");
    assert_eq!(changed["emails"][0]["value"], "ada2@example.com");
    bench.act(&user, LifecycleAction::Suspend).await;
    bench.settle().await;
    assert_eq!(bench.peer.all("Users")["ada2"]["active"], false);
    bench.act(&user, LifecycleAction::Unsuspend).await;
    bench.settle().await;
    assert_eq!(bench.peer.all("Users")["ada2"]["active"], true);
    bench.unassign(&user).await;
    bench.settle().await;
    assert_eq!(bench.peer.all("Users")["ada2"]["active"], false);
    assert_eq!(bench.peer.all("Users").len(), 1);
    let expected = [
        "user.push SUCCESS",
        "user.push_profile SUCCESS",
        "user.deactivate SUCCESS",
        "user.reactivate SUCCESS",
        "user.deactivate SUCCESS",
    ];
    assert_eq!(bench.told().await, expected);
}

pub(super) async fn who_comes_by_a_group_leaves_with_it(bench: Bench) {
    let (ada, bob) = (bench.person("ada").await, bench.person("bob").await);
    let group = bench.group("Engineers").await;
    bench.join(&group, &ada).await;
    bench.settle().await;
    let permit = bench.permit(Permission::ManageApps);
    let assigned = bench
        .cell
        .assign_app_to_group(&permit, &bench.app.id, &group);
    assigned.await.unwrap();
    bench.settle().await;
    assert_eq!(bench.peer.all("Users").len(), 1);
    bench.join(&group, &bob).await;
    bench.settle().await;
    assert_eq!(bench.peer.all("Users").len(), 2);
    bench.leave(&group, &bob).await;
    bench.settle().await;
    assert_eq!(bench.peer.all("Users")["bob"]["active"], false);
    assert_eq!(bench.peer.all("Users")["ada"]["active"], true);
    let permit = bench.permit(Permission::ManageGroups);
    bench.cell.delete_group(&permit, &group).await.unwrap();
    bench.settle().await;
    assert_eq!(bench.peer.all("Users")["ada"]["active"], false);
}

pub(super) async fn what_is_not_let_be_done_is_not_done(bench: Bench) {
    bench.let_do(Features::default()).await;
    let user = bench.person("ada").await;
    bench.assign(&user).await;
    bench.settle().await;
    assert!(bench.peer.asked().is_empty());
    let create = Features {
        create: true,
        ..Features::default()
    };
    bench.let_do(create).await;
    bench.settle().await;
    assert_eq!(bench.peer.asked(), ["GET /Users", "POST /Users"]);
    bench.rename(&user, "ada", "Augusta").await;
    bench.unassign(&user).await;
    bench.settle().await;
    assert!(bench.peer.asked().is_empty());
    assert_eq!(bench.peer.all("Users")["ada"]["active"], true);
}

pub(super) async fn an_account_that_is_there_is_taken_over_and_keeps_what_is_its_own(bench: Bench) {
    let there = json!({ "userName": "ada", "nickName": "A", "title": "Countess", "active": false });
    bench.peer.put("Users", "there", there);
    let user = bench.person("ada").await;
    bench.assign(&user).await;
    bench.settle().await;
    assert_eq!(bench.peer.asked(), ["GET /Users", "PATCH /Users/there"]);
    let users = bench.peer.all("Users");
    assert_eq!(users.len(), 1);
    assert_eq!(users["ada"]["nickName"], "A");
    assert_eq!(users["ada"]["title"], "Countess");
    assert_eq!(users["ada"]["active"], true);
    assert_eq!(users["ada"]["externalId"], user.as_str());
    assert_eq!(bench.told().await, ["user.verify_exists SUCCESS"]);
}

pub(super) async fn who_is_removed_is_switched_off_and_forgotten(bench: Bench) {
    let user = bench.person("ada").await;
    bench.assign(&user).await;
    bench.settle().await;
    let permit = bench.permit(Permission::ManagePeople);
    bench
        .cell
        .remove_person(&permit, &user, None)
        .await
        .unwrap();
    bench.settle().await;
    assert_eq!(bench.peer.all("Users")["ada"]["active"], false);
    assert_eq!(bench.account(&user).await, None);
}

pub(super) async fn switched_off_meanwhile_it_catches_up(bench: Bench) {
    let permit = bench.permit(Permission::ManageApps);
    let user = bench.person("ada").await;
    bench.assign(&user).await;
    bench.settle().await;
    bench.peer.asked();
    let switched = bench
        .cell
        .switch_connection(&permit, &bench.app, false)
        .await;
    assert!(!switched.unwrap().active);
    bench.rename(&user, "ada", "Augusta").await;
    bench.settle().await;
    assert!(bench.peer.asked().is_empty());
    bench
        .cell
        .switch_connection(&permit, &bench.app, true)
        .await
        .unwrap();
    bench.settle().await;
    assert_eq!(bench.peer.asked(), ["PATCH /Users/id1"]);
    // An app that is switched off rests as a whole.
    bench
        .cell
        .deactivate_app(&permit, &bench.app.id)
        .await
        .unwrap();
    bench.rename(&user, "ada", "Ada").await;
    bench.settle().await;
    assert!(bench.peer.asked().is_empty());
    bench
        .cell
        .activate_app(&permit, &bench.app.id)
        .await
        .unwrap();
    bench.settle().await;
    assert_eq!(bench.peer.asked(), ["PATCH /Users/id1"]);
    // With the app goes all that was noted of it.
    bench
        .cell
        .deactivate_app(&permit, &bench.app.id)
        .await
        .unwrap();
    bench.cell.delete_app(&permit, &bench.app.id).await.unwrap();
    assert_eq!(bench.account(&user).await, None);
    let reader = bench.permit(Permission::ReadDirectory);
    let found = bench.cell.find_connection(&reader, &bench.app.id).await;
    assert!(found.unwrap().is_none());
}

pub(super) async fn a_plan_sends_nothing(bench: Bench) {
    let (ada, bob) = (bench.person("ada").await, bench.person("bob").await);
    let group = bench.group("Engineers").await;
    bench.join(&group, &ada).await;
    bench.join(&group, &bob).await;
    bench.assign(&ada).await;
    let permit = bench.permit(Permission::ManageApps);
    let assigned = bench
        .cell
        .assign_app_to_group(&permit, &bench.app.id, &group);
    assigned.await.unwrap();
    let reader = bench.permit(Permission::ReadDirectory);
    let (mut place, mut steps) = (None, Vec::new());
    loop {
        let page = bench
            .cell
            .plan_provisioning(&reader, &bench.app.id, place.as_deref());
        let page = page.await.unwrap();
        for planned in page.planned {
            let methods: Vec<&str> = planned
                .requests
                .iter()
                .map(|request| request.method)
                .collect();
            assert_eq!(methods, ["GET", "POST"]);
            let body = planned.requests[1].body.as_ref().unwrap();
            assert_eq!(body["userName"], planned.login.as_str());
            steps.push((planned.login, planned.step));
        }
        place = page.next;
        if place.is_none() {
            break;
        }
    }
    let expected = [
        ("ada".to_owned(), Step::Create),
        ("bob".to_owned(), Step::Create),
    ];
    assert_eq!(steps, expected, "each of them once");
    assert!(bench.peer.asked().is_empty());
    bench.settle().await;
    let of_ada = bench
        .cell
        .plan_provisioning_of(&reader, &bench.app.id, &ada);
    assert_eq!(of_ada.await.unwrap().step, Step::Nothing);
    bench.rename(&ada, "ada", "Augusta").await;
    let of_ada = bench
        .cell
        .plan_provisioning_of(&reader, &bench.app.id, &ada);
    let of_ada = of_ada.await.unwrap();
    assert_eq!((of_ada.step, of_ada.requests.len()), (Step::Update, 1));
    assert_eq!(of_ada.requests[0].method, "PATCH");
    let stranger = bench.person("carol").await;
    let of_nobody = bench
        .cell
        .plan_provisioning_of(&reader, &bench.app.id, &stranger);
    assert!(matches!(of_nobody.await, Err(Refusal::NotFound)));
}

pub(super) async fn another_address_begins_anew(bench: Bench) {
    let user = bench.person("ada").await;
    bench.assign(&user).await;
    bench.settle().await;
    let (bob, carol) = (bench.person("bob").await, bench.person("carol").await);
    bench.assign(&bob).await;
    bench.settle().await;
    bench.assign(&carol).await;
    bench.settle().await;
    bench.unassign(&carol).await;
    bench.settle().await;
    bench.peer.will([Act::Silent(Trouble::TimedOut)]);
    bench.unassign(&bob).await;
    bench.settle().await;
    assert_eq!(bench.peer.all("Users")["bob"]["active"], true);
    bench.connect("https://other.example/v2").await;
    for user in [&user, &bob] {
        let account = bench.account(user).await.unwrap();
        assert_eq!(
            (account.peer_id, account.begun),
            (None, true),
            "another server may have the same ids for others"
        );
    }
    assert_eq!(bench.account(&carol).await, None, "there is nothing to do");
    bench.connect("https://scim.example/v2").await;
    bench.peer.asked();
    bench.settle().await;
    let users = bench.peer.all("Users");
    assert_eq!(
        (&users["ada"]["active"], &users["bob"]["active"]),
        (&json!(true), &json!(false)),
        "what was to be done is done where it is known by then"
    );
    assert_eq!(users.len(), 3);
    let mut asked = bench.peer.asked();
    asked.sort();
    let expected = [
        "GET /Users",
        "GET /Users",
        "PATCH /Users/id1",
        "PATCH /Users/id2",
    ];
    assert_eq!(asked, expected);
}

pub(super) async fn who_leaves_comes_before_who_comes(bench: Bench) {
    let ada = bench.person("ada").await;
    bench.assign(&ada).await;
    bench.settle().await;
    for number in 0..12 {
        let user = bench.person(&format!("new{number}")).await;
        bench.assign(&user).await;
    }
    let key = (&bench.org, &bench.app.id);
    let followed = bench.cell.follow_provisioning(key, 0).await;
    assert!(followed.unwrap().has_marked);
    let waits_since = bench.account(&ada).await.unwrap().due_at;
    assert_eq!(waits_since, None);
    bench.clock.advance_secs(60);
    bench.unassign(&ada).await;
    let walked = bench.permit(Permission::ManageApps);
    let again = bench
        .cell
        .retry_provisioning(&walked, &bench.app.id, None)
        .await;
    again.unwrap();
    bench.peer.asked();
    bench.settle().await;
    let asked = bench.peer.asked();
    let place = asked.iter().position(|line| line == "PATCH /Users/id1");
    assert!(place.unwrap() < 8, "within the first few: {asked:?}");
    assert_eq!(bench.peer.all("Users")["ada"]["active"], false);
    // Nobody is put off by being looked at again.
    let bob = bench.person("bob").await;
    bench.assign(&bob).await;
    bench.cell.follow_provisioning(key, 0).await.unwrap();
    let first = bench.account(&bob).await.unwrap().due_at;
    assert!(first.is_some());
    bench.clock.advance_secs(60);
    bench.rename(&bob, "bob", "Augusta").await;
    bench.cell.follow_provisioning(key, 0).await.unwrap();
    assert_eq!(bench.account(&bob).await.unwrap().due_at, first);
}

pub(super) async fn another_org_is_not_found(bench: Bench) {
    let slug = vocab::slug::Slug::parse("other").unwrap();
    let other = bench.cell.create_org(&slug, "Other").await.unwrap();
    let user = bench.person("ada").await;
    bench.assign(&user).await;
    bench.settle().await;
    let reader = crate::tests::one_org::permit(&other, Permission::ReadDirectory);
    let manager = crate::tests::one_org::permit(&other, Permission::ManageApps);
    let app = &bench.app.id;
    assert!(
        bench
            .cell
            .find_connection(&reader, app)
            .await
            .unwrap()
            .is_none()
    );
    let account = bench.cell.find_account(&reader, app, &user).await;
    assert!(matches!(account, Err(Refusal::NotFound)));
    let planned = bench.cell.plan_provisioning_of(&reader, app, &user).await;
    assert!(matches!(planned, Err(Refusal::NotFound)));
    let retried = bench
        .cell
        .retry_provisioning(&manager, app, Some(&user))
        .await;
    assert!(matches!(retried, Err(Refusal::NotFound)));
    let switched = bench
        .cell
        .switch_connection(&manager, &bench.app, false)
        .await;
    assert!(matches!(switched, Err(Refusal::NotFound)));
    let requests = bench
        .cell
        .list_provisioning_requests(&reader, app, i64::MAX, 10)
        .await;
    assert!(requests.unwrap().is_empty());
    let begun = bench.cell.begin_import(&manager, app).await;
    assert!(matches!(begun, Err(Refusal::NotFound)));
}

pub(super) async fn who_needs_nothing_is_noted_with_others(bench: Bench) {
    let mut people = Vec::new();
    for number in 0..12 {
        let user = bench.person(&format!("person{number}")).await;
        bench.assign(&user).await;
        people.push(user);
    }
    bench.settle().await;
    assert_eq!(bench.peer.all("Users").len(), 12);
    bench.rename(&people[7], "person7", "Augusta").await;
    bench.peer.asked();
    let permit = bench.permit(Permission::ManageApps);
    let retried = bench.cell.retry_provisioning(&permit, &bench.app.id, None);
    retried.await.unwrap();
    let steps = bench.settle().await;
    assert!(steps <= 6, "{steps}");
    assert_eq!(bench.peer.asked().len(), 1, "of one something differs");
    for user in &people {
        let account = bench.account(user).await.unwrap();
        assert_eq!((account.due_at, account.trouble), (None, None));
    }
}

pub(super) async fn nothing_is_held_where_nothing_waits(bench: Bench) {
    bench.settle().await;
    bench.person("outside").await;
    let due = bench.cell.due_provisioning(("", ""), 1).await.unwrap();
    let (mut reached, mut held) = (0, None);
    let step = one_step(
        &bench.cell,
        &bench.envoy,
        &due[0],
        (&mut reached, &mut held),
    )
    .await;
    assert_eq!(
        step.unwrap(),
        provisioning::Step::Done,
        "rows of the log were passed"
    );
    assert!(held.is_none());
    let user = bench.person("inside").await;
    bench.assign(&user).await;
    let step = one_step(
        &bench.cell,
        &bench.envoy,
        &due[0],
        (&mut reached, &mut held),
    )
    .await;
    assert_eq!(step.unwrap(), provisioning::Step::Done);
    assert!(held.is_some());
}
