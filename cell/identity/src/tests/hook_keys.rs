//! Hook keys: one of an org is made at a time, and nobody else waits for it.

use crate::access::Permission;
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines};
use keys::ServerKeyScope;
use protocol::jose::algorithm::Algorithm;
use std::sync::Arc;
use vocab::id::OrgId;

async fn keys_of_one_org_are_made_one_at_a_time(world: &World) {
    let (acme, globex) = (world.org("acme").await, world.org("globex").await);
    let make = async |org: &OrgId| {
        let permit = world.permit(org, Permission::ManageOrg);
        world.cell.create_hook_key(&permit, "Shop".into()).await
    };
    let held = world.cell.hook_key_lines.enter(&acme).await;
    let refused = make(&acme).await.unwrap_err();
    assert!(matches!(refused, Refusal::WrongState(_)), "{refused:?}");
    make(&globex).await.unwrap();
    drop(held);
    make(&acme).await.unwrap();
}

async fn no_signing_key_waits_for_hook_keys(world: &World) {
    let org = world.org("acme").await;
    let _held = Arc::clone(&world.cell.hook_key_turn).lock_owned().await;
    let signer =
        world
            .cell
            .signing_keys
            .active_signer(&org, &ServerKeyScope::Org, Algorithm::Rs256);
    signer.await.unwrap();
}

on_both_engines!(
    keys_of_one_org_are_made_one_at_a_time,
    no_signing_key_waits_for_hook_keys,
);
