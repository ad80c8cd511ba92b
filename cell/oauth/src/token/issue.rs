//! Makes the tokens of a reply. Nothing is stored here: whoever calls stores them with the grant, in one transaction.

use crate::claims;
use crate::grant::GrantDocument;
use crate::issuer::Issuer;
use crate::limits::ID_TOKEN_SECS;
use crate::signing::{algorithm, sign};
use identity::app::App;
use identity::cell::Cell;
use identity::fault::Fault;
use identity::person::Person;
use identity::server::AccessTokenForm;
use protocol::jose::jws::TokenType;
use protocol::jwt::access_token::AccessTokenClaims;
use protocol::oauth::scope::ScopeSet;
use protocol::oidc::claims::OPENID;
use protocol::oidc::id_token::{IdTokenClaims, render_at_hash};
use vocab::id::{RefreshFamilyId, SessionId};
use vocab::secret::{Secret, SecretHash, random_token};
use vocab::time::Timestamp;

/// What every `jti` of an access token begins with.
pub const ACCESS_TOKEN_ID_PREFIX: &str = "AT.";
/// What opaque access tokens begin with.
pub const OPAQUE_PREFIX: &str = "at.";

/// Who a token speaks for.
#[derive(Clone, Copy)]
pub enum Subject<'a> {
    /// The app itself.
    App,
    /// A person, by a grant.
    Person(PersonSubject<'a>),
}

/// A person and the grant.
#[derive(Clone, Copy)]
pub struct PersonSubject<'a> {
    /// The person.
    pub person: &'a Person,
    /// What was granted.
    pub grant: &'a GrantDocument,
    /// In which session.
    pub session: &'a SessionId,
    /// Names of groups for claims.
    pub groups: &'a [String],
}

/// What is to be issued.
#[derive(Clone, Copy)]
pub struct Order<'a> {
    /// By which server.
    pub issuer: &'a Issuer,
    /// To which app.
    pub app: &'a App,
    /// With which scopes.
    pub scopes: &'a ScopeSet,
    /// For whom.
    pub subject: Subject<'a>,
    /// The refresh family that it belongs to.
    pub family: Option<&'a RefreshFamilyId>,
    /// How long the access token lives.
    pub access_secs: i64,
    /// Now.
    pub now: Timestamp,
}

/// An access token that was made.
pub struct AccessToken {
    /// The token.
    pub text: Secret<String>,
    /// Its `jti`.
    pub id: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// What must be stored of it, if it does not carry its claims itself.
    pub stored: Option<StoredAccessToken>,
}

/// What is stored of an opaque access token.
#[derive(Debug, Clone)]
pub struct StoredAccessToken {
    /// The hash of the token.
    pub hash: SecretHash,
    /// Its claims: JSON.
    pub claims: String,
}

/// The id of a token: random, followed by the family that it belongs to, so that the end of the family is its end.
fn draw_token_id(cell: &Cell, prefix: &str, family: Option<&RefreshFamilyId>) -> String {
    let mut id = random_token(cell.entropy(), prefix).expose().clone();
    if let Some(family) = family {
        id.push('.');
        id.push_str(family.as_str());
    }
    id
}

/// The family that a `jti` names.
#[must_use]
pub fn family_of_token_id(id: &str) -> Option<RefreshFamilyId> {
    id.rsplit_once('.')
        .and_then(|(_, family)| RefreshFamilyId::parse(family).ok())
}

/// Makes an access token.
///
/// # Errors
/// [`Fault::Key`] if it cannot be signed.
pub async fn make_access_token(cell: &Cell, order: &Order<'_>) -> Result<AccessToken, Fault> {
    let config = order.issuer.config();
    let id = draw_token_id(cell, ACCESS_TOKEN_ID_PREFIX, order.family);
    let expires_at = order.now.plus_secs(order.access_secs);
    let (person, groups) = match order.subject {
        Subject::App => (None, &[][..]),
        Subject::Person(subject) => (Some(subject), subject.groups),
    };
    let extra = claims::render_access_token_claims(
        person.map(|subject| subject.person),
        order.scopes,
        config,
        groups,
    );
    let scope = order.scopes.render();
    let scp: Vec<&str> = order.scopes.iter().collect();
    let claims = AccessTokenClaims {
        ver: 1,
        iss: &order.issuer.url,
        aud: &order.issuer.audience,
        sub: person.map_or(order.app.id.as_str(), |subject| &subject.person.login),
        client_id: order.app.id.as_str(),
        cid: order.app.id.as_str(),
        uid: person.map(|subject| subject.person.id.as_str()),
        iat: order.now.seconds(),
        exp: expires_at.seconds(),
        jti: &id,
        scope: &scope,
        scp: &scp,
        auth_time: person.map(|subject| subject.grant.authenticated_at.seconds()),
        acr: person.map(|subject| subject.grant.acr.as_str()),
        extra: (!extra.is_empty()).then_some(&extra),
    };
    let (text, stored) = match config.access_token_form {
        AccessTokenForm::Jwt => {
            let algorithm = algorithm(config.access_token_algorithm.into());
            (
                Secret::new(
                    sign(
                        cell,
                        order.issuer,
                        algorithm,
                        TokenType::AccessToken,
                        &claims,
                    )
                    .await?,
                ),
                None,
            )
        }
        AccessTokenForm::Opaque => {
            let text = random_token(cell.entropy(), OPAQUE_PREFIX);
            let claims = serde_json::to_string(&claims)
                .map_err(|error| Fault::stored("claims of a token", &error))?;
            let stored = StoredAccessToken {
                hash: SecretHash::of(text.expose()),
                claims,
            };
            (text, Some(stored))
        }
    };
    Ok(AccessToken {
        text,
        id,
        expires_at,
        stored,
    })
}

/// Makes an ID token, if the scopes ask for one.
///
/// # Errors
/// [`Fault::Key`] if it cannot be signed.
pub async fn make_id_token(
    cell: &Cell,
    order: &Order<'_>,
    access_token: &str,
) -> Result<Option<Secret<String>>, Fault> {
    let Subject::Person(subject) = order.subject else {
        return Ok(None);
    };
    if !order.scopes.contains(OPENID) {
        return Ok(None);
    }
    let algorithm = algorithm(order.app.settings.id_token_algorithm);
    let id = draw_token_id(cell, "ID.", None);
    let at_hash = render_at_hash(algorithm, access_token);
    let extra = claims::render_id_token_claims(
        subject.person,
        order.scopes,
        order.issuer.config(),
        subject.groups,
    );
    let claims = IdTokenClaims {
        ver: 1,
        iss: &order.issuer.url,
        sub: subject.person.id.as_str(),
        aud: order.app.id.as_str(),
        azp: None,
        iat: order.now.seconds(),
        exp: order.now.plus_secs(ID_TOKEN_SECS).seconds(),
        jti: &id,
        auth_time: Some(subject.grant.authenticated_at.seconds()),
        nonce: subject.grant.nonce.as_deref(),
        acr: Some(&subject.grant.acr),
        amr: &subject.grant.amr,
        at_hash: Some(&at_hash),
        sid: Some(subject.session.as_str()),
        idp: Some(order.issuer.org.as_str()),
        extra: (!extra.is_empty()).then_some(&extra),
    };
    let text = sign(cell, order.issuer, algorithm, TokenType::Jwt, &claims).await?;
    Ok(Some(Secret::new(text)))
}
