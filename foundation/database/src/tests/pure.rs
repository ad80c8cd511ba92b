//! The pure decisions: which migrations are due, what an address means, what a fault shows, which parameter a name is.

use std::error::Error;

use tokio_postgres::config::SslMode;

use crate::fault::{DatabaseFault, FaultKind, render_attempt};
use crate::migrate::{Applied, plan_migrations};
use crate::postgres::address::parse_address;
use crate::postgres::bind::Bind;
use crate::sqlite::statement::{is_in_order, parse_parameter_number};
use crate::{Migration, OpenError};

static KNOWN: &[Migration] = &[
    Migration {
        version: 1,
        name: "one",
        sql: "CREATE TABLE a (x BIGINT)",
    },
    Migration {
        version: 2,
        name: "two",
        sql: "CREATE TABLE b (x BIGINT)",
    },
    Migration {
        version: 3,
        name: "three",
        sql: "CREATE TABLE c (x BIGINT)",
    },
];

fn applied(versions: &[i64]) -> Vec<Applied> {
    let line = |version: &i64| {
        let known = KNOWN.iter().find(|migration| migration.version == *version);
        let (name, checksum) = known.map_or(("?", "?".to_owned()), |migration| {
            (migration.name, migration.checksum())
        });
        Applied {
            version: *version,
            name: name.to_owned(),
            checksum,
        }
    };
    versions.iter().map(line).collect()
}

#[test]
fn what_is_due_follows_what_was_applied() {
    for (done, due) in [(&[][..], 3), (&[1], 2), (&[1, 2], 1), (&[1, 2, 3], 0)] {
        let plan = plan_migrations(&applied(done), KNOWN).unwrap();
        assert_eq!(plan.len(), due);
        assert!(
            plan.first()
                .is_none_or(|next| next.version == i64::try_from(done.len()).unwrap() + 1)
        );
    }
}

#[test]
fn a_record_that_disagrees_is_refused() {
    let plan = |versions| plan_migrations(&applied(versions), KNOWN).unwrap_err();
    assert!(matches!(
        plan(&[1, 2, 3, 4, 9]),
        OpenError::FutureVersion { found: 9, known: 3 }
    ));
    assert!(matches!(
        plan(&[2]),
        OpenError::MissingMigration {
            version: 1,
            place: "in the database"
        }
    ));
    assert!(matches!(
        plan(&[1, 3]),
        OpenError::MissingMigration { version: 2, .. }
    ));
    assert!(matches!(
        plan(&[0, 1]),
        OpenError::MissingMigration {
            version: 0,
            place: "in this release"
        }
    ));
    let mut changed = applied(&[1, 2]);
    changed[1].checksum = "0".repeat(64);
    let refused = plan_migrations(&changed, KNOWN).unwrap_err();
    assert!(matches!(&refused, OpenError::ChangedMigration { version: 2, name } if name == "two"));
}

#[test]
fn a_list_that_is_not_well_formed_is_refused() {
    static GAP: &[Migration] = &[Migration {
        version: 2,
        name: "two",
        sql: "SELECT 1",
    }];
    static TWICE: &[Migration] = &[KNOWN_ONE, KNOWN_ONE];
    static NAMELESS: &[Migration] = &[Migration {
        version: 1,
        name: "",
        sql: "SELECT 1",
    }];
    static EMPTY: &[Migration] = &[Migration {
        version: 1,
        name: "one",
        sql: " \n",
    }];
    const KNOWN_ONE: Migration = Migration {
        version: 1,
        name: "one",
        sql: "SELECT 1",
    };
    for list in [GAP, TWICE, NAMELESS, EMPTY] {
        assert!(matches!(
            plan_migrations(&[], list),
            Err(OpenError::BadMigration { .. })
        ));
    }
    assert!(plan_migrations(&[], &[]).unwrap().is_empty());
}

#[test]
fn tls_is_off_only_at_home_or_when_told() {
    for (url, mode) in [
        ("postgres://u@localhost/d", SslMode::Disable),
        ("postgres://u@127.0.0.1:5433/d", SslMode::Disable),
        ("postgres://u@[::1]/d", SslMode::Disable),
        ("postgres://u@%2Fvar%2Frun%2Fpostgresql/d", SslMode::Disable),
        (
            "postgresql:///d?host=/var/run/postgresql&user=u",
            SslMode::Disable,
        ),
        ("postgres://u:p@db.example.com/d", SslMode::Require),
        ("postgres://u:p@10.0.0.7/d", SslMode::Require),
        ("postgres://u@localhost,db.example.com/d", SslMode::Require),
        (
            "postgres://u@localhost/d?hostaddr=10.0.0.7",
            SslMode::Require,
        ),
        ("postgres://u@10.0.0.7/d?sslmode=disable", SslMode::Disable),
        ("postgres://u@10.0.0.7/d?sslmode=prefer", SslMode::Prefer),
        (
            "postgres://u@localhost/d?sslmode=verify-full",
            SslMode::Require,
        ),
        (
            "postgres://u@localhost/d?connect_timeout=3&sslmode=verify-ca",
            SslMode::Require,
        ),
    ] {
        assert_eq!(
            parse_address(url).unwrap().config.get_ssl_mode(),
            mode,
            "{url}"
        );
    }
}

#[test]
fn the_root_certificates_are_a_file() {
    let parse = |url| parse_address(url).unwrap().root_certificates;
    assert_eq!(parse("postgres://u@h/d"), None);
    assert_eq!(parse("postgres://u@h/d?sslrootcert=system"), None);
    let path =
        parse("postgres://u@h/d?sslrootcert=%2Fetc%2Fmy%20ca.pem&application_name=x").unwrap();
    assert_eq!(path.to_str().unwrap(), "/etc/my ca.pem");
}

#[test]
fn a_wrong_address_is_refused_without_its_password() {
    for url in [
        "",
        "mysql://u:hunter2@h/d",
        "host=h user=u password=hunter2",
        "postgres://u:hunter2@/d",
        "postgres://u:hunter2@h:port/d",
        "postgres://u:hunter2@h/d?sslmode=maybe",
        "postgres://u:hunter2@h/d?sslrootcert=%2",
        "postgres://u:hunter2@h/d?sslrootcert=%zz",
        "postgres://u:hunter2@h/d?color=red",
        "postgres://u:hunter2@h/d?connect_timeout",
        &format!("postgres://u:hunter2@h/{}", "d".repeat(5000)),
    ] {
        let refused = parse_address(url).unwrap_err();
        assert!(
            matches!(refused, OpenError::BadAddress { .. }),
            "{url}: {refused:?}"
        );
        assert!(!format!("{refused} {refused:?}").contains("hunter2"));
    }
    // Nor does what is understood show it.
    assert!(
        !format!("{:?}", parse_address("postgres://u:hunter2@h/d").unwrap()).contains("hunter2")
    );
}

#[test]
fn a_fault_shows_its_kind_and_its_attempt() {
    let fault = DatabaseFault::new(FaultKind::Unavailable, "COMMIT");
    assert_eq!(fault.to_string(), "COMMIT: database unavailable");
    assert!(fault.source().is_none());
    let caused = DatabaseFault::caused(
        FaultKind::Retryable,
        render_attempt("UPDATE a\n  SET b = c"),
        "deadlock",
    );
    assert_eq!(
        caused.to_string(),
        "UPDATE a SET b =: lost a race, may be tried again"
    );
    assert_eq!(caused.source().unwrap().to_string(), "deadlock");
    assert!(caused.is_retryable());
    let kinds = [
        FaultKind::UniqueViolation {
            table: "t".to_owned(),
            hint: "t.x".to_owned(),
        },
        FaultKind::ConstraintViolation {
            hint: "h".to_owned(),
        },
        FaultKind::Corrupt,
        FaultKind::TypeMismatch,
        FaultKind::Other,
    ];
    assert!(kinds.iter().all(|kind| !kind.to_string().is_empty()));
}

#[test]
fn an_attempt_is_short() {
    assert_eq!(render_attempt("  SELECT   1 "), "SELECT 1");
    assert_eq!(render_attempt(""), "");
    assert!(render_attempt(&"word ".repeat(1000)).len() < 80);
    assert_eq!(
        render_attempt(&format!("SELECT {}", "x".repeat(200))),
        "SELECT"
    );
}

#[test]
fn a_parameter_is_a_dollar_and_a_number() {
    for (name, number) in [
        ("$1", Some(1)),
        ("$12", Some(12)),
        ("$0", None),
        ("$01", None),
        ("$", None),
        ("$a", None),
        ("$1a", None),
        ("$+1", None),
        (":1", None),
        ("?1", None),
        ("$99999999999999999999999", None),
    ] {
        assert_eq!(parse_parameter_number(name), number, "{name}");
    }
}

#[test]
fn parameters_in_order_are_told_from_all_others() {
    for (sql, count, expected) in [
        ("SELECT 1", 0, true),
        ("SELECT a FROM t WHERE b = $1", 1, true),
        ("INSERT INTO t (a, b, c) VALUES ($1, $2, $1)", 2, true),
        ("SELECT 'access' WHERE a = $1 AND b IN ($2,$3)", 3, true),
        ("UPDATE t SET a = $2 WHERE b = $1", 2, false),
        ("SELECT a FROM t WHERE b = $1", 2, false),
        ("SELECT a FROM t WHERE b = $2", 1, false),
        ("SELECT '$1' WHERE a = $2 AND b = $1", 2, false),
        ("SELECT \"$1\" WHERE a = $2 AND b = $1", 2, false),
        ("SELECT 1 -- $1\n WHERE a = $2 AND b = $1", 2, false),
        ("SELECT 1 /* $1 */ WHERE a = $2 AND b = $1", 2, false),
        ("SELECT $01", 1, false),
        ("SELECT $1a", 1, false),
        ("SELECT $a", 1, false),
        ("SELECT $1::text", 1, false),
        ("SELECT a$1 FROM t WHERE b = $2 AND c = $1", 2, false),
        ("SELECT `$1` FROM t WHERE b = $2 AND c = $1", 2, false),
        ("SELECT [$1] FROM t WHERE b = $2 AND c = $1", 2, false),
        ("SELECT $99999999999999999999999", 1, false),
    ] {
        assert_eq!(is_in_order(sql, count), expected, "{sql}");
    }
}

#[test]
fn what_the_driver_logs_has_no_value() {
    let value = vocab::value::Value::from("hunter2");
    assert_eq!(format!("{:?}", Bind(&value)), "text");
}
