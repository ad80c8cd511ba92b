//! What is secret in where a hook or a log stream goes: sealed under the org's key, bound to the hook or stream and to its part
//! of it; and the headers of a request that are made of it.

use crate::cell::Cell;
use crate::event_hook::channel::AuthFate;
use crate::event_hook::signing::{
    ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, draw_secret, render_signatures,
};
use crate::event_hook::{FormerSecret, HookConfig, SECRET_OVERLAP_SECS, SealedHeader};
use crate::fault::Fault;
use keys::KeyFault;
use vocab::id::OrgId;
use vocab::secret::Secret;
use vocab::time::Timestamp;

/// Binds the sealed value of the header to its place.
const AUTH_PART: &str = "auth";
/// Binds the sealed secrets to theirs.
const SECRET_PART: &str = "secret";

/// A header by which the receiver knows us, as an administrator names it: its name, and its value where one is said.
pub(crate) type GivenAuth = Option<(String, Option<Secret<String>>)>;

/// The secrets that sign what is sent, as they are stored.
#[derive(Clone, Copy)]
pub(crate) struct SealedSecrets<'s> {
    /// The present one, in base64.
    pub(crate) present: &'s str,
    /// The one before.
    pub(crate) former: Option<&'s FormerSecret>,
}

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

impl FormerSecret {
    /// A secret that is replaced now; it signs beside its successor for a day.
    pub(crate) const fn replaced(sealed: String, now: Timestamp) -> Self {
        Self {
            sealed,
            until: now.plus_secs(SECRET_OVERLAP_SECS).micros(),
        }
    }
}

impl HookConfig {
    /// The same hook with another secret.
    pub(crate) fn renewed(self, sealed: String, now: Timestamp) -> Self {
        Self {
            secret: sealed,
            former: Some(FormerSecret::replaced(self.secret, now)),
            ..self
        }
    }

    /// What its requests are signed with, as it is stored.
    pub(crate) fn signing(&self) -> SealedSecrets<'_> {
        SealedSecrets {
            present: &self.secret,
            former: self.former.as_ref(),
        }
    }
}

impl Cell {
    /// The header by which the receiver knows us, as it is stored from now on.
    pub(crate) async fn seal_auth(
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
        auth: Option<&SealedHeader>,
    ) -> Result<Option<(String, Secret<String>)>, Fault> {
        let Some(auth) = auth else {
            return Ok(None);
        };
        let value = self.open_part(org, place, AUTH_PART, &auth.sealed).await?;
        Ok(Some((auth.name.clone(), value)))
    }

    /// A new secret that signs what is sent, as it is shown once and as it is stored.
    pub(crate) async fn draw_signing_secret(
        &self,
        org: &OrgId,
        place: &str,
    ) -> Result<(Secret<String>, String), KeyFault> {
        let secret = draw_secret(self.entropy());
        let sealed = self.seal_part(org, place, SECRET_PART, &secret).await?;
        Ok((secret, sealed))
    }

    /// The secrets that sign now: the present one, and for a while the one before.
    pub(crate) async fn open_signing_secrets(
        &self,
        org: &OrgId,
        place: &str,
        sealed: SealedSecrets<'_>,
    ) -> Result<Vec<Secret<String>>, Fault> {
        let present = self.open_part(org, place, SECRET_PART, sealed.present);
        let mut secrets = vec![present.await?];
        if let Some(former) = sealed.former
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
    ) -> Result<String, KeyFault> {
        self.seal_text(org, &format!("{place}/{part}"), text).await
    }

    pub(crate) async fn open_part(
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
