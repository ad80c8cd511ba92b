//! An answer that may be the last one needed: the proof and the session that begins are one act, or the proof is kept alone.

use crate::access::Role;
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines};
use crate::sign_in::begin::Purpose;
use crate::sign_in::prove::{Answered, Attempt};
use crate::sign_in::{Flow, Step};
use crate::tests::provisioning::kinds_after;
use crate::tests::sign_in::{PASSWORD, begin, facts, password, set_password, step};

const PROOF: &str = "user.authentication.verify";
const SESSION: &str = "user.session.start";

async fn answer(world: &World, flow: &mut Flow, text: &str) -> Answered {
    let snapshot = world.cell.snapshot(&flow.org_id).await.unwrap().unwrap();
    let request = facts(world, "192.0.2.1");
    let answered = world
        .cell
        .answer_typed(&snapshot, flow, password(text), &request);
    answered.await.unwrap()
}

async fn the_last_proof_and_the_session_are_one_act(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    set_password(world, &ada).await;
    let mut flow = begin(world, &org, "ada", Purpose::default()).await;
    let mut other = flow.clone();
    let rows = world.log_rows(&org).await;
    let wrong = answer(world, &mut flow, "wrong").await;
    assert!(matches!(wrong, Answered::Attempt(Attempt::Wrong)));
    assert_eq!(kinds_after(world, &org, rows).await.len(), 1);
    let rows = world.log_rows(&org).await;
    let Answered::Ended(Ok(begun)) = answer(world, &mut flow, PASSWORD).await else {
        panic!("nothing else is needed");
    };
    let session = world.cell.session_by_id(&org, &begun.session_id).await;
    assert_eq!(session.unwrap().unwrap().person.id, ada.id);
    assert_eq!(kinds_after(world, &org, rows).await, [PROOF, SESSION]);
    // Of two right answers to one sign-in one begins a session; the other was right, and comes too late.
    let rows = world.log_rows(&org).await;
    let late = answer(world, &mut other, PASSWORD).await;
    assert!(matches!(late, Answered::Ended(Err(Refusal::Changed))));
    assert_eq!(kinds_after(world, &org, rows).await, [PROOF]);
}

async fn where_more_is_needed_the_proof_is_kept(world: &World) {
    let org = world.org("acme").await;
    let admin = world.administrator(&org, "admin", Role::SuperAdmin).await;
    set_password(world, &admin).await;
    let mut flow = begin(world, &org, "admin", Purpose::default()).await;
    let mut other = flow.clone();
    let rows = world.log_rows(&org).await;
    let Answered::Next(next) = answer(world, &mut flow, PASSWORD).await else {
        panic!("a password alone is not enough for administrators");
    };
    assert!(matches!(next, Step::Enroll(_)), "{next:?}");
    assert_eq!(step(world, &flow).await, next);
    assert_eq!(kinds_after(world, &org, rows).await, [PROOF]);
    // What another answer has changed meanwhile is not written over.
    let snapshot = world.cell.snapshot(&org).await.unwrap().unwrap();
    let request = facts(world, "192.0.2.1");
    let typed = password(PASSWORD);
    let late = (world.cell).answer_typed(&snapshot, &mut other, typed, &request);
    assert!(matches!(late.await, Err(Refusal::Changed)));
}

on_both_engines!(
    the_last_proof_and_the_session_are_one_act,
    where_more_is_needed_the_proof_is_kept,
);
