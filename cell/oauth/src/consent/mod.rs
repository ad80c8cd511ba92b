//! A person's consent that an app gets scopes (OpenID Connect Core section 3.1.2.4). The page is the console's; it
//! carries the authorization request along as an address of ours, which is read and checked anew at every step.

pub mod decide;
pub mod store;
#[cfg(test)]
mod tests;

use crate::authorize::address::render_return;
use crate::authorize::request::{self, CheckedRequest, Refusal};
use crate::authorize::{Destination, Scene};
use crate::consent::decide::{decide_missing, decide_needed, plan_given};
use crate::consent::store::ConsentRow;
use crate::denial::Denial;
use crate::events;
use crate::issuer::Issuer;
use database::{DatabaseFault, ReadTx};
use identity::app::App;
use identity::fault::Fault;
use protocol::oauth::error::ErrorCode;
use protocol::oauth::form::Form;
use protocol::oauth::scope::ScopeSet;
use url::Url;
use vocab::id::UserId;

/// One scope that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeQuestion {
    /// Its name on the wire.
    pub name: String,
    /// What the server says about it, or empty for a standard one.
    pub description: String,
}

/// What the person is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentQuestion {
    /// The app's name.
    pub app: String,
    /// Who is signed in.
    pub login: String,
    /// What it asks for.
    pub scopes: Vec<ScopeQuestion>,
    /// The host that the browser goes to next, or the scheme of a native app.
    pub target_host: String,
}

/// What the person answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Allow,
    /// No.
    Deny,
}

/// Whether the person must be asked for the scopes of a request.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn is_missing(
    tx: &mut ReadTx,
    checked: &CheckedRequest,
    user: &UserId,
) -> Result<bool, DatabaseFault> {
    let rule = checked.app.settings.consent;
    let needed = decide_needed(rule, checked.issuer.config(), &checked.scopes);
    let given = load_given(tx, &checked.issuer, &checked.app, user).await?;
    Ok(decide_missing(
        rule,
        &needed,
        &given,
        checked.request.prompts.consent,
    ))
}

/// The scopes that the person let the app have.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_given(
    tx: &mut ReadTx,
    issuer: &Issuer,
    app: &App,
    user: &UserId,
) -> Result<ScopeSet, DatabaseFault> {
    let given = store::load(tx, &issuer.org, user, &app.id, issuer.key()).await?;
    // What cannot be read was not given.
    Ok(given
        .and_then(|text| ScopeSet::parse(&text).ok())
        .unwrap_or_default())
}

/// Whether what the person let the app have still covers all that it needs for these scopes.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn covers(
    tx: &mut ReadTx,
    issuer: &Issuer,
    app: &App,
    user: &UserId,
    scopes: &ScopeSet,
) -> Result<bool, DatabaseFault> {
    let needed = decide_needed(app.settings.consent, issuer.config(), scopes);
    if needed.is_empty() {
        return Ok(true);
    }
    let given = load_given(tx, issuer, app, user).await?;
    Ok(needed.is_subset_of(&given))
}

/// The question for the page `/consent?continue=…`.
///
/// # Errors
/// [`Refusal`] if `back` is no authorization request of ours, or nobody is signed in.
pub async fn load_question(scene: &Scene<'_>, back: &str) -> Result<ConsentQuestion, Refusal> {
    let pending = parse_pending(scene, back).ok_or(NOT_OURS)?;
    let form = parse_query(pending.query)?;
    let checked = load_checked(scene, &pending, &form).await?;
    let signed_in = scene.session().ok_or(SIGNED_OUT)?;
    Ok(ConsentQuestion {
        app: checked.app.label.clone(),
        login: signed_in.person.login.clone(),
        scopes: render_scopes(&checked.issuer, &checked.scopes),
        target_host: render_target(&checked.redirect_uri),
    })
}

/// Takes the person's answer and says where the browser goes on.
///
/// # Errors
/// [`Refusal`] as for the question.
pub async fn answer(
    scene: &Scene<'_>,
    back: &str,
    decision: Decision,
) -> Result<Destination, Refusal> {
    let pending = parse_pending(scene, back).ok_or(NOT_OURS)?;
    let form = parse_query(pending.query)?;
    let checked = load_checked(scene, &pending, &form).await?;
    let person = &scene.session().ok_or(SIGNED_OUT)?.person;
    let (issuer, app, now) = (&checked.issuer, &checked.app, scene.facts.now);
    let scope = checked.scopes.render();
    let event = match decision {
        Decision::Allow => events::consent_granted(issuer, app, person, &scope, scene.facts),
        Decision::Deny => events::consent_refused(issuer, app, person, &scope, scene.facts),
    };
    let (org, user) = (issuer.org.clone(), person.id.clone());
    let (app_id, server, scopes) = (
        app.id.clone(),
        issuer.key().to_owned(),
        checked.scopes.clone(),
    );
    scene
        .cell
        .database
        .write(move |tx| {
            Box::pin(async move {
                if decision == Decision::Allow {
                    let given = store::load(tx, &org, &user, &app_id, &server).await?;
                    let given = given
                        .and_then(|text| ScopeSet::parse(&text).ok())
                        .unwrap_or_default();
                    let scopes = plan_given(&given, &scopes).render();
                    store::upsert(
                        tx,
                        &org,
                        &user,
                        &ConsentRow {
                            app: app_id,
                            server,
                            scopes,
                        },
                        now,
                    )
                    .await?;
                }
                ledger::append(tx, &org, event).await?;
                Ok::<(), Fault>(())
            })
        })
        .await?;
    Ok(match decision {
        Decision::Allow => {
            let asked_at = crate::authorize::address::parse_asked_at(&form);
            Destination::Redirect(render_return(
                &issuer.path,
                &form,
                asked_at,
                Some("consent"),
            ))
        }
        Decision::Deny => checked.deny(&Denial::new(ErrorCode::AccessDenied, "the person refused")),
    })
}

const NOT_OURS: Denial = Denial::new(
    ErrorCode::InvalidRequest,
    "there is no request to consent to",
);
const SIGNED_OUT: Denial = Denial::new(ErrorCode::LoginRequired, "nobody is signed in");

/// An authorization request that waits, as its address says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pending<'a> {
    server: Option<&'a str>,
    query: &'a str,
}

/// Takes `{prefix}/oauth2[/{server}]/v1/authorize?…` apart.
fn parse_pending<'a>(scene: &Scene<'_>, back: &'a str) -> Option<Pending<'a>> {
    let rest = back
        .strip_prefix(scene.context.path_prefix.as_str())?
        .strip_prefix("/oauth2")?;
    let (path, query) = rest.split_once('?')?;
    let server = path.strip_suffix("/v1/authorize")?;
    let server = match server.strip_prefix('/') {
        Some(name) if !name.is_empty() && !name.contains('/') => Some(name),
        Some(_) => return None,
        None if server.is_empty() => None,
        None => return None,
    };
    Some(Pending { server, query })
}

fn parse_query(query: &str) -> Result<Form<'_>, Refusal> {
    Form::parse(query.as_bytes()).map_err(|_| NOT_OURS.into())
}

async fn load_checked(
    scene: &Scene<'_>,
    pending: &Pending<'_>,
    form: &Form<'_>,
) -> Result<CheckedRequest, Refusal> {
    let checked = request::load(scene.cell, scene.context, pending.server, form).await?;
    checked.map_err(|_| NOT_OURS.into())
}

/// The scopes with what the server says about them.
#[must_use]
pub fn render_scopes(issuer: &Issuer, scopes: &ScopeSet) -> Vec<ScopeQuestion> {
    let describe = |name: &str| {
        let known = issuer
            .config()
            .scopes
            .iter()
            .find(|scope| scope.name == name);
        known
            .map(|scope| scope.description.clone())
            .unwrap_or_default()
    };
    scopes
        .iter()
        .map(|name| ScopeQuestion {
            name: name.to_owned(),
            description: describe(name),
        })
        .collect()
}

fn render_target(address: &str) -> String {
    match Url::parse(address) {
        Ok(url) => url
            .host_str()
            .map_or_else(|| url.scheme().to_owned(), str::to_owned),
        Err(_) => String::new(),
    }
}
