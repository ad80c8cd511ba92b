//! What is declared is there afterwards, and a second time changes nothing.

use super::{WHOLE, World, on_both_engines};
use crate::declaration::Mode;
use crate::declaration::report::{Report, render_text};
use identity::access::{Permission, Role};
use identity::fault::Fault;
use identity::notice::OUTBOX_KIND;
use identity::person::PersonStatus;
use identity::person::lifecycle::LifecycleAction;
use ledger::outbox::store as outbox;
use vocab::id::AppId;
use vocab::secret::SecretHash;

const SECRET: &str = "web-secret-of-the-test-bed-0123456789";
const THINGS: u64 = 16;
/// A mistake that is met after people and groups were made.
const HALF_WAY: (&str, &str, &str) = (
    "{ clear: web-secret-of-the-test-bed-0123456789 }",
    "{ clear: short }",
    "app \"Wiki\": client_secret",
);

async fn what_is_declared_is_there_and_a_second_time_changes_nothing(world: &World) {
    world.apply(WHOLE).await;
    let (main, acme) = (world.org("main").await, world.org("acme").await);
    let rows = (world.log_rows(&main).await, world.log_rows(&acme).await);
    let second = world.apply(WHOLE).await;
    let nothing = Report {
        changes: Vec::new(),
        unchanged: THINGS,
        remarks: Vec::new(),
    };
    assert_eq!(second, nothing);
    let after = (world.log_rows(&main).await, world.log_rows(&acme).await);
    assert_eq!(after, rows);

    let id = AppId::parse("0oaWebBasic000000001").unwrap();
    let app = world.cell.app(&main, &id).await.unwrap().unwrap();
    assert!(app.secrets == [SecretHash::of(SECRET)] && app.policy_id.is_some());
    let snapshot = world.cell.snapshot(&main).await.unwrap().unwrap();
    assert_eq!(snapshot.org.name, "Analytical Engines");
    assert_eq!(snapshot.org.settings.branding.colour, "#224466");
    assert_eq!(snapshot.servers.len(), 2);
    assert_eq!(snapshot.zones.len(), 1);
    let trusted = &snapshot.origins[0];
    assert_eq!(trusted.origin, "https://shop.example.com");
    assert!(trusted.trust.cors && !trusted.trust.redirect && trusted.active);
    let rules = &snapshot.server("default").unwrap().config.rules;
    assert_eq!(rules[0].apps, [app.id.to_string()]);

    let ada = world.person(&main, "ada@example.com").await;
    assert_eq!(ada.status, PersonStatus::Active);
    let hashed = world.person(&main, "grace@example.com").await;
    assert_eq!(hashed.status, PersonStatus::Active);
    let invited = world.person(&main, "charles@example.com").await;
    assert_eq!(invited.status, PersonStatus::Provisioned);
    let mut tx = world.cell.database.read().await.unwrap();
    let roles = identity::person::store::load_roles(&mut tx, &main, &ada.id).await;
    assert_eq!(roles.unwrap(), [Role::SuperAdmin]);
    drop(tx);
    let token = "00Tabcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLM";
    let caller = world.cell.api_token_caller(&main, token).await.unwrap();
    assert_eq!(caller.unwrap().user_id, ada.id);
}

async fn a_change_is_made_and_the_old_secret_stays_good_for_once(world: &World) {
    world.apply(WHOLE).await;
    let new = "web-secret-of-the-test-bed-9876543210";
    let changed = WHOLE
        .replace(SECRET, new)
        .replace("label: Wiki", "label: Handbook")
        .replace("apps: [Wiki]", "apps: [Handbook]");
    world.apply(&changed).await;
    let main = world.org("main").await;
    let id = AppId::parse("0oaWebBasic000000001").unwrap();
    let app = world.cell.app(&main, &id).await.unwrap().unwrap();
    assert_eq!(app.label, "Handbook");
    assert!(app.secrets.contains(&SecretHash::of(SECRET)));
    assert!(app.secrets.contains(&SecretHash::of(new)));
    world
        .apply(&changed.replace(new, "web-secret-of-the-test-bed-5555555555"))
        .await;
    let app = world.cell.app(&main, &id).await.unwrap().unwrap();
    assert_eq!(app.secrets.len(), 2);
}

async fn what_cannot_be_made_is_named_with_its_place(world: &World) {
    let table = [
        (
            "password: { clear: \"plain clock winter harbour\" }",
            "password: { clear: short }",
            "doc.yaml:11:16: person ada@example.com: password: it must have at least",
        ),
        (
            "password: { clear: \"plain clock winter harbour\" }",
            "password: { env: TESTUDO_NO_SUCH_VARIABLE }",
            "person ada@example.com: the environment variable \"TESTUDO_NO_SUCH_VARIABLE\" is not set",
        ),
        (
            "{ clear: web-secret-of-the-test-bed-0123456789 }",
            "{ file: /no/such/file }",
            "app \"Wiki\": the file \"/no/such/file\" cannot be read",
        ),
        (
            "email: ada@example.com",
            "email: nobody",
            "person ada@example.com: email: ",
        ),
        ("kind: single_page", "kind: service", "app \"Calendar\": "),
        (
            "audience: api://orders",
            "audience: a b",
            "authorization server \"Orders\": audience",
        ),
        (
            "password_hash: \"$argon2id$v=19$m=19456,t=2,p=1$O5gCfgxSfXhebRC2dWp5ZQ$J7yUsN0SEuV8WHWknnrS9GRq0sJLaUW3KqyIaNhMl7E\"",
            "password_hash: nothing",
            "person grace@example.com: password_hash",
        ),
        (
            "outcome: deny",
            "outcome: { allow: { session_age_max_secs: 1 } }",
            "policy \"Two factors\": session_age_max_secs: rule \"Others\"",
        ),
        (
            "colour: \"#224466\"",
            "colour: red",
            "doc.yaml:3:11: organisation main: colour",
        ),
        (
            "clear: 00Tabc",
            "clear: xx",
            "API token \"Pipeline\": token",
        ),
    ];
    for (from, to, words) in table {
        assert!(WHOLE.contains(from), "{from}");
        let text = WHOLE.replace(from, to);
        let told = world.refused(&text, Mode::Plan).await;
        assert!(told.starts_with("doc.yaml:"), "{told}");
        assert!(told.contains(words), "{told}");
        assert!(!told.contains("short }"), "{told}");
    }
    let (from, to, words) = HALF_WAY;
    let text = WHOLE.replace(from, to);
    let told = world.refused(&text, Mode::Plan).await;
    assert_eq!(world.refused(&text, Mode::Apply).await, told);
    assert!(told.contains(words), "{told}");
    // What was refused half-way is made by the next attempt.
    world.apply(WHOLE).await;
    let changes = world.plan(WHOLE).await.changes;
    assert!(changes.is_empty(), "{changes:?}");
}

async fn the_text_of_a_token_is_one_tokens_alone(world: &World) {
    world.apply(WHOLE).await;
    let changed = WHOLE.replace("person: ada@example.com", "person: grace@example.com");
    let told = world.refused(&changed, Mode::Apply).await;
    assert!(told.contains("bring a new text"), "{told}");
}

async fn a_crowd_with_passwords_is_made_without_turning_anybody_away(world: &World) {
    let people = (0..24).map(|n| {
        format!("  - {{ login: p{n}@example.com, email: p{n}@example.com, password: {{ clear: harbour lamp river {n} }} }}\n")
    });
    let text = format!(
        "orgs:\n- slug: main\n  name: Main\n  people:\n{}",
        people.collect::<String>()
    );
    assert_eq!(world.apply(&text).await.changes.len(), 25);
    assert_eq!(world.plan(&text).await.unchanged, 25);
}

/// What is declared of somebody comes first, and then the link that lets them in.
async fn a_link_goes_to_the_address_that_is_declared(world: &World) {
    let people = |domain: &str, eve: &str| {
        format!(
            "orgs:\n- slug: main\n  name: Main\n  people:\n  \
             - {{ login: ada@example.com, email: ada@{domain}, password: {{ clear: harbour lamp river winter }} }}\n  \
             - {{ login: eve@example.com, email: eve@{domain}{eve} }}\n"
        )
    };
    world.apply(&people("example.com", "")).await;
    let main = world.org("main").await;
    let manage = world.permit(&main, Permission::ManagePeople);
    let ada = world.person(&main, "ada@example.com").await;
    // Whoever was reset before is led back to where a link alone lets them in.
    for step in [
        LifecycleAction::ResetPassword,
        LifecycleAction::Deactivate,
        LifecycleAction::Invite,
    ] {
        let changed = world.cell.change_person_status(&manage, &ada.id, step);
        changed.await.unwrap();
    }
    let moved = people("elsewhere.example", ", invitation: true");
    let text = render_text(&world.plan(&moved).await);
    for status in [
        "status: \"PROVISIONED\" → \"RECOVERY\"\n",
        "status: \"STAGED\" → \"PROVISIONED\"\n",
    ] {
        assert!(text.contains(status), "{text}");
    }
    world.apply(&moved).await;
    assert!(world.plan(&moved).await.changes.is_empty());
    for (login, status) in [
        ("ada@example.com", PersonStatus::Recovery),
        ("eve@example.com", PersonStatus::Provisioned),
    ] {
        let person = world.person(&main, login).await;
        assert_eq!(person.status, status, "{login}");
        assert!(person.email.ends_with("@elsewhere.example"), "{login}");
    }
    let expected = ["ada@elsewhere.example", "eve@elsewhere.example"];
    assert_eq!(links_sent_to(world).await, expected);
}

/// To whom a link went, in order.
async fn links_sent_to(world: &World) -> Vec<String> {
    let (cell, now) = (&world.cell, world.cell.now());
    let leased: Result<_, Fault> = cell
        .database
        .write(move |tx| {
            Box::pin(async move { Ok(outbox::lease_due(tx, OUTBOX_KIND, now, 100).await?) })
        })
        .await;
    let mut sent = Vec::new();
    for row in leased.unwrap() {
        let mail = cell.open_mail(&row.org_id, &row.payload).await.unwrap();
        if mail.text.contains("token=") {
            sent.push(mail.to);
        }
    }
    sent.sort();
    sent
}

on_both_engines!(
    a_link_goes_to_the_address_that_is_declared,
    what_is_declared_is_there_and_a_second_time_changes_nothing,
    a_change_is_made_and_the_old_secret_stays_good_for_once,
    what_cannot_be_made_is_named_with_its_place,
    the_text_of_a_token_is_one_tokens_alone,
    a_crowd_with_passwords_is_made_without_turning_anybody_away,
);
