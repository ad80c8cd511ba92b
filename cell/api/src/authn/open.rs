//! Calls that carry no token of an administrator: whoever calls proves something by the call.

use crate::body::Fields;
use crate::call::{as_json, read_parameters};
use crate::description::Description;
use crate::error::{ApiError, ErrorCode};
use crate::limits::BODY_BYTES_MAX;
use crate::query::Query;
use crate::reply;
use crate::route::Answer;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, Method};
use identity::api_token::allowance::Allowance;
use identity::cell::Cell;
use identity::feature::Feature;
use identity::org::context::{OrgContext, RequestFacts};
use identity::snapshot::OrgSnapshot;
use std::sync::Arc;

/// Where the classic sign-in API answers.
const CLASSIC: &str = "/api/v1/authn";

/// An operation that needs no token.
pub struct OpenOperation {
    /// The method.
    pub method: Method,
    /// The path, within the org.
    pub path: &'static str,
    /// What it does, for the page that lists the operations.
    pub summary: &'static str,
    /// What it reads and answers.
    pub description: &'static Description,
    pub(crate) handler: &'static str,
    pub(crate) run: fn(OpenCall) -> Answer,
}

impl OpenOperation {
    /// The door that it is behind, if it is behind one.
    pub(crate) fn door(&self) -> Option<Feature> {
        self.path
            .starts_with(CLASSIC)
            .then_some(Feature::ClassicSignIn)
    }
}

/// A call of one.
pub struct OpenCall {
    /// The cell.
    pub cell: Cell,
    /// The org, as addressed.
    pub context: Arc<OrgContext>,
    /// From where and when.
    pub facts: Arc<RequestFacts>,
    /// The org's configuration.
    pub snapshot: Arc<OrgSnapshot>,
    parameters: Vec<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
}

impl OpenCall {
    /// A parameter of the path.
    #[must_use]
    pub fn parameter(&self, name: &str) -> &str {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// The fields of the body.
    ///
    /// # Errors
    /// [`ApiError`] for anything but a JSON object.
    pub fn fields(&self) -> Result<Fields, ApiError> {
        Fields::parse(as_json(&self.headers, &self.body)?)
    }

    /// An address of this org as the caller reaches it.
    #[must_use]
    pub fn href(&self, path: &str) -> String {
        format!("{}{path}", self.context.base_url)
    }
}

/// Answers a call.
pub async fn answer(operation: &'static OpenOperation, cell: Cell, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let context = parts.extensions.get::<Arc<OrgContext>>().cloned();
    let facts = parts.extensions.get::<Arc<RequestFacts>>().cloned();
    let (Some(context), Some(facts)) = (context, facts) else {
        tracing::error!("a route of an org was reached without its middleware");
        return reply::render(Err(ApiError::of(ErrorCode::Internal)), "", None);
    };
    let (request_id, now) = (facts.client.request_id.clone(), facts.now);
    let body = to_bytes(body, BODY_BYTES_MAX).await;
    let read = async {
        let snapshot = cell.snapshot(&context.org).await?;
        let snapshot = snapshot.ok_or(ApiError::of(ErrorCode::NoPath))?;
        if let Some(feature) = operation.door() {
            snapshot.org.settings.shut_doors.check(feature)?;
        }
        Query::parse(parts.uri.query().unwrap_or_default())?.only(operation.description.query)?;
        Ok::<_, ApiError>(OpenCall {
            parameters: read_parameters(&mut parts).await?,
            headers: parts.headers,
            body: body.map_err(|_| ApiError::of(ErrorCode::Malformed))?,
            cell,
            context,
            facts,
            snapshot,
        })
    };
    let outcome = match read.await {
        Ok(call) => (operation.run)(call).await,
        Err(error) => Err(error),
    };
    // Clients of this API wait by these headers, and by no others.
    let wait = outcome.as_ref().err().and_then(ApiError::retry_after_secs);
    let allowance = wait.map(|secs| Allowance {
        limit: 0,
        remaining: 0,
        resets_at: now.plus_secs(secs.into()),
        is_over: true,
    });
    reply::render(outcome, &request_id, allowance)
}
