//! A question about a move as it goes over the wire, and its answer.

use crate::org_move::record::MoveRecord;
use crate::org_move::view::{Answer, Question};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use vocab::epoch::Epoch;
use wire::client::{CallError, FleetClient};
use wire::org_move::view::Phase;
use wire::org_move::{
    Accept, Acknowledge, AskGrant, AskOffer, AskParcel, AtEpoch, Fence, Forget, Take, Touch,
    Unfence, Verb, path,
};

/// How long a cell may take for most questions.
const ANSWER_SECS_MAX: u64 = 20;
/// How long a cell may take for anything while nobody serves: whoever hangs then is not waited for longer than a move may
/// stop an org.
const FENCE_SECS_MAX: u64 = 3;

/// Asks one of the two cells.
///
/// # Errors
/// [`CallError`].
pub(crate) async fn ask(
    cell: &FleetClient,
    record: &MoveRecord,
    question: &Question,
) -> Result<Answer, CallError> {
    let (leg, attempt) = (record.leg, record.attempt);
    let call = Call { cell, record };
    match question {
        Question::Offer => {
            let body = AskOffer {
                org: record.org.clone(),
                slug: record.slug.clone(),
                giver: record.giver.clone(),
                epoch: leg.next(),
            };
            call.put(Verb::Offer, &body).await.map(Answer::Offer)
        }
        Question::Give(offer) => {
            let body = AskGrant {
                org: record.org.clone(),
                taker: record.taker.clone(),
                epoch: leg,
                offer: offer.clone(),
            };
            call.put(Verb::Give, &body).await.map(Answer::Grant)
        }
        Question::Accept(grant) => {
            let sealed = grant.sealed.clone();
            let body = Accept { sealed };
            call.put(Verb::Accept, &body).await.map(Answer::Side)
        }
        Question::Status => call.about(Verb::Status).await.map(Answer::Side),
        Question::Parcel(walk) => {
            let walk = walk.clone();
            let body = AskParcel { leg, walk };
            call.put(Verb::Parcel, &body).await.map(Answer::Parcel)
        }
        Question::Take(parcel) => {
            let body = Take {
                leg,
                seq: parcel.seq,
                sealed: parcel.sealed.clone(),
            };
            call.put(Verb::Take, &body).await.map(Answer::Taken)
        }
        Question::Acknowledge(seq) => {
            let body = Acknowledge { leg, seq: *seq };
            call.put(Verb::Acknowledge, &body).await.map(Answer::Side)
        }
        Question::Touch(differing) => {
            let differing = differing.clone();
            let body = Touch { leg, differing };
            call.put(Verb::Touch, &body).await.map(Answer::Side)
        }
        Question::Hush => call.at(Verb::Hush, leg).await.map(Answer::Hushed),
        Question::Fence(force) => {
            let (epoch, force) = (leg, *force);
            let body = Fence {
                epoch,
                attempt,
                force,
            };
            call.put(Verb::Fence, &body).await.map(Answer::Fenced)
        }
        Question::Unfence => {
            let epoch = leg;
            let body = Unfence { epoch, attempt };
            call.put(Verb::Unfence, &body).await.map(Answer::Side)
        }
        Question::StepDown => {
            // There is an epoch before this one: the lost cell's.
            let lost = Epoch::try_from(leg.number() - 1).unwrap_or(leg);
            call.at(Verb::Retire, lost).await.map(Answer::Side)
        }
        Question::Activate => call.at(Verb::Activate, leg).await.map(Answer::Side),
        Question::Retire => call.at(Verb::Retire, leg).await.map(Answer::Side),
        Question::Forget => call.about(Verb::Forget).await.map(Answer::Forgotten),
        Question::FinishTaker | Question::FinishGiver => {
            call.about(Verb::Finish).await.map(Answer::Finished)
        }
    }
}

struct Call<'c> {
    cell: &'c FleetClient,
    record: &'c MoveRecord,
}

impl Call<'_> {
    async fn put<T: DeserializeOwned>(
        &self,
        verb: Verb,
        body: &impl Serialize,
    ) -> Result<T, CallError> {
        let secs = match self.record.phase {
            Phase::Fencing | Phase::Fenced | Phase::Loosening | Phase::Activating => FENCE_SECS_MAX,
            _ => ANSWER_SECS_MAX,
        };
        let time = Duration::from_secs(secs);
        self.cell
            .post(&path(&self.record.id, verb), body, time)
            .await
    }

    async fn about<T: DeserializeOwned>(&self, verb: Verb) -> Result<T, CallError> {
        let org = self.record.org.clone();
        self.put(verb, &Forget { org }).await
    }

    async fn at<T: DeserializeOwned>(&self, verb: Verb, epoch: Epoch) -> Result<T, CallError> {
        self.put(verb, &AtEpoch { epoch }).await
    }
}
