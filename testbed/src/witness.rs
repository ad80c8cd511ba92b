//! People and applications at work while the program is ended without warning, and the book they keep: every write that
//! was acknowledged, every code and token that was spent. Afterwards the book is held against the program.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use http::StatusCode;

use crate::agent::{Agent, Arrival, Person};
use crate::connection::{self, Connection, Peer, Reply};

/// The example of RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The application that the witnesses use.
#[derive(Debug, Clone)]
pub struct App {
    /// Its id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Where it is called back.
    pub redirect_uri: String,
    /// The path before `/v1/…`.
    pub server_path: String,
}

/// How an exchange ended.
#[derive(Debug)]
enum End {
    /// Answered: this has happened and must never be undone.
    Acknowledged(Reply),
    /// Not answered: it may have happened or not.
    Lost,
}

/// What has been acknowledged.
#[derive(Debug, Default)]
pub struct Book {
    /// Codes that were redeemed.
    pub spent_codes: Vec<String>,
    /// Refresh tokens that were replaced, and whose successor was used.
    pub spent_tokens: Vec<String>,
    /// Refresh tokens that were revoked.
    pub revoked_tokens: Vec<String>,
    /// Codes that were shown while it was unknown whether they had been redeemed, by the number of times it worked.
    pub doubtful_codes: BTreeMap<String, usize>,
}

/// One person with a browser and an application, at work.
#[derive(Debug)]
pub struct Witness {
    peer: Peer,
    app: App,
    cookies: String,
    /// The chain of refresh tokens: the living one and the one before it.
    token: String,
    before: Option<String>,
    /// A code that was sent without an answer.
    doubtful: Option<String>,
    /// What was acknowledged.
    pub book: Book,
}

impl Witness {
    /// Signs a person in and begins a chain of refresh tokens.
    ///
    /// # Errors
    /// When the program does not let them.
    pub async fn begin(peer: &Peer, app: &App, person: &Person) -> anyhow::Result<Self> {
        let mut agent = Agent::new(Connection::new(peer.clone()), &[&app.redirect_uri]);
        let callback = agent.sign_in(&authorize_path(app), person).await?;
        let code = connection::query_parameter(&callback, "code")
            .with_context(|| format!("called back without a code: {callback}"))?;
        let cookies = agent.cookie_header();
        let mut witness = Self {
            peer: peer.clone(),
            app: app.clone(),
            cookies,
            token: String::new(),
            before: None,
            doubtful: None,
            book: Book::default(),
        };
        let mut connection = Connection::new(peer.clone());
        match witness.redeem(&mut connection, &code).await {
            End::Acknowledged(reply) => {
                witness.token = token_of(&reply, "refresh_token")?;
                witness.book.spent_codes.push(code);
                Ok(witness)
            }
            End::Lost => anyhow::bail!("the program did not answer the first redemption"),
        }
    }

    /// Works until an answer fails to come; counts what was acknowledged.
    ///
    /// # Errors
    /// When an answer is wrong.
    pub async fn work(&mut self, acknowledged: &Arc<AtomicUsize>) -> anyhow::Result<()> {
        let mut connection = Connection::new(self.peer.clone());
        self.settle_doubt(&mut connection).await?;
        loop {
            if !self.refresh_once(&mut connection).await? {
                return Ok(());
            }
            acknowledged.fetch_add(1, Ordering::Relaxed);
            if !self.code_once(&mut connection).await? {
                return Ok(());
            }
            acknowledged.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What was sent without an answer is sent again: a code may work now, if it had not before; never twice.
    async fn settle_doubt(&mut self, connection: &mut Connection) -> anyhow::Result<()> {
        let Some(code) = self.doubtful.clone() else {
            return Ok(());
        };
        for _ in 0..2 {
            match self.redeem(connection, &code).await {
                End::Lost => return Ok(()),
                End::Acknowledged(reply) if reply.status == StatusCode::OK => {
                    *self.book.doubtful_codes.entry(code.clone()).or_default() += 1;
                }
                End::Acknowledged(reply) => expect_invalid_grant(&reply, "a doubtful code")?,
            }
        }
        let worked = self.book.doubtful_codes.get(&code).copied().unwrap_or(0);
        anyhow::ensure!(worked <= 1, "the code {code} was accepted {worked} times");
        self.doubtful = None;
        self.book.spent_codes.push(code);
        Ok(())
    }

    /// A lost reply is asked for again with the same token: the grace for lost replies must cover a crash.
    async fn refresh_once(&mut self, connection: &mut Connection) -> anyhow::Result<bool> {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", self.token.as_str()),
        ];
        let End::Acknowledged(reply) = self.call(connection, "/v1/token", &fields).await else {
            return Ok(false);
        };
        anyhow::ensure!(
            reply.status == StatusCode::OK,
            "an acknowledged refresh token was lost: {} {}",
            reply.status,
            reply.text()
        );
        let next = token_of(&reply, "refresh_token")?;
        // The one before is beyond grace now: its successor has been used.
        if let Some(spent) = self
            .before
            .replace(std::mem::replace(&mut self.token, next))
        {
            self.book.spent_tokens.push(spent);
        }
        Ok(true)
    }

    async fn code_once(&mut self, connection: &mut Connection) -> anyhow::Result<bool> {
        let Ok(reply) = connection
            .get(&authorize_path(&self.app), &self.cookies)
            .await
        else {
            return Ok(false);
        };
        let code = reply
            .location()
            .filter(|address| address.starts_with(&self.app.redirect_uri))
            .and_then(|address| connection::query_parameter(address, "code"))
            .with_context(|| {
                format!(
                    "an acknowledged session was lost: {} to {:?}",
                    reply.status,
                    reply.location()
                )
            })?;
        match self.redeem(connection, &code).await {
            End::Lost => {
                self.doubtful = Some(code);
                Ok(false)
            }
            End::Acknowledged(reply) => {
                anyhow::ensure!(
                    reply.status == StatusCode::OK,
                    "an acknowledged code was lost: {} {}",
                    reply.status,
                    reply.text()
                );
                self.book.spent_codes.push(code);
                self.revoke(connection, token_of(&reply, "refresh_token")?)
                    .await
            }
        }
    }

    async fn revoke(&mut self, connection: &mut Connection, token: String) -> anyhow::Result<bool> {
        let fields = [("token", token.as_str())];
        match self.call(connection, "/v1/revoke", &fields).await {
            End::Lost => Ok(false),
            End::Acknowledged(reply) => {
                anyhow::ensure!(
                    reply.status == StatusCode::OK,
                    "revocation: {}",
                    reply.text()
                );
                self.book.revoked_tokens.push(token);
                Ok(true)
            }
        }
    }

    async fn redeem(&self, connection: &mut Connection, code: &str) -> End {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.app.redirect_uri.as_str()),
            ("code_verifier", VERIFIER),
        ];
        self.call(connection, "/v1/token", &fields).await
    }

    async fn call(&self, connection: &mut Connection, path: &str, fields: &[(&str, &str)]) -> End {
        let credentials = connection::basic(&self.app.client_id, &self.app.client_secret);
        let path = format!("{}{path}", self.app.server_path);
        match connection
            .post_form(&path, connection::form(fields), &[credentials])
            .await
        {
            Ok(reply) => End::Acknowledged(reply),
            Err(_) => End::Lost,
        }
    }

    /// Holds the book against the program: the session and the chain live, and nothing that was spent works again.
    /// Ends the chain, because the last thing shown is a token that was spent.
    ///
    /// # Errors
    /// The first entry that does not hold.
    pub async fn testify(&mut self) -> anyhow::Result<()> {
        let mut connection = Connection::new(self.peer.clone());
        self.settle_doubt(&mut connection).await?;
        let lives = self.refresh_once(&mut connection).await?;
        anyhow::ensure!(lives, "the program does not answer");
        for code in &self.book.spent_codes {
            let reply = answered(self.redeem(&mut connection, code).await)?;
            expect_invalid_grant(&reply, "a spent code")?;
        }
        for token in &self.book.revoked_tokens {
            self.expect_dead(&mut connection, token, "a revoked token")
                .await?;
        }
        for token in &self.book.spent_tokens {
            self.expect_dead(&mut connection, token, "a spent token")
                .await?;
        }
        Ok(())
    }

    async fn expect_dead(
        &self,
        connection: &mut Connection,
        token: &str,
        what: &str,
    ) -> anyhow::Result<()> {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let reply = answered(self.call(connection, "/v1/token", &fields).await)?;
        expect_invalid_grant(&reply, what)
    }
}

/// Signs a person in and out again, and tells whether the session stays ended: for what happens between two crashes.
///
/// # Errors
/// When the pages do not let them.
pub async fn end_session(peer: &Peer, person: &Person) -> anyhow::Result<String> {
    let mut agent = Agent::new(Connection::new(peer.clone()), &["/account"]);
    agent.sign_in("/signin?continue=%2Faccount", person).await?;
    let ended = agent.cookie_header();
    let mut inside = Agent::new(Connection::new(peer.clone()), &[]);
    inside.set_cookies(&ended);
    let Arrival::Page(page) = inside.open("/account").await? else {
        anyhow::bail!("the account page leads elsewhere");
    };
    let form = page
        .forms
        .iter()
        .find(|form| form.action.ends_with("/signout"))
        .with_context(|| format!("no way to sign out: {}", page.words()))?;
    let (_, reply) = inside.submit_only(&page, form, &[]).await?;
    anyhow::ensure!(
        reply.status.is_success() || reply.status.is_redirection(),
        "signing out was refused with {}",
        reply.status
    );
    Ok(ended)
}

/// Whether the account page opens with these cookies.
///
/// # Errors
/// When the program does not answer.
pub async fn session_lives(peer: &Peer, cookies: &str) -> anyhow::Result<bool> {
    let reply = Connection::new(peer.clone())
        .get("/account", cookies)
        .await?;
    Ok(reply.status == StatusCode::OK)
}

fn answered(end: End) -> anyhow::Result<Reply> {
    match end {
        End::Acknowledged(reply) => Ok(reply),
        End::Lost => anyhow::bail!("the program does not answer"),
    }
}

fn expect_invalid_grant(reply: &Reply, what: &str) -> anyhow::Result<()> {
    let error = reply.json()?;
    let code = error.get("error").and_then(serde_json::Value::as_str);
    anyhow::ensure!(
        reply.status == StatusCode::BAD_REQUEST && code == Some("invalid_grant"),
        "{what} was answered with {} {error}",
        reply.status
    );
    Ok(())
}

fn token_of(reply: &Reply, name: &str) -> anyhow::Result<String> {
    reply
        .json()?
        .get(name)
        .and_then(serde_json::Value::as_str)
        .map(str::to_owned)
        .with_context(|| format!("the answer has no {name}: {}", reply.text()))
}

fn authorize_path(app: &App) -> String {
    let query = connection::form(&[
        ("client_id", &app.client_id),
        ("response_type", "code"),
        ("redirect_uri", &app.redirect_uri),
        ("scope", "openid offline_access"),
        ("state", "s"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    format!("{}/v1/authorize?{query}", app.server_path)
}
