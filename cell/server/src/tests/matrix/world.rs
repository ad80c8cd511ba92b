//! Two orgs with something of every kind in each, and the sessions of those who call. Made once for the whole process and
//! copied for each test, because a test that deletes what it is shown must not spoil the next one.

use crate::arrivals::Arrivals;
use crate::blocked::Blocked;
use crate::config::ProxyMode;
use crate::declaration::progress::Progress;
use crate::declaration::secret::Secrets;
use crate::declaration::{Declaration, Mode, parse, run};
use crate::listener::PeerAddress;
use crate::middleware::Front;
use crate::origin::Origin;
use crate::pulse::Pulse;
use crate::routes::Site;
use crate::start::MIGRATIONS;
use axum::body::Body;
use axum::http::{Method, Request, Response, header};
use console::admin::log_tail::Tails;
use console::cookie::{CookieKind, render_set};
use console::courier::{Courier, Delivery};
use console::visit::guard_of;
use database::{Database, Location};
use identity::access::{Caller, Permission, authorize};
use identity::api_token::operations::DeclaredApiToken;
use identity::cell::{Cell, CellBuilder};
use identity::notice::Mail;
use identity::password::hash_pool::{HashPool, HashPoolLimits};
use identity::person::Person;
use identity::session::Session;
use identity::sign_on::{AuthenticatorKind, ProvedAuthenticator};
use identity::slowdown::SlowdownTable;
use keys::{FileRoot, Keyring, RotationSchedule, SigningKeys};
use ledger::ClientFacts;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use vocab::entropy::{Entropy, SeededEntropy};
use vocab::id::{OrgId, SessionId};
use vocab::secret::{Secret, SecretHash};
use vocab::time::{Clock, ManualClock, Timestamp};

const START_SECS: i64 = 1_795_465_901;
const HOST: &str = "localhost:8080";
/// What guards the forms of every caller's browser.
const FORM_SECRET: &str = "the-browser-of-the-matrix";
const STORE_FILE: &str = "cell.db";
const ROOT_FILE: &str = "root.key";

/// A password has been set; nobody types it.
pub(crate) const HASH: &str = "'$argon2id$v=19$m=19456,t=2,p=1$ZPQL8r78SrmxTdDyCnOXdw$Bk2vuVBoF4Ap8DjkyywUIpbZZXczZPywTGz0RCrG1vY'";

/// The same of everything in each org; `SLUG` and `HASH` are replaced.
pub(crate) const ORG: &str = r#"
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

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    /// Nobody known.
    Anonymous,
    /// The administrator of the other org, whose secret is sent under the name of this org's cookie.
    OtherOrgsAdministrator,
    /// A person without a role.
    Person,
    /// An administrator who has proved one factor, where the org asks for two.
    HalfProvedAdministrator,
    /// An administrator who may see everything and change nothing.
    ReadOnlyAdministrator,
    /// An administrator who may do everything, and proved who she is an hour ago.
    StaleAdministrator,
    /// An administrator who may do everything, and has just proved who she is.
    Administrator,
}

impl Who {
    pub(crate) const ALL: [Self; 7] = [
        Self::Anonymous,
        Self::OtherOrgsAdministrator,
        Self::Person,
        Self::HalfProvedAdministrator,
        Self::ReadOnlyAdministrator,
        Self::StaleAdministrator,
        Self::Administrator,
    ];

    /// The sign that their token of the API consists of; proof of a session counts for nothing there.
    const fn token_sign(self) -> Option<char> {
        match self {
            Self::Anonymous | Self::HalfProvedAdministrator | Self::StaleAdministrator => None,
            Self::OtherOrgsAdministrator => Some('o'),
            Self::Person => Some('p'),
            Self::ReadOnlyAdministrator => Some('r'),
            Self::Administrator => Some('a'),
        }
    }

    fn token(self) -> Option<String> {
        let sign = self.token_sign()?;
        Some(format!("00T{}", String::from(sign).repeat(43)))
    }

    const fn session_secret(self) -> Option<&'static str> {
        match self {
            Self::Anonymous => None,
            Self::OtherOrgsAdministrator => Some("session-of-the-other-ada"),
            Self::Person => Some("session-of-grace"),
            Self::HalfProvedAdministrator => Some("session-of-ada-by-password"),
            Self::ReadOnlyAdministrator => Some("session-of-rosa"),
            Self::StaleAdministrator => Some("session-of-ada-an-hour-ago"),
            Self::Administrator => Some("session-of-ada"),
        }
    }
}

/// A cell with two orgs, called through its whole site.
pub(crate) struct World {
    pub(crate) cell: Cell,
    site: Site,
    pub(crate) main: OrgId,
    pub(crate) acme: OrgId,
    folder: TempDir,
}

static TEMPLATE: OnceCell<TempDir> = OnceCell::const_new();
/// Each copy draws other random numbers than the one before, or it would draw ids that are taken.
static SEED: AtomicU64 = AtomicU64::new(1);

impl World {
    /// A copy of the template.
    pub(crate) async fn copy() -> Self {
        let template = TEMPLATE.get_or_init(make_template).await;
        let folder = TempDir::new().unwrap();
        for name in [STORE_FILE, ROOT_FILE] {
            std::fs::copy(template.path().join(name), folder.path().join(name)).unwrap();
        }
        Self::open(folder).await
    }

    async fn open(folder: TempDir) -> Self {
        let cell = open_cell(folder.path()).await;
        let mut tx = cell.database.read().await.unwrap();
        let found = identity::org::store::find_by_slug(&mut tx, "main").await;
        let main = found.unwrap().unwrap();
        let found = identity::org::store::find_by_slug(&mut tx, "acme").await;
        let acme = found.unwrap().unwrap();
        drop(tx);
        let front = Front {
            origin: Origin::new(None, false, 8080),
            proxy: ProxyMode::None,
            membership: None,
            mailbox: Some(folder.path().to_path_buf()),
            arrivals: Arrivals::default(),
            blocked: Blocked::default(),
            pulse: Pulse::default(),
        };
        let site = Site::new(cell.clone(), front, Arc::new(Letterbox), Tails::default());
        Self {
            cell,
            site,
            main,
            acme,
            folder,
        }
    }

    /// Calls an address of the org `main`, or of `acme` below `/t/acme`, with a form that the browser vouches for.
    pub(crate) async fn call(
        &self,
        who: Who,
        method: &Method,
        path: &str,
        form: &str,
    ) -> Response<Body> {
        let org = if path.starts_with("/t/acme/") {
            &self.acme
        } else {
            &self.main
        };
        let mut cookies = vec![pair(CookieKind::Form, org, FORM_SECRET)];
        // Below `/t/acme` the administrator of `acme` is at home, and the other one is the administrator of `main`.
        let who = match (who, org == &self.acme) {
            (Who::Administrator, true) => Who::OtherOrgsAdministrator,
            (Who::OtherOrgsAdministrator, true) => Who::Administrator,
            (who, _) => who,
        };
        let secret = who.session_secret();
        cookies.extend(secret.map(|secret| pair(CookieKind::Session, org, secret)));
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, HOST)
            .header(header::COOKIE, cookies.join("; "))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(token) = who.token() {
            request = request.header(header::AUTHORIZATION, format!("SSWS {token}"));
        }
        let body = if method == Method::POST {
            Body::from(format!("csrf={}&{form}", guard_of(FORM_SECRET)))
        } else {
            Body::empty()
        };
        let request = request.body(body).unwrap();
        self.site.answer(request).await
    }

    /// Looks at a page from an address.
    pub(crate) async fn look_from(&self, address: SocketAddr, path: &str) -> Response<Body> {
        let request = Request::get(path).header(header::HOST, HOST);
        let request = request.extension(PeerAddress(address));
        let request = request.body(Body::empty()).unwrap();
        self.site.answer(request).await
    }

    /// How many rows the logs of both orgs have: every change of anything leaves one.
    pub(crate) async fn log_rows(&self) -> (i64, i64) {
        let mut tx = self.cell.database.read().await.unwrap();
        let mut rows = async |org| {
            let head = ledger::load_head(&mut tx, org).await.unwrap();
            head.map_or(0, |head| head.seq)
        };
        (rows(&self.main).await, rows(&self.acme).await)
    }

    pub(crate) async fn close(self) {
        self.cell.database.close().await;
        drop(self.folder);
    }
}

pub(crate) fn pair(kind: CookieKind, org: &OrgId, secret: &str) -> String {
    let cookie = render_set(kind, org, secret).unwrap();
    let text = cookie.to_str().unwrap();
    text.split(';').next().unwrap().to_owned()
}

/// Mail of the matrix goes nowhere.
pub(crate) struct Letterbox;

impl Courier for Letterbox {
    fn leaves_machine(&self) -> bool {
        false
    }

    fn deliver<'c>(&'c self, _: &'c OrgId, _: &'c Mail) -> Delivery<'c> {
        Box::pin(async { Ok(()) })
    }
}

async fn open_cell(folder: &Path) -> Cell {
    let location = Location::Sqlite {
        path: folder.join(STORE_FILE),
    };
    let database = Database::open(&location, &MIGRATIONS).await.unwrap();
    let seed = SEED.fetch_add(1, Ordering::Relaxed);
    let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(seed));
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(Timestamp::from_seconds(START_SECS)));
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

async fn make_template() -> TempDir {
    let folder = TempDir::new().unwrap();
    let cell = open_cell(folder.path()).await;
    let orgs = ["main", "acme"].map(|slug| ORG.replace("SLUG", slug).replace("HASH", HASH));
    let text = format!("orgs:{}", orgs.concat());
    let document = parse::parse_document(&text).unwrap();
    let declaration = Declaration {
        secrets: Secrets::fetch(&document, Path::new("")),
        text: Secret::new(text),
        document,
    };
    let progress = Progress::default();
    let base_url = "http://localhost:8080";
    run(&cell, declaration, Mode::Apply, base_url, &progress)
        .await
        .unwrap();
    let two = [AuthenticatorKind::Password, AuthenticatorKind::Totp];
    let one = [AuthenticatorKind::Password];
    for (who, slug, login, proved) in [
        (Who::OtherOrgsAdministrator, "acme", "ada", &two[..]),
        (Who::Person, "main", "grace", &two[..]),
        (Who::HalfProvedAdministrator, "main", "ada", &one[..]),
        (Who::ReadOnlyAdministrator, "main", "rosa", &two[..]),
        (Who::StaleAdministrator, "main", "ada", &two[..]),
        (Who::Administrator, "main", "ada", &two[..]),
    ] {
        begin_session(&cell, who, slug, login, proved).await;
        if let Some(text) = who.token() {
            give_token(&cell, slug, login, text).await;
        }
    }
    cell.database.close().await;
    folder
}

async fn find_person(cell: &Cell, slug: &str, login: &str) -> Person {
    let mut tx = cell.database.read().await.unwrap();
    let org = identity::org::store::find_by_slug(&mut tx, slug).await;
    let login = format!("{login}@{slug}.example");
    let person =
        identity::person::store::find_by_identifier(&mut tx, &org.unwrap().unwrap(), &login).await;
    person.unwrap().unwrap()
}

async fn give_token(cell: &Cell, slug: &str, login: &str, text: String) {
    let person = find_person(cell, slug, login).await;
    let client = ClientFacts::default();
    let permission = Permission::ManageOrg;
    let permit = authorize(&Caller::Operator, &person.org_id, permission, &client).unwrap();
    let declared = DeclaredApiToken {
        name: login.to_owned(),
        user_id: person.id,
        text: Secret::new(text),
    };
    cell.declare_api_token(&permit, declared).await.unwrap();
}

async fn begin_session(
    cell: &Cell,
    who: Who,
    slug: &str,
    login: &str,
    proved: &[AuthenticatorKind],
) {
    let (person, now) = (find_person(cell, slug, login).await, cell.now());
    let proved_at = match who {
        Who::StaleAdministrator => now.plus_secs(-60 * 60),
        _ => now,
    };
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
        user_agent: "matrix".into(),
    };
    let hash = SecretHash::of(who.session_secret().unwrap());
    let stored = cell.database.write(move |tx| {
        Box::pin(async move { identity::session::store::insert(tx, &session, &hash).await })
    });
    stored.await.unwrap();
}
