//! People and applications at work while the program is ended without warning, and the book they keep: every write that
//! was acknowledged, every code and token that was spent. Afterwards the book is held against the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::Context as _;
use http::StatusCode;

use crate::agent::{Agent, Arrival, Page, Person};
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

/// What an answer of the program's own fault (500 to 599) means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnFaults {
    /// A wrong answer: nothing but the program itself is ended.
    AreWrong,
    /// No answer: its store is ended under it, and it cannot know what became of a write.
    AreNoAnswer,
}

/// What becomes of the chain of refresh tokens when the book is held against the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// It goes on.
    Kept,
    /// A spent token is shown, which must end it for good; a new one is begun.
    Broken,
}

/// What has been acknowledged and not been held against the program yet.
#[derive(Debug, Default)]
struct Book {
    /// Codes that were redeemed.
    spent_codes: Vec<String>,
    /// The refresh token that was replaced last of those whose successor was used.
    spent_token: Option<String>,
    /// Refresh tokens that were revoked.
    revoked_tokens: Vec<String>,
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
    own_faults: OwnFaults,
    book: Book,
    /// How many writes were acknowledged so far.
    acknowledged: usize,
    /// How many spent codes and tokens were shown again, and refused.
    refused: usize,
}

impl Witness {
    /// Signs a person in and begins a chain of refresh tokens.
    ///
    /// # Errors
    /// When the program does not let them.
    pub async fn begin(
        peer: &Peer,
        app: &App,
        person: &Person,
        own_faults: OwnFaults,
    ) -> anyhow::Result<Self> {
        let mut agent = Agent::new(Connection::new(peer.clone()), &[&app.redirect_uri]);
        let callback = agent.sign_in(&authorize_path(app), person).await?;
        let code = connection::query_parameter(&callback, "code")
            .with_context(|| format!("called back without a code: {callback}"))?;
        let mut witness = Self {
            peer: peer.clone(),
            app: app.clone(),
            cookies: agent.cookie_header(),
            token: String::new(),
            before: None,
            doubtful: None,
            own_faults,
            book: Book::default(),
            acknowledged: 0,
            refused: 0,
        };
        let mut connection = Connection::new(peer.clone());
        witness.begin_chain(&mut connection, &code).await?;
        Ok(witness)
    }

    /// How many writes were acknowledged so far; each has left at least one row in the log.
    #[must_use]
    pub fn acknowledged(&self) -> usize {
        self.acknowledged
    }

    /// How many spent codes and tokens were shown again, and refused.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.refused
    }

    /// The code that a chain began with is not shown again while the chain lives: that would end it (RFC 6749 section
    /// 4.1.2).
    async fn begin_chain(&mut self, connection: &mut Connection, code: &str) -> anyhow::Result<()> {
        let reply = answered(self.redeem(connection, code).await)?;
        self.token = token_of(&reply, "refresh_token")?;
        self.before = None;
        self.acknowledged += 1;
        self.book.spent_token = None;
        Ok(())
    }

    /// Works until an answer fails to come or the work is called off; counts what was acknowledged.
    ///
    /// # Errors
    /// When an answer is wrong.
    pub async fn work(
        &mut self,
        acknowledged: &Arc<AtomicUsize>,
        is_over: &Arc<AtomicBool>,
    ) -> anyhow::Result<()> {
        let mut connection = Connection::new(self.peer.clone());
        while !is_over.load(Ordering::Relaxed) {
            if !self.refresh_once(&mut connection).await? {
                break;
            }
            acknowledged.fetch_add(1, Ordering::Relaxed);
            if !self.code_once(&mut connection).await? {
                break;
            }
            acknowledged.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// What was sent without an answer is sent again, twice: a code may work now, if it had not before; never twice.
    async fn settle_doubt(&mut self, connection: &mut Connection) -> anyhow::Result<()> {
        let Some(code) = self.doubtful.take() else {
            return Ok(());
        };
        let mut worked = 0_usize;
        for _ in 0..2 {
            let reply = answered(self.redeem(connection, &code).await)?;
            if reply.status == StatusCode::OK {
                worked += 1;
            } else {
                expect_invalid_grant(&reply, "a doubtful code")?;
            }
        }
        anyhow::ensure!(worked <= 1, "a code was accepted {worked} times");
        self.acknowledged += worked;
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
        self.acknowledged += 1;
        // The one before is beyond grace now: its successor has been used.
        let spent = self
            .before
            .replace(std::mem::replace(&mut self.token, next));
        if spent.is_some() {
            self.book.spent_token = spent;
        }
        Ok(true)
    }

    async fn code_once(&mut self, connection: &mut Connection) -> anyhow::Result<bool> {
        let Some(code) = self.ask_code(connection).await? else {
            return Ok(false);
        };
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
                self.acknowledged += 1;
                self.book.spent_codes.push(code);
                self.revoke(connection, token_of(&reply, "refresh_token")?)
                    .await
            }
        }
    }

    /// A code by the session; nothing when no answer came.
    async fn ask_code(&self, connection: &mut Connection) -> anyhow::Result<Option<String>> {
        let asked = connection
            .get(&authorize_path(&self.app), &self.cookies)
            .await;
        let End::Acknowledged(reply) = self.judge(asked) else {
            return Ok(None);
        };
        let error = reply
            .location()
            .and_then(|address| connection::query_parameter(address, "error"));
        // Where the application is known, a fault is told to it (RFC 6749 section 4.1.2.1).
        if error.as_deref() == Some("server_error") && self.own_faults == OwnFaults::AreNoAnswer {
            return Ok(None);
        }
        reply
            .location()
            .filter(|address| address.starts_with(&self.app.redirect_uri))
            .and_then(|address| connection::query_parameter(address, "code"))
            .map(Some)
            .with_context(|| {
                format!(
                    "an acknowledged session was lost: {} to {:?}",
                    reply.status,
                    reply.location()
                )
            })
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
                self.acknowledged += 1;
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
        let reply = connection
            .post_form(&path, connection::form(fields), &[credentials])
            .await;
        self.judge(reply)
    }

    fn judge(&self, reply: anyhow::Result<Reply>) -> End {
        match reply {
            Ok(reply)
                if reply.status.is_server_error() && self.own_faults == OwnFaults::AreNoAnswer =>
            {
                End::Lost
            }
            Ok(reply) => End::Acknowledged(reply),
            Err(_) => End::Lost,
        }
    }

    /// Holds the book against the program, which must answer everything: the session and the chain live, and nothing
    /// that was spent works again. What was shown is struck out: the next look shows what came after.
    ///
    /// # Errors
    /// The first entry that does not hold.
    pub async fn testify(&mut self, chain: Chain) -> anyhow::Result<()> {
        let mut connection = Connection::new(self.peer.clone());
        self.settle_doubt(&mut connection).await?;
        let lives =
            self.refresh_once(&mut connection).await? && self.refresh_once(&mut connection).await?;
        anyhow::ensure!(lives, "the program does not answer");
        let book = std::mem::take(&mut self.book);
        for code in &book.spent_codes {
            let reply = answered(self.redeem(&mut connection, code).await)?;
            expect_invalid_grant(&reply, "a spent code")?;
        }
        for token in &book.revoked_tokens {
            self.expect_dead(&mut connection, token, "a revoked token")
                .await?;
        }
        self.refused += book.spent_codes.len() + book.revoked_tokens.len();
        if chain == Chain::Broken {
            let spent = book.spent_token.context("no refresh token was spent")?;
            self.break_chain(&mut connection, &spent).await?;
        }
        Ok(())
    }

    /// A spent token must be refused, and must end all that came from it.
    async fn break_chain(
        &mut self,
        connection: &mut Connection,
        spent: &str,
    ) -> anyhow::Result<()> {
        self.expect_dead(connection, spent, "a spent token").await?;
        self.expect_dead(connection, &self.token, "a token of a broken chain")
            .await?;
        self.refused += 2;
        let code = self.ask_code(connection).await?;
        let code = code.context("the program does not answer")?;
        self.begin_chain(connection, &code).await
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

/// A person who is about to sign out: at a page with the button.
#[derive(Debug)]
pub struct Leaver {
    agent: Agent,
    page: Page,
    cookies: String,
}

impl Leaver {
    /// Signs a person in.
    ///
    /// # Errors
    /// When the pages do not let them.
    pub async fn enter(peer: &Peer, person: &Person) -> anyhow::Result<Self> {
        let mut agent = Agent::new(Connection::new(peer.clone()), &["/apps"]);
        agent.sign_in("/signin?continue=%2Fapps", person).await?;
        Self::with_session(peer, &agent.cookie_header()).await
    }

    /// Takes over a session by its cookies.
    ///
    /// # Errors
    /// When it is none.
    pub async fn with_session(peer: &Peer, cookies: &str) -> anyhow::Result<Self> {
        let cookies = cookies.to_owned();
        let mut agent = Agent::new(Connection::new(peer.clone()), &[]);
        agent.set_cookies(&cookies);
        let Arrival::Page(page) = agent.open("/apps").await? else {
            anyhow::bail!("the dashboard leads elsewhere");
        };
        Ok(Self {
            agent,
            page,
            cookies,
        })
    }

    /// Signs out, which is acknowledged; gives the cookies, which must never open anything again.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn leave(mut self) -> anyhow::Result<String> {
        let form = self
            .page
            .forms
            .iter()
            .find(|form| form.action.ends_with("/signout"))
            .with_context(|| format!("no way to sign out: {}", self.page.words()))?;
        let (_, reply) = self.agent.submit_only(&self.page, form, &[]).await?;
        anyhow::ensure!(
            reply.status.is_success() || reply.status.is_redirection(),
            "signing out was refused with {}",
            reply.status
        );
        Ok(self.cookies)
    }
}

/// Whether the dashboard opens with these cookies.
///
/// # Errors
/// When the program does not answer.
pub async fn session_lives(peer: &Peer, cookies: &str) -> anyhow::Result<bool> {
    let reply = Connection::new(peer.clone()).get("/apps", cookies).await?;
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
