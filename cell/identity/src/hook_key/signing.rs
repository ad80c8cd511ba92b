//! What a hook key signs: that we are the client which a token endpoint knows (RFC 7523 section 3). Each statement is good once, for
//! one endpoint, and for a minute.

use crate::cell::Cell;
use crate::fault::Fault;
use crate::hook_key::{ALGORITHM, place_of, store};
use protocol::jose::jws::TokenType;
use serde::Serialize;
use vocab::id::{HookKeyId, OrgId};
use vocab::secret::{Secret, random_token};

/// How long a statement is good.
pub(crate) const ASSERTION_SECS: i64 = 60;

/// What is stated.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
}

impl Cell {
    /// States at a token endpoint who we are; none if there is no such key any more.
    pub(crate) async fn sign_client_assertion(
        &self,
        org: &OrgId,
        key: &HookKeyId,
        (client_id, audience): (&str, &str),
    ) -> Result<Option<Secret<String>>, Fault> {
        let stored = {
            let mut tx = self.database.read().await?;
            store::load_sealed(&mut tx, org, key).await?
        };
        let Some((kid, sealed)) = stored else {
            return Ok(None);
        };
        let signer = self
            .keyring
            .open_signer(org, &place_of(key), (ALGORITHM, kid), &sealed)
            .await?;
        let now = self.now().seconds();
        let jti = random_token(self.entropy(), "");
        let claims = Claims {
            iss: client_id,
            sub: client_id,
            aud: audience,
            iat: now,
            exp: now.saturating_add(ASSERTION_SECS),
            jti: jti.expose(),
        };
        let signed = signer
            .encode(TokenType::Jwt, &claims)
            .map_err(|error| Fault::stored("hook key", &error))?;
        Ok(Some(Secret::new(signed)))
    }
}
