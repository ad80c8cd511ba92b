//! Who somebody is for whom a provider vouches: one pure decision, made here alone.
//!
//! A mail address counts only if the provider says that it is verified: else whoever may write any address there would be anybody
//! here. What a provider calls somebody is one person's here until the link is removed. Nobody who administers is linked, or let in
//! by a link, without having proved by means of their own that it is theirs.

use crate::org::settings::ProfileAttribute;
use crate::person::PersonStatus;
use crate::person::profile::{NAME_CHARS_MAX, ProfileInput, decide_profile, is_mail_address};
use crate::sign_in::begin::may_sign_in;
use serde::{Deserialize, Serialize};
use vocab::id::{GroupId, UserId};
use vocab::text::disguises;
use vocab::time::Timestamp;

/// Whether something is done without anybody being asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Automatic {
    /// It is.
    Auto,
    /// It is never done.
    #[default]
    Disabled,
}

impl Automatic {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Auto, Self::Disabled];

    /// The word of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "AUTO",
            Self::Disabled => "DISABLED",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
}

/// By what somebody unlinked is found here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MatchBy {
    /// Their verified address is the login of a person.
    #[default]
    Username,
    /// It is the mail address of a person.
    Email,
    /// Either.
    UsernameOrEmail,
}

impl MatchBy {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Username, Self::Email, Self::UsernameOrEmail];

    /// The word of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Username => "USERNAME",
            Self::Email => "EMAIL",
            Self::UsernameOrEmail => "USERNAME_OR_EMAIL",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.as_str() == word)
    }

    /// Whether logins are compared.
    #[must_use]
    pub const fn by_login(self) -> bool {
        matches!(self, Self::Username | Self::UsernameOrEmail)
    }

    /// Whether mail addresses are compared.
    #[must_use]
    pub const fn by_email(self) -> bool {
        matches!(self, Self::Email | Self::UsernameOrEmail)
    }
}

/// What follows from the word of a provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ArrivalPolicy {
    /// Whether people are added whom nobody here matches.
    pub creation: Automatic,
    /// The groups that they belong to from the start.
    pub first_groups: Vec<GroupId>,
    /// Whether a person whom they match is linked.
    pub linking: Automatic,
    /// Only members of one of these are; none are named where everybody may be.
    pub link_groups: Vec<GroupId>,
    /// By what they are found.
    pub match_by: MatchBy,
}

/// What a provider said of somebody, its proof checked and every text bounded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vouched {
    /// What it calls them, for ever.
    pub subject: String,
    /// Their mail address.
    pub email: Option<String>,
    /// Whether the provider says that they receive mail there.
    pub email_verified: bool,
    /// Their given name.
    pub first_name: Option<String>,
    /// Their family name.
    pub last_name: Option<String>,
    /// When they proved who they are there, as far as it was said.
    pub authenticated_at: Option<Timestamp>,
}

impl Vouched {
    /// The one address that counts. One beyond ASCII is none: in lower case, in which addresses are compared, it could be another
    /// one (the Kelvin sign is a `k` then), of which the provider said nothing.
    #[must_use]
    pub fn verified_email(&self) -> Option<&str> {
        let email = self.email.as_deref().map(str::trim);
        email.filter(|email| self.email_verified && email.is_ascii() && is_mail_address(email))
    }

    /// What they are called there, for people to read; may be empty.
    #[must_use]
    pub fn account(&self) -> String {
        self.verified_email().unwrap_or_default().to_owned()
    }
}

/// A person here, as far as it matters to an arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub user: UserId,
    /// Where they stand.
    pub status: PersonStatus,
    /// Whether they hold any administrator's role.
    pub is_administrator: bool,
}

/// Somebody whom an unlinked arrival matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Who.
    pub person: Candidate,
    /// Whether they are in a group whose members are linked.
    pub is_in_link_group: bool,
    /// Whether they are linked to somebody else at the same provider.
    pub is_linked_otherwise: bool,
}

/// What the store knows, as of the transaction in which it is decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArrivalFacts {
    /// To whom the subject is linked, and whether by proof of their own.
    pub linked: Option<(Candidate, bool)>,
    /// Whom it matches, each once; not looked for where it is linked.
    pub matches: Vec<Match>,
}

/// What comes of an arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// It is the person to whom it is linked.
    Known(UserId),
    /// It is this person, who is linked from now on.
    Link(UserId),
    /// It may be this person, who first proves by means of their own that it is.
    ProveFirst(UserId),
    /// It is somebody new.
    Create(ProfileInput),
    /// It is nobody.
    Refused(ArrivalRefusal),
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrivalRefusal {
    /// The person may not sign in by any means.
    NotActive,
    /// The provider says no address, or does not say that it is verified.
    MailNotVerified,
    /// Nobody matches, and nobody is added.
    Nobody,
    /// Somebody matches, and nobody is linked.
    LinkingDisabled,
    /// The person is in no group whose members are linked.
    OutsideLinkGroups,
    /// More than one person matches.
    Ambiguous,
    /// The person is linked to somebody else at the provider.
    LinkedOtherwise,
    /// What the provider says of somebody new does not fit the profiles of this org.
    Profile,
}

impl ArrivalRefusal {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::NotActive,
        Self::MailNotVerified,
        Self::Nobody,
        Self::LinkingDisabled,
        Self::OutsideLinkGroups,
        Self::Ambiguous,
        Self::LinkedOtherwise,
        Self::Profile,
    ];

    /// The word in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotActive => "PERSON_NOT_ACTIVE",
            Self::MailNotVerified => "EMAIL_NOT_VERIFIED",
            Self::Nobody => "NOBODY_MATCHES",
            Self::LinkingDisabled => "LINKING_DISABLED",
            Self::OutsideLinkGroups => "OUTSIDE_LINK_GROUPS",
            Self::Ambiguous => "SEVERAL_MATCH",
            Self::LinkedOtherwise => "LINKED_OTHERWISE",
            Self::Profile => "PROFILE_REFUSED",
        }
    }
}

/// Decides who somebody is.
#[must_use]
pub fn decide_arrival(
    vouched: &Vouched,
    policy: &ArrivalPolicy,
    facts: &ArrivalFacts,
    schema: &[ProfileAttribute],
) -> Arrival {
    if let Some((person, own_proof)) = &facts.linked {
        return decide_linked(person, *own_proof);
    }
    let Some(email) = vouched.verified_email() else {
        return Arrival::Refused(ArrivalRefusal::MailNotVerified);
    };
    match facts.matches.as_slice() {
        [] => decide_new(vouched, email, policy, schema),
        [only] => decide_match(only, policy),
        _ => Arrival::Refused(ArrivalRefusal::Ambiguous),
    }
}

fn decide_linked(person: &Candidate, own_proof: bool) -> Arrival {
    if !may_sign_in(person.status) {
        Arrival::Refused(ArrivalRefusal::NotActive)
    } else if person.is_administrator && !own_proof {
        // Linked before the role was given, or by somebody else.
        Arrival::ProveFirst(person.user.clone())
    } else {
        Arrival::Known(person.user.clone())
    }
}

fn decide_match(found: &Match, policy: &ArrivalPolicy) -> Arrival {
    let refused = if !may_sign_in(found.person.status) {
        Some(ArrivalRefusal::NotActive)
    } else if policy.linking == Automatic::Disabled {
        Some(ArrivalRefusal::LinkingDisabled)
    } else if found.is_linked_otherwise {
        Some(ArrivalRefusal::LinkedOtherwise)
    } else if !policy.link_groups.is_empty() && !found.is_in_link_group {
        Some(ArrivalRefusal::OutsideLinkGroups)
    } else {
        None
    };
    match refused {
        Some(refusal) => Arrival::Refused(refusal),
        None if found.person.is_administrator => Arrival::ProveFirst(found.person.user.clone()),
        None => Arrival::Link(found.person.user.clone()),
    }
}

fn decide_new(
    vouched: &Vouched,
    email: &str,
    policy: &ArrivalPolicy,
    schema: &[ProfileAttribute],
) -> Arrival {
    if policy.creation == Automatic::Disabled {
        return Arrival::Refused(ArrivalRefusal::Nobody);
    }
    let input = ProfileInput {
        login: email.to_owned(),
        email: email.to_owned(),
        first_name: bounded(vouched.first_name.as_deref()),
        last_name: bounded(vouched.last_name.as_deref()),
        ..ProfileInput::default()
    };
    match decide_profile(input, schema) {
        Ok(profile) => Arrival::Create(profile),
        Err(_) => Arrival::Refused(ArrivalRefusal::Profile),
    }
}

/// A name within its bound, without what disguises.
fn bounded(name: Option<&str>) -> String {
    let name = name.unwrap_or_default().trim();
    let kept = name.chars().filter(|c| !disguises(*c));
    kept.take(NAME_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        Arrival, ArrivalFacts, ArrivalPolicy, ArrivalRefusal, Automatic, Candidate, Match, Vouched,
        decide_arrival,
    };
    use crate::org::settings::{AttributeKind, ProfileAttribute};
    use crate::person::PersonStatus;
    use vocab::entropy::SeededEntropy;
    use vocab::id::{GroupId, UserId};

    const MAIL: &str = "ada@example.com";

    fn user(seed: u64) -> UserId {
        UserId::generate(&SeededEntropy::new(seed))
    }

    fn vouched() -> Vouched {
        Vouched {
            subject: "248289761001".into(),
            email: Some(MAIL.into()),
            email_verified: true,
            first_name: Some("Ada".into()),
            last_name: Some("Lovelace".into()),
            authenticated_at: None,
        }
    }

    fn auto() -> ArrivalPolicy {
        ArrivalPolicy {
            creation: Automatic::Auto,
            linking: Automatic::Auto,
            ..ArrivalPolicy::default()
        }
    }

    fn candidate(status: PersonStatus, is_administrator: bool) -> Candidate {
        Candidate {
            user: user(1),
            status,
            is_administrator,
        }
    }

    fn linked(status: PersonStatus, is_administrator: bool, own_proof: bool) -> ArrivalFacts {
        ArrivalFacts {
            linked: Some((candidate(status, is_administrator), own_proof)),
            matches: Vec::new(),
        }
    }

    fn matching(person: Candidate) -> Match {
        Match {
            person,
            is_in_link_group: false,
            is_linked_otherwise: false,
        }
    }

    fn matches(found: Vec<Match>) -> ArrivalFacts {
        ArrivalFacts {
            linked: None,
            matches: found,
        }
    }

    fn decide(vouched: &Vouched, policy: &ArrivalPolicy, facts: &ArrivalFacts) -> Arrival {
        decide_arrival(vouched, policy, facts, &[])
    }

    #[test]
    fn a_link_is_who_somebody_is_whatever_else_is_said() {
        use PersonStatus as Is;
        let known = Arrival::Known(user(1));
        let first = Arrival::ProveFirst(user(1));
        let refused = Arrival::Refused(ArrivalRefusal::NotActive);
        for (status, is_administrator, own_proof, expected) in [
            (Is::Active, false, false, &known),
            (Is::Active, false, true, &known),
            (Is::PasswordExpired, false, false, &known),
            (Is::Active, true, true, &known),
            (Is::Active, true, false, &first),
            (Is::Suspended, false, true, &refused),
            (Is::Suspended, true, true, &refused),
            (Is::Deprovisioned, false, true, &refused),
            (Is::LockedOut, false, true, &refused),
            (Is::Recovery, false, true, &refused),
            (Is::Staged, false, true, &refused),
            (Is::Provisioned, false, true, &refused),
        ] {
            let facts = linked(status, is_administrator, own_proof);
            // Neither the policy nor the address matters to a link.
            for policy in [auto(), ArrivalPolicy::default()] {
                for said in [
                    vouched(),
                    Vouched {
                        email: None,
                        ..vouched()
                    },
                ] {
                    assert_eq!(&decide(&said, &policy, &facts), expected, "{status:?}");
                }
            }
        }
    }

    #[test]
    fn an_address_counts_only_verified() {
        let active = matching(candidate(PersonStatus::Active, false));
        let refused = Arrival::Refused(ArrivalRefusal::MailNotVerified);
        for (email, email_verified) in [
            (None, false),
            (None, true),
            (Some(MAIL), false),
            (Some("no address"), true),
            (Some(""), true),
            (Some("a@b\r\nBcc: c@d"), true),
            // The Kelvin sign, in lower case the letter k; a dotted capital I; letters that look like others.
            (Some("\u{212a}ay@partner.example"), true),
            (Some("ada@\u{212a}in.example"), true),
            (Some("\u{130}da@partner.example"), true),
            (Some("\u{430}da@partner.example"), true),
            (Some("ada@partner\u{202e}.example"), true),
        ] {
            let said = Vouched {
                email: email.map(str::to_owned),
                email_verified,
                ..vouched()
            };
            for facts in [matches(Vec::new()), matches(vec![active.clone()])] {
                assert_eq!(decide(&said, &auto(), &facts), refused, "{email:?}");
            }
            assert_eq!(said.account(), "");
        }
    }

    #[test]
    fn a_match_is_linked_only_as_the_policy_says() {
        use ArrivalRefusal as Why;
        let active = || candidate(PersonStatus::Active, false);
        let group = GroupId::generate(&SeededEntropy::new(3));
        let some_groups = ArrivalPolicy {
            link_groups: vec![group],
            ..auto()
        };
        let no_links = ArrivalPolicy {
            linking: Automatic::Disabled,
            ..auto()
        };
        let one = |person| vec![matching(person)];
        let member = |person| Match {
            is_in_link_group: true,
            ..matching(person)
        };
        let taken = |person| Match {
            is_linked_otherwise: true,
            ..matching(person)
        };
        let refused = Arrival::Refused;
        let administrator = || candidate(PersonStatus::Active, true);
        let suspended = || candidate(PersonStatus::Suspended, false);
        let left = || candidate(PersonStatus::Deprovisioned, false);
        let other = Candidate {
            user: user(2),
            ..active()
        };
        for (policy, found, expected) in [
            (auto(), one(active()), Arrival::Link(user(1))),
            (auto(), one(administrator()), Arrival::ProveFirst(user(1))),
            (auto(), one(suspended()), refused(Why::NotActive)),
            (auto(), one(left()), refused(Why::NotActive)),
            (auto(), vec![taken(active())], refused(Why::LinkedOtherwise)),
            (
                auto(),
                vec![taken(administrator())],
                refused(Why::LinkedOtherwise),
            ),
            (
                auto(),
                vec![matching(active()), matching(other)],
                refused(Why::Ambiguous),
            ),
            (
                no_links.clone(),
                one(active()),
                refused(Why::LinkingDisabled),
            ),
            (
                no_links,
                one(administrator()),
                refused(Why::LinkingDisabled),
            ),
            (
                some_groups.clone(),
                one(active()),
                refused(Why::OutsideLinkGroups),
            ),
            (
                some_groups.clone(),
                one(administrator()),
                refused(Why::OutsideLinkGroups),
            ),
            (
                some_groups.clone(),
                vec![member(active())],
                Arrival::Link(user(1)),
            ),
            (
                some_groups,
                vec![member(administrator())],
                Arrival::ProveFirst(user(1)),
            ),
        ] {
            let facts = matches(found);
            assert_eq!(decide(&vouched(), &policy, &facts), expected, "{facts:?}");
        }
    }

    #[test]
    fn somebody_new_is_added_only_where_that_is_wanted_and_within_bounds() {
        let nobody = ArrivalFacts::default();
        let closed = ArrivalPolicy {
            creation: Automatic::Disabled,
            ..auto()
        };
        let refused = Arrival::Refused(ArrivalRefusal::Nobody);
        assert_eq!(decide(&vouched(), &closed, &nobody), refused);
        let said = Vouched {
            first_name: Some(format!("A\u{202e}da\n{}", "x".repeat(500))),
            last_name: None,
            ..vouched()
        };
        let Arrival::Create(profile) = decide(&said, &auto(), &nobody) else {
            panic!("somebody new is added");
        };
        assert_eq!((&*profile.login, &*profile.email), (MAIL, MAIL));
        assert!(profile.first_name.starts_with("Adaxx"));
        assert_eq!(profile.first_name.chars().count(), 100);
        assert_eq!(profile.last_name, "");
        let required = ProfileAttribute {
            name: "costCenter".into(),
            kind: AttributeKind::Text,
            required: true,
            ..ProfileAttribute::default()
        };
        let misfit = decide_arrival(&vouched(), &auto(), &nobody, &[required]);
        assert_eq!(misfit, Arrival::Refused(ArrivalRefusal::Profile));
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for word in Automatic::ALL {
            assert_eq!(Automatic::from_word(word.as_str()), Some(word));
        }
        for way in super::MatchBy::ALL {
            assert_eq!(super::MatchBy::from_word(way.as_str()), Some(way));
        }
    }
}
