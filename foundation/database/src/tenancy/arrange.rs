//! From what a catalogue says to the shapes, in order. Pure.

use std::collections::BTreeSet;

use crate::Engine;
use crate::tenancy::Tenancy;
use crate::tenancy::fault::TenancyError;
use crate::tenancy::key::render_hex;
use crate::tenancy::record::digest_of;
use crate::tenancy::render::Statements;
use crate::tenancy::shape::{Column, ColumnType, Form, Shape, Shapes};

/// The record of migrations, which this crate keeps in every database.
const MIGRATION_RECORD: &str = "schema_migrations";

/// What a catalogue says of a table.
#[derive(Debug, Clone, Default)]
pub(crate) struct TableFacts {
    pub(crate) name: String,
    pub(crate) columns: Vec<ColumnFacts>,
    pub(crate) indexes: Vec<IndexFacts>,
    pub(crate) references: Vec<ReferenceFacts>,
}

/// What a catalogue says of a column.
#[derive(Debug, Clone)]
pub(crate) struct ColumnFacts {
    pub(crate) name: String,
    /// As the common dialect calls it, or nothing for any other type.
    pub(crate) kind: Option<ColumnType>,
    pub(crate) nullable: bool,
    /// Computed by the engine, so that no row may bring it.
    pub(crate) generated: bool,
    /// Its place in the primary key, from 1; 0 where it is not part of it.
    pub(crate) primary: i64,
    /// Whether it is compared byte by byte.
    pub(crate) binary: bool,
}

/// What a catalogue says of an index over whole columns and all rows.
#[derive(Debug, Clone)]
pub(crate) struct IndexFacts {
    pub(crate) unique: bool,
    pub(crate) columns: Vec<String>,
}

/// What a catalogue says of a foreign key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReferenceFacts {
    pub(crate) to: String,
    pub(crate) columns: Vec<String>,
}

/// The shapes of the tables that hold rows of orgs.
pub(crate) fn plan_shapes(
    facts: Vec<TableFacts>,
    tenancy: &Tenancy,
    engine: Engine,
) -> Result<Shapes, TenancyError> {
    let mut owned = Vec::new();
    for table in facts {
        let stays =
            table.name == MIGRATION_RECORD || tenancy.local_tables.contains(&table.name.as_str());
        if !stays {
            let form = plan_form(&table, tenancy)?;
            owned.push((table, form));
        }
    }
    check_declarations(&owned, tenancy)?;
    let owned = order(owned)?;
    let fingerprint = render_hex(&digest_of(render_description(&owned).as_bytes()));
    let shapes = owned
        .into_iter()
        .map(|(_, form)| Shape {
            statements: Statements::render(&form, engine),
            form,
        })
        .collect();
    Ok(Shapes {
        shapes,
        fingerprint,
    })
}

fn plan_form(table: &TableFacts, tenancy: &Tenancy) -> Result<Form, TenancyError> {
    let unfit = |reason: String| TenancyError::UnfitTable {
        table: table.name.clone(),
        reason,
    };
    let mut words = table
        .columns
        .iter()
        .map(|column| &column.name)
        .chain([&table.name]);
    if let Some(name) = words.find(|name| !is_plain(name)) {
        return Err(unfit(format!("the name {name:?}")));
    }
    let owner_column = if table.name == tenancy.root.0 {
        tenancy.root.1
    } else {
        tenancy.owner_column
    };
    let is_local = |column: &str| {
        tenancy
            .local_columns
            .contains(&(table.name.as_str(), column))
    };
    let mut columns = Vec::new();
    let mut local = Vec::new();
    let mut primary = Vec::new();
    for facts in &table.columns {
        let kind = facts
            .kind
            .filter(|_| !facts.generated)
            .ok_or_else(|| unfit(format!("the type of its column {}", facts.name)))?;
        if is_local(&facts.name) {
            if kind != ColumnType::Integer || facts.primary > 0 {
                return Err(unfit(format!(
                    "its column {} cannot be given anew",
                    facts.name
                )));
            }
            local.push(facts.name.clone());
            continue;
        }
        if facts.primary > 0 {
            if kind == ColumnType::Real || !facts.binary {
                return Err(unfit(format!("the order of its key column {}", facts.name)));
            }
            primary.push((facts.primary, columns.len()));
        }
        columns.push(Column {
            name: facts.name.clone(),
            kind,
            nullable: facts.nullable && facts.primary == 0,
        });
    }
    let owner = columns
        .iter()
        .position(|column| column.name == owner_column)
        .ok_or_else(|| TenancyError::Undeclared {
            table: table.name.clone(),
        })?;
    let is_text = columns
        .get(owner)
        .is_some_and(|column| column.kind == ColumnType::Text && !column.nullable);
    if !is_text {
        return Err(unfit(format!("its column {owner_column} is no id")));
    }
    if primary.is_empty() {
        return Err(unfit("it has no primary key".to_owned()));
    }
    let led_by_owner = |index: &IndexFacts| {
        index
            .columns
            .first()
            .is_some_and(|first| first == owner_column)
    };
    if !table.indexes.iter().any(led_by_owner) {
        return Err(unfit("no index leads to the rows of one org".to_owned()));
    }
    primary.sort_unstable();
    let primary: Vec<usize> = primary.into_iter().map(|(_, index)| index).collect();
    let key = primary
        .iter()
        .copied()
        .filter(|index| *index != owner)
        .collect();
    let uniques = plan_uniques(table, &columns, &primary);
    Ok(Form {
        table: table.name.clone(),
        columns,
        local,
        owner,
        primary,
        key,
        uniques,
    })
}

/// Names stand quoted in statements and in the bodies of triggers; those of our schema are plain words.
fn is_plain(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The unique keys but the primary one, each once. One with a column that is given anew holds no row that arrives.
fn plan_uniques(table: &TableFacts, columns: &[Column], primary: &[usize]) -> Vec<Vec<usize>> {
    let mut primary = primary.to_vec();
    primary.sort_unstable();
    let keys: BTreeSet<Vec<usize>> = table
        .indexes
        .iter()
        .filter(|index| index.unique)
        .filter_map(|index| {
            let mut key = index
                .columns
                .iter()
                .map(|name| columns.iter().position(|column| column.name == *name))
                .collect::<Option<Vec<usize>>>()?;
            key.sort_unstable();
            Some(key)
        })
        .filter(|key| *key != primary)
        .collect();
    keys.into_iter().collect()
}

/// A declaration that names nothing is a mistake of the one who wrote it.
fn check_declarations(owned: &[(TableFacts, Form)], tenancy: &Tenancy) -> Result<(), TenancyError> {
    for (table, column) in tenancy.local_columns {
        let known = owned.iter().any(|(_, form)| {
            form.table == *table && form.local.iter().any(|local| local == column)
        });
        if !known {
            return Err(TenancyError::UnfitTable {
                table: (*table).to_owned(),
                reason: format!("it has no column {column} to be given anew"),
            });
        }
    }
    Ok(())
}

/// What is referred to comes before what refers to it; otherwise by name.
fn order(owned: Vec<(TableFacts, Form)>) -> Result<Vec<(TableFacts, Form)>, TenancyError> {
    let mut waiting = owned;
    waiting.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
    let mut ordered = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let names: BTreeSet<String> = waiting
            .iter()
            .map(|(table, _)| table.name.clone())
            .collect();
        let is_ready = |table: &TableFacts| {
            table
                .references
                .iter()
                .all(|reference| !names.contains(&reference.to))
        };
        let (ready, rest): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|(table, _)| is_ready(table));
        if ready.is_empty() {
            let table = names.into_iter().next().unwrap_or_default();
            return Err(TenancyError::Circle { table });
        }
        ordered.extend(ready);
        waiting = rest;
    }
    Ok(ordered)
}

/// What the tables are like, in words that are the same on both engines.
fn render_description(owned: &[(TableFacts, Form)]) -> String {
    let mut lines = Vec::new();
    for (table, form) in owned {
        let names =
            |key: &[usize]| -> Vec<&str> { key.iter().map(|index| form.name(*index)).collect() };
        lines.push(format!("table {:?}", form.table));
        lines.push(format!("owner {:?}", form.name(form.owner)));
        for column in &form.columns {
            lines.push(format!(
                "column {:?} {:?} {}",
                column.name, column.kind, column.nullable
            ));
        }
        lines.push(format!("local {:?}", form.local));
        lines.push(format!("primary {:?}", names(&form.primary)));
        let mut uniques: Vec<Vec<&str>> = form.uniques.iter().map(|key| names(key)).collect();
        uniques.sort();
        lines.extend(uniques.iter().map(|key| format!("unique {key:?}")));
        let references: BTreeSet<&ReferenceFacts> = table.references.iter().collect();
        for reference in references {
            lines.push(format!(
                "references {:?} by {:?}",
                reference.to, reference.columns
            ));
        }
    }
    lines.join("\n")
}
