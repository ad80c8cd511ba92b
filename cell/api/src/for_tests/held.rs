//! What an app holds of somebody of an org of the world: scopes that the person let it have, and a refresh token.

use crate::for_tests::World;
use oauth::consent::store::{ConsentRow, upsert};
use oauth::grant::{GrantDocument, Grantor};
use oauth::held::HeldScope;
use oauth::issuer::ORG_SERVER_KEY;
use oauth::token::store::{RefreshFamily, insert_family};
use vocab::id::{AppId, OrgId, RefreshFamilyId, SessionId, UserId};
use vocab::secret::SecretHash;
use vocab::time::Timestamp;

/// Where the paths of people begin.
const USERS: &str = "/api/v1/users";
/// The scopes of the consent.
pub(crate) const SCOPES: [&str; 3] = ["email", "offline_access", "openid"];
/// How long the refresh token lives.
pub(crate) const TOKEN_SECS: i64 = 24 * 60 * 60;

/// It.
pub(crate) struct Held {
    pub(crate) app: AppId,
    /// The id of the first scope as a grant.
    pub(crate) grant: String,
    pub(crate) token: RefreshFamilyId,
}

impl Held {
    /// The path with those examples that it takes.
    pub(super) fn fill(&self, path: &str) -> String {
        if !path.starts_with(USERS) {
            return path.to_owned();
        }
        path.replace("{client}", self.app.as_str())
            .replace("{grant}", &self.grant)
            .replace("{token}", self.token.as_str())
    }
}

impl World {
    /// By an app of that label, at the org's own server.
    pub(crate) async fn held(&self, org: &OrgId, user: &UserId, label: &str) -> Held {
        let app = self.client(org, label).await;
        self.held_by(org, user, &app).await
    }

    /// By that app.
    pub(crate) async fn held_by(&self, org: &OrgId, user: &UserId, app: &AppId) -> Held {
        let token = self.hold(org, user, app).await;
        let first = HeldScope {
            app: app.clone(),
            server: ORG_SERVER_KEY.into(),
            scope: SCOPES[0].into(),
            granted_at: self.cell.now(),
        };
        Held {
            grant: first.id(user),
            app: app.clone(),
            token,
        }
    }

    /// Lets an app have the scopes, and a refresh token for while the person is away.
    pub(crate) async fn hold(&self, org: &OrgId, user: &UserId, app: &AppId) -> RefreshFamilyId {
        self.hold_at(org, user, app, ORG_SERVER_KEY).await
    }

    /// The same at a server.
    pub(crate) async fn hold_at(
        &self,
        org: &OrgId,
        user: &UserId,
        app: &AppId,
        server: &str,
    ) -> RefreshFamilyId {
        let mut held = self.hold_many(org, user, app, (server, 1)).await;
        held.remove(0)
    }

    /// So many refresh tokens at a server.
    pub(crate) async fn hold_many(
        &self,
        org: &OrgId,
        user: &UserId,
        app: &AppId,
        (server, count): (&str, usize),
    ) -> Vec<RefreshFamilyId> {
        let (cell, now) = (&self.cell, self.cell.now());
        let person = {
            let mut tx = cell.database.read().await.unwrap();
            let person = identity::person::store::load(&mut tx, org, user).await;
            person.unwrap().unwrap()
        };
        let grantor = Grantor {
            user: user.clone(),
            epoch: person.epoch,
            session: SessionId::generate(cell.entropy()),
        };
        let family = || {
            let id = RefreshFamilyId::generate(cell.entropy());
            family(id, (org, app, server), grantor.clone(), now)
        };
        let families: Vec<RefreshFamily> = std::iter::repeat_with(family).take(count).collect();
        let held = families.iter().map(|family| family.id.clone()).collect();
        let row = ConsentRow {
            app: app.clone(),
            server: server.to_owned(),
            scopes: SCOPES.join(" "),
        };
        let (org, user) = (org.clone(), user.clone());
        let stored: Result<(), identity::fault::Fault> = cell
            .database
            .write(move |tx| {
                Box::pin(async move {
                    upsert(tx, &org, &user, &row, now).await?;
                    for family in &families {
                        insert_family(tx, family, now).await?;
                    }
                    Ok(())
                })
            })
            .await;
        stored.unwrap();
        held
    }
}

/// A refresh token of an app at a server, as it was issued now.
fn family(
    id: RefreshFamilyId,
    (org, app, server): (&OrgId, &AppId, &str),
    grantor: Grantor,
    now: Timestamp,
) -> RefreshFamily {
    RefreshFamily {
        org: org.clone(),
        server: server.to_owned(),
        app: app.clone(),
        grantor,
        grant: GrantDocument {
            scope: SCOPES.join(" "),
            redirect_uri: None,
            redirect_uri_was_named: false,
            code_challenge: None,
            nonce: None,
            authenticated_at: now,
            amr: Vec::new(),
            acr: String::new(),
        },
        member_hash: SecretHash::of(id.as_str()),
        token_hash: SecretHash::of(&format!("token of {id}")),
        previous_hash: None,
        salt: String::from("salt"),
        rotated_at: now,
        idle_expires_at: now.plus_secs(TOKEN_SECS),
        expires_at: now.plus_secs(2 * TOKEN_SECS),
        revoked_at: None,
        id,
    }
}
