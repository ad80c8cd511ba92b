//! What people have in the app is sent with them, and follows what it is made of.

use crate::provisioning::{Step, one_step};
use crate::tests::provisioning::Bench;
use crate::tests::provisioning::store::send_by_older_rules;
use identity::access::Permission;
use identity::attribute_schema::Owner;
use identity::org::settings::ProfileAttribute;
use identity::profile_mapping::{Change, Property, PushStatus};
use identity::provisioning::store::connections::Due;
use identity::provisioning::work::HOLD_SECS;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use vocab::id::UserId;

impl Bench {
    /// Lets people have these texts in the app, and no others.
    async fn put_schema(&self, names: &[&str]) {
        let (reader, manager) = (
            self.permit(Permission::ReadDirectory),
            self.permit(Permission::ManageApps),
        );
        let owner = Owner::App(self.app.id.clone());
        let attributes = names.iter().map(|name| ProfileAttribute {
            name: (*name).to_owned(),
            self_hidden: true,
            ..ProfileAttribute::default()
        });
        let seen = self.cell.attribute_schema(&reader, &owner).await.unwrap();
        let put = self
            .cell
            .put_attribute_schema(&manager, &owner, seen, attributes.collect());
        put.await.unwrap();
    }

    async fn map(&self, name: &str, expression: &str) {
        let (reader, manager) = (
            self.permit(Permission::ReadDirectory),
            self.permit(Permission::ManageApps),
        );
        let id = &self.app.id;
        let (seen, ends) = self.cell.profile_mapping(&reader, id).await.unwrap();
        let property = Property {
            expression: expression.to_owned(),
            push: PushStatus::Push,
        };
        let change = Change::from([(name.to_owned(), Some(property))]);
        let changed = self
            .cell
            .change_profile_mapping(&manager, id, (&seen, &ends), change);
        changed.await.unwrap();
    }

    async fn set(&self, user: &UserId, values: Value) {
        let permit = self.permit(Permission::ManageApps);
        let values: Map<String, Value> = values.as_object().cloned().unwrap();
        let set = self
            .cell
            .assign_app_with(&permit, &self.app.id, user, values);
        set.await.unwrap();
    }

    /// As an older release left somebody of the app, who did not change since.
    async fn age(&self, user: &UserId) {
        let (org, app, user) = (self.org.clone(), self.app.id.clone(), user.clone());
        let aged = self.cell.database.write(move |tx| {
            Box::pin(async move { send_by_older_rules(tx, (&org, &app), &user).await })
        });
        aged.await.unwrap();
    }

    async fn title(&self, login: &str) -> Value {
        self.settle().await;
        self.peer.all("Users")[login]["title"].clone()
    }
}

pub(super) async fn what_is_mapped_is_sent_and_follows(bench: Bench) {
    let user = bench.person("ada").await;
    bench.assign(&user).await;
    bench.put_schema(&["title", "site"]).await;
    assert_eq!(bench.title("ada").await, Value::Null);
    bench.map("title", "String.toUpperCase(user.login)").await;
    assert_eq!(bench.title("ada").await, "ADA");
    bench.rename(&user, "augusta", "Augusta").await;
    assert_eq!(bench.title("augusta").await, "AUGUSTA");
    bench.set(&user, json!({ "title": "Countess" })).await;
    assert_eq!(bench.title("augusta").await, "Countess");
    bench.set(&user, json!({ "title": null })).await;
    assert_eq!(bench.title("augusta").await, "AUGUSTA");
    // What has no place at the peer is not sent.
    bench.peer.asked();
    bench.map("site", "user.login").await;
    bench.settle().await;
    assert!(bench.peer.asked().is_empty());
    bench.put_schema(&["site"]).await;
    assert_eq!(bench.title("augusta").await, Value::Null);
}

pub(super) async fn who_works_by_an_older_mapping_ends(bench: Bench) {
    let user = bench.person("ada").await;
    bench.assign(&user).await;
    bench.put_schema(&["title"]).await;
    bench.settle().await;
    let key = (&bench.org, &bench.app.id);
    let work = bench.cell.hold_provisioning(key).await.unwrap().unwrap();
    let (mut reached, mut held) = (0, Some(Arc::new(work)));
    bench.map("title", "user.login").await;
    let due = bench.cell.due_provisioning(("", ""), 1).await.unwrap();
    assert!(due.is_empty(), "somebody holds it");
    let due = Due {
        org_id: bench.org.clone(),
        app_id: bench.app.id.clone(),
        failures: 0,
        followed: 0,
        newest: 0,
        has_work: true,
    };
    let step = one_step(&bench.cell, &bench.envoy, &due, (&mut reached, &mut held)).await;
    assert_eq!(step.unwrap(), Step::Over);
    // What they asked for may be on its way yet: nobody else comes meanwhile, and they neither note nor keep anything.
    let held = held.unwrap();
    bench.cell.follow_provisioning(key, 0).await.unwrap();
    assert!(bench.cell.hold_provisioning(key).await.unwrap().is_none());
    assert!(!bench.cell.keep_provisioning(&held).await.unwrap());
    assert_eq!(bench.title("ada").await, Value::Null);
    bench.cell.release_provisioning(&held).await.unwrap();
    assert_eq!(bench.title("ada").await, "ada");
    // Of those who died before they gave it back, the hold runs out.
    let work = bench.cell.hold_provisioning(key).await.unwrap();
    drop(work.unwrap());
    bench.map("title", "String.toUpperCase(user.login)").await;
    bench.cell.follow_provisioning(key, 0).await.unwrap();
    assert_eq!(bench.title("ada").await, "ada");
    bench.settle_after(HOLD_SECS).await;
    assert_eq!(bench.title("ada").await, "ADA");
}

pub(super) async fn who_has_too_much_mapped_keeps_what_they_have(bench: Bench) {
    let user = bench.person("ada").await;
    bench.assign(&user).await;
    bench.put_schema(&["title", "a", "b", "c", "d"]).await;
    bench.map("title", "user.login").await;
    assert_eq!(bench.title("ada").await, "ada");
    // Each makes some 40,000 bytes of text.
    let by = "y".repeat(1_000);
    for name in ["a", "b", "c", "d"] {
        let long = format!("String.replace('{}', 'x', '{by}')", "x".repeat(40));
        bench
            .map(name, &format!("String.substring({long}, 0, 3)"))
            .await;
    }
    bench.settle().await;
    let trouble = bench.trouble(&user).await;
    assert_eq!(trouble.as_deref(), Some("MAPPING_TOO_LARGE"));
    assert_eq!(bench.peer.all("Users")["ada"]["title"], "ada");
    // Whoever mends the mapping need not ask for them one by one.
    bench.map("d", "user.login").await;
    bench.settle().await;
    assert_eq!(bench.trouble(&user).await, None);
}

pub(super) async fn what_newer_rules_say_reaches_who_did_not_change(bench: Bench) {
    let user = bench.person("ada").await;
    bench.assign(&user).await;
    bench.put_schema(&["title"]).await;
    bench.set(&user, json!({ "title": "Countess" })).await;
    assert_eq!(bench.title("ada").await, "Countess");
    bench.age(&user).await;
    let id = bench.account(&user).await.unwrap().peer_id.unwrap();
    let before = json!({ "userName": "ada", "externalId": user.as_str(), "active": true });
    bench.peer.put("Users", &id, before);
    bench.peer.asked();
    assert_eq!(bench.title("ada").await, "Countess");
    assert!(!bench.peer.asked().is_empty());
    // Once: nobody is looked at again by the same rules.
    bench.settle().await;
    assert!(bench.peer.asked().is_empty());
    // Where people have nothing in the app that has a place at the peer nothing is new of anybody.
    bench.put_schema(&["site"]).await;
    bench.settle().await;
    bench.age(&user).await;
    bench.peer.asked();
    bench.settle().await;
    assert!(bench.peer.asked().is_empty());
    assert_eq!(bench.account(&user).await.unwrap().sent, "older");
}
