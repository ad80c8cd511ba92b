//! A person's browser without a screen or script: a connection, a cookie jar, and forms. It follows redirects itself
//! and stops at an application's own address, where nothing listens.

use std::collections::BTreeMap;

use anyhow::Context as _;
use http::HeaderName;
use http::StatusCode;
use http::header::{COOKIE, ORIGIN, RETRY_AFTER, SET_COOKIE};

use crate::connection::{self, Connection, Reply};
use crate::html::{self, Form};

const REDIRECTS_MAX: usize = 12;
const PAGES_MAX: usize = 12;

/// Who signs in.
#[derive(Debug, Clone)]
pub struct Person {
    /// The login.
    pub login: String,
    /// The password.
    pub password: String,
}

/// The server has refused for the sake of others, and said when to come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany {
    /// After so many seconds.
    pub retry_after_secs: u64,
    /// Whether it was because of many requests (429), and not because something cannot be reached (503).
    pub of_requests: bool,
}

impl std::fmt::Display for TooMany {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "refused for {} s", self.retry_after_secs)
    }
}

impl std::error::Error for TooMany {}

impl TooMany {
    /// Whether an answer is such a refusal; it must say when to come again (RFC 6585 section 4, RFC 9110 section
    /// 15.6.4).
    ///
    /// # Errors
    /// When it is one and does not.
    pub fn parse(reply: &Reply) -> anyhow::Result<Option<Self>> {
        if reply.status != StatusCode::TOO_MANY_REQUESTS
            && reply.status != StatusCode::SERVICE_UNAVAILABLE
        {
            return Ok(None);
        }
        let header = reply
            .headers
            .get(RETRY_AFTER)
            .with_context(|| format!("{} without Retry-After", reply.status))?;
        let retry_after_secs = header.to_str()?.parse().context("Retry-After")?;
        Ok(Some(Self {
            retry_after_secs,
            of_requests: reply.status == StatusCode::TOO_MANY_REQUESTS,
        }))
    }
}

/// Where the agent is.
#[derive(Debug, Clone)]
pub enum Arrival {
    /// At a page of the server.
    Page(Page),
    /// It would leave for this address, at which it was told to stop.
    Stopped(String),
}

/// A page.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its path and query.
    pub path: String,
    /// The answer.
    pub reply: Reply,
    /// Its forms.
    pub forms: Vec<Form>,
}

impl Page {
    /// Its words, for messages.
    #[must_use]
    pub fn words(&self) -> String {
        html::readable(&self.reply.text())
    }
}

/// The browser.
#[derive(Debug)]
pub struct Agent {
    connection: Connection,
    cookies: BTreeMap<String, String>,
    headers: Vec<(HeaderName, String)>,
    stop_at: Vec<String>,
}

impl Agent {
    /// A new one, without cookies, that stops where an address begins with one of `stop_at`.
    #[must_use]
    pub fn new(connection: Connection, stop_at: &[&str]) -> Self {
        Self {
            connection,
            cookies: BTreeMap::new(),
            headers: Vec::new(),
            stop_at: stop_at.iter().map(|&prefix| prefix.to_owned()).collect(),
        }
    }

    /// Stops where an address begins with one of these from now on; without any it goes everywhere on this server.
    pub fn stop_at(&mut self, prefixes: &[&str]) {
        self.stop_at = prefixes.iter().map(|&prefix| prefix.to_owned()).collect();
    }

    /// Sends this header with every request from now on, as a proxy or a forger would.
    pub fn add_header(&mut self, name: HeaderName, value: &str) {
        self.headers.push((name, value.to_owned()));
    }

    /// Forgets the person.
    pub fn clear_cookies(&mut self) {
        self.cookies.clear();
    }

    /// Takes over the cookies of another, as its `Cookie` header has them.
    pub fn set_cookies(&mut self, header: &str) {
        self.cookies = header
            .split("; ")
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
    }

    /// The connection, for calls that an application makes itself.
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// The value of the `Cookie` header.
    #[must_use]
    pub fn cookie_header(&self) -> String {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    /// Opens an address of this server.
    ///
    /// # Errors
    /// When the server does not answer, or redirects for ever.
    pub async fn open(&mut self, path: &str) -> anyhow::Result<Arrival> {
        let reply = self.get(path).await?;
        self.follow(path.to_owned(), reply).await
    }

    /// Submits a form of a page: its own fields, what is filled in, and its first button.
    ///
    /// # Errors
    /// When the server does not answer, or redirects for ever.
    pub async fn submit(
        &mut self,
        page: &Page,
        form: &Form,
        filled: &[(&str, &str)],
    ) -> anyhow::Result<Arrival> {
        let (path, reply) = self.submit_only(page, form, filled).await?;
        self.follow(path, reply).await
    }

    /// Submits a form and follows nothing: the path it went to and the answer.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn submit_only(
        &mut self,
        page: &Page,
        form: &Form,
        filled: &[(&str, &str)],
    ) -> anyhow::Result<(String, Reply)> {
        let path = if form.action.is_empty() {
            page.path.clone()
        } else {
            self.local_path(&form.action).with_context(|| {
                format!("a form of {} leads elsewhere: {}", page.path, form.action)
            })?
        };
        let body = render_body(form, filled);
        let mut headers = vec![(ORIGIN, self.connection.peer().origin())];
        headers.extend(self.headers.iter().cloned());
        if !self.cookies.is_empty() {
            headers.push((COOKIE, self.cookie_header()));
        }
        let reply = self.connection.post_form(&path, body, &headers).await?;
        self.remember(&reply);
        Ok((path, reply))
    }

    /// Goes on from an answer through its redirects.
    ///
    /// # Errors
    /// When the server does not answer, or redirects for ever.
    pub async fn follow(&mut self, mut path: String, mut reply: Reply) -> anyhow::Result<Arrival> {
        for _ in 0..REDIRECTS_MAX {
            let Some(location) = decide_onward(&reply) else {
                let forms = html::parse_forms(&reply.text());
                return Ok(Arrival::Page(Page { path, reply, forms }));
            };
            let local = self.local_path(&location);
            let is_end = |address: &str| self.stop_at.iter().any(|end| address.starts_with(end));
            match local {
                Some(next) if !is_end(&location) && !is_end(&next) => {
                    reply = self.get(&next).await?;
                    path = next;
                }
                _ => return Ok(Arrival::Stopped(location)),
            }
        }
        anyhow::bail!("more than {REDIRECTS_MAX} redirects, the last to {path}")
    }

    /// Answers the pages of a sign-in until the agent is stopped; the address it was stopped at.
    ///
    /// # Errors
    /// When a page cannot be answered; the message says which. [`TooMany`] when the server says that there are.
    pub async fn sign_in(&mut self, start: &str, person: &Person) -> anyhow::Result<String> {
        let mut arrival = self.open(start).await?;
        let mut walk: Vec<String> = Vec::new();
        for _ in 0..PAGES_MAX {
            let page = match arrival {
                Arrival::Stopped(address) => return judge_end(address),
                Arrival::Page(page) => page,
            };
            walk.push(format!("{} {}", page.reply.status.as_u16(), page.path));
            if let Some(too_many) = TooMany::parse(&page.reply)? {
                return Err(anyhow::Error::new(too_many).context(walk.join(" > ")));
            }
            anyhow::ensure!(
                page.reply.status.is_success(),
                "a sign-in page was refused ({}): {}",
                walk.join(" > "),
                page.words()
            );
            let (form, filled) = decide_answer(&page.forms, person).with_context(|| {
                format!(
                    "no form that can be answered ({}): {}",
                    walk.join(" > "),
                    page.words()
                )
            })?;
            arrival = self.submit(&page, form, &filled).await?;
        }
        anyhow::bail!("sign-in did not end: {}", walk.join(" > "))
    }

    async fn get(&mut self, path: &str) -> anyhow::Result<Reply> {
        let cookies = self.cookie_header();
        let reply = self
            .connection
            .get_with(path, &cookies, &self.headers)
            .await?;
        self.remember(&reply);
        Ok(reply)
    }

    fn local_path(&self, address: &str) -> Option<String> {
        let origin = self.connection.peer().origin();
        let path = address.strip_prefix(&origin).unwrap_or(address);
        if path.is_empty() {
            return Some("/".to_owned());
        }
        (path.starts_with('/') && !path.starts_with("//")).then(|| path.to_owned())
    }

    /// Loopback counts as secure, as browsers have it, so every cookie comes back.
    fn remember(&mut self, reply: &Reply) {
        for line in reply.headers.get_all(SET_COOKIE) {
            let Ok(line) = line.to_str() else { continue };
            let mut parts = line.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let is_gone = parts.any(|part| {
                part.eq_ignore_ascii_case("max-age=0")
                    || part
                        .to_ascii_lowercase()
                        .starts_with("expires=thu, 01 jan 1970")
            });
            if is_gone || value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// Where an answer leads: by its header, or by the page itself.
fn decide_onward(reply: &Reply) -> Option<String> {
    if reply.status.is_redirection() {
        return reply.location().map(str::to_owned);
    }
    html::parse_refresh(&reply.text())
}

/// An application that is called back with an error has nobody signed in.
fn judge_end(address: String) -> anyhow::Result<String> {
    match connection::query_parameter(&address, "error") {
        None => Ok(address),
        Some(error) => anyhow::bail!(
            "the sign-in ended with {error}: {}",
            connection::query_parameter(&address, "error_description").unwrap_or_default()
        ),
    }
}

/// The form that asks for something we know, with the answers.
fn decide_answer<'p>(
    forms: &'p [Form],
    person: &'p Person,
) -> Option<(&'p Form, Vec<(&'static str, &'p str)>)> {
    let known = [
        ("identifier", person.login.as_str()),
        ("password", person.password.as_str()),
    ];
    forms
        .iter()
        .filter(|form| form.posts && !form.is_hidden)
        .find_map(|form| {
            let filled: Vec<(&'static str, &str)> = known
                .into_iter()
                .filter(|(name, _)| form.asks_for(name))
                .collect();
            (!filled.is_empty()).then_some((form, filled))
        })
}

fn render_body(form: &Form, filled: &[(&str, &str)]) -> String {
    let mut body = form_urlencoded::Serializer::new(String::new());
    for field in &form.fields {
        let answer = filled.iter().find(|(name, _)| *name == field.name);
        match (answer, &field.value) {
            (Some((name, value)), _) => {
                body.append_pair(name, value);
            }
            (None, Some(value)) => {
                body.append_pair(&field.name, value);
            }
            (None, None) => {}
        }
    }
    for (name, value) in filled {
        if !form.fields.iter().any(|field| field.name == *name) {
            body.append_pair(name, value);
        }
    }
    if let Some(button) = form
        .buttons
        .first()
        .filter(|button| !button.name.is_empty())
    {
        body.append_pair(&button.name, &button.value);
    }
    body.finish()
}
