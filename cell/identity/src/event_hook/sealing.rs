//! What is secret in the configuration of a hook, event hook or inline hook: sealed under the org's key, bound to the hook and
//! to its part of it; and the headers of a request that are made of it.

use crate::cell::Cell;
use crate::event_hook::channel::AuthFate;
use crate::event_hook::signing::{
    ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, render_signatures,
};
use crate::event_hook::{HookConfig, SealedHeader};
use crate::fault::Fault;
use vocab::id::OrgId;
use vocab::secret::Secret;
use vocab::time::Timestamp;

/// Binds the sealed value of the header to its place.
pub(crate) const AUTH_PART: &str = "auth";
/// Binds the sealed secrets to theirs.
pub(crate) const SECRET_PART: &str = "secret";

/// A header by which the receiver knows us, as an administrator names it: its name, and its value where one is said.
pub(crate) type GivenAuth = Option<(String, Option<Secret<String>>)>;

/// The headers that an administrator gave.
pub(crate) fn headers_of(
    config: &HookConfig,
    auth: Option<&(String, Secret<String>)>,
) -> Vec<(String, Secret<String>)> {
    let given = config.headers.iter();
    let given = given.map(|header| (header.name.clone(), Secret::new(header.value.clone())));
    given.chain(auth.cloned()).collect()
}

/// The headers that prove where a request comes from.
pub(crate) fn sign(
    secrets: &[Secret<String>],
    id: &str,
    now: Timestamp,
    body: &[u8],
) -> [(String, Secret<String>); 3] {
    [
        (ID_HEADER, id.to_owned()),
        (TIMESTAMP_HEADER, now.seconds().to_string()),
        (SIGNATURE_HEADER, render_signatures(secrets, id, now, body)),
    ]
    .map(|(name, value)| (name.to_owned(), Secret::new(value)))
}

impl Cell {
    /// The header by which the receiver knows us, as it is stored from now on.
    pub(crate) async fn seal_hook_auth(
        &self,
        org: &OrgId,
        place: &str,
        given: &GivenAuth,
        fate: AuthFate,
    ) -> Result<Option<SealedHeader>, Fault> {
        match (fate, given) {
            (AuthFate::Kept(kept), _) => Ok(Some(kept)),
            (AuthFate::Replaced, Some((name, Some(value)))) => Ok(Some(SealedHeader {
                name: name.clone(),
                sealed: self.seal_part(org, place, AUTH_PART, value).await?,
            })),
            (AuthFate::Replaced | AuthFate::Absent, _) => Ok(None),
        }
    }

    /// The header by which the receiver knows us, with its value.
    pub(crate) async fn open_auth(
        &self,
        org: &OrgId,
        place: &str,
        config: &HookConfig,
    ) -> Result<Option<(String, Secret<String>)>, Fault> {
        let Some(auth) = &config.auth else {
            return Ok(None);
        };
        let value = self.open_part(org, place, AUTH_PART, &auth.sealed).await?;
        Ok(Some((auth.name.clone(), value)))
    }

    /// The secrets that sign now: the present one, and for a while the one before.
    pub(crate) async fn open_secrets(
        &self,
        org: &OrgId,
        place: &str,
        config: &HookConfig,
    ) -> Result<Vec<Secret<String>>, Fault> {
        let present = self.open_part(org, place, SECRET_PART, &config.secret);
        let mut secrets = vec![present.await?];
        if let Some(former) = &config.former
            && self.now().micros() < former.until
        {
            let former = self.open_part(org, place, SECRET_PART, &former.sealed);
            secrets.push(former.await?);
        }
        Ok(secrets)
    }

    pub(crate) async fn seal_part(
        &self,
        org: &OrgId,
        place: &str,
        part: &str,
        text: &Secret<String>,
    ) -> Result<String, keys::KeyFault> {
        self.seal_text(org, &format!("{place}/{part}"), text).await
    }

    async fn open_part(
        &self,
        org: &OrgId,
        place: &str,
        part: &str,
        sealed: &str,
    ) -> Result<Secret<String>, Fault> {
        self.open_text(org, &format!("{place}/{part}"), sealed)
            .await
    }
}
