//! The table of callers, roles, orgs and permissions, whole.

use super::ceiling::reaches;
use super::{
    Caller, Permission, PersonCaller, Role, TokenCaller, authorize, role_permits, roles_permit,
};
use crate::fault::Refusal;
use ledger::ClientFacts;
use std::collections::BTreeSet;
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
            capabilities: std::collections::BTreeSet::new(),
            administration_unlocked: unlocked,
        })
    }

    fn token(&self, roles: &[Role]) -> Caller {
        Caller::ApiToken(TokenCaller {
            capabilities: BTreeSet::new(),
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

/// The table of roles, whole: a line for each permission, a column for each role.
const COLUMNS: [Role; 8] = [
    Role::SuperAdmin,
    Role::OrgAdmin,
    Role::UserAdmin,
    Role::HelpDeskAdmin,
    Role::AppAdmin,
    Role::ApiAccessManagementAdmin,
    Role::ReadOnlyAdmin,
    Role::ReportAdmin,
];
#[rustfmt::skip]
const TABLE: [(Permission, &str); 12] = [
    //                            super org   user  help  app   api   read  report
    (Permission::OwnAccount,     "x     x     x     x     x     x     x     x"),
    (Permission::OwnFactors,     "x     x     x     x     x     x     x     x"),
    (Permission::ReadDirectory,  "x     x     x     x     x     x     x     ."),
    (Permission::ReadLog,        "x     x     x     x     x     x     x     x"),
    (Permission::HelpPeople,     "x     x     x     x     .     .     .     ."),
    (Permission::ManagePeople,   "x     x     x     .     .     .     .     ."),
    (Permission::ManageGroups,   "x     x     x     .     .     .     .     ."),
    (Permission::ManageApps,     "x     .     .     .     x     .     .     ."),
    (Permission::ManageServers,  "x     .     .     .     .     x     .     ."),
    (Permission::ManagePolicies, "x     x     .     .     .     .     .     ."),
    (Permission::ManageKeys,     "x     .     .     .     .     .     .     ."),
    (Permission::ManageOrg,      "x     .     .     .     .     .     .     ."),
];

fn marks(line: &str) -> Vec<bool> {
    line.split_whitespace().map(|mark| mark == "x").collect()
}

#[test]
fn each_role_permits_what_the_table_says_and_nothing_else() {
    assert_eq!(TABLE.map(|(permission, _)| permission), Permission::ALL);
    assert_eq!(BTreeSet::from(COLUMNS), BTreeSet::from(Role::ALL));
    for (permission, line) in TABLE {
        let marks = marks(line);
        assert_eq!(marks.len(), COLUMNS.len(), "{permission:?}");
        for (role, expected) in COLUMNS.into_iter().zip(marks) {
            assert_eq!(
                role_permits(role, permission),
                expected,
                "{role:?} {permission:?}"
            );
        }
    }
}

/// The page for administrators says the same.
#[test]
fn the_guide_shows_the_table() {
    const GUIDE: &str = include_str!("../../../../docs/administrators.md");
    let name = |permission| match permission {
        Permission::OwnAccount | Permission::OwnFactors => None,
        Permission::ReadDirectory => Some("see the directory"),
        Permission::ReadLog => Some("see the log"),
        Permission::HelpPeople => Some("help people"),
        Permission::ManagePeople => Some("change people"),
        Permission::ManageGroups => Some("change groups"),
        Permission::ManageApps => Some("change apps"),
        Permission::ManageServers => Some("change authorization servers"),
        Permission::ManagePolicies => Some("change policies, zones and behaviours"),
        Permission::ManageKeys => Some("rotate and revoke keys"),
        Permission::ManageOrg => Some("administer the organisation"),
    };
    let rows = Permission::ALL.into_iter().filter_map(|permission| {
        let cells = COLUMNS.map(|role| match role_permits(role, permission) {
            true => " yes |",
            false => " |",
        });
        Some(format!("| {} |{}\n", name(permission)?, cells.concat()))
    });
    let table: String = rows.collect();
    assert!(GUIDE.contains(&table), "the table should be:\n{table}");
    for role in Role::ALL {
        assert!(GUIDE.contains(&format!("`{}`", role.as_str())), "{role:?}");
    }
}

#[test]
fn each_caller_may_do_what_their_roles_permit_and_nothing_else() {
    let world = World::new();
    for permission in Permission::ALL {
        let own = permission == Permission::OwnAccount;
        let is_about_oneself = own || permission == Permission::OwnFactors;
        let check = |caller: Caller, expected| {
            let seen = allowed(&caller, &world.org, permission);
            assert_eq!(seen, expected, "{caller:?} {permission:?}");
        };
        check(Caller::Anonymous, false);
        check(Caller::Operator, true);
        check(world.person(&[], true), own);
        check(world.token(&[]), false);
        for role in Role::ALL {
            let permitted = role_permits(role, permission) && !is_about_oneself;
            check(world.person(&[role], true), own || permitted);
            check(world.person(&[role], false), own);
            check(world.token(&[role]), permitted);
            for other in Role::ALL {
                let by_either = permitted || (role_permits(other, permission) && !is_about_oneself);
                check(world.person(&[role, other], true), own || by_either);
                check(world.token(&[role, other]), by_either);
            }
        }
    }
}

/// Who may touch whom: a line for each caller, a column for each person, in the order of the columns above.
#[rustfmt::skip]
const REACH: [(Role, &str); 8] = [
    //                                super org   user  help  app   api   read  report
    (Role::SuperAdmin,               "x     x     x     x     x     x     x     x"),
    (Role::OrgAdmin,                 ".     x     x     x     .     .     x     x"),
    (Role::UserAdmin,                ".     .     x     x     .     .     x     x"),
    (Role::HelpDeskAdmin,            ".     .     .     x     .     .     x     x"),
    (Role::AppAdmin,                 ".     .     .     .     x     .     x     x"),
    (Role::ApiAccessManagementAdmin, ".     .     .     .     .     x     x     x"),
    (Role::ReadOnlyAdmin,            ".     .     .     .     .     .     x     x"),
    (Role::ReportAdmin,              ".     .     .     .     .     .     .     x"),
];

#[test]
fn nobody_reaches_who_stands_above() {
    assert_eq!(REACH.map(|(caller, _)| caller), COLUMNS);
    for (caller, line) in REACH {
        for (person, expected) in COLUMNS.into_iter().zip(marks(line)) {
            assert_eq!(
                reaches(&[caller], &[person]),
                expected,
                "{caller:?} {person:?}"
            );
        }
        assert!(reaches(&[caller], &[]));
        assert!(!reaches(&[], &[caller]));
    }
    // Two who each reach no farther may do so together, and together be above.
    let both = [Role::AppAdmin, Role::UserAdmin];
    assert!(reaches(&both, &[Role::AppAdmin, Role::HelpDeskAdmin]));
    assert!(!reaches(&[Role::UserAdmin], &both) && !reaches(&[Role::OrgAdmin], &both));
}

/// Every set of roles there is.
fn sets() -> impl Iterator<Item = Vec<Role>> {
    (0_u32..1 << Role::ALL.len()).map(|set| {
        let is_in = |place: &usize| set & (1 << place) != 0;
        let places = (0..Role::ALL.len()).filter(is_in);
        places.map(|place| Role::ALL[place]).collect()
    })
}

/// Whoever becomes somebody whom they may touch can do what they could before, and nothing more.
#[test]
fn to_become_somebody_within_reach_gains_nothing() {
    let all: Vec<Vec<Role>> = sets().collect();
    for callers in &all {
        for others in &all {
            let both = [callers.as_slice(), others.as_slice()].concat();
            let mut permissions = Permission::ALL.into_iter();
            let gains = permissions.any(|permission| {
                roles_permit(&both, permission) && !roles_permit(callers, permission)
            });
            assert_eq!(reaches(callers, others), !gains, "{callers:?} {others:?}");
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
    // But for one that includes another.
    let given = |permission| {
        let client = ClientFacts::default();
        authorize(&caller, &world.org, permission, &client).unwrap()
    };
    let user = UserId::generate(&world.entropy);
    let (manage, help) = (
        given(Permission::ManagePeople),
        given(Permission::HelpPeople),
    );
    for permit in [&manage, &help] {
        assert!(permit.covers(Permission::HelpPeople).is_ok());
        assert!(permit.covers_sessions_of(&user).is_ok());
        assert!(permit.covers_loss_of_factors_of(&user).is_ok());
    }
    assert!(manage.covers_account_of(&user).is_ok() && manage.covers_factors_of(&user).is_ok());
    assert!(help.covers(Permission::ManagePeople).is_err());
    assert!(help.covers_account_of(&user).is_err() && help.covers_factors_of(&user).is_err());
}
