//! A new set-up link for an org that nobody has set up: the one of its making was lost, or was never seen because its cell
//! was away. An org that has an administrator gets none, whoever asks.

use crate::log::{self, Entry};
use crate::refusal::Refusal;
use crate::register::Register;
use vocab::slug::Slug;
use wire::control::{OrgState, OrgView};

impl Register {
    /// Has the org's cell make a new one-time link for its first administrator; links that were made before end.
    ///
    /// # Errors
    /// [`Refusal::HasAdministrator`] if there is one, [`Refusal::NoLink`] if the cell makes none at the moment.
    pub async fn invite(&self, slug: &Slug, actor: &str) -> Result<(OrgView, String), Refusal> {
        let org = self.org(slug).await?;
        let name = slug.to_string();
        let turn = self.underway.begin(&org.id);
        let _turn = turn.ok_or_else(|| Refusal::UnderWay { name: name.clone() })?;
        // It may have been made between the two.
        let org = self.org(slug).await?;
        let cell = org.cell.to_string();
        let (org, made) = match org.state {
            OrgState::Creating => self.settle(&org, actor).await?,
            OrgState::Serving => {
                let place = self.cell(&org.cell).await?;
                let made = self.doors.invite(&place, &org).await;
                let made = made.map_err(|source| Refusal::NoLink {
                    name: name.clone(),
                    cell: cell.clone(),
                    source,
                })?;
                (org, made)
            }
        };
        let token = made
            .setup_token
            .ok_or(Refusal::HasAdministrator { name, cell })?;
        // A link that the log does not know of is handed to nobody.
        self.log_invitation(&org, actor).await?;
        Ok((org, token))
    }

    async fn log_invitation(&self, org: &OrgView, actor: &str) -> Result<(), Refusal> {
        let entry = Entry {
            at: self.clock.now(),
            kind: String::from("org.invite"),
            subject: org.slug.to_string(),
            epoch: org.epoch,
            actor: actor.to_owned(),
            detail: format!("by {}", org.cell),
        };
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let place = log::take_place(tx).await?;
                    log::append(tx, place, &entry, &[]).await
                })
            })
            .await?;
        self.feed.catch_up().await
    }
}
