//! Sessions, password and consents from the person's side, and what apps notice of it.

use crate::account::{change_password, end_sessions, revoke_consent};
use crate::consent::store as consents;
use crate::for_tests::store::load_outbox;
use crate::for_tests::{World, on_both_engines};
use crate::logout::backchannel::KIND;
use crate::logout::ended::tell_apps;
use identity::access::{Caller, Permission, Permit, authorize};
use identity::credential::password::PasswordRefusal;
use identity::fault::Refusal;
use identity::session::ending::Ending;
use std::sync::Arc;
use vocab::id::{AppId, SessionId, UserId};
use vocab::secret::Secret;

on_both_engines!(
    an_ended_session_takes_its_tokens_and_tells_its_apps,
    the_others_end_and_this_one_stays,
    a_new_password_ends_the_others,
    the_present_password_is_asked_for_and_guesses_are_slowed,
    a_consent_is_taken_back_with_its_tokens,
    nobody_reaches_anothers_account
);

const FIRST: &str = "nine tortoises walk to Samos";
const SECOND: &str = "ten tortoises swim to Naxos";

async fn own(world: &World, permission: Permission) -> Permit {
    let snapshot = world.cell.snapshot(&world.org).await.unwrap().unwrap();
    let facts = world.facts();
    let signed_in = world.session.as_ref().unwrap();
    let caller = world
        .cell
        .own_caller(&snapshot, signed_in, &facts)
        .await
        .unwrap();
    authorize(&Caller::Own(caller), &world.org, permission, &facts.client).unwrap()
}

/// Signs Ada in to the web app, which wants to hear of logouts; her refresh token.
async fn app_token(world: &World) -> String {
    world
        .redeem(&world.code().await)
        .await
        .text_of("refresh_token")
}

async fn with_backchannel(world: &World) {
    let web = world.web.clone();
    world
        .change_app(&web, |settings| {
            settings.backchannel_logout_uri = "https://app.example/out".into();
        })
        .await;
}

/// How many apps are told of what has ended.
async fn told(world: &World) -> usize {
    tell_apps(&world.cell).await.unwrap();
    load_outbox(&world.cell.database, KIND).await.len()
}

fn session_of(world: &World) -> SessionId {
    world.session.as_ref().unwrap().session.id.clone()
}

async fn lives(world: &World, id: &SessionId) -> bool {
    let found = world.cell.session_by_id(&world.org, id).await.unwrap();
    found.is_some()
}

async fn an_ended_session_takes_its_tokens_and_tells_its_apps(world: &mut World) {
    with_backchannel(world).await;
    let (first, token) = (session_of(world), app_token(world).await);
    world.sign_in().await;
    let kept = app_token(world).await;
    let permit = own(world, Permission::OwnAccount).await;
    let user = world.person.id.clone();
    let one = |id: &SessionId| Ending::One(id.clone());
    end_sessions(&world.cell, &permit, &user, one(&first))
        .await
        .unwrap();
    assert!(!lives(world, &first).await && lives(world, &session_of(world)).await);
    // Also a token for while the person is away: somebody who ends a session does not know it.
    assert_eq!(world.refresh(&token).await.error(), "invalid_grant");
    assert!(world.refresh(&kept).await.status.is_success());
    assert_eq!(told(world).await, 1);
    assert_eq!(world.logged("user.session.end").await, 1);
    let again = end_sessions(&world.cell, &permit, &user, one(&first)).await;
    assert!(matches!(again, Err(Refusal::NotFound)));
}

async fn the_others_end_and_this_one_stays(world: &mut World) {
    with_backchannel(world).await;
    let (first, token) = (session_of(world), app_token(world).await);
    world.sign_in().await;
    let (own_id, own_token) = (session_of(world), app_token(world).await);
    let permit = own(world, Permission::OwnAccount).await;
    let ending = Ending::AllBut(own_id.clone());
    end_sessions(&world.cell, &permit, &world.person.id, ending)
        .await
        .unwrap();
    assert!(!lives(world, &first).await && lives(world, &own_id).await);
    assert_eq!(world.refresh(&token).await.error(), "invalid_grant");
    assert!(world.refresh(&own_token).await.status.is_success());
    assert_eq!(told(world).await, 1);
    assert_eq!(world.logged("user.session.clear").await, 1);
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

async fn a_new_password_ends_the_others(world: &mut World) {
    let (first, token) = (session_of(world), app_token(world).await);
    world.sign_in().await;
    let permit = own(world, Permission::OwnFactors).await;
    // There is none yet, so none is asked for.
    change_password(&world.cell, &permit, secret(""), secret(FIRST))
        .await
        .unwrap();
    assert!(!lives(world, &first).await && lives(world, &session_of(world)).await);
    assert_eq!(world.refresh(&token).await.error(), "invalid_grant");
    assert_eq!(load_outbox(&world.cell.database, "mail").await.len(), 1);
    assert_eq!(world.logged("user.account.update_password").await, 1);
    let second = session_of(world);
    world.sign_in().await;
    let permit = own(world, Permission::OwnFactors).await;
    change_password(&world.cell, &permit, secret(FIRST), secret(SECOND))
        .await
        .unwrap();
    assert!(!lives(world, &second).await && lives(world, &session_of(world)).await);
}

async fn the_present_password_is_asked_for_and_guesses_are_slowed(world: &mut World) {
    let permit = own(world, Permission::OwnFactors).await;
    change_password(&world.cell, &permit, secret(""), secret(FIRST))
        .await
        .unwrap();
    world.sign_in().await;
    let other = session_of(world);
    world.sign_in().await;
    let permit = own(world, Permission::OwnFactors).await;
    let mut wrong = 0;
    let refused = loop {
        match change_password(&world.cell, &permit, secret("a guess"), secret(SECOND)).await {
            Err(PasswordRefusal::WrongPresent) => wrong += 1,
            other => break other,
        }
        assert!(wrong < 50, "guesses are not slowed down");
    };
    assert!(
        matches!(refused, Err(PasswordRefusal::Slow { .. })),
        "{refused:?}"
    );
    assert!(lives(world, &other).await, "a refused change ends nothing");
}

async fn a_consent_is_taken_back_with_its_tokens(world: &mut World) {
    let token = app_token(world).await;
    let (org, user, web) = (
        world.org.clone(),
        world.person.id.clone(),
        world.web.clone(),
    );
    let server = {
        let mut tx = world.cell.database.read().await.unwrap();
        let mut servers = identity::server::store::load_all(&mut tx, &org)
            .await
            .unwrap();
        servers.remove(0).id.to_string()
    };
    let row = consents::ConsentRow {
        app: web.clone(),
        server: server.clone(),
        scopes: "openid api:read".into(),
    };
    let now = world.cell.now();
    world
        .cell
        .database
        .write(move |tx| {
            Box::pin(async move { consents::upsert(tx, &org, &user, &row, now).await })
        })
        .await
        .unwrap();
    let permit = own(world, Permission::OwnAccount).await;
    let listed = async || {
        let mut tx = world.cell.database.read().await.unwrap();
        consents::load_page(&mut tx, &world.org, &world.person.id, ("", "", ""), 10)
            .await
            .unwrap()
    };
    let [given] = listed().await.try_into().unwrap();
    assert_eq!((given.label.as_str(), &given.server), ("Web", &server));
    let elsewhere = revoke_consent(&world.cell, &permit, &web, "org").await;
    assert!(matches!(elsewhere, Err(Refusal::NotFound)));
    let unknown = AppId::generate(world.cell.entropy());
    let unknown = revoke_consent(&world.cell, &permit, &unknown, &server).await;
    assert!(matches!(unknown, Err(Refusal::NotFound)));
    revoke_consent(&world.cell, &permit, &web, &server)
        .await
        .unwrap();
    assert!(listed().await.is_empty());
    assert_eq!(world.refresh(&token).await.error(), "invalid_grant");
    assert_eq!(world.logged("app.oauth2.as.consent.revoke").await, 1);
}

async fn nobody_reaches_anothers_account(world: &mut World) {
    let permit = own(world, Permission::OwnAccount).await;
    let stranger = UserId::generate(world.cell.entropy());
    for ending in [Ending::All, Ending::One(session_of(world))] {
        let refused = end_sessions(&world.cell, &permit, &stranger, ending).await;
        assert!(matches!(refused, Err(Refusal::NotFound)));
    }
    let changed = change_password(&world.cell, &permit, secret(""), secret(FIRST)).await;
    assert!(
        matches!(changed, Err(PasswordRefusal::Refused(Refusal::Forbidden))),
        "a password needs fresh proof"
    );
    // Proof that was given long ago is no fresh one.
    world
        .clock
        .advance_secs(identity::access::own::FRESH_PROOF_SECS + 1);
    let snapshot = world.cell.snapshot(&world.org).await.unwrap().unwrap();
    let facts = world.facts();
    let signed_in = Arc::clone(world.session.as_ref().unwrap());
    let caller = world
        .cell
        .own_caller(&snapshot, &signed_in, &facts)
        .await
        .unwrap();
    let caller = Caller::Own(caller);
    let stale = authorize(&caller, &world.org, Permission::OwnFactors, &facts.client);
    assert!(matches!(stale, Err(Refusal::Forbidden)));
    assert!(authorize(&caller, &world.org, Permission::OwnAccount, &facts.client).is_ok());
}
