//! `testudo log`: `verify` walks every organisation's chain in the store; the others ask a running server.

use crate::admin;
use crate::home::{self, Home, STORE_FILE};
use crate::options::{Log, LogCommand, Store};
use database::{Database, Location, ReadTx};
use ledger::ChainVerdict;
use std::io::Write as _;
use std::process::ExitCode;
use vocab::id::OrgId;

/// Host names that are shown of one organisation.
const HOSTS_SHOWN: usize = 3;

/// Runs the command.
///
/// # Errors
/// Whatever keeps the store from being read.
pub async fn run(log: Log) -> anyhow::Result<ExitCode> {
    match log.command {
        LogCommand::Verify(store) => verify(store).await,
        LogCommand::List(options) => admin::log::list(options).await,
        LogCommand::Follow(options) => admin::log::follow(options).await,
    }
}

async fn verify(store: Store) -> anyhow::Result<ExitCode> {
    let location = match store.store {
        Some(url) => Location::Postgres { url: url.into() },
        None => {
            let data = store.data.display();
            anyhow::ensure!(
                home::find(&store.data)? != Home::Fleet,
                "{data} is the folder of a fleet: name the folder of a cell, such as {data}/cell-a; each organisation's log is \
                 proved in its cell, and the register's own by `testudo fleet verify`"
            );
            let path = store.data.join(STORE_FILE);
            anyhow::ensure!(
                path.exists(),
                "there is no store at {}; name its folder with --data",
                path.display()
            );
            Location::Sqlite { path }
        }
    };
    let database = Database::open(&location, &server::start::MIGRATIONS).await?;
    let mut tx = database.read().await?;
    let mut out = std::io::stdout().lock();
    let (mut after, mut sum) = (None, Sum::default());
    while let Some(org) = ledger::next_org(&mut tx, after.as_ref()).await? {
        let verdict = ledger::verify_chain(&mut tx, &org, None).await?;
        // A log is proved whatever has become of what it is of.
        let owner = load_owner(&mut tx, &org).await.unwrap_or_default();
        writeln!(out, "{}", render_chain(&org, owner.as_ref(), &verdict))?;
        sum.add(&verdict);
        after = Some(org);
    }
    writeln!(out, "{}", sum.render())?;
    drop((tx, out));
    database.close().await;
    Ok(if sum.broken == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Whose a chain is, for people.
struct Owner {
    slug: String,
    name: String,
    hosts: Vec<String>,
}

/// None if the organisation itself is not there: its log is proved all the same.
async fn load_owner(tx: &mut ReadTx, org: &OrgId) -> anyhow::Result<Option<Owner>> {
    let Some(found) = identity::org::store::load(tx, org).await? else {
        return Ok(None);
    };
    Ok(Some(Owner {
        slug: found.slug.to_string(),
        name: found.name,
        hosts: identity::org::store::load_hosts(tx, org).await?,
    }))
}

fn render_chain(org: &OrgId, owner: Option<&Owner>, verdict: &ChainVerdict) -> String {
    let owner = owner.map_or_else(
        || String::from("the organisation itself is not here"),
        |owner| {
            let hosts = owner.hosts.iter().take(HOSTS_SHOWN).map(String::as_str);
            let more = (owner.hosts.len() > HOSTS_SHOWN).then_some("…");
            let named = (owner.name != owner.slug).then_some(owner.name.as_str());
            let parts = [owner.slug.as_str()].into_iter().chain(named);
            parts
                .chain(hosts)
                .chain(more)
                .collect::<Vec<_>>()
                .join(", ")
        },
    );
    match verdict {
        ChainVerdict::Whole(chain) => format!("{org} ({owner}): whole, {} rows", chain.rows),
        ChainVerdict::Broken(row) => {
            format!("{org} ({owner}): BROKEN at row {}: {}", row.seq, row.reason)
        }
    }
}

/// What all chains come to.
#[derive(Default)]
struct Sum {
    chains: u64,
    rows: u64,
    broken: u64,
}

impl Sum {
    fn add(&mut self, verdict: &ChainVerdict) {
        self.chains += 1;
        match verdict {
            ChainVerdict::Whole(chain) => {
                self.rows += u64::try_from(chain.rows).unwrap_or_default();
            }
            ChainVerdict::Broken(_) => self.broken += 1,
        }
    }

    fn render(&self) -> String {
        let Self {
            chains,
            rows,
            broken,
        } = self;
        match (chains, broken) {
            (0, _) => String::from("there are no organisations, and so no logs"),
            (1, 0) => format!("one chain with {rows} rows, and it is whole"),
            (_, 0) => format!("{chains} chains with {rows} rows, and all are whole"),
            (_, broken) => {
                let whole = chains - broken;
                format!(
                    "{broken} of {chains} chains are NOT whole; the other {whole} have {rows} rows"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Owner, Sum, render_chain};
    use ledger::{ChainHead, ChainVerdict, VerifiedChain};
    use vocab::entropy::SeededEntropy;
    use vocab::id::OrgId;

    fn whole(rows: i64) -> ChainVerdict {
        let hash = String::new();
        let head = ChainHead { seq: rows, hash };
        ChainVerdict::Whole(VerifiedChain { rows, head })
    }

    #[test]
    fn a_chain_is_shown_with_whose_it_is() {
        let org = OrgId::generate(&SeededEntropy::new(1));
        let whole = whole(7);
        let mut owner = Owner {
            slug: String::from("acme"),
            name: String::from("Acme Corporation"),
            hosts: vec![String::from("login.acme.test")],
        };
        let said = render_chain(&org, Some(&owner), &whole);
        let wanted = format!("{org} (acme, Acme Corporation, login.acme.test): whole, 7 rows");
        assert_eq!(said, wanted);
        owner.name = owner.slug.clone();
        owner.hosts = ["a", "b", "c", "d"].map(String::from).to_vec();
        let said = render_chain(&org, Some(&owner), &whole);
        assert!(said.contains("(acme, a, b, c, …): whole"), "{said}");
        let said = render_chain(&org, None, &whole);
        assert!(
            said.contains("(the organisation itself is not here): whole"),
            "{said}"
        );
    }

    #[test]
    fn all_chains_are_summed_up() {
        let sum = |chains, rows, broken| {
            Sum {
                chains,
                rows,
                broken,
            }
            .render()
        };
        for (said, wanted) in [
            (sum(0, 0, 0), "there are no organisations, and so no logs"),
            (sum(1, 4, 0), "one chain with 4 rows, and it is whole"),
            (sum(3, 40, 0), "3 chains with 40 rows, and all are whole"),
            (
                sum(3, 40, 1),
                "1 of 3 chains are NOT whole; the other 2 have 40 rows",
            ),
        ] {
            assert_eq!(said, wanted);
        }
        let mut one = Sum::default();
        one.add(&whole(5));
        assert_eq!((one.chains, one.rows, one.broken), (1, 5, 0));
    }
}
