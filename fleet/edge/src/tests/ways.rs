//! Connections to a cell: used again when they are free, and only then.

use super::{SERVED, World};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// On which of the cell's connections a request to this path came.
async fn connection_of(world: &World, method: &str, path: &str) -> String {
    let request =
        format!("{method} {path} HTTP/1.1\r\nhost: acme.localhost\r\nconnection: close\r\n\r\n");
    let told = world.exchange(request.as_bytes()).await;
    assert!(told.starts_with("HTTP/1.1 200"), "{told}");
    let line = told.lines().find(|line| line.starts_with("connection "));
    line.unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_connection_that_is_free_is_used_again() {
    let world = World::new(SERVED).await;
    assert_eq!(connection_of(&world, "GET", "/x").await, "connection 1");
    // No body follows these heads.
    assert_eq!(connection_of(&world, "HEAD", "/x").await, "");
    assert_eq!(connection_of(&world, "GET", "/x").await, "connection 1");
}

#[tokio::test]
async fn requests_at_the_same_time_have_connections_of_their_own() {
    let mut world = World::new(SERVED).await;
    let mut waiting = TcpStream::connect(world.edge).await.unwrap();
    let request = b"GET /gate HTTP/1.1\r\nhost: acme.localhost\r\nconnection: close\r\n\r\n";
    waiting.write_all(request).await.unwrap();
    world.hanging.wait_for(|count| *count == 1).await.unwrap();
    assert_eq!(connection_of(&world, "GET", "/x").await, "connection 2");
    assert_eq!(connection_of(&world, "GET", "/x").await, "connection 2");
    world.gate.notify_waiters();
    let mut told = String::new();
    waiting.read_to_string(&mut told).await.unwrap();
    assert!(told.contains("connection 1\n"), "{told}");
}

#[tokio::test]
async fn a_connection_that_the_cell_ends_is_not_used_again() {
    let world = World::new(SERVED).await;
    assert_eq!(connection_of(&world, "GET", "/last").await, "connection 1");
    assert_eq!(connection_of(&world, "GET", "/x").await, "connection 2");
}

#[tokio::test]
async fn a_connection_whose_answer_nobody_reads_is_closed() {
    let mut world = World::new(SERVED).await;
    let mut leaving = TcpStream::connect(world.edge).await.unwrap();
    let request = b"GET /endless HTTP/1.1\r\nhost: acme.localhost\r\n\r\n";
    leaving.write_all(request).await.unwrap();
    let mut some = [0_u8; 1_024];
    leaving.read_exact(&mut some).await.unwrap();
    drop(leaving);
    world.hanging.wait_for(|count| *count == 0).await.unwrap();
    assert_eq!(connection_of(&world, "GET", "/x").await, "connection 2");
}
