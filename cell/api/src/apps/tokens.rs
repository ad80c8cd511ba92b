//! The refresh tokens of an app, whosever they are.

use crate::apps::load_app;
use crate::call::Call;
use crate::error::ApiError;
use crate::refresh_tokens::Tokens;
use crate::reply::Reply;

async fn load(call: &Call) -> Result<Tokens, ApiError> {
    let app = load_app(call).await?;
    Ok(Tokens {
        href: call.href(&format!("/api/v1/apps/{}", app.id)),
        server: None,
        app,
    })
}

/// `GET /api/v1/apps/{id}/tokens`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    load(&call).await?.list(&call).await
}

/// `GET /api/v1/apps/{id}/tokens/{token}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    load(&call).await?.one(&call).await
}

/// `DELETE /api/v1/apps/{id}/tokens`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn revoke_all(call: Call) -> Result<Reply, ApiError> {
    load(&call).await?.revoke_all(&call).await
}

/// `DELETE /api/v1/apps/{id}/tokens/{token}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn revoke(call: Call) -> Result<Reply, ApiError> {
    load(&call).await?.revoke(&call).await
}
