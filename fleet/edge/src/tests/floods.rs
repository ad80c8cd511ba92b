//! Clients that take what they can get: floods of HTTP/2 frames, answers that are not read, connections that are held, and
//! a cell that hangs.

use super::{SERVED, World};
use crate::listener::Bounds;
use crate::pulse::Patience;
use crate::share::UNDER_WAY_EACH_MAX;
use bytes::Bytes;
use h2::client::SendRequest;
use http::{Request, StatusCode};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use wire::placement::HELD_BYTES_MAX;

/// More of anything than a client ever needs.
const FLOOD: u32 = 20_000;
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// Kinds of frames (RFC 9113 section 6).
#[derive(Clone, Copy)]
enum Kind {
    Headers = 1,
    Priority = 2,
    Reset = 3,
    Settings = 4,
    Ping = 6,
    WindowUpdate = 8,
    Continuation = 9,
}

fn frame(kind: Kind, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind as u8, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A request as a header block without any compression (RFC 7541 section 6.2.2).
fn head(path: &str) -> Vec<u8> {
    let mut block = vec![0x82, 0x86];
    for (name, value) in [(0x04, path), (0x01, "acme.localhost")] {
        block.extend([name, u8::try_from(value.len()).unwrap()]);
        block.extend(value.as_bytes());
    }
    block
}

async fn begin(world: &World) -> TcpStream {
    let mut stream = TcpStream::connect(world.edge).await.unwrap();
    stream.write_all(PREFACE).await.unwrap();
    stream
        .write_all(&frame(Kind::Settings, 0, 0, &[]))
        .await
        .unwrap();
    stream
}

/// Sends frames without an end until the edge has enough of it. Reads what comes meanwhile, if the client is a polite one.
async fn flood_until_closed(world: &World, mut next: impl FnMut(u32) -> Vec<u8>) -> u32 {
    let stream = begin(world).await;
    let (mut read, mut write) = stream.into_split();
    let reading = tokio::spawn(async move {
        let mut waste = vec![0; 65_536];
        while read.read(&mut waste).await.is_ok_and(|count| count > 0) {}
    });
    let mut sent = 0;
    while sent < FLOOD && !reading.is_finished() && write.write_all(&next(sent)).await.is_ok() {
        sent += 1;
    }
    drop(write);
    reading.await.unwrap();
    sent
}

async fn none_is_left_in_the_cell(world: &mut World) {
    world.hanging.wait_for(|count| *count == 0).await.unwrap();
}

async fn others_are_served(world: &World) {
    let told = world.get("connection: close\r\n").await;
    assert!(told.starts_with("HTTP/1.1 200"), "{told}");
}

async fn client(world: &World) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(world.edge).await.unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    client
}

fn request(path: &str) -> Request<()> {
    Request::get(format!("http://acme.localhost{path}"))
        .body(())
        .unwrap()
}

#[tokio::test]
async fn what_a_client_takes_back_ends_in_the_cell() {
    let mut world = World::new(SERVED).await;
    let mut client = client(&world).await.ready().await.unwrap();
    let (_answer, mut stream) = client.send_request(request("/hang"), true).unwrap();
    world.hanging.wait_for(|count| *count == 1).await.unwrap();
    stream.send_reset(h2::Reason::CANCEL);
    none_is_left_in_the_cell(&mut world).await;
    let (answer, _) = client
        .ready()
        .await
        .unwrap()
        .send_request(request("/x"), true)
        .unwrap();
    assert_eq!(
        answer.await.unwrap().status(),
        StatusCode::OK,
        "the connection goes on"
    );
}

#[tokio::test]
async fn a_rapid_reset_ends_the_connection_and_the_work() {
    let mut world = World::new(SERVED).await;
    let cancel = u32::from(h2::Reason::CANCEL).to_be_bytes();
    let sent = flood_until_closed(&world, |count| {
        let stream = count * 2 + 1;
        let mut frames = frame(
            Kind::Headers,
            END_STREAM | END_HEADERS,
            stream,
            &head("/hang"),
        );
        frames.extend(frame(Kind::Reset, 0, stream, &cancel));
        frames
    });
    assert!(sent.await < FLOOD);
    none_is_left_in_the_cell(&mut world).await;
    others_are_served(&world).await;
}

/// The same by a client that waits until each request is under way: the library sees no flood in it, but each costs a
/// connection to the cell.
#[tokio::test]
async fn a_patient_reset_ends_the_connection_too() {
    let mut world = World::new(SERVED).await;
    let mut client = client(&world).await;
    let mut sent = 0;
    while sent < FLOOD {
        let Ok(mut ready) = client.ready().await else {
            break;
        };
        let Ok((answer, mut stream)) = ready.send_request(request("/hang"), true) else {
            break;
        };
        let begun = world.hanging.wait_for(|count| *count > 0);
        tokio::select! {
            _ = begun => {}
            _ = answer => break,
        }
        stream.send_reset(h2::Reason::CANCEL);
        none_is_left_in_the_cell(&mut world).await;
        client = ready;
        sent += 1;
    }
    assert!(sent < FLOOD);
    others_are_served(&world).await;
}

#[tokio::test]
async fn a_client_that_brings_us_to_reset_ends_its_connection() {
    let mut world = World::new(SERVED).await;
    // A window that grows by nothing is an error of the stream (RFC 9113 section 6.9).
    let sent = flood_until_closed(&world, |count| {
        let stream = count * 2 + 1;
        let mut frames = frame(
            Kind::Headers,
            END_STREAM | END_HEADERS,
            stream,
            &head("/hang"),
        );
        frames.extend(frame(Kind::WindowUpdate, 0, stream, &[0; 4]));
        frames
    });
    assert!(sent.await < FLOOD);
    none_is_left_in_the_cell(&mut world).await;
    // The same by a stream that depends on itself (section 5.3.1 of RFC 7540).
    let sent = flood_until_closed(&world, |count| {
        let stream = count * 2 + 1;
        let mut frames = frame(
            Kind::Headers,
            END_STREAM | END_HEADERS,
            stream,
            &head("/hang"),
        );
        frames.extend(frame(
            Kind::Priority,
            0,
            stream,
            &[&stream.to_be_bytes()[..], &[1]].concat(),
        ));
        frames
    });
    assert!(sent.await < FLOOD);
    none_is_left_in_the_cell(&mut world).await;
    others_are_served(&world).await;
}

#[tokio::test]
async fn a_head_without_an_end_is_cut_off() {
    let world = World::new(SERVED).await;
    let filler = [&[0x00, 0x01, b'x', 0x7f, 0x00][..], &[b'y'; 127]]
        .concat()
        .repeat(100);
    let sent = flood_until_closed(&world, |count| match count {
        0 => frame(Kind::Headers, END_STREAM, 1, &head("/x")),
        _ => frame(Kind::Continuation, 0, 1, &filler),
    });
    assert!(sent.await < FLOOD);
    let sent = flood_until_closed(&world, |count| match count {
        0 => frame(Kind::Headers, END_STREAM, 1, &head("/x")),
        _ => frame(Kind::Continuation, 0, 1, &[]),
    });
    assert!(sent.await < FLOOD);
    others_are_served(&world).await;
}

/// Frames that want an answer, from a client that does not read: they stop being read, and nobody else notices.
#[tokio::test]
async fn pings_and_settings_without_an_end_hinder_nobody() {
    let world = World::new(SERVED).await;
    let mut floods = tokio::task::JoinSet::new();
    for frames in [
        frame(Kind::Ping, 0, 0, &[7; 8]).repeat(1_000),
        frame(Kind::Settings, 0, 0, &[0, 4, 0, 1, 0, 0]).repeat(1_000),
    ] {
        let mut stream = begin(&world).await;
        floods.spawn(async move { while stream.write_all(&frames).await.is_ok() {} });
    }
    for _ in 0..100 {
        others_are_served(&world).await;
    }
    floods.shutdown().await;
}

/// Bodies that are announced and do not come take no room from those that do.
#[tokio::test]
async fn bodies_that_are_announced_and_never_come_hinder_nobody() {
    const MANY: usize = 4 * 63;
    let world = World::new(SERVED).await;
    let announced = Request::post("http://acme.localhost/x")
        .header("content-length", HELD_BYTES_MAX)
        .body(())
        .unwrap();
    let mut waiting = Vec::new();
    while waiting.len() < MANY {
        let mut client = client(&world).await.ready().await.unwrap();
        for _ in 0..63 {
            client = client.ready().await.unwrap();
            waiting.push(client.send_request(announced.clone(), false).unwrap());
        }
        // They have come when what was sent behind them has.
        let mut client = client.ready().await.unwrap();
        let (answer, _) = client.send_request(request("/x"), true).unwrap();
        assert_eq!(answer.await.unwrap().status(), StatusCode::OK);
    }
    let large = "x".repeat(1024 * 1024);
    for body in ["a=b", &large] {
        let length = body.len();
        let head = "POST /x HTTP/1.1\r\nhost: acme.localhost\r\nconnection: close\r\n";
        let request = format!("{head}content-length: {length}\r\n\r\n{body}");
        let told = world.exchange(request.as_bytes()).await;
        assert!(told.contains(&format!("{length} bytes of body")), "{told}");
    }
}

fn hasty(patience: Patience) -> Bounds {
    let round = Duration::from_millis(20);
    Bounds {
        patience: Patience { round, ..patience },
        ..Bounds::default()
    }
}

#[tokio::test]
async fn an_answer_that_is_not_read_is_given_up() {
    let unread = Duration::from_millis(200);
    let bounds = hasty(Patience {
        unread,
        ..Patience::default()
    });
    let mut world = World::bounded(SERVED, &bounds, UNDER_WAY_EACH_MAX).await;
    let mut stream = TcpStream::connect(world.edge).await.unwrap();
    let request_line = b"GET /endless HTTP/1.1\r\nhost: acme.localhost\r\n\r\n";
    stream.write_all(request_line).await.unwrap();
    let mut client = client(&world).await.ready().await.unwrap();
    let (_answer, _) = client.send_request(request("/endless"), true).unwrap();
    world.hanging.wait_for(|count| *count == 2).await.unwrap();
    none_is_left_in_the_cell(&mut world).await;
    others_are_served(&world).await;
}

#[tokio::test]
async fn a_connection_without_requests_is_ended() {
    let bounds = hasty(Patience {
        first: Duration::from_millis(200),
        ..Patience::default()
    });
    let world = World::bounded(SERVED, &bounds, UNDER_WAY_EACH_MAX).await;
    let mut waste = Vec::new();
    for beginning in [&b""[..], b"PRI * HTTP/2.0"] {
        let mut stream = TcpStream::connect(world.edge).await.unwrap();
        stream.write_all(beginning).await.unwrap();
        let _ = stream.read_to_end(&mut waste).await;
    }
    // Pings and heads that never end are no requests.
    for mut beginning in [
        frame(Kind::Ping, 0, 0, &[7; 8]),
        frame(Kind::Headers, 0, 1, &head("/x")),
    ] {
        let mut stream = begin(&world).await;
        stream
            .write_all(&std::mem::take(&mut beginning))
            .await
            .unwrap();
        let _ = stream.read_to_end(&mut waste).await;
    }
}

#[tokio::test]
async fn a_head_that_comes_slowly_is_given_up_and_silence_between_requests_is_not() {
    let head = Duration::from_millis(200);
    let bounds = hasty(Patience {
        head,
        ..Patience::default()
    });
    let world = World::bounded(SERVED, &bounds, UNDER_WAY_EACH_MAX).await;
    let get = b"GET /x HTTP/1.1\r\nhost: acme.localhost\r\n\r\n";
    let mut idle = TcpStream::connect(world.edge).await.unwrap();
    idle.write_all(get).await.unwrap();
    let mut told = Vec::new();
    for slow in [&get[..10], &get[..get.len() - 1]] {
        let mut stream = TcpStream::connect(world.edge).await.unwrap();
        stream.write_all(&[get, slow].concat()).await.unwrap();
        let _ = stream.read_to_end(&mut told).await;
    }
    let told = String::from_utf8_lossy(&told);
    assert_eq!(told.matches("HTTP/1.1 200").count(), 2, "{told}");
    // All that time nothing came on this one, and it still serves.
    let last = [&get[..get.len() - 2], b"connection: close\r\n\r\n"].concat();
    idle.write_all(&last).await.unwrap();
    let mut told = String::new();
    idle.read_to_string(&mut told).await.unwrap();
    assert_eq!(told.matches("HTTP/1.1 200").count(), 2, "{told}");
}

#[tokio::test]
async fn one_client_does_not_take_all_connections() {
    let bounds = Bounds {
        connections_each: 2,
        ..Bounds::default()
    };
    let world = World::bounded(SERVED, &bounds, UNDER_WAY_EACH_MAX).await;
    let (first, second) = (client(&world).await, client(&world).await);
    let mut third = TcpStream::connect(world.edge).await.unwrap();
    assert_eq!(third.read(&mut [0; 1]).await.unwrap_or(0), 0);
    drop((first, second));
}

/// A connection from one of the many addresses of this machine.
async fn connect_from(world: &World, last: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, last], 0).into()).unwrap();
    socket.connect(world.edge).await.unwrap()
}

#[tokio::test]
async fn the_last_places_are_for_those_who_have_few() {
    const PLACES: usize = 64;
    let bounds = Bounds {
        connections: PLACES,
        connections_each: PLACES / 2,
        ..Bounds::default()
    };
    let mut world = World::bounded(SERVED, &bounds, UNDER_WAY_EACH_MAX).await;
    let mut held = Vec::new();
    for (last, count) in [(2, PLACES / 2), (3, PLACES / 4)] {
        for _ in 0..count {
            let mut stream = connect_from(&world, last).await;
            let request_line = b"GET /hang HTTP/1.1\r\nhost: acme.localhost\r\n\r\n";
            stream.write_all(request_line).await.unwrap();
            held.push(stream);
        }
    }
    world
        .hanging
        .wait_for(|count| *count == PLACES * 3 / 4)
        .await
        .unwrap();
    let mut more = connect_from(&world, 3).await;
    assert_eq!(more.read(&mut [0; 1]).await.unwrap_or(0), 0);
    others_are_served(&world).await;
    drop(held);
}

#[tokio::test]
async fn a_connection_that_is_kept_for_later_ends_when_places_are_few() {
    let bounds = Bounds {
        connections: 4,
        ..hasty(Patience {
            idle_crowded: Duration::from_millis(200),
            ..Patience::default()
        })
    };
    let world = World::bounded(SERVED, &bounds, UNDER_WAY_EACH_MAX).await;
    let get = b"GET /x HTTP/1.1\r\nhost: acme.localhost\r\n\r\n";
    let mut kept = tokio::task::JoinSet::new();
    // The third one makes it crowded, and there is room again as soon as one of them has gone.
    for _ in 0..3 {
        let mut stream = TcpStream::connect(world.edge).await.unwrap();
        stream.write_all(get).await.unwrap();
        kept.spawn(async move {
            let mut told = String::new();
            stream.read_to_string(&mut told).await.unwrap();
            told
        });
    }
    let told = kept.join_next().await.unwrap().unwrap();
    assert!(told.starts_with("HTTP/1.1 200"), "{told}");
}

#[tokio::test]
async fn a_cell_that_hangs_takes_its_share_and_no_more() {
    let mut world = World::bounded(SERVED, &Bounds::default(), 3).await;
    let mut client = client(&world).await.ready().await.unwrap();
    let mut hanging = Vec::new();
    for path in ["/hang", "/hang", "/hang"] {
        hanging.push(client.send_request(request(path), true).unwrap());
    }
    world.hanging.wait_for(|count| *count == 3).await.unwrap();
    let told = world.get("connection: close\r\n").await;
    assert!(
        told.starts_with("HTTP/1.1 503") && told.contains("retry-after: 1"),
        "{told}"
    );
    drop((hanging, client));
    none_is_left_in_the_cell(&mut world).await;
    // The share is free a moment after the cell is: the next request may still meet a full one.
    while world
        .get("connection: close\r\n")
        .await
        .starts_with("HTTP/1.1 503")
    {}
}

/// The window of each stream in the first settings of a client (RFC 9113 section 6.9.2).
fn client_with_window(bytes: u32) -> h2::client::Builder {
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(bytes);
    builder
}

#[tokio::test]
async fn whoever_reads_no_answers_takes_nothing_from_a_cell() {
    const SHARE: usize = 3;
    let world = World::bounded(SERVED, &Bounds::default(), SHARE).await;
    let stream = TcpStream::connect(world.edge).await.unwrap();
    let (client, connection) = client_with_window(0)
        .handshake::<_, Bytes>(stream)
        .await
        .unwrap();
    tokio::spawn(connection);
    let mut client = client;
    let mut unread = Vec::new();
    for _ in 0..SHARE * 4 {
        client = client.ready().await.unwrap();
        let (answer, _) = client.send_request(request("/x"), true).unwrap();
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        unread.push(answer);
    }
    others_are_served(&world).await;

    // What has no end cannot be taken off the cell: it has a share of its own.
    let mut endless = Vec::new();
    for _ in 0..SHARE {
        client = client.ready().await.unwrap();
        let (answer, _) = client.send_request(request("/endless"), true).unwrap();
        endless.push(answer.await.unwrap());
    }
    others_are_served(&world).await;
    let mut client = client.ready().await.unwrap();
    let (answer, _) = client.send_request(request("/endless"), true).unwrap();
    let status = answer.await.unwrap().status();
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn events_are_passed_on_as_they_come() {
    let world = World::new(SERVED).await;
    let mut client = client(&world).await.ready().await.unwrap();
    let (answer, _) = client.send_request(request("/events"), true).unwrap();
    let mut events = answer.await.unwrap().into_body();
    assert_eq!(events.data().await.unwrap().unwrap(), "first");
    world.gate.notify_one();
    assert_eq!(events.data().await.unwrap().unwrap(), "last");
    while let Some(rest) = events.data().await {
        assert_eq!(rest.unwrap(), "");
    }
}

#[tokio::test]
async fn a_client_without_room_for_its_answers_is_cut_off() {
    let unread = Duration::from_millis(200);
    let bounds = hasty(Patience {
        unread,
        ..Patience::default()
    });
    let world = World::bounded(SERVED, &bounds, UNDER_WAY_EACH_MAX).await;
    // Room for one byte makes the library take the whole of it.
    for window in [0, 1] {
        let stream = TcpStream::connect(world.edge).await.unwrap();
        let builder = client_with_window(window);
        let (client, connection) = builder.handshake::<_, Bytes>(stream).await.unwrap();
        let ended = tokio::spawn(connection);
        let mut client = client.ready().await.unwrap();
        let (answer, _) = client.send_request(request("/x"), true).unwrap();
        let _unread = answer.await.unwrap();
        let _ = ended.await.unwrap();
    }
    others_are_served(&world).await;
}
