//! Who is let in: by the role of the peer, and by the epoch of the route that brought a request here.

use vocab::epoch::Epoch;
use wire::identity::FleetRole;
use wire::org_move::side::{Place, PlaceState};
use wire::placement::{Standing, StandingKind};

/// Where in a cell of a fleet a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// To the pages and endpoints of an org.
    Orgs,
    /// To what the control plane asks.
    Fleet,
    /// To whether the process lives.
    Health,
    /// Nowhere.
    Closed,
}

/// The paths of the control plane.
const FLEET_PATHS: &str = "/fleet/v1/";
/// The paths that say how the process is.
const HEALTH_PATHS: &str = "/health/";

/// Which door is open to a peer.
#[must_use]
pub fn decide_door(peer: Option<FleetRole>, path: &str) -> Door {
    match (peer, path) {
        (None, _) => Door::Closed,
        (Some(_), path) if path.starts_with(HEALTH_PATHS) => Door::Health,
        (Some(FleetRole::Control), path) if path.starts_with(FLEET_PATHS) => Door::Fleet,
        (Some(FleetRole::Edge), path) if !path.starts_with(FLEET_PATHS) => Door::Orgs,
        _ => Door::Closed,
    }
}

/// Whether a request is answered here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It is.
    Serve,
    /// It is not; what is known of the org's place, if anything.
    Refuse(Option<Standing>),
}

/// The cell serves at one epoch alone: an edge with an older or a newer route has not seen what the cell has, or has seen
/// what the cell has not. What the cell itself begins goes by no epoch.
#[must_use]
pub fn decide_admission(known: Option<Place>, asked: Option<Epoch>) -> Admission {
    let Some(known) = known else {
        return Admission::Refuse(None);
    };
    let asked = asked.unwrap_or(known.epoch);
    let epoch = known.epoch;
    let kind = match known.state {
        PlaceState::Serving if asked == epoch => return Admission::Serve,
        PlaceState::Serving => StandingKind::Serving,
        PlaceState::Parked => StandingKind::Parked,
        PlaceState::Gone => StandingKind::Gone,
        // The edge knows of the switch already; this cell is about to hear of it.
        PlaceState::Incoming if asked == epoch => StandingKind::Parked,
        // The edge is from a time before the org left here.
        PlaceState::Incoming if asked < epoch => {
            let (epoch, kind) = (asked.next(), StandingKind::Gone);
            return Admission::Refuse(Some(Standing { epoch, kind }));
        }
        PlaceState::Incoming => return Admission::Refuse(None),
    };
    Admission::Refuse(Some(Standing { epoch, kind }))
}

#[cfg(test)]
mod tests {
    use super::{Admission, Door, decide_admission, decide_door};
    use vocab::epoch::Epoch;
    use wire::identity::FleetRole;
    use wire::org_move::side::{Place, PlaceState};
    use wire::placement::{Standing, StandingKind};

    #[test]
    fn each_peer_has_its_door() {
        let (edge, control) = (Some(FleetRole::Edge), Some(FleetRole::Control));
        let table = [
            (edge, "/signin", Door::Orgs),
            (edge, "/", Door::Orgs),
            (edge, "/fleet/v1/status", Door::Closed),
            (edge, "/health/ready", Door::Health),
            (control, "/fleet/v1/status", Door::Fleet),
            (control, "/signin", Door::Closed),
            (Some(FleetRole::Cell), "/fleet/v1/status", Door::Closed),
            (Some(FleetRole::Cell), "/signin", Door::Closed),
            (Some(FleetRole::Operator), "/fleet/v1/status", Door::Closed),
            (None, "/health/live", Door::Closed),
            (None, "/signin", Door::Closed),
        ];
        for (peer, path, door) in table {
            assert_eq!(decide_door(peer, path), door, "{peer:?} {path}");
        }
    }

    #[test]
    fn a_route_is_good_at_one_epoch() {
        use PlaceState::{Gone, Incoming, Parked, Serving};
        let at = |number| Epoch::try_from(number).unwrap();
        let refused = |kind| Admission::Refuse(Some(Standing { epoch: at(2), kind }));
        // How the org stands at epoch 2, and what those hear who ask at 1, 2, 3 and at none.
        let gone = refused(StandingKind::Gone);
        let parked = refused(StandingKind::Parked);
        let other = refused(StandingKind::Serving);
        let unknown = Admission::Refuse(None);
        let table = [
            (Serving, [other, Admission::Serve, other, Admission::Serve]),
            (Parked, [parked; 4]),
            (Incoming, [gone, parked, unknown, parked]),
            (Gone, [gone; 4]),
        ];
        for (state, expected) in table {
            let place = Place {
                epoch: at(2),
                state,
            };
            let asked = [Some(at(1)), Some(at(2)), Some(at(3)), None];
            let heard = asked.map(|asked| decide_admission(Some(place), asked));
            assert_eq!(heard, expected, "{state:?}");
        }
        assert_eq!(decide_admission(None, Some(at(1))), unknown);
        assert_eq!(decide_admission(None, None), unknown);
    }
}
