//! The tables `behaviors` and `sign_in_places`.

use crate::behavior::EVENTS_MAX;
use crate::behavior::place::{Place, StoredPlace};
use crate::behavior::{Behavior, BehaviorKind, StoredBehavior};
use crate::fault::{Fault, Refusal};
use crate::person::profile::fold;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{BehaviorId, OrgId, SessionId, UserId};
use vocab::time::Timestamp;

/// Most places of a person that are looked at, whatever was proved at them.
const PLACES_MAX: i64 = 1_000;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, kind, events_max, events_min, active, revision, created_at, updated_at FROM behaviors ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<StoredBehavior, Fault> {
    let kind: String = row.get(2)?;
    let (most, least): (i64, i64) = (row.get(3)?, row.get(4)?);
    let number = |number: i64| {
        u32::try_from(number).map_err(|error| Fault::stored("number of a behavior", &error))
    };
    Ok(StoredBehavior {
        behavior: Behavior {
            id: row.get(0)?,
            name: row.get(1)?,
            kind: BehaviorKind::from_word(&kind)
                .ok_or_else(|| Fault::stored("kind of a behavior", &kind))?,
            events_max: number(most)?,
            events_min: number(least)?,
            active: row.get(5)?,
        },
        revision: row.get(6)?,
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
    })
}

/// The behaviours of an org by name; there are few.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_all(tx: &mut ReadTx, org_id: &OrgId) -> Result<Vec<StoredBehavior>, Fault> {
    let sql = select!("WHERE org_id = $1 ORDER BY name_key");
    let rows = tx.query(sql, params![org_id]).await?;
    rows.iter().map(read).collect()
}

/// The same without what only those who change them need.
///
/// # Errors
/// [`Fault`] if the store fails.
pub(crate) async fn load_known(tx: &mut ReadTx, org_id: &OrgId) -> Result<Vec<Behavior>, Fault> {
    let all = load_all(tx, org_id).await?;
    Ok(all.into_iter().map(|stored| stored.behavior).collect())
}

/// The behaviour of that id.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load(
    tx: &mut ReadTx,
    org_id: &OrgId,
    id: &BehaviorId,
) -> Result<Option<StoredBehavior>, Fault> {
    let sql = select!("WHERE org_id = $1 AND id = $2");
    let row = tx.query_optional(sql, params![org_id, id]).await?;
    row.as_ref().map(read).transpose()
}

/// Adds a behaviour.
///
/// # Errors
/// [`Refusal::Taken`] if the name is in use.
pub(crate) async fn insert(
    tx: &mut WriteTx,
    org_id: &OrgId,
    behavior: &Behavior,
    now: Timestamp,
) -> Result<(), Refusal> {
    let sql = "INSERT INTO behaviors \
               (org_id, id, name, name_key, kind, events_max, events_min, active, revision, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $9)";
    let values = params![
        org_id,
        &behavior.id,
        &behavior.name,
        fold(&behavior.name),
        behavior.kind.as_str(),
        i64::from(behavior.events_max),
        i64::from(behavior.events_min),
        behavior.active,
        now
    ];
    match tx.execute(sql, values).await {
        Ok(_) => Ok(()),
        Err(fault) if fault.is_unique_violation() => Err(Refusal::Taken { field: "name" }),
        Err(fault) => Err(fault.into()),
    }
}

/// Changes a behaviour if the revision is still the one that was read; its kind stays.
///
/// # Errors
/// [`Refusal::Changed`] or [`Refusal::Taken`].
pub(crate) async fn update(
    tx: &mut WriteTx,
    org_id: &OrgId,
    behavior: &Behavior,
    revision: i64,
    now: Timestamp,
) -> Result<(), Refusal> {
    let sql = "UPDATE behaviors SET name = $1, name_key = $2, events_max = $3, events_min = $4, active = $5, \
               revision = revision + 1, updated_at = $6 WHERE org_id = $7 AND id = $8 AND revision = $9";
    let values = params![
        &behavior.name,
        fold(&behavior.name),
        i64::from(behavior.events_max),
        i64::from(behavior.events_min),
        behavior.active,
        now,
        org_id,
        &behavior.id,
        revision
    ];
    match tx.execute(sql, values).await {
        Ok(1) => Ok(()),
        Ok(_) => Err(Refusal::Changed),
        Err(fault) if fault.is_unique_violation() => Err(Refusal::Taken { field: "name" }),
        Err(fault) => Err(fault.into()),
    }
}

/// Removes a behaviour; false if there is none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn delete(
    tx: &mut WriteTx,
    org_id: &OrgId,
    id: &BehaviorId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM behaviors WHERE org_id = $1 AND id = $2";
    Ok(tx.execute(sql, params![org_id, id]).await? == 1)
}

/// Where a person got in, the newest first. What was before all sessions were ended counts no more.
///
/// # Errors
/// [`Fault`] if the store fails.
pub(crate) async fn load_places(
    tx: &mut ReadTx,
    (org_id, user_id): (&OrgId, &UserId),
    epoch: i64,
) -> Result<Vec<StoredPlace>, Fault> {
    let sql = "SELECT session_id, address, device, proved, since FROM sign_in_places \
               WHERE org_id = $1 AND user_id = $2 AND epoch = $3 ORDER BY at DESC, session_id, address, device LIMIT $4";
    let rows = tx
        .query(sql, params![org_id, user_id, epoch, PLACES_MAX])
        .await?;
    let read = |row: &Row| -> Result<StoredPlace, Fault> {
        let proved: String = row.get(3)?;
        Ok(StoredPlace {
            session: row.get(0)?,
            place: Place {
                address: row.get(1)?,
                device: row.get(2)?,
            },
            proved: serde_json::from_str(&proved)
                .map_err(|error| Fault::stored("place of a sign-in", &error))?,
            since: row.get(4)?,
        })
    };
    rows.iter().map(read).collect()
}

/// From when on what a session proved at a place belongs to it, if it got in there before.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn load_since(
    tx: &mut ReadTx,
    (org_id, user_id): (&OrgId, &UserId),
    (session, place): (&SessionId, &Place),
    epoch: i64,
) -> Result<Option<Timestamp>, DatabaseFault> {
    let sql = "SELECT since FROM sign_in_places WHERE org_id = $1 AND user_id = $2 AND session_id = $3 \
               AND address = $4 AND device = $5 AND epoch = $6";
    let values = params![
        org_id,
        user_id,
        session,
        &place.address,
        &place.device,
        epoch
    ];
    let row = tx.query_optional(sql, values).await?;
    row.map(|row| row.get(0)).transpose()
}

/// Notes where a person got in, and forgets what is of before all sessions were ended, or beyond the bound: of those places at which as much
/// was proved, so that whoever has the password alone pushes out no place at which more was.
///
/// # Errors
/// [`Fault`] if the store fails.
pub(crate) async fn put_place(
    tx: &mut WriteTx,
    (org_id, user_id): (&OrgId, &UserId),
    stored: &StoredPlace,
    epoch: i64,
    now: Timestamp,
) -> Result<(), Fault> {
    let proved = serde_json::to_string(&stored.proved)
        .map_err(|error| Fault::stored("place of a sign-in", &error))?;
    let sql = "INSERT INTO sign_in_places \
               (org_id, user_id, session_id, address, device, epoch, proved, since, at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
               ON CONFLICT (org_id, user_id, session_id, address, device) \
               DO UPDATE SET epoch = $6, proved = $7, since = $8, at = $9";
    let values = params![
        org_id,
        user_id,
        &stored.session,
        &stored.place.address,
        &stored.place.device,
        epoch,
        &proved,
        stored.since,
        now
    ];
    tx.execute(sql, values).await?;
    let sql = "DELETE FROM sign_in_places WHERE org_id = $1 AND user_id = $2 AND (epoch <> $3 \
               OR (proved = $4 AND (session_id, address, device) NOT IN (SELECT session_id, address, device FROM sign_in_places \
               WHERE org_id = $1 AND user_id = $2 AND epoch = $3 AND proved = $4 \
               ORDER BY at DESC, session_id, address, device LIMIT $5)))";
    let most = i64::from(EVENTS_MAX);
    tx.execute(sql, params![org_id, user_id, epoch, &proved, most])
        .await?;
    Ok(())
}

/// Forgets where a person got in.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn forget_places(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<(), DatabaseFault> {
    let sql = "DELETE FROM sign_in_places WHERE org_id = $1 AND user_id = $2";
    tx.execute(sql, params![org_id, user_id]).await.map(drop)
}
