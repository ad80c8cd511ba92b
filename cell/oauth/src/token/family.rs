//! Begins refresh families.

use crate::access::Lifetimes;
use crate::grant::{GrantDocument, Grantor};
use crate::token::TokenCall;
use crate::token::refresh::decide::plan_first;
use crate::token::store::RefreshFamily;
use identity::app::settings::GrantKind;
use vocab::id::RefreshFamilyId;
use vocab::secret::{Secret, SecretHash, random_token};

/// A family that is about to be stored, with its first token. Has no `Debug`: it holds a token.
pub struct NewFamily {
    /// The row.
    pub row: RefreshFamily,
    /// The first token.
    pub token: Secret<String>,
}

/// A family for the grant, if the app may use refresh tokens.
#[must_use]
pub fn plan_family(
    call: TokenCall<'_>,
    grantor: &Grantor,
    grant: &GrantDocument,
    lifetimes: &Lifetimes,
) -> Option<NewFamily> {
    let (app, entropy, now) = (
        call.client.app(),
        call.exchange.cell.entropy(),
        call.exchange.facts.now,
    );
    if !app.settings.grants.contains(&GrantKind::RefreshToken) {
        return None;
    }
    let id = RefreshFamilyId::generate(entropy);
    let (token, member_hash) = plan_first(&id, entropy);
    let expires_at = now.plus_secs(lifetimes.refresh_secs);
    let mut grant = grant.clone();
    // Of use for the code alone.
    grant.code_challenge = None;
    grant.redirect_uri = None;
    let row = RefreshFamily {
        org: call.issuer.org.clone(),
        id,
        server: call.issuer.key().to_owned(),
        app: app.id.clone(),
        grantor: grantor.clone(),
        grant,
        member_hash,
        token_hash: SecretHash::of(token.expose()),
        previous_hash: None,
        salt: random_token(entropy, "").expose().clone(),
        rotated_at: now,
        idle_expires_at: now.plus_secs(lifetimes.refresh_idle_secs).min(expires_at),
        expires_at,
        revoked_at: None,
    };
    Some(NewFamily { row, token })
}
