//! What an org does about addresses from which many different names fail to sign in: nothing, a row of its log, or to refuse
//! what comes from there.
//!
//! The counts are those of [`crate::slowdown::threat`], in memory, in each process for itself. Who is behind the same address as
//! a threat is refused too, but for passkeys, devices on which they have signed in before, and links that are mailed to
//! them; it ends by itself. Zones that are excluded never count.

mod admit;
pub mod operations;

use crate::sign_on::Zone;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use vocab::id::ZoneId;

/// What is done about a threat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreatAction {
    /// Nothing, and nothing is counted: what an org does that never asked for more.
    #[default]
    None,
    /// The log says so, once for as long as it is one.
    Audit,
    /// The same, and sign-ins from there are refused.
    Block,
}

impl ThreatAction {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::None, Self::Audit, Self::Block];

    /// The word of the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Audit => "audit",
            Self::Block => "block",
        }
    }
}

/// What an org does about threats.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ThreatSettings {
    /// What is done.
    pub action: ThreatAction,
    /// Zones whose addresses are never one.
    pub exclude_zones: Vec<ZoneId>,
}

impl ThreatSettings {
    /// Whether they are those of an org that never asked for others.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How sign-ins from an address are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watch {
    /// They are not.
    Off,
    /// They are counted.
    Audit,
    /// They are counted, and refused from a threat.
    Block,
}

/// How sign-ins from an address are looked at: one in an excluded zone is not. Neither is one that could not be read, which
/// would stand for many.
#[must_use]
pub fn decide_watch(settings: &ThreatSettings, zones: &[Zone], address: IpAddr) -> Watch {
    let watch = match settings.action {
        ThreatAction::None => return Watch::Off,
        ThreatAction::Audit => Watch::Audit,
        ThreatAction::Block => Watch::Block,
    };
    let mut excluded = zones
        .iter()
        .filter(|zone| settings.exclude_zones.contains(&zone.id));
    match address.is_unspecified() || excluded.any(|zone| zone.contains(address)) {
        true => Watch::Off,
        false => watch,
    }
}

#[cfg(test)]
mod tests {
    use super::{ThreatAction, ThreatSettings, Watch, decide_watch};
    use crate::sign_on::Zone;
    use crate::sign_on::zone::parse_ranges;
    use vocab::entropy::SeededEntropy;
    use vocab::id::ZoneId;

    #[test]
    fn an_address_in_an_excluded_zone_is_not_watched() {
        let zone = |name: &str, ranges: &str| Zone {
            id: ZoneId::generate(&SeededEntropy::new(u64::try_from(name.len()).unwrap())),
            name: name.into(),
            ranges: parse_ranges(ranges).unwrap(),
            blocked: false,
        };
        let zones = [
            zone("Office", "192.0.2.0/24, 2001:db8:1::/48"),
            zone("Elsewhere", "198.51.100.0/24"),
        ];
        let settings = |action| ThreatSettings {
            action,
            exclude_zones: vec![zones[0].id.clone()],
        };
        for (action, address, expected) in [
            (ThreatAction::None, "203.0.113.1", Watch::Off),
            (ThreatAction::Audit, "203.0.113.1", Watch::Audit),
            (ThreatAction::Block, "203.0.113.1", Watch::Block),
            (ThreatAction::Block, "198.51.100.1", Watch::Block),
            (ThreatAction::Block, "192.0.2.7", Watch::Off),
            (ThreatAction::Audit, "192.0.2.7", Watch::Off),
            (ThreatAction::Block, "::ffff:192.0.2.7", Watch::Off),
            (ThreatAction::Block, "2001:db8:1::7", Watch::Off),
            (ThreatAction::Block, "2001:db8:2::7", Watch::Block),
            (ThreatAction::Block, "0.0.0.0", Watch::Off),
        ] {
            let watch = decide_watch(&settings(action), &zones, address.parse().unwrap());
            assert_eq!(watch, expected, "{action:?} {address}");
        }
        // A zone that rests is not among those that are asked.
        let watch = decide_watch(
            &settings(ThreatAction::Block),
            &zones[1..],
            "192.0.2.7".parse().unwrap(),
        );
        assert_eq!(watch, Watch::Block);
    }

    #[test]
    fn what_nobody_asked_for_is_nothing() {
        let none = ThreatSettings::default();
        assert!(none.is_default());
        assert_eq!(none.action, ThreatAction::None);
        for action in ThreatAction::ALL {
            let text = serde_json::to_string(&action).unwrap();
            assert_eq!(text, format!("\"{}\"", action.as_str()));
        }
    }
}
