//! Making, changing, switching and removing streams.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::event_hook::FormerSecret;
use crate::event_hook::envoy::Envoy;
use crate::event_hook::sealing::GivenAuth;
use crate::fault::Refusal;
use crate::log_stream::settings::{Decided, ReceiverChange, StreamChange, Ways, decide_stream};
use crate::log_stream::store;
use crate::log_stream::{
    LogStream, Receiver, STREAMS_MAX, Standing, StreamConfig, Syslog, Webhook, place_of,
};
use database::{ReadTx, WriteTx};
use ledger::{Event, EventType, Outcome, Target};
use vocab::future::boxed;
use vocab::id::LogStreamId;
use vocab::secret::Secret;
use vocab::time::Timestamp;

/// A stream that was made, and the secret that signs what a webhook is sent, which is shown this once.
pub struct CreatedStream {
    /// The stream.
    pub stream: LogStream,
    /// The text of the secret.
    pub secret: Option<Secret<String>>,
}

/// What is done to a stream that is there.
enum Act {
    Replace,
    Switch,
    Secret,
}

impl Cell {
    /// The streams of the org, the oldest first.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn list_log_streams(&self, permit: &Permit) -> Result<Vec<LogStream>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        Ok(store::load_all(&mut tx, permit.org()).await?)
    }

    /// A stream.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for one that this org does not have.
    #[boxed]
    pub async fn find_log_stream(
        &self,
        permit: &Permit,
        id: &LogStreamId,
    ) -> Result<LogStream, Refusal> {
        permit
            .covers(Permission::ReadDirectory)
            .or_else(|_| permit.covers(Permission::ManageOrg))?;
        let mut tx = self.database.read().await?;
        let found = store::load(&mut tx, permit.org(), id).await?;
        found.ok_or(Refusal::NotFound)
    }

    /// Makes a stream. It is switched on, and the first that it is told is that it was made.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was made.
    #[boxed]
    pub async fn create_log_stream(
        &self,
        permit: &Permit,
        change: StreamChange,
        envoy: &dyn Envoy,
    ) -> Result<CreatedStream, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let decided = decide(&change, None, envoy)?;
        let (id, now) = (LogStreamId::generate(self.entropy()), self.now());
        let org = permit.org();
        let (receiver, secret) = match decided {
            Decided::Syslog(host, port, authority) => {
                let syslog = Syslog {
                    host,
                    port,
                    authority,
                };
                (Receiver::Syslog(syslog), None)
            }
            Decided::Webhook(fate) => {
                let place = place_of(&id);
                let (secret, sealed) = self.draw_signing_secret(org, &place).await?;
                let given = auth_of(&change.receiver);
                let webhook = Webhook {
                    uri: uri_of(&change),
                    auth: self.seal_auth(org, &place, given, fate).await?,
                    secret: sealed,
                    former: None,
                };
                (Receiver::Webhook(webhook), Some(secret))
            }
        };
        let stream = LogStream {
            org_id: org.clone(),
            id,
            name: change.name,
            config: StreamConfig {
                receiver,
                base_url: change.base_url,
            },
            filter: change.filter,
            active: true,
            revision: 1,
            created_at: now,
            updated_at: now,
            standing: Standing::default(),
        };
        let event = stream_event(permit, EventType::SystemLogStreamCreated, &stream, now);
        let stream = self
            .database
            .write(move |tx| Box::pin(async move { store_new(tx, stream, event).await }))
            .await?;
        Ok(CreatedStream { stream, secret })
    }

    /// Replaces a stream, which goes on from where it stands.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was changed.
    #[boxed]
    pub async fn replace_log_stream(
        &self,
        permit: &Permit,
        present: LogStream,
        change: StreamChange,
        envoy: &dyn Envoy,
    ) -> Result<LogStream, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let decided = decide(&change, Some(&present.config.receiver), envoy)?;
        let (org, place) = (permit.org(), place_of(&present.id));
        let receiver = match (decided, &present.config.receiver) {
            (Decided::Webhook(fate), Receiver::Webhook(webhook)) => Receiver::Webhook(Webhook {
                uri: uri_of(&change),
                auth: self
                    .seal_auth(org, &place, auth_of(&change.receiver), fate)
                    .await?,
                ..webhook.clone()
            }),
            (Decided::Syslog(host, port, authority), _) => Receiver::Syslog(Syslog {
                host,
                port,
                authority,
            }),
            (Decided::Webhook(_), Receiver::Syslog(_)) => return Err(Refusal::Changed),
        };
        let stream = LogStream {
            name: change.name,
            config: StreamConfig {
                receiver,
                base_url: change.base_url,
            },
            filter: change.filter,
            ..present
        };
        self.store_log_stream(permit, stream, Act::Replace).await
    }

    /// Switches a stream on or off. Switched on again, it goes on from where it stood: whoever switches it off for a while
    /// hides nothing from its receiver.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was changed.
    #[boxed]
    pub async fn switch_log_stream(
        &self,
        permit: &Permit,
        present: LogStream,
        active: bool,
    ) -> Result<LogStream, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        if present.active == active {
            return Ok(present);
        }
        let stream = LogStream { active, ..present };
        self.store_log_stream(permit, stream, Act::Switch).await
    }

    /// Removes a stream that is switched off.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for one that is switched on.
    #[boxed]
    pub async fn delete_log_stream(
        &self,
        permit: &Permit,
        stream: LogStream,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        own(permit, &stream)?;
        let kind = EventType::SystemLogStreamDeleted;
        let event = stream_event(permit, kind, &stream, self.now());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    if !store::delete(tx, &stream.org_id, &stream.id).await? {
                        return Err(Refusal::WrongState("switch the stream off first"));
                    }
                    Ok(ledger::append(tx, &stream.org_id, event).await?)
                })
            })
            .await
    }

    /// Makes a new secret for a webhook, which is shown this once. The one before signs beside it for a day.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for syslog, which is not signed.
    #[boxed]
    pub async fn renew_stream_secret(
        &self,
        permit: &Permit,
        present: LogStream,
    ) -> Result<Secret<String>, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        own(permit, &present)?;
        let Receiver::Webhook(webhook) = &present.config.receiver else {
            return Err(Refusal::WrongState("messages of syslog are not signed"));
        };
        let place = place_of(&present.id);
        let drawn = self.draw_signing_secret(permit.org(), &place);
        let (secret, sealed) = drawn.await?;
        let former = FormerSecret::replaced(webhook.secret.clone(), self.now());
        let webhook = Webhook {
            secret: sealed,
            former: Some(former),
            ..webhook.clone()
        };
        let stream = LogStream {
            config: StreamConfig {
                receiver: Receiver::Webhook(webhook),
                base_url: present.config.base_url.clone(),
            },
            ..present
        };
        self.store_log_stream(permit, stream, Act::Secret).await?;
        Ok(secret)
    }

    /// Stores a stream that was changed, if it is still as it was read.
    async fn store_log_stream(
        &self,
        permit: &Permit,
        mut stream: LogStream,
        act: Act,
    ) -> Result<LogStream, Refusal> {
        own(permit, &stream)?;
        let now = self.now();
        stream.updated_at = now;
        let kind = match act {
            Act::Replace | Act::Secret => EventType::SystemLogStreamUpdated,
            Act::Switch if stream.active => EventType::SystemLogStreamActivated,
            Act::Switch => EventType::SystemLogStreamDeactivated,
        };
        let mut event = stream_event(permit, kind, &stream, now);
        if matches!(act, Act::Secret) {
            event = event.detail("secret", "renewed");
        }
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    crate::org::store::lock(tx, &stream.org_id).await?;
                    free_name(tx, &stream).await?;
                    if !store::update(tx, &stream).await? {
                        return Err(Refusal::Changed);
                    }
                    ledger::append(tx, &stream.org_id, event).await?;
                    stream.revision += 1;
                    Ok(stream)
                })
            })
            .await
    }
}

fn decide(
    change: &StreamChange,
    present: Option<&Receiver>,
    envoy: &dyn Envoy,
) -> Result<Decided, Refusal> {
    let ways = Ways {
        plain: envoy.plain_http(),
        reads_authority: &|pem| envoy.reads_authority(pem),
    };
    decide_stream(change, present, ways)
}

const fn auth_of(receiver: &ReceiverChange) -> &GivenAuth {
    match receiver {
        ReceiverChange::Webhook { auth, .. } => auth,
        ReceiverChange::Syslog { .. } => &None,
    }
}

fn uri_of(change: &StreamChange) -> String {
    match &change.receiver {
        ReceiverChange::Webhook { uri, .. } => uri.clone(),
        ReceiverChange::Syslog { .. } => String::new(),
    }
}

/// Of two who add at once, the second counts the first one's stream.
async fn store_new(
    tx: &mut WriteTx,
    mut stream: LogStream,
    event: Event,
) -> Result<LogStream, Refusal> {
    let org = &stream.org_id;
    crate::org::store::lock(tx, org).await?;
    if store::load_names(tx, org).await?.len() >= STREAMS_MAX {
        return Err(Refusal::TooMany {
            what: "log streams",
            max: STREAMS_MAX,
        });
    }
    free_name(tx, &stream).await?;
    let head = ledger::load_head(tx, org).await?;
    stream.standing.followed = head.map_or(0, |head| head.seq);
    stream.standing.newest = stream.standing.followed;
    store::insert(tx, &stream).await?;
    ledger::append(tx, &stream.org_id, event).await?;
    Ok(stream)
}

async fn free_name(tx: &mut ReadTx, stream: &LogStream) -> Result<(), Refusal> {
    let names = store::load_names(tx, &stream.org_id).await?;
    let mut others = names.iter().filter(|(id, _)| *id != stream.id);
    match others.any(|(_, name)| *name == stream.name) {
        true => Err(Refusal::Taken { field: "name" }),
        false => Ok(()),
    }
}

pub(crate) fn own(permit: &Permit, stream: &LogStream) -> Result<(), Refusal> {
    if stream.org_id == *permit.org() {
        Ok(())
    } else {
        Err(Refusal::NotFound)
    }
}

pub(crate) fn stream_event(
    permit: &Permit,
    kind: EventType,
    stream: &LogStream,
    now: Timestamp,
) -> Event {
    Event::new(kind, Outcome::Success, now)
        .actor(permit.actor().clone())
        .client(permit.client())
        .target(stream_target(stream))
}

/// A stream as log rows name it.
pub(crate) fn stream_target(stream: &LogStream) -> Target {
    Target::other("LogStream", stream.id.as_str(), &stream.name)
}
