//! What follows from the word of a provider in a sign-in, and links that want proof of the person's own.

use crate::access::ceiling::load_standing;
use crate::access::{Permission, Permit, Role};
use crate::cell::Cell;
use crate::event_hook::envoy::PlainHttp;
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines};
use crate::identity_provider::arrival::ArrivalPolicy;
use crate::identity_provider::arrive::Arrived;
use crate::identity_provider::settings::tests::change;
use crate::person::Person;
use crate::sign_in::begin::Purpose;
use crate::sign_in::enroll::permit_sign_in;
use crate::sign_in::evaluate::PolicyQuestion;
use crate::sign_in::prove::Typed;
use crate::sign_in::{Flow, Step};
use crate::sign_on::means::{Means, UntakenMeans};
use crate::sign_on::{AuthenticatorKind, ProvedAuthenticator, Verdict};
use crate::tests::identity_providers::{arrive, auto, person, provider, provider_with, vouched};
use crate::tests::sign_in::{facts, mails, set_password};
use vocab::id::OrgId;
use vocab::secret::Secret;

const ADDRESS: &str = "203.0.113.7";
const PASSWORD: &str = "nine tortoises walk to Samos";

async fn sign_in(world: &World, org: &OrgId) -> Flow {
    let begun = world.cell.begin_sign_in(org, Purpose::default(), None);
    begun.await.unwrap().0
}

async fn the_word_of_a_provider_is_one_proof_among_others(world: &World) {
    let org = world.org("acme").await;
    let provider = provider(world, &org).await;
    let request = facts(world, ADDRESS);
    let snapshot = world.cell.snapshot(&org).await.unwrap().unwrap();
    let ada = person(arrive(world, &provider, vouched("1", "ada@partner.example")).await);
    let mut flow = sign_in(world, &org).await;
    let counted = world
        .cell
        .count_arrival(&mut flow, &ada, request.now, &request);
    counted.await.unwrap();
    let next = world
        .cell
        .next_step(&snapshot, &flow, &request)
        .await
        .unwrap();
    assert_eq!(
        next,
        Step::Done,
        "the policy asks everybody for what they have"
    );
    world
        .cell
        .finish_sign_in(&snapshot, &flow, &request)
        .await
        .unwrap();
    // Whoever has proved something as somebody else begins anew.
    let bob = world.person(&org, "bob@acme.example").await;
    set_password(world, &bob).await;
    let mut flow = sign_in(world, &org).await;
    world
        .cell
        .identify(&mut flow, "bob@acme.example")
        .await
        .unwrap();
    let typed = Typed::Password(Secret::new(PASSWORD.into()));
    world
        .cell
        .prove_typed(&snapshot, &mut flow, typed, &request)
        .await
        .unwrap();
    let counted = world
        .cell
        .count_arrival(&mut flow, &ada, request.now, &request);
    counted.await.unwrap();
    let kinds: Vec<_> = flow.state.proved.iter().map(|proved| proved.kind).collect();
    assert_eq!(kinds, [AuthenticatorKind::IdentityProvider]);
    assert_eq!(flow.state.user_id, Some(ada.id));
}

async fn an_administrator_is_linked_only_after_proof_of_their_own(world: &World) {
    let org = world.org("acme").await;
    let provider = provider(world, &org).await;
    let root = world
        .administrator(&org, "root@acme.example", Role::ReadOnlyAdmin)
        .await;
    set_password(world, &root).await;
    let said = || vouched("1", "root@acme.example");
    let is_first = |arrived: &Arrived| matches!(arrived, Arrived::ProveFirst(id) if *id == root.id);
    assert!(is_first(&arrive(world, &provider, said()).await));
    // A link that somebody else made is no proof of their own.
    let permit = world.permit(&org, Permission::ManagePeople);
    world
        .cell
        .link_person(&permit, &provider, &root.id, "1")
        .await
        .unwrap();
    assert!(is_first(&arrive(world, &provider, said()).await));
    let (request, cell) = (facts(world, ADDRESS), &world.cell);
    let snapshot = cell.snapshot(&org).await.unwrap().unwrap();
    let mut flow = sign_in(world, &org).await;
    cell.await_own_proof(&mut flow, &provider, &said(), &root.id, &request)
        .await
        .unwrap();
    let taken = UntakenMeans::default();
    assert!(!Cell::may_link(&flow, &taken, request.now));
    let early = cell.link_after_proof(&snapshot, &mut flow, &request).await;
    assert!(matches!(early, Err(Refusal::Forbidden)));
    cell.identify(&mut flow, "root@acme.example").await.unwrap();
    let typed = Typed::Password(Secret::new(PASSWORD.into()));
    cell.prove_typed(&snapshot, &mut flow, typed, &request)
        .await
        .unwrap();
    // The password is proof of their own, and not all that the policy asks of whoever administers.
    assert!(Cell::may_link(&flow, &taken, request.now));
    let early = cell.link_after_proof(&snapshot, &mut flow, &request).await;
    assert!(matches!(early, Err(Refusal::Forbidden)));
    assert!(is_first(&arrive(world, &provider, said()).await));
    flow.state.proved.push(ProvedAuthenticator {
        kind: AuthenticatorKind::Totp,
        at: request.now,
    });
    cell.keep_sign_in(&mut flow).await.unwrap();
    // What the org takes no more is no proof of their own.
    let untaken = taken.with(&[(Means::Totp, false)]);
    let mut by_app = flow.clone();
    by_app
        .state
        .proved
        .retain(|proved| proved.kind == AuthenticatorKind::Totp);
    assert!(Cell::may_link(&by_app, &taken, request.now));
    assert!(!Cell::may_link(&by_app, &untaken, request.now));
    // Of two answers to the same question one counts.
    let mut twin = flow.clone();
    cell.link_after_proof(&snapshot, &mut flow, &request)
        .await
        .unwrap();
    let second = cell.link_after_proof(&snapshot, &mut twin, &request).await;
    assert!(matches!(second, Err(Refusal::Changed)));
    let again = cell.link_after_proof(&snapshot, &mut flow, &request).await;
    assert!(matches!(again, Err(Refusal::Forbidden)));
    assert_eq!(person(arrive(world, &provider, said()).await).id, root.id);
}

async fn a_link_of_own_proof_is_one_persons_and_old_proof_is_none(world: &World) {
    let org = world.org("acme").await;
    let provider = provider(world, &org).await;
    let (ada, bob) = (
        world.person(&org, "ada").await,
        world.person(&org, "bob").await,
    );
    let (request, cell) = (facts(world, ADDRESS), &world.cell);
    let snapshot = cell.snapshot(&org).await.unwrap().unwrap();
    let proved = |age: i64| ProvedAuthenticator {
        kind: AuthenticatorKind::Password,
        at: request.now.plus_secs(-age),
    };
    let wait = async |user: &Person, age| {
        let mut flow = sign_in(world, &org).await;
        flow.state.user_id = Some(bob.id.clone());
        flow.state.epoch = Some(bob.epoch);
        flow.state.proved.push(proved(age));
        let said = vouched("1", "bob@example.com");
        let awaited = cell.await_own_proof(&mut flow, &provider, &said, &user.id, &request);
        awaited.await.unwrap();
        flow
    };
    // Of another person, or long ago.
    for mut flow in [wait(&ada, 0).await, wait(&bob, 15 * 60 + 1).await] {
        let linked = cell.link_after_proof(&snapshot, &mut flow, &request).await;
        assert!(matches!(linked, Err(Refusal::Forbidden)));
    }
    // The subject became somebody's meanwhile.
    let mut flow = wait(&bob, 0).await;
    let permit = world.permit(&org, Permission::ManagePeople);
    cell.link_person(&permit, &provider, &ada.id, "1")
        .await
        .unwrap();
    let linked = cell.link_after_proof(&snapshot, &mut flow, &request).await;
    assert!(matches!(linked, Err(Refusal::Taken { .. })));
    // The provider became another one meanwhile.
    let mut flow = wait(&bob, 0).await;
    let manager = world.permit(&org, Permission::ManageOrg);
    let changed =
        cell.replace_identity_provider(&manager, provider.clone(), change(), PlainHttp::Never);
    changed.await.unwrap();
    let linked = cell.link_after_proof(&snapshot, &mut flow, &request).await;
    assert!(matches!(linked, Err(Refusal::Changed)));
}

/// Whether what a provider said, and a code of the person's own, suffice now.
async fn suffices(world: &World, person: &Person, is_session: bool) -> bool {
    let request = facts(world, ADDRESS);
    let snapshot = world.cell.snapshot(&person.org_id).await.unwrap().unwrap();
    let kinds = [AuthenticatorKind::IdentityProvider, AuthenticatorKind::Totp];
    let question = PolicyQuestion {
        proved: kinds
            .map(|kind| ProvedAuthenticator {
                kind,
                at: request.now,
            })
            .into(),
        is_session,
        ..PolicyQuestion::default()
    };
    let asked = world
        .cell
        .evaluate_policies(&snapshot, person, question, &request);
    matches!(asked.await.unwrap().verdict, Verdict::Allow(_))
}

async fn the_word_of_a_provider_ends_with_link_provider_and_a_role(world: &World) {
    let (org, cell) = (world.org("acme").await, &world.cell);
    let provider = provider(world, &org).await;
    let ada = person(arrive(world, &provider, vouched("1", "ada@partner.example")).await);
    let (request, permit) = (
        facts(world, ADDRESS),
        world.permit(&org, Permission::ManagePeople),
    );
    let snapshot = cell.snapshot(&org).await.unwrap().unwrap();
    let mut flow = sign_in(world, &org).await;
    cell.count_arrival(&mut flow, &ada, request.now, &request)
        .await
        .unwrap();
    let step = async || cell.next_step(&snapshot, &flow, &request).await.unwrap();
    assert_eq!(step().await, Step::Done);
    assert!(suffices(world, &ada, false).await && suffices(world, &ada, true).await);
    cell.unlink_person(&permit, &provider.id, &ada.id)
        .await
        .unwrap();
    assert_ne!(step().await, Step::Done);
    let ended = cell.finish_sign_in(&snapshot, &flow, &request).await;
    assert!(matches!(ended, Err(Refusal::Forbidden)));
    cell.link_person(&permit, &provider, &ada.id, "1")
        .await
        .unwrap();
    assert_eq!(step().await, Step::Done);
    let manager = world.permit(&org, Permission::ManageOrg);
    let off = cell.switch_identity_provider(&manager, provider, false);
    let off = off.await.unwrap();
    assert_ne!(step().await, Step::Done);
    // A session goes on with what it began by, for as long as its person does not administer.
    assert!(suffices(world, &ada, true).await);
    cell.switch_identity_provider(&manager, off, true)
        .await
        .unwrap();
    assert_eq!(step().await, Step::Done);
    assert!(suffices(world, &ada, true).await);
    cell.grant_role(&manager, &ada.id, Role::ReadOnlyAdmin)
        .await
        .unwrap();
    assert!(!suffices(world, &ada, true).await, "it is not of own proof");
    assert!(!suffices(world, &ada, false).await);
}

async fn a_person_keeps_the_last_way_in(world: &World) {
    let org = world.org("acme").await;
    let provider = provider(world, &org).await;
    let ada = person(arrive(world, &provider, vouched("1", "ada@partner.example")).await);
    let own = permit_sign_in(&ada, None, &facts(world, ADDRESS).client);
    let own = own.unwrap();
    let kept = world.cell.unlink_person(&own, &provider.id, &ada.id).await;
    assert!(matches!(kept, Err(Refusal::WrongState(_))));
    set_password(world, &ada).await;
    world
        .cell
        .unlink_person(&own, &provider.id, &ada.id)
        .await
        .unwrap();
    let bob = world.person(&org, "bob").await;
    let strangers = world.cell.unlink_person(&own, &provider.id, &bob.id).await;
    assert!(matches!(strangers, Err(Refusal::NotFound)));
}

async fn nobody_comes_to_a_role_by_a_group_that_a_provider_names(world: &World) {
    let org = world.org("acme").await;
    let manager = world.permit(&org, Permission::ManageOrg);
    let groups = world.permit(&org, Permission::ManageGroups);
    let mut named = Vec::new();
    for name in ["Partners", "Helpers"] {
        let made = world.cell.create_group(&groups, name, "").await;
        named.push(made.unwrap().id);
    }
    let policy = ArrivalPolicy {
        first_groups: named.clone(),
        ..auto()
    };
    let provider = provider_with(world, &org, policy).await;
    let given = world
        .cell
        .grant_group_role(&manager, &named[1], Role::HelpDeskAdmin);
    assert!(given.await.unwrap());
    let ada = person(arrive(world, &provider, vouched("1", "ada@partner.example")).await);
    let mut tx = world.cell.database.read().await.unwrap();
    for (group, expected) in named.iter().zip([true, false]) {
        let is_member = crate::group::store::is_member(&mut tx, &org, group, &ada.id).await;
        assert_eq!(is_member.unwrap(), expected);
    }
    let standing = load_standing(&mut tx, &org, &ada.id).await.unwrap();
    assert!(!standing.is_administrator());
}

/// Whoever is given another way in is told, as of a password or a passkey, and so is whoever loses one.
async fn a_link_that_somebody_makes_or_removes_is_told_its_person(world: &World) {
    let org = world.org("acme").await;
    let provider = provider(world, &org).await;
    let ada = world.person(&org, "ada").await;
    let helper = world.administrator(&org, "bob", Role::UserAdmin).await;
    let permit = world.permit_of(&helper, &[Role::UserAdmin], Permission::ManagePeople);
    mails(world).await;
    let link = async |subject| {
        let linked = world.cell.link_person(&permit, &provider, &ada.id, subject);
        linked.await.map(drop)
    };
    link("1").await.unwrap();
    let told = mails(world).await;
    assert!(
        told.len() == 1 && told[0].contains(&provider.name),
        "{told:?}"
    );
    // What is refused is not told.
    assert!(matches!(link("2").await, Err(Refusal::Taken { .. })));
    assert!(mails(world).await.is_empty());
    let unlink = async |permit: &Permit, person: &Person| {
        let unlinked = world.cell.unlink_person(permit, &provider.id, &person.id);
        unlinked.await
    };
    let rows = world.log_rows(&org).await;
    unlink(&permit, &ada).await.unwrap();
    assert_eq!(world.log_rows(&org).await, rows + 1);
    let told = mails(world).await;
    assert!(
        told.len() == 1 && told[0].contains("no longer") && told[0].contains(&provider.name),
        "{told:?}"
    );
    let again = unlink(&permit, &ada).await;
    assert!(matches!(again, Err(Refusal::NotFound)));
    // So is whoever removes it themselves, but not of the last way in, which stays.
    let eve = person(arrive(world, &provider, vouched("3", "eve@partner.example")).await);
    let own = permit_sign_in(&eve, None, &facts(world, ADDRESS).client).unwrap();
    assert!(matches!(
        unlink(&own, &eve).await,
        Err(Refusal::WrongState(_))
    ));
    assert!(mails(world).await.is_empty());
    set_password(world, &eve).await;
    mails(world).await;
    unlink(&own, &eve).await.unwrap();
    assert_eq!(mails(world).await.len(), 1);
    // Somebody above is out of reach, and hears of nothing.
    let boss = world.administrator(&org, "root", Role::SuperAdmin).await;
    let people = world.permit(&org, Permission::ManagePeople);
    let linked = world.cell.link_person(&people, &provider, &boss.id, "4");
    linked.await.unwrap();
    mails(world).await;
    assert!(matches!(
        unlink(&permit, &boss).await,
        Err(Refusal::OutOfReach(_))
    ));
    assert!(mails(world).await.is_empty());
}

on_both_engines!(
    a_link_that_somebody_makes_or_removes_is_told_its_person,
    nobody_comes_to_a_role_by_a_group_that_a_provider_names,
    the_word_of_a_provider_is_one_proof_among_others,
    an_administrator_is_linked_only_after_proof_of_their_own,
    a_link_of_own_proof_is_one_persons_and_old_proof_is_none,
    a_person_keeps_the_last_way_in,
    the_word_of_a_provider_ends_with_link_provider_and_a_role,
);
