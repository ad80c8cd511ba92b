//! What a person does to the own account: the last way in stays, nobody else's things are found, and each change is in
//! the log and in the mail.

use crate::access::own::{Freshness, OwnCaller};
use crate::access::{Caller, Permission, Permit, Role, TokenCaller, authorize};
use crate::credential::password::PasswordRefusal;
use crate::credential::store::{self, StoredPasskey, StoredPassword};
use crate::credential::totp::ENROLMENT_SECS;
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines};
use crate::org::settings::SessionSettings;
use crate::person::Person;
use crate::person::lifecycle::LifecycleAction as Do;
use crate::session::SignedIn;
use crate::session::ending::Ending;
use ledger::ClientFacts;
use std::collections::BTreeSet;
use vocab::id::{ApiTokenId, FlowId, OrgId, PasskeyId};
use vocab::secret::Secret;

/// PHC text with the product's own parameters; nobody knows the password.
pub(super) const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$ZPQL8r78SrmxTdDyCnOXdw$Bk2vuVBoF4Ap8DjkyywUIpbZZXczZPywTGz0RCrG1vY";

fn own(person: &Person, permission: Permission) -> Permit {
    permit_of(OwnCaller::of_sign_in(person, None), permission)
}

/// The permit of a sign-in of the person, which is none of their other ones.
fn in_sign_in(world: &World, person: &Person) -> Permit {
    let flow = FlowId::generate(world.cell.entropy());
    let caller = OwnCaller::of_sign_in(person, Some(&flow));
    permit_of(caller, Permission::OwnFactors)
}

fn permit_of(caller: OwnCaller, permission: Permission) -> Permit {
    let (org, client) = (caller.org().clone(), ClientFacts::default());
    authorize(&Caller::Own(caller), &org, permission, &client).unwrap()
}

pub(super) async fn add_passkey(world: &World, person: &Person, name: &str) -> PasskeyId {
    let id = PasskeyId::generate(world.cell.entropy());
    let passkey = StoredPasskey {
        id: id.clone(),
        user_id: person.id.clone(),
        credential_id: id.to_string(),
        rp_id: "localhost".into(),
        name: name.to_owned(),
        document: "{}".into(),
        device_bound: false,
        attested_aaguid: None,
        created_at: world.cell.now(),
        last_used_at: None,
    };
    let org = person.org_id.clone();
    world
        .write(move |tx| {
            Box::pin(async move { Ok(store::insert_passkey(tx, &org, &passkey).await?) })
        })
        .await;
    id
}

async fn add_password(world: &World, person: &Person) {
    let (org, user) = (person.org_id.clone(), person.id.clone());
    let password = StoredPassword {
        hash: HASH.into(),
        changed_at: world.cell.now(),
        must_change: false,
    };
    world
        .write(move |tx| {
            Box::pin(async move { Ok(store::put_password(tx, &org, &user, &password).await?) })
        })
        .await;
}

async fn passkeys(world: &World, person: &Person) -> Vec<String> {
    let mut tx = world.cell.database.read().await.unwrap();
    let stored = store::load_passkeys(&mut tx, &person.org_id, &person.id).await;
    stored.unwrap().into_iter().map(|one| one.name).collect()
}

async fn of_two_last_passkeys_removed_at_once_one_stays(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let permit = own(&ada, Permission::OwnFactors);
    for _ in 0..5 {
        let (one, two) = (
            add_passkey(world, &ada, "One").await,
            add_passkey(world, &ada, "Two").await,
        );
        let (first, second) = tokio::join!(
            world.cell.remove_passkey(&permit, &ada.id, &one),
            world.cell.remove_passkey(&permit, &ada.id, &two),
        );
        let done = [first.is_ok(), second.is_ok()];
        assert_eq!(done.into_iter().filter(|done| *done).count(), 1);
        let refused = first.err().or(second.err()).unwrap();
        assert!(matches!(refused, Refusal::WrongState(_)), "{refused:?}");
        assert_eq!(passkeys(world, &ada).await.len(), 1);
        let left = if done[0] { two } else { one };
        // An administrator takes away what was stolen, whatever is left.
        let manage = world.permit(&org, Permission::ManagePeople);
        world
            .cell
            .remove_passkey(&manage, &ada.id, &left)
            .await
            .unwrap();
    }
    let last = add_passkey(world, &ada, "Last").await;
    let rows = world.log_rows(&org).await;
    let refused = world.cell.remove_passkey(&permit, &ada.id, &last).await;
    assert!(matches!(refused, Err(Refusal::WrongState(_))));
    assert_eq!(world.log_rows(&org).await, rows, "nothing happened");
    add_password(world, &ada).await;
    world
        .cell
        .remove_passkey(&permit, &ada.id, &last)
        .await
        .unwrap();
}

async fn names_are_one_short_line_and_each_change_is_told(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let permit = own(&ada, Permission::OwnFactors);
    let id = add_passkey(world, &ada, "Laptop").await;
    let rename = async |name: &str| world.cell.rename_passkey(&permit, &ada.id, &id, name).await;
    for bad in ["", "  ", "a\nb", &"x".repeat(61)] {
        assert!(matches!(rename(bad).await, Err(Refusal::Invalid { .. })));
    }
    let rows = world.log_rows(&org).await;
    rename("Laptop").await.unwrap();
    assert_eq!(
        world.log_rows(&org).await,
        rows,
        "the same name is no change"
    );
    rename(&format!("  {} ", "é".repeat(60))).await.unwrap();
    assert_eq!(passkeys(world, &ada).await, ["é".repeat(60)]);
    assert_eq!(world.log_rows(&org).await, rows + 1);
    let mut tx = world.cell.database.read().await.unwrap();
    let told =
        ledger::outbox::store::is_any_due(&mut tx, crate::notice::OUTBOX_KIND, world.cell.now());
    assert!(told.await.unwrap());
}

async fn refuses_all(
    world: &World,
    permit: &Permit,
    person: &Person,
    expected: fn(&Refusal) -> bool,
) {
    let (cell, user) = (&world.cell, &person.id);
    let passkey = add_passkey(world, person, "Hers").await;
    let session = world.session(person, &passkey.to_string()).await;
    let mut refusals = vec![
        cell.rename_passkey(permit, user, &passkey, "Mine")
            .await
            .err(),
        cell.remove_passkey(permit, user, &passkey).await.err(),
        cell.begin_totp(permit, user).await.err(),
        cell.confirm_totp(permit, user, "000000").await.err(),
        cell.remove_totp(permit, user).await.err(),
        cell.make_recovery_codes(permit, user).await.err(),
    ];
    match cell
        .set_password(permit, user, Secret::new("a good long password".into()))
        .await
    {
        Err(PasswordRefusal::Refused(refusal)) => refusals.push(Some(refusal)),
        other => panic!("{other:?}"),
    }
    for (number, refusal) in refusals.into_iter().enumerate() {
        let refusal = refusal.unwrap_or_else(|| panic!("operation {number} was done"));
        assert!(expected(&refusal), "operation {number}: {refusal:?}");
    }
    assert_eq!(passkeys(world, person).await, ["Hers"]);
    let live = cell
        .session_by_id(&person.org_id, &session.id)
        .await
        .unwrap();
    assert!(live.is_some());
}

async fn another_persons_things_are_not_found(world: &World) {
    let (org, other) = (world.org("acme").await, world.org("globex").await);
    let (ada, eve) = (
        world.person(&org, "ada").await,
        world.person(&org, "eve").await,
    );
    let theirs = world.person(&other, "ada").await;
    let permit = own(&ada, Permission::OwnFactors);
    let not_found: fn(&Refusal) -> bool = |refusal| matches!(refusal, Refusal::NotFound);
    refuses_all(world, &permit, &eve, not_found).await;
    refuses_all(world, &permit, &theirs, not_found).await;
    // Nor by an administrator of another org.
    let manage = world.permit(&org, Permission::ManagePeople);
    let third = world.person(&other, "bob").await;
    refuses_all(world, &manage, &third, not_found).await;
    // Nor under the own name.
    let hers = add_passkey(world, &eve, "Second").await;
    let removed = world.cell.remove_passkey(&permit, &ada.id, &hers).await;
    assert!(matches!(removed, Err(Refusal::NotFound)));
    let renamed = world
        .cell
        .rename_passkey(&permit, &ada.id, &hers, "Mine")
        .await;
    assert!(matches!(renamed, Err(Refusal::NotFound)));
    for whose in [&eve, &theirs] {
        let session = world.session(whose, &format!("of {}", whose.id)).await;
        assert!(matches!(
            end(world, &ada, &ada, Ending::One(session.id.clone())).await,
            Err(Refusal::NotFound)
        ));
        assert!(matches!(
            end(world, &ada, whose, Ending::All).await,
            Err(Refusal::NotFound)
        ));
        let live = world.cell.session_by_id(&whose.org_id, &session.id).await;
        assert!(live.unwrap().is_some());
    }
}

async fn without_fresh_proof_no_factor_changes(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let permit = own(&ada, Permission::OwnAccount);
    refuses_all(world, &permit, &ada, |refusal| {
        matches!(refusal, Refusal::Forbidden)
    })
    .await;
}

async fn end(world: &World, by: &Person, whose: &Person, ending: Ending) -> Result<usize, Refusal> {
    // As they are now: a permit ends with what was proved for it.
    let by = world.load(&by.org_id, &by.id).await;
    let permit = own(&by, Permission::OwnAccount);
    let planned = world
        .cell
        .plan_session_end(&permit, &whose.id, ending)
        .await?;
    let ended = world
        .cell
        .database
        .write(move |tx| Box::pin(planned.apply(tx)))
        .await?;
    Ok(ended.len())
}

async fn is_live(world: &World, org: &OrgId, secret: &str) -> bool {
    let settings = SessionSettings::default();
    let found = world.cell.session_by_secret(org, secret, &settings).await;
    found.unwrap().is_some()
}

async fn sessions_end_one_by_one_or_all_others(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let mut sessions = Vec::new();
    for name in ["here", "phone", "work", "old"] {
        sessions.push(world.session(&ada, name).await.id);
    }
    let one = Ending::One(sessions[1].clone());
    assert_eq!(end(world, &ada, &ada, one.clone()).await.unwrap(), 1);
    assert!(matches!(
        end(world, &ada, &ada, one).await,
        Err(Refusal::NotFound)
    ));
    let others = Ending::AllBut(sessions[0].clone());
    assert_eq!(end(world, &ada, &ada, others).await.unwrap(), 2);
    assert!(is_live(world, &org, "here").await);
    for ended in ["phone", "work", "old"] {
        assert!(!is_live(world, &org, ended).await, "{ended}");
    }
    assert_eq!(end(world, &ada, &ada, Ending::All).await.unwrap(), 1);
    assert!(!is_live(world, &org, "here").await);
    assert_ne!(world.load(&org, &ada.id).await.epoch, ada.epoch);
}

async fn a_password_change_and_the_end_of_others_are_one(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let here = world.session(&ada, "here").await;
    world.session(&ada, "elsewhere").await;
    let permit = own(&ada, Permission::OwnFactors);
    let secret = |text: &str| Secret::new(text.to_owned());
    let plan = async |present: &str, new: &str| {
        let (present, new) = (secret(present), secret(new));
        world.cell.plan_own_password(&permit, present, new).await
    };
    // Two changes that were prepared at once: the second one no longer replaces what it thinks.
    let first = plan("", "nine tortoises walk to Samos").await.unwrap();
    let second = plan("", "ten tortoises swim to Naxos").await.unwrap();
    let ending = Ending::AllBut(here.id.clone());
    let ending = world
        .cell
        .plan_session_end(&permit, &ada.id, ending)
        .await
        .unwrap();
    let changed: Result<(), Refusal> = world
        .cell
        .database
        .write(move |tx| {
            Box::pin(async move {
                first.apply(tx).await?;
                ending.apply(tx).await.map(drop)
            })
        })
        .await;
    changed.unwrap();
    assert!(is_live(world, &org, "here").await && !is_live(world, &org, "elsewhere").await);
    let late = world
        .cell
        .database
        .write(move |tx| Box::pin(second.apply(tx)));
    assert!(matches!(late.await, Err(Refusal::Changed)));
    assert!(matches!(
        plan("wrong", "ten tortoises swim to Naxos").await,
        Err(PasswordRefusal::WrongPresent)
    ));
    assert!(matches!(
        plan("nine tortoises walk to Samos", "short").await,
        Err(PasswordRefusal::Policy(_))
    ));
    assert!(
        plan(
            "nine tortoises walk to Samos",
            "ten tortoises swim to Naxos"
        )
        .await
        .is_ok()
    );
}

async fn an_imported_hash_is_in_the_log(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let manage = world.permit(&org, Permission::ManagePeople);
    let rows = world.log_rows(&org).await;
    let cell = &world.cell;
    cell.import_password_hash(&manage, &ada.id, HASH)
        .await
        .unwrap();
    assert_eq!(world.log_rows(&org).await, rows + 1);
    let odd = cell.import_password_hash(&manage, &ada.id, "md5").await;
    assert!(matches!(odd, Err(Refusal::Invalid { .. })));
    let own = own(&ada, Permission::OwnFactors);
    let own = cell.import_password_hash(&own, &ada.id, HASH).await;
    assert!(matches!(own, Err(Refusal::Forbidden)));
}

async fn a_seed_that_was_shown_long_ago_is_not_shown_again(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let permit = in_sign_in(world, &ada);
    let begin = async || begun(world, &permit, &ada).await;
    let first = begin().await;
    assert_eq!(begin().await, first, "the page was loaded again");
    world.clock.advance_secs(ENROLMENT_SECS);
    let late = world.cell.confirm_totp(&permit, &ada.id, "000000").await;
    assert!(matches!(late, Err(Refusal::NotFound)));
    assert_ne!(begin().await, first);
}

async fn begun(world: &World, permit: &Permit, person: &Person) -> String {
    let seed = world
        .cell
        .begin_totp(permit, &person.id)
        .await
        .unwrap()
        .seed;
    seed.to_base32().expose().clone()
}

fn by_token(world: &World, helper: &Person) -> Permit {
    let caller = Caller::ApiToken(TokenCaller {
        org_id: helper.org_id.clone(),
        token_id: ApiTokenId::generate(world.cell.entropy()),
        name: helper.login.clone(),
        user_id: helper.id.clone(),
        roles: vec![Role::UserAdmin],
        capabilities: BTreeSet::new(),
    });
    let (manage, client) = (Permission::ManagePeople, ClientFacts::default());
    authorize(&caller, &helper.org_id, manage, &client).unwrap()
}

async fn in_session(world: &World, person: &Person) -> Permit {
    let signed_in = SignedIn {
        session: world.session(person, "theirs").await,
        person: person.clone(),
        roles: Vec::new(),
        capabilities: BTreeSet::new(),
    };
    let caller = OwnCaller::of_session(&signed_in, Freshness::Fresh);
    permit_of(caller, Permission::OwnFactors)
}

/// Whoever else begins draws another seed, and what was shown before counts no more: nobody confirms a seed that
/// somebody else was shown.
async fn a_seed_is_shown_to_whoever_began_it_alone(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let bob = world.administrator(&org, "bob", Role::UserAdmin).await;
    let eve = world.administrator(&org, "eve", Role::UserAdmin).await;
    let (bobs, eves) = (by_token(world, &bob), by_token(world, &eve));
    let hers = in_session(world, &ada).await;
    let (one, other) = (in_sign_in(world, &ada), in_sign_in(world, &ada));
    let mut seen = BTreeSet::new();
    for (number, caller) in [&bobs, &hers, &eves, &one, &other, &hers]
        .into_iter()
        .enumerate()
    {
        let rows = world.log_rows(&org).await;
        let seed = begun(world, caller, &ada).await;
        assert_eq!(begun(world, caller, &ada).await, seed, "loaded again");
        assert!(seen.insert(seed), "caller {number} saw what another did");
        // What an administrator begins for somebody is told once.
        let told = i64::from(caller.own_user().is_none());
        assert_eq!(world.log_rows(&org).await, rows + told, "caller {number}");
        let mut tx = world.cell.database.read().await.unwrap();
        let kept = store::load_totp(&mut tx, &org, &ada.id).await.unwrap();
        assert_eq!(kept.len(), 1, "the former one is dropped");
    }
    // Without anything by which calls are told apart, each draws anew.
    let nobody = own(&ada, Permission::OwnFactors);
    let first = begun(world, &nobody, &ada).await;
    assert_ne!(begun(world, &nobody, &ada).await, first);
}

async fn recovery_codes_are_handed_out_to_those_who_have_none(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let permit = own(&ada, Permission::OwnFactors);
    let hand_out = async || {
        let made = world.cell.make_first_recovery_codes(&permit, &ada.id).await;
        made.unwrap().map(|codes| codes.len())
    };
    assert_eq!(hand_out().await, Some(10));
    assert_eq!(hand_out().await, None);
}

/// What somebody was let do to the own account ends when they are shut out or kept out, though they be let in again.
async fn what_was_permitted_ends_with_what_was_proved_for_it(world: &World) {
    let org = world.org("acme").await;
    let manage = world.permit(&org, Permission::ManagePeople);
    for (login, actions) in [
        ("ada", &[Do::Suspend, Do::Unsuspend] as &[Do]),
        ("eve", &[Do::Lock, Do::Unlock]),
        ("bob", &[Do::Deactivate]),
    ] {
        let person = world.person(&org, login).await;
        let permit = own(&person, Permission::OwnFactors);
        let (none, new) = (String::new(), "nine tortoises walk to Samos".to_owned());
        let planned = world
            .cell
            .plan_own_password(&permit, Secret::new(none), Secret::new(new));
        let planned = planned.await.unwrap();
        let passkey = add_passkey(world, &person, "Laptop").await;
        for action in actions {
            let changed = world
                .cell
                .change_person_status(&manage, &person.id, *action);
            changed.await.unwrap();
        }
        let rows = world.log_rows(&org).await;
        let written = world
            .cell
            .database
            .write(move |tx| Box::pin(planned.apply(tx)));
        assert!(matches!(written.await, Err(Refusal::Changed)), "{login}");
        let renamed = world
            .cell
            .rename_passkey(&permit, &person.id, &passkey, "Mine")
            .await;
        assert!(matches!(renamed, Err(Refusal::Changed)), "{login}");
        assert!(!world.cell.has_password(&person).await.unwrap(), "{login}");
        assert_eq!(world.log_rows(&org).await, rows, "{login}");
    }
}

on_both_engines!(
    what_was_permitted_ends_with_what_was_proved_for_it,
    of_two_last_passkeys_removed_at_once_one_stays,
    names_are_one_short_line_and_each_change_is_told,
    another_persons_things_are_not_found,
    without_fresh_proof_no_factor_changes,
    sessions_end_one_by_one_or_all_others,
    a_password_change_and_the_end_of_others_are_one,
    an_imported_hash_is_in_the_log,
    a_seed_that_was_shown_long_ago_is_not_shown_again,
    a_seed_is_shown_to_whoever_began_it_alone,
    recovery_codes_are_handed_out_to_those_who_have_none,
);
