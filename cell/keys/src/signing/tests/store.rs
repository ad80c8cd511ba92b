//! What somebody with the database in hand might do to signing keys, and the log as the rotation left it.

use crate::for_tests::Store;
use database::{DatabaseFault, params};
use ledger::{LogFilter, load_after};
use vocab::id::OrgId;

impl Store {
    /// Puts the sealed private half of one org's key in the place of another's.
    pub(super) async fn swap_sealed(&self, from: &OrgId, to: &OrgId) {
        const SWAP: &str = "UPDATE signing_keys
             SET sealed = (SELECT other.sealed FROM signing_keys other WHERE other.org_id = $1)
             WHERE org_id = $2";
        let (from, to) = (from.clone(), to.clone());
        let swapped = self
            .db
            .write(move |tx| Box::pin(async move { tx.execute(SWAP, params![&from, &to]).await }));
        let swapped: Result<u64, DatabaseFault> = swapped.await;
        assert_eq!(swapped.unwrap(), 1);
    }

    /// Damages the wrapped key of an org.
    pub(super) async fn damage_org_key(&self, org: &OrgId) {
        const DAMAGE: &str = "UPDATE org_keys SET wrapped = $2 WHERE org_id = $1";
        let org = org.clone();
        let damage = self.db.write(move |tx| {
            Box::pin(async move { tx.execute(DAMAGE, params![&org, vec![7_u8; 60]]).await })
        });
        let damaged: Result<u64, DatabaseFault> = damage.await;
        assert_eq!(damaged.unwrap(), 1);
    }

    /// Lets nobody change the signing keys of any org but this one, as a fence that goes up in the middle of a round.
    pub(super) async fn close_signing_keys_but_of(&self, org: &OrgId) {
        const NOTE: &str = "CREATE TABLE writable (org_id TEXT PRIMARY KEY)";
        const ADMIT: &str = "INSERT INTO writable (org_id) VALUES ($1)";
        const CLOSE: &str = "CREATE TRIGGER closed BEFORE UPDATE ON signing_keys
             WHEN NEW.org_id NOT IN (SELECT org_id FROM writable)
             BEGIN SELECT RAISE(ABORT, 'closed'); END";
        let org = org.clone();
        let closed = self.db.write(move |tx| {
            Box::pin(async move {
                tx.execute(NOTE, params![]).await?;
                tx.execute(ADMIT, params![&org]).await?;
                tx.execute(CLOSE, params![]).await
            })
        });
        let closed: Result<u64, DatabaseFault> = closed.await;
        closed.unwrap();
    }

    /// The types and causes of the org's events, oldest first.
    pub(super) async fn events(&self, org: &OrgId) -> Vec<(String, String)> {
        let mut tx = self.db.read().await.unwrap();
        let page = load_after(&mut tx, org, &LogFilter::default(), 0, 100)
            .await
            .unwrap();
        let cause = |row: &ledger::LogRow| {
            row.event().unwrap().debug_context.unwrap().debug_data["cause"].to_string()
        };
        page.rows
            .iter()
            .map(|row| (row.event_type.clone(), cause(row)))
            .collect()
    }
}
