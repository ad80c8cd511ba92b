//! A password that must be replaced: whoever replaces it comes back by that alone, and no other decision is undone by it.

use crate::access::Permission;
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines};
use crate::person::lifecycle::LifecycleAction as Do;
use crate::person::{Person, PersonStatus as Is};
use crate::sign_in::begin::Purpose;
use crate::sign_in::enroll::PlannedReplacement;
use crate::sign_in::prove::{Attempt, Typed};
use crate::sign_in::{Flow, Step};
use crate::tests::sign_in::{begin, facts, prove, set_password};
use vocab::id::OrgId;
use vocab::secret::Secret;

const ADDRESS: &str = "192.0.2.1";
/// What [`set_password`] sets.
const FIRST: &str = "nine tortoises walk to Samos";
const SECOND: &str = "ten tortoises swim to Naxos";

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

async fn change(world: &World, person: &Person, action: Do) -> Is {
    let permit = world.permit(&person.org_id, Permission::ManagePeople);
    let changed = world
        .cell
        .change_person_status(&permit, &person.id, action)
        .await;
    changed.unwrap()
}

async fn status(world: &World, person: &Person) -> Is {
    world.load(&person.org_id, &person.id).await.status
}

async fn next(world: &World, flow: &Flow) -> Step {
    let snapshot = world.cell.snapshot(&flow.org_id).await.unwrap().unwrap();
    let request = facts(world, ADDRESS);
    let step = world.cell.next_step(&snapshot, flow, &request).await;
    step.unwrap()
}

/// A sign-in of somebody that has shown a password.
async fn shown(world: &World, org: &OrgId, login: &str, text: &str) -> (Flow, Attempt) {
    let mut flow = begin(world, org, login, Purpose::default()).await;
    let attempt = prove(world, &mut flow, Typed::Password(secret(text)), ADDRESS).await;
    (flow, attempt)
}

/// Somebody whose password has expired, and a sign-in that asks for another.
async fn asked(world: &World, org: &OrgId, login: &str) -> (Person, Flow) {
    let person = world.person(org, login).await;
    set_password(world, &person).await;
    assert_eq!(
        change(world, &person, Do::ExpirePassword).await,
        Is::PasswordExpired
    );
    let (flow, _) = shown(world, org, login, FIRST).await;
    assert_eq!(next(world, &flow).await, Step::ChangePassword, "{login}");
    (person, flow)
}

async fn plan(world: &World, flow: &Flow) -> PlannedReplacement {
    let snapshot = world.cell.snapshot(&flow.org_id).await.unwrap().unwrap();
    let request = facts(world, ADDRESS);
    let planned = world
        .cell
        .plan_replacement(&snapshot, flow, secret(SECOND), &request);
    planned.await.unwrap().unwrap()
}

async fn apply(world: &World, planned: PlannedReplacement) -> Result<Flow, Refusal> {
    let cell = world.cell.clone();
    world
        .cell
        .database
        .write(move |tx| Box::pin(async move { planned.apply(tx, &cell).await }))
        .await
}

async fn whoever_replaces_it_is_active_again_and_the_log_says_so(world: &World) {
    let org = world.org("acme").await;
    let (ada, mut flow) = asked(world, &org, "ada").await;
    let snapshot = world.cell.snapshot(&org).await.unwrap().unwrap();
    let request = facts(world, ADDRESS);
    let rows = world.log_rows(&org).await;
    let replaced = world
        .cell
        .replace_password(&snapshot, &mut flow, secret(SECOND), &request);
    assert!(replaced.await.unwrap());
    assert_eq!(status(world, &ada).await, Is::Active);
    assert_eq!(
        world.log_rows(&org).await,
        rows + 2,
        "the password, and the state"
    );
    assert_eq!(next(world, &flow).await, Step::Done);
    // It is not asked for any more.
    let again = world
        .cell
        .replace_password(&snapshot, &mut flow, secret(FIRST), &request);
    assert!(!again.await.unwrap());
    let ended = world.cell.finish_sign_in(&snapshot, &flow, &request).await;
    assert!(ended.is_ok(), "the sign-in goes on as it was kept");
}

async fn what_was_decided_meanwhile_stands(world: &World) {
    let org = world.org("acme").await;
    for (login, action, after) in [
        ("left", Do::Deactivate, Is::Deprovisioned),
        ("helped", Do::ResetPassword, Is::Recovery),
        ("suspended", Do::Suspend, Is::Suspended),
        ("activated", Do::Activate, Is::Active),
    ] {
        let (person, flow) = asked(world, &org, login).await;
        let planned = plan(world, &flow).await;
        assert_eq!(change(world, &person, action).await, after);
        let rows = world.log_rows(&org).await;
        let refused = apply(world, planned).await;
        assert!(matches!(refused, Err(Refusal::Changed)), "{login}");
        assert_eq!(status(world, &person).await, after, "{login}");
        assert_eq!(world.log_rows(&org).await, rows, "{login}");
    }
    // Somebody was given another password to replace, or has answered already.
    let manage = world.permit(&org, Permission::ManagePeople);
    let (eve, flow) = asked(world, &org, "eve").await;
    let planned = plan(world, &flow).await;
    let given = world.cell.set_temporary_password(&manage, &eve.id).await;
    given.unwrap();
    assert!(matches!(apply(world, planned).await, Err(Refusal::Changed)));
    assert_eq!(status(world, &eve).await, Is::PasswordExpired);
    let (bob, flow) = asked(world, &org, "bob").await;
    let (first, second) = (plan(world, &flow).await, plan(world, &flow).await);
    apply(world, first).await.unwrap();
    assert!(matches!(apply(world, second).await, Err(Refusal::Changed)));
    assert_eq!(status(world, &bob).await, Is::Active);
}

/// An old password, or one that somebody else was told, counts no more for its person having been kept out.
async fn who_was_kept_out_has_to_replace_it_still(world: &World) {
    let org = world.org("acme").await;
    let manage = world.permit(&org, Permission::ManagePeople);
    for (login, away) in [
        ("suspended", &[Do::Suspend, Do::Unsuspend] as &[Do]),
        ("locked", &[Do::Lock, Do::Unlock]),
        ("left", &[Do::Deactivate, Do::Activate]),
        ("both", &[Do::Suspend, Do::Deactivate, Do::Activate]),
    ] {
        let (person, _) = asked(world, &org, login).await;
        let given = world.cell.set_temporary_password(&manage, &person.id);
        let given = given.await.unwrap();
        for action in away {
            change(world, &person, *action).await;
        }
        assert_eq!(status(world, &person).await, Is::PasswordExpired, "{login}");
        let (flow, attempt) = shown(world, &org, login, given.expose()).await;
        assert_eq!(attempt, Attempt::Right, "{login}");
        assert_eq!(next(world, &flow).await, Step::ChangePassword, "{login}");
        // The same for whoever had to get in by a link.
        change(world, &person, Do::ResetPassword).await;
        for action in away {
            change(world, &person, *action).await;
        }
        assert_eq!(status(world, &person).await, Is::Recovery, "{login}");
        let (_, attempt) = shown(world, &org, login, given.expose()).await;
        assert_eq!(attempt, Attempt::Wrong, "{login}");
        // Whoever is let in expressly is in, and nothing is remembered of it.
        assert_eq!(change(world, &person, Do::Activate).await, Is::Active);
        for action in away {
            change(world, &person, *action).await;
        }
        assert_eq!(status(world, &person).await, Is::Active, "{login}");
    }
}

on_both_engines!(
    who_was_kept_out_has_to_replace_it_still,
    whoever_replaces_it_is_active_again_and_the_log_says_so,
    what_was_decided_meanwhile_stands,
);
