//! What is not known for certain: answers that are lost, accounts of others, and servers that are not what they seem.

use crate::tests::provisioning::Bench;
use crate::tests::provisioning::peer::Act;
use identity::access::Permission;
use identity::event_hook::envoy::Trouble;
use identity::person::lifecycle::LifecycleAction;
use identity::provisioning::store::accounts;
use protocol::scim::ERROR;
use serde_json::json;
use std::sync::Arc;
use vocab::id::UserId;

async fn somebody(bench: &Bench, login: &str) -> UserId {
    let user = bench.person(login).await;
    bench.assign(&user).await;
    bench.settle().await;
    user
}

async fn remove(bench: &Bench, user: &UserId) {
    let permit = bench.permit(Permission::ManagePeople);
    let removed = bench.cell.remove_person(&permit, user, None).await;
    removed.unwrap();
}

pub(super) async fn a_change_whose_answer_is_lost_is_not_forgotten(bench: Bench) {
    let ada = somebody(&bench, "ada").await;
    bench.act(&ada, LifecycleAction::Suspend).await;
    bench.settle().await;
    bench.peer.will([Act::Lose]);
    bench.act(&ada, LifecycleAction::Unsuspend).await;
    bench.settle().await;
    assert_eq!(bench.peer.all("Users")["ada"]["active"], true);
    bench.unassign(&ada).await;
    bench.settle_after(60).await;
    assert_eq!(bench.peer.all("Users")["ada"]["active"], false);
    let account = bench.account(&ada).await.unwrap();
    assert_eq!((account.peer_active, account.begun), (false, false));
    // The same with one that was found switched off.
    let there = json!({ "userName": "bob", "active": false });
    bench.peer.put("Users", "there", there);
    let bob = bench.person("bob").await;
    bench.peer.will([Act::Obey, Act::Lose]);
    bench.assign(&bob).await;
    bench.settle().await;
    bench.unassign(&bob).await;
    bench.settle_after(60).await;
    assert_eq!(bench.peer.all("Users")["bob"]["active"], false);
    // A change that is taken back meanwhile is taken back there too.
    let carol = somebody(&bench, "carol").await;
    bench.peer.will([Act::Lose]);
    bench.rename(&carol, "carol", "Augusta").await;
    bench.settle().await;
    bench.rename(&carol, "carol", "Ada").await;
    bench.settle_after(60).await;
    let given = bench.peer.all("Users")["carol"]["name"]["givenName"].clone();
    assert_eq!(given, "Ada");
}

pub(super) async fn an_account_of_somebody_else_stays_untouched(bench: Bench) {
    let before = somebody(&bench, "ada").await;
    remove(&bench, &before).await;
    bench.settle().await;
    let there = bench.peer.all("Users")["ada"].clone();
    assert_eq!(there["active"], false);
    bench.peer.asked();
    let ada = somebody(&bench, "ada").await;
    let trouble = bench.trouble(&ada).await;
    assert_eq!(trouble.as_deref(), Some("BELONGS_TO_ANOTHER"));
    assert_eq!(bench.peer.asked(), ["GET /Users"]);
    assert_eq!(bench.peer.all("Users")["ada"], there);
    // Of whom somebody has the id, whatever it is called by now.
    let carol = somebody(&bench, "carol").await;
    let id = bench.account(&carol).await.unwrap().peer_id.unwrap();
    let renamed = json!({ "userName": "dave", "active": true });
    bench.peer.put("Users", &id, renamed);
    bench.peer.asked();
    let dave = somebody(&bench, "dave").await;
    assert_eq!(bench.trouble(&dave).await.as_deref(), Some("ID_IN_USE"));
    assert_eq!(bench.peer.asked(), ["GET /Users"]);
    let carol = bench.account(&carol).await.unwrap();
    assert_eq!(carol.peer_id, Some(id));
}

pub(super) async fn who_is_no_more_takes_no_account_from_the_living(bench: Bench) {
    let before = bench.person("eve").await;
    bench.peer.will([Act::Obey, Act::Silent(Trouble::TimedOut)]);
    bench.assign(&before).await;
    bench.settle().await;
    assert!(bench.account(&before).await.unwrap().begun);
    remove(&bench, &before).await;
    let eve = bench.person("eve").await;
    let there = json!({ "userName": "eve", "active": true });
    bench.peer.put("Users", "hers", there);
    bench.settle_after(60).await;
    assert_eq!(bench.peer.all("Users")["eve"]["active"], true);
    let trouble = bench.trouble(&before).await;
    assert_eq!(trouble.as_deref(), Some("BELONGS_TO_ANOTHER"));
    bench.assign(&eve).await;
    bench.settle().await;
    bench.settle_after(2 * 60 * 60).await;
    assert_eq!(bench.account(&before).await, None, "it is hers for certain");
    assert_eq!(bench.peer.all("Users")["eve"]["active"], true);
}

pub(super) async fn only_the_server_says_that_nobody_is_there(bench: Bench) {
    let ada = somebody(&bench, "ada").await;
    let error = json!({ "schemas": [ERROR], "status": "404" }).to_string();
    for said in ["<html>".to_owned(), error] {
        bench.peer.will([Act::Say(404, said.clone())]);
        bench.rename(&ada, "ada", "Augusta").await;
        bench.settle().await;
        let account = bench.account(&ada).await.unwrap();
        assert_eq!(account.peer_id.as_deref(), Some("id1"), "{said}");
        assert_eq!(account.trouble.as_deref(), Some("HTTP_404"), "{said}");
        bench.settle_after(60).await;
        assert_eq!(bench.trouble(&ada).await, None);
        bench.peer.will([Act::Say(404, said.clone())]);
        bench.unassign(&ada).await;
        bench.settle().await;
        assert!(bench.account(&ada).await.unwrap().peer_active, "{said}");
        bench.settle_after(60).await;
        assert_eq!(bench.peer.all("Users")["ada"]["active"], false, "{said}");
        bench.assign(&ada).await;
        bench.settle().await;
        bench.rename(&ada, "ada", "Ada").await;
        bench.settle().await;
    }
}

pub(super) async fn a_deactivation_that_is_refused_is_tried_until_it_is_done(bench: Bench) {
    let ada = somebody(&bench, "ada").await;
    bench
        .peer
        .will((0..3).map(|_| Act::Say(403, json!({}).to_string())));
    bench.unassign(&ada).await;
    bench.settle().await;
    for _ in 0..2 {
        let account = bench.account(&ada).await.unwrap();
        assert_eq!(account.trouble.as_deref(), Some("HTTP_403"));
        assert!(account.due_at.is_some());
        bench.settle_after(2 * 60 * 60).await;
    }
    assert_eq!(bench.peer.all("Users")["ada"]["active"], true);
    bench.settle_after(2 * 60 * 60).await;
    assert_eq!(bench.peer.all("Users")["ada"]["active"], false);
    assert_eq!(bench.trouble(&ada).await, None);
    let expected = [
        "user.push SUCCESS",
        "user.deactivate FAILURE",
        "user.deactivate SUCCESS",
    ];
    assert_eq!(bench.told().await, expected, "the trouble is told once");
}

pub(super) async fn what_was_begun_is_found_under_each_of_its_names(bench: Bench) {
    let refuse = || Act::Say(400, json!({ "scimType": "invalidFilter" }).to_string());
    let ada = bench.person("ada").await;
    bench.peer.will([Act::Obey, Act::Lose]);
    bench.assign(&ada).await;
    bench.settle().await;
    // It is not found at once, and is called otherwise here by then.
    bench.rename(&ada, "ada2", "Ada").await;
    bench.peer.will([Act::Silent(Trouble::TimedOut), refuse()]);
    bench.settle_after(60).await;
    bench.settle_after(60).await;
    let users = bench.peer.all("Users");
    assert_eq!(users.len(), 1);
    assert_eq!(users["ada2"]["active"], true);
    // Of a server that finds nobody by what we call them, nobody is forgotten.
    let bob = bench.person("bob").await;
    bench
        .peer
        .will([Act::Obey, Act::Silent(Trouble::TimedOut), refuse()]);
    bench.assign(&bob).await;
    bench.settle().await;
    bench.unassign(&bob).await;
    bench.settle_after(60).await;
    let account = bench.account(&bob).await.unwrap();
    assert_eq!(account.trouble.as_deref(), Some("NO_SEARCH_BY_EXTERNAL_ID"));
    assert!(account.begun && account.due_at.is_some());
    bench.settle_after(2 * 60 * 60).await;
    assert_eq!(bench.account(&bob).await, None);
}

pub(super) async fn nobody_is_linked_while_an_account_is_being_made(bench: Bench) {
    let user = bench.person("ada").await;
    bench.peer.will([Act::Obey, Act::Lose]);
    bench.assign(&user).await;
    bench.settle().await;
    let (org, app, who) = (bench.org.clone(), bench.app.id.clone(), user.clone());
    let linked: Result<bool, identity::fault::Fault> = bench
        .cell
        .database
        .write(move |tx| {
            Box::pin(async move {
                let to = ("another", true);
                Ok(accounts::link(tx, (&org, &app), (&who, "ada"), to).await?)
            })
        })
        .await;
    assert!(!linked.unwrap());
    bench.settle_after(60).await;
    let account = bench.account(&user).await.unwrap();
    assert_eq!(account.peer_id.as_deref(), Some("id1"));
}

pub(super) async fn a_token_that_is_given_back_is_not_kept(bench: Bench) {
    let user = bench.person("ada").await;
    let said = json!({ "detail": "not letmein, bGV0bWVpbg== or QmVhcmVyIGxldG1laW4=" });
    bench.peer.will([Act::Say(400, said.to_string())]);
    bench.assign(&user).await;
    bench.settle().await;
    let reader = bench.permit(Permission::ReadDirectory);
    let requests = bench
        .cell
        .list_provisioning_requests(&reader, &bench.app.id, i64::MAX, 10);
    let kept = format!(
        "{:?} {:?}",
        bench.account(&user).await,
        requests.await.unwrap()
    );
    assert!(kept.contains("not […]"), "{kept}");
    for secret in ["letmein", "bGV0bWVpbg", "QmVhcmVyIGxldG1laW4"] {
        assert!(!kept.contains(secret), "{kept}");
    }
}

pub(super) async fn a_step_ends_before_its_hold(bench: Bench) {
    let user = bench.person("ada").await;
    bench.peer.will([Act::Take(Arc::clone(&bench.clock), 41)]);
    bench.assign(&user).await;
    bench.settle().await;
    assert_eq!(bench.peer.asked(), ["GET /Users"]);
    assert_eq!(bench.trouble(&user).await.as_deref(), Some("TOO_SLOW"));
    bench.settle_after(60).await;
    assert_eq!(bench.peer.all("Users").len(), 1);
}
