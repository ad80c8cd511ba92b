//! The page of the fleet over real sockets: to look for everybody on this machine, to touch for whoever has a link.

use super::api::{MINUTE, Plane, declaration, refusal};
use crate::start::{StartError, start};
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wire::control::CellView;
use wire::identity::FleetRole;

/// What a raw client hears up to the end of a head and so many bytes of the body.
async fn ask_page(address: &str, head: &str, enough: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(format!("{head}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut heard = String::new();
    let mut part = [0_u8; 4_096];
    while !heard.contains(enough) {
        let read = stream.read(&mut part).await.unwrap();
        assert!(read > 0, "{heard}");
        heard.push_str(&String::from_utf8_lossy(&part[..read]));
    }
    heard
}

#[tokio::test]
async fn the_page_is_for_this_machine_to_look_and_not_to_touch() {
    let mut plane = Plane::start().await;
    let operator = plane.client(FleetRole::Operator);
    let declared = declaration("cell-a", "127.0.0.1:1");
    let _: CellView = operator.post("/v1/cells", &declared, MINUTE).await.unwrap();
    let port = plane.page.rsplit_once(':').unwrap().1.to_owned();
    for host in ["localhost", "127.0.0.1"] {
        let head = format!("GET / HTTP/1.1\r\nhost: {host}:{port}");
        let heard = ask_page(&plane.page, &head, "</html>").await;
        assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
        assert!(heard.contains("content-security-policy: default-src 'none'"));
        assert!(heard.contains("<th scope=\"row\">cell-a</th>"), "{heard}");
    }
    let strange = [
        format!("evil.example:{port}"),
        String::from("evil.example"),
        String::from("localhost"),
        format!("localhost:1{port}"),
        format!("localhost.evil.example:{port}"),
    ];
    for host in strange {
        for path in ["/", "/events", "/fleet.js"] {
            let head = format!("GET {path} HTTP/1.1\r\nhost: {host}");
            let heard = ask_page(&plane.page, &head, "at localhost alone").await;
            assert!(heard.starts_with("HTTP/1.1 421"), "{host}{path}: {heard}");
        }
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let head = format!("{method} / HTTP/1.1\r\nhost: localhost:{port}\r\ncontent-length: 0");
        let heard = ask_page(&plane.page, &head, "\r\n\r\n").await;
        assert!(heard.starts_with("HTTP/1.1 405"), "{method}: {heard}");
    }
    for (site, mode, status) in [
        ("cross-site", "no-cors", "403"),
        ("cross-site", "cors", "403"),
        ("same-site", "cors", "403"),
        ("same-origin", "cors", "200"),
        ("cross-site", "navigate", "200"),
        ("none", "navigate", "200"),
    ] {
        let head = format!(
            "GET / HTTP/1.1\r\nhost: localhost:{port}\r\nsec-fetch-site: {site}\r\nsec-fetch-mode: {mode}"
        );
        let heard = ask_page(&plane.page, &head, "\r\n\r\n").await;
        assert_eq!(
            heard.split(' ').nth(1),
            Some(status),
            "{site} {mode}: {heard}"
        );
    }
    let head = format!("GET /events HTTP/1.1\r\nhost: localhost:{port}");
    let heard = ask_page(&plane.page, &head, "\"orgs_total\":0").await;
    assert!(heard.contains("text/event-stream"), "{heard}");
    plane.end().await;

    let open = SocketAddr::from(([0, 0, 0, 0], 0)).to_string();
    let identity = Arc::new(plane.identity(FleetRole::Control, "control"));
    let refused = start(plane.config(&open), identity).await.err().unwrap();
    assert!(matches!(refused, StartError::PageNotLocal(_)), "{refused}");
}

#[tokio::test]
async fn whoever_opens_the_page_by_a_link_operates_it_and_nobody_else_does() {
    let (plane, nothing) = (Plane::start().await, json!({}));
    for role in [FleetRole::Edge, FleetRole::Cell, FleetRole::Control] {
        let client = plane.client(role);
        let asked = client.post::<Value>("/v1/fleet/page", &nothing, MINUTE);
        assert_eq!(refusal(asked.await).0, StatusCode::FORBIDDEN, "{role:?}");
    }
    let operator = plane.client(FleetRole::Operator);
    let asked = operator.post("/v1/fleet/page", &nothing, MINUTE);
    let opened: Value = asked.await.unwrap();
    let link = opened["link"].as_str().unwrap();
    let (address, key) = link.split_once("/#key=").unwrap();
    let port = plane.page.rsplit_once(':').unwrap().1;
    assert_eq!(address, format!("http://localhost:{port}"));

    let own = format!("origin: http://localhost:{port}");
    let post = async |path: &str, fields: &str, body: &str| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n{fields}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(&plane.page).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut heard = String::new();
        stream.read_to_string(&mut heard).await.unwrap();
        heard
    };
    let body = json!({ "key": key }).to_string();
    // Another page of this machine does not open it with a link that it came to see.
    for foreign in ["x: 1", "origin: http://localhost:1", "origin: null"] {
        let heard = post("/operate/session", foreign, &body).await;
        assert!(heard.starts_with("HTTP/1.1 405"), "{heard}");
    }
    let heard = post("/operate/session", &own, &body).await;
    assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
    let cookie = heard
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "));
    let cookie = cookie.unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    let said: Value = serde_json::from_str(heard.lines().last().unwrap()).unwrap();
    let field = said["field"].as_str().unwrap();
    let again = post("/operate/session", &own, &body).await;
    assert!(
        again.starts_with("HTTP/1.1 403") && again.contains("was used"),
        "{again}"
    );

    let both = format!("cookie: {cookie}\r\nx-testudo-page: {field}");
    let table = [
        (format!("{own}\r\n{both}"), "404"),
        (both.clone(), "405"),
        (format!("origin: http://evil.example\r\n{both}"), "405"),
        (format!("{own}\r\ncookie: {cookie}"), "403"),
        (format!("{own}\r\nx-testudo-page: {field}"), "403"),
        (
            format!("{own}\r\ncookie: {cookie}\r\nx-testudo-page: {key}"),
            "403",
        ),
    ];
    for (fields, status) in table {
        for path in ["move", "move/undo", "move/back"] {
            let heard = post(&format!("/operate/orgs/acme/{path}"), &fields, "{}").await;
            let wanted = format!("HTTP/1.1 {status}");
            assert!(heard.starts_with(&wanted), "{path} {fields}: {heard}");
        }
    }
}
