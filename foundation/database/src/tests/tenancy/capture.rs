//! Which changes are captured, refused and let pass.

use std::sync::Arc;

use super::world::{ONE, OTHER, TENANCY, World, event, person};
use crate::tenancy::{CAPTURE_TABLES, Shapes, Tenancy, TenancyError, load_shapes};
use crate::tests::on_both_engines;
use crate::tests::store::Store;
use crate::{Database, DatabaseFault, Engine, Migration};

on_both_engines!(
    nothing_happens_without_a_fence,
    an_open_fence_notes_the_keys_of_changed_rows,
    a_changed_key_notes_both,
    a_closed_fence_refuses_and_is_told_apart,
    the_mover_passes,
    capture_is_installed_and_removed_once_or_often,
    touched_keys_are_spelled_as_captured_ones,
    what_is_no_id_names_no_trigger,
    every_captured_key_finds_its_row,
    whatever_statement_writes_is_seen,
    names_of_triggers_are_short_and_apart,
);

async fn install(world: &World, org: &'static str) {
    for shape in world.shapes.arrival() {
        let (shapes, table) = (Arc::clone(&world.shapes), shape.table().to_owned());
        let installed = world.db.write::<_, TenancyError>(move |tx| {
            Box::pin(async move { shapes.get(&table).unwrap().install_capture(tx, org).await })
        });
        installed.await.unwrap();
    }
}

async fn remove(world: &World, org: &'static str) {
    for shape in world.shapes.arrival() {
        let (shapes, table) = (Arc::clone(&world.shapes), shape.table().to_owned());
        let removed = world.db.write::<_, TenancyError>(move |tx| {
            Box::pin(async move { shapes.get(&table).unwrap().remove_capture(tx, org).await })
        });
        removed.await.unwrap();
    }
}

async fn is_captured(world: &World, shapes: &Shapes, org: &str) -> bool {
    let mut tx = world.db.read().await.unwrap();
    for shape in shapes.arrival() {
        if !shape.is_captured(&mut tx, org).await.unwrap() {
            return false;
        }
    }
    true
}

/// Captured for the first org, with an open fence.
async fn captured(store: &Store) -> World {
    let world = World::filled(store).await;
    install(&world, ONE).await;
    world.run(&[OPEN]).await.unwrap();
    world
}

const OPEN: &str = "INSERT INTO org_fences (org_id, mode) VALUES ('00oAAAAAAAAAAAAAAAA1', 'open')";
const CLOSE: &str = "UPDATE org_fences SET mode = 'closed' WHERE org_id = '00oAAAAAAAAAAAAAAAA1'";
const PASS: &str = "UPDATE org_fences SET mode = 'pass' WHERE org_id = '00oAAAAAAAAAAAAAAAA1'";
const FORGET: &str = "DELETE FROM org_changes";
const CHANGES: &str = "SELECT org_id || ' ' || table_name || ' ' || row_key || ' ' || CAST(version AS TEXT) \
     FROM org_changes ORDER BY org_id, table_name, row_key";

/// What was noted: table, key as we write it, and how often.
async fn changes(world: &World) -> Vec<String> {
    let mut changes: Vec<String> = world
        .ask(CHANGES)
        .await
        .iter()
        .map(|line| {
            let (org, rest) = line.split_once(' ').unwrap();
            assert_eq!(org, ONE);
            let (table, rest) = rest.split_once(' ').unwrap();
            let (key, version) = rest.rsplit_once(' ').unwrap();
            let shape = world.shape(table);
            let key = shape.render_key(&shape.parse_key(key).unwrap());
            format!("{table} {key} {version}")
        })
        .collect();
    changes.sort();
    changes
}

async fn nothing_happens_without_a_fence(store: &Store) {
    let world = World::filled(store).await;
    install(&world, ONE).await;
    world
        .put(ONE, "events", vec![event(ONE, 500), event(ONE, 5)])
        .await
        .unwrap();
    world
        .run(&["DELETE FROM aliases", "UPDATE people SET note = 'x'"])
        .await
        .unwrap();
    assert!(changes(&world).await.is_empty());
}

async fn an_open_fence_notes_the_keys_of_changed_rows(store: &Store) {
    let world = captured(store).await;
    world
        .put(ONE, "events", vec![event(ONE, 500), event(ONE, 501)])
        .await
        .unwrap();
    world
        .put(OTHER, "events", vec![event(OTHER, 500)])
        .await
        .unwrap();
    world
        .run(&[
            "UPDATE events SET body = 'x' WHERE seq IN (7, 500)",
            "DELETE FROM aliases WHERE alias = 'first'",
            "UPDATE hosts SET note = 'x' WHERE host = 'b.example-A'",
            "UPDATE orgs SET name = 'x'",
            "UPDATE marks SET note = 'x' WHERE number = -6 AND org_id = '00oAAAAAAAAAAAAAAAA1'",
            "INSERT INTO members (org_id, group_id, person_id) VALUES ('00oAAAAAAAAAAAAAAAA1', 'ü\"', 'it''s')",
        ])
        .await
        .unwrap();
    let expected = [
        "aliases [\"first\"] 1",
        "events [500] 2",
        "events [501] 1",
        "events [7] 1",
        "hosts [\"b.example-A\"] 1",
        "marks [-6,\"ec00ff\"] 1",
        "marks [-6,\"ed00ff\"] 1",
        "marks [-6,\"ee00ff\"] 1",
        "members [\"ü\\\"\",\"it's\"] 1",
        "orgs [] 1",
    ];
    assert_eq!(changes(&world).await, expected);
    // What a failed transaction changed was not noted.
    let failed = world
        .run(&[
            "UPDATE events SET body = 'y' WHERE seq = 9",
            "INSERT INTO orgs (id) VALUES ('x')",
        ])
        .await;
    assert!(failed.is_err());
    assert_eq!(changes(&world).await, expected);
}

/// Also inserts that become updates or nothing: what they do in a conflict must not reach into the trigger.
async fn whatever_statement_writes_is_seen(store: &Store) {
    let world = captured(store).await;
    for _ in 0..3 {
        world
            .put(ONE, "events", vec![event(ONE, 7), event(ONE, 700)])
            .await
            .unwrap();
    }
    world
        .run(&[
            "INSERT INTO hosts (host, org_id) VALUES ('a.example-A', '00oAAAAAAAAAAAAAAAA1')
             ON CONFLICT (host) DO UPDATE SET note = 'x'",
            "INSERT INTO hosts (host, org_id) VALUES ('a.example-A', '00oAAAAAAAAAAAAAAAA1')
             ON CONFLICT DO NOTHING",
            "INSERT INTO hosts (host, org_id) VALUES ('new.example', '00oAAAAAAAAAAAAAAAA1')
             ON CONFLICT DO NOTHING",
            "UPDATE hosts SET note = 'y' WHERE host = 'new.example'",
        ])
        .await
        .unwrap();
    let expected = [
        "events [700] 3",
        "events [7] 3",
        "hosts [\"a.example-A\"] 1",
        "hosts [\"new.example\"] 2",
    ];
    assert_eq!(changes(&world).await, expected);
}

/// Two tables whose names differ only beyond what a trigger's name can hold.
static LONG_NAMES: &[Migration] = &[
    Migration {
        version: 1,
        name: "tables",
        sql: "CREATE TABLE a_table_with_a_very_long_name_indeed_and_then_some_one (
                  org_id TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (org_id, id));
              CREATE TABLE a_table_with_a_very_long_name_indeed_and_then_some_two (
                  org_id TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (org_id, id))",
    },
    Migration {
        version: 2,
        name: "capture",
        sql: CAPTURE_TABLES,
    },
];

async fn names_of_triggers_are_short_and_apart(store: &Store) {
    let db = Database::open(&store.location(), LONG_NAMES).await.unwrap();
    let tenancy = Tenancy {
        local_columns: &[],
        ..TENANCY
    };
    let shapes = load_shapes(&mut db.read().await.unwrap(), &tenancy)
        .await
        .unwrap();
    let shapes = Arc::new(shapes);
    let world = World { db, shapes };
    for _ in 0..2 {
        install(&world, ONE).await;
        assert!(is_captured(&world, &world.shapes, ONE).await);
    }
    let names = match world.db.engine() {
        Engine::Sqlite => "SELECT name FROM sqlite_schema WHERE type = 'trigger'",
        Engine::Postgres => {
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
             UNION ALL SELECT proname FROM pg_proc WHERE proname LIKE 'capture%'"
        }
    };
    let mut names = world.ask(names).await;
    assert!(names.iter().all(|name| name.len() <= 63), "{names:?}");
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
    world.run(&[OPEN]).await.unwrap();
    world
        .run(&[
            "INSERT INTO a_table_with_a_very_long_name_indeed_and_then_some_two (org_id, id)
                VALUES ('00oAAAAAAAAAAAAAAAA1', 'x')",
        ])
        .await
        .unwrap();
    let noted = changes(&world).await;
    assert_eq!(
        noted,
        ["a_table_with_a_very_long_name_indeed_and_then_some_two [\"x\"] 1"]
    );
    remove(&world, ONE).await;
    assert!(!is_captured(&world, &world.shapes, ONE).await);
}

async fn a_changed_key_notes_both(store: &Store) {
    let world = captured(store).await;
    world
        .run(&[
            "UPDATE events SET seq = 900 WHERE seq = 9 AND org_id = '00oAAAAAAAAAAAAAAAA1'",
            "UPDATE hosts SET org_id = '00oBBBBBBBBBBBBBBBB2' WHERE host = 'b.example-A'",
            "UPDATE hosts SET org_id = '00oAAAAAAAAAAAAAAAA1' WHERE host = 'b.example-B'",
        ])
        .await
        .unwrap();
    let expected = [
        "events [900] 1",
        "events [9] 1",
        "hosts [\"b.example-A\"] 1",
        "hosts [\"b.example-B\"] 1",
    ];
    assert_eq!(changes(&world).await, expected);
}

async fn a_closed_fence_refuses_and_is_told_apart(store: &Store) {
    let world = captured(store).await;
    world.run(&[CLOSE]).await.unwrap();
    let writes: [&'static [&'static str]; 4] = [
        &["UPDATE people SET note = 'x' WHERE id = 'p1'"],
        &["DELETE FROM aliases"],
        &[
            "INSERT INTO members (org_id, group_id, person_id) VALUES ('00oAAAAAAAAAAAAAAAA1', 'a', 'b')",
        ],
        &["UPDATE hosts SET org_id = '00oAAAAAAAAAAAAAAAA1' WHERE host = 'b.example-B'"],
    ];
    for write in writes {
        let Err(TenancyError::Database(fault)) = world.run(write).await else {
            panic!("written through a closed fence")
        };
        assert!(fault.is_fenced(), "{fault:?}");
    }
    let Err(TenancyError::Database(other)) =
        world.run(&["UPDATE org_fences SET mode = 'ajar'"]).await
    else {
        panic!("a mode that is none")
    };
    assert!(!other.is_fenced(), "{other:?}");
    assert!(changes(&world).await.is_empty());
    // Others write on.
    world
        .put(
            OTHER,
            "people",
            vec![person(OTHER, "p1", "login 1", Some("x"))],
        )
        .await
        .unwrap();
}

async fn the_mover_passes(store: &Store) {
    let world = captured(store).await;
    world
        .run(&[
            CLOSE,
            PASS,
            "UPDATE people SET note = 'x'",
            "DELETE FROM aliases",
            CLOSE,
        ])
        .await
        .unwrap();
    assert!(changes(&world).await.is_empty());
    assert!(world.all(ONE, "aliases").await.is_empty());
    assert!(
        world
            .run(&["DELETE FROM people WHERE id = 'p1'"])
            .await
            .is_err()
    );
}

async fn capture_is_installed_and_removed_once_or_often(store: &Store) {
    let world = World::filled(store).await;
    assert!(!is_captured(&world, &world.shapes, ONE).await);
    remove(&world, ONE).await;
    for _ in 0..2 {
        install(&world, ONE).await;
        assert!(is_captured(&world, &world.shapes, ONE).await);
        assert!(!is_captured(&world, &world.shapes, OTHER).await);
    }
    install(&world, OTHER).await;
    world.run(&[OPEN]).await.unwrap();
    world.run(&["UPDATE orgs SET name = 'y'"]).await.unwrap();
    assert_eq!(changes(&world).await, ["orgs [] 1"]);
    remove(&world, ONE).await;
    remove(&world, ONE).await;
    assert!(!is_captured(&world, &world.shapes, ONE).await);
    assert!(is_captured(&world, &world.shapes, OTHER).await);
    world.run(&["UPDATE orgs SET name = 'z'"]).await.unwrap();
    assert_eq!(changes(&world).await, ["orgs [] 1"]);
    remove(&world, OTHER).await;
    let left = match world.db.engine() {
        Engine::Sqlite => "SELECT name FROM sqlite_schema WHERE type = 'trigger'",
        Engine::Postgres => {
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
             UNION ALL SELECT proname FROM pg_proc WHERE proname LIKE 'capture%'"
        }
    };
    assert!(world.ask(left).await.is_empty());
    // What an older release left behind in another form is put right.
    install(&world, ONE).await;
    match world.db.engine() {
        Engine::Sqlite => {
            world
                .run(&["DROP TRIGGER \"capture_00oAAAAAAAAAAAAAAAA1_events_update\""])
                .await
                .unwrap();
        }
        Engine::Postgres => {
            world
                .run(&["CREATE OR REPLACE FUNCTION \"capture_00oAAAAAAAAAAAAAAAA1_events_note\"() RETURNS trigger
                        LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"])
                .await
                .unwrap();
        }
    }
    assert!(!is_captured(&world, &world.shapes, ONE).await);
    install(&world, ONE).await;
    assert!(is_captured(&world, &world.shapes, ONE).await);
}

async fn touched_keys_are_spelled_as_captured_ones(store: &Store) {
    let world = captured(store).await;
    world
        .run(&[
            "UPDATE people SET note = 'x' WHERE org_id = '00oAAAAAAAAAAAAAAAA1'",
            "UPDATE marks SET note = 'x'",
            "UPDATE logos SET picture = picture",
            "INSERT INTO members (org_id, group_id, person_id) VALUES ('00oAAAAAAAAAAAAAAAA1', 'ü\"\\/', '\u{1}\n\u{7f}')",
            "UPDATE members SET since = 1 WHERE group_id <> 'g'",
        ])
        .await
        .unwrap();
    let before = world
        .ask("SELECT row_key FROM org_changes ORDER BY table_name, row_key")
        .await;
    let shapes = Arc::clone(&world.shapes);
    let touched = world.db.write::<_, TenancyError>(move |tx| {
        Box::pin(async move {
            for table in ["people", "marks", "logos", "members"] {
                let shape = shapes.get(table).unwrap();
                let keys = shape.keys(tx, ONE, None, None, 1000).await?;
                let keys: Vec<_> = keys
                    .into_iter()
                    .filter(|key| table != "members" || key.values()[0] != super::world::text("g"))
                    .collect();
                shape.touch(tx, ONE, &keys).await?;
            }
            Ok(())
        })
    });
    touched.await.unwrap();
    let after = world
        .ask("SELECT row_key FROM org_changes ORDER BY table_name, row_key")
        .await;
    assert_eq!(before, after);
    assert!(before.len() > 80);
    world.run(&[FORGET]).await.unwrap();
}

async fn every_captured_key_finds_its_row(store: &Store) {
    let world = captured(store).await;
    world
        .run(&[
            "UPDATE people SET note = 'x'",
            "UPDATE marks SET note = 'x'",
            "UPDATE hosts SET note = 'x'",
            "UPDATE orgs SET name = 'x'",
        ])
        .await
        .unwrap();
    let mut tx = world.db.read().await.unwrap();
    for table in ["people", "marks", "hosts", "orgs"] {
        let shape = world.shape(table);
        let rows = tx
            .query(
                "SELECT row_key FROM org_changes WHERE table_name = $1",
                &[table.into()],
            )
            .await
            .unwrap();
        let keys: Vec<_> = rows
            .iter()
            .map(|row| shape.parse_key(&row.get::<String>(0).unwrap()).unwrap())
            .collect();
        let found = shape.rows(&mut tx, ONE, &keys).await.unwrap();
        assert_eq!(
            found.iter().flatten().count() as i64,
            shape.count_up_to(&mut tx, ONE, i64::MAX).await.unwrap()
        );
    }
}

async fn what_is_no_id_names_no_trigger(store: &Store) {
    let world = World::open(store).await;
    for org in [
        "",
        "00o'; DROP TABLE orgs; --",
        "00o a",
        "00oü",
        "00o_a",
        "0123456789012345678901234567890123",
    ] {
        let shapes = Arc::clone(&world.shapes);
        let refused = world.db.write::<_, TenancyError>(move |tx| {
            Box::pin(async move { shapes.get("events").unwrap().install_capture(tx, org).await })
        });
        assert!(
            matches!(refused.await, Err(TenancyError::UnfitOrg)),
            "{org}"
        );
    }
}

#[test]
fn a_fault_of_another_kind_is_not_fenced() {
    let fault = DatabaseFault::new(crate::FaultKind::Retryable, "org_is_fenced");
    assert!(!fault.is_fenced());
}
