//! A link that is followed: what must back it is checked, and the new password made ready; then one transaction uses the link,
//! opens the account and stores the password. So no link is used up for a password that is refused or could not be hashed, and
//! nobody's account stands open without the password that they chose.

use crate::behavior::store::forget_places;
use crate::cell::Cell;
use crate::credential::password::{PasswordRefusal, PlannedPassword};
use crate::credential::store as credentials;
use crate::fault::{Fault, Refusal};
use crate::notice::{Notice, SealedMail};
use crate::org::context::RequestFacts;
use crate::org::{Org, store as orgs};
use crate::person::lifecycle::LifecycleAction;
use crate::person::operations::{apply_transition, as_target};
use crate::person::{Person, PersonStatus, store as people};
use crate::session::ending::shut_out;
use crate::sign_in::enroll::{Enrolling, permit_sign_in};
use crate::sign_in::prove::guess_at;
use crate::sign_in::recover::{RecoveryNeed, decide_opens, load_need, takes_link};
use crate::sign_in::setup::{LinkPurpose, Passkeys};
use crate::sign_on::AuthenticatorKind;
use crate::sign_on::means::Means;
use crate::slowdown::{Familiarity, GuessedSecret, RetryAfter};
use database::{DatabaseFault, WriteTx};
use ledger::{Actor, ClientFacts, Event, EventType, Outcome};
use vocab::id::UserId;
use vocab::secret::{Secret, SecretHash};

/// Digits of a code of an authenticator app; what has another shape is taken for a recovery code.
const TOTP_DIGITS: usize = 6;

/// A link, as it was followed.
#[derive(Clone, Copy)]
pub struct FollowedLink<'a> {
    /// What it opens.
    pub purpose: LinkPurpose,
    /// Its token.
    pub token: &'a str,
}

/// What the person says on the page behind the link.
#[derive(Clone)]
pub struct LinkAnswer<'a> {
    /// What became of the passkeys.
    pub passkeys: Passkeys,
    /// A code of the authenticator app or a recovery code, or nothing.
    pub code: &'a str,
    /// The password that they choose.
    pub password: Secret<String>,
}

/// What a code proved on the way: counts in the sign-in that follows.
#[derive(Debug, Clone)]
pub struct LinkProof {
    pub(super) user_id: UserId,
    pub(super) kind: AuthenticatorKind,
}

/// An account that a link has opened.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The person, with the right to set up what proves who they are.
    pub enrolling: Enrolling,
    /// What a code proved, if one was needed.
    pub proof: Option<LinkProof>,
}

/// Why a link does not open the account.
#[derive(Debug, thiserror::Error)]
pub enum LinkRefusal {
    /// The code is missing or wrong.
    #[error("the code is wrong")]
    WrongCode,
    /// Too many wrong codes.
    #[error(transparent)]
    Slow(#[from] RetryAfter),
    /// Somebody must help.
    #[error("the link alone does not open this account")]
    NeedsHelp,
    /// The password cannot be used.
    #[error(transparent)]
    Password(PasswordRefusal),
    /// Anything else; [`Refusal::NotFound`] for a link that is unknown, used or has ended.
    #[error(transparent)]
    Other(#[from] Refusal),
}

impl From<Fault> for LinkRefusal {
    fn from(fault: Fault) -> Self {
        Self::Other(Refusal::Fault(fault))
    }
}

impl From<DatabaseFault> for LinkRefusal {
    fn from(fault: DatabaseFault) -> Self {
        Self::from(Fault::from(fault))
    }
}

impl From<PasswordRefusal> for LinkRefusal {
    fn from(refusal: PasswordRefusal) -> Self {
        match refusal {
            PasswordRefusal::Refused(refusal) => Self::Other(refusal),
            PasswordRefusal::Fault(fault) => Self::from(fault),
            other => Self::Password(other),
        }
    }
}

impl Cell {
    /// Uses an invitation or recovery link: the person may act again, by the password that they choose. Passkeys that are lost
    /// are removed; whatever else is enrolled is still asked for.
    ///
    /// # Errors
    /// [`LinkRefusal`]; by a refusal the link is not used up, and nothing is changed.
    pub async fn use_link(
        &self,
        org: &Org,
        link: FollowedLink<'_>,
        answer: LinkAnswer<'_>,
        request: &RequestFacts,
    ) -> Result<Opened, LinkRefusal> {
        let found = self
            .find_link_person(&org.id, link.purpose, link.token)
            .await?
            .filter(|person| decide_opens(link.purpose, person.status))
            .ok_or(Refusal::NotFound)?;
        let opened = self.open_found(org, link, (&found, answer), request).await;
        if matches!(opened, Err(LinkRefusal::NeedsHelp)) {
            self.log_recovery_refusal(&found, "HELP_NEEDED", request)
                .await?;
        }
        opened
    }

    async fn open_found(
        &self,
        org: &Org,
        link: FollowedLink<'_>,
        (found, answer): (&Person, LinkAnswer<'_>),
        request: &RequestFacts,
    ) -> Result<Opened, LinkRefusal> {
        let planned = self
            .plan_opening(org, link, (found, answer), request)
            .await?;
        let (cell, proof) = (self.clone(), planned.proof);
        let person: Result<Person, LinkRefusal> = self
            .database
            .write(move |tx| Box::pin(async move { planned.apply(tx, &cell).await }))
            .await;
        let person = person?;
        let permit = permit_sign_in(&person, None, &request.client)?;
        let proof = proof.map(|kind| LinkProof {
            user_id: person.id.clone(),
            kind,
        });
        Ok(Opened {
            enrolling: Enrolling { person, permit },
            proof,
        })
    }

    /// Checks what must back the link, and prepares what it does.
    pub(crate) async fn plan_opening(
        &self,
        org: &Org,
        link: FollowedLink<'_>,
        (found, answer): (&Person, LinkAnswer<'_>),
        request: &RequestFacts,
    ) -> Result<PlannedOpening, LinkRefusal> {
        let LinkAnswer {
            passkeys,
            code,
            password,
        } = answer;
        let (password, proof) = match self.recovery_need(org, link.purpose, found).await? {
            RecoveryNeed::Nothing => (self.plan_chosen(found, password, request).await?, None),
            RecoveryNeed::Code => {
                let answer = (code, password);
                let (password, kind) = self.check_recovery(org, found, answer, request).await?;
                (password, Some(kind))
            }
            RecoveryNeed::Help => return Err(LinkRefusal::NeedsHelp),
        };
        let mail = match passkeys {
            Passkeys::Lost => {
                let notice = Notice::PasskeysLost;
                Some(self.seal_mail(&org.name, found, &notice).await?)
            }
            Passkeys::Kept => None,
        };
        Ok(PlannedOpening {
            purpose: link.purpose,
            hash: SecretHash::of(link.token),
            person: found.clone(),
            password,
            proof,
            mail,
            client: request.client.clone(),
        })
    }

    /// Prepares the password that the person chooses: policy, history and hash.
    async fn plan_chosen(
        &self,
        person: &Person,
        password: Secret<String>,
        request: &RequestFacts,
    ) -> Result<PlannedPassword, PasswordRefusal> {
        let permit = permit_sign_in(person, None, &request.client)?;
        let subject = self.factor_subject(&permit, &person.id).await?;
        self.plan_password(&permit, &subject, &subject.person, password)
            .await
    }

    /// Takes a code of the authenticator app or a recovery code; a wrong one slows the next ones down.
    ///
    /// The password is looked at first, so that none that is refused takes the code, which counts once. But that is done behind
    /// the wait for guesses alone: whoever has the link and no code would else find former passwords out at speed.
    async fn check_recovery(
        &self,
        org: &Org,
        person: &Person,
        (code, password): (&str, Secret<String>),
        request: &RequestFacts,
    ) -> Result<(PlannedPassword, AuthenticatorKind), LinkRefusal> {
        let code = code.trim();
        if code.is_empty() {
            return Err(LinkRefusal::WrongCode);
        }
        let digits = code.chars().filter(|c| !c.is_whitespace());
        let is_totp = digits.clone().count() == TOTP_DIGITS
            && digits.clone().all(|digit| digit.is_ascii_digit());
        // One that does not count is as wrong as any other.
        let counts = !is_totp || org.settings.untaken_means.takes(Means::Totp);
        let (kind, secret) = if is_totp {
            (AuthenticatorKind::Totp, GuessedSecret::Totp)
        } else {
            (AuthenticatorKind::RecoveryCode, GuessedSecret::RecoveryCode)
        };
        let (account, strange) = (person.id.as_str(), Familiarity::Strange);
        let guess = guess_at(&org.id, account, secret, strange, request);
        let ticket = self.slowdown.check(&guess, request.now)?;
        let planned = match self.plan_chosen(person, password, request).await {
            Ok(planned) => planned,
            Err(refusal) => {
                self.slowdown.release(ticket);
                return Err(refusal.into());
            }
        };
        let checked = if !counts {
            Ok(false)
        } else if is_totp {
            self.use_totp(&org.id, person, code).await
        } else {
            self.use_recovery_code(org, person, code).await
        };
        match checked {
            Ok(true) => {
                self.slowdown.record_success(ticket, request.now);
                Ok((planned, kind))
            }
            Ok(false) => {
                self.slowdown.record_failure(ticket);
                self.log_recovery_refusal(person, "INVALID_CREDENTIALS", request)
                    .await?;
                Err(LinkRefusal::WrongCode)
            }
            Err(fault) => {
                self.slowdown.release(ticket);
                Err(fault.into())
            }
        }
    }

    async fn log_recovery_refusal(
        &self,
        person: &Person,
        why: &'static str,
        request: &RequestFacts,
    ) -> Result<(), Fault> {
        let kind = EventType::UserAccountResetPassword;
        let event = Event::new(kind, Outcome::Failure, self.now())
            .actor(Actor::unknown(&person.login))
            .client(&request.client)
            .target(as_target(person))
            .reason(why);
        let org_id = person.org_id.clone();
        self.database
            .write(move |tx| Box::pin(async move { ledger::append(tx, &org_id, event).await }))
            .await?;
        Ok(())
    }
}

/// What a link does once it is backed by whatever must back it, to be done whole.
pub(crate) struct PlannedOpening {
    purpose: LinkPurpose,
    hash: SecretHash,
    /// The person as the link found them.
    person: Person,
    password: PlannedPassword,
    /// What a code proved.
    proof: Option<AuthenticatorKind>,
    /// Tells that the passkeys are gone, where they are lost.
    mail: Option<SealedMail>,
    client: ClientFacts,
}

impl PlannedOpening {
    /// Uses the link, opens the account and stores the password.
    ///
    /// # Errors
    /// [`LinkRefusal`]; [`Refusal::NotFound`] for a link that was used or ended meanwhile, or of somebody who is kept out by now.
    pub(crate) async fn apply(self, tx: &mut WriteTx, cell: &Cell) -> Result<Person, LinkRefusal> {
        let (org_id, purpose) = (&self.person.org_id, self.purpose);
        let person = people::load_held(tx, org_id, &self.person.id)
            .await?
            .filter(|person| decide_opens(purpose, person.status))
            .ok_or(Refusal::NotFound)?;
        self.check_backed(tx, &person).await?;
        Ok(self.open(tx, cell, &person).await?)
    }

    /// Decides once more what must back the link, by the org and the person of this moment: whoever was given a role since the
    /// link was looked at is not let in by mail alone. Whoever grants one waits for the person's row, which is held.
    async fn check_backed(&self, tx: &mut WriteTx, person: &Person) -> Result<(), LinkRefusal> {
        let org = orgs::load(tx, &person.org_id).await?;
        let org = org.ok_or(Refusal::NotFound)?;
        let need = load_need(tx, &org, self.purpose, person).await?;
        match (need, self.proof) {
            // A code is enough, though it was the last one: it counts once, and was counted.
            (RecoveryNeed::Nothing, _) | (_, Some(_)) => Ok(()),
            (RecoveryNeed::Code, None) => Err(LinkRefusal::WrongCode),
            (RecoveryNeed::Help, None) => Err(LinkRefusal::NeedsHelp),
        }
    }

    async fn open(self, tx: &mut WriteTx, cell: &Cell, person: &Person) -> Result<Person, Refusal> {
        let (org_id, user_id, now) = (&person.org_id, &person.id, cell.now());
        let purpose = self.purpose;
        if !takes_link(tx, org_id, purpose, &self.hash).await? {
            return Err(Refusal::NotFound);
        }
        let used = credentials::use_link(tx, org_id, purpose.as_str(), &self.hash, now).await?;
        if used.flatten().as_ref() != Some(user_id) {
            return Err(Refusal::NotFound);
        }
        let event = |kind| {
            Event::new(kind, Outcome::Success, now)
                .actor(Actor::user(user_id, &person.login, &person.display_name()))
                .client(&self.client)
                .target(as_target(person))
                .detail("link", purpose.as_str())
                .detail("backedBy", self.proof.map_or("", AuthenticatorKind::as_str))
        };
        // Whoever had the account open before the recovery is out. All that others hold before they log comes before the first row.
        crate::session::store::delete_all(tx, org_id, user_id).await?;
        forget_places(tx, org_id, user_id).await?;
        if self.mail.is_some() {
            credentials::delete_passkeys(tx, org_id, user_id).await?;
        }
        // Before the account opens: the password was made ready for the person as they stand now.
        self.password.apply(tx).await?;
        open_account(tx, cell, purpose, person).await?;
        if let Some(mail) = self.mail {
            mail.enqueue(tx, org_id, now).await?;
            ledger::append(tx, org_id, event(EventType::UserMfaFactorResetAll)).await?;
        }
        ledger::append(tx, org_id, event(EventType::UserLifecycleActivate)).await?;
        let opened = people::load(tx, org_id, user_id).await?;
        opened.ok_or(Refusal::NotFound)
    }
}

/// Lets a person act again who followed a link and has chosen another password by it. A link that came by mail proves the
/// address.
async fn open_account(
    tx: &mut WriteTx,
    cell: &Cell,
    purpose: LinkPurpose,
    person: &Person,
) -> Result<(), Refusal> {
    if person.status != PersonStatus::Active {
        people::forget_return(tx, &person.org_id, &person.id).await?;
        apply_transition(tx, cell, person, LifecycleAction::Activate).await?;
    }
    if purpose != LinkPurpose::Help {
        people::mark_email_verified(tx, &person.org_id, &person.id).await?;
    }
    Ok(shut_out(tx, &person.org_id, &person.id).await?)
}
