//! Signing in: before anything is proved everybody is the same; what is asked for beyond the policies; known devices.

use crate::access::{Permission, Role};
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines, profile};
use crate::org::context::{OrgContext, RequestFacts};
use crate::org::settings::SessionSettings;
use crate::person::Person;
use crate::person::lifecycle::LifecycleAction;
use crate::session::ending::Ending;
use crate::sign_in::begin::Purpose;
use crate::sign_in::device::{KnownDevice, decide_familiarity};
use crate::sign_in::finish::Begun;
use crate::sign_in::prove::{Attempt, Typed};
use crate::sign_in::{FIRST_WAYS, Flow, Step};
use crate::sign_on::authenticator::AuthenticationContext;
use crate::sign_on::zone::{ZoneReach, parse_ranges};
use crate::sign_on::{AuthenticatorKind, PasskeyStorage, Requirement, SignOnPolicy, ZoneCondition};
use crate::slowdown::Familiarity;
use ledger::ClientFacts;
use std::time::Instant;
use vocab::id::OrgId;
use vocab::secret::Secret;

pub(super) const PASSWORD: &str = "nine tortoises walk to Samos";

pub(super) fn context(org: &OrgId) -> OrgContext {
    OrgContext {
        org: org.clone(),
        slug: "acme".into(),
        name: "Acme".into(),
        base_url: "https://acme.example".into(),
        path_prefix: String::new(),
        rp_id: "acme.example".into(),
    }
}

pub(super) fn facts(world: &World, address: &str) -> RequestFacts {
    RequestFacts {
        client: ClientFacts {
            ip: address.into(),
            ..ClientFacts::default()
        },
        now: world.cell.now(),
        session: None,
        device_cookie: String::new(),
    }
}

pub(super) async fn set_password(world: &World, person: &Person) {
    let permit = world.permit(&person.org_id, Permission::ManagePeople);
    world
        .cell
        .set_password(&permit, &person.id, Secret::new(PASSWORD.to_owned()))
        .await
        .unwrap();
}

pub(super) async fn verify_address(world: &World, person: &Person) {
    let (org, user) = (person.org_id.clone(), person.id.clone());
    world
        .write(move |tx| {
            Box::pin(async move {
                Ok(crate::person::store::mark_email_verified(tx, &org, &user).await?)
            })
        })
        .await;
}

async fn change(world: &World, person: &Person, action: LifecycleAction) {
    let permit = world.permit(&person.org_id, Permission::ManagePeople);
    world
        .cell
        .change_person_status(&permit, &person.id, action)
        .await
        .unwrap();
}

pub(super) async fn begin(world: &World, org: &OrgId, identifier: &str, purpose: Purpose) -> Flow {
    let (mut flow, _) = world.cell.begin_sign_in(org, purpose, None).await.unwrap();
    world.cell.identify(&mut flow, identifier).await.unwrap();
    flow
}

pub(super) async fn step(world: &World, flow: &Flow) -> Step {
    let snapshot = world.cell.snapshot(&flow.org_id).await.unwrap().unwrap();
    let facts = facts(world, "192.0.2.1");
    world.cell.next_step(&snapshot, flow, &facts).await.unwrap()
}

pub(super) async fn prove(world: &World, flow: &mut Flow, typed: Typed, address: &str) -> Attempt {
    let snapshot = world.cell.snapshot(&flow.org_id).await.unwrap().unwrap();
    let facts = facts(world, address);
    let proved = world.cell.prove_typed(&snapshot, flow, typed, &facts).await;
    proved.unwrap()
}

pub(super) fn password(text: &str) -> Typed {
    Typed::Password(Secret::new(text.to_owned()))
}

/// How many mails are waiting, and the text of the last one.
pub(super) async fn mails(world: &World) -> Vec<String> {
    let now = world.cell.now();
    let leased = world
        .write(move |tx| {
            Box::pin(async move {
                let kind = crate::notice::OUTBOX_KIND;
                Ok(ledger::outbox::store::lease_due(tx, kind, now, 100).await?)
            })
        })
        .await;
    let mut texts = Vec::new();
    for row in leased {
        let mail = world.cell.open_mail(&row.org_id, &row.payload).await;
        texts.push(mail.unwrap().text);
    }
    texts
}

/// One person of each kind that must look the same, by what they type.
async fn everybody(world: &World, org: &OrgId) -> Vec<String> {
    let active = world.person(org, "active").await;
    set_password(world, &active).await;
    let suspended = world.person(org, "suspended").await;
    set_password(world, &suspended).await;
    change(world, &suspended, LifecycleAction::Suspend).await;
    let locked = world.person(org, "locked").await;
    change(world, &locked, LifecycleAction::Lock).await;
    // No password at all, as somebody who has nothing but a passkey.
    world.person(org, "passkey").await;
    let administrator = world.administrator(org, "admin", Role::SuperAdmin).await;
    set_password(world, &administrator).await;
    let permit = world.permit(org, Permission::ManagePeople);
    let staged = world.cell.create_person(&permit, profile("staged")).await;
    staged.unwrap();
    [
        "active",
        "suspended",
        "locked",
        "passkey",
        "admin",
        "staged",
        "nobody",
    ]
    .map(str::to_owned)
    .into()
}

async fn before_any_proof_everybody_is_the_same(world: &World) {
    let org = world.org("acme").await;
    for who in everybody(world, &org).await {
        let mut flow = begin(world, &org, &who, Purpose::default()).await;
        let first = Step::Prove(FIRST_WAYS.to_vec());
        assert_eq!(step(world, &flow).await, first, "{who}");
        let rows = world.log_rows(&org).await;
        let wrong = prove(world, &mut flow, password("wrong"), "192.0.2.1").await;
        assert_eq!(wrong, Attempt::Wrong, "{who}");
        let wrong = prove(
            world,
            &mut flow,
            Typed::EmailCode("000000".into()),
            "192.0.2.1",
        )
        .await;
        assert_eq!(wrong, Attempt::Wrong, "{who}");
        assert_eq!(world.log_rows(&org).await, rows + 2, "{who}");
        assert_eq!(step(world, &flow).await, first, "{who}");
        let (snapshot, facts) = (
            world.cell.snapshot(&org).await.unwrap().unwrap(),
            facts(world, "192.0.2.1"),
        );
        // What comes second is not looked at, whoever it is.
        for second in [
            Typed::Totp("000000".into()),
            Typed::RecoveryCode("AAAA".into()),
        ] {
            let refused = world.cell.prove_typed(&snapshot, &mut flow, second, &facts);
            assert!(
                matches!(refused.await, Err(crate::fault::Refusal::WrongState(_))),
                "{who}"
            );
        }
        let sent = world.cell.send_code(&snapshot, &mut flow, &facts).await;
        assert_eq!(sent.unwrap(), Ok(()), "{who}");
        let rows = world.log_rows(&org).await;
        let sent = world.cell.send_recovery(&context(&org), &who, &facts).await;
        assert_eq!(sent.unwrap(), Ok(()), "{who}");
        assert_eq!(world.log_rows(&org).await, rows + 1, "{who}");
        // Whoever goes on guessing is told to wait after as many tries.
        let mut tries = 0;
        while prove(world, &mut flow, password("wrong"), "192.0.2.1").await == Attempt::Wrong {
            tries += 1;
        }
        assert_eq!(tries, 5, "{who}");
    }
}

/// A rule that lets people in from inside a zone alone looks at nobody before something is proved.
async fn whom_a_zone_keeps_out_looks_like_nobody_until_the_proof(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    set_password(world, &ada).await;
    let permit = world.permit(&org, Permission::ManagePolicies);
    let office = world.cell.create_zone(
        &permit,
        "Office",
        parse_ranges("203.0.113.0/24").unwrap(),
        ZoneReach::Named,
    );
    let office = office.await.unwrap();
    let snapshot = world.cell.snapshot(&org).await.unwrap().unwrap();
    let mut policy = SignOnPolicy::clone(&snapshot.org_policy);
    for rule in &mut policy.rules {
        rule.conditions.zones = ZoneCondition::In(vec![office.id.clone()]);
    }
    world.cell.update_policy(&permit, policy, 1).await.unwrap();
    for who in ["ada", "nobody"] {
        let mut flow = begin(world, &org, who, Purpose::default()).await;
        let first = Step::Prove(FIRST_WAYS.to_vec());
        assert_eq!(step(world, &flow).await, first, "{who}");
        let wrong = prove(world, &mut flow, password("wrong"), "192.0.2.1").await;
        assert_eq!(wrong, Attempt::Wrong, "{who}");
        assert_eq!(step(world, &flow).await, first, "{who}");
    }
    let mut flow = begin(world, &org, "ada", Purpose::default()).await;
    let right = prove(world, &mut flow, password(PASSWORD), "192.0.2.1").await;
    assert_eq!(right, Attempt::Right);
    assert_eq!(step(world, &flow).await, Step::Denied);
}

async fn the_right_password_opens_nothing_for_somebody_kept_out(world: &World) {
    let org = world.org("acme").await;
    everybody(world, &org).await;
    for (who, expected) in [("active", Attempt::Right), ("suspended", Attempt::Wrong)] {
        let mut flow = begin(world, &org, who, Purpose::default()).await;
        let attempt = prove(world, &mut flow, password(PASSWORD), "192.0.2.1").await;
        assert_eq!(attempt, expected, "{who}");
    }
    // Kept out in the middle.
    let ada = world.person(&org, "ada").await;
    set_password(world, &ada).await;
    let mut flow = begin(world, &org, "ada", Purpose::default()).await;
    prove(world, &mut flow, password(PASSWORD), "192.0.2.1").await;
    assert_eq!(step(world, &flow).await, Step::Done);
    change(world, &ada, LifecycleAction::Suspend).await;
    assert_eq!(step(world, &flow).await, Step::Denied);
}

fn is_shut_out(attempted: &Result<Begun, Refusal>) -> bool {
    matches!(attempted, Err(Refusal::Forbidden | Refusal::Changed))
}

async fn finish(world: &World, flow: &Flow) -> Result<Begun, Refusal> {
    let snapshot = world.cell.snapshot(&flow.org_id).await.unwrap().unwrap();
    let facts = facts(world, "192.0.2.1");
    world.cell.finish_sign_in(&snapshot, flow, &facts).await
}

async fn end(world: &World, person: &Person, ending: Ending) {
    let permit = world.permit(&person.org_id, Permission::ManagePeople);
    let planned = world.cell.plan_session_end(&permit, &person.id, ending);
    let planned = planned.await.unwrap();
    let ended: Result<_, Refusal> = world
        .cell
        .database
        .write(move |tx| Box::pin(async move { planned.apply(tx).await }))
        .await;
    ended.unwrap();
}

async fn what_was_proved_ends_with_the_sessions(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    set_password(world, &ada).await;
    let kept = world.session(&ada, "kept").await;
    let settings = SessionSettings::default();
    for ending in [Ending::AllBut(kept.id.clone()), Ending::All] {
        let all = ending == Ending::All;
        let mut flow = begin(world, &org, "ada", Purpose::default()).await;
        prove(world, &mut flow, password(PASSWORD), "192.0.2.1").await;
        assert_eq!(step(world, &flow).await, Step::Done);
        end(world, &ada, ending).await;
        assert_eq!(step(world, &flow).await, Step::Identify);
        assert!(world.cell.person_of(&flow).await.unwrap().is_none());
        assert!(is_shut_out(&finish(world, &flow).await));
        let live = world.cell.session_by_secret(&org, "kept", &settings).await;
        assert_eq!(live.unwrap().is_some(), !all);
        // Begun anew, it counts.
        world.cell.identify(&mut flow, "ada").await.unwrap();
        prove(world, &mut flow, password(PASSWORD), "192.0.2.1").await;
        assert!(finish(world, &flow).await.is_ok());
    }
}

async fn what_a_session_proves_counts_while_it_lives(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    set_password(world, &ada).await;
    let session = world.session(&ada, "stolen").await;
    let settings = SessionSettings::default();
    let found = world
        .cell
        .session_by_secret(&org, "stolen", &settings)
        .await;
    let signed_in = found.unwrap().unwrap();
    let begun = world
        .cell
        .begin_sign_in(&org, Purpose::default(), Some(&signed_in))
        .await;
    let (mut flow, _) = begun.unwrap();
    prove(world, &mut flow, password(PASSWORD), "192.0.2.1").await;
    assert_eq!(step(world, &flow).await, Step::Done);
    end(world, &ada, Ending::One(session.id)).await;
    assert_eq!(step(world, &flow).await, Step::Identify);
    assert!(is_shut_out(&finish(world, &flow).await));
}

async fn a_seed_that_was_seen_is_drawn_anew_after_all_are_out(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let kept = world.session(&ada, "kept").await;
    let permit = world.permit(&org, Permission::ManagePeople);
    let seed = async || {
        let seed = world.cell.begin_totp(&permit, &ada.id).await.unwrap().seed;
        seed.expose().to_vec()
    };
    let mut seen = seed().await;
    assert_eq!(seed().await, seen, "a page that is loaded twice");
    for ending in [Ending::AllBut(kept.id.clone()), Ending::All] {
        end(world, &ada, ending).await;
        let drawn = seed().await;
        assert_ne!(drawn, seen);
        seen = drawn;
    }
    change(world, &ada, LifecycleAction::Suspend).await;
    change(world, &ada, LifecycleAction::Unsuspend).await;
    assert_ne!(seed().await, seen);
}

/// The hash of a password takes most of the time that an answer takes: for nobody one is computed as well.
async fn nobody_takes_as_long_as_somebody(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    set_password(world, &ada).await;
    world.person(&org, "passkey").await;
    let mut took = Vec::new();
    for who in ["ada", "nobody", "passkey"] {
        let mut flow = begin(world, &org, who, Purpose::default()).await;
        let mut times = Vec::new();
        for _ in 0..3 {
            let start = Instant::now();
            prove(world, &mut flow, password("wrong"), "192.0.2.1").await;
            times.push(start.elapsed());
        }
        took.push(times);
    }
    let quickest = took[0].iter().min().unwrap();
    for other in &took[1..] {
        let slowest = other.iter().max().unwrap();
        assert!(
            *slowest * 3 >= *quickest,
            "{slowest:?} for nobody, {quickest:?} for somebody"
        );
    }
}

async fn mail_goes_to_those_who_are_there_alone(world: &World) {
    let org = world.org("acme").await;
    let (ada, eve) = (
        world.person(&org, "ada").await,
        world.person(&org, "eve").await,
    );
    verify_address(world, &ada).await;
    change(world, &eve, LifecycleAction::Suspend).await;
    let (snapshot, facts) = (
        world.cell.snapshot(&org).await.unwrap().unwrap(),
        facts(world, "192.0.2.1"),
    );
    for (who, expected) in [("ada", 2), ("eve", 0), ("nobody", 0)] {
        let mut flow = begin(world, &org, who, Purpose::default()).await;
        let sent = world.cell.send_code(&snapshot, &mut flow, &facts).await;
        sent.unwrap().unwrap();
        let sent = world.cell.send_recovery(&context(&org), who, &facts).await;
        sent.unwrap().unwrap();
        assert_eq!(mails(world).await.len(), expected, "{who}");
    }
    // Nobody's mailbox is filled, and the wait comes for nobody as it does for somebody.
    for who in ["ada", "nobody"] {
        let mut sent = 2;
        while world
            .cell
            .send_recovery(&context(&org), who, &facts)
            .await
            .unwrap()
            .is_ok()
        {
            sent += 1;
        }
        assert_eq!(sent, 6, "{who}");
    }
}

/// One sign-in can name one person after another; a code that was sent to one proves nothing of another.
async fn a_code_by_mail_proves_its_own_person_alone(world: &World) {
    let org = world.org("acme").await;
    for login in ["ada", "mallory"] {
        let person = world.person(&org, login).await;
        verify_address(world, &person).await;
    }
    let snapshot = world.cell.snapshot(&org).await.unwrap().unwrap();
    let facts = facts(world, "192.0.2.1");
    let mut flow = begin(world, &org, "mallory", Purpose::default()).await;
    let sent = world.cell.send_code(&snapshot, &mut flow, &facts).await;
    sent.unwrap().unwrap();
    let mail = mails(world).await.pop().unwrap();
    let code: String = mail
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    assert!(flow.state.mailed);
    world.cell.identify(&mut flow, "ada").await.unwrap();
    assert!(!flow.state.mailed, "to somebody else");
    let attempt = prove(
        world,
        &mut flow,
        Typed::EmailCode(code.clone()),
        "192.0.2.1",
    )
    .await;
    assert_eq!(attempt, Attempt::Wrong);
    world.cell.identify(&mut flow, "mallory").await.unwrap();
    let attempt = prove(world, &mut flow, Typed::EmailCode(code), "192.0.2.1").await;
    assert_eq!(attempt, Attempt::Right);
}

/// A count by person would tell that two names mean the same one.
async fn two_names_of_one_person_are_counted_as_those_of_two(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    set_password(world, &ada).await;
    let mut by_login = begin(world, &org, "ada", Purpose::default()).await;
    while prove(world, &mut by_login, password("wrong"), "192.0.2.1").await == Attempt::Wrong {}
    let mut by_mail = begin(world, &org, "ada@example.com", Purpose::default()).await;
    let attempt = prove(world, &mut by_mail, password("wrong"), "192.0.2.1").await;
    assert_eq!(attempt, Attempt::Wrong);
}

async fn strangers_slow_themselves_and_not_a_known_device(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    set_password(world, &ada).await;
    let mut flow = begin(world, &org, "ada", Purpose::default()).await;
    prove(world, &mut flow, password(PASSWORD), "192.0.2.1").await;
    let snapshot = world.cell.snapshot(&org).await.unwrap().unwrap();
    let here = facts(world, "192.0.2.1");
    let begun = world.cell.finish_sign_in(&snapshot, &flow, &here).await;
    let cookie = begun.unwrap().device_cookie.expose().clone();

    // A stranger behind the address to which the person has moved, and a hundred elsewhere.
    let mut stranger = begin(world, &org, "ada", Purpose::default()).await;
    while prove(world, &mut stranger, password("wrong"), "198.51.100.1").await == Attempt::Wrong {}
    let with_cookie = || Purpose {
        device_cookie: cookie.clone(),
        ..Purpose::default()
    };
    let mut known = begin(world, &org, "ada", with_cookie()).await;
    let attempt = prove(world, &mut known, password(PASSWORD), "198.51.100.1").await;
    assert_eq!(attempt, Attempt::Right);
    let mut strange = begin(world, &org, "ada", Purpose::default()).await;
    let attempt = prove(world, &mut strange, password(PASSWORD), "198.51.100.1").await;
    assert!(matches!(attempt, Attempt::Slow { .. }));

    // It is this person's, in this org, and opens nothing.
    assert_eq!(known.state.devices.len(), 1);
    let familiar = |person: &Person| {
        decide_familiarity(&known.state.devices, Some(person), world.cell.now())
            != Familiarity::Strange
    };
    assert!(familiar(&ada) && !familiar(&world.person(&org, "eve").await));
    let other = world.org("other").await;
    assert!(world.cell.open_devices(&other, &cookie).await.is_empty());
    for bad in ["", "x", "AAAA", &cookie[1..], &"A".repeat(2_000)] {
        assert!(world.cell.open_devices(&org, bad).await.is_empty());
    }
    assert_eq!(
        step(world, &begin(world, &org, "ada", with_cookie()).await).await,
        Step::Prove(FIRST_WAYS.to_vec())
    );
    // What ends all sessions makes the device strange again, and so does time.
    let raised = Person {
        epoch: ada.epoch + 1,
        ..ada.clone()
    };
    assert!(!familiar(&raised));
    let until = known.state.devices[0].until;
    let later: &[KnownDevice] = &known.state.devices;
    assert_eq!(
        decide_familiarity(later, Some(&ada), until),
        Familiarity::Strange
    );
}

async fn what_an_app_asks_for_is_proved_or_enrolled_where_it_can_be(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    set_password(world, &ada).await;
    let asking = |context| Purpose {
        requirement: Requirement::for_context(context),
        ..Purpose::default()
    };
    let passkeys = [
        AuthenticatorKind::Passkey(PasskeyStorage::DeviceBound),
        AuthenticatorKind::Passkey(PasskeyStorage::Synced),
    ];
    let mut plain = begin(world, &org, "ada", Purpose::default()).await;
    prove(world, &mut plain, password(PASSWORD), "192.0.2.1").await;
    assert_eq!(step(world, &plain).await, Step::Done);
    let mut asked = begin(
        world,
        &org,
        "ada",
        asking(AuthenticationContext::PhishingResistant),
    )
    .await;
    prove(world, &mut asked, password(PASSWORD), "192.0.2.1").await;
    assert_eq!(step(world, &asked).await, Step::Enroll(passkeys.to_vec()));
    let mut asked = begin(world, &org, "ada", asking(AuthenticationContext::OneFactor)).await;
    prove(world, &mut asked, password(PASSWORD), "192.0.2.1").await;
    assert_eq!(step(world, &asked).await, Step::Done);
}

on_both_engines!(
    what_was_proved_ends_with_the_sessions,
    what_a_session_proves_counts_while_it_lives,
    a_seed_that_was_seen_is_drawn_anew_after_all_are_out,
    before_any_proof_everybody_is_the_same,
    whom_a_zone_keeps_out_looks_like_nobody_until_the_proof,
    the_right_password_opens_nothing_for_somebody_kept_out,
    nobody_takes_as_long_as_somebody,
    mail_goes_to_those_who_are_there_alone,
    a_code_by_mail_proves_its_own_person_alone,
    two_names_of_one_person_are_counted_as_those_of_two,
    strangers_slow_themselves_and_not_a_known_device,
    what_an_app_asks_for_is_proved_or_enrolled_where_it_can_be,
);
