//! Proxies in front: whose word is believed, and about what.

use super::{SERVED, World};
use crate::listener::Bounds;
use crate::share::UNDER_WAY_EACH_MAX;
use crate::trust::{ProxyHeader, Trust, parse_network};

const GET: &str = "GET /x HTTP/1.1\r\nhost: acme.localhost\r\nconnection: close\r\n\r\n";

async fn world(proxy: &str, header: ProxyHeader) -> World {
    let trust = Trust {
        proxies: vec![parse_network(proxy).unwrap()],
        header,
    };
    World::with(SERVED, &Bounds::default(), UNDER_WAY_EACH_MAX, trust).await
}

#[tokio::test]
async fn a_trusted_proxy_is_believed_about_client_scheme_and_request() {
    let fields = "x-forwarded-for: 1.1.1.1, 192.0.2.1\r\nx-forwarded-proto: https\r\nx-request-id: theirs-1\r\n\
        connection: close\r\n";
    let trusting = world("127.0.0.0/8", ProxyHeader::None).await;
    let told = trusting.get(fields).await;
    for line in [
        "x-forwarded-for: 192.0.2.1\n",
        "x-forwarded-proto: https\n",
        "x-request-id: theirs-1\n",
    ] {
        assert!(told.contains(line), "{line:?} in {told}");
    }
    assert!(
        told.starts_with("HTTP/1.1 200") && told.contains("x-request-id: theirs-1\r\n"),
        "{told}"
    );
    // Nobody behind a proxy is on this machine, whatever the proxy leaves out.
    let told = trusting.get("connection: close\r\n").await;
    assert!(!told.contains("testudo-local-client"), "{told}");
    // Who that is for whom it asks by no address is not the proxy.
    let told = trusting
        .get("x-forwarded-for: 1.1.1.1, _hidden\r\nconnection: close\r\n")
        .await;
    assert!(told.contains("x-forwarded-for: unknown\n"), "{told}");
    assert!(!told.contains("testudo-local-client"), "{told}");

    let told = world("192.0.2.7", ProxyHeader::None)
        .await
        .get(fields)
        .await;
    for line in ["x-forwarded-for: 127.0.0.1\n", "x-forwarded-proto: http\n"] {
        assert!(told.contains(line), "{line:?} in {told}");
    }
    assert!(!told.contains("theirs-1"), "{told}");
}

#[tokio::test]
async fn a_proxy_header_is_required_of_trusted_proxies_and_an_error_of_all_others() {
    let world = world("127.0.0.1", ProxyHeader::Required).await;
    let two = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x01\x30\x39\x01\xbb";
    let lies = GET.replace("connection", "x-forwarded-for: 9.9.9.9\r\nconnection");
    for header in [&b"PROXY TCP4 192.0.2.1 198.51.100.1 12345 443\r\n"[..], two] {
        let told = world.exchange(&[header, lies.as_bytes()].concat()).await;
        assert!(told.contains("x-forwarded-for: 192.0.2.1\n"), "{told}");
        assert!(!told.contains("9.9.9.9"), "{told}");
    }
    let health = world
        .exchange(format!("PROXY UNKNOWN\r\n{GET}").as_bytes())
        .await;
    assert!(health.contains("x-forwarded-for: 127.0.0.1\n"), "{health}");
    let none = world.exchange(GET.as_bytes()).await;
    assert!(none.is_empty(), "{none}");

    let strict = World::new(SERVED).await;
    for header in [&b"PROXY TCP4 192.0.2.1 198.51.100.1 12345 443\r\n"[..], two] {
        let told = strict.exchange(&[header, GET.as_bytes()].concat()).await;
        assert!(told.starts_with("HTTP/1.1 400"), "{told}");
        assert!(!told.contains("200 OK"), "{told}");
    }
}
