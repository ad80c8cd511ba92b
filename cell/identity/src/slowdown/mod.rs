//! Slowing down guesses, instead of lock-outs that a stranger could cause.
//!
//! Three counts stand in front of every secret that can be guessed: of the account from this address (strict), of the
//! account from everywhere (mild, and not for an address or device from which its owner has signed in before), of the
//! address over all accounts (mild). A device that brings proof of an earlier sign-in to the very account has a count of
//! its own instead of all three, so that nothing that strangers do slows it. Nobody is ever shut out: the longest wait is
//! named, and it ends by itself. A passkey cannot be guessed and is never slowed, so its owner always gets in.
//!
//! Where an org wants it, addresses are told from which many different names fail ([`threat`]).
//!
//! The decision is pure ([`decide_slowdown`]); the table is bounded in memory and forgets the oldest first. Counts are
//! kept per kind of secret: else somebody who knows the password could clear the count of wrong codes with it.

mod table;
#[cfg(test)]
mod tests;
pub mod threat;

use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use vocab::id::OrgId;
use vocab::time::Timestamp;

use self::table::{BoundedTable, Charge};
use self::threat::table::{Key, Room, ThreatTable};
use self::threat::{Notice, ThreatLimit, Trial, Verdict};
use crate::threat::Watch;

/// Most entries of each count; one takes about a hundred bytes.
pub const ENTRIES_MAX: usize = 32_768;
/// For how long an address counts as the owner's own after a sign-in from it.
pub const FAMILIAR_SECS: i64 = 30 * 24 * 60 * 60;
/// How long whoever comes waits while too many different names are tried from their address at the same moment.
const CROWD_WAIT_SECS: u32 = 1;

/// How failures turn into waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlowdownLimit {
    /// So many failures cost nothing.
    pub free_failures: u32,
    /// The wait after the first failure beyond them; each further one doubles it.
    pub first_delay_secs: u32,
    /// The longest wait.
    pub delay_max_secs: u32,
    /// After so long one failure is forgotten.
    pub forget_one_secs: u32,
}

/// The limits of the three counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlowdownLimits {
    /// Of an account from one address.
    pub pair: SlowdownLimit,
    /// Of an account from all strange addresses together.
    pub account: SlowdownLimit,
    /// Of an account from all strange addresses together, for the codes of an app: whoever gets that far has the
    /// password, and a million codes are few.
    pub account_totp: SlowdownLimit,
    /// Of mail that a stranger has sent to an account, from all strange addresses together: it fills a mailbox.
    pub account_mail: SlowdownLimit,
    /// Of an address over all accounts.
    pub address: SlowdownLimit,
}

impl Default for SlowdownLimits {
    /// From one address one guess a minute in the long run; from all the world one in five seconds at a password and one
    /// in five minutes at a code; from one address at all accounts one in ten seconds. From all the world one mail in ten
    /// minutes goes to one account.
    fn default() -> Self {
        let pair = SlowdownLimit {
            free_failures: 5,
            first_delay_secs: 1,
            delay_max_secs: 60,
            forget_one_secs: 600,
        };
        let account = SlowdownLimit {
            free_failures: 50,
            first_delay_secs: 1,
            delay_max_secs: 5,
            forget_one_secs: 30,
        };
        let account_totp = SlowdownLimit {
            free_failures: 10,
            first_delay_secs: 1,
            delay_max_secs: 300,
            forget_one_secs: 3_600,
        };
        let account_mail = SlowdownLimit {
            free_failures: 5,
            first_delay_secs: 30,
            delay_max_secs: 600,
            forget_one_secs: 1_800,
        };
        let address = SlowdownLimit {
            free_failures: 100,
            first_delay_secs: 1,
            delay_max_secs: 10,
            forget_one_secs: 10,
        };
        Self {
            pair,
            account,
            account_totp,
            account_mail,
            address,
        }
    }
}

/// The failures of one count as the table holds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    /// How many, those forgotten since the one before last already taken off.
    pub count: u32,
    /// When the last one was.
    pub last: Timestamp,
}

/// Too many wrong guesses: the next one is taken after this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("too many attempts; try again in {secs} s")]
pub struct RetryAfter {
    /// Whole seconds, at least one.
    pub secs: u32,
}

/// Whether one more guess is taken now.
///
/// # Errors
/// [`RetryAfter`] with the time that is left, never more than the limit's longest wait, whatever the clock did.
pub fn decide_slowdown(
    limit: &SlowdownLimit,
    now: Timestamp,
    failures: Option<Failures>,
) -> Result<(), RetryAfter> {
    let Some(failures) = failures else {
        return Ok(());
    };
    let delay_secs = i64::from(delay_secs(limit, failures.count));
    let waited_micros = now.micros().saturating_sub(failures.last.micros());
    let delay_micros = delay_secs.saturating_mul(1_000_000);
    // A failure that lies far ahead was counted before the clock was set back; nobody waits for it to come round again.
    if waited_micros >= delay_micros || waited_micros <= -delay_micros {
        return Ok(());
    }
    let left_secs = delay_micros
        .saturating_sub(waited_micros)
        .saturating_add(999_999)
        / 1_000_000;
    Err(RetryAfter {
        secs: u32::try_from(left_secs.min(delay_secs)).unwrap_or(limit.delay_max_secs),
    })
}

/// The count after one more failure.
#[must_use]
pub fn count_failure(
    limit: &SlowdownLimit,
    now: Timestamp,
    failures: Option<Failures>,
) -> Failures {
    let remembered = failures.map_or(0, |failures| {
        let quiet_secs = now.secs_since(failures.last).max(0);
        let forgotten = quiet_secs / i64::from(limit.forget_one_secs.max(1));
        failures
            .count
            .saturating_sub(u32::try_from(forgotten).unwrap_or(u32::MAX))
    });
    Failures {
        count: remembered.saturating_add(1),
        last: now,
    }
}

fn delay_secs(limit: &SlowdownLimit, count: u32) -> u32 {
    let Some(beyond) = count
        .checked_sub(limit.free_failures)
        .and_then(|beyond| beyond.checked_sub(1))
    else {
        return 0;
    };
    let doubled = 2_u32.saturating_pow(beyond);
    limit
        .first_delay_secs
        .saturating_mul(doubled)
        .min(limit.delay_max_secs)
}

/// Which secret is guessed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GuessedSecret {
    /// A password.
    Password,
    /// A code of an authenticator app.
    Totp,
    /// A code sent by mail.
    EmailCode,
    /// A printed recovery code.
    RecoveryCode,
    /// The code that a device shows.
    DeviceCode,
    /// What an app proves itself with. It cannot be guessed, so it has no count over all addresses: only a flood of
    /// failures from one place is held up.
    ClientSecret,
    /// No secret: mail that anybody can have sent to an account.
    Mail,
}

/// Whether the request brings evidence, such as a device cookie, that the account's owner has completed a sign-in from here
/// before. A password alone is no such evidence, or whoever has guessed it could go on to the codes unslowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Familiarity<'g> {
    /// It does: the name of the device, which the evidence binds to this account.
    Known(&'g str),
    /// It does not; the table may still know the address.
    Strange,
}

/// From where an account is guessed at, as the strict count tells places apart.
#[derive(Hash)]
enum Place<'g> {
    Device(&'g str),
    Network(IpAddr),
}

/// One guess.
#[derive(Debug, Clone, Copy)]
pub struct Guess<'g> {
    /// The org.
    pub org: &'g OrgId,
    /// The identifier as it was typed, whether there is such an account or not: else the wait would tell.
    pub account: &'g str,
    /// Where it comes from.
    pub address: IpAddr,
    /// At which secret.
    pub secret: GuessedSecret,
    /// What is known of the device.
    pub familiarity: Familiarity<'g>,
}

/// A guess that was let through and is counted as failed until something else is recorded. To drop it is to let it count,
/// so that an answer that was never given does not make guesses free.
#[must_use = "record what became of the guess"]
#[derive(Debug)]
pub struct Ticket {
    pair: Charge,
    account: Option<Charge>,
    address: Option<Charge>,
    /// Where the org looks for threats.
    trial: Option<Trial>,
}

/// Why a guess at a sign-in is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halt {
    /// There were too many; come back later.
    Slow(RetryAfter),
    /// It comes from an address that is a threat.
    Threat,
}

impl From<RetryAfter> for Halt {
    fn from(wait: RetryAfter) -> Self {
        Self::Slow(wait)
    }
}

/// The counts of all accounts and addresses in use, bounded.
pub struct SlowdownTable {
    limits: SlowdownLimits,
    /// Keyed at random, so that nobody can aim at another's place in the table.
    hasher: RandomState,
    pairs: BoundedTable,
    accounts: BoundedTable,
    addresses: BoundedTable,
    /// From where each secret was given rightly. By secret: a right password makes nobody familiar with the codes.
    familiar: BoundedTable,
    /// Of orgs that look for them.
    threats: Arc<ThreatTable>,
}

impl Default for SlowdownTable {
    fn default() -> Self {
        Self::new(SlowdownLimits::default(), ENTRIES_MAX)
    }
}

impl SlowdownTable {
    /// An empty table with at most so many entries for each count.
    #[must_use]
    pub fn new(limits: SlowdownLimits, entries_max: usize) -> Self {
        Self {
            limits,
            hasher: RandomState::new(),
            pairs: BoundedTable::new(entries_max),
            accounts: BoundedTable::new(entries_max),
            addresses: BoundedTable::new(entries_max),
            familiar: BoundedTable::new(entries_max),
            threats: Arc::new(ThreatTable::new(
                ThreatLimit::default(),
                Room::at_most(entries_max),
            )),
        }
    }

    /// Lets a guess at a sign-in through, which is also held against the address that it comes from, as the org wants it. A known
    /// device is no stranger: nothing that others do from there keeps it out, and it counts for nothing. That an account signed in
    /// from there counts here for nothing: whoever is behind the same address would be told by it that there is such an account.
    ///
    /// # Errors
    /// [`Halt`]; from a threat nothing is counted.
    pub fn check_sign_in(
        &self,
        guess: &Guess<'_>,
        watch: Watch,
        now: Timestamp,
    ) -> Result<Ticket, Halt> {
        let Some(key) = self.watched(guess, watch) else {
            return Ok(self.check(guess, now)?);
        };
        if watch == Watch::Block && self.threats.is_threat(key, now) {
            return Err(Halt::Threat);
        }
        let name = self.hasher.hash_one(guess.account.trim().to_lowercase());
        let mut ticket = self.check(guess, now)?;
        // What an app proves itself with cannot be guessed, and one machine may speak for many apps.
        let is_counted = watch == Watch::Block && guess.secret != GuessedSecret::ClientSecret;
        if is_counted && !self.threats.enter(key, name) {
            self.release(ticket);
            return Err(Halt::Slow(RetryAfter {
                secs: CROWD_WAIT_SECS,
            }));
        }
        ticket.trial = Some(Trial {
            table: Arc::clone(&self.threats),
            key,
            name,
            at: now,
            watch,
            has_entered: is_counted,
            verdict: Verdict::Failed,
        });
        Ok(ticket)
    }

    /// The row that the log owes of the address that a guess comes from, for whoever asks to write.
    #[must_use]
    pub fn owed_notice(&self, guess: &Guess<'_>, watch: Watch, now: Timestamp) -> Option<Notice> {
        let key = self.watched(guess, watch)?;
        self.threats.claim(key, watch, now)
    }

    /// Under what an address is watched; nothing where it is not.
    fn watched(&self, guess: &Guess<'_>, watch: Watch) -> Option<Key> {
        let is_known = matches!(guess.familiarity, Familiarity::Known(_));
        if watch == Watch::Off || is_known {
            return None;
        }
        // Apps and people are counted apart: whatever is posted in an app's name keeps nobody out.
        let is_app = guess.secret == GuessedSecret::ClientSecret;
        let network = network_of(guess.address);
        Some(Key {
            org: self.hasher.hash_one(guess.org),
            address: self.hasher.hash_one((is_app, network)),
        })
    }

    /// Lets a guess through, or says when to come back. What is let through counts as a failure at once, so that guesses
    /// made at the same moment do not slip through together. What is refused does not count.
    ///
    /// # Errors
    /// [`RetryAfter`] by the first count that refuses.
    pub fn check(&self, guess: &Guess<'_>, now: Timestamp) -> Result<Ticket, RetryAfter> {
        let account = guess.account.trim().to_lowercase();
        let network = network_of(guess.address);
        let place = match guess.familiarity {
            Familiarity::Known(device) => Place::Device(device),
            Familiarity::Strange => Place::Network(network),
        };
        let pair_key = self
            .hasher
            .hash_one((guess.secret, guess.org, &account, place));
        let mut ticket = Ticket {
            pair: self.pairs.charge(pair_key, &self.limits.pair, now)?,
            account: None,
            address: None,
            trial: None,
        };
        match self.charge_strangers(&mut ticket, guess, (&account, network), now) {
            Ok(()) => Ok(ticket),
            Err(wait) => {
                self.release(ticket);
                Err(wait)
            }
        }
    }

    /// The two counts that a known device has no part in.
    fn charge_strangers(
        &self,
        ticket: &mut Ticket,
        guess: &Guess<'_>,
        (account, network): (&str, IpAddr),
        now: Timestamp,
    ) -> Result<(), RetryAfter> {
        if matches!(guess.familiarity, Familiarity::Known(_)) {
            return Ok(());
        }
        let limit = match guess.secret {
            GuessedSecret::Totp => Some(&self.limits.account_totp),
            GuessedSecret::Mail => Some(&self.limits.account_mail),
            GuessedSecret::ClientSecret => None,
            _ => Some(&self.limits.account),
        };
        if let Some(limit) = limit.filter(|_| !self.is_familiar(ticket.pair.key(), now)) {
            let key = self.hasher.hash_one((guess.secret, guess.org, account));
            ticket.account = Some(self.accounts.charge(key, limit, now)?);
        }
        let key = self.hasher.hash_one((guess.secret, network));
        ticket.address = Some(self.addresses.charge(key, &self.limits.address, now)?);
        Ok(())
    }

    /// The guess was wrong: it stays counted.
    pub fn record_failure(&self, ticket: Ticket) {
        drop(ticket);
    }

    /// The same of a guess at a sign-in: the row that the log owes, if that made a threat of its address.
    pub fn record_failed_sign_in(&self, mut ticket: Ticket) -> Option<Notice> {
        ticket.trial.take()?.fail()
    }

    /// The guess was right. The count of this account from this address is cleared and the address is known from now on;
    /// the other counts only lose this guess, so that an attacker's own account does not clear the address.
    pub fn record_success(&self, ticket: Ticket, now: Timestamp) {
        self.pairs.clear(&ticket.pair);
        self.familiar.put(
            ticket.pair.key(),
            Failures {
                count: 0,
                last: now,
            },
        );
        self.undo_common(&ticket);
        if let Some(trial) = ticket.trial {
            trial.end(Verdict::Right);
        }
    }

    /// The guess was never judged (the server was busy or failed): nothing is counted.
    pub fn release(&self, ticket: Ticket) {
        self.pairs.undo(&ticket.pair);
        self.undo_common(&ticket);
        if let Some(trial) = ticket.trial {
            trial.end(Verdict::Unjudged);
        }
    }

    fn undo_common(&self, ticket: &Ticket) {
        ticket
            .account
            .iter()
            .for_each(|charge| self.accounts.undo(charge));
        ticket
            .address
            .iter()
            .for_each(|charge| self.addresses.undo(charge));
    }

    /// Whether a guess at the password of an account, from where its owner was never seen, would have to wait now. Nothing
    /// is counted by it.
    #[must_use]
    pub fn slows_strangers(&self, org: &OrgId, account: &str, now: Timestamp) -> bool {
        let account = account.trim().to_lowercase();
        let key = self
            .hasher
            .hash_one((GuessedSecret::Password, org, account.as_str()));
        decide_slowdown(&self.limits.account, now, self.accounts.get(key)).is_err()
    }

    fn is_familiar(&self, key: u64, now: Timestamp) -> bool {
        self.familiar
            .get(key)
            .is_some_and(|seen| now.secs_since(seen.last) <= FAMILIAR_SECS)
    }
}

/// One address of IPv4, or the /64 of IPv6 that one customer usually has: within it addresses cost nothing.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
    }
}
