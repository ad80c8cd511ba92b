//! Imports from a peer, and from one that lies.

use crate::tests::provisioning::Bench;
use crate::tests::provisioning::peer::Act;
use identity::access::Permission;
use identity::fault::Refusal;
use identity::person::PersonStatus;
use identity::provisioning::import::{Import, ImportState, Verdict};
use serde_json::{Value, json};
use std::collections::BTreeMap;

async fn import(bench: &Bench) -> Import {
    let permit = bench.permit(Permission::ManageApps);
    bench
        .cell
        .begin_import(&permit, &bench.app.id)
        .await
        .unwrap();
    bench.settle().await;
    let reader = bench.permit(Permission::ReadDirectory);
    bench
        .cell
        .find_import(&reader, &bench.app.id)
        .await
        .unwrap()
}

async fn verdicts(bench: &Bench) -> BTreeMap<String, Verdict> {
    let reader = bench.permit(Permission::ReadDirectory);
    let found = bench
        .cell
        .list_found(&reader, &bench.app.id, ("", 1_000))
        .await
        .unwrap();
    found
        .into_iter()
        .map(|found| (found.peer_id, found.verdict))
        .collect()
}

pub(super) async fn who_is_found_is_matched_and_linked(bench: Bench) {
    let ada = bench.person("ada").await;
    let linked = bench.person("linked").await;
    bench.assign(&linked).await;
    bench.settle().await;
    for number in 0..120 {
        let user = json!({ "userName": format!("new{number}"), "emails": [{ "value": format!("new{number}@example.com") }] });
        bench.peer.put("Users", &format!("n{number}"), user);
    }
    bench
        .peer
        .put("Users", "a", json!({ "userName": "ADA", "active": true }));
    bench
        .peer
        .put("Users", "b", json!({ "name": {} , "userName": "" }));
    let done = import(&bench).await;
    assert_eq!(
        (done.state, done.seen, done.pages),
        (ImportState::Completed, 123, 2)
    );
    let seen = verdicts(&bench).await;
    for (id, expected) in [
        ("a", Verdict::Matched),
        ("b", Verdict::Conflict),
        ("n7", Verdict::New),
        ("id1", Verdict::Linked),
    ] {
        assert_eq!(seen[id], expected, "{id}");
    }
    bench.peer.asked();
    let (apps, people) = (
        bench.permit(Permission::ManageApps),
        bench.permit(Permission::ManagePeople),
    );
    let found = bench.cell.link_found(&apps, &bench.app, "a").await.unwrap();
    assert_eq!(found.user_id.as_ref(), Some(&ada));
    for (id, is_found) in [("a", true), ("n7", true), ("b", true), ("nowhere", false)] {
        let refused = bench
            .cell
            .link_found(&apps, &bench.app, id)
            .await
            .unwrap_err();
        assert_eq!(matches!(refused, Refusal::NotFound), !is_found, "{id}");
    }
    let made = bench
        .cell
        .make_found((&people, &apps), &bench.app, "n7")
        .await
        .unwrap();
    assert_eq!(made.verdict, Verdict::Linked);
    let again = bench
        .cell
        .make_found((&people, &apps), &bench.app, "n7")
        .await;
    assert!(matches!(again, Err(Refusal::WrongState(_))));
    let user = made.user_id.unwrap();
    let mut tx = bench.cell.database.read().await.unwrap();
    let person = identity::person::store::load(&mut tx, &bench.org, &user)
        .await
        .unwrap()
        .unwrap();
    drop(tx);
    assert_eq!(
        (person.status, person.login.as_str()),
        (PersonStatus::Staged, "new7")
    );
    bench.settle().await;
    assert_eq!(
        bench.peer.asked(),
        ["PATCH /Users/a"],
        "who is not in yet stays as they are"
    );
    assert_eq!(bench.peer.all("Users")["ada"]["externalId"], ada.as_str());
    bench
        .act(
            &user,
            identity::person::lifecycle::LifecycleAction::Activate,
        )
        .await;
    bench.settle().await;
    assert_eq!(bench.peer.asked(), ["PATCH /Users/n7"]);
    assert_eq!(bench.peer.all("Users").len(), 123, "nobody was made twice");
}

pub(super) async fn a_peer_that_never_ends_is_cut_off(bench: Bench) {
    let page = |total: i64, ids: &[&str]| {
        let users: Vec<Value> = ids
            .iter()
            .map(|id| json!({ "id": id, "userName": format!("of {id}") }))
            .collect();
        Act::Say(
            200,
            json!({ "totalResults": total, "Resources": users }).to_string(),
        )
    };
    for (acts, expected) in [
        (
            vec![page(300, &["1", "2"]), page(300, &["1", "2"])],
            "REPEATED_PEOPLE",
        ),
        (vec![page(300, &["1", "1"])], "REPEATED_PEOPLE"),
        (vec![page(300, &["1"]), page(300, &[])], "FEWER_THAN_SAID"),
        (vec![page(1_000_000_000, &["1"])], "TOO_MANY_PEOPLE"),
        (vec![Act::Say(200, "x".repeat(2 << 20))], "WRONG_ANSWER"),
        (
            vec![Act::Say(200, json!({ "Resources": 7 }).to_string())],
            "NO_LIST_IN_ANSWER",
        ),
        (vec![Act::Say(403, String::new())], "HTTP_403"),
    ] {
        bench.peer.will(acts);
        let done = import(&bench).await;
        assert_eq!(done.state, ImportState::Failed);
        assert_eq!(done.trouble.as_deref(), Some(expected));
        bench.settle_after(10).await;
    }
    let permit = bench.permit(Permission::ManageApps);
    bench
        .cell
        .begin_import(&permit, &bench.app.id)
        .await
        .unwrap();
    let again = bench.cell.begin_import(&permit, &bench.app.id).await;
    assert!(matches!(again, Err(Refusal::WrongState(_))));
}
