//! Signing keys of every server with their states, their rotation, and what protects them.

use crate::admin::caller::{
    Answer, Detour, administrator, administrator_freshly, done, found, loaded,
};
use crate::admin::form::shell_after;
use crate::admin::row::moment;
use crate::text::Text;
use crate::view::admin::{KeyRow, KeyState, KeysPage, RootRow};
use crate::view::shell::Shell;
use crate::visit::Visit;
use identity::access::Permission;
use identity::fault::Refusal;
use identity::server::store;
use keys::{KeyPhase, KeyView, ServerKeyScope, Wrapping};
use protocol::jose::algorithm::Algorithm;

const DAY_SECS: i64 = 86_400;

/// `GET /admin/keys`.
pub async fn show(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    page(&visit, visit.shell()).await
}

async fn page(visit: &Visit, shell: Shell) -> Answer {
    let servers = load_servers(visit).await?;
    let rows = load_rows(visit, &servers).await?;
    let wrappings = visit.cell.keyring.wrappings(&visit.context.org).await;
    let wrappings = loaded(visit, wrappings)?;
    let schedule = visit.cell.signing_keys.schedule();
    let days = |secs: i64| u64::try_from(secs / DAY_SECS).unwrap_or_default();
    Ok(visit.page(&KeysPage {
        keys: rows.into_iter().map(|(row, _)| row).collect(),
        days: days(schedule.period_secs()),
        lead_days: days(schedule.publish_lead_secs()),
        roots: roots_of(shell.t, &wrappings),
        shell,
    }))
}

/// `POST /admin/keys/rotate`.
pub async fn rotate(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageKeys, "/admin/keys").await?;
    let server = found(&visit, ServerKeyScope::parse(visit.field("server")).ok())?;
    let algorithm = found(&visit, Algorithm::parse(visit.field("algorithm")))?;
    let outcome = visit
        .cell
        .rotate_signing_key(&permit, &server, algorithm)
        .await;
    back(&visit, outcome.map(drop)).await
}

/// `POST /admin/keys/revoke`.
pub async fn revoke(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageKeys, "/admin/keys").await?;
    let server = found(&visit, ServerKeyScope::parse(visit.field("server")).ok())?;
    let kid = visit.field("kid");
    let outcome = visit.cell.revoke_signing_key(&permit, &server, kid).await;
    back(&visit, outcome).await
}

async fn back(visit: &Visit, outcome: Result<(), Refusal>) -> Answer {
    match outcome {
        Ok(()) => Ok(visit.go("/admin/keys")),
        Err(refusal) => {
            let shell = done(visit, shell_after(visit, refusal))?;
            page(visit, shell).await
        }
    }
}

/// Every server by its name, the org's own first.
async fn load_servers(visit: &Visit) -> Result<Vec<(ServerKeyScope, String)>, Detour> {
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let servers = store::load_all(&mut tx, &visit.context.org).await;
    drop(tx);
    let own = visit.context.name.clone();
    let custom = loaded(visit, servers)?
        .into_iter()
        .map(|server| (ServerKeyScope::Custom(server.id), server.name));
    Ok(std::iter::once((ServerKeyScope::Org, own))
        .chain(custom)
        .collect())
}

/// The keys of these servers in their order, the signing ones first.
///
/// # Errors
/// The page for a fault.
pub(super) async fn load_rows(
    visit: &Visit,
    servers: &[(ServerKeyScope, String)],
) -> Result<Vec<(KeyRow, KeyView)>, Detour> {
    let keys = loaded(
        visit,
        visit.cell.signing_keys.list(&visit.context.org).await,
    )?;
    let mut rows = Vec::with_capacity(keys.len());
    for (server, name) in servers {
        let mut own: Vec<&KeyView> = keys.iter().filter(|key| key.server == *server).collect();
        own.sort_by_key(|key| (key.algorithm.name(), place_of(key.phase)));
        rows.extend(own.into_iter().map(|key| (row_of(key, name), key.clone())));
    }
    Ok(rows)
}

const fn place_of(phase: KeyPhase) -> u8 {
    match phase {
        KeyPhase::Signing => 0,
        KeyPhase::Next => 1,
        KeyPhase::Retiring => 2,
        KeyPhase::Gone => 3,
    }
}

fn row_of(key: &KeyView, server: &str) -> KeyRow {
    let (state, changes) = match key.phase {
        KeyPhase::Next => (KeyState::Next, Some(key.signs_from)),
        KeyPhase::Signing => (KeyState::Signing, Some(key.signs_until)),
        KeyPhase::Retiring => (KeyState::Retiring, Some(key.published_until)),
        KeyPhase::Gone => (KeyState::Gone, None),
    };
    KeyRow {
        kid: key.kid.clone(),
        algorithm: key.algorithm.name().to_owned(),
        server: server.to_owned(),
        server_id: key.server.as_str().to_owned(),
        state,
        created: moment(key.created_at),
        changes: changes.map(moment),
    }
}

/// The chain of what protects what: the roots, then the versions of the org's key, the newest first.
fn roots_of(t: &'static Text, wrappings: &[Wrapping]) -> Vec<RootRow> {
    let mut names: Vec<&str> = wrappings.iter().map(|one| one.root.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let roots = names.into_iter().map(|root| RootRow {
        name: match root.split_once(':') {
            Some(("file", _)) => t.watch.root_file.to_owned(),
            _ => root.to_owned(),
        },
        about: root.to_owned(),
        created: None,
    });
    let keys = wrappings.iter().map(|one| RootRow {
        name: t
            .watch
            .root_org_key
            .replace("{n}", &one.version.to_string()),
        about: t.watch.root_org_key_about.replace("{root}", &one.root),
        created: Some(moment(one.since)),
    });
    roots.chain(keys).collect()
}

#[cfg(test)]
mod tests {
    use super::roots_of;
    use crate::text::en;
    use keys::Wrapping;
    use vocab::time::Timestamp;

    #[test]
    fn roots_come_once_and_before_what_they_wrap() {
        let wrapping = |version, root: &str| Wrapping {
            version,
            root: root.to_owned(),
            since: Timestamp::from_seconds(1),
        };
        let rows = roots_of(
            &en::TEXT,
            &[
                wrapping(2, "file:a"),
                wrapping(1, "file:a"),
                wrapping(1, "hsm:b"),
            ],
        );
        let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names[..2], ["Key file", "hsm:b"]);
        assert_eq!(rows.len(), 5);
        assert!(rows[2].about.contains("file:a"), "{}", rows[2].about);
    }
}
