//! What a transaction is on both engines: durable or undone, alone in its failure, read-only where it only reads.

use std::time::Duration;

use vocab::value::Value;

use super::on_both_engines;
use super::store::{Store, ids, insert};
use crate::{DatabaseFault, FaultKind, Limits, params};

on_both_engines!(
    a_write_is_seen_by_the_next_read,
    an_error_undoes_the_work,
    a_panic_is_a_fault_and_undoes_the_work,
    waiting_for_something_else_never_commits,
    a_unique_violation_names_the_table_and_no_value,
    other_constraints_are_told_apart,
    a_failed_statement_spoils_the_transaction,
    a_read_transaction_cannot_write,
    an_update_counts_the_rows_it_touched,
    returning_gives_rows,
    one_row_is_not_two,
    a_wrong_number_of_parameters_is_a_fault,
    wrong_sql_is_a_fault,
    keyset_pages_agree_on_the_order_of_text,
    sums_and_counts_and_truths_are_integers,
    a_closed_database_refuses,
    a_work_that_asks_nothing_is_fine,
);

/// A caller's own error type.
#[derive(Debug)]
enum Error {
    Denied,
    Fault(DatabaseFault),
}

impl From<DatabaseFault> for Error {
    fn from(fault: DatabaseFault) -> Self {
        Self::Fault(fault)
    }
}

async fn a_write_is_seen_by_the_next_read(store: &Store) {
    let db = store.open().await;
    assert_eq!(db.engine(), store.engine());
    insert(&db, 1).await.unwrap();
    assert_eq!(ids(&db).await, [1]);
    let sees_itself = db
        .write::<_, DatabaseFault>(|tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO items (id, name) VALUES ($1, $2)",
                    params![2_i64, "two"],
                )
                .await?;
                tx.query("SELECT id FROM items", params![]).await
            })
        })
        .await
        .unwrap();
    assert_eq!(sees_itself.len(), 2);
    db.close().await;
    assert_eq!(ids(&store.open().await).await, [1, 2]);
}

async fn an_error_undoes_the_work(store: &Store) {
    let db = store.open().await;
    let denied = db
        .write(|tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO items (id, name) VALUES ($1, $2)",
                    params![1_i64, "one"],
                )
                .await?;
                Err::<(), _>(Error::Denied)
            })
        })
        .await;
    assert!(matches!(denied, Err(Error::Denied)));
    assert!(ids(&db).await.is_empty());
}

async fn a_panic_is_a_fault_and_undoes_the_work(store: &Store) {
    let db = store.open().await;
    let panicked = db
        .write::<(), Error>(|tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO items (id, name) VALUES ($1, $2)",
                    params![1_i64, "one"],
                )
                .await?;
                panic!("on purpose");
            })
        })
        .await;
    let Err(Error::Fault(fault)) = panicked else {
        panic!("{panicked:?}")
    };
    assert_eq!(*fault.kind(), FaultKind::Other);
    assert!(format!("{fault:?}").contains("on purpose"));
    // A panic before there is a future at all.
    let panicked = db.write::<(), DatabaseFault>(|_| panic!("at once")).await;
    assert!(format!("{:?}", panicked.unwrap_err()).contains("at once"));
    insert(&db, 2).await.unwrap();
    assert_eq!(ids(&db).await, [2]);
}

/// On SQLite it is a fault; on PostgreSQL the caller waits until it goes away. Nothing is kept on either.
async fn waiting_for_something_else_never_commits(store: &Store) {
    let limits = Limits {
        connections_max: 1,
        ..Limits::default()
    };
    let db = store.open_within(limits).await;
    let (inside, got_inside) = tokio::sync::oneshot::channel();
    let write = db.write::<(), DatabaseFault>(|tx| {
        Box::pin(async move {
            tx.execute(
                "INSERT INTO items (id, name) VALUES ($1, $2)",
                params![1_i64, "one"],
            )
            .await?;
            inside.send(()).unwrap();
            std::future::pending().await
        })
    });
    let mut write = Box::pin(write);
    tokio::select! {
        biased;
        answer = &mut write => {
            let fault = answer.unwrap_err();
            assert!(fault.attempted().contains("waited for something else"), "{fault:?}");
        }
        entered = got_inside => entered.unwrap(),
    }
    drop(write);
    insert(&db, 2).await.unwrap();
    assert_eq!(ids(&db).await, [2]);
}

async fn a_unique_violation_names_the_table_and_no_value(store: &Store) {
    let db = store.open().await;
    insert(&db, 1).await.unwrap();
    for (id, name) in [(1_i64, "another"), (7, "item 1")] {
        let fault = db
            .write::<(), DatabaseFault>(move |tx| {
                Box::pin(async move {
                    tx.execute(
                        "INSERT INTO items (id, name) VALUES ($1, $2)",
                        params![id, name],
                    )
                    .await?;
                    Ok(())
                })
            })
            .await
            .unwrap_err();
        assert!(fault.is_unique_violation());
        assert!(!fault.is_retryable() && !fault.is_unavailable());
        let FaultKind::UniqueViolation { table, hint } = fault.kind() else {
            panic!("{fault:?}")
        };
        assert_eq!(table, "items");
        assert!(hint.starts_with("items"));
        assert_eq!(fault.attempted(), "INSERT INTO items (id, name)");
        assert!(!format!("{fault:?} {fault}").contains("item 1"));
    }
    assert_eq!(ids(&db).await, [1]);
}

async fn other_constraints_are_told_apart(store: &Store) {
    let db = store.open().await;
    for sql in [
        "INSERT INTO items (id, name, parent) VALUES (1, 'orphan', 99)",
        "INSERT INTO items (id, name, size) VALUES (1, 'negative', -1)",
        "INSERT INTO items (id) VALUES (1)",
    ] {
        let write = db.write::<(), DatabaseFault>(move |tx| {
            Box::pin(async move {
                tx.execute(sql, params![]).await?;
                Ok(())
            })
        });
        let fault = write.await.unwrap_err();
        assert!(
            matches!(fault.kind(), FaultKind::ConstraintViolation { .. }),
            "{fault:?}"
        );
    }
}

async fn a_failed_statement_spoils_the_transaction(store: &Store) {
    let db = store.open().await;
    insert(&db, 1).await.unwrap();
    let spoiled = db
        .write::<(), DatabaseFault>(|tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO items (id, name) VALUES ($1, $2)",
                    params![2_i64, "two"],
                )
                .await?;
                let first = tx
                    .execute(
                        "INSERT INTO items (id, name) VALUES ($1, $2)",
                        params![1_i64, "x"],
                    )
                    .await;
                assert!(first.unwrap_err().is_unique_violation());
                let next = tx.query("SELECT 1", params![]).await;
                assert!(next.unwrap_err().is_unique_violation());
                Ok(())
            })
        })
        .await;
    assert!(spoiled.unwrap_err().is_unique_violation());
    assert_eq!(ids(&db).await, [1]);
}

async fn a_read_transaction_cannot_write(store: &Store) {
    let db = store.open().await;
    for sql in [
        "INSERT INTO items (id, name) VALUES (1, 'x') RETURNING id",
        "DELETE FROM items",
        "CREATE TABLE more (x BIGINT)",
    ] {
        let mut tx = db.read().await.unwrap();
        let fault = tx.query(sql, params![]).await.unwrap_err();
        assert_eq!(*fault.kind(), FaultKind::Other, "{fault:?}");
    }
    assert!(ids(&db).await.is_empty());
}

async fn an_update_counts_the_rows_it_touched(store: &Store) {
    let db = store.open().await;
    for id in 1..=3 {
        insert(&db, id).await.unwrap();
    }
    let counts = db
        .write::<_, DatabaseFault>(|tx| {
            Box::pin(async move {
                let some = tx
                    .execute("UPDATE items SET size = 5 WHERE id > $1", params![1_i64])
                    .await?;
                // Single use: the condition is in the UPDATE, and the second time no row is left.
                let take = "UPDATE items SET size = 0 WHERE id = $1 AND size = 5";
                let first = tx.execute(take, params![2_i64]).await?;
                let second = tx.execute(take, params![2_i64]).await?;
                let upserted = tx
                    .execute(
                        "INSERT INTO items (id, name) VALUES ($1, $2)
                         ON CONFLICT (id) DO UPDATE SET note = EXCLUDED.name",
                        params![3_i64, "noted"],
                    )
                    .await?;
                let gone = tx.execute("DELETE FROM items", params![]).await?;
                Ok([some, first, second, upserted, gone])
            })
        })
        .await;
    assert_eq!(counts.unwrap(), [2, 1, 0, 1, 3]);
}

async fn returning_gives_rows(store: &Store) {
    let db = store.open().await;
    let answer = db
        .write::<_, DatabaseFault>(|tx| {
            Box::pin(async move {
                let sql =
                    "INSERT INTO items (id, name) VALUES ($1, $2) RETURNING name, label, note";
                let row = tx
                    .query_optional(sql, params![1_i64, "one"])
                    .await?
                    .unwrap();
                assert_eq!(row.len(), 3);
                Ok((
                    row.get::<String>(0)?,
                    row.get::<String>(1)?,
                    row.get::<Option<String>>(2)?,
                ))
            })
        })
        .await;
    assert_eq!(
        answer.unwrap(),
        ("one".to_owned(), "TEXT; -- not a comment".to_owned(), None)
    );
    let refused = db.write::<_, DatabaseFault>(|tx| {
        Box::pin(async move {
            tx.execute("DELETE FROM items RETURNING id", params![])
                .await
        })
    });
    assert!(
        refused
            .await
            .unwrap_err()
            .attempted()
            .contains("returns rows")
    );
    assert_eq!(ids(&db).await, [1]);
}

async fn one_row_is_not_two(store: &Store) {
    let db = store.open().await;
    insert(&db, 1).await.unwrap();
    insert(&db, 2).await.unwrap();
    let mut tx = db.read().await.unwrap();
    let one = "SELECT id FROM items WHERE id = $1";
    assert!(
        tx.query_optional(one, params![9_i64])
            .await
            .unwrap()
            .is_none()
    );
    let row = tx
        .query_optional(one, params![2_i64])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.get::<i64>(0).unwrap(), 2);
    assert_eq!(
        *row.get::<String>(0).unwrap_err().kind(),
        FaultKind::TypeMismatch
    );
    assert_eq!(
        *row.get::<i64>(1).unwrap_err().kind(),
        FaultKind::TypeMismatch
    );
    assert!(
        tx.query_optional("SELECT id FROM items", params![])
            .await
            .is_err()
    );
}

async fn a_wrong_number_of_parameters_is_a_fault(store: &Store) {
    let db = store.open().await;
    let cases: [(&str, &[Value]); 3] = [
        ("SELECT id FROM items WHERE id = $1", params![]),
        ("SELECT id FROM items WHERE id = $1", params![1_i64, 2_i64]),
        (
            "SELECT id FROM items WHERE id = $1 AND name = $2",
            params![1_i64],
        ),
    ];
    for (sql, params) in cases {
        let mut tx = db.read().await.unwrap();
        let fault = tx.query(sql, params).await.unwrap_err();
        assert_eq!(*fault.kind(), FaultKind::Other, "{fault:?}");
    }
    // One parameter in two places is one parameter.
    let mut tx = db.read().await.unwrap();
    let twice = "SELECT id FROM items WHERE id = $1 OR parent = $1";
    assert!(tx.query(twice, params![1_i64]).await.unwrap().is_empty());
}

async fn wrong_sql_is_a_fault(store: &Store) {
    let db = store.open().await;
    for sql in [
        "SELEC 1",
        "SELECT nothing FROM items",
        "SELECT \"nothing\" FROM items",
        "SELECT 1 FROM nowhere",
    ] {
        let fault = db
            .read()
            .await
            .unwrap()
            .query(sql, params![])
            .await
            .unwrap_err();
        assert_eq!(*fault.kind(), FaultKind::Other, "{fault:?}");
    }
}

/// Byte order, as `COLLATE "C"` and SQLite's BINARY have it.
async fn keyset_pages_agree_on_the_order_of_text(store: &Store) {
    let db = store.open().await;
    let names = [
        "",
        "B",
        "a",
        "ab",
        "b",
        "z",
        "ä",
        "é",
        "\u{10000}",
        "\u{ffff}",
    ];
    db.write::<_, DatabaseFault>(move |tx| {
        Box::pin(async move {
            for (id, name) in (0_i64..).zip(names) {
                tx.execute(
                    "INSERT INTO items (id, name) VALUES ($1, $2)",
                    params![id, name],
                )
                .await?;
            }
            Ok(())
        })
    })
    .await
    .unwrap();
    let mut sorted = names;
    sorted.sort_unstable();
    let mut tx = db.read().await.unwrap();
    let (mut seen, mut last) = (Vec::new(), (String::new(), -1_i64));
    loop {
        let page =
            "SELECT name, id FROM items WHERE (name, id) > ($1, $2) ORDER BY name, id LIMIT $3";
        let rows = tx
            .query(page, params![&last.0, last.1, 3_i64])
            .await
            .unwrap();
        let Some(row) = rows.last() else { break };
        last = (row.get(0).unwrap(), row.get(1).unwrap());
        seen.extend(rows.iter().map(|row| row.get::<String>(0).unwrap()));
    }
    assert_eq!(seen, sorted);
}

async fn sums_and_counts_and_truths_are_integers(store: &Store) {
    let db = store.open().await;
    insert(&db, 1).await.unwrap();
    insert(&db, 2).await.unwrap();
    let mut tx = db.read().await.unwrap();
    let sql = "SELECT count(*), sum(id), max(name), id > 1, sum(id) FILTER (WHERE id > 5), sum(-id * 1000000)
               FROM items GROUP BY id > 1 HAVING sum(id) >= $1";
    let row = tx
        .query_optional(sql, params![2_i64])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.get::<i64>(0).unwrap(), 1);
    assert_eq!(row.get::<i64>(1).unwrap(), 2);
    assert_eq!(row.get::<String>(2).unwrap(), "item 2");
    assert!(row.get::<bool>(3).unwrap());
    assert_eq!(row.get::<Option<i64>>(4).unwrap(), None);
    assert_eq!(row.get::<i64>(5).unwrap(), -2_000_000);
}

async fn a_closed_database_refuses(store: &Store) {
    let db = store
        .open_within(Limits {
            wait_max: Duration::from_secs(60),
            ..Limits::default()
        })
        .await;
    insert(&db, 1).await.unwrap();
    db.close().await;
    db.close().await;
    assert!(insert(&db, 2).await.unwrap_err().is_unavailable());
    assert!(db.read().await.unwrap_err().is_unavailable());
    assert_eq!(ids(&store.open().await).await, [1]);
}

async fn a_work_that_asks_nothing_is_fine(store: &Store) {
    let db = store.open().await;
    assert_eq!(
        db.write::<_, DatabaseFault>(|_| Box::pin(async { Ok(7) }))
            .await
            .unwrap(),
        7
    );
    drop(db.read().await.unwrap());
}
