//! What lies within is no way to what lies outside: what follows of an act ends where the sets end.

use crate::for_tests::{By, World, on_both_engines};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::access::custom::Resource;
use identity::access::custom::capability::Capability as To;
use serde_json::{Value, json};
use vocab::id::{AppId, GroupId, ServerId};

const FORBIDDEN: (u16, &str) = (403, "E0000006");
const INVALID: (u16, &str) = (400, "E0000001");

/// A rule that is on and puts whoever is called so into these groups.
async fn fill(world: &World, name: &str, groups: &[&GroupId]) {
    let groups: Vec<&str> = groups.iter().map(|group| group.as_str()).collect();
    let rule = json!({
        "type": "group_rule", "name": format!("Everybody called {name}"),
        "conditions": { "expression": {
            "type": "urn:okta:expression:1.0", "value": format!("user.firstName == \"{name}\""),
        } },
        "actions": { "assignUserToGroups": { "groupIds": groups } },
    });
    let made = world.post("/api/v1/groups/rules", &rule).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let activate = format!("/api/v1/groups/rules/{}/lifecycle/activate", made.id());
    assert_eq!(world.post(&activate, &Value::Null).await.status, 204);
}

/// A rule fills groups within and outside: neither is it switched off by the one, nor is anybody taken out of the other.
async fn what_rules_fill_outside_is_left_alone(world: &World) {
    let (inside, _) = world.crowd("inside", 0).await;
    let (also, _) = world.crowd("also", 0).await;
    let (outside, _) = world.crowd("outside", 0).await;
    fill(world, "Sappho", &[&inside, &outside]).await;
    fill(world, "Alkaios", &[&inside, &also]).await;
    let sappho = world.person(&world.main, "sappho", "Sappho", "L").await;
    let alkaios = world.person(&world.main, "alkaios", "Alkaios", "L").await;
    // A change of the profile lets the rules follow.
    for (user, last) in [(&sappho, "Of Lesbos"), (&alkaios, "Of Mytilene")] {
        let body = json!({ "profile": { "lastName": last } });
        let changed = world.post(&format!("/api/v1/users/{user}"), &body).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
    }
    let members = |group: &GroupId| {
        let path = format!("/api/v1/groups/{group}/users");
        async move { world.get(&path).await.texts("/id").len() }
    };
    assert_eq!((members(&inside).await, members(&outside).await), (2, 1));
    let parts = [
        Resource::Group(inside.clone()),
        Resource::Group(also),
        Resource::Users,
    ];
    world
        .let_desk("all", &[To::GroupsManage, To::UsersManage], &parts)
        .await;
    let rows = world.log_rows(&world.main).await;
    for path in [
        format!("groups/{inside}/users/{sappho}"),
        format!("groups/{inside}"),
    ] {
        let refused = world.asks("DELETE", &path, &Value::Null).await;
        assert_eq!(refused.outcome(), FORBIDDEN, "{path}");
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
    let taken = format!("groups/{inside}/users/{alkaios}");
    assert_eq!(
        world.does("DELETE", &taken).await.0,
        204,
        "all of it lies within"
    );
    assert_eq!((members(&inside).await, members(&outside).await), (1, 1));
}

async fn an_app_is_opened_to_those_alone_to_whom_it_may_be_assigned(world: &World) {
    let things = world.things(&world.main, "ada").await;
    let path = format!("apps/{}", things.app);
    let app = AppId::parse(&things.app).unwrap();
    world
        .let_desk("app", &[To::AppsManage], &[Resource::App(app.clone())])
        .await;
    let mut body = world.get(&format!("/api/v1/{path}")).await.body;
    assert_eq!(body["settings"]["implicitAssignment"], json!(false));
    body["settings"]["implicitAssignment"] = json!(true);
    let refused = world.asks("PUT", &path, &body).await;
    assert_eq!(refused.outcome(), FORBIDDEN, "{}", refused.body);
    let members = [Resource::UsersOf(GroupId::parse(&things.group).unwrap())];
    world
        .let_desk("some", &[To::UsersAppAssignment], &members)
        .await;
    assert_eq!(world.asks("PUT", &path, &body).await.outcome(), FORBIDDEN);
    let everybody = world
        .let_desk("everybody", &[To::UsersAppAssignment], &[Resource::Users])
        .await;
    let opened = world.asks("PUT", &path, &body).await;
    assert_eq!(opened.status, 200, "{}", opened.body);
    assert_eq!(opened.body["settings"]["implicitAssignment"], json!(true));
    world.unbind(&everybody).await;
    // What says nothing of it leaves it open, and nobody is shut out either.
    let settings = body["settings"].as_object_mut().unwrap();
    settings.remove("implicitAssignment");
    body["label"] = json!("Handbook");
    let kept = world.asks("PUT", &path, &body).await;
    assert_eq!(kept.status, 200, "{}", kept.body);
    assert_eq!(kept.body["settings"]["implicitAssignment"], json!(true));
    body["settings"]["implicitAssignment"] = json!(false);
    assert_eq!(world.asks("PUT", &path, &body).await.outcome(), FORBIDDEN);
}

/// A capability over all apps tells nothing of people and groups.
async fn apps_do_not_tell_whose_they_are(world: &World) {
    let things = world.things(&world.main, "ada").await;
    let group = GroupId::parse(&things.group).unwrap();
    let (_, members) = world.crowd("crowd", 1).await;
    world.join(&group, &members[0]).await;
    world
        .let_desk(
            "see",
            &[To::AppsRead, To::AppsAssignment],
            &[Resource::Apps],
        )
        .await;
    for (attribute, id) in [
        ("user.id", things.user.as_str()),
        ("user.id", "00uNobodyOfThisOrg00"),
        ("group.id", things.group.as_str()),
    ] {
        let path = format!("apps?filter={attribute}+eq+%22{id}%22");
        let answer = world.asks("GET", &path, &Value::Null).await;
        assert_eq!(answer.outcome(), INVALID, "{path}");
    }
    assert!(world.sees("apps").await.contains(&things.app));
    // Whoever has an app through a group keeps it, and the group is not named.
    world
        .let_desk("assign", &[To::UsersAppAssignment], &[Resource::Users])
        .await;
    let path = format!("apps/{}/users/{}", things.app, members[0]);
    let told = world.asks("DELETE", &path, &Value::Null).await;
    assert!(told.status.is_client_error(), "{}", told.body);
    assert!(
        !told.body.to_string().contains(&things.group),
        "{}",
        told.body
    );
    let named = world
        .call(
            By::Manager,
            "DELETE",
            &format!("/api/v1/{path}"),
            &Value::Null,
        )
        .await;
    assert!(
        named.body.to_string().contains(&things.group),
        "{}",
        named.body
    );
}

/// An access rule would tell of whom it names whether they are there.
async fn access_rules_name_what_their_writer_sees(world: &World) {
    let things = world.things(&world.main, "ada").await;
    let servers = world.get("/api/v1/authorizationServers").await;
    let own = servers.texts("/name").iter().position(|name| name == "ada");
    let server = ServerId::parse(&servers.texts("/id")[own.unwrap()]).unwrap();
    world
        .let_desk(
            "servers",
            &[To::ServersManage],
            &[Resource::Server(server.clone())],
        )
        .await;
    let path = format!("authorizationServers/{server}/policies");
    let policy = |client: &str| {
        json!({
            "type": "OAUTH_AUTHORIZATION_POLICY", "name": "Mine", "description": "",
            "conditions": { "clients": { "include": [client] } },
        })
    };
    let refused = world.asks("POST", &path, &policy(&things.app)).await;
    assert_eq!(refused.outcome(), INVALID, "{}", refused.body);
    let made = world.asks("POST", &path, &policy("ALL_CLIENTS")).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let path = format!("{path}/{}/rules", made.id());
    let rule = |of: &str, id: &str, hook: Option<&str>| {
        json!({
            "type": "RESOURCE_ACCESS", "name": "Mine",
            "conditions": {
                "people": { of: { "include": [id] } },
                "grantTypes": { "include": ["authorization_code"] },
                "scopes": { "include": ["*"] },
            },
            "actions": { "token": { "inlineHook": hook.map(|id| json!({ "id": id })) } },
        })
    };
    for (of, id) in [("users", &things.user), ("groups", &things.group)] {
        let refused = world.asks("POST", &path, &rule(of, id, None)).await;
        assert_eq!(refused.outcome(), INVALID, "{of} {}", refused.body);
    }
    let group = GroupId::parse(&things.group).unwrap();
    let see = world
        .let_desk("see", &[To::GroupsRead], &[Resource::Group(group)])
        .await;
    let hook = json!({
        "name": "Claims", "type": "com.okta.oauth2.tokens.transform", "version": "1.0.0",
        "channel": { "type": "HTTP", "version": "1.0.0", "config": {
            "uri": "https://hooks.example/in", "method": "POST",
            "authScheme": { "type": "HEADER", "key": "Authorization", "value": "letmein-secret" },
        } },
    });
    let hook = world.post("/api/v1/inlineHooks", &hook).await;
    assert_eq!(hook.status, 200, "{}", hook.body);
    let hook = hook.id();
    for unseen in [hook.as_str(), "cal00000000000000000"] {
        let body = rule("groups", &things.group, Some(unseen));
        let refused = world.asks("POST", &path, &body).await;
        assert_eq!(refused.outcome(), FORBIDDEN, "{}", refused.body);
    }
    let made = world
        .asks("POST", &path, &rule("groups", &things.group, None))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    world.unbind(&see).await;
    let (one, body) = (
        format!("{path}/{}", made.id()),
        rule("groups", &things.group, Some(&hook)),
    );
    assert_eq!(world.asks("PUT", &one, &body).await.outcome(), FORBIDDEN);
    let named = world
        .call(By::Manager, "PUT", &format!("/api/v1/{one}"), &body)
        .await;
    assert_eq!(named.status, 200, "{}", named.body);
    // What stands there already may be sent back.
    let kept = world.asks("PUT", &one, &body).await;
    assert_eq!(kept.status, 200, "{}", kept.body);
}

/// A link to get back in goes to the address.
async fn addresses_are_changed_by_who_may_manage(world: &World) {
    let (samos, members) = world.crowd("samos", 1).await;
    let people = [Resource::UsersOf(samos)];
    world
        .let_desk("profiles", &[To::UsersProfile], &people)
        .await;
    let path = format!("users/{}", members[0]);
    let named = json!({ "profile": { "firstName": "Sappho" } });
    assert_eq!(world.asks("POST", &path, &named).await.status, 200);
    let rows = world.log_rows(&world.main).await;
    let bodies = [
        json!({ "profile": { "email": "mallory@example.com" } }),
        json!({ "profile": { "login": "mallory" } }),
    ];
    for body in &bodies {
        let refused = world.asks("POST", &path, body).await;
        assert_eq!(refused.outcome(), FORBIDDEN, "{body} {}", refused.body);
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
    // Over others it counts for nothing.
    let (naxos, _) = world.crowd("naxos", 1).await;
    world
        .let_desk("elsewhere", &[To::UsersManage], &[Resource::UsersOf(naxos)])
        .await;
    assert_eq!(
        world.asks("POST", &path, &bodies[0]).await.outcome(),
        FORBIDDEN
    );
    world.let_desk("all", &[To::UsersManage], &people).await;
    for body in &bodies {
        let changed = world.asks("POST", &path, body).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
    }
}

/// The place behind a page is that of somebody who is on it.
async fn pages_of_members_tell_nobody_outside(world: &World) {
    let (samos, members) = world.crowd("samos", 7).await;
    let (within, _) = world.crowd("within", 0).await;
    for member in members.iter().step_by(2) {
        world.join(&within, member).await;
    }
    let parts = [Resource::Group(samos.clone()), Resource::UsersOf(within)];
    world
        .let_desk("see", &[To::GroupsRead, To::UsersRead], &parts)
        .await;
    for limit in [1, 2, 3] {
        let path = format!("groups/{samos}/users?limit={limit}");
        let page = world.asks("GET", &path, &Value::Null).await;
        let next = page.link("next").unwrap();
        let after = next.split("after=").nth(1).unwrap();
        let after = URL_SAFE_NO_PAD.decode(after.split('&').next().unwrap());
        let after: Value = serde_json::from_slice(&after.unwrap()).unwrap();
        assert_eq!(after[3], page.texts("/id").last().unwrap().as_str());
    }
}

async fn single_groups_are_listed_in_order(world: &World) {
    let (mut resources, mut expected) = (Vec::new(), Vec::new());
    for number in 0..9 {
        let (group, _) = world.crowd(&format!("group{number}"), 0).await;
        expected.push(group.to_string());
        resources.push(Resource::Group(group));
    }
    world.let_desk("see", &[To::GroupsRead], &resources).await;
    expected.sort();
    for limit in [1, 2, 4, 9, 100] {
        let seen = world.sees(&format!("groups?limit={limit}")).await;
        assert_eq!(seen, expected, "{limit}");
    }
}

on_both_engines!(
    what_rules_fill_outside_is_left_alone,
    an_app_is_opened_to_those_alone_to_whom_it_may_be_assigned,
    apps_do_not_tell_whose_they_are,
    access_rules_name_what_their_writer_sees,
    addresses_are_changed_by_who_may_manage,
    pages_of_members_tell_nobody_outside,
    single_groups_are_listed_in_order,
);
