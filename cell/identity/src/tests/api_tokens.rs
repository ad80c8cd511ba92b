//! API tokens: whom they stand for, and when no longer.

use crate::access::{Caller, Permission, Permit, Role, authorize};
use crate::api_token::operations::DeclaredApiToken;
use crate::api_token::{IDLE_SECS, TOKEN_PREFIX, TOUCH_INTERVAL_SECS};
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines};
use crate::person::lifecycle::LifecycleAction;
use ledger::ClientFacts;
use vocab::secret::Secret;

async fn a_token_acts_with_the_roles_of_its_person_now(world: &World) {
    let (org, other) = (world.org("acme").await, world.org("globex").await);
    let ada = world.administrator(&org, "ada", Role::SuperAdmin).await;
    world.administrator(&org, "eve", Role::SuperAdmin).await;
    let permit = world.permit_of(&ada, &[Role::SuperAdmin], Permission::ManageOrg);
    let made = world
        .cell
        .create_api_token(&permit, " script ")
        .await
        .unwrap();
    let text = made.text.expose().as_str();
    assert!(text.starts_with(TOKEN_PREFIX) && made.token.name == "script");
    let caller = world
        .cell
        .api_token_caller(&org, text)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (caller.user_id, caller.token_id, caller.roles),
        (ada.id.clone(), made.token.id, vec![Role::SuperAdmin])
    );
    assert!(
        world
            .cell
            .api_token_caller(&other, text)
            .await
            .unwrap()
            .is_none()
    );
    let longer = format!("{text}{}", "x".repeat(1_000));
    for unknown in ["", TOKEN_PREFIX, "00Tnobody", "x", longer.as_str()] {
        assert!(
            world
                .cell
                .api_token_caller(&org, unknown)
                .await
                .unwrap()
                .is_none(),
            "{unknown}"
        );
    }
    world
        .cell
        .revoke_role(&permit, &ada.id, Role::SuperAdmin)
        .await
        .unwrap();
    assert!(
        world
            .cell
            .api_token_caller(&org, text)
            .await
            .unwrap()
            .unwrap()
            .roles
            .is_empty()
    );
    let people = world.permit(&org, Permission::ManagePeople);
    world
        .cell
        .change_person_status(&people, &ada.id, LifecycleAction::Suspend)
        .await
        .unwrap();
    assert!(
        world
            .cell
            .api_token_caller(&org, text)
            .await
            .unwrap()
            .is_none()
    );
}

async fn a_revoked_token_is_worth_nothing_at_once(world: &World) {
    let org = world.org("acme").await;
    let ada = world.administrator(&org, "ada", Role::SuperAdmin).await;
    let permit = world.permit_of(&ada, &[Role::SuperAdmin], Permission::ManageOrg);
    let made = world
        .cell
        .create_api_token(&permit, "script")
        .await
        .unwrap();
    world
        .cell
        .revoke_api_token(&permit, &made.token.id)
        .await
        .unwrap();
    assert!(
        world
            .cell
            .api_token_caller(&org, made.text.expose())
            .await
            .unwrap()
            .is_none()
    );
    let rows = world.log_rows(&org).await;
    world
        .cell
        .revoke_api_token(&permit, &made.token.id)
        .await
        .unwrap();
    assert_eq!(world.log_rows(&org).await, rows);
    let listed = world.cell.list_api_tokens(&permit, "", 10).await.unwrap();
    assert!(matches!(listed.as_slice(), [token] if token.revoked_at.is_some()));
}

async fn a_token_ends_thirty_days_after_its_last_use(world: &World) {
    let org = world.org("acme").await;
    let ada = world.administrator(&org, "ada", Role::SuperAdmin).await;
    let permit = world.permit_of(&ada, &[Role::SuperAdmin], Permission::ManageOrg);
    let made = world
        .cell
        .create_api_token(&permit, "script")
        .await
        .unwrap();
    let used = async || {
        world
            .cell
            .api_token_caller(&org, made.text.expose())
            .await
            .unwrap()
            .is_some()
    };
    for _ in 0..3 {
        world.clock.advance_secs(IDLE_SECS - TOUCH_INTERVAL_SECS);
        assert!(used().await);
    }
    world.clock.advance_secs(IDLE_SECS - 1);
    assert!(used().await);
    world.clock.advance_secs(IDLE_SECS);
    assert!(!used().await);
}

async fn a_use_is_noted_now_and_then(world: &World) {
    let org = world.org("acme").await;
    let ada = world.administrator(&org, "ada", Role::SuperAdmin).await;
    let permit = world.permit_of(&ada, &[Role::SuperAdmin], Permission::ManageOrg);
    let made = world
        .cell
        .create_api_token(&permit, "script")
        .await
        .unwrap();
    let last_used =
        async || world.cell.list_api_tokens(&permit, "", 1).await.unwrap()[0].last_used_at;
    assert_eq!(last_used().await, None);
    let first = world.cell.now();
    world
        .cell
        .api_token_caller(&org, made.text.expose())
        .await
        .unwrap();
    assert_eq!(last_used().await, Some(first));
    world.clock.advance_secs(TOUCH_INTERVAL_SECS - 1);
    world
        .cell
        .api_token_caller(&org, made.text.expose())
        .await
        .unwrap();
    assert_eq!(last_used().await, Some(first));
    world.clock.advance_secs(1);
    world
        .cell
        .api_token_caller(&org, made.text.expose())
        .await
        .unwrap();
    assert_eq!(last_used().await, Some(world.cell.now()));
}

async fn only_the_operator_names_the_person_of_a_token(world: &World) {
    let org = world.org("acme").await;
    let ada = world.administrator(&org, "ada", Role::SuperAdmin).await;
    let declared = |text: &str| DeclaredApiToken {
        name: "declared".into(),
        user_id: ada.id.clone(),
        text: Secret::new(text.to_owned()),
    };
    let text = format!("{TOKEN_PREFIX}{}", "a".repeat(43));
    let own = world.permit_of(&ada, &[Role::SuperAdmin], Permission::ManageOrg);
    let refused = world
        .cell
        .declare_api_token(&own, declared(&text))
        .await
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(refused, Refusal::Forbidden));
    let operator = world.permit(&org, Permission::ManageOrg);
    let refused = world
        .cell
        .create_api_token(&operator, "x")
        .await
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(refused, Refusal::Forbidden));
    world
        .cell
        .declare_api_token(&operator, declared(&text))
        .await
        .unwrap();
    assert!(
        world
            .cell
            .api_token_caller(&org, &text)
            .await
            .unwrap()
            .is_some()
    );
    let twice = world
        .cell
        .declare_api_token(&operator, declared(&text))
        .await
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(twice, Refusal::Taken { field: "token" }));
    for weak in [
        "00Tshort",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "",
    ] {
        let refused = world
            .cell
            .declare_api_token(&operator, declared(weak))
            .await
            .map(|_| ())
            .unwrap_err();
        assert!(matches!(refused, Refusal::Invalid { field: "token", .. }));
    }
}

async fn what_a_token_made_ends_with_it(world: &World) {
    let org = world.org("acme").await;
    let ada = world.administrator(&org, "ada", Role::SuperAdmin).await;
    let own = world.permit_of(&ada, &[Role::SuperAdmin], Permission::ManageOrg);
    let client = ClientFacts::default();
    let permit_by = async |text: &str| {
        let caller = world.cell.api_token_caller(&org, text).await.unwrap();
        let caller = Caller::ApiToken(caller.unwrap());
        authorize(&caller, &org, Permission::ManageOrg, &client).unwrap()
    };
    let make = async |permit: &Permit, name: &str| {
        let made = world.cell.create_api_token(permit, name).await.unwrap();
        (made.token.id, made.text)
    };
    let (first, first_text) = make(&own, "first").await;
    let (_, beside_text) = make(&own, "beside").await;
    let by_first = permit_by(first_text.expose()).await;
    let (second, second_text) = make(&by_first, "second").await;
    let by_second = permit_by(second_text.expose()).await;
    let (_, third_text) = make(&by_second, "third").await;
    let (_, fourth_text) = make(&by_first, "fourth").await;
    let is_good = async |text: &Secret<String>| {
        let caller = world.cell.api_token_caller(&org, text.expose()).await;
        caller.unwrap().is_some()
    };

    let revoked = world.cell.revoke_api_token(&own, &second).await;
    revoked.unwrap();
    assert!(!is_good(&second_text).await && !is_good(&third_text).await);
    assert!(is_good(&first_text).await && is_good(&fourth_text).await);

    // Whoever has the first gives it up by itself.
    world
        .cell
        .revoke_api_token(&by_first, &first)
        .await
        .unwrap();
    assert!(!is_good(&first_text).await && !is_good(&fourth_text).await);
    assert!(is_good(&beside_text).await);

    // A call that was let in before and comes to its write afterwards.
    let late = world.cell.create_api_token(&by_first, "late").await;
    assert!(matches!(late.map(drop), Err(Refusal::Forbidden)));
}

on_both_engines!(
    a_token_acts_with_the_roles_of_its_person_now,
    a_revoked_token_is_worth_nothing_at_once,
    a_token_ends_thirty_days_after_its_last_use,
    a_use_is_noted_now_and_then,
    only_the_operator_names_the_person_of_a_token,
    what_a_token_made_ends_with_it,
);
