//! Means of proof in the hands of whoever helps a person: all taken away at once, and a code that the person reads out.

use crate::access::ceiling::hold_for_way_in;
use crate::access::custom::capability::Capability;
use crate::access::{Permission, Permit};
use crate::behavior::store::forget_places;
use crate::cell::Cell;
use crate::credential::store;
use crate::fault::Refusal;
use crate::notice::Notice;
use crate::sign_in::prove::Attempt;
use crate::sign_on::means::Means;
use crate::slowdown::{Familiarity, Guess, GuessedSecret};
use ledger::EventType;
use std::net::{IpAddr, Ipv4Addr};
use vocab::future::boxed;
use vocab::id::UserId;

impl Cell {
    /// Takes every passkey, authenticator app and recovery code of a person away; nothing happens where there is none. What
    /// the policies ask for is enrolled at the next sign-in.
    ///
    /// # Errors
    /// [`Refusal`] as for taking one away.
    #[boxed]
    pub async fn reset_factors(&self, permit: &Permit, user_id: &UserId) -> Result<(), Refusal> {
        permit.covers_within(Permission::HelpPeople, Capability::UsersResetFactors)?;
        let subject = self.loss_subject(permit, user_id).await?;
        let now = self.now();
        let event = subject.event(permit, EventType::UserMfaFactorResetAll, now);
        let notice = Notice::FactorsReset;
        let mail = self
            .seal_mail(&subject.org().name, &subject.person, &notice)
            .await?;
        let ((org_id, user_id), permit) = (subject.ids(), permit.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    hold_for_way_in(tx, &permit, &user_id).await?;
                    let passkeys = store::load_passkeys(tx, &org_id, &user_id).await?;
                    let codes = store::count_recovery_codes(tx, &org_id, &user_id).await?;
                    store::delete_passkeys(tx, &org_id, &user_id).await?;
                    let had_app = store::delete_totp(tx, &org_id, &user_id).await?;
                    store::replace_recovery_codes(tx, &org_id, &user_id, &[], now).await?;
                    // What was proved by them makes nothing usual any more.
                    forget_places(tx, &org_id, &user_id).await?;
                    if passkeys.is_empty() && codes == 0 && !had_app {
                        return Ok(());
                    }
                    mail.enqueue(tx, &org_id, now).await?;
                    Ok(ledger::append(tx, &org_id, event).await?)
                })
            })
            .await
    }

    /// Whether a code is that of the person's authenticator app, which it is once. Wrong ones slow down whoever asks as they
    /// would at a sign-in, so that nobody finds a code out; each attempt is a row of the log.
    ///
    /// # Errors
    /// [`Refusal`] as for taking a means of proof away.
    #[boxed]
    pub async fn verify_totp_for(
        &self,
        permit: &Permit,
        user_id: &UserId,
        code: &str,
    ) -> Result<Attempt, Refusal> {
        permit.covers(Permission::HelpPeople)?;
        let subject = self.loss_subject(permit, user_id).await?;
        subject.takes(Means::Totp)?;
        let now = self.now();
        let address = permit.client().ip.parse();
        let guess = Guess {
            org: permit.org(),
            account: user_id.as_str(),
            address: address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            secret: GuessedSecret::Totp,
            familiarity: Familiarity::Strange,
        };
        let ticket = match self.slowdown.check(&guess, now) {
            Ok(ticket) => ticket,
            Err(wait) => {
                return Ok(Attempt::Slow {
                    retry_after_secs: wait.secs,
                });
            }
        };
        let right = match self.use_totp(permit.org(), &subject.person, code).await {
            Ok(right) => right,
            Err(fault) => {
                self.slowdown.release(ticket);
                return Err(fault.into());
            }
        };
        let kind = EventType::UserAuthenticationAuthViaMfa;
        let event = if right {
            // The person is not where the call comes from: that address does not become theirs.
            self.slowdown.release(ticket);
            subject.event(permit, kind, now)
        } else {
            self.slowdown.record_failure(ticket);
            subject.failure(permit, kind, now)
        };
        let (org, event) = (permit.org().clone(), event.detail("factor", "TOTP"));
        self.database
            .write(move |tx| Box::pin(async move { ledger::append(tx, &org, event).await }))
            .await?;
        Ok(if right {
            Attempt::Right
        } else {
            Attempt::Wrong
        })
    }
}
