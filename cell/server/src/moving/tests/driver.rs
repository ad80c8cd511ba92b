//! Carries a move out as the control plane does, one question after the other, with the misfortune that a test wants.

use crate::moving::tests::world::{At, World};
use axum::http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};
use vocab::entropy::SystemEntropy;
use vocab::epoch::Epoch;
use vocab::id::MoveId;
use wire::org_move::{
    Accept, Acknowledge, AskGrant, AskOffer, AskParcel, AtEpoch, Fence, Fenced, Finished, Forget,
    Forgotten, Grant, Offer, Parcel, Place, Side, Take, Taken, Touch, Verb, Walk,
};

/// Most steps of one walk, for a walk that does not end.
const STEPS_MAX: usize = 1_000;

/// Of the earlier questions, so many come late after each step: one, and as many more as there are times this many.
const LATE_EACH: usize = 7;

/// What goes wrong after each question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misfortune {
    Nothing,
    /// It is asked once more.
    Repetition,
    /// Every earlier question comes once more.
    Lateness,
    /// Both cells are killed.
    Crash,
}

/// What each side refused with.
pub(crate) type Refused = (StatusCode, String);

/// A move on its way.
pub(crate) struct Drive {
    pub(crate) world: World,
    pub(crate) id: MoveId,
    pub(crate) misfortune: Misfortune,
    /// Where the org is served, and at which epoch.
    pub(crate) serving: At,
    pub(crate) epoch: Epoch,
    asked: Vec<(At, Verb, Json)>,
    steps: usize,
}

/// A parcel of changes takes them into another parcel: the one before it then acknowledges nothing.
fn makes_another(verb: Verb, body: &Json) -> bool {
    verb == Verb::Parcel && body["walk"] == "changes"
}

impl Drive {
    pub(crate) fn new(world: World, misfortune: Misfortune) -> Self {
        Self {
            world,
            id: MoveId::generate(&SystemEntropy),
            misfortune,
            serving: At::Source,
            epoch: Epoch::FIRST,
            asked: Vec::new(),
            steps: 0,
        }
    }

    pub(crate) async fn crash(self) -> Self {
        Self {
            world: self.world.crash().await,
            ..self
        }
    }

    pub(crate) const fn taking(&self) -> At {
        match self.serving {
            At::Source => At::Target,
            At::Target => At::Source,
        }
    }

    pub(crate) async fn ask<T: DeserializeOwned>(
        mut self,
        at: At,
        verb: Verb,
        body: impl Serialize,
    ) -> (Self, Result<T, Refused>) {
        let body = serde_json::to_value(body).unwrap();
        let answer = self.world.at(at).ask(&self.id, verb, &body).await;
        match self.misfortune {
            Misfortune::Nothing => {}
            Misfortune::Repetition if makes_another(verb, &body) => {}
            Misfortune::Repetition => {
                let again = self.world.at(at).ask(&self.id, verb, &body).await;
                assert_eq!(again.is_ok(), answer.is_ok(), "{verb:?} {again:?}");
            }
            Misfortune::Lateness => {
                self.steps += 1;
                let late = self.asked.iter().enumerate();
                let late = late.filter(|(index, _)| (index + self.steps).is_multiple_of(LATE_EACH));
                for (_, (at, verb, body)) in late {
                    let _ = self.world.at(*at).ask(&self.id, *verb, body).await;
                }
                if !makes_another(verb, &body) {
                    self.asked.push((at, verb, body));
                }
            }
            // The key of an offer goes with a crash: that is another test.
            Misfortune::Crash if !matches!(verb, Verb::Offer | Verb::Give) => {
                self.world = self.world.crash().await;
            }
            Misfortune::Crash => {}
        }
        let answer = answer.map(|json| serde_json::from_value(json).unwrap());
        (self, answer)
    }

    pub(crate) async fn must<T: DeserializeOwned>(
        self,
        at: At,
        verb: Verb,
        body: impl Serialize,
    ) -> (Self, T) {
        let (drive, answer) = self.ask(at, verb, body).await;
        let answer = answer.unwrap_or_else(|refused| panic!("{at:?} {verb:?}: {refused:?}"));
        (drive, answer)
    }

    pub(crate) async fn prepare(self) -> Self {
        let giver = self.world.at(self.serving).membership.name().clone();
        let taker = self.world.at(self.taking()).membership.name().clone();
        let (serving, taking, epoch) = (self.serving, self.taking(), self.epoch);
        let org = self.world.org.clone();
        let ask = AskOffer {
            org: org.clone(),
            slug: vocab::slug::Slug::parse("main").unwrap(),
            giver,
            epoch: epoch.next(),
        };
        let (drive, offer): (Self, Offer) = self.must(taking, Verb::Offer, ask).await;
        let ask = AskGrant {
            org,
            taker,
            epoch,
            offer,
        };
        let (drive, grant): (Self, Grant) = drive.must(serving, Verb::Give, ask).await;
        assert!(grant.rows > 30, "{}", grant.rows);
        let sealed = grant.sealed;
        let (drive, side): (Self, Side) = drive.must(taking, Verb::Accept, Accept { sealed }).await;
        assert!(side.accepted && !side.copied);
        drive
    }

    pub(crate) async fn parcel(self, walk: Walk) -> (Self, Parcel) {
        let (serving, leg) = (self.serving, self.epoch);
        self.must(serving, Verb::Parcel, AskParcel { leg, walk })
            .await
    }

    pub(crate) async fn take(self, parcel: &Parcel) -> (Self, Taken) {
        let (taking, leg) = (self.taking(), self.epoch);
        let take = Take {
            leg,
            seq: parcel.seq,
            sealed: parcel.sealed.clone(),
        };
        let (drive, taken) = self.ask(taking, Verb::Take, take).await;
        match taken {
            Ok(taken) => (drive, taken),
            Err(refused) => panic!("take {}: {refused:?}", parcel.seq),
        }
    }

    /// One parcel of all rows; false at the end of them.
    pub(crate) async fn copy_some(self) -> (Self, bool) {
        let (taking, org) = (self.taking(), self.world.org.clone());
        let (drive, side): (Self, Side) = self.must(taking, Verb::Status, Forget { org }).await;
        if side.copied {
            return (drive, false);
        }
        let (drive, parcel) = drive.parcel(Walk::Rows(side.place)).await;
        let (drive, _) = drive.take(&parcel).await;
        (drive, true)
    }

    pub(crate) async fn copy(self) -> Self {
        let mut drive = self;
        for _ in 0..STEPS_MAX {
            let (next, more) = drive.copy_some().await;
            drive = next;
            if !more {
                return drive;
            }
        }
        panic!("the copying does not end");
    }

    /// Ships what changed; what is left in the end.
    pub(crate) async fn catch_up(self) -> (Self, i64) {
        let mut drive = self;
        for _ in 0..STEPS_MAX {
            let (next, parcel) = drive.parcel(Walk::Changes).await;
            if parcel.items == 0 {
                return (next, parcel.pending);
            }
            let (next, _) = next.take(&parcel).await;
            let (serving, leg) = (next.serving, next.epoch);
            let seq = parcel.seq;
            let acknowledge = Acknowledge { leg, seq };
            let (next, _): (Self, Side) = next.must(serving, Verb::Acknowledge, acknowledge).await;
            drive = next;
        }
        panic!("the changes do not end");
    }

    /// Compares all ranges; how many differed. They are sent again.
    pub(crate) async fn compare(self) -> (Self, i64) {
        let (mut drive, mut place, mut differences): (Self, Option<Place>, i64) = (self, None, 0);
        for _ in 0..STEPS_MAX {
            let (next, parcel) = drive.parcel(Walk::Ranges(place)).await;
            let (next, taken) = next.take(&parcel).await;
            drive = next;
            differences += taken.differences;
            if let Some(differing) = taken.differing {
                let (serving, leg) = (drive.serving, drive.epoch);
                let touch = Touch { leg, differing };
                let (next, _): (Self, Side) = drive.must(serving, Verb::Touch, touch).await;
                drive = next;
            }
            place = parcel.next;
            if place.is_none() {
                return (drive, differences);
            }
        }
        panic!("the ranges do not end");
    }

    /// Compares what changed; how much of it differs.
    pub(crate) async fn check(self) -> (Self, i64) {
        let (mut drive, mut place, mut differences): (Self, Option<Place>, i64) = (self, None, 0);
        for _ in 0..STEPS_MAX {
            let (next, parcel) = drive.parcel(Walk::Checks(place)).await;
            assert!(parcel.items > 0, "the key at least");
            let (next, taken) = next.take(&parcel).await;
            drive = next;
            differences += taken.differences;
            place = parcel.next;
            if place.is_none() {
                return (drive, differences);
            }
        }
        panic!("the checks do not end");
    }

    pub(crate) async fn fence(self, attempt: i64) -> Self {
        let (serving, epoch) = (self.serving, self.epoch);
        let fence = Fence {
            epoch,
            attempt,
            force: false,
        };
        let (drive, fenced): (Self, Fenced) = self.must(serving, Verb::Fence, fence).await;
        assert!(fenced.closed && fenced.under_way == 0);
        drive
    }

    /// The other cell serves from here on.
    pub(crate) async fn switch(self) -> Self {
        let (old, new, epoch) = (self.serving, self.taking(), self.epoch.next());
        let (drive, side): (Self, Side) = self.must(new, Verb::Activate, AtEpoch { epoch }).await;
        assert_eq!(side.leg, epoch);
        let (drive, side): (Self, Side) = drive.must(old, Verb::Retire, AtEpoch { epoch }).await;
        assert_eq!(side.leg, epoch);
        Self {
            serving: new,
            epoch,
            ..drive
        }
    }

    /// Removes all rows at the cell that does not serve.
    pub(crate) async fn forget(self) -> Self {
        let (taking, org) = (self.taking(), self.world.org.clone());
        let mut drive = self;
        for _ in 0..STEPS_MAX {
            let ask = Forget { org: org.clone() };
            let (next, forgotten): (Self, Forgotten) = drive.must(taking, Verb::Forget, ask).await;
            drive = next;
            if forgotten.empty {
                return drive;
            }
        }
        panic!("the forgetting does not end");
    }

    pub(crate) async fn finish(self, at: At) -> Self {
        let org = self.world.org.clone();
        let (drive, _): (Self, Finished) = self.must(at, Verb::Finish, Forget { org }).await;
        drive
    }

    pub(crate) async fn refused(self, at: At, verb: Verb, body: Json) -> (Self, Refused) {
        let (drive, answer) = self.ask::<Json>(at, verb, body).await;
        (drive, answer.expect_err("it should have been refused"))
    }

    /// A body about the org alone.
    pub(crate) fn about_org(&self) -> Json {
        json!({ "org": self.world.org })
    }
}
