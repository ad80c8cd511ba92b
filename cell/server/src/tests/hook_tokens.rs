//! Inline hooks that are asked with a token, against token endpoints that listen: tokens that are kept, refused and forgotten, and
//! endpoints that hang, redirect, lie inward, say too much, or give nothing.

use crate::outbound::Reach;
use crate::tests::inline_hooks::{Bench, call, nothing};
use crate::tests::one_org;
use crate::tests::receiver::{Act, Receiver, Told};
use identity::access::Permission;
use identity::event_hook::envoy::{
    Answered, Envoy, Letter, Method, PlainHttp, Sent, Shipment, Shipped, Trouble,
};
use identity::hook_key::HookKey;
use identity::inline_hook::InlineHook;
use identity::inline_hook::bearer::NoToken;
use identity::inline_hook::call::{Called, Times, Unheard};
use identity::inline_hook::oauth::{GivenProof, OAuthChange};
use identity::inline_hook::settings::{InlineHookAuth, InlineHookChange};
use protocol::jose::algorithm::Algorithm;
use protocol::jose::jwks::Jwks;
use protocol::jose::jws::verify::parse_unverified;
use protocol::oauth::form::Form;
use serde_json::{Value, json};
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{self, Instant};
use vocab::secret::Secret;

/// How many ask at once.
const CALLERS: usize = 8;
/// How long a token is kept that says it is good for an hour.
const KEPT_SECS: i64 = 3_590;

fn token(name: &str) -> Act {
    lasting(name, &json!(3_600))
}

/// A token that says it is good for so long.
fn lasting(name: &str, secs: &Value) -> Act {
    let answer = json!({ "access_token": name, "token_type": "Bearer", "expires_in": secs });
    Act::Answer(200, answer.to_string())
}

fn with_token(endpoint: &str, proof: GivenProof) -> InlineHookAuth {
    InlineHookAuth::Token(OAuthChange {
        client_id: "us & them".into(),
        token_uri: endpoint.to_owned(),
        scope: "hook:ask hook:more".into(),
        proof,
    })
}

fn secret() -> GivenProof {
    GivenProof::Secret(Some(Secret::new("let me in".into())))
}

/// A hook and its token endpoint.
struct Scene {
    bench: Bench,
    endpoint: Receiver,
    receiver: Receiver,
    hook: InlineHook,
}

impl Scene {
    async fn new(reach: Reach) -> Self {
        let bench = Bench::new(reach).await;
        let (endpoint, receiver) = (Receiver::start(None).await, Receiver::start(None).await);
        let auth = with_token(&endpoint.uri, secret());
        let made = bench.hook_with(&bench.org, &receiver.uri, auth).await;
        Self {
            bench,
            endpoint,
            receiver,
            hook: made.hook,
        }
    }

    async fn ask(&self, times: Times) -> Called {
        call(&self.bench.cell, &self.hook, times).await
    }

    /// With which tokens the hook was asked since.
    fn asked_with(&mut self) -> Vec<String> {
        let told = self.receiver.was_told();
        let bearer = |told: &Told| told.header("authorization").to_owned();
        told.iter().map(bearer).collect()
    }

    /// How often the token endpoint was asked since.
    fn tokens_asked(&mut self) -> usize {
        self.endpoint.was_told().len()
    }

    async fn key(&self) -> HookKey {
        let permit = one_org::permit(&self.bench.org, Permission::ManageOrg);
        let made = self.bench.cell.create_hook_key(&permit, "Shop".into());
        made.await.unwrap()
    }

    async fn replace(&mut self, auth: InlineHookAuth) {
        let permit = one_org::permit(&self.bench.org, Permission::ManageOrg);
        let change = InlineHookChange {
            name: "Claims".into(),
            uri: self.receiver.uri.clone(),
            headers: Vec::new(),
            auth,
            base_url: "https://id.example".into(),
        };
        let present = self.hook.clone();
        let plain = PlainHttp::OnThisMachine;
        let changed = self
            .bench
            .cell
            .replace_inline_hook(&permit, present, change, plain);
        self.hook = changed.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_got_once_and_kept_while_it_is_good() {
    let mut scene = Scene::new(Reach::PublicAndLoopback).await;
    scene.endpoint.will([token("t1"), token("t2")]);
    scene.receiver.will([nothing(), nothing(), nothing()]);
    for _ in 0..2 {
        assert_eq!(scene.ask(Times::Once).await.heard, Ok(None));
    }
    assert_eq!(scene.asked_with(), ["Bearer t1", "Bearer t1"]);
    let asked = scene.endpoint.was_told();
    assert_eq!(asked.len(), 1);
    let form = Form::parse(&asked[0].body).ok().unwrap();
    for (name, value) in [
        ("grant_type", "client_credentials"),
        ("client_id", "us & them"),
        ("client_secret", "let me in"),
        ("scope", "hook:ask hook:more"),
    ] {
        assert_eq!(form.get(name), Some(value));
    }
    assert!(asked[0].headers.get("webhook-signature").is_none());
    scene.bench.clock.advance_secs(KEPT_SECS);
    assert_eq!(scene.ask(Times::Once).await.heard, Ok(None));
    assert_eq!(scene.asked_with(), ["Bearer t2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_key_signs_who_asks_for_the_token() {
    let mut scene = Scene::new(Reach::PublicAndLoopback).await;
    let key = scene.key().await;
    let auth = with_token(&scene.endpoint.uri, GivenProof::Key(key.id.clone()));
    scene.replace(auth).await;
    scene
        .endpoint
        .will([lasting("t1", &json!(0)), lasting("t2", &json!(0))]);
    scene.receiver.will([nothing(), nothing()]);
    for _ in 0..2 {
        assert_eq!(scene.ask(Times::Once).await.heard, Ok(None));
    }
    let public: Value = serde_json::from_str(&key.public_jwk).unwrap();
    assert!(public.get("d").is_none(), "the private half is shown");
    let keys = Jwks::parse(json!({ "keys": [public] }).to_string().as_bytes()).unwrap();
    let mut ids = Vec::new();
    for told in scene.endpoint.was_told() {
        let form = Form::parse(&told.body).ok().unwrap();
        assert_eq!(form.get("client_secret"), None);
        let kind = form.get("client_assertion_type").unwrap();
        assert_eq!(
            kind,
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        );
        let assertion = form.get("client_assertion").unwrap();
        let unverified = parse_unverified(assertion).unwrap();
        let verified = unverified.verify(&keys, &[Algorithm::Rs256]).unwrap();
        let claims = Value::Object(verified.into_members());
        assert_eq!(
            (&claims["iss"], &claims["sub"], &claims["aud"]),
            (
                &json!("us & them"),
                &json!("us & them"),
                &json!(scene.endpoint.uri)
            )
        );
        let now = one_org::START_SECS;
        assert_eq!(
            (&claims["iat"], &claims["exp"]),
            (&json!(now), &json!(now + 60))
        );
        ids.push(claims["jti"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1], "a statement is good once");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_who_ask_at_once_one_gets_the_token() {
    let mut scene = Scene::new(Reach::PublicAndLoopback).await;
    scene.endpoint.will([token("t1")]);
    scene.receiver.will((0..CALLERS).map(|_| nothing()));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (cell, hook) = (scene.bench.cell.clone(), scene.hook.clone());
        callers.spawn(async move { call(&cell, &hook, Times::Once).await.heard });
    }
    for heard in callers.join_all().await {
        assert_eq!(heard, Ok(None));
    }
    assert_eq!(scene.tokens_asked(), 1);
    assert_eq!(scene.asked_with(), vec!["Bearer t1"; CALLERS]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_is_forgotten_and_another_is_got_once() {
    let mut scene = Scene::new(Reach::PublicAndLoopback).await;
    let refusal = || Act::Answer(401, String::new());
    // The first is kept, withdrawn there, and replaced within the same question.
    scene.endpoint.will([token("t1"), token("t2")]);
    scene
        .receiver
        .will([nothing(), refusal(), nothing(), nothing()]);
    for _ in 0..3 {
        assert_eq!(scene.ask(Times::Once).await.heard, Ok(None));
    }
    let expected = ["Bearer t1", "Bearer t1", "Bearer t2", "Bearer t2"];
    assert_eq!(scene.asked_with(), expected);
    assert_eq!(scene.tokens_asked(), 2);
    // Two in a row are enough: the answer stands, and neither token is kept.
    scene.endpoint.will([token("t3"), token("t4")]);
    scene.receiver.will([refusal(), refusal(), nothing()]);
    let refused = scene.ask(Times::Twice).await.heard;
    assert_eq!(refused, Err(Unheard::Status(401)));
    assert_eq!(scene.asked_with(), ["Bearer t2", "Bearer t3"]);
    assert_eq!(scene.ask(Times::Once).await.heard, Ok(None));
    assert_eq!(scene.asked_with(), ["Bearer t4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_was_changed_is_asked_with_another_token() {
    let mut scene = Scene::new(Reach::PublicAndLoopback).await;
    scene.endpoint.will([token("t1"), token("t2")]);
    scene.receiver.will([nothing(), nothing()]);
    assert_eq!(scene.ask(Times::Once).await.heard, Ok(None));
    let auth = with_token(&scene.endpoint.uri, GivenProof::Secret(None));
    scene.replace(auth).await;
    assert_eq!(scene.ask(Times::Once).await.heard, Ok(None));
    assert_eq!(scene.asked_with(), ["Bearer t1", "Bearer t2"]);
    let asked = scene.endpoint.was_told();
    let form = Form::parse(&asked[1].body).ok().unwrap();
    assert_eq!(form.get("client_secret"), Some("let me in"), "it was kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_the_hook_is_not_asked() {
    let mut scene = Scene::new(Reach::PublicAndLoopback).await;
    let mut other = Receiver::start(None).await;
    let refusal = r#"{"error":"invalid_client","error_description":"<b>"}"#;
    let beside = "x".repeat(70_000);
    let large = json!({ "access_token": "a", "token_type": "Bearer", "beside": beside });
    for (act, expected, said) in [
        (
            Act::RedirectTo(other.uri.clone()),
            NoToken::Status(302),
            None,
        ),
        (
            Act::Answer(401, refusal.into()),
            NoToken::Status(401),
            Some("invalid_client"),
        ),
        (
            Act::Answer(400, "<html>".into()),
            NoToken::Status(400),
            None,
        ),
        (Act::Answer(200, "<html>".into()), NoToken::Answer, None),
        (Act::Answer(200, "{}".into()), NoToken::Answer, None),
        (Act::Answer(200, large.to_string()), NoToken::Answer, None),
        (
            Act::Answer(200, r#"{"access_token":"a","token_type":"mac"}"#.into()),
            NoToken::Answer,
            None,
        ),
        (Act::Hang, NoToken::Trouble(Trouble::TimedOut), None),
    ] {
        scene.endpoint.will([act]);
        let called = scene.ask(Times::Once).await;
        assert_eq!(called.heard, Err(Unheard::NoToken(expected)));
        assert_eq!(called.token_error(), said);
        assert_eq!(scene.tokens_asked(), 1, "it is asked once");
        assert!(
            scene.asked_with().is_empty(),
            "it was asked without a token"
        );
    }
    assert!(other.was_told().is_empty(), "nobody is followed");
    // What fails may be better the next time, and then the hook is asked.
    scene
        .endpoint
        .will([Act::Answer(503, String::new()), token("t1")]);
    scene.receiver.will([nothing()]);
    assert_eq!(scene.ask(Times::Twice).await.heard, Ok(None));
    assert_eq!(scene.asked_with(), ["Bearer t1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_whose_lifetime_means_nothing_is_used_once() {
    let mut scene = Scene::new(Reach::PublicAndLoopback).await;
    let odd = [
        json!(null),
        json!(-1),
        json!(0),
        json!(9),
        json!("an hour"),
        json!(1.5),
    ];
    for secs in &odd {
        scene.endpoint.will([lasting("once", secs)]);
        scene.receiver.will([nothing()]);
        assert_eq!(scene.ask(Times::Once).await.heard, Ok(None));
        assert_eq!(scene.tokens_asked(), 1, "{secs}");
    }
    // One that is said to be good for ever is kept as long as any other.
    scene
        .endpoint
        .will([lasting("long", &json!(u64::MAX)), token("next")]);
    scene.receiver.will([nothing(), nothing()]);
    assert_eq!(scene.ask(Times::Once).await.heard, Ok(None));
    scene.bench.clock.advance_secs(KEPT_SECS);
    assert_eq!(scene.ask(Times::Once).await.heard, Ok(None));
    assert_eq!(scene.tokens_asked(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_is_asked_for_inside() {
    let mut scene = Scene::new(Reach::Public).await;
    let heard = scene.ask(Times::Twice).await.heard;
    let inward = NoToken::Trouble(Trouble::Inward);
    assert_eq!(heard, Err(Unheard::NoToken(inward)));
    assert_eq!((scene.tokens_asked(), scene.asked_with().len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_hangs_has_what_time_the_token_left() {
    let mut scene = Scene::new(Reach::PublicAndLoopback).await;
    scene.endpoint.will([token("t1")]);
    scene.receiver.will([Act::Hang]);
    let heard = scene.ask(Times::Once).await.heard;
    assert_eq!(heard, Err(Unheard::Trouble(Trouble::TimedOut)));
    assert_eq!(scene.asked_with(), ["Bearer t1"]);
}

/// How long a hook without tokens may take, and with a token all that is needed together.
const ASKING_MAX: Duration = Duration::from_secs(3);

/// How exactly timers keep their time.
const TICK: Duration = Duration::from_millis(2);

/// A token endpoint that takes so long, and a hook that never answers. From the first question on time passes only as it is let: nothing
/// waits for the store any more then.
struct Dawdling {
    token_takes: Option<Duration>,
    /// For how long the hook was waited for, each time.
    waited: Arc<Mutex<Vec<Duration>>>,
}

/// Notes for how long something was waited for.
struct Wait {
    began: Instant,
    waited: Arc<Mutex<Vec<Duration>>>,
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.waited.lock().unwrap().push(self.began.elapsed());
    }
}

impl Envoy for Dawdling {
    fn plain_http(&self) -> PlainHttp {
        PlainHttp::OnThisMachine
    }

    fn send<'e>(&'e self, letter: &'e Letter) -> Sent<'e> {
        Box::pin(async move {
            if letter.method == Method::PostForm {
                time::pause();
                match self.token_takes {
                    Some(taken) => time::advance(taken).await,
                    None => pending().await,
                }
                let token = json!({ "access_token": "t1", "token_type": "Bearer" });
                return Ok(Answered::of(200, token.to_string().into_bytes()));
            }
            let wait = Wait {
                began: Instant::now(),
                waited: Arc::clone(&self.waited),
            };
            pending::<()>().await;
            drop(wait);
            Err(Trouble::Broken)
        })
    }

    fn ship<'e>(&'e self, _: &'e Shipment) -> Shipped<'e> {
        Box::pin(async { Err(Trouble::Unreachable) })
    }

    fn reads_authority(&self, _: &str) -> bool {
        false
    }
}

/// On one thread: the clock stands still for it alone.
#[tokio::test]
async fn token_and_answer_have_the_time_together_that_an_answer_has_alone() {
    for token_takes in [Some(Duration::from_secs(2)), None] {
        let bench = Bench::new(Reach::Public).await;
        let auth = with_token("http://127.0.0.1:9/token", secret());
        let made = bench
            .hook_with(&bench.org, "http://127.0.0.1:9/hook", auth)
            .await;
        let waited = Arc::default();
        let dawdling = Dawdling {
            token_takes,
            waited: Arc::clone(&waited),
        };
        let cell = bench.cell.clone().reaching(Arc::new(dawdling));
        let began = Instant::now();
        let heard = call(&cell, &made.hook, Times::Once).await.heard;
        let took = began.elapsed();
        time::resume();
        // What the store took before the first question is a part of it.
        assert!(took >= ASKING_MAX, "{took:?}");
        let timed_out = match token_takes {
            Some(_) => Unheard::Trouble(Trouble::TimedOut),
            None => Unheard::NoToken(NoToken::Trouble(Trouble::TimedOut)),
        };
        assert_eq!(heard, Err(timed_out));
        let waited = waited.lock().unwrap().clone();
        match token_takes {
            Some(taken) => {
                assert_eq!(waited.len(), 1);
                assert!(waited[0] <= ASKING_MAX - taken + TICK, "{waited:?}");
            }
            None => assert!(waited.is_empty(), "{waited:?}"),
        }
    }
}
