//! Nobody comes to more by a narrowed role than its targets hold: not to who stands above, not by moving people, not through
//! an app, and not by what becomes of a target.

use crate::for_tests::desk::acts_upon_somebody;
use crate::for_tests::{Answered, By, World, on_both_engines};
use crate::tests::bearer::{call_with, prepare};
use identity::access::Role;
use identity::access::custom::capability::Capability as To;
use identity::access::custom::{GIVING_GROUPS_OF_ONE_MAX, Resource};
use identity::access::narrowed::{RoleHolder, RoleTarget};
use serde_json::{Value, json};
use vocab::id::{AppId, GroupId, UserId};

const FORBIDDEN: (u16, &str) = (403, "E0000006");
const MISSING: (u16, &str) = (404, "E0000007");
const APP_ADMIN: &str = "IFIFAX2BIRGUSTQ";

fn group(id: &GroupId) -> RoleTarget {
    RoleTarget::Group(id.clone())
}

async fn who_administers_is_out_of_reach_inside_of_a_target_too(world: &World) {
    let (samos, members) = world.crowd("samos", 1).await;
    let (naxos, _) = world.crowd("naxos", 0).await;
    let boss = UserId::parse(&world.get("/api/v1/users/manager").await.id()).unwrap();
    let reporter = world.administrator(Role::ReportAdmin).await;
    let peer = world.person(&world.main, "peer", "Peer", "Helper").await;
    let holder = RoleHolder::User(peer.clone());
    world
        .narrow(&holder, Role::HelpDeskAdmin, &[group(&naxos)])
        .await;
    let desk = world.narrow_desk(Role::UserAdmin, &[group(&samos)]).await;
    let above = [boss, reporter, peer, desk];
    for user in &above {
        world.join(&samos, user).await;
    }
    let rows = world.log_rows(&world.main).await;
    for user in &above {
        for (method, step, body) in acts_upon_somebody() {
            let path = format!("users/{user}{step}");
            let seen = world.asks(method, &path, &body).await;
            assert_eq!(seen.outcome(), FORBIDDEN, "{method} {path}");
        }
        let member = format!("groups/{samos}/users/{user}");
        let seen = world.asks("DELETE", &member, &Value::Null).await;
        assert_eq!(seen.outcome(), FORBIDDEN, "{member}");
    }
    // A password is set by no narrowed role, whoever it is.
    for (step, body) in [
        (
            "",
            json!({ "credentials": { "password": { "value": "Lesbos-und-Samos-9" } } }),
        ),
        ("/lifecycle/expire_password_with_temp_password", Value::Null),
    ] {
        let path = format!("users/{}{step}", members[0]);
        let seen = world.asks("POST", &path, &body).await;
        assert_eq!(seen.outcome(), FORBIDDEN, "{path}");
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
}

/// By drawing people into a target, or a target over people, one would come to whomever one wants.
async fn nobody_draws_people_into_their_targets(world: &World) {
    let (samos, members) = world.crowd("samos", 1).await;
    let (naxos, others) = world.crowd("naxos", 1).await;
    let desk = world.narrow_desk(Role::UserAdmin, &[group(&samos)]).await;
    world
        .narrow_desk(Role::HelpDeskAdmin, &[group(&naxos)])
        .await;
    // Helped before, run by it: what is held over the one group is more than over the other.
    let draw = format!("groups/{samos}/users/{}", others[0]);
    let drawn = world.asks("PUT", &draw, &Value::Null).await;
    assert!(
        [FORBIDDEN, MISSING].contains(&drawn.outcome()),
        "{:?}",
        drawn.outcome()
    );
    assert_eq!(
        world
            .asks(
                "POST",
                &format!("users/{}/lifecycle/suspend", others[0]),
                &Value::Null
            )
            .await
            .outcome(),
        MISSING
    );
    // A rule that asks about profiles puts nobody there either.
    let rule = json!({
        "type": "group_rule", "name": "Sappho",
        "conditions": { "expression": {
            "type": "urn:okta:expression:1.0", "value": "user.firstName == \"Sappho\"",
        } },
        "actions": { "assignUserToGroups": { "groupIds": [naxos.as_str()] } },
    });
    let (chios, clerks) = world.crowd("chios", 1).await;
    let made = world.post("/api/v1/groups/rules", &rule).await;
    let activate = format!("/api/v1/groups/rules/{}/lifecycle/activate", made.id());
    assert_eq!(world.post(&activate, &Value::Null).await.status, 204);
    let renamed = json!({ "profile": { "firstName": "Sappho" } });
    let outside = world
        .asks("POST", &format!("users/{}", clerks[0]), &renamed)
        .await;
    assert_eq!(outside.outcome(), MISSING);
    // What one runs by the one group is contained in what one helps by the other: the rule gives no more.
    let inside = world
        .asks("POST", &format!("users/{}", members[0]), &renamed)
        .await;
    assert_eq!(inside.status, 200, "{}", inside.body);
    // Neither role nor target is given by whoever holds one.
    for (method, path, body) in [
        (
            "POST",
            format!("users/{desk}/roles"),
            json!({ "type": "SUPER_ADMIN" }),
        ),
        (
            "DELETE",
            format!("users/{desk}/roles/KVJUKUS7IFCE2SKO"),
            Value::Null,
        ),
        (
            "PUT",
            format!("users/{desk}/roles/KVJUKUS7IFCE2SKO/targets/groups/{chios}"),
            Value::Null,
        ),
        ("POST", "api-tokens".into(), json!({ "name": "more" })),
        ("POST", "iam/roles".into(), json!({})),
        ("PUT", format!("groups/{chios}/users/{desk}"), Value::Null),
    ] {
        let seen = world.asks(method, &path, &body).await;
        assert!(
            [FORBIDDEN, MISSING].contains(&seen.outcome()),
            "{method} {path}: {:?}",
            seen.outcome()
        );
    }
}

async fn an_app_needs_its_scope_and_is_narrowed_as_people_are(world: &World) {
    let (samos, members) = world.crowd("samos", 1).await;
    let (_, others) = world.crowd("naxos", 1).await;
    let scopes = ["okta.users.manage"];
    let (app, token) = prepare(world, &scopes, &[]).await;
    let holder = RoleHolder::App(app.clone());
    world
        .narrow(&holder, Role::UserAdmin, &[group(&samos)])
        .await;
    let call = async |method: &str, path: &str| -> Answered {
        call_with(
            world,
            &token,
            method,
            &format!("/api/v1/{path}"),
            &Value::Null,
        )
        .await
    };
    let suspend = |user: &UserId| format!("users/{user}/lifecycle/suspend");
    assert_eq!(
        call("POST", &suspend(&members[0])).await.outcome(),
        (200, "")
    );
    assert_eq!(call("POST", &suspend(&others[0])).await.outcome(), MISSING);
    assert_eq!(
        call("GET", "users").await.texts("/id"),
        [members[0].to_string()]
    );
    // The scope for groups is another one.
    assert_eq!(call("GET", "groups").await.outcome(), FORBIDDEN);
    let member = format!("groups/{samos}/users/{}", members[0]);
    assert_eq!(call("DELETE", &member).await.outcome(), FORBIDDEN);
    let base = format!("/oauth2/v1/clients/{app}/roles/KVJUKUS7IFCE2SKO");
    let listed = world.get(&format!("{base}/targets/groups")).await;
    assert_eq!(listed.texts("/id"), [samos.to_string()]);
    let again = json!({ "type": "USER_ADMIN" });
    let again = world
        .post(&format!("/oauth2/v1/clients/{app}/roles"), &again)
        .await;
    assert_eq!(again.outcome(), (409, "E0000090"));
    let taken = world.call(By::Manager, "DELETE", &base, &Value::Null).await;
    assert_eq!(taken.status, 204);
    assert_eq!(call("GET", "users").await.outcome(), FORBIDDEN);
}

/// Whoever gives an app that has a role another address or key becomes that app.
async fn an_app_with_a_role_is_out_of_reach(world: &World) {
    let (samos, _) = world.crowd("samos", 0).await;
    let (app, _) = prepare(world, &["okta.users.manage"], &[]).await;
    world
        .narrow_desk(Role::AppAdmin, &[RoleTarget::App(app.clone())])
        .await;
    let path = format!("apps/{app}");
    let mut body = world.asks("GET", &path, &Value::Null).await.body;
    body["label"] = json!("Mine");
    assert_eq!(world.asks("PUT", &path, &body).await.status, 200);
    let holder = RoleHolder::App(app.clone());
    world
        .narrow(&holder, Role::HelpDeskAdmin, &[group(&samos)])
        .await;
    world.administrator(Role::AppAdmin).await;
    let rows = world.log_rows(&world.main).await;
    for by in [By::Person, By::Of(Role::AppAdmin)] {
        for (method, path) in [
            ("PUT", path.clone()),
            ("POST", format!("{path}/lifecycle/deactivate")),
        ] {
            let full = format!("/api/v1/{path}");
            let seen = world.call(by, method, &full, &body).await;
            assert_eq!(seen.outcome(), FORBIDDEN, "{by:?} {method} {path}");
        }
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
}

/// What a narrowed role opens to everybody is its own app: another app that a custom role opens stays as far as that one goes,
/// and the right over it stays over those people.
async fn an_app_that_is_a_target_widens_no_right_over_another(world: &World) {
    let things = world.things(&world.main, "ada").await;
    let own = AppId::parse(&things.app).unwrap();
    let other = world.client(&world.main, "Other").await;
    let (samos, members) = world.crowd("samos", 1).await;
    let (naxos, others) = world.crowd("naxos", 1).await;
    world
        .let_desk("run", &[To::AppsManage], &[Resource::App(other.clone())])
        .await;
    let people = [
        Resource::UsersOf(samos.clone()),
        Resource::Group(samos.clone()),
    ];
    let may = [To::UsersAppAssignment, To::GroupsAppAssignment];
    world.let_desk("give", &may, &people).await;
    world
        .narrow_desk(Role::AppAdmin, &[RoleTarget::App(own.clone())])
        .await;
    let give = async |app: &AppId, kind: &str, id: &str| match kind {
        "users" => {
            let path = format!("apps/{app}/users");
            world.asks("POST", &path, &json!({ "id": id })).await
        }
        _ => {
            let path = format!("apps/{app}/groups/{id}");
            world.asks("PUT", &path, &json!({})).await
        }
    };
    for (app, kind, id, status) in [
        (&own, "users", others[0].as_str(), 200),
        (&own, "groups", naxos.as_str(), 200),
        (&other, "users", members[0].as_str(), 200),
        (&other, "groups", samos.as_str(), 200),
        (&other, "users", others[0].as_str(), 404),
        (&other, "groups", naxos.as_str(), 404),
    ] {
        let seen = give(app, kind, id).await;
        assert_eq!(seen.status, status, "{app} {kind} {id} {}", seen.body);
    }
    let whom = world.get(&format!("/api/v1/apps/{other}/groups")).await;
    assert_eq!(whom.texts("/id"), [samos.to_string()]);
    for (app, status) in [(&own, 200), (&other, 403)] {
        let path = format!("apps/{app}");
        let mut body = world.get(&format!("/api/v1/{path}")).await.body;
        body["settings"]["implicitAssignment"] = json!(true);
        let seen = world.asks("PUT", &path, &body).await;
        assert_eq!(seen.status, status, "{path} {}", seen.body);
    }
}

/// Whoever runs the people of a group assigns them no app by that.
async fn running_people_assigns_them_no_app(world: &World) {
    let app = world.client(&world.main, "Wiki").await;
    let (samos, members) = world.crowd("samos", 1).await;
    let apps = [Resource::App(app.clone())];
    world.let_desk("give", &[To::AppsAssignment], &apps).await;
    world.narrow_desk(Role::UserAdmin, &[group(&samos)]).await;
    let path = format!("apps/{app}/users");
    let assign = json!({ "id": members[0].as_str() });
    assert_eq!(world.asks("POST", &path, &assign).await.outcome(), MISSING);
    // A custom role that runs them does, and so nobody is moved from the one into the other.
    let (naxos, _) = world.crowd("naxos", 0).await;
    let over = [
        Resource::UsersOf(naxos.clone()),
        Resource::Group(naxos.clone()),
    ];
    let may = [To::UsersManage, To::GroupsMembers];
    let run = world.let_desk("run", &may, &over).await;
    let draw = format!("groups/{naxos}/users/{}", members[0]);
    let drawn = world.asks("PUT", &draw, &Value::Null).await;
    assert_eq!(drawn.outcome(), FORBIDDEN, "{}", drawn.body);
    world.unbind(&run).await;
    let may = [To::UsersProfile, To::GroupsMembers];
    world.let_desk("less", &may, &over).await;
    assert_eq!(world.asks("PUT", &draw, &Value::Null).await.status, 204);
}

/// What others are told must not differ by what lies outside.
async fn nothing_is_told_of_what_lies_outside(world: &World) {
    let things = world.things(&world.main, "ada").await;
    let foreign = world.things(&world.other, "eve").await;
    let (samos, members) = world.crowd("samos", 2).await;
    world.narrow_desk(Role::UserAdmin, &[group(&samos)]).await;
    for id in [
        &things.user,
        &foreign.user,
        &String::from("00uNobodyOfThisOrg00"),
    ] {
        let seen = world
            .asks("GET", &format!("users/{id}"), &Value::Null)
            .await;
        assert_eq!(seen.outcome(), MISSING);
        let told = seen.body["errorSummary"]
            .as_str()
            .unwrap()
            .replace(id.as_str(), "");
        assert_eq!(told, "Not found: Resource not found:  (User)");
    }
    for id in [
        &things.group,
        &foreign.group,
        &String::from("00gNobodyOfThisOrg00"),
    ] {
        for (method, path) in [
            ("GET", format!("groups/{id}")),
            ("GET", format!("groups/{id}/users")),
            ("PUT", format!("groups/{id}/users/{}", members[0])),
        ] {
            let seen = world.asks(method, &path, &Value::Null).await;
            assert_eq!(seen.outcome(), MISSING, "{method} {path}");
        }
    }
    // Who is in a target and in another group too is shown without the other one; counts are not told at all.
    let shown = world
        .asks("GET", &format!("groups/{samos}?expand=stats"), &Value::Null)
        .await;
    assert!(
        !shown.body.to_string().contains(&things.group),
        "{}",
        shown.body
    );
    for path in [
        format!("groups?filter=id+eq+%22{}%22", things.group),
        String::from("groups?q=ada"),
        format!("users?filter=id+eq+%22{}%22", things.user),
        String::from("users?search=profile.login+sw+%22ada%22"),
    ] {
        assert_eq!(world.sees(&path).await, Vec::<String>::new(), "{path}");
    }
    // A page of the manager's leads nowhere else in the helper's hands.
    let page = world.get("/api/v1/users?limit=1").await;
    let next = page.link("next").unwrap();
    let next = next["https://id.example/t/main/api/v1/".len()..].to_owned();
    let followed = world.asks("GET", &next, &Value::Null).await;
    let within: Vec<String> = members.iter().map(ToString::to_string).collect();
    if followed.status == 200 {
        assert!(followed.texts("/id").iter().all(|id| within.contains(id)));
    }
    // And an app that is no target is none.
    let (app, role) = (AppId::parse(&things.app).unwrap(), APP_ADMIN);
    let desk = world.desk().await;
    let path = format!("users/{desk}/roles/{role}/targets/catalog/apps/oidc_client/{app}");
    assert_eq!(
        world.asks("PUT", &path, &Value::Null).await.outcome(),
        FORBIDDEN
    );
}

/// What somebody is by groups is read with every call, and so there are not many of them.
async fn a_person_is_in_so_many_groups_with_a_role(world: &World) {
    let desk = world.desk().await;
    let (samos, _) = world.crowd("samos", 0).await;
    let mut last = samos.clone();
    for number in 0..=GIVING_GROUPS_OF_ONE_MAX {
        let (team, _) = world.crowd(&format!("team{number}"), 0).await;
        let holder = RoleHolder::Group(team.clone());
        world
            .narrow(&holder, Role::HelpDeskAdmin, &[group(&samos)])
            .await;
        last = team.clone();
        if number < GIVING_GROUPS_OF_ONE_MAX {
            world.join(&team, &desk).await;
        }
    }
    let member = format!("/api/v1/groups/{last}/users/{desk}");
    let full = world.call(By::Manager, "PUT", &member, &Value::Null).await;
    assert_eq!(full.outcome(), (400, "E0000001"), "{}", full.body);
    // Nor does a group that they are in come to give one.
    let (plain, _) = world.crowd("plain", 0).await;
    world.join(&plain, &desk).await;
    let path = format!("/api/v1/groups/{plain}/roles");
    let given = world.post(&path, &json!({ "type": "REPORT_ADMIN" })).await;
    assert_eq!(given.outcome(), (400, "E0000001"), "{}", given.body);
}

on_both_engines! {
    a_person_is_in_so_many_groups_with_a_role,
    who_administers_is_out_of_reach_inside_of_a_target_too,
    nobody_draws_people_into_their_targets,
    an_app_needs_its_scope_and_is_narrowed_as_people_are,
    an_app_with_a_role_is_out_of_reach,
    an_app_that_is_a_target_widens_no_right_over_another,
    running_people_assigns_them_no_app,
    nothing_is_told_of_what_lies_outside,
}
