//! Models of authenticators: what is proved is kept, what is not allowed is not enrolled, and what is refused later.

use crate::access::own::OwnCaller;
use crate::access::{Caller, Permission, Permit, Role, authorize};
use crate::credential::attestation::{
    MODELS_MAX, decide_passkey_settings, may_enroll, may_sign_in,
};
use crate::credential::passkey::{Enrolment, PasskeyRefusal};
use crate::credential::store::{self, StoredPasskey};
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines};
use crate::org::settings::{Aaguid, Attestation, ExistingPasskeys, PasskeySettings};
use crate::person::Person;
use crate::sign_in::begin::Purpose;
use crate::sign_in::prove::Attempt;
use crate::tests::authenticator::{Authenticator, Maker, Statement};
use crate::tests::sign_in::{context, facts};
use ledger::ClientFacts;
use uuid::Uuid;
use vocab::id::OrgId;

const ORIGIN: &str = "https://acme.example";

fn direct(roots: &[&Maker], models: &[Uuid]) -> PasskeySettings {
    PasskeySettings {
        attestation: Attestation::Direct,
        allowed_aaguids: models.iter().copied().map(Aaguid::from).collect(),
        attestation_roots: roots.iter().map(|maker| maker.root_pem.clone()).collect(),
        existing: ExistingPasskeys::Kept,
    }
}

async fn set(world: &World, permit: &Permit, settings: PasskeySettings) -> Result<(), Refusal> {
    let snapshot = world.cell.snapshot(permit.org()).await.unwrap().unwrap();
    let (org, name) = (snapshot.org.clone(), snapshot.org.name.clone());
    let mut changed = org.settings.clone();
    changed.passkey = settings;
    world.cell.update_org(permit, org, &name, changed).await
}

async fn enroll(
    world: &World,
    person: &Person,
    authenticator: &mut Authenticator,
    statement: Statement,
) -> Result<(), PasskeyRefusal> {
    let caller = Caller::Own(OwnCaller::of_sign_in(person, None));
    let client = ClientFacts::default();
    let permit = authorize(&caller, &person.org_id, Permission::OwnFactors, &client).unwrap();
    let context = context(&person.org_id);
    let (options, pending) = world
        .cell
        .start_passkey_registration(&context, &permit, &person.id)
        .await?;
    let answer = authenticator.create(&options, ORIGIN, statement);
    let enrolment = Enrolment {
        context: &context,
        permit: &permit,
        user_id: &person.id,
        name: "Key",
    };
    world
        .cell
        .finish_passkey_registration(enrolment, &pending, &answer)
        .await
        .map(drop)
}

async fn sign_in(world: &World, org: &OrgId, authenticator: &Authenticator) -> Attempt {
    let begun = world
        .cell
        .begin_sign_in(org, Purpose::default(), None)
        .await;
    let (mut flow, _) = begun.unwrap();
    let (context, facts) = (context(org), facts(world, "192.0.2.1"));
    let options = world.cell.begin_passkey(&context, &mut flow).await.unwrap();
    let answer = authenticator.get(&options, ORIGIN);
    let proved = world
        .cell
        .prove_passkey(&context, &mut flow, &answer, &facts)
        .await;
    proved.unwrap()
}

async fn passkeys(world: &World, person: &Person) -> Vec<StoredPasskey> {
    let mut tx = world.cell.database.read().await.unwrap();
    let stored = store::load_passkeys(&mut tx, &person.org_id, &person.id).await;
    stored.unwrap()
}

async fn without_a_policy_no_model_is_known(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let maker = Maker::new("Maker");
    for statement in [Statement::None, Statement::Packed] {
        let mut key = maker.authenticator(Uuid::new_v4());
        enroll(world, &ada, &mut key, statement).await.unwrap();
        assert_eq!(sign_in(world, &org, &key).await, Attempt::Right);
    }
    // Nobody verified what the second one said of itself.
    let stored = passkeys(world, &ada).await;
    assert!(
        stored
            .iter()
            .all(|passkey| passkey.attested_aaguid.is_none())
    );
}

async fn a_model_is_enrolled_if_its_maker_vouches_for_it(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let (maker, stranger) = (Maker::new("Maker"), Maker::new("Maker"));
    let model = Uuid::new_v4();
    let permit = world.permit(&org, Permission::ManageOrg);
    set(world, &permit, direct(&[&maker], &[model]))
        .await
        .unwrap();

    let mut allowed = maker.authenticator(model);
    let refused = [
        // Another model, though of the same maker.
        (maker.authenticator(Uuid::new_v4()), Statement::Packed),
        // The right model, by somebody else's word, by its own, by none.
        (stranger.authenticator(model), Statement::Packed),
        (maker.authenticator(model), Statement::SelfMade),
        (maker.authenticator(model), Statement::None),
    ];
    for (mut authenticator, statement) in refused {
        let refusal = enroll(world, &ada, &mut authenticator, statement).await;
        assert!(matches!(refusal, Err(PasskeyRefusal::Model)), "{refusal:?}");
    }
    // A certificate for one model does not vouch for another.
    let mut liar = maker.authenticator(Uuid::new_v4());
    liar.model = model;
    let refusal = enroll(world, &ada, &mut liar, Statement::Packed).await;
    assert!(matches!(refusal, Err(PasskeyRefusal::Model)), "{refusal:?}");
    assert!(passkeys(world, &ada).await.is_empty());

    enroll(world, &ada, &mut allowed, Statement::Packed)
        .await
        .unwrap();
    let stored = passkeys(world, &ada).await;
    assert_eq!(stored[0].attested_aaguid, Some(Aaguid::from(model)));
    assert!(stored[0].device_bound);
    assert_eq!(sign_in(world, &org, &allowed).await, Attempt::Right);
}

async fn a_narrower_list_refuses_at_sign_in_where_the_org_says_so(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let maker = Maker::new("Maker");
    let (old, new) = (Uuid::new_v4(), Uuid::new_v4());
    let permit = world.permit(&org, Permission::ManageOrg);
    let mut unproved = maker.authenticator(old);
    enroll(world, &ada, &mut unproved, Statement::None)
        .await
        .unwrap();
    set(world, &permit, direct(&[&maker], &[old, new]))
        .await
        .unwrap();
    let mut keys = [maker.authenticator(old), maker.authenticator(new)];
    for key in &mut keys {
        enroll(world, &ada, key, Statement::Packed).await.unwrap();
    }
    let attempts = async || {
        let mut attempts = Vec::new();
        for key in keys.iter().chain([&unproved]) {
            attempts.push(sign_in(world, &org, key).await);
        }
        attempts
    };
    use Attempt::{ModelRefused, Right};
    // Narrowed: what is enrolled stays, unless the org says otherwise.
    let mut settings = direct(&[&maker], &[new]);
    set(world, &permit, settings.clone()).await.unwrap();
    assert_eq!(attempts().await, [Right, Right, Right]);
    settings.existing = ExistingPasskeys::Refused;
    set(world, &permit, settings).await.unwrap();
    assert_eq!(attempts().await, [ModelRefused, Right, ModelRefused]);
    // The one that is still taken is the last way in, whatever else lies there.
    let client = ClientFacts::default();
    let caller = Caller::Own(OwnCaller::of_sign_in(&ada, None));
    let own = authorize(&caller, &org, Permission::OwnFactors, &client).unwrap();
    let stored = passkeys(world, &ada).await;
    let taken = stored
        .iter()
        .find(|passkey| passkey.attested_aaguid == Some(Aaguid::from(new)));
    let removed = world.cell.remove_passkey(&own, &ada.id, &taken.unwrap().id);
    assert!(matches!(removed.await, Err(Refusal::WrongState(_))));
    // And back.
    set(world, &permit, PasskeySettings::default())
        .await
        .unwrap();
    assert_eq!(attempts().await, [Right, Right, Right]);
}

async fn administrators_do_not_lock_themselves_out(world: &World) {
    let org = world.org("acme").await;
    let ada = world.administrator(&org, "ada", Role::SuperAdmin).await;
    let maker = Maker::new("Maker");
    let model = Uuid::new_v4();
    let permit = world.permit_of(&ada, &[Role::SuperAdmin], Permission::ManageOrg);
    let strict = PasskeySettings {
        existing: ExistingPasskeys::Refused,
        ..direct(&[&maker], &[model])
    };
    let mut plain = maker.authenticator(model);
    enroll(world, &ada, &mut plain, Statement::None)
        .await
        .unwrap();
    let refused = set(world, &permit, strict.clone()).await;
    assert!(
        matches!(refused, Err(Refusal::Invalid { .. })),
        "{refused:?}"
    );
    let kept = direct(&[&maker], &[model]);
    set(world, &permit, kept).await.unwrap();
    let mut key = maker.authenticator(model);
    enroll(world, &ada, &mut key, Statement::Packed)
        .await
        .unwrap();
    set(world, &permit, strict).await.unwrap();
}

#[test]
fn settings_are_held_against_their_bounds() {
    let maker = Maker::new("Maker");
    let model = Uuid::new_v4();
    let good = direct(&[&maker], &[model]);
    assert!(decide_passkey_settings(&good).is_ok());
    assert!(decide_passkey_settings(&PasskeySettings::default()).is_ok());
    let bad = [
        direct(&[&maker], &[]),
        direct(&[], &[model]),
        PasskeySettings {
            attestation_roots: vec!["-----BEGIN NOTHING-----".into()],
            ..good.clone()
        },
        PasskeySettings {
            attestation: Attestation::None,
            attestation_roots: vec![String::new()],
            ..good.clone()
        },
        direct(&[&maker], &vec![model; MODELS_MAX + 1]),
    ];
    for settings in bad {
        assert!(decide_passkey_settings(&settings).is_err());
    }
}

#[test]
fn what_a_list_means_for_a_model() {
    let maker = Maker::new("Maker");
    let (listed, other) = (Uuid::new_v4(), Uuid::new_v4());
    let none = PasskeySettings::default();
    let kept = direct(&[&maker], &[listed]);
    let refused = PasskeySettings {
        existing: ExistingPasskeys::Refused,
        ..kept.clone()
    };
    // The settings, the model that was proved; may it be enrolled, may it sign in.
    let table = [
        (&none, None, true, true),
        (&none, Some(other), true, true),
        (&kept, Some(listed), true, true),
        (&kept, Some(other), false, true),
        (&kept, None, false, true),
        (&refused, Some(listed), true, true),
        (&refused, Some(other), false, false),
        (&refused, None, false, false),
    ];
    for (settings, model, enrolled, signs_in) in table {
        let model = model.map(Aaguid::from);
        assert_eq!(may_enroll(settings, model), enrolled, "{model:?}");
        assert_eq!(may_sign_in(settings, model), signs_in, "{model:?}");
    }
}

#[test]
fn a_model_is_written_in_one_way_and_zero_is_none() {
    let text = "EE882879-721c-4913-9775-3dfcce97072a";
    let model = Aaguid::parse(&format!(" {text}\r")).unwrap();
    assert_eq!(model.to_string(), text.to_lowercase());
    assert_eq!(Aaguid::parse(&text.replace('-', "")), Some(model));
    for bad in ["", "x", "00000000-0000-0000-0000-000000000000", "ee882879"] {
        assert_eq!(Aaguid::parse(bad), None, "{bad}");
    }
    let read: Aaguid = serde_json::from_str(&format!("{text:?}")).unwrap();
    assert_eq!(read, model);
}

on_both_engines!(
    without_a_policy_no_model_is_known,
    a_model_is_enrolled_if_its_maker_vouches_for_it,
    a_narrower_list_refuses_at_sign_in_where_the_org_says_so,
    administrators_do_not_lock_themselves_out,
);
