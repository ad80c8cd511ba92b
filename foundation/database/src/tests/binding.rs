//! Values on their way in and out: the same on both engines, whatever the order of the parameters.

use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use vocab::value::Value;

use super::on_both_engines;
use super::store::Store;
use crate::{Database, DatabaseFault, FaultKind, params};

on_both_engines!(
    parameters_are_bound_by_number,
    every_value_comes_back_as_it_went,
    a_value_of_another_type_is_refused,
    the_edges_of_integers_come_back,
);

/// SQLite numbers `$2` and `$1` by first appearance; bound by position, these two would be swapped.
async fn parameters_are_bound_by_number(store: &Store) {
    let db = store.open().await;
    let write = db.write::<_, DatabaseFault>(|tx| {
        Box::pin(async move {
            let insert = "INSERT INTO items (name, note, id) VALUES ($3, $1, $2)";
            tx.execute(insert, params!["the note", 1_i64, "the name"])
                .await?;
            let update = "UPDATE items SET note = $2 WHERE name = $1 AND id = $3 AND name = $1";
            tx.execute(update, params!["the name", "new note", 1_i64])
                .await
        })
    });
    assert_eq!(write.await.unwrap(), 1);
    let mut tx = db.read().await.unwrap();
    let row = tx
        .query_optional("SELECT id, name, note FROM items", params![])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.get::<i64>(0).unwrap(), 1);
    assert_eq!(row.get::<String>(1).unwrap(), "the name");
    assert_eq!(row.get::<String>(2).unwrap(), "new note");
    // Twelve parameters: `$1` is not a prefix of `$10`.
    let sql = "SELECT id FROM items WHERE id IN ($12, $11, $10, $9, $8, $7, $6, $5, $4, $3, $2) AND id <> $1";
    let mut numbers = vec![Value::Integer(7)];
    numbers
        .extend((2..=12).map(|number| Value::Integer(if number == 10 { 1 } else { number * 100 })));
    assert_eq!(tx.query(sql, &numbers).await.unwrap().len(), 1);
}

/// A row of `kinds` in some order of columns, with its parameters numbered in some other order.
#[derive(Debug, Clone)]
struct Case {
    values: [Value; 4],
    columns: Vec<usize>,
    numbers: Vec<usize>,
}

const COLUMNS: [&str; 4] = ["whole", "real_number", "words", "raw"];

fn cases() -> impl Strategy<Value = Case> {
    let whole = prop_oneof![Just(Value::Null), any::<i64>().prop_map(Value::Integer)];
    let real = prop_oneof![
        Just(Value::Null),
        any::<f64>()
            .prop_filter("a number", |number| !number.is_nan())
            .prop_map(Value::Real),
    ];
    let words = prop_oneof![Just(Value::Null), "[^\0]{0,40}".prop_map(Value::Text)];
    let raw = prop_oneof![Just(Value::Null), any::<Vec<u8>>().prop_map(Value::Bytes)];
    let order = Just(vec![0, 1, 2, 3]).prop_shuffle();
    (whole, real, words, raw, order.clone(), order).prop_map(
        |(whole, real, words, raw, columns, numbers)| Case {
            values: [whole, real, words, raw],
            columns,
            numbers,
        },
    )
}

/// What is stored for the case and read back by column name.
async fn round_trip(db: &Database, case: Case) -> Result<Vec<Value>, DatabaseFault> {
    // `$1` is the id; the others are numbered as the case says.
    let names: Vec<_> = case.columns.iter().map(|column| COLUMNS[*column]).collect();
    let places: Vec<_> = case
        .columns
        .iter()
        .map(|column| format!("${}", case.numbers[*column] + 2))
        .collect();
    let sql = format!(
        "INSERT INTO kinds ({}, id) VALUES ({}, $1)",
        names.join(", "),
        places.join(", ")
    );
    let sql: &'static str = Box::leak(sql.into_boxed_str());
    let mut params = vec![
        Value::Integer(1),
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
    ];
    for (column, value) in case.values.iter().enumerate() {
        params[case.numbers[column] + 1] = value.clone();
    }
    db.write(move |tx| {
        Box::pin(async move {
            tx.execute("DELETE FROM kinds", params![]).await?;
            tx.execute(sql, &params).await
        })
    })
    .await?;
    let mut tx = db.read().await?;
    let sql = "SELECT whole, real_number, words, raw FROM kinds WHERE id = $1";
    let row = tx.query_optional(sql, params![1_i64]).await?.unwrap();
    let whole = row
        .get::<Option<i64>>(0)?
        .map_or(Value::Null, Value::Integer);
    let real = row.get::<Option<f64>>(1)?.map_or(Value::Null, Value::Real);
    let words = row
        .get::<Option<String>>(2)?
        .map_or(Value::Null, Value::Text);
    let raw = row
        .get::<Option<Vec<u8>>>(3)?
        .map_or(Value::Null, Value::Bytes);
    Ok(vec![whole, real, words, raw])
}

async fn every_value_comes_back_as_it_went(store: &Store) {
    let db = store.open().await;
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        let mut runner = TestRunner::new(Config {
            cases: 128,
            failure_persistence: None,
            ..Config::default()
        });
        runner
            .run(&cases(), |case| {
                let wanted = case.values.to_vec();
                let got = runtime
                    .block_on(round_trip(&db, case))
                    .map_err(|fault| TestCaseError::fail(format!("{fault:?}")))?;
                if got == wanted {
                    Ok(())
                } else {
                    Err(TestCaseError::fail(format!("{got:?}")))
                }
            })
            .unwrap();
    });
}

async fn a_value_of_another_type_is_refused(store: &Store) {
    let db = store.open().await;
    let cases: [(&'static str, Value); 6] = [
        (
            "INSERT INTO kinds (id, whole) VALUES (1, $1)",
            Value::from("words"),
        ),
        (
            "INSERT INTO kinds (id, whole) VALUES (1, $1)",
            Value::Bytes(vec![1]),
        ),
        (
            "INSERT INTO kinds (id, raw) VALUES (1, $1)",
            Value::from("words"),
        ),
        (
            "INSERT INTO kinds (id, words) VALUES (1, $1)",
            Value::Bytes(vec![1]),
        ),
        (
            "INSERT INTO kinds (id, words) VALUES (1, $1)",
            Value::from("a NUL \0 in it"),
        ),
        (
            "INSERT INTO kinds (id, real_number) VALUES (1, $1)",
            Value::Real(f64::NAN),
        ),
    ];
    for (sql, value) in cases {
        let write = db.write::<_, DatabaseFault>(move |tx| {
            Box::pin(async move { tx.execute(sql, &[value]).await })
        });
        let fault = write.await.unwrap_err();
        assert_eq!(*fault.kind(), FaultKind::TypeMismatch, "{fault:?}");
    }
}

async fn the_edges_of_integers_come_back(store: &Store) {
    let db = store.open().await;
    for whole in [i64::MIN, -1, 0, 1, 9_999, 10_000, 100_000_000, i64::MAX] {
        let write = db.write::<_, DatabaseFault>(move |tx| {
            Box::pin(async move {
                tx.execute("DELETE FROM kinds", params![]).await?;
                tx.execute(
                    "INSERT INTO kinds (id, whole) VALUES (1, $1)",
                    params![whole],
                )
                .await?;
                // A sum is a numeric on PostgreSQL, and so is what it is compared with.
                let sql = "SELECT sum(whole) FROM kinds HAVING sum(whole) = $1";
                tx.query_optional(sql, params![whole])
                    .await?
                    .unwrap()
                    .get::<i64>(0)
            })
        });
        assert_eq!(write.await.unwrap(), whole);
    }
}
