//! Reads the rows of one org, by ranges of their keys: each statement finds its rows by an index and no answer is
//! larger than the caller allows.

use std::collections::HashMap;

use aws_lc_rs::digest;
use vocab::value::Value;

use crate::row::Row;
use crate::sql::Sql;
use crate::tenancy::fault::TenancyError;
use crate::tenancy::key::Key;
use crate::tenancy::record::Record;
use crate::tenancy::render::{Ends, Sized};
use crate::tenancy::shape::Shape;
use crate::transaction::ReadTx;

/// Rows that are asked for before anything is known of their size: even with the largest, they fit the memory.
const ROWS_FIRST: usize = 16;
/// Rows that are asked for at once, however small those before them were.
const ROWS_AT_ONCE_MAX: usize = 64;
/// Bytes that are asked for at once, if the rows are like those before them.
const BYTES_AT_ONCE: usize = 1 << 20;

/// Rows of one table in the order of their keys.
#[derive(Clone)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Record>,
    /// After which key the next page begins; nothing when this page is the last.
    pub next: Option<Key>,
}

/// What the rows of a range of keys amount to.
#[derive(Debug, Clone, PartialEq)]
pub struct RangeDigest {
    /// How many there are.
    pub rows: usize,
    /// SHA-256 over the rows, each framed by its length.
    pub digest: [u8; 32],
    /// The key of the last of them, when more come after it in the table.
    pub until: Option<Key>,
}

/// A range of keys: after the first and up to the second, that one included.
#[derive(Clone, Copy)]
struct Range<'k> {
    after: Option<&'k Key>,
    until: Option<&'k Key>,
}

impl Shape {
    /// The rows after this key, up to a count and a size; at least one where there is one.
    ///
    /// # Errors
    /// The database's, or that a stored row does not fit its table.
    pub async fn page(
        &self,
        tx: &mut ReadTx,
        org: &str,
        after: Option<&Key>,
        rows_max: usize,
        bytes_max: usize,
    ) -> Result<Page, TenancyError> {
        let range = Range { after, until: None };
        self.collect(tx, org, range, rows_max, bytes_max).await
    }

    /// The row of each of these keys, in their order; nothing for a key without a row.
    ///
    /// # Errors
    /// The database's, or that a stored row does not fit its table.
    pub async fn rows(
        &self,
        tx: &mut ReadTx,
        org: &str,
        keys: &[Key],
    ) -> Result<Vec<Option<Record>>, TenancyError> {
        let mut found: HashMap<String, Record> = HashMap::new();
        let mut rest = keys;
        while let Some((chunk, sql, after)) = split(&self.statements.rows_by_key, rest) {
            let sql = Sql::rendered(sql, "SELECT the rows of keys");
            let rows = tx.query_rendered(sql, &self.params(org, chunk)).await?;
            for row in rows {
                let record = self.record(row.into_values())?;
                found.insert(self.render_key(&self.key_of(&record)), record);
            }
            rest = after;
        }
        let row_of = |key: &Key| found.get(&self.render_key(key)).cloned();
        Ok(keys.iter().map(row_of).collect())
    }

    /// The keys of a range, the first of them up to a count.
    ///
    /// # Errors
    /// The database's.
    pub async fn keys(
        &self,
        tx: &mut ReadTx,
        org: &str,
        after: Option<&Key>,
        until: Option<&Key>,
        keys_max: usize,
    ) -> Result<Vec<Key>, TenancyError> {
        let range = Range { after, until };
        let sql = self.statements.keys.pick(range.ends());
        let sql = Sql::rendered(sql, "SELECT the keys of a range");
        let rows = tx.query_rendered(sql, &range.params(org, keys_max)).await?;
        rows.into_iter()
            .map(|row| {
                let mut values = row.into_values();
                // A table with one row for each org has an empty key.
                values.truncate(self.key_indexes().len());
                self.key(values)
            })
            .collect()
    }

    /// What the rows after this key amount to, up to a count.
    ///
    /// # Errors
    /// The database's, or that a stored row does not fit its table.
    pub async fn digest_after(
        &self,
        tx: &mut ReadTx,
        org: &str,
        after: Option<&Key>,
        rows_max: usize,
    ) -> Result<RangeDigest, TenancyError> {
        self.digest(tx, org, Range { after, until: None }, rows_max)
            .await
    }

    /// What the rows of a range amount to; nothing when there are more than this many, so that they differ anyway.
    ///
    /// # Errors
    /// The database's, or that a stored row does not fit its table.
    pub async fn digest_between(
        &self,
        tx: &mut ReadTx,
        org: &str,
        after: Option<&Key>,
        until: Option<&Key>,
        rows_max: usize,
    ) -> Result<Option<RangeDigest>, TenancyError> {
        let range = Range { after, until };
        let digest = self.digest(tx, org, range, rows_max + 1).await?;
        Ok((digest.rows <= rows_max).then_some(RangeDigest {
            until: until.cloned(),
            ..digest
        }))
    }

    /// How many rows the org has, up to so many: no more of them are looked at.
    ///
    /// # Errors
    /// The database's.
    pub async fn count_up_to(
        &self,
        tx: &mut ReadTx,
        org: &str,
        rows_max: i64,
    ) -> Result<i64, TenancyError> {
        let sql = Sql::rendered(&self.statements.count, "SELECT count of an org's rows");
        let params = [Value::from(org), Value::Integer(rows_max)];
        let rows = tx.query_rendered(sql, &params).await?;
        Ok(rows.first().map_or(Ok(0), |row| row.get(0))?)
    }

    async fn digest(
        &self,
        tx: &mut ReadTx,
        org: &str,
        range: Range<'_>,
        rows_max: usize,
    ) -> Result<RangeDigest, TenancyError> {
        let mut context = digest::Context::new(&digest::SHA256);
        let (mut rows, mut bytes) = (0, 0);
        let mut at = range.after.cloned();
        let mut is_last = false;
        let mut asked = ROWS_FIRST.min(rows_max);
        while rows < rows_max && !is_last {
            let part = Range {
                after: at.as_ref(),
                until: range.until,
            };
            let found = self.select(tx, org, part, asked).await?;
            is_last = found.len() < asked;
            for record in &found {
                let length = u32::try_from(record.encoded().len()).unwrap_or(u32::MAX);
                context.update(&length.to_be_bytes());
                context.update(record.encoded());
                bytes += record.encoded().len();
            }
            rows += found.len();
            at = found.last().map(|last| self.key_of(last)).or(at);
            asked = plan_part(rows, bytes, BYTES_AT_ONCE).min(rows_max - rows);
        }
        let mut whole = [0_u8; 32];
        whole.copy_from_slice(context.finish().as_ref());
        Ok(RangeDigest {
            rows,
            digest: whole,
            until: at.filter(|_| !is_last),
        })
    }

    async fn collect(
        &self,
        tx: &mut ReadTx,
        org: &str,
        range: Range<'_>,
        rows_max: usize,
        bytes_max: usize,
    ) -> Result<Page, TenancyError> {
        let rows_max = rows_max.max(1);
        let mut rows: Vec<Record> = Vec::new();
        let mut bytes = 0;
        let mut asked = ROWS_FIRST.min(rows_max);
        loop {
            let at = rows.last().map(|last| self.key_of(last));
            let part = Range {
                after: at.as_ref().or(range.after),
                until: range.until,
            };
            let found = self.select(tx, org, part, asked).await?;
            let is_last = found.len() < asked;
            for record in found {
                if !rows.is_empty() && bytes + record.encoded().len() > bytes_max {
                    return Ok(self.page_of(rows));
                }
                bytes += record.encoded().len();
                rows.push(record);
            }
            if is_last {
                return Ok(Page { rows, next: None });
            }
            if rows.len() >= rows_max || bytes >= bytes_max {
                return Ok(self.page_of(rows));
            }
            let bytes_left = (bytes_max - bytes).min(BYTES_AT_ONCE);
            asked = plan_part(rows.len(), bytes, bytes_left).min(rows_max - rows.len());
        }
    }

    fn page_of(&self, rows: Vec<Record>) -> Page {
        let next = rows.last().map(|last| self.key_of(last));
        Page { rows, next }
    }

    async fn select(
        &self,
        tx: &mut ReadTx,
        org: &str,
        range: Range<'_>,
        rows_max: usize,
    ) -> Result<Vec<Record>, TenancyError> {
        let sql = self.statements.rows.pick(range.ends());
        let sql = Sql::rendered(sql, "SELECT a page of an org's rows");
        let rows = tx.query_rendered(sql, &range.params(org, rows_max)).await?;
        rows.into_iter()
            .map(Row::into_values)
            .map(|values| self.record(values))
            .collect()
    }

    /// The org and then the keys of one statement.
    pub(crate) fn params(&self, org: &str, keys: &[Key]) -> Vec<Value> {
        let mut params = vec![Value::from(org)];
        for key in keys {
            params.extend_from_slice(key.values());
        }
        params
    }
}

/// How many rows to ask for next: as many as will fit if they are like those that were seen.
fn plan_part(rows_seen: usize, bytes_seen: usize, bytes_left: usize) -> usize {
    let mean = (bytes_seen / rows_seen.max(1)).max(1);
    (bytes_left / mean + 1).min(ROWS_AT_ONCE_MAX)
}

/// As many as the largest statement takes that they fill, its text, and the others.
pub(crate) fn split<'s, 'i, T>(
    statement: &'s Sized,
    items: &'i [T],
) -> Option<(&'i [T], &'s str, &'i [T])> {
    let (size, text) = statement.pick(items.len())?;
    let (chunk, rest) = items.split_at_checked(size)?;
    Some((chunk, text, rest))
}

impl Range<'_> {
    fn ends(self) -> Ends {
        match (self.after, self.until) {
            (None, None) => Ends::Open,
            (Some(_), None) => Ends::After,
            (None, Some(_)) => Ends::Until,
            (Some(_), Some(_)) => Ends::Both,
        }
    }

    fn params(self, org: &str, rows_max: usize) -> Vec<Value> {
        let mut params = vec![Value::from(org)];
        for key in [self.after, self.until].into_iter().flatten() {
            params.extend_from_slice(key.values());
        }
        params.push(Value::Integer(i64::try_from(rows_max).unwrap_or(i64::MAX)));
        params
    }
}
