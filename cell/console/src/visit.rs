//! A browser's request for a page: who, for which org, in which language, with which form. And how pages answer.

use crate::cookie::{CookieKind, read_cookie, render_removal, render_set};
use crate::files::ORG_LOGO;
use crate::text::choice::{OrgLanguage, decide_language};
use crate::upload::{UPLOAD_BYTES_MAX, Upload, read_upload, upload_type};
use crate::view::colour::Accent;
use crate::view::part::Tone;
use crate::view::shell::{AdminAccess, Brand, Flash, Right, Shell, Viewer};
use crate::view::signin::ReturnPage;
use crate::view::trouble::{ErrorKind, ErrorPage};
use askama::Template;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRef, FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::LengthLimitError;
use identity::access::custom::capability::Capability;
use identity::access::{Permission, roles_permit};
use identity::cell::Cell;
use identity::fault::{Fault, RETRY_AFTER_SECS, Refusal};
use identity::org::context::{OrgContext, RequestFacts};
use identity::session::SignedIn;
use identity::sign_in::Flow;
use identity::sign_on::means::Means;
use identity::snapshot::OrgSnapshot;
use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use vocab::secret::SecretHash;

/// Largest form of a page, but for those of [`crate::admin::values`].
pub const FORM_BYTES_MAX: usize = 128 * 1024;
/// Most fields of a form.
const FIELDS_MAX: usize = 400;

/// The parameter of a page to which somebody comes back from proving: what they had sent was not done.
pub const UNSENT: &str = "unsent";

/// Says, as an extension of a request, that it may see the mail that is kept on this machine.
#[derive(Debug, Clone, Copy)]
pub struct LocalMailbox;

/// Where that mail is shown, after the path prefix.
pub const MAILBOX_PATH: &str = "/mailbox";

/// A browser's request for a page.
pub struct Visit {
    /// The cell.
    pub cell: Cell,
    /// The org as it was addressed.
    pub context: Arc<OrgContext>,
    /// Who sent it, and when.
    pub facts: Arc<RequestFacts>,
    /// The org's configuration.
    pub snapshot: Arc<OrgSnapshot>,
    /// The path without the org's prefix.
    pub path: String,
    mailbox: Option<LocalMailbox>,
    headers: HeaderMap,
    query: HashMap<String, String>,
    /// The query, without its `?`.
    pub query_text: String,
    form: Vec<(String, String)>,
    files: Vec<(String, Vec<u8>)>,
}

impl<S> FromRequest<S> for Visit
where
    Cell: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        Self::read(request, state, |_| FORM_BYTES_MAX).await
    }
}

/// Whether U+0000 stands in what an address asks for, the path as it was sent and the query as it was read. Nothing is called
/// so, and no store takes such a text.
fn has_nul(path: &str, query: &[(String, String)]) -> bool {
    path.contains("%00") || holds_nul(query)
}

fn holds_nul(fields: &[(String, String)]) -> bool {
    let mut fields = fields.iter();
    fields.any(|(name, value)| name.contains('\0') || value.contains('\0'))
}

/// A form that was not read is over its bound, or did not come in time.
fn decide_unread(cause: &axum::Error) -> StatusCode {
    let is_over = |cause: &(dyn Error + 'static)| cause.is::<LengthLimitError>();
    if cause.source().is_some_and(is_over) {
        StatusCode::PAYLOAD_TOO_LARGE
    } else {
        StatusCode::REQUEST_TIMEOUT
    }
}

fn parse_fields(bytes: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(bytes)
        .take(FIELDS_MAX)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// The last value of that name.
fn value_of<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields
        .iter()
        .rev()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

impl Visit {
    /// Reads a request; how large its form may be is decided by who sends it, before any of it is read.
    pub(crate) async fn read<S>(
        request: Request,
        state: &S,
        form_bytes_max: fn(&Self) -> usize,
    ) -> Result<Self, Response>
    where
        Cell: FromRef<S>,
    {
        let cell = Cell::from_ref(state);
        let (parts, body) = request.into_parts();
        let (Some(context), Some(facts)) = (
            parts.extensions.get::<Arc<OrgContext>>().cloned(),
            parts.extensions.get::<Arc<RequestFacts>>().cloned(),
        ) else {
            return Err(StatusCode::NOT_FOUND.into_response());
        };
        let snapshot = match cell.snapshot(&context.org).await {
            Ok(Some(snapshot)) => snapshot,
            Ok(None) => return Err(StatusCode::NOT_FOUND.into_response()),
            Err(fault) => {
                tracing::error!(error = %fault, "the configuration of an org cannot be read");
                return Err(StatusCode::SERVICE_UNAVAILABLE.into_response());
            }
        };
        let query = parse_fields(parts.uri.query().unwrap_or_default().as_bytes());
        let names_nothing = has_nul(parts.uri.path(), &query);
        let mut visit = Self {
            cell,
            context,
            facts,
            snapshot,
            path: parts.uri.path().to_owned(),
            mailbox: parts.extensions.get::<LocalMailbox>().copied(),
            headers: parts.headers,
            query: query.into_iter().collect(),
            query_text: parts.uri.query().unwrap_or_default().to_owned(),
            form: Vec::new(),
            files: Vec::new(),
        };
        if parts.method == Method::POST {
            let bytes_max = form_bytes_max(&visit);
            let upload = visit.read_form(body, bytes_max).await?;
            (visit.form, visit.files) = (upload.fields, upload.files);
        }
        if names_nothing || holds_nul(&visit.form) {
            return Err(visit.error(StatusCode::NOT_FOUND, ErrorKind::NotFound));
        }
        Ok(visit)
    }

    /// A form counts only if it carries the guard of this browser: another site can make the browser send a form, but
    /// can neither read nor set the cookie from which the guard is derived.
    async fn read_form(&self, body: Body, form_bytes_max: usize) -> Result<Upload, Response> {
        let upload_type = upload_type(&self.headers);
        let bytes_max = upload_type.map_or(form_bytes_max, |_| UPLOAD_BYTES_MAX);
        let bytes = match to_bytes(body, bytes_max).await {
            Ok(bytes) => bytes,
            Err(error) => return Err(self.error(decide_unread(&error), ErrorKind::BadRequest)),
        };
        let upload = match upload_type {
            Some(content_type) => read_upload(content_type, bytes)
                .await
                .ok_or_else(|| self.error(StatusCode::BAD_REQUEST, ErrorKind::BadRequest))?,
            None => Upload {
                fields: parse_fields(&bytes),
                files: Vec::new(),
            },
        };
        let guard = read_cookie(&self.headers, CookieKind::Form, &self.context.org)
            .map(|cookie| guard_of(&cookie));
        let sent = value_of(&upload.fields, "csrf");
        match (guard, sent) {
            // Both are hashes of a secret, compared as hashes again, so that time tells nothing.
            (Some(guard), Some(sent)) if SecretHash::of(&guard) == SecretHash::of(sent) => {
                Ok(upload)
            }
            _ => Err(self.error(StatusCode::FORBIDDEN, ErrorKind::Expired)),
        }
    }

    /// A field of the form; empty if it was not sent.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        value_of(&self.form, name).unwrap_or_default()
    }

    /// A file of the form; empty if it was not sent.
    #[must_use]
    pub fn file(&self, name: &str) -> &[u8] {
        let found = self.files.iter().find(|(key, _)| key == name);
        found.map_or(&[], |(_, bytes)| bytes.as_slice())
    }

    /// Every value of a field that may be sent several times, in the order of the form.
    pub fn fields(&self, name: &str) -> impl Iterator<Item = &str> {
        self.form
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Where the browser may come back to with GET: this page with its query. A form has no such address.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        match (self.form.is_empty(), self.query_text.is_empty()) {
            (false, _) => None,
            (true, true) => Some(self.path.clone()),
            (true, false) => Some(format!("{}?{}", self.path, self.query_text)),
        }
    }

    /// The form's own fields again as a form, without its guard.
    #[must_use]
    pub fn encoded_form(&self) -> String {
        let mut encoder = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.form.iter().filter(|(name, _)| name.as_str() != "csrf") {
            encoder.append_pair(name, value);
        }
        encoder.finish()
    }

    /// A parameter of the query; empty if it was not sent.
    #[must_use]
    pub fn parameter(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// Every value of a parameter that may stand in the query several times, in its order.
    #[must_use]
    pub fn parameters(&self, name: &str) -> Vec<String> {
        parse_fields(self.query_text.as_bytes())
            .into_iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value)
            .collect()
    }

    /// The live session.
    #[must_use]
    pub fn signed_in(&self) -> Option<&SignedIn> {
        self.facts.session.as_deref()
    }

    /// Whether the organisation takes such a means of proof.
    #[must_use]
    pub fn takes(&self, means: Means) -> bool {
        self.snapshot.org.settings.untaken_means.takes(means)
    }

    /// Whether a sign-in that needs nothing more may link its person now.
    #[must_use]
    pub fn may_link(&self, flow: &Flow) -> bool {
        let untaken = &self.snapshot.org.settings.untaken_means;
        Cell::may_link(flow, untaken, self.facts.now)
    }

    /// A header as text, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The parameters of the query in their order.
    #[must_use]
    pub fn query_fields(&self) -> Vec<(String, String)> {
        parse_fields(self.query_text.as_bytes())
    }

    /// A cookie of this org.
    #[must_use]
    pub fn cookie(&self, kind: CookieKind) -> Option<String> {
        read_cookie(&self.headers, kind, &self.context.org)
    }

    /// The secret of the sign-in that is under way.
    #[must_use]
    pub fn sign_in_secret(&self) -> Option<String> {
        read_cookie(&self.headers, CookieKind::SignIn, &self.context.org)
    }

    /// An address of this org.
    #[must_use]
    pub fn href(&self, path: &str) -> String {
        format!("{}{path}", self.context.path_prefix)
    }

    /// An address as the org's own routes see it: without the prefix that [`Visit::href`] puts before it.
    #[must_use]
    pub fn own_path(&self, address: &str) -> String {
        let own = address
            .strip_prefix(self.context.path_prefix.as_str())
            .filter(|rest| rest.starts_with('/'));
        own.unwrap_or(address).to_owned()
    }

    /// Where the mail is that is kept on this machine, for those who may see it.
    #[must_use]
    pub fn mailbox_href(&self) -> Option<String> {
        self.mailbox.map(|_| self.href(MAILBOX_PATH))
    }

    /// The frame of a page.
    #[must_use]
    pub fn shell(&self) -> Shell {
        let accept = self
            .headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok());
        let settings = &self.snapshot.org.settings;
        let (branding, language) = (&settings.branding, settings.language.as_str());
        let form = read_cookie(&self.headers, CookieKind::Form, &self.context.org);
        let t = decide_language(accept, OrgLanguage::Preferred(language));
        // Whoever comes back from proving finds the form empty.
        let flash = (self.parameter(UNSENT) == "1").then(|| Flash {
            tone: Tone::Info,
            text: t.account.proved_again.to_owned(),
        });
        Shell {
            t,
            prefix: self.context.path_prefix.clone(),
            brand: Brand {
                name: self.context.name.clone(),
                logo_href: self
                    .snapshot
                    .logo
                    .as_ref()
                    .map(|mark| self.href(&format!("/assets/{ORG_LOGO}?v={mark}"))),
                accent: Accent::parse(&branding.colour).unwrap_or_default(),
            },
            csrf: form.map(|cookie| guard_of(&cookie)).unwrap_or_default(),
            viewer: self.signed_in().map(|signed_in| Viewer {
                name: signed_in.person.display_name(),
                login: signed_in.person.login.clone(),
                admin: admin_access(signed_in),
            }),
            flash,
        }
    }

    /// The frame of a page for somebody who is not signed in, or not yet again.
    #[must_use]
    pub fn gate_shell(&self) -> Shell {
        Shell {
            viewer: None,
            ..self.shell()
        }
    }

    /// A page.
    #[must_use]
    pub fn page(&self, page: &impl Template) -> Response {
        self.page_with(StatusCode::OK, page)
    }

    /// A page with another status.
    #[must_use]
    pub fn page_with(&self, status: StatusCode, page: &impl Template) -> Response {
        match page.render() {
            Ok(html) => {
                let mut response = (status, html).into_response();
                let html_type = HeaderValue::from_static("text/html; charset=utf-8");
                response
                    .headers_mut()
                    .insert(header::CONTENT_TYPE, html_type);
                response
                    .headers_mut()
                    .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
                response
            }
            Err(error) => {
                tracing::error!(%error, "a page cannot be rendered");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }

    /// Sends the browser on to an address of this org, with GET.
    #[must_use]
    pub fn go(&self, path: &str) -> Response {
        self.go_beyond(&self.href(path))
    }

    /// Sends the browser on to an address that was made or checked by the caller, with GET.
    #[must_use]
    pub fn go_beyond(&self, address: &str) -> Response {
        let mut response = StatusCode::SEE_OTHER.into_response();
        match HeaderValue::from_str(address) {
            Ok(location) => {
                response.headers_mut().insert(header::LOCATION, location);
                response
                    .headers_mut()
                    .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
                response
            }
            Err(_) => self.error(StatusCode::BAD_REQUEST, ErrorKind::BadRequest),
        }
    }

    /// Sends the browser on after a form. Where the way leads on to an application it is a page with a link that
    /// follows itself: a browser holds `form-action` against the redirections of a form too, and would stop there.
    #[must_use]
    pub fn go_after_form(&self, path: &str) -> Response {
        if path.starts_with("/oauth2/") {
            self.return_to(&self.href(path))
        } else {
            self.go(path)
        }
    }

    /// A page with a link to an address that follows itself.
    #[must_use]
    pub fn return_to(&self, target: &str) -> Response {
        self.page(&ReturnPage {
            shell: self.gate_shell(),
            app: self.context.name.clone(),
            target: target.to_owned(),
        })
    }

    /// An error page with the reference that finds it in the log.
    #[must_use]
    pub fn error(&self, status: StatusCode, kind: ErrorKind) -> Response {
        self.error_with(status, kind, String::new())
    }

    pub(crate) fn error_with(
        &self,
        status: StatusCode,
        kind: ErrorKind,
        detail: String,
    ) -> Response {
        let page = ErrorPage {
            shell: self.gate_shell(),
            kind,
            detail,
            reference: self.facts.client.request_id.clone(),
            // From a blocked network every way leads back here.
            back: (kind != ErrorKind::Blocked).then(|| String::from("/")),
        };
        self.page_with(status, &page)
    }

    /// The page for an operation that was refused, where the page itself has no better place for it.
    #[must_use]
    pub fn refused(&self, refusal: &Refusal) -> Response {
        match refusal {
            Refusal::NotFound => self.error(StatusCode::NOT_FOUND, ErrorKind::NotFound),
            Refusal::Forbidden => self.error(StatusCode::FORBIDDEN, ErrorKind::Forbidden),
            Refusal::OutOfReach(_) => {
                let told = self.shell().t.refusal(refusal);
                self.error_with(StatusCode::FORBIDDEN, ErrorKind::Forbidden, told)
            }
            Refusal::Changed => self.error(StatusCode::CONFLICT, ErrorKind::Expired),
            Refusal::Fault(fault) => self.failed(fault),
            told => {
                let told = self.shell().t.refusal(told);
                self.error_with(StatusCode::BAD_REQUEST, ErrorKind::NotPossible, told)
            }
        }
    }

    /// The page for a fault of ours, which is logged here.
    #[must_use]
    pub fn failed(&self, fault: &Fault) -> Response {
        let reference = &self.facts.client.request_id;
        tracing::error!(request_id = %reference, error = %fault, cause = ?std::error::Error::source(fault), "a page failed");
        if !fault.is_passing() {
            return self.error(StatusCode::INTERNAL_SERVER_ERROR, ErrorKind::Fault);
        }
        let mut response = self.error(StatusCode::SERVICE_UNAVAILABLE, ErrorKind::Unavailable);
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECS));
        response
    }

    /// Sets a cookie of this org.
    #[must_use]
    pub fn with_cookie(&self, mut response: Response, kind: CookieKind, value: &str) -> Response {
        if let Some(cookie) = render_set(kind, &self.context.org, value) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    /// Sets a cookie unless the response removes it already: a sign-in that ended at once needs none.
    #[must_use]
    pub fn with_cookie_unless_ended(
        &self,
        response: Response,
        kind: CookieKind,
        value: &str,
    ) -> Response {
        let removal = render_removal(kind, &self.context.org);
        let ended = response
            .headers()
            .get_all(header::SET_COOKIE)
            .iter()
            .any(|set| Some(set) == removal.as_ref());
        if ended {
            response
        } else {
            self.with_cookie(response, kind, value)
        }
    }

    /// Removes a cookie of this org.
    #[must_use]
    pub fn without_cookie(&self, mut response: Response, kind: CookieKind) -> Response {
        if let Some(cookie) = render_removal(kind, &self.context.org) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// What a form must carry: derived from the cookie, so that nothing is stored.
#[must_use]
pub fn guard_of(cookie: &str) -> String {
    SecretHash::of(&format!("testudo form guard/{cookie}")).to_hex()
}

fn admin_access(signed_in: &SignedIn) -> AdminAccess {
    let holds = |needed: Capability| {
        let mut held = signed_in.capabilities.iter();
        held.any(|held| held.contains(needed))
    };
    let permits = |right: &Right| {
        let (permission, capability) = opened_by(*right);
        roles_permit(&signed_in.roles, permission) || capability.is_some_and(holds)
    };
    AdminAccess(Right::ALL.into_iter().filter(permits).collect())
}

/// What gives a right: a permission over everything, or else a capability over something.
const fn opened_by(right: Right) -> (Permission, Option<Capability>) {
    let permission = match right {
        Right::SeePeople => return (Permission::ReadDirectory, Some(Capability::UsersRead)),
        Right::SeeGroups => return (Permission::ReadDirectory, Some(Capability::GroupsRead)),
        Right::SeeApps => return (Permission::ReadDirectory, Some(Capability::AppsRead)),
        Right::SeeDirectory => Permission::ReadDirectory,
        Right::SeeLog => Permission::ReadLog,
        Right::HelpPeople => Permission::HelpPeople,
        Right::ChangePeople => Permission::ManagePeople,
        Right::ChangeGroups => Permission::ManageGroups,
        Right::ChangeApps => Permission::ManageApps,
        Right::ChangeServers => Permission::ManageServers,
        Right::ChangePolicies => Permission::ManagePolicies,
        Right::ChangeKeys => Permission::ManageKeys,
        Right::ChangeOrg => Permission::ManageOrg,
    };
    (permission, None)
}
