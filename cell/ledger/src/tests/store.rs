//! What an attacker with the database in hand might do to the log.

use crate::for_tests::Store;
use crate::words::store::{LOAD_ROWS, LOAD_SHELF, values_of};
use database::{DatabaseFault, params};
use vocab::entropy::SeededEntropy;
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
        let wanted = if sql.contains("$4") {
            params!["o", 0_i64, 9_i64, 5_i64]
        } else {
            params!["o", 0_i64, 9_i64]
        };
        let rows = tx.query(explained, wanted).await.unwrap();
        rows.iter()
            .map(|row| row.get::<String>(3).unwrap())
            .collect::<Vec<_>>()
            .join("; ")
    }
}

pub(crate) const DAMAGED_WORDS: Tampering = Tampering {
    what: "words that cannot be read",
    statements: &[
        "UPDATE log_words SET words = substr(words, 1, length(words) - 1) WHERE org_id = $1 AND first_seq = 1",
        "UPDATE log_words SET words = substr(words, 1, length(words) - 1) WHERE org_id = $1 AND first_seq = 16385",
    ],
};
pub(crate) const LOST_BLOCK: Tampering = Tampering {
    what: "a block that is not there",
    statements: &["DELETE FROM log_words WHERE org_id = $1 AND shelf = 256 AND first_seq = 513"],
};
pub(crate) const FORGOTTEN_STRETCH: Tampering = Tampering {
    what: "the oldest rows removed",
    statements: &["DELETE FROM log_events WHERE org_id = $1 AND seq <= 16384"],
};

/// How many blocks an org has.
pub(crate) const BLOCKS: &str = "SELECT COUNT(*) FROM log_words WHERE org_id = $1 AND shelf = 256";
/// How many shelves of stretches.
pub(crate) const SHELVES: &str = "SELECT COUNT(*) FROM log_words WHERE org_id = $1 AND shelf < 256";

impl Store {
    pub(crate) async fn count(&self, sql: &'static str, org: &OrgId) -> i64 {
        let mut tx = self.db.read().await.unwrap();
        let row = tx.query_optional(sql, params![org]).await.unwrap();
        row.unwrap().get(0).unwrap()
    }

    /// How SQLite would read what a search asks, each with the index that it must use.
    pub(crate) async fn word_plans(&self) -> Vec<(String, &'static str)> {
        let org = OrgId::generate(&SeededEntropy::new(1));
        let rows = (LOAD_ROWS.as_str(), values_of(&org, &[1, 2]).unwrap());
        let shelf = (LOAD_SHELF, params![&org, 1_i64, 1_i64, 9_i64].to_vec());
        let mut plans = Vec::new();
        for ((sql, values), index) in [
            (rows, "sqlite_autoindex_log_events_1"),
            (shelf, "sqlite_autoindex_log_words_1"),
        ] {
            let explained = Box::leak(format!("EXPLAIN QUERY PLAN {sql}").into_boxed_str());
            let mut tx = self.db.read().await.unwrap();
            let rows = tx.query(explained, &values).await.unwrap();
            let steps = rows.iter().map(|row| row.get::<String>(3).unwrap());
            plans.push((steps.collect::<Vec<_>>().join("; "), index));
        }
        plans
    }
}
