//! The tables `identity_providers` and `identity_provider_links`.

use crate::access::ceiling::load_standing;
use crate::fault::{Fault, Refusal};
use crate::identity_provider::{IdentityProvider, ProviderLink};
use crate::person::Person;
use crate::person::profile::fold;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{IdentityProviderId, OrgId, UserId};
use vocab::time::Timestamp;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT org_id, id, name, config, active, revision, created_at, updated_at FROM identity_providers ",
            $rest
        )
    };
}

macro_rules! select_links {
    ($rest:literal) => {
        concat!(
            "SELECT l.provider_id, l.subject, l.user_id, l.account, l.own_proof, l.created_at, l.updated_at, \
             l.last_used_at FROM identity_provider_links l ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<IdentityProvider, Fault> {
    let config: String = row.get(3)?;
    Ok(IdentityProvider {
        org_id: row.get(0)?,
        id: row.get(1)?,
        name: row.get(2)?,
        config: serde_json::from_str(&config)
            .map_err(|error| Fault::stored("identity provider", &error))?,
        active: row.get(4)?,
        revision: row.get(5)?,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
    })
}

fn read_link(row: &Row) -> Result<ProviderLink, DatabaseFault> {
    Ok(ProviderLink {
        provider: row.get(0)?,
        subject: row.get(1)?,
        user: row.get(2)?,
        account: row.get(3)?,
        own_proof: row.get(4)?,
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
        last_used_at: row.get(7)?,
    })
}

/// A provider.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load(
    tx: &mut ReadTx,
    org_id: &OrgId,
    id: &IdentityProviderId,
) -> Result<Option<IdentityProvider>, Fault> {
    let sql = select!("WHERE org_id = $1 AND id = $2");
    let row = tx.query_optional(sql, params![org_id, id]).await?;
    row.as_ref().map(read).transpose()
}

/// The same, held until the end of the transaction: whoever switches, changes or removes it waits.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_held(
    tx: &mut WriteTx,
    org_id: &OrgId,
    id: &IdentityProviderId,
) -> Result<Option<IdentityProvider>, Fault> {
    let sql = select!("WHERE org_id = $1 AND id = $2 FOR UPDATE");
    let row = tx.query_optional(sql, params![org_id, id]).await?;
    row.as_ref().map(read).transpose()
}

/// The providers of an org, the oldest first. There are few.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_all(tx: &mut ReadTx, org_id: &OrgId) -> Result<Vec<IdentityProvider>, Fault> {
    let sql = select!("WHERE org_id = $1 ORDER BY created_at, id");
    let rows = tx.query(sql, params![org_id]).await?;
    rows.iter().map(read).collect()
}

fn render_config(provider: &IdentityProvider) -> Result<String, Fault> {
    serde_json::to_string(&provider.config)
        .map_err(|error| Fault::stored("identity provider", &error))
}

/// Adds a provider.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn insert(tx: &mut WriteTx, provider: &IdentityProvider) -> Result<(), Fault> {
    let sql = "INSERT INTO identity_providers (org_id, id, name, config, active, revision, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = params![
        &provider.org_id,
        &provider.id,
        &provider.name,
        render_config(provider)?,
        provider.active,
        provider.revision,
        provider.created_at,
        provider.updated_at
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Stores a provider that was changed, if nobody changed it since it was read; false if somebody did.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn update(tx: &mut WriteTx, provider: &IdentityProvider) -> Result<bool, Fault> {
    let sql = "UPDATE identity_providers SET name = $4, config = $5, active = $6, updated_at = $7, \
               revision = revision + 1 WHERE org_id = $1 AND id = $2 AND revision = $3";
    let values = params![
        &provider.org_id,
        &provider.id,
        provider.revision,
        &provider.name,
        render_config(provider)?,
        provider.active,
        provider.updated_at
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Removes a provider that is switched off, with its links; false if it is not there or switched on.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn delete(
    tx: &mut WriteTx,
    org_id: &OrgId,
    id: &IdentityProviderId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM identity_providers WHERE org_id = $1 AND id = $2 AND active = 0";
    let is_gone = tx.execute(sql, params![org_id, id]).await? == 1;
    if is_gone {
        let sql = "DELETE FROM identity_provider_links WHERE org_id = $1 AND provider_id = $2";
        tx.execute(sql, params![org_id, id]).await?;
    }
    Ok(is_gone)
}

/// Whether anybody is linked to a provider.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn has_links(
    tx: &mut ReadTx,
    org_id: &OrgId,
    id: &IdentityProviderId,
) -> Result<bool, DatabaseFault> {
    let sql =
        "SELECT 1 FROM identity_provider_links WHERE org_id = $1 AND provider_id = $2 LIMIT 1";
    let row = tx.query_optional(sql, params![org_id, id]).await?;
    Ok(row.is_some())
}

/// To whom a subject is linked.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn find_link(
    tx: &mut ReadTx,
    org_id: &OrgId,
    provider: &IdentityProviderId,
    subject: &str,
) -> Result<Option<ProviderLink>, DatabaseFault> {
    let sql = select_links!("WHERE l.org_id = $1 AND l.provider_id = $2 AND l.subject = $3");
    let values = params![org_id, provider, subject];
    let row = tx.query_optional(sql, values).await?;
    row.as_ref().map(read_link).transpose()
}

/// The link of a person at a provider.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_link(
    tx: &mut ReadTx,
    org_id: &OrgId,
    provider: &IdentityProviderId,
    user: &UserId,
) -> Result<Option<ProviderLink>, DatabaseFault> {
    let sql = select_links!("WHERE l.org_id = $1 AND l.provider_id = $2 AND l.user_id = $3");
    let values = params![org_id, provider, user];
    let row = tx.query_optional(sql, values).await?;
    row.as_ref().map(read_link).transpose()
}

/// The links of a person, by provider; at most one for each.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_links_of(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user: &UserId,
) -> Result<Vec<ProviderLink>, DatabaseFault> {
    let sql = select_links!("WHERE l.org_id = $1 AND l.user_id = $2 ORDER BY l.provider_id");
    let rows = tx.query(sql, params![org_id, user]).await?;
    rows.iter().map(read_link).collect()
}

/// Whether a person can come in by a link: to a provider that is switched on, and, for whoever administers, by proof of their own.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn has_usable_link(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user: &UserId,
) -> Result<bool, Fault> {
    let sql = "SELECT l.own_proof FROM identity_provider_links l JOIN identity_providers p \
               ON p.org_id = l.org_id AND p.id = l.provider_id AND p.active = 1 \
               WHERE l.org_id = $1 AND l.user_id = $2 ORDER BY l.own_proof DESC LIMIT 1";
    let best = tx.query_optional(sql, params![org_id, user]).await?;
    match best.map(|row| row.get::<bool>(0)).transpose()? {
        None => Ok(false),
        Some(true) => Ok(true),
        Some(false) => Ok(!load_standing(tx, org_id, user).await?.is_administrator()),
    }
}

/// A page of the links of a provider, by person, after that one.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_links_page(
    tx: &mut ReadTx,
    org_id: &OrgId,
    provider: &IdentityProviderId,
    after: &str,
    limit: i64,
) -> Result<Vec<ProviderLink>, DatabaseFault> {
    let sql = select_links!(
        "WHERE l.org_id = $1 AND l.provider_id = $2 AND l.user_id > $3 ORDER BY l.user_id LIMIT $4"
    );
    let values = params![org_id, provider, after, limit];
    let rows = tx.query(sql, values).await?;
    rows.iter().map(read_link).collect()
}

/// Adds a link.
///
/// # Errors
/// [`Refusal::Taken`] if the subject is somebody's already, or the person has another one at the provider.
pub async fn insert_link(
    tx: &mut WriteTx,
    org_id: &OrgId,
    link: &ProviderLink,
) -> Result<(), Refusal> {
    let sql = "INSERT INTO identity_provider_links (org_id, provider_id, subject, user_id, account, own_proof, \
               created_at, updated_at, last_used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = params![
        org_id,
        &link.provider,
        &link.subject,
        &link.user,
        &link.account,
        link.own_proof,
        link.created_at,
        link.updated_at,
        link.last_used_at
    ];
    match tx.execute(sql, values).await {
        Ok(_) => Ok(()),
        Err(fault) if fault.is_unique_violation() => Err(Refusal::Taken {
            field: "externalId",
        }),
        Err(fault) => Err(fault.into()),
    }
}

/// Notes that a person proved by means of their own that a link is theirs; false if there is no such link.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn note_own_proof(
    tx: &mut WriteTx,
    org_id: &OrgId,
    link: &ProviderLink,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE identity_provider_links SET own_proof = 1, updated_at = $5 \
               WHERE org_id = $1 AND provider_id = $2 AND subject = $3 AND user_id = $4";
    let values = params![
        org_id,
        &link.provider,
        &link.subject,
        &link.user,
        link.updated_at
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Notes that somebody came in by a link, and what the provider calls them now; false if it is gone.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn note_use(
    tx: &mut WriteTx,
    org_id: &OrgId,
    link: &ProviderLink,
    (account, now): (&str, Timestamp),
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE identity_provider_links SET account = CASE WHEN $5 = '' THEN account ELSE $5 END, \
               last_used_at = $6 WHERE org_id = $1 AND provider_id = $2 AND subject = $3 AND user_id = $4";
    let values = params![
        org_id,
        &link.provider,
        &link.subject,
        &link.user,
        account,
        now
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Removes the link of a person at a provider; false if there is none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_link(
    tx: &mut WriteTx,
    org_id: &OrgId,
    provider: &IdentityProviderId,
    user: &UserId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM identity_provider_links WHERE org_id = $1 AND provider_id = $2 AND user_id = $3";
    Ok(tx.execute(sql, params![org_id, provider, user]).await? == 1)
}

/// The people whose login or mail address is this one, each once, and no more than are needed to see that there are several.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn find_matches(
    tx: &mut ReadTx,
    org_id: &OrgId,
    email: &str,
    (by_login, by_email): (bool, bool),
) -> Result<Vec<UserId>, Fault> {
    let key = fold(email);
    let mut found: Vec<UserId> = Vec::new();
    for (is_wanted, sql) in [
        (
            by_login,
            "SELECT id FROM users WHERE org_id = $1 AND login_key = $2",
        ),
        (
            by_email,
            "SELECT id FROM users WHERE org_id = $1 AND email_key = $2 ORDER BY id LIMIT 2",
        ),
    ] {
        if !is_wanted {
            continue;
        }
        for row in tx.query(sql, params![org_id, &key]).await? {
            let id: UserId = row.get(0)?;
            if !found.contains(&id) {
                found.push(id);
            }
        }
    }
    Ok(found)
}

/// A person, held until the end of the transaction, and whether they administer anything, by whatever role.
///
/// # Errors
/// [`Fault`] if the store fails.
pub(crate) async fn hold_person(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user: &UserId,
) -> Result<Option<(Person, bool)>, Fault> {
    let Some(person) = crate::person::store::load_held(tx, org_id, user).await? else {
        return Ok(None);
    };
    let standing = load_standing(tx, org_id, user).await?;
    Ok(Some((person, standing.is_administrator())))
}
