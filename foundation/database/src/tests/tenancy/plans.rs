//! How the engines find the rows: always by an index, never by reading what other orgs have.

use std::sync::Arc;

use vocab::value::Value;

use super::world::{World, event, number, person, text};
use crate::sql::Sql;
use crate::tenancy::render::Ends;
use crate::tenancy::{ColumnType, Key, Record, Shape, TenancyError};
use crate::tests::on_both_engines;
use crate::tests::store::Store;
use crate::{Engine, WriteTx};

on_both_engines!(no_statement_reads_what_is_not_asked_for);

/// One of those with many rows.
const BIG: &str = "00oD0000000000000001";

/// Many orgs, of which some have many rows.
async fn crowded(store: &Store) -> World {
    let world = World::filled(store).await;
    let shapes = Arc::clone(&world.shapes);
    let filled = world.db.write::<_, TenancyError>(move |tx| {
        Box::pin(async move {
            for index in 0..1500_i64 {
                let org = format!("00oD{index:016}");
                let put = [
                    (
                        "orgs",
                        vec![text(&org), Value::Text(format!("s{index}")), text("Name")],
                    ),
                    (
                        "hosts",
                        vec![Value::Text(format!("h{index:06}")), text(&org), Value::Null],
                    ),
                    ("logos", vec![text(&org), Value::Bytes(vec![1; 64])]),
                ];
                for (table, row) in put {
                    let shape = shapes.get(table).unwrap();
                    shape.replace(tx, &org, &[shape.record(row)?]).await?;
                }
            }
            for index in 0..4_i64 {
                let org = format!("00oD{index:016}");
                let rows = (0..2000_i64).map(|seq| event(&org, seq)).collect();
                put(shapes.get("events").unwrap(), tx, &org, rows).await?;
                let rows = (0..2000)
                    .map(|id| {
                        person(
                            &org,
                            &format!("{id}"),
                            &format!("l{id}"),
                            Some(&format!("m{id}")),
                        )
                    })
                    .collect();
                put(shapes.get("people").unwrap(), tx, &org, rows).await?;
                let rows = (0..2000_i64)
                    .map(|id| {
                        vec![
                            text(&org),
                            text("g"),
                            Value::Text(format!("{id}")),
                            Value::Integer(id),
                        ]
                    })
                    .collect();
                put(shapes.get("members").unwrap(), tx, &org, rows).await?;
                let rows = (0..2000_i64)
                    .map(|id| vec![number(id), text(&org), Value::Bytes(vec![1]), Value::Null])
                    .collect();
                put(shapes.get("marks").unwrap(), tx, &org, rows).await?;
            }
            Ok(())
        })
    });
    filled.await.unwrap();
    world
}

async fn put(
    shape: &Shape,
    tx: &mut WriteTx,
    org: &str,
    rows: Vec<Vec<Value>>,
) -> Result<(), TenancyError> {
    let records = rows
        .into_iter()
        .map(|row| shape.record(row))
        .collect::<Result<Vec<Record>, _>>()?;
    shape.replace(tx, org, &records).await
}

/// Every statement that finds rows, by what it is for.
fn statements(shape: &Shape) -> Vec<(&'static str, String)> {
    let statements = &shape.statements;
    let mut texts = Vec::new();
    // Where the key is empty, a bound is a constant: no plan to look at.
    let bounded = shape.key_columns().next().is_some();
    for ends in [Ends::Open, Ends::After, Ends::Until, Ends::Both] {
        if !bounded && ends != Ends::Open {
            continue;
        }
        texts.push(("rows", statements.rows.pick(ends).to_owned()));
        texts.push(("keys", statements.keys.pick(ends).to_owned()));
    }
    for count in [1, 8, 64] {
        texts.push((
            "rows by key",
            statements.rows_by_key.pick(count).unwrap().1.to_owned(),
        ));
        texts.push((
            "delete by key",
            statements.delete_by_key.pick(count).unwrap().1.to_owned(),
        ));
    }
    texts.push(("delete some", statements.delete_some.clone()));
    for rival in &statements.rivals {
        texts.extend(rival.remove.clone().map(|text| ("remove", text)));
        texts.extend(
            rival
                .find_stranger
                .clone()
                .map(|text| ("find stranger", text)),
        );
    }
    texts
}

/// A key of the org in the middle of its rows.
async fn middle(world: &World, shape: &Shape) -> Key {
    let mut tx = world.db.read().await.unwrap();
    let keys = shape.keys(&mut tx, BIG, None, None, 1000).await.unwrap();
    keys.get(keys.len() / 2).unwrap().clone()
}

async fn no_statement_reads_what_is_not_asked_for(store: &Store) {
    let world = crowded(store).await;
    for analyzed in [false, true] {
        if analyzed {
            world.run(&["ANALYZE"]).await.unwrap();
        }
        for shape in world.shapes.arrival() {
            // A table that is small is read whole whatever the statement.
            if shape.table() == "aliases" {
                continue;
            }
            let key = middle(&world, shape).await;
            for (what, sql) in statements(shape) {
                let plan = explain(&world, &params_for(shape, &key, &sql), &sql).await;
                let shown = format!("{} {what}: {sql}\n{plan}", shape.table());
                assert!(
                    !plan.contains("SCAN") && !plan.contains("Seq Scan"),
                    "{shown}"
                );
                // By the key's own index, in its order: only the hosts, of which an org has few, must be sorted.
                let is_sorted = plan.contains("Sort") || plan.contains("TEMP B-TREE");
                let may_sort =
                    shape.table() == "hosts" || !analyzed && world.db.engine() == Engine::Postgres;
                assert!(may_sort || !is_sorted, "{shown}");
            }
        }
    }
}

async fn explain(world: &World, params: &[Value], sql: &str) -> String {
    let (explain, column) = match world.db.engine() {
        Engine::Sqlite => (format!("EXPLAIN QUERY PLAN {sql}"), 3),
        Engine::Postgres => (format!("EXPLAIN {sql}"), 0),
    };
    let mut tx = world.db.read().await.unwrap();
    let rows = tx
        .query_rendered(Sql::rendered(&explain, "EXPLAIN"), params)
        .await
        .unwrap();
    let steps: Vec<String> = rows.iter().map(|row| row.get(column).unwrap()).collect();
    steps.join("\n")
}

/// As many values as the statement has placeholders: the org, keys, and a number where rows are counted.
fn params_for(shape: &Shape, key: &Key, sql: &str) -> Vec<Value> {
    let count = (1..)
        .take_while(|number| sql.contains(&format!("${number}")))
        .count();
    let mut params = vec![text(BIG)];
    if sql.contains("SELECT 1") || sql.contains("AND NOT") {
        // Values of the columns that the statement names, in the order of its placeholders.
        for place in 2..=count {
            let (before, _) = sql.split_once(&format!(" = ${place}")).unwrap();
            let column = before.rsplit('"').nth(1).unwrap();
            params.push(
                match shape.columns()[shape.position(column).unwrap()].kind() {
                    ColumnType::Text => text("p1"),
                    ColumnType::Integer => number(1),
                    ColumnType::Real => Value::Real(1.0),
                    ColumnType::Bytes => Value::Bytes(vec![1]),
                },
            );
        }
        return params;
    }
    let mut values = key.values().iter().cycle();
    let counted = usize::from(sql.contains("LIMIT"));
    while params.len() + counted < count {
        params.push(values.next().unwrap().clone());
    }
    if counted == 1 {
        params.push(number(64));
    }
    params
}
