//! Credentials: what may be used once is used once, also when raced.

use crate::credential::passkey::is_passkey_host;
use crate::credential::store::{self, OneTimeCode, StoredPasskey, StoredPassword, StoredTotp};
use crate::for_tests::{World, on_both_engines};
use crate::person::Person;
use vocab::id::{OneTimeCodeId, OrgId, PasskeyId, TotpId, UserId};
use vocab::secret::SecretHash;

async fn person(world: &World) -> (OrgId, Person) {
    let org = world.org("acme").await;
    let person = world.person(&org, "ada").await;
    (org, person)
}

async fn totp(world: &World, org: &OrgId, user: &UserId) -> TotpId {
    let id = TotpId::generate(world.cell.entropy());
    let stored = StoredTotp {
        id: id.clone(),
        sealed_seed: vec![1, 2, 3],
        confirmed_at: None,
        last_step: 0,
        created_at: world.cell.now(),
        last_used_at: None,
        begun_by: None,
    };
    let (org, user) = (org.clone(), user.clone());
    world
        .write(move |tx| {
            Box::pin(async move { Ok(store::insert_pending_totp(tx, &org, &user, &stored).await?) })
        })
        .await;
    id
}

async fn use_step(world: &World, org: &OrgId, id: &TotpId, step: i64) -> bool {
    let (org, id, now) = (org.clone(), id.clone(), world.cell.now());
    world
        .write(move |tx| {
            Box::pin(async move { Ok(store::use_totp_step(tx, &org, &id, step, now).await?) })
        })
        .await
}

async fn confirm(world: &World, org: &OrgId, user: &UserId, id: &TotpId, step: i64) -> bool {
    let (org, user, id, now) = (org.clone(), user.clone(), id.clone(), world.cell.now());
    world
        .write(move |tx| {
            Box::pin(async move { Ok(store::confirm_totp(tx, &org, &user, &id, step, now).await?) })
        })
        .await
}

async fn a_time_step_is_accepted_once(world: &World) {
    let (org, ada) = person(world).await;
    let id = totp(world, &org, &ada.id).await;
    assert!(
        !use_step(world, &org, &id, 100).await,
        "not before it was confirmed"
    );
    assert!(
        confirm(world, &org, &ada.id, &id, 100).await
            && !confirm(world, &org, &ada.id, &id, 101).await
    );
    assert!(
        !use_step(world, &org, &id, 100).await,
        "the step that confirmed it"
    );
    assert!(use_step(world, &org, &id, 102).await);
    assert!(!use_step(world, &org, &id, 102).await && !use_step(world, &org, &id, 101).await);
    let (one, two, three) = tokio::join!(
        use_step(world, &org, &id, 103),
        use_step(world, &org, &id, 103),
        use_step(world, &org, &id, 103),
    );
    assert_eq!(
        [one, two, three].into_iter().filter(|used| *used).count(),
        1
    );
}

async fn a_new_authenticator_replaces_the_old_one_when_confirmed(world: &World) {
    let (org, ada) = person(world).await;
    let old = totp(world, &org, &ada.id).await;
    assert!(confirm(world, &org, &ada.id, &old, 100).await);
    let dropped = totp(world, &org, &ada.id).await;
    let new = totp(world, &org, &ada.id).await;
    assert!(
        use_step(world, &org, &old, 101).await,
        "the old one works until then"
    );
    assert!(!confirm(world, &org, &ada.id, &dropped, 102).await);
    assert!(confirm(world, &org, &ada.id, &new, 102).await);
    assert!(!use_step(world, &org, &old, 103).await);
    let mut tx = world.cell.database.read().await.unwrap();
    let stored = store::load_totp(&mut tx, &org, &ada.id).await.unwrap();
    assert!(matches!(stored.as_slice(), [only] if only.id == new && only.sealed_seed == [1, 2, 3]));
}

async fn a_recovery_code_is_used_once_even_when_raced(world: &World) {
    let (org, ada) = person(world).await;
    let hashes = ["one", "two", "three"].map(SecretHash::of);
    let (owner, user, now) = (org.clone(), ada.id.clone(), world.cell.now());
    world
        .write(move |tx| {
            Box::pin(async move {
                Ok(store::replace_recovery_codes(tx, &owner, &user, &hashes, now).await?)
            })
        })
        .await;
    let uses = async |code: &'static str| {
        let (owner, user) = (org.clone(), ada.id.clone());
        let work = world.write(move |tx| {
            Box::pin(async move {
                Ok(store::use_recovery_code(tx, &owner, &user, &SecretHash::of(code), now).await?)
            })
        });
        work.await
    };
    let raced = tokio::join!(
        uses("two"),
        uses("two"),
        uses("two"),
        uses("two"),
        uses("two")
    );
    let accepted = [raced.0, raced.1, raced.2, raced.3, raced.4]
        .into_iter()
        .filter(|used| *used)
        .count();
    assert_eq!(accepted, 1);
    assert!(!uses("four").await && uses("one").await && !uses("one").await);
    let mut tx = world.cell.database.read().await.unwrap();
    assert_eq!(
        store::count_recovery_codes(&mut tx, &org, &ada.id)
            .await
            .unwrap(),
        1
    );
}

async fn insert_code(
    world: &World,
    org: &OrgId,
    user: Option<&UserId>,
    secret: &str,
    bound_to: &str,
) {
    let code = OneTimeCode {
        id: OneTimeCodeId::generate(world.cell.entropy()),
        user_id: user.cloned(),
        purpose: "recovery",
        hash: SecretHash::of(secret),
        bound_to: bound_to.to_owned(),
        expires_at: world.cell.now().plus_secs(3_600),
    };
    let (org, now) = (org.clone(), world.cell.now());
    world
        .write(move |tx| {
            Box::pin(async move { Ok(store::insert_one_time(tx, &org, &code, now).await?) })
        })
        .await;
}

async fn use_link(
    world: &World,
    org: &OrgId,
    purpose: &'static str,
    secret: &'static str,
) -> Option<Option<UserId>> {
    let (org, now) = (org.clone(), world.cell.now());
    world
        .write(move |tx| {
            Box::pin(async move {
                Ok(store::use_link(tx, &org, purpose, &SecretHash::of(secret), now).await?)
            })
        })
        .await
}

async fn a_link_is_used_once_in_time_for_its_purpose_in_its_org(world: &World) {
    let (org, ada) = person(world).await;
    let other = world.org("globex").await;
    insert_code(world, &org, Some(&ada.id), "link", "").await;
    assert_eq!(use_link(world, &other, "recovery", "link").await, None);
    assert_eq!(use_link(world, &org, "invitation", "link").await, None);
    assert_eq!(use_link(world, &org, "recovery", "other").await, None);
    let raced = tokio::join!(
        use_link(world, &org, "recovery", "link"),
        use_link(world, &org, "recovery", "link")
    );
    assert_eq!(
        [raced.0, raced.1].into_iter().flatten().collect::<Vec<_>>(),
        [Some(ada.id.clone())]
    );
    assert_eq!(use_link(world, &org, "recovery", "link").await, None);
    insert_code(world, &org, Some(&ada.id), "first", "").await;
    insert_code(world, &org, Some(&ada.id), "second", "").await;
    assert_eq!(
        use_link(world, &org, "recovery", "first").await,
        None,
        "a newer link ends the older one"
    );
    world.clock.advance_secs(3_600);
    assert_eq!(
        use_link(world, &org, "recovery", "second").await,
        None,
        "at its end it is over"
    );
    insert_code(world, &org, None, "setup", "").await;
    let mut tx = world.cell.database.read().await.unwrap();
    let now = world.cell.now();
    assert_eq!(
        store::find_link(&mut tx, &org, "recovery", &SecretHash::of("setup"), now)
            .await
            .unwrap(),
        Some(None)
    );
    drop(tx);
    assert_eq!(use_link(world, &org, "recovery", "setup").await, Some(None));
}

async fn attempts_at_a_code_are_bounded(world: &World) {
    let (org, ada) = person(world).await;
    insert_code(world, &org, Some(&ada.id), "123456", "flow").await;
    let attempt = async |bound_to: &'static str| {
        let (org, now) = (org.clone(), world.cell.now());
        let work = world.write(move |tx| {
            Box::pin(async move {
                Ok(store::count_attempt(tx, &org, bound_to, "recovery", 3, now).await?)
            })
        });
        work.await
    };
    assert!(attempt("other flow").await.is_none());
    let raced = tokio::join!(
        attempt("flow"),
        attempt("flow"),
        attempt("flow"),
        attempt("flow"),
        attempt("flow")
    );
    let allowed: Vec<_> = [raced.0, raced.1, raced.2, raced.3, raced.4]
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(allowed, [SecretHash::of("123456"); 3]);
    assert!(attempt("flow").await.is_none());
    insert_code(world, &org, Some(&ada.id), "654321", "flow").await;
    world.clock.advance_secs(3_600);
    assert!(attempt("flow").await.is_none());
}

async fn passwords_keep_a_bounded_history(world: &World) {
    let (org, ada) = person(world).await;
    for number in 0..6 {
        world.clock.advance_secs(1);
        let (owner, user, now) = (org.clone(), ada.id.clone(), world.cell.now());
        let password = StoredPassword {
            hash: format!("hash{number}"),
            changed_at: now,
            must_change: number == 5,
        };
        world
            .write(move |tx| {
                Box::pin(async move {
                    store::insert_history(tx, &owner, &user, &password.hash, now, 3).await?;
                    store::put_password(tx, &owner, &user, &password).await?;
                    // A hash that is no longer the stored one is not replaced.
                    store::replace_hash(tx, &owner, &user, "another", "forged").await?;
                    Ok(())
                })
            })
            .await;
    }
    let mut tx = world.cell.database.read().await.unwrap();
    assert_eq!(
        store::load_history(&mut tx, &org, &ada.id, 10)
            .await
            .unwrap(),
        ["hash5", "hash4", "hash3"]
    );
    let stored = store::load_password(&mut tx, &org, &ada.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (stored.hash.as_str(), stored.must_change, stored.changed_at),
        ("hash5", true, world.cell.now())
    );
    drop(tx);
    let (owner, user) = (org.clone(), ada.id.clone());
    let deleted = world.write(move |tx| {
        Box::pin(async move { Ok(store::delete_password(tx, &owner, &user).await?) })
    });
    assert!(deleted.await);
    let mut tx = world.cell.database.read().await.unwrap();
    assert!(
        store::load_password(&mut tx, &org, &ada.id)
            .await
            .unwrap()
            .is_none()
    );
}

async fn a_passkey_is_one_persons(world: &World) {
    let (org, ada) = person(world).await;
    let eve = world.person(&org, "eve").await;
    let passkey = |user: &Person| StoredPasskey {
        id: PasskeyId::generate(world.cell.entropy()),
        user_id: user.id.clone(),
        credential_id: "credential".into(),
        rp_id: "localhost".into(),
        name: "Laptop".into(),
        document: "{}".into(),
        device_bound: true,
        attested_aaguid: None,
        created_at: world.cell.now(),
        last_used_at: None,
    };
    let insert = async |passkey: StoredPasskey| {
        let org = org.clone();
        let work = world.cell.database.write(move |tx| {
            Box::pin(async move { store::insert_passkey(tx, &org, &passkey).await })
        });
        work.await
    };
    let hers = passkey(&ada);
    insert(hers.clone()).await.unwrap();
    assert!(
        insert(passkey(&eve))
            .await
            .unwrap_err()
            .is_unique_violation()
    );
    let (owner, thief, id) = (org.clone(), eve.id.clone(), hers.id.clone());
    let touched = world.write(move |tx| {
        Box::pin(async move {
            let renamed = store::rename_passkey(tx, &owner, &thief, &id, "Mine").await?;
            Ok((
                renamed,
                store::delete_passkey(tx, &owner, &thief, &id).await?,
            ))
        })
    });
    assert_eq!(touched.await, (false, false));
    let (owner, used, now) = (org.clone(), hers.clone(), world.cell.now());
    assert!(
        world
            .write(move |tx| Box::pin(async move {
                Ok(store::update_passkey_use(tx, &owner, &used, now).await?)
            }))
            .await
    );
    let mut tx = world.cell.database.read().await.unwrap();
    let found = store::find_passkey(&mut tx, &org, "credential")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.user_id, found.name.as_str(), found.last_used_at),
        (ada.id.clone(), "Laptop", Some(now))
    );
    drop(tx);
    let (owner, user, id) = (org.clone(), ada.id.clone(), hers.id.clone());
    assert!(
        world
            .write(move |tx| Box::pin(async move {
                Ok(store::delete_passkey(tx, &owner, &user, &id).await?)
            }))
            .await
    );
    let owner = org.clone();
    let noted = world.write(move |tx| {
        Box::pin(async move { Ok(store::update_passkey_use(tx, &owner, &hers, now).await?) })
    });
    assert!(!noted.await, "a removed passkey is not revived by its use");
}

#[test]
fn passkeys_are_for_names_and_not_for_addresses() {
    for (host, expected) in [
        ("localhost", true),
        ("acme.localhost", true),
        ("id.example.com", true),
        ("127.0.0.1", false),
        ("192.0.2.7", false),
        ("[::1]", false),
        ("::1", false),
        ("", false),
    ] {
        assert_eq!(is_passkey_host(host), expected, "{host}");
    }
}

on_both_engines!(
    a_time_step_is_accepted_once,
    a_new_authenticator_replaces_the_old_one_when_confirmed,
    a_recovery_code_is_used_once_even_when_raced,
    a_link_is_used_once_in_time_for_its_purpose_in_its_org,
    attempts_at_a_code_are_bounded,
    passwords_keep_a_bounded_history,
    a_passkey_is_one_persons,
);
