//! A request at an endpoint, with its body read within bounds: what every handler of this crate takes.

use crate::denial::{Denial, Failure};
use crate::issuer::{self, Issuer};
use crate::reply;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRef, FromRequest, FromRequestParts, RawPathParams, Request};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, header};
use identity::cell::Cell;
use identity::org::context::{OrgContext, RequestFacts};
use identity::snapshot::OrgSnapshot;
use protocol::http_auth::{Authorization, parse_authorization};
use protocol::oauth::error::ErrorCode;
use protocol::oauth::form::{FORM_BYTES_MAX, Form, is_form_content_type};
use std::sync::Arc;

/// The name of the path parameter that addresses a custom server.
pub const SERVER_PARAMETER: &str = "server";

/// A request at an endpoint. Org and facts come from extensions that the server's middleware sets.
pub struct Exchange {
    /// The cell.
    pub cell: Cell,
    /// The org, as addressed.
    pub context: Arc<OrgContext>,
    /// Who sent it, and when.
    pub facts: Arc<RequestFacts>,
    /// The custom server of the path, if any.
    pub server: Option<String>,
    /// The method.
    pub method: Method,
    /// The query, without its `?`.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, within [`FORM_BYTES_MAX`].
    pub body: Bytes,
}

/// For which org a request is, and who sent it.
#[derive(Clone)]
pub struct Addressed {
    /// The org, as addressed.
    pub context: Arc<OrgContext>,
    /// Who sent it, and when.
    pub facts: Arc<RequestFacts>,
}

impl Exchange {
    /// Reads the body of a request, within its bound.
    ///
    /// # Errors
    /// The answer to a body that is too large or does not come.
    pub async fn read(
        cell: &Cell,
        addressed: Addressed,
        server: Option<String>,
        (parts, body): (Parts, Body),
    ) -> Result<Self, Response> {
        let body = to_bytes(body, FORM_BYTES_MAX)
            .await
            .map_err(|error| reply::unread(&error))?;
        Ok(Self {
            cell: cell.clone(),
            context: addressed.context,
            facts: addressed.facts,
            server,
            method: parts.method,
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            body,
        })
    }

    /// The server that is addressed, with the org's configuration.
    ///
    /// # Errors
    /// [`Failure::NoServer`] if there is none.
    pub async fn issuer(&self) -> Result<(Issuer, Arc<OrgSnapshot>), Failure> {
        issuer::load(&self.cell, &self.context, self.server.as_deref()).await
    }

    /// The form in the body.
    ///
    /// # Errors
    /// [`Failure::Denied`] if the body is none.
    pub fn body_form(&self) -> Result<Form<'_>, Failure> {
        if !self.has_form_body() {
            let text = "the body must be application/x-www-form-urlencoded";
            return Err(Denial::new(ErrorCode::InvalidRequest, text).into());
        }
        parse_form(&self.body)
    }

    /// The parameters of a request that may come either way: in the query of GET or in the body of POST.
    ///
    /// # Errors
    /// [`Failure::Denied`] if they are malformed.
    pub fn parameters(&self) -> Result<Form<'_>, Failure> {
        if self.method == Method::POST {
            self.body_form()
        } else {
            parse_form(self.query.as_bytes())
        }
    }

    /// Whether the body says that it is a form.
    #[must_use]
    pub fn has_form_body(&self) -> bool {
        self.header(&header::CONTENT_TYPE)
            .is_some_and(is_form_content_type)
    }

    /// The one `Authorization` header.
    ///
    /// # Errors
    /// [`Failure::Denied`] if it is malformed or there are several.
    pub fn authorization(&self) -> Result<Option<Authorization<'_>>, Failure> {
        let values = self
            .headers
            .get_all(header::AUTHORIZATION)
            .iter()
            .map(http::HeaderValue::as_bytes);
        parse_authorization(values).map_err(|error| invalid_request(&error.to_string()))
    }

    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

fn parse_form(bytes: &[u8]) -> Result<Form<'_>, Failure> {
    Form::parse(bytes).map_err(|error| invalid_request(&error.to_string()))
}

fn invalid_request(text: &str) -> Failure {
    Denial::told(ErrorCode::InvalidRequest, text).into()
}

impl<S> FromRequest<S> for Exchange
where
    Cell: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let context = parts.extensions.get::<Arc<OrgContext>>().cloned();
        let facts = parts.extensions.get::<Arc<RequestFacts>>().cloned();
        let (Some(context), Some(facts)) = (context, facts) else {
            tracing::error!("a route of an org was reached without its middleware");
            return Err(reply::fault());
        };
        let server = match RawPathParams::from_request_parts(&mut parts, state).await {
            Ok(parameters) => parameters
                .iter()
                .find(|(name, _)| *name == SERVER_PARAMETER)
                .map(|(_, value)| value.to_owned()),
            Err(_) => return Err(reply::failure(&Failure::NoServer)),
        };
        let cell = Cell::from_ref(state);
        Self::read(&cell, Addressed { context, facts }, server, (parts, body)).await
    }
}
