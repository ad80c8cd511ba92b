//! Whether the process lives, and whether it can serve.

use crate::pulse::Pulse;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use identity::cell::Cell;

/// Answers as long as the process runs.
pub async fn live() -> impl IntoResponse {
    (StatusCode::OK, "live\n")
}

/// Answers 200 when the store can be read and takes writes, else 503.
pub async fn ready(
    State(cell): State<Cell>,
    Extension(pulse): Extension<Pulse>,
) -> impl IntoResponse {
    if let Err(problem) = pulse.check() {
        return (StatusCode::SERVICE_UNAVAILABLE, problem);
    }
    match cell.database.read().await {
        Ok(mut tx) => match identity::org::store::find_first(&mut tx).await {
            Ok(_) => (StatusCode::OK, "ready\n"),
            Err(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the store cannot be read\n",
            ),
        },
        Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the store cannot be reached\n",
        ),
    }
}
