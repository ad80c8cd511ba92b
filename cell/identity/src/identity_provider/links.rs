//! Links that administrators make and remove, and that people see and remove themselves. A link that an administrator makes is no
//! proof of the person's own.

use crate::access::ceiling::hold_for_way_in;
use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::credential::passkey::has_way_in;
use crate::fault::{Fault, Refusal};
use crate::identity_provider::operations::provider_target;
use crate::identity_provider::{IdentityProvider, ProviderLink, SUBJECT_CHARS_MAX, store};
use crate::notice::Notice;
use ledger::EventType;
use vocab::future::boxed;
use vocab::id::{IdentityProviderId, UserId};
use vocab::text::disguises;

const LAST_WAY: Refusal = Refusal::WrongState("it is the last way to sign in");

/// Holds a name of somebody at a provider against its bounds.
///
/// # Errors
/// [`Refusal::Invalid`] for a name that no provider gives.
pub fn decide_subject(subject: &str) -> Result<(), Refusal> {
    let chars = subject.chars().count();
    if chars == 0 || chars > SUBJECT_CHARS_MAX || subject.chars().any(disguises) {
        let problem = "use 1 to 255 characters on one line";
        return Err(Refusal::invalid("externalId", problem));
    }
    Ok(())
}

impl Cell {
    /// A page of the links of a provider, by person, after that one; and whether there are more.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn list_provider_links(
        &self,
        permit: &Permit,
        provider: &IdentityProvider,
        (after, limit): (&str, usize),
    ) -> Result<(Vec<ProviderLink>, bool), Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut tx = self.database.read().await?;
        let loaded = store::load_links_page(&mut tx, permit.org(), &provider.id, after, one_more);
        let mut links = loaded.await?;
        let has_more = links.len() > limit;
        links.truncate(limit);
        Ok((links, has_more))
    }

    /// The link of a person at a provider.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if there is none.
    #[boxed]
    pub async fn find_provider_link(
        &self,
        permit: &Permit,
        provider: &IdentityProvider,
        user: &UserId,
    ) -> Result<ProviderLink, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        let found = store::load_link(&mut tx, permit.org(), &provider.id, user).await?;
        found.ok_or(Refusal::NotFound)
    }

    /// The links of a person, each with its provider.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that reads neither the directory nor this account.
    #[boxed]
    pub async fn list_links_of(
        &self,
        permit: &Permit,
        user: &UserId,
    ) -> Result<Vec<(ProviderLink, IdentityProvider)>, Refusal> {
        permit
            .covers(Permission::ReadDirectory)
            .or_else(|_| permit.covers_account_of(user))?;
        let org = permit.org();
        let mut tx = self.database.read().await?;
        let links = store::load_links_of(&mut tx, org, user).await?;
        let mut found = Vec::new();
        for link in links {
            if let Some(provider) = store::load(&mut tx, org, &link.provider).await? {
                found.push((link, provider));
            }
        }
        Ok(found)
    }

    /// Links a person to somebody at a provider, and tells the person: it is another way in.
    ///
    /// # Errors
    /// [`Refusal::Taken`] if either is linked already; [`Refusal::Changed`] if the provider is another issuer by now;
    /// [`Refusal::OutOfReach`] for somebody who may do more.
    #[boxed]
    pub async fn link_person(
        &self,
        permit: &Permit,
        provider: &IdentityProvider,
        user: &UserId,
        subject: &str,
    ) -> Result<ProviderLink, Refusal> {
        permit.covers(Permission::ManagePeople)?;
        decide_subject(subject)?;
        let linked = self.factor_subject(permit, user).await?;
        let notice = Notice::ProviderLinked {
            name: &provider.name,
        };
        let mail = self
            .seal_mail(&linked.org().name, &linked.person, &notice)
            .await?;
        let now = self.now();
        let link = ProviderLink {
            provider: provider.id.clone(),
            subject: subject.to_owned(),
            user: user.clone(),
            account: String::new(),
            own_proof: false,
            created_at: now,
            updated_at: now,
            last_used_at: None,
        };
        let (cell, permit, provider) = (self.clone(), permit.clone(), provider.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = permit.org();
                    let person = hold_for_way_in(tx, &permit, &link.user).await?;
                    let held = store::load_held(tx, org, &provider.id).await?;
                    // Somebody whom another issuer calls so is somebody else.
                    if held.ok_or(Refusal::NotFound)?.config.issuer != provider.config.issuer {
                        return Err(Refusal::Changed);
                    }
                    store::insert_link(tx, org, &link).await?;
                    mail.enqueue(tx, org, now).await?;
                    let event = cell
                        .person_event(&permit, EventType::UserAccountIdpLink, &person)
                        .target(provider_target(&provider));
                    ledger::append(tx, org, event).await?;
                    Ok(link)
                })
            })
            .await
    }

    /// Removes the link of a person at a provider, and tells the person: it is one way in less. A person does not remove the own last
    /// way to sign in.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if there is none; [`Refusal::WrongState`] for the last way; [`Refusal::OutOfReach`] for somebody who
    /// may do more.
    #[boxed]
    pub async fn unlink_person(
        &self,
        permit: &Permit,
        provider: &IdentityProviderId,
        user: &UserId,
    ) -> Result<(), Refusal> {
        let subject = self.loss_subject(permit, user).await?;
        let own = permit.covers(Permission::OwnFactors).is_ok();
        let named = {
            let mut tx = self.database.read().await?;
            store::load(&mut tx, permit.org(), provider).await?
        };
        let named = named.ok_or(Refusal::NotFound)?;
        let notice = Notice::ProviderUnlinked { name: &named.name };
        let org_name = &subject.org().name;
        let mail = self.seal_mail(org_name, &subject.person, &notice).await?;
        let (cell, permit) = (self.clone(), permit.clone());
        let (provider, user, now) = (provider.clone(), user.clone(), self.now());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = permit.org();
                    // Of two who remove two last ways at once, the second sees what is left.
                    let person = hold_for_way_in(tx, &permit, &user).await?;
                    let provider = store::load(tx, org, &provider).await?;
                    let provider = provider.ok_or(Refusal::NotFound)?;
                    if !store::delete_link(tx, org, &provider.id, &user).await? {
                        return Err(Refusal::NotFound);
                    }
                    let settings = &subject.org().settings.passkey;
                    if own
                        && !store::has_usable_link(tx, org, &user).await?
                        && !has_way_in(tx, org, &user, settings).await?
                    {
                        return Err(LAST_WAY);
                    }
                    mail.enqueue(tx, org, now).await?;
                    let event = cell
                        .person_event(&permit, EventType::UserAccountIdpUnlink, &person)
                        .target(provider_target(&provider));
                    Ok::<(), Refusal>(ledger::append(tx, org, event).await.map_err(Fault::from)?)
                })
            })
            .await
    }
}
