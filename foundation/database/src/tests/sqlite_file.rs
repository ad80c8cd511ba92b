//! Files that must not be written to stay as they are, to the byte; what is fine opens.

use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;

use super::store::{Folder, SCHEMA, ids, insert};
use crate::{Database, Location, OpenError};

async fn open(path: &Path) -> Result<Database, OpenError> {
    Database::open(
        &Location::Sqlite {
            path: path.to_owned(),
        },
        SCHEMA,
    )
    .await
}

/// A closed database with some items.
async fn filled(folder: &Folder, items: i64) {
    let db = open(&folder.file()).await.unwrap();
    for id in 0..items {
        insert(&db, id).await.unwrap();
    }
    db.close().await;
}

async fn assert_refused_untouched(folder: &Folder) -> OpenError {
    let before = folder.contents();
    let refused = open(&folder.file()).await.unwrap_err();
    assert!(before == folder.contents(), "touched in spite of {refused}");
    refused
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    for content in [
        &b"hello"[..],
        b"SQLite format 2\0 and so on",
        &[0; 4096],
        b"SQLite format 3",
    ] {
        let folder = Folder::new();
        std::fs::write(folder.file(), content).unwrap();
        assert!(matches!(
            assert_refused_untouched(&folder).await,
            OpenError::NotADatabase { .. }
        ));
    }
    let folder = Folder::new();
    std::fs::create_dir(folder.file()).unwrap();
    assert!(matches!(
        open(&folder.file()).await,
        Err(OpenError::NotADatabase { .. })
    ));
}

#[tokio::test]
async fn an_empty_file_becomes_a_database() {
    let folder = Folder::new();
    std::fs::write(folder.file(), b"").unwrap();
    filled(&folder, 1).await;
    assert_eq!(ids(&open(&folder.file()).await.unwrap()).await, [0]);
}

#[tokio::test]
async fn a_missing_folder_is_an_error() {
    let folder = Folder::new();
    assert!(matches!(
        open(&folder.path().join("no/such.db")).await,
        Err(OpenError::Engine(_))
    ));
}

#[tokio::test]
async fn odd_names_are_fine() {
    let folder = Folder::new();
    let path = folder.path().join("a b?c#d%20é&immutable=0.db");
    open(&path).await.unwrap().close().await;
    let db = open(&path).await.unwrap();
    insert(&db, 1).await.unwrap();
    assert!(path.exists());
}

#[tokio::test]
async fn another_programs_database_is_refused() {
    for sql in [
        "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)",
        "CREATE TABLE schema_migrations (version TEXT); INSERT INTO schema_migrations VALUES ('2020')",
        "CREATE TABLE schema_migrations (version TEXT, name, checksum);
         INSERT INTO schema_migrations VALUES ('2020', 1, NULL)",
    ] {
        let folder = Folder::new();
        let theirs = rusqlite::Connection::open(folder.file()).unwrap();
        theirs.execute_batch(sql).unwrap();
        drop(theirs);
        assert!(
            matches!(
                assert_refused_untouched(&folder).await,
                OpenError::NotADatabase { .. }
            ),
            "{sql}"
        );
    }
}

#[tokio::test]
async fn a_damaged_page_is_found() {
    let folder = Folder::new();
    filled(&folder, 500).await;
    let length = std::fs::metadata(folder.file()).unwrap().len();
    for place in [100, 4096, length / 2 / 4096 * 4096, length - 4096] {
        let damaged = Folder::new();
        std::fs::copy(folder.file(), damaged.file()).unwrap();
        let file = std::fs::OpenOptions::new()
            .write(true)
            .open(damaged.file())
            .unwrap();
        file.write_all_at(&[0x5a; 512], place).unwrap();
        let refused = assert_refused_untouched(&damaged).await;
        assert!(
            matches!(refused, OpenError::Corrupt { .. }),
            "{place}: {refused:?}"
        );
        // Whoever reads it knows the engine's words, and none of ours.
        assert!(!refused.to_string().contains("Fault"), "{refused}");
    }
}

#[tokio::test]
async fn a_truncated_file_is_found() {
    let folder = Folder::new();
    filled(&folder, 500).await;
    let length = std::fs::metadata(folder.file()).unwrap().len();
    for left in [17, 100, 4096, length / 2, length - 1] {
        let cut = Folder::new();
        std::fs::copy(folder.file(), cut.file()).unwrap();
        std::fs::OpenOptions::new()
            .write(true)
            .open(cut.file())
            .unwrap()
            .set_len(left)
            .unwrap();
        let refused = assert_refused_untouched(&cut).await;
        assert!(
            matches!(refused, OpenError::Corrupt { .. }),
            "{left}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_lost_database_beside_its_log_is_not_replaced() {
    let folder = Folder::new();
    let mut log = folder.file().into_os_string();
    log.push("-wal");
    std::fs::write(log, b"what was acknowledged").unwrap();
    assert!(matches!(
        assert_refused_untouched(&folder).await,
        OpenError::Corrupt { .. }
    ));
    std::fs::write(folder.file(), b"").unwrap();
    assert!(matches!(
        assert_refused_untouched(&folder).await,
        OpenError::Corrupt { .. }
    ));
}

#[tokio::test]
async fn its_files_are_for_their_owner_alone() {
    let folder = Folder::new();
    let modes = || {
        let entries = std::fs::read_dir(folder.file().parent().unwrap()).unwrap();
        let modes =
            entries.map(|entry| entry.unwrap().metadata().unwrap().permissions().mode() & 0o777);
        modes.collect::<Vec<_>>()
    };
    let db = open(&folder.file()).await.unwrap();
    insert(&db, 1).await.unwrap();
    assert_eq!(modes(), [0o600; 3]);
    db.close().await;
    // One that an earlier release left open to others.
    std::fs::set_permissions(folder.file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let db = open(&folder.file()).await.unwrap();
    insert(&db, 2).await.unwrap();
    assert_eq!(modes(), [0o600; 3]);
    db.close().await;
}

#[tokio::test]
async fn closed_it_is_one_file() {
    let folder = Folder::new();
    filled(&folder, 3).await;
    assert_eq!(folder.contents().len(), 1);
}

#[tokio::test]
async fn what_is_durable_is_set() {
    let folder = Folder::new();
    open(&folder.file()).await.unwrap().close().await;
    let connection = crate::sqlite::connection::open_writer(&folder.file()).unwrap();
    let pragma = |name| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!((pragma("synchronous"), pragma("foreign_keys")), (2, 1));
    crate::sqlite::connection::check_durable(&connection, &folder.file()).unwrap();
    connection
        .execute_batch("PRAGMA synchronous = NORMAL")
        .unwrap();
    let refused = crate::sqlite::connection::check_durable(&connection, &folder.file());
    assert!(matches!(refused, Err(OpenError::NotDurable { .. })));
    assert_eq!(crate::sqlite::connection::refused_version(), None);
}
