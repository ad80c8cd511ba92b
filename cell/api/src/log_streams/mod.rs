//! Log streams: listed, added, shown, changed, switched, tested and removed; the secret that signs what a webhook is sent.

pub(crate) mod described;
pub mod input;
pub mod render;

use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::limits::LOG_STREAMS_PAGE;
use crate::log_streams::input::parse_stream;
use crate::log_streams::render::{render_stream, stream_href};
use crate::receivers::{explain, refused};
use crate::reply::Reply;
use crate::search::Kind;
use crate::shown::status_of;
use crate::whole_list::{find_filter, page_of};
use identity::condition::{Condition, Operand};
use identity::fault::Refusal;
use identity::log_stream::LogStream;
use serde_json::{Value, json};
use vocab::id::LogStreamId;

/// What a list is filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attribute {
    Status,
    Type,
}

fn find_attribute(name: &str) -> Option<(Attribute, Kind)> {
    match name {
        "status" => Some((Attribute::Status, Kind::Text)),
        "type" => Some((Attribute::Type, Kind::Text)),
        _ => None,
    }
}

fn holds(condition: &Condition<Attribute>, stream: &LogStream) -> bool {
    condition.holds(&|attribute| {
        let word = match attribute {
            Attribute::Status => status_of(stream.active),
            Attribute::Type => stream.config.kind().as_str(),
        };
        Some(Operand::Text(word.to_owned()))
    })
}

/// `GET /api/v1/logStreams`: there are few, so that any filter is answered.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let filter = find_filter(&call, &find_attribute)?;
    let mut streams = call.cell.list_log_streams(&call.permit).await?;
    streams.retain(|stream| filter.as_ref().is_none_or(|filter| holds(filter, stream)));
    let (streams, next) = page_of(&call, streams, LOG_STREAMS_PAGE, |stream| {
        stream.id.as_str()
    })?;
    let shown: Vec<Value> = streams
        .iter()
        .map(|stream| render_stream(&call, stream))
        .collect();
    Ok(call.paged(Reply::of(Value::from(shown)), next.as_ref()))
}

async fn load(call: &Call) -> Result<LogStream, ApiError> {
    let named = call.parameter("id");
    let missing = || ApiError::not_found(Thing::LogStream, named);
    let id = LogStreamId::parse(named).map_err(|_| missing())?;
    match call.cell.find_log_stream(&call.permit, &id).await {
        Err(Refusal::NotFound) => Err(missing()),
        other => Ok(other?),
    }
}

/// `GET /api/v1/logStreams/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let stream = load(&call).await?;
    Ok(Reply::of(render_stream(&call, &stream)))
}

/// `POST /api/v1/logStreams`: it is switched on.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let change = parse_stream(call.json()?, &call.context.base_url, None)?;
    let envoy = call.envoy.as_ref();
    let made = call.cell.create_log_stream(&call.permit, change, envoy);
    let made = made.await.map_err(refused)?;
    Ok(Reply::of(render_stream(&call, &made.stream)))
}

/// `PUT /api/v1/logStreams/{id}`: it goes on from where it stands.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    let stream = load(&call).await?;
    let change = parse_stream(call.json()?, &call.context.base_url, Some(&stream))?;
    let envoy = call.envoy.as_ref();
    let changed = call
        .cell
        .replace_log_stream(&call.permit, stream, change, envoy);
    let changed = changed.await.map_err(refused)?;
    Ok(Reply::of(render_stream(&call, &changed)))
}

/// `DELETE /api/v1/logStreams/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation, above all for a stream that is switched on.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let stream = load(&call).await?;
    let deleted = call.cell.delete_log_stream(&call.permit, stream);
    deleted.await.map_err(refused)?;
    Ok(Reply::empty())
}

/// `POST …/lifecycle/activate`: it goes on from where it stood.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn activate(call: Call) -> Result<Reply, ApiError> {
    switch(call, true).await
}

/// `POST …/lifecycle/deactivate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn deactivate(call: Call) -> Result<Reply, ApiError> {
    switch(call, false).await
}

async fn switch(call: Call, active: bool) -> Result<Reply, ApiError> {
    let stream = load(&call).await?;
    let switched = call.cell.switch_log_stream(&call.permit, stream, active);
    let switched = switched.await.map_err(refused)?;
    Ok(Reply::of(render_stream(&call, &switched)))
}

/// `POST …/test`: sends a row of the log that says so, now.
///
/// # Errors
/// [`ApiError`] as every operation; why the receiver has not taken it is the cause.
pub async fn test(call: Call) -> Result<Reply, ApiError> {
    let stream = load(&call).await?;
    let envoy = call.envoy.as_ref();
    let tested = call.cell.test_log_stream(&call.permit, &stream, envoy);
    let outcome = tested.await.map_err(refused)?;
    if outcome.is_taken {
        let taken = json!({ "result": "TAKEN", "responseStatus": outcome.status });
        return Ok(Reply::of(taken));
    }
    let why = match (outcome.trouble, outcome.status) {
        (Some(trouble), _) => explain(trouble).to_owned(),
        (None, status) => format!("it answered with {}", status.unwrap_or_default()),
    };
    Err(ApiError::invalid("settings", &why))
}

/// `POST …/credentials/secret`: a new secret, shown this once.
///
/// # Errors
/// [`ApiError`] as every operation, above all for syslog, which is not signed.
pub async fn renew_secret(call: Call) -> Result<Reply, ApiError> {
    let stream = load(&call).await?;
    let href = stream_href(&call, &stream);
    let secret = call.cell.renew_stream_secret(&call.permit, stream);
    let secret = secret.await.map_err(refused)?;
    Ok(Reply::of(json!({
        "secret": secret.expose(),
        "_links": { "logStream": { "href": href } },
    })))
}
