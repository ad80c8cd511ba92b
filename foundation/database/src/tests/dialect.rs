//! The dialect mapper: tables of examples, and properties over mixed-up pieces of SQL.

use proptest::prelude::{Strategy, prop_assert, prop_assert_eq, proptest};
use proptest::sample::select;

use crate::Engine;
use crate::dialect::{DialectError, render_ddl, without_row_lock};

fn both(sql: &str) -> (String, String) {
    (
        render_ddl(Engine::Sqlite, sql).unwrap(),
        render_ddl(Engine::Postgres, sql).unwrap(),
    )
}

#[test]
fn types_are_mapped() {
    for (common, sqlite, postgres) in [
        (
            "CREATE TABLE t (a TEXT NOT NULL, b BIGINT, c BYTES, d REAL);",
            "CREATE TABLE t (a TEXT NOT NULL, b INT, c BLOB, d REAL) STRICT;",
            "CREATE TABLE t (a TEXT COLLATE \"C\" NOT NULL, b BIGINT, c BYTEA, d DOUBLE PRECISION);",
        ),
        (
            "ALTER TABLE t ADD COLUMN text TEXT DEFAULT 'TEXT';",
            "ALTER TABLE t ADD COLUMN text TEXT DEFAULT 'TEXT';",
            "ALTER TABLE t ADD COLUMN text TEXT COLLATE \"C\" DEFAULT 'TEXT';",
        ),
        (
            "a TEXT COLLATE \"C\"",
            "a TEXT COLLATE \"C\"",
            "a TEXT COLLATE \"C\"",
        ),
        (
            "a TEXT /* x */ COLLATE \"C\"",
            "a TEXT /* x */ COLLATE \"C\"",
            "a TEXT /* x */ COLLATE \"C\"",
        ),
        (
            "SELECT CAST(x AS TEXT), y::TEXT",
            "SELECT CAST(x AS TEXT), y::TEXT",
            "SELECT CAST(x AS TEXT), y::TEXT",
        ),
    ] {
        assert_eq!(both(common), (sqlite.to_owned(), postgres.to_owned()));
    }
}

#[test]
fn tables_are_strict_on_sqlite() {
    for (common, sqlite, postgres) in [
        (
            "CREATE TABLE t (a INT)",
            "CREATE TABLE t (a INT) STRICT",
            "CREATE TABLE t (a INT)",
        ),
        (
            "CREATE TABLE IF NOT EXISTS \"t (\" (a INT CHECK (a > (1))) WITHOUT ROWID; CREATE INDEX i ON t (a)",
            "CREATE TABLE IF NOT EXISTS \"t (\" (a INT CHECK (a > (1))) STRICT, WITHOUT ROWID ; CREATE INDEX i ON t (a)",
            "CREATE TABLE IF NOT EXISTS \"t (\" (a INT CHECK (a > (1)))  ; CREATE INDEX i ON t (a)",
        ),
        (
            "CREATE TABLE t AS SELECT f(1)",
            "CREATE TABLE t AS SELECT f(1)",
            "CREATE TABLE t AS SELECT f(1)",
        ),
        (
            "create table t (a INT); create table u (b INT)",
            "create table t (a INT) STRICT; create table u (b INT) STRICT",
            "create table t (a INT); create table u (b INT)",
        ),
        (
            "CREATE TABLE t (a INT) -- ) WITHOUT ROWID\n;",
            "CREATE TABLE t (a INT) STRICT -- ) WITHOUT ROWID\n;",
            "CREATE TABLE t (a INT) -- ) WITHOUT ROWID\n;",
        ),
        (
            "ALTER TABLE t ADD COLUMN (a)",
            "ALTER TABLE t ADD COLUMN (a)",
            "ALTER TABLE t ADD COLUMN (a)",
        ),
    ] {
        let (on_sqlite, on_postgres) = both(common);
        assert_eq!(
            on_sqlite.split_whitespace().collect::<Vec<_>>(),
            sqlite.split_whitespace().collect::<Vec<_>>()
        );
        assert_eq!(
            on_postgres.split_whitespace().collect::<Vec<_>>(),
            postgres.split_whitespace().collect::<Vec<_>>()
        );
    }
}

#[test]
fn what_is_quoted_stays() {
    for sql in [
        "'TEXT BYTES'",
        "'it''s TEXT'",
        "''",
        "\"TEXT\"",
        "\"a \"\" BYTES\"",
        "-- TEXT BYTES",
        "-- it's TEXT\n",
        "/* TEXT ' \" BYTES */",
        "/* TEXT **/",
        "TEXTS MYTEXT text Bytes _TEXT TEXT1",
        "1.5e3 + 0x1F",
        "ÄTEXT 'ü' -- ß",
    ] {
        assert_eq!(both(sql), (sql.to_owned(), sql.to_owned()));
    }
}

#[test]
fn what_is_not_common_is_refused() {
    for sql in [
        "a BIGINT REFERENCES t (x) DEFERRABLE INITIALLY DEFERRED",
        "deferrable",
        "SELECT $1",
        "$$ TEXT $$",
        "`a`",
        "[a]",
        "a TEXT[]",
        "/* a /* b */ c */",
        "E'a\\'b'",
        "x'00'",
        "U&'a'",
    ] {
        let refused = render_ddl(Engine::Sqlite, sql).unwrap_err();
        assert!(
            matches!(refused, DialectError::NotCommon { .. }),
            "{sql}: {refused}"
        );
        assert_eq!(render_ddl(Engine::Postgres, sql).unwrap_err(), refused);
    }
    for sql in ["'a", "'a''", "\"a", "/* a", "/*/", "a 'b' 'c"] {
        let refused = render_ddl(Engine::Sqlite, sql).unwrap_err();
        assert!(
            matches!(refused, DialectError::Unterminated { .. }),
            "{sql}: {refused}"
        );
    }
    let place = render_ddl(Engine::Sqlite, "ab 'c").unwrap_err();
    assert_eq!(
        place,
        DialectError::Unterminated {
            what: "string",
            at: 3
        }
    );
}

/// Pieces that are hard to tell apart when they meet.
fn pieces() -> impl Strategy<Value = Vec<&'static str>> {
    let piece = select(vec![
        "CREATE TABLE t",
        "CREATE",
        "TABLE",
        "(",
        ")",
        ",",
        ";",
        " ",
        "\n",
        "TEXT",
        "BYTES",
        "BIGINT",
        "REAL",
        "AS",
        "WITHOUT ROWID",
        "WITHOUT",
        "COLLATE",
        "'TEXT'",
        "'it''s'",
        "\"BYTES\"",
        "-- TEXT '\n",
        "/* BYTES ' */",
        "name",
        "::",
        "1",
        "é",
        "'",
        "\"",
        "--",
        "/*",
        "*/",
        "$",
        "DEFERRED",
    ]);
    proptest::collection::vec(piece, 0..24)
}

proptest! {
    #[test]
    fn any_text_is_mapped_or_refused_alike(pieces in pieces()) {
        let sql = pieces.concat();
        let sqlite = render_ddl(Engine::Sqlite, &sql);
        let postgres = render_ddl(Engine::Postgres, &sql);
        prop_assert_eq!(sqlite.as_ref().err(), postgres.as_ref().err());
    }

    #[test]
    fn foreign_characters_do_no_harm(sql in ".{0,60}") {
        let sqlite = render_ddl(Engine::Sqlite, &sql);
        let postgres = render_ddl(Engine::Postgres, &sql);
        prop_assert_eq!(sqlite.is_ok(), postgres.is_ok());
    }

    #[test]
    fn nothing_but_the_mapped_words_changes(
        pieces in proptest::collection::vec(
            select(vec![" ", "\n", "(", ")", ";", "name ", "'TEXT'", "\"BYTES\"", "-- TEXT '\n", "/* BYTES ' */", ","]),
            0..24,
        )
    ) {
        let sql = pieces.concat();
        prop_assert_eq!(render_ddl(Engine::Sqlite, &sql).unwrap(), sql.clone());
        prop_assert_eq!(render_ddl(Engine::Postgres, &sql).unwrap(), sql);
    }

    #[test]
    fn strings_survive_any_neighbours(text in "[a-zA-Z'\" \\n-]{0,20}", before in pieces()) {
        let literal = format!("'{}'", text.replace('\'', "''"));
        let sql = format!("{}\n {literal}", before.concat());
        // Only where the pieces before are whole does the literal begin where it seems to.
        if let (Ok(_), Ok(rendered)) = (render_ddl(Engine::Postgres, &before.concat()), render_ddl(Engine::Postgres, &sql)) {
            prop_assert!(rendered.ends_with(&literal));
        }
    }
}

#[test]
fn a_row_lock_is_left_out_at_the_end_alone() {
    for lock in ["FOR UPDATE", "FOR UPDATE SKIP LOCKED", "FOR KEY SHARE"] {
        assert_eq!(without_row_lock(&format!("SELECT 1 {lock}")), "SELECT 1");
    }
    for kept in [
        "SELECT 1",
        "SELECT ' FOR UPDATE' AS x",
        "SELECT 1 FOR UPDATE OF t",
    ] {
        assert_eq!(without_row_lock(kept), kept);
    }
}
