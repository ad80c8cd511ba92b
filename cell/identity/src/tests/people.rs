//! People: adding, finding, changing, the life cycle, and the last super administrator.

use super::sign_in::{begin, context, facts, mails, prove, verify_address};
use crate::access::{Permission, Role};
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines, profile};
use crate::person::lifecycle::LifecycleAction;
use crate::person::profile::ProfileInput;
use crate::person::store::{self, PeopleFilter};
use crate::person::{Person, PersonStatus};
use crate::sign_in::begin::Purpose;
use crate::sign_in::prove::{Attempt, Typed};
use crate::sign_in::setup::LinkPurpose;
use vocab::id::OrgId;

async fn a_login_is_one_persons_in_one_org(world: &World) {
    let (acme, globex) = (world.org("acme").await, world.org("globex").await);
    let permit = world.permit(&acme, Permission::ManagePeople);
    let id = world
        .cell
        .create_person(&permit, profile("ada@example.com"))
        .await
        .unwrap();
    let person = world.load(&acme, &id).await;
    assert_eq!(
        (person.status, person.revision, person.email_verified),
        (PersonStatus::Staged, 1, false)
    );
    let rows = world.log_rows(&acme).await;
    let taken = world
        .cell
        .create_person(&permit, profile("ADA@example.com"))
        .await
        .unwrap_err();
    assert!(matches!(taken, Refusal::Taken { field: "login" }));
    assert_eq!(
        world.log_rows(&acme).await,
        rows,
        "a refused change leaves no row"
    );
    world.person(&globex, "ada@example.com").await;
    let bad = world
        .cell
        .create_person(
            &permit,
            ProfileInput {
                email: "none".into(),
                ..profile("b")
            },
        )
        .await;
    assert!(matches!(
        bad.unwrap_err(),
        Refusal::Invalid { field: "email", .. }
    ));
    let wrong = world.permit(&acme, Permission::ManageGroups);
    assert!(matches!(
        world
            .cell
            .create_person(&wrong, profile("c"))
            .await
            .unwrap_err(),
        Refusal::Forbidden
    ));
}

async fn a_person_is_found_by_login_or_by_an_address_that_is_nobody_elses(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManagePeople);
    let shared = |login: &str| ProfileInput {
        email: "team@example.com".into(),
        ..profile(login)
    };
    world
        .cell
        .create_person(&permit, shared("one"))
        .await
        .unwrap();
    let ada = world
        .cell
        .create_person(&permit, profile("ada"))
        .await
        .unwrap();
    let mut tx = world.cell.database.read().await.unwrap();
    let found = store::find_by_identifier(&mut tx, &org, " ADA ")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.id, ada);
    assert_eq!(
        store::find_by_identifier(&mut tx, &org, "Ada@Example.com")
            .await
            .unwrap()
            .unwrap()
            .id,
        ada
    );
    assert_eq!(
        store::find_by_identifier(&mut tx, &org, "team@example.com")
            .await
            .unwrap()
            .unwrap()
            .login,
        "one"
    );
    drop(tx);
    world
        .cell
        .create_person(&permit, shared("two"))
        .await
        .unwrap();
    let mut tx = world.cell.database.read().await.unwrap();
    assert!(
        store::find_by_identifier(&mut tx, &org, "team@example.com")
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        store::find_by_identifier(&mut tx, &org, "nobody")
            .await
            .unwrap()
            .is_none()
    );
}

async fn walk(world: &World, org: &OrgId, filter: &PeopleFilter, limit: i64) -> Vec<Person> {
    let (mut people, mut after) = (Vec::new(), (String::new(), String::new()));
    loop {
        let mut tx = world.cell.database.read().await.unwrap();
        let page = store::load_page(&mut tx, org, filter, &after, limit)
            .await
            .unwrap();
        let Some((_, last)) = page.last() else {
            return people;
        };
        after = last.clone();
        people.extend(page.into_iter().map(|(person, _)| person));
    }
}

async fn pages_show_everyone_once_in_order(world: &World) {
    let (org, other) = (world.org("acme").await, world.org("globex").await);
    let permit = world.permit(&org, Permission::ManagePeople);
    let mut expected = Vec::new();
    for number in (0..23).rev() {
        let login = format!(
            "{}person{number:02}",
            if number % 2 == 0 { "P" } else { "p" }
        );
        let input = ProfileInput {
            login: login
                .replace("Pperson", "PERSON")
                .replace("pperson", "person"),
            ..profile(&login)
        };
        expected.push(input.login.to_lowercase());
        world.cell.create_person(&permit, input).await.unwrap();
    }
    world.person(&other, "person99").await;
    expected.sort();
    let logins = |people: Vec<Person>| {
        people
            .into_iter()
            .map(|person| person.login.to_lowercase())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        logins(walk(world, &org, &PeopleFilter::default(), 5).await),
        expected
    );
    let staged = PeopleFilter {
        status: Some(PersonStatus::Staged),
        ..PeopleFilter::default()
    };
    assert_eq!(logins(walk(world, &org, &staged, 7).await), expected);
    let active = PeopleFilter {
        status: Some(PersonStatus::Active),
        ..PeopleFilter::default()
    };
    assert!(walk(world, &org, &active, 7).await.is_empty());
    // Everyone has the first name, the last name and the mail address as words too: found once all the same.
    for (prefix, found) in [
        ("person", 23),
        ("PERSON1", 10),
        ("lovel", 23),
        ("ada l", 23),
        ("person22@ex", 0),
        ("x", 0),
    ] {
        let filter = PeopleFilter {
            prefix: prefix.into(),
            status: Some(PersonStatus::Staged),
        };
        let mut people = logins(walk(world, &org, &filter, 4).await);
        people.sort();
        people.dedup();
        assert_eq!(people.len(), found, "{prefix}");
    }
    let all = walk(
        world,
        &org,
        &PeopleFilter {
            prefix: "a".into(),
            status: None,
        },
        4,
    )
    .await;
    assert_eq!(all.len(), 23, "nobody twice");
}

async fn both_addresses_hear_of_a_change_that_happened(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let permit = world.permit(&org, Permission::ManagePeople);
    let at = |email: &str| ProfileInput {
        email: email.into(),
        ..profile("ada")
    };
    let update = async |revision: i64, email: &str| {
        let cell = &world.cell;
        cell.update_person(&permit, &ada.id, revision, at(email))
            .await
    };
    let stale = update(ada.revision - 1, "new@acme.example").await;
    assert!(matches!(stale, Err(Refusal::Changed)));
    let refused = update(ada.revision, "no address").await;
    assert!(matches!(refused, Err(Refusal::Invalid { .. })));
    let same = ada.email.to_uppercase();
    update(ada.revision, &same).await.unwrap();
    assert!(mails(world).await.is_empty());
    let now = world.load(&org, &ada.id).await;
    update(now.revision, "new@acme.example").await.unwrap();
    let told = mails(world).await;
    assert_eq!(told.len(), 2, "the old address and the new one");
    assert!(told.iter().all(|text| text.contains("new@acme.example")));
}

async fn mail_to_a_former_address_opens_nothing(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    verify_address(world, &ada).await;
    let manage = world.permit(&org, Permission::ManagePeople);
    let eve = world.cell.create_person(&manage, profile("eve")).await;
    let eve = world.load(&org, &eve.unwrap()).await;
    let (context, facts) = (context(&org), facts(world, "192.0.2.1"));
    let snapshot = world.cell.snapshot(&org).await.unwrap().unwrap();
    let cell = &world.cell;
    let recovery = cell.send_recovery(&context, "ada", &facts).await;
    recovery.unwrap().unwrap();
    let invite = async || {
        let action = LifecycleAction::Invite;
        let planned = cell.plan_step(&context, &manage, &eve.id, action);
        planned.await.unwrap()
    };
    invite().await.apply(cell).await.unwrap();
    let mut flow = begin(world, &org, "ada", Purpose::default()).await;
    let sent = cell.send_code(&snapshot, &mut flow, &facts).await;
    sent.unwrap().unwrap();
    let sent = mails(world).await;
    let token = |words: &str| {
        let mail = sent.iter().find(|mail| mail.contains(words)).unwrap();
        let (_, rest) = mail.split_once("token=").unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    };
    let (reset, welcome) = (token("/reset?"), token("/welcome?"));
    let code = sent.iter().find(|mail| mail.contains("your code is"));
    let (_, code) = code.unwrap().split_once("code is ").unwrap();
    let code = code.get(..6).unwrap();
    let opens = async |purpose, token: &str| {
        let found = cell.find_link(&org, purpose, token).await;
        found.unwrap().is_some()
    };
    assert!(opens(LinkPurpose::Recovery, &reset).await);
    assert!(opens(LinkPurpose::Invitation, &welcome).await);
    // A change of something else ends nothing.
    let named = ProfileInput {
        first_name: "Augusta".into(),
        ..profile("ada")
    };
    let now = world.load(&org, &ada.id).await;
    let done = cell
        .update_person(&manage, &ada.id, now.revision, named)
        .await;
    done.unwrap();
    assert!(opens(LinkPurpose::Recovery, &reset).await);
    let late = invite().await;
    for login in ["ada", "eve"] {
        let person = if login == "ada" { &ada.id } else { &eve.id };
        let moved = ProfileInput {
            email: format!("{login}@elsewhere.example"),
            ..profile(login)
        };
        let now = world.load(&org, person).await;
        let done = cell
            .update_person(&manage, person, now.revision, moved)
            .await;
        done.unwrap();
    }
    assert!(!opens(LinkPurpose::Recovery, &reset).await);
    assert!(!opens(LinkPurpose::Invitation, &welcome).await);
    let typed = Typed::EmailCode(code.to_owned());
    let attempt = prove(world, &mut flow, typed, "192.0.2.1").await;
    assert_eq!(attempt, Attempt::Wrong);
    // Whoever had read the former address before the change sends nothing there after it.
    let late = late.apply(cell).await;
    assert!(matches!(late, Err(Refusal::Changed)));
}

async fn a_changed_name_is_found_and_the_old_one_is_not(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let permit = world.permit(&org, Permission::ManagePeople);
    let input = ProfileInput {
        first_name: "Grace".into(),
        last_name: "Hopper".into(),
        ..profile("grace")
    };
    world
        .cell
        .update_person(&permit, &ada.id, ada.revision, input.clone())
        .await
        .unwrap();
    let found = async |prefix: &str| {
        walk(
            world,
            &org,
            &PeopleFilter {
                prefix: prefix.into(),
                status: None,
            },
            10,
        )
        .await
        .len()
    };
    assert_eq!(
        (
            found("hop").await,
            found("grace").await,
            found("love").await,
            found("ada").await
        ),
        (1, 1, 0, 0)
    );
    let stale = world
        .cell
        .update_person(&permit, &ada.id, ada.revision, input.clone())
        .await
        .unwrap_err();
    assert!(matches!(stale, Refusal::Changed));
    world.person(&org, "ada").await;
    let now = world.load(&org, &ada.id).await;
    let taken = world
        .cell
        .update_person(&permit, &ada.id, now.revision, profile("ada"))
        .await
        .unwrap_err();
    assert!(matches!(taken, Refusal::Taken { field: "login" }));
    let states = (PersonStatus::Suspended, None);
    let sessions = store::Sessions::Ended;
    let at = world.cell.now();
    world
        .cell
        .database
        .write(move |tx| {
            Box::pin(async move { store::update_status(tx, &now, states, sessions, at).await })
        })
        .await
        .unwrap();
    let in_state = async |status| {
        let filter = PeopleFilter {
            prefix: "hop".into(),
            status: Some(status),
        };
        walk(world, &org, &filter, 10).await.len()
    };
    assert_eq!(
        (
            in_state(PersonStatus::Suspended).await,
            in_state(PersonStatus::Active).await
        ),
        (1, 0)
    );
}

async fn of_two_changes_at_once_one_is_refused(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let permit = world.permit(&org, Permission::ManagePeople);
    let (one, two) = tokio::join!(
        world
            .cell
            .update_person(&permit, &ada.id, ada.revision, profile("one")),
        world
            .cell
            .update_person(&permit, &ada.id, ada.revision, profile("two")),
    );
    assert_eq!(
        usize::from(one.is_ok()) + usize::from(two.is_ok()),
        1,
        "{one:?} {two:?}"
    );
    let refused = one.and(two).unwrap_err();
    assert!(matches!(refused, Refusal::Changed), "{refused:?}");
}

async fn a_person_changes_the_own_name_alone(world: &World) {
    let org = world.org("acme").await;
    let (ada, eve) = (
        world.person(&org, "ada").await,
        world.person(&org, "eve").await,
    );
    let permit = world.permit_of(&ada, &[], Permission::OwnAccount);
    let input = ProfileInput {
        first_name: "Augusta".into(),
        ..profile("root")
    };
    world
        .cell
        .update_person(&permit, &ada.id, ada.revision, input.clone())
        .await
        .unwrap();
    let after = world.load(&org, &ada.id).await;
    assert_eq!(
        (
            after.login.as_str(),
            after.email.as_str(),
            after.first_name.as_str()
        ),
        ("ada", "ada@example.com", "Augusta")
    );
    let refused = world
        .cell
        .update_person(&permit, &eve.id, eve.revision, input)
        .await
        .unwrap_err();
    assert!(matches!(refused, Refusal::NotFound));
}

async fn leaving_ends_sessions_at_once(world: &World) {
    use LifecycleAction as Do;
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let settings = crate::org::settings::SessionSettings::default();
    world.session(&ada, "secret").await;
    let permit = world.permit(&org, Permission::ManagePeople);
    assert!(
        world
            .cell
            .session_by_secret(&org, "secret", &settings)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(
        world
            .cell
            .change_person_status(&permit, &ada.id, Do::Suspend)
            .await
            .unwrap(),
        PersonStatus::Suspended
    );
    assert!(
        world
            .cell
            .session_by_secret(&org, "secret", &settings)
            .await
            .unwrap()
            .is_none()
    );
    let wrong = world
        .cell
        .change_person_status(&permit, &ada.id, Do::Invite)
        .await
        .unwrap_err();
    assert!(matches!(wrong, Refusal::WrongState(_)));
    for (action, after) in [
        (Do::Unsuspend, PersonStatus::Active),
        (Do::Lock, PersonStatus::LockedOut),
        (Do::Unlock, PersonStatus::Active),
        (Do::ExpirePassword, PersonStatus::PasswordExpired),
        (Do::ResetPassword, PersonStatus::Recovery),
        (Do::Deactivate, PersonStatus::Deprovisioned),
        (Do::Invite, PersonStatus::Provisioned),
    ] {
        assert_eq!(
            world
                .cell
                .change_person_status(&permit, &ada.id, action)
                .await
                .unwrap(),
            after
        );
        assert_eq!(world.load(&org, &ada.id).await.status, after);
    }
    assert_eq!(
        world.load(&org, &ada.id).await.epoch,
        ada.epoch + 4,
        "each end raised the epoch"
    );
}

async fn the_last_super_administrator_stays(world: &World) {
    let org = world.org("acme").await;
    let ada = world.administrator(&org, "ada", Role::SuperAdmin).await;
    world
        .administrator(&org, "reader", Role::ReadOnlyAdmin)
        .await;
    let (manage, people) = (
        world.permit(&org, Permission::ManageOrg),
        world.permit(&org, Permission::ManagePeople),
    );
    let revoked = world
        .cell
        .revoke_role(&manage, &ada.id, Role::SuperAdmin)
        .await
        .unwrap_err();
    assert!(matches!(revoked, Refusal::WrongState(_)));
    for action in [
        LifecycleAction::Suspend,
        LifecycleAction::Deactivate,
        LifecycleAction::Lock,
    ] {
        let refused = world
            .cell
            .change_person_status(&people, &ada.id, action)
            .await
            .unwrap_err();
        assert!(matches!(refused, Refusal::WrongState(_)), "{action:?}");
    }
    let eve = world.administrator(&org, "eve", Role::SuperAdmin).await;
    world
        .cell
        .change_person_status(&people, &eve.id, LifecycleAction::Suspend)
        .await
        .unwrap();
    let refused = world
        .cell
        .revoke_role(&manage, &ada.id, Role::SuperAdmin)
        .await
        .unwrap_err();
    assert!(
        matches!(refused, Refusal::WrongState(_)),
        "a suspended one does not count"
    );
    world
        .cell
        .change_person_status(&people, &eve.id, LifecycleAction::Unsuspend)
        .await
        .unwrap();
    world
        .cell
        .revoke_role(&manage, &ada.id, Role::SuperAdmin)
        .await
        .unwrap();
}

async fn two_super_administrators_who_remove_each_other_leave_one(world: &World) {
    for round in 0..8 {
        let org = world.org(&format!("acme{round}")).await;
        let ada = world.administrator(&org, "ada", Role::SuperAdmin).await;
        let eve = world.administrator(&org, "eve", Role::SuperAdmin).await;
        let (manage, people) = (
            world.permit(&org, Permission::ManageOrg),
            world.permit(&org, Permission::ManagePeople),
        );
        let (one, two) = tokio::join!(
            world.cell.revoke_role(&manage, &ada.id, Role::SuperAdmin),
            world
                .cell
                .change_person_status(&people, &eve.id, LifecycleAction::Deactivate),
        );
        assert_ne!(one.is_ok(), two.is_ok(), "{one:?} {two:?}");
        let refused = one.and(two.map(|_| ())).unwrap_err();
        assert!(matches!(refused, Refusal::WrongState(_)), "{refused:?}");
    }
}

on_both_engines!(
    a_login_is_one_persons_in_one_org,
    a_person_is_found_by_login_or_by_an_address_that_is_nobody_elses,
    pages_show_everyone_once_in_order,
    both_addresses_hear_of_a_change_that_happened,
    mail_to_a_former_address_opens_nothing,
    a_changed_name_is_found_and_the_old_one_is_not,
    of_two_changes_at_once_one_is_refused,
    a_person_changes_the_own_name_alone,
    leaving_ends_sessions_at_once,
    the_last_super_administrator_stays,
    two_super_administrators_who_remove_each_other_leave_one,
);
