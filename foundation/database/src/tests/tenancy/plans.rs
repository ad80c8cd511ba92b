//! How the engines find the rows: always by an index, never by reading what other orgs have.

use vocab::value::Value;

use super::world::{ONE, World, event, number, person, text};
use crate::Engine;
use crate::sql::Sql;
use crate::tenancy::{Key, Record, Shape, TenancyError};
use crate::tests::on_both_engines;
use crate::tests::store::Store;
use std::sync::Arc;

on_both_engines!(no_statement_reads_what_is_not_asked_for);

/// Many orgs, of which some have many rows.
async fn crowded(store: &Store) -> World {
    let world = World::filled(store).await;
    let shapes = Arc::clone(&world.shapes);
    let filled = world.db.write::<_, TenancyError>(move |tx| {
        Box::pin(async move {
            for number in 0..1500_i64 {
                let org = format!("00oD{number:016}");
                let put = [
                    (
                        "orgs",
                        vec![text(&org), Value::Text(format!("s{number}")), text("Name")],
                    ),
                    (
                        "hosts",
                        vec![
                            Value::Text(format!("h{number:06}")),
                            text(&org),
                            Value::Null,
                        ],
                    ),
                    ("logos", vec![text(&org), Value::Bytes(vec![1; 64])]),
                ];
                for (table, row) in put {
                    let shape = shapes.get(table).unwrap();
                    shape.replace(tx, &org, &[shape.record(row)?]).await?;
                }
            }
            for number in 0..4_i64 {
                let org = format!("00oD{number:016}");
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
                    .map(|id| {
                        vec![
                            number_of(id),
                            text(&org),
                            Value::Bytes(vec![1]),
                            Value::Null,
                        ]
                    })
                    .collect();
                put(shapes.get("marks").unwrap(), tx, &org, rows).await?;
            }
            Ok(())
        })
    });
    filled.await.unwrap();
    world
}

fn number_of(id: i64) -> Value {
    number(id)
}

async fn put(
    shape: &Shape,
    tx: &mut crate::WriteTx,
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
    use crate::tenancy::render::Ends;
    let statements = &shape.statements;
    let mut texts = Vec::new();
    for ends in [Ends::Open, Ends::After, Ends::Until, Ends::Both] {
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
async fn middle(world: &World, shape: &Shape, org: &str) -> Key {
    let mut tx = world.db.read().await.unwrap();
    let keys = shape.keys(&mut tx, org, None, None, 1000).await.unwrap();
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
            let key = middle(&world, shape, ONE).await;
            for (what, sql) in statements(shape) {
                check_plan(&world, shape, &key, what, &sql).await;
            }
        }
    }
}

async fn check_plan(world: &World, shape: &Shape, key: &Key, what: &str, sql: &str) {
    let params = params_for(shape, key, sql);
    let explain = match world.db.engine() {
        Engine::Sqlite => format!("EXPLAIN QUERY PLAN {sql}"),
        Engine::Postgres => format!("EXPLAIN {sql}"),
    };
    let mut tx = world.db.read().await.unwrap();
    let rows = tx
        .query_rendered(Sql::rendered(&explain, "EXPLAIN"), &params)
        .await
        .unwrap();
    let column = match world.db.engine() {
        Engine::Sqlite => 3,
        Engine::Postgres => 0,
    };
    let plan: Vec<String> = rows.iter().map(|row| row.get(column).unwrap()).collect();
    let scans = plan.iter().any(|step| {
        step.contains("Seq Scan") || step.starts_with("SCAN") && !step.contains("CONSTANT")
    });
    assert!(
        !scans,
        "{} {what}: {sql}\n{}",
        shape.table(),
        plan.join("\n")
    );
    println!(
        "{} {what}: {sql}\n    {}",
        shape.table(),
        plan.join("\n    ")
    );
}

/// As many values as the statement has placeholders: the org, keys, and a number where rows are counted.
fn params_for(shape: &Shape, key: &Key, sql: &str) -> Vec<Value> {
    let count = (1..)
        .take_while(|number| sql.contains(&format!("${number}")))
        .count();
    let mut params = vec![text(ONE)];
    if sql.contains("SELECT 1") || sql.contains("AND NOT") {
        // Values of the columns that the statement names, in the order of its placeholders.
        for place in 2..=count {
            let (before, _) = sql.split_once(&format!(" = ${place}")).unwrap();
            let column = before.rsplit('"').nth(1).unwrap();
            params.push(
                match shape.columns()[shape.position(column).unwrap()].kind() {
                    crate::tenancy::ColumnType::Text => text("p1"),
                    crate::tenancy::ColumnType::Integer => number(1),
                    crate::tenancy::ColumnType::Real => Value::Real(1.0),
                    crate::tenancy::ColumnType::Bytes => Value::Bytes(vec![1]),
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
