//! What the control plane asks about moves. The status of an answer is chosen here alone.

use crate::moving::Mover;
use crate::moving::refusal::MoveRefusal;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Serialize;
use serde::de::DeserializeOwned;
use vocab::id::MoveId;
use wire::control::Problem;
use wire::org_move::seal::transfer::MESSAGE_TEXT_BYTES_MAX;
use wire::org_move::{Verb, word};

/// Largest body: a message, and room for what stands around it.
const BODY_BYTES_MAX: usize = MESSAGE_TEXT_BYTES_MAX + 64 * 1024;

/// The endpoints of moves, for a router that lets nobody but the control plane in.
pub fn router(mover: Mover) -> Router {
    Router::new()
        .route("/fleet/v1/moves/{id}/{verb}", post(answer))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(mover)
}

async fn answer(
    State(mover): State<Mover>,
    Path((id, verb)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let verb = Verb::ALL.into_iter().find(|known| known.as_str() == verb);
    let (Ok(id), Some(verb)) = (MoveId::parse(&id), verb) else {
        return refuse(&MoveRefusal::NotFound);
    };
    // In a task of its own: whoever asked may go away, and a fence that is half up would stay so.
    let asked = id.clone();
    let task = tokio::spawn(async move { run(&mover, &asked, verb, &body).await });
    match task.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(refusal)) => {
            if let MoveRefusal::Fault(fault) = &refusal {
                tracing::error!(error = %fault, cause = ?std::error::Error::source(fault), id = %id, verb = verb.as_str(), "a step of a move failed");
            }
            refuse(&refusal)
        }
        Err(error) => {
            tracing::error!(%error, id = %id, verb = verb.as_str(), "a step of a move ended early");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn run(mover: &Mover, id: &MoveId, verb: Verb, body: &[u8]) -> Result<Response, MoveRefusal> {
    match verb {
        Verb::Offer => reply(mover.offer(id, parse(body)?).await?),
        Verb::Give => reply(mover.give(id, parse(body)?).await?),
        Verb::Accept => reply(mover.accept(id, parse(body)?).await?),
        Verb::Parcel => reply(mover.parcel(id, parse(body)?).await?),
        Verb::Take => reply(mover.take(id, parse(body)?).await?),
        Verb::Acknowledge => reply(mover.acknowledge(id, parse(body)?).await?),
        Verb::Touch => reply(mover.touch(id, parse(body)?).await?),
        Verb::Hush => reply(mover.hush(id, parse(body)?).await?),
        Verb::Fence => reply(mover.fence(id, parse(body)?).await?),
        Verb::Unfence => reply(mover.unfence(id, parse(body)?).await?),
        Verb::Activate => reply(mover.activate(id, parse(body)?).await?),
        Verb::Retire => reply(mover.retire(id, parse(body)?).await?),
        Verb::Forget => reply(mover.forget(id, parse(body)?).await?),
        Verb::Finish => reply(mover.finish(id, parse(body)?).await?),
        Verb::Status => {
            let _: wire::org_move::Forget = parse(body)?;
            reply(mover.status(id).await?)
        }
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, MoveRefusal> {
    serde_json::from_slice(body).map_err(|error| MoveRefusal::Invalid(error.to_string()))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "one line for each verb, all of the same form"
)]
fn reply(answer: impl Serialize) -> Result<Response, MoveRefusal> {
    Ok(Json(answer).into_response())
}

fn refuse(refusal: &MoveRefusal) -> Response {
    let (status, error) = match refusal {
        MoveRefusal::NotFound => (StatusCode::NOT_FOUND, word::NOT_FOUND),
        MoveRefusal::Changed(_) => (StatusCode::CONFLICT, word::CHANGED),
        MoveRefusal::OfferLost => (StatusCode::CONFLICT, word::OFFER_LOST),
        MoveRefusal::TooOld => (StatusCode::UNPROCESSABLE_ENTITY, word::TOO_OLD),
        MoveRefusal::Taken(_) => (StatusCode::CONFLICT, word::TAKEN),
        MoveRefusal::Refused(_) => (StatusCode::UNPROCESSABLE_ENTITY, word::REFUSED),
        MoveRefusal::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid"),
        MoveRefusal::Busy(_) | MoveRefusal::Fault(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, word::UNAVAILABLE)
        }
    };
    let problem = Problem {
        error: error.to_owned(),
        message: refusal.to_string(),
    };
    (status, Json(problem)).into_response()
}
