//! Nobody comes to more by a custom role: each way there was thought of, and is closed.

use crate::for_tests::desk::acts_upon_somebody;
use crate::for_tests::{By, World, on_both_engines};
use identity::access::Role;
use identity::access::custom::capability::Capability as To;
use identity::access::custom::{Holder, Resource};
use identity::person::lifecycle::LifecycleAction;
use serde_json::{Value, json};
use vocab::id::{GroupId, UserId};

const FORBIDDEN: (u16, &str) = (403, "E0000006");

async fn by(world: &World, who: By, method: &str, path: &str, body: Value) -> (u16, String) {
    let answer = world
        .call(who, method, &format!("/api/v1/{path}"), &body)
        .await;
    (answer.status.as_u16(), answer.code().to_owned())
}

fn forbidden() -> (u16, String) {
    (FORBIDDEN.0, FORBIDDEN.1.to_owned())
}

/// A group that gives its members a role over everybody.
async fn clerks(world: &World) -> GroupId {
    let (clerks, _) = world.crowd("clerks", 1).await;
    let (role, set) = world
        .role_over(
            &world.main,
            "clerks",
            &[To::UsersManage],
            &[Resource::Users],
        )
        .await;
    world
        .bind(&world.main, (&role, &set), Holder::Group(clerks.clone()))
        .await;
    clerks
}

async fn administrators_are_out_of_reach(world: &World) {
    world
        .let_desk("all", &[To::UsersManage], &[Resource::Users])
        .await;
    let plain = world.person(&world.main, "plain", "Plain", "Person").await;
    let reporter = world.administrator(Role::ReportAdmin).await;
    let super_admin = UserId::parse(&world.get("/api/v1/users/manager").await.id()).unwrap();
    let other = world.person(&world.main, "other", "Other", "Desk").await;
    let (role, set) = world
        .role_over(&world.main, "other", &[To::GroupsRead], &[Resource::Groups])
        .await;
    world
        .bind(&world.main, (&role, &set), Holder::User(other.clone()))
        .await;
    let clerks = clerks(world).await;
    let clerk = world
        .get(&format!("/api/v1/groups/{clerks}/users"))
        .await
        .texts("/id");
    let clerk = UserId::parse(&clerk[0]).unwrap();
    let acts = acts_upon_somebody();
    let rows = world.log_rows(&world.main).await;
    let above = [world.desk().await, reporter, super_admin, other, clerk];
    for user in &above {
        for (method, step, body) in &acts {
            let path = format!("users/{user}{step}");
            let seen = world.asks(method, &path, body).await;
            assert_eq!(seen.outcome(), FORBIDDEN, "{method} {path}");
        }
        // Looking is no act.
        assert_eq!(world.does("GET", &format!("users/{user}")).await.0, 200);
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
    assert_eq!(
        world
            .does("POST", &format!("users/{plain}/lifecycle/suspend"))
            .await
            .0,
        200
    );
}

/// Whoever runs people by a standard role touches a holder of custom ones only if they permit no more.
async fn holders_are_above_who_may_do_less(world: &World) {
    let roles = [Role::UserAdmin, Role::HelpDeskAdmin];
    for role in roles {
        world.administrator(role).await;
    }
    let desk = world.desk().await;
    let path = format!("users/{desk}/lifecycle/reset_factors");
    for (number, (capability, user_admin, help_desk)) in [
        (To::UsersManage, 200, 403),
        (To::UsersResetPassword, 200, 200),
        (To::GroupsMembers, 200, 403),
        (To::AppsManage, 403, 403),
        (To::ServersManage, 403, 403),
    ]
    .into_iter()
    .enumerate()
    {
        let all = [
            Resource::Users,
            Resource::Groups,
            Resource::Apps,
            Resource::Servers,
        ];
        let binding = world
            .let_desk(&format!("{number}"), &[capability], &all)
            .await;
        for (role, status) in roles.into_iter().zip([user_admin, help_desk]) {
            let seen = by(world, By::Of(role), "POST", &path, Value::Null).await;
            assert_eq!(seen.0, status, "{capability:?} {role:?}");
        }
        world.unbind(&binding).await;
    }
}

async fn a_group_with_a_role_is_changed_by_super_administrators_alone(world: &World) {
    let clerks = clerks(world).await;
    world.administrator(Role::UserAdmin).await;
    world.administrator(Role::OrgAdmin).await;
    let plain = world.person(&world.main, "plain", "Plain", "Person").await;
    let (whole, member) = (
        format!("groups/{clerks}"),
        format!("groups/{clerks}/users/{plain}"),
    );
    world
        .let_desk(
            "all",
            &[To::UsersManage, To::GroupsManage],
            &[Resource::Users, Resource::Groups],
        )
        .await;
    let own = format!("groups/{clerks}/users/{}", world.desk().await);
    let profile =
        json!({ "login": "new", "email": "new@example.com", "firstName": "N", "lastName": "N" });
    let new = json!({ "profile": profile, "groupIds": [clerks.as_str()] });
    let rule = json!({
        "type": "group_rule", "name": "Everybody called Plain",
        "conditions": { "expression": {
            "type": "urn:okta:expression:1.0", "value": "user.firstName == \"Plain\"",
        } },
        "actions": { "assignUserToGroups": { "groupIds": [clerks.as_str()] } },
    });
    let rows = world.log_rows(&world.main).await;
    for who in [By::Person, By::Of(Role::UserAdmin), By::Of(Role::OrgAdmin)] {
        for (method, path, body) in [
            ("PUT", member.as_str(), Value::Null),
            ("PUT", own.as_str(), Value::Null),
            ("DELETE", member.as_str(), Value::Null),
            ("DELETE", whole.as_str(), Value::Null),
            ("POST", "users", new.clone()),
            ("POST", "groups/rules", rule.clone()),
        ] {
            let seen = by(world, who, method, path, body).await;
            assert_eq!(seen, forbidden(), "{who:?} {method} {path}");
        }
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
    // Not even they let a rule fill it: whoever changes profiles would give the role.
    assert_eq!(
        by(world, By::Manager, "POST", "groups/rules", rule).await.0,
        400
    );
    for method in ["PUT", "DELETE"] {
        assert_eq!(
            by(world, By::Manager, method, &member, Value::Null).await.0,
            204
        );
    }
    assert_eq!(
        by(
            world,
            By::Manager,
            "DELETE",
            &format!("groups/{clerks}"),
            Value::Null
        )
        .await
        .0,
        204
    );
    let left = world
        .get("/api/v1/iam/resource-sets/clerks%20custom/bindings")
        .await;
    assert_eq!(
        left.body["roles"],
        json!([]),
        "the binding went with the group"
    );
}

async fn a_group_that_a_rule_fills_gives_no_role(world: &World) {
    let things = world.things(&world.main, "ada").await;
    let rule = json!({
        "type": "group_rule", "name": "Everybody called Plain",
        "conditions": { "expression": {
            "type": "urn:okta:expression:1.0", "value": "user.firstName == \"Plain\"",
        } },
        "actions": { "assignUserToGroups": { "groupIds": [things.group] } },
    });
    assert_eq!(
        by(world, By::Manager, "POST", "groups/rules", rule).await.0,
        200
    );
    let body = json!({ "type": "CUSTOM", "role": "ada custom", "resource-set": "ada custom" });
    let path = format!("groups/{}/roles", things.group);
    assert_eq!(
        by(world, By::Manager, "POST", &path, body).await,
        (400, "E0000001".into())
    );
}

/// By putting somebody into a group whose people one may help, one would come to help whomever one wants.
async fn nobody_draws_people_into_their_own_reach(world: &World) {
    let (samos, _) = world.crowd("samos", 1).await;
    let plain = world.person(&world.main, "plain", "Plain", "Person").await;
    world
        .let_desk(
            "members",
            &[To::GroupsMembers, To::UsersGroupMembership],
            &[Resource::Group(samos.clone()), Resource::Users],
        )
        .await;
    let member = format!("groups/{samos}/users/{plain}");
    assert_eq!(
        world.does("PUT", &member).await.0,
        204,
        "nothing comes of it"
    );
    assert_eq!(world.does("DELETE", &member).await.0, 204);
    let help = world
        .let_desk(
            "help",
            &[To::UsersResetPassword],
            &[Resource::UsersOf(samos.clone())],
        )
        .await;
    assert_eq!(world.does("PUT", &member).await, forbidden());
    // Whoever may do as much to the person already comes to no more.
    world
        .let_desk("credentials", &[To::UsersCredentials], &[Resource::Users])
        .await;
    assert_eq!(world.does("PUT", &member).await.0, 204);
    assert_eq!(world.does("DELETE", &member).await.0, 204);
    world.unbind(&help).await;
    // A rule that a change of a profile sets off does no more than one's own hand.
    let rule = json!({
        "type": "group_rule", "name": "Everybody called Moved",
        "conditions": { "expression": {
            "type": "urn:okta:expression:1.0", "value": "user.firstName == \"Moved\"",
        } },
        "actions": { "assignUserToGroups": { "groupIds": [samos.as_str()] } },
    });
    let made = world.post("/api/v1/groups/rules", &rule).await;
    let activate = format!("/api/v1/groups/rules/{}/lifecycle/activate", made.id());
    assert_eq!(world.post(&activate, &Value::Null).await.status, 204);
    world
        .let_desk("profiles", &[To::UsersProfile], &[Resource::Users])
        .await;
    world
        .let_desk(
            "suspend",
            &[To::UsersSuspend],
            &[Resource::UsersOf(samos.clone())],
        )
        .await;
    let moved = json!({ "profile": { "firstName": "Moved" } });
    let refused = world.asks("POST", &format!("users/{plain}"), &moved).await;
    assert_eq!(refused.outcome(), FORBIDDEN, "{}", refused.body);
    let other = json!({ "profile": { "firstName": "Other" } });
    let changed = world.asks("POST", &format!("users/{plain}"), &other).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
}

/// A rule that is applied anew asks nobody: whoever renames a group would choose whom it puts where.
async fn a_group_that_a_rule_asks_about_keeps_its_name(world: &World) {
    let (samos, _) = world.crowd("samos", 1).await;
    let (asked, _) = world.crowd("asked", 1).await;
    let rule = json!({
        "type": "group_rule", "name": "Those of Asked",
        "conditions": { "expression": {
            "type": "urn:okta:expression:1.0", "value": "isMemberOfGroupName(\"asked\")",
        } },
        "actions": { "assignUserToGroups": { "groupIds": [samos.as_str()] } },
    });
    let made = world.post("/api/v1/groups/rules", &rule).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let activate = format!("/api/v1/groups/rules/{}/lifecycle/activate", made.id());
    assert_eq!(world.post(&activate, &Value::Null).await.status, 204);
    world
        .let_desk("groups", &[To::GroupsManage], &[Resource::Groups])
        .await;
    let (other, _) = world.crowd("other", 1).await;
    for (group, name) in [(&asked, "else"), (&other, "asked two")] {
        let body = json!({ "profile": { "name": name, "description": "" } });
        let answer = world.asks("PUT", &format!("groups/{group}"), &body).await;
        let status = if group == &asked { 403 } else { 200 };
        assert_eq!(answer.status, status, "{name} {}", answer.body);
    }
    assert_eq!(
        world.does("DELETE", &format!("groups/{asked}")).await,
        forbidden()
    );
    assert_eq!(
        world.does("DELETE", &format!("groups/{other}")).await.0,
        204
    );
}

/// A standard role of a group counts for each member at once, and with the membership it ends.
async fn a_group_gives_its_members_a_standard_role(world: &World) {
    let (readers, _) = world.crowd("readers", 0).await;
    world.administrator(Role::UserAdmin).await;
    let desk = world.desk().await;
    let path = format!("groups/{readers}/roles");
    let member = format!("groups/{readers}/users/{desk}");
    let body = json!({ "type": "READ_ONLY_ADMIN" });
    assert_eq!(
        by(world, By::Manager, "PUT", &member, Value::Null).await.0,
        204
    );
    assert_eq!(world.does("GET", "users").await, forbidden());
    let rows = world.log_rows(&world.main).await;
    assert_eq!(
        by(world, By::Of(Role::UserAdmin), "POST", &path, body.clone()).await,
        forbidden()
    );
    let given = world.post(&format!("/api/v1/{path}"), &body).await;
    assert_eq!(
        (given.status.as_u16(), &given.body["assignmentType"]),
        (201, &json!("GROUP"))
    );
    assert_eq!(
        by(world, By::Manager, "POST", &path, body).await,
        (409, "E0000090".into())
    );
    assert_eq!(world.does("GET", "users").await.0, 200, "at once");
    let held = world.get(&format!("/api/v1/users/{desk}/roles")).await;
    assert_eq!(held.texts("/assignmentType"), ["GROUP"]);
    let own = format!("users/{desk}/roles/{}", given.id());
    assert_eq!(
        by(world, By::Manager, "DELETE", &own, Value::Null).await.0,
        404,
        "it is the group's"
    );
    for method in ["PUT", "DELETE"] {
        let refused = by(world, By::Of(Role::UserAdmin), method, &member, Value::Null).await;
        assert_eq!(refused, forbidden(), "{method}");
    }
    assert_eq!(
        by(world, By::Manager, "DELETE", &member, Value::Null)
            .await
            .0,
        204
    );
    assert_eq!(
        world.does("GET", "users").await,
        forbidden(),
        "the group was left"
    );
    assert_eq!(
        by(world, By::Manager, "PUT", &member, Value::Null).await.0,
        204
    );
    assert_eq!(world.does("GET", "users").await.0, 200);
    let role = format!("{path}/{}", given.id());
    assert_eq!(world.get(&format!("/api/v1/{role}")).await.body, given.body);
    assert_eq!(
        by(world, By::Manager, "DELETE", &role, Value::Null).await.0,
        204
    );
    assert_eq!(
        by(world, By::Manager, "DELETE", &role, Value::Null).await.0,
        404
    );
    assert_eq!(
        world.does("GET", "users").await,
        forbidden(),
        "the role was taken"
    );
    let kinds = world.log_since(rows).await.into_iter().map(|row| row.0);
    let kinds: Vec<String> = kinds
        .filter(|kind| kind.starts_with("group.privilege"))
        .collect();
    assert_eq!(kinds, ["group.privilege.grant", "group.privilege.revoke"]);
}

/// A mailbox alone opens no administrator, also not one by a custom role.
async fn nobody_becomes_an_administrator_on_the_way_back_in(world: &World) {
    let plain = world.person(&world.main, "plain", "Plain", "Person").await;
    let people = world.permit(&world.main, identity::access::Permission::ManagePeople);
    let expired = world
        .cell
        .change_person_status(&people, &plain, LifecycleAction::ResetPassword)
        .await;
    assert_eq!(expired.unwrap().as_str(), "RECOVERY");
    let (clerks, path) = (clerks(world).await, format!("users/{plain}/roles"));
    let body =
        json!({ "type": "CUSTOM", "role": "clerks custom", "resource-set": "clerks custom" });
    assert_eq!(
        by(world, By::Manager, "POST", &path, body.clone()).await.0,
        403
    );
    let member = format!("groups/{clerks}/users/{plain}");
    assert_eq!(
        by(world, By::Manager, "PUT", &member, Value::Null).await.0,
        403
    );
    let (other, _) = world.crowd("other", 0).await;
    world.join(&other, &plain).await;
    let path = format!("groups/{other}/roles");
    assert_eq!(by(world, By::Manager, "POST", &path, body).await.0, 403);
}

async fn one_person_has_a_bounded_number_of_bindings(world: &World) {
    let plain = world.person(&world.main, "plain", "Plain", "Person").await;
    for number in 0..identity::access::custom::BINDINGS_OF_ONE_MAX {
        let (role, set) = world
            .role_over(
                &world.main,
                &number.to_string(),
                &[To::UsersRead],
                &[Resource::Users],
            )
            .await;
        world
            .bind(&world.main, (&role, &set), Holder::User(plain.clone()))
            .await;
    }
    world
        .role_over(
            &world.main,
            "one more",
            &[To::UsersRead],
            &[Resource::Users],
        )
        .await;
    let body =
        json!({ "type": "CUSTOM", "role": "one more custom", "resource-set": "one more custom" });
    let path = format!("users/{plain}/roles");
    assert_eq!(
        by(world, By::Manager, "POST", &path, body).await,
        (400, "E0000001".into())
    );
}

on_both_engines!(
    administrators_are_out_of_reach,
    holders_are_above_who_may_do_less,
    a_group_with_a_role_is_changed_by_super_administrators_alone,
    a_group_that_a_rule_fills_gives_no_role,
    a_group_that_a_rule_asks_about_keeps_its_name,
    a_group_gives_its_members_a_standard_role,
    nobody_draws_people_into_their_own_reach,
    nobody_becomes_an_administrator_on_the_way_back_in,
    one_person_has_a_bounded_number_of_bindings,
);
