//! The steps that are repeated, one function each. A step that is not answered as wanted is an error, never a sample.

use std::time::Duration;

use anyhow::Context as _;
use http::StatusCode;
use tokio::time::Instant;

use crate::agent::{Agent, Arrival, Page, Person, TooMany};
use crate::connection::{self, Connection, Peer, Reply};
use crate::html::Form;
use crate::load::loopback_address;
use crate::load::order::{Application, Flow, Order, Target};
use crate::wait;

/// The example of RFC 7636 appendix B: hashing is the server's work to be measured, not ours.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// What a post to the floor carries: as long as a token request.
const FLOOR_BODY: &str = "grant_type=client_credentials&scope=read&padding=0123456789abcdef";

/// How a step ended that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As wanted.
    Served,
    /// Refused because there are too many.
    Refused,
}

/// One connection and what it has gathered.
#[derive(Debug)]
pub struct Worker {
    task: Task,
    target: Target,
}

#[derive(Debug)]
enum Task {
    ClientCredentials(Connection),
    Refresh {
        connection: Connection,
        token: String,
    },
    Introspection {
        connection: Connection,
        token: String,
    },
    CodeFlow {
        connection: Connection,
        cookies: String,
    },
    SignIn {
        agent: Agent,
        next: usize,
        stride: usize,
    },
    Posts {
        connection: Connection,
        paths: Vec<String>,
    },
}

impl Worker {
    /// Gathers what the steps need: a session, a token. Worker `number` of `count`.
    ///
    /// # Errors
    /// When the server does not give it.
    pub async fn prepare(order: &Order, number: usize, count: usize) -> anyhow::Result<Self> {
        let target = order.target.clone();
        let peer = Peer::parse(&target.origin)?;
        let connection = Connection::from_address(peer, loopback_address(number + 1));
        let task = match &order.flow {
            Flow::ClientCredentials => Task::ClientCredentials(connection),
            Flow::Posts(paths) => Task::Posts {
                connection,
                paths: paths.clone(),
            },
            Flow::SignIn => Task::SignIn {
                agent: Agent::new(connection, &[&target.sign_in_end]),
                next: number,
                stride: count,
            },
            Flow::Refresh => {
                let (connection, _, tokens) = enter(&target, connection, number).await?;
                let token = text(&tokens, "refresh_token")?;
                Task::Refresh { connection, token }
            }
            Flow::Introspection => {
                let (connection, _, tokens) = enter(&target, connection, number).await?;
                let token = text(&tokens, "access_token")?;
                Task::Introspection { connection, token }
            }
            Flow::CodeFlow => {
                let (connection, cookies, _) = enter(&target, connection, number).await?;
                Task::CodeFlow {
                    connection,
                    cookies,
                }
            }
        };
        Ok(Self { task, target })
    }

    /// One step.
    ///
    /// # Errors
    /// When it is not answered as wanted.
    pub async fn step(&mut self) -> anyhow::Result<Outcome> {
        let target = &self.target;
        match &mut self.task {
            Task::ClientCredentials(connection) => client_credentials(connection, target).await,
            Task::Refresh { connection, token } => {
                let tokens = refresh(connection, target, token).await?;
                *token = text(&tokens, "refresh_token")?;
                Ok(Outcome::Served)
            }
            Task::Introspection { connection, token } => {
                introspect(connection, target, token).await
            }
            Task::CodeFlow {
                connection,
                cookies,
            } => {
                let code = authorize(connection, target, cookies).await?;
                redeem(connection, target, &code).await?;
                Ok(Outcome::Served)
            }
            Task::SignIn {
                agent,
                next,
                stride,
            } => {
                let person = target.person(*next);
                *next += *stride;
                agent.clear_cookies();
                match agent.sign_in(&sign_in_start(target), &person).await {
                    Ok(_) => Ok(Outcome::Served),
                    Err(error) => stay_away(error).await,
                }
            }
            Task::Posts { connection, paths } => posts(connection, paths).await,
        }
    }

    /// One arrival of an open loop, by a person and a connection of its own; the time is that of the password alone.
    pub async fn arrive(order: &Order, number: usize) -> (anyhow::Result<Outcome>, Duration) {
        let begun = Instant::now();
        match arrive(&order.target, number).await {
            Ok((outcome, took)) => (Ok(outcome), took),
            Err(error) => (Err(error), begun.elapsed()),
        }
    }
}

/// Who is told to come again later does so, as a person would: hammering would be another flow.
async fn stay_away(error: anyhow::Error) -> anyhow::Result<Outcome> {
    let Some(&TooMany {
        retry_after_secs, ..
    }) = error.downcast_ref()
    else {
        return Err(error);
    };
    wait::until_moment(Instant::now() + Duration::from_secs(retry_after_secs)).await;
    Ok(Outcome::Refused)
}

fn sign_in_start(target: &Target) -> String {
    if target.sign_in_start.is_empty() {
        authorize_path(target)
    } else {
        target.sign_in_start.clone()
    }
}

fn authorize_path(target: &Target) -> String {
    let query = connection::form(&[
        ("client_id", &target.web.client_id),
        ("response_type", "code"),
        ("redirect_uri", &target.redirect_uri),
        ("scope", &target.web.scope),
        ("state", "s"),
        ("nonce", "n"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    format!("{}?{query}", target.authorize_path)
}

/// Signs a person in and redeems the first code: the connection, the session's cookies, the tokens.
async fn enter(
    target: &Target,
    connection: Connection,
    number: usize,
) -> anyhow::Result<(Connection, String, serde_json::Value)> {
    let peer = connection.peer().clone();
    let mut agent = Agent::new(connection, &[&target.redirect_uri]);
    let callback = agent
        .sign_in(&authorize_path(target), &target.person(number))
        .await?;
    let code = connection::query_parameter(&callback, "code")
        .with_context(|| format!("called back without a code: {callback}"))?;
    let tokens = redeem(agent.connection(), target, &code).await?;
    let cookies = agent.cookie_header();
    let connection = Connection::from_address(peer, loopback_address(number + 1));
    Ok((connection, cookies, tokens))
}

async fn client_credentials(
    connection: &mut Connection,
    target: &Target,
) -> anyhow::Result<Outcome> {
    let service = &target.service;
    let mut fields = vec![("grant_type", "client_credentials")];
    if !service.scope.is_empty() {
        fields.push(("scope", &service.scope));
    }
    let reply = call(connection, &target.token_path, &fields, service).await?;
    let tokens = expect_ok(&reply)?;
    text(&tokens, "access_token")?;
    Ok(Outcome::Served)
}

async fn refresh(
    connection: &mut Connection,
    target: &Target,
    token: &str,
) -> anyhow::Result<serde_json::Value> {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
    let reply = call(connection, &target.token_path, &fields, &target.web).await?;
    expect_ok(&reply)
}

async fn introspect(
    connection: &mut Connection,
    target: &Target,
    token: &str,
) -> anyhow::Result<Outcome> {
    let fields = [("token", token)];
    let reply = call(connection, &target.introspect_path, &fields, &target.web).await?;
    let answer = expect_ok(&reply)?;
    let is_active = answer.get("active").and_then(serde_json::Value::as_bool);
    anyhow::ensure!(
        is_active == Some(true),
        "a living token is not active: {answer}"
    );
    Ok(Outcome::Served)
}

async fn authorize(
    connection: &mut Connection,
    target: &Target,
    cookies: &str,
) -> anyhow::Result<String> {
    let reply = connection.get(&authorize_path(target), cookies).await?;
    reply
        .location()
        .filter(|address| address.starts_with(&target.redirect_uri))
        .and_then(|address| connection::query_parameter(address, "code"))
        .with_context(|| {
            format!(
                "authorize gave {} to {:?} instead of a code",
                reply.status,
                reply.location()
            )
        })
}

async fn redeem(
    connection: &mut Connection,
    target: &Target,
    code: &str,
) -> anyhow::Result<serde_json::Value> {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &target.redirect_uri),
        ("code_verifier", VERIFIER),
    ];
    let reply = call(connection, &target.token_path, &fields, &target.web).await?;
    expect_ok(&reply)
}

async fn posts(connection: &mut Connection, paths: &[String]) -> anyhow::Result<Outcome> {
    for path in paths {
        let reply = connection
            .post_form(path, FLOOR_BODY.to_owned(), &[])
            .await?;
        anyhow::ensure!(reply.status.is_success(), "{path} gave {}", reply.status);
    }
    Ok(Outcome::Served)
}

async fn call(
    connection: &mut Connection,
    path: &str,
    fields: &[(&str, &str)],
    application: &Application,
) -> anyhow::Result<Reply> {
    let credentials = connection::basic(&application.client_id, &application.client_secret);
    connection
        .post_form(path, connection::form(fields), &[credentials])
        .await
}

fn expect_ok(reply: &Reply) -> anyhow::Result<serde_json::Value> {
    anyhow::ensure!(
        reply.status == StatusCode::OK,
        "refused with {}: {}",
        reply.status,
        reply.text()
    );
    reply.json()
}

fn text(answer: &serde_json::Value, name: &str) -> anyhow::Result<String> {
    answer
        .get(name)
        .and_then(serde_json::Value::as_str)
        .map(str::to_owned)
        .with_context(|| format!("the answer has no {name}"))
}

async fn arrive(target: &Target, number: usize) -> anyhow::Result<(Outcome, Duration)> {
    let peer = Peer::parse(&target.origin)?;
    let connection = Connection::from_address(peer, loopback_address(number + 1));
    let mut agent = Agent::new(connection, &[&target.sign_in_end]);
    let person = target.person(number);
    let Some((page, form)) = reach_password(&mut agent, target, &person).await? else {
        return Ok((Outcome::Refused, Duration::ZERO));
    };
    let begun = Instant::now();
    let (path, reply) = agent
        .submit_only(&page, &form, &[("password", &person.password)])
        .await?;
    let took = begun.elapsed();
    if is_refusal(reply.status) {
        return Ok((Outcome::Refused, took));
    }
    match agent.follow(path, reply).await? {
        Arrival::Stopped(_) => Ok((Outcome::Served, took)),
        Arrival::Page(page) if is_refusal(page.reply.status) => Ok((Outcome::Refused, took)),
        Arrival::Page(page) => anyhow::bail!(
            "a right password led to {} {}: {}",
            page.reply.status,
            page.path,
            page.words()
        ),
    }
}

/// The page that asks for the password; nothing when there are too many people already.
async fn reach_password(
    agent: &mut Agent,
    target: &Target,
    person: &Person,
) -> anyhow::Result<Option<(Page, Form)>> {
    let mut arrival = agent.open(&sign_in_start(target)).await?;
    for _ in 0..3 {
        let Arrival::Page(page) = arrival else {
            anyhow::bail!("signed in without a password");
        };
        if is_refusal(page.reply.status) {
            return Ok(None);
        }
        if let Some(form) = page.forms.iter().find(|form| form.asks_for("password")) {
            let form = form.clone();
            return Ok(Some((page, form)));
        }
        let form = page
            .forms
            .iter()
            .find(|form| form.asks_for("identifier"))
            .with_context(|| format!("no sign-in form at {}: {}", page.path, page.words()))?;
        arrival = agent
            .submit(&page, form, &[("identifier", &person.login)])
            .await?;
    }
    anyhow::bail!("the pages ask for the identifier again and again")
}

fn is_refusal(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE
}
