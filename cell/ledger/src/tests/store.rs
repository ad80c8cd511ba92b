//! What an attacker with the database in hand might do to the log.

use crate::for_tests::Store;
use database::{DatabaseFault, params};
use vocab::id::OrgId;

/// A way of damaging the log of five rows that `sample` wrote.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tampering {
    pub(crate) what: &'static str,
    pub(crate) statements: &'static [&'static str],
}

pub(crate) const CHANGED_BODY: Tampering = Tampering {
    what: "a changed body",
    statements: &[
        "UPDATE log_events SET body = replace(body, 'SUCCESS', 'FAILURE') WHERE org_id = $1 AND seq = 3",
    ],
};
pub(crate) const CHANGED_HASH: Tampering = Tampering {
    what: "a changed hash",
    statements: &[
        "UPDATE log_events SET hash = replace(hash, '1', '2') WHERE org_id = $1 AND seq = 3",
    ],
};
pub(crate) const REMOVED_ROW: Tampering = Tampering {
    what: "a removed row",
    statements: &["DELETE FROM log_events WHERE org_id = $1 AND seq = 3"],
};
pub(crate) const CLOSED_GAP: Tampering = Tampering {
    what: "a removed row, the others moved up",
    statements: &[
        "DELETE FROM log_events WHERE org_id = $1 AND seq = 3",
        "UPDATE log_events SET seq = 3 WHERE org_id = $1 AND seq = 4",
        "UPDATE log_events SET seq = 4 WHERE org_id = $1 AND seq = 5",
    ],
};
pub(crate) const SWAPPED_ROWS: Tampering = Tampering {
    what: "two rows in each other's place",
    statements: &[
        "UPDATE log_events SET seq = 9 WHERE org_id = $1 AND seq = 3",
        "UPDATE log_events SET seq = 3 WHERE org_id = $1 AND seq = 4",
        "UPDATE log_events SET seq = 4 WHERE org_id = $1 AND seq = 9",
    ],
};
pub(crate) const CUT_OFF: Tampering = Tampering {
    what: "the newest rows removed",
    statements: &["DELETE FROM log_events WHERE org_id = $1 AND seq >= 4"],
};
pub(crate) const CUT_OFF_WITH_HEAD: Tampering = Tampering {
    what: "the newest rows removed and the head moved back",
    statements: &[
        "DELETE FROM log_targets WHERE org_id = $1 AND seq >= 4",
        "DELETE FROM log_events WHERE org_id = $1 AND seq >= 4",
        "UPDATE log_heads SET seq = 3, hash = (SELECT hash FROM log_events e WHERE e.org_id = $1 AND e.seq = 3)
         WHERE org_id = $1",
    ],
};
pub(crate) const CHANGED_HEAD: Tampering = Tampering {
    what: "a changed head",
    statements: &["UPDATE log_heads SET hash = replace(hash, '1', '2') WHERE org_id = $1"],
};
pub(crate) const REMOVED_HEAD: Tampering = Tampering {
    what: "a removed head",
    statements: &["DELETE FROM log_heads WHERE org_id = $1"],
};
pub(crate) const ALL_ROWS_REMOVED: Tampering = Tampering {
    what: "all rows removed",
    statements: &["DELETE FROM log_events WHERE org_id = $1"],
};
pub(crate) const CHANGED_TYPE: Tampering = Tampering {
    what: "a changed column of types",
    statements: &["UPDATE log_events SET event_type = 'zone.create' WHERE org_id = $1 AND seq = 3"],
};
pub(crate) const CHANGED_TIME: Tampering = Tampering {
    what: "a changed column of moments",
    statements: &[
        "UPDATE log_events SET published_at = published_at + 1000 WHERE org_id = $1 AND seq = 3",
    ],
};
pub(crate) const CHANGED_ACTOR: Tampering = Tampering {
    what: "a changed column of actors",
    statements: &["UPDATE log_events SET actor_id = 'nobody' WHERE org_id = $1 AND seq = 3"],
};
pub(crate) const HIDDEN_TARGET: Tampering = Tampering {
    what: "a row taken out of the index of targets",
    statements: &["DELETE FROM log_targets WHERE org_id = $1 AND seq = 3"],
};
pub(crate) const FALSE_TARGET: Tampering = Tampering {
    what: "a row added to the index of targets",
    statements: &["INSERT INTO log_targets (org_id, seq, target_id) VALUES ($1, 3, '00uX')"],
};

impl Store {
    pub(crate) async fn tamper(&self, org: &OrgId, tampering: Tampering) {
        let org = org.clone();
        let done = self.db.write(move |tx| {
            Box::pin(async move {
                for statement in tampering.statements {
                    tx.execute(statement, params![&org]).await?;
                }
                Ok::<_, DatabaseFault>(())
            })
        });
        done.await.unwrap();
    }

    /// How SQLite would read a page with this text.
    pub(crate) async fn plan_of(&self, sql: &'static str) -> String {
        let explained: &'static str =
            Box::leak(format!("EXPLAIN QUERY PLAN {sql}").into_boxed_str());
        let mut tx = self.db.read().await.unwrap();
        let wanted = if sql.contains("$5") {
            params!["o", 0_i64, 9_i64, 5_i64, "x"]
        } else {
            params!["o", 0_i64, 9_i64, 5_i64]
        };
        let rows = tx.query(explained, wanted).await.unwrap();
        rows.iter()
            .map(|row| row.get::<String>(3).unwrap())
            .collect::<Vec<_>>()
            .join("; ")
    }
}
