//! Targets of standard roles: listed, added and removed, and what a narrowed role reaches from then on.

use crate::for_tests::{By, World, on_both_engines};
use identity::access::custom::capability::Capability;
use identity::access::custom::{Holder, Resource};
use identity::access::narrowed::{RoleHolder, RoleTarget};
use identity::access::{Permission, Role};
use identity::person::lifecycle::LifecycleAction;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use vocab::id::{AppId, GroupId, UserId};

const HELP_DESK: &str = "JBCUYUC7IRCVGS27IFCE2SKO";
const USER_ADMIN: &str = "KVJUKUS7IFCE2SKO";
const APP_ADMIN: &str = "IFIFAX2BIRGUSTQ";
const SUPER: &str = "KNKVARKSL5AUITKJJY";
const READ_ONLY: &str = "KJCUCRC7J5HEYWK7IFCE2SKO";

const MISSING: (u16, &str) = (404, "E0000007");
const FORBIDDEN: (u16, &str) = (403, "E0000006");
const INVALID: (u16, &str) = (400, "E0000001");
const WRONG_ROLE: (u16, &str) = (400, "E0000091");

fn missing() -> (u16, String) {
    (MISSING.0, MISSING.1.into())
}

fn forbidden() -> (u16, String) {
    (FORBIDDEN.0, FORBIDDEN.1.into())
}

async fn manage(world: &World, method: &str, path: &str) -> (u16, String) {
    let answer = world.call(By::Manager, method, path, &Value::Null).await;
    (answer.status.as_u16(), answer.code().to_owned())
}

async fn targets_are_groups_of_those_roles_and_one_is_kept(world: &World) {
    let (samos, _) = world.crowd("samos", 0).await;
    let (naxos, _) = world.crowd("naxos", 0).await;
    let desk = world.desk().await;
    world.grant(&desk, Role::HelpDeskAdmin).await;
    world.grant(&desk, Role::ReadOnlyAdmin).await;
    let base = format!("/api/v1/users/{desk}/roles/{HELP_DESK}/targets");
    assert_eq!(world.get(&format!("{base}/groups")).await.body, json!([]));
    assert_eq!(world.get(&base).await.body, json!([]));
    let rows = world.log_rows(&world.main).await;
    for group in [&samos, &naxos, &samos] {
        let path = format!("{base}/groups/{group}");
        assert_eq!(manage(world, "PUT", &path).await.0, 204);
    }
    let kinds = world.log_since(rows).await;
    let granted = "user.account.privilege.grant";
    assert!(kinds.iter().all(|(kind, _)| kind == granted), "{kinds:?}");
    assert_eq!(kinds.len(), 2, "nothing happens for what is a target");
    let both: BTreeSet<String> = [samos.to_string(), naxos.to_string()].into();
    for limit in [1, 20] {
        let path = format!("{base}/groups?limit={limit}");
        let seen = world.walk(&path, "/id").await;
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), both);
    }
    let whole = world.get(&base).await;
    assert_eq!(whole.texts("/assignmentType"), ["USER", "USER"]);
    assert!(whole.body.to_string().contains(&format!(":groups:{samos}")));
    // The role is shown as it was, and is there once.
    let roles = world.get(&format!("/api/v1/users/{desk}/roles")).await;
    assert_eq!(roles.texts("/type"), ["HELP_DESK_ADMIN", "READ_ONLY_ADMIN"]);
    let again = json!({ "type": "HELP_DESK_ADMIN" });
    let path = format!("/api/v1/users/{desk}/roles");
    assert_eq!(world.post(&path, &again).await.outcome(), (409, "E0000090"));
    for (method, path, outcome) in [
        (
            "PUT",
            format!("{base}/groups/00gNobodyOfThisOrg00"),
            MISSING,
        ),
        (
            "DELETE",
            format!("{base}/groups/00gNobodyOfThisOrg00"),
            MISSING,
        ),
        (
            "PUT",
            format!("{base}/catalog/apps/oidc_client"),
            WRONG_ROLE,
        ),
        ("GET", format!("{base}/catalog/apps"), WRONG_ROLE),
        (
            "PUT",
            format!("/api/v1/users/{desk}/roles/{READ_ONLY}/targets/groups/{samos}"),
            WRONG_ROLE,
        ),
        (
            "PUT",
            format!("/api/v1/users/{desk}/roles/{USER_ADMIN}/targets/groups/{samos}"),
            MISSING,
        ),
        (
            "PUT",
            format!("/api/v1/users/{desk}/roles/{SUPER}/targets/groups/{samos}"),
            WRONG_ROLE,
        ),
        (
            "PUT",
            format!("/api/v1/users/{desk}/roles/nothing/targets/groups/{samos}"),
            MISSING,
        ),
    ] {
        let seen = manage(world, method, &path).await;
        assert_eq!((seen.0, seen.1.as_str()), outcome, "{method} {path}");
    }
    let naxos = format!("{base}/groups/{naxos}");
    assert_eq!(manage(world, "DELETE", &naxos).await.0, 204);
    assert_eq!(manage(world, "DELETE", &naxos).await, missing());
    let last = manage(world, "DELETE", &format!("{base}/groups/{samos}")).await;
    assert_eq!((last.0, last.1.as_str()), INVALID, "the last one stays");
    let listed = world.get(&format!("{base}/groups")).await;
    assert_eq!(listed.texts("/id"), [samos.to_string()]);
    // Taken and given anew, it is held over everything.
    let role = format!("/api/v1/users/{desk}/roles/{HELP_DESK}");
    assert_eq!(manage(world, "DELETE", &role).await.0, 204);
    assert_eq!(manage(world, "GET", &base).await, missing());
    world.grant(&desk, Role::HelpDeskAdmin).await;
    assert_eq!(world.get(&format!("{base}/groups")).await.body, json!([]));
}

async fn only_super_administrators_of_the_org_change_targets(world: &World) {
    let things = world.things(&world.main, "ada").await;
    let samos = GroupId::parse(&things.group).unwrap();
    let target = [RoleTarget::Group(samos.clone())];
    let desk = world.narrow_desk(Role::UserAdmin, &target).await;
    for role in [Role::OrgAdmin, Role::UserAdmin, Role::AppAdmin] {
        world.administrator(role).await;
    }
    let (naxos, _) = world.crowd("naxos", 0).await;
    let base = format!("/api/v1/users/{desk}/roles/{USER_ADMIN}/targets/groups");
    let rows = world.log_rows(&world.main).await;
    for by in [
        By::Person,
        By::Reader,
        By::Of(Role::OrgAdmin),
        By::Of(Role::UserAdmin),
        By::Of(Role::AppAdmin),
    ] {
        for (method, group) in [("PUT", &naxos), ("DELETE", &samos)] {
            let path = format!("{base}/{group}");
            let seen = world.call(by, method, &path, &Value::Null).await;
            assert_eq!(seen.outcome(), FORBIDDEN, "{by:?} {method}");
        }
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
    // A group of another org is none.
    let permit = world.permit(&world.other, Permission::ManageGroups);
    let foreign = world.cell.create_group(&permit, "Foreign", "").await;
    let path = format!("{base}/{}", foreign.unwrap().id);
    assert_eq!(manage(world, "PUT", &path).await, missing());
}

async fn a_narrowed_helper_reaches_members_alone(world: &World) {
    let (samos, members) = world.crowd("samos", 3).await;
    let (_, others) = world.crowd("naxos", 2).await;
    let desk = world.desk().await;
    world.grant(&desk, Role::HelpDeskAdmin).await;
    let outside = format!("users/{}/lifecycle/expire_password", others[0]);
    assert_eq!(world.does("POST", &outside).await.0, 200, "held over all");
    let holder = RoleHolder::User(desk);
    let target = RoleTarget::Group(samos.clone());
    world.narrow(&holder, Role::HelpDeskAdmin, &[target]).await;
    for limit in [1, 2, 50] {
        let seen = world.sees(&format!("users?limit={limit}")).await;
        let expected: BTreeSet<String> = members.iter().map(ToString::to_string).collect();
        assert_eq!(seen.len(), 3);
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), expected);
    }
    for (query, count) in [
        ("q=naxos", 0),
        ("q=samos", 3),
        ("search=profile.login+eq+%22naxos0%22", 0),
        ("filter=status+eq+%22ACTIVE%22", 3),
    ] {
        let seen = world.sees(&format!("users?{query}")).await;
        assert_eq!(seen.len(), count, "{query}");
    }
    assert_eq!(world.sees("groups").await, [samos.to_string()]);
    let inside = format!("users/{}", members[0]);
    for (method, step) in [
        ("GET", ""),
        ("GET", "/factors"),
        ("POST", "/lifecycle/expire_password"),
        ("POST", "/lifecycle/reset_factors"),
        ("POST", "/lifecycle/unlock"),
        ("DELETE", "/sessions"),
    ] {
        let (status, _) = world.does(method, &format!("{inside}{step}")).await;
        assert!(status < 300 || status == 403, "{method} {step}: {status}");
        // Somebody outside is not found, and neither is somebody of whom there is nobody.
        for id in [others[0].as_str(), "naxos0", "00uNobodyOfThisOrg00"] {
            let path = format!("users/{id}{step}");
            assert_eq!(
                world.does(method, &path).await,
                missing(),
                "{method} {path}"
            );
        }
    }
    // What the role does not permit, it does not permit within either; and what is no part of it is not opened.
    for (method, path) in [
        ("POST", format!("{inside}/lifecycle/suspend")),
        ("POST", inside.clone()),
        ("DELETE", inside.clone()),
        ("PUT", format!("groups/{samos}/users/{}", members[0])),
        ("PUT", format!("groups/{samos}")),
        ("DELETE", format!("groups/{samos}")),
        ("GET", "apps".into()),
        ("GET", "logs".into()),
        ("GET", format!("{inside}/roles")),
        ("GET", format!("{inside}/groups")),
    ] {
        let body = match method {
            "POST" | "PUT" => json!({ "profile": { "name": "x" } }),
            _ => Value::Null,
        };
        let seen = world.asks(method, &path, &body).await;
        assert_eq!(seen.outcome(), FORBIDDEN, "{method} {path}");
    }
}

async fn a_narrowed_group_administrator_runs_members_alone(world: &World) {
    let (samos, members) = world.crowd("samos", 2).await;
    let (naxos, others) = world.crowd("naxos", 1).await;
    let (chios, _) = world.crowd("chios", 0).await;
    let targets = [
        RoleTarget::Group(samos.clone()),
        RoleTarget::Group(chios.clone()),
    ];
    world.narrow_desk(Role::UserAdmin, &targets).await;
    let suspend = |id: &UserId| format!("users/{id}/lifecycle/suspend");
    assert_eq!(world.does("POST", &suspend(&members[0])).await.0, 200);
    assert_eq!(world.does("POST", &suspend(&others[0])).await, missing());
    let change = json!({ "profile": { "lastName": "Of Samos" } });
    for (user, status) in [(&members[0], 200), (&others[0], 404)] {
        let path = format!("users/{user}");
        let seen = world.asks("POST", &path, &change).await;
        assert_eq!(seen.status, status, "{}", seen.body);
    }
    // Nobody is added, since nobody is in a target before; and people move between targets alone.
    let new = json!({
        "profile": { "login": "new", "email": "new@example.com", "firstName": "N", "lastName": "N" },
        "groupIds": [samos.as_str()],
    });
    assert_eq!(world.asks("POST", "users", &new).await.outcome(), FORBIDDEN);
    let member = |group: &GroupId, user: &UserId| format!("groups/{group}/users/{user}");
    assert_eq!(world.does("PUT", &member(&chios, &members[0])).await.0, 204);
    assert_eq!(
        world.does("PUT", &member(&naxos, &members[0])).await,
        missing()
    );
    assert_eq!(
        world.does("PUT", &member(&samos, &others[0])).await,
        missing()
    );
    assert_eq!(
        world.does("DELETE", &member(&naxos, &others[0])).await,
        missing()
    );
    assert_eq!(
        world.does("DELETE", &member(&samos, &members[0])).await.0,
        204
    );
    assert_eq!(
        world
            .does("POST", &format!("users/{}/lifecycle/unsuspend", members[0]))
            .await
            .0,
        200,
        "who is in the other target is within still"
    );
    for (method, path) in [
        ("PUT", format!("groups/{samos}")),
        ("DELETE", format!("groups/{samos}")),
        ("POST", "groups".into()),
        ("POST", "groups/rules".into()),
    ] {
        let seen = world
            .asks(method, &path, &json!({ "profile": { "name": "x" } }))
            .await;
        assert_eq!(seen.outcome(), FORBIDDEN, "{method} {path}");
    }
}

async fn a_narrowed_app_administrator_runs_those_apps_alone(world: &World) {
    let things = world.things(&world.main, "ada").await;
    let wiki = AppId::parse(&things.app).unwrap();
    let other = world.client(&world.main, "Other").await;
    world
        .narrow_desk(Role::AppAdmin, &[RoleTarget::App(wiki.clone())])
        .await;
    assert_eq!(world.sees("apps").await, [wiki.to_string()]);
    assert_eq!(world.does("GET", &format!("apps/{other}")).await, missing());
    let mut body = world
        .asks("GET", &format!("apps/{wiki}"), &Value::Null)
        .await
        .body;
    body["label"] = json!("Handbook");
    let changed = world.asks("PUT", &format!("apps/{wiki}"), &body).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let outside = world.asks("PUT", &format!("apps/{other}"), &body).await;
    assert_eq!(outside.outcome(), MISSING);
    // The app is for whomever it may be for, and people are named, not listed.
    let (_, members) = world.crowd("crowd", 1).await;
    let assign = json!({ "id": members[0].as_str() });
    let given = world
        .asks("POST", &format!("apps/{wiki}/users"), &assign)
        .await;
    assert_eq!(given.status, 200, "{}", given.body);
    let outside = world
        .asks("POST", &format!("apps/{other}/users"), &assign)
        .await;
    assert_eq!(outside.outcome(), MISSING);
    for path in ["users", "groups"] {
        assert_eq!(world.does("GET", path).await, forbidden(), "{path}");
    }
    let one = format!("users/{}", members[0]);
    assert_eq!(world.does("GET", &one).await, forbidden());
    let steps = [("POST", "apps"), ("GET", "authorizationServers")];
    for (method, path) in steps {
        assert_eq!(
            world.asks(method, path, &json!({})).await.outcome(),
            FORBIDDEN
        );
    }
    // Every app of the kind, and then single ones beside it no more.
    let desk = world.desk().await;
    let base = format!("/api/v1/users/{desk}/roles/{APP_ADMIN}/targets/catalog/apps");
    let listed = world.get(&base).await;
    assert_eq!(listed.texts("/id"), [wiki.to_string()]);
    assert_eq!(listed.texts("/displayName"), ["Handbook"]);
    for unknown in [
        "facebook",
        &format!("facebook/{other}"),
        "oidc_client/0oaNobodyOfThisOrg0",
    ] {
        let seen = manage(world, "PUT", &format!("{base}/{unknown}")).await;
        assert_eq!(seen, missing(), "{unknown}");
    }
    let all = format!("{base}/oidc_client");
    assert_eq!(manage(world, "PUT", &all).await.0, 204);
    let names = world.get(&base).await.texts("/name");
    assert_eq!(
        names,
        ["oidc_client", "oidc_client"],
        "one app, and every one"
    );
    let single = manage(world, "PUT", &format!("{all}/{other}")).await;
    assert_eq!((single.0, single.1.as_str()), INVALID);
    let path = format!("apps/{other}");
    assert_eq!(world.does("GET", &path).await.0, 200);
    assert_eq!(
        world.does("GET", "users").await,
        forbidden(),
        "no more than apps"
    );
    assert_eq!(manage(world, "DELETE", &all).await.0, 204);
    assert_eq!(manage(world, "DELETE", &all).await, missing());
    assert_eq!(world.does("GET", &path).await, missing());
    let last = manage(world, "DELETE", &format!("{all}/{wiki}")).await;
    assert_eq!((last.0, last.1.as_str()), INVALID);
    // Held over everything again.
    assert_eq!(manage(world, "PUT", &base).await.0, 200);
    assert_eq!(world.get(&base).await.body, json!([]));
    assert_eq!(world.does("GET", "users").await.0, 200);
}

async fn a_role_whose_targets_are_gone_reaches_nothing(world: &World) {
    let (samos, members) = world.crowd("samos", 2).await;
    let app = world.client(&world.main, "Wiki").await;
    world
        .narrow_desk(Role::UserAdmin, &[RoleTarget::Group(samos.clone())])
        .await;
    world
        .narrow_desk(Role::AppAdmin, &[RoleTarget::App(app.clone())])
        .await;
    assert_eq!(world.sees("users").await.len(), 2);
    let removed = format!("/api/v1/groups/{samos}");
    assert_eq!(manage(world, "DELETE", &removed).await.0, 204);
    world.remove_app(&app).await;
    for path in ["users", "groups", "apps"] {
        assert_eq!(world.sees(path).await, Vec::<String>::new(), "{path}");
    }
    let one = format!("users/{}", members[0]);
    assert_eq!(world.does("GET", &one).await, missing());
    assert_eq!(world.does("DELETE", &one).await, missing());
    let desk = world.desk().await;
    let base = format!("/api/v1/users/{desk}/roles/{USER_ADMIN}/targets/groups");
    assert_eq!(world.get(&base).await.body, json!([]));
    assert_eq!(
        manage(world, "DELETE", &format!("{base}/{samos}")).await,
        missing()
    );
    // A group of the same name is another group.
    let (again, _) = world.crowd("samos", 0).await;
    world.join(&again, &members[0]).await;
    assert_eq!(world.does("GET", &one).await, missing());
    // It is a role still, and nobody who may do less touches its holder.
    world.administrator(Role::HelpDeskAdmin).await;
    let path = format!("/api/v1/users/{desk}/lifecycle/reset_factors");
    let seen = world.call(By::Of(Role::HelpDeskAdmin), "POST", &path, &Value::Null);
    assert_eq!(seen.await.outcome(), FORBIDDEN);
    assert_eq!(
        manage(world, "PUT", &format!("{base}/{again}")).await.0,
        204
    );
    assert_eq!(world.does("GET", &one).await.0, 200);
}

async fn it_ends_with_the_role_the_group_and_the_person(world: &World) {
    let (samos, members) = world.crowd("samos", 1).await;
    let (team, _) = world.crowd("team", 0).await;
    let desk = world.desk().await;
    let target = [RoleTarget::Group(samos.clone())];
    let holder = RoleHolder::Group(team.clone());
    world.narrow(&holder, Role::HelpDeskAdmin, &target).await;
    let one = format!("users/{}", members[0]);
    assert_eq!(world.does("GET", &one).await, forbidden());
    world.join(&team, &desk).await;
    assert_eq!(
        world.does("GET", &one).await.0,
        200,
        "from the next call on"
    );
    let shown = world.get(&format!("/api/v1/users/{desk}/roles")).await;
    assert_eq!(shown.texts("/assignmentType"), ["GROUP"]);
    let base = format!("/api/v1/users/{desk}/roles/{HELP_DESK}/targets");
    assert_eq!(world.get(&base).await.texts("/assignmentType"), ["GROUP"]);
    let own = world.get(&format!("{base}?assignmentType=USER")).await;
    assert_eq!(own.body, json!([]));
    assert_eq!(
        manage(world, "GET", &format!("{base}/groups")).await,
        missing()
    );
    let of_group = format!("/api/v1/groups/{team}/roles/{HELP_DESK}");
    let listed = world.get(&format!("{of_group}/targets/groups")).await;
    assert_eq!(listed.texts("/id"), [samos.to_string()]);
    // Who is in a group with a narrowed role is changed by super administrators alone.
    world.administrator(Role::UserAdmin).await;
    let member = format!("/api/v1/groups/{team}/users/{}", members[0]);
    let seen = world.call(By::Of(Role::UserAdmin), "PUT", &member, &Value::Null);
    assert_eq!(seen.await.outcome(), FORBIDDEN);
    let left = format!("/api/v1/groups/{team}/users/{desk}");
    assert_eq!(manage(world, "DELETE", &left).await.0, 204);
    assert_eq!(world.does("GET", &one).await, forbidden());
    world.join(&team, &desk).await;
    assert_eq!(manage(world, "DELETE", &of_group).await.0, 204);
    assert_eq!(world.does("GET", &one).await, forbidden());
    world.narrow(&holder, Role::HelpDeskAdmin, &target).await;
    assert_eq!(world.does("GET", &one).await.0, 200);
    assert_eq!(
        manage(world, "DELETE", &format!("/api/v1/groups/{team}"))
            .await
            .0,
        204
    );
    assert_eq!(world.does("GET", &one).await, forbidden());
    // And nothing is left behind of a person who is removed.
    world.narrow_desk(Role::UserAdmin, &target).await;
    let people = world.permit(&world.main, Permission::ManagePeople);
    let away = world
        .cell
        .change_person_status(&people, &desk, LifecycleAction::Deactivate);
    away.await.unwrap();
    assert_eq!(world.does("GET", &one).await.0, 401);
    let removed = manage(world, "DELETE", &format!("/api/v1/users/{desk}")).await;
    assert_eq!(removed.0, 204);
    let mut tx = world.cell.database.read().await.unwrap();
    let whose = RoleHolder::User(desk);
    let store = identity::access::narrowed::store::load_targets(
        &mut tx,
        &world.main,
        (&whose, Role::UserAdmin),
    );
    assert_eq!(store.await.unwrap(), []);
}

async fn whoever_has_a_role_by_themselves_is_listed_page_by_page(world: &World) {
    let path = "/api/v1/iam/assignees/users";
    let (samos, _) = world.crowd("samos", 0).await;
    let desk = world
        .narrow_desk(Role::UserAdmin, &[RoleTarget::Group(samos)])
        .await;
    let reporter = world.administrator(Role::ReportAdmin).await;
    let plain = world.person(&world.main, "plain", "Plain", "Person").await;
    let custom = world
        .person(&world.main, "custom", "Custom", "Person")
        .await;
    let pair = world
        .role_over(
            &world.main,
            "read",
            &[Capability::UsersRead],
            &[Resource::Users],
        )
        .await;
    let holder = Holder::User(custom.clone());
    world.bind(&world.main, (&pair.0, &pair.1), holder).await;
    let (mut seen, mut next) = (Vec::new(), Some(format!("{path}?limit=2")));
    while let Some(path) = next {
        let page = world.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let people = page.body["value"].as_array().unwrap();
        assert!(people.len() <= 2);
        for one in people {
            let id = one["id"].as_str().unwrap().to_owned();
            let href = one["_links"]["roles"]["href"].as_str().unwrap();
            assert!(href.ends_with(&format!("/api/v1/users/{id}/roles")));
            assert!(one["orn"].as_str().unwrap().ends_with(&id));
            seen.push(id);
        }
        next = page.body["_links"]["next"]["href"]
            .as_str()
            .map(|href| href["https://id.example/t/main".len()..].to_owned());
    }
    let mut expected = vec![desk.to_string(), reporter.to_string(), custom.to_string()];
    for login in ["manager", "reader"] {
        expected.push(world.get(&format!("/api/v1/users/{login}")).await.id());
    }
    expected.sort();
    assert_eq!(seen, expected, "each once, by id");
    assert!(!seen.contains(&plain.to_string()));
    for (by, outcome) in [
        (By::Person, (403, "E0000006")),
        (By::Nobody, (403, "E0000005")),
        (By::Reader, (200, "")),
    ] {
        let answer = world.call(by, "GET", path, &Value::Null).await;
        assert_eq!(answer.outcome(), outcome, "{by:?}");
    }
    let foreign = world.call(By::Stranger, "GET", path, &Value::Null).await;
    assert_eq!(foreign.outcome(), (401, "E0000011"));
    assert_eq!(
        world.get(&format!("{path}?after=x")).await.outcome(),
        (400, "E0000001")
    );
}

async fn one_thing_is_put_into_a_set_and_has_no_conditions(world: &World) {
    let (samos, _) = world.crowd("samos", 0).await;
    let (_, set) = world
        .role_over(
            &world.main,
            "read",
            &[Capability::GroupsRead],
            &[Resource::Groups],
        )
        .await;
    let path = format!("/api/v1/iam/resource-sets/{set}/resources");
    let name = format!("https://id.example/t/main/api/v1/groups/{samos}");
    let body = json!({ "resourceOrnOrUrl": name, "conditions": {} });
    let added = world.post(&path, &body).await;
    assert_eq!(added.status, 200, "{}", added.body);
    assert_eq!(added.body["_links"]["self"]["href"], json!(name));
    assert_eq!(
        world.post(&path, &body).await.body,
        added.body,
        "it is there"
    );
    let one = format!("{path}/{}", added.id());
    let put = async |body: Value| world.call(By::Manager, "PUT", &one, &body).await;
    assert_eq!(put(json!({ "conditions": {} })).await.body, added.body);
    let excluded = json!({ "Exclude": { "okta:ORN": ["orn:okta:x"] } });
    for body in [
        json!({ "conditions": excluded }),
        json!({ "resourceOrnOrUrl": name }),
    ] {
        assert_eq!(put(body.clone()).await.outcome(), INVALID, "{body}");
    }
    for body in [
        json!({ "conditions": {} }),
        json!({ "resourceOrnOrUrl": "orn:okta:x", "conditions": {} }),
        json!({ "resourceOrnOrUrl": name, "conditions": excluded }),
    ] {
        assert_eq!(world.post(&path, &body).await.outcome(), INVALID, "{body}");
    }
    let refused = world.call(By::Reader, "POST", &path, &body).await;
    assert_eq!(refused.outcome(), FORBIDDEN);
    let gone = format!("{path}/ire1a2b3c4d5e6f7g8h9");
    let gone = world.call(By::Manager, "PUT", &gone, &json!({})).await;
    assert_eq!(gone.outcome(), MISSING);
}

on_both_engines! {
    whoever_has_a_role_by_themselves_is_listed_page_by_page,
    one_thing_is_put_into_a_set_and_has_no_conditions,
    targets_are_groups_of_those_roles_and_one_is_kept,
    only_super_administrators_of_the_org_change_targets,
    a_narrowed_helper_reaches_members_alone,
    a_narrowed_group_administrator_runs_members_alone,
    a_narrowed_app_administrator_runs_those_apps_alone,
    a_role_whose_targets_are_gone_reaches_nothing,
    it_ends_with_the_role_the_group_and_the_person,
}
