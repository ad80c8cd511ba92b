//! What a PostgreSQL error means to us. The server's detail line is dropped: it quotes the row.

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

use crate::fault::{DatabaseFault, FaultKind, render_attempt};
use crate::postgres::bind::Unfit;

/// The server's own words without the row's values.
#[derive(Debug, thiserror::Error)]
#[error("SQLSTATE {code}: {message}")]
struct ServerMessage {
    code: String,
    message: String,
}

/// The fault of a failed statement or step.
pub(crate) fn fault_of(error: Error, attempted: &str) -> DatabaseFault {
    let attempted = render_attempt(attempted);
    let Some(server) = error.as_db_error() else {
        let kind = kind_of_client_error(&error);
        return DatabaseFault::caused(kind, attempted, error);
    };
    let message = ServerMessage {
        code: server.code().code().to_owned(),
        message: server.message().to_owned(),
    };
    DatabaseFault::caused(kind_of_server_error(server), attempted, message)
}

/// Whether a cached statement has become stale, as after a change of the schema.
pub(crate) fn is_stale_statement(error: &Error) -> bool {
    error.as_db_error().is_some_and(|server| {
        *server.code() == SqlState::INVALID_SQL_STATEMENT_NAME || is_changed_plan(server)
    })
}

/// Whether the server ended the connection, which the driver may notice a moment later.
pub(crate) fn is_farewell(error: &Error) -> bool {
    let farewells = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ];
    error.is_closed() || error.code().is_some_and(|code| farewells.contains(code))
}

fn is_changed_plan(server: &DbError) -> bool {
    *server.code() == SqlState::FEATURE_NOT_SUPPORTED
        && server.routine() == Some("RevalidateCachedQuery")
}

/// Without the server's words, either a value did not fit or the connection is gone.
fn kind_of_client_error(error: &Error) -> FaultKind {
    let unfit = std::error::Error::source(error)
        .is_some_and(|source| source.downcast_ref::<Unfit>().is_some());
    if unfit {
        FaultKind::TypeMismatch
    } else {
        FaultKind::Unavailable
    }
}

fn kind_of_server_error(server: &DbError) -> FaultKind {
    let code = server.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        let table = server.table().unwrap_or_default().to_owned();
        return FaultKind::UniqueViolation {
            table,
            hint: server.constraint().unwrap_or_default().to_owned(),
        };
    }
    if [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
    ]
    .contains(code)
        || is_changed_plan(server)
    {
        return FaultKind::Retryable;
    }
    if [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED].contains(code) {
        return FaultKind::Corrupt;
    }
    match code.code().get(..2) {
        // Integrity constraint violations.
        Some("23") => {
            let hint = server
                .constraint()
                .or(server.column())
                .or(server.table())
                .unwrap_or_default();
            FaultKind::ConstraintViolation {
                hint: hint.to_owned(),
            }
        }
        // Data exceptions: out of range, not this encoding, not this type.
        Some("22") => FaultKind::TypeMismatch,
        // Connection, authorization, resources, operator intervention, system error.
        Some("08" | "28" | "53" | "57" | "58") => FaultKind::Unavailable,
        _ if [SqlState::DATATYPE_MISMATCH, SqlState::UNDEFINED_FUNCTION].contains(code) => {
            FaultKind::TypeMismatch
        }
        _ => FaultKind::Other,
    }
}
