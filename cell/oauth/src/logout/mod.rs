//! Logout: asked for by an app through the browser (OpenID Connect RP-Initiated Logout), and told to the apps of a
//! session behind it (Back-Channel Logout).

pub mod backchannel;
pub mod decide;
pub mod ended;
pub mod http;
pub mod store;
#[cfg(test)]
mod tests;

use crate::authorize::request::Refusal;
use crate::authorize::{Destination, Scene};
use crate::denial::Denial;
use crate::events::session_ended;
use crate::issuer::{self, Issuer};
use crate::logout::decide::{Current, Hint, LogoutStep, decide_app, decide_logout, decide_target};
use crate::page::{ConfirmLogoutPage, Page};
use crate::signing::{Wanted, verify};
use identity::app::App;
use identity::cell::Cell;
use identity::fault::Fault;
use identity::session::SignedIn;
use ledger::ClientFacts;
use protocol::oauth::error::WireError;
use protocol::oauth::form::Form;
use protocol::oauth::logout::{LogoutRequest, parse_logout_request};
use protocol::oauth::response::render_post_logout_redirect;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::Arc;
use vocab::id::AppId;
use vocab::time::Timestamp;

/// Where the answer to the question goes, after the path prefix. The console checks its form token first.
pub const CONFIRM_PATH: &str = "/logout/confirm";
/// The field that names the server, for the answer to the question.
pub const SERVER_FIELD: &str = "server";

/// A logout request that is checked.
struct Checked {
    app: Option<Arc<App>>,
    hint: Option<Hint>,
    destination: Destination,
}

/// Answers a logout request of an app.
///
/// # Errors
/// [`Refusal`] for the person's eyes: nobody is sent to an address that is not registered.
pub async fn run(
    scene: &Scene<'_>,
    server: Option<&str>,
    form: &Form<'_>,
) -> Result<Destination, Refusal> {
    let request = parse(form)?;
    let checked = check(scene, server, &request).await?;
    let session = scene.session();
    let current = session.map(|signed_in| Current {
        user: signed_in.person.id.as_str(),
        session: signed_in.session.id.as_str(),
    });
    match (decide_logout(current, checked.hint.as_ref()), session) {
        (LogoutStep::End, Some(signed_in)) => {
            end_session(scene.cell, signed_in, &scene.facts.client, scene.facts.now).await?;
            Ok(checked.destination)
        }
        (LogoutStep::Ask, Some(signed_in)) => Ok(Destination::Page(Page::ConfirmLogout(
            render_question(server, &request, &checked, signed_in),
        ))),
        _ => Ok(checked.destination),
    }
}

/// Ends the session after the person said yes: `form` holds the fields of the question.
///
/// # Errors
/// [`Refusal`] as for the request.
pub async fn confirm(scene: &Scene<'_>, form: &Form<'_>) -> Result<Destination, Refusal> {
    let checked = check(scene, form.get(SERVER_FIELD), &parse(form)?).await?;
    if let Some(signed_in) = scene.session() {
        end_session(scene.cell, signed_in, &scene.facts.client, scene.facts.now).await?;
    }
    Ok(checked.destination)
}

/// Ends a session because its person signs out, and tells the apps of the session. For every page that signs out.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn end_session(
    cell: &Cell,
    signed_in: &SignedIn,
    client: &ClientFacts,
    now: Timestamp,
) -> Result<(), Fault> {
    let event = session_ended(&signed_in.person, &signed_in.session.id, client, now);
    let (org, user) = (
        signed_in.session.org_id.clone(),
        signed_in.person.id.clone(),
    );
    let session = signed_in.session.id.clone();
    cell.database
        .write(move |tx| {
            Box::pin(async move {
                store::enqueue_notices(tx, &org, &user, &session, now).await?;
                if identity::session::store::delete(tx, &org, &user, &session).await? {
                    ledger::append(tx, &org, event).await?;
                }
                Ok::<(), Fault>(())
            })
        })
        .await
}

fn parse(form: &Form<'_>) -> Result<LogoutRequest, Refusal> {
    parse_logout_request(form).map_err(|error| {
        Denial {
            code: error.code(),
            description: Cow::Owned(error.description()),
        }
        .into()
    })
}

async fn check(
    scene: &Scene<'_>,
    server: Option<&str>,
    request: &LogoutRequest,
) -> Result<Checked, Refusal> {
    let (issuer, _) = issuer::load(scene.cell, scene.context, server).await?;
    let hint = match &request.id_token_hint {
        Some(token) => load_hint(scene.cell, &issuer, token).await?,
        None => None,
    };
    let app = match decide_app(hint.as_ref(), request.client_id.as_deref())? {
        Some(id) => match AppId::parse(id) {
            Ok(id) => scene.cell.app(&scene.context.org, &id).await?,
            Err(_) => None,
        },
        None => None,
    };
    let target = decide_target(app.as_deref(), request.post_logout_redirect_uri.as_deref())?;
    let destination = match target {
        Some(address) => Destination::Redirect(render_post_logout_redirect(
            &address,
            request.state.as_deref(),
        )),
        None => Destination::Page(Page::SignedOut),
    };
    Ok(Checked {
        app,
        hint,
        destination,
    })
}

/// What a hint of ours says; it may have expired (RP-Initiated Logout section 2). One that is not ours says nothing.
async fn load_hint(cell: &Cell, issuer: &Issuer, token: &str) -> Result<Option<Hint>, Fault> {
    let verified = verify(cell, issuer, token, Wanted::IdToken).await?;
    Ok(verified.and_then(|verified| parse_hint(verified.members())))
}

fn parse_hint(members: &Map<String, Value>) -> Option<Hint> {
    let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Hint {
        app: text("aud")?,
        user: text("sub")?,
        session: text("sid"),
    })
}

fn render_question(
    server: Option<&str>,
    request: &LogoutRequest,
    checked: &Checked,
    signed_in: &SignedIn,
) -> ConfirmLogoutPage {
    let optional = [
        (SERVER_FIELD, server),
        ("id_token_hint", request.id_token_hint.as_deref()),
        ("client_id", request.client_id.as_deref()),
        (
            "post_logout_redirect_uri",
            request.post_logout_redirect_uri.as_deref(),
        ),
        ("state", request.state.as_deref()),
    ];
    let fields = optional
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name.to_owned(), value.to_owned())));
    ConfirmLogoutPage {
        login: signed_in.person.login.clone(),
        app: checked.app.as_ref().map(|app| app.label.clone()),
        action: CONFIRM_PATH.to_owned(),
        fields: fields.collect(),
    }
}
