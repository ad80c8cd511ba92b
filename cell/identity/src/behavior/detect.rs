//! Whether a sign-in is unusual: pure, over what is known of earlier ones.

use crate::behavior::{Behavior, BehaviorKind};
use crate::sign_on::AuthenticatorKind;
use crate::sign_on::means::UntakenMeans;
use vocab::id::BehaviorId;
use vocab::time::Timestamp;

/// What was found of a behaviour, in the words of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detection {
    /// It is as usual.
    Negative,
    /// There are too few earlier sign-ins to tell.
    Unknown,
    /// The request does not say enough to tell.
    BadRequest,
    /// It is unusual.
    Positive,
}

impl Detection {
    /// The word of the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Negative => "NEGATIVE",
            Self::Unknown => "UNKNOWN",
            Self::BadRequest => "BAD_REQUEST",
            Self::Positive => "POSITIVE",
        }
    }

    /// Whether a rule that names the behaviour applies: also where nothing can be told, for what is told of nobody is no
    /// reason to ask for less.
    #[must_use]
    pub const fn applies(self) -> bool {
        !matches!(self, Self::Negative)
    }
}

/// An earlier sign-in that went through, compared with the present request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastSignIn {
    /// Whether it came from the same address.
    pub same_address: bool,
    /// Whether it came from the same device.
    pub same_device: bool,
    /// Whether it led to the session that is asked about.
    pub same_session: bool,
    /// What was proved there from then on belongs to it.
    pub since: Timestamp,
    /// What was proved there.
    pub proved: Vec<AuthenticatorKind>,
}

impl PastSignIn {
    const fn is_like(&self, kind: BehaviorKind) -> bool {
        match kind {
            BehaviorKind::AnomalousDevice => self.same_device,
            BehaviorKind::AnomalousIp => self.same_address,
        }
    }
}

/// What rules about behaviours are told from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BehaviorFacts {
    /// The behaviours of the org.
    pub known: Vec<Behavior>,
    /// Sign-ins of the person that went through, the newest first.
    pub history: Vec<PastSignIn>,
    /// Whether the address of the request could be read.
    pub address_told: bool,
    /// From when on what was proved was proved where the request comes from, unless the history says so; left out, all of it
    /// was.
    pub proved_here_since: Option<Timestamp>,
}

impl BehaviorFacts {
    /// Takes out of earlier sign-ins what proves nothing any more: means that the org takes no more, and the word of a provider that is
    /// gone.
    pub(crate) fn take_out(&mut self, untaken: &UntakenMeans, enrolled: &[AuthenticatorKind]) {
        let provider = AuthenticatorKind::IdentityProvider;
        for past in &mut self.history {
            past.proved.retain(|kind| {
                untaken.counts(*kind) && (*kind != provider || enrolled.contains(kind))
            });
        }
    }

    /// What is found of a behaviour, by those of the sign-ins that count; nothing for one that rests. One that is not there cannot be told.
    #[must_use]
    pub fn detect(&self, id: &BehaviorId, counted: &[&PastSignIn]) -> Option<Detection> {
        let Some(behavior) = self.known.iter().find(|known| known.id == *id) else {
            return Some(Detection::Unknown);
        };
        behavior.active.then(|| self.decide(behavior, counted))
    }

    fn decide(&self, behavior: &Behavior, counted: &[&PastSignIn]) -> Detection {
        if behavior.kind == BehaviorKind::AnomalousIp && !self.address_told {
            return Detection::BadRequest;
        }
        let bound = |events: u32| usize::try_from(events).unwrap_or(usize::MAX);
        if counted.len() < bound(behavior.events_min) {
            return Detection::Unknown;
        }
        let mut newest = counted.iter().take(bound(behavior.events_max));
        match newest.any(|past| past.is_like(behavior.kind)) {
            true => Detection::Negative,
            false => Detection::Positive,
        }
    }

    /// From when on what was proved counts under a rule that applies because of this behaviour: what was proved at another
    /// address, or on another device, says nothing of who asks from here.
    #[must_use]
    pub fn counts_since(&self, id: &BehaviorId) -> Option<Timestamp> {
        let kind = self.known.iter().find(|known| known.id == *id);
        let kind = kind.map(|behavior| behavior.kind);
        let own = self.history.iter().filter(|past| past.same_session);
        let here = own
            .filter(|past| kind.is_some_and(|kind| past.is_like(kind)))
            .map(|past| past.since)
            .max();
        // Later than nothing: where all was proved here, so was what the history tells of.
        self.proved_here_since.map(|since| here.unwrap_or(since))
    }
}
