//! A cell with two orgs that have the same of everything, and what calls it: for every test that needs a whole cell.

use crate::declaration::progress::Progress;
use crate::declaration::secret::Secrets;
use crate::declaration::{Declaration, Mode, parse, run};
use crate::routes::Outward;
use console::cookie::{CookieKind, render_set};
use console::courier::{Courier, Delivery};
use database::Database;
use identity::access::{Caller, Permission, Role, authorize};
use identity::cell::{Cell, CellBuilder};
use identity::event_hook::envoy::{Envoy, Letter, PlainHttp, Sent, Shipment, Shipped, Trouble};
use identity::identity_provider::arrival::ArrivalPolicy;
use identity::identity_provider::settings::ProviderChange;
use identity::identity_provider::{IdentityProvider, SecretPlace};
use identity::notice::Mail;
use identity::password::hash_pool::{HashPool, HashPoolLimits};
use identity::person::Person;
use identity::session::Session;
use identity::sign_on::{AuthenticatorKind, ProvedAuthenticator};
use identity::slowdown::SlowdownTable;
use keys::{FileRoot, Keyring, RotationSchedule, SigningKeys};
use ledger::ClientFacts;
use std::path::Path;
use std::sync::Arc;
use vocab::entropy::Entropy;
use vocab::id::{OrgId, SessionId};
use vocab::secret::{Secret, SecretHash};
use vocab::time::{Clock, Timestamp};

/// Where the root of trust of a cell lies.
pub(crate) const ROOT_FILE: &str = "root.key";

/// A password has been set; nobody types it.
const HASH: &str = "'$argon2id$v=19$m=19456,t=2,p=1$ZPQL8r78SrmxTdDyCnOXdw$Bk2vuVBoF4Ap8DjkyywUIpbZZXczZPywTGz0RCrG1vY'";

/// The same of everything in each org; `SLUG` and `HASH` are replaced.
const ORG: &str = r#"
  - slug: SLUG
    name: SLUG
    people:
      - { login: ada@SLUG.example, email: ada@SLUG.example, password_hash: HASH, roles: [super_admin] }
      - { login: rosa@SLUG.example, email: rosa@SLUG.example, password_hash: HASH, roles: [read_only_admin] }
      - { login: grace@SLUG.example, email: grace@SLUG.example, password_hash: HASH }
    groups:
      - { name: Engineers, members: [grace@SLUG.example] }
    zones:
      - { name: Office, ranges: [192.0.2.0/24] }
    behaviors:
      - { name: New device, kind: anomalous_device }
    trusted_origins:
      - { name: Shop, origin: "https://shop.example", scopes: [cors, redirect] }
    policies:
      - name: Careful
        rules:
          - { name: Office, zones: { in: [Office] }, outcome: { allow: { require: { factors: two_factors } } } }
          - { name: Others, outcome: deny }
    apps:
      - label: Wiki
        kind: web
        client_secret: { clear: web-secret-of-SLUG-0123456789-0123456789 }
        groups: [Engineers]
        settings: { redirect_uris: [ "http://127.0.0.1:9/callback" ] }
    authorization_servers:
      - name: Orders
        audience: api://orders
        scopes: [ { name: read, description: Read } ]
        claims: [ { name: costs, token: id_token, value: { attribute: login } } ]
        rules:
          - { name: Wiki, apps: [Wiki] }
          - { name: Rest }
"#;

/// The document that adds to the org `main` somebody with each of these roles, who signs in with its word.
pub(crate) fn render_administrators(roles: &[Role]) -> String {
    let people = roles.iter().map(|role| {
        let word = role.as_str().to_lowercase();
        let login = format!("{word}@main.example");
        format!(
            "\n      - {{ login: {login}, email: {login}, password_hash: {HASH}, roles: [{word}] }}"
        )
    });
    let people: String = people.collect();
    format!("orgs:\n  - slug: main\n    name: main\n    people:{people}\n")
}

/// The document of both orgs.
pub(crate) fn render_orgs() -> String {
    let orgs = ["main", "acme"].map(|slug| ORG.replace("SLUG", slug).replace("HASH", HASH));
    format!("orgs:{}", orgs.concat())
}

/// A cell over its store, with the root of trust of its folder.
pub(crate) fn build_cell(
    database: Database,
    folder: &Path,
    entropy: Arc<dyn Entropy>,
    clock: Arc<dyn Clock>,
) -> Cell {
    let path = folder.join(ROOT_FILE);
    let root = match FileRoot::load(&path).unwrap() {
        Some(root) => root,
        None => FileRoot::create(&path, entropy.as_ref()).unwrap(),
    };
    let keyring = Keyring::new(
        database.clone(),
        vec![Arc::new(root)],
        Arc::clone(&entropy),
        Arc::clone(&clock),
    );
    CellBuilder {
        database,
        keyring: keyring.clone(),
        signing_keys: SigningKeys::new(keyring, RotationSchedule::default()),
        clock,
        passwords: HashPool::start(HashPoolLimits::default(), Arc::clone(&entropy)).unwrap(),
        slowdown: SlowdownTable::default(),
        entropy,
    }
    .build()
}

/// Makes what a document names.
pub(crate) async fn declare(cell: &Cell, text: &str, base_url: &str) {
    let document = parse::parse_document(text).unwrap();
    let declaration = Declaration {
        secrets: Secrets::fetch(&document, Path::new("")),
        text: Secret::new(text.to_owned()),
        document,
    };
    let progress = Progress::default();
    let applied = run(cell, declaration, Mode::Apply, base_url, &progress);
    applied.await.unwrap();
}

/// Somebody of an org.
pub(crate) async fn find_person(cell: &Cell, slug: &str, login: &str) -> Person {
    let mut tx = cell.database.read().await.unwrap();
    let org = identity::org::store::find_by_slug(&mut tx, slug).await;
    let org = org.unwrap().unwrap();
    let person = identity::person::store::find_by_identifier(&mut tx, &org, login).await;
    person.unwrap().unwrap()
}

/// A session of somebody of an org, under this secret, who has proved so much at that time.
pub(crate) async fn begin_session(
    cell: &Cell,
    (slug, login): (&str, &str),
    secret: &str,
    (proved, proved_at): (&[AuthenticatorKind], Timestamp),
) {
    let (person, now) = (find_person(cell, slug, login).await, cell.now());
    let session = Session {
        org_id: person.org_id.clone(),
        id: SessionId::generate(cell.entropy()),
        user_id: person.id.clone(),
        user_epoch: person.epoch,
        authenticators: proved
            .iter()
            .map(|kind| ProvedAuthenticator {
                kind: *kind,
                at: proved_at,
            })
            .collect(),
        authenticated_at: proved_at,
        created_at: now,
        last_seen_at: now,
        idle_expires_at: now.plus_secs(2 * 60 * 60),
        expires_at: now.plus_secs(12 * 60 * 60),
        address: "192.0.2.1".into(),
        user_agent: "tests".into(),
    };
    let hash = SecretHash::of(secret);
    let stored = cell.database.write(move |tx| {
        Box::pin(async move { identity::session::store::insert(tx, &session, &hash).await })
    });
    stored.await.unwrap();
}

pub(crate) fn pair(kind: CookieKind, org: &OrgId, secret: &str) -> String {
    let cookie = render_set(kind, org, secret).unwrap();
    let text = cookie.to_str().unwrap();
    text.split(';').next().unwrap().to_owned()
}

/// Mail goes nowhere.
pub(crate) struct Letterbox;

/// Nobody answers at any address.
pub(crate) struct Nowhere;

impl Envoy for Nowhere {
    fn plain_http(&self) -> PlainHttp {
        PlainHttp::Never
    }

    fn send<'e>(&'e self, _: &'e Letter) -> Sent<'e> {
        Box::pin(async { Err(Trouble::Unreachable) })
    }

    fn ship<'e>(&'e self, _: &'e Shipment) -> Shipped<'e> {
        Box::pin(async { Err(Trouble::Unreachable) })
    }

    fn reads_authority(&self, _: &str) -> bool {
        false
    }
}

/// The ways out of a cell of the tests.
pub(crate) fn outward() -> Outward {
    Outward {
        courier: Arc::new(Letterbox),
        envoy: Arc::new(Nowhere),
    }
}

impl Courier for Letterbox {
    fn leaves_machine(&self) -> bool {
        false
    }

    fn deliver<'c>(&'c self, _: &'c OrgId, _: &'c Mail) -> Delivery<'c> {
        Box::pin(async { Ok(()) })
    }
}

/// An identity provider that nobody speaks to.
pub(crate) async fn make_provider(cell: &Cell, org: &OrgId) -> IdentityProvider {
    let client = ClientFacts::default();
    let manager = authorize(&Caller::Operator, org, Permission::ManageOrg, &client).unwrap();
    let change = ProviderChange {
        name: String::from("Partner"),
        issuer: String::from("https://idp.example"),
        authorization: String::from("https://idp.example/authorize"),
        token: String::from("https://idp.example/token"),
        userinfo: None,
        jwks: String::from("https://idp.example/keys"),
        client_id: String::from("us"),
        client_secret: Some(Secret::new(String::from("let me in"))),
        secret_place: SecretPlace::Basic,
        scopes: vec![String::from("openid")],
        clock_skew_secs: 60,
        policy: ArrivalPolicy::default(),
    };
    let made = cell.create_identity_provider(&manager, change, PlainHttp::Never);
    made.await.unwrap()
}
