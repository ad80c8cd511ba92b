//! Setting up, changing and switching connections, and seeing how they stand.

use crate::access::{Permission, Permit};
use crate::app::App;
use crate::app::operations::load_for_change;
use crate::cell::Cell;
use crate::event_hook::channel::decide_uri;
use crate::event_hook::envoy::PlainHttp;
use crate::fault::Refusal;
use crate::person::operations::as_target;
use crate::person::store as people;
use crate::provisioning::follow::WALK_START;
use crate::provisioning::mapping::RULES;
use crate::provisioning::store::accounts::{self, Account, Which};
use crate::provisioning::store::{connections, groups, imports};
use crate::provisioning::{
    CONNECTIONS_MAX, Connection, ConnectionConfig, Features, MatchBy, Standing, place_of,
};
use ledger::{EventType, Target};
use vocab::future::boxed;
use vocab::id::{AppId, UserId};
use vocab::secret::Secret;

/// Longest token.
pub const TOKEN_BYTES_MAX: usize = 4_096;
/// Most of those that wait, or went wrong, that are counted.
pub const COUNTED_MAX: i64 = 10_000;

/// A connection, as an administrator names it: what is not named stays.
pub struct ConnectionChange {
    /// The address that `/Users` stands below.
    pub base_url: Option<String>,
    /// The token.
    pub token: Option<Secret<String>>,
    /// Whether it is switched on by it.
    pub activate: bool,
}

/// How a connection stands.
#[derive(Debug, Clone)]
pub struct Overview {
    /// The connection.
    pub connection: Connection,
    /// How many people wait to be looked at; no more are counted than [`COUNTED_MAX`].
    pub waiting: i64,
    /// With how many something went wrong; as above.
    pub troubled: i64,
    /// How many groups are pushed.
    pub pushes: i64,
    /// The import that is under way, or the last one.
    pub import: Option<crate::provisioning::import::Import>,
}

/// What is done to a connection that is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Changed,
    Moved,
    SwitchedOn,
    SwitchedOff,
    FeaturesSet,
}

impl Act {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Moved => "moved",
            Self::SwitchedOn => "switched on",
            Self::SwitchedOff => "switched off",
            Self::FeaturesSet => "features set",
        }
    }
}

/// Holds an address against its bounds.
fn decide_base_url(url: &str, plain: PlainHttp) -> Result<(), Refusal> {
    decide_uri("baseUrl", url, plain)?;
    if url.contains('?') {
        return Err(Refusal::invalid("baseUrl", "leave out the query"));
    }
    Ok(())
}

fn decide_token(token: &Secret<String>) -> Result<(), Refusal> {
    let text = token.expose();
    let is_good = !text.is_empty()
        && text.len() <= TOKEN_BYTES_MAX
        && text.bytes().all(|byte| byte.is_ascii_graphic());
    match is_good {
        true => Ok(()),
        false => Err(Refusal::invalid(
            "profile.token",
            "use 1 to 4,096 visible characters of ASCII",
        )),
    }
}

/// The address from now on, and whether the token is a new one. A token goes to no other address than that for which it was given.
fn decide_change(
    change: &ConnectionChange,
    present: Option<&ConnectionConfig>,
    plain: PlainHttp,
) -> Result<String, Refusal> {
    let base_url = match (&change.base_url, present) {
        (Some(url), _) => url.trim_end_matches('/').to_owned(),
        (None, Some(present)) => present.base_url.clone(),
        (None, None) => return Err(Refusal::invalid("baseUrl", "it is required")),
    };
    decide_base_url(&base_url, plain)?;
    match (&change.token, present) {
        (Some(token), _) => decide_token(token)?,
        (None, Some(present)) if present.base_url == base_url => {}
        (None, Some(_)) => {
            let problem = "give it: what is stored was given for another address";
            return Err(Refusal::invalid("profile.token", problem));
        }
        (None, None) => return Err(Refusal::invalid("profile.token", "it is required")),
    }
    Ok(base_url)
}

impl Cell {
    /// The connection of an app, if it has one.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn find_connection(
        &self,
        permit: &Permit,
        app: &AppId,
    ) -> Result<Option<Connection>, Refusal> {
        permit
            .covers(Permission::ReadDirectory)
            .or_else(|_| permit.covers(Permission::ManageApps))
            .or_else(|_| permit.covers(Permission::ManagePeople))?;
        let mut tx = self.database.read().await?;
        Ok(connections::load(&mut tx, (permit.org(), app)).await?)
    }

    /// How the connection of an app stands.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if it has none.
    #[boxed]
    pub async fn survey_connection(
        &self,
        permit: &Permit,
        app: &AppId,
    ) -> Result<Overview, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let key = (permit.org(), app);
        let mut tx = self.database.read().await?;
        let connection = connections::load(&mut tx, key).await?;
        let connection = connection.ok_or(Refusal::NotFound)?;
        let (waiting, troubled) = accounts::count(&mut tx, key, COUNTED_MAX).await?;
        Ok(Overview {
            waiting,
            troubled,
            pushes: groups::count(&mut tx, key.0, key.1).await?,
            import: imports::load(&mut tx, key).await?,
            connection,
        })
    }

    /// Sets up the connection of an app, or changes where it goes. At another address everybody is found anew.
    ///
    /// # Errors
    /// [`Refusal`], above all [`Refusal::OutOfReach`] for an app that may do more; nothing was changed.
    #[boxed]
    pub async fn set_connection(
        &self,
        permit: &Permit,
        app: &App,
        change: ConnectionChange,
        plain: PlainHttp,
    ) -> Result<Connection, Refusal> {
        permit.covers(Permission::ManageApps)?;
        let present = self.find_connection(permit, &app.id).await?;
        let base_url = decide_change(&change, present.as_ref().map(|known| &known.config), plain)?;
        let token = match (&change.token, &present) {
            (Some(token), _) => {
                self.seal_text(permit.org(), &place_of(&app.id), token)
                    .await?
            }
            (None, Some(present)) => present.config.token.clone(),
            (None, None) => return Err(Refusal::Changed),
        };
        match present {
            Some(present) => {
                let moved = present.config.base_url != base_url;
                let connection = Connection {
                    config: ConnectionConfig {
                        base_url,
                        token,
                        ..present.config
                    },
                    active: present.active || change.activate,
                    ..present
                };
                let what = if moved { Act::Moved } else { Act::Changed };
                self.store_connection(permit, app, connection, what).await
            }
            None => {
                let config = ConnectionConfig {
                    base_url,
                    token,
                    features: Features::default(),
                    match_by: MatchBy::default(),
                };
                self.store_new_connection(permit, app, config, change.activate)
                    .await
            }
        }
    }

    async fn store_new_connection(
        &self,
        permit: &Permit,
        app: &App,
        config: ConnectionConfig,
        active: bool,
    ) -> Result<Connection, Refusal> {
        let now = self.now();
        let mut connection = Connection {
            org_id: permit.org().clone(),
            app_id: app.id.clone(),
            config,
            active,
            revision: 1,
            created_at: now,
            updated_at: now,
            standing: Standing {
                walk_at: if active {
                    WALK_START.to_owned()
                } else {
                    String::new()
                },
                walked_by: RULES,
                ..Standing::default()
            },
        };
        let event = self.app_event(permit, EventType::ApplicationLifecycleUpdate, app);
        let event = event.detail("provisioning", "connected");
        let by = permit.clone();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let key = (&connection.org_id, &connection.app_id);
                    // With the org's row locked: of two who add at once, the second counts the first one's connection.
                    load_for_change(tx, &by, key.1).await?;
                    if connections::load(tx, key).await?.is_some() {
                        return Err(Refusal::Changed);
                    }
                    let count = connections::count(tx, key.0).await?;
                    if usize::try_from(count).is_ok_and(|count| count >= CONNECTIONS_MAX) {
                        return Err(Refusal::TooMany {
                            what: "provisioning connections",
                            max: CONNECTIONS_MAX,
                        });
                    }
                    let head = ledger::load_head(tx, key.0).await?;
                    connection.standing.followed = head.map_or(0, |head| head.seq);
                    connections::insert(tx, &connection).await?;
                    ledger::append(tx, &connection.org_id, event).await?;
                    Ok(connection)
                })
            })
            .await
    }

    /// Switches a connection on or off. What happens while it is off is caught up with when it is switched on.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was changed.
    #[boxed]
    pub async fn switch_connection(
        &self,
        permit: &Permit,
        app: &App,
        active: bool,
    ) -> Result<Connection, Refusal> {
        permit.covers(Permission::ManageApps)?;
        let present = self.find_connection(permit, &app.id).await?;
        let present = present.ok_or(Refusal::NotFound)?;
        if present.active == active {
            return Ok(present);
        }
        let connection = Connection { active, ..present };
        let what = if active {
            Act::SwitchedOn
        } else {
            Act::SwitchedOff
        };
        self.store_connection(permit, app, connection, what).await
    }

    /// Sets what is done at the peer.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was changed.
    #[boxed]
    pub async fn set_features(
        &self,
        permit: &Permit,
        app: &App,
        features: Option<Features>,
        match_by: Option<MatchBy>,
    ) -> Result<Connection, Refusal> {
        permit.covers(Permission::ManageApps)?;
        let present = self.find_connection(permit, &app.id).await?;
        let present = present.ok_or(Refusal::NotFound)?;
        let config = ConnectionConfig {
            features: features.unwrap_or(present.config.features),
            match_by: match_by.unwrap_or(present.config.match_by),
            ..present.config.clone()
        };
        let connection = Connection { config, ..present };
        self.store_connection(permit, app, connection, Act::FeaturesSet)
            .await
    }

    async fn store_connection(
        &self,
        permit: &Permit,
        app: &App,
        mut connection: Connection,
        act: Act,
    ) -> Result<Connection, Refusal> {
        connection.updated_at = self.now();
        let event = self.app_event(permit, EventType::ApplicationLifecycleUpdate, app);
        let event = event.detail("provisioning", act.as_str());
        let by = permit.clone();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let key = (&connection.org_id, &connection.app_id);
                    load_for_change(tx, &by, key.1).await?;
                    let walk = if connection.active { WALK_START } else { "" };
                    if !connections::update(tx, &connection, walk).await? {
                        return Err(Refusal::Changed);
                    }
                    if act == Act::Moved {
                        connections::forget_peer(tx, key).await?;
                    }
                    ledger::append(tx, key.0, event).await?;
                    let stored = connections::load(tx, key).await?;
                    stored.ok_or(Refusal::NotFound)
                })
            })
            .await
    }

    /// A page of accounts, behind that person.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn list_accounts(
        &self,
        permit: &Permit,
        app: &AppId,
        which: Which,
        (after, limit): (&str, i64),
    ) -> Result<Vec<Account>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        Ok(accounts::load_page(&mut tx, (permit.org(), app), which, after, limit).await?)
    }

    /// The account of somebody.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if none is known.
    #[boxed]
    pub async fn find_account(
        &self,
        permit: &Permit,
        app: &AppId,
        user: &UserId,
    ) -> Result<Account, Refusal> {
        permit
            .covers(Permission::ReadDirectory)
            .or_else(|_| permit.covers(Permission::ManageApps))?;
        let mut tx = self.database.read().await?;
        let found = accounts::load(&mut tx, (permit.org(), app), user).await?;
        found.ok_or(Refusal::NotFound)
    }

    /// Lets one account be looked at again now, or everybody.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if there is none such; [`Refusal::WrongState`] for a connection that is switched off; [`Refusal::OutOfReach`]
    /// for an app that may do more.
    #[boxed]
    pub async fn retry_provisioning(
        &self,
        permit: &Permit,
        app: &AppId,
        user: Option<&UserId>,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageApps)?;
        let (cell, by, id, user) = (self.clone(), permit.clone(), app.clone(), user.cloned());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let app = load_for_change(tx, &by, &id).await?;
                    let key = (by.org(), &id);
                    let connection = connections::load(tx, key).await?;
                    if !connection.ok_or(Refusal::NotFound)?.active {
                        return Err(Refusal::WrongState("switch the connection on first"));
                    }
                    let is_there = match &user {
                        Some(user) => accounts::mark(tx, key, user, cell.now()).await?,
                        None => connections::ask_walk(tx, key, WALK_START).await?,
                    };
                    if !is_there {
                        return Err(Refusal::NotFound);
                    }
                    let mut event =
                        cell.app_event(&by, EventType::ApplicationProvisionUserSync, &app);
                    if let Some(user) = &user {
                        let person = people::load(tx, key.0, user).await?;
                        let target = match &person {
                            Some(person) => as_target(person),
                            // Their account at the peer is left when they are gone here.
                            None => Target::user(user, "", ""),
                        };
                        event = event.target(target);
                    }
                    Ok(ledger::append(tx, key.0, event).await?)
                })
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::{ConnectionChange, decide_change};
    use crate::event_hook::envoy::PlainHttp;
    use crate::fault::Refusal;
    use crate::provisioning::{ConnectionConfig, Features, MatchBy};
    use vocab::secret::Secret;

    #[test]
    fn a_token_goes_only_where_it_was_given_for() {
        let present = ConnectionConfig {
            base_url: "https://scim.example/v2".into(),
            token: "sealed".into(),
            features: Features::default(),
            match_by: MatchBy::default(),
        };
        let same = Some("https://scim.example/v2/");
        let other = Some("https://other.example/v2");
        for (url, token, present, expected) in [
            (same, Some("t"), None, ""),
            (same, None, None, "profile.token"),
            (None, Some("t"), None, "baseUrl"),
            (None, None, Some(&present), ""),
            (same, None, Some(&present), ""),
            (other, None, Some(&present), "profile.token"),
            (other, Some("t"), Some(&present), ""),
            (Some("http://scim.example"), Some("t"), None, "baseUrl"),
            (
                Some("https://scim.example/?a=1"),
                Some("t"),
                None,
                "baseUrl",
            ),
            (Some("https://u:p@scim.example"), Some("t"), None, "baseUrl"),
            (same, Some(""), None, "profile.token"),
            (same, Some("a b"), None, "profile.token"),
            (same, Some("a\nb"), None, "profile.token"),
        ] {
            let change = ConnectionChange {
                base_url: url.map(str::to_owned),
                token: token.map(|token| Secret::new(token.to_owned())),
                activate: false,
            };
            let seen = match decide_change(&change, present, PlainHttp::Never) {
                Ok(_) => "",
                Err(Refusal::Invalid { field, .. }) => field,
                Err(other) => panic!("{other:?}"),
            };
            assert_eq!(seen, expected, "{url:?} {token:?}");
        }
    }
}
