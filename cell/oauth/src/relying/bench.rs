//! A provider of the tests' own, and a browser in a sign-in that leaves for it.

use crate::authorize::Scene;
use crate::for_tests::{World, parameter};
use crate::relying::away::render_nonce;
use crate::relying::{Proven, RelyingFailure, RelyingRefusal, Traveller, depart, take_answer};
use identity::access::{Caller, Permission, Permit, authorize};
use identity::event_hook::envoy::{
    Answered, Envoy, Letter, Method, PlainHttp, Sent, Shipment, Shipped, Trouble,
};
use identity::fault::Refusal;
use identity::identity_provider::arrival::ArrivalPolicy;
use identity::identity_provider::settings::ProviderChange;
use identity::identity_provider::{IdentityProvider, SecretPlace};
use identity::sign_in::Flow;
use identity::sign_in::begin::Purpose;
use ledger::ClientFacts;
use protocol::jose::algorithm::Algorithm;
use protocol::jose::jwks::Jwks;
use protocol::jose::jws::TokenType;
use protocol::jose::jws::encode::CompactEncoder;
use protocol::jose::signing_key::SigningKey;
use protocol::oauth::form::{Form, render_form};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use vocab::id::IdentityProviderId;
use vocab::secret::Secret;

pub(super) const ISSUER: &str = "https://idp.example";

/// A provider: what it signs with, what it says, and what it was asked.
pub(super) struct Provider {
    keys: Mutex<(SigningKey, String)>,
    pub(super) claims: Mutex<Value>,
    pub(super) userinfo: Mutex<Value>,
    pub(super) tokens: Mutex<Option<Result<Answered, Trouble>>>,
    pub(super) asked: Mutex<Vec<(Method, String, String)>>,
}

impl Provider {
    pub(super) fn new() -> Arc<Self> {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        Arc::new(Self {
            keys: Mutex::new((key, "k1".into())),
            claims: Mutex::new(Value::Null),
            userinfo: Mutex::new(Value::Null),
            tokens: Mutex::new(None),
            asked: Mutex::new(Vec::new()),
        })
    }

    fn answer(&self, letter: &Letter) -> Result<Answered, Trouble> {
        let body = String::from_utf8(letter.body.clone()).unwrap();
        let place = letter.uri.strip_prefix(ISSUER).unwrap().to_owned();
        self.asked
            .lock()
            .unwrap()
            .push((letter.method, place.clone(), body));
        let keys = self.keys.lock().unwrap();
        let (key, kid) = &*keys;
        let said = match place.as_str() {
            "/keys" => Jwks::from_keys(vec![key.public_jwk(kid).unwrap()])
                .unwrap()
                .render(),
            "/userinfo" => self.userinfo.lock().unwrap().to_string(),
            _ => {
                if let Some(answer) = self.tokens.lock().unwrap().take() {
                    return answer;
                }
                let encoder = CompactEncoder::new(key.algorithm(), kid, TokenType::Jwt);
                let token = encoder.encode(&*self.claims.lock().unwrap(), key).unwrap();
                json!({ "access_token": "at", "token_type": "Bearer", "id_token": token })
                    .to_string()
            }
        };
        Ok(Answered::of(200, said.into_bytes()))
    }

    pub(super) fn rotate(&self, kid: &str) {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        *self.keys.lock().unwrap() = (key, kid.into());
    }

    /// How often it was asked there since the last time.
    pub(super) fn asked_at(&self, place: &str) -> usize {
        let mut asked = self.asked.lock().unwrap();
        let before = asked.len();
        asked.retain(|(_, at, _)| at != place);
        before - asked.len()
    }
}

impl Envoy for Provider {
    fn plain_http(&self) -> PlainHttp {
        PlainHttp::Never
    }

    fn send<'e>(&'e self, letter: &'e Letter) -> Sent<'e> {
        Box::pin(async move { self.answer(letter) })
    }

    fn ship<'e>(&'e self, _: &'e Shipment) -> Shipped<'e> {
        Box::pin(async { Err(Trouble::Unreachable) })
    }

    fn reads_authority(&self, _: &str) -> bool {
        false
    }
}

pub(super) fn change() -> ProviderChange {
    ProviderChange {
        name: "Partner".into(),
        issuer: ISSUER.into(),
        authorization: format!("{ISSUER}/authorize"),
        token: format!("{ISSUER}/token"),
        userinfo: Some(format!("{ISSUER}/userinfo")),
        jwks: format!("{ISSUER}/keys"),
        client_id: "us".into(),
        client_secret: Some(Secret::new("let me in".into())),
        secret_place: SecretPlace::Post,
        scopes: vec!["openid".into(), "email".into()],
        clock_skew_secs: 60,
        policy: ArrivalPolicy::default(),
    }
}

/// An org with a provider, and a browser in a sign-in.
pub(super) struct Bench<'w> {
    pub(super) world: &'w World,
    pub(super) far: Arc<Provider>,
    pub(super) provider: IdentityProvider,
    pub(super) flow: Flow,
    pub(super) cookie: String,
}

pub(super) fn manager(world: &World) -> Permit {
    let client = ClientFacts::default();
    authorize(
        &Caller::Operator,
        &world.org,
        Permission::ManageOrg,
        &client,
    )
    .unwrap()
}

impl<'w> Bench<'w> {
    pub(super) async fn new(world: &'w mut World) -> Self {
        let far = Provider::new();
        let way: Arc<dyn Envoy> = Arc::<Provider>::clone(&far);
        world.reach(way);
        let world = &*world;
        let permit = manager(world);
        let made = world
            .cell
            .create_identity_provider(&permit, change(), PlainHttp::Never);
        let provider = made.await.unwrap();
        let (flow, cookie) = begin(world).await;
        Self {
            world,
            far,
            provider,
            flow,
            cookie,
        }
    }

    pub(super) async fn leave(&self) -> Result<String, Refusal> {
        let (context, facts) = (self.world.context(), self.world.facts());
        let scene = Scene {
            cell: &self.world.cell,
            context: &context,
            facts: &facts,
        };
        depart(&scene, &self.provider, self.traveller()).await
    }

    /// Leaves; the state, and good claims.
    pub(super) async fn away(&self) -> String {
        let address = self.leave().await.unwrap();
        assert!(address.starts_with("https://idp.example/authorize?response_type=code"));
        let state = parameter(&address, "state").unwrap();
        let now = self.world.cell.now().seconds();
        *self.far.claims.lock().unwrap() = json!({
            "iss": ISSUER, "aud": "us", "sub": "1", "nonce": render_nonce(&self.cookie, &state),
            "iat": now, "exp": now + 60, "email": "ada@partner.example", "email_verified": true,
        });
        state
    }

    pub(super) fn traveller(&self) -> Traveller<'_> {
        Traveller {
            flow: &self.flow,
            cookie: &self.cookie,
        }
    }

    pub(super) async fn back(&self, query: &str) -> Result<Proven, RelyingFailure> {
        self.back_as(self.traveller(), (&self.provider.id, query))
            .await
    }

    pub(super) async fn back_as(
        &self,
        traveller: Traveller<'_>,
        (at, query): (&IdentityProviderId, &str),
    ) -> Result<Proven, RelyingFailure> {
        let (context, facts) = (self.world.context(), self.world.facts());
        let scene = Scene {
            cell: &self.world.cell,
            context: &context,
            facts: &facts,
        };
        let form = Form::parse(query.as_bytes()).ok().unwrap();
        take_answer(&scene, traveller, (at, &form)).await
    }

    /// What an answer with a code comes to that is wrong in some way.
    pub(super) async fn refused(&self, state: &str) -> RelyingRefusal {
        refusal(self.back(&with_code(state)).await)
    }
}

pub(super) async fn begin(world: &World) -> (Flow, String) {
    let begun = world
        .cell
        .begin_sign_in(&world.org, Purpose::default(), None);
    let (flow, secret) = begun.await.unwrap();
    (flow, secret.expose().clone())
}

pub(super) fn with_code(state: &str) -> String {
    render_form(&[("code", "c&d"), ("state", state), ("iss", ISSUER)])
}

pub(super) fn refusal(outcome: Result<Proven, RelyingFailure>) -> RelyingRefusal {
    match outcome {
        Err(RelyingFailure::Refused(refusal)) => refusal,
        Err(RelyingFailure::Fault(fault)) => panic!("{fault}"),
        Ok(proven) => panic!("{proven:?}"),
    }
}
