//! What is known of whom an account belongs to, and what follows from it; and those who wait to be looked at though there is nothing to do
//! at the peer: they are noted together.

use crate::app;
use crate::attribute_schema::Attributes;
use crate::cell::Cell;
use crate::fault::Fault;
use crate::person::{Person, store as people};
use crate::profile_mapping::Mapped;
use crate::profile_mapping::store::load_mapped;
use crate::provisioning::account_note::{Attempt, store_account};
use crate::provisioning::decide::{Known, Step, Wanted, decide_step, decide_wanted};
use crate::provisioning::mapping::{Rendered, render_user};
use crate::provisioning::store::accounts::{self, Account};
use crate::provisioning::store::{Key, connections};
use crate::provisioning::work::Work;
use crate::provisioning::{Connection, Features};
use crate::user_type::schemas::OrgSchemas;
use crate::user_type::store::load_schemas;
use database::ReadTx;
use vocab::future::boxed;
use vocab::id::UserId;

/// Accounts that are looked at in one step.
const LOOKED_AT_MAX: i64 = 100;

/// What is known of whom an account belongs to.
pub(crate) struct Facts {
    pub(crate) account: Account,
    pub(crate) person: Option<Person>,
    /// What is to be said of whom an account is wanted for; nothing where the mapping of the app takes too much for that.
    pub(crate) rendered: Option<Rendered>,
    pub(crate) wanted: Wanted,
    pub(crate) step: Step,
}

/// What is sent of a person is made of these, and what is let be done.
pub(crate) struct Sources {
    /// The attributes of people, by their types.
    schemas: OrgSchemas,
    /// What they have in the app.
    mapped: Mapped,
    may: Features,
}

impl Sources {
    /// As they are now.
    ///
    /// # Errors
    /// [`Fault`] if something cannot be read.
    pub(crate) async fn load(tx: &mut ReadTx, connection: &Connection) -> Result<Self, Fault> {
        let (org, app) = (&connection.org_id, &connection.app_id);
        Ok(Self {
            schemas: load_schemas(tx, org).await?,
            mapped: load_mapped(tx, org, app).await?,
            may: connection.config.features,
        })
    }

    /// What is stored of a person in the app; nothing is asked where its people have no attributes.
    pub(crate) async fn load_stored(
        &self,
        tx: &mut ReadTx,
        key: Key<'_>,
        user: &UserId,
    ) -> Result<Attributes, Fault> {
        Ok(match self.mapped.of_app.is_empty() {
            true => Attributes::default(),
            false => app::store::load_attributes(tx, key.0, key.1, user).await?,
        })
    }
}

/// Accounts that were to be looked at.
#[derive(Debug, Default)]
pub struct Due {
    /// Those of which something is to be done at the peer.
    pub accounts: Vec<Account>,
    /// How many there were besides: there is nothing more to do for them.
    pub settled: usize,
}

/// What is known of an account, and what is to be done; none where none is noted.
///
/// # Errors
/// [`Fault`] if the store fails.
pub(crate) async fn load_facts(
    tx: &mut ReadTx,
    key: Key<'_>,
    user: &UserId,
    sources: &Sources,
) -> Result<Option<Facts>, Fault> {
    let Some(account) = accounts::load(tx, key, user).await? else {
        return Ok(None);
    };
    let person = people::load(tx, key.0, user).await?;
    let assigned = app::store::is_assigned(tx, key.0, key.1, user).await?;
    let stored = sources.load_stored(tx, key, user).await?;
    let facts = decide_facts(sources, account, (person, stored), assigned);
    Ok(Some(facts))
}

/// What is known of somebody, and what follows from it.
pub(crate) fn decide_facts(
    sources: &Sources,
    account: Account,
    (person, stored): (Option<Person>, Attributes),
    assigned: bool,
) -> Facts {
    let wanted = decide_wanted(person.as_ref().map(|person| person.status), assigned);
    let rendered = person
        .as_ref()
        .filter(|_| wanted == Wanted::Yes)
        .and_then(|person| {
            let in_app = sources.mapped.complete(person, &stored).ok()?;
            let own = sources.schemas.as_schemas().of_person(person);
            Some(render_user(person, own, &in_app))
        });
    let known = Known {
        linked: account.peer_id.is_some(),
        active: account.peer_active,
        current: rendered
            .as_ref()
            .is_some_and(|rendered| rendered.mark == account.sent),
        begun: account.begun,
    };
    Facts {
        step: decide_step(wanted, known, sources.may),
        account,
        person,
        rendered,
        wanted,
    }
}

impl Cell {
    /// So many accounts that are to be looked at, and of which something is to be done at the peer; those before them of which nothing is,
    /// are noted together. None if the connection is held no more.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn due_accounts(&self, work: &Work, limit: usize) -> Result<Option<Due>, Fault> {
        let mut due = Due::default();
        let mut settled = Vec::new();
        {
            let mut tx = self.database.read().await?;
            let key = work.held.key();
            for account in accounts::load_due(&mut tx, key, self.now(), LOOKED_AT_MAX).await? {
                if due.accounts.len() >= limit {
                    break;
                }
                let user = &account.user_id;
                match load_facts(&mut tx, key, user, &work.sources).await? {
                    Some(facts) if matches!(facts.step, Step::Nothing | Step::Forget) => {
                        settled.push(Attempt::without_peer(facts));
                    }
                    Some(_) => due.accounts.push(account),
                    None => {}
                }
            }
        }
        due.settled = settled.len();
        Ok(self.note_settled(work, settled).await?.then_some(due))
    }

    async fn note_settled(&self, work: &Work, settled: Vec<Attempt>) -> Result<bool, Fault> {
        if settled.is_empty() {
            return Ok(true);
        }
        let (held, now) = (work.held.clone(), self.now());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    if !connections::is_held(tx, &held).await? {
                        return Ok(false);
                    }
                    for attempt in settled {
                        store_account(tx, &held, attempt, now).await?;
                    }
                    Ok(true)
                })
            })
            .await
    }
}
