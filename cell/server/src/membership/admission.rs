//! Who is let in: by the role of the peer, and by the epoch of the route that brought a request here.

use vocab::epoch::Epoch;
use wire::identity::FleetRole;
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
/// what the cell has not.
#[must_use]
pub fn decide_admission(known: Option<Epoch>, asked: Epoch) -> Admission {
    match known {
        Some(epoch) if epoch == asked => Admission::Serve,
        Some(epoch) => Admission::Refuse(Some(Standing {
            epoch,
            kind: StandingKind::Serving,
        })),
        None => Admission::Refuse(None),
    }
}

#[cfg(test)]
mod tests {
    use super::{Admission, Door, decide_admission, decide_door};
    use vocab::epoch::Epoch;
    use wire::identity::FleetRole;
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
        let at = |number| Epoch::try_from(number).unwrap();
        assert_eq!(decide_admission(Some(at(2)), at(2)), Admission::Serve);
        for other in [1, 3] {
            let standing = Standing {
                epoch: at(2),
                kind: StandingKind::Serving,
            };
            assert_eq!(
                decide_admission(Some(at(2)), at(other)),
                Admission::Refuse(Some(standing))
            );
        }
        assert_eq!(decide_admission(None, at(1)), Admission::Refuse(None));
    }
}
