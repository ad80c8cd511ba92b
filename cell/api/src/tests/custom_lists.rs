//! What a holder of custom roles finds: what lies within their resource sets at that moment, and nothing else.

use crate::for_tests::{World, on_both_engines};
use identity::access::custom::Resource;
use identity::access::custom::capability::Capability as To;
use identity::access::{Caller, Permission, TokenCaller, authorize_within};
use identity::person::PersonStatus;
use identity::person::search::plan::PeopleSearch;
use ledger::ClientFacts;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use vocab::id::ApiTokenId;

fn missing() -> (u16, String) {
    (404, "E0000007".into())
}

fn forbidden() -> (u16, String) {
    (403, "E0000006".into())
}

/// Those who have left, too: the walk sifts by the state, and so a page is full where there are as many.
async fn people_within_are_found_by_their_state(world: &World) {
    let (samos, members) = world.crowd("samos", 4).await;
    let (_, others) = world.crowd("naxos", 1).await;
    for user in [&members[1], &members[3], &others[0]] {
        let path = format!("/api/v1/users/{user}/lifecycle/deactivate");
        assert_eq!(world.post(&path, &Value::Null).await.status, 200);
    }
    let binding = world
        .let_desk("part", &[To::UsersRead], &[Resource::UsersOf(samos)])
        .await;
    let caller = Caller::ApiToken(TokenCaller {
        org_id: world.main.clone(),
        token_id: ApiTokenId::generate(world.cell.entropy()),
        name: String::from("desk"),
        user_id: world.desk().await,
        roles: Vec::new(),
        capabilities: [To::UsersRead].into(),
    });
    let facts = ClientFacts::default();
    let permit = authorize_within(&caller, &world.main, To::UsersRead, &facts).unwrap();
    let seen = async |status: PersonStatus, text: &str, limit: usize| {
        let search = PeopleSearch::in_state(status, text);
        let found = world.cell.search_people(&permit, &search, None, limit);
        let found = found.await.unwrap();
        let ids = found.people.into_iter().map(|record| record.person.id);
        (ids.collect::<BTreeSet<_>>(), found.next.is_some())
    };
    let left: BTreeSet<_> = [members[1].clone(), members[3].clone()].into();
    let present: BTreeSet<_> = [members[0].clone(), members[2].clone()].into();
    let none = BTreeSet::new();
    let gone = PersonStatus::Deprovisioned;
    for text in ["", "samos"] {
        assert_eq!(seen(gone, text, 3).await, (left.clone(), false), "{text}");
        let active = seen(PersonStatus::Active, text, 3).await;
        assert_eq!(active, (present.clone(), false), "{text}");
    }
    assert_eq!(seen(gone, "naxos", 3).await, (none.clone(), false));
    assert_eq!(seen(PersonStatus::Suspended, "", 3).await, (none, false));
    // Whoever reads everybody finds those of the other group beside.
    world.unbind(&binding).await;
    world
        .let_desk("whole", &[To::UsersRead], &[Resource::Users])
        .await;
    let everywhere = seen(gone, "", 9).await.0;
    assert!(everywhere.is_superset(&left) && everywhere.contains(&others[0]));
    assert_eq!(seen(gone, "samos", 9).await, (left, false));
}

async fn people_within_are_found_and_nobody_else(world: &World) {
    let (samos, members) = world.crowd("samos", 7).await;
    let (naxos, others) = world.crowd("naxos", 3).await;
    let both = &members[6];
    world.join(&naxos, both).await;
    assert_eq!(world.does("GET", "users").await, forbidden(), "before");
    let binding = world
        .let_desk(
            "read",
            &[To::UsersRead],
            &[Resource::UsersOf(samos.clone())],
        )
        .await;
    let ids = |people: &[vocab::id::UserId]| -> BTreeSet<String> {
        people.iter().map(ToString::to_string).collect()
    };
    for limit in [1, 2, 3, 7, 50] {
        let seen = world.sees(&format!("users?limit={limit}")).await;
        assert_eq!(seen.len(), 7, "each once, in pages of {limit}");
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), ids(&members));
    }
    for (query, count) in [
        ("q=samos", 7),
        ("q=naxos", 0),
        ("filter=status+eq+%22ACTIVE%22&limit=2", 7),
        ("search=profile.firstName+sw+%22sam%22", 7),
        ("search=profile.login+eq+%22samos3%22", 1),
        ("search=profile.login+eq+%22naxos0%22", 0),
        (
            "search=profile.login+eq+%22naxos0%22+or+status+eq+%22ACTIVE%22&limit=3",
            7,
        ),
    ] {
        assert_eq!(
            world.sees(&format!("users?{query}")).await.len(),
            count,
            "{query}"
        );
    }
    for query in [
        "sortBy=profile.login",
        "sortBy=id",
        "sortBy=id&sortOrder=desc",
    ] {
        assert_eq!(
            world.does("GET", &format!("users?{query}")).await.0,
            400,
            "{query}"
        );
    }
    let one = format!("users/{}", members[0]);
    for path in [
        one.clone(),
        "users/samos0".into(),
        format!("{one}/factors"),
        format!("{one}/blocks"),
    ] {
        assert_eq!(world.does("GET", &path).await.0, 200, "{path}");
    }
    let stranger = world.person(&world.other, "eve", "Eve", "Else").await;
    for path in [
        format!("users/{}", others[0]),
        "users/naxos0".into(),
        "users/me".into(),
        format!("users/{}/factors", others[0]),
        format!("users/{stranger}"),
    ] {
        assert_eq!(world.does("GET", &path).await, missing(), "{path}");
    }
    // A second set adds to the first one; whoever is in both groups is shown once.
    let more = world
        .let_desk(
            "more",
            &[To::UsersManage],
            &[Resource::UsersOf(naxos.clone())],
        )
        .await;
    for limit in [1, 4, 50] {
        let seen = world.sees(&format!("users?limit={limit}")).await;
        assert_eq!(seen.len(), 10, "in pages of {limit}");
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>().len(), 10);
    }
    world.unbind(&more).await;
    assert_eq!(
        world.does("GET", &format!("users/{}", others[0])).await,
        missing()
    );
    // Whoever leaves the group lies outside from then on.
    let groups = world.permit(&world.main, Permission::ManageGroups);
    let left = world.cell.remove_group_member(&groups, &samos, &members[0]);
    left.await.unwrap();
    assert_eq!(world.does("GET", &one).await, missing());
    assert_eq!(world.sees("users").await.len(), 6);
    world.unbind(&binding).await;
    assert_eq!(
        world.does("GET", "users").await,
        forbidden(),
        "the next call"
    );
    assert_eq!(
        world.does("GET", &format!("users/{}", members[1])).await,
        forbidden()
    );
}

/// What gives the rights can end in many ways, and each ends them with the next call.
async fn rights_end_at_once(world: &World) {
    let (samos, members) = world.crowd("samos", 1).await;
    let path = format!("users/{}", members[0]);
    let desk = world.desk().await;
    let org = world.permit(&world.main, Permission::ManageOrg);
    // Through a group.
    let (clerks, _) = world.crowd("clerks", 0).await;
    let (role, set) = world
        .role_over(
            &world.main,
            "read",
            &[To::UsersRead, To::GroupsRead],
            &[Resource::UsersOf(samos)],
        )
        .await;
    let holder = identity::access::custom::Holder::Group(clerks.clone());
    let binding = world.bind(&world.main, (&role, &set), holder).await;
    assert_eq!(world.does("GET", &path).await, forbidden());
    world.join(&clerks, &desk).await;
    assert_eq!(world.does("GET", &path).await.0, 200);
    let groups = world.permit(&world.main, Permission::ManageGroups);
    let left = world.cell.remove_group_member(&groups, &clerks, &desk);
    left.await.unwrap();
    assert_eq!(
        world.does("GET", &path).await,
        forbidden(),
        "the group was left"
    );
    world.join(&clerks, &desk).await;
    // Through the role and the set.
    let change = identity::access::custom::roles::RoleChange::Revoke(To::UsersRead);
    world
        .cell
        .change_custom_role(&org, &role, change)
        .await
        .unwrap();
    assert_eq!(
        world.does("GET", &path).await,
        forbidden(),
        "the role permits it no more"
    );
    let change = identity::access::custom::roles::RoleChange::Grant(To::UsersRead);
    world
        .cell
        .change_custom_role(&org, &role, change)
        .await
        .unwrap();
    assert_eq!(world.does("GET", &path).await.0, 200);
    let resources = {
        let mut tx = world.cell.database.read().await.unwrap();
        identity::access::custom::store::sets::load_resources(&mut tx, &world.main, &set)
            .await
            .unwrap()
    };
    let change = identity::access::custom::sets::SetChange::Remove(resources[0].id.clone());
    world
        .cell
        .change_resource_set(&org, &set, change)
        .await
        .unwrap();
    assert_eq!(
        world.does("GET", &path).await,
        missing(),
        "the set holds it no more"
    );
    world.unbind(&binding).await;
    // Through the person.
    world
        .let_desk("again", &[To::UsersRead], &[Resource::Users])
        .await;
    assert_eq!(world.does("GET", &path).await.0, 200);
    let people = world.permit(&world.main, Permission::ManagePeople);
    let action = identity::person::lifecycle::LifecycleAction::Suspend;
    world
        .cell
        .change_person_status(&people, &desk, action)
        .await
        .unwrap();
    assert_eq!(world.does("GET", &path).await, (401, "E0000011".into()));
}

async fn groups_apps_and_servers_within_are_found(world: &World) {
    let things = world.things(&world.main, "ada").await;
    let more = world.things(&world.main, "grace").await;
    let group = vocab::id::GroupId::parse(&things.group).unwrap();
    let app = vocab::id::AppId::parse(&things.app).unwrap();
    let servers = world.get("/api/v1/authorizationServers").await;
    let ids = servers.texts("/id");
    assert!(ids.len() > 1);
    let server = vocab::id::ServerId::parse(&ids[0]).unwrap();
    world
        .let_desk(
            "see",
            &[To::GroupsRead, To::AppsRead, To::ServersRead, To::UsersRead],
            &[
                Resource::Group(group),
                Resource::App(app),
                Resource::Server(server),
            ],
        )
        .await;
    for (list, inside, outside) in [
        ("groups", &things.group, &more.group),
        ("apps", &things.app, &more.app),
        ("authorizationServers", &ids[0], &ids[1]),
    ] {
        assert_eq!(world.sees(list).await, [inside.as_str()], "{list}");
        assert_eq!(
            world.sees(&format!("{list}?limit=1")).await,
            [inside.as_str()]
        );
        assert_eq!(
            world.does("GET", &format!("{list}/{inside}")).await.0,
            200,
            "{list}"
        );
        assert_eq!(
            world.does("GET", &format!("{list}/{outside}")).await,
            missing(),
            "{list}"
        );
    }
    assert_eq!(world.sees("groups?q=ada").await.len(), 1);
    assert_eq!(world.sees("groups?q=grace").await.len(), 0);
    assert_eq!(world.sees("apps?q=ada").await.len(), 1);
    assert_eq!(world.sees("apps?q=grace").await.len(), 0);
    assert_eq!(
        world
            .sees("apps?filter=status+eq+%22INACTIVE%22")
            .await
            .len(),
        0
    );
    let of_group = format!("apps?filter=group.id+eq+%22{}%22", things.group);
    assert_eq!(world.does("GET", &of_group).await.0, 400);
    assert_eq!(world.does("GET", "groups?sortBy=profile.name").await.0, 400);
    // Nobody of the group lies within, until its people do.
    let group = vocab::id::GroupId::parse(&things.group).unwrap();
    let ada = vocab::id::UserId::parse(&things.user).unwrap();
    world.join(&group, &ada).await;
    let members = format!("groups/{group}/users");
    assert_eq!(world.sees(&members).await, Vec::<String>::new());
    world
        .let_desk("people", &[To::UsersRead], &[Resource::UsersOf(group)])
        .await;
    assert_eq!(world.sees(&members).await, [things.user.as_str()]);
    assert_eq!(
        world
            .does("GET", &format!("groups/{}/users", more.group))
            .await,
        missing()
    );
}

async fn members_are_shown_as_far_as_they_lie_within(world: &World) {
    let (samos, members) = world.crowd("samos", 9).await;
    let (within, _) = world.crowd("within", 0).await;
    for member in members.iter().step_by(2) {
        world.join(&within, member).await;
    }
    world
        .let_desk(
            "see",
            &[To::GroupsRead, To::UsersRead],
            &[Resource::Group(samos.clone()), Resource::UsersOf(within)],
        )
        .await;
    let expected: BTreeSet<String> = members.iter().step_by(2).map(ToString::to_string).collect();
    for limit in [1, 2, 4, 5, 100] {
        let seen = world
            .sees(&format!("groups/{samos}/users?limit={limit}"))
            .await;
        assert_eq!(seen.len(), expected.len(), "{limit}");
        assert_eq!(
            seen.into_iter().collect::<BTreeSet<_>>(),
            expected,
            "{limit}"
        );
    }
}

async fn everything_of_a_kind_is_everything_of_it(world: &World) {
    let things = world.things(&world.main, "ada").await;
    world
        .let_desk(
            "all",
            &[To::UsersRead, To::GroupsManage],
            &[Resource::Users, Resource::Groups],
        )
        .await;
    let all = world.walk("/api/v1/users?limit=2", "/id").await;
    assert_eq!(world.sees("users?limit=2").await, all);
    assert_eq!(world.does("GET", "users?sortBy=profile.login").await.0, 200);
    assert_eq!(
        world
            .does("GET", &format!("groups/{}", things.group))
            .await
            .0,
        200
    );
    assert_eq!(world.does("GET", "apps").await, forbidden());
    let made = world
        .asks("POST", "groups", &json!({ "profile": { "name": "New" } }))
        .await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert_eq!(
        world.asks("POST", "users", &json!({})).await.outcome(),
        (403, "E0000006")
    );
    let stats = world.asks("GET", "groups?expand=stats", &Value::Null).await;
    assert_eq!(stats.outcome(), (403, "E0000006"));
}

on_both_engines!(
    people_within_are_found_and_nobody_else,
    people_within_are_found_by_their_state,
    rights_end_at_once,
    groups_apps_and_servers_within_are_found,
    members_are_shown_as_far_as_they_lie_within,
    everything_of_a_kind_is_everything_of_it,
);
