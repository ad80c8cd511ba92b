//! Walks over the tables `users`, `user_terms` and `group_members`.

use crate::condition::{Direction, Span};
use crate::fault::Fault;
use crate::person::PersonStatus;
use crate::person::profile::fold;
use crate::person::search::PersonRecord;
use crate::person::search::plan::Walk;
use crate::person::store::read;
use crate::walk::{Batch, Met, rows_max};
use database::{ReadTx, Row, params};
use vocab::id::{GroupId, OrgId};
use vocab::value::Value;

macro_rules! columns {
    () => {
        "SELECT u.org_id, u.id, u.status, u.login, u.email, u.email_verified, u.first_name, u.last_name, u.profile, \
         u.epoch, u.revision, u.created_at, u.updated_at, u.last_sign_in_at, u.activated_at, u.status_changed_at, \
         u.external_id, u.type_id, p.changed_at "
    };
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            columns!(),
            "FROM users u LEFT JOIN passwords p ON p.org_id = u.org_id AND p.user_id = u.id ",
            $rest
        )
    };
}

const MEMBERS_BY_ID: &str = concat!(
    columns!(),
    "FROM group_members m JOIN users u ON u.org_id = m.org_id AND u.id = m.user_id ",
    "LEFT JOIN passwords p ON p.org_id = u.org_id AND p.user_id = u.id ",
    "WHERE m.org_id = $1 AND m.group_id = $2 AND m.user_id > $3 ORDER BY m.user_id LIMIT $4"
);

fn read_record(row: &Row) -> Result<PersonRecord, Fault> {
    Ok(PersonRecord {
        person: read(row)?,
        password_changed_at: row.get(18)?,
    })
}

/// The person of that id, or else of that login.
pub(super) async fn find(
    tx: &mut ReadTx,
    org: &OrgId,
    id_or_login: &str,
) -> Result<Option<PersonRecord>, Fault> {
    // Nobody has one, and PostgreSQL takes none in a text.
    if id_or_login.contains('\0') {
        return Ok(None);
    }
    let by_id = select!("WHERE u.org_id = $1 AND u.id = $2");
    if let Some(row) = tx.query_optional(by_id, params![org, id_or_login]).await? {
        return read_record(&row).map(Some);
    }
    let by_login = select!("WHERE u.org_id = $1 AND u.login_key = $2");
    let row = tx
        .query_optional(by_login, params![org, fold(id_or_login)])
        .await?;
    row.as_ref().map(read_record).transpose()
}

/// Members of a group by id, after that id.
pub(super) async fn load_members(
    tx: &mut ReadTx,
    org: &OrgId,
    group: &GroupId,
    after: &str,
    limit: usize,
) -> Result<Vec<PersonRecord>, Fault> {
    let rows = tx
        .query(MEMBERS_BY_ID, params![org, group, after, rows_max(limit)])
        .await?;
    rows.iter().map(read_record).collect()
}

/// The next few whom a walk meets.
pub(super) async fn load_batch(
    tx: &mut ReadTx,
    org: &OrgId,
    batch: &Batch<'_, Walk>,
) -> Result<Vec<Met<PersonRecord>>, Fault> {
    let (direction, limit) = (batch.direction, batch.rows_max());
    let (key, id) = (batch.place.key.as_str(), batch.place.id.as_str());
    let rows = match batch.walk {
        Walk::ById => tx.query(by_id(direction), params![org, id, limit]).await?,
        Walk::ByLogin => {
            tx.query(by_login(direction), params![org, key, limit])
                .await?
        }
        Walk::Id(wanted) => {
            let sql = select!("WHERE u.org_id = $1 AND u.id = $2 AND u.id <> $3");
            tx.query(sql, params![org, wanted, id]).await?
        }
        Walk::Login(wanted) => {
            let sql = select!("WHERE u.org_id = $1 AND u.login_key = $2 AND u.id <> $3");
            tx.query(sql, params![org, wanted, id]).await?
        }
        Walk::ExternalId(wanted) => {
            let values = params![org, wanted, id];
            tx.query(BY_EXTERNAL_ID, values).await?
        }
        Walk::Email(wanted) => {
            let values = params![org, wanted, id, limit];
            tx.query(BY_EMAIL, values).await?
        }
        Walk::Status(status) => {
            let values = params![org, status.as_str(), key, limit];
            tx.query(by_status(direction), values).await?
        }
        // Whoever is of the type that every org has stands in no index of types: all are walked, and those of others left out.
        Walk::Type(wanted) if wanted.is_empty() => {
            tx.query(by_login(direction), params![org, key, limit])
                .await?
        }
        Walk::Type(wanted) => {
            let values = params![org, wanted, key, limit];
            tx.query(by_type(direction), values).await?
        }
        Walk::Created(span) => {
            let values = moments(org, batch, *span)?;
            tx.query(by_creation(direction), &values).await?
        }
        Walk::LastUpdated(span) => {
            let values = moments(org, batch, *span)?;
            tx.query(by_update(direction), &values).await?
        }
        Walk::MembersOf(groups) => {
            let place = (key, id);
            return load_of_groups(tx, org, groups, place, batch.rows).await;
        }
        Walk::Words { begin, end, status } => {
            let mut values = params![org, begin, end, key, id, limit].to_vec();
            values.extend(status.map(|status| Value::from(status.as_str())));
            tx.query(by_word(*status), &values).await?
        }
    };
    rows.iter().map(|row| read_met(batch.walk, row)).collect()
}

/// The next members of groups: of the group that the key names those behind the id, then those of the next one. Whoever is
/// in an earlier group was met there.
async fn load_of_groups(
    tx: &mut ReadTx,
    org: &OrgId,
    groups: &[String],
    (key, id): (&str, &str),
    rows: usize,
) -> Result<Vec<Met<PersonRecord>>, Fault> {
    let mut met = Vec::new();
    let begun = groups.iter().filter(|group| group.as_str() >= key);
    for group in begun {
        let after = if group == key { id } else { "" };
        let limit = rows_max(rows - met.len());
        let values = params![org, group, after, limit];
        for row in tx.query(MEMBERS_BY_ID, values).await? {
            let record = read_record(&row)?;
            let id = record.person.id.to_string();
            met.push((record, group.clone(), id));
        }
        if met.len() >= rows {
            break;
        }
    }
    Ok(met)
}

fn read_met(walk: &Walk, row: &Row) -> Result<Met<PersonRecord>, Fault> {
    let record = read_record(row)?;
    let person = &record.person;
    let key = match walk {
        Walk::ByLogin | Walk::Status(_) | Walk::Type(_) => fold(&person.login),
        Walk::Created(_) => person.created_at.micros().to_string(),
        Walk::LastUpdated(_) => person.updated_at.micros().to_string(),
        Walk::Words { .. } => row.get(19)?,
        Walk::ById
        | Walk::Id(_)
        | Walk::Login(_)
        | Walk::ExternalId(_)
        | Walk::Email(_)
        | Walk::MembersOf(_) => String::new(),
    };
    let id = person.id.to_string();
    Ok((record, key, id))
}

fn moments(org: &OrgId, batch: &Batch<'_, Walk>, span: Span) -> Result<Vec<Value>, Fault> {
    let (from, to) = batch.moments(span)?;
    Ok(params![org, from, &batch.place.id, to, batch.rows_max()].to_vec())
}

macro_rules! both_ways {
    ($name:ident, $up:literal, $down:literal) => {
        const fn $name(direction: Direction) -> &'static str {
            match direction {
                Direction::Ascending => select!($up),
                Direction::Descending => select!($down),
            }
        }
    };
}

both_ways!(
    by_id,
    "WHERE u.org_id = $1 AND u.id > $2 ORDER BY u.id LIMIT $3",
    "WHERE u.org_id = $1 AND u.id < $2 ORDER BY u.id DESC LIMIT $3"
);
both_ways!(
    by_login,
    "WHERE u.org_id = $1 AND u.login_key > $2 ORDER BY u.login_key LIMIT $3",
    "WHERE u.org_id = $1 AND u.login_key < $2 ORDER BY u.login_key DESC LIMIT $3"
);
both_ways!(
    by_status,
    "WHERE u.org_id = $1 AND u.status = $2 AND u.login_key > $3 ORDER BY u.login_key LIMIT $4",
    "WHERE u.org_id = $1 AND u.status = $2 AND u.login_key < $3 ORDER BY u.login_key DESC LIMIT $4"
);
both_ways!(
    by_type,
    "WHERE u.org_id = $1 AND u.type_id = $2 AND u.login_key > $3 ORDER BY u.login_key LIMIT $4",
    "WHERE u.org_id = $1 AND u.type_id = $2 AND u.login_key < $3 ORDER BY u.login_key DESC LIMIT $4"
);
both_ways!(
    by_creation,
    "WHERE u.org_id = $1 AND (u.created_at, u.id) > ($2, $3) AND u.created_at <= $4 \
     ORDER BY u.created_at, u.id LIMIT $5",
    "WHERE u.org_id = $1 AND (u.created_at, u.id) < ($2, $3) AND u.created_at >= $4 \
     ORDER BY u.created_at DESC, u.id DESC LIMIT $5"
);
both_ways!(
    by_update,
    "WHERE u.org_id = $1 AND (u.updated_at, u.id) > ($2, $3) AND u.updated_at <= $4 \
     ORDER BY u.updated_at, u.id LIMIT $5",
    "WHERE u.org_id = $1 AND (u.updated_at, u.id) < ($2, $3) AND u.updated_at >= $4 \
     ORDER BY u.updated_at DESC, u.id DESC LIMIT $5"
);

const BY_EXTERNAL_ID: &str = select!("WHERE u.org_id = $1 AND u.external_id = $2 AND u.id <> $3");

const BY_EMAIL: &str =
    select!("WHERE u.org_id = $1 AND u.email_key = $2 AND u.id > $3 ORDER BY u.id LIMIT $4");

/// A person is met once, by the first of the words that fit.
const fn by_word(status: Option<PersonStatus>) -> &'static str {
    macro_rules! by_word {
        ($filter:literal) => {
            concat!(
                columns!(),
                ", t.term FROM user_terms t JOIN users u ON u.org_id = t.org_id AND u.id = t.user_id ",
                "LEFT JOIN passwords p ON p.org_id = u.org_id AND p.user_id = u.id ",
                "WHERE t.org_id = $1 AND t.term < $3 AND (t.term, t.user_id) > ($4, $5) ",
                $filter,
                "AND NOT EXISTS (SELECT 1 FROM user_terms e WHERE e.org_id = t.org_id AND e.user_id = t.user_id ",
                "AND e.term >= $2 AND e.term < t.term) ORDER BY t.term, t.user_id LIMIT $6"
            )
        };
    }
    match status {
        Some(_) => by_word!("AND t.status = $7 "),
        None => by_word!(""),
    }
}

/// Each statement that walks, and the index that it must use.
#[cfg(test)]
pub(crate) fn every_walk(direction: Direction) -> [(&'static str, &'static str); 10] {
    [
        (by_id(direction), "sqlite_autoindex_users_1"),
        (by_login(direction), "sqlite_autoindex_users_2"),
        (by_status(direction), "users_by_status"),
        (by_type(direction), "users_by_type"),
        (by_creation(direction), "users_by_creation"),
        (by_update(direction), "users_by_update"),
        (BY_EMAIL, "users_by_email"),
        (BY_EXTERNAL_ID, "users_by_external_id"),
        (by_word(None), "sqlite_autoindex_user_terms_1"),
        (by_word(Some(PersonStatus::Active)), "user_terms_by_status"),
    ]
}
