//! Authorization requests: the table of decisions, and the way through the browser.

use crate::authorize::address::{ASKED_AT, SignInQuestion, render_sign_in};
use crate::authorize::decide::{
    AcrStanding, AppVerdict, AuthorizeStep, SessionFacts, SignInReason, decide_authorize,
};
use crate::for_tests::{CALLBACK, World, on_both_engines, parameter};
use crate::page::Page;
use http::{Method, StatusCode};
use identity::access::{Caller, Permission, Permit, authorize};
use identity::app::settings::Assignment;
use identity::behavior::BehaviorKind;
use identity::behavior::operations::NewBehavior;
use identity::sign_in::begin::Purpose;
use identity::sign_in::prove::{Attempt, Typed};
use identity::sign_on::{Allow, AuthenticatorKind, Conditions, Outcome, Rule};
use ledger::ClientFacts;
use protocol::oauth::authorize::{AuthorizeRequest, Prompts, ResponseMode};
use protocol::oauth::error::ErrorCode;
use protocol::oauth::scope::ScopeSet;
use std::sync::Arc;
use vocab::id::RuleId;
use vocab::secret::Secret;
use vocab::time::Timestamp;

on_both_engines!(
    it_answers_with_a_code,
    what_cannot_be_answered_is_shown,
    errors_go_back_to_the_app,
    an_app_with_a_secret_may_have_to_use_pkce,
    it_sends_people_to_sign_in_once,
    a_hint_must_name_the_person,
    only_assigned_people_get_in,
    what_acr_values_ask_for_reaches_the_sign_in,
    another_orgs_app_is_not_known,
    a_session_is_asked_for_more_where_it_is_unusual,
);

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn request(prompts: Prompts, max_age_secs: Option<i64>) -> AuthorizeRequest {
    AuthorizeRequest {
        client_id: String::new(),
        redirect_uri: None,
        response_mode: ResponseMode::Query,
        state: None,
        scope: ScopeSet::default(),
        nonce: None,
        prompts,
        max_age_secs,
        login_hint: None,
        id_token_hint: None,
        acr_values: Vec::new(),
        ui_locales: Vec::new(),
        code_challenge: None,
    }
}

fn session(age_secs: i64) -> SessionFacts {
    SessionFacts {
        authenticated_at: NOW.plus_secs(-age_secs),
        hinted_other: false,
        verdict: AppVerdict::Allow,
        acr: AcrStanding::Reached,
        assigned: true,
        consent_missing: false,
    }
}

fn outcome(step: &AuthorizeStep) -> &'static str {
    match step {
        AuthorizeStep::SignIn(reason) => reason.as_str(),
        AuthorizeStep::AskConsent => "consent",
        AuthorizeStep::IssueCode => "code",
        AuthorizeStep::Deny(denial) => denial.code.name(),
    }
}

#[test]
fn prompts_and_ages() {
    let none = Prompts {
        none: true,
        ..Prompts::default()
    };
    let login = Prompts {
        login: true,
        ..Prompts::default()
    };
    let select = Prompts {
        select_account: true,
        ..Prompts::default()
    };
    let plain = Prompts::default();
    // prompts, max_age, age of the session if there is one, seconds since a sign-in was asked for; what follows
    let table = [
        (plain, None, None, None, "signed_out"),
        (none, None, None, None, "login_required"),
        (plain, None, Some(50), None, "code"),
        (none, None, Some(50), None, "code"),
        (login, None, Some(0), None, "again"),
        (login, None, Some(50), Some(100), "code"),
        (login, None, Some(150), Some(100), "again"),
        (login, None, Some(50), Some(-10), "again"),
        (login, None, Some(3_700), Some(3_800), "again"),
        (select, None, Some(50), None, "select_account"),
        (select, None, Some(50), Some(100), "code"),
        (plain, Some(100), Some(100), None, "code"),
        (plain, Some(100), Some(101), None, "again"),
        (none, Some(100), Some(101), None, "login_required"),
        (plain, Some(0), Some(0), None, "again"),
        (plain, Some(0), Some(5), Some(9), "code"),
    ];
    for (prompts, max_age, age, asked, expected) in table {
        let facts = age.map(session);
        let asked_at = asked.map(|secs: i64| NOW.plus_secs(-secs));
        let step = decide_authorize(&request(prompts, max_age), facts.as_ref(), asked_at, NOW);
        assert_eq!(
            outcome(&step),
            expected,
            "{prompts:?} {max_age:?} {age:?} {asked:?}"
        );
    }
}

#[test]
fn what_the_session_lacks() {
    let none = Prompts {
        none: true,
        ..Prompts::default()
    };
    let denied = AppVerdict::Denied {
        reason: String::new(),
    };
    let table = [
        (
            SessionFacts {
                verdict: AppVerdict::StepUp,
                ..session(1)
            },
            "step_up",
            "interaction_required",
        ),
        (
            SessionFacts {
                verdict: denied,
                ..session(1)
            },
            "access_denied",
            "access_denied",
        ),
        (
            SessionFacts {
                assigned: false,
                ..session(1)
            },
            "access_denied",
            "access_denied",
        ),
        (
            SessionFacts {
                acr: AcrStanding::WithinReach,
                ..session(1)
            },
            "step_up",
            "interaction_required",
        ),
        (
            SessionFacts {
                consent_missing: true,
                ..session(1)
            },
            "consent",
            "consent_required",
        ),
        (
            SessionFacts {
                hinted_other: true,
                ..session(1)
            },
            "select_account",
            "login_required",
        ),
    ];
    for (facts, seen, silent) in table {
        let step = decide_authorize(&request(Prompts::default(), None), Some(&facts), None, NOW);
        assert_eq!(outcome(&step), seen, "{facts:?}");
        let step = decide_authorize(&request(none, None), Some(&facts), None, NOW);
        assert_eq!(outcome(&step), silent, "{facts:?}");
    }
    let hopeless = SessionFacts {
        acr: AcrStanding::OutOfReach,
        ..session(1)
    };
    let step = decide_authorize(
        &request(Prompts::default(), None),
        Some(&hopeless),
        None,
        NOW,
    );
    assert_eq!(
        outcome(&step),
        ErrorCode::UnmetAuthenticationRequirements.name(),
        "nobody is sent to prove what they cannot"
    );
    let asked = SessionFacts {
        acr: AcrStanding::WithinReach,
        ..session(1)
    };
    let step = decide_authorize(
        &request(Prompts::default(), None),
        Some(&asked),
        Some(NOW.plus_secs(-2)),
        NOW,
    );
    assert_eq!(
        outcome(&step),
        ErrorCode::UnmetAuthenticationRequirements.name()
    );
}

async fn it_answers_with_a_code(world: &mut World) {
    let reply = world.get(&world.authorize_path(&[])).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text);
    assert!(reply.location().starts_with(CALLBACK));
    assert_eq!(reply.sent("state").unwrap(), "xyz");
    assert_eq!(
        reply.sent("iss").unwrap(),
        "https://acme.example/oauth2/default"
    );
    assert!(reply.sent("code").is_some());
    assert_eq!(world.logged("user.authentication.sso").await, 1);
    assert_eq!(world.logged("app.oauth2.as.authorize.code").await, 1);
    let posted = world
        .get(&world.authorize_path(&[("response_mode", "form_post")]))
        .await;
    match posted.page.unwrap() {
        Page::FormPost(form) => {
            assert_eq!((form.app.as_str(), form.target.as_str()), ("Web", CALLBACK));
            assert!(form.fields.iter().any(|(name, _)| *name == "code"));
        }
        other => panic!("{other:?}"),
    }
    let (path, query) = world
        .authorize_path(&[])
        .split_once('?')
        .map(|(p, q)| (p.to_owned(), q.to_owned()))
        .unwrap();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    assert!(
        world
            .send(Method::POST, &path, &form, query)
            .await
            .sent("code")
            .is_some()
    );
}

async fn what_cannot_be_answered_is_shown(world: &mut World) {
    for changes in [
        [("client_id", "")],
        [("client_id", "0oa00000000000000000")],
        [("client_id", "nothing")],
        [("redirect_uri", "https://evil.example/callback")],
        [("redirect_uri", "https://app.example/callback/more")],
    ] {
        let reply = world.get(&world.authorize_path(&changes)).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{changes:?}");
        assert!(matches!(reply.page, Some(Page::Error(_))), "{changes:?}");
    }
    let twice = format!("{}&client_id=x", world.authorize_path(&[]));
    assert!(matches!(world.get(&twice).await.page, Some(Page::Error(_))));
}

async fn errors_go_back_to_the_app(world: &mut World) {
    let public = world.public.to_string();
    let table: [(&[(&str, &str)], &str); 7] = [
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_type", "")], "invalid_request"),
        (&[("scope", "nothing")], "invalid_scope"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (
            &[
                ("client_id", &public),
                ("code_challenge", ""),
                ("code_challenge_method", ""),
            ],
            "invalid_request",
        ),
        (&[("request", "x")], "request_not_supported"),
        (&[("prompt", "none login")], "invalid_request"),
    ];
    for (changes, expected) in table {
        let reply = world.get(&world.authorize_path(changes)).await;
        assert!(reply.location().starts_with(CALLBACK), "{changes:?}");
        assert_eq!(reply.sent("error").unwrap(), expected, "{changes:?}");
        assert_eq!(reply.sent("state").unwrap(), "xyz", "{changes:?}");
    }
}

async fn an_app_with_a_secret_may_have_to_use_pkce(world: &mut World) {
    let web = world.web.clone();
    world
        .change_app(&web, |settings| settings.require_pkce = true)
        .await;
    let bare = [("code_challenge", ""), ("code_challenge_method", "")];
    let refused = world.get(&world.authorize_path(&bare)).await;
    assert_eq!(refused.sent("error").unwrap(), "invalid_request");
    let reply = world.get(&world.authorize_path(&[])).await;
    assert!(reply.sent("code").is_some());
}

async fn it_sends_people_to_sign_in_once(world: &mut World) {
    world.session = None;
    let silent = world
        .get(&world.authorize_path(&[("prompt", "none")]))
        .await;
    assert_eq!(silent.sent("error").unwrap(), "login_required");
    let reply = world
        .get(&world.authorize_path(&[("login_hint", "ada")]))
        .await;
    assert!(reply.location().starts_with("/signin?"));
    assert_eq!(reply.sent("login_hint").unwrap(), "ada");
    assert_eq!(reply.sent("reason").unwrap(), "signed_out");
    assert_eq!(reply.sent("fresh_since"), None);
    // Proof that somebody else only repeats is not what is asked for.
    for asked in [("prompt", "login"), ("max_age", "0"), ("max_age", "3600")] {
        let sent = world.get(&world.authorize_path(&[asked])).await;
        assert_eq!(sent.sent("reason").unwrap(), "signed_out");
        assert!(sent.sent("fresh_since").is_some(), "{asked:?}");
    }
    let back = reply.sent("continue").unwrap();
    assert!(back.starts_with("/oauth2/default/v1/authorize?"));
    world.sign_in().await;
    assert!(world.get(&back).await.sent("code").is_some());

    world.clock.advance_secs(10);
    let again = world
        .get(&world.authorize_path(&[("prompt", "login")]))
        .await;
    assert_eq!(again.sent("reason").unwrap(), "again");
    assert!(again.sent("fresh_since").is_some());
    let back = again.sent("continue").unwrap();
    assert!(parameter(&back, ASKED_AT).is_some());
    assert!(
        world.get(&back).await.location().starts_with("/signin?"),
        "nothing was proved meanwhile"
    );
    world.clock.advance_secs(5);
    world.sign_in().await;
    assert!(world.get(&back).await.sent("code").is_some());
}

/// A hint that anybody can write: claims of the right form without a signature.
const UNSIGNED_HINT: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIwMHUxMjM0NTY3ODkwMTIzNDU2NyJ9.";

async fn a_hint_must_name_the_person(world: &mut World) {
    let id_token = world.redeem(&world.code().await).await.text_of("id_token");
    // One that has ended still says who is meant.
    world.clock.advance_secs(2 * 3_600);
    let ours = [("id_token_hint", id_token.as_str()), ("prompt", "none")];
    let reply = world.get(&world.authorize_path(&ours)).await;
    assert!(reply.sent("code").is_some(), "{}", reply.location());
    let altered = format!("{id_token}A");
    for hint in [UNSIGNED_HINT, "nothing", altered.as_str()] {
        let silent = [("id_token_hint", hint), ("prompt", "none")];
        let reply = world.get(&world.authorize_path(&silent)).await;
        assert_eq!(reply.sent("error").unwrap(), "login_required", "{hint}");
        let reply = world.get(&world.authorize_path(&silent[..1])).await;
        assert_eq!(reply.sent("reason").unwrap(), "select_account", "{hint}");
    }
}

async fn what_acr_values_ask_for_reaches_the_sign_in(world: &mut World) {
    let asking = [("acr_values", "urn:example:unknown phr")];
    // The session has a passkey's proof.
    let reply = world.get(&world.authorize_path(&asking)).await;
    assert!(reply.sent("code").is_some(), "{}", reply.location());
    // Nobody is signed in: the sign-in is told at once, not only when it turns out to be too little.
    let before = world.session.take();
    let reply = world.get(&world.authorize_path(&asking)).await;
    assert_eq!(reply.sent("reason").unwrap(), "signed_out");
    assert_eq!(reply.sent("acr").unwrap(), "phr");
    let plain = world.get(&world.authorize_path(&[])).await;
    assert_eq!(plain.sent("acr"), None);
    // Somebody who has nothing to prove with is not asked to.
    world.session = before;
    world.prove_by(&[AuthenticatorKind::Password]);
    let error = ErrorCode::UnmetAuthenticationRequirements.name();
    let reply = world.get(&world.authorize_path(&asking)).await;
    assert_eq!(reply.sent("error").unwrap(), error);
    // A password alone is too little, and a passkey could be made on the way.
    world.give_password().await;
    let reply = world.get(&world.authorize_path(&asking)).await;
    assert_eq!(reply.sent("reason").unwrap(), "step_up");
    assert_eq!(reply.sent("acr").unwrap(), "phr");
    let silent = [asking[0], ("prompt", "none")];
    let reply = world.get(&world.authorize_path(&silent)).await;
    assert_eq!(reply.sent("error").unwrap(), "interaction_required");
    // Whoever comes back without it is not sent there again.
    let back = world
        .get(&world.authorize_path(&asking))
        .await
        .sent("continue")
        .unwrap();
    let reply = world.get(&back).await;
    assert_eq!(reply.sent("error").unwrap(), error);
}

async fn only_assigned_people_get_in(world: &mut World) {
    let web = world.web.clone();
    world
        .change_app(&web, |settings| settings.visibility = Assignment::Assigned)
        .await;
    let reply = world.get(&world.authorize_path(&[])).await;
    assert_eq!(reply.sent("error").unwrap(), "access_denied");
    assert_eq!(
        world.logged("application.policy.sign_on.deny_access").await,
        1
    );
    let (org, user, now) = (world.org.clone(), world.person.id.clone(), world.cell.now());
    world
        .cell
        .database
        .write(move |tx| {
            Box::pin(async move {
                identity::app::store::assign_person(tx, &org, &web, &user, now).await
            })
        })
        .await
        .unwrap();
    assert!(
        world
            .get(&world.authorize_path(&[]))
            .await
            .sent("code")
            .is_some()
    );
}

async fn another_orgs_app_is_not_known(world: &mut World) {
    let code = world.code().await;
    let slug = vocab::slug::Slug::parse("other").unwrap();
    let other = world.cell.create_org(&slug, "Other").await.unwrap();
    world.org = other;
    let reply = world.get(&world.authorize_path(&[])).await;
    assert!(matches!(reply.page, Some(Page::Error(_))));
    assert_eq!(world.redeem(&code).await.error(), "invalid_client");
}

/// A permit of the operator.
fn permit(world: &World, permission: Permission) -> Permit {
    let client = ClientFacts::default();
    authorize(&Caller::Operator, &world.org, permission, &client).unwrap()
}

/// The web app asks for any proof that was given where the request comes from, if the address is new.
async fn name_an_address_in_a_rule(world: &World) {
    let policies = permit(world, Permission::ManagePolicies);
    let wanted = NewBehavior {
        name: "New IP".into(),
        kind: BehaviorKind::AnomalousIp,
        events_max: 50,
        events_min: 0,
        active: true,
    };
    let behavior = world.cell.create_behavior(&policies, wanted).await.unwrap();
    let rule = |name: &str, behaviors| Rule {
        id: RuleId::generate(world.cell.entropy()),
        name: name.into(),
        conditions: Conditions {
            behaviors,
            ..Conditions::default()
        },
        outcome: Outcome::Allow(Allow::default()),
    };
    let rules = vec![
        rule("Unusual", vec![behavior.id]),
        rule("Usual", Vec::new()),
    ];
    let policy = world.cell.create_policy(&policies, "Web", rules).await;
    let policy = policy.unwrap().id;
    let apps = permit(world, Permission::ManageApps);
    let put = world.cell.put_app_policy(&apps, &world.web, &policy);
    put.await.unwrap();
}

async fn a_session_is_asked_for_more_where_it_is_unusual(world: &mut World) {
    let password = || Secret::new(String::from("nine tortoises walk to Samos"));
    let people = permit(world, Permission::ManagePeople);
    let set = world
        .cell
        .set_password(&people, &world.person.id, password());
    set.await.unwrap();
    world.address = "192.0.2.1".into();
    world.sign_in().await;
    assert!(
        world
            .get(&world.authorize_path(&[]))
            .await
            .sent("code")
            .is_some()
    );
    name_an_address_in_a_rule(world).await;
    world.clock.advance_secs(1);
    // The session began before anything was remembered.
    let sent = world.get(&world.authorize_path(&[])).await;
    assert_eq!(sent.sent("reason").as_deref(), Some("step_up"));
    let silent = world.authorize_path(&[("prompt", "none")]);
    let silent = world.get(&silent).await;
    assert_eq!(silent.sent("error").unwrap(), "interaction_required");
    let purpose = Purpose {
        app: Some(world.web.clone()),
        ..Purpose::default()
    };
    let session = world.session.clone().unwrap();
    let begun = world
        .cell
        .begin_sign_in(&world.org, purpose, Some(&session));
    let (mut flow, _) = begun.await.unwrap();
    world.clock.advance_secs(1);
    let snapshot = world.cell.snapshot(&world.org).await.unwrap().unwrap();
    let typed = Typed::Password(password());
    let request = world.facts();
    let proved = world
        .cell
        .prove_typed(&snapshot, &mut flow, typed, &request);
    assert_eq!(proved.await.unwrap(), Attempt::Right);
    let begun = world.cell.finish_sign_in(&snapshot, &flow, &request).await;
    let session = world
        .cell
        .session_by_id(&world.org, &begun.unwrap().session_id)
        .await;
    world.session = session.unwrap().map(Arc::new);
    world.clock.advance_secs(1);
    assert!(
        world
            .get(&world.authorize_path(&[]))
            .await
            .sent("code")
            .is_some()
    );
    // The same session from elsewhere.
    world.address = "198.51.100.1".into();
    let sent = world.get(&world.authorize_path(&[])).await;
    assert_eq!(sent.sent("reason").as_deref(), Some("step_up"));
    world.address = "192.0.2.1".into();
    assert!(
        world
            .get(&world.authorize_path(&[]))
            .await
            .sent("code")
            .is_some()
    );
}

#[test]
fn the_way_to_sign_in_is_encoded() {
    let app = crate::client_auth::tests::app();
    let question = SignInQuestion {
        reason: SignInReason::StepUp,
        fresh_since: None,
        context: None,
        login_hint: Some("a&b=c@x"),
        provider: None,
    };
    let address = render_sign_in(
        "/t/acme",
        "/t/acme/oauth2/v1/authorize?a=b&c=d",
        &app,
        question,
    );
    assert!(address.starts_with("/t/acme/signin?"));
    assert_eq!(
        parameter(&address, "continue").unwrap(),
        "/t/acme/oauth2/v1/authorize?a=b&c=d"
    );
    assert_eq!(parameter(&address, "login_hint").unwrap(), "a&b=c@x");
}
