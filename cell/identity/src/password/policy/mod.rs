//! Which new passwords are accepted: an org's rules as data, and one pure decision over them.
//!
//! The rules follow NIST SP 800-63B: length, a list of the commonest passwords, the person's own names, no rules about
//! kinds of characters. A problem is a key into the message catalogue, never prose, and never repeats the password.

#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vocab::time::Timestamp;

use crate::password::{PASSWORD_BYTES_MAX, commonest};

/// The lowest minimum length that an org may set: NIST's floor where a second factor stands beside the password.
pub const LENGTH_MIN_FLOOR: u16 = 8;
/// The highest minimum length that an org may set.
pub const LENGTH_MIN_CEILING: u16 = 64;
/// The most former passwords that an org may keep from being used again; the pool compares that many and the present one in one job.
pub const HISTORY_COUNT_MAX: u8 = 24;
/// The shortest part of a name that must not stand in a password.
pub const NAME_PART_CHARACTERS_MIN: usize = 4;
/// The most parts of names that are looked for.
const NAME_PARTS_MAX: usize = 32;

const SECS_PER_DAY: i64 = 24 * 60 * 60;

/// An org's rules for new passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordPolicy {
    /// The shortest password, in characters.
    pub length_min: u16,
    /// How many former passwords may not be used again; 0 for none.
    pub history_count: u8,
    /// After how many days a password must be replaced; none is the better choice unless a rule book demands it.
    pub age_max_days: Option<u16>,
    /// Whether the commonest breached passwords and their variations are refused.
    pub refuse_commonest: bool,
    /// Whether parts of the person's login, address and names are refused inside the password.
    pub refuse_name_parts: bool,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            length_min: 12,
            history_count: 4,
            age_max_days: None,
            refuse_commonest: true,
            refuse_name_parts: true,
        }
    }
}

/// Which setting of a policy is out of its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordPolicyError {
    /// The minimum length.
    #[error("length_min must be between {LENGTH_MIN_FLOOR} and {LENGTH_MIN_CEILING}")]
    LengthMin,
    /// The history.
    #[error("history_count must be at most {HISTORY_COUNT_MAX}")]
    HistoryCount,
    /// The age.
    #[error("age_max_days must be at least 1 where it is set")]
    AgeMaxDays,
}

impl PasswordPolicy {
    /// Checks the ranges; to be called wherever a policy comes from outside.
    ///
    /// # Errors
    /// [`PasswordPolicyError`] names the first setting that is out of its range.
    pub fn validate(&self) -> Result<(), PasswordPolicyError> {
        if !(LENGTH_MIN_FLOOR..=LENGTH_MIN_CEILING).contains(&self.length_min) {
            return Err(PasswordPolicyError::LengthMin);
        }
        if self.history_count > HISTORY_COUNT_MAX {
            return Err(PasswordPolicyError::HistoryCount);
        }
        if self.age_max_days == Some(0) {
            return Err(PasswordPolicyError::AgeMaxDays);
        }
        Ok(())
    }
}

/// What is known of the person whose password it will be.
#[derive(Debug, Clone, Copy, Default)]
pub struct PasswordFacts<'f> {
    /// The login.
    pub login: &'f str,
    /// The mail addresses.
    pub emails: &'f [&'f str],
    /// Given name, family name, display name, and the org's name.
    pub names: &'f [&'f str],
}

/// Whether the candidate was found among the person's former passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reuse {
    /// It is none of them, or none are kept.
    New,
    /// It is one of them.
    Former,
}

/// One reason to refuse a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordProblem {
    /// Fewer characters than the policy asks for.
    TooShort {
        /// The policy's minimum.
        length_min: u16,
    },
    /// More bytes than any password may have.
    TooLong {
        /// The bound.
        bytes_max: u16,
    },
    /// A line break, a NUL or another control character, which some keyboards cannot type again.
    ControlCharacter,
    /// One of the commonest passwords, or a variation of one.
    Commonest,
    /// It contains a part of the person's login, address or names.
    NamePart,
    /// It was used before.
    Former {
        /// How many former passwords are kept.
        history_count: u8,
    },
}

impl PasswordProblem {
    /// The key of the message in the catalogue.
    #[must_use]
    pub const fn message_key(self) -> &'static str {
        match self {
            Self::TooShort { .. } => "password.problem.too-short",
            Self::TooLong { .. } => "password.problem.too-long",
            Self::ControlCharacter => "password.problem.control-character",
            Self::Commonest => "password.problem.commonest",
            Self::NamePart => "password.problem.name-part",
            Self::Former { .. } => "password.problem.former",
        }
    }

    /// The number that the message speaks of, where it speaks of one.
    #[must_use]
    pub const fn message_number(self) -> Option<u16> {
        match self {
            Self::TooShort { length_min } => Some(length_min),
            Self::TooLong { bytes_max } => Some(bytes_max),
            // `as` only widens here; `From` is not const.
            Self::Former { history_count } => Some(history_count as u16),
            Self::ControlCharacter | Self::Commonest | Self::NamePart => None,
        }
    }
}

/// Accepts or refuses a new password, with all problems at once so that a person need not find them one by one.
///
/// # Errors
/// Every [`PasswordProblem`] that was found.
pub fn decide_password(
    policy: &PasswordPolicy,
    candidate: &str,
    facts: &PasswordFacts<'_>,
    reuse: Reuse,
) -> Result<(), Vec<PasswordProblem>> {
    if candidate.len() > PASSWORD_BYTES_MAX {
        let bytes_max = u16::try_from(PASSWORD_BYTES_MAX).unwrap_or(u16::MAX);
        return Err(vec![PasswordProblem::TooLong { bytes_max }]);
    }
    let mut problems = Vec::new();
    if candidate.chars().count() < usize::from(policy.length_min) {
        problems.push(PasswordProblem::TooShort {
            length_min: policy.length_min,
        });
    }
    if candidate.chars().any(char::is_control) {
        problems.push(PasswordProblem::ControlCharacter);
    }
    if policy.refuse_commonest && commonest::is_common(candidate) {
        problems.push(PasswordProblem::Commonest);
    }
    if policy.refuse_name_parts && contains_name_part(candidate, facts) {
        problems.push(PasswordProblem::NamePart);
    }
    if reuse == Reuse::Former && policy.history_count > 0 {
        problems.push(PasswordProblem::Former {
            history_count: policy.history_count,
        });
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

/// Whether a password may still be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordAge {
    /// It may.
    Current,
    /// It must be replaced first.
    Expired,
}

/// Judges the age of a password that was set at `set_at`.
#[must_use]
pub fn decide_password_age(
    policy: &PasswordPolicy,
    set_at: Timestamp,
    now: Timestamp,
) -> PasswordAge {
    let Some(days) = policy.age_max_days else {
        return PasswordAge::Current;
    };
    if now.seconds().saturating_sub(set_at.seconds()) > i64::from(days) * SECS_PER_DAY {
        PasswordAge::Expired
    } else {
        PasswordAge::Current
    }
}

fn contains_name_part(candidate: &str, facts: &PasswordFacts<'_>) -> bool {
    let lowered = candidate.to_lowercase();
    let folded = commonest::fold_letters(&lowered);
    // Of an address only the part before the @ is the person's; half the world shares the rest.
    let addresses = std::iter::once(&facts.login).chain(facts.emails);
    let locals = addresses.map(|address| address.split('@').next().unwrap_or_default());
    locals
        .chain(facts.names.iter().copied())
        .flat_map(|name| name.split(|character: char| !character.is_alphanumeric()))
        .filter(|part| part.chars().count() >= NAME_PART_CHARACTERS_MIN)
        .take(NAME_PARTS_MAX)
        .map(str::to_lowercase)
        .any(|part| lowered.contains(&part) || folded.contains(&commonest::fold_letters(&part)))
}
