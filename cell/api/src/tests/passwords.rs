//! Passwords that are made for people, links for forgotten ones, and who is kept out at the moment.

use crate::for_tests::{By, World, on_both_engines};
use identity::access::Role;
use identity::credential::password::PasswordCheck;
use identity::sign_on::AuthenticatorKind;
use identity::slowdown::{Familiarity, Guess, GuessedSecret};
use serde_json::{Value, json};
use vocab::id::UserId;
use vocab::secret::Secret;

/// What signing in with a password would find.
async fn check(world: &World, user: &UserId, password: &str) -> PasswordCheck {
    let snapshot = world.cell.snapshot(&world.main).await.unwrap().unwrap();
    let person = {
        let mut tx = world.cell.database.read().await.unwrap();
        let person = identity::person::store::load(&mut tx, &world.main, user).await;
        person.unwrap().unwrap()
    };
    let text = Secret::new(password.to_owned());
    let checked = world
        .cell
        .check_password(
            &snapshot.org,
            Some(&person),
            text,
            &ledger::ClientFacts::default(),
        )
        .await;
    checked.unwrap()
}

async fn a_password_is_made_told_once_and_to_be_replaced(world: &World) {
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let path = format!("/api/v1/users/{ada}");
    let step = format!("{path}/lifecycle/expire_password_with_temp_password");
    let session = world
        .session_of(&world.main, &ada, AuthenticatorKind::Password)
        .await;
    let rows = world.log_rows(&world.main).await;
    let made = world.post(&step, &Value::Null).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let first = made.body["tempPassword"].as_str().unwrap().to_owned();
    assert!(first.len() >= 20);
    assert_eq!(made.body.as_object().unwrap().len(), 1);
    assert_eq!(world.get(&path).await.body["status"], "PASSWORD_EXPIRED");
    assert!(matches!(
        check(world, &ada, &first).await,
        PasswordCheck::Right { .. }
    ));
    let lives = async || {
        let found = world.cell.session_by_id(&world.main, &session).await;
        found.unwrap().is_some()
    };
    assert!(lives().await);
    // Once more, for whoever lost it: the one before is nothing any more.
    let again = world
        .post(&format!("{step}?revokeSessions=true"), &Value::Null)
        .await;
    let second = again.body["tempPassword"].as_str().unwrap();
    assert_ne!(second, first);
    assert_eq!(check(world, &ada, &first).await, PasswordCheck::Wrong);
    assert!(matches!(
        check(world, &ada, second).await,
        PasswordCheck::Right { .. }
    ));
    assert!(!lives().await);
    let kinds = world.kinds_since(rows).await;
    assert_eq!(
        kinds,
        [
            "user.account.update_password",
            "user.account.expire_password",
            "user.account.update_password",
            "user.session.clear",
        ]
    );
}

async fn nobody_gets_one_who_may_not_sign_in_or_stands_above(world: &World) {
    world.administrator(Role::HelpDeskAdmin).await;
    world.administrator(Role::UserAdmin).await;
    let eve = world.person(&world.main, "eve", "Eve", "Above").await;
    world.grant(&eve, Role::SuperAdmin).await;
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let step = |user: &UserId| {
        format!("/api/v1/users/{user}/lifecycle/expire_password_with_temp_password")
    };
    let rows = world.log_rows(&world.main).await;
    for (by, user) in [
        (By::Reader, &ada),
        // It would be told a password, and help sets none.
        (By::Of(Role::HelpDeskAdmin), &ada),
        (By::Of(Role::UserAdmin), &eve),
    ] {
        let refused = world.call(by, "POST", &step(user), &Value::Null).await;
        assert_eq!(refused.outcome(), (403, "E0000006"), "{by:?}");
    }
    let odd = world
        .post(
            &format!("{}?revokeSessions=maybe", step(&ada)),
            &Value::Null,
        )
        .await;
    assert_eq!(odd.outcome(), (400, "E0000001"));
    assert_eq!(world.log_rows(&world.main).await, rows);
    let suspend = format!("/api/v1/users/{ada}/lifecycle/suspend");
    world.post(&suspend, &Value::Null).await;
    let refused = world.post(&step(&ada), &Value::Null).await;
    assert_eq!(refused.outcome(), (403, "E0000038"));
    let by_role = world
        .call(
            By::Of(Role::UserAdmin),
            "POST",
            &step(&UserId::generate(world.cell.entropy())),
            &Value::Null,
        )
        .await;
    assert_eq!(by_role.outcome(), (404, "E0000007"));
}

async fn a_link_is_sent_and_nothing_else_happens(world: &World) {
    world.administrator(Role::HelpDeskAdmin).await;
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let path = format!("/api/v1/users/{ada}");
    let forgot = format!("{path}/credentials/forgot_password");
    let before = world.get(&path).await.body;
    let rows = world.log_rows(&world.main).await;
    let helper = By::Of(Role::HelpDeskAdmin);
    let sent = world.call(helper, "POST", &forgot, &Value::Null).await;
    assert_eq!((sent.status.as_u16(), &sent.body), (200, &json!({})));
    assert_eq!(world.get(&path).await.body, before);
    let kinds = world.kinds_since(rows).await;
    assert_eq!(kinds, ["user.account.reset_password"]);
    let told = world
        .post(&format!("{forgot}?sendEmail=false"), &Value::Null)
        .await;
    assert_eq!(told.outcome(), (501, "E0000060"));
    let odd = world.post(&forgot, &json!({ "password": "x" })).await;
    assert_eq!(odd.outcome(), (400, "E0000001"));
    let refused = world.call(By::Reader, "POST", &forgot, &Value::Null).await;
    assert_eq!(refused.outcome(), (403, "E0000006"));
    world
        .post(&format!("{path}/lifecycle/suspend"), &Value::Null)
        .await;
    let refused = world.post(&forgot, &Value::Null).await;
    assert_eq!(refused.outcome(), (403, "E0000038"));
}

async fn who_is_kept_out_is_told_and_from_where(world: &World) {
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let path = format!("/api/v1/users/{ada}");
    let blocks = async || {
        let listed = world.get(&format!("{path}/blocks")).await.body;
        let expanded = world.get(&format!("{path}?expand=blocks")).await.body;
        assert_eq!(expanded["_embedded"]["blocks"], listed);
        listed
    };
    assert_eq!(blocks().await, json!([]));
    // Guesses from many places; the tickets that are dropped count as wrong ones.
    for number in 0..60_u8 {
        let guess = Guess {
            org: &world.main,
            account: "ada",
            address: [192, 0, 2, number].into(),
            secret: GuessedSecret::Password,
            familiarity: Familiarity::Strange,
        };
        drop(world.cell.slowdown.check(&guess, world.cell.now()));
    }
    let strange = json!([{ "type": "DEVICE_BASED", "appliesTo": "UNKNOWN_DEVICES" }]);
    assert_eq!(blocks().await, strange);
    world.clock.advance_secs(5);
    assert_eq!(blocks().await, json!([]), "nobody is shut out for long");
    let permit = world.permit(&world.main, identity::access::Permission::ManagePeople);
    let lock = identity::person::lifecycle::LifecycleAction::Lock;
    world
        .cell
        .change_person_status(&permit, &ada, lock)
        .await
        .unwrap();
    let everywhere = json!([{ "type": "DEVICE_BASED", "appliesTo": "ANY_DEVICES" }]);
    assert_eq!(blocks().await, everywhere);
    let odd = world.get(&format!("{path}?expand=groups")).await;
    assert_eq!(odd.outcome(), (400, "E0000001"));
    let refused = world
        .call(By::Person, "GET", &format!("{path}/blocks"), &Value::Null)
        .await;
    assert_eq!(refused.outcome(), (403, "E0000006"));
}

on_both_engines!(
    a_password_is_made_told_once_and_to_be_replaced,
    nobody_gets_one_who_may_not_sign_in_or_stands_above,
    a_link_is_sent_and_nothing_else_happens,
    who_is_kept_out_is_told_and_from_where,
);
