//! What is known of whom an account belongs to, and what follows from it; and those who wait to be looked at though there is nothing to do
//! at the peer: they are noted together.

use crate::app;
use crate::cell::Cell;
use crate::fault::Fault;
use crate::org::settings::ProfileAttribute;
use crate::person::{Person, store as people};
use crate::provisioning::Features;
use crate::provisioning::account_note::{Attempt, store_account};
use crate::provisioning::decide::{Known, Step, Wanted, decide_step, decide_wanted};
use crate::provisioning::mapping::{Rendered, render_user};
use crate::provisioning::store::accounts::{self, Account};
use crate::provisioning::store::{Key, connections};
use crate::provisioning::work::Work;
use database::ReadTx;
use vocab::id::UserId;

/// Accounts that are looked at in one step.
const LOOKED_AT_MAX: i64 = 100;

/// What is known of whom an account belongs to.
pub(crate) struct Facts {
    pub(crate) account: Account,
    pub(crate) person: Option<Person>,
    pub(crate) rendered: Option<Rendered>,
    pub(crate) wanted: Wanted,
    pub(crate) step: Step,
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
    (schema, may): (&[ProfileAttribute], Features),
) -> Result<Option<Facts>, Fault> {
    let Some(account) = accounts::load(tx, key, user).await? else {
        return Ok(None);
    };
    let person = people::load(tx, key.0, user).await?;
    let assigned = app::store::is_assigned(tx, key.0, key.1, user).await?;
    Ok(Some(decide_facts((schema, may), account, person, assigned)))
}

/// What is known of somebody, and what follows from it.
pub(crate) fn decide_facts(
    (schema, may): (&[ProfileAttribute], Features),
    account: Account,
    person: Option<Person>,
    assigned: bool,
) -> Facts {
    let wanted = decide_wanted(person.as_ref().map(|person| person.status), assigned);
    let rendered = person
        .as_ref()
        .filter(|_| wanted == Wanted::Yes)
        .map(|person| render_user(person, schema));
    let known = Known {
        linked: account.peer_id.is_some(),
        active: account.peer_active,
        current: rendered
            .as_ref()
            .is_some_and(|rendered| rendered.mark == account.sent),
        begun: account.begun,
    };
    Facts {
        step: decide_step(wanted, known, may),
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
                match load_facts(&mut tx, key, user, work.means()).await? {
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
