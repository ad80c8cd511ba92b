//! Looks at a file before it is opened for writing, so that what is not ours, damaged or too new stays as it is.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::migrate::{Migration, plan_migrations};
use crate::open::OpenError;
use crate::sqlite::checkpoint::wal_of;
use crate::sqlite::migrate::load_applied;

/// The mode of a database file.
const OWNER_ALONE: u32 = 0o600;

/// The first bytes of every SQLite database.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The part of the first page that describes the file.
const HEADER_BYTES: usize = 100;

/// Up to this size the whole file is checked at each start; it takes about 10 ms.
const CHECKED_BYTES_MAX: u64 = 8 << 20;

/// Refuses a file that this release must not write to. A missing or empty file is fine: it becomes a new database.
pub(crate) fn check_ours(path: &Path, migrations: &'static [Migration]) -> Result<(), OpenError> {
    let Some(bytes) = check_magic(path)? else {
        return check_no_orphan_wal(path);
    };
    let connection = open_untouched(path).map_err(|error| OpenError::sqlite(path, error))?;
    let applied = load_applied(&connection).map_err(|error| not_ours_or_damaged(path, error))?;
    let Some(applied) = applied else {
        return check_no_tables(&connection, path);
    };
    plan_migrations(&applied, migrations)?;
    if bytes <= CHECKED_BYTES_MAX {
        check_pages(&connection, path)?;
    }
    Ok(())
}

/// The length of a SQLite file; nothing when there is no file or an empty one.
fn check_magic(path: &Path) -> Result<Option<u64>, OpenError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(OpenError::engine("open the database file", error)),
    };
    let metadata = file
        .metadata()
        .map_err(|error| OpenError::engine("look at the database file", error))?;
    if !metadata.is_file() {
        return Err(not_a_database(path, "it is not a file"));
    }
    if metadata.len() == 0 {
        return Ok(None);
    }
    let mut header = Vec::with_capacity(HEADER_BYTES);
    file.take(HEADER_BYTES as u64)
        .read_to_end(&mut header)
        .map_err(|error| OpenError::engine("read the database file", error))?;
    if !header.starts_with(MAGIC) {
        return Err(not_a_database(
            path,
            "it does not begin as a SQLite database",
        ));
    }
    if header.len() < HEADER_BYTES || is_cut_off(&header, metadata.len()) && !wal_has_content(path)
    {
        let reason = "the file is shorter than its first page says".to_owned();
        return Err(OpenError::Corrupt {
            place: path.display().to_string(),
            reason,
        });
    }
    Ok(Some(metadata.len()))
}

/// The header counts the pages, and says for which change that count holds (see "The Database File Format", 1.3).
/// The engine itself overlooks a last page that is not whole.
fn is_cut_off(header: &[u8], bytes: u64) -> bool {
    let word = |at: usize| {
        header
            .get(at..at + 4)
            .and_then(|word| word.try_into().ok())
            .map_or(0, u32::from_be_bytes)
    };
    let page_bytes = match word(14) & 0xffff {
        1 => 65_536,
        page_bytes => u64::from(page_bytes),
    };
    let counted = word(24) == word(92);
    counted && bytes < u64::from(word(28)) * page_bytes
}

/// Sees to it that there is a file which its owner alone can read and write, whatever the umask; SQLite gives the same
/// mode to the companion files that it makes.
pub(crate) fn make_private(path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::engine("make the file readable by its owner alone", source);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(OWNER_ALONE)
        .open(path)
        .map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(OWNER_ALONE))
            .map_err(failed)?;
    }
    Ok(())
}

/// A WAL with content beside an empty or missing database means that the database was lost: a new one in its place
/// would delete the WAL, and with it the last trace.
fn check_no_orphan_wal(path: &Path) -> Result<(), OpenError> {
    if wal_has_content(path) {
        let reason = "the file is empty or missing, but its write-ahead log is not".to_owned();
        return Err(OpenError::Corrupt {
            place: path.display().to_string(),
            reason,
        });
    }
    Ok(())
}

fn wal_has_content(path: &Path) -> bool {
    std::fs::metadata(wal_of(path)).is_ok_and(|metadata| metadata.len() > 0)
}

/// Opens for reading. Without a WAL the file is declared immutable, so that not even an empty companion file appears.
fn open_untouched(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if wal_has_content(path) {
        return Connection::open_with_flags(path, flags);
    }
    Connection::open_with_flags(
        render_immutable_uri(path),
        flags | OpenFlags::SQLITE_OPEN_URI,
    )
}

fn render_immutable_uri(path: &Path) -> OsString {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte))
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    OsString::from(uri)
}

fn check_no_tables(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))
        .map_err(|error| OpenError::sqlite(path, error))?;
    if tables > 0 {
        return Err(not_a_database(
            path,
            "it has tables, but no record of our migrations",
        ));
    }
    Ok(())
}

fn check_pages(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let verdict: String = connection
        .query_row("PRAGMA quick_check(1)", (), |row| row.get(0))
        .map_err(|error| OpenError::sqlite(path, error))?;
    if verdict != "ok" {
        return Err(OpenError::Corrupt {
            place: path.display().to_string(),
            reason: verdict,
        });
    }
    Ok(())
}

/// Another program's table may have our record's name with other columns.
fn not_ours_or_damaged(path: &Path, error: rusqlite::Error) -> OpenError {
    match error {
        rusqlite::Error::SqlInputError { .. }
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::FromSqlConversionFailure(..) => {
            not_a_database(path, "its schema_migrations table is another program's")
        }
        error => OpenError::sqlite(path, error),
    }
}

fn not_a_database(path: &Path, reason: &str) -> OpenError {
    OpenError::NotADatabase {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}
