//! Authorization servers: what is changed is seen at once.

use crate::access::Permission;
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines};
use crate::server::{DEFAULT_SERVER_NAME, ServerConfig};

async fn a_server_is_made_changed_and_switched_off(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageServers);
    world.cell.snapshot(&org).await.unwrap().unwrap();
    let made = world
        .cell
        .create_server(&permit, " Orders ", ServerConfig::default())
        .await
        .unwrap();
    let seen = async || {
        world
            .cell
            .snapshot(&org)
            .await
            .unwrap()
            .unwrap()
            .server(made.id.as_str())
            .unwrap()
    };
    assert_eq!(
        (seen().await.name.as_str(), seen().await.active),
        ("Orders", true)
    );
    let taken = world
        .cell
        .create_server(&permit, "ORDERS", ServerConfig::default())
        .await
        .unwrap_err();
    assert!(matches!(taken, Refusal::Taken { field: "name" }));
    let config = ServerConfig {
        audience: "api://orders".into(),
        ..ServerConfig::default()
    };
    world
        .cell
        .update_server(&permit, &made.id, made.revision, "Orders", config.clone())
        .await
        .unwrap();
    assert_eq!(seen().await.config, config);
    let stale = world
        .cell
        .update_server(&permit, &made.id, made.revision, "Orders", config.clone())
        .await
        .unwrap_err();
    assert!(matches!(stale, Refusal::Changed));
    let bad = ServerConfig {
        audience: String::new(),
        ..config
    };
    let refused = world
        .cell
        .update_server(&permit, &made.id, 2, "Orders", bad)
        .await
        .unwrap_err();
    assert!(matches!(
        refused,
        Refusal::Invalid {
            field: "audience",
            ..
        }
    ));
    world
        .cell
        .deactivate_server(&permit, &made.id)
        .await
        .unwrap();
    assert!(!seen().await.active);
    let rows = world.log_rows(&org).await;
    world
        .cell
        .deactivate_server(&permit, &made.id)
        .await
        .unwrap();
    assert_eq!(world.log_rows(&org).await, rows);
    world.cell.activate_server(&permit, &made.id).await.unwrap();
    assert!(seen().await.active);
}

async fn the_preset_server_keeps_its_name(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageServers);
    let preset = world
        .cell
        .snapshot(&org)
        .await
        .unwrap()
        .unwrap()
        .server(DEFAULT_SERVER_NAME)
        .unwrap();
    let config = ServerConfig {
        description: "for all".into(),
        ..ServerConfig::default()
    };
    let renamed = world
        .cell
        .update_server(&permit, &preset.id, 1, "Main", config.clone())
        .await
        .unwrap_err();
    assert!(matches!(renamed, Refusal::Invalid { field: "name", .. }));
    world
        .cell
        .update_server(&permit, &preset.id, 1, DEFAULT_SERVER_NAME, config)
        .await
        .unwrap();
}

on_both_engines!(
    a_server_is_made_changed_and_switched_off,
    the_preset_server_keeps_its_name
);
