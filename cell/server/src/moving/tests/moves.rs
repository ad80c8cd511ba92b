//! What a move brings along, and that it brings it whatever happens on the way.

use crate::moving::store::rows::TENANCY;
use crate::moving::tests::driver::{Drive, Misfortune};
use crate::moving::tests::store::{LOOSE_ENDS, NOTES, writes};
use crate::moving::tests::world::{At, Call, World, standing};
use axum::http::{Method, StatusCode};
use database::Engine;
use database::tenancy::load_shapes;
use keys::ServerKeyScope;
use ledger::{ChainVerdict, verify_chain};
use protocol::jose::algorithm::Algorithm;

/// Writes at the cell that serves.
async fn write(drive: &Drive, round: i64) {
    let serving = drive.world.at(drive.serving);
    let statements = writes(&drive.world.org, round);
    serving.execute(statements).await.unwrap();
}

/// A whole move, with writes in every phase.
pub(super) async fn move_away(drive: Drive) -> Drive {
    let drive = drive.prepare().await;
    write(&drive, 0).await;
    let (drive, _) = drive.copy_some().await;
    write(&drive, 1).await;
    let drive = drive.copy().await;
    write(&drive, 2).await;
    let (drive, _) = drive.catch_up().await;
    let (drive, differences) = drive.compare().await;
    assert_eq!(differences, 0, "all was shipped");
    write(&drive, 3).await;
    let (drive, _) = drive.catch_up().await;
    write(&drive, 4).await;
    let drive = drive.fence(1).await;
    let (drive, left) = drive.catch_up().await;
    assert_eq!(left, 0);
    let (drive, differences) = drive.check().await;
    assert_eq!(differences, 0);
    drive.switch().await
}

async fn assert_equal(drive: &Drive) {
    let org = &drive.world.org;
    let (one, other) = (
        drive.world.source.dump(org).await,
        drive.world.target.dump(org).await,
    );
    for (table, rows) in &one {
        assert!(!rows.is_empty(), "{table} has no row of the org");
        assert!(rows == &other[table], "{table} differs");
    }
    assert_eq!(one.len(), other.len());
}

async fn assert_whole(drive: &Drive, at: At) {
    let cell = &drive.world.at(at).cell;
    let mut tx = cell.database.read().await.unwrap();
    let verdict = verify_chain(&mut tx, &drive.world.org, None).await.unwrap();
    assert!(matches!(verdict, ChainVerdict::Whole(_)), "{verdict:?}");
}

/// Nothing of the move is left in a cell but where the org stands.
async fn assert_nothing_noted(drive: &Drive, at: At) {
    let cell = drive.world.at(at);
    for sql in NOTES {
        assert_eq!(cell.own_rows(sql, &drive.world.org).await, 0, "{sql}");
    }
}

/// Everything works on at the other cell: sessions, codes in flight, refresh tokens, keys, the log.
async fn everything_arrives(source: Engine, target: Engine) {
    let world = World::make(source, target).await;
    let (org, first) = (world.org.clone(), vocab::epoch::Epoch::FIRST);
    let other_before = world.source.dump(&world.other).await;
    let code = world.code(At::Source, first).await;
    let (status, tokens) = world.redeem(At::Source, first, &code).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    let in_flight = world.code(At::Source, first).await;
    let keyring = &world.source.cell.keyring;
    let sealed = keyring.seal(&org, "totp:x", b"seed").await.unwrap();
    let jwks = world.source.cell.signing_keys.published_jwks(
        &org,
        &ServerKeyScope::Org,
        &[Algorithm::Es256],
    );
    let jwks = jwks.await.unwrap().json.clone();

    let drive = move_away(Drive::new(world, Misfortune::Nothing)).await;
    assert_equal(&drive).await;
    let world = &drive.world;
    let second = first.next();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let (status, _) = world.refresh(At::Source, first, refresh).await;
    assert_eq!(status, StatusCode::MISDIRECTED_REQUEST);
    let (status, refreshed) = world.refresh(At::Target, second, refresh).await;
    assert_eq!(status, StatusCode::OK, "{refreshed}");
    let (status, redeemed) = world.redeem(At::Target, second, &in_flight).await;
    assert_eq!(status, StatusCode::OK, "{redeemed}");
    world.code(At::Target, second).await;
    let (status, again) = world.redeem(At::Target, second, &code).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{again}");
    let keyring = &world.target.cell.keyring;
    let opened = keyring.open(&org, "totp:x", &sealed).await.unwrap();
    assert_eq!(opened.as_slice(), b"seed");
    let arrived = world.target.cell.signing_keys.published_jwks(
        &org,
        &ServerKeyScope::Org,
        &[Algorithm::Es256],
    );
    assert_eq!(arrived.await.unwrap().json, jwks);
    assert_whole(&drive, At::Target).await;
    assert_eq!(world.source.dump(&world.other).await, other_before);
    assert_eq!(world.target.count(&world.other).await, 0);

    // What is written at the new cell comes back, until the old one forgets.
    write(&drive, 7).await;
    let (drive, left) = drive.catch_up().await;
    assert_eq!(left, 0);
    assert_equal(&drive).await;
    let drive = drive.forget().await;
    let drive = drive.finish(At::Source).await.finish(At::Target).await;
    assert_eq!(drive.world.source.count(&org).await, 0);
    for at in [At::Source, At::Target] {
        assert_nothing_noted(&drive, at).await;
    }
    let (key, sealed) = (&drive.world.source.cell.keyring, sealed);
    assert!(key.open(&org, "totp:x", &sealed).await.is_err());
    assert_eq!(
        drive.world.source.dump(&drive.world.other).await,
        other_before
    );
    write(&drive, 8).await;
    drive.world.code(At::Target, second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_arrives_on_the_embedded_store() {
    everything_arrives(Engine::Sqlite, Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_arrives_on_postgres() {
    everything_arrives(Engine::Sqlite, Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_arrives_from_postgres() {
    everything_arrives(Engine::Postgres, Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_arrives_between_two_of_postgres() {
    everything_arrives(Engine::Postgres, Engine::Postgres).await;
}

/// A move there, and back again with what was written meanwhile.
async fn goes_there_and_back(misfortune: Misfortune, source: Engine, target: Engine) {
    let world = World::make(source, target).await;
    let drive = move_away(Drive::new(world, misfortune)).await;
    write(&drive, 10).await;
    let (drive, _) = drive.catch_up().await;
    write(&drive, 11).await;
    let drive = drive.fence(2).await;
    let (drive, left) = drive.catch_up().await;
    assert_eq!(left, 0);
    let (drive, differences) = drive.check().await;
    assert_eq!(differences, 0);
    let drive = drive.switch().await;
    assert_equal(&drive).await;
    write(&drive, 12).await;
    let drive = drive.forget().await;
    let drive = drive.finish(At::Target).await.finish(At::Source).await;
    assert_eq!(drive.world.target.count(&drive.world.org).await, 0);
    assert_whole(&drive, At::Source).await;
    for at in [At::Source, At::Target] {
        assert_nothing_noted(&drive, at).await;
    }
    drive.world.code(At::Source, drive.epoch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_question_may_be_asked_twice() {
    goes_there_and_back(Misfortune::Repetition, Engine::Sqlite, Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_cells_may_crash_after_every_step() {
    goes_there_and_back(Misfortune::Crash, Engine::Sqlite, Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_cells_may_crash_after_every_step_on_postgres() {
    goes_there_and_back(Misfortune::Crash, Engine::Postgres, Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_earlier_question_may_come_late() {
    goes_there_and_back(Misfortune::Lateness, Engine::Sqlite, Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_says_whose_its_rows_are() {
    let world = World::make(Engine::Sqlite, Engine::Sqlite).await;
    let mut tx = world.source.cell.database.read().await.unwrap();
    let shapes = load_shapes(&mut tx, &TENANCY).await.unwrap();
    drop(tx);
    for org in [&world.org, &world.other] {
        for (table, rows) in world.source.dump(org).await {
            assert!(!rows.is_empty(), "{table}");
        }
    }
    assert!(shapes.get("orgs").is_some());
    let statements = vec![(LOOSE_ENDS, Vec::new())];
    world.source.execute(statements).await.unwrap();
    let mut tx = world.source.cell.database.read().await.unwrap();
    let refused = load_shapes(&mut tx, &TENANCY).await.unwrap_err();
    assert!(refused.to_string().contains("loose_ends"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_the_wrong_cell_hears_where_the_org_stands() {
    let world = World::make(Engine::Sqlite, Engine::Sqlite).await;
    let first = vocab::epoch::Epoch::FIRST;
    let hears = async |drive: &Drive, at: At, epoch| {
        let call = Call {
            org: &drive.world.org,
            epoch,
            method: Method::GET,
            path: "/signin",
            form: String::new(),
            basic: None,
        };
        let answer = drive.world.at(at).visit(call).await;
        let said = standing(answer.headers()).map(str::to_owned);
        (answer.status() == StatusCode::MISDIRECTED_REQUEST, said)
    };
    let said = |text: &str| (true, Some(text.to_owned()));
    let drive = Drive::new(world, Misfortune::Nothing);
    assert_eq!(hears(&drive, At::Target, first).await, (true, None));
    let drive = drive.prepare().await.copy().await;
    assert_eq!(
        hears(&drive, At::Target, first.next()).await,
        said("2 parked")
    );
    assert_eq!(hears(&drive, At::Source, first).await, (false, None));
    let drive = drive.fence(1).await;
    assert_eq!(hears(&drive, At::Source, first).await, said("1 parked"));
    let drive = drive.crash().await;
    assert_eq!(hears(&drive, At::Source, first).await, said("1 parked"));
    let (drive, _) = drive.catch_up().await;
    let drive = drive.switch().await;
    assert_eq!(hears(&drive, At::Source, first).await, said("2 gone"));
    assert_eq!(hears(&drive, At::Target, first).await, said("2 serving"));
    assert_eq!(hears(&drive, At::Target, first.next()).await, (false, None));
}
