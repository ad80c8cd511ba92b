//! The way back in: who may have it, what must back a link that came by mail, and what a link does to the account.
//!
//! A mailbox alone never opens the account of an administrator, nor any account of an org that says so.

use crate::access::ceiling::load_standing;
use crate::cell::Cell;
use crate::credential::store as credentials;
use crate::fault::{Fault, Refusal};
use crate::notice::Notice;
use crate::org::Org;
use crate::org::context::{OrgContext, RequestFacts};
use crate::org::settings::RecoverySettings;
use crate::person::lifecycle::LifecycleAction;
use crate::person::operations::{apply_transition, as_target};
use crate::person::profile::fold;
use crate::person::{Person, PersonStatus, store as people};
use crate::session::ending::shut_out;
use crate::sign_in::IDENTIFIER_CHARS_MAX;
use crate::sign_in::enroll::{Enrolling, permit_sign_in};
use crate::sign_in::prove::guess_at;
use crate::sign_in::setup::{LinkPurpose, Passkeys, insert_mailed};
use crate::sign_on::AuthenticatorKind;
use crate::sign_on::means::Means;
use crate::slowdown::{Familiarity, GuessedSecret, RetryAfter};
use database::{ReadTx, WriteTx};
use ledger::{Actor, Event, EventType, Outcome};
use vocab::future::boxed;
use vocab::id::{OrgId, UserId};
use vocab::secret::{Secret, SecretHash};

/// Digits of a code of an authenticator app; what has another shape is taken for a recovery code.
const TOTP_DIGITS: usize = 6;

/// What must back a link that opens an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryNeed {
    /// Nothing: to have the link is enough.
    Nothing,
    /// A code of the authenticator app, or a recovery code.
    Code,
    /// Somebody's help: the link is not enough, and the person has nothing else that would do.
    Help,
}

/// What [`decide_recovery`] looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecoveryFacts {
    /// By which link.
    pub purpose: LinkPurpose,
    /// The person's state.
    pub status: PersonStatus,
    /// Whether the person has any role.
    pub is_administrator: bool,
    /// Whether the person has an authenticator app or recovery codes.
    pub has_codes: bool,
}

/// What must back the link. Whoever was helped by an administrator or by the operator needs nothing more; an invitation
/// and the first set-up open accounts in which there is nothing yet.
#[must_use]
pub const fn decide_recovery(settings: &RecoverySettings, facts: &RecoveryFacts) -> RecoveryNeed {
    let helped = matches!(facts.status, PersonStatus::Recovery)
        || !matches!(facts.purpose, LinkPurpose::Recovery);
    if helped || (settings.mailbox_alone && !facts.is_administrator) {
        RecoveryNeed::Nothing
    } else if facts.has_codes {
        RecoveryNeed::Code
    } else {
        RecoveryNeed::Help
    }
}

/// Whom a link lets in: not somebody whom an administrator keeps out. An invitation is for those who were never in,
/// so that an old one is no way around what recovery asks for; recovery is for the others.
#[must_use]
pub const fn decide_opens(purpose: LinkPurpose, status: PersonStatus) -> bool {
    match purpose {
        LinkPurpose::Setup => false,
        LinkPurpose::Invitation => {
            matches!(status, PersonStatus::Staged | PersonStatus::Provisioned)
        }
        LinkPurpose::Recovery | LinkPurpose::Help => matches!(
            status,
            PersonStatus::Active | PersonStatus::PasswordExpired | PersonStatus::Recovery
        ),
    }
}

/// A link, as it was followed.
#[derive(Clone, Copy)]
pub struct FollowedLink<'a> {
    /// What it opens.
    pub purpose: LinkPurpose,
    /// Its token.
    pub token: &'a str,
}

/// What the person says on the page behind the link.
#[derive(Clone, Copy)]
pub struct LinkAnswer<'a> {
    /// What became of the passkeys.
    pub passkeys: Passkeys,
    /// A code of the authenticator app or a recovery code, or nothing.
    pub code: &'a str,
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
    /// Anything else; [`Refusal::NotFound`] for a link that is unknown, used or has ended.
    #[error(transparent)]
    Other(#[from] Refusal),
}

impl From<Fault> for LinkRefusal {
    fn from(fault: Fault) -> Self {
        Self::Other(Refusal::Fault(fault))
    }
}

impl Cell {
    /// Sends a recovery link, if there is such a person who may have one. The caller learns nothing of it, by the answer
    /// or by the time that it takes; too many wishes are slowed down, so that nobody's mailbox is filled.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] if the org lets nobody back in by mail; [`Refusal`] if store or keys fail; the inner error says
    /// when to ask again.
    #[boxed]
    pub async fn send_recovery(
        &self,
        context: &OrgContext,
        identifier: &str,
        request: &RequestFacts,
    ) -> Result<Result<(), RetryAfter>, Refusal> {
        let snapshot = self.snapshot(&context.org).await?;
        let snapshot = snapshot.ok_or(Refusal::NotFound)?;
        let untaken = &snapshot.org.settings.untaken_means;
        untaken.check(Means::MailedRecovery)?;
        let identifier: String = identifier
            .trim()
            .chars()
            .take(IDENTIFIER_CHARS_MAX)
            .collect();
        let account = fold(&identifier);
        let guess = guess_at(
            &context.org,
            &account,
            GuessedSecret::Mail,
            Familiarity::Strange,
            request,
        );
        if let Err(wait) = self
            .slowdown
            .check(&guess, request.now)
            .map(|ticket| self.slowdown.record_failure(ticket))
        {
            return Ok(Err(wait));
        }
        let person = {
            let mut tx = self.database.read().await?;
            people::find_by_identifier(&mut tx, &context.org, &identifier).await?
        };
        let person = person.filter(|person| decide_opens(LinkPurpose::Recovery, person.status));
        self.write_recovery(context, &identifier, person.as_ref(), request)
            .await?;
        Ok(Ok(()))
    }

    /// For nobody the same work is done, and nothing is sent.
    async fn write_recovery(
        &self,
        context: &OrgContext,
        identifier: &str,
        person: Option<&Person>,
        request: &RequestFacts,
    ) -> Result<(), Refusal> {
        let (mut code, token) =
            self.plan_link(LinkPurpose::Recovery, person.map(|one| one.id.clone()));
        credentials::SELF_ASKED.clone_into(&mut code.bound_to);
        let url = link_url(context, LinkPurpose::Recovery, &token);
        let notice = Notice::Recovery { url: &url };
        let mail = match person {
            Some(person) => Some(self.seal_mail(&context.name, person, &notice).await?),
            None => {
                self.seal_decoy(&context.org, &context.name, &notice)
                    .await?;
                None
            }
        };
        let now = self.now();
        let outcome = match person {
            Some(_) => Outcome::Success,
            None => Outcome::Failure,
        };
        let mut event = Event::new(EventType::UserAccountResetPassword, outcome, now)
            .actor(Actor::unknown(identifier))
            .client(&request.client);
        event = match person {
            Some(person) => event.target(as_target(person)),
            None => event.reason("NO_SUCH_PERSON"),
        };
        let org_id = context.org.clone();
        let to = person
            .map(|person| person.email.clone())
            .unwrap_or_default();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let is_theirs = insert_mailed(tx, &org_id, &code, &to, now).await?;
                    if let Some(mail) = mail.filter(|_| is_theirs) {
                        mail.enqueue(tx, &org_id, now).await?;
                    }
                    Ok(ledger::append(tx, &org_id, event).await?)
                })
            })
            .await
    }

    /// A link by which the operator lets a person back in who cannot help themselves, and whom no administrator can
    /// help: the only one of an org, say. It is not sent; earlier ones end.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if there is no such person who may be let in.
    #[boxed]
    pub async fn make_help_link(
        &self,
        context: &OrgContext,
        identifier: &str,
    ) -> Result<Secret<String>, Refusal> {
        let person = {
            let mut tx = self.database.read().await?;
            people::find_by_identifier(&mut tx, &context.org, identifier).await?
        };
        let person = person
            .filter(|person| decide_opens(LinkPurpose::Help, person.status))
            .ok_or(Refusal::NotFound)?;
        let (code, token) = self.plan_link(LinkPurpose::Help, Some(person.id.clone()));
        let now = self.now();
        let event = Event::new(EventType::UserAccountResetPassword, Outcome::Success, now)
            .actor(Actor::system("operator"))
            .target(as_target(&person));
        let org_id = context.org.clone();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    credentials::insert_one_time(tx, &org_id, &code, now).await?;
                    Ok::<_, Refusal>(ledger::append(tx, &org_id, event).await?)
                })
            })
            .await?;
        Ok(Secret::new(link_url(context, LinkPurpose::Help, &token)))
    }

    /// What must back a link of that person.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn recovery_need(
        &self,
        org: &Org,
        purpose: LinkPurpose,
        person: &Person,
    ) -> Result<RecoveryNeed, Fault> {
        let mut tx = self.database.read().await?;
        let standing = load_standing(&mut tx, &org.id, &person.id).await?;
        let has_totp = credentials::load_totp(&mut tx, &org.id, &person.id)
            .await?
            .iter()
            .any(|totp| totp.confirmed_at.is_some());
        let codes = credentials::count_recovery_codes(&mut tx, &org.id, &person.id).await?;
        let facts = RecoveryFacts {
            purpose,
            status: person.status,
            is_administrator: standing.is_administrator(),
            has_codes: (has_totp && org.settings.untaken_means.takes(Means::Totp)) || codes > 0,
        };
        Ok(decide_recovery(&org.settings.recovery, &facts))
    }

    /// Uses an invitation or recovery link: the person may act again. Passkeys that are lost are removed; whatever else
    /// is enrolled is still asked for.
    ///
    /// # Errors
    /// [`LinkRefusal`]; by a refusal the link is not used up.
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
        let kind = match self.recovery_need(org, link.purpose, &found).await? {
            RecoveryNeed::Nothing => None,
            RecoveryNeed::Code => Some(
                self.check_recovery(org, &found, answer.code, request)
                    .await?,
            ),
            RecoveryNeed::Help => {
                self.log_recovery_refusal(&found, "HELP_NEEDED", request)
                    .await?;
                return Err(LinkRefusal::NeedsHelp);
            }
        };
        let person = self
            .open_by_link(org, link, (found, answer.passkeys), kind, request)
            .await?;
        let permit = permit_sign_in(&person, None, &request.client)?;
        let proof = kind.map(|kind| LinkProof {
            user_id: person.id.clone(),
            kind,
        });
        Ok(Opened {
            enrolling: Enrolling { person, permit },
            proof,
        })
    }

    /// Takes a code of the authenticator app or a recovery code; a wrong one slows the next ones down.
    async fn check_recovery(
        &self,
        org: &Org,
        person: &Person,
        code: &str,
        request: &RequestFacts,
    ) -> Result<AuthenticatorKind, LinkRefusal> {
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
                Ok(kind)
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

    async fn open_by_link(
        &self,
        org: &Org,
        link: FollowedLink<'_>,
        (found, passkeys): (Person, Passkeys),
        proof: Option<AuthenticatorKind>,
        request: &RequestFacts,
    ) -> Result<Person, Refusal> {
        let mail = match passkeys {
            Passkeys::Lost => Some(
                self.seal_mail(&org.name, &found, &Notice::PasskeysLost)
                    .await?,
            ),
            Passkeys::Kept => None,
        };
        let (cell, org_id, hash) = (self.clone(), org.id.clone(), SecretHash::of(link.token));
        let (purpose, client) = (link.purpose, request.client.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let now = cell.now();
                    if !takes_link(tx, &org_id, purpose, &hash).await? {
                        return Err(Refusal::NotFound);
                    }
                    let used =
                        credentials::use_link(tx, &org_id, purpose.as_str(), &hash, now).await?;
                    let user_id = used.flatten().ok_or(Refusal::NotFound)?;
                    let person = load(tx, &org_id, &user_id).await?;
                    let event = |kind| {
                        Event::new(kind, Outcome::Success, now)
                            .actor(Actor::user(
                                &person.id,
                                &person.login,
                                &person.display_name(),
                            ))
                            .client(&client)
                            .target(as_target(&person))
                            .detail("link", purpose.as_str())
                            .detail("backedBy", proof.map_or("", AuthenticatorKind::as_str))
                    };
                    open_account(tx, &cell, purpose, &person).await?;
                    if let Some(mail) = mail {
                        credentials::delete_passkeys(tx, &org_id, &user_id).await?;
                        mail.enqueue(tx, &org_id, now).await?;
                        ledger::append(tx, &org_id, event(EventType::UserMfaFactorResetAll))
                            .await?;
                    }
                    ledger::append(tx, &org_id, event(EventType::UserLifecycleActivate)).await?;
                    load(tx, &org_id, &user_id).await
                })
            })
            .await
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

pub(crate) fn link_url(
    context: &OrgContext,
    purpose: LinkPurpose,
    token: &Secret<String>,
) -> String {
    let (base, path, token) = (&context.base_url, purpose.path(), token.expose());
    format!("{base}{path}?token={token}")
}

/// Whether the org takes a link of that kind: one that somebody asked for themselves opens nothing where nobody is let back in so,
/// though it was sent before.
///
/// # Errors
/// [`Fault`] if the store fails.
pub(crate) async fn takes_link(
    tx: &mut ReadTx,
    org_id: &OrgId,
    purpose: LinkPurpose,
    hash: &SecretHash,
) -> Result<bool, Fault> {
    if purpose != LinkPurpose::Recovery {
        return Ok(true);
    }
    let org = crate::org::store::load(tx, org_id).await?;
    let takes = org.is_some_and(|org| org.settings.untaken_means.takes(Means::MailedRecovery));
    Ok(takes || !credentials::is_self_asked(tx, org_id, purpose.as_str(), hash).await?)
}

async fn load(tx: &mut WriteTx, org_id: &OrgId, user_id: &UserId) -> Result<Person, Refusal> {
    people::load(tx, org_id, user_id)
        .await?
        .ok_or(Refusal::NotFound)
}

/// Lets a person act again who followed a link; whom an administrator keeps out by now stays out. A link that came by
/// mail proves the address.
async fn open_account(
    tx: &mut WriteTx,
    cell: &Cell,
    purpose: LinkPurpose,
    person: &Person,
) -> Result<(), Refusal> {
    if !decide_opens(purpose, person.status) {
        return Err(Refusal::NotFound);
    }
    if person.status != PersonStatus::Active {
        apply_transition(tx, cell, person, LifecycleAction::Activate).await?;
    }
    if purpose != LinkPurpose::Help {
        people::mark_email_verified(tx, &person.org_id, &person.id).await?;
    }
    // Whoever had the account open before the recovery is out.
    crate::session::store::delete_all(tx, &person.org_id, &person.id).await?;
    Ok(shut_out(tx, &person.org_id, &person.id).await?)
}

#[cfg(test)]
mod tests {
    use super::{RecoveryFacts, RecoveryNeed, decide_opens, decide_recovery};
    use crate::org::settings::RecoverySettings;
    use crate::person::PersonStatus;
    use crate::sign_in::setup::LinkPurpose;

    #[test]
    fn a_mailbox_alone_opens_no_account_of_an_administrator() {
        use LinkPurpose as By;
        use PersonStatus as Is;
        use RecoveryNeed as Needs;
        // (mailbox alone, by, status, administrator, codes) and what is needed.
        let table = [
            (
                (true, By::Recovery, Is::Active, false, false),
                Needs::Nothing,
            ),
            (
                (true, By::Recovery, Is::Active, false, true),
                Needs::Nothing,
            ),
            ((true, By::Recovery, Is::Active, true, true), Needs::Code),
            ((true, By::Recovery, Is::Active, true, false), Needs::Help),
            (
                (true, By::Recovery, Is::PasswordExpired, true, false),
                Needs::Help,
            ),
            ((false, By::Recovery, Is::Active, false, true), Needs::Code),
            ((false, By::Recovery, Is::Active, false, false), Needs::Help),
            ((false, By::Recovery, Is::Active, true, false), Needs::Help),
            // Somebody helped.
            (
                (false, By::Recovery, Is::Recovery, true, false),
                Needs::Nothing,
            ),
            ((false, By::Help, Is::Active, true, false), Needs::Nothing),
            (
                (false, By::Invitation, Is::Provisioned, true, false),
                Needs::Nothing,
            ),
        ];
        for ((mailbox_alone, purpose, status, is_administrator, has_codes), expected) in table {
            let facts = RecoveryFacts {
                purpose,
                status,
                is_administrator,
                has_codes,
            };
            let settings = RecoverySettings { mailbox_alone };
            assert_eq!(decide_recovery(&settings, &facts), expected, "{facts:?}");
        }
    }

    #[test]
    fn links_open_for_whom_they_were_made() {
        for status in PersonStatus::ALL {
            let never_in = matches!(status, PersonStatus::Staged | PersonStatus::Provisioned);
            let kept_out = matches!(
                status,
                PersonStatus::Suspended | PersonStatus::LockedOut | PersonStatus::Deprovisioned
            );
            assert_eq!(decide_opens(LinkPurpose::Invitation, status), never_in);
            assert!(!decide_opens(LinkPurpose::Setup, status));
            for purpose in [LinkPurpose::Recovery, LinkPurpose::Help] {
                assert_eq!(decide_opens(purpose, status), !never_in && !kept_out);
            }
        }
    }
}
