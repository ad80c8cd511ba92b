//! What only PostgreSQL does: lost connections, crashes of the server, TLS, races that it decides.

use std::time::Duration;

use postgres_for_tests::{Durability, Server, Settings, Tls};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::store::{Folder, SCHEMA, Store, ids, insert, postgres};
use crate::{Database, DatabaseFault, FaultKind, Limits, OpenError, params};

fn database(store: &Store) -> &postgres_for_tests::TestDatabase<'static> {
    let Store::Postgres(database) = store else {
        panic!("not PostgreSQL")
    };
    database
}

/// Ends every connection of the database's clients, as an administrator or a failover would.
fn end_connections(store: &Store) {
    let sql = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    database(store).run_sql(sql).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_connections_are_replaced() {
    let store = Store::postgres();
    let db = store
        .open_within(Limits {
            connections_max: 2,
            ..Limits::default()
        })
        .await;
    for id in 0..5 {
        insert(&db, id).await.unwrap();
        end_connections(&store);
        assert_eq!(i64::try_from(ids(&db).await.len()).unwrap(), id + 1);
        end_connections(&store);
    }
}

/// On one thread the driver has no chance to notice before the next transaction begins.
#[tokio::test]
async fn connections_lost_unnoticed_are_replaced() {
    let store = Store::postgres();
    let db = store.open().await;
    for id in 0..5 {
        // Several idle connections, all lost at once.
        let mut readers = Vec::new();
        for _ in 0..4 {
            let mut reader = db.read().await.unwrap();
            reader.query("SELECT 1", params![]).await.unwrap();
            readers.push(reader);
        }
        drop(readers);
        insert(&db, id * 2).await.unwrap();
        end_connections(&store);
        insert(&db, id * 2 + 1).await.unwrap();
        let mut reader = db.read().await.unwrap();
        end_connections(&store);
        let rows = reader
            .query("SELECT id FROM items", params![])
            .await
            .unwrap();
        assert_eq!(i64::try_from(rows.len()).unwrap(), id * 2 + 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_in_a_transaction_is_a_fault() {
    let store = Store::postgres();
    let db = store.open().await;
    let mut reader = db.read().await.unwrap();
    reader.query("SELECT 1", params![]).await.unwrap();
    end_connections(&store);
    assert!(
        reader
            .query("SELECT 1", params![])
            .await
            .unwrap_err()
            .is_unavailable()
    );
    drop(reader);
    let (enter, entered) = tokio::sync::oneshot::channel();
    let (release, released) = tokio::sync::oneshot::channel::<()>();
    let writing = db.clone();
    let write = tokio::spawn(async move {
        let write = writing.write::<_, DatabaseFault>(|tx| {
            Box::pin(async move {
                tx.execute("INSERT INTO items (id, name) VALUES (1, 'x')", params![])
                    .await?;
                enter.send(()).unwrap();
                released.await.unwrap();
                Ok(())
            })
        });
        write.await
    });
    entered.await.unwrap();
    end_connections(&store);
    release.send(()).unwrap();
    assert!(write.await.unwrap().unwrap_err().is_unavailable());
    assert!(ids(&db).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_crash_of_the_server() {
    let server = Server::start(&Settings {
        durability: Durability::Durable,
        ..Settings::default()
    })
    .unwrap();
    let database = server.empty_database().unwrap();
    let db = Database::open(&postgres(database.url()), SCHEMA)
        .await
        .unwrap();
    let mut writers = tokio::task::JoinSet::new();
    let (acknowledge, mut acknowledged) = tokio::sync::mpsc::channel(10_000);
    for writer in 0..8_i64 {
        let (db, acknowledge) = (db.clone(), acknowledge.clone());
        writers.spawn(async move {
            for id in (writer..).step_by(8) {
                if insert(&db, id).await.is_err() {
                    return;
                }
                acknowledge.send(id).await.unwrap();
            }
        });
    }
    drop(acknowledge);
    let mut heard = Vec::new();
    while heard.len() < 100 {
        heard.push(acknowledged.recv().await.unwrap());
    }
    server.crash_and_restart().unwrap();
    while let Some(id) = acknowledged.recv().await {
        heard.push(id);
    }
    writers.join_all().await;
    // The same pool works on.
    let kept = ids(&db).await;
    assert!(heard.iter().all(|id| kept.contains(id)));
    insert(&db, 1_000_000).await.unwrap();
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_transaction_holds_no_lock() {
    let store = Store::postgres();
    let db = store
        .open_within(Limits {
            connections_max: 1,
            ..Limits::default()
        })
        .await;
    insert(&db, 1).await.unwrap();
    for _ in 0..10 {
        let (enter, entered) = tokio::sync::oneshot::channel();
        let writing = db.clone();
        let write = tokio::spawn(async move {
            let write = writing.write::<(), DatabaseFault>(|tx| {
                Box::pin(async move {
                    tx.execute("UPDATE items SET size = 7", params![]).await?;
                    enter.send(()).unwrap();
                    tx.query("SELECT pg_sleep(0.05)::text", params![]).await?;
                    std::future::pending().await
                })
            });
            write.await
        });
        entered.await.unwrap();
        write.abort();
        assert!(write.await.unwrap_err().is_cancelled());
        let sizes = db
            .read()
            .await
            .unwrap()
            .query("SELECT size FROM items", params![])
            .await
            .unwrap();
        assert_eq!(sizes[0].get::<i64>(0).unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_left_in_the_middle_spoils_the_transaction() {
    let store = Store::postgres();
    let db = store.open().await;
    let write = db.write::<(), DatabaseFault>(|tx| {
        Box::pin(async move {
            tx.execute("INSERT INTO items (id, name) VALUES (1, 'x')", params![])
                .await?;
            tokio::select! {
                biased;
                _ = tx.query("SELECT pg_sleep(0.01)::text", params![]) => {}
                () = std::future::ready(()) => {}
            }
            Ok(())
        })
    });
    let fault = write.await.unwrap_err();
    assert!(
        fault.attempted().contains("not awaited to its end"),
        "{fault:?}"
    );
    assert!(ids(&db).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn deadlocks_may_be_tried_again() {
    let store = Store::postgres();
    let db = store.open().await;
    insert(&db, 1).await.unwrap();
    insert(&db, 2).await.unwrap();
    let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(2));
    let lock_both = |first: i64, second: i64| {
        let (db, barrier) = (db.clone(), barrier.clone());
        async move {
            let write = db.write::<_, DatabaseFault>(move |tx| {
                Box::pin(async move {
                    let sql = "UPDATE items SET size = size + 1 WHERE id = $1";
                    tx.execute(sql, params![first]).await?;
                    barrier.wait().await;
                    tx.execute(sql, params![second]).await
                })
            });
            write.await
        }
    };
    let (one, other) = tokio::join!(lock_both(1, 2), lock_both(2, 1));
    let (won, lost) = if one.is_ok() {
        (one, other)
    } else {
        (other, one)
    };
    assert_eq!(won.unwrap(), 1);
    assert!(lost.unwrap_err().is_retryable());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_changes_beside_us_is_survived() {
    let store = Store::postgres();
    let db = store
        .open_within(Limits {
            connections_max: 1,
            ..Limits::default()
        })
        .await;
    insert(&db, 1).await.unwrap();
    let all = "SELECT * FROM items";
    let columns = db
        .read()
        .await
        .unwrap()
        .query(all, params![])
        .await
        .unwrap()[0]
        .len();
    database(&store)
        .run_sql("ALTER TABLE items ADD COLUMN later BIGINT")
        .unwrap();
    assert!(
        db.read()
            .await
            .unwrap()
            .query(all, params![])
            .await
            .unwrap_err()
            .is_retryable()
    );
    let rows = db
        .read()
        .await
        .unwrap()
        .query(all, params![])
        .await
        .unwrap();
    assert_eq!(rows[0].len(), columns + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weaker_durability_of_the_server_is_raised() {
    let store = Store::postgres();
    let name = database(&store).name().to_owned();
    let ask = "SELECT current_setting('synchronous_commit')";
    for (set, used) in [
        ("off", "on"),
        ("local", "on"),
        ("on", "on"),
        ("remote_apply", "remote_apply"),
    ] {
        database(&store)
            .run_sql(&format!(
                "ALTER DATABASE \"{name}\" SET synchronous_commit = {set}"
            ))
            .unwrap();
        let db = store.open().await;
        let row = db
            .read()
            .await
            .unwrap()
            .query_optional(ask, params![])
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.get::<String>(0).unwrap(), used);
    }
}

#[tokio::test]
async fn numerics_that_are_no_whole_numbers_are_real() {
    let store = Store::postgres();
    let db = store.open().await;
    for (sql, wanted) in [
        ("SELECT 1.5::numeric", 1.5),
        ("SELECT -0.0625::numeric", -0.0625),
        ("SELECT 12345678.25::numeric", 12_345_678.25),
        ("SELECT 1e30::numeric", 1e30),
        ("SELECT 0.00001::numeric", 0.00001),
    ] {
        let row = db
            .read()
            .await
            .unwrap()
            .query_optional(sql, params![])
            .await
            .unwrap()
            .unwrap();
        let got = row.get::<f64>(0).unwrap();
        assert!((got - wanted).abs() <= wanted.abs() * 1e-12, "{sql}: {got}");
    }
    for (sql, wanted) in [
        ("SELECT 0::numeric", 0),
        ("SELECT 10000::numeric", 10_000),
        ("SELECT -100000000::numeric", -100_000_000),
        ("SELECT 9223372036854775807::numeric", i64::MAX),
        ("SELECT 7.000::numeric", 7),
    ] {
        let row = db
            .read()
            .await
            .unwrap()
            .query_optional(sql, params![])
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.get::<i64>(0).unwrap(), wanted, "{sql}");
    }
    for sql in ["SELECT 'NaN'::numeric", "SELECT now()", "SELECT ARRAY[1]"] {
        let fault = db
            .read()
            .await
            .unwrap()
            .query(sql, params![])
            .await
            .unwrap_err();
        assert_eq!(*fault.kind(), FaultKind::TypeMismatch, "{sql}");
    }
}

#[tokio::test]
async fn another_programs_record_is_refused() {
    for sql in [
        "CREATE TABLE schema_migrations (version VARCHAR); INSERT INTO schema_migrations VALUES ('2020')",
        "CREATE TABLE schema_migrations (version VARCHAR, name TEXT, checksum TEXT);
         INSERT INTO schema_migrations VALUES ('2020', 'x', 'y')",
    ] {
        let store = Store::postgres();
        database(&store).run_sql(sql).unwrap();
        let refused = Database::open(&store.location(), SCHEMA).await.unwrap_err();
        assert!(
            matches!(refused, OpenError::BadSetting { .. }),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn another_encoding_is_refused() {
    let server = postgres_for_tests::shared();
    server
        .run_sql(
            "postgres",
            "CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'",
        )
        .unwrap();
    let refused = Database::open(&postgres(server.url("ascii")), SCHEMA)
        .await
        .unwrap_err();
    assert!(
        matches!(refused, OpenError::BadSetting { .. }),
        "{refused:?}"
    );
}

#[tokio::test]
async fn an_unreachable_server_is_an_error_soon() {
    for url in [
        "postgres://u@%2Fno%2Fsuch%2Ffolder/d",
        "postgres://u:hunter2@127.0.0.1:1/d",
    ] {
        let refused = Database::open(&postgres(url.to_owned()), SCHEMA)
            .await
            .unwrap_err();
        let OpenError::Engine(fault) = &refused else {
            panic!("{refused:?}")
        };
        assert!(fault.is_unavailable());
        assert!(!format!("{refused:?}").contains("hunter2"));
    }
    let nobody = postgres_for_tests::shared().url("no_such_database");
    assert!(matches!(
        Database::open(&postgres(nobody), SCHEMA).await,
        Err(OpenError::Engine(_))
    ));
}

/// An authority and a server that it vouches for under one name.
fn certificates(name: &str) -> (String, Tls) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![name.to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let tls = Tls {
        certificate_pem: leaf.pem(),
        key_pem: key.serialize_pem(),
    };
    (authority.pem(), tls)
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_verified() {
    let folder = Folder::new();
    let (authority, tls) = certificates("localhost");
    let (stranger, _) = certificates("localhost");
    let (ca, other_ca, no_ca) = (
        folder.path().join("ca.pem"),
        folder.path().join("other.pem"),
        folder.path().join("none.pem"),
    );
    std::fs::write(&ca, authority).unwrap();
    std::fs::write(&other_ca, stranger).unwrap();
    std::fs::write(&no_ca, "no certificate").unwrap();
    let server = Server::start(&Settings {
        tls: Some(tls),
        ..Settings::default()
    })
    .unwrap();
    let open = async |host: &str, query: String| {
        let url = format!("{}?{query}", server.tcp_url(host, "postgres").unwrap());
        tokio::time::timeout(Duration::from_secs(60), Database::open(&postgres(url), &[]))
            .await
            .unwrap()
    };
    for mode in ["require", "verify-full", "prefer"] {
        let db = open(
            "localhost",
            format!("sslmode={mode}&sslrootcert={}", ca.display()),
        )
        .await
        .unwrap();
        let sql = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let row = db
            .read()
            .await
            .unwrap()
            .query_optional(sql, params![])
            .await
            .unwrap()
            .unwrap();
        assert!(row.get::<bool>(0).unwrap());
        assert_eq!(row.get::<String>(1).unwrap(), "TLSv1.3");
        db.close().await;
    }
    // The public roots do not know it; nor does another authority; and the name must be the server's.
    assert!(matches!(
        open("localhost", "sslmode=require".to_owned()).await,
        Err(OpenError::Engine(_))
    ));
    let query = format!("sslmode=require&sslrootcert={}", other_ca.display());
    assert!(matches!(
        open("localhost", query).await,
        Err(OpenError::Engine(_))
    ));
    let query = format!("sslmode=require&sslrootcert={}", ca.display());
    assert!(matches!(
        open("127.0.0.1", query).await,
        Err(OpenError::Engine(_))
    ));
    for path in [no_ca.display().to_string(), "/no/such/file".to_owned()] {
        let refused = open("localhost", format!("sslmode=require&sslrootcert={path}")).await;
        assert!(matches!(refused, Err(OpenError::BadAddress { .. })));
    }
}
