//! The end of a sign-in: a session begins, or the one that was strengthened gets a new secret.

use crate::access::Permit;
use crate::behavior::detect::Detection;
use crate::behavior::place::{Place, mark_address, mark_device, plan_place, proof_begins};
use crate::behavior::{Behavior, store as behaviors};
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::org::context::RequestFacts;
use crate::person::Person;
use crate::person::operations::as_target;
use crate::session::{Session, plan_ends, store as sessions};
use crate::sign_in::begin::may_sign_in;
use crate::sign_in::{Flow, Step, store};
use crate::sign_on::ProvedAuthenticator;
use crate::snapshot::OrgSnapshot;
use database::WriteTx;
use ledger::{Actor, Event, EventType, Outcome};
use vocab::future::boxed;
use vocab::id::{BehaviorId, SessionId};
use vocab::secret::{Secret, SecretHash, random_token};
use vocab::time::Timestamp;

/// Longest name of a browser that is kept.
const USER_AGENT_CHARS_MAX: usize = 300;

/// A session that has just begun.
pub struct Begun {
    /// The id of the session, which opens nothing.
    pub session_id: SessionId,
    /// What the browser's cookie carries; stored nowhere.
    pub secret: Secret<String>,
    /// The cookie by which the browser is known from now on.
    pub device_cookie: Secret<String>,
    /// Where the person goes on to.
    pub continue_to: String,
    /// When the session ends in any case.
    pub expires_at: Timestamp,
}

/// What a sign-in that is through makes usual of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Learns {
    /// Where it was finished, for all of it was proved there.
    Place,
    /// Nothing.
    Nothing,
}

impl Cell {
    /// Ends a sign-in that needs nothing more.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] if something is still needed; [`Refusal::Changed`] if another answer came first.
    #[boxed]
    pub async fn finish_sign_in(
        &self,
        snapshot: &OrgSnapshot,
        flow: &Flow,
        request: &RequestFacts,
    ) -> Result<Begun, Refusal> {
        self.end_sign_in(snapshot, flow, request, (None, Learns::Place))
            .await
    }

    /// The same where it is known already that nothing more is needed, with the newest proof, which is not stored yet, and the row
    /// of the log about it.
    pub(super) async fn end_proved(
        &self,
        snapshot: &OrgSnapshot,
        flow: &Flow,
        request: &RequestFacts,
        proof: Event,
    ) -> Result<Begun, Refusal> {
        let how = (None, Learns::Place);
        self.conclude(snapshot, flow, request, how, vec![proof])
            .await
    }

    /// The same in a browser that was handed the token of a sign-in whose proof was given elsewhere: it says nothing of where the person is.
    ///
    /// # Errors
    /// [`Refusal`] as [`Cell::finish_sign_in`].
    #[boxed]
    pub async fn pass_on_sign_in(
        &self,
        snapshot: &OrgSnapshot,
        flow: &Flow,
        request: &RequestFacts,
    ) -> Result<Begun, Refusal> {
        self.end_sign_in(snapshot, flow, request, (None, Learns::Nothing))
            .await
    }

    /// The same by a program that holds the sign-in's token; the log names it, since the address is the program's and not the person's.
    ///
    /// # Errors
    /// [`Refusal`] as [`Cell::finish_sign_in`].
    #[boxed]
    pub async fn redeem_sign_in(
        &self,
        snapshot: &OrgSnapshot,
        flow: &Flow,
        request: &RequestFacts,
        permit: &Permit,
    ) -> Result<Begun, Refusal> {
        // Where a program is says nothing of where its person is.
        let how = (Some(permit.actor()), Learns::Nothing);
        self.end_sign_in(snapshot, flow, request, how).await
    }

    async fn end_sign_in(
        &self,
        snapshot: &OrgSnapshot,
        flow: &Flow,
        request: &RequestFacts,
        (redeemed_by, learns): (Option<&Actor>, Learns),
    ) -> Result<Begun, Refusal> {
        if self.next_step(snapshot, flow, request).await? != Step::Done {
            return Err(Refusal::Forbidden);
        }
        self.conclude(snapshot, flow, request, (redeemed_by, learns), Vec::new())
            .await
    }

    /// Makes the session of a sign-in that needs nothing more. Rows about what was proved last come before the one about it.
    async fn conclude(
        &self,
        snapshot: &OrgSnapshot,
        flow: &Flow,
        request: &RequestFacts,
        (redeemed_by, learns): (Option<&Actor>, Learns),
        mut events: Vec<Event>,
    ) -> Result<Begun, Refusal> {
        let person = self.person_of(flow).await?.ok_or(Refusal::Forbidden)?;
        let former = match &flow.state.session {
            Some(id) => self
                .session_by_id(&flow.org_id, id)
                .await?
                .map(|signed_in| signed_in.session),
            None => None,
        };
        let session = plan_session(self, snapshot, flow, &person, request, former.as_ref());
        let devices = self.devices_after(&flow.state.devices, &person);
        let secret = random_token(self.entropy(), "");
        let begun = Begun {
            session_id: session.id.clone(),
            secret: secret.clone(),
            device_cookie: self.seal_devices(&flow.org_id, &devices).await?,
            continue_to: flow.state.continue_to.clone(),
            expires_at: session.expires_at,
        };
        let strengthened = former.is_some();
        let event = self.session_event(&person, &session, strengthened, request);
        let event = match redeemed_by {
            Some(actor) => event.detail("redeemedBy", actor.id()),
            None => event,
        };
        let watches = snapshot.watches();
        let event = match watches {
            true => {
                let evaluation = self.evaluate_flow(snapshot, flow, &person, request);
                tell_behaviors(event, &snapshot.behaviors, &evaluation.await?.behaviors)
            }
            false => event,
        };
        let place = (watches && learns == Learns::Place).then(|| Place {
            address: mark_address(&person, &request.client.ip),
            device: mark_device(&person, &devices, request.now),
        });
        events.push(event);
        let finished = Finished {
            session,
            strengthened,
            events,
            place,
        };
        self.write_session(flow, finished, &secret).await?;
        Ok(begun)
    }

    fn session_event(
        &self,
        person: &Person,
        session: &Session,
        strengthened: bool,
        request: &RequestFacts,
    ) -> Event {
        let kind = if strengthened {
            EventType::UserAuthenticationVerify
        } else {
            EventType::UserSessionStart
        };
        Event::new(kind, Outcome::Success, self.now())
            .actor(Actor::user(
                &person.id,
                &person.login,
                &person.display_name(),
            ))
            .client(&request.client)
            .target(as_target(person))
            .session(&session.id)
            .detail("authenticators", describe(&session.authenticators))
    }

    async fn write_session(
        &self,
        flow: &Flow,
        finished: Finished,
        secret: &Secret<String>,
    ) -> Result<(), Refusal> {
        let now = self.now();
        let Finished {
            session,
            strengthened,
            events,
            place,
        } = finished;
        let (hash, flow) = (SecretHash::of(secret.expose()), flow.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    if !store::delete(tx, &flow.org_id, &flow.id, flow.revision).await? {
                        return Err(Refusal::Changed);
                    }
                    // Whoever was shut out meanwhile does not get in.
                    let person =
                        crate::person::store::load(tx, &flow.org_id, &session.user_id).await?;
                    let stands = person.is_some_and(|person| {
                        may_sign_in(person.status) && person.epoch == session.user_epoch
                    });
                    if !stands {
                        return Err(Refusal::Changed);
                    }
                    if strengthened {
                        if !sessions::rotate(tx, &session, &hash).await? {
                            return Err(Refusal::Changed);
                        }
                    } else {
                        sessions::insert(tx, &session, &hash).await?;
                        crate::person::store::update_last_sign_in(
                            tx,
                            &flow.org_id,
                            &session.user_id,
                            now,
                        )
                        .await?;
                    }
                    if let Some(place) = place {
                        learn(tx, &flow, &session, place, now).await?;
                    }
                    Ok(ledger::append_all(tx, &flow.org_id, events).await?)
                })
            })
            .await
    }
}

/// What a sign-in that is through leaves behind.
struct Finished {
    session: Session,
    strengthened: bool,
    events: Vec<Event>,
    /// Where it came from, if that is to be remembered.
    place: Option<Place>,
}

/// Makes the place usual, for what was proved there. A session that was passed on without any proof from here teaches nothing.
async fn learn(
    tx: &mut WriteTx,
    flow: &Flow,
    session: &Session,
    place: Place,
    now: Timestamp,
) -> Result<(), Refusal> {
    let whose = (&flow.org_id, &session.user_id);
    let here = (&session.id, &place);
    let known_since = behaviors::load_since(tx, whose, here, session.user_epoch).await?;
    let began = proof_begins(flow);
    let learned = plan_place(
        known_since,
        place,
        (&session.id, began),
        &session.authenticators,
    );
    if learned.proved.is_empty() {
        return Ok(());
    }
    Ok(behaviors::put_place(tx, whose, &learned, session.user_epoch, now).await?)
}

/// What was found of behaviours, in the words of the log.
fn tell_behaviors(event: Event, known: &[Behavior], found: &[(BehaviorId, Detection)]) -> Event {
    if found.is_empty() {
        return event;
    }
    let name = |id: &BehaviorId| {
        let known = known.iter().find(|known| known.id == *id);
        known.map_or("", |behavior| behavior.name.as_str())
    };
    let words: Vec<String> = found
        .iter()
        .map(|(id, detection)| format!("{}={}", name(id), detection.as_str()))
        .collect();
    let told = event.detail("behaviors", format!("{{{}}}", words.join(", ")));
    found.iter().fold(told, |event, (id, detection)| {
        event.behavior(id.as_str(), name(id), detection.as_str())
    })
}

fn plan_session(
    cell: &Cell,
    snapshot: &OrgSnapshot,
    flow: &Flow,
    person: &Person,
    request: &RequestFacts,
    former: Option<&Session>,
) -> Session {
    let now = cell.now();
    let began = former.map_or(now, |session| session.created_at);
    let (idle_expires_at, expires_at) = plan_ends(&snapshot.org.settings.session, began, now);
    // What the org takes no more does not become part of a session.
    let counted = snapshot
        .org
        .settings
        .untaken_means
        .counted(&flow.state.proved);
    let latest = counted.iter().map(|proved| proved.at).max();
    Session {
        org_id: flow.org_id.clone(),
        id: former.map_or_else(
            || SessionId::generate(cell.entropy()),
            |session| session.id.clone(),
        ),
        user_id: person.id.clone(),
        user_epoch: person.epoch,
        authenticators: counted,
        authenticated_at: latest.unwrap_or(now),
        created_at: began,
        last_seen_at: now,
        idle_expires_at,
        expires_at,
        address: request.client.ip.clone(),
        user_agent: request
            .client
            .user_agent
            .chars()
            .take(USER_AGENT_CHARS_MAX)
            .collect(),
    }
}

fn describe(proved: &[ProvedAuthenticator]) -> String {
    let words: Vec<&str> = proved.iter().map(|proved| proved.kind.as_str()).collect();
    words.join(" ")
}
