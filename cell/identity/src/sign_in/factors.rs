//! What a sign-in can go on with, each by an id: for programs that sign people in without our pages.

use crate::cell::Cell;
use crate::credential::store as credentials;
use crate::fault::Fault;
use crate::sign_in::{Flow, store};
use crate::sign_on::{AuthenticatorKind, PasskeyStorage};
use vocab::future::boxed;
use vocab::id::{OrgId, UserId};

/// What the id of a mail address begins with; the rest is the person's, who has one address.
const EMAIL_PREFIX: &str = "emf";

/// A means of proof that a person has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInFactor {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: AuthenticatorKind,
    /// By which authenticators know a passkey, as base64url.
    pub credential_id: Option<String>,
}

impl Cell {
    /// Those of the person's means of proof that count now; none before anything was proved, for that would tell of the
    /// person.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn sign_in_factors(
        &self,
        flow: &Flow,
        kinds: &[AuthenticatorKind],
        rp_id: &str,
    ) -> Result<Vec<SignInFactor>, Fault> {
        let Some(user_id) = flow
            .state
            .user_id
            .as_ref()
            .filter(|_| !flow.state.is_first())
        else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        if kinds.contains(&AuthenticatorKind::Totp) {
            found.extend(self.totp_factor(&flow.org_id, user_id).await?);
        }
        if kinds.contains(&AuthenticatorKind::EmailCode) {
            found.push(SignInFactor {
                id: email_factor_id(user_id),
                kind: AuthenticatorKind::EmailCode,
                credential_id: None,
            });
        }
        let mut tx = self.database.read().await?;
        let passkeys = credentials::load_passkeys(&mut tx, &flow.org_id, user_id).await?;
        for passkey in passkeys {
            let storage = if passkey.device_bound {
                PasskeyStorage::DeviceBound
            } else {
                PasskeyStorage::Synced
            };
            let kind = AuthenticatorKind::Passkey(storage);
            // A passkey answers at the host where it was made, and nowhere else.
            if kinds.contains(&kind) && passkey.rp_id == rp_id {
                found.push(SignInFactor {
                    id: passkey.id.to_string(),
                    kind,
                    credential_id: Some(passkey.credential_id),
                });
            }
        }
        Ok(found)
    }

    async fn totp_factor(
        &self,
        org_id: &OrgId,
        user_id: &UserId,
    ) -> Result<Option<SignInFactor>, Fault> {
        let mut tx = self.database.read().await?;
        let rows = credentials::load_totp(&mut tx, org_id, user_id).await?;
        let confirmed = rows.into_iter().find(|row| row.confirmed_at.is_some());
        Ok(confirmed.map(|row| SignInFactor {
            id: row.id.to_string(),
            kind: AuthenticatorKind::Totp,
            credential_id: None,
        }))
    }

    /// Ends a sign-in that leads nowhere; nothing happens if another answer came first.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn cancel_sign_in(&self, flow: &Flow) -> Result<(), Fault> {
        let flow = flow.clone();
        let ended = self.database.write(move |tx| {
            Box::pin(async move { store::delete(tx, &flow.org_id, &flow.id, flow.revision).await })
        });
        ended.await.map(|_| ()).map_err(Fault::from)
    }
}

/// The id of the mail address of a person as a means of proof.
#[must_use]
pub fn email_factor_id(user_id: &UserId) -> String {
    let own = user_id
        .as_str()
        .get(UserId::PREFIX.len()..)
        .unwrap_or_default();
    format!("{EMAIL_PREFIX}{own}")
}
