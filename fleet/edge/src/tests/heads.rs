//! Request heads that readers disagree about, over a raw socket: as the first of a connection, after another, and behind
//! another in one write.

use super::{SERVED, World};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const GET: &str = "GET /before HTTP/1.1\r\nhost: acme.localhost\r\n\r\n";
const SMUGGLED: &str =
    "GET /smuggled HTTP/1.1\r\nhost: acme.localhost\r\nconnection: close\r\n\r\n";

const STRANGE: [&str; 22] = [
    "content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n",
    "Content-Length: 0\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
    "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "transfer-encoding:\u{b}chunked\r\n\r\n0\r\n\r\n",
    "content-length: 0\r\ncontent-length: 0\r\n\r\n",
    "content-length: 0, 0\r\n\r\n",
    "content-length: 0x0\r\n\r\n",
    "content-length: -0\r\n\r\n",
    "content-length:\r\n\r\n",
    "content-length: 99999999999999999999\r\n\r\n",
    "content-length : 0\r\n\r\n",
    "x: a\r\n folded\r\n\r\n",
    "x: a\nx: b\r\n\r\n",
    "x: a\rx: b\r\n\r\n",
    "x: a\0b\r\n\r\n",
    " x: a\r\n\r\n",
    "host: acme.localhost\r\n\r\n",
    "host: other.localhost\r\n\r\n",
    "x: a\r\n\n",
];

#[tokio::test]
async fn a_strange_head_is_refused_wherever_it_stands() {
    let world = World::new(SERVED).await;
    for fields in STRANGE {
        let strange = format!("POST /strange HTTP/1.1\r\nhost: acme.localhost\r\n{fields}");
        let told = world
            .exchange(format!("{strange}{SMUGGLED}").as_bytes())
            .await;
        assert!(told.starts_with("HTTP/1.1 400"), "{fields:?}: {told}");
        assert_eq!(told.matches("HTTP/1.1").count(), 1, "{fields:?}: {told}");

        let told = world
            .exchange(format!("{GET}{strange}{SMUGGLED}").as_bytes())
            .await;
        expect_one_and_a_refusal(fields, &told);

        let told = after_an_answer(&world, &format!("{strange}{SMUGGLED}")).await;
        expect_one_and_a_refusal(fields, &told);
    }
}

fn expect_one_and_a_refusal(fields: &str, told: &str) {
    assert!(told.starts_with("HTTP/1.1 200"), "{fields:?}: {told}");
    assert!(told.contains("GET /before"), "{fields:?}: {told}");
    assert!(told.contains("HTTP/1.1 400"), "{fields:?}: {told}");
    assert_eq!(told.matches("HTTP/1.1").count(), 2, "{fields:?}: {told}");
}

/// Sends a good request, reads its answer, and only then sends what is strange, byte by byte.
async fn after_an_answer(world: &World, strange: &str) -> String {
    let mut stream = TcpStream::connect(world.edge).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream.write_all(GET.as_bytes()).await.unwrap();
    let mut told = Vec::new();
    while !String::from_utf8_lossy(&told).contains("0 bytes of body") {
        assert_ne!(stream.read_buf(&mut told).await.unwrap(), 0);
    }
    for byte in strange.as_bytes() {
        // The edge may answer and close before it has read all.
        let _ = stream.write_all(&[*byte]).await;
    }
    let _ = stream.read_to_end(&mut told).await;
    String::from_utf8_lossy(&told).into_owned()
}

#[tokio::test]
async fn what_a_target_and_a_version_may_not_say_is_refused() {
    let world = World::new(SERVED).await;
    for request in [
        "GET http://other.localhost/x HTTP/1.1\r\nhost: acme.localhost\r\n\r\n",
        "GET http://acme.localhost:1/x HTTP/1.1\r\nhost: acme.localhost\r\n\r\n",
        "POST /x HTTP/1.0\r\nhost: acme.localhost\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /x HTTP/1.1\nhost: acme.localhost\r\n\r\n",
        "GET /x\tHTTP/1.1\r\nhost: acme.localhost\r\n\r\n",
        "GET  /x HTTP/1.1\r\nhost: acme.localhost\r\n\r\n",
        "\nGET /x HTTP/1.1\r\nhost: acme.localhost\r\n\r\n",
        "PRI * HTTP/2.0\r\nhost: acme.localhost\r\n\r\n",
        "PRI * HTTP/1.1\r\nhost: acme.localhost\r\n\r\n",
    ] {
        let told = world
            .exchange(format!("{request}{SMUGGLED}").as_bytes())
            .await;
        assert!(told.starts_with("HTTP/1.1 400"), "{request:?}: {told}");
        assert!(!told.contains("smuggled"), "{request:?}: {told}");
    }
}

#[tokio::test]
async fn nothing_is_read_as_a_request_behind_chunks_or_another_protocol() {
    let world = World::new(SERVED).await;
    for fields in [
        "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "content-length: 3\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\nabc",
        "content-length: 3\r\nupgrade: websocket\r\n\r\nabc",
    ] {
        let request =
            format!("{GET}POST /x HTTP/1.1\r\nhost: acme.localhost\r\n{fields}{SMUGGLED}");
        let told = world.exchange(request.as_bytes()).await;
        assert_eq!(told.matches("HTTP/1.1 200").count(), 2, "{told}");
        assert!(
            told.contains("3 bytes of body") && told.contains("connection: close"),
            "{told}"
        );
        assert!(!told.contains("smuggled"), "{told}");
    }
}

#[tokio::test]
async fn good_requests_follow_one_another() {
    let world = World::new(SERVED).await;
    let post = "POST /x HTTP/1.1\r\nhost: acme.localhost\r\nContent-Length:  5\t\r\n\r\nGET \n";
    let told = world
        .exchange(format!("{GET}{post}\r\n{post}{SMUGGLED}").as_bytes())
        .await;
    assert_eq!(told.matches("HTTP/1.1 200").count(), 4, "{told}");
    assert_eq!(told.matches("5 bytes of body").count(), 2, "{told}");
}
