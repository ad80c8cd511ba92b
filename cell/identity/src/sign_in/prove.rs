//! Proving who one is, one authenticator at a time. Each attempt, right or wrong, is a row in the log.

use crate::cell::Cell;
use crate::credential::passkey::PasskeyRefusal;
use crate::credential::password::PasswordCheck;
use crate::fault::{Fault, Refusal};
use crate::org::context::{OrgContext, RequestFacts};
use crate::person::Person;
use crate::person::operations::as_target;
use crate::person::profile::fold;
use crate::sign_in::device::decide_familiarity;
use crate::sign_in::enroll::refuse;
use crate::sign_in::finish::Begun;
use crate::sign_in::{Flow, Step, store};
use crate::sign_on::means::Means;
use crate::sign_on::{AuthenticatorKind, PasskeyStorage, ProvedAuthenticator};
use crate::slowdown::{Familiarity, Guess, GuessedSecret, Halt, RetryAfter, Ticket};
use crate::snapshot::OrgSnapshot;
use ledger::{Actor, ClientFacts, Event, EventType, Outcome};
use std::net::{IpAddr, Ipv4Addr};
use vocab::future::boxed;
use vocab::id::OrgId;
use vocab::secret::Secret;

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// It counts.
    Right,
    /// It does not.
    Wrong,
    /// The passkey is in order, but the org takes no authenticator of its model any more.
    ModelRefused,
    /// Too many attempts, or too much load.
    Slow {
        /// When to try again.
        retry_after_secs: u32,
    },
    /// It comes from an address that the org takes for a threat: nothing was looked at.
    Threat,
}

/// What an answer came to, and what follows.
pub enum Answered {
    /// It does not count: never [`Attempt::Right`].
    Attempt(Attempt),
    /// It counts, and this comes next.
    Next(Step),
    /// It counts, and nothing else was needed: the session, or why none begins.
    Ended(Result<Box<Begun>, Refusal>),
}

/// Something right that was typed, and whose.
struct Right {
    kind: AuthenticatorKind,
    person: Option<Person>,
}

/// Something that is typed.
pub enum Typed {
    /// The password.
    Password(Secret<String>),
    /// The code of the authenticator app.
    Totp(String),
    /// A recovery code.
    RecoveryCode(String),
    /// The code that came by mail.
    EmailCode(String),
}

impl Typed {
    const fn kind(&self) -> AuthenticatorKind {
        match self {
            Self::Password(_) => AuthenticatorKind::Password,
            Self::Totp(_) => AuthenticatorKind::Totp,
            Self::RecoveryCode(_) => AuthenticatorKind::RecoveryCode,
            Self::EmailCode(_) => AuthenticatorKind::EmailCode,
        }
    }

    const fn guessed(&self) -> GuessedSecret {
        match self {
            Self::Password(_) => GuessedSecret::Password,
            Self::Totp(_) => GuessedSecret::Totp,
            Self::RecoveryCode(_) => GuessedSecret::RecoveryCode,
            Self::EmailCode(_) => GuessedSecret::EmailCode,
        }
    }
}

impl Cell {
    /// Checks what was typed. A wrong attempt slows the next ones down.
    ///
    /// # Errors
    /// [`Refusal::Changed`] if another answer came first; faults of store or keys.
    #[boxed]
    pub async fn prove_typed(
        &self,
        snapshot: &OrgSnapshot,
        flow: &mut Flow,
        typed: Typed,
        request: &RequestFacts,
    ) -> Result<Attempt, Refusal> {
        match self.try_typed(snapshot, flow, typed, request).await? {
            Ok(Right { kind, person }) => {
                self.count_proof(flow, kind, person.as_ref(), request)
                    .await?;
                Ok(Attempt::Right)
            }
            Err(attempt) => Ok(attempt),
        }
    }

    /// The same, and goes on at once. Where nothing else is needed, the proof and the session that begins are one commit: whoever
    /// has typed a right password waits for each.
    ///
    /// # Errors
    /// As [`Cell::prove_typed`].
    #[boxed]
    pub async fn answer_typed(
        &self,
        snapshot: &OrgSnapshot,
        flow: &mut Flow,
        typed: Typed,
        request: &RequestFacts,
    ) -> Result<Answered, Refusal> {
        let Right { kind, person } = match self.try_typed(snapshot, flow, typed, request).await? {
            Ok(right) => right,
            Err(attempt) => return Ok(Answered::Attempt(attempt)),
        };
        let at = request.now;
        let proved = ProvedAuthenticator { kind, at };
        let event = note_proof(flow, proved, person.as_ref(), request);
        let step = self.next_step(snapshot, flow, request).await?;
        let untaken = &snapshot.org.settings.untaken_means;
        if step != Step::Done || Self::may_link(flow, untaken, at) {
            self.keep_proof(flow, event).await?;
            return Ok(Answered::Next(step));
        }
        let ended = self.end_proved(snapshot, flow, request, event.clone());
        let ended = ended.await.map(Box::new);
        if ended.is_err() {
            // It was right all the same.
            self.log_attempt(flow, event).await?;
        }
        Ok(Answered::Ended(ended))
    }

    /// Looks at what was typed. What is right is not counted yet; what is not, or was not looked at, is the inner error.
    async fn try_typed(
        &self,
        snapshot: &OrgSnapshot,
        flow: &mut Flow,
        typed: Typed,
        request: &RequestFacts,
    ) -> Result<Result<Right, Attempt>, Refusal> {
        let kind = typed.kind();
        if !flow.state.takes(kind) {
            return Err(Refusal::WrongState("something else is to be proved first"));
        }
        let untaken = &snapshot.org.settings.untaken_means;
        match kind {
            AuthenticatorKind::Totp => untaken.check(Means::Totp)?,
            AuthenticatorKind::EmailCode => untaken.check(Means::EmailCode)?,
            _ => {}
        }
        let person = self.person_of(flow).await?;
        let identifier = fold(&flow.state.identifier);
        let guess = guess_of(flow, &identifier, person.as_ref(), typed.guessed(), request);
        let ticket = match self.admit_typed(snapshot, flow, &guess, request).await {
            Ok(ticket) => ticket,
            Err(Halt::Slow(wait)) => {
                return Ok(Err(Attempt::Slow {
                    retry_after_secs: wait.secs,
                }));
            }
            Err(Halt::Threat) => return Ok(Err(Attempt::Threat)),
        };
        let attempt = match self
            .check_typed(snapshot, flow, person.as_ref(), (typed, &request.client))
            .await
        {
            Ok(attempt) => attempt,
            Err(fault) => {
                self.slowdown.release(ticket);
                return Err(fault.into());
            }
        };
        match attempt {
            Attempt::Right => {
                self.slowdown.record_success(ticket, request.now);
                return Ok(Ok(Right { kind, person }));
            }
            Attempt::Wrong | Attempt::ModelRefused => {
                self.record_failed_sign_in(&flow.org_id, ticket, request)
                    .await;
                self.log_failure(flow, kind, person.as_ref(), request)
                    .await?;
            }
            Attempt::Slow { .. } | Attempt::Threat => self.slowdown.release(ticket),
        }
        Ok(Err(attempt))
    }

    /// What is typed after a link opened the account is slowed down, but not held against the address: by a link people get
    /// in from behind a threat.
    async fn admit_typed(
        &self,
        snapshot: &OrgSnapshot,
        flow: &Flow,
        guess: &Guess<'_>,
        request: &RequestFacts,
    ) -> Result<Ticket, Halt> {
        if flow.state.by_link {
            return Ok(self.slowdown.check(guess, request.now)?);
        }
        self.admit(snapshot, guess, request).await
    }

    async fn check_typed(
        &self,
        snapshot: &OrgSnapshot,
        flow: &mut Flow,
        person: Option<&Person>,
        (typed, client): (Typed, &ClientFacts),
    ) -> Result<Attempt, Fault> {
        let right = match (typed, person) {
            (Typed::Password(password), person) => {
                let checked = self.check_password(&snapshot.org, person, password, client);
                return Ok(match checked.await? {
                    PasswordCheck::Right { must_change } => {
                        flow.state.must_change_password |= must_change;
                        Attempt::Right
                    }
                    PasswordCheck::Wrong => Attempt::Wrong,
                    PasswordCheck::Busy { retry_after_secs } => Attempt::Slow { retry_after_secs },
                });
            }
            (Typed::EmailCode(code), person) => {
                self.use_email_code(&snapshot.org, person, &flow.id, &code)
                    .await?
            }
            (_, None) => false,
            (Typed::Totp(code), Some(person)) => self.use_totp(&flow.org_id, person, &code).await?,
            (Typed::RecoveryCode(code), Some(person)) => {
                self.use_recovery_code(&snapshot.org, person, &code).await?
            }
        };
        Ok(if right {
            Attempt::Right
        } else {
            Attempt::Wrong
        })
    }

    /// Begins a proof by passkey: options for the browser as JSON. The person need not be known.
    ///
    /// # Errors
    /// [`Refusal::Changed`] if another answer came first; [`Refusal::WrongState`] where the org is visited at an address, or
    /// takes no passkeys.
    #[boxed]
    pub async fn begin_passkey(
        &self,
        context: &OrgContext,
        flow: &mut Flow,
    ) -> Result<String, Refusal> {
        let snapshot = self.snapshot(&context.org).await?;
        let snapshot = snapshot.ok_or(Refusal::NotFound)?;
        snapshot.org.settings.untaken_means.check(Means::Passkey)?;
        let (options, pending) = self.start_passkey_assertion(context).map_err(refuse)?;
        flow.state.assertion = Some(pending);
        self.keep_sign_in(flow).await?;
        Ok(options)
    }

    /// Verifies the answer of a passkey; it also tells who the person is.
    ///
    /// # Errors
    /// [`Refusal::Changed`] if another answer came first; faults of the store.
    #[boxed]
    pub async fn prove_passkey(
        &self,
        context: &OrgContext,
        flow: &mut Flow,
        answer: &str,
        request: &RequestFacts,
    ) -> Result<Attempt, Refusal> {
        let kind = AuthenticatorKind::Passkey(PasskeyStorage::Synced);
        let Some(pending) = flow.state.assertion.take() else {
            return Ok(Attempt::Wrong);
        };
        // The challenge is spent whatever comes of it: the state without it is written before the answer counts.
        self.keep_sign_in(flow).await?;
        let verified = match self.verify_passkey(context, &pending, answer).await {
            Ok(verified) => verified,
            Err(PasskeyRefusal::Fault(fault)) => return Err(fault.into()),
            Err(refusal) => {
                self.log_failure(flow, kind, None, request).await?;
                return Ok(match refusal {
                    PasskeyRefusal::Model => Attempt::ModelRefused,
                    _ => Attempt::Wrong,
                });
            }
        };
        let other_person = flow
            .state
            .user_id
            .as_ref()
            .is_some_and(|known| *known != verified.user_id);
        if other_person {
            flow.state.forget();
        }
        flow.state.user_id = Some(verified.user_id);
        let Some(person) = self.person_of(flow).await? else {
            return Ok(Attempt::Wrong);
        };
        flow.state.identifier.clone_from(&person.login);
        let storage = if verified.passkey.device_bound {
            PasskeyStorage::DeviceBound
        } else {
            PasskeyStorage::Synced
        };
        self.count_proof(
            flow,
            AuthenticatorKind::Passkey(storage),
            Some(&person),
            request,
        )
        .await?;
        Ok(Attempt::Right)
    }

    /// Sends a code by mail, if there is such a person with a verified address. Nobody is told whether there is, by the
    /// answer or by the time that it takes; too many wishes are slowed down, so that nobody's mailbox is filled.
    ///
    /// # Errors
    /// [`Refusal::Changed`] if another answer of the same sign-in came first; the inner error says when to ask again.
    #[boxed]
    pub async fn send_code(
        &self,
        snapshot: &OrgSnapshot,
        flow: &mut Flow,
        request: &RequestFacts,
    ) -> Result<Result<(), RetryAfter>, Refusal> {
        let untaken = &snapshot.org.settings.untaken_means;
        untaken.check(Means::EmailCode)?;
        let person = self.person_of(flow).await?;
        let identifier = fold(&flow.state.identifier);
        let mail = GuessedSecret::Mail;
        let guess = guess_of(flow, &identifier, person.as_ref(), mail, request);
        if let Err(wait) = self
            .slowdown
            .check(&guess, request.now)
            .map(|ticket| self.slowdown.record_failure(ticket))
        {
            return Ok(Err(wait));
        }
        if !flow.state.mailed {
            flow.state.mailed = true;
            self.keep_sign_in(flow).await?;
        }
        let reachable = person.filter(|person| person.email_verified);
        self.send_email_code(&snapshot.org, reachable.as_ref(), &flow.id)
            .await?;
        Ok(Ok(()))
    }

    pub(crate) async fn count_proof(
        &self,
        flow: &mut Flow,
        kind: AuthenticatorKind,
        person: Option<&Person>,
        request: &RequestFacts,
    ) -> Result<(), Refusal> {
        let at = request.now;
        let proved = ProvedAuthenticator { kind, at };
        self.count_proof_of(flow, proved, person, request).await
    }

    /// The same for a proof that may have been given earlier, elsewhere.
    pub(crate) async fn count_proof_of(
        &self,
        flow: &mut Flow,
        proved: ProvedAuthenticator,
        person: Option<&Person>,
        request: &RequestFacts,
    ) -> Result<(), Refusal> {
        let event = note_proof(flow, proved, person, request);
        self.keep_proof(flow, event).await
    }

    /// Stores a sign-in with its newest proof, and the row of the log about it.
    async fn keep_proof(&self, flow: &mut Flow, event: Event) -> Result<(), Refusal> {
        let stored = flow.clone();
        // One commit for both: whoever has shown a right password waits for each.
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    if !store::update(tx, &stored).await? {
                        return Err(Refusal::Changed);
                    }
                    Ok(ledger::append(tx, &stored.org_id, event).await?)
                })
            })
            .await?;
        flow.revision += 1;
        Ok(())
    }

    async fn log_failure(
        &self,
        flow: &Flow,
        kind: AuthenticatorKind,
        person: Option<&Person>,
        request: &RequestFacts,
    ) -> Result<(), Fault> {
        let event = attempt_event(flow, kind, person, Outcome::Failure, request);
        self.log_attempt(flow, event).await
    }

    async fn log_attempt(&self, flow: &Flow, event: Event) -> Result<(), Fault> {
        let org_id = flow.org_id.clone();
        self.database
            .write(move |tx| Box::pin(async move { ledger::append(tx, &org_id, event).await }))
            .await?;
        Ok(())
    }
}

/// Adds a proof to a sign-in; the row of the log about it.
fn note_proof(
    flow: &mut Flow,
    proved: ProvedAuthenticator,
    person: Option<&Person>,
    request: &RequestFacts,
) -> Event {
    let kind = proved.kind;
    if let Some(person) = person.filter(|_| flow.state.is_first()) {
        flow.state.epoch = Some(person.epoch);
    }
    flow.state.proved.retain(|before| before.kind != kind);
    flow.state.proved.push(proved);
    attempt_event(flow, kind, person, Outcome::Success, request)
}

fn attempt_event(
    flow: &Flow,
    kind: AuthenticatorKind,
    person: Option<&Person>,
    outcome: Outcome,
    request: &RequestFacts,
) -> Event {
    let actor = match person {
        Some(person) => Actor::user(&person.id, &person.login, &person.display_name()),
        None => Actor::unknown(&flow.state.identifier),
    };
    let mut event = Event::new(EventType::UserAuthenticationVerify, outcome, request.now)
        .actor(actor)
        .client(&request.client)
        .detail("authenticator", kind.as_str());
    if let Some(person) = person {
        event = event.target(as_target(person));
    }
    if outcome == Outcome::Failure {
        event = event.reason("INVALID_CREDENTIALS");
    }
    event
}

/// A guess on the way of a sign-in. While nothing is proved the count is that of the identifier as it was typed: a count by
/// person would tell which identifiers mean the same one, and so that there is one.
fn guess_of<'g>(
    flow: &'g Flow,
    identifier: &'g str,
    person: Option<&'g Person>,
    secret: GuessedSecret,
    request: &RequestFacts,
) -> Guess<'g> {
    let account = match person {
        Some(person) if !flow.state.is_first() => person.id.as_str(),
        _ => identifier,
    };
    let familiarity = decide_familiarity(&flow.state.devices, person, request.now);
    guess_at(&flow.org_id, account, secret, familiarity, request)
}

/// A guess from where the request came.
pub(crate) fn guess_at<'g>(
    org: &'g OrgId,
    account: &'g str,
    secret: GuessedSecret,
    familiarity: Familiarity<'g>,
    request: &RequestFacts,
) -> Guess<'g> {
    Guess {
        org,
        account,
        address: request
            .client
            .ip
            .parse()
            .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        secret,
        familiarity,
    }
}
