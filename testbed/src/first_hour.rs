//! The first hour of an administrator without a browser: the one-time link, a second factor by an authenticator app, an
//! application made by the wizard, and the first token for it.

use anyhow::Context as _;
use http::StatusCode;

use crate::agent::{Agent, Arrival, Page};
use crate::bootstrap::{CALLBACK, PASSWORD};
use crate::connection::{self, Connection, Peer};
use crate::html::{self, Form};
use crate::instance::Instance;
use crate::totp;

/// Who sets the program up.
pub const ADMINISTRATOR: &str = "ada@example.com";
/// The example of RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An administrator who has signed in with two factors.
#[derive(Debug)]
pub struct Administrator {
    /// Her browser.
    pub agent: Agent,
}

/// An application that the wizard has made.
#[derive(Debug, Clone)]
pub struct Made {
    /// Its id.
    pub client_id: String,
    /// Its secret, shown once.
    pub client_secret: String,
}

impl Administrator {
    /// Opens the one-time link, and does all that the pages ask until the administration is open.
    ///
    /// # Errors
    /// When a page leads elsewhere; the message says what it shows.
    pub async fn set_up(instance: &Instance) -> anyhow::Result<Self> {
        let link = instance
            .setup_link()
            .context("the first start printed no set-up link")?;
        Self::set_up_at(instance.peer().clone(), link).await
    }

    /// The same with a link that came another way, at the host where the organisation answers.
    ///
    /// # Errors
    /// When a page leads elsewhere; the message says what it shows.
    pub async fn set_up_at(peer: Peer, link: &str) -> anyhow::Result<Self> {
        let (_, path) = link
            .split_once("/setup?")
            .with_context(|| format!("the set-up link has another form: {link}"))?;
        let mut agent = Agent::new(Connection::new(peer), &["/admin"]);
        let page = arrived(agent.open(&format!("/setup?{path}")).await?)?;
        let filled = [
            ("org_name", "Analytical Engines"),
            ("given_name", "Ada"),
            ("family_name", "Lovelace"),
            ("email", ADMINISTRATOR),
            ("password", PASSWORD),
            ("password_again", PASSWORD),
        ];
        let form = form_to(&page, "/setup")?;
        let arrival = agent.submit(&page, form, &filled).await?;
        enroll(&mut agent, arrival).await?;
        agent.stop_at(&[]);
        Ok(Self { agent })
    }

    /// Makes a web application for everyone.
    ///
    /// # Errors
    /// When the wizard does not show its id and secret.
    pub async fn make_app(&mut self) -> anyhow::Result<Made> {
        self.make_app_named("Wiki").await
    }

    /// The same under another name.
    ///
    /// # Errors
    /// When the wizard does not show its id and secret.
    pub async fn make_app_named(&mut self, name: &str) -> anyhow::Result<Made> {
        let filled = [
            ("name", name),
            ("redirect_uris", CALLBACK),
            ("assign", "everyone"),
        ];
        self.ask_wizard("web", &filled).await
    }

    /// Makes a service, which asks for tokens of its own.
    ///
    /// # Errors
    /// When the wizard does not show its id and secret.
    pub async fn make_service(&mut self) -> anyhow::Result<Made> {
        self.ask_wizard("service", &[("name", "Nightly report")])
            .await
    }

    async fn ask_wizard(&mut self, kind: &str, filled: &[(&str, &str)]) -> anyhow::Result<Made> {
        let path = format!("/admin/apps/new?kind={kind}");
        let page = arrived(self.agent.open(&path).await?)?;
        let form = form_to(&page, "/admin/apps/new")?;
        let ready = arrived(self.agent.submit(&page, form, filled).await?)?;
        let text = ready.reply.text();
        let made = find_word(&text, "0oa", 20).zip(find_word(&text, "tcs_", 47));
        let (client_id, client_secret) = made.with_context(|| {
            format!(
                "the wizard shows no client id and secret: {}",
                ready.words()
            )
        })?;
        Ok(Made {
            client_id,
            client_secret,
        })
    }

    /// Signs in to the application with the session that is there, and redeems the code.
    ///
    /// # Errors
    /// When no tokens come of it.
    pub async fn token_for(&mut self, app: &Made) -> anyhow::Result<serde_json::Value> {
        let query = connection::form(&[
            ("client_id", &app.client_id),
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid email offline_access"),
            ("state", "s"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        let address = match self
            .agent
            .open(&format!("/oauth2/v1/authorize?{query}"))
            .await?
        {
            Arrival::Stopped(address) => address,
            Arrival::Page(page) => anyhow::bail!("a living session was asked: {}", page.words()),
        };
        let code = connection::query_parameter(&address, "code")
            .with_context(|| format!("called back without a code: {address}"))?;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let credentials = connection::basic(&app.client_id, &app.client_secret);
        let reply = self
            .agent
            .connection()
            .post_form(
                "/oauth2/v1/token",
                connection::form(&fields),
                &[credentials],
            )
            .await?;
        anyhow::ensure!(
            reply.status == StatusCode::OK,
            "no tokens: {} {}",
            reply.status,
            reply.text()
        );
        reply.json()
    }
}

/// An administrator needs a second factor; here it is an authenticator app.
async fn enroll(agent: &mut Agent, arrival: Arrival) -> anyhow::Result<()> {
    arrived(arrival)?;
    let page = arrived(agent.open("/signin/enroll/totp").await?)?;
    let text = page.reply.text();
    let secret = html::parse_text_of(&text, "totp-secret")
        .with_context(|| format!("no secret to enrol: {}", page.words()))?;
    let code = totp::code_now(&secret)?;
    let form = form_to(&page, "/signin/enroll/totp")?;
    match agent.submit(&page, form, &[("code", &code)]).await? {
        // The recovery codes, to be kept before it goes on.
        Arrival::Page(page) if page.reply.text().contains("recovery-codes") => {}
        Arrival::Page(page) => anyhow::bail!("the code was not taken: {}", page.words()),
        Arrival::Stopped(_) => anyhow::bail!("no recovery codes were shown"),
    }
    match agent.open("/signin/enroll").await? {
        Arrival::Stopped(_) => Ok(()),
        Arrival::Page(page) => anyhow::bail!("the set-up goes on and on: {}", page.words()),
    }
}

fn arrived(arrival: Arrival) -> anyhow::Result<Page> {
    match arrival {
        Arrival::Page(page) if page.reply.status == StatusCode::OK => Ok(page),
        Arrival::Page(page) => anyhow::bail!(
            "{} answered {}: {}",
            page.path,
            page.reply.status,
            page.words()
        ),
        Arrival::Stopped(address) => anyhow::bail!("left for {address}"),
    }
}

fn form_to<'p>(page: &'p Page, action: &str) -> anyhow::Result<&'p Form> {
    page.forms
        .iter()
        .find(|form| form.posts && form.action.ends_with(action))
        .with_context(|| format!("no form for {action}: {}", page.words()))
}

/// The first run of so many letters, digits, `-` and `_` that begins so.
fn find_word(text: &str, beginning: &str, length: usize) -> Option<String> {
    text.split(|character: char| !(character.is_ascii_alphanumeric() || "-_".contains(character)))
        .find(|word| word.len() == length && word.starts_with(beginning))
        .map(str::to_owned)
}
