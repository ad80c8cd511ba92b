//! One organisation of the fleet under load, with its people and applications, all made over the edge as an administrator
//! makes them: the one-time link, a second factor, the wizards.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::agent::{Agent, Arrival, Page, Person, TooMany};
use crate::bootstrap::{CALLBACK, PASSWORD, PERSON};
use crate::connection::{self, Connection, Peer};
use crate::first_hour::{Administrator, Made};
use crate::fleet::Fleet;
use crate::html::Form;
use crate::proof::book::Book;
use crate::proof::flow::begin_family;
use crate::wait;

/// The example of RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// How long an application keeps an idle connection: shorter than servers do, or a request meets a closing one.
const IDLE_MAX: Duration = Duration::from_secs(4);
/// How long a new organisation may take to be served.
const SERVED_MAX: Duration = Duration::from_secs(30);
/// The password that the administrator gives a person to begin with.
const FIRST_PASSWORD: &str = "five herons stand in Delos";
/// How long a first sign-in may take, all pauses included.
const ENTERED_MAX: Duration = Duration::from_secs(120);
/// The most pages of a first sign-in.
const PAGES_MAX: usize = 4;
/// The person whose name is changed again and again.
const CHANGED: &str = "changed";

/// An organisation.
#[derive(Debug)]
pub struct Site {
    /// Its short name.
    pub slug: String,
    /// Its cell, as far as is known.
    pub cell: String,
    /// The edge, by the organisation's host.
    pub peer: Peer,
    /// Its web application.
    pub web: Made,
    /// Its service.
    pub service: Made,
    /// Who signs in.
    pub person: Person,
    /// The page of the person whose name is changed.
    pub changed_path: String,
    /// The chain of refresh tokens; one at a time uses it, as an application does.
    pub family: tokio::sync::Mutex<Family>,
    /// The administrator's browser.
    pub admin: tokio::sync::Mutex<Desk>,
    idle: Mutex<Vec<(Instant, Connection)>>,
    session: Mutex<String>,
    access: Mutex<String>,
    chains: AtomicU64,
    book: Mutex<Book>,
}

/// A chain of refresh tokens.
#[derive(Debug, Default)]
pub struct Family {
    /// The living one.
    pub token: String,
    /// The one before it, which a client whose answer was lost may show once more.
    pub before: Option<String>,
    /// An older one, which nobody may show.
    pub spent: Option<String>,
    /// Whether an answer was lost: the living one may be spent without our knowledge.
    pub is_doubtful: bool,
}

impl Family {
    /// The next token takes the place of the living one.
    pub fn advance(&mut self, next: String) {
        // Asked again with the one before, a server repeats its answer (RFC 9700 section 4.14.2).
        if next == self.token {
            return;
        }
        let before = std::mem::replace(&mut self.token, next);
        if let Some(spent) = self.before.replace(before) {
            self.spent = Some(spent);
        }
        self.is_doubtful = false;
    }
}

/// The administrator at work.
#[derive(Debug)]
pub struct Desk {
    /// Her browser, signed in.
    pub agent: Agent,
    /// The number of the next write.
    pub next: u64,
}

impl Site {
    /// Makes an organisation in a cell of a running fleet, with everything that the load needs.
    ///
    /// # Errors
    /// What was refused.
    pub async fn prepare(fleet: &Fleet, slug: &str, cell: &str) -> anyhow::Result<Self> {
        let made = fleet.make_org(slug, cell)?;
        let peer = fleet.peer_of(slug)?;
        wait_until_served(&peer).await?;
        let mut administrator = Administrator::set_up_at(peer.clone(), &made.setup_link).await?;
        let web = administrator.make_app().await?;
        let service = administrator.make_service().await?;
        let mut desk = Desk {
            agent: administrator.agent,
            next: 0,
        };
        let changed_path = desk
            .add_person(&format!("{CHANGED}@{slug}.example"))
            .await?;
        let first = [("start", "password"), ("password", FIRST_PASSWORD)];
        desk.add_person_with(PERSON, &first).await?;
        let site = Self {
            slug: slug.to_owned(),
            cell: cell.to_owned(),
            peer,
            web,
            service,
            person: Person {
                login: PERSON.to_owned(),
                password: PASSWORD.to_owned(),
            },
            changed_path,
            family: tokio::sync::Mutex::default(),
            access: Mutex::default(),
            chains: AtomicU64::default(),
            session: Mutex::default(),
            admin: tokio::sync::Mutex::new(desk),
            idle: Mutex::default(),
            book: Mutex::default(),
        };
        site.enter_first().await?;
        site.family.lock().await.token = begin_family(&site, &mut 0).await?;
        Ok(site)
    }

    /// The first sign-in, which asks for a new password. Who is told to come again later does so.
    async fn enter_first(&self) -> anyhow::Result<()> {
        wait::until_async("a first sign-in", ENTERED_MAX, async || {
            match self.try_to_enter().await {
                Ok(()) => Ok(Some(())),
                Err(error) => match error.downcast_ref::<TooMany>() {
                    Some(refusal) => {
                        let pause = Duration::from_secs(refusal.retry_after_secs);
                        wait::until_moment(tokio::time::Instant::now() + pause).await;
                        Ok(None)
                    }
                    None => Err(error),
                },
            }
        })
        .await
    }

    async fn try_to_enter(&self) -> anyhow::Result<()> {
        let mut agent = Agent::new(Connection::new(self.peer.clone()), &[CALLBACK]);
        let mut arrival = agent.open(&self.authorize_path()).await?;
        for _ in 0..PAGES_MAX {
            let page = match arrival {
                Arrival::Stopped(_) => {
                    self.set_session(agent.cookie_header());
                    return Ok(());
                }
                Arrival::Page(page) => page,
            };
            if let Some(too_many) = TooMany::parse(&page.reply)? {
                return Err(too_many.into());
            }
            let asks = |name: &str| page.forms.iter().find(|form| form.asks_for(name));
            let known = [("password", FIRST_PASSWORD)];
            let twice = [("password", PASSWORD), ("password_again", PASSWORD)];
            let (form, filled) =
                match (asks("password_again"), asks("password"), asks("identifier")) {
                    (Some(form), _, _) => (form, &twice[..]),
                    (_, Some(form), _) => (form, &known[..]),
                    (_, _, Some(form)) => (form, &[("identifier", PERSON)][..]),
                    _ => anyhow::bail!("nothing to answer at {}: {}", page.path, page.words()),
                };
            arrival = agent.submit(&page, form, filled).await?;
        }
        anyhow::bail!("the first sign-in did not end")
    }

    /// The book.
    pub fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that is free, or a new one.
    pub fn take_connection(&self) -> Connection {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(since, _)| since.elapsed() < IDLE_MAX);
        let free = idle.pop().map(|(_, connection)| connection);
        free.unwrap_or_else(|| Connection::new(self.peer.clone()))
    }

    /// Gives a connection back.
    pub fn give_connection(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push((Instant::now(), connection));
    }

    /// The cookies of the newest session.
    pub fn session(&self) -> String {
        copy_of(&self.session)
    }

    /// A newer session.
    pub fn set_session(&self, cookies: String) {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = cookies;
    }

    /// The newest access token.
    pub fn access(&self) -> String {
        copy_of(&self.access)
    }

    /// A newer access token.
    pub fn set_access(&self, token: String) {
        *self.access.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }

    /// The number of the chain that the newest access token comes from, or of the one before it.
    pub fn chain(&self) -> u64 {
        self.chains.load(Ordering::SeqCst)
    }

    /// The access token is of another chain now.
    pub fn begin_chain(&self) {
        self.chains.fetch_add(1, Ordering::SeqCst);
    }

    /// Where the application sends people.
    #[must_use]
    pub fn authorize_path(&self) -> String {
        let query = connection::form(&[
            ("client_id", &self.web.client_id),
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid email offline_access"),
            ("state", "s"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        format!("/oauth2/v1/authorize?{query}")
    }
}

fn copy_of(text: &Mutex<String>) -> String {
    text.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

impl Desk {
    /// Adds a person by the form for it; gives the path of the person's page.
    ///
    /// # Errors
    /// When that page is not reached: the person may be there all the same.
    pub async fn add_person(&mut self, login: &str) -> anyhow::Result<String> {
        self.add_person_with(login, &[("start", "staged")]).await
    }

    async fn add_person_with(
        &mut self,
        login: &str,
        start: &[(&str, &str)],
    ) -> anyhow::Result<String> {
        let mut filled = vec![
            ("login", login),
            ("email", login),
            ("first_name", "Robin"),
            ("last_name", "Goodfellow"),
        ];
        filled.extend(start);
        let page = self.write("/admin/people/new", &filled).await?;
        anyhow::ensure!(
            page.path.starts_with("/admin/people/00u"),
            "adding a person led to {}: {}",
            page.path,
            page.words()
        );
        Ok(page.path)
    }

    /// Changes a person's family name.
    ///
    /// # Errors
    /// When it was not answered so: it may be changed all the same.
    pub async fn rename(&mut self, path: &str, name: &str) -> anyhow::Result<()> {
        let page = self.write(path, &[("last_name", name)]).await?;
        let form = form_to(&page, path)?;
        anyhow::ensure!(
            form.value("last_name") == Some(name),
            "the name is {:?} after it was changed to {name}",
            form.value("last_name")
        );
        Ok(())
    }

    /// A page of the administration.
    ///
    /// # Errors
    /// When it is not shown.
    pub async fn open(&mut self, path: &str) -> anyhow::Result<Page> {
        shown(self.agent.open(path).await?, path)
    }

    async fn write(&mut self, path: &str, filled: &[(&str, &str)]) -> anyhow::Result<Page> {
        // A person takes longer between two clicks than servers keep a connection.
        self.agent.connection().forget();
        let page = self.open(path).await?;
        let form = form_to(&page, path)?;
        shown(self.agent.submit(&page, form, filled).await?, path)
    }
}

fn shown(arrival: Arrival, path: &str) -> anyhow::Result<Page> {
    match arrival {
        Arrival::Page(page) if page.reply.status.is_success() => Ok(page),
        Arrival::Page(page) => anyhow::bail!("{path} answered {}", page.reply.status),
        Arrival::Stopped(address) => anyhow::bail!("{path} led to {address}"),
    }
}

/// The form of a page that posts to a path.
///
/// # Errors
/// When there is none.
pub fn form_to<'p>(page: &'p Page, path: &str) -> anyhow::Result<&'p Form> {
    let mut forms = page.forms.iter();
    forms
        .find(|form| form.posts && form.action == path)
        .with_context(|| format!("no form for {path}: {}", page.words()))
}

async fn wait_until_served(peer: &Peer) -> anyhow::Result<()> {
    wait::until_async("a new organisation", SERVED_MAX, async || {
        let answer = Connection::new(peer.clone()).get("/signin", "").await;
        let is_served = answer.is_ok_and(|reply| reply.status.is_success());
        Ok(is_served.then_some(()))
    })
    .await
}
