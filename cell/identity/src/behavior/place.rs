//! Where a request comes from, as the history of a person knows it: marks of address and device, never these themselves.

use crate::behavior::Behavior;
use crate::behavior::detect::{BehaviorFacts, PastSignIn};
use crate::behavior::store;
use crate::cell::Cell;
use crate::fault::Fault;
use crate::org::context::RequestFacts;
use crate::person::Person;
use crate::sign_in::device::{KnownDevice, decide_familiarity};
use crate::sign_in::{FLOW_SECS, Flow};
use crate::sign_on::{AuthenticatorKind, ProvedAuthenticator, SignOnPolicy};
use crate::slowdown::{Familiarity, network_of};
use crate::snapshot::OrgSnapshot;
use std::net::IpAddr;
use vocab::id::SessionId;
use vocab::secret::SecretHash;
use vocab::time::Timestamp;

/// Where a request comes from; each mark is empty where nothing is known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The mark of the address.
    pub address: String,
    /// The mark of the device.
    pub device: String,
}

/// A place where the person got in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPlace {
    /// The session that it led to.
    pub session: SessionId,
    /// The place.
    pub place: Place,
    /// What was proved there.
    pub proved: Vec<AuthenticatorKind>,
    /// From then on.
    pub since: Timestamp,
}

/// On whose behalf the policies are asked, as far as it matters where something was proved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Origin {
    /// Nobody's: what would be is asked. Whether the device would be one that the person got in by.
    #[default]
    Imagined,
    /// The same, by a device that the person got in by.
    ImaginedUsual,
    /// A request with that session: what it proved was proved where the session is known.
    Session(SessionId),
    /// A sign-in that is under way, perhaps to strengthen a session.
    SignIn {
        /// The session that is strengthened.
        session: Option<SessionId>,
        /// When it began: what is proved in it is proved here.
        began: Timestamp,
        /// For whom its browser is known.
        devices: Vec<KnownDevice>,
    },
}

impl Origin {
    /// That of a sign-in.
    #[must_use]
    pub fn of_sign_in(flow: &Flow) -> Self {
        Self::SignIn {
            session: flow.state.session.clone(),
            began: proof_begins(flow),
            devices: flow.state.devices.clone(),
        }
    }

    const fn session(&self) -> Option<&SessionId> {
        match self {
            Self::Imagined | Self::ImaginedUsual => None,
            Self::Session(session) => Some(session),
            Self::SignIn { session, .. } => session.as_ref(),
        }
    }

    /// From when on what was proved was proved here, unless the history knows better.
    const fn proved_here_since(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Imagined | Self::ImaginedUsual => None,
            Self::Session(_) => Some(now),
            Self::SignIn { session, began, .. } => match session {
                Some(_) => Some(*began),
                None => None,
            },
        }
    }
}

/// What a session proved was proved before whatever is asked with it now, though a clock be set back meanwhile: it never passes for
/// proof that was given here just now.
pub(crate) fn proved_before(
    mut proved: Vec<ProvedAuthenticator>,
    now: Timestamp,
) -> Vec<ProvedAuthenticator> {
    let before = Timestamp::from_micros(now.micros().saturating_sub(1));
    for proof in &mut proved {
        proof.at = proof.at.min(before);
    }
    proved
}

/// From when on proof was given in the sign-in itself. What a session had proved, which it may bring along, is from before.
pub(crate) fn proof_begins(flow: &Flow) -> Timestamp {
    let began = flow.expires_at.plus_secs(-FLOW_SECS);
    match flow.state.session {
        Some(_) => Timestamp::from_micros(began.micros().saturating_add(1)),
        None => began,
    }
}

/// A mark of what a person came with. It means nothing beside another person, so that nobody reads out of the table who shares an
/// address with whom; an address can be guessed, which its mark does not prevent.
fn mark(person: &Person, kind: &str, value: &str) -> String {
    let text = format!("{}\n{}\n{kind}\n{value}", person.org_id, person.id);
    SecretHash::of(&text).to_hex()
}

/// The mark of an address; empty for one that cannot be read. Of IPv6 the network counts, within which devices take new addresses by
/// themselves.
pub(crate) fn mark_address(person: &Person, address: &str) -> String {
    match address.parse::<IpAddr>() {
        Ok(address) => mark(person, "address", &network_of(address).to_string()),
        Err(_) => String::new(),
    }
}

/// The mark of the device that one of these is for the person; empty for a strange one.
pub(crate) fn mark_device(person: &Person, devices: &[KnownDevice], now: Timestamp) -> String {
    match decide_familiarity(devices, Some(person), now) {
        Familiarity::Known(id) => mark(person, "device", id),
        Familiarity::Strange => String::new(),
    }
}

/// Whether a policy of the chain names a behaviour that counts, or one that is not there: else nothing of all this is looked at.
fn names_any(chain: &[&SignOnPolicy], known: &[Behavior]) -> bool {
    let rules = chain.iter().flat_map(|policy| &policy.rules);
    let mut named = rules.flat_map(|rule| &rule.conditions.behaviors);
    named.any(|id| {
        let found = known.iter().find(|known| known.id == *id);
        found.is_none_or(|behavior| behavior.active)
    })
}

/// Compares each place of the history with the present one.
fn compare(
    places: Vec<StoredPlace>,
    present: &Place,
    session: Option<&SessionId>,
    is_imagined_usual: bool,
) -> Vec<PastSignIn> {
    let one = |stored: StoredPlace| {
        let is_same = |a: &str, b: &str| !a.is_empty() && a == b;
        let is_own = session == Some(&stored.session);
        // Where no address is told, what a session proved without one counts for it: else it could prove nothing at all.
        let is_untold = stored.place.address.is_empty() && present.address.is_empty();
        PastSignIn {
            same_address: is_same(&stored.place.address, &present.address) || (is_own && is_untold),
            same_device: is_imagined_usual || is_same(&stored.place.device, &present.device),
            same_session: is_own,
            since: stored.since,
            proved: stored.proved,
        }
    };
    places.into_iter().map(one).collect()
}

/// The place that a sign-in which is through makes usual, with when the session first got in there, if it did before. What was proved
/// elsewhere before is no part of it.
pub(crate) fn plan_place(
    known_since: Option<Timestamp>,
    place: Place,
    (session, began): (&SessionId, Timestamp),
    proved: &[ProvedAuthenticator],
) -> StoredPlace {
    let since = known_since.map_or(began, |since| since.min(began));
    let here = proved.iter().filter(|proof| proof.at >= since);
    let mut kinds: Vec<AuthenticatorKind> = here.map(|proof| proof.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    StoredPlace {
        session: session.clone(),
        place,
        proved: kinds,
        since,
    }
}

impl Cell {
    /// What rules about behaviours are told from. Nothing of it is looked at where no policy asks.
    pub(crate) async fn behavior_facts(
        &self,
        (snapshot, chain): (&OrgSnapshot, &[&SignOnPolicy]),
        person: &Person,
        origin: &Origin,
        request: &RequestFacts,
    ) -> Result<BehaviorFacts, Fault> {
        if !names_any(chain, &snapshot.behaviors) {
            return Ok(BehaviorFacts {
                known: snapshot.behaviors.clone(),
                ..BehaviorFacts::default()
            });
        }
        let devices = self.devices_of(person, origin, request).await;
        let places = {
            let mut tx = self.database.read().await?;
            let whose = (&person.org_id, &person.id);
            store::load_places(&mut tx, whose, person.epoch).await?
        };
        let present = Place {
            address: mark_address(person, &request.client.ip),
            device: mark_device(person, &devices, request.now),
        };
        let usual = *origin == Origin::ImaginedUsual;
        Ok(BehaviorFacts {
            known: snapshot.behaviors.clone(),
            address_told: !present.address.is_empty(),
            history: compare(places, &present, origin.session(), usual),
            proved_here_since: origin.proved_here_since(request.now),
        })
    }

    /// From when on what a session proved was proved where it is shown now, by whichever behaviour that is told last, if any policy of the
    /// org asks: what somebody adds to their account opens every door, so that no door's rule may be passed by adding it elsewhere.
    pub(crate) async fn proved_here_since(
        &self,
        snapshot: &OrgSnapshot,
        person: &Person,
        origin: &Origin,
        request: &RequestFacts,
    ) -> Result<Option<Timestamp>, Fault> {
        if !snapshot.watches() {
            return Ok(None);
        }
        let mut all: Vec<&SignOnPolicy> = vec![&snapshot.org_policy, &snapshot.console_policy];
        all.extend(snapshot.app_policies.values().map(|policy| &**policy));
        let facts = self
            .behavior_facts((snapshot, &all), person, origin, request)
            .await?;
        let active = facts.known.iter().filter(|behavior| behavior.active);
        let since = active.filter_map(|behavior| facts.counts_since(&behavior.id));
        Ok(since.max())
    }

    /// The devices that a request shows: those of the sign-in, or those of the browser's cookie.
    async fn devices_of(
        &self,
        person: &Person,
        origin: &Origin,
        request: &RequestFacts,
    ) -> Vec<KnownDevice> {
        match origin {
            Origin::Imagined | Origin::ImaginedUsual => Vec::new(),
            Origin::Session(_) => {
                self.open_devices(&person.org_id, &request.device_cookie)
                    .await
            }
            Origin::SignIn { devices, .. } => devices.clone(),
        }
    }
}
