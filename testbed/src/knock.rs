//! Many people who have all typed their name, and who send their passwords in the same moment: what a flood of sign-ins
//! is to a server, without a clock.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::agent::{Agent, Arrival, Page, Person, TooMany};
use crate::connection::{Connection, Peer};
use crate::html::Form;
use crate::load::loopback_address;

/// Pages between the first one and the one that asks for the password.
const PAGES_MAX: usize = 3;

/// How the server answered a password that is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Signed in.
    Admitted,
    /// Told to come again after so many seconds.
    Refused {
        /// The `Retry-After` header.
        retry_after_secs: u64,
    },
}

/// Somebody at the page that asks for the password.
#[derive(Debug)]
pub struct Knocker {
    agent: Agent,
    page: Page,
    form: Form,
    person: Person,
}

impl Knocker {
    /// Goes there, from an address of its own.
    ///
    /// # Errors
    /// When the pages lead elsewhere.
    pub async fn approach(peer: &Peer, person: Person, number: usize) -> anyhow::Result<Self> {
        let connection = Connection::from_address(peer.clone(), loopback_address(number + 1));
        let mut agent = Agent::new(connection, &["/apps"]);
        let mut arrival = agent.open("/signin?continue=%2Fapps").await?;
        for _ in 0..PAGES_MAX {
            let Arrival::Page(page) = arrival else {
                anyhow::bail!("signed in without a password");
            };
            if let Some(form) = page.forms.iter().find(|form| form.asks_for("password")) {
                let form = form.clone();
                return Ok(Self {
                    agent,
                    page,
                    form,
                    person,
                });
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

    /// Sends the password once.
    ///
    /// # Errors
    /// When the answer is neither an admission nor a refusal that says when to come again.
    pub async fn knock(&mut self) -> anyhow::Result<Answer> {
        let filled = [("password", self.person.password.as_str())];
        let (path, reply) = self
            .agent
            .submit_only(&self.page, &self.form, &filled)
            .await?;
        if let Some(TooMany {
            retry_after_secs, ..
        }) = TooMany::parse(&reply)?
        {
            return Ok(Answer::Refused { retry_after_secs });
        }
        match self.agent.follow(path, reply).await? {
            Arrival::Stopped(_) => Ok(Answer::Admitted),
            Arrival::Page(page) => anyhow::bail!(
                "a right password led to {} {}: {}",
                page.reply.status,
                page.path,
                page.words()
            ),
        }
    }
}

/// All knock in the same moment; the answers, with those who got them.
///
/// # Errors
/// The first answer that is neither an admission nor a proper refusal.
pub async fn knock_at_once(knockers: Vec<Knocker>) -> anyhow::Result<Vec<(Knocker, Answer)>> {
    let barrier = Arc::new(Barrier::new(knockers.len()));
    let mut tasks = JoinSet::new();
    for mut knocker in knockers {
        let barrier = Arc::clone(&barrier);
        tasks.spawn(async move {
            barrier.wait().await;
            let answer = knocker.knock().await?;
            anyhow::Ok((knocker, answer))
        });
    }
    let mut answers = Vec::new();
    while let Some(joined) = tasks.join_next().await {
        answers.push(joined??);
    }
    Ok(answers)
}
