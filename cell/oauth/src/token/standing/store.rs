//! One statement over the person, the refresh family and the session behind an access token: the hottest question of all.

use crate::grant::{Attendance, parse_attendance};
use database::{DatabaseFault, ReadTx, Row, params};
use identity::fault::Fault;
use identity::person::PersonStatus;
use vocab::id::{OrgId, RefreshFamilyId, UserId};
use vocab::time::Timestamp;

/// An access token that speaks for a person.
#[derive(Debug, Clone, Copy)]
pub struct PersonalToken<'a> {
    /// Its id.
    pub id: &'a str,
    /// The person.
    pub user: &'a UserId,
    /// The family that it belongs to.
    pub family: Option<&'a RefreshFamilyId>,
}

/// What is behind a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Whether the token was ended by itself.
    pub is_spent: bool,
    /// What the person types to sign in.
    pub login: String,
    /// Where the person stands.
    pub status: PersonStatus,
    /// The person's epoch.
    pub epoch: i64,
    /// The token's family, if it names one that is there.
    pub family: Option<FamilyStanding>,
}

/// The refresh family behind a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FamilyStanding {
    /// Whether it is the same person's.
    pub is_theirs: bool,
    /// The person's epoch when it was granted.
    pub epoch: i64,
    /// Whether it has been ended.
    pub is_revoked: bool,
    /// Whether it ends with its session.
    pub attendance: Attendance,
    /// Its session, if there still is one.
    pub session: Option<SessionStanding>,
}

/// The session behind a refresh family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionStanding {
    /// Whether it is the same person's.
    pub is_theirs: bool,
    /// The person's epoch when it began.
    pub epoch: i64,
    /// When it ends unless used.
    pub idle_expires_at: Timestamp,
    /// When it ends in any case.
    pub expires_at: Timestamp,
}

/// What is behind a token; none if its person is gone.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn load(
    tx: &mut ReadTx,
    org: &OrgId,
    token: PersonalToken<'_>,
) -> Result<Option<Standing>, Fault> {
    let sql = "SELECT u.login, u.status, u.epoch, f.user_id, f.user_epoch, f.revoked_at, f.grant_document, \
               s.user_id, s.user_epoch, s.idle_expires_at, s.expires_at, \
               (SELECT 1 FROM spent_token_ids t WHERE t.org_id = $1 AND t.kind = 'access' AND t.token_id = $2) \
               FROM users u LEFT JOIN refresh_families f ON f.org_id = u.org_id AND f.id = $3 \
               LEFT JOIN sessions s ON s.org_id = f.org_id AND s.id = f.session_id \
               WHERE u.org_id = $1 AND u.id = $4";
    let values = params![org, token.id, token.family, token.user];
    let row = tx.query_optional(sql, values).await?;
    row.map(|row| read(&row, token.user)).transpose()
}

fn read(row: &Row, user: &UserId) -> Result<Standing, Fault> {
    let status: String = row.get(1)?;
    let spent: Option<i64> = row.get(11)?;
    Ok(Standing {
        is_spent: spent.is_some(),
        login: row.get(0)?,
        status: PersonStatus::from_word(&status)
            .ok_or_else(|| Fault::stored("status of a person", &status))?,
        epoch: row.get(2)?,
        family: read_family(row, user)?,
    })
}

fn read_family(row: &Row, user: &UserId) -> Result<Option<FamilyStanding>, Fault> {
    let Some(document): Option<String> = row.get(6)? else {
        return Ok(None);
    };
    let revoked_at: Option<Timestamp> = row.get(5)?;
    Ok(Some(FamilyStanding {
        is_theirs: is_user(row, 3, user)?,
        epoch: row.get(4)?,
        is_revoked: revoked_at.is_some(),
        attendance: parse_attendance(&document)?,
        session: read_session(row, user)?,
    }))
}

fn read_session(row: &Row, user: &UserId) -> Result<Option<SessionStanding>, DatabaseFault> {
    let Some(epoch): Option<i64> = row.get(8)? else {
        return Ok(None);
    };
    Ok(Some(SessionStanding {
        is_theirs: is_user(row, 7, user)?,
        epoch,
        idle_expires_at: row.get(9)?,
        expires_at: row.get(10)?,
    }))
}

fn is_user(row: &Row, column: usize, user: &UserId) -> Result<bool, DatabaseFault> {
    Ok(row.get::<String>(column)? == user.as_str())
}
