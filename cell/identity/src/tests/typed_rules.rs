//! Rules that fill groups and the types of people: what a type does not have counts for none of its people.

use crate::access::Permission;
use crate::for_tests::{World, on_both_engines, profile};
use crate::group_rule::active::Fit;
use crate::org::settings::{AttributeKind, ProfileAttribute};
use crate::person::lifecycle::LifecycleAction;
use crate::tests::group_rules::{ENGINEERS, active, assert_members, group, input, walk};
use crate::user_type::UserTypeInput;
use vocab::id::{OrgId, UserId, UserTypeId};

fn attributes(named: &[(&str, AttributeKind)]) -> Vec<ProfileAttribute> {
    let attribute = |(name, kind): &(&str, AttributeKind)| ProfileAttribute {
        name: (*name).into(),
        kind: *kind,
        ..ProfileAttribute::default()
    };
    named.iter().map(attribute).collect()
}

/// A type of people, without attributes.
pub(super) async fn contractors(world: &World, org: &OrgId) -> UserTypeId {
    let permit = world.permit(org, Permission::ManageOrg);
    let input = UserTypeInput {
        name: "contractor".into(),
        display_name: "Contractor".into(),
        description: String::new(),
    };
    let made = world.cell.create_user_type(&permit, input).await.unwrap();
    made.key.unwrap()
}

/// Gives the people of a type these attributes and no others.
pub(super) async fn set(
    world: &World,
    org: &OrgId,
    key: Option<&UserTypeId>,
    named: &[(&str, AttributeKind)],
) {
    let (cell, permit) = (&world.cell, world.permit(org, Permission::ManageOrg));
    let Some(key) = key else {
        let read = {
            let mut tx = cell.database.read().await.unwrap();
            let read = crate::org::store::load(&mut tx, org).await.unwrap();
            read.unwrap()
        };
        let mut settings = read.settings.clone();
        settings.profile_schema = attributes(named);
        let changed = cell.update_org(&permit, read, "Acme", settings).await;
        return changed.unwrap();
    };
    let seen = cell.user_type_schema(&permit, key).await.unwrap();
    let put = cell.put_user_type_schema(&permit, key, seen, attributes(named));
    put.await.unwrap();
}

async fn person(world: &World, org: &OrgId, login: &str, key: Option<&UserTypeId>) -> UserId {
    let permit = world.permit(org, Permission::ManagePeople);
    let mut profile = profile(login);
    let department = serde_json::Value::from("Eng");
    profile.attributes.insert("department".into(), department);
    let made = world.cell.create_person_of(&permit, profile, key.cloned());
    made.await.unwrap()
}

async fn what_the_own_type_does_not_have_counts_in_no_rule(world: &World) {
    use AttributeKind::Text;
    let org = world.org("acme").await;
    let contractor = contractors(world, &org).await;
    let key = Some(&contractor);
    for of in [None, key] {
        set(world, &org, of, &[("department", Text)]).await;
    }
    let eng = group(world, &org, "Engineers").await;
    active(world, &org, input("Engineers", ENGINEERS, &[&eng])).await;
    let ada = person(world, &org, "ada", None).await;
    let carl = person(world, &org, "carl", key).await;
    assert_members(world, &eng, &[&ada, &carl]).await;
    // The value of an attribute that is removed stays stored; another type has one of the name, so that the rule can be read.
    set(world, &org, key, &[]).await;
    walk(world).await;
    assert_members(world, &eng, &[&ada]).await;
    let stored = world.load(&org, &carl).await.profile;
    assert_eq!(stored["department"], "Eng");
    let read = world.permit(&org, Permission::ReadDirectory);
    let fit = async |user| world.cell.try_group_rule(&read, ENGINEERS, user).await;
    assert_eq!(fit(&carl).await.unwrap(), Fit::No);
    assert_eq!(fit(&ada).await.unwrap(), Fit::Yes);
    // Nor does it count when somebody is changed, or looked at because of something else.
    let people = world.permit(&org, Permission::ManagePeople);
    for user in [&carl, &ada] {
        let activated = LifecycleAction::Activate;
        let changed = world.cell.change_person_status(&people, user, activated);
        changed.await.unwrap();
    }
    assert_members(world, &eng, &[&ada]).await;
    set(world, &org, key, &[("department", Text)]).await;
    walk(world).await;
    assert_members(world, &eng, &[&ada, &carl]).await;
    // The same the other way round, and for everybody.
    set(world, &org, None, &[]).await;
    walk(world).await;
    assert_members(world, &eng, &[&carl]).await;
    set(world, &org, key, &[]).await;
    walk(world).await;
    assert_members(world, &eng, &[]).await;
}

async fn a_schema_has_those_rules_applied_anew_that_name_what_changed(world: &World) {
    use AttributeKind::{Integer, Text};
    let org = world.org("acme").await;
    let contractor = contractors(world, &org).await;
    let key = Some(&contractor);
    let begin = [("department", Text), ("level", Integer)];
    for of in [None, key] {
        set(world, &org, of, &begin).await;
    }
    let (eng, senior) = (
        group(world, &org, "Engineers").await,
        group(world, &org, "Seniors").await,
    );
    let engineers = active(world, &org, input("Engineers", ENGINEERS, &[&eng])).await;
    let seniors = active(world, &org, input("Seniors", "user.level > 3", &[&senior])).await;
    let adas = active(
        world,
        &org,
        input("Adas", "user.firstName == 'A'", &[&senior]),
    );
    adas.await;
    let due = async || {
        let mut rules = Vec::new();
        // One of each org at a time.
        while let Some(pass) = world.cell.due_group_passes("").await.unwrap().pop() {
            rules.push(pass.rule_id.clone());
            let mut next = Some(pass);
            while let Some(pass) = next {
                next = world.cell.walk_group_pass(pass).await.unwrap();
            }
        }
        rules.sort();
        rules
    };
    assert!(due().await.is_empty());
    // What no rule names concerns none, nor does what is said of an attribute beside its kind.
    let more = [("department", Text), ("level", Integer), ("site", Text)];
    set(world, &org, key, &more).await;
    assert!(due().await.is_empty());
    set(world, &org, key, &[("department", Text)]).await;
    assert_eq!(due().await, std::slice::from_ref(&seniors.id));
    set(world, &org, None, &[("level", Integer)]).await;
    assert_eq!(due().await, std::slice::from_ref(&engineers.id));
    let mut both = vec![engineers.id, seniors.id];
    both.sort();
    set(world, &org, key, &[("level", Integer)]).await;
    assert_eq!(due().await, both);
}

on_both_engines!(
    what_the_own_type_does_not_have_counts_in_no_rule,
    a_schema_has_those_rules_applied_anew_that_name_what_changed,
);
