//! A made-up schema with every kind of table, and two orgs in it.

use std::sync::Arc;

use vocab::value::Value;

use crate::tenancy::{CAPTURE_TABLES, Record, Shape, Shapes, Tenancy, TenancyError, load_shapes};
use crate::tests::store::Store;
use crate::{Database, Migration, WriteTx};

/// Two orgs.
pub(crate) const ONE: &str = "00oAAAAAAAAAAAAAAAA1";
pub(crate) const OTHER: &str = "00oBBBBBBBBBBBBBBBB2";

/// How the made-up tables say whose they are.
pub(crate) const TENANCY: Tenancy = Tenancy {
    owner_column: "org_id",
    root: ("orgs", "id"),
    local_tables: &["machine", "org_fences", "org_changes"],
    local_columns: &[("orgs", "ordinal")],
};

/// `aliases` refers to `people` and `hosts`, which come later in the alphabet.
pub(crate) static SCHEMA: &[Migration] = &[
    Migration {
        version: 1,
        name: "tables",
        sql: "CREATE TABLE orgs (
                  id TEXT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
                  ordinal BIGINT NOT NULL UNIQUE
              );
              CREATE TABLE hosts (host TEXT PRIMARY KEY, org_id TEXT NOT NULL REFERENCES orgs (id), note TEXT);
              CREATE INDEX hosts_by_org ON hosts (org_id);
              CREATE TABLE logos (org_id TEXT PRIMARY KEY REFERENCES orgs (id), picture BYTES NOT NULL);
              CREATE TABLE people (
                  org_id TEXT NOT NULL REFERENCES orgs (id), id TEXT NOT NULL, login TEXT NOT NULL, email TEXT,
                  score REAL, photo BYTES, born BIGINT, note TEXT,
                  PRIMARY KEY (org_id, id), UNIQUE (org_id, login), UNIQUE (org_id, email)
              );
              CREATE UNIQUE INDEX people_by_note ON people (org_id, note) WHERE note = 'the only one';
              CREATE UNIQUE INDEX people_by_lower ON people (org_id, lower(login));
              CREATE TABLE aliases (
                  org_id TEXT NOT NULL, alias TEXT NOT NULL, person_id TEXT NOT NULL,
                  host TEXT REFERENCES hosts (host),
                  PRIMARY KEY (org_id, alias),
                  FOREIGN KEY (org_id, person_id) REFERENCES people (org_id, id)
              );
              CREATE INDEX aliases_by_person ON aliases (org_id, person_id);
              CREATE INDEX aliases_by_host ON aliases (host);
              CREATE TABLE members (
                  org_id TEXT NOT NULL, group_id TEXT NOT NULL, person_id TEXT NOT NULL,
                  PRIMARY KEY (org_id, group_id, person_id)
              ) WITHOUT ROWID;
              CREATE TABLE marks (
                  number BIGINT NOT NULL, org_id TEXT NOT NULL, token BYTES NOT NULL, note TEXT,
                  PRIMARY KEY (org_id, number, token)
              ) WITHOUT ROWID;
              CREATE TABLE events (
                  org_id TEXT NOT NULL, seq BIGINT NOT NULL, id TEXT NOT NULL, published_at BIGINT NOT NULL,
                  kind TEXT NOT NULL, outcome TEXT NOT NULL, actor_id TEXT NOT NULL, body TEXT NOT NULL,
                  hash TEXT NOT NULL, PRIMARY KEY (org_id, seq)
              );
              CREATE INDEX events_by_kind ON events (org_id, kind, seq);
              CREATE INDEX events_by_actor ON events (org_id, actor_id, seq);
              CREATE INDEX events_by_time ON events (org_id, published_at, seq);
              CREATE INDEX events_by_outcome ON events (org_id, outcome, seq) WHERE outcome <> 'SUCCESS';
              CREATE TABLE machine (name TEXT PRIMARY KEY)",
    },
    Migration {
        version: 2,
        name: "a column that came later",
        sql: "ALTER TABLE members ADD COLUMN since BIGINT NOT NULL DEFAULT 0",
    },
    Migration {
        version: 3,
        name: "capture",
        sql: CAPTURE_TABLES,
    },
];

/// An open store and what its tables are like.
pub(crate) struct World {
    pub(crate) db: Database,
    pub(crate) shapes: Arc<Shapes>,
}

impl World {
    pub(crate) async fn open(store: &Store) -> Self {
        let db = Database::open(&store.location(), SCHEMA).await.unwrap();
        let shapes = load_shapes(&mut db.read().await.unwrap(), &TENANCY)
            .await
            .unwrap();
        let shapes = Arc::new(shapes);
        Self { db, shapes }
    }

    /// With two orgs that have rows in every table.
    pub(crate) async fn filled(store: &Store) -> Self {
        let world = Self::open(store).await;
        for org in [ONE, OTHER] {
            for (table, rows) in rows_of(org) {
                world.put(org, table, rows).await.unwrap();
            }
        }
        world
    }

    pub(crate) fn shape(&self, table: &str) -> &Shape {
        self.shapes.get(table).unwrap()
    }

    pub(crate) fn record(&self, table: &str, values: Vec<Value>) -> Record {
        self.shape(table).record(values).unwrap()
    }

    /// Replaces rows in a transaction of their own.
    pub(crate) async fn put(
        &self,
        org: &'static str,
        table: &'static str,
        rows: Vec<Vec<Value>>,
    ) -> Result<(), TenancyError> {
        let records: Vec<Record> = rows
            .into_iter()
            .map(|values| self.record(table, values))
            .collect();
        let shapes = Arc::clone(&self.shapes);
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let shape = shapes.get(table).unwrap();
                    shape.replace(tx, org, &records).await
                })
            })
            .await
    }

    /// All rows of a table, in the order of their keys.
    pub(crate) async fn all(&self, org: &str, table: &str) -> Vec<Record> {
        let mut tx = self.db.read().await.unwrap();
        let shape = self.shape(table);
        let mut rows = Vec::new();
        let mut after = None;
        loop {
            let page = shape
                .page(&mut tx, org, after.as_ref(), 100, usize::MAX)
                .await
                .unwrap();
            rows.extend(page.rows);
            after = page.next;
            if after.is_none() {
                return rows;
            }
        }
    }

    /// Runs statements, each in the same transaction.
    pub(crate) async fn run(
        &self,
        statements: &'static [&'static str],
    ) -> Result<(), TenancyError> {
        self.db
            .write(move |tx| Box::pin(run_all(tx, statements)))
            .await
    }

    /// The first column of the answer, as text.
    pub(crate) async fn ask(&self, sql: &'static str) -> Vec<String> {
        let mut tx = self.db.read().await.unwrap();
        let rows = tx.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0).unwrap()).collect()
    }
}

async fn run_all(tx: &mut WriteTx, statements: &[&'static str]) -> Result<(), TenancyError> {
    for sql in statements {
        tx.execute(sql, &[]).await?;
    }
    Ok(())
}

pub(crate) fn text(text: &str) -> Value {
    Value::from(text)
}

pub(crate) fn number(number: i64) -> Value {
    Value::Integer(number)
}

pub(crate) fn bytes(bytes: &[u8]) -> Value {
    Value::from(bytes)
}

/// A person without much to say.
pub(crate) fn person(org: &str, id: &str, login: &str, email: Option<&str>) -> Vec<Value> {
    vec![
        text(org),
        text(id),
        text(login),
        email.map_or(Value::Null, text),
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
    ]
}

/// An entry of the log.
pub(crate) fn event(org: &str, seq: i64) -> Vec<Value> {
    vec![
        text(org),
        number(seq),
        Value::Text(format!("event{seq:012}")),
        number(1_700_000_000_000_000 + seq),
        text("user.session.start"),
        text(if seq % 10 == 0 { "FAILURE" } else { "SUCCESS" }),
        Value::Text(format!("00u{:017}", seq % 1000)),
        Value::Text(format!(
            "{{\"seq\":{seq},\"text\":\"{}\"}}",
            "x".repeat(300)
        )),
        Value::Text(format!("{seq:064x}")),
    ]
}

/// Rows of every table, in an order in which they may arrive.
pub(crate) fn rows_of(org: &str) -> Vec<(&'static str, Vec<Vec<Value>>)> {
    let own = |name: &str| Value::Text(format!("{name}-{}", &org[3..4]));
    let full = vec![
        text(org),
        text("p0"),
        text("Zoë \"the\" \\ first"),
        text("zoe@example.org"),
        Value::Real(-0.1),
        bytes(&[0, 255, 7]),
        number(i64::MIN),
        text("a\u{1}note\nof two lines"),
    ];
    let people = std::iter::once(full)
        .chain((1..40).map(|id| person(org, &format!("p{id}"), &format!("login {id}"), None)))
        .collect();
    vec![
        ("orgs", vec![vec![text(org), own("slug"), text("Name")]]),
        (
            "hosts",
            vec![
                vec![own("b.example"), text(org), Value::Null],
                vec![own("a.example"), text(org), text("")],
            ],
        ),
        ("logos", vec![vec![text(org), bytes(&[1; 900])]]),
        ("people", people),
        (
            "aliases",
            vec![
                vec![text(org), text("first"), text("p0"), own("a.example")],
                vec![text(org), text("second"), text("p1"), Value::Null],
            ],
        ),
        (
            "members",
            (0..30)
                .map(|id| {
                    vec![
                        text(org),
                        text("g"),
                        Value::Text(format!("p{id}")),
                        number(id),
                    ]
                })
                .collect(),
        ),
        (
            "marks",
            (-20..20_i64)
                .map(|id| {
                    let token = bytes(&[id.to_be_bytes()[7], 0, 255]);
                    vec![number(id / 3), text(org), token, text("it's")]
                })
                .collect(),
        ),
        ("events", (1..200).map(|seq| event(org, seq)).collect()),
    ]
}
