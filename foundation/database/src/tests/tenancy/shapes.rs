//! What the catalogues say, and what is refused.

use super::world::{SCHEMA, TENANCY, World};
use crate::tenancy::{ColumnType, Shapes, Tenancy, TenancyError, load_shapes};
use crate::tests::on_both_engines;
use crate::tests::store::Store;
use crate::{Database, Migration};

on_both_engines!(
    shapes_come_from_the_catalogue,
    a_table_that_does_not_say_whose_it_is_is_named,
    a_table_that_cannot_be_carried_is_named,
    a_declaration_that_names_nothing_is_refused
);

async fn shapes_come_from_the_catalogue(store: &Store) {
    let world = World::open(store).await;
    let tables: Vec<&str> = world.shapes.arrival().map(|shape| shape.table()).collect();
    let expected = [
        "events", "marks", "members", "orgs", "hosts", "logos", "people", "aliases",
    ];
    assert_eq!(tables, expected);
    let departing: Vec<&str> = world
        .shapes
        .departure()
        .map(|shape| shape.table())
        .collect();
    assert_eq!(departing.first(), Some(&"aliases"));
    let people = world.shape("people");
    let columns: Vec<(&str, ColumnType, bool)> = people
        .columns()
        .iter()
        .map(|column| (column.name(), column.kind(), column.is_nullable()))
        .collect();
    let expected = [
        ("org_id", ColumnType::Text, false),
        ("id", ColumnType::Text, false),
        ("login", ColumnType::Text, false),
        ("email", ColumnType::Text, true),
        ("score", ColumnType::Real, true),
        ("photo", ColumnType::Bytes, true),
        ("born", ColumnType::Integer, true),
        ("note", ColumnType::Text, true),
    ];
    assert_eq!(columns, expected);
    // The index over some rows and the one over an expression are no keys.
    assert_eq!(people.form.uniques, [vec![0, 2], vec![0, 3]]);
    let keys = |table: &str| -> Vec<String> {
        let columns = world.shape(table).key_columns();
        columns.map(|column| column.name().to_owned()).collect()
    };
    assert_eq!(keys("marks"), ["number", "token"]);
    assert_eq!(keys("hosts"), ["host"]);
    assert!(keys("orgs").is_empty() && keys("logos").is_empty());
    assert_eq!(world.shape("orgs").position("ordinal"), None);
    assert_eq!(world.shape("members").position("since"), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fingerprint_is_the_same_on_sqlite_and_postgres() {
    let mut fingerprints = Vec::new();
    for store in [Store::sqlite(), Store::postgres()] {
        let world = World::open(&store).await;
        fingerprints.push(world.shapes.fingerprint().to_owned());
        // One column less is another fingerprint.
        let earlier = match &store {
            Store::Sqlite(_) => Store::sqlite(),
            Store::Postgres(_) => Store::postgres(),
        };
        let db = Database::open(&earlier.location(), &SCHEMA[..1])
            .await
            .unwrap();
        let shapes = load_shapes(&mut db.read().await.unwrap(), &TENANCY)
            .await
            .unwrap();
        assert_ne!(shapes.fingerprint(), world.shapes.fingerprint());
    }
    assert_eq!(fingerprints[0], fingerprints[1]);
    assert_eq!(fingerprints[0].len(), 64);
}

/// Opens a store with one migration of this text.
async fn load(store: &Store, sql: &'static str, tenancy: &Tenancy) -> Result<Shapes, TenancyError> {
    let migration = Migration {
        version: 1,
        name: "tables",
        sql,
    };
    let migrations: &'static [Migration] = Box::leak(Box::new([migration]));
    let fresh = match store {
        Store::Sqlite(_) => Store::sqlite(),
        Store::Postgres(_) => Store::postgres(),
    };
    let db = Database::open(&fresh.location(), migrations).await.unwrap();
    let mut tx = db.read().await.unwrap();
    load_shapes(&mut tx, tenancy).await
}

const PLAIN: Tenancy = Tenancy {
    owner_column: "org_id",
    root: ("orgs", "id"),
    local_tables: &[],
    local_columns: &[],
};

async fn a_table_that_does_not_say_whose_it_is_is_named(store: &Store) {
    let sql = "CREATE TABLE counters (name TEXT PRIMARY KEY)";
    let refused = load(store, sql, &PLAIN).await.unwrap_err();
    assert!(
        matches!(&refused, TenancyError::Undeclared { table } if table == "counters"),
        "{refused}"
    );
    let declared = Tenancy {
        local_tables: &["counters"],
        ..PLAIN
    };
    assert_eq!(
        load(store, sql, &declared).await.unwrap().arrival().len(),
        0
    );
}

async fn a_table_that_cannot_be_carried_is_named(store: &Store) {
    let cases = [
        (
            "CREATE TABLE t (org_id TEXT NOT NULL, id TEXT)",
            "no primary key",
        ),
        (
            "CREATE TABLE t (org_id TEXT NOT NULL, id TEXT PRIMARY KEY)",
            "no index leads",
        ),
        (
            "CREATE TABLE t (org_id TEXT NOT NULL, id TEXT PRIMARY KEY);
             CREATE INDEX t_by_org ON t (org_id) WHERE id > 'a'",
            "no index leads",
        ),
        (
            "CREATE TABLE t (org_id TEXT NOT NULL, id REAL NOT NULL, PRIMARY KEY (org_id, id))",
            "order of its key column id",
        ),
        (
            "CREATE TABLE t (org_id BIGINT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (org_id, id))",
            "org_id is no id",
        ),
        (
            "CREATE TABLE t (org_id TEXT, id TEXT PRIMARY KEY); CREATE INDEX t_by_org ON t (org_id)",
            "org_id is no id",
        ),
        (
            "CREATE TABLE t (org_id TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (org_id, id))",
            "type of its column id",
        ),
        (
            "CREATE TABLE t (org_id TEXT NOT NULL, \"odd name\" TEXT NOT NULL, PRIMARY KEY (org_id, \"odd name\"))",
            "the name",
        ),
        (
            "CREATE TABLE t (org_id TEXT NOT NULL, id BIGINT NOT NULL,
                twice BIGINT GENERATED ALWAYS AS (id * 2) STORED, PRIMARY KEY (org_id, id))",
            "type of its column twice",
        ),
    ];
    for (sql, reason) in cases {
        let refused = load(store, sql, &PLAIN).await.unwrap_err();
        assert!(
            matches!(&refused, TenancyError::UnfitTable { .. }),
            "{refused}"
        );
        assert!(refused.to_string().contains(reason), "{refused}: {reason}");
    }
    let sql = "CREATE TABLE t (org_id TEXT NOT NULL, id TEXT NOT NULL, parent TEXT, PRIMARY KEY (org_id, id),
                 FOREIGN KEY (org_id, parent) REFERENCES t (org_id, id))";
    let refused = load(store, sql, &PLAIN).await.unwrap_err();
    assert!(
        matches!(&refused, TenancyError::Circle { table } if table == "t"),
        "{refused}"
    );
}

async fn a_declaration_that_names_nothing_is_refused(store: &Store) {
    let sql = "CREATE TABLE orgs (id TEXT PRIMARY KEY, ordinal BIGINT NOT NULL, word TEXT)";
    for column in ["ordinals", "word", "id"] {
        let tenancy = Tenancy {
            local_columns: match column {
                "ordinals" => &[("orgs", "ordinals")],
                "word" => &[("orgs", "word")],
                _ => &[("orgs", "id")],
            },
            ..PLAIN
        };
        let refused = load(store, sql, &tenancy).await.unwrap_err();
        assert!(
            matches!(refused, TenancyError::UnfitTable { .. }),
            "{refused}"
        );
    }
}
