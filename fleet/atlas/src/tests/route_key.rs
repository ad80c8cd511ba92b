//! The key that signs the route map: damaged or gone, a start without it is refused, and another one is made by leave alone.

use super::api::{ANY_PORT, MINUTE, Plane, declaration};
use crate::start::{ControlConfig, LostKey, StartError, start};
use std::sync::Arc;
use wire::control::CellView;
use wire::identity::FleetRole;

#[tokio::test]
async fn a_damaged_key_is_refused_and_not_made_anew() {
    let mut plane = Plane::start().await;
    plane.end().await;
    std::fs::write(plane.data().join("route.key"), b"not a key").unwrap();
    let identity = Arc::new(plane.identity(FleetRole::Control, "control"));
    let refused = start(plane.config(ANY_PORT), identity).await;
    let error = refused.err().unwrap();
    assert!(matches!(error, StartError::Key { .. }), "{error}");
}

#[tokio::test]
async fn a_key_that_is_gone_is_missed_and_made_anew_only_by_leave() {
    let mut plane = Plane::start().await;
    let operator = plane.client(FleetRole::Operator);
    let declared = declaration("cell-a", "127.0.0.1:1");
    let _: CellView = operator.post("/v1/cells", &declared, MINUTE).await.unwrap();
    let before = plane.route_key.clone();
    plane.end().await;
    let key = plane.data().join("route.key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let identity = Arc::new(plane.identity(FleetRole::Control, "control"));
    let refused = start(plane.config(ANY_PORT), Arc::clone(&identity)).await;
    let error = refused.err().unwrap();
    assert!(matches!(error, StartError::KeyLost { .. }), "{error}");
    for part in ["route.key", "backup", "--new-route-key"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(!key.exists());

    let config = ControlConfig {
        lost_key: LostKey::Replace,
        ..plane.config(ANY_PORT)
    };
    let started = start(config, Arc::clone(&identity)).await.unwrap();
    assert_ne!(started.route_key, before);
    drop(started);
    // A key that is there is never replaced.
    std::fs::write(&key, &kept).unwrap();
    let config = ControlConfig {
        lost_key: LostKey::Replace,
        ..plane.config(ANY_PORT)
    };
    let started = start(config, identity).await.unwrap();
    assert_eq!(started.route_key, before);
}
