//! Rows that arrive and rows that go, of one org. What it never does: change or remove another org's row.

use vocab::value::Value;

use crate::sql::Sql;
use crate::tenancy::fault::TenancyError;
use crate::tenancy::key::Key;
use crate::tenancy::read::split;
use crate::tenancy::record::Record;
use crate::tenancy::render::Rival;
use crate::tenancy::shape::Shape;
use crate::transaction::WriteTx;

impl Shape {
    /// Puts rows in place: afterwards the org has these rows, and no other row that holds one of their keys.
    ///
    /// Rows that meet nothing are inserted many at a time, which makes a first copy fast.
    ///
    /// # Errors
    /// [`TenancyError::Taken`] when another org's row holds one of the keys, [`TenancyError::Stranger`] when a row is
    /// another org's, or the database's fault. The caller must then give its transaction up.
    pub async fn replace(
        &self,
        tx: &mut WriteTx,
        org: &str,
        records: &[Record],
    ) -> Result<(), TenancyError> {
        for record in records {
            self.check_owner(org, record)?;
        }
        let mut rest = records;
        while let Some((chunk, sql, after)) = split(&self.statements.insert, rest) {
            let params: Vec<Value> = chunk
                .iter()
                .flat_map(|record| record.values().iter().cloned())
                .collect();
            let sql = Sql::rendered(sql, "INSERT rows that arrive");
            let inserted = tx.execute_rendered(sql, &params).await?;
            if usize::try_from(inserted) != Ok(chunk.len()) {
                for record in chunk {
                    self.replace_one(tx, org, record).await?;
                }
            }
            rest = after;
        }
        Ok(())
    }

    /// Removes the rows of these keys, and says how many there were.
    ///
    /// # Errors
    /// The database's.
    pub async fn delete(
        &self,
        tx: &mut WriteTx,
        org: &str,
        keys: &[Key],
    ) -> Result<u64, TenancyError> {
        let mut removed = 0;
        let mut rest = keys;
        while let Some((chunk, sql, after)) = split(&self.statements.delete_by_key, rest) {
            let sql = Sql::rendered(sql, "DELETE the rows of keys");
            removed += tx.execute_rendered(sql, &self.params(org, chunk)).await?;
            rest = after;
        }
        Ok(removed)
    }

    /// Removes up to this many rows of the org, and says how many; none are left when there were fewer.
    ///
    /// # Errors
    /// The database's.
    pub async fn delete_some(
        &self,
        tx: &mut WriteTx,
        org: &str,
        rows_max: u32,
    ) -> Result<u64, TenancyError> {
        let sql = Sql::rendered(&self.statements.delete_some, "DELETE some rows of an org");
        let params = [Value::from(org), Value::Integer(i64::from(rows_max))];
        Ok(tx.execute_rendered(sql, &params).await?)
    }

    /// Lets the engine learn how many rows there are now. After a first copy its statistics are of a table without
    /// them, and it may read all rows of the org for each range, until it notices by itself.
    ///
    /// # Errors
    /// The database's.
    pub async fn analyze(&self, tx: &mut WriteTx) -> Result<(), TenancyError> {
        if let Some(sql) = &self.statements.analyze {
            let sql = Sql::rendered(sql, "ANALYZE a table");
            tx.execute_rendered(sql, &[]).await?;
        }
        Ok(())
    }

    /// Notes the keys as changed, as capture does when their rows change.
    ///
    /// # Errors
    /// The database's.
    pub async fn touch(
        &self,
        tx: &mut WriteTx,
        org: &str,
        keys: &[Key],
    ) -> Result<(), TenancyError> {
        for key in keys {
            let mut params = vec![Value::from(org), Value::from(self.table())];
            params.extend_from_slice(key.values());
            let sql = Sql::rendered(&self.statements.touch, "INSERT a changed key");
            tx.execute_rendered(sql, &params).await?;
        }
        Ok(())
    }

    fn check_owner(&self, org: &str, record: &Record) -> Result<(), TenancyError> {
        match record.values().get(self.form.owner) {
            Some(Value::Text(owner)) if owner == org => Ok(()),
            _ => Err(TenancyError::Stranger {
                table: self.table().to_owned(),
            }),
        }
    }

    async fn replace_one(
        &self,
        tx: &mut WriteTx,
        org: &str,
        record: &Record,
    ) -> Result<(), TenancyError> {
        for rival in &self.statements.rivals {
            self.remove_rival(tx, org, record, rival).await?;
        }
        let sql = Sql::rendered(
            &self.statements.upsert,
            "INSERT or update a row that arrives",
        );
        let touched = tx.execute_rendered(sql, record.values()).await?;
        // Between the look for strangers and this, another transaction may have brought one.
        if touched == 0 && self.statements.upsert_says {
            return Err(self.taken(&self.form.primary));
        }
        Ok(())
    }

    async fn remove_rival(
        &self,
        tx: &mut WriteTx,
        org: &str,
        record: &Record,
        rival: &Rival,
    ) -> Result<(), TenancyError> {
        let held = self.pick(record, &rival.columns);
        // NULLs are distinct: a key with one is held by nobody.
        if held.contains(&Value::Null) {
            return Ok(());
        }
        let mut params = vec![Value::from(org)];
        params.extend(held);
        if let Some(sql) = &rival.find_stranger {
            let sql = Sql::rendered(sql, "SELECT another org's row of the same key");
            if !tx.query_rendered(sql, &params).await?.is_empty() {
                return Err(self.taken(&rival.columns));
            }
        }
        if let Some(sql) = &rival.remove {
            params.extend(self.pick(record, &self.form.key));
            let sql = Sql::rendered(sql, "DELETE the row that holds a key");
            tx.execute_rendered(sql, &params).await?;
        }
        Ok(())
    }

    fn pick(&self, record: &Record, indexes: &[usize]) -> Vec<Value> {
        indexes
            .iter()
            .filter_map(|index| record.values().get(*index).cloned())
            .collect()
    }

    fn taken(&self, columns: &[usize]) -> TenancyError {
        let columns: Vec<&str> = columns.iter().map(|index| self.form.name(*index)).collect();
        TenancyError::Taken {
            table: self.table().to_owned(),
            columns: columns.join(", "),
        }
    }
}
