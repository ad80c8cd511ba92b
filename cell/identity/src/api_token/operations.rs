//! Making, listing, revoking and honouring tokens of the management API.

use crate::access::ceiling::load_standing;
use crate::access::{Caller, Permission, Permit, TokenCaller};
use crate::api_token::{
    ApiToken, DECLARED_CHARS_MIN, IDLE_SECS, NAME_CHARS_MAX, TOKEN_BYTES_MAX, TOKEN_PREFIX,
    TOKENS_MAX, is_live, is_touch_due, store,
};
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::feature::Feature;
use ledger::{Event, EventType, Outcome, Target};
use vocab::future::boxed;
use vocab::id::{ApiTokenId, OrgId, UserId};
use vocab::secret::{Secret, SecretHash, random_token};
use vocab::text::disguises;

/// Most tokens of one page.
pub const PAGE_ROWS_MAX: i64 = 200;

/// A token that was made.
pub struct CreatedApiToken {
    /// The token as it is stored.
    pub token: ApiToken,
    /// Its text. It is shown once and stored nowhere.
    pub text: Secret<String>,
}

/// A token that the operator declares, with a text that the operator brings.
pub struct DeclaredApiToken {
    /// Its name.
    pub name: String,
    /// The person with whose roles it acts.
    pub user_id: UserId,
    /// Its text: the prefix and at least 40 random characters.
    pub text: Secret<String>,
}

fn decide_name(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    let chars = name.chars().count();
    if chars == 0 || chars > NAME_CHARS_MAX || name.chars().any(disguises) {
        return Err(Refusal::invalid(
            "name",
            "use 1 to 100 characters on one line",
        ));
    }
    Ok(name.to_owned())
}

/// A declared text must be as hard to guess as one of ours, as far as its shape can tell.
///
/// # Errors
/// [`Refusal::Invalid`] that says what it must be.
pub fn check_declared(text: &str) -> Result<(), Refusal> {
    let random = text.strip_prefix(TOKEN_PREFIX).unwrap_or_default();
    let shaped = random.len() >= DECLARED_CHARS_MIN
        && text.len() <= TOKEN_BYTES_MAX
        && random
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if shaped {
        Ok(())
    } else {
        Err(Refusal::invalid(
            "token",
            "use 00T and at least 40 random letters, digits, hyphens or underscores",
        ))
    }
}

impl Cell {
    /// Makes a token that acts with the roles of the person who asks, or of the person with whose roles a token asks: it
    /// can do no more than the caller can. A token that a token makes is revoked with that one.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a caller behind whom no person stands, and for a token that was revoked meanwhile.
    #[boxed]
    pub async fn create_api_token(
        &self,
        permit: &Permit,
        name: &str,
    ) -> Result<CreatedApiToken, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let user_id = permit.acting_person().ok_or(Refusal::Forbidden)?;
        let declared = DeclaredApiToken {
            name: name.to_owned(),
            user_id: user_id.clone(),
            text: random_token(self.entropy(), TOKEN_PREFIX),
        };
        self.store_api_token(permit, declared).await
    }

    /// Stores a token that the operator declares. Nobody else may name the person with whose roles it acts.
    ///
    /// # Errors
    /// [`Refusal::Taken`] if the text is a token already; [`Refusal::Forbidden`] for any other caller.
    #[boxed]
    pub async fn declare_api_token(
        &self,
        permit: &Permit,
        declared: DeclaredApiToken,
    ) -> Result<CreatedApiToken, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        if !permit.is_operators() {
            return Err(Refusal::Forbidden);
        }
        self.store_api_token(permit, declared).await
    }

    async fn store_api_token(
        &self,
        permit: &Permit,
        declared: DeclaredApiToken,
    ) -> Result<CreatedApiToken, Refusal> {
        check_declared(declared.text.expose())?;
        let now = self.now();
        let token = ApiToken {
            org_id: permit.org().clone(),
            id: ApiTokenId::generate(self.entropy()),
            name: decide_name(&declared.name)?,
            user_id: declared.user_id,
            made_by: permit.own_token().cloned(),
            created_at: now,
            expires_at: now.plus_secs(IDLE_SECS),
            last_used_at: None,
            revoked_at: None,
        };
        let event = self.api_token_event(permit, EventType::SystemApiTokenCreate, &token);
        let (stored, hash) = (token.clone(), SecretHash::of(declared.text.expose()));
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = &stored.org_id;
                    // Of two who add at once, the second counts the first one's token.
                    crate::org::store::lock(tx, org).await?;
                    crate::person::store::load(tx, org, &stored.user_id)
                        .await?
                        .ok_or(Refusal::NotFound)?;
                    if let Some(maker) = &stored.made_by {
                        let maker = store::load(tx, org, maker).await?;
                        maker
                            .filter(|maker| is_live(maker, now))
                            .ok_or(Refusal::Forbidden)?;
                    }
                    if store::count_live(tx, org, now).await? >= TOKENS_MAX {
                        return Err(Refusal::TooMany {
                            what: "API tokens",
                            max: TOKENS_MAX,
                        });
                    }
                    if !store::insert(tx, &stored, &hash).await? {
                        return Err(Refusal::Taken { field: "token" });
                    }
                    Ok(ledger::append(tx, org, event).await?)
                })
            })
            .await?;
        Ok(CreatedApiToken {
            token,
            text: declared.text,
        })
    }

    /// A page of the org's tokens ordered by id, after that id.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    pub async fn list_api_tokens(
        &self,
        permit: &Permit,
        after: &str,
        limit: i64,
    ) -> Result<Vec<ApiToken>, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let mut tx = self.database.read().await?;
        Ok(store::load_page(&mut tx, permit.org(), after, limit.clamp(1, PAGE_ROWS_MAX)).await?)
    }

    /// Revokes a token at once, and with it those that were made by it; nothing happens if it was revoked before.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a token that this org does not have.
    #[boxed]
    pub async fn revoke_api_token(&self, permit: &Permit, id: &ApiTokenId) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        self.revoke_token(permit, id).await
    }

    async fn revoke_token(&self, permit: &Permit, id: &ApiTokenId) -> Result<(), Refusal> {
        let (cell, by, id) = (self.clone(), permit.clone(), id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    // Of a token that makes another while it is revoked, the other is seen here, or refused.
                    crate::org::store::lock(tx, by.org()).await?;
                    let first = store::load(tx, by.org(), &id).await?;
                    let mut ending = vec![first.ok_or(Refusal::NotFound)?];
                    while let Some(token) = ending.pop() {
                        if store::revoke(tx, by.org(), &token.id, cell.now()).await? {
                            let made = store::load_made_by(tx, by.org(), &token.id).await?;
                            ending.extend(made);
                            let kind = EventType::SystemApiTokenRevoke;
                            let event = cell.api_token_event(&by, kind, &token);
                            ledger::append(tx, by.org(), event).await?;
                        }
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Revokes the token by which a call was made, whatever its person may do: whoever has it may give it up.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a call that was made without one.
    #[boxed]
    pub async fn revoke_calling_token(
        &self,
        caller: &Caller,
        permit: &Permit,
    ) -> Result<(), Refusal> {
        let Caller::ApiToken(own) = caller else {
            return Err(Refusal::NotFound);
        };
        if own.org_id != *permit.org() {
            return Err(Refusal::NotFound);
        }
        self.revoke_token(permit, &own.token_id).await
    }

    /// The caller whom a presented token stands for; none if it is unknown, of another org, ended or revoked, or if
    /// its person may not act. A use moves its end on now and then.
    ///
    /// # Errors
    /// [`Refusal::Shut`] where the org takes no tokens at all; [`Refusal::Fault`] if the store fails.
    #[boxed]
    pub async fn api_token_caller(
        &self,
        org_id: &OrgId,
        text: &str,
    ) -> Result<Option<TokenCaller>, Refusal> {
        if !text.starts_with(TOKEN_PREFIX) || text.len() > TOKEN_BYTES_MAX {
            return Ok(None);
        }
        let now = self.now();
        let (token, standing) = {
            let mut tx = self.database.read().await?;
            let found = store::find_by_hash(&mut tx, org_id, &SecretHash::of(text)).await?;
            let Some(token) = found.filter(|token| is_live(token, now)) else {
                return Ok(None);
            };
            let person = crate::person::store::load(&mut tx, org_id, &token.user_id).await?;
            if !person.is_some_and(|person| person.status.may_act()) {
                return Ok(None);
            }
            let standing = load_standing(&mut tx, org_id, &token.user_id).await?;
            (token, standing)
        };
        // Only whoever has one is told that it opens nothing.
        let Some(snapshot) = self.snapshot(org_id).await? else {
            return Ok(None);
        };
        snapshot.org.settings.shut_doors.check(Feature::ApiTokens)?;
        if is_touch_due(&token, now) {
            let (org_id, id, ends) = (org_id.clone(), token.id.clone(), now.plus_secs(IDLE_SECS));
            self.database
                .write(move |tx| {
                    Box::pin(async move { store::touch(tx, &org_id, &id, now, ends).await })
                })
                .await?;
        }
        Ok(Some(TokenCaller {
            org_id: token.org_id,
            token_id: token.id,
            name: token.name,
            user_id: token.user_id,
            roles: standing.roles,
            capabilities: standing.capabilities,
        }))
    }

    pub(crate) fn api_token_event(
        &self,
        permit: &Permit,
        kind: EventType,
        token: &ApiToken,
    ) -> Event {
        Event::new(kind, Outcome::Success, self.now())
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(Target::other("ApiToken", token.id.as_str(), &token.name))
    }
}
