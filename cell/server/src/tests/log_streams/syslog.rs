//! Receivers of syslog: what arrives, what was not read, and who they are.

use crate::envoy::HttpEnvoy;
use crate::log_streams::Step;
use crate::outbound::Reach;
use crate::tests::log_streams::Bench;
use crate::tests::log_streams::collector::{Collector, Manner};
use crate::tests::receiver::make_certificate;
use identity::log_stream::settings::ReceiverChange;
use tokio::net::TcpListener;

/// The JSON behind the structured data of a message.
fn event_of(message: &str) -> serde_json::Value {
    let (_, text) = message.split_once("\"] ").unwrap();
    serde_json::from_str(text).unwrap()
}

pub(super) async fn syslog_arrives_framed_and_whole(mut bench: Bench) {
    let made = make_certificate("localhost");
    let mut collector = Collector::start(made.acceptor()).await;
    let stream = bench
        .syslog("localhost", collector.port, Some(&made.pem))
        .await;
    let hostile = "a]b\"c\\d\u{e9}\u{1f469}";
    bench.groups(&[hostile]).await;
    assert_eq!(bench.drain(&stream).await, 1);
    let messages = collector.took();
    assert_eq!(messages.len(), 2);
    let row = bench.newest_rows(1).await.remove(0);
    let head = format!(
        "<110>1 2026-11-23T20:31:41.000Z id.example testudo - group.lifecycle.create \
         [testudo@32473 uuid=\"{}\" type=\"group.lifecycle.create\" actor=\"",
        row.id
    );
    assert!(messages[1].starts_with(&head), "{}", messages[1]);
    assert!(
        messages[0].starts_with("<108>1 "),
        "alarming: {}",
        messages[0]
    );
    let event = event_of(&messages[1]);
    assert_eq!(event["target"][0]["displayName"], hostile);
    assert_eq!(event, row.shown().unwrap());
    let standing = bench.standing(&stream).await;
    assert_eq!((standing.behind(), standing.trouble), (0, None));
}

/// Whoever ends before they have read all has not taken it; whoever hangs, or never ends, is not waited for without end.
pub(super) async fn what_a_receiver_of_syslog_did_not_read_is_sent_again(mut bench: Bench) {
    let made = make_certificate("localhost");
    let mut collector = Collector::start(made.acceptor()).await;
    let stream = bench
        .syslog("localhost", collector.port, Some(&made.pem))
        .await;
    bench.groups(&["first", "second"]).await;
    let before = bench.standing(&stream).await.followed;
    for (manner, trouble) in [
        (Manner::EndAfter(0), "CONNECTION_LOST"),
        (Manner::EndAfter(700), "CONNECTION_LOST"),
        (Manner::Hang, "TIMEOUT"),
        (Manner::Stay, "TIMEOUT"),
    ] {
        collector.will([manner]);
        assert_eq!(bench.step(&stream).await, Step::Failed);
        let standing = bench.standing(&stream).await;
        assert_eq!(standing.trouble.as_deref(), Some(trouble));
        assert_eq!(standing.followed, before);
        bench.clock.advance_secs(300);
    }
    bench.drain(&stream).await;
    let events: Vec<String> = collector
        .took()
        .iter()
        .map(|message| event_of(message)["target"][0]["displayName"].to_string())
        .collect();
    assert_eq!(events[1..3], ["\"first\"", "\"second\""]);
}

/// By name and certificate, and nowhere inward but where the operator lets connections go.
pub(super) async fn a_receiver_of_syslog_is_who_it_should_be(mut bench: Bench) {
    let (right, wrong) = (make_certificate("localhost"), make_certificate("localhost"));
    let other_name = make_certificate("siem.example");
    let mut collector = Collector::start(right.acceptor()).await;
    let misnamed = Collector::start(other_name.acceptor()).await;
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    for (name, port, authority, trouble) in [
        ("a", collector.port, None, "UNTRUSTED_CERTIFICATE"),
        (
            "b",
            collector.port,
            Some(&wrong.pem),
            "UNTRUSTED_CERTIFICATE",
        ),
        (
            "c",
            misnamed.port,
            Some(&other_name.pem),
            "UNTRUSTED_CERTIFICATE",
        ),
        ("d", closed, Some(&right.pem), "UNREACHABLE"),
    ] {
        let receiver = ReceiverChange::Syslog {
            host: "localhost".into(),
            port: i64::from(port),
            authority: authority.cloned(),
        };
        let (stream, _) = bench.create(name, "", receiver).await;
        assert_eq!(bench.step(&stream).await, Step::Failed);
        let standing = bench.standing(&stream).await;
        assert_eq!(standing.trouble.as_deref(), Some(trouble), "{name}");
    }
    bench.envoy = HttpEnvoy::new(Reach::Public).unwrap();
    for host in ["localhost", "127.0.0.1", "[::1]", "169.254.169.254"] {
        let stream = bench.syslog(host, collector.port, Some(&right.pem)).await;
        assert_eq!(bench.step(&stream).await, Step::Failed);
        let standing = bench.standing(&stream).await;
        assert_eq!(
            standing.trouble.as_deref(),
            Some("PRIVATE_ADDRESS"),
            "{host}"
        );
    }
    assert!(collector.took().is_empty());
}
