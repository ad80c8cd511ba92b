//! The tables `users`, `user_terms` and `administrators`.

use crate::access::Role;
use crate::access::narrowed::{Breadth, RoleHolder, store as narrowed};
use crate::fault::{Fault, Refusal};
use crate::linked_object;
use crate::person::profile::{ProfileInput, fold, prefix_end, search_terms};
use crate::person::roles::GrantedRole;
use crate::person::{Person, PersonStatus};
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{OrgId, UserId};
use vocab::time::Timestamp;
use vocab::value::Value;

/// The first eighteen columns of a selection of people.
pub(crate) fn read(row: &Row) -> Result<Person, Fault> {
    let status: String = row.get(2)?;
    let profile: String = row.get(8)?;
    Ok(Person {
        org_id: row.get(0)?,
        id: row.get(1)?,
        status: PersonStatus::from_word(&status)
            .ok_or_else(|| Fault::stored("status of a person", &status))?,
        login: row.get(3)?,
        email: row.get(4)?,
        email_verified: row.get(5)?,
        first_name: row.get(6)?,
        last_name: row.get(7)?,
        profile: serde_json::from_str(&profile)
            .map_err(|error| Fault::stored("profile of a person", &error))?,
        epoch: row.get(9)?,
        revision: row.get(10)?,
        created_at: row.get(11)?,
        updated_at: row.get(12)?,
        last_sign_in_at: row.get(13)?,
        activated_at: row.get(14)?,
        status_changed_at: row.get(15)?,
        external_id: row.get(16)?,
        type_id: row.get(17)?,
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT u.org_id, u.id, u.status, u.login, u.email, u.email_verified, u.first_name, u.last_name, ",
            "u.profile, u.epoch, u.revision, u.created_at, u.updated_at, u.last_sign_in_at, u.activated_at, ",
            "u.status_changed_at, u.external_id, u.type_id FROM users u ",
            $rest
        )
    };
}

/// People by id, after that one.
pub(crate) const BY_ID_AFTER: &str =
    select!("WHERE u.org_id = $1 AND u.id > $2 ORDER BY u.id LIMIT $3");

/// The people whose ids the list behind it names.
pub(crate) const BY_IDS: &str = select!("WHERE u.org_id = $1 AND u.id IN ");

/// The person of that id in that org.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<Option<Person>, Fault> {
    let sql = select!("WHERE u.org_id = $1 AND u.id = $2");
    let row = tx.query_optional(sql, params![org_id, user_id]).await?;
    row.as_ref().map(read).transpose()
}

/// The same, held until the end of the transaction: whoever else changes the person, grants them a role, or decides by
/// what they have left, such as the last way to sign in, waits.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_held(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<Option<Person>, Fault> {
    let sql = select!("WHERE u.org_id = $1 AND u.id = $2 FOR UPDATE");
    let row = tx.query_optional(sql, params![org_id, user_id]).await?;
    row.as_ref().map(read).transpose()
}

/// The person who signs in with that text: the login, or else a mail address that is one person's alone.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn find_by_identifier(
    tx: &mut ReadTx,
    org_id: &OrgId,
    identifier: &str,
) -> Result<Option<Person>, Fault> {
    // No login has one, and PostgreSQL takes none in a text.
    if identifier.contains('\0') {
        return Ok(None);
    }
    let key = fold(identifier);
    let by_login = select!("WHERE u.org_id = $1 AND u.login_key = $2");
    if let Some(row) = tx.query_optional(by_login, params![org_id, &key]).await? {
        return read(&row).map(Some);
    }
    let by_email = select!("WHERE u.org_id = $1 AND u.email_key = $2 LIMIT 2");
    let rows = tx.query(by_email, params![org_id, &key]).await?;
    match rows.as_slice() {
        [only] => read(only).map(Some),
        _ => Ok(None),
    }
}

pub(crate) fn read_role(row: &Row, column: usize) -> Result<Role, Fault> {
    let word: String = row.get(column)?;
    Role::from_word(&word).ok_or_else(|| Fault::stored("role", &word))
}

/// The roles that a person holds over everything: their own, and those of their groups.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_roles(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<Vec<Role>, Fault> {
    let sql = "SELECT role FROM administrators WHERE org_id = $1 AND user_id = $2 UNION SELECT r.role FROM group_roles r \
               JOIN group_members m ON m.org_id = r.org_id AND m.group_id = r.group_id AND m.user_id = $2 \
               WHERE r.org_id = $1 ORDER BY role";
    let rows = tx.query(sql, params![org_id, user_id]).await?;
    rows.iter().map(|row| read_role(row, 0)).collect()
}

/// A role with the moment at which it was granted, and over what it is held.
pub(crate) fn read_granted(row: &Row, column: usize) -> Result<GrantedRole, Fault> {
    let breadth: String = row.get(column + 2)?;
    Ok(GrantedRole {
        role: read_role(row, column)?,
        granted_at: row.get(column + 1)?,
        breadth: Breadth::from_word(&breadth)
            .ok_or_else(|| Fault::stored("breadth of a role", &breadth))?,
    })
}

/// A person's own roles, by their words, each with the moment at which it was granted: those that are held over
/// everything, and those that are not.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_granted_roles(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<Vec<GrantedRole>, Fault> {
    let sql = "SELECT role, granted_at, 'WHOLE' FROM administrators WHERE org_id = $1 AND user_id = $2 \
               UNION ALL SELECT role, granted_at, 'NARROWED' FROM narrowed_roles WHERE org_id = $1 AND holder_id = $2 \
               ORDER BY role";
    let rows = tx.query(sql, params![org_id, user_id]).await?;
    rows.iter().map(|row| read_granted(row, 0)).collect()
}

/// How many people of the org have a role.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn count_administrators(tx: &mut ReadTx, org_id: &OrgId) -> Result<i64, DatabaseFault> {
    let sql = "SELECT COUNT(*) FROM (SELECT user_id FROM administrators WHERE org_id = $1 \
               UNION SELECT holder_id FROM narrowed_roles WHERE org_id = $1 AND holder_kind = 'USER') a";
    let row = tx.query_optional(sql, params![org_id]).await?;
    row.map_or(Ok(0), |row| row.get(0))
}

/// Administrators by user id, after that one, each with a role, since when, and over what.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_administrators(
    tx: &mut ReadTx,
    org_id: &OrgId,
    after: &str,
    limit: i64,
) -> Result<Vec<(Person, GrantedRole)>, Fault> {
    let sql = "SELECT u.org_id, u.id, u.status, u.login, u.email, u.email_verified, u.first_name, u.last_name, \
               u.profile, u.epoch, u.revision, u.created_at, u.updated_at, u.last_sign_in_at, u.activated_at, \
               u.status_changed_at, u.external_id, u.type_id, a.role, a.granted_at, a.breadth \
               FROM (SELECT user_id, role, granted_at, 'WHOLE' AS breadth FROM administrators WHERE org_id = $1 AND user_id > $2 \
               UNION ALL SELECT holder_id, role, granted_at, 'NARROWED' FROM narrowed_roles \
               WHERE org_id = $1 AND holder_kind = 'USER' AND holder_id > $2) a \
               JOIN users u ON u.org_id = $1 AND u.id = a.user_id ORDER BY a.user_id, a.role LIMIT $3";
    let rows = tx.query(sql, params![org_id, after, limit]).await?;
    rows.iter()
        .map(|row| Ok((read(row)?, read_granted(row, 18)?)))
        .collect()
}

/// Grants a role; false if the person had it.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn insert_role(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    role: Role,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO administrators (org_id, user_id, role, granted_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (org_id, user_id, role) DO NOTHING";
    Ok(tx
        .execute(sql, params![org_id, user_id, role.as_str(), now])
        .await?
        == 1)
}

/// Takes a role away, over whatever it is held; false if the person did not have it.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_role(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    role: Role,
) -> Result<bool, DatabaseFault> {
    let holder = RoleHolder::User(user_id.clone());
    let was_narrowed = narrowed::delete(tx, org_id, (&holder, role)).await?;
    let sql = "DELETE FROM administrators WHERE org_id = $1 AND user_id = $2 AND role = $3";
    let values = params![org_id, user_id, role.as_str()];
    Ok(tx.execute(sql, values).await? == 1 || was_narrowed)
}

/// Whether the address is the person's, who is held until the end of the transaction: what goes out by mail and a change
/// of the address cannot pass each other.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn hold_address(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    email: &str,
) -> Result<bool, DatabaseFault> {
    let sql = "SELECT email_key FROM users WHERE org_id = $1 AND id = $2 FOR UPDATE";
    let row = tx.query_optional(sql, params![org_id, user_id]).await?;
    let present: Option<String> = row.map(|row| row.get(0)).transpose()?;
    Ok(present.is_some_and(|present| present == fold(email)))
}

/// Whether the person is a super administrator and no other active person of the org is one.
///
/// The org's row is locked first, so that of two administrators who remove each other at once one is refused.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn is_last_active_super_admin(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<bool, DatabaseFault> {
    tx.execute(
        "UPDATE orgs SET revision = revision WHERE id = $1",
        params![org_id],
    )
    .await?;
    let has =
        "SELECT 1 FROM administrators WHERE org_id = $1 AND user_id = $2 AND role = 'SUPER_ADMIN'";
    if tx
        .query_optional(has, params![org_id, user_id])
        .await?
        .is_none()
    {
        return Ok(false);
    }
    let other = "SELECT 1 FROM administrators a JOIN users u ON u.org_id = a.org_id AND u.id = a.user_id \
                 WHERE a.org_id = $1 AND a.role = 'SUPER_ADMIN' AND a.user_id <> $2 \
                 AND u.status IN ('ACTIVE', 'PASSWORD_EXPIRED') LIMIT 1";
    Ok(tx
        .query_optional(other, params![org_id, user_id])
        .await?
        .is_none())
}

/// Adds a person.
///
/// # Errors
/// [`Refusal::Taken`] if the login is in use.
#[boxed]
pub async fn insert(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    status: PersonStatus,
    profile: &ProfileInput,
    now: Timestamp,
) -> Result<(), Refusal> {
    let attributes = render_attributes(profile)?;
    let sql = "INSERT INTO users (org_id, id, status, login, login_key, email, email_key, email_verified, first_name, \
               last_name, profile, epoch, revision, created_at, updated_at, status_changed_at, activated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $10, 1, 1, $11, $11, $11, $12)";
    let values = [
        Value::from(org_id),
        Value::from(user_id),
        Value::from(status.as_str()),
        Value::from(&profile.login),
        Value::from(fold(&profile.login)),
        Value::from(&profile.email),
        Value::from(fold(&profile.email)),
        Value::from(&profile.first_name),
        Value::from(&profile.last_name),
        Value::from(attributes),
        Value::from(now),
        Value::from(status.may_act().then_some(now)),
    ];
    match tx.execute(sql, &values).await {
        Ok(_) => insert_terms(tx, org_id, user_id, status, profile).await,
        Err(fault) if fault.is_unique_violation() => Err(Refusal::Taken { field: "login" }),
        Err(fault) => Err(fault.into()),
    }
}

/// Changes the profile if the revision is still the one that was read; a new address is unverified.
///
/// # Errors
/// [`Refusal::Changed`] or [`Refusal::Taken`].
#[boxed]
pub async fn update_profile(
    tx: &mut WriteTx,
    person: &Person,
    profile: &ProfileInput,
    now: Timestamp,
) -> Result<(), Refusal> {
    let attributes = render_attributes(profile)?;
    let sql = "UPDATE users SET login = $1, login_key = $2, email = $3, email_verified = CASE WHEN email_key = $4 \
               THEN email_verified ELSE 0 END, email_key = $4, first_name = $5, last_name = $6, profile = $7, \
               revision = revision + 1, updated_at = $8 WHERE org_id = $9 AND id = $10 AND revision = $11";
    let values = [
        Value::from(&profile.login),
        Value::from(fold(&profile.login)),
        Value::from(&profile.email),
        Value::from(fold(&profile.email)),
        Value::from(&profile.first_name),
        Value::from(&profile.last_name),
        Value::from(attributes),
        Value::from(now),
        Value::from(&person.org_id),
        Value::from(&person.id),
        Value::from(person.revision),
    ];
    match tx.execute(sql, &values).await {
        Ok(1) => {}
        Ok(_) => return Err(Refusal::Changed),
        Err(fault) if fault.is_unique_violation() => return Err(Refusal::Taken { field: "login" }),
        Err(fault) => return Err(fault.into()),
    }
    let delete = "DELETE FROM user_terms WHERE org_id = $1 AND user_id = $2";
    tx.execute(delete, params![&person.org_id, &person.id])
        .await?;
    insert_terms(tx, &person.org_id, &person.id, person.status, profile).await
}

/// Sets what a provisioning client calls the person.
///
/// # Errors
/// [`Refusal::Taken`] if somebody else is called so.
pub async fn put_external_id(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    external_id: Option<&str>,
) -> Result<(), Refusal> {
    let sql = "UPDATE users SET external_id = $1 WHERE org_id = $2 AND id = $3";
    match tx
        .execute(
            sql,
            params![external_id.map(str::to_owned), org_id, user_id],
        )
        .await
    {
        Ok(_) => Ok(()),
        Err(fault) if fault.is_unique_violation() => Err(Refusal::Taken {
            field: "externalId",
        }),
        Err(fault) => Err(fault.into()),
    }
}

/// How many people the org has, those who left included; no more are counted than that.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn count(tx: &mut ReadTx, org_id: &OrgId, max: i64) -> Result<i64, Fault> {
    let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM users WHERE org_id = $1 LIMIT $2) AS few";
    let row = tx.query_optional(sql, params![org_id, max]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?.unwrap_or_default())
}

fn render_attributes(profile: &ProfileInput) -> Result<String, Refusal> {
    serde_json::to_string(&profile.attributes)
        .map_err(|error| Fault::stored("profile of a person", &error).into())
}

async fn insert_terms(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    status: PersonStatus,
    profile: &ProfileInput,
) -> Result<(), Refusal> {
    for term in search_terms(profile) {
        let sql = "INSERT INTO user_terms (org_id, term, user_id, status) VALUES ($1, $2, $3, $4)";
        tx.execute(sql, params![org_id, term, user_id, status.as_str()])
            .await?;
    }
    Ok(())
}

/// How a change of state treats live sessions and tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sessions {
    /// They go on.
    Kept,
    /// They end at once, by raising the person's epoch.
    Ended,
}

/// To which state somebody returns who is kept out or has left.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn load_return(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<Option<PersonStatus>, Fault> {
    let sql = "SELECT returns_to FROM users WHERE org_id = $1 AND id = $2";
    let row = tx.query_optional(sql, params![org_id, user_id]).await?;
    let word: Option<Option<String>> = row.map(|row| row.get(0)).transpose()?;
    let read = |word: String| {
        let status = PersonStatus::from_word(&word);
        status.ok_or_else(|| Fault::stored("state that a person returns to", &word))
    };
    word.flatten().map(read).transpose()
}

/// Forgets it: the person has just chosen another password.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn forget_return(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE users SET returns_to = NULL WHERE org_id = $1 AND id = $2";
    tx.execute(sql, params![org_id, user_id]).await.map(|_| ())
}

/// Changes the state, and the one that is returned to from it, if the revision is still the one that was read.
///
/// # Errors
/// [`Refusal::Changed`] if it is not.
pub async fn update_status(
    tx: &mut WriteTx,
    person: &Person,
    (status, returns_to): (PersonStatus, Option<PersonStatus>),
    sessions: Sessions,
    now: Timestamp,
) -> Result<(), Refusal> {
    let raise = i64::from(sessions == Sessions::Ended);
    let sql = "UPDATE users SET status = $1, epoch = epoch + $2, revision = revision + 1, status_changed_at = $3, \
               updated_at = $3, activated_at = CASE WHEN $1 = 'ACTIVE' THEN COALESCE(activated_at, $3) \
               ELSE activated_at END, returns_to = $7 WHERE org_id = $4 AND id = $5 AND revision = $6";
    let values = params![
        status.as_str(),
        raise,
        now,
        &person.org_id,
        &person.id,
        person.revision,
        returns_to.map(|state| state.as_str().to_owned())
    ];
    if tx.execute(sql, values).await? != 1 {
        return Err(Refusal::Changed);
    }
    let terms = "UPDATE user_terms SET status = $1 WHERE org_id = $2 AND user_id = $3";
    tx.execute(terms, params![status.as_str(), &person.org_id, &person.id])
        .await?;
    Ok(())
}

/// Ends every session and token of the person that was issued so far.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn raise_epoch(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE users SET epoch = epoch + 1 WHERE org_id = $1 AND id = $2";
    tx.execute(sql, params![org_id, user_id]).await.map(|_| ())
}

/// Notes a sign-in.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn update_last_sign_in(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE users SET last_sign_in_at = $1 WHERE org_id = $2 AND id = $3";
    tx.execute(sql, params![now, org_id, user_id])
        .await
        .map(|_| ())
}

/// Notes that the person receives mail at the present address.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn mark_email_verified(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE users SET email_verified = 1 WHERE org_id = $1 AND id = $2";
    tx.execute(sql, params![org_id, user_id]).await.map(|_| ())
}

/// Removes a person and all that was theirs, if the revision is still the one that was read. Tokens that act with their
/// roles are revoked, and their groups have changed.
///
/// # Errors
/// [`Refusal::Changed`] if it is not.
#[boxed]
pub async fn delete(tx: &mut WriteTx, person: &Person, now: Timestamp) -> Result<(), Refusal> {
    let (org, id) = (&person.org_id, &person.id);
    let gone = "DELETE FROM users WHERE org_id = $1 AND id = $2 AND revision = $3";
    if tx.execute(gone, params![org, id, person.revision]).await? != 1 {
        return Err(Refusal::Changed);
    }
    let changed = "UPDATE groups SET members_changed_at = CASE WHEN members_changed_at >= $3 \
                   THEN members_changed_at + 1 ELSE $3 END WHERE org_id = $1 \
                   AND id IN (SELECT group_id FROM group_members WHERE org_id = $1 AND user_id = $2)";
    tx.execute(changed, params![org, id, now]).await?;
    for sql in [
        "DELETE FROM user_terms WHERE org_id = $1 AND user_id = $2",
        "DELETE FROM user_unique_values WHERE org_id = $1 AND user_id = $2",
        "DELETE FROM administrators WHERE org_id = $1 AND user_id = $2",
        "DELETE FROM group_members WHERE org_id = $1 AND user_id = $2",
        "DELETE FROM group_rule_members WHERE org_id = $1 AND user_id = $2",
        "DELETE FROM group_rule_exclusions WHERE org_id = $1 AND user_id = $2",
        "DELETE FROM group_owners WHERE org_id = $1 AND owner_id = $2",
        "DELETE FROM app_users WHERE org_id = $1 AND user_id = $2",
        "DELETE FROM passwords WHERE org_id = $1 AND user_id = $2",
        "DELETE FROM password_history WHERE org_id = $1 AND user_id = $2",
        "DELETE FROM password_imports WHERE org_id = $1 AND user_id = $2",
        "DELETE FROM identity_provider_links WHERE org_id = $1 AND user_id = $2",
        "DELETE FROM passkeys WHERE org_id = $1 AND user_id = $2",
        "DELETE FROM totp_factors WHERE org_id = $1 AND user_id = $2",
        "DELETE FROM recovery_codes WHERE org_id = $1 AND user_id = $2",
        "DELETE FROM one_time_codes WHERE org_id = $1 AND user_id = $2",
        "DELETE FROM sessions WHERE org_id = $1 AND user_id = $2",
        "DELETE FROM sign_in_places WHERE org_id = $1 AND user_id = $2",
        "DELETE FROM consents WHERE org_id = $1 AND user_id = $2",
    ] {
        tx.execute(sql, params![org, id]).await?;
    }
    linked_object::store::forget_person(tx, org, id, now).await?;
    Ok(())
}

/// Which people a page shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeopleFilter {
    /// The beginning of a login, mail address or name; empty for all.
    pub prefix: String,
    /// Only people in this state.
    pub status: Option<PersonStatus>,
}

/// A page of people ordered by login, after that login key. With a prefix it is ordered by the word that matched.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_page(
    tx: &mut ReadTx,
    org_id: &OrgId,
    filter: &PeopleFilter,
    after: &(String, String),
    limit: i64,
) -> Result<Vec<(Person, (String, String))>, Fault> {
    let prefix = fold(&filter.prefix);
    let status = filter.status.map(PersonStatus::as_str);
    let rows = if prefix.is_empty() {
        match status {
            None => {
                let sql = select!(
                    "WHERE u.org_id = $1 AND u.login_key > $2 ORDER BY u.login_key LIMIT $3"
                );
                tx.query(sql, params![org_id, &after.0, limit]).await?
            }
            Some(status) => {
                let sql = select!(
                    "WHERE u.org_id = $1 AND u.status = $2 AND u.login_key > $3 ORDER BY u.login_key LIMIT $4"
                );
                tx.query(sql, params![org_id, status, &after.0, limit])
                    .await?
            }
        }
    } else {
        // A person is shown once, by the first of the words that match.
        macro_rules! by_word {
            ($filter:literal) => {
                concat!(
                    "SELECT u.org_id, u.id, u.status, u.login, u.email, u.email_verified, u.first_name, u.last_name, ",
                    "u.profile, u.epoch, u.revision, u.created_at, u.updated_at, u.last_sign_in_at, u.activated_at, ",
                    "u.status_changed_at, u.external_id, u.type_id, t.term ",
                    "FROM user_terms t JOIN users u ON u.org_id = t.org_id AND u.id = t.user_id ",
                    "WHERE t.org_id = $1 AND t.term < $3 AND (t.term, t.user_id) > ($4, $5) ",
                    $filter,
                    "AND NOT EXISTS (SELECT 1 FROM user_terms e WHERE e.org_id = t.org_id AND e.user_id = t.user_id ",
                    "AND e.term >= $2 AND e.term < t.term) ORDER BY t.term, t.user_id LIMIT $6"
                )
            };
        }
        let end = prefix_end(&prefix);
        // One lower bound, so that the engines begin there.
        let begin = (prefix.clone(), String::new());
        let (term, user) = after.max(&begin);
        let mut values = params![org_id, &prefix, end, term, user, limit].to_vec();
        let sql = match status {
            None => by_word!(""),
            Some(status) => {
                values.push(Value::from(status));
                by_word!("AND t.status = $7 ")
            }
        };
        tx.query(sql, &values).await?
    };
    rows.iter()
        .map(|row| {
            let person = read(row)?;
            let key = if prefix.is_empty() {
                (fold(&person.login), String::new())
            } else {
                (row.get(18)?, person.id.to_string())
            };
            Ok((person, key))
        })
        .collect()
}
