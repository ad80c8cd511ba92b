//! One call of the API: who makes it, with which permit, and what it brings. Everything that all operations have in
//! common happens here, in this order: the token, its allowance, the permit, the query, the body.

use crate::bearer::{self, Bearer};
use crate::error::{ApiError, ErrorCode, Thing};
use crate::limits::BODY_BYTES_MAX;
use crate::query::Query;
use crate::reply::{self, Reply};
use crate::route::Operation;
use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequestParts as _, RawPathParams, Request};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, header};
use identity::access::custom::capability::Capability;
use identity::access::{Caller, Permission, Permit, authorize, authorize_within};
use identity::api_token::allowance::Allowances;
use identity::cell::Cell;
use identity::condition::Place;
use identity::cursor;
use identity::event_hook::envoy::Envoy;
use identity::fault::Refusal;
use identity::group::Group;
use identity::org::context::{OrgContext, RequestFacts};
use identity::org::settings::ProfileAttribute;
use identity::person::Person;
use identity::person::search::PersonRecord;
use identity::snapshot::OrgSnapshot;
use std::sync::Arc;
use vocab::id::{AppId, GroupId, UserId};
use vocab::time::Timestamp;

/// The word for the person with whose roles an API token acts.
const ME: &str = "me";

/// A call that may be made.
pub struct Call {
    /// The cell.
    pub cell: Cell,
    /// The org, as addressed.
    pub context: Arc<OrgContext>,
    /// The permit for what the operation needs.
    pub permit: Permit,
    /// The query.
    pub query: Query,
    /// The way to addresses that administrators named.
    pub envoy: Arc<dyn Envoy>,
    /// The org's configuration, as of the beginning of the call.
    pub snapshot: Arc<OrgSnapshot>,
    facts: Arc<RequestFacts>,
    caller: Caller,
    owner: Option<UserId>,
    path: String,
    parameters: Vec<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
}

/// What a change is made on condition of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// Whatever the thing is like.
    Nothing,
    /// That it is still at this revision.
    Revision(i64),
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
    let envoy = parts.extensions.get::<Arc<dyn Envoy>>().cloned();
    let (Some(context), Some(facts), Some(envoy)) = (context, facts, envoy) else {
        tracing::error!("a route of an org was reached without its middleware");
        return reply::render(Err(ApiError::of(ErrorCode::Internal)), "", None);
    };
    let request_id = facts.client.request_id.clone();
    // Before anything is refused: a connection on which the rest of a body is still to come would have to be closed, and the
    // caller's next request, which may be under way on it, would fail.
    let body = to_bytes(body, BODY_BYTES_MAX).await.ok();
    let bearer = match bearer::authenticate(&cell, &context, &parts.headers, facts.now).await {
        Ok(bearer) => bearer,
        Err(error) => return reply::render(Err(error), &request_id, None),
    };
    let allowance = allowances.take(bearer.counted_as(), facts.now);
    let outcome = if allowance.is_over {
        Err(ApiError::of(ErrorCode::TooManyRequests))
    } else {
        match Call::read(
            operation,
            (cell, context, facts, envoy),
            bearer,
            parts,
            body,
        )
        .await
        {
            Ok(call) => (operation.run)(call).await,
            Err(error) => Err(error),
        }
    };
    reply::render(outcome, &request_id, Some(allowance))
}

/// Cell, org and facts of a request, and the way out.
type Surroundings = (Cell, Arc<OrgContext>, Arc<RequestFacts>, Arc<dyn Envoy>);

impl Call {
    async fn read(
        operation: &'static Operation,
        (cell, context, facts, envoy): Surroundings,
        bearer: Bearer,
        mut parts: Parts,
        body: Option<Bytes>,
    ) -> Result<Self, ApiError> {
        bearer.has_scope(operation, &context)?;
        let owner = bearer.owner().cloned();
        let caller = bearer.into_caller();
        let permit = permit_of(&caller, &context, operation, &facts)?;
        if !operation.is_conditional() && parts.headers.contains_key(header::IF_MATCH) {
            let cause = "If-Match: only a change of a person's profile is made on a condition";
            return Err(ApiError::because(ErrorCode::Unsupported, cause));
        }
        let query = Query::parse(parts.uri.query().unwrap_or_default())?;
        query.only(operation.description.query)?;
        let parameters = read_parameters(&mut parts).await?;
        let body = body.ok_or(ApiError::of(ErrorCode::Malformed))?;
        let snapshot = cell.snapshot(&context.org).await?;
        let snapshot = snapshot.ok_or(Refusal::NotFound)?;
        Ok(Self {
            cell,
            context,
            permit,
            query,
            envoy,
            snapshot,
            facts,
            caller,
            owner,
            path: parts.uri.path().to_owned(),
            parameters,
            headers: parts.headers,
            body,
        })
    }

    /// The permit for something that the operation needs besides.
    ///
    /// # Errors
    /// [`ApiError`] if the caller's roles do not give it.
    pub fn permit_for(&self, permission: Permission) -> Result<Permit, ApiError> {
        let org = &self.context.org;
        Ok(authorize(
            &self.caller,
            org,
            permission,
            &self.facts.client,
        )?)
    }

    /// The same by the caller's custom roles alone, within their resource sets.
    ///
    /// # Errors
    /// [`ApiError`] if those do not give it.
    pub fn permit_within(&self, capability: Capability) -> Result<Permit, ApiError> {
        let org = &self.context.org;
        let client = &self.facts.client;
        Ok(authorize_within(&self.caller, org, capability, client)?)
    }

    /// The permit by which what the operation is about is looked at: that of custom roles shows no more than they hold.
    ///
    /// # Errors
    /// [`ApiError`] if the caller may not look.
    pub fn reader(&self) -> Result<Permit, ApiError> {
        match self.permit.custom_caller() {
            Some(_) => Ok(self.permit.clone()),
            None => self.permit_for(Permission::ReadDirectory),
        }
    }

    /// Who calls.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// From where and when.
    #[must_use]
    pub fn facts(&self) -> &RequestFacts {
        &self.facts
    }

    /// When the call arrived.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.facts.now
    }

    /// The attributes that a person has beyond the built-in ones: those of their type.
    #[must_use]
    pub fn schema_of(&self, person: &Person) -> &[ProfileAttribute] {
        self.snapshot.schemas().of_person(person)
    }

    /// A parameter of the path.
    #[must_use]
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value.as_str())
    }

    /// The person whom a parameter of the path names: by id, by login, or as `me`.
    ///
    /// # Errors
    /// [`ApiError`] if this org has nobody such.
    pub async fn user(&self, name: &str) -> Result<PersonRecord, ApiError> {
        self.find_user(name, None).await
    }

    /// The same, to whom that app is assigned, or is about to be.
    ///
    /// # Errors
    /// As for [`Call::user`].
    pub async fn assignee(&self, name: &str, app: &AppId) -> Result<PersonRecord, ApiError> {
        self.find_user(name, Some(app)).await
    }

    async fn find_user(&self, name: &str, app: Option<&AppId>) -> Result<PersonRecord, ApiError> {
        let named = self.parameter(name);
        let asked = match (&self.owner, named) {
            (Some(owner), ME) => owner.as_str(),
            // An app that acts for itself is nobody, whatever logins there are.
            (None, ME) => return Err(ApiError::not_found(Thing::User, named)),
            (_, named) => named,
        };
        let reader = self.reader()?;
        let found = match app {
            Some(app) => self.cell.find_assignee(&reader, app, asked).await,
            None => self.cell.find_person(&reader, asked).await,
        };
        match found {
            Err(Refusal::NotFound) => Err(ApiError::not_found(Thing::User, named)),
            other => Ok(other?),
        }
    }

    /// The group whose id is a parameter of the path.
    ///
    /// # Errors
    /// [`ApiError`] if this org has none such.
    pub async fn group(&self, name: &str) -> Result<Group, ApiError> {
        self.find_group(name, None).await
    }

    /// The same, to which that app is assigned, or is about to be.
    ///
    /// # Errors
    /// As for [`Call::group`].
    pub async fn assigned_group(&self, name: &str, app: &AppId) -> Result<Group, ApiError> {
        self.find_group(name, Some(app)).await
    }

    async fn find_group(&self, name: &str, app: Option<&AppId>) -> Result<Group, ApiError> {
        let named = self.parameter(name);
        let missing = || ApiError::not_found(Thing::UserGroup, named);
        let id = GroupId::parse(named).map_err(|_| missing())?;
        let reader = self.reader()?;
        let found = match app {
            Some(app) => self.cell.find_assigned_group(&reader, app, &id).await,
            None => self.cell.find_group(&reader, &id).await,
        };
        match found {
            Err(Refusal::NotFound) => Err(missing()),
            other => Ok(other?),
        }
    }

    /// Whether there is a body at all.
    #[must_use]
    pub fn has_body(&self) -> bool {
        !self.body.is_empty()
    }

    /// The body, which must be JSON.
    ///
    /// # Errors
    /// [`ApiError`] for another media type.
    pub fn json(&self) -> Result<&[u8], ApiError> {
        as_json(&self.headers, &self.body)
    }

    /// What `If-Match` says.
    ///
    /// # Errors
    /// [`ApiError`] for what is no entity tag of ours.
    pub fn precondition(&self) -> Result<Precondition, ApiError> {
        let mut values = self.headers.get_all(header::IF_MATCH).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(Precondition::Nothing),
            (Some(value), None) => value
                .to_str()
                .ok()
                .and_then(parse_precondition)
                .ok_or(ApiError::of(ErrorCode::ETagSyntax)),
            _ => Err(ApiError::of(ErrorCode::ETagSyntax)),
        }
    }

    /// An address of this org as the caller reaches it.
    #[must_use]
    pub fn href(&self, path: &str) -> String {
        format!("{}{path}", self.context.base_url)
    }

    /// Where the page begins that is asked for.
    ///
    /// # Errors
    /// [`ApiError`] for a cursor of another list.
    pub fn place(&self) -> Result<Option<Place>, ApiError> {
        let after = self.query.get("after");
        let read = |after| {
            let place = cursor::parse(&self.mark(), after);
            place.ok_or_else(|| ApiError::invalid("after", "it is no cursor of this list"))
        };
        after.map(read).transpose()
    }

    /// The address of the page behind that place, for a list that tells it in its body.
    #[must_use]
    pub fn href_after(&self, place: &Place) -> String {
        self.page_href(Some(&cursor::render(&self.mark(), place)))
    }

    /// The reply with the addresses of this page and of the next.
    #[must_use]
    pub fn paged(&self, reply: Reply, next: Option<&Place>) -> Reply {
        let next = next.map(|place| self.href_after(place));
        reply.pages(&self.page_href(None), next)
    }

    fn page_href(&self, after: Option<&str>) -> String {
        let query = self.query.render(after);
        let mark = if query.is_empty() { "" } else { "?" };
        self.href(&format!("{}{mark}{query}", self.path))
    }

    fn mark(&self) -> String {
        cursor::mark(&self.context.org, &self.path, &self.query.of_list())
    }
}

/// The permit for an operation: that of roles that permit it for everything, or else that of custom roles, which the
/// operation holds against the things it touches.
fn permit_of(
    caller: &Caller,
    context: &OrgContext,
    operation: &Operation,
    facts: &RequestFacts,
) -> Result<Permit, Refusal> {
    let (org, client) = (&context.org, &facts.client);
    match (
        authorize(caller, org, operation.permission, client),
        operation.capability(),
    ) {
        (Err(Refusal::Forbidden), Some(capability)) => {
            authorize_within(caller, org, capability, client)
        }
        (other, _) => other,
    }
}

/// The parameters of the path, by name. Nothing is called so that has U+0000 in its name, and no store takes such a text.
pub(crate) async fn read_parameters(parts: &mut Parts) -> Result<Vec<(String, String)>, ApiError> {
    let parameters = RawPathParams::from_request_parts(parts, &())
        .await
        .map_err(|_| ApiError::of(ErrorCode::NoPath))?;
    if parameters.iter().any(|(_, value)| value.contains('\0')) {
        return Err(Refusal::NotFound.into());
    }
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Ok(parameters.iter().map(owned).collect())
}

/// A body that says to be JSON.
pub(crate) fn as_json<'b>(headers: &HeaderMap, body: &'b Bytes) -> Result<&'b [u8], ApiError> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        Ok(body)
    } else {
        Err(ApiError::of(ErrorCode::MediaType))
    }
}

/// A weak tag is as good as a strong one: what it stands for is a revision, not bytes.
fn parse_precondition(text: &str) -> Option<Precondition> {
    if text == "*" {
        return Some(Precondition::Nothing);
    }
    let quoted = text.strip_prefix("W/").unwrap_or(text);
    let revision = quoted.strip_prefix('"')?.strip_suffix('"')?;
    revision.parse().ok().map(Precondition::Revision)
}

/// The answer where no operation has this path.
pub async fn no_path(request: Request) -> Response {
    reply::render(
        Err(ApiError::of(ErrorCode::NoPath)),
        &request_id(&request),
        None,
    )
}

/// The answer where operations have this path, with other methods.
pub async fn no_method(request: Request) -> Response {
    reply::render(
        Err(ApiError::of(ErrorCode::Method)),
        &request_id(&request),
        None,
    )
}

fn request_id(request: &Request) -> String {
    let facts = request.extensions().get::<Arc<RequestFacts>>();
    facts.map_or_else(String::new, |facts| facts.client.request_id.clone())
}

#[cfg(test)]
mod tests {
    use super::{Precondition, parse_precondition};

    #[test]
    fn entity_tags_are_revisions() {
        for (text, expected) in [
            ("*", Some(Precondition::Nothing)),
            ("W/\"3\"", Some(Precondition::Revision(3))),
            ("\"3\"", Some(Precondition::Revision(3))),
            ("3", None),
            ("W/\"x\"", None),
            ("W/\"3\", W/\"4\"", None),
            ("", None),
        ] {
            assert_eq!(parse_precondition(text), expected, "{text}");
        }
    }
}
