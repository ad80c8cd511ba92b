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
use protocol::oidc::claims::{ExtraClaims, OPENID};
use protocol::oidc::id_token::{IdTokenClaims, render_at_hash};
use vocab::id::{RefreshFamilyId, SessionId};
use vocab::secret::{Secret, SecretHash, random_token};
use vocab::time::Timestamp;

/// What every `jti` of an access token begins with.
pub const ACCESS_TOKEN_ID_PREFIX: &str = "AT.";
/// What every `jti` of an ID token begins with.
const ID_TOKEN_ID_PREFIX: &str = "ID.";
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

/// What the end of a token follows from, beside time; it stands in the token's id, after the random part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenBond {
    /// From the end of its refresh family.
    Family(RefreshFamilyId),
    /// From the end of everything that the person was issued in this epoch.
    Epoch(i64),
}

/// The id of a token: random, followed by what its end follows from.
fn draw_token_id(cell: &Cell, prefix: &str, bond: Option<&TokenBond>) -> String {
    let mut id = random_token(cell.entropy(), prefix).expose().clone();
    match bond {
        Some(TokenBond::Family(family)) => {
            id.push('.');
            id.push_str(family.as_str());
        }
        Some(TokenBond::Epoch(epoch)) => {
            id.push_str(".e");
            id.push_str(&epoch.to_string());
        }
        None => {}
    }
    id
}

/// What the end of a token of that id follows from.
#[must_use]
pub fn parse_bond(id: &str) -> Option<TokenBond> {
    let (_, bond) = id.rsplit_once('.')?;
    match bond.strip_prefix('e').map(str::parse) {
        Some(Ok(epoch)) => Some(TokenBond::Epoch(epoch)),
        _ => RefreshFamilyId::parse(bond).ok().map(TokenBond::Family),
    }
}

fn bond_of(order: &Order<'_>) -> Option<TokenBond> {
    match (order.family, order.subject) {
        (Some(family), _) => Some(TokenBond::Family(family.clone())),
        (None, Subject::Person(subject)) => Some(TokenBond::Epoch(subject.person.epoch)),
        (None, Subject::App) => None,
    }
}

/// What an access token says, before it is signed: issuance and preview both begin here.
pub struct AccessDraft<'a> {
    order: &'a Order<'a>,
    id: String,
    expires_at: Timestamp,
    scope: String,
    scp: Vec<&'a str>,
    extra: ExtraClaims,
}

impl<'a> AccessDraft<'a> {
    /// A token of that id.
    #[must_use]
    pub fn new(order: &'a Order<'a>, id: String) -> Self {
        let (person, groups) = match order.subject {
            Subject::App => (None, &[][..]),
            Subject::Person(subject) => (Some(subject.person), subject.groups),
        };
        let config = order.issuer.config();
        Self {
            order,
            id,
            expires_at: order.now.plus_secs(order.access_secs),
            scope: order.scopes.render(),
            scp: order.scopes.iter().collect(),
            extra: claims::render_access_token_claims(person, order.scopes, config, groups),
        }
    }

    /// The claims that are added to those of the protocol.
    #[must_use]
    pub fn extra(&self) -> &ExtraClaims {
        &self.extra
    }

    /// The same with other claims added, and another end.
    pub fn alter(&mut self, alteration: Alteration) {
        self.extra = alteration.extra;
        if let Some(secs) = alteration.lifetime_secs {
            self.expires_at = self.order.now.plus_secs(secs);
        }
    }

    /// How long it lives.
    #[must_use]
    pub fn lifetime_secs(&self) -> i64 {
        self.expires_at.seconds() - self.order.now.seconds()
    }

    /// Its claims.
    #[must_use]
    pub fn claims(&self) -> AccessTokenClaims<'_> {
        let order = self.order;
        let person = match order.subject {
            Subject::App => None,
            Subject::Person(subject) => Some(subject),
        };
        AccessTokenClaims {
            ver: 1,
            iss: &order.issuer.url,
            aud: &order.issuer.audience,
            sub: person.map_or(order.app.id.as_str(), |subject| &subject.person.login),
            client_id: order.app.id.as_str(),
            cid: order.app.id.as_str(),
            uid: person.map(|subject| subject.person.id.as_str()),
            iat: order.now.seconds(),
            exp: self.expires_at.seconds(),
            jti: &self.id,
            scope: &self.scope,
            scp: &self.scp,
            auth_time: person.map(|subject| subject.grant.authenticated_at.seconds()),
            acr: person.map(|subject| subject.grant.acr.as_str()),
            extra: (!self.extra.is_empty()).then_some(&self.extra),
        }
    }
}

/// What is other in a token than its configuration has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Alteration {
    /// All claims that are added to those of the protocol.
    pub extra: ExtraClaims,
    /// How long it lives, if that is other as well.
    pub lifetime_secs: Option<i64>,
}

/// The tokens of a reply, before they are signed.
pub struct Drafts<'a> {
    /// The access token.
    pub access: AccessDraft<'a>,
    /// The ID token, if the scopes ask for one.
    pub id: Option<IdDraft<'a>>,
}

/// The tokens of a reply.
pub struct MadeTokens {
    /// The access token.
    pub access: AccessToken,
    /// How long it lives.
    pub access_secs: i64,
    /// The ID token, if the scopes ask for one.
    pub id_token: Option<Secret<String>>,
}

impl<'a> Drafts<'a> {
    /// The tokens that are ordered.
    #[must_use]
    pub fn draw(cell: &Cell, order: &'a Order<'a>) -> Self {
        let access = draw_token_id(cell, ACCESS_TOKEN_ID_PREFIX, bond_of(order).as_ref());
        let draw_id = || draw_token_id(cell, ID_TOKEN_ID_PREFIX, None);
        Self {
            access: AccessDraft::new(order, access),
            id: IdDraft::new(order, draw_id),
        }
    }

    /// Signs them.
    ///
    /// # Errors
    /// [`Fault::Key`] if they cannot be signed.
    pub async fn sign(self, cell: &Cell) -> Result<MadeTokens, Fault> {
        let access_secs = self.access.lifetime_secs();
        let access = sign_access_token(cell, self.access).await?;
        let id_token = match self.id {
            Some(draft) => Some(sign_id_token(cell, draft, access.text.expose()).await?),
            None => None,
        };
        Ok(MadeTokens {
            access,
            access_secs,
            id_token,
        })
    }
}

async fn sign_access_token(cell: &Cell, draft: AccessDraft<'_>) -> Result<AccessToken, Fault> {
    let issuer = draft.order.issuer;
    let config = issuer.config();
    let claims = draft.claims();
    let (text, stored) = match config.access_token_form {
        AccessTokenForm::Jwt => {
            let algorithm = algorithm(config.access_token_algorithm.into());
            let kind = TokenType::AccessToken;
            let text = sign(cell, issuer, algorithm, kind, &claims).await?;
            (Secret::new(text), None)
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
    let expires_at = draft.expires_at;
    Ok(AccessToken {
        text,
        id: draft.id,
        expires_at,
        stored,
    })
}

/// What an ID token says, before it is signed.
pub struct IdDraft<'a> {
    order: &'a Order<'a>,
    subject: PersonSubject<'a>,
    id: String,
    at_hash: Option<String>,
    lifetime_secs: i64,
    extra: ExtraClaims,
}

impl<'a> IdDraft<'a> {
    /// A token of the id that is drawn for it; none if the scopes ask for none.
    #[must_use]
    pub fn new(order: &'a Order<'a>, draw_id: impl FnOnce() -> String) -> Option<Self> {
        let Subject::Person(subject) = order.subject else {
            return None;
        };
        let (scopes, config) = (order.scopes, order.issuer.config());
        scopes.contains(OPENID).then(|| Self {
            order,
            subject,
            id: draw_id(),
            at_hash: None,
            lifetime_secs: ID_TOKEN_SECS,
            extra: claims::render_id_token_claims(subject.person, scopes, config, subject.groups),
        })
    }

    /// The same beside that access token.
    #[must_use]
    pub fn beside(mut self, access_token: &str) -> Self {
        let algorithm = algorithm(self.order.app.settings.id_token_algorithm);
        self.at_hash = Some(render_at_hash(algorithm, access_token));
        self
    }

    /// The claims that are added to those of the protocol.
    #[must_use]
    pub fn extra(&self) -> &ExtraClaims {
        &self.extra
    }

    /// The same with other claims added, and another end.
    pub fn alter(&mut self, alteration: Alteration) {
        self.extra = alteration.extra;
        self.lifetime_secs = alteration.lifetime_secs.unwrap_or(self.lifetime_secs);
    }

    /// How long it lives.
    #[must_use]
    pub fn lifetime_secs(&self) -> i64 {
        self.lifetime_secs
    }

    /// Its claims.
    #[must_use]
    pub fn claims(&self) -> IdTokenClaims<'_> {
        let (order, subject) = (self.order, self.subject);
        IdTokenClaims {
            ver: 1,
            iss: &order.issuer.url,
            sub: subject.person.id.as_str(),
            aud: order.app.id.as_str(),
            azp: None,
            iat: order.now.seconds(),
            exp: order.now.plus_secs(self.lifetime_secs).seconds(),
            jti: &self.id,
            auth_time: Some(subject.grant.authenticated_at.seconds()),
            nonce: subject.grant.nonce.as_deref(),
            acr: Some(&subject.grant.acr),
            amr: &subject.grant.amr,
            at_hash: self.at_hash.as_deref(),
            sid: Some(subject.session.as_str()),
            idp: Some(order.issuer.org.as_str()),
            extra: (!self.extra.is_empty()).then_some(&self.extra),
        }
    }
}

async fn sign_id_token(
    cell: &Cell,
    draft: IdDraft<'_>,
    access_token: &str,
) -> Result<Secret<String>, Fault> {
    let draft = draft.beside(access_token);
    let algorithm = algorithm(draft.order.app.settings.id_token_algorithm);
    let claims = draft.claims();
    let text = sign(cell, draft.order.issuer, algorithm, TokenType::Jwt, &claims).await?;
    Ok(Secret::new(text))
}
