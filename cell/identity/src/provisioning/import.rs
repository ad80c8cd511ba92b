//! Imports: who has an account at a peer, who of the org they are, and what follows from it once somebody confirms it.

use crate::access::{Permission, Permit};
use crate::app::App;
use crate::app::assignment::assign_held;
use crate::app::operations::load_for_change;
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::person::operations::as_target;
use crate::person::profile::ProfileInput;
use crate::person::store as people;
use crate::provisioning::store::{accounts, connections, imports};
use database::WriteTx;
use ledger::{Event, EventType};
use vocab::future::boxed;
use vocab::id::{AppId, UserId};
use vocab::time::Timestamp;

/// Most people who are linked or made at once.
pub const CONFIRMED_MAX: usize = 100;

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportState {
    /// Pages are being read.
    Running,
    /// All were.
    Completed,
    /// It was broken off.
    Failed,
}

impl ImportState {
    /// The word of storage and of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Running, Self::Completed, Self::Failed]
            .into_iter()
            .find(|known| known.as_str() == word)
    }
}

/// An import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// How far it is.
    pub state: ImportState,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Where the next page begins.
    pub next_index: i64,
    /// Pages that were read.
    pub pages: i64,
    /// People who were read.
    pub seen: i64,
    /// How often the next page failed.
    pub attempts: i64,
    /// What went wrong.
    pub trouble: Option<String>,
}

impl Import {
    /// Whether pages are being read.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.state == ImportState::Running
    }
}

/// Who somebody of a peer is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Somebody here is found, and is not linked yet.
    Matched,
    /// Nobody is: they would be made.
    New,
    /// It cannot be said, or would be somebody who is another one already.
    Conflict,
    /// They are linked.
    Linked,
}

impl Verdict {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Matched, Self::New, Self::Conflict, Self::Linked];

    /// The word of storage and of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Matched => "MATCHED",
            Self::New => "NEW",
            Self::Conflict => "CONFLICT",
            Self::Linked => "LINKED",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}

/// Somebody who was found at a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The id there.
    pub peer_id: String,
    /// The name there.
    pub user_name: String,
    /// The mail address there.
    pub email: String,
    /// The given name.
    pub given_name: String,
    /// The family name.
    pub family_name: String,
    /// Whether the account is active.
    pub active: bool,
    /// Who they are here.
    pub verdict: Verdict,
    /// Why that cannot be said.
    pub reason: String,
    /// The person.
    pub user_id: Option<UserId>,
}

impl Cell {
    /// Begins an import, and forgets what the last one found.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for a connection that is switched off, or while one is under way; [`Refusal::OutOfReach`] for an app that may
    /// do more.
    #[boxed]
    pub async fn begin_import(&self, permit: &Permit, app: &AppId) -> Result<Import, Refusal> {
        permit.covers(Permission::ManageApps)?;
        let (cell, by, id) = (self.clone(), permit.clone(), app.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let app = load_for_change(tx, &by, &id).await?;
                    let (key, now) = ((by.org(), &id), cell.now());
                    let connection = connections::load(tx, key).await?;
                    if !connection.ok_or(Refusal::NotFound)?.active {
                        return Err(Refusal::WrongState("switch the connection on first"));
                    }
                    if !imports::begin(tx, key, now).await? {
                        return Err(Refusal::WrongState("an import is under way"));
                    }
                    let kind = EventType::AppProvisionSyncJobStarted;
                    ledger::append(tx, key.0, cell.app_event(&by, kind, &app)).await?;
                    let begun = imports::load(tx, key).await?;
                    begun.ok_or(Refusal::NotFound)
                })
            })
            .await
    }

    /// The import that is under way, or the last one.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if there never was one.
    #[boxed]
    pub async fn find_import(&self, permit: &Permit, app: &AppId) -> Result<Import, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        let import = imports::load(&mut tx, (permit.org(), app)).await?;
        import.ok_or(Refusal::NotFound)
    }

    /// A page of who was found, behind that id.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn list_found(
        &self,
        permit: &Permit,
        app: &AppId,
        (after, limit): (&str, i64),
    ) -> Result<Vec<Found>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        Ok(imports::load_page(&mut tx, (permit.org(), app), after, limit).await?)
    }

    /// Links somebody who was found to the person whom they matched, and assigns the app to that person.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for somebody who was not found; [`Refusal::WrongState`] for somebody who matched nobody, or is linked.
    #[boxed]
    pub async fn link_found(
        &self,
        permit: &Permit,
        app: &App,
        peer_id: &str,
    ) -> Result<Found, Refusal> {
        permit.covers(Permission::ManageApps)?;
        let found = self.load_found(permit, app, peer_id).await?;
        match (found.verdict, found.user_id.clone()) {
            (Verdict::Matched, Some(user)) => {
                let (cell, by, app) = (self.clone(), permit.clone(), app.clone());
                let settled = self.database.write(move |tx| {
                    Box::pin(async move {
                        settle_found(tx, &cell, &by, &app, (found, user), Vec::new()).await
                    })
                });
                settled.await
            }
            _ => Err(Refusal::WrongState(
                "nobody who is not linked yet was matched",
            )),
        }
    }

    /// Adds a person for somebody who matched nobody, STAGED and with the app assigned, and links them, all of it or nothing. One permit is
    /// for people, one for apps.
    ///
    /// # Errors
    /// [`Refusal`] as the rules of profiles say; [`Refusal::WrongState`] for somebody who matched a person.
    #[boxed]
    pub async fn make_found(
        &self,
        (of_people, of_apps): (&Permit, &Permit),
        app: &App,
        peer_id: &str,
    ) -> Result<Found, Refusal> {
        of_people.covers(Permission::ManagePeople)?;
        of_apps.covers(Permission::ManageApps)?;
        let found = self.load_found(of_apps, app, peer_id).await?;
        if found.verdict != Verdict::New {
            return Err(Refusal::WrongState("they are not new"));
        }
        let email = match found.email.is_empty() {
            true => found.user_name.clone(),
            false => found.email.clone(),
        };
        let profile = ProfileInput {
            login: found.user_name.clone(),
            email,
            first_name: found.given_name.clone(),
            last_name: found.family_name.clone(),
            attributes: serde_json::Map::new(),
        };
        let person = self.plan_person(of_people, profile, None).await?;
        let (cell, app) = (self.clone(), app.clone());
        let (of_people, of_apps) = (of_people.clone(), of_apps.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let (user, events) = person.insert(tx, &cell, &of_people).await?;
                    settle_found(tx, &cell, &of_apps, &app, (found, user), events).await
                })
            })
            .await
    }

    async fn load_found(
        &self,
        permit: &Permit,
        app: &App,
        peer_id: &str,
    ) -> Result<Found, Refusal> {
        let mut tx = self.database.read().await?;
        let found = imports::find(&mut tx, (permit.org(), &app.id), peer_id).await?;
        found.ok_or(Refusal::NotFound)
    }
}

/// Links somebody who was found to a person, and assigns the app to that person. What came before is logged with it, at the end.
async fn settle_found(
    tx: &mut WriteTx,
    cell: &Cell,
    by: &Permit,
    app: &App,
    (mut found, user): (Found, UserId),
    mut events: Vec<Event>,
) -> Result<Found, Refusal> {
    let (key, now) = ((by.org(), &app.id), cell.now());
    let person = people::load_held(tx, key.0, &user).await?;
    let person = person.ok_or(Refusal::NotFound)?;
    if connections::load(tx, key).await?.is_none() {
        return Err(Refusal::NotFound);
    }
    let place = (found.peer_id.as_str(), found.verdict);
    if !imports::settle(tx, key, place, &user).await? {
        return Err(Refusal::Changed);
    }
    if accounts::find_by_peer(tx, key, &found.peer_id)
        .await?
        .is_some()
    {
        return Err(Refusal::WrongState("somebody else is linked to it"));
    }
    accounts::mark_or_insert(tx, key, &user, now).await?;
    let to = (found.peer_id.as_str(), found.active);
    if !accounts::link(tx, key, (&user, &person.login), to).await? {
        return Err(Refusal::WrongState(
            "the person is linked to another account, or one may just be being made",
        ));
    }
    connections::end_hold(tx, key).await?;
    events.push(
        cell.app_event(by, EventType::ApplicationProvisionUserImport, app)
            .target(as_target(&person))
            .detail("peerId", &found.peer_id),
    );
    if assign_held(tx, key.1, &person, now).await? {
        let kind = EventType::ApplicationUserMembershipAdd;
        events.push(cell.app_event(by, kind, app).target(as_target(&person)));
    }
    ledger::append_all(tx, key.0, events).await?;
    found.verdict = Verdict::Linked;
    found.reason = String::new();
    found.user_id = Some(user);
    Ok(found)
}
