//! Captures the changes of one org's rows while the org is moved, by triggers on each table: whoever writes, and by
//! whatever statement, is seen.
//!
//! The mode of the org's line in `org_fences` decides: `closed` refuses the write, `open` notes the keys of the row
//! before and after in `org_changes`, `pass` does nothing (the mover's own writes), and without a line nothing happens.
//!
//! On PostgreSQL the trigger reads that line FOR SHARE. So the UPDATE that closes waits for every writer that has seen
//! `open`, and whoever writes later sees `closed`: no write is committed after the closing one. That rests on write
//! transactions being READ COMMITTED. On SQLite one thread writes.
//!
//! The body of a trigger takes no parameters, so that the org's id stands in it as text: letters and digits alone.

use vocab::value::Value;

use crate::Engine;
use crate::fault::{DatabaseFault, FaultKind};
use crate::tenancy::fault::TenancyError;
use crate::tenancy::key::render_hex;
use crate::tenancy::record::digest_of;
use crate::tenancy::render::{quote, render_row_key};
use crate::tenancy::shape::{Form, Shape};
use crate::transaction::{ReadTx, WriteTx};

/// The two tables that capture talks to, in the common dialect: for the migration that makes them.
pub const CAPTURE_TABLES: &str = "CREATE TABLE org_fences (
    org_id TEXT NOT NULL PRIMARY KEY,
    mode TEXT NOT NULL CHECK (mode IN ('open', 'closed', 'pass'))
);
CREATE TABLE org_changes (
    org_id TEXT NOT NULL,
    table_name TEXT NOT NULL,
    row_key TEXT NOT NULL,
    version BIGINT NOT NULL,
    shipped BIGINT NOT NULL,
    offered BIGINT NOT NULL,
    parcel BIGINT NOT NULL,
    PRIMARY KEY (org_id, table_name, row_key)
) WITHOUT ROWID;
";

/// What the fault of a refused write is called: see [`DatabaseFault::is_fenced`].
pub const FENCED: &str = "org_is_fenced";

/// PostgreSQL cuts names after this many bytes.
const NAME_BYTES_MAX: usize = 63;
/// The longest id of an org, so that it has room in a name.
const ORG_BYTES_MAX: usize = 32;
/// How long the making or dropping of a trigger waits for the table: whoever writes to it waits behind.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '2s'";

/// What a trigger is fired by.
#[derive(Debug, Clone, Copy)]
enum Event {
    Insert,
    Update,
    Delete,
}

const EVENTS: [Event; 3] = [Event::Insert, Event::Update, Event::Delete];

/// The triggers by name, and their texts where the engine keeps them. A text that differs is of an older schema.
const TRIGGER_SQLITE: &str =
    "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = $1 AND name = $2";
const TRIGGER_POSTGRES: &str = "SELECT p.prosrc FROM pg_trigger g
    JOIN pg_class t ON t.oid = g.tgrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = current_schema()
    JOIN pg_proc p ON p.oid = g.tgfoid
    WHERE NOT g.tgisinternal AND t.relname = $1 AND g.tgname = $2";

impl DatabaseFault {
    /// Whether a write was refused because its org is fenced: it is being moved.
    #[must_use]
    pub fn is_fenced(&self) -> bool {
        matches!(self.kind(), FaultKind::ConstraintViolation { hint } if hint == FENCED)
    }
}

impl Shape {
    /// Begins to capture the org's changes of this table; without effect where they are captured already. One table
    /// for each transaction: on PostgreSQL it waits for those who write to the table, and they must not wait for it.
    ///
    /// # Errors
    /// [`TenancyError::UnfitOrg`], or the database's: retryable when the table stayed locked.
    pub async fn install_capture(&self, tx: &mut WriteTx, org: &str) -> Result<(), TenancyError> {
        let plan = Plan::new(&self.form, org)?;
        let missing = plan.missing(tx).await?;
        if missing.is_empty() {
            return Ok(());
        }
        match tx.engine() {
            Engine::Sqlite => {
                for event in missing {
                    tx.change_schema(&plan.render_drop_sqlite(event)).await?;
                    tx.change_schema(&plan.render_create_sqlite(event)).await?;
                }
            }
            Engine::Postgres => {
                tx.change_schema(LOCK_TIMEOUT).await?;
                // Even in vain, a drop would lock the table against readers too.
                if plan.is_any_there(tx).await? {
                    tx.change_schema(&plan.render_drop_postgres()).await?;
                }
                tx.change_schema(&plan.render_create_postgres()).await?;
            }
        }
        Ok(())
    }

    /// Ends the capture of the org's changes of this table; without effect where they are not captured.
    ///
    /// # Errors
    /// [`TenancyError::UnfitOrg`], or the database's: retryable when the table stayed locked.
    pub async fn remove_capture(&self, tx: &mut WriteTx, org: &str) -> Result<(), TenancyError> {
        let plan = Plan::new(&self.form, org)?;
        if !plan.is_any_there(tx).await? {
            return Ok(());
        }
        match tx.engine() {
            Engine::Sqlite => {
                for event in EVENTS {
                    tx.change_schema(&plan.render_drop_sqlite(event)).await?;
                }
            }
            Engine::Postgres => {
                tx.change_schema(LOCK_TIMEOUT).await?;
                tx.change_schema(&plan.render_drop_postgres()).await?;
            }
        }
        Ok(())
    }

    /// Whether all of the org's changes of this table are captured, in the form of this release.
    ///
    /// # Errors
    /// [`TenancyError::UnfitOrg`], or the database's.
    pub async fn is_captured(&self, tx: &mut ReadTx, org: &str) -> Result<bool, TenancyError> {
        let plan = Plan::new(&self.form, org)?;
        Ok(plan.missing(tx).await?.is_empty())
    }
}

/// The triggers of one table for one org.
struct Plan<'p> {
    form: &'p Form,
    org: &'p str,
}

impl<'p> Plan<'p> {
    fn new(form: &'p Form, org: &'p str) -> Result<Self, TenancyError> {
        let is_id = (1..=ORG_BYTES_MAX).contains(&org.len())
            && org.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_id {
            Ok(Self { form, org })
        } else {
            Err(TenancyError::UnfitOrg)
        }
    }

    /// The events whose trigger is not there, or not as it should be.
    async fn missing(&self, tx: &mut ReadTx) -> Result<Vec<Event>, TenancyError> {
        let mut missing = Vec::new();
        for event in EVENTS {
            let wanted = match tx.engine() {
                Engine::Sqlite => self.render_create_sqlite(event),
                Engine::Postgres => self.render_body_postgres(),
            };
            if self.stored(tx, event).await? != Some(wanted) {
                missing.push(event);
            }
        }
        Ok(missing)
    }

    async fn is_any_there(&self, tx: &mut ReadTx) -> Result<bool, TenancyError> {
        for event in EVENTS {
            if self.stored(tx, event).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn stored(&self, tx: &mut ReadTx, event: Event) -> Result<Option<String>, TenancyError> {
        let sql = match tx.engine() {
            Engine::Sqlite => TRIGGER_SQLITE,
            Engine::Postgres => TRIGGER_POSTGRES,
        };
        let params = [
            Value::from(self.form.table.as_str()),
            Value::Text(self.name(event)),
        ];
        match tx.query_optional(sql, &params).await? {
            Some(row) => Ok(Some(row.get(0)?)),
            None => Ok(None),
        }
    }

    fn name(&self, event: Event) -> String {
        let event = match event {
            Event::Insert => "insert",
            Event::Update => "update",
            Event::Delete => "delete",
        };
        render_name(self.org, &self.form.table, event)
    }

    fn function(&self) -> String {
        quote(&render_name(self.org, &self.form.table, "note"))
    }

    fn table(&self) -> String {
        quote(&self.form.table)
    }

    /// Whether a row before or after (`OLD`, `NEW`) is the org's.
    fn owns(&self, row: &str) -> String {
        let owner = quote(self.form.name(self.form.owner));
        format!("{row}.{owner} = '{}'", self.org)
    }

    fn concerns(&self, event: Event) -> String {
        match event {
            Event::Insert => self.owns("NEW"),
            Event::Update => format!("{} OR {}", self.owns("OLD"), self.owns("NEW")),
            Event::Delete => self.owns("OLD"),
        }
    }

    fn row_key(&self, engine: Engine, row: &str) -> String {
        let parts: Vec<String> = self
            .form
            .key
            .iter()
            .map(|index| format!("{row}.{}", quote(self.form.name(*index))))
            .collect();
        render_row_key(self.form, engine, &parts)
    }

    /// Notes the key of the row before or after, where the row is the org's and the condition holds.
    fn render_note(&self, engine: Engine, row: &str, condition: &str) -> String {
        format!(
            "INSERT INTO org_changes (org_id, table_name, row_key, version, shipped, offered, parcel) \
             SELECT '{org}', '{table}', {key}, 1, 0, 0, 0 WHERE {owns} AND {condition} \
             ON CONFLICT (org_id, table_name, row_key) DO UPDATE SET version = org_changes.version + 1;",
            org = self.org,
            table = self.form.table.replace('\'', "''"),
            key = self.row_key(engine, row),
            owns = self.owns(row),
        )
    }

    /// The row before is noted where it had another key, or another org has it now.
    fn render_notes(&self, engine: Engine, event: Event, is_open: &str) -> String {
        let after = || self.render_note(engine, "NEW", is_open);
        match event {
            Event::Insert => after(),
            Event::Delete => self.render_note(engine, "OLD", is_open),
            Event::Update => {
                let moved = format!(
                    "{is_open} AND (NOT ({}) OR {} <> {})",
                    self.owns("NEW"),
                    self.row_key(engine, "OLD"),
                    self.row_key(engine, "NEW")
                );
                format!("{} {}", self.render_note(engine, "OLD", &moved), after())
            }
        }
    }

    fn render_create_sqlite(&self, event: Event) -> String {
        let on = match event {
            Event::Insert => "INSERT",
            Event::Update => "UPDATE",
            Event::Delete => "DELETE",
        };
        let fence = |mode: &str| {
            format!(
                "FROM org_fences WHERE org_id = '{}' AND mode = '{mode}'",
                self.org
            )
        };
        format!(
            "CREATE TRIGGER {name} AFTER {on} ON {table} WHEN {concerns} BEGIN \
             SELECT RAISE(ABORT, '{FENCED}') {closed}; {notes} END",
            name = quote(&self.name(event)),
            table = self.table(),
            concerns = self.concerns(event),
            closed = fence("closed"),
            notes = self.render_notes(
                Engine::Sqlite,
                event,
                &format!("EXISTS (SELECT 1 {})", fence("open"))
            ),
        )
    }

    fn render_drop_sqlite(&self, event: Event) -> String {
        format!("DROP TRIGGER IF EXISTS {}", quote(&self.name(event)))
    }

    /// The fence is read once for each row, and stays as it is until the writer's transaction is over.
    fn render_body_postgres(&self) -> String {
        let notes = |event| self.render_notes(Engine::Postgres, event, "TRUE");
        format!(
            "
DECLARE
    fence text;
BEGIN
    SELECT mode INTO fence FROM org_fences WHERE org_id = '{org}' FOR SHARE;
    IF fence = 'closed' THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = '{FENCED}', MESSAGE = 'the org is fenced';
    END IF;
    IF fence = 'open' THEN
        IF TG_OP = 'INSERT' THEN
            {insert}
        ELSIF TG_OP = 'UPDATE' THEN
            {update}
        ELSE
            {delete}
        END IF;
    END IF;
    RETURN NULL;
END
",
            org = self.org,
            insert = notes(Event::Insert),
            update = notes(Event::Update),
            delete = notes(Event::Delete),
        )
    }

    fn render_create_postgres(&self) -> String {
        let mut sql = format!(
            "CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $capture${}$capture$;",
            self.function(),
            self.render_body_postgres()
        );
        for event in EVENTS {
            let on = match event {
                Event::Insert => "INSERT",
                Event::Update => "UPDATE",
                Event::Delete => "DELETE",
            };
            sql.push_str(&format!(
                " CREATE TRIGGER {} AFTER {on} ON {} FOR EACH ROW WHEN ({}) EXECUTE FUNCTION {}();",
                quote(&self.name(event)),
                self.table(),
                self.concerns(event),
                self.function()
            ));
        }
        sql
    }

    fn render_drop_postgres(&self) -> String {
        let mut sql = String::new();
        for event in EVENTS {
            sql.push_str(&format!(
                "DROP TRIGGER IF EXISTS {} ON {}; ",
                quote(&self.name(event)),
                self.table()
            ));
        }
        sql.push_str(&format!("DROP FUNCTION IF EXISTS {}()", self.function()));
        sql
    }
}

/// `capture_<org>_<table>_<what>`; a table whose name is too long for that stands in it by its digest.
fn render_name(org: &str, table: &str, what: &str) -> String {
    let name = format!("capture_{org}_{table}_{what}");
    if name.len() <= NAME_BYTES_MAX {
        return name;
    }
    let digest = digest_of(table.as_bytes());
    let short = render_hex(digest.get(..6).unwrap_or_default());
    format!("capture_{org}_{short}_{what}")
}
