//! The way back in: who may have it, and what must back a link that came by mail. What such a link does is in
//! [`open`](crate::sign_in::open).
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
use crate::person::operations::as_target;
use crate::person::profile::fold;
use crate::person::{Person, PersonStatus, store as people};
use crate::sign_in::IDENTIFIER_CHARS_MAX;
use crate::sign_in::prove::guess_at;
use crate::sign_in::setup::{LinkPurpose, insert_mailed};
use crate::sign_on::means::Means;
use crate::slowdown::{Familiarity, GuessedSecret, RetryAfter};
use database::ReadTx;
use ledger::{Actor, Event, EventType, Outcome};
use vocab::future::boxed;
use vocab::id::OrgId;
use vocab::secret::{Secret, SecretHash};

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
        load_need(&mut tx, org, purpose, person).await
    }
}

/// What must back a link of that person at this moment.
///
/// # Errors
/// [`Fault`] if the store fails.
pub(super) async fn load_need(
    tx: &mut ReadTx,
    org: &Org,
    purpose: LinkPurpose,
    person: &Person,
) -> Result<RecoveryNeed, Fault> {
    let standing = load_standing(tx, &org.id, &person.id).await?;
    let has_totp = credentials::load_totp(tx, &org.id, &person.id)
        .await?
        .iter()
        .any(|totp| totp.confirmed_at.is_some());
    let codes = credentials::count_recovery_codes(tx, &org.id, &person.id).await?;
    let facts = RecoveryFacts {
        purpose,
        status: person.status,
        is_administrator: standing.is_administrator(),
        has_codes: (has_totp && org.settings.untaken_means.takes(Means::Totp)) || codes > 0,
    };
    Ok(decide_recovery(&org.settings.recovery, &facts))
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
