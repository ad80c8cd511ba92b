//! Network zones: named lists of address ranges.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv4Subnets, Ipv6Subnets};
use serde::{Deserialize, Serialize};
use vocab::id::ZoneId;

use super::NAME_CHARACTERS_MAX;
use vocab::text::disguises;

/// Bits of an IPv6 address before the IPv4 address that it carries.
const MAPPED_PREFIX_BITS: u8 = 96;
/// Most ranges of one zone.
pub const RANGES_MAX: usize = 1_000;

/// A named list of address ranges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Its id.
    pub id: ZoneId,
    /// Its name for administrators.
    pub name: String,
    /// The ranges, IPv4 and IPv6.
    pub ranges: Vec<IpNet>,
    /// Whether nothing at all is served to whoever comes from there.
    #[serde(default)]
    pub blocked: bool,
}

/// What a zone is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneReach {
    /// Rules of policies may speak of it.
    Named,
    /// The same, and nothing at all is served to whoever comes from there.
    Blocked,
}

impl ZoneReach {
    /// What the zone is for.
    #[must_use]
    pub const fn of(zone: &Zone) -> Self {
        if zone.blocked {
            Self::Blocked
        } else {
            Self::Named
        }
    }
}

/// Whether a zone counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneState {
    /// Rules may name it, and if it is blocked nothing is served to it.
    Active,
    /// It contains nobody.
    Resting,
}

/// Why a zone is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZoneError {
    /// The name is empty or over [`NAME_CHARACTERS_MAX`].
    #[error("the name of a zone must have between 1 and {NAME_CHARACTERS_MAX} characters")]
    Name,
    /// No ranges, or more than [`RANGES_MAX`].
    #[error("a zone must have between 1 and {RANGES_MAX} address ranges")]
    RangeCount,
    /// A text that is neither an address nor a range.
    #[error(
        "line {line}: {word:?} is neither an address nor a range such as 192.0.2.0/24 or 2001:db8::/32"
    )]
    Range {
        /// The line of the text in which it stands, from 1.
        line: usize,
        /// The text.
        word: String,
    },
}

/// The blocked zone in which an address lies. One that cannot be read lies in none, as for the rules of policies.
#[must_use]
pub fn find_block<'z>(zones: &'z [Zone], address: &str) -> Option<&'z Zone> {
    let mut blocked = zones.iter().filter(|zone| zone.blocked).peekable();
    blocked.peek()?;
    let address = address.parse().ok()?;
    blocked.find(|zone| zone.contains(address))
}

impl Zone {
    /// Whether an address lies in the zone. An IPv4 address that came in an IPv6 one counts as what it is, and so do ranges.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let mut ranges = self.ranges.iter().copied().map(to_canonical);
        ranges.any(|range| range.contains(&address))
    }

    /// Checks the bounds; to be called wherever a zone comes from outside.
    ///
    /// # Errors
    /// The first [`ZoneError`].
    pub fn validate(&self) -> Result<(), ZoneError> {
        let visible = self.name.trim() == self.name && !self.name.chars().any(disguises);
        if !visible || !(1..=NAME_CHARACTERS_MAX).contains(&self.name.chars().count()) {
            return Err(ZoneError::Name);
        }
        if !(1..=RANGES_MAX).contains(&self.ranges.len()) {
            return Err(ZoneError::RangeCount);
        }
        Ok(())
    }
}

/// Reads ranges as an administrator types them: separated by commas, spaces or line ends; a single address is a range of
/// one. Bits behind the prefix are cleared, because they have no meaning.
///
/// # Errors
/// [`ZoneError::Range`] names the first text that is no range, and its line; [`ZoneError::RangeCount`] if there are none or too many.
pub fn parse_ranges(text: &str) -> Result<Vec<IpNet>, ZoneError> {
    let separators = |character: char| character == ',' || character.is_whitespace();
    let words = text.lines().enumerate().flat_map(|(index, line)| {
        let words = line.split(separators).filter(|word| !word.is_empty());
        words.map(move |word| (index + 1, word))
    });
    let ranges: Vec<IpNet> = words
        .take(RANGES_MAX + 1)
        .map(|(line, word)| parse_range(line, word))
        .collect::<Result<_, _>>()?;
    if (1..=RANGES_MAX).contains(&ranges.len()) {
        Ok(ranges)
    } else {
        Err(ZoneError::RangeCount)
    }
}

/// Reads a span of addresses, both ends included, as the networks that it consists of; none for what is no span of one
/// family, the lower end first.
#[must_use]
pub fn parse_span(text: &str) -> Option<Vec<IpNet>> {
    let (first, last) = text.split_once('-')?;
    let read = |text: &str| text.trim().parse::<IpAddr>().ok();
    match (read(first)?.to_canonical(), read(last)?.to_canonical()) {
        (IpAddr::V4(first), IpAddr::V4(last)) if first <= last => {
            let networks = Ipv4Subnets::new(first, last, 0);
            Some(networks.map(IpNet::V4).collect())
        }
        (IpAddr::V6(first), IpAddr::V6(last)) if first <= last => {
            let networks = Ipv6Subnets::new(first, last, 0);
            Some(networks.map(IpNet::V6).collect())
        }
        _ => None,
    }
}

/// The IPv4 addresses that IPv6 carries in this range (RFC 4291 section 2.5.5.2), if it is one of those alone.
fn to_canonical(range: IpNet) -> IpNet {
    let IpNet::V6(carried) = range else {
        return range;
    };
    let address = carried.addr().to_ipv4_mapped();
    let bits = carried.prefix_len().checked_sub(MAPPED_PREFIX_BITS);
    let own = address.zip(bits);
    own.and_then(|(address, bits)| Ipv4Net::new(address, bits).ok())
        .map_or(range, IpNet::V4)
}

fn parse_range(line: usize, word: &str) -> Result<IpNet, ZoneError> {
    let range = word.parse::<IpNet>();
    let range = range.map(|range| to_canonical(range.trunc()));
    // The longest range in text is 43 characters; what is quoted back is bounded too.
    let quoted = || ZoneError::Range {
        line,
        word: word.chars().take(64).collect(),
    };
    range
        .or_else(|_| {
            word.parse()
                .map(|address: IpAddr| address.to_canonical().into())
        })
        .map_err(|_| quoted())
}
