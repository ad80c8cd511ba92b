//! Groups that are pushed.

use crate::tests::provisioning::Bench;
use crate::tests::provisioning::peer::Act;
use database::DatabaseFault;
use identity::access::Permission;
use identity::fault::Refusal;
use identity::provisioning::push::{Afterwards, NewPush, Push, PushTo};
use identity::provisioning::store::groups::{self, Member};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use vocab::id::{GroupId, UserId};
use vocab::time::{Clock as _, Timestamp};

async fn push(bench: &Bench, group: &GroupId, to: PushTo) -> Result<Push, Refusal> {
    let permit = bench.permit(Permission::ManageApps);
    let new = NewPush {
        group_id: group.clone(),
        to,
        active: true,
    };
    bench.cell.add_push(&permit, &bench.app, new).await
}

fn members(group: &Value) -> BTreeSet<String> {
    let members = group["members"].as_array().cloned().unwrap_or_default();
    members
        .iter()
        .map(|member| member["value"].as_str().unwrap().to_owned())
        .collect()
}

fn named(name: &str) -> PushTo {
    PushTo::Named(name.into())
}

async fn member(bench: &Bench, group: &GroupId, login: &str) -> UserId {
    let user = bench.person(login).await;
    bench.assign(&user).await;
    bench.join(group, &user).await;
    user
}

pub(super) async fn a_group_is_pushed_renamed_and_removed(bench: Bench) {
    let group = bench.group("Engineers").await;
    let ada = member(&bench, &group, "ada").await;
    bench.settle().await;
    let pushed = push(&bench, &group, named("Engineers")).await.unwrap();
    bench.settle().await;
    assert_eq!(
        members(&bench.peer.all("Groups")["Engineers"]),
        BTreeSet::from(["id1".into()])
    );
    let again = push(&bench, &group, named("Others")).await;
    assert!(matches!(again, Err(Refusal::Taken { .. })));
    let permit = bench.permit(Permission::ManageGroups);
    let reader = bench.permit(Permission::ReadDirectory);
    let mut renamed = bench.cell.find_group(&reader, &group).await.unwrap();
    renamed.name = "Builders".into();
    bench.cell.update_group(&permit, renamed).await.unwrap();
    bench.settle().await;
    assert!(bench.peer.all("Groups").contains_key("Builders"));
    bench.leave(&group, &ada).await;
    bench.settle().await;
    assert!(members(&bench.peer.all("Groups")["Builders"]).is_empty());
    let permit = bench.permit(Permission::ManageApps);
    let on = bench
        .cell
        .remove_push(&permit, &bench.app, &pushed.id, Afterwards::Goes)
        .await;
    assert!(matches!(on, Err(Refusal::WrongState(_))));
    let off = bench
        .cell
        .switch_push(&permit, &bench.app, &pushed.id, false)
        .await;
    off.unwrap();
    bench.join(&group, &ada).await;
    bench.settle().await;
    assert!(
        members(&bench.peer.all("Groups")["Builders"]).is_empty(),
        "it rests"
    );
    bench
        .cell
        .switch_push(&permit, &bench.app, &pushed.id, true)
        .await
        .unwrap();
    bench.settle().await;
    assert_eq!(members(&bench.peer.all("Groups")["Builders"]).len(), 1);
    bench
        .cell
        .switch_push(&permit, &bench.app, &pushed.id, false)
        .await
        .unwrap();
    let gone = bench
        .cell
        .remove_push(&permit, &bench.app, &pushed.id, Afterwards::Goes);
    gone.await.unwrap();
    assert!(
        bench
            .cell
            .list_pushes(&reader, &bench.app.id)
            .await
            .unwrap()
            .is_empty()
    );
    bench.settle().await;
    assert!(bench.peer.all("Groups").is_empty());
}

pub(super) async fn members_follow_their_accounts(bench: Bench) {
    let group = bench.group("Engineers").await;
    push(&bench, &group, named("Engineers")).await.unwrap();
    let ada = member(&bench, &group, "ada").await;
    let outside = bench.person("outside").await;
    bench.join(&group, &outside).await;
    bench.settle().await;
    let there = members(&bench.peer.all("Groups")["Engineers"]);
    assert_eq!(there.len(), 1, "who has no account is in no group there");
    bench.unassign(&ada).await;
    bench.settle().await;
    assert!(members(&bench.peer.all("Groups")["Engineers"]).is_empty());
    bench.assign(&ada).await;
    bench.settle().await;
    assert_eq!(members(&bench.peer.all("Groups")["Engineers"]), there);
    let permit = bench.permit(Permission::ManagePeople);
    bench.cell.remove_person(&permit, &ada, None).await.unwrap();
    bench.settle().await;
    assert!(members(&bench.peer.all("Groups")["Engineers"]).is_empty());
}

pub(super) async fn a_large_group_goes_in_parts(bench: Bench) {
    let group = bench.group("Everybody").await;
    for number in 0..110 {
        member(&bench, &group, &format!("person{number}")).await;
    }
    for _ in 0..20 {
        bench.settle().await;
    }
    assert_eq!(bench.peer.all("Users").len(), 110);
    bench.peer.asked();
    push(&bench, &group, named("Everybody")).await.unwrap();
    bench.settle().await;
    assert_eq!(members(&bench.peer.all("Groups")["Everybody"]).len(), 110);
    let asked = bench.peer.asked();
    assert!(asked.len() <= 6, "{asked:?}");
    bench.settle().await;
    assert!(bench.peer.asked().is_empty());
}

pub(super) async fn a_group_that_is_there_is_taken_over(bench: Bench) {
    let (first, second) = (bench.group("First").await, bench.group("Second").await);
    let ada = member(&bench, &first, "ada").await;
    bench.join(&second, &ada).await;
    let there = json!({ "displayName": "First", "members": [{ "value": "theirs" }] });
    bench.peer.put("Groups", "there", there);
    bench
        .peer
        .put("Groups", "known", json!({ "displayName": "Otherwise" }));
    push(&bench, &first, named("First")).await.unwrap();
    push(&bench, &second, PushTo::Known("known".into()))
        .await
        .unwrap();
    bench.settle().await;
    let groups = bench.peer.all("Groups");
    assert_eq!(groups.len(), 2);
    let expected = BTreeSet::from(["id1".to_owned(), "theirs".to_owned()]);
    assert_eq!(members(&groups["First"]), expected, "who is not ours stays");
    assert_eq!(members(&groups["Otherwise"]).len(), 1, "it keeps its name");
    let third = bench.group("Third").await;
    let taken = push(&bench, &third, PushTo::Known("known".into())).await;
    assert!(matches!(taken, Err(Refusal::Invalid { .. })));
    let missing = push(&bench, &third, PushTo::Known("nowhere".into()))
        .await
        .unwrap();
    bench.settle().await;
    let reader = bench.permit(Permission::ReadDirectory);
    let found = bench
        .cell
        .find_push(&reader, &bench.app.id, &missing.id)
        .await
        .unwrap();
    assert_eq!(found.trouble.as_deref(), Some("TARGET_GROUP_NOT_FOUND"));
    assert_eq!(found.due_at, None);
}

async fn found(bench: &Bench, push: &Push) -> Push {
    let reader = bench.permit(Permission::ReadDirectory);
    let found = bench.cell.find_push(&reader, &bench.app.id, &push.id);
    found.await.unwrap()
}

fn missing() -> Act {
    let error = json!({ "schemas": [protocol::scim::ERROR], "status": "404" });
    Act::Say(404, error.to_string())
}

pub(super) async fn who_is_not_taken_holds_up_nobody(bench: Bench) {
    let group = bench.group("Engineers").await;
    let ada = member(&bench, &group, "ada").await;
    bench.settle().await;
    let pushed = push(&bench, &group, named("Engineers")).await.unwrap();
    bench.settle().await;
    let there = bench.peer.all("Groups")["Engineers"].clone();
    bench.leave(&group, &ada).await;
    let bob = member(&bench, &group, "bob").await;
    // The accounts first; then the group, in which nobody is found.
    bench.peer.will([Act::Obey, Act::Obey]);
    bench
        .peer
        .will([missing(), Act::Obey, missing(), Act::Obey]);
    bench.settle().await;
    let members_then = members(&bench.peer.all("Groups")["Engineers"]);
    // One of the two went through: he is in as well, or she is out.
    assert!(matches!(members_then.len(), 0 | 2), "{there}");
    let pushed_then = found(&bench, &pushed).await;
    assert_eq!(pushed_then.trouble.as_deref(), Some("HTTP_404"));
    assert!(pushed_then.peer_id.is_some());
    bench.settle_after(2 * 60 * 60).await;
    let permit = bench.permit(Permission::ManageApps);
    bench
        .cell
        .switch_push(&permit, &bench.app, &pushed.id, true)
        .await
        .unwrap();
    bench.settle().await;
    let of_bob = bench.account(&bob).await.unwrap().peer_id.unwrap();
    assert_eq!(
        members(&bench.peer.all("Groups")["Engineers"]),
        BTreeSet::from([of_bob])
    );
    assert_eq!(bench.peer.all("Groups").len(), 1);
    // Nobody is left in it because the peer refused to take them out.
    bench.leave(&group, &bob).await;
    let refusals = [
        Act::Say(403, "{}".into()),
        Act::Obey,
        Act::Say(403, "{}".into()),
    ];
    bench.peer.will(refusals);
    bench.settle().await;
    let refused = found(&bench, &pushed).await;
    assert_eq!(refused.trouble.as_deref(), Some("HTTP_403"));
    assert!(refused.due_at.is_some());
    bench.settle_after(2 * 60 * 60).await;
    assert!(members(&bench.peer.all("Groups")["Engineers"]).is_empty());
    assert_eq!(found(&bench, &pushed).await.trouble, None);
}

/// People who were put into a group at the peer, and are no more.
async fn note_gone(bench: &Bench, push: &Push, count: usize) {
    let people: Vec<UserId> = (0..count)
        .map(|number| UserId::parse(&format!("00u{number:017}")).unwrap())
        .collect();
    let (org, app, id) = (bench.org.clone(), bench.app.id.clone(), push.id.clone());
    let noted: Result<(), DatabaseFault> = bench
        .cell
        .database
        .write(move |tx| {
            Box::pin(async move {
                let key = (&org, &app);
                groups::mark_members(tx, key, &id, &people).await?;
                for user in &people {
                    let member = Member {
                        user_id: user.clone(),
                        sent: None,
                        version: 1,
                        refusals: 0,
                        wanted: Some(user.to_string()),
                    };
                    groups::note_member(tx, key, &id, &member).await?;
                }
                groups::mark_members(tx, key, &id, &people).await?;
                groups::mark(tx, key, &id, Timestamp::default()).await
            })
        })
        .await;
    noted.unwrap();
    let mut there = bench.peer.all("Groups")["Engineers"].clone();
    let shown = (0..count).map(|number| json!({ "value": format!("00u{number:017}") }));
    there["members"] = shown.collect();
    let id = there["id"].as_str().unwrap().to_owned();
    bench.peer.put("Groups", &id, there);
}

async fn noted(bench: &Bench, push: &Push) -> usize {
    let mut tx = bench.cell.database.read().await.unwrap();
    let key = (&bench.org, &bench.app.id);
    let noted = groups::load_noted(&mut tx, key, &push.id, "", 1_000).await;
    noted.unwrap().len()
}

pub(super) async fn who_is_not_let_go_holds_up_nobody(bench: Bench) {
    let group = bench.group("Engineers").await;
    let pushed = push(&bench, &group, named("Engineers")).await.unwrap();
    bench.settle().await;
    note_gone(&bench, &pushed, 120).await;
    bench.peer.keep_members(true);
    bench.peer.asked();
    bench.settle().await;
    // Each once with others and once alone.
    assert_eq!(bench.peer.asked().len(), 2 * 2 + 120);
    let refused = found(&bench, &pushed).await;
    assert_eq!(refused.trouble.as_deref(), Some("HTTP_403: they stay"));
    assert!(refused.due_at.unwrap() > bench.clock.now());
    let ada = member(&bench, &group, "ada").await;
    bench.settle().await;
    let of_ada = bench.account(&ada).await.unwrap().peer_id.unwrap();
    let there = members(&bench.peer.all("Groups")["Engineers"]);
    assert!(there.contains(&of_ada));
    assert_eq!(there.len(), 121);
    assert_eq!(noted(&bench, &pushed).await, 121);
    bench.peer.keep_members(false);
    bench.settle_after(2 * 60 * 60).await;
    let there = members(&bench.peer.all("Groups")["Engineers"]);
    assert_eq!(there, BTreeSet::from([of_ada]));
    assert_eq!(noted(&bench, &pushed).await, 1);
    assert_eq!(found(&bench, &pushed).await.trouble, None);
}

pub(super) async fn a_group_of_no_name_is_never_made(bench: Bench) {
    let group = bench.group("Engineers").await;
    bench
        .peer
        .put("Groups", "known", json!({ "displayName": "Otherwise" }));
    let known = PushTo::Known("known".into());
    let pushed = push(&bench, &group, known).await.unwrap();
    bench.settle().await;
    bench.peer.remove("Groups", "known");
    member(&bench, &group, "ada").await;
    bench.settle().await;
    let trouble = found(&bench, &pushed).await.trouble;
    assert_eq!(trouble.as_deref(), Some("TARGET_GROUP_NOT_FOUND"));
    bench.peer.asked();
    member(&bench, &group, "bob").await;
    bench.settle().await;
    let permit = bench.permit(Permission::ManageApps);
    bench
        .cell
        .switch_push(&permit, &bench.app, &pushed.id, true)
        .await
        .unwrap();
    bench.settle().await;
    let asked = bench.peer.asked();
    assert!(
        !asked.iter().any(|line| line.contains("Groups")),
        "{asked:?}"
    );
    assert!(bench.peer.all("Groups").is_empty());
    let trouble = found(&bench, &pushed).await.trouble;
    assert_eq!(trouble.as_deref(), Some("TARGET_GROUP_NOT_FOUND"));
}

pub(super) async fn a_group_at_the_peer_is_that_of_one_push(bench: Bench) {
    let (first, second) = (bench.group("First").await, bench.group("Second").await);
    let ada = member(&bench, &first, "ada").await;
    member(&bench, &second, "bob").await;
    let of_first = push(&bench, &first, named("Shared")).await.unwrap();
    let of_second = push(&bench, &second, named("Shared")).await.unwrap();
    bench.settle().await;
    let of_ada = bench.account(&ada).await.unwrap().peer_id.unwrap();
    let there = members(&bench.peer.all("Groups")["Shared"]);
    let (first, second) = (
        found(&bench, &of_first).await,
        found(&bench, &of_second).await,
    );
    let troubles = [first.trouble.clone(), second.trouble.clone()];
    let in_use = Some("TARGET_GROUP_IN_USE".to_owned());
    assert!(troubles.contains(&in_use) && troubles.contains(&None));
    assert_eq!(there.len(), 1, "only those of one are put in");
    assert_eq!(there.contains(&of_ada), first.trouble.is_none());
    assert!(first.peer_id.is_none() || second.peer_id.is_none());
}
