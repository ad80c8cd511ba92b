//! Permits that come of custom roles, as a table: what they were given for, and what they are good for.

use crate::access::ceiling::{Standing, reaches_standing};
use crate::access::custom::capability::ThingKind::{App, Group, Person, Server};
use crate::access::custom::capability::{Capability, ThingKind};
use crate::access::custom::{Holder, Named, Reach, Resource, decide_named};
use crate::access::{
    Caller, Permission, Permit, Role, TokenCaller, authorize, authorize_within, role_permits,
};
use crate::fault::Refusal;
use ledger::ClientFacts;
use vocab::entropy::SeededEntropy;
use vocab::id::{ApiTokenId, AppId, CustomRoleId, GroupId, OrgId, ServerId, UserId};

const KINDS: [ThingKind; 4] = [
    ThingKind::Person,
    ThingKind::Group,
    ThingKind::App,
    ThingKind::Server,
];

fn token(org: &OrgId, held: &[Capability], roles: &[Role]) -> Caller {
    let entropy = SeededEntropy::new(41);
    Caller::ApiToken(TokenCaller {
        org_id: org.clone(),
        token_id: ApiTokenId::generate(&entropy),
        name: "script".into(),
        user_id: UserId::generate(&entropy),
        roles: roles.to_vec(),
        capabilities: held.iter().copied().collect(),
    })
}

fn within(caller: &Caller, org: &OrgId, capability: Capability) -> Result<Permit, Refusal> {
    authorize_within(caller, org, capability, &ClientFacts::default())
}

#[test]
fn a_permit_is_given_for_what_is_held_and_opens_nothing_by_itself() {
    let org = OrgId::generate(&SeededEntropy::new(42));
    let other = OrgId::generate(&SeededEntropy::new(43));
    let somebody = UserId::generate(&SeededEntropy::new(44));
    for held in Capability::ALL {
        let caller = token(&org, &[*held], &[]);
        for permission in Permission::ALL {
            let whole = authorize(&caller, &org, permission, &ClientFacts::default());
            assert!(whole.is_err(), "{held:?} {permission:?}");
        }
        for needed in Capability::ALL {
            let elsewhere = within(&caller, &other, *needed);
            assert!(matches!(elsewhere, Err(Refusal::NotFound)));
            let permit = within(&caller, &org, *needed);
            assert_eq!(
                permit.is_ok(),
                held.contains(*needed),
                "{held:?} {needed:?}"
            );
            let Ok(permit) = permit else { continue };
            for permission in Permission::ALL {
                assert!(
                    permit.covers(permission).is_err(),
                    "{needed:?} {permission:?}"
                );
                for asked in Capability::ALL {
                    let is_good = permit.covers_within(permission, *asked).is_ok();
                    assert_eq!(is_good, needed.contains(*asked), "{needed:?} {asked:?}");
                }
            }
            assert!(permit.covers_account_of(&somebody).is_err());
            assert!(permit.covers_factors_of(&somebody).is_err());
            for kind in KINDS {
                let over = permit.held_over(kind).ok().flatten();
                assert_eq!(
                    over.map(|(_, by)| by),
                    needed.over(kind),
                    "{needed:?} {kind:?}"
                );
                let finds = permit.covers_finding(kind).is_ok();
                assert_eq!(finds, needed.over(kind).is_some());
            }
        }
    }
}

#[test]
fn nobody_else_is_given_one() {
    let org = OrgId::generate(&SeededEntropy::new(45));
    for caller in [
        Caller::Anonymous,
        Caller::Operator,
        token(&org, &[], &[Role::SuperAdmin]),
    ] {
        for needed in Capability::ALL {
            let refused = within(&caller, &org, *needed);
            assert!(matches!(refused, Err(Refusal::Forbidden)), "{caller:?}");
        }
    }
}

/// A holder stands as high as a standard role that permits as much everywhere.
#[test]
fn a_holder_is_reached_by_whoever_may_do_as_much_everywhere() {
    for held in Capability::ALL {
        let standing = Standing {
            roles: Vec::new(),
            capabilities: [*held].into(),
        };
        assert!(standing.is_administrator());
        assert!(!reaches_standing(&[], &standing), "{held:?}");
        for role in Role::ALL {
            let permits = role_permits(role, held.amounts_to());
            assert_eq!(
                reaches_standing(&[role], &standing),
                permits,
                "{held:?} {role:?}"
            );
        }
    }
    assert!(reaches_standing(&[], &Standing::default()));
    let both = Standing {
        roles: vec![Role::ReportAdmin],
        capabilities: [Capability::AppsManage].into(),
    };
    assert!(reaches_standing(&[Role::AppAdmin], &both));
    assert!(!reaches_standing(&[Role::ReportAdmin], &both));
}

/// The page for administrators names what is enforced, and nothing else.
#[test]
fn the_guide_names_each_permission() {
    const GUIDE: &str = include_str!("../../../../../docs/administrators.md");
    let table = GUIDE.split("<!-- permissions").nth(1).unwrap();
    let table = table.split("<!-- end of permissions").next().unwrap();
    let rows = table.lines().filter_map(|row| row.strip_prefix("| `"));
    let named: Vec<&str> = rows.filter_map(|row| row.split('`').next()).collect();
    let enforced: Vec<&str> = Capability::ALL.iter().map(|one| one.as_str()).collect();
    assert_eq!(named, enforced);
}

fn every_resource() -> [Resource; 8] {
    let entropy = SeededEntropy::new(25);
    [
        Resource::Users,
        Resource::UsersOf(GroupId::generate(&entropy)),
        Resource::Groups,
        Resource::Group(GroupId::generate(&entropy)),
        Resource::Apps,
        Resource::App(AppId::generate(&entropy)),
        Resource::Servers,
        Resource::Server(ServerId::generate(&entropy)),
    ]
}

#[test]
fn each_resource_is_for_one_kind_of_thing() {
    let kinds = [Person, Person, Group, Group, App, App, Server, Server];
    for (resource, own) in every_resource().into_iter().zip(kinds) {
        let (word, target) = resource.stored();
        let read = Resource::from_stored(word, target);
        assert_eq!(read.as_ref(), Some(&resource));
        for kind in [Person, Group, App, Server] {
            let reach = Reach::of(kind, std::slice::from_ref(&resource));
            let expected = match (kind == own, target) {
                (false, _) => Reach::default(),
                (true, "") => Reach {
                    all: true,
                    ..Reach::default()
                },
                (true, id) => Reach {
                    all: false,
                    ids: [id.to_owned()].into(),
                },
            };
            assert_eq!(reach, expected, "{resource:?} {kind:?}");
            assert_eq!(
                reach.holds("00gSomethingElse0000"),
                kind == own && target.is_empty()
            );
        }
    }
    let nothing: (ThingKind, &[Resource]) = (Person, &[]);
    assert_eq!(Reach::of(nothing.0, nothing.1), Reach::default());
}

#[test]
fn what_is_stored_is_read_back_or_not_at_all() {
    let entropy = SeededEntropy::new(26);
    let (user, group) = (UserId::generate(&entropy), GroupId::generate(&entropy));
    for holder in [Holder::User(user.clone()), Holder::Group(group.clone())] {
        let (word, id) = holder.stored();
        assert_eq!(Holder::from_stored(word, id), Some(holder.clone()));
    }
    assert_eq!(Holder::from_stored("USER", group.as_str()), None);
    assert_eq!(Holder::from_stored("APP", user.as_str()), None);
    assert_eq!(Resource::from_stored("GROUP", user.as_str()), None);
    assert_eq!(Resource::from_stored("POLICY", ""), None);
}

#[test]
fn labels_are_short_and_no_ids() {
    let named = |label: &str, description: &str| Named {
        label: label.to_owned(),
        description: description.to_owned(),
    };
    let id = CustomRoleId::generate(&SeededEntropy::new(27));
    let long = "x".repeat(51);
    for (label, is_good) in [
        ("Desk", true),
        (" Desk of Samos ", true),
        ("", false),
        ("  ", false),
        ("a\nb", false),
        ("a/b", false),
        ("a?b", false),
        (id.as_str(), false),
        (long.as_str(), false),
    ] {
        assert_eq!(
            decide_named(&named(label, "")).is_ok(),
            is_good,
            "{label:?}"
        );
    }
    assert_eq!(decide_named(&named(" a ", " b ")).unwrap(), named("a", "b"));
    assert!(decide_named(&named("a", &"x".repeat(1_001))).is_err());
    assert!(decide_named(&named("a", "\0")).is_err());
}
