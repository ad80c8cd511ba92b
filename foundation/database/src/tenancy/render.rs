//! The statements of one table, rendered once from its form: names of the schema, quoted, and placeholders. Never a
//! value. Pure.
//!
//! PostgreSQL answers over a wire, so there a statement takes several rows or keys at once, in a few fixed sizes, that
//! the statements kept prepared stay few. SQLite answers within the process: one at a time is as fast.

use std::fmt::Write as _;

use crate::Engine;
use crate::tenancy::shape::{ColumnType, Form};

/// How many rows or keys one statement takes on PostgreSQL: the largest that is filled comes first.
const SIZES_POSTGRES: &[usize] = &[64, 8, 1];
/// The same on SQLite.
const SIZES_SQLITE: &[usize] = &[1];
/// The server takes no more parameters than this in one statement.
const PARAMETERS_MAX: usize = 32_767;

/// A statement in several sizes, the largest first; the last takes one.
#[derive(Debug, Clone)]
pub(crate) struct Sized(Vec<(usize, String)>);

impl Sized {
    fn render(sizes: &[usize], width: usize, text: impl Fn(usize) -> String) -> Self {
        let fits = |size: &&usize| **size == 1 || **size * width < PARAMETERS_MAX;
        Self(
            sizes
                .iter()
                .filter(fits)
                .map(|size| (*size, text(*size)))
                .collect(),
        )
    }

    /// The largest statement that this many fill.
    pub(crate) fn pick(&self, count: usize) -> Option<(usize, &str)> {
        self.0
            .iter()
            .find(|(size, _)| *size <= count)
            .map(|(size, text)| (*size, text.as_str()))
    }
}

/// What stands at the two ends of a range of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    Open,
    After,
    Until,
    Both,
}

/// The same statement for ranges with other ends.
#[derive(Debug, Clone)]
pub(crate) struct Ranged {
    open: String,
    after: String,
    until: String,
    both: String,
}

impl Ranged {
    pub(crate) fn pick(&self, ends: Ends) -> &str {
        match ends {
            Ends::Open => &self.open,
            Ends::After => &self.after,
            Ends::Until => &self.until,
            Ends::Both => &self.both,
        }
    }
}

/// How a row's rivals are found: rows that hold one of its unique keys.
#[derive(Debug, Clone)]
pub(crate) struct Rival {
    /// The columns of the key but the owner, whose values follow the org's id.
    pub(crate) columns: Vec<usize>,
    /// Removes the own org's row of another primary key, whose columns come last. Nothing where an org has one row.
    pub(crate) remove: Option<String>,
    /// Finds another org's row, where the key can be held by one.
    pub(crate) find_stranger: Option<String>,
}

/// The statements of one table.
#[derive(Debug, Clone)]
pub(crate) struct Statements {
    pub(crate) rows: Ranged,
    pub(crate) keys: Ranged,
    pub(crate) rows_by_key: Sized,
    pub(crate) count: String,
    pub(crate) insert: Sized,
    pub(crate) upsert: String,
    /// Whether an upsert that touches no row has met another org's.
    pub(crate) upsert_says: bool,
    pub(crate) rivals: Vec<Rival>,
    pub(crate) delete_by_key: Sized,
    pub(crate) delete_some: String,
    /// Nothing where the engine needs no statistics to find a few rows among many.
    pub(crate) analyze: Option<String>,
    pub(crate) touch: String,
}

impl Statements {
    pub(crate) fn render(form: &Form, engine: Engine) -> Self {
        let sizes = match engine {
            Engine::Sqlite => SIZES_SQLITE,
            Engine::Postgres => SIZES_POSTGRES,
        };
        let all: Vec<usize> = (0..form.columns.len()).collect();
        let columns = names(form, &all);
        let table = quote(&form.table);
        let owner = quote(form.name(form.owner));
        let key_width = form.key.len().max(1);
        // A number that is given anew must differ from row to row.
        let sizes_of_insert = if form.local.is_empty() {
            sizes
        } else {
            SIZES_SQLITE
        };
        Self {
            rows: render_ranged(form, &columns),
            keys: render_ranged(form, &names(form, keys_or_owner(form).as_slice())),
            rows_by_key: Sized::render(sizes, key_width, |size| {
                format!(
                    "SELECT {columns} FROM {table} WHERE {}",
                    render_keys(form, size)
                )
            }),
            count: format!(
                "SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {owner} = $1 LIMIT $2) counted"
            ),
            insert: Sized::render(sizes_of_insert, form.columns.len(), |size| {
                format!("{} ON CONFLICT DO NOTHING", render_insert(form, size))
            }),
            upsert: render_upsert(form),
            upsert_says: !form.holds_owner(&form.primary),
            rivals: render_rivals(form),
            delete_by_key: Sized::render(sizes, key_width, |size| {
                format!("DELETE FROM {table} WHERE {}", render_keys(form, size))
            }),
            delete_some: render_delete_some(form, engine),
            analyze: (engine == Engine::Postgres).then(|| format!("ANALYZE {table}")),
            touch: render_touch(form, engine),
        }
    }
}

/// A name of the schema, so that no name is ever read as anything else.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn names(form: &Form, indexes: &[usize]) -> String {
    let quoted: Vec<String> = indexes
        .iter()
        .map(|index| quote(form.name(*index)))
        .collect();
    quoted.join(", ")
}

/// The key, or the owner where an org has one row: a list of columns must not be empty.
fn keys_or_owner(form: &Form) -> Vec<usize> {
    if form.key.is_empty() {
        vec![form.owner]
    } else {
        form.key.clone()
    }
}

fn placeholders(from: usize, count: usize) -> String {
    let marks: Vec<String> = (from..from + count)
        .map(|number| format!("${number}"))
        .collect();
    marks.join(", ")
}

/// `"a" = $2 AND "b" = $3`
fn equals(form: &Form, indexes: &[usize], from: usize) -> String {
    let parts: Vec<String> = indexes
        .iter()
        .zip(from..)
        .map(|(index, number)| format!("{} = ${number}", quote(form.name(*index))))
        .collect();
    parts.join(" AND ")
}

/// `$1` is the org, then the ends' keys, then how many rows.
fn render_ranged(form: &Form, selected: &str) -> Ranged {
    let width = form.key.len();
    let render = |bounds: &[&str]| {
        let mut text = format!(
            "SELECT {selected} FROM {} WHERE {} = $1",
            quote(&form.table),
            quote(form.name(form.owner))
        );
        let mut next = 2;
        for bound in bounds {
            // Writing to a string cannot fail.
            let _ = if width == 0 {
                // The one key of such a table is equal to itself: nothing comes after it, and it is not beyond itself.
                write!(text, " AND 0 {bound} 0")
            } else {
                write!(
                    text,
                    " AND ({}) {bound} ({})",
                    names(form, &form.key),
                    placeholders(next, width)
                )
            };
            next += width;
        }
        let _ = write!(
            text,
            " ORDER BY {} LIMIT ${next}",
            names(form, &keys_or_owner(form))
        );
        text
    };
    Ranged {
        open: render(&[]),
        after: render(&[">"]),
        until: render(&["<="]),
        both: render(&[">", "<="]),
    }
}

/// Rows by their whole keys; the org is in each, so that each is found by the primary key's own index.
fn render_keys(form: &Form, size: usize) -> String {
    let owner = quote(form.name(form.owner));
    if form.key.is_empty() {
        return format!("{owner} = $1");
    }
    let parts: Vec<String> = (0..size)
        .map(|place| {
            let from = 2 + place * form.key.len();
            format!("({owner} = $1 AND {})", equals(form, &form.key, from))
        })
        .collect();
    parts.join(" OR ")
}

fn render_insert(form: &Form, size: usize) -> String {
    let table = quote(&form.table);
    let width = form.columns.len();
    let all: Vec<usize> = (0..width).collect();
    let local: Vec<String> = form.local.iter().map(|column| quote(column)).collect();
    let mut columns = names(form, &all);
    for column in &local {
        let _ = write!(columns, ", {column}");
    }
    let rows: Vec<String> = (0..size)
        .map(|place| {
            let mut row = placeholders(1 + place * width, width);
            for column in &local {
                let _ = write!(
                    row,
                    ", (SELECT COALESCE(MAX({column}), 0) + 1 FROM {table})"
                );
            }
            format!("({row})")
        })
        .collect();
    format!("INSERT INTO {table} ({columns}) VALUES {}", rows.join(", "))
}

/// A row of another org that has the same primary key is not touched.
fn render_upsert(form: &Form) -> String {
    let insert = render_insert(form, 1);
    let primary = names(form, &form.primary);
    let changed: Vec<String> = (0..form.columns.len())
        .filter(|index| !form.primary.contains(index))
        .map(|index| quote(form.name(index)))
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    if changed.is_empty() {
        return format!("{insert} ON CONFLICT ({primary}) DO NOTHING");
    }
    format!(
        "{insert} ON CONFLICT ({primary}) DO UPDATE SET {} WHERE {table}.{owner} = excluded.{owner}",
        changed.join(", "),
        table = quote(&form.table),
        owner = quote(form.name(form.owner)),
    )
}

fn render_rivals(form: &Form) -> Vec<Rival> {
    let mut keys = form.uniques.clone();
    keys.insert(0, form.primary.clone());
    keys.into_iter()
        .map(|key| {
            let is_primary = key == form.primary;
            let columns = form.without_owner(&key);
            let can_be_foreign = !form.holds_owner(&key);
            Rival {
                remove: (!is_primary && !form.key.is_empty())
                    .then(|| render_remove(form, &columns)),
                find_stranger: can_be_foreign.then(|| render_find_stranger(form, &columns)),
                columns,
            }
        })
        .filter(|rival| rival.remove.is_some() || rival.find_stranger.is_some())
        .collect()
}

fn render_remove(form: &Form, columns: &[usize]) -> String {
    let held = equals(form, columns, 2);
    let and = if columns.is_empty() { "" } else { " AND " };
    format!(
        "DELETE FROM {} WHERE {} = $1{and}{held} AND NOT ({})",
        quote(&form.table),
        quote(form.name(form.owner)),
        equals(form, &form.key, 2 + columns.len())
    )
}

fn render_find_stranger(form: &Form, columns: &[usize]) -> String {
    format!(
        "SELECT 1 FROM {} WHERE {} <> $1 AND {}",
        quote(&form.table),
        quote(form.name(form.owner)),
        equals(form, columns, 2)
    )
}

/// By keys on SQLite; on PostgreSQL by the rows' places, for it would look through all rows of the org for the keys.
fn render_delete_some(form: &Form, engine: Engine) -> String {
    let table = quote(&form.table);
    let owner = quote(form.name(form.owner));
    let keys = names(form, &keys_or_owner(form));
    match engine {
        Engine::Sqlite => format!(
            "DELETE FROM {table} WHERE {owner} = $1 AND ({keys}) IN \
             (SELECT {keys} FROM {table} WHERE {owner} = $1 ORDER BY {keys} LIMIT $2)"
        ),
        Engine::Postgres => format!(
            "DELETE FROM {table} WHERE {owner} = $1 AND ctid = ANY \
             (ARRAY(SELECT ctid FROM {table} WHERE {owner} = $1 ORDER BY {keys} LIMIT $2))"
        ),
    }
}

/// `$1` is the org, `$2` the table, then the key.
fn render_touch(form: &Form, engine: Engine) -> String {
    let parts: Vec<String> = (3..3 + form.key.len())
        .map(|number| format!("${number}"))
        .collect();
    let key = render_row_key(form, engine, &parts);
    format!(
        "INSERT INTO org_changes (org_id, table_name, row_key, version, shipped, offered, parcel) \
         VALUES ($1, $2, {key}, 1, 0, 0, 0) \
         ON CONFLICT (org_id, table_name, row_key) DO UPDATE SET version = org_changes.version + 1"
    )
}

/// The text of a key, as the engine makes it of these expressions; captured and touched, a key has one spelling.
pub(crate) fn render_row_key(form: &Form, engine: Engine, parts: &[String]) -> String {
    let parts: Vec<String> = form
        .key
        .iter()
        .zip(parts)
        .map(|(index, part)| {
            let kind = form.column(*index).map(|column| column.kind);
            match (engine, kind) {
                (Engine::Sqlite, Some(ColumnType::Bytes)) => format!("lower(hex({part}))"),
                (Engine::Sqlite, _) => part.clone(),
                (Engine::Postgres, Some(ColumnType::Bytes)) => {
                    format!("encode(CAST({part} AS bytea), 'hex')")
                }
                (Engine::Postgres, Some(ColumnType::Integer)) => format!("CAST({part} AS bigint)"),
                (Engine::Postgres, _) => format!("CAST({part} AS text)"),
            }
        })
        .collect();
    let parts = parts.join(", ");
    match engine {
        Engine::Sqlite => format!("json_array({parts})"),
        Engine::Postgres => format!("CAST(json_build_array({parts}) AS text)"),
    }
}
