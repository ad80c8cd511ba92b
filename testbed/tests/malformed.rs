//! Requests as no honest client sends them: each gets the error of its protocol, in bounds, and the program goes on.

#![expect(
    clippy::unwrap_used,
    reason = "what these tests share fails as they do: at once, with the place"
)]

use serde_json::Value;
use testbed::bootstrap;
use testbed::connection::Peer;
use testbed::instance::{Instance, Plan};
use testbed::raw::{self, Answer, Raw};

/// Far above every bound of the program.
const HUGE: usize = 1 << 20;

fn start() -> Instance {
    Instance::start(Plan {
        bootstrap: Some(bootstrap::render_crowd_document(1)),
        ..Plan::default()
    })
    .unwrap()
}

/// The program has taken no harm.
fn expect_alive(instance: &Instance) {
    let request = "GET /health/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let answer = raw::exchange(instance.peer(), request.as_bytes()).unwrap();
    assert_eq!(answer.status, Some(200), "{}", answer.text);
    let log = instance.log().unwrap();
    assert!(!log.contains("panicked"), "{log}");
}

const FORM: &str = "application/x-www-form-urlencoded";

fn post(peer: &Peer, path: &str, kind: &str, body: &[u8]) -> Answer {
    let (name, value) = testbed::connection::basic(bootstrap::WEB, bootstrap::WEB_SECRET);
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{name}: {value}\r\n\
         content-type: {kind}\r\ncontent-length: {}\r\n\r\n",
        peer.host,
        body.len()
    );
    raw::exchange(peer, &[head.as_bytes(), body].concat()).unwrap()
}

fn get(peer: &Peer, path: &str, more: &str) -> Answer {
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{more}\r\n",
        peer.host
    );
    raw::exchange(peer, request.as_bytes()).unwrap()
}

/// An error of RFC 6749 section 5.2: status, code, JSON, and no copy kept anywhere.
fn expect_oauth_error(what: &str, answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, Some(status), "{what}: {}", answer.text);
    let kind = answer.header("content-type").unwrap_or_default();
    assert!(
        kind.starts_with("application/json"),
        "{what}: {}",
        answer.text
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
    let body: Value = serde_json::from_str(answer.body()).unwrap();
    assert_eq!(body["error"], code, "{what}: {body}");
    let words = body["error_description"].as_str().unwrap_or_default();
    assert!(!words.is_empty() && words.len() < 300, "{what}: {body}");
}

#[test]
fn the_endpoints_of_applications_answer_in_their_protocol() {
    let instance = start();
    let peer = instance.peer();
    let many: String = (0..200).map(|number| format!("p{number}=x&")).collect();
    let long = format!(
        "grant_type=refresh_token&refresh_token={}",
        "x".repeat(40_000)
    );
    let huge = format!("grant_type={}", "x".repeat(HUGE));
    let bodies: [(&str, &str, &[u8], u16); 10] = [
        ("a huge body", FORM, huge.as_bytes(), 413),
        ("many fields", FORM, many.as_bytes(), 400),
        ("a long value", FORM, long.as_bytes(), 400),
        (
            "a field twice",
            FORM,
            b"grant_type=refresh_token&grant_type=client_credentials",
            400,
        ),
        ("broken percent signs", FORM, b"grant_type=%zz", 400),
        ("no UTF-8", FORM, b"grant_type=\xff\xfe", 400),
        ("a NUL", FORM, b"grant_type=refresh%00token", 400),
        ("nothing", FORM, b"", 400),
        (
            "JSON",
            "application/json",
            b"{\"grant_type\":\"client_credentials\"}",
            400,
        ),
        ("no type", "", b"grant_type=client_credentials", 400),
    ];
    for server in ["/oauth2/v1", "/oauth2/default/v1"] {
        for endpoint in ["token", "introspect", "revoke", "device/authorize"] {
            for (what, kind, body, status) in bodies {
                let path = format!("{server}/{endpoint}");
                // Nothing need be asked for there, and this application may not ask at all.
                let code = match (endpoint, what) {
                    ("device/authorize", "nothing") => "unauthorized_client",
                    _ => "invalid_request",
                };
                let answer = post(peer, &path, kind, body);
                expect_oauth_error(&format!("{what} at {path}"), &answer, status, code);
            }
        }
    }
    expect_alive(&instance);
}

#[test]
fn grants_that_are_no_grants_are_named_so() {
    let instance = start();
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let assertion = {
        use base64::Engine as _;
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let deep = format!("{}1{}", "{\"a\":".repeat(500), "}".repeat(500));
        format!("{}.{}.AAAA", engine.encode(&deep), engine.encode(&deep))
    };
    let by_key = format!(
        "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={assertion}"
    );
    let table = [
        (
            "grant_type=password&username=a&password=b",
            400,
            "unsupported_grant_type",
        ),
        (
            "grant_type=refresh_token&refresh_token=x",
            400,
            "invalid_grant",
        ),
        ("grant_type=refresh_token", 400, "invalid_request"),
        (
            "grant_type=authorization_code&code=%F0%9F%90%A2&redirect_uri=x",
            400,
            "invalid_request",
        ),
    ];
    for (body, status, code) in table {
        let answer = post(instance.peer(), "/oauth2/v1/token", FORM, body.as_bytes());
        expect_oauth_error(body, &answer, status, code);
    }
    // Two ways to prove oneself in one request (RFC 6749 section 2.3), one of them nested without end.
    let answer = post(instance.peer(), "/oauth2/v1/token", FORM, by_key.as_bytes());
    expect_oauth_error(
        "a deep assertion and a secret",
        &answer,
        400,
        "invalid_request",
    );
    let request = format!(
        "POST /oauth2/v1/token HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: {FORM}\r\n\
         content-length: {}\r\n\r\n{by_key}",
        instance.peer().host,
        by_key.len()
    );
    let answer = raw::exchange(instance.peer(), request.as_bytes()).unwrap();
    expect_oauth_error("a deep assertion", &answer, 401, "invalid_client");
    let answer = post(
        instance.peer(),
        "/oauth2/v1/introspect",
        FORM,
        format!("token={}", deep.get(..10_000).unwrap_or_default()).as_bytes(),
    );
    assert_eq!(answer.status, Some(200), "{}", answer.text);
    assert!(
        answer.body().contains("\"active\":false"),
        "{}",
        answer.text
    );
    expect_alive(&instance);
}

#[test]
fn a_request_for_authorization_that_cannot_be_trusted_is_answered_by_a_page_and_never_sent_on() {
    let instance = start();
    let long = "x".repeat(9_000);
    let web = bootstrap::WEB;
    let queries = [
        "client_id=0oaNobodyKnowsThis01&response_type=code".to_owned(),
        format!("client_id={web}&client_id={web}&response_type=code"),
        format!(
            "client_id={web}&response_type=code&redirect_uri=https%3A%2F%2Fevil.example.com%2F"
        ),
        format!("client_id={web}&response_type=code&redirect_uri={long}"),
        "client_id=%00&response_type=code".to_owned(),
        "%".to_owned(),
    ];
    for query in queries {
        let answer = get(
            instance.peer(),
            &format!("/oauth2/v1/authorize?{query}"),
            "",
        );
        assert_eq!(answer.status, Some(400), "{query}: {}", answer.text);
        assert_eq!(answer.header("location"), None, "{query}");
        assert!(
            answer
                .header("content-type")
                .is_some_and(|kind| kind.starts_with("text/html"))
        );
        assert!(
            !answer.text.contains("evil.example.com\""),
            "{}",
            answer.text
        );
    }
    expect_alive(&instance);
}

#[test]
fn heads_are_bounded() {
    let instance = start();
    let peer = instance.peer();
    let many: String = (0..200)
        .map(|number| format!("x-{number}: 1\r\n"))
        .collect();
    for (what, answer) in [
        (
            "a long header",
            get(
                peer,
                "/signin",
                &format!("x-long: {}\r\n", "x".repeat(HUGE)),
            ),
        ),
        ("many headers", get(peer, "/signin", &many)),
        (
            "a long path",
            get(peer, &format!("/{}", "x".repeat(HUGE)), ""),
        ),
    ] {
        assert!(
            matches!(answer.status, Some(414 | 431)),
            "{what}: {}",
            answer.text.get(..200).unwrap_or(&answer.text)
        );
    }
    // Within the bounds of HTTP, but more than anybody's cookies are.
    let cookies = format!("cookie: {}\r\n", "a=b; ".repeat(5_000));
    assert_eq!(get(peer, "/signin", &cookies).status, Some(200));
    expect_alive(&instance);
}

#[test]
fn the_host_must_be_one_and_ours() {
    let instance = start();
    let request = |hosts: &str| {
        let text = format!("GET /signin HTTP/1.1\r\n{hosts}connection: close\r\n\r\n");
        raw::exchange(instance.peer(), text.as_bytes())
            .unwrap()
            .status
    };
    assert_eq!(request("host: localhost\r\n"), Some(200));
    assert_eq!(request(""), Some(400));
    assert_eq!(request("host: localhost\r\nhost: localhost\r\n"), Some(400));
    assert_eq!(request("host: evil.example.com\r\n"), Some(421));
    assert_eq!(request("host: localhost.evil.example.com\r\n"), Some(421));
    assert_eq!(request("host: nobody.localhost\r\n"), Some(421));
    assert!(matches!(request("host: a b\r\n"), Some(400 | 421)));
    // A target in absolute form may not name another host than the header (RFC 9112 section 3.2.2).
    let absolute = |target: &str| {
        let text = format!("GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        raw::exchange(instance.peer(), text.as_bytes())
            .unwrap()
            .status
    };
    assert_eq!(absolute("http://localhost/signin"), Some(200));
    assert_eq!(absolute("http://evil.example.com/signin"), Some(400));
    assert_eq!(absolute("http://a@localhost/signin"), Some(400));
    expect_alive(&instance);
}

#[test]
fn bytes_that_are_no_http_are_refused() {
    let instance = start();
    let peer = instance.peer();
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"HELO mail.example.com\r\n\r\n",
        b"GET / HTTP/9.9\r\nhost: localhost\r\n\r\n",
        b"POST /oauth2/v1/token HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1x\r\n\r\n",
        b"POST /oauth2/v1/token HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        b"POST /oauth2/v1/token HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: gzip\r\n\r\n",
        b"GET /signin HTTP/1.1\r\nhost: localhost\r\nx: a\0b\r\n\r\n",
    ] {
        let mut raw = Raw::open(peer).unwrap();
        raw.send(bytes);
        raw.finish();
        let answer = raw.answer().unwrap();
        assert!(
            matches!(answer.status, None | Some(400)),
            "{}: {}",
            String::from_utf8_lossy(bytes),
            answer.text
        );
    }
    let answer = post(peer, "/health/live", FORM, b"x");
    assert_eq!(answer.status, Some(405), "{}", answer.text);
    assert!(answer.header("allow").is_some(), "{}", answer.text);
    expect_alive(&instance);
}

/// Two lengths of one body are how a request is hidden from a proxy in front (RFC 9112 section 6.3).
#[test]
fn a_hidden_second_request_is_not_answered() {
    let instance = start();
    let lengths = ["content-length: 6\r\n", "transfer-encoding: chunked\r\n"];
    for (first, second) in [(lengths[0], lengths[1]), (lengths[1], lengths[0])] {
        let smuggled = format!(
            "POST /oauth2/v1/token HTTP/1.1\r\nhost: localhost\r\n{first}{second}\r\n0\r\n\r\n\
             GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n"
        );
        let answer = raw::exchange(instance.peer(), smuggled.as_bytes()).unwrap();
        assert!(!answer.text.contains("live\n"), "{}", answer.text);
        let answers = answer.text.matches("HTTP/1.1 ").count();
        assert_eq!(answers, 1, "{}", answer.text);
    }
    expect_alive(&instance);
}

#[test]
fn a_head_that_never_ends_is_let_go() {
    let instance = start();
    let mut raw = Raw::open(instance.peer()).unwrap();
    raw.send(b"GET /signin HTTP/1.1\r\nhost: localhost\r\nx-slow: ");
    let answer = raw.answer().unwrap();
    assert!(matches!(answer.status, None | Some(408)), "{}", answer.text);
    expect_alive(&instance);
}

#[test]
fn a_body_that_never_ends_is_let_go() {
    let instance = start();
    let expect_end = |path: &str| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: {FORM}\r\ncontent-length: 100\r\n\r\na=",
            instance.peer().host
        );
        let mut stream = Raw::open(instance.peer()).unwrap();
        stream.send(head.as_bytes());
        let answer = stream.answer().unwrap();
        assert_eq!(answer.status, Some(408), "{path}: {}", answer.text);
    };
    std::thread::scope(|scope| {
        for path in ["/oauth2/v1/token", "/signin"] {
            scope.spawn(move || expect_end(path));
        }
    });
    expect_alive(&instance);
}

#[test]
fn forms_of_pages_are_bounded_and_guarded() {
    let instance = start();
    let peer = instance.peer();
    let huge = format!("identifier={}", "x".repeat(HUGE));
    let answer = post(peer, "/signin", FORM, huge.as_bytes());
    assert_eq!(answer.status, Some(413), "{}", answer.text);
    // Without the guard of this browser a form counts for nothing, whatever it says.
    for path in [
        "/signin",
        "/signout",
        "/signin/password",
        "/setup",
        "/admin/apps/new",
    ] {
        let answer = post(
            peer,
            path,
            FORM,
            b"csrf=guess&identifier=grace%40example.com",
        );
        assert_eq!(answer.status, Some(403), "{path}: {}", answer.text);
    }
    let answer = get(peer, "/signin?continue=%2F%2Fevil.example.com", "");
    assert_eq!(answer.status, Some(200), "{}", answer.text);
    assert!(!answer.text.contains("evil.example.com"), "{}", answer.text);
    for path in [
        "/..%2f..%2fetc/passwd",
        "/assets/..%2f..%2fetc%2fpasswd",
        "/%00",
        "/t/%2e%2e/signin",
    ] {
        let status = get(peer, path, "").status;
        assert!(
            matches!(status, Some(400 | 404 | 421)),
            "{path}: {status:?}"
        );
    }
    expect_alive(&instance);
}
