//! A peer that hangs, fails, refuses, lies and loses answers; and a worker that dies.

use crate::tests::provisioning::Bench;
use crate::tests::provisioning::peer::Act;
use identity::access::Permission;
use identity::event_hook::envoy::Trouble;
use identity::provisioning::work::HOLD_SECS;
use serde_json::json;

pub(super) async fn an_answer_that_is_lost_makes_nobody_twice(bench: Bench) {
    let user = bench.person("ada").await;
    bench.peer.will([Act::Obey, Act::Lose]);
    bench.assign(&user).await;
    bench.settle().await;
    let account = bench.account(&user).await.unwrap();
    assert!(account.begun && account.peer_id.is_none());
    assert_eq!(account.trouble.as_deref(), Some("TIMEOUT"));
    // Meanwhile they are called otherwise: only what we call them leads to the account.
    bench.rename(&user, "ada2", "Ada").await;
    bench.settle_after(60).await;
    assert_eq!(bench.peer.all("Users").len(), 1);
    assert_eq!(bench.peer.all("Users")["ada2"]["active"], true);
    let account = bench.account(&user).await.unwrap();
    assert_eq!((account.begun, account.trouble), (false, None));
    // The same where the app is taken away before the answer is known.
    let bob = bench.person("bob").await;
    bench.peer.will([Act::Obey, Act::Lose]);
    bench.assign(&bob).await;
    bench.settle().await;
    bench.unassign(&bob).await;
    bench.settle_after(60).await;
    assert_eq!(bench.peer.all("Users")["bob"]["active"], false);
    // And where the name is taken when it is made.
    let carol = bench.person("carol").await;
    let nobody = json!({ "totalResults": 0 }).to_string();
    bench
        .peer
        .put("Users", "there", json!({ "userName": "carol" }));
    bench.peer.will([Act::Say(200, nobody)]);
    bench.assign(&carol).await;
    bench.settle().await;
    assert_eq!(
        bench.account(&carol).await.unwrap().peer_id.as_deref(),
        Some("there")
    );
}

pub(super) async fn a_worker_that_dies_leaves_nothing_undone(bench: Bench) {
    let user = bench.person("ada").await;
    bench.assign(&user).await;
    let key = (&bench.org, &bench.app.id);
    bench.cell.follow_provisioning(key, 0).await.unwrap();
    while bench.cell.walk_provisioning(key).await.unwrap() {}
    let work = bench.cell.hold_provisioning(key).await.unwrap().unwrap();
    assert!(bench.cell.hold_provisioning(key).await.unwrap().is_none());
    let due = bench.cell.due_accounts(&work, 10).await.unwrap().unwrap();
    let due = due.accounts;
    assert_eq!(due.len(), 1);
    // It dies here, having sent and noted nothing.
    bench.peer.put(
        "Users",
        "sent",
        json!({ "userName": "ada", "externalId": user.as_str() }),
    );
    bench.settle().await;
    assert!(bench.peer.asked().is_empty(), "it is held still");
    bench.settle_after(HOLD_SECS).await;
    assert_eq!(bench.peer.all("Users").len(), 1);
    assert_eq!(
        bench.account(&user).await.unwrap().peer_id.as_deref(),
        Some("sent")
    );
    // Whoever comes back from the dead notes nothing.
    bench.unassign(&user).await;
    bench.settle().await;
    let before = bench.account(&user).await;
    bench
        .cell
        .provision_account(&work, due[0].clone(), bench.envoy.as_ref())
        .await
        .unwrap();
    assert_eq!(bench.account(&user).await, before);
}

pub(super) async fn who_fails_is_tried_again_later_and_later(bench: Bench) {
    let user = bench.person("ada").await;
    bench.assign(&user).await;
    bench
        .peer
        .will((0..4).map(|_| Act::Silent(Trouble::TimedOut)));
    bench.settle().await;
    assert_eq!(bench.peer.asked().len(), 1);
    bench.settle().await;
    assert!(bench.peer.asked().is_empty(), "not before its time");
    for _ in 0..3 {
        bench.settle_after(30).await;
        assert_eq!(bench.peer.asked(), ["GET /Users"]);
    }
    let reader = bench.permit(Permission::ReadDirectory);
    let overview = bench
        .cell
        .survey_connection(&reader, &bench.app.id)
        .await
        .unwrap();
    assert_eq!(overview.connection.standing.failures, 4);
    assert_eq!(
        overview.connection.standing.trouble.as_deref(),
        Some("TIMEOUT")
    );
    assert_eq!((overview.waiting, overview.troubled), (1, 1));
    bench.settle_after(60).await;
    assert_eq!(bench.peer.all("Users").len(), 1);
    let overview = bench
        .cell
        .survey_connection(&reader, &bench.app.id)
        .await
        .unwrap();
    assert_eq!(overview.connection.standing.failures, 0);
    assert_eq!((overview.waiting, overview.troubled), (0, 0));
}

pub(super) async fn a_peer_that_asks_for_a_pause_gets_it(bench: Bench) {
    let user = bench.person("ada").await;
    bench.assign(&user).await;
    bench.peer.will([Act::Wait(429, 300)]);
    bench.settle().await;
    assert_eq!(bench.peer.asked().len(), 1);
    bench.settle_after(299).await;
    assert!(bench.peer.asked().is_empty());
    bench.settle_after(2).await;
    assert_eq!(bench.peer.all("Users").len(), 1);
}

pub(super) async fn what_is_refused_is_parked_until_somebody_looks(bench: Bench) {
    let (ada, bob) = (bench.person("ada").await, bench.person("bob").await);
    bench.assign(&ada).await;
    bench.settle().await;
    let detail = json!({ "scimType": "invalidValue", "detail": "no" }).to_string();
    bench.peer.will([Act::Say(400, detail)]);
    bench.rename(&ada, "ada", "Augusta").await;
    bench.settle().await;
    assert_eq!(
        bench.trouble(&ada).await.as_deref(),
        Some("HTTP_400: invalidValue: no")
    );
    bench.peer.asked();
    // It holds up nobody else, and is not tried again by itself.
    bench.assign(&bob).await;
    bench.settle_after(100_000).await;
    assert_eq!(bench.peer.asked(), ["GET /Users", "POST /Users"]);
    let permit = bench.permit(Permission::ManageApps);
    bench
        .cell
        .retry_provisioning(&permit, &bench.app.id, Some(&ada))
        .await
        .unwrap();
    bench.settle().await;
    assert_eq!(bench.peer.asked(), ["PATCH /Users/id1"]);
    assert_eq!(bench.trouble(&ada).await, None);
    bench
        .cell
        .retry_provisioning(&permit, &bench.app.id, None)
        .await
        .unwrap();
    bench.settle().await;
    assert!(bench.peer.asked().is_empty(), "nothing differs");
    assert!(
        bench
            .told()
            .await
            .contains(&"user.push_profile FAILURE".to_owned())
    );
}

pub(super) async fn lies_change_nothing(bench: Bench) {
    let say = |status: u16, body: serde_json::Value| Act::Say(status, body.to_string());
    let list = |users: serde_json::Value| json!({ "totalResults": 1, "Resources": users });
    let nobody = || say(200, json!({ "totalResults": 0 }));
    let other = bench.person("other").await;
    bench.assign(&other).await;
    bench.settle().await;
    let twice = json!([{ "id": "1", "userName": "liar" }, { "id": "2", "userName": "liar" }]);
    let deep = format!("{}1{}", "[".repeat(1_000), "]".repeat(1_000));
    for (acts, expected) in [
        (vec![Act::Say(200, "<html>".into())], "WRONG_ANSWER"),
        (vec![Act::Say(200, "x".repeat(2 << 20))], "WRONG_ANSWER"),
        (vec![Act::Say(200, deep)], "WRONG_ANSWER"),
        (vec![say(200, json!([]))], "NO_LIST_IN_ANSWER"),
        (vec![say(200, list(twice))], "SEVERAL_FOUND"),
        (vec![Act::Say(302, String::new())], "HTTP_302"),
        (vec![nobody(), say(201, json!({}))], "NO_ID_IN_ANSWER"),
        (
            vec![nobody(), say(201, json!({ "id": "../x y" }))],
            "NO_ID_IN_ANSWER",
        ),
        (
            vec![nobody(), say(201, json!({ "id": "9", "userName": "root" }))],
            "ANOTHER_NAME_IN_ANSWER",
        ),
        (
            vec![
                nobody(),
                say(201, json!({ "id": "id1", "userName": "liar" })),
            ],
            "ID_IN_USE",
        ),
        // Somebody whom nobody asked for is passed over.
        (
            vec![
                say(200, list(json!([{ "id": "1", "userName": "root" }]))),
                say(400, json!({})),
            ],
            "HTTP_400",
        ),
    ] {
        let user = bench.person("liar").await;
        bench.peer.will(acts);
        bench.assign(&user).await;
        bench.settle().await;
        assert_eq!(bench.trouble(&user).await.as_deref(), Some(expected));
        let account = bench.account(&user).await.unwrap();
        assert_eq!(account.peer_id, None, "{expected}");
        assert!(
            account.begun || expected != "ID_IN_USE",
            "one may have been made"
        );
        let permit = bench.permit(Permission::ManagePeople);
        bench
            .cell
            .remove_person(&permit, &user, None)
            .await
            .unwrap();
        bench.settle().await;
        assert_eq!(bench.account(&user).await, None, "{expected}");
        bench.peer.asked();
    }
    assert_eq!(
        bench.account(&other).await.unwrap().peer_id.as_deref(),
        Some("id1")
    );
    assert_eq!(bench.peer.all("Users").len(), 1);
}

pub(super) async fn a_peer_without_patches_gets_whole_resources(bench: Bench) {
    bench.peer.forget_patch();
    let user = bench.person("ada").await;
    bench.peer.put(
        "Users",
        "there",
        json!({ "userName": "ada", "nickName": "A", "meta": {} }),
    );
    bench.assign(&user).await;
    bench.settle().await;
    let expected = [
        "GET /Users",
        "PATCH /Users/there",
        "GET /Users/there",
        "PUT /Users/there",
    ];
    assert_eq!(bench.peer.asked(), expected);
    assert_eq!(bench.peer.all("Users")["ada"]["nickName"], "A");
    bench.rename(&user, "ada", "Augusta").await;
    bench.settle().await;
    assert_eq!(
        bench.peer.asked(),
        ["GET /Users/there", "PUT /Users/there"],
        "it is remembered"
    );
    assert_eq!(
        bench.peer.all("Users")["ada"]["name"]["givenName"],
        "Augusta"
    );
    bench.unassign(&user).await;
    bench.settle().await;
    assert_eq!(bench.peer.all("Users")["ada"]["active"], false);
    assert_eq!(bench.peer.all("Users")["ada"]["nickName"], "A");
}

pub(super) async fn an_account_that_vanished_is_made_anew(bench: Bench) {
    let user = bench.person("ada").await;
    bench.assign(&user).await;
    bench.settle().await;
    bench.peer.remove("Users", "id1");
    bench.rename(&user, "ada", "Augusta").await;
    bench.settle_after(0).await;
    bench.settle_after(60).await;
    assert_eq!(
        bench.account(&user).await.unwrap().peer_id.as_deref(),
        Some("id2")
    );
    bench.peer.remove("Users", "id2");
    bench.unassign(&user).await;
    bench.settle().await;
    let account = bench.account(&user).await.unwrap();
    assert_eq!(
        (account.peer_active, account.trouble),
        (false, None),
        "who is not there is not in"
    );
}

pub(super) async fn requests_are_kept_in_bounds_and_without_secrets(bench: Bench) {
    let user = bench.person("ada").await;
    bench.assign(&user).await;
    bench.settle().await;
    let reader = bench.permit(Permission::ReadDirectory);
    let list = |before| {
        bench
            .cell
            .list_provisioning_requests(&reader, &bench.app.id, before, 10)
    };
    let requests = list(i64::MAX).await.unwrap();
    let seen: Vec<(i64, &str, Option<i64>)> = requests
        .iter()
        .map(|request| (request.number, request.method.as_str(), request.status))
        .collect();
    assert_eq!(seen, [(2, "POST", Some(201)), (1, "GET", Some(200))]);
    assert_eq!(requests[0].subject, user.as_str());
    assert!(
        requests[1]
            .path
            .starts_with("/Users?filter=userName%20eq%20%22ada%22")
    );
    assert!(!format!("{requests:?}").contains("letmein"));
    assert_eq!(list(2).await.unwrap().len(), 1);
    bench.clock.advance_secs(31 * 24 * 60 * 60);
    bench.cell.forget_provisioning_requests(100).await.unwrap();
    assert!(list(i64::MAX).await.unwrap().is_empty());
}
