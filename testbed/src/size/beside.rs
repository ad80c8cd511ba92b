//! What others feel of a long work: sign-ins and token requests that keep coming, before it and while it goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::bootstrap::{PASSWORD, PERSON, SERVICE_BASIC, SERVICE_SCOPE, SERVICE_SECRET};
use crate::connection::{self, Connection, Peer};
use crate::size::api::p99_millis;
use crate::wait;

/// One sign-in comes so long after another: they take less than half of a core.
const SIGN_IN_EVERY: Duration = Duration::from_millis(250);
/// The same for token requests.
const TOKEN_EVERY: Duration = Duration::from_millis(10);

/// What 99 of 100 took at most, in milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Felt {
    /// Of sign-ins by password.
    pub sign_in_p99_millis: f64,
    /// Of token requests of a service.
    pub token_p99_millis: f64,
}

/// What is under way, for whoever measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
    Before,
    Beside,
    Over,
}

/// Callers who keep coming until they are told that it is over.
pub struct Callers {
    phase: Arc<AtomicU8>,
    sign_ins: JoinHandle<anyhow::Result<Times>>,
    tokens: JoinHandle<anyhow::Result<Times>>,
}

/// How long each took that came before the work, and beside it.
#[derive(Default)]
struct Times {
    before: Vec<Duration>,
    beside: Vec<Duration>,
}

impl Callers {
    /// They come from now on.
    pub fn begin(peer: &Peer) -> Self {
        let phase = Arc::new(AtomicU8::new(Phase::Before as u8));
        let (first, second) = (Arc::clone(&phase), Arc::clone(&phase));
        let (one, other) = (Connection::new(peer.clone()), Connection::new(peer.clone()));
        Self {
            phase,
            sign_ins: tokio::spawn(keep_coming(first, SIGN_IN_EVERY, one, Call::SignIn)),
            tokens: tokio::spawn(keep_coming(second, TOKEN_EVERY, other, Call::Token)),
        }
    }

    /// The work begins.
    pub fn note_begin(&self) {
        self.phase.store(Phase::Beside as u8, Ordering::Relaxed);
    }

    /// The work is over: what they felt before it, and beside it.
    ///
    /// # Errors
    /// When one of them was not answered well.
    pub async fn end(self) -> anyhow::Result<(Felt, Felt)> {
        self.phase.store(Phase::Over as u8, Ordering::Relaxed);
        let (sign_ins, tokens) = (self.sign_ins.await??, self.tokens.await??);
        let felt = |sign_ins, tokens| Felt {
            sign_in_p99_millis: p99_millis(sign_ins),
            token_p99_millis: p99_millis(tokens),
        };
        Ok((
            felt(sign_ins.before, tokens.before),
            felt(sign_ins.beside, tokens.beside),
        ))
    }
}

#[derive(Debug, Clone, Copy)]
enum Call {
    SignIn,
    Token,
}

/// Whoever comes while the one before is still served waits for that too, and has it counted: they came when they came.
async fn keep_coming(
    phase: Arc<AtomicU8>,
    every: Duration,
    mut connection: Connection,
    call: Call,
) -> anyhow::Result<Times> {
    let (mut times, mut due) = (Times::default(), Instant::now());
    loop {
        due += every;
        wait::until_moment(due).await;
        let now = phase.load(Ordering::Relaxed);
        if now == Phase::Over as u8 {
            return Ok(times);
        }
        match call {
            Call::SignIn => sign_in(&mut connection).await?,
            Call::Token => token(&mut connection).await?,
        }
        let times = if now == Phase::Before as u8 {
            &mut times.before
        } else {
            &mut times.beside
        };
        times.push(due.elapsed());
    }
}

async fn sign_in(connection: &mut Connection) -> anyhow::Result<()> {
    let body = json!({ "username": PERSON, "password": PASSWORD });
    let reply = connection
        .call(Method::POST, "/api/v1/authn", &body, &[])
        .await?;
    let status = reply.json()?["status"].clone();
    anyhow::ensure!(status == "SUCCESS", "no sign-in: {}", reply.text());
    Ok(())
}

async fn token(connection: &mut Connection) -> anyhow::Result<()> {
    let body = connection::form(&[
        ("grant_type", "client_credentials"),
        ("scope", SERVICE_SCOPE),
    ]);
    let proof = connection::basic(SERVICE_BASIC, SERVICE_SECRET);
    let reply = connection
        .post_form("/oauth2/default/v1/token", body, &[proof])
        .await?;
    anyhow::ensure!(reply.status == StatusCode::OK, "no token: {}", reply.text());
    Ok(())
}
