//! Asks an engine's catalogue what the tables are like.

use crate::Engine;
use crate::fault::DatabaseFault;
use crate::row::Row;
use crate::tenancy::Tenancy;
use crate::tenancy::arrange::{ColumnFacts, IndexFacts, ReferenceFacts, TableFacts, plan_shapes};
use crate::tenancy::fault::TenancyError;
use crate::tenancy::shape::{ColumnType, Shapes};
use crate::transaction::ReadTx;

/// Table, column, type, nullable, generated, place in the primary key, compared byte by byte.
const COLUMNS_SQLITE: &str =
    "SELECT t.name, c.name, c.type, c.\"notnull\" = 0, c.hidden <> 0, c.pk, NOT EXISTS (
        SELECT 1 FROM pragma_index_list(t.name) i, pragma_index_xinfo(i.name) x
        WHERE i.origin = 'pk' AND x.key = 1 AND x.cid = c.cid AND x.coll <> 'BINARY')
    FROM pragma_table_list t, pragma_table_xinfo(t.name) c
    WHERE t.schema = 'main' AND t.type <> 'view' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    ORDER BY t.name, c.cid";
const COLUMNS_POSTGRES: &str = "SELECT t.relname, c.attname, y.typname, NOT c.attnotnull, c.attgenerated <> '' OR c.attidentity <> '',
        COALESCE((SELECT k.place FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
            WHERE i.indrelid = t.oid AND i.indisprimary AND k.attnum = c.attnum), 0),
        c.attcollation = 0 OR EXISTS (
            SELECT 1 FROM pg_collation o WHERE o.oid = c.attcollation AND o.collname IN ('C', 'POSIX'))
    FROM pg_class t
    JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = current_schema()
    JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped
    JOIN pg_type y ON y.oid = c.atttypid
    WHERE t.relkind IN ('r', 'p')
    ORDER BY t.relname, c.attnum";

/// Table, index, unique, column, place: of every index over whole columns and all rows.
const INDEXES_SQLITE: &str = "SELECT t.name, i.name, i.\"unique\", x.name, x.seqno
    FROM pragma_table_list t, pragma_index_list(t.name) i, pragma_index_xinfo(i.name) x
    WHERE t.schema = 'main' AND t.type <> 'view' AND i.partial = 0 AND x.key = 1 AND NOT EXISTS (
        SELECT 1 FROM pragma_index_xinfo(i.name) e WHERE e.key = 1 AND (e.cid < 0 OR e.coll <> 'BINARY'))
    ORDER BY t.name, i.name, x.seqno";
const INDEXES_POSTGRES: &str = "SELECT t.relname, x.relname, i.indisunique, c.attname, k.place
    FROM pg_index i
    JOIN pg_class t ON t.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = current_schema()
    JOIN pg_class x ON x.oid = i.indexrelid
    CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
    JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum = k.attnum
    WHERE i.indpred IS NULL AND i.indexprs IS NULL AND i.indisvalid AND k.place <= i.indnkeyatts
    ORDER BY t.relname, x.relname, k.place";

/// Table, foreign key, the table it refers to, column, place.
const REFERENCES_SQLITE: &str = "SELECT t.name, CAST(f.id AS TEXT), f.\"table\", f.\"from\", f.seq
    FROM pragma_table_list t, pragma_foreign_key_list(t.name) f
    WHERE t.schema = 'main' AND t.type <> 'view'
    ORDER BY t.name, f.id, f.seq";
const REFERENCES_POSTGRES: &str = "SELECT t.relname, f.conname, r.relname, c.attname, k.place
    FROM pg_constraint f
    JOIN pg_class t ON t.oid = f.conrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = current_schema()
    JOIN pg_class r ON r.oid = f.confrelid
    CROSS JOIN unnest(f.conkey) WITH ORDINALITY AS k (attnum, place)
    JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum = k.attnum
    WHERE f.contype = 'f'
    ORDER BY t.relname, f.conname, k.place";

/// The tables that hold rows of orgs, in the order in which rows may arrive.
///
/// # Errors
/// [`TenancyError::Undeclared`] names a table that does not say whose its rows are; others name a table that cannot
/// be carried.
pub async fn load_shapes(tx: &mut ReadTx, tenancy: &Tenancy) -> Result<Shapes, TenancyError> {
    let engine = tx.engine();
    let (columns, indexes, references) = match engine {
        Engine::Sqlite => (COLUMNS_SQLITE, INDEXES_SQLITE, REFERENCES_SQLITE),
        Engine::Postgres => (COLUMNS_POSTGRES, INDEXES_POSTGRES, REFERENCES_POSTGRES),
    };
    let mut tables = parse_columns(&tx.query(columns, &[]).await?)?;
    add_indexes(&mut tables, &tx.query(indexes, &[]).await?)?;
    add_references(&mut tables, &tx.query(references, &[]).await?)?;
    plan_shapes(tables, tenancy, engine)
}

fn parse_columns(rows: &[Row]) -> Result<Vec<TableFacts>, DatabaseFault> {
    let mut tables: Vec<TableFacts> = Vec::new();
    for row in rows {
        let table: String = row.get(0)?;
        if tables.last().is_none_or(|last| last.name != table) {
            tables.push(TableFacts {
                name: table,
                ..TableFacts::default()
            });
        }
        let column = ColumnFacts {
            name: row.get(1)?,
            kind: parse_type(&row.get::<String>(2)?),
            nullable: row.get(3)?,
            generated: row.get(4)?,
            primary: row.get(5)?,
            binary: row.get(6)?,
        };
        if let Some(last) = tables.last_mut() {
            last.columns.push(column);
        }
    }
    Ok(tables)
}

/// What the engines call the types of the common dialect.
fn parse_type(name: &str) -> Option<ColumnType> {
    match name {
        "TEXT" | "text" => Some(ColumnType::Text),
        "INT" | "int8" => Some(ColumnType::Integer),
        "REAL" | "float8" => Some(ColumnType::Real),
        "BLOB" | "bytea" => Some(ColumnType::Bytes),
        _ => None,
    }
}

fn add_indexes(tables: &mut [TableFacts], rows: &[Row]) -> Result<(), DatabaseFault> {
    let mut last = (String::new(), String::new());
    for row in rows {
        let name = (row.get(0)?, row.get(1)?);
        let Some(table) = tables.iter_mut().find(|table| table.name == name.0) else {
            continue;
        };
        if name != last {
            table.indexes.push(IndexFacts {
                unique: row.get(2)?,
                columns: Vec::new(),
            });
            last = name;
        }
        if let Some(index) = table.indexes.last_mut() {
            index.columns.push(row.get(3)?);
        }
    }
    Ok(())
}

fn add_references(tables: &mut [TableFacts], rows: &[Row]) -> Result<(), DatabaseFault> {
    let mut last = (String::new(), String::new());
    for row in rows {
        let name = (row.get(0)?, row.get(1)?);
        let Some(table) = tables.iter_mut().find(|table| table.name == name.0) else {
            continue;
        };
        if name != last {
            table.references.push(ReferenceFacts {
                to: row.get(2)?,
                columns: Vec::new(),
            });
            last = name;
        }
        if let Some(reference) = table.references.last_mut() {
            reference.columns.push(row.get(3)?);
        }
    }
    Ok(())
}
