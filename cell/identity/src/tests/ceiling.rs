//! The ceiling in the store: every act upon a person, against somebody who stands above, by sessions and tokens, and at
//! the very moment at which a role is granted.

use crate::access::ceiling::reaches;
use crate::access::{Caller, Permission, Permit, PersonCaller, Role, TokenCaller, authorize};
use crate::app::operations::{AppChange, NewApp};
use crate::app::settings::{AppSettings, ClientAuthentication, GrantKind};
use crate::app::{App, AppKind};
use crate::credential::password::PasswordRefusal;
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines, profile};
use crate::person::Person;
use crate::person::lifecycle::LifecycleAction;
use crate::person::operations::Retype;
use crate::person::store::load_roles;
use crate::session::ending::Ending;
use crate::sign_on::zone::{ZoneReach, parse_ranges};
use crate::sign_on::{Conditions, Membership, Outcome, Rule, SignOnPolicy, Zone};
use crate::tests::own_account::{HASH, add_passkey};
use crate::tests::sign_in::context;
use ledger::ClientFacts;
use protocol::jose::algorithm::Algorithm;
use protocol::jose::signing_key::SigningKey;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use vocab::id::{ApiTokenId, OrgId, RuleId, SessionId};
use vocab::secret::Secret;

const PASSWORD: &str = "nine tortoises walk to Samos";

/// Something that an administrator does to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    UpdateProfile,
    UpdateWithPassword,
    SetPassword,
    ImportHash,
    Step(LifecycleAction),
    Activate,
    Delete,
    Invite,
    SendRecovery,
    EndSessions,
    BeginTotp,
    RemoveTotp,
    RenamePasskey,
    RemovePasskey,
    MakeRecoveryCodes,
}

impl Act {
    pub(super) fn all() -> Vec<Self> {
        let mut all = vec![
            Self::UpdateProfile,
            Self::UpdateWithPassword,
            Self::SetPassword,
            Self::ImportHash,
            Self::Activate,
            Self::Delete,
            Self::Invite,
            Self::SendRecovery,
            Self::EndSessions,
            Self::BeginTotp,
            Self::RemoveTotp,
            Self::RenamePasskey,
            Self::RemovePasskey,
            Self::MakeRecoveryCodes,
        ];
        all.extend(LifecycleAction::ALL.map(Self::Step));
        all
    }

    /// The least permission that is enough.
    pub(super) fn permission(self) -> Permission {
        match self {
            Self::Step(
                LifecycleAction::Unlock
                | LifecycleAction::ExpirePassword
                | LifecycleAction::ResetPassword,
            )
            | Self::SendRecovery
            | Self::EndSessions
            | Self::RemoveTotp
            | Self::RemovePasskey => Permission::HelpPeople,
            _ => Permission::ManagePeople,
        }
    }

    pub(super) async fn perform(
        self,
        world: &World,
        permit: &Permit,
        person: &Person,
    ) -> Result<(), Refusal> {
        let (cell, user) = (&world.cell, &person.id);
        let password = || Secret::new(PASSWORD.to_owned());
        let mut input = profile(&person.login);
        input.email = String::from("mallory@elsewhere.example");
        match self {
            Self::UpdateProfile => {
                let revision = person.revision;
                cell.update_person(permit, user, revision, input).await
            }
            Self::UpdateWithPassword => {
                let (whom, written) = ((user, person.revision), (input, Retype::Keep));
                told(
                    cell.update_person_with_password(permit, whom, written, password())
                        .await,
                )
            }
            Self::SetPassword => told(cell.set_password(permit, user, password()).await),
            Self::ImportHash => cell.import_password_hash(permit, user, HASH).await,
            Self::Step(action) => {
                let changed = cell.change_person_status(permit, user, action);
                changed.await.map(drop)
            }
            Self::Activate => {
                let (here, action) = (context(&person.org_id), LifecycleAction::Activate);
                let planned = cell.plan_step(&here, permit, user, action).await?;
                planned.apply(cell).await.map(drop)
            }
            Self::Delete => cell.delete_person(permit, user).await,
            Self::Invite => {
                let (here, action) = (context(&person.org_id), LifecycleAction::Invite);
                let planned = cell.plan_step(&here, permit, user, action).await?;
                planned.apply(cell).await.map(drop)
            }
            Self::SendRecovery => {
                let here = context(&person.org_id);
                cell.send_password_link(&here, permit, person).await
            }
            Self::EndSessions => {
                let planned = cell.plan_session_end(permit, user, Ending::All).await?;
                let ended = cell.database.write(move |tx| Box::pin(planned.apply(tx)));
                ended.await.map(drop)
            }
            Self::BeginTotp => cell.begin_totp(permit, user).await.map(drop),
            Self::RemoveTotp => cell.remove_totp(permit, user).await,
            Self::RenamePasskey => {
                let id = add_passkey(world, person, "Theirs").await;
                cell.rename_passkey(permit, user, &id, "Mine").await
            }
            Self::RemovePasskey => {
                let id = add_passkey(world, person, "Theirs").await;
                cell.remove_passkey(permit, user, &id).await
            }
            Self::MakeRecoveryCodes => cell.make_recovery_codes(permit, user).await.map(drop),
        }
    }
}

fn told(outcome: Result<(), PasswordRefusal>) -> Result<(), Refusal> {
    match outcome {
        Ok(()) => Ok(()),
        Err(PasswordRefusal::Refused(refusal)) => Err(refusal),
        Err(other) => panic!("{other:?}"),
    }
}

fn caller(person: &Person, roles: &[Role]) -> Caller {
    Caller::Person(PersonCaller {
        org_id: person.org_id.clone(),
        user_id: person.id.clone(),
        login: person.login.clone(),
        display_name: person.display_name(),
        session_id: SessionId::generate(&vocab::entropy::SeededEntropy::new(7)),
        roles: roles.to_vec(),
        capabilities: std::collections::BTreeSet::new(),
        administration_unlocked: true,
    })
}

fn token(person: &Person, roles: &[Role]) -> Caller {
    Caller::ApiToken(TokenCaller {
        capabilities: BTreeSet::new(),
        org_id: person.org_id.clone(),
        token_id: ApiTokenId::generate(&vocab::entropy::SeededEntropy::new(8)),
        name: "script".into(),
        user_id: person.id.clone(),
        roles: roles.to_vec(),
    })
}

pub(super) fn permitted(caller: &Caller, org: &OrgId, permission: Permission) -> Option<Permit> {
    authorize(caller, org, permission, &ClientFacts::default()).ok()
}

pub(super) fn is_out_of_reach(outcome: &Result<(), Refusal>) -> bool {
    matches!(outcome, Err(Refusal::OutOfReach(_)))
}

/// An administrator of each role.
async fn administrators(world: &World, org: &OrgId) -> BTreeMap<Role, Person> {
    let mut all = BTreeMap::new();
    for role in Role::ALL {
        let login = role.as_str().to_lowercase();
        all.insert(role, world.administrator(org, &login, role).await);
    }
    all
}

async fn nobody_touches_who_stands_above(world: &World) {
    let org = world.org("acme").await;
    let all = administrators(world, &org).await;
    let before = world.log_rows(&org).await;
    let mut refused = 0;
    for (role, person) in &all {
        for (above, target) in &all {
            if reaches(&[*role], &[*above]) {
                continue;
            }
            for act in Act::all() {
                for caller in [caller(person, &[*role]), token(person, &[*role])] {
                    let Some(permit) = permitted(&caller, &org, act.permission()) else {
                        continue;
                    };
                    let outcome = act.perform(world, &permit, target).await;
                    let what = format!("{act:?} by {role:?} upon {above:?}: {outcome:?}");
                    assert!(is_out_of_reach(&outcome), "{what}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 300, "{refused}");
    assert_eq!(world.log_rows(&org).await, before, "something was done");
    for target in all.values() {
        let now = world.load(&org, &target.id).await;
        let same = (now.revision, now.epoch, now.email.as_str());
        assert_eq!(same, (target.revision, target.epoch, target.email.as_str()));
    }
}

async fn who_is_within_reach_is_touched_as_far_as_the_role_goes(world: &World) {
    let org = world.org("acme").await;
    let all = administrators(world, &org).await;
    let mut number = 0;
    for role in [
        Role::SuperAdmin,
        Role::OrgAdmin,
        Role::UserAdmin,
        Role::HelpDeskAdmin,
    ] {
        for act in Act::all() {
            let caller = caller(&all[&role], &[role]);
            let Some(permit) = permitted(&caller, &org, act.permission()) else {
                // What helps nobody is not done with the permit to help either.
                let helper = permitted(&caller, &org, Permission::HelpPeople).unwrap();
                let outcome = act
                    .perform(world, &helper, &all[&Role::ReadOnlyAdmin])
                    .await;
                assert!(
                    matches!(outcome, Err(Refusal::Forbidden)),
                    "{role:?} {act:?}"
                );
                continue;
            };
            number += 1;
            let login = format!("reader{number}");
            let target = world.administrator(&org, &login, Role::ReadOnlyAdmin).await;
            let target = world.load(&org, &target.id).await;
            let outcome = act.perform(world, &permit, &target).await;
            let is_refused = matches!(outcome, Err(Refusal::OutOfReach(_) | Refusal::Forbidden));
            assert!(!is_refused, "{role:?} {act:?}: {outcome:?}");
        }
    }
}

/// A permit is as good as the roles behind it are at the moment of the act: those of a person, and those of the one whose
/// token it is.
async fn a_role_that_was_taken_reaches_nobody(world: &World) {
    let org = world.org("acme").await;
    let manage = world.permit(&org, Permission::ManageOrg);
    world.administrator(&org, "boss", Role::SuperAdmin).await;
    let reader = world
        .administrator(&org, "reader", Role::ReadOnlyAdmin)
        .await;
    let ada = world.administrator(&org, "ada", Role::SuperAdmin).await;
    let plain = world.person(&org, "plain").await;
    let callers = [
        caller(&ada, &[Role::SuperAdmin]),
        token(&ada, &[Role::SuperAdmin]),
    ];
    let permits = callers.map(|caller| {
        let of = |permission| permitted(&caller, &org, permission).unwrap();
        (of(Permission::ManagePeople), of(Permission::ManageOrg))
    });
    let cell = &world.cell;
    let taken = cell.revoke_role(&manage, &ada.id, Role::SuperAdmin).await;
    assert!(taken.unwrap());
    for (people, org_wide) in &permits {
        for target in [&reader, &world.load(&org, &reader.id).await] {
            let outcome = Act::SetPassword.perform(world, people, target).await;
            assert!(is_out_of_reach(&outcome), "{outcome:?}");
        }
        let granted = cell
            .grant_role(org_wide, &plain.id, Role::ReportAdmin)
            .await;
        assert!(is_out_of_reach(&granted.map(drop)));
        let granted = cell.grant_role(org_wide, &ada.id, Role::SuperAdmin).await;
        assert!(is_out_of_reach(&granted.map(drop)), "not even to oneself");
    }
    let mut tx = cell.database.read().await.unwrap();
    assert_eq!(load_roles(&mut tx, &org, &ada.id).await.unwrap(), []);
}

/// The types of the rows of the log after that one, in their order.
async fn rows_after(world: &World, org: &OrgId, seq: i64) -> Vec<String> {
    let mut tx = world.cell.database.read().await.unwrap();
    let mut rows = Vec::new();
    for seq in seq + 1.. {
        match ledger::load_event(&mut tx, org, seq).await.unwrap() {
            Some(row) => rows.push(row.event_type),
            None => break,
        }
    }
    rows
}

/// Of an act and a grant at the same moment either the act is first, and touched somebody who was not above yet, or it is
/// refused.
async fn an_act_comes_before_the_grant_or_not_at_all(world: &World) {
    let org = world.org("acme").await;
    let boss = world.administrator(&org, "boss", Role::SuperAdmin).await;
    let helper = world.administrator(&org, "helper", Role::UserAdmin).await;
    let grants = permitted(
        &caller(&boss, &[Role::SuperAdmin]),
        &org,
        Permission::ManageOrg,
    );
    let grants = grants.unwrap();
    let acts = [
        (Act::SetPassword, "user.account.update_password"),
        (Act::UpdateProfile, "user.account.update_profile"),
        (
            Act::Step(LifecycleAction::ResetPassword),
            "user.account.reset_password",
        ),
        (Act::EndSessions, "user.session.clear"),
        (Act::RemovePasskey, "user.mfa.factor.deactivate"),
        (
            Act::Step(LifecycleAction::Deactivate),
            "user.lifecycle.deactivate",
        ),
    ];
    for round in 0..4 {
        for (number, (act, row)) in acts.into_iter().enumerate() {
            let login = format!("one{round}-{number}");
            let person = world.person(&org, &login).await;
            let before = world.log_rows(&org).await;
            let by_helper = caller(&helper, &[Role::UserAdmin]);
            let acts = permitted(&by_helper, &org, act.permission()).unwrap();
            let (granted, acted) = tokio::join!(
                world.cell.grant_role(&grants, &person.id, Role::SuperAdmin),
                act.perform(world, &acts, &person),
            );
            let rows = rows_after(world, &org, before).await;
            let place = |wanted: &str| rows.iter().position(|row| row == wanted);
            let grant = place("user.account.privilege.grant");
            match (acted, granted) {
                (Ok(()), Ok(true)) => {
                    assert!(
                        place(row).is_some() && place(row) < grant,
                        "{act:?}: {rows:?}"
                    );
                }
                // Whoever is getting back in by mail gets no first role.
                (Ok(()), Err(Refusal::WrongState(_))) => {
                    assert_eq!(act, Act::Step(LifecycleAction::ResetPassword));
                    assert_eq!((place(row), grant), (Some(0), None));
                }
                (Err(Refusal::OutOfReach(_)), Ok(true)) => {
                    assert_eq!((place(row), grant), (None, Some(0)), "{act:?}");
                }
                other => panic!("{act:?}: {other:?}"),
            }
        }
    }
}

/// Somebody who was helped as a person without a role is opened by the mailbox alone, and so gets none until they are in.
async fn nobody_becomes_an_administrator_half_open(world: &World) {
    let org = world.org("acme").await;
    let boss = world.administrator(&org, "boss", Role::SuperAdmin).await;
    let helper = world.administrator(&org, "help", Role::HelpDeskAdmin).await;
    let ada = world.person(&org, "ada").await;
    let permit = |person: &Person, role, permission| {
        permitted(&caller(person, &[role]), &org, permission).unwrap()
    };
    let helps = permit(&helper, Role::HelpDeskAdmin, Permission::HelpPeople);
    let reset = Act::Step(LifecycleAction::ResetPassword);
    reset.perform(world, &helps, &ada).await.unwrap();
    let grants = permit(&boss, Role::SuperAdmin, Permission::ManageOrg);
    let granted = world
        .cell
        .grant_role(&grants, &ada.id, Role::OrgAdmin)
        .await;
    assert!(
        matches!(granted, Err(Refusal::WrongState(_))),
        "{granted:?}"
    );
    let added = world.cell.add_administrator(&grants, &ada.id).await;
    assert!(matches!(added, Err(Refusal::WrongState(_))), "{added:?}");
    let people = world.permit(&org, Permission::ManagePeople);
    let activate = Act::Step(LifecycleAction::Activate);
    activate.perform(world, &people, &ada).await.unwrap();
    let granted = world
        .cell
        .grant_role(&grants, &ada.id, Role::OrgAdmin)
        .await;
    assert!(granted.unwrap());
}

/// An app that proves itself by a key, and may thus have roles.
pub(super) async fn service(world: &World, org: &OrgId, label: &str) -> App {
    let new = NewApp {
        label: label.to_owned(),
        kind: AppKind::Service,
        settings: AppSettings {
            client_authentication: ClientAuthentication::PrivateKeyJwt,
            grants: vec![GrantKind::ClientCredentials],
            jwks: jwks(),
            ..AppSettings::default()
        },
    };
    let permit = world.permit(org, Permission::ManageApps);
    world.cell.create_app(&permit, new).await.unwrap().app
}

pub(super) fn key() -> Value {
    let made = SigningKey::generate(Algorithm::Es256).unwrap();
    let name = made.public_jwk("k").unwrap().thumbprint();
    made.public_jwk(&name).unwrap().render()
}

fn jwks() -> String {
    json!({ "keys": [key()] }).to_string()
}

pub(super) async fn change_keys(world: &World, permit: &Permit, app: &App) -> Result<(), Refusal> {
    let change = AppChange {
        label: app.label.clone(),
        settings: AppSettings {
            jwks: jwks(),
            ..app.settings.clone()
        },
        policy_id: None,
    };
    let changed = world.cell.update_app(permit, &app.id, app.revision, change);
    changed.await
}

/// Whoever gave an app another key would become that app.
async fn nobody_changes_an_app_that_stands_above(world: &World) {
    let org = world.org("acme").await;
    let all = administrators(world, &org).await;
    let by = |role, permission| permitted(&caller(&all[&role], &[role]), &org, permission);
    let apps = by(Role::AppAdmin, Permission::ManageApps).unwrap();
    let grants = by(Role::SuperAdmin, Permission::ManageOrg).unwrap();
    let (cell, app) = (&world.cell, service(world, &org, "Robot").await);
    let granted = cell.grant_app_role(&grants, &app.id, Role::UserAdmin).await;
    assert!(granted.unwrap());
    let before = world.log_rows(&org).await;
    let outcomes = [
        change_keys(world, &apps, &app).await,
        cell.add_app_key(&apps, &app.id, key()).await.map(drop),
        cell.add_app_secret(&apps, &app.id).await.map(drop),
        cell.deactivate_app(&apps, &app.id).await,
        cell.delete_app(&apps, &app.id).await,
    ];
    for (number, outcome) in outcomes.iter().enumerate() {
        assert!(is_out_of_reach(outcome), "{number}: {outcome:?}");
    }
    assert_eq!(world.log_rows(&org).await, before);
    // Of a change and a grant at the same moment the change is first, or refused.
    for round in 0..8 {
        let app = service(world, &org, &format!("Robot {round}")).await;
        let before = world.log_rows(&org).await;
        let (granted, changed) = tokio::join!(
            cell.grant_app_role(&grants, &app.id, Role::SuperAdmin),
            change_keys(world, &apps, &app),
        );
        assert!(granted.unwrap());
        let rows = rows_after(world, &org, before).await;
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let grant = "app.oauth2.client.privilege.grant";
        match changed {
            Ok(()) => assert_eq!(rows, ["application.lifecycle.update", grant]),
            Err(Refusal::OutOfReach(_)) => assert_eq!(rows, [grant]),
            other => panic!("{other:?}"),
        }
    }
}

fn rule(world: &World, conditions: Conditions) -> Rule {
    Rule {
        id: RuleId::generate(world.cell.entropy()),
        name: "Contractors".into(),
        conditions,
        outcome: Outcome::Deny,
    }
}

/// Whoever sets policies and fills groups keeps nobody out who stands above, and lets nobody in more easily.
async fn how_administrators_get_in_is_not_changed_from_below(world: &World) {
    let org = world.org("acme").await;
    let all = administrators(world, &org).await;
    let by = |role: Role, permission| {
        let caller = caller(&all[&role], &[role]);
        permitted(&caller, &org, permission).unwrap()
    };
    let (cell, policies) = (&world.cell, by(Role::OrgAdmin, Permission::ManagePolicies));
    let snapshot = cell.snapshot(&org).await.unwrap().unwrap();
    let shut = Conditions {
        people: Membership {
            include: vec![all[&Role::SuperAdmin].id.clone()],
            exclude: Vec::new(),
        },
        ..Conditions::default()
    };
    for stored in [&snapshot.org_policy, &snapshot.console_policy] {
        let mut changed = SignOnPolicy::clone(stored);
        changed.rules.insert(0, rule(world, shut.clone()));
        let outcome = cell.update_policy(&policies, changed, 1).await;
        assert!(is_out_of_reach(&outcome), "{outcome:?}");
    }
    // What decides about everybody else is theirs.
    let mut changed = SignOnPolicy::clone(&snapshot.org_policy);
    let others = Conditions {
        administrators: Some(false),
        ..shut
    };
    changed.rules.insert(0, rule(world, others));
    cell.update_policy(&policies, changed, 1).await.unwrap();
    let ranges = || parse_ranges("198.51.100.0/24").unwrap();
    let blocked = cell
        .create_zone(&policies, "Bad", ranges(), ZoneReach::Blocked)
        .await;
    assert!(is_out_of_reach(&blocked.map(drop)));
    let zone = cell.create_zone(&policies, "Office", ranges(), ZoneReach::Named);
    let zone = zone.await.unwrap();
    let shut = Zone {
        blocked: true,
        ..zone
    };
    let outcome = cell.update_zone(&policies, shut, 1).await;
    assert!(is_out_of_reach(&outcome));
}

async fn groups_by_which_administrators_are_told_apart_are_not_filled_from_below(world: &World) {
    let org = world.org("acme").await;
    let all = administrators(world, &org).await;
    let groups = caller(&all[&Role::UserAdmin], &[Role::UserAdmin]);
    let groups = permitted(&groups, &org, Permission::ManageGroups).unwrap();
    let cell = &world.cell;
    let named = cell.create_group(&groups, "Contractors", "").await.unwrap();
    let free = cell.create_group(&groups, "Readers", "").await.unwrap();
    let snapshot = cell.snapshot(&org).await.unwrap().unwrap();
    let mut changed = SignOnPolicy::clone(&snapshot.console_policy);
    let mut conditions = Conditions::default();
    conditions.groups.include = vec![named.id.clone()];
    changed.rules.insert(0, rule(world, conditions));
    let operator = world.permit(&org, Permission::ManagePolicies);
    cell.update_policy(&operator, changed, 1).await.unwrap();
    let plain = world.person(&org, "plain").await;
    for role in [Role::SuperAdmin, Role::UserAdmin, Role::ReportAdmin] {
        let user = &all[&role].id;
        let outcome = cell.add_group_member(&groups, &named.id, user).await;
        assert!(is_out_of_reach(&outcome), "{role:?}");
        let outcome = cell.remove_group_member(&groups, &named.id, user).await;
        assert!(is_out_of_reach(&outcome), "{role:?}");
        cell.add_group_member(&groups, &free.id, user)
            .await
            .unwrap();
    }
    let added = cell.add_group_member(&groups, &named.id, &plain.id).await;
    added.unwrap();
    let outcome = cell.delete_group(&groups, &named.id).await;
    assert!(is_out_of_reach(&outcome));
    cell.delete_group(&groups, &free.id).await.unwrap();
}

on_both_engines!(
    nobody_touches_who_stands_above,
    who_is_within_reach_is_touched_as_far_as_the_role_goes,
    a_role_that_was_taken_reaches_nobody,
    an_act_comes_before_the_grant_or_not_at_all,
    nobody_becomes_an_administrator_half_open,
    nobody_changes_an_app_that_stands_above,
    how_administrators_get_in_is_not_changed_from_below,
    groups_by_which_administrators_are_told_apart_are_not_filled_from_below,
);
