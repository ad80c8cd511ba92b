//! Proving who one is, one authenticator at a time. Each attempt, right or wrong, is a row in the log.

use crate::cell::Cell;
use crate::credential::passkey::PasskeyRefusal;
use crate::credential::password::PasswordCheck;
use crate::fault::{Fault, Refusal};
use crate::org::context::{OrgContext, RequestFacts};
use crate::person::Person;
use crate::person::operations::as_target;
use crate::sign_in::Flow;
use crate::sign_on::{AuthenticatorKind, PasskeyStorage, ProvedAuthenticator};
use crate::slowdown::{Familiarity, Guess, GuessedSecret};
use crate::snapshot::OrgSnapshot;
use ledger::{Actor, Event, EventType, Outcome};
use std::net::{IpAddr, Ipv4Addr};
use vocab::secret::Secret;

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// It counts.
    Right,
    /// It does not.
    Wrong,
    /// Too many attempts, or too much load.
    Slow {
        /// When to try again.
        retry_after_secs: u32,
    },
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
    pub async fn prove_typed(
        &self,
        snapshot: &OrgSnapshot,
        flow: &mut Flow,
        typed: Typed,
        request: &RequestFacts,
    ) -> Result<Attempt, Refusal> {
        let kind = typed.kind();
        let account = flow
            .state
            .user_id
            .as_ref()
            .map_or(flow.state.identifier.as_str(), |id| id.as_str());
        let guess = Guess {
            org: &flow.org_id,
            account,
            address: request
                .client
                .ip
                .parse()
                .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            secret: typed.guessed(),
            familiarity: Familiarity::Strange,
        };
        let ticket = match self.slowdown.check(&guess, request.now) {
            Ok(ticket) => ticket,
            Err(wait) => {
                return Ok(Attempt::Slow {
                    retry_after_secs: wait.secs,
                });
            }
        };
        let person = self.person_of(flow).await?;
        let attempt = match self
            .check_typed(snapshot, flow, person.as_ref(), typed)
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
                self.count_proof(flow, kind, person.as_ref(), request)
                    .await?;
            }
            Attempt::Wrong => {
                self.slowdown.record_failure(ticket);
                self.log_attempt(flow, kind, person.as_ref(), Outcome::Failure, request)
                    .await?;
            }
            Attempt::Slow { .. } => self.slowdown.release(ticket),
        }
        Ok(attempt)
    }

    async fn check_typed(
        &self,
        snapshot: &OrgSnapshot,
        flow: &mut Flow,
        person: Option<&Person>,
        typed: Typed,
    ) -> Result<Attempt, Fault> {
        let right = match (typed, person) {
            (Typed::Password(password), person) => {
                return Ok(
                    match self.check_password(&snapshot.org, person, password).await? {
                        PasswordCheck::Right { must_change } => {
                            flow.state.must_change_password |= must_change;
                            Attempt::Right
                        }
                        PasswordCheck::Wrong => Attempt::Wrong,
                        PasswordCheck::Busy { retry_after_secs } => {
                            Attempt::Slow { retry_after_secs }
                        }
                    },
                );
            }
            (_, None) => false,
            (Typed::Totp(code), Some(person)) => self.use_totp(&flow.org_id, person, &code).await?,
            (Typed::RecoveryCode(code), Some(person)) => {
                self.use_recovery_code(&snapshot.org, person, &code).await?
            }
            (Typed::EmailCode(code), Some(_)) => {
                self.use_email_code(&snapshot.org, &flow.id, &code).await?
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
    /// [`Refusal::Changed`] if another answer came first.
    pub async fn begin_passkey(
        &self,
        context: &OrgContext,
        flow: &mut Flow,
    ) -> Result<String, Refusal> {
        let (options, pending) = self.start_passkey_assertion(context)?;
        flow.state.assertion = Some(pending);
        self.keep_sign_in(flow).await?;
        Ok(options)
    }

    /// Verifies the answer of a passkey; it also tells who the person is.
    ///
    /// # Errors
    /// [`Refusal::Changed`] if another answer came first; faults of the store.
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
            Err(_) => {
                self.log_attempt(flow, kind, None, Outcome::Failure, request)
                    .await?;
                return Ok(Attempt::Wrong);
            }
        };
        let other_person = flow
            .state
            .user_id
            .as_ref()
            .is_some_and(|known| *known != verified.user_id);
        if other_person {
            flow.state.proved.clear();
            flow.state.session = None;
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

    /// Sends a code by mail, if there is such a person with a verified address. Nobody is told whether there is.
    ///
    /// # Errors
    /// [`Fault`] if store or keys fail.
    pub async fn send_code(&self, snapshot: &OrgSnapshot, flow: &Flow) -> Result<(), Fault> {
        match self.person_of(flow).await? {
            Some(person) if person.email_verified => {
                self.send_email_code(&snapshot.org, &person, &flow.id).await
            }
            _ => Ok(()),
        }
    }

    pub(crate) async fn count_proof(
        &self,
        flow: &mut Flow,
        kind: AuthenticatorKind,
        person: Option<&Person>,
        request: &RequestFacts,
    ) -> Result<(), Refusal> {
        flow.state.proved.retain(|proved| proved.kind != kind);
        flow.state.proved.push(ProvedAuthenticator {
            kind,
            at: request.now,
        });
        self.keep_sign_in(flow).await?;
        Ok(self
            .log_attempt(flow, kind, person, Outcome::Success, request)
            .await?)
    }

    async fn log_attempt(
        &self,
        flow: &Flow,
        kind: AuthenticatorKind,
        person: Option<&Person>,
        outcome: Outcome,
        request: &RequestFacts,
    ) -> Result<(), Fault> {
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
        let org_id = flow.org_id.clone();
        self.database
            .write(move |tx| Box::pin(async move { ledger::append(tx, &org_id, event).await }))
            .await?;
        Ok(())
    }
}
