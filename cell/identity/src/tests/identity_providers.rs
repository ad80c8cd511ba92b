//! Identity providers in the store: what is sealed and held, and who somebody is who comes from one, races included.

use crate::access::Permission;
use crate::event_hook::envoy::PlainHttp;
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines};
use crate::identity_provider::arrival::{
    ArrivalPolicy, ArrivalRefusal, Automatic, MatchBy, Vouched,
};
use crate::identity_provider::arrive::Arrived;
use crate::identity_provider::settings::ProviderChange;
use crate::identity_provider::settings::tests::change;
use crate::identity_provider::{IdentityProvider, PROVIDERS_MAX, store};
use crate::person::lifecycle::LifecycleAction;
use crate::person::{Person, PersonStatus};
use crate::tests::sign_in::facts;
use vocab::id::{GroupId, OrgId};

const PLAIN: PlainHttp = PlainHttp::Never;
const ADDRESS: &str = "203.0.113.7";

pub(super) async fn provider_with(
    world: &World,
    org: &OrgId,
    policy: ArrivalPolicy,
) -> IdentityProvider {
    let permit = world.permit(org, Permission::ManageOrg);
    let change = ProviderChange { policy, ..change() };
    let made = world.cell.create_identity_provider(&permit, change, PLAIN);
    made.await.unwrap()
}

pub(super) fn auto() -> ArrivalPolicy {
    ArrivalPolicy {
        creation: Automatic::Auto,
        linking: Automatic::Auto,
        match_by: MatchBy::UsernameOrEmail,
        ..ArrivalPolicy::default()
    }
}

pub(super) async fn provider(world: &World, org: &OrgId) -> IdentityProvider {
    provider_with(world, org, auto()).await
}

pub(super) fn vouched(subject: &str, email: &str) -> Vouched {
    Vouched {
        subject: subject.into(),
        email: Some(email.into()),
        email_verified: true,
        first_name: Some("Ada".into()),
        last_name: Some("Lovelace".into()),
        authenticated_at: None,
    }
}

async fn try_arrive(
    world: &World,
    provider: &IdentityProvider,
    said: Vouched,
) -> Result<Arrived, Refusal> {
    let snapshot = world
        .cell
        .snapshot(&provider.org_id)
        .await
        .unwrap()
        .unwrap();
    let request = facts(world, ADDRESS);
    world.cell.arrive(&snapshot, provider, said, &request).await
}

pub(super) async fn arrive(world: &World, provider: &IdentityProvider, said: Vouched) -> Arrived {
    try_arrive(world, provider, said).await.unwrap()
}

pub(super) fn person(arrived: Arrived) -> Person {
    match arrived {
        Arrived::Person(person) => *person,
        other => panic!("{other:?}"),
    }
}

fn refusal(arrived: &Arrived) -> ArrivalRefusal {
    match arrived {
        Arrived::Refused(refusal) => *refusal,
        other => panic!("{other:?}"),
    }
}

async fn a_provider_is_added_changed_switched_and_removed(world: &World) {
    let org = world.org("acme").await;
    let made = provider(world, &org).await;
    assert!(made.active && made.revision == 1);
    assert!(
        !made.config.client_secret.contains("let me in"),
        "it is sealed"
    );
    let opened = world.cell.provider_secret(&made).await.unwrap();
    assert_eq!(opened.expose(), "let me in");
    // A secret that lies in another one's place opens nothing.
    let other = IdentityProvider {
        id: vocab::id::IdentityProviderId::generate(world.cell.entropy()),
        ..made.clone()
    };
    assert!(world.cell.provider_secret(&other).await.is_err());
    let permit = world.permit(&org, Permission::ManageOrg);
    let twin = world
        .cell
        .create_identity_provider(&permit, change(), PLAIN);
    assert!(matches!(twin.await, Err(Refusal::Taken { field: "name" })));
    let renamed = |name: &str| ProviderChange {
        name: name.into(),
        client_secret: None,
        ..change()
    };
    let replace = |present: IdentityProvider, change| {
        world
            .cell
            .replace_identity_provider(&permit, present, change, PLAIN)
    };
    let changed = replace(made.clone(), renamed("Partners")).await.unwrap();
    assert_eq!((changed.revision, &*changed.name), (2, "Partners"));
    let kept = world.cell.provider_secret(&changed).await.unwrap();
    assert_eq!(kept.expose(), "let me in");
    let stale = replace(made.clone(), renamed("Others")).await;
    assert!(matches!(stale, Err(Refusal::Changed)));
    let named = |snapshot: &crate::snapshot::OrgSnapshot| snapshot.providers.len();
    let snapshot = world.cell.snapshot(&org).await.unwrap().unwrap();
    assert_eq!(named(&snapshot), 1);
    let early = world
        .cell
        .delete_identity_provider(&permit, changed.clone());
    assert!(matches!(early.await, Err(Refusal::WrongState(_))));
    let off = world.cell.switch_identity_provider(&permit, changed, false);
    let off = off.await.unwrap();
    let snapshot = world.cell.snapshot(&org).await.unwrap().unwrap();
    assert_eq!(named(&snapshot), 0, "its button goes at once");
    assert!(
        world
            .cell
            .active_identity_provider(&org, &off.id)
            .await
            .unwrap()
            .is_none()
    );
    world
        .cell
        .delete_identity_provider(&permit, off)
        .await
        .unwrap();
    let reader = world.permit(&org, Permission::ReadDirectory);
    assert!(
        world
            .cell
            .list_identity_providers(&reader)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn bounds_and_missing_groups_are_refused(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageOrg);
    let nowhere = GroupId::generate(world.cell.entropy());
    let policy = ArrivalPolicy {
        first_groups: vec![nowhere],
        ..auto()
    };
    let missing = ProviderChange { policy, ..change() };
    let made = world.cell.create_identity_provider(&permit, missing, PLAIN);
    assert!(matches!(made.await, Err(Refusal::Invalid { .. })));
    for number in 0..PROVIDERS_MAX {
        let name = format!("Partner {number}");
        let change = ProviderChange { name, ..change() };
        let made = world.cell.create_identity_provider(&permit, change, PLAIN);
        made.await.unwrap();
    }
    let over = world
        .cell
        .create_identity_provider(&permit, change(), PLAIN);
    assert!(matches!(over.await, Err(Refusal::TooMany { .. })));
    let reader = world.permit(&org, Permission::ReadDirectory);
    let denied = world
        .cell
        .create_identity_provider(&reader, change(), PLAIN);
    assert!(matches!(denied.await, Err(Refusal::Forbidden)));
}

async fn somebody_new_is_added_once_and_known_afterwards(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageGroups);
    let group = world
        .cell
        .create_group(&permit, "Partners", "")
        .await
        .unwrap();
    let policy = ArrivalPolicy {
        first_groups: vec![group.id.clone()],
        ..auto()
    };
    let provider = provider_with(world, &org, policy).await;
    let first = person(arrive(world, &provider, vouched("1", "ada@partner.example")).await);
    assert_eq!(first.status, PersonStatus::Active);
    assert_eq!(first.login, "ada@partner.example");
    assert!(world.load(&org, &first.id).await.email_verified);
    let mut tx = world.cell.database.read().await.unwrap();
    let is_member = crate::group::store::is_member(&mut tx, &org, &group.id, &first.id).await;
    assert!(is_member.unwrap());
    drop(tx);
    // Whatever the provider says of the address later, the subject is who they are.
    let said = Vouched {
        email_verified: false,
        ..vouched("1", "grace@partner.example")
    };
    assert_eq!(person(arrive(world, &provider, said).await).id, first.id);
    // Another subject with the same address is somebody else, whom nobody lets in as the first.
    let other = arrive(world, &provider, vouched("2", "ada@partner.example")).await;
    assert_eq!(refusal(&other), ArrivalRefusal::LinkedOtherwise);
}

async fn two_arrivals_of_one_subject_make_one_person(world: &World) {
    let org = world.org("acme").await;
    let provider = provider(world, &org).await;
    let one = || try_arrive(world, &provider, vouched("1", "ada@partner.example"));
    let (a, b, c) = tokio::join!(one(), one(), one());
    let ids: Vec<_> = [a, b, c].map(|arrived| person(arrived.unwrap()).id).into();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    // Two subjects of one address: one is added, the other is not them.
    let said = |subject| try_arrive(world, &provider, vouched(subject, "bob@partner.example"));
    let (a, b) = tokio::join!(said("7"), said("8"));
    let outcomes = [a.unwrap(), b.unwrap()];
    let added = outcomes
        .iter()
        .filter(|one| matches!(one, Arrived::Person(_)));
    assert_eq!(added.count(), 1);
}

async fn a_match_is_linked_and_a_link_is_for_ever(world: &World) {
    let org = world.org("acme").await;
    let provider = provider(world, &org).await;
    let ada = world.person(&org, "ada@acme.example").await;
    let unverified = Vouched {
        email_verified: false,
        ..vouched("1", "ada@acme.example")
    };
    let turned_away = arrive(world, &provider, unverified).await;
    assert_eq!(refusal(&turned_away), ArrivalRefusal::MailNotVerified);
    let linked = arrive(world, &provider, vouched("1", "ADA@acme.example")).await;
    assert_eq!(person(linked).id, ada.id);
    // The link is nobody else's, by whatever way.
    let bob = world.person(&org, "bob@acme.example").await;
    let permit = world.permit(&org, Permission::ManagePeople);
    let link = |user, subject| world.cell.link_person(&permit, &provider, user, subject);
    assert!(matches!(
        link(&bob.id, "1").await,
        Err(Refusal::Taken { .. })
    ));
    assert!(matches!(
        link(&ada.id, "2").await,
        Err(Refusal::Taken { .. })
    ));
    for disguised in ["2\u{202e}3", "2\n"] {
        let refused = link(&bob.id, disguised).await;
        assert!(matches!(refused, Err(Refusal::Invalid { .. })));
    }
    link(&bob.id, "2").await.unwrap();
    // Until it is removed.
    let unlinked = world.cell.unlink_person(&permit, &provider.id, &ada.id);
    unlinked.await.unwrap();
    let again = world.cell.unlink_person(&permit, &provider.id, &ada.id);
    assert!(matches!(again.await, Err(Refusal::NotFound)));
    link(&ada.id, "3").await.unwrap();
    let known = arrive(world, &provider, vouched("3", "nobody@acme.example")).await;
    assert_eq!(person(known).id, ada.id);
}

async fn nobody_is_let_in_who_may_not_sign_in(world: &World) {
    let org = world.org("acme").await;
    let provider = provider(world, &org).await;
    let ada = world.person(&org, "ada@acme.example").await;
    let arrived = || arrive(world, &provider, vouched("1", "ada@acme.example"));
    let permit = world.permit(&org, Permission::ManagePeople);
    let change = |action| world.cell.change_person_status(&permit, &ada.id, action);
    change(LifecycleAction::Suspend).await.unwrap();
    assert_eq!(refusal(&arrived().await), ArrivalRefusal::NotActive);
    change(LifecycleAction::Unsuspend).await.unwrap();
    person(arrived().await);
    change(LifecycleAction::Deactivate).await.unwrap();
    assert_eq!(
        refusal(&arrived().await),
        ArrivalRefusal::NotActive,
        "the link does not help"
    );
    world.cell.delete_person(&permit, &ada.id).await.unwrap();
    let mut tx = world.cell.database.read().await.unwrap();
    let left = store::find_link(&mut tx, &org, &provider.id, "1")
        .await
        .unwrap();
    assert!(left.is_none(), "the link goes with the person");
}

async fn a_provider_of_another_org_or_one_that_changed_vouches_for_nobody(world: &World) {
    let (org, other) = (world.org("acme").await, world.org("other").await);
    let mine = provider(world, &org).await;
    let found = world.cell.active_identity_provider(&other, &mine.id).await;
    assert!(found.unwrap().is_none());
    let ours = IdentityProvider {
        org_id: other.clone(),
        ..mine.clone()
    };
    let said = || vouched("1", "ada@acme.example");
    assert!(matches!(
        try_arrive(world, &ours, said()).await,
        Err(Refusal::Changed)
    ));
    let permit = world.permit(&org, Permission::ManageOrg);
    let off = world
        .cell
        .switch_identity_provider(&permit, mine.clone(), false);
    let off = off.await.unwrap();
    for stale in [mine, off] {
        assert!(matches!(
            try_arrive(world, &stale, said()).await,
            Err(Refusal::Changed)
        ));
    }
}

async fn the_issuer_stays_while_somebody_is_linked(world: &World) {
    let org = world.org("acme").await;
    let provider = provider(world, &org).await;
    let ada = person(arrive(world, &provider, vouched("1", "ada@partner.example")).await);
    let permit = world.permit(&org, Permission::ManageOrg);
    let elsewhere = || ProviderChange {
        issuer: "https://other.example".into(),
        ..change()
    };
    let moved = world
        .cell
        .replace_identity_provider(&permit, provider.clone(), elsewhere(), PLAIN);
    assert!(matches!(
        moved.await,
        Err(Refusal::Invalid {
            field: "protocol.issuer.url",
            ..
        })
    ));
    let manager = world.permit(&org, Permission::ManagePeople);
    let unlinked = world.cell.unlink_person(&manager, &provider.id, &ada.id);
    unlinked.await.unwrap();
    let moved = world
        .cell
        .replace_identity_provider(&permit, provider, elsewhere(), PLAIN);
    moved.await.unwrap();
}

async fn the_issuer_does_not_change_under_a_link_that_is_made(world: &World) {
    let org = world.org("acme").await;
    let provider = provider(world, &org).await;
    let ada = world.person(&org, "ada").await;
    let (manager, people) = (
        world.permit(&org, Permission::ManageOrg),
        world.permit(&org, Permission::ManagePeople),
    );
    let elsewhere = ProviderChange {
        issuer: "https://other.example".into(),
        ..change()
    };
    let (cell, present) = (&world.cell, provider.clone());
    let (moved, linked) = tokio::join!(
        cell.replace_identity_provider(&manager, present, elsewhere, PLAIN),
        cell.link_person(&people, &provider, &ada.id, "1"),
    );
    assert!(moved.is_ok() != linked.is_ok(), "{moved:?} {linked:?}");
    // Whoever read it before it became another one links nobody to it.
    let stale = IdentityProvider {
        config: crate::identity_provider::ProviderConfig {
            issuer: "https://former.example".into(),
            ..provider.config.clone()
        },
        ..provider
    };
    let linked = cell.link_person(&people, &stale, &ada.id, "2").await;
    assert!(matches!(linked, Err(Refusal::Changed)));
}

on_both_engines!(
    the_issuer_does_not_change_under_a_link_that_is_made,
    a_provider_is_added_changed_switched_and_removed,
    bounds_and_missing_groups_are_refused,
    somebody_new_is_added_once_and_known_afterwards,
    two_arrivals_of_one_subject_make_one_person,
    a_match_is_linked_and_a_link_is_for_ever,
    nobody_is_let_in_who_may_not_sign_in,
    a_provider_of_another_org_or_one_that_changed_vouches_for_nobody,
    the_issuer_stays_while_somebody_is_linked,
);
