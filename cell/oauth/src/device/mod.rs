//! Device authorization (RFC 8628): a device asks for codes, a person answers for it in a browser.

pub mod http;
pub mod store;

use crate::access::{decide_lifetimes, decide_scopes};
use crate::assurance::{Assurance, assurance_of};
use crate::authorize::decide::AppVerdict;
use crate::authorize::store::{IssuerRow, note_session_app};
use crate::authorize::{Scene, grantor_of, verdict};
use crate::client_auth::authenticate;
use crate::consent::{Decision, ScopeQuestion, render_scopes};
use crate::denial::{Denial, Failure};
use crate::device::store::{DeviceGrant, DeviceStatus};
use crate::endpoint::Exchange;
use crate::events;
use crate::grant::{Attendance, GrantDocument};
use crate::issuer::{self, Issuer};
use crate::limits::{DEVICE_INTERVAL_SECS, DEVICE_SECS, USER_CODE_DRAWS_MAX};
use crate::token::subject;
use identity::app::settings::GrantKind;
use identity::app::{App, AppStatus};
use identity::fault::Fault;
use identity::feature::{Door, Feature};
use identity::org::context::OrgContext;
use identity::server::DEFAULT_SERVER_NAME;
use identity::session::SignedIn;
use identity::slowdown::{Familiarity, Guess, GuessedSecret};
use identity::snapshot::OrgSnapshot;
use protocol::device::UserCode;
use protocol::oauth::device_authorization::parse_device_authorization_request;
use protocol::oauth::error::ErrorCode;
use protocol::oauth::form::render_form;
use protocol::oauth::scope::ScopeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use vocab::entropy::Entropy;
use vocab::id::DeviceGrantId;
use vocab::secret::{Secret, SecretHash, random_token};

/// A pair of codes for a device. Has no `Debug`: it holds codes.
pub struct DeviceCodes {
    /// What the device polls with.
    pub device_code: Secret<String>,
    /// What the person types.
    pub user_code: UserCode,
    /// Where the person types it.
    pub verification_uri: String,
    /// The same with the code in it.
    pub verification_uri_complete: String,
}

/// Gives a device a pair of codes.
///
/// # Errors
/// [`Failure`] in the protocol's words.
pub async fn run(exchange: &Exchange) -> Result<DeviceCodes, Failure> {
    let (issuer, snapshot) = exchange.issuer().await?;
    let form = exchange.body_form()?;
    let client = authenticate(exchange, &issuer, &form).await?;
    check_open(&snapshot)?;
    let app = client.app();
    if !app.settings.grants.contains(&GrantKind::DeviceCode) {
        return Err(Denial::new(
            ErrorCode::UnauthorizedClient,
            "the client may not use this grant",
        )
        .into());
    }
    let request =
        parse_device_authorization_request(&form).map_err(|error| Failure::wire(&error))?;
    let scopes = decide_scopes(&issuer, app, Some(&request.scope), GrantKind::DeviceCode)?;
    let entropy = exchange.cell.entropy();
    let device_code = random_token(entropy, "");
    let now = exchange.facts.now;
    for _ in 0..USER_CODE_DRAWS_MAX {
        let user_code = draw_user_code(entropy);
        let grant = DeviceGrant {
            id: DeviceGrantId::generate(entropy),
            server: issuer.key().to_owned(),
            app: app.id.clone(),
            scope: scopes.render(),
            status: DeviceStatus::Pending,
            grantor: None,
            grant: None,
            address: exchange.facts.client.ip.clone(),
            interval_secs: DEVICE_INTERVAL_SECS,
            last_poll_at: now.plus_secs(-DEVICE_INTERVAL_SECS),
            expires_at: now.plus_secs(DEVICE_SECS),
        };
        if store_codes(exchange, &issuer, app, grant, &device_code, &user_code).await? {
            let page = format!("{}/device", exchange.context.base_url);
            let complete = format!(
                "{page}?{}",
                render_form(&[("user_code", user_code.as_str())])
            );
            return Ok(DeviceCodes {
                device_code,
                user_code,
                verification_uri: page,
                verification_uri_complete: complete,
            });
        }
    }
    Err(Denial::new(
        ErrorCode::TemporarilyUnavailable,
        "no code is free; try again",
    )
    .into())
}

/// Whether the org lets devices sign people in. Where it does not, codes that were given before are good for nothing either.
#[must_use]
pub fn is_open(snapshot: &OrgSnapshot) -> bool {
    let doors = &snapshot.org.settings.shut_doors;
    doors.door(Feature::DeviceGrant) == Door::Open
}

/// That it does, for whoever asks in the words of the protocol.
///
/// # Errors
/// [`Denial`] if it does not.
pub fn check_open(snapshot: &OrgSnapshot) -> Result<(), Denial> {
    match is_open(snapshot) {
        true => Ok(()),
        false => Err(Denial::new(
            ErrorCode::UnsupportedGrantType,
            "this organisation has switched the device grant off",
        )),
    }
}

fn draw_user_code(entropy: &dyn Entropy) -> UserCode {
    let mut random = [0_u8; 16];
    entropy.fill(&mut random);
    UserCode::from_random(random)
}

async fn store_codes(
    exchange: &Exchange,
    issuer: &Issuer,
    app: &App,
    grant: DeviceGrant,
    device_code: &Secret<String>,
    user_code: &UserCode,
) -> Result<bool, Failure> {
    let event = events::device_began(issuer, app, grant.id.as_str(), &exchange.facts);
    let hashes = (
        SecretHash::of(device_code.expose()),
        SecretHash::of(user_code.as_str()),
    );
    let (org, now) = (issuer.org.clone(), exchange.facts.now);
    let stored = exchange
        .cell
        .database
        .write(move |tx| {
            Box::pin(async move {
                let stored = store::insert(tx, &org, &grant, hashes, now).await?;
                if stored {
                    ledger::append(tx, &org, event).await?;
                }
                Ok::<bool, Fault>(stored)
            })
        })
        .await?;
    Ok(stored)
}

/// What the person is asked, having typed the code (RFC 8628 section 3.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceQuestion {
    /// The app's name.
    pub app: String,
    /// Who is signed in.
    pub login: String,
    /// The code, to compare with the device's.
    pub user_code: String,
    /// What the device asks for.
    pub scopes: Vec<ScopeQuestion>,
    /// The address that the device asked from, or empty.
    pub from_address: String,
}

/// Why a person cannot answer for a device.
#[derive(Debug)]
pub enum DeviceRefusal {
    /// There is no such code, or it was answered or has expired.
    NoSuchCode,
    /// Nobody is signed in.
    SignedOut,
    /// The session must prove more, or anew, for this app.
    SignInAgain,
    /// The person may not use the app.
    Denied,
    /// Too many wrong codes; come back later.
    SlowDown {
        /// How long to wait.
        retry_after_secs: i64,
    },
    /// Ours.
    Fault(Fault),
}

impl<F: Into<Fault>> From<F> for DeviceRefusal {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

/// A pending grant with all that is needed to answer it.
struct Pending {
    grant: DeviceGrant,
    issuer: Issuer,
    app: Arc<App>,
    scopes: ScopeSet,
    user_code: UserCode,
    assurance: Assurance,
    signed_in: Arc<SignedIn>,
}

/// The question for the page `/device`.
///
/// # Errors
/// [`DeviceRefusal`].
pub async fn load_question(
    scene: &Scene<'_>,
    user_code: &str,
) -> Result<DeviceQuestion, DeviceRefusal> {
    let pending = load_pending(scene, user_code).await?;
    Ok(DeviceQuestion {
        app: pending.app.label.clone(),
        login: pending.signed_in.person.login.clone(),
        user_code: pending.user_code.to_string(),
        scopes: render_scopes(&pending.issuer, &pending.scopes),
        from_address: pending.grant.address,
    })
}

/// Takes the person's answer for the device.
///
/// # Errors
/// [`DeviceRefusal`]; a code is answered once.
pub async fn answer(
    scene: &Scene<'_>,
    user_code: &str,
    decision: Decision,
) -> Result<(), DeviceRefusal> {
    let pending = load_pending(scene, user_code).await?;
    let (signed_in, now) = (&pending.signed_in, scene.facts.now);
    let document = GrantDocument::new(&pending.scopes, signed_in, &pending.assurance);
    let (id, grantor) = (pending.grant.id.clone(), grantor_of(signed_in));
    let allowed = decision == Decision::Allow;
    let event = events::device_answered(
        &pending.issuer,
        &pending.app,
        &signed_in.person,
        &signed_in.session.id,
        allowed,
        scene.facts,
    );
    let (issuer, app) = (IssuerRow::from(&pending.issuer), pending.app.id.clone());
    let answered = scene
        .cell
        .database
        .write(move |tx| {
            Box::pin(async move {
                let status = if allowed {
                    DeviceStatus::Approved
                } else {
                    DeviceStatus::Denied
                };
                let answered =
                    store::answer(tx, &issuer.org, &id, status, &grantor, &document, now).await?;
                if answered {
                    if allowed {
                        note_session_app(tx, &issuer, &grantor.session, &app, now).await?;
                    }
                    ledger::append(tx, &issuer.org, event).await?;
                }
                Ok::<bool, Fault>(answered)
            })
        })
        .await?;
    if answered {
        Ok(())
    } else {
        Err(DeviceRefusal::NoSuchCode)
    }
}

async fn load_pending(scene: &Scene<'_>, typed: &str) -> Result<Pending, DeviceRefusal> {
    let signed_in = scene.session().cloned().ok_or(DeviceRefusal::SignedOut)?;
    let user_code = UserCode::parse(typed).map_err(|_| DeviceRefusal::NoSuchCode)?;
    // Codes are short, so guesses are counted by person and address (RFC 8628 section 5.1).
    let ticket = scene
        .cell
        .slowdown
        .check(&guess_of(scene, &signed_in), scene.facts.now)
        .map_err(|wait| DeviceRefusal::SlowDown {
            retry_after_secs: i64::from(wait.secs),
        })?;
    let org = &scene.context.org;
    let snapshot = scene
        .cell
        .snapshot(org)
        .await?
        .ok_or(DeviceRefusal::NoSuchCode)?;
    if !is_open(&snapshot) {
        return Err(DeviceRefusal::NoSuchCode);
    }
    let hash = SecretHash::of(user_code.as_str());
    let grant = {
        let mut tx = scene.cell.database.read().await?;
        store::find_by_user_code(&mut tx, org, &hash).await?
    };
    let grant = grant
        .filter(|grant| grant.status == DeviceStatus::Pending && scene.facts.now < grant.expires_at)
        .ok_or(DeviceRefusal::NoSuchCode)?;
    scene.cell.slowdown.release(ticket);
    let issuer =
        issuer_of(scene.context, &snapshot, &grant.server).ok_or(DeviceRefusal::NoSuchCode)?;
    let app = scene
        .cell
        .app(org, &grant.app)
        .await?
        .filter(|app| app.status == AppStatus::Active);
    let app = app.ok_or(DeviceRefusal::NoSuchCode)?;
    let scopes = ScopeSet::parse(&grant.scope)
        .map_err(|error| Fault::stored("scopes of a device grant", &error))?;
    check_person(scene, &snapshot, &issuer, &app, &signed_in, &scopes).await?;
    let untaken = &snapshot.org.settings.untaken_means;
    Ok(Pending {
        grant,
        issuer,
        app,
        scopes,
        user_code,
        assurance: assurance_of(&signed_in.session, untaken),
        signed_in,
    })
}

fn guess_of<'a>(scene: &'a Scene<'_>, signed_in: &'a SignedIn) -> Guess<'a> {
    Guess {
        org: &scene.context.org,
        account: signed_in.person.id.as_str(),
        address: scene
            .facts
            .client
            .ip
            .parse()
            .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        secret: GuessedSecret::DeviceCode,
        familiarity: Familiarity::Strange,
    }
}

async fn check_person(
    scene: &Scene<'_>,
    snapshot: &OrgSnapshot,
    issuer: &Issuer,
    app: &App,
    signed_in: &Arc<SignedIn>,
    scopes: &ScopeSet,
) -> Result<(), DeviceRefusal> {
    let mut tx = scene.cell.database.read().await?;
    // The session is the one of this request, which lives.
    let (grantor, now) = (grantor_of(signed_in), scene.facts.now);
    let whose = (&grantor, Attendance::Offline);
    let standing = subject::load(&mut tx, issuer, app, whose, now).await?;
    let person = standing.rule_person(&signed_in.person);
    if !standing.assigned
        || decide_lifetimes(issuer, app, GrantKind::DeviceCode, Some(person), scopes).is_err()
    {
        return Err(DeviceRefusal::Denied);
    }
    drop(tx);
    match verdict::load(scene, snapshot, app, signed_in).await? {
        AppVerdict::Allow => Ok(()),
        AppVerdict::StepUp => Err(DeviceRefusal::SignInAgain),
        AppVerdict::Denied { .. } => Err(DeviceRefusal::Denied),
    }
}

/// The server of a stored row, as addressed at this host by its id, or by its name if it is the preset one.
#[must_use]
pub fn issuer_of(context: &OrgContext, snapshot: &OrgSnapshot, key: &str) -> Option<Issuer> {
    if key == issuer::ORG_SERVER_KEY {
        return Some(issuer::org_issuer(context));
    }
    let server = snapshot.servers.get(key).filter(|server| server.active)?;
    let name = if server.name == DEFAULT_SERVER_NAME {
        DEFAULT_SERVER_NAME
    } else {
        key
    };
    Some(issuer::custom_issuer(context, Arc::clone(server), name))
}
