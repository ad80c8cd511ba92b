//! One call: who makes it, with which permit, and what it brings. Everything that all operations have in common happens
//! here, in this order: the token, its allowance, the permit, the body.

use crate::attributes::Attributes;
use crate::error::ScimError;
use crate::reply::{self, Reply};
use crate::route::{ME, Operation};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts as _, RawPathParams, Request};
use axum::response::Response;
use futures_util::StreamExt as _;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use identity::access::{Caller, Permission, Permit, TokenCaller, authorize};
use identity::api_token::allowance::{Allowance, Allowances};
use identity::cell::Cell;
use identity::fault::Refusal;
use identity::feature::Feature;
use identity::org::context::{OrgContext, RequestFacts};
use identity::person::Person;
use identity::snapshot::OrgSnapshot;
use protocol::http_auth::{Scheme, parse_authorization};
use protocol::scim::body::parse_object;
use protocol::scim::problem::Kind;
use protocol::scim::tag::{Condition, parse_condition};
use protocol::scim::{BODY_BYTES_MAX, BULK_BYTES_MAX, MEDIA_TYPE};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use vocab::id::{ApiTokenId, UserId, UserTypeId};

/// What people have of a type that came to be after the org was read.
static NO_ATTRIBUTES: Attributes = Attributes {
    slots: Vec::new(),
    others: Vec::new(),
};

/// A caller at work in an org.
pub struct Call {
    /// The cell.
    pub cell: Cell,
    /// The org, as addressed.
    pub context: Arc<OrgContext>,
    /// The attributes that the org's people have, of whatever type they are.
    pub attributes: Attributes,
    /// Those of the people of each type, where there are several; made when the first of the people is met, of whom a page has many.
    typed: OnceLock<BTreeMap<Option<UserTypeId>, Attributes>>,
    /// What the org is like.
    snapshot: Arc<OrgSnapshot>,
    /// The person with whose roles the token acts.
    pub owner: UserId,
    facts: Arc<RequestFacts>,
    caller: Caller,
    token: ApiTokenId,
    allowances: Allowances,
}

/// What one operation is asked.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The resource that it is about.
    pub id: String,
    /// The query.
    pub query: String,
    /// What it brings.
    pub content: Content,
    /// The version that it is done on condition of.
    pub if_match: Option<Condition>,
    /// The versions that the caller has seen.
    pub if_none_match: Option<Condition>,
}

/// What an operation brings.
#[derive(Debug, Clone, Default)]
pub enum Content {
    /// Nothing.
    #[default]
    Nothing,
    /// A body that is still to be read.
    Raw(Bytes),
    /// A body of another media type.
    Foreign,
    /// An object that was part of another body.
    Read(Map<String, Value>),
}

impl Asked {
    /// The object that the operation brings.
    ///
    /// # Errors
    /// [`ScimError`] for anything else.
    pub fn object(&self) -> Result<Map<String, Value>, ScimError> {
        match &self.content {
            Content::Read(object) => Ok(object.clone()),
            _ => Ok(parse_object(self.bytes()?)?),
        }
    }

    /// The bytes that the operation brings.
    ///
    /// # Errors
    /// [`ScimError`] if it brings none.
    pub fn bytes(&self) -> Result<&[u8], ScimError> {
        match &self.content {
            Content::Raw(bytes) => Ok(bytes),
            Content::Foreign => {
                let detail = format!("the body must be {MEDIA_TYPE}");
                Err(ScimError::of(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail))
            }
            Content::Nothing | Content::Read(_) => {
                let detail = "a body is required, as JSON";
                Err(ScimError::bad(Kind::InvalidSyntax, detail))
            }
        }
    }

    /// Holds the version of a resource against what the caller has seen of it.
    ///
    /// # Errors
    /// [`ScimError`] if it is another one.
    pub fn check_version(&self, version: &str) -> Result<(), ScimError> {
        match &self.if_match {
            Some(condition) if !condition.holds(version) => Err(ScimError::stale()),
            _ => Ok(()),
        }
    }

    /// What a lost race is told as: to whoever set a condition, that it does not hold any more.
    #[must_use]
    pub fn lost(&self) -> ScimError {
        match self.is_conditional() {
            true => ScimError::stale(),
            false => Refusal::Changed.into(),
        }
    }

    /// Whether the change is made on a condition, and so at most once.
    #[must_use]
    pub const fn is_conditional(&self) -> bool {
        matches!(self.if_match, Some(Condition::OneOf(_)))
    }
}

/// Answers a call of an operation.
pub async fn answer(
    operation: &'static Operation,
    cell: Cell,
    allowances: Allowances,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let context = parts.extensions.get::<Arc<OrgContext>>().cloned();
    let facts = parts.extensions.get::<Arc<RequestFacts>>().cloned();
    let (Some(context), Some(facts)) = (context, facts) else {
        tracing::error!("a route of an org was reached without its middleware");
        let error = ScimError::of(StatusCode::INTERNAL_SERVER_ERROR, "the call failed");
        return reply::render(Err(error), None);
    };
    let mut body = Some(body);
    let token = match authenticate(&cell, &context, &parts.headers).await {
        Ok(token) => token,
        Err(error) => {
            drain(body).await;
            return reply::render(Err(error), None);
        }
    };
    let allowance = allowances.take(token.token_id.as_str(), facts.now);
    let outcome = match refuse_over(&allowance) {
        Some(error) => Err(error),
        None => {
            let surroundings = (cell, context, facts, allowances);
            run(operation, surroundings, token, parts, &mut body).await
        }
    };
    drain(body).await;
    reply::render(outcome, Some(allowance))
}

/// Lets what was not read come in, within a bound, and forgets it: else the connection would have to be closed, and the
/// caller's next request, which may be under way on it, would fail.
async fn drain(body: Option<Body>) {
    let Some(body) = body else { return };
    let (mut stream, mut bytes) = (body.into_data_stream(), 0);
    while let Some(Ok(chunk)) = stream.next().await {
        bytes += chunk.len();
        if bytes > BODY_BYTES_MAX {
            return;
        }
    }
}

fn refuse_over(allowance: &Allowance) -> Option<ScimError> {
    allowance.is_over.then(|| {
        let detail = "the token has made too many calls; see X-Rate-Limit-Reset";
        ScimError::of(StatusCode::TOO_MANY_REQUESTS, detail)
    })
}

/// The one way in is a token in the header: what a browser sends by itself counts for nothing, so that no other site can
/// make one call.
async fn authenticate(
    cell: &Cell,
    context: &OrgContext,
    headers: &HeaderMap,
) -> Result<TokenCaller, ScimError> {
    let refused = || {
        let detail = "an API token of this organisation is required";
        ScimError::of(StatusCode::UNAUTHORIZED, detail)
    };
    let values = headers.get_all(header::AUTHORIZATION).iter();
    let presented = parse_authorization(values.map(HeaderValue::as_bytes))
        .map_err(|_| refused())?
        .ok_or_else(refused)?;
    if !matches!(presented.scheme, Scheme::Bearer | Scheme::Ssws) {
        return Err(refused());
    }
    cell.api_token_caller(&context.org, presented.credentials)
        .await?
        .ok_or_else(refused)
}

/// Cell, org and facts of a request, and what counts calls.
type Surroundings = (Cell, Arc<OrgContext>, Arc<RequestFacts>, Allowances);

async fn run(
    operation: &'static Operation,
    (cell, context, facts, allowances): Surroundings,
    token: TokenCaller,
    parts: Parts,
    body: &mut Option<Body>,
) -> Result<Reply, ScimError> {
    let owner = token.user_id.clone();
    let token_id = token.token_id.clone();
    let caller = Caller::ApiToken(token);
    authorize(&caller, &context.org, operation.permission, &facts.client)?;
    let snapshot = cell.snapshot(&context.org).await?;
    let snapshot = snapshot.ok_or(Refusal::NotFound)?;
    let doors = &snapshot.org.settings.shut_doors;
    doors.check(Feature::ScimServer)?;
    let asked = read(operation, &owner, parts, body).await?;
    let call = Call {
        cell,
        context,
        attributes: Attributes::of(&snapshot.schemas().every()),
        typed: OnceLock::new(),
        snapshot,
        owner,
        facts,
        caller,
        token: token_id,
        allowances,
    };
    (operation.run)(call, asked).await
}

async fn read(
    operation: &Operation,
    owner: &UserId,
    mut parts: Parts,
    body: &mut Option<Body>,
) -> Result<Asked, ScimError> {
    let parameters = RawPathParams::from_request_parts(&mut parts, &())
        .await
        .map_err(|_| ScimError::of(StatusCode::NOT_FOUND, "there is no such path"))?;
    let id = match parameters.iter().next() {
        Some((_, id)) => id.to_owned(),
        None if operation.path == ME => owner.to_string(),
        None => String::new(),
    };
    let condition = |name: HeaderName| read_condition(&parts.headers, name);
    let if_match = condition(header::IF_MATCH)?;
    let if_none_match = condition(header::IF_NONE_MATCH)?;
    let content = if ["POST", "PUT", "PATCH"].contains(&operation.method.as_str()) {
        let bytes_max = if operation.takes_many {
            BULK_BYTES_MAX
        } else {
            BODY_BYTES_MAX
        };
        let body = body.take().unwrap_or_default();
        let bytes = to_bytes(body, bytes_max).await.map_err(|_| {
            let detail = format!("the body must have at most {bytes_max} bytes");
            ScimError::of(StatusCode::PAYLOAD_TOO_LARGE, detail)
        })?;
        match is_json(&parts.headers) {
            true => Content::Raw(bytes),
            false => Content::Foreign,
        }
    } else {
        Content::Nothing
    };
    Ok(Asked {
        id,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        content,
        if_match,
        if_none_match,
    })
}

fn read_condition(headers: &HeaderMap, name: HeaderName) -> Result<Option<Condition>, ScimError> {
    let mut values = headers.get_all(&name).iter();
    let wrong = || {
        let detail = format!("{name}: it is no entity tag");
        ScimError::of(StatusCode::BAD_REQUEST, detail)
    };
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let condition = value.to_str().ok().and_then(parse_condition);
            condition.map(Some).ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}

/// Clients of the field also send plain JSON.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    let mut known = [MEDIA_TYPE, "application/json"].iter();
    known.any(|known| essence.eq_ignore_ascii_case(known))
}

impl Call {
    /// The permit for something.
    ///
    /// # Errors
    /// [`ScimError`] if the caller's roles do not give it.
    pub fn permit(&self, permission: Permission) -> Result<Permit, ScimError> {
        let (org, client) = (&self.context.org, &self.facts.client);
        Ok(authorize(&self.caller, org, permission, client)?)
    }

    /// The attributes that a person has: those of their type. A new one is of the type that every org has.
    #[must_use]
    pub fn attributes_of(&self, person: Option<&Person>) -> &Attributes {
        let schemas = self.snapshot.schemas();
        if schemas.of_types.is_empty() {
            return &self.attributes;
        }
        let typed = self.typed.get_or_init(|| {
            let others = schemas.of_types.iter();
            let others = others.map(|of| (Some(of.key.clone()), Attributes::of(&of.attributes)));
            let of_default = (None, Attributes::of(schemas.of_default));
            std::iter::once(of_default).chain(others).collect()
        });
        let key = person.map_or(&None, |person| &person.type_id);
        typed.get(key).unwrap_or(&NO_ATTRIBUTES)
    }

    /// Counts one more call of the token: an operation among several is one.
    ///
    /// # Errors
    /// [`ScimError`] if it is one too many.
    pub fn count(&self) -> Result<(), ScimError> {
        let allowance = self.allowances.take(self.token.as_str(), self.cell.now());
        refuse_over(&allowance).map_or(Ok(()), Err)
    }

    /// The address of something below that of the server.
    #[must_use]
    pub fn href(&self, path: &str) -> String {
        format!("{}{}{path}", self.context.base_url, crate::route::BASE)
    }
}

/// The answer where no operation has this path.
pub async fn no_path() -> Response {
    let error = ScimError::of(StatusCode::NOT_FOUND, "there is no such path");
    reply::render(Err(error), None)
}

/// The answer where operations have this path, with other methods.
pub async fn no_method() -> Response {
    let error = ScimError::of(
        StatusCode::METHOD_NOT_ALLOWED,
        "nothing is done here by this method",
    );
    reply::render(Err(error), None)
}
