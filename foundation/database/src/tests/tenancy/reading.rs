//! Pages, rows by keys, and digests of ranges.

use crate::ReadTx;
use vocab::value::Value;

use super::world::{ONE, OTHER, World, bytes, event, number, person, text};
use crate::tenancy::{Key, TenancyError};
use crate::tests::on_both_engines;
use crate::tests::store::Store;

on_both_engines!(
    pages_give_each_row_once_and_of_one_org_alone,
    a_page_ends_by_its_size_but_has_a_row,
    rows_come_in_the_order_of_their_keys,
    keys_of_a_range_are_bounded,
    ranges_have_digests,
    a_table_of_one_row_has_an_empty_key,
    keys_have_a_text,
);

async fn pages_give_each_row_once_and_of_one_org_alone(store: &Store) {
    let world = World::filled(store).await;
    let mut tx = world.db.read().await.unwrap();
    for shape in world.shapes.arrival() {
        for rows_max in [1, 7, 1000] {
            let mut keys: Vec<String> = Vec::new();
            let mut after = None;
            loop {
                let page = shape
                    .page(&mut tx, ONE, after.as_ref(), rows_max, usize::MAX)
                    .await
                    .unwrap();
                assert!(page.rows.len() <= rows_max);
                for row in &page.rows {
                    assert!(row.values().contains(&text(ONE)));
                    keys.push(shape.render_key(&shape.key_of(row)));
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            let count = keys.len();
            let counted =
                async |tx: &mut ReadTx, most| shape.count_up_to(tx, ONE, most).await.unwrap();
            assert_eq!(counted(&mut tx, i64::MAX).await, count as i64);
            assert_eq!(counted(&mut tx, 1).await, 1, "no more are looked at");
            keys.sort();
            keys.dedup();
            assert_eq!(keys.len(), count, "{}", shape.table());
            assert!(count > 0);
        }
        let nobody = shape.count_up_to(&mut tx, "00oNobody", i64::MAX).await;
        assert_eq!(nobody.unwrap(), 0);
        let page = shape
            .page(&mut tx, "00oNobody", None, 10, 10)
            .await
            .unwrap();
        assert!(page.rows.is_empty() && page.next.is_none());
    }
}

async fn a_page_ends_by_its_size_but_has_a_row(store: &Store) {
    let world = World::filled(store).await;
    let mut tx = world.db.read().await.unwrap();
    let shape = world.shape("events");
    let one = world.all(ONE, "events").await[0].encoded().len();
    for (bytes_max, expected) in [(0, 1), (1, 1), (one * 3 + 20, 3), (one * 60, 60)] {
        let page = shape
            .page(&mut tx, ONE, None, 500, bytes_max)
            .await
            .unwrap();
        let size: usize = page.rows.iter().map(|row| row.encoded().len()).sum();
        assert!(size <= bytes_max || page.rows.len() == 1);
        assert!(
            page.rows.len().abs_diff(expected) <= 1,
            "{}",
            page.rows.len()
        );
        assert!(page.next.is_some());
    }
}

async fn rows_come_in_the_order_of_their_keys(store: &Store) {
    let world = World::filled(store).await;
    let mut tx = world.db.read().await.unwrap();
    let shape = world.shape("events");
    // More than one statement takes, with some that are missing and one twice.
    let mut keys: Vec<Key> = (150..350_i64)
        .map(|seq| shape.key(vec![number(seq)]).unwrap())
        .collect();
    keys.reverse();
    keys.push(shape.key(vec![number(1)]).unwrap());
    keys.push(shape.key(vec![number(1)]).unwrap());
    let rows = shape.rows(&mut tx, ONE, &keys).await.unwrap();
    assert_eq!(rows.len(), keys.len());
    for (row, key) in rows.iter().zip(&keys) {
        let seq = key.values()[0].clone();
        match row {
            Some(row) => assert_eq!((&row.values()[1], &row.values()[0]), (&seq, &text(ONE))),
            None => assert!(matches!(seq, Value::Integer(seq) if seq >= 200)),
        }
    }
    assert_eq!(rows.iter().flatten().count(), 50 + 2);
    // Another org's row is not found by its key.
    let hosts = world.shape("hosts");
    let foreign = hosts.key(vec![text("a.example-B")]).unwrap();
    let own = hosts.key(vec![text("a.example-A")]).unwrap();
    let rows = hosts.rows(&mut tx, ONE, &[foreign, own]).await.unwrap();
    assert!(rows[0].is_none() && rows[1].is_some());
}

async fn keys_of_a_range_are_bounded(store: &Store) {
    let world = World::filled(store).await;
    let mut tx = world.db.read().await.unwrap();
    let shape = world.shape("marks");
    let all = shape.keys(&mut tx, ONE, None, None, 1000).await.unwrap();
    assert_eq!(all.len(), 40);
    let part = shape
        .keys(&mut tx, ONE, Some(&all[3]), Some(&all[9]), 1000)
        .await
        .unwrap();
    assert_eq!(part, all[4..=9]);
    let part = shape
        .keys(&mut tx, ONE, None, Some(&all[9]), 4)
        .await
        .unwrap();
    assert_eq!(part, all[..4]);
    let part = shape
        .keys(&mut tx, ONE, Some(&all[38]), None, 4)
        .await
        .unwrap();
    assert_eq!(part, all[39..]);
}

async fn ranges_have_digests(store: &Store) {
    let world = World::filled(store).await;
    let shape = world.shape("events");
    let mut tx = world.db.read().await.unwrap();
    let mut after: Option<Key> = None;
    let mut ranges = Vec::new();
    loop {
        let digest = shape
            .digest_after(&mut tx, ONE, after.as_ref(), 30)
            .await
            .unwrap();
        let until = digest.until.clone();
        ranges.push((after, digest));
        after = until;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(ranges.len(), 7);
    assert_eq!(
        ranges.iter().map(|(_, digest)| digest.rows).sum::<usize>(),
        199
    );
    for (after, digest) in &ranges {
        let again = shape
            .digest_between(&mut tx, ONE, after.as_ref(), digest.until.as_ref(), 30)
            .await
            .unwrap();
        assert_eq!(again.as_ref(), Some(digest));
    }
    let more = shape
        .digest_between(&mut tx, ONE, None, None, 198)
        .await
        .unwrap();
    assert_eq!(more, None);
    let all = shape
        .digest_between(&mut tx, ONE, None, None, 199)
        .await
        .unwrap();
    assert_eq!(all.unwrap().rows, 199);
    drop(tx);
    // One row of the second range changes: that range alone differs.
    world
        .run(&["UPDATE events SET body = '{}' WHERE seq = 45 AND org_id = '00oAAAAAAAAAAAAAAAA1'"])
        .await
        .unwrap();
    let mut tx = world.db.read().await.unwrap();
    let mut differing = Vec::new();
    for (index, (after, digest)) in ranges.iter().enumerate() {
        let now = shape
            .digest_between(&mut tx, ONE, after.as_ref(), digest.until.as_ref(), 30)
            .await
            .unwrap();
        if now.as_ref() != Some(digest) {
            differing.push(index);
        }
    }
    assert_eq!(differing, [1]);
    let nobody = shape
        .digest_after(&mut tx, "00oNobody", None, 30)
        .await
        .unwrap();
    assert_eq!((nobody.rows, nobody.until), (0, None));
}

async fn a_table_of_one_row_has_an_empty_key(store: &Store) {
    let world = World::filled(store).await;
    let mut tx = world.db.read().await.unwrap();
    for table in ["orgs", "logos"] {
        let shape = world.shape(table);
        let page = shape.page(&mut tx, ONE, None, 1, usize::MAX).await.unwrap();
        let key = page.next.unwrap();
        assert!(key.values().is_empty());
        assert_eq!(shape.render_key(&key), "[]");
        let after = shape
            .page(&mut tx, ONE, Some(&key), 1, usize::MAX)
            .await
            .unwrap();
        assert!(after.rows.is_empty() && after.next.is_none());
        let keys = shape.keys(&mut tx, ONE, None, Some(&key), 5).await.unwrap();
        assert_eq!(keys, std::slice::from_ref(&key));
        assert!(
            shape
                .keys(&mut tx, ONE, Some(&key), None, 5)
                .await
                .unwrap()
                .is_empty()
        );
        let rows = shape
            .rows(&mut tx, ONE, std::slice::from_ref(&key))
            .await
            .unwrap();
        assert_eq!(rows.iter().flatten().count(), 1);
    }
}

async fn keys_have_a_text(store: &Store) {
    let world = World::open(store).await;
    let marks = world.shape("marks");
    let key = marks
        .key(vec![number(i64::MIN), bytes(&[0, 0xab])])
        .unwrap();
    assert_eq!(marks.render_key(&key), "[-9223372036854775808,\"00ab\"]");
    let spaced = marks
        .parse_key(" [ -9223372036854775808 , \"00ab\" ] ")
        .unwrap();
    assert_eq!(spaced, key);
    let people = world.shape("people");
    let odd = "a\"b\\c\u{1}\n/ü";
    let key = people.key(vec![text(odd)]).unwrap();
    assert_eq!(people.parse_key(&people.render_key(&key)).unwrap(), key);
    for wrong in [
        "",
        "[]",
        "[1]",
        "[1,2]",
        "[1,\"0\"]",
        "[1,\"AB\"]",
        "[1,\"0g\"]",
        "[1.5,\"00\"]",
        "[9223372036854775808,\"00\"]",
        "[1,\"00\",1]",
        "{\"a\":1}",
        "[null,\"00\"]",
        "[[1],\"00\"]",
    ] {
        let refused = marks.parse_key(wrong).unwrap_err();
        assert!(matches!(refused, TenancyError::UnfitKey { .. }), "{wrong}");
    }
    assert!(people.parse_key("[\"a\\u0000\"]").is_err());
    assert!(people.key(vec![Value::Null]).is_err());
    assert!(
        people
            .parse_key(&format!("[\"{}\"]", "a".repeat(70_000)))
            .is_err()
    );
    for wrong in [event(ONE, 1), person(OTHER, "a", "b", None)[1..].to_vec()] {
        assert!(matches!(
            people.record(wrong),
            Err(TenancyError::UnfitRecord { .. })
        ));
    }
    let mut null = person(ONE, "a", "b", None);
    null[2] = Value::Null;
    assert!(matches!(
        people.record(null),
        Err(TenancyError::UnfitRecord { .. })
    ));
}
