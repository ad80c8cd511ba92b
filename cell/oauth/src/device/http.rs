//! The device authorization endpoint on the wire.

use crate::denial::Failure;
use crate::device::run;
use crate::endpoint::Exchange;
use crate::limits::{DEVICE_INTERVAL_SECS, DEVICE_SECS};
use crate::reply;
use axum::response::Response;
use http::StatusCode;
use protocol::oauth::device_authorization::DeviceAuthorizationResponse;

/// `POST …/v1/device/authorize`.
pub async fn handle(exchange: Exchange) -> Response {
    let outcome: Result<_, Failure> = run(&exchange).await;
    match outcome {
        Ok(codes) => {
            let body = DeviceAuthorizationResponse {
                device_code: codes.device_code.expose(),
                user_code: codes.user_code.as_str(),
                verification_uri: &codes.verification_uri,
                verification_uri_complete: &codes.verification_uri_complete,
                expires_in: DEVICE_SECS,
                interval: DEVICE_INTERVAL_SECS,
            };
            match serde_json::to_string(&body) {
                Ok(body) => reply::json(StatusCode::OK, body),
                Err(_) => reply::fault(),
            }
        }
        Err(failure) => reply::failure(&failure),
    }
}
