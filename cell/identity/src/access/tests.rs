//! The table of callers, roles, orgs and permissions, whole.

use super::{Caller, Permission, PersonCaller, Role, TokenCaller, authorize};
use crate::fault::Refusal;
use ledger::ClientFacts;
use vocab::entropy::SeededEntropy;
use vocab::id::{ApiTokenId, OrgId, SessionId, UserId};

struct World {
    org: OrgId,
    entropy: SeededEntropy,
}

impl World {
    fn new() -> Self {
        let entropy = SeededEntropy::new(11);
        Self {
            org: OrgId::generate(&entropy),
            entropy,
        }
    }

    fn person(&self, roles: &[Role], unlocked: bool) -> Caller {
        Caller::Person(PersonCaller {
            org_id: self.org.clone(),
            user_id: UserId::generate(&self.entropy),
            login: "ada@example.com".into(),
            display_name: "Ada".into(),
            session_id: SessionId::generate(&self.entropy),
            roles: roles.to_vec(),
            administration_unlocked: unlocked,
        })
    }

    fn token(&self, roles: &[Role]) -> Caller {
        Caller::ApiToken(TokenCaller {
            org_id: self.org.clone(),
            token_id: ApiTokenId::generate(&self.entropy),
            name: "script".into(),
            user_id: UserId::generate(&self.entropy),
            roles: roles.to_vec(),
        })
    }
}

fn allowed(caller: &Caller, org: &OrgId, permission: Permission) -> bool {
    authorize(caller, org, permission, &ClientFacts::default()).is_ok()
}

#[test]
fn each_caller_may_do_what_the_table_says_and_nothing_else() {
    let world = World::new();
    let read = [Permission::ReadDirectory, Permission::ReadLog];
    for permission in Permission::ALL {
        let own = permission == Permission::OwnAccount;
        let factors = permission == Permission::OwnFactors;
        let expectations = [
            (Caller::Anonymous, false),
            (Caller::Operator, true),
            (world.person(&[], true), own),
            (
                world.person(&[Role::ReadOnlyAdmin], true),
                own || read.contains(&permission),
            ),
            (world.person(&[Role::SuperAdmin], true), !factors),
            (world.person(&[Role::SuperAdmin], false), own),
            (world.token(&[]), false),
            (
                world.token(&[Role::ReadOnlyAdmin]),
                read.contains(&permission),
            ),
            (world.token(&[Role::SuperAdmin]), !own && !factors),
        ];
        for (caller, expected) in expectations {
            assert_eq!(
                allowed(&caller, &world.org, permission),
                expected,
                "{caller:?} {permission:?}"
            );
        }
    }
}

#[test]
fn a_caller_of_another_org_finds_nothing() {
    let world = World::new();
    let other = OrgId::generate(&world.entropy);
    for permission in Permission::ALL {
        for caller in [
            world.person(&[Role::SuperAdmin], true),
            world.token(&[Role::SuperAdmin]),
        ] {
            let refusal =
                authorize(&caller, &other, permission, &ClientFacts::default()).unwrap_err();
            assert!(matches!(refusal, Refusal::NotFound));
        }
    }
}

#[test]
fn a_permit_serves_only_what_it_was_given_for() {
    let world = World::new();
    let caller = world.person(&[Role::SuperAdmin], true);
    let permit = authorize(
        &caller,
        &world.org,
        Permission::ManageApps,
        &ClientFacts::default(),
    )
    .unwrap();
    assert!(permit.covers(Permission::ManageApps).is_ok());
    assert!(permit.covers(Permission::ManagePeople).is_err());
}
