//! The rows of a moving org, whatever the tables: pages for a parcel, digests to compare by, and their arrival.
//!
//! One table is different: the org's key is stored under the roots of trust of one cell, and of no use in another. It
//! travels as what [`keys`] exports, and is compared by that.

use crate::moving::contents::{Change, Differing, RangeSum, RowSum, RowsOf, Spot, WalkKind};
use crate::moving::refusal::MoveRefusal;
use crate::moving::store::changes::{self, ChangedKey};
use database::tenancy::{Key, Shape, Shapes, Tenancy, TenancyError};
use database::{ReadTx, WriteTx};
use std::fmt::Write as _;
use vocab::id::OrgId;

/// Whose the rows of each table are. A table with no column for its org that is not named here refuses every move.
pub const TENANCY: Tenancy = Tenancy {
    owner_column: "org_id",
    root: ("orgs", "id"),
    local_tables: &[
        "schema_migrations",
        "placements",
        "org_fences",
        "org_changes",
        "org_moves",
        "pulses",
    ],
    local_columns: &[("orgs", "ordinal")],
};

/// The table of org keys.
pub(crate) const KEY_TABLE: &str = "org_keys";

/// Most rows of one parcel: on the embedded store, all other writers wait while they arrive.
const PARCEL_ROWS_MAX: usize = 250;
/// Most bytes of the rows of one parcel, but for the row that goes beyond.
const PARCEL_BYTES_MAX: usize = 512 * 1024;
/// Rows that are looked at together where each may be large.
const ROWS_AT_ONCE: usize = 8;
/// Rows of one range.
const RANGE_ROWS_MAX: usize = 500;
/// Ranges of one parcel.
const RANGES_MAX: usize = 16;
/// Keys that changed of which one parcel has digests.
const CHECKS_MAX: usize = 1_000;
/// Keys of one range that are sent anew; what is beyond them is found the next time.
const DIFFERING_KEYS_MAX: usize = 1_000;

impl From<TenancyError> for MoveRefusal {
    fn from(error: TenancyError) -> Self {
        match error {
            TenancyError::Database(fault) => Self::Fault(fault.into()),
            TenancyError::Taken { .. } => Self::Taken(error.to_string()),
            TenancyError::Undeclared { .. }
            | TenancyError::UnfitTable { .. }
            | TenancyError::Circle { .. }
            | TenancyError::UnfitOrg => Self::Refused(error.to_string()),
            TenancyError::Stranger { .. }
            | TenancyError::UnfitRecord { .. }
            | TenancyError::UnfitKey { .. }
            | TenancyError::Codec(_) => Self::Invalid(error.to_string()),
        }
    }
}

fn shape<'s>(shapes: &'s Shapes, table: &str) -> Result<&'s Shape, MoveRefusal> {
    let unknown = || MoveRefusal::Invalid(format!("no table {table} belongs to orgs"));
    shapes.get(table).ok_or_else(unknown)
}

fn parse_key(shape: &Shape, text: Option<&str>) -> Result<Option<Key>, MoveRefusal> {
    Ok(text.map(|text| shape.parse_key(text)).transpose()?)
}

fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Some rows of a walk.
pub(crate) struct RowsPage {
    pub(crate) tables: Vec<RowsOf>,
    pub(crate) rows: Vec<Vec<u8>>,
    pub(crate) with_key: bool,
    pub(crate) next: Option<Spot>,
}

/// The tables from a place on, each with the key to begin after.
fn tables_from<'s>(
    shapes: &'s Shapes,
    spot: Option<&Spot>,
) -> Result<Vec<(&'s Shape, Option<Key>)>, MoveRefusal> {
    let Some(spot) = spot else {
        return Ok(shapes.arrival().map(|shape| (shape, None)).collect());
    };
    let first = parse_key(shape(shapes, &spot.table)?, spot.key.as_deref())?;
    let rest = shapes
        .arrival()
        .skip_while(|shape| shape.table() != spot.table);
    let mut tables: Vec<_> = rest.map(|shape| (shape, None)).collect();
    if let Some((_, after)) = tables.first_mut() {
        *after = first;
    }
    Ok(tables)
}

fn spot_in(walk: WalkKind, shape: &Shape, key: Option<&Key>) -> Spot {
    Spot {
        walk,
        table: shape.table().to_owned(),
        key: key.map(|key| shape.render_key(key)),
    }
}

/// The rows after a place, table after table, as many as one parcel carries.
pub(crate) async fn load_page(
    tx: &mut ReadTx,
    shapes: &Shapes,
    org: &OrgId,
    spot: Option<&Spot>,
) -> Result<RowsPage, MoveRefusal> {
    let mut page = RowsPage {
        tables: Vec::new(),
        rows: Vec::new(),
        with_key: false,
        next: None,
    };
    let mut bytes = 0;
    for (shape, after) in tables_from(shapes, spot)? {
        if page.rows.len() >= PARCEL_ROWS_MAX || bytes >= PARCEL_BYTES_MAX {
            page.next = Some(spot_in(WalkKind::Rows, shape, after.as_ref()));
            break;
        }
        if shape.table() == KEY_TABLE {
            page.with_key = true;
            continue;
        }
        let rows_left = PARCEL_ROWS_MAX - page.rows.len();
        let found = shape
            .page(
                tx,
                org.as_str(),
                after.as_ref(),
                rows_left,
                PARCEL_BYTES_MAX - bytes,
            )
            .await?;
        if !found.rows.is_empty() {
            page.tables.push(RowsOf {
                table: shape.table().to_owned(),
                rows: found.rows.len(),
            });
        }
        for row in &found.rows {
            bytes += row.encoded().len();
            page.rows.push(row.encoded().to_vec());
        }
        if let Some(next) = &found.next {
            page.next = Some(spot_in(WalkKind::Rows, shape, Some(next)));
            break;
        }
    }
    Ok(page)
}

/// Some rows that changed.
pub(crate) struct ChangesPage {
    pub(crate) changes: Vec<Change>,
    pub(crate) rows: Vec<Vec<u8>>,
    pub(crate) with_key: bool,
}

/// Rows that are to be shipped, as many as one parcel carries, and notes that the parcel of this number carries them. The
/// notes are held before the rows are read: a row that changes in between is to be shipped again.
pub(crate) async fn offer_changes(
    tx: &mut WriteTx,
    shapes: &Shapes,
    org: &OrgId,
    seq: i64,
) -> Result<ChangesPage, MoveRefusal> {
    let mut page = ChangesPage {
        changes: Vec::new(),
        rows: Vec::new(),
        with_key: false,
    };
    let mut waiting = changes::lock_waiting(tx, org, PARCEL_ROWS_MAX).await?;
    let place_of = |table: &str| shapes.arrival().position(|shape| shape.table() == table);
    waiting.sort_by_cached_key(|changed| place_of(&changed.table));
    let (mut offered, mut bytes) = (0, 0);
    for chunk in waiting.chunk_by(|one, other| one.table == other.table) {
        let table = chunk.first().map_or("", |changed| changed.table.as_str());
        let shape = shape(shapes, table)?;
        for some in chunk.chunks(ROWS_AT_ONCE) {
            if bytes >= PARCEL_BYTES_MAX {
                break;
            }
            offered += some.len();
            if table == KEY_TABLE {
                page.with_key = true;
                continue;
            }
            bytes += read_changes(tx, shape, org, some, &mut page).await?;
        }
    }
    waiting.truncate(offered);
    changes::offer(tx, org, seq, &waiting).await?;
    Ok(page)
}

async fn read_changes(
    tx: &mut ReadTx,
    shape: &Shape,
    org: &OrgId,
    changed: &[ChangedKey],
    page: &mut ChangesPage,
) -> Result<usize, MoveRefusal> {
    let mut keys = Vec::with_capacity(changed.len());
    for one in changed {
        keys.push(shape.parse_key(&one.key)?);
    }
    let mut bytes = 0;
    let rows = shape.rows(tx, org.as_str(), &keys).await?;
    for (one, row) in changed.iter().zip(rows) {
        page.changes.push(Change {
            table: one.table.clone(),
            key: one.key.clone(),
            present: row.is_some(),
        });
        if let Some(row) = row {
            bytes += row.encoded().len();
            page.rows.push(row.encoded().to_vec());
        }
    }
    Ok(bytes)
}

/// Puts the rows of a page in place.
pub(crate) async fn put_page(
    tx: &mut WriteTx,
    shapes: &Shapes,
    org: &OrgId,
    tables: &[RowsOf],
    rows: &[Vec<u8>],
) -> Result<(), MoveRefusal> {
    let mut rest = rows;
    for of in tables {
        let shape = arriving(shapes, &of.table)?;
        let (some, after) = rest.split_at(of.rows.min(rest.len()));
        rest = after;
        put_rows(tx, shape, org, some).await?;
    }
    Ok(())
}

/// The org's key does not arrive as rows.
fn arriving<'s>(shapes: &'s Shapes, table: &str) -> Result<&'s Shape, MoveRefusal> {
    if table == KEY_TABLE {
        return Err(MoveRefusal::Invalid(String::from(
            "an org's key does not travel as it is stored",
        )));
    }
    shape(shapes, table)
}

async fn put_rows(
    tx: &mut WriteTx,
    shape: &Shape,
    org: &OrgId,
    rows: &[Vec<u8>],
) -> Result<(), MoveRefusal> {
    let mut records = Vec::with_capacity(rows.len());
    for row in rows {
        records.push(shape.decode(row)?);
    }
    Ok(shape.replace(tx, org.as_str(), &records).await?)
}

/// Puts changed rows in place: first go those that are no more, what refers to others before what it refers to.
pub(crate) async fn put_changes(
    tx: &mut WriteTx,
    shapes: &Shapes,
    org: &OrgId,
    changes: &[Change],
    rows: &[Vec<u8>],
) -> Result<(), MoveRefusal> {
    for change in changes {
        arriving(shapes, &change.table)?;
    }
    for shape in shapes.departure() {
        let mut keys = Vec::new();
        for change in changes {
            if !change.present && change.table == shape.table() {
                keys.push(shape.parse_key(&change.key)?);
            }
        }
        shape.delete(tx, org.as_str(), &keys).await?;
    }
    let present = changes.iter().filter(|change| change.present);
    let present: Vec<_> = present.zip(rows).collect();
    for shape in shapes.arrival() {
        let of_table = |(change, _): &&(&Change, &Vec<u8>)| change.table == shape.table();
        let some = present.iter().filter(of_table);
        let some: Vec<_> = some.map(|(_, row)| (*row).clone()).collect();
        put_rows(tx, shape, org, &some).await?;
    }
    Ok(())
}

/// Digests of the ranges after a place, and where they go on.
pub(crate) async fn sum_ranges(
    tx: &mut ReadTx,
    shapes: &Shapes,
    org: &OrgId,
    spot: Option<&Spot>,
) -> Result<(Vec<RangeSum>, Option<Spot>), MoveRefusal> {
    let (mut ranges, mut rows) = (Vec::new(), 0);
    for (shape, mut after) in tables_from(shapes, spot)? {
        if shape.table() == KEY_TABLE {
            continue;
        }
        loop {
            if ranges.len() >= shapes.arrival().len() + RANGES_MAX
                || rows >= RANGES_MAX * RANGE_ROWS_MAX
            {
                let spot = spot_in(WalkKind::Ranges, shape, after.as_ref());
                return Ok((ranges, Some(spot)));
            }
            let sum = shape
                .digest_after(tx, org.as_str(), after.as_ref(), RANGE_ROWS_MAX)
                .await?;
            rows += sum.rows;
            ranges.push(RangeSum {
                table: shape.table().to_owned(),
                after: after.as_ref().map(|key| shape.render_key(key)),
                until: sum.until.as_ref().map(|key| shape.render_key(key)),
                rows: sum.rows,
                digest: hex(&sum.digest),
            });
            match sum.until {
                Some(until) => after = Some(until),
                None => break,
            }
        }
    }
    Ok((ranges, None))
}

/// Which ranges are not the same here, with our own keys of them.
pub(crate) async fn compare_ranges(
    tx: &mut ReadTx,
    shapes: &Shapes,
    org: &OrgId,
    ranges: &[RangeSum],
) -> Result<Vec<Differing>, MoveRefusal> {
    let mut differing = Vec::new();
    for range in ranges {
        let shape = arriving(shapes, &range.table)?;
        let after = parse_key(shape, range.after.as_deref())?;
        let until = parse_key(shape, range.until.as_deref())?;
        let (org, after, until) = (org.as_str(), after.as_ref(), until.as_ref());
        let own = shape
            .digest_between(tx, org, after, until, RANGE_ROWS_MAX)
            .await?;
        if own.is_some_and(|own| own.rows == range.rows && hex(&own.digest) == range.digest) {
            continue;
        }
        let keys = shape
            .keys(tx, org, after, until, DIFFERING_KEYS_MAX)
            .await?;
        differing.push(Differing {
            table: range.table.clone(),
            after: range.after.clone(),
            until: range.until.clone(),
            keys: keys.iter().map(|key| shape.render_key(key)).collect(),
        });
    }
    Ok(differing)
}

/// Notes as changed what either side has in these ranges.
pub(crate) async fn touch(
    tx: &mut WriteTx,
    shapes: &Shapes,
    org: &OrgId,
    differing: &[Differing],
) -> Result<(), MoveRefusal> {
    for range in differing {
        let shape = shape(shapes, &range.table)?;
        let mut keys = Vec::new();
        for key in range.keys.iter().take(DIFFERING_KEYS_MAX) {
            keys.push(shape.parse_key(key)?);
        }
        let after = parse_key(shape, range.after.as_deref())?;
        let until = parse_key(shape, range.until.as_deref())?;
        let (after, until) = (after.as_ref(), until.as_ref());
        let own = shape
            .keys(tx, org.as_str(), after, until, DIFFERING_KEYS_MAX)
            .await?;
        keys.extend(own);
        shape.touch(tx, org.as_str(), &keys).await?;
    }
    Ok(())
}

/// Digests of the rows that changed, after a place; whether the org's key did; and where they go on.
pub(crate) async fn sum_changes(
    tx: &mut ReadTx,
    shapes: &Shapes,
    org: &OrgId,
    spot: Option<&Spot>,
) -> Result<(Vec<RowSum>, Option<Spot>), MoveRefusal> {
    let after = spot.map(|spot| ChangedKey {
        table: spot.table.clone(),
        key: spot.key.clone().unwrap_or_default(),
    });
    let changed = changes::load_after(tx, org, after.as_ref(), CHECKS_MAX).await?;
    let next = (changed.len() == CHECKS_MAX)
        .then(|| changed.last())
        .flatten()
        .map(|last| Spot {
            walk: WalkKind::Checks,
            table: last.table.clone(),
            key: Some(last.key.clone()),
        });
    let keys: Vec<_> = changed
        .iter()
        .filter(|changed| changed.table != KEY_TABLE)
        .map(|changed| (changed.table.as_str(), changed.key.as_str()))
        .collect();
    Ok((sum_rows(tx, shapes, org, &keys).await?, next))
}

/// How many of these rows are not the same here.
pub(crate) async fn compare_rows(
    tx: &mut ReadTx,
    shapes: &Shapes,
    org: &OrgId,
    sums: &[RowSum],
) -> Result<usize, MoveRefusal> {
    let keys: Vec<_> = sums
        .iter()
        .map(|sum| (sum.table.as_str(), sum.key.as_str()))
        .collect();
    let own = sum_rows(tx, shapes, org, &keys).await?;
    Ok(sums
        .iter()
        .zip(&own)
        .filter(|(one, own)| one != own)
        .count())
}

async fn sum_rows(
    tx: &mut ReadTx,
    shapes: &Shapes,
    org: &OrgId,
    keys: &[(&str, &str)],
) -> Result<Vec<RowSum>, MoveRefusal> {
    let mut sums = Vec::with_capacity(keys.len());
    for chunk in keys.chunk_by(|one, other| one.0 == other.0) {
        let table = chunk.first().map_or("", |(table, _)| *table);
        let shape = arriving(shapes, table)?;
        for some in chunk.chunks(ROWS_AT_ONCE) {
            let mut parsed = Vec::with_capacity(some.len());
            for (_, key) in some {
                parsed.push(shape.parse_key(key)?);
            }
            let rows = shape.rows(tx, org.as_str(), &parsed).await?;
            for ((table, key), row) in some.iter().zip(rows) {
                sums.push(RowSum {
                    table: (*table).to_owned(),
                    key: (*key).to_owned(),
                    digest: row.map(|row| hex(&row.digest())),
                });
            }
        }
    }
    Ok(sums)
}

/// How many rows the org has in all tables, up to so many: the count of a large org takes as long as it is large.
pub(crate) async fn count_up_to(
    tx: &mut ReadTx,
    shapes: &Shapes,
    org: &OrgId,
    most: i64,
) -> Result<i64, MoveRefusal> {
    let mut rows = 0;
    for shape in shapes.arrival() {
        let left = most - rows;
        if left <= 0 {
            break;
        }
        rows += shape.count_up_to(tx, org.as_str(), left).await?;
    }
    Ok(rows)
}

/// Whether no table has a row of the org.
pub(crate) async fn is_empty(
    tx: &mut ReadTx,
    shapes: &Shapes,
    org: &OrgId,
) -> Result<bool, MoveRefusal> {
    Ok(count_up_to(tx, shapes, org, 1).await? == 0)
}

/// Removes some rows of the org, those first that refer to others; says how many.
pub(crate) async fn delete_some(
    tx: &mut WriteTx,
    shapes: &Shapes,
    org: &OrgId,
    rows_max: u32,
) -> Result<u64, MoveRefusal> {
    let mut removed = 0;
    for shape in shapes.departure() {
        let left = rows_max.saturating_sub(u32::try_from(removed).unwrap_or(u32::MAX));
        if left == 0 {
            break;
        }
        removed += shape.delete_some(tx, org.as_str(), left).await?;
    }
    Ok(removed)
}
