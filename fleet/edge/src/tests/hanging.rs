//! A cell that hangs, and one that only has a slow endpoint.

use super::{SERVED, World};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// As many requests in a row as are held against a cell, and some more.
const MANY: usize = 8;

/// Sends a request that nobody waits for.
fn ask(world: &World, method: &'static str, path: &'static str) -> JoinHandle<String> {
    let edge = world.edge;
    tokio::spawn(async move {
        let mut stream = TcpStream::connect(edge).await.unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: acme.localhost\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    })
}

#[tokio::test]
async fn a_cell_that_hangs_is_not_waited_for_and_looked_after_by_the_edge_itself() {
    let world = World::new(SERVED).await;
    world.deaf.send_replace(true);
    let waiting: Vec<_> = (0..MANY).map(|_| ask(&world, "GET", "/x")).collect();
    for one in waiting {
        let told = one.await.unwrap();
        assert!(told.starts_with("HTTP/1.1 503"), "{told}");
        assert!(told.contains("retry-after: 1"), "{told}");
    }
    let told = world.get("connection: close\r\n").await;
    assert!(told.starts_with("HTTP/1.1 503"), "{told}");
    assert!(told.contains("retry-after: 1"), "{told}");
    // Nothing but the edge's own question reaches the cell, and each is given up before the next one.
    let mut probed = world.probed.clone();
    let seen = *probed.borrow();
    probed.wait_for(|count| *count > seen + 3).await.unwrap();
    let told = world.get("connection: close\r\n").await;
    assert!(told.starts_with("HTTP/1.1 503"), "{told}");
    // No request is with the cell.
    let mut hanging = world.hanging.clone();
    hanging.wait_for(|count| *count <= 1).await.unwrap();

    world.deaf.send_replace(false);
    loop {
        let told = world.get("connection: close\r\n").await;
        if told.starts_with("HTTP/1.1 200") {
            break;
        }
        assert!(told.starts_with("HTTP/1.1 503"), "{told}");
    }
}

#[tokio::test]
async fn whoever_is_alone_with_a_cell_that_hangs_is_told_so_too() {
    // Nobody knows whether what was to be changed was changed: there is no leave to try that again.
    for (method, status) in [("GET", "503"), ("POST", "504")] {
        let world = World::new(SERVED).await;
        world.deaf.send_replace(true);
        let told = ask(&world, method, "/x").await.unwrap();
        assert_eq!(told.split(' ').nth(1), Some(status), "{told}");
        assert_eq!(told.contains("retry-after: 1"), status == "503", "{told}");
        let told = world.get("connection: close\r\n").await;
        assert!(told.starts_with("HTTP/1.1 503"), "{told}");
    }
}

#[tokio::test]
async fn a_slow_endpoint_is_held_against_nobody() {
    let world = World::new(SERVED).await;
    let slow: Vec<_> = (0..MANY).map(|_| ask(&world, "GET", "/hang")).collect();
    let mut probed = world.probed.clone();
    // The cell was asked because they are late, and said that it lives.
    probed.wait_for(|count| *count > 0).await.unwrap();
    for _ in 0..MANY {
        let told = world.get("connection: close\r\n").await;
        assert!(told.starts_with("HTTP/1.1 200"), "{told}");
    }
    assert_eq!(*world.hanging.borrow(), MANY, "nobody was given up");
    for one in slow {
        one.abort();
    }
}
