//! Rows that arrive, meet others, and go again.

use std::sync::Arc;

use vocab::value::Value;

use super::world::{ONE, OTHER, World, event, number, person, text};
use crate::Engine;
use crate::tenancy::TenancyError;
use crate::tests::on_both_engines;
use crate::tests::store::Store;

on_both_engines!(
    an_org_arrives_whole_and_goes_whole,
    rows_that_are_there_are_replaced,
    a_row_that_holds_a_key_gives_way,
    keys_that_change_places_arrive,
    nulls_hold_no_key,
    another_orgs_row_never_gives_way,
    a_row_of_another_org_is_refused,
    local_columns_are_kept_or_given_anew,
    rows_go_by_their_keys,
);

async fn an_org_arrives_whole_and_goes_whole(store: &Store) {
    let taking = match store.engine() {
        Engine::Sqlite => Store::sqlite(),
        Engine::Postgres => Store::postgres(),
    };
    travel(store, &taking).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_travels_between_sqlite_and_postgres() {
    travel(&Store::sqlite(), &Store::postgres()).await;
    travel(&Store::postgres(), &Store::sqlite()).await;
}

/// From one store to the other, and away from there.
async fn travel(giving: &Store, taking: &Store) {
    let giver = World::filled(giving).await;
    let taker = World::open(taking).await;
    // The taker has an org of its own, which stays as it is.
    for (table, rows) in super::world::rows_of(OTHER) {
        taker.put(OTHER, table, rows).await.unwrap();
    }
    carry(&giver, &taker).await;
    for shape in taker.shapes.arrival() {
        for org in [ONE, OTHER] {
            let given = giver.all(org, shape.table()).await;
            let taken = taker.all(org, shape.table()).await;
            assert!(
                given == taken && !given.is_empty(),
                "{} of {org}",
                shape.table()
            );
        }
        let mut from = giver.db.read().await.unwrap();
        let mut to = taker.db.read().await.unwrap();
        assert_eq!(
            giver
                .shape(shape.table())
                .digest_after(&mut from, ONE, None, 10_000)
                .await
                .unwrap(),
            shape
                .digest_after(&mut to, ONE, None, 10_000)
                .await
                .unwrap()
        );
    }
    depart(&taker).await;
    for shape in taker.shapes.arrival() {
        assert!(taker.all(ONE, shape.table()).await.is_empty());
        assert!(taker.all(OTHER, shape.table()).await == giver.all(OTHER, shape.table()).await);
    }
}

/// Carries all rows of one org, page by page, as bytes.
async fn carry(giver: &World, taker: &World) {
    for shape in giver.shapes.arrival() {
        let mut after = None;
        loop {
            let mut tx = giver.db.read().await.unwrap();
            let page = shape
                .page(&mut tx, ONE, after.as_ref(), 70, 30_000)
                .await
                .unwrap();
            drop(tx);
            let target = taker.shapes.get(shape.table()).unwrap();
            let records: Vec<_> = page
                .rows
                .iter()
                .map(|row| target.decode(row.encoded()).unwrap())
                .collect();
            let (shapes, table) = (Arc::clone(&taker.shapes), shape.table().to_owned());
            let wrote = taker.db.write::<_, TenancyError>(move |tx| {
                Box::pin(
                    async move { shapes.get(&table).unwrap().replace(tx, ONE, &records).await },
                )
            });
            wrote.await.unwrap();
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
}

/// Removes all rows of one org, some at a time.
async fn depart(world: &World) {
    for shape in world.shapes.departure() {
        loop {
            let (shapes, table) = (Arc::clone(&world.shapes), shape.table().to_owned());
            let removed = world.db.write::<_, TenancyError>(move |tx| {
                Box::pin(async move { shapes.get(&table).unwrap().delete_some(tx, ONE, 17).await })
            });
            let removed = removed.await.unwrap();
            assert!(removed <= 17);
            if removed < 17 {
                break;
            }
        }
    }
}

async fn rows_that_are_there_are_replaced(store: &Store) {
    let world = World::filled(store).await;
    // Old and new ones among more than one statement takes.
    let rows: Vec<Vec<Value>> = (150..300)
        .map(|seq| {
            let mut row = event(ONE, seq);
            row[7] = text("{}");
            row
        })
        .collect();
    world.put(ONE, "events", rows.clone()).await.unwrap();
    let all = world.all(ONE, "events").await;
    assert_eq!(all.len(), 299);
    for (index, row) in all.iter().enumerate() {
        assert_eq!(row.values()[7] == text("{}"), index + 1 >= 150);
    }
    // The same again changes nothing.
    world.put(ONE, "events", rows).await.unwrap();
    assert!(world.all(ONE, "events").await == all);
    // A table of keys and one column, and rows of keys alone.
    let member = vec![text(ONE), text("g"), text("p3"), number(77)];
    world
        .put(ONE, "members", vec![member.clone(), member])
        .await
        .unwrap();
    let members = world.all(ONE, "members").await;
    assert_eq!(members.len(), 30);
    assert!(members.iter().any(|row| row.values()[3] == number(77)));
}

async fn a_row_that_holds_a_key_gives_way(store: &Store) {
    let world = World::filled(store).await;
    let people = world.all(ONE, "people").await.len();
    // p7 had the login and p8 the address; both are rows of this org, under other keys.
    world
        .put(
            ONE,
            "people",
            vec![person(ONE, "p8", "login 8", Some("8@example.org"))],
        )
        .await
        .unwrap();
    let arriving = person(ONE, "new", "login 7", Some("8@example.org"));
    world
        .put(ONE, "people", vec![arriving.clone()])
        .await
        .unwrap();
    let now = world.all(ONE, "people").await;
    assert_eq!(now.len(), people - 1);
    let ids: Vec<&Value> = now.iter().map(|row| &row.values()[1]).collect();
    assert!(
        ids.contains(&&text("new")) && !ids.contains(&&text("p7")) && !ids.contains(&&text("p8"))
    );
    assert!(now.iter().any(|row| row.values() == arriving));
    assert_eq!(world.all(OTHER, "people").await.len(), people);
}

async fn keys_that_change_places_arrive(store: &Store) {
    let world = World::filled(store).await;
    let swapped = vec![
        person(ONE, "p5", "login 6", None),
        person(ONE, "p6", "login 5", None),
    ];
    world.put(ONE, "people", swapped.clone()).await.unwrap();
    let now = world.all(ONE, "people").await;
    assert_eq!(now.len(), 40);
    for row in swapped {
        assert!(now.iter().any(|own| own.values() == row));
    }
}

async fn nulls_hold_no_key(store: &Store) {
    let world = World::filled(store).await;
    world
        .put(
            ONE,
            "people",
            vec![person(ONE, "p1", "login 1 again", None)],
        )
        .await
        .unwrap();
    // All but the first have no address; none of them gave way.
    assert_eq!(world.all(ONE, "people").await.len(), 40);
}

async fn another_orgs_row_never_gives_way(store: &Store) {
    let world = World::filled(store).await;
    let before = world.all(OTHER, "hosts").await;
    let host = vec![text("a.example-B"), text(ONE), Value::Null];
    let fine = vec![text("c.example"), text(ONE), Value::Null];
    let refused = world
        .put(ONE, "hosts", vec![fine.clone(), host])
        .await
        .unwrap_err();
    assert!(
        matches!(&refused, TenancyError::Taken { table, columns } if table == "hosts" && columns == "host"),
        "{refused}"
    );
    let slug = vec![text(ONE), text("slug-B"), text("Name")];
    let refused = world.put(ONE, "orgs", vec![slug]).await.unwrap_err();
    assert!(
        matches!(&refused, TenancyError::Taken { table, columns } if table == "orgs" && columns == "slug"),
        "{refused}"
    );
    assert!(world.all(OTHER, "hosts").await == before);
    assert_eq!(
        world.all(OTHER, "orgs").await[0].values()[1],
        text("slug-B")
    );
    // Nothing of the refused work stays.
    assert_eq!(world.all(ONE, "hosts").await.len(), 2);
    assert_eq!(world.all(ONE, "orgs").await[0].values()[1], text("slug-A"));
    world.put(ONE, "hosts", vec![fine]).await.unwrap();
}

async fn a_row_of_another_org_is_refused(store: &Store) {
    let world = World::filled(store).await;
    for (table, row) in [
        ("people", person(OTHER, "p1", "mine", None)),
        ("orgs", vec![text(OTHER), text("mine"), text("Mine")]),
        ("events", event(OTHER, 1)),
    ] {
        let before = world.all(OTHER, table).await;
        let refused = world.put(ONE, table, vec![row]).await.unwrap_err();
        assert!(
            matches!(refused, TenancyError::Stranger { .. }),
            "{refused}"
        );
        assert!(world.all(OTHER, table).await == before);
    }
}

async fn local_columns_are_kept_or_given_anew(store: &Store) {
    let world = World::filled(store).await;
    let ordinals = async || {
        world
            .ask("SELECT name || ' ' || CAST(ordinal AS TEXT) FROM orgs ORDER BY ordinal")
            .await
    };
    assert_eq!(ordinals().await, ["Name 1", "Name 2"]);
    world
        .put(
            ONE,
            "orgs",
            vec![vec![text(ONE), text("slug-A"), text("Renamed")]],
        )
        .await
        .unwrap();
    assert_eq!(ordinals().await, ["Renamed 1", "Name 2"]);
    let third = "00oCCCCCCCCCCCCCCCC3";
    world
        .put(
            third,
            "orgs",
            vec![vec![text(third), text("third"), text("Third")]],
        )
        .await
        .unwrap();
    assert_eq!(ordinals().await, ["Renamed 1", "Name 2", "Third 3"]);
}

async fn rows_go_by_their_keys(store: &Store) {
    let world = World::filled(store).await;
    let shapes = Arc::clone(&world.shapes);
    let removed = world.db.write::<_, TenancyError>(move |tx| {
        Box::pin(async move {
            let events = shapes.get("events").unwrap();
            let keys: Vec<_> = (100..250_i64)
                .map(|seq| events.key(vec![number(seq)]).unwrap())
                .collect();
            let hosts = shapes.get("hosts").unwrap();
            let foreign = hosts.key(vec![text("b.example-B")]).unwrap();
            let own = hosts.key(vec![text("b.example-A")]).unwrap();
            let logos = shapes.get("logos").unwrap();
            let empty = logos.key(Vec::new()).unwrap();
            Ok((
                events.delete(tx, ONE, &keys).await?,
                hosts.delete(tx, ONE, &[foreign, own]).await?,
                logos.delete(tx, ONE, &[empty]).await?,
            ))
        })
    });
    assert_eq!(removed.await.unwrap(), (100, 1, 1));
    assert_eq!(world.all(ONE, "events").await.len(), 99);
    assert_eq!(world.all(OTHER, "events").await.len(), 199);
    assert_eq!(world.all(OTHER, "hosts").await.len(), 2);
    assert_eq!(world.all(OTHER, "logos").await.len(), 1);
}
