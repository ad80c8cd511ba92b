//! Two orgs with something of every kind in each, and the sessions of those who call. Made once for the whole process and
//! copied for each test, because a test that deletes what it is shown must not spoil the next one.

use crate::arrivals::Arrivals;
use crate::blocked::Blocked;
use crate::config::ProxyMode;
use crate::listener::PeerAddress;
use crate::middleware::Front;
use crate::origin::Origin;
use crate::pulse::Pulse;
use crate::request_names::RequestNames;
use crate::routes::Site;
use crate::start::MIGRATIONS;
use crate::tests::two_orgs::{
    Nowhere, ROOT_FILE, begin_session, build_cell, declare, find_person, make_provider, outward,
    pair, render_administrators, render_orgs,
};
use axum::body::Body;
use axum::http::{Method, Request, Response, header};
use console::admin::log_tail::Tails;
use console::cookie::CookieKind;
use console::visit::guard_of;
use database::{Database, Location};
use identity::access::custom::capability::Capability;
use identity::access::custom::{Holder, Named, Resource};
use identity::access::{Caller, Permission, Role, authorize};
use identity::api_token::operations::DeclaredApiToken;
use identity::cell::Cell;
use identity::event_hook::channel::HookChange;
use identity::event_hook::envoy::{Answered, Envoy, Letter, PlainHttp, Sent, Shipment, Shipped};
use identity::event_hook::operations::CHALLENGE_HEADER;
use identity::group::owners::OwnerId;
use identity::group_rule::RuleInput;
use identity::inline_hook::InlineHookKind;
use identity::inline_hook::oauth::{GivenProof, OAuthChange};
use identity::inline_hook::settings::{InlineHookAuth, InlineHookChange};
use identity::linked_object::End;
use identity::log_stream::settings::{ReceiverChange, StreamChange};
use identity::sign_on::AuthenticatorKind;
use ledger::ClientFacts;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use vocab::entropy::{Entropy, SeededEntropy};
use vocab::id::{GroupId, OrgId};
use vocab::secret::Secret;
use vocab::time::{Clock, ManualClock, Timestamp};

const START_SECS: i64 = 1_795_465_901;
const HOST: &str = "localhost:8080";
/// What guards the forms of every caller's browser.
const FORM_SECRET: &str = "the-browser-of-the-matrix";
const STORE_FILE: &str = "cell.db";

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
    /// An administrator who has this role alone, and has just proved who they are.
    Holder(Role),
    /// Somebody who has roles over a part of the org alone, and has just proved who they are.
    Partial,
}

/// The roles that have a holder of their own.
pub(super) const HELD: [Role; 6] = [
    Role::OrgAdmin,
    Role::AppAdmin,
    Role::UserAdmin,
    Role::HelpDeskAdmin,
    Role::ReportAdmin,
    Role::ApiAccessManagementAdmin,
];

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
            Self::Anonymous
            | Self::HalfProvedAdministrator
            | Self::StaleAdministrator
            | Self::Holder(_)
            | Self::Partial => None,
            Self::OtherOrgsAdministrator => Some('o'),
            Self::Person => Some('p'),
            Self::ReadOnlyAdministrator => Some('r'),
            Self::Administrator => Some('a'),
        }
    }

    pub(crate) fn token(self) -> Option<String> {
        let sign = self.token_sign()?;
        Some(format!("00T{}", String::from(sign).repeat(43)))
    }

    pub(crate) const fn session_secret(self) -> Option<&'static str> {
        match self {
            Self::Anonymous => None,
            Self::OtherOrgsAdministrator => Some("session-of-the-other-ada"),
            Self::Person => Some("session-of-grace"),
            Self::HalfProvedAdministrator => Some("session-of-ada-by-password"),
            Self::ReadOnlyAdministrator => Some("session-of-rosa"),
            Self::StaleAdministrator => Some("session-of-ada-an-hour-ago"),
            Self::Administrator => Some("session-of-ada"),
            Self::Holder(role) => Some(role.as_str()),
            Self::Partial => Some("session-of-nora"),
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
    /// A copy of the template, from which nobody is to be reached.
    pub(crate) async fn copy() -> Self {
        Self::copy_reaching(Arc::new(Nowhere)).await
    }

    /// A copy of the template, whose identity providers are gone to by this way.
    pub(crate) async fn copy_reaching(envoy: Arc<dyn Envoy>) -> Self {
        let template = TEMPLATE.get_or_init(make_template).await;
        let folder = TempDir::new().unwrap();
        for name in [STORE_FILE, ROOT_FILE] {
            std::fs::copy(template.path().join(name), folder.path().join(name)).unwrap();
        }
        Self::open(folder, envoy).await
    }

    async fn open(folder: TempDir, envoy: Arc<dyn Envoy>) -> Self {
        let cell = open_cell(folder.path()).await.reaching(envoy);
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
            names: RequestNames::new(cell.entropy()),
            blocked: Blocked::default(),
            pulse: Pulse::default(),
        };
        let site = Site::new(cell.clone(), front, outward(), Tails::default());
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

    /// Answers a request as it is.
    pub(crate) async fn answer(&self, request: Request<Body>) -> Response<Body> {
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

async fn open_cell(folder: &Path) -> Cell {
    let location = Location::Sqlite {
        path: folder.join(STORE_FILE),
    };
    let database = Database::open(&location, &MIGRATIONS).await.unwrap();
    let seed = SEED.fetch_add(1, Ordering::Relaxed);
    let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(seed));
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(Timestamp::from_seconds(START_SECS)));
    build_cell(database, folder, entropy, clock)
}

async fn make_template() -> TempDir {
    let folder = TempDir::new().unwrap();
    let cell = open_cell(folder.path()).await;
    declare(&cell, &render_orgs(), "http://localhost:8080").await;
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
        let proved_at = match who {
            Who::StaleAdministrator => cell.now().plus_secs(-60 * 60),
            _ => cell.now(),
        };
        let full = format!("{login}@{slug}.example");
        let secret = who.session_secret().unwrap();
        begin_session(&cell, (slug, &full), secret, (proved, proved_at)).await;
        if let Some(text) = who.token() {
            give_token(&cell, slug, login, text).await;
        }
    }
    for slug in ["main", "acme"] {
        give_group_rule(&cell, slug).await;
    }
    declare(
        &cell,
        &render_administrators(&HELD),
        "http://localhost:8080",
    )
    .await;
    for slug in ["main", "acme"] {
        make_hook(&cell, slug).await;
        make_inline_hook(&cell, slug).await;
        make_stream(&cell, slug).await;
        make_unknown(&cell, slug).await;
        make_custom_role(&cell, slug).await;
        make_relation(&cell, slug).await;
    }
    for role in HELD {
        let login = format!("{}@main.example", role.as_str().to_lowercase());
        let proved = (&two[..], cell.now());
        begin_session(&cell, ("main", &login), role.as_str(), proved).await;
    }
    cell.database.close().await;
    folder
}

/// A rule that rests, for the first group of an org, and an owner of that group.
async fn give_group_rule(cell: &Cell, slug: &str) {
    let person = find_person(cell, slug, &format!("ada@{slug}.example")).await;
    let client = ClientFacts::default();
    let permission = Permission::ManageGroups;
    let permit = authorize(&Caller::Operator, &person.org_id, permission, &client).unwrap();
    let groups: Vec<GroupId> = {
        let mut tx = cell.database.read().await.unwrap();
        let groups = identity::group::store::load_page(&mut tx, &person.org_id, "", "", 1).await;
        groups.unwrap().into_iter().map(|group| group.id).collect()
    };
    let owner = OwnerId::User(person.id);
    let owned = cell.add_group_owner(&permit, &groups[0], &owner);
    owned.await.unwrap();
    let input = RuleInput {
        name: String::from("Everybody called Ada"),
        expression: String::from("user.firstName == \"Ada\""),
        groups,
        excluded: Vec::new(),
    };
    cell.create_group_rule(&permit, input).await.unwrap();
}

/// Says yes to whoever asks.
struct Willing;

impl Envoy for Willing {
    fn plain_http(&self) -> PlainHttp {
        PlainHttp::Never
    }

    fn send<'e>(&'e self, letter: &'e Letter) -> Sent<'e> {
        let mut headers = letter.headers.iter();
        let challenge = headers.find(|(name, _)| name == CHALLENGE_HEADER);
        let challenge = challenge.map_or("", |(_, value)| value.expose().as_str());
        let body = serde_json::json!({ "verification": challenge }).to_string();
        Box::pin(async move { Ok(Answered::of(200, body.into_bytes())) })
    }

    fn ship<'e>(&'e self, _: &'e Shipment) -> Shipped<'e> {
        Box::pin(async { Ok(()) })
    }

    fn reads_authority(&self, _: &str) -> bool {
        true
    }
}

/// An event hook that was told something.
async fn make_hook(cell: &Cell, slug: &str) {
    let mut tx = cell.database.read().await.unwrap();
    let found = identity::org::store::find_by_slug(&mut tx, slug).await;
    let org = found.unwrap().unwrap();
    drop(tx);
    let client = ClientFacts::default();
    let permit = |permission| authorize(&Caller::Operator, &org, permission, &client).unwrap();
    let change = HookChange {
        name: String::from("Siem"),
        description: String::new(),
        types: vec!["group.lifecycle.create".into()],
        uri: String::from("https://hooks.example/in"),
        headers: Vec::new(),
        auth: None,
        base_url: String::from("http://localhost:8080"),
    };
    let manager = permit(Permission::ManageOrg);
    let made = cell.create_event_hook(&manager, change, PlainHttp::Never);
    let hook = made.await.unwrap().hook;
    let verified = cell.verify_event_hook(&manager, hook, &Willing).await;
    verified.unwrap();
    let groups = permit(Permission::ManageGroups);
    cell.create_group(&groups, "Told", "").await.unwrap();
    for following in cell.following_hooks(("", ""), 10).await.unwrap() {
        cell.follow_hook(&following, 0).await.unwrap();
    }
}

/// An inline hook that nobody asks, and the key that it uses.
async fn make_inline_hook(cell: &Cell, slug: &str) {
    let mut tx = cell.database.read().await.unwrap();
    let found = identity::org::store::find_by_slug(&mut tx, slug).await;
    let org = found.unwrap().unwrap();
    drop(tx);
    let client = ClientFacts::default();
    let manager = authorize(&Caller::Operator, &org, Permission::ManageOrg, &client).unwrap();
    let key = cell.create_hook_key(&manager, String::from("Claims"));
    let key = key.await.unwrap();
    let change = InlineHookChange {
        name: String::from("Claims"),
        uri: String::from("https://hooks.example/claims"),
        headers: Vec::new(),
        auth: InlineHookAuth::Token(OAuthChange {
            client_id: String::from("hooks"),
            token_uri: String::from("https://id.example/token"),
            scope: String::new(),
            proof: GivenProof::Key(key.id),
        }),
        base_url: String::from("http://localhost:8080"),
    };
    let (kind, plain) = (InlineHookKind::TokenTransform, PlainHttp::Never);
    let made = cell.create_inline_hook(&manager, kind, change, plain).await;
    made.unwrap();
}

/// An identity provider at which nobody is known.
async fn make_unknown(cell: &Cell, slug: &str) {
    let person = find_person(cell, slug, &format!("ada@{slug}.example")).await;
    make_provider(cell, &person.org_id).await;
}

/// A log stream that was told nothing yet.
async fn make_stream(cell: &Cell, slug: &str) {
    let mut tx = cell.database.read().await.unwrap();
    let found = identity::org::store::find_by_slug(&mut tx, slug).await;
    let org = found.unwrap().unwrap();
    drop(tx);
    let client = ClientFacts::default();
    let manager = authorize(&Caller::Operator, &org, Permission::ManageOrg, &client).unwrap();
    let change = StreamChange {
        name: String::from("Siem"),
        filter: String::new(),
        receiver: ReceiverChange::Webhook {
            uri: String::from("https://siem.example/in"),
            auth: None,
        },
        base_url: String::from("http://localhost:8080"),
    };
    let made = cell.create_log_stream(&manager, change, &Willing).await;
    made.unwrap();
}

/// A relation in which nobody is linked.
async fn make_relation(cell: &Cell, slug: &str) {
    let mut tx = cell.database.read().await.unwrap();
    let found = identity::org::store::find_by_slug(&mut tx, slug).await;
    let org = found.unwrap().unwrap();
    drop(tx);
    let client = ClientFacts::default();
    let manager = authorize(&Caller::Operator, &org, Permission::ManageOrg, &client).unwrap();
    let end = |name: &str| End {
        name: name.to_owned(),
        title: name.to_owned(),
        description: String::new(),
    };
    let made = cell.create_linked_object(&manager, end("manager"), end("subordinate"));
    made.await.unwrap();
}

/// A custom role that those of a group of its own hold over every group.
async fn make_custom_role(cell: &Cell, slug: &str) {
    let mut tx = cell.database.read().await.unwrap();
    let found = identity::org::store::find_by_slug(&mut tx, slug).await;
    let org = found.unwrap().unwrap();
    drop(tx);
    let client = ClientFacts::default();
    let permit = |permission| authorize(&Caller::Operator, &org, permission, &client).unwrap();
    let (manager, groups) = (
        permit(Permission::ManageOrg),
        permit(Permission::ManageGroups),
    );
    // Behind all others by name: the first one is the example of the matrix.
    let clerks = cell.create_group(&groups, "Wardens", "").await.unwrap().id;
    let named = || Named {
        label: String::from("Clerks"),
        description: String::new(),
    };
    let permissions = [Capability::UsersRead, Capability::GroupsRead];
    let role = cell.create_custom_role(&manager, named(), permissions.into());
    let role = role.await.unwrap().id;
    let resources = [Resource::Groups, Resource::Apps];
    let set = cell.create_resource_set(&manager, named(), resources.into());
    let set = set.await.unwrap().id;
    let bound = cell.bind_role(&manager, (&role, &set), [Holder::Group(clerks)].into());
    bound.await.unwrap();
}

async fn give_token(cell: &Cell, slug: &str, login: &str, text: String) {
    let person = find_person(cell, slug, &format!("{login}@{slug}.example")).await;
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
