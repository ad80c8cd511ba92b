//! Doors that an org can shut: each is a way in of programs that not every org needs, and has one place where it is refused.
//! All are open unless it is said.
//!
//! The list is closed and stands in code. What has a switch of its own elsewhere (means of proof, the grants of an app) is none
//! of them, and neither are the administrators' pages: whoever shuts a door can always open it there.

pub mod operations;

use crate::fault::Refusal;
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use vocab::id::OrgId;

/// What ids of features begin with.
const PREFIX: &str = "ftr";

/// A door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// Sign-in by a program's own pages.
    ClassicSignIn,
    /// Sessions that programs begin with the token of such a sign-in.
    SessionTokens,
    /// Tokens by which scripts act with the roles of a person.
    ApiTokens,
    /// The SCIM server, which knows no other way in than those.
    ScimServer,
    /// Sign-in of devices that have no browser.
    DeviceGrant,
}

impl Feature {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::ClassicSignIn,
        Self::SessionTokens,
        Self::ApiTokens,
        Self::ScimServer,
        Self::DeviceGrant,
    ];

    /// What its id is made of: names may be said better one day, ids stay.
    const fn word(self) -> &'static str {
        match self {
            Self::ClassicSignIn => "classic_sign_in",
            Self::SessionTokens => "session_tokens",
            Self::ApiTokens => "api_tokens",
            Self::ScimServer => "scim_server",
            Self::DeviceGrant => "device_grant",
        }
    }

    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClassicSignIn => "Classic sign-in API",
            Self::SessionTokens => "Sessions by session tokens",
            Self::ApiTokens => "API tokens",
            Self::ScimServer => "SCIM server",
            Self::DeviceGrant => "Device grant",
        }
    }

    /// What cannot be done while it is shut.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::ClassicSignIn => {
                "Programs sign people in by pages of their own, below /api/v1/authn."
            }
            Self::SessionTokens => "Programs and browsers begin a session with a session token.",
            Self::ApiTokens => {
                "Scripts call the management API and the SCIM server with the roles of a person. Apps that act for themselves and the administrators' pages need no such token."
            }
            Self::ScimServer => {
                "Provisioning clients read and change people and groups below /scim/v2."
            }
            Self::DeviceGrant => {
                "Devices without a browser sign people in by a code that is typed elsewhere (RFC 8628)."
            }
        }
    }

    /// What must be open for it to be of any use.
    #[must_use]
    pub const fn dependencies(self) -> &'static [Self] {
        match self {
            Self::SessionTokens => &[Self::ClassicSignIn],
            Self::ScimServer => &[Self::ApiTokens],
            Self::ClassicSignIn | Self::ApiTokens | Self::DeviceGrant => &[],
        }
    }

    /// What is of no use without it.
    pub fn dependents(self) -> impl Iterator<Item = Self> {
        let needs = move |one: &Self| one.dependencies().contains(&self);
        Self::ALL.into_iter().filter(needs)
    }

    /// Its id in an org: it follows from the org's, since a setting has none of its own.
    #[must_use]
    pub fn id(self, org: &OrgId) -> String {
        crate::org::id_of_setting(PREFIX, org, self.word())
    }

    /// That which has this id in an org.
    #[must_use]
    pub fn find(org: &OrgId, id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feature| feature.id(org) == id)
    }
}

/// Whether a door is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Who may come in by it comes in.
    Open,
    /// Nobody does.
    Shut,
}

/// What is done about other doors that stand in the way of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// Nothing: the change is refused.
    Stay,
    /// They are changed as well.
    Follow,
}

/// The doors that an org has shut.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShutDoors(BTreeSet<Feature>);

impl ShutDoors {
    /// Whether all are open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How a door is.
    #[must_use]
    pub fn door(&self, feature: Feature) -> Door {
        match self.0.contains(&feature) {
            true => Door::Shut,
            false => Door::Open,
        }
    }

    /// That a door is open.
    ///
    /// # Errors
    /// [`Refusal::Shut`] if it is not.
    pub fn check(&self, feature: Feature) -> Result<(), Refusal> {
        match self.door(feature) {
            Door::Open => Ok(()),
            Door::Shut => Err(Refusal::Shut(feature)),
        }
    }

    /// Which doors change so that this one is as it is wanted: none if it is so already, those that must go before it first.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] that names a door in the way, where those stay.
    pub fn plan(
        &self,
        feature: Feature,
        wanted: Door,
        others: Others,
    ) -> Result<Vec<Feature>, Refusal> {
        if self.door(feature) == wanted {
            return Ok(Vec::new());
        }
        let related: Vec<Feature> = match wanted {
            Door::Open => feature.dependencies().to_vec(),
            Door::Shut => feature.dependents().collect(),
        };
        let mut changes = Vec::new();
        for other in related {
            if others == Others::Stay && self.door(other) != wanted {
                return Err(in_the_way(wanted, other));
            }
            changes.extend(self.plan(other, wanted, others)?);
        }
        changes.push(feature);
        Ok(changes)
    }

    /// The same with these doors changed.
    #[must_use]
    pub fn with(&self, changes: &[Feature], wanted: Door) -> Self {
        let mut shut = self.0.clone();
        for feature in changes {
            match wanted {
                Door::Open => shut.remove(feature),
                Door::Shut => shut.insert(*feature),
            };
        }
        Self(shut)
    }
}

fn in_the_way(wanted: Door, other: Feature) -> Refusal {
    let name = other.name();
    let problem = match wanted {
        Door::Open => Problem::of_ours("it depends on {name}, which is switched off", name),
        Door::Shut => Problem::of_ours("{name} depends on it and is switched on", name),
    };
    Refusal::invalid("feature", problem)
}

#[cfg(test)]
mod tests {
    use super::{Door, Feature, Others, ShutDoors};
    use crate::fault::Refusal;
    use vocab::entropy::SeededEntropy;
    use vocab::id::OrgId;

    fn shut(features: &[Feature]) -> ShutDoors {
        ShutDoors::default().with(features, Door::Shut)
    }

    #[test]
    fn doors_are_open_unless_it_is_said_and_are_written_by_their_words() {
        let none = ShutDoors::default();
        assert!(none.is_empty());
        for feature in Feature::ALL {
            assert!(none.check(feature).is_ok());
        }
        let some = shut(&[Feature::DeviceGrant, Feature::ScimServer]);
        assert!(matches!(
            some.check(Feature::ScimServer),
            Err(Refusal::Shut(Feature::ScimServer))
        ));
        assert_eq!(some.door(Feature::ApiTokens), Door::Open);
        let text = serde_json::to_string(&some).unwrap();
        assert_eq!(text, r#"["scim_server","device_grant"]"#);
        assert_eq!(serde_json::from_str::<ShutDoors>(&text).unwrap(), some);
        let again = some.with(&[Feature::DeviceGrant, Feature::ScimServer], Door::Open);
        assert!(again.is_empty());
    }

    #[test]
    fn nothing_is_open_without_what_it_depends_on() {
        use Feature::{ApiTokens, ClassicSignIn, DeviceGrant, ScimServer, SessionTokens};
        type Row = (
            &'static [Feature],
            Feature,
            Door,
            Option<&'static [Feature]>,
            &'static [Feature],
        );
        let table: [Row; 9] = [
            (&[], DeviceGrant, Door::Open, Some(&[]), &[]),
            (
                &[],
                DeviceGrant,
                Door::Shut,
                Some(&[DeviceGrant]),
                &[DeviceGrant],
            ),
            (
                &[],
                SessionTokens,
                Door::Shut,
                Some(&[SessionTokens]),
                &[SessionTokens],
            ),
            (
                &[],
                ClassicSignIn,
                Door::Shut,
                None,
                &[SessionTokens, ClassicSignIn],
            ),
            (
                &[SessionTokens],
                ClassicSignIn,
                Door::Shut,
                Some(&[ClassicSignIn]),
                &[ClassicSignIn],
            ),
            (&[], ApiTokens, Door::Shut, None, &[ScimServer, ApiTokens]),
            (
                &[ApiTokens, ScimServer],
                ScimServer,
                Door::Open,
                None,
                &[ApiTokens, ScimServer],
            ),
            (
                &[ApiTokens, ScimServer],
                ApiTokens,
                Door::Open,
                Some(&[ApiTokens]),
                &[ApiTokens],
            ),
            (
                &[ApiTokens, ScimServer],
                ApiTokens,
                Door::Shut,
                Some(&[]),
                &[],
            ),
        ];
        for (before, feature, wanted, stay, follow) in table {
            let doors = shut(before);
            let shown = format!("{before:?} {feature:?} {wanted:?}");
            let planned = doors.plan(feature, wanted, Others::Stay).ok();
            assert_eq!(planned.as_deref(), stay, "{shown}");
            let planned = doors.plan(feature, wanted, Others::Follow).unwrap();
            assert_eq!(planned, follow, "{shown}");
            let after = doors.with(&planned, wanted);
            for feature in Feature::ALL {
                let mut needed = feature.dependencies().iter();
                let usable = needed.all(|one| after.door(*one) == Door::Open);
                assert!(usable || after.door(feature) == Door::Shut, "{shown}");
            }
        }
    }

    #[test]
    fn an_id_is_one_orgs_alone() {
        let entropy = SeededEntropy::new(3);
        let (one, two) = (OrgId::generate(&entropy), OrgId::generate(&entropy));
        for feature in Feature::ALL {
            let id = feature.id(&one);
            assert_eq!(id.len(), 20);
            assert_eq!(Feature::find(&one, &id), Some(feature));
            assert_eq!(Feature::find(&two, &id), None);
            assert!(
                feature
                    .dependents()
                    .all(|one| one.dependencies().contains(&feature))
            );
        }
    }
}
