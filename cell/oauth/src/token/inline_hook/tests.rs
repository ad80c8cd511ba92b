//! Tokens about which a hook is asked: what it is told, what it may change, and what becomes of them when it fails.

use crate::for_tests::{Reply, World, on_both_engines, payload};
use crate::token::inline_hook::patch::{COMMANDS_MAX, LIFETIME_SECS};
use http::StatusCode;
use identity::access::Permission;
use identity::event_hook::envoy::{
    Answered, Envoy, Letter, PlainHttp, Sent, Shipment, Shipped, Trouble,
};
use identity::event_hook::signing::render_signatures;
use identity::inline_hook::call::ANSWER_BYTES_MAX;
use identity::inline_hook::operations::CreatedInlineHook;
use identity::inline_hook::settings::{InlineHookAuth, InlineHookChange};
use identity::inline_hook::{InlineHook, InlineHookKind};
use identity::server::policies::{PolicyChange, RuleChange, RuleSays};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::sync::{Notify, Semaphore};
use vocab::id::InlineHookId;
use vocab::secret::Secret;

on_both_engines!(
    a_hook_is_told_of_tokens_and_changes_them,
    what_cannot_be_applied_changes_nothing,
    an_error_refuses_the_tokens_and_spends_nothing,
    only_the_rule_that_names_it_asks_a_hook_that_is_on,
    a_service_has_no_id_token_to_change,
    a_refresh_asks_anew,
    a_hook_that_hangs_holds_up_nobody_else,
    a_hook_that_a_rule_names_stays,
);

const PATH: &str = "/oauth2/default/v1/token";

/// The headers of a question, and its body.
type Asked = (Vec<(String, String)>, Vec<u8>);

/// Who stands at the address of the hook: gives one answer after the other, the last one again and again.
#[derive(Default)]
struct Oracle {
    answers: Mutex<Vec<Result<Answered, Trouble>>>,
    asked: Mutex<Vec<Asked>>,
    /// It waits for one of these before it answers.
    gate: Mutex<Option<Arc<Semaphore>>>,
    came: Notify,
}

impl Oracle {
    fn says(&self, answers: impl IntoIterator<Item = Result<Answered, Trouble>>) {
        let mut answers: Vec<_> = answers.into_iter().collect();
        answers.reverse();
        *self.answers.lock().unwrap() = answers;
    }

    fn says_ok(&self, body: &Value) {
        self.says([ok(body)]);
    }

    fn questions(&self) -> Vec<Value> {
        let asked = std::mem::take(&mut *self.asked.lock().unwrap());
        asked
            .iter()
            .map(|(_, body)| serde_json::from_slice(body).unwrap())
            .collect()
    }
}

fn ok(body: &Value) -> Result<Answered, Trouble> {
    answered(200, body.to_string())
}

fn answered(status: u16, body: impl Into<Vec<u8>>) -> Result<Answered, Trouble> {
    Ok(Answered::of(status, body.into()))
}

impl Envoy for Oracle {
    fn plain_http(&self) -> PlainHttp {
        PlainHttp::Never
    }

    fn send<'e>(&'e self, letter: &'e Letter) -> Sent<'e> {
        let header = |(name, value): &(String, Secret<String>)| {
            (name.to_ascii_lowercase(), value.expose().clone())
        };
        let headers = letter.headers.iter().map(header).collect();
        let asked = (headers, letter.body.clone());
        self.asked.lock().unwrap().push(asked);
        self.came.notify_one();
        let gate = self.gate.lock().unwrap().clone();
        Box::pin(async move {
            if let Some(gate) = gate {
                gate.acquire().await.unwrap().forget();
            }
            let mut answers = self.answers.lock().unwrap();
            let answer = if answers.len() > 1 {
                answers.pop().unwrap()
            } else {
                answers
                    .first()
                    .cloned()
                    .unwrap_or(Err(Trouble::Unreachable))
            };
            answer.map(|mut answered| {
                answered.body.truncate(letter.answer_bytes_max);
                answered
            })
        })
    }

    fn ship<'e>(&'e self, _: &'e Shipment) -> Shipped<'e> {
        Box::pin(async { Err(Trouble::Unreachable) })
    }

    fn reads_authority(&self, _: &str) -> bool {
        false
    }
}

async fn make_hook(world: &World, kind: InlineHookKind) -> CreatedInlineHook {
    let permit = world.permit(&world.org, Permission::ManageOrg);
    let change = InlineHookChange {
        name: "Claims".into(),
        uri: "https://hooks.example/claims".into(),
        headers: Vec::new(),
        auth: InlineHookAuth::Header(Some((
            "Authorization".into(),
            Some(Secret::new("Basic x".to_owned())),
        ))),
        base_url: crate::for_tests::BASE.into(),
    };
    let made = world
        .cell
        .create_inline_hook(&permit, kind, change, PlainHttp::Never);
    made.await.unwrap()
}

/// Lets the one rule of the preset server name a hook, or none.
async fn bind(world: &World, hook: Option<InlineHookId>) -> Result<(), identity::fault::Refusal> {
    let permit = world.permit(&world.org, Permission::ManageServers);
    let server = {
        let mut tx = world.cell.database.read().await.unwrap();
        let all = identity::server::store::load_all(&mut tx, &world.org).await;
        all.unwrap().remove(0)
    };
    let policy = &server.parts.policies[0];
    let rule = &policy.rules[0];
    let says = RuleSays {
        rule: rule.rule.clone(),
        hook,
    };
    let change = RuleChange::Set(says, None);
    let change = PolicyChange::Rule(policy.id.clone(), rule.id.clone(), change);
    world
        .cell
        .change_access_policies(&permit, &server.id, change)
        .await
}

/// A hook that the rule of the preset server names, and who stands at its address.
async fn hooked(world: &mut World) -> (Arc<Oracle>, CreatedInlineHook) {
    let oracle = Arc::new(Oracle::default());
    world.reach(Arc::<Oracle>::clone(&oracle));
    let made = make_hook(world, InlineHookKind::TokenTransform).await;
    bind(world, Some(made.hook.id.clone())).await.unwrap();
    (oracle, made)
}

async fn service(world: &World) -> Reply {
    let fields = [("grant_type", "client_credentials"), ("scope", "api:read")];
    world.post_as(&world.service, PATH, &fields).await
}

fn access_patch(operations: Value) -> Value {
    json!({ "type": "com.okta.access.patch", "value": operations })
}

async fn a_hook_is_told_of_tokens_and_changes_them(world: &mut World) {
    let (oracle, made) = hooked(world).await;
    oracle.says_ok(&json!({ "commands": [
        access_patch(json!([
            { "op": "add", "path": "/claims/external_guid", "value": "F0384685" },
            { "op": "replace", "path": "/token/lifetime/expiration", "value": 600 },
        ])),
        { "type": "com.okta.identity.patch", "value": [
            { "op": "add", "path": "/claims/extPatientId", "value": "1234" },
            { "op": "remove", "path": "/claims/email" },
        ] },
    ] }));
    let code = world.code().await;
    let reply = world.redeem(&code).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    assert_eq!(reply.json()["expires_in"], 600);
    let (token, id_token) = (reply.text_of("access_token"), reply.text_of("id_token"));
    let (access, id) = (payload(&token), payload(&id_token));
    assert_eq!(access["external_guid"], "F0384685");
    assert_eq!(
        access["exp"].as_i64().unwrap() - access["iat"].as_i64().unwrap(),
        600
    );
    assert_eq!(
        (&id["extPatientId"], id.get("email")),
        (&json!("1234"), None)
    );
    assert!(id["at_hash"].is_string());
    assert!(world.is_active(&token).await);
    let (headers, body) = oracle.asked.lock().unwrap()[0].clone();
    let header = |name: &str| {
        let found = headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    assert_eq!(header("authorization"), "Basic x");
    let secrets = std::slice::from_ref(&made.secret);
    let (now, event_id) = (world.cell.now(), header("webhook-id"));
    let signed = render_signatures(secrets, event_id, now, &body);
    assert_eq!(header("webhook-signature"), signed);
    let question = oracle.questions().remove(0);
    for (pointer, expected) in [
        ("/eventType", "com.okta.oauth2.tokens.transform"),
        ("/eventTypeVersion", "1.0"),
        ("/cloudEventVersion", "0.1"),
        ("/eventId", event_id),
        ("/source", "https://acme.example/oauth2/default/v1/token"),
        ("/data/context/protocol/type", "OAUTH2.0"),
        (
            "/data/context/protocol/request/grant_type",
            "authorization_code",
        ),
        ("/data/context/protocol/client/id", world.web.as_str()),
        ("/data/context/protocol/client/type", "CONFIDENTIAL"),
        ("/data/context/user/id", world.person.id.as_str()),
        ("/data/context/user/profile/login", "ada"),
        ("/data/access/claims/sub", "ada"),
        ("/data/access/claims/jti", access["jti"].as_str().unwrap()),
        ("/data/identity/claims/jti", id["jti"].as_str().unwrap()),
        ("/data/identity/claims/email", "ada@example.com"),
        ("/data/access/scopes/openid/action", "GRANT"),
    ] {
        let found = question.pointer(pointer);
        assert_eq!(found.and_then(Value::as_str), Some(expected), "{pointer}");
    }
    let lifetime = question.pointer("/data/access/token/lifetime/expiration");
    assert_eq!(lifetime, Some(&json!(3_600)));
    for secret in [
        code.as_str(),
        crate::for_tests::SECRET,
        crate::for_tests::VERIFIER,
    ] {
        assert!(!question.to_string().contains(secret), "a secret is told");
    }
    assert_eq!(world.logged("inline_hook.executed").await, 1);
    assert_eq!(world.logged("inline_hook.response.processed").await, 1);
}

async fn what_cannot_be_applied_changes_nothing(world: &mut World) {
    let (oracle, _) = hooked(world).await;
    let commands = |operation: Value| json!({ "commands": [access_patch(json!([operation]))] });
    let add = |path: &str| commands(json!({ "op": "add", "path": path, "value": "x" }));
    let mut answers = vec![
        Err(Trouble::TimedOut),
        Err(Trouble::Inward),
        Err(Trouble::Untrusted),
        answered(204, ""),
        answered(302, add("/claims/x").to_string()),
        answered(500, add("/claims/x").to_string()),
        answered(200, "<html>"),
        answered(200, ""),
        answered(200, vec![b' '; ANSWER_BYTES_MAX + 1]),
        answered(200, "[".repeat(10_000)),
        ok(&json!({ "commands": vec![access_patch(json!([])); COMMANDS_MAX + 1] })),
        ok(&add("/claims/none/x")),
        ok(&json!({ "commands": [{ "type": "com.okta.assertion.patch", "value": [] }] })),
    ];
    for name in [
        "iss", "sub", "aud", "exp", "iat", "jti", "cid", "scp", "uid",
    ] {
        answers.push(ok(&add(&format!("/claims/{name}"))));
    }
    for secs in [*LIFETIME_SECS.start() - 1, *LIFETIME_SECS.end() + 1] {
        let path = "/token/lifetime/expiration";
        let operation = json!({ "op": "replace", "path": path, "value": secs });
        answers.push(ok(&commands(operation)));
    }
    let count = answers.len();
    for answer in answers {
        let shown = format!("{:.200}", format!("{answer:?}"));
        oracle.says([answer]);
        let reply = service(world).await;
        assert_eq!(reply.status, StatusCode::OK, "{shown}");
        let claims = payload(&reply.text_of("access_token"));
        assert_eq!(claims["aud"], "api://default", "{shown}");
        assert_eq!(claims["cid"], world.service.as_str(), "{shown}");
        assert_eq!(claims["scp"], json!(["api:read"]), "{shown}");
        assert_eq!(claims.get("x"), None, "{shown}");
        assert_eq!(reply.json()["expires_in"], 3_600, "{shown}");
    }
    assert_eq!(oracle.questions().len(), count, "each is asked once");
    assert_eq!(world.logged("inline_hook.executed").await, count);
}

async fn an_error_refuses_the_tokens_and_spends_nothing(world: &mut World) {
    let (oracle, _) = hooked(world).await;
    let code = world.code().await;
    oracle.says([
        ok(&json!({ "error": { "errorSummary": "no \"consent\" on file" } })),
        ok(&json!({ "commands": [] })),
    ]);
    let refused = world.redeem(&code).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(refused.error(), "server_error");
    assert_eq!(refused.text_of("error_description"), "no 'consent' on file");
    let granted = world.redeem(&code).await;
    assert_eq!(granted.status, StatusCode::OK, "{}", granted.text);
}

async fn only_the_rule_that_names_it_asks_a_hook_that_is_on(world: &mut World) {
    let (oracle, made) = hooked(world).await;
    oracle.says_ok(&json!({}));
    assert_eq!(service(world).await.status, StatusCode::OK);
    assert_eq!(oracle.questions().len(), 1);
    let permit = world.permit(&world.org, Permission::ManageOrg);
    let switched = async |hook: InlineHook, active| {
        let switched = world.cell.switch_inline_hook(&permit, hook, active);
        switched.await.unwrap()
    };
    let off = switched(made.hook, false).await;
    assert_eq!(service(world).await.status, StatusCode::OK);
    assert!(oracle.questions().is_empty(), "it is switched off");
    let on = switched(off, true).await;
    assert_eq!(service(world).await.status, StatusCode::OK);
    assert_eq!(oracle.questions().len(), 1);
    bind(world, None).await.unwrap();
    assert_eq!(service(world).await.status, StatusCode::OK);
    assert!(oracle.questions().is_empty(), "no rule names it");
    bind(world, Some(on.id)).await.unwrap();
    let fields = [("grant_type", "client_credentials")];
    world
        .post_as(&world.service, "/oauth2/v1/token", &fields)
        .await;
    assert!(
        oracle.questions().is_empty(),
        "the org's own server has no rules"
    );
}

async fn a_service_has_no_id_token_to_change(world: &mut World) {
    let (oracle, _) = hooked(world).await;
    let id_patch = json!({ "type": "com.okta.identity.patch", "value": [
        { "op": "add", "path": "/claims/x", "value": 1 },
    ] });
    let access = access_patch(json!([{ "op": "add", "path": "/claims/y", "value": 1 }]));
    oracle.says_ok(&json!({ "commands": [access, id_patch] }));
    let reply = service(world).await;
    let claims = payload(&reply.text_of("access_token"));
    assert_eq!(claims.get("y"), None, "all or nothing");
    let question = oracle.questions().remove(0);
    assert_eq!(question["data"].get("identity"), None);
    assert_eq!(question["data"]["context"].get("user"), None);
}

async fn a_refresh_asks_anew(world: &mut World) {
    let (oracle, _) = hooked(world).await;
    let add = |value: &str| {
        let operation = json!({ "op": "add", "path": "/claims/turn", "value": value });
        ok(&json!({ "commands": [access_patch(json!([operation]))] }))
    };
    oracle.says([add("first"), add("second")]);
    let first = world.redeem(&world.code().await).await;
    let again = world.refresh(&first.text_of("refresh_token")).await;
    for (reply, turn) in [(first, "first"), (again, "second")] {
        assert_eq!(payload(&reply.text_of("access_token"))["turn"], turn);
    }
    let questions = oracle.questions();
    let grant = questions[1].pointer("/data/context/protocol/request/grant_type");
    assert_eq!(grant, Some(&json!("refresh_token")));
    assert!(questions[1]["data"]["refresh_token"]["jti"].is_string());
}

async fn a_hook_that_hangs_holds_up_nobody_else(world: &mut World) {
    let (oracle, _) = hooked(world).await;
    oracle.says_ok(&json!({}));
    let gate = Arc::new(Semaphore::new(0));
    *oracle.gate.lock().unwrap() = Some(Arc::clone(&gate));
    let world: &World = world;
    let held = async { tokio::join!(service(world), service(world), service(world)) };
    let meanwhile = async {
        oracle.came.notified().await;
        // The store takes rows, and reads them, while the hook is silent.
        let permit = world.permit(&world.org, Permission::ManageGroups);
        let made = world.cell.create_group(&permit, "meanwhile", "").await;
        made.unwrap();
        assert!(!world.is_active("nothing").await);
        gate.add_permits(3);
    };
    let (replies, ()) = tokio::join!(held, meanwhile);
    for reply in [replies.0, replies.1, replies.2] {
        assert_eq!(reply.status, StatusCode::OK);
    }
}

async fn a_hook_that_a_rule_names_stays(world: &mut World) {
    use identity::fault::Refusal;
    let (_, made) = hooked(world).await;
    let permit = world.permit(&world.org, Permission::ManageOrg);
    let cell = &world.cell;
    let off = cell.switch_inline_hook(&permit, made.hook, false).await;
    let off = off.unwrap();
    let bound = cell.delete_inline_hook(&permit, off.clone()).await;
    assert!(matches!(bound, Err(Refusal::WrongState(_))));
    let import = make_hook(world, InlineHookKind::PasswordImport).await;
    let gone = InlineHookId::generate(cell.entropy());
    for unfit in [import.hook.id, gone] {
        let refused = bind(world, Some(unfit)).await;
        assert!(matches!(refused, Err(Refusal::Invalid { .. })));
    }
    bind(world, None).await.unwrap();
    cell.delete_inline_hook(&permit, off.clone()).await.unwrap();
    let refused = bind(world, Some(off.id)).await;
    assert!(matches!(refused, Err(Refusal::Invalid { .. })));
}
