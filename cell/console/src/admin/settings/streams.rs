//! Log streams: the list, one of them with how far it has come, a test, and a secret that is shown once. Whoever sends
//! what happens elsewhere proves afresh who they are.

use crate::admin::caller::{
    Answer, Detour, administrator, administrator_freshly, done, found, loaded,
};
use crate::admin::form::{problem_of, revision, revision_beside, shell_after, typed_again};
use crate::admin::row::moment;
use crate::admin::settings::posted_auth;
use crate::text::Text;
use crate::view::admin::{StreamForm, StreamPage, StreamRow, StreamStanding, StreamsPage};
use crate::view::part::{Input, Tone};
use crate::view::shell::{Flash, Shell};
use crate::visit::Visit;
use axum::Extension;
use axum::extract::Path;
use identity::access::{Permission, Permit};
use identity::event_hook::envoy::{Envoy, Trouble};
use identity::fault::Refusal;
use identity::log_stream::settings::{ReceiverChange, SYSLOG_PORT, StreamChange};
use identity::log_stream::{LogStream, Receiver, Standing, StreamKind};
use std::sync::Arc;
use vocab::id::LogStreamId;

const HERE: &str = "/admin/settings/streams";

/// The way to addresses that administrators named.
type Way = Extension<Arc<dyn Envoy>>;

/// `GET /admin/settings/streams`.
pub async fn list(visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ReadDirectory).await?;
    list_page(&visit, visit.shell(), &permit, None).await
}

/// `POST /admin/settings/streams/add`: the page of a new webhook shows its secret this once.
pub async fn add(Extension(envoy): Way, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let kind = StreamKind::from_word(visit.field("kind")).unwrap_or(StreamKind::Webhook);
    let change = posted(&visit, kind);
    let made = visit
        .cell
        .create_log_stream(&permit, change, envoy.as_ref());
    match made.await {
        Ok(made) => {
            let secret = made.secret.map(|secret| secret.expose().clone());
            let shown = Shown { secret, form: None };
            stream_page(&visit, visit.shell(), &made.stream, shown)
        }
        Err(refusal) => {
            let form = refused_form(&visit, &refusal);
            let shell = done(&visit, shell_after(&visit, refusal))?;
            list_page(&visit, shell, &permit, Some((kind, form))).await
        }
    }
}

/// `GET /admin/settings/streams/{id}`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ReadDirectory).await?;
    let stream = load(&visit, &permit, &id).await?;
    stream_page(&visit, visit.shell(), &stream, Shown::default())
}

/// `POST /admin/settings/streams/{id}`.
pub async fn save(Path(id): Path<String>, Extension(envoy): Way, visit: Visit) -> Answer {
    let (permit, stream) = at_stream(&visit, &id).await?;
    let change = posted(&visit, stream.config.kind());
    let seen = LogStream {
        revision: revision(&visit),
        ..stream.clone()
    };
    let changed = visit
        .cell
        .replace_log_stream(&permit, seen, change, envoy.as_ref());
    match changed.await {
        Ok(_) => Ok(visit.go(&address(&stream))),
        Err(refusal) => {
            let form = refused_form(&visit, &refusal);
            refused(&visit, &stream, refusal, Some(form))
        }
    }
}

/// `POST /admin/settings/streams/{id}/test`.
pub async fn test(Path(id): Path<String>, Extension(envoy): Way, visit: Visit) -> Answer {
    let (permit, stream) = at_stream(&visit, &id).await?;
    let tested = visit.cell.test_log_stream(&permit, &stream, envoy.as_ref());
    let outcome = match tested.await {
        Ok(outcome) => outcome,
        Err(refusal) => return refused(&visit, &stream, refusal, None),
    };
    let shell = visit.shell();
    let t = shell.t;
    let status = outcome.status.map(i64::from);
    let flash = match explain(t, outcome.trouble, status) {
        Some(why) if !outcome.is_taken => Flash {
            tone: Tone::Bad,
            text: t.streams.test_failed.replace("{why}", &why),
        },
        _ => Flash {
            tone: Tone::Ok,
            text: t.streams.test_taken.to_owned(),
        },
    };
    let shell = Shell {
        flash: Some(flash),
        ..shell
    };
    // The test itself is a row that the stream has not come to.
    let stream = load(&visit, &permit, &id).await?;
    stream_page(&visit, shell, &stream, Shown::default())
}

/// `POST /admin/settings/streams/{id}/activate`.
pub async fn activate(Path(id): Path<String>, visit: Visit) -> Answer {
    switch(&visit, &id, true).await
}

/// `POST /admin/settings/streams/{id}/deactivate`.
pub async fn deactivate(Path(id): Path<String>, visit: Visit) -> Answer {
    switch(&visit, &id, false).await
}

async fn switch(visit: &Visit, id: &str, active: bool) -> Answer {
    let (permit, stream) = at_stream(visit, id).await?;
    let switched = visit
        .cell
        .switch_log_stream(&permit, stream.clone(), active);
    match switched.await {
        Ok(_) => Ok(visit.go(&address(&stream))),
        Err(refusal) => refused(visit, &stream, refusal, None),
    }
}

/// `POST /admin/settings/streams/{id}/secret`: the page shows the new secret this once.
pub async fn renew_secret(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permit, stream) = at_stream(&visit, &id).await?;
    match visit
        .cell
        .renew_stream_secret(&permit, stream.clone())
        .await
    {
        Ok(secret) => {
            let stream = load(&visit, &permit, &id).await?;
            let shown = Shown {
                secret: Some(secret.expose().clone()),
                form: None,
            };
            stream_page(&visit, visit.shell(), &stream, shown)
        }
        Err(refusal) => refused(&visit, &stream, refusal, None),
    }
}

/// `POST /admin/settings/streams/{id}/remove`.
pub async fn remove(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permit, stream) = at_stream(&visit, &id).await?;
    match visit.cell.delete_log_stream(&permit, stream.clone()).await {
        Ok(()) => Ok(visit.go(HERE)),
        Err(refusal) => refused(&visit, &stream, refusal, None),
    }
}

fn address(stream: &LogStream) -> String {
    format!("{HERE}/{}", stream.id)
}

/// The stream of an address, for whoever may change it.
async fn at_stream(visit: &Visit, id: &str) -> Result<(Permit, LogStream), Detour> {
    let back = match LogStreamId::parse(id) {
        Ok(id) => format!("{HERE}/{id}"),
        Err(_) => HERE.to_owned(),
    };
    let permit = administrator_freshly(visit, Permission::ManageOrg, &back).await?;
    let stream = load(visit, &permit, id).await?;
    Ok((permit, stream))
}

async fn load(visit: &Visit, permit: &Permit, id: &str) -> Result<LogStream, Detour> {
    let id = found(visit, LogStreamId::parse(id).ok())?;
    done(visit, visit.cell.find_log_stream(permit, &id).await)
}

/// The stream that a form describes.
fn posted(visit: &Visit, kind: StreamKind) -> StreamChange {
    let text = |field: &str| visit.field(field).trim().to_owned();
    let receiver = match kind {
        StreamKind::Webhook => {
            let (uri, auth) = (text("uri"), posted_auth(visit));
            ReceiverChange::Webhook { uri, auth }
        }
        StreamKind::Syslog => ReceiverChange::Syslog {
            host: text("host"),
            // What is no number is out of bounds, and said to be.
            port: text("port").parse().unwrap_or_default(),
            authority: Some(text("authority")).filter(|pem| !pem.is_empty()),
        },
    };
    StreamChange {
        name: text("name"),
        filter: text("filter"),
        receiver,
        base_url: visit.context.base_url.clone(),
    }
}

/// What was typed, with what is wrong beside it.
fn refused_form(visit: &Visit, refusal: &Refusal) -> StreamForm {
    let problem = problem_of(visit.shell().t, refusal);
    let input = |field: &str, named: &str| typed_again(visit, field, named, problem.as_ref());
    StreamForm {
        name: input("name", "name"),
        filter: input("filter", "filter"),
        uri: input("uri", "settings.uri"),
        auth_name: input("auth_name", "settings.authScheme"),
        host: input("host", "settings.host"),
        port: input("port", "settings.port"),
        authority: input("authority", "settings.caCertificate"),
    }
}

fn new_form() -> StreamForm {
    StreamForm {
        port: Input::of(SYSLOG_PORT.to_string()),
        ..StreamForm::default()
    }
}

fn stored_form(stream: &LogStream) -> StreamForm {
    let form = StreamForm {
        name: Input::of(&stream.name),
        filter: Input::of(&stream.filter),
        ..new_form()
    };
    match &stream.config.receiver {
        Receiver::Webhook(webhook) => {
            let auth = webhook.auth.as_ref();
            StreamForm {
                uri: Input::of(&webhook.uri),
                auth_name: Input::of(auth.map_or("", |auth| auth.name.as_str())),
                ..form
            }
        }
        Receiver::Syslog(syslog) => StreamForm {
            host: Input::of(&syslog.host),
            port: Input::of(syslog.port.to_string()),
            authority: Input::of(syslog.authority.as_deref().unwrap_or_default()),
            ..form
        },
    }
}

async fn list_page(
    visit: &Visit,
    shell: Shell,
    permit: &Permit,
    refused: Option<(StreamKind, StreamForm)>,
) -> Answer {
    let streams = {
        let org = permit.org();
        let mut tx = loaded(visit, visit.cell.database.read().await)?;
        let streams = identity::log_stream::store::load_all(&mut tx, org).await;
        loaded(visit, streams)?
    };
    let (webhook, syslog) = match refused {
        Some((StreamKind::Webhook, form)) => (form, new_form()),
        Some((StreamKind::Syslog, form)) => (new_form(), form),
        None => (new_form(), new_form()),
    };
    let t = shell.t;
    Ok(visit.page(&StreamsPage {
        shell,
        rows: streams
            .into_iter()
            .map(|stream| StreamRow {
                id: stream.id.to_string(),
                to: render_to(&stream.config.receiver),
                is_active: stream.active,
                standing: standing(t, &stream.standing),
                name: stream.name,
            })
            .collect(),
        webhook,
        syslog,
    }))
}

fn render_to(receiver: &Receiver) -> String {
    match receiver {
        Receiver::Webhook(webhook) => webhook.uri.clone(),
        Receiver::Syslog(syslog) => format!("{}:{}", syslog.host, syslog.port),
    }
}

/// What a page shows beside the stream.
#[derive(Default)]
struct Shown {
    secret: Option<String>,
    form: Option<StreamForm>,
}

fn refused(
    visit: &Visit,
    stream: &LogStream,
    refusal: Refusal,
    form: Option<StreamForm>,
) -> Answer {
    let shell = done(visit, shell_after(visit, refusal))?;
    stream_page(visit, shell, stream, Shown { secret: None, form })
}

fn stream_page(visit: &Visit, shell: Shell, stream: &LogStream, shown: Shown) -> Answer {
    let receiver = &stream.config.receiver;
    let t = shell.t;
    Ok(visit.page(&StreamPage {
        id: stream.id.to_string(),
        revision: revision_beside(visit, shown.form.as_ref(), stream.revision),
        name: stream.name.clone(),
        is_webhook: stream.config.kind() == StreamKind::Webhook,
        is_active: stream.active,
        has_auth: matches!(receiver, Receiver::Webhook(webhook) if webhook.auth.is_some()),
        created: moment(stream.created_at),
        fresh_secret: shown.secret,
        standing: standing(t, &stream.standing),
        form: shown.form.unwrap_or_else(|| stored_form(stream)),
        shell,
    }))
}

fn standing(t: &'static Text, standing: &Standing) -> StreamStanding {
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    let fails = standing.failures > 0;
    let trouble = standing.trouble.as_deref().and_then(Trouble::from_word);
    StreamStanding {
        behind: count(standing.behind()),
        missed: count(standing.missed),
        taken: standing.taken_at.map(moment),
        tried: standing.tried_at.map(moment),
        failures: count(standing.failures),
        failing_since: standing.failing_since.map(moment),
        next_try: fails.then(|| moment(standing.next_at)),
        why: explain(t, trouble, standing.status).filter(|_| fails),
    }
}

/// What came of sending, in the reader's language.
fn explain(t: &'static Text, trouble: Option<Trouble>, status: Option<i64>) -> Option<String> {
    let t = &t.streams;
    let word = match (trouble, status) {
        (None, None) => return None,
        (None, Some(status)) => return Some(t.status.replace("{status}", &status.to_string())),
        (Some(Trouble::Inward), _) => t.inward,
        (Some(Trouble::Unreachable), _) => t.unreachable,
        (Some(Trouble::Untrusted), _) => t.untrusted,
        (Some(Trouble::TimedOut), _) => t.timed_out,
        (Some(Trouble::Garbled), _) => t.garbled,
        (Some(Trouble::Broken), _) => t.broken,
    };
    Some(word.to_owned())
}
