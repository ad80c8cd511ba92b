//! What a stream is sent, as receivers read it: events as the log API shows them, in a request or in messages of syslog.
//! Pure.

use crate::log_stream::LogStream;
use ledger::LogRow;
use protocol::syslog::{
    Message, Severity, render_ascii, render_frame, render_head, text_bytes_max,
};
use serde_json::{Value, json};
use url::Url;
use vocab::time::Timestamp;

/// The type of what a webhook is sent.
const BATCH_TYPE: &str = "testudo.log_stream";
/// The version of that.
const BATCH_VERSION: &str = "1.0";
/// What we call ourselves in syslog.
const APP: &str = "testudo";
/// Our structured data. The number is the one that stands for whoever has none of their own (RFC 5612).
const ELEMENT: &str = "testudo@32473";
/// What is left out of an event that is too long for a message, piece by piece.
const LENGTHY: [&str; 4] = ["debugContext", "client", "request", "target"];

/// Names what is sent: the same rows have the same name.
#[must_use]
pub fn render_batch_id(stream: &LogStream, rows: &[LogRow]) -> String {
    let number = |row: Option<&LogRow>| row.map_or(0, |row| row.seq);
    let (first, last) = (number(rows.first()), number(rows.last()));
    format!("{}-{first}-{last}", stream.id)
}

/// The body of a request.
#[must_use]
pub fn render_batch(stream: &LogStream, rows: &[LogRow], now: Timestamp) -> Vec<u8> {
    let events: Vec<Value> = rows.iter().filter_map(LogRow::shown).collect();
    let batch = json!({
        "eventType": BATCH_TYPE,
        "eventTypeVersion": BATCH_VERSION,
        "contentType": "application/json",
        "source": format!("{}/api/v1/logStreams/{}", stream.config.base_url, stream.id),
        "eventId": render_batch_id(stream, rows),
        "eventTime": now.to_rfc3339_millis(),
        "data": { "events": events },
    });
    batch.to_string().into_bytes()
}

/// The frames of these rows on a connection.
#[must_use]
pub fn render_frames(stream: &LogStream, rows: &[LogRow]) -> Vec<u8> {
    let address = Url::parse(&stream.config.base_url).ok();
    let host = address.as_ref().and_then(Url::host_str).unwrap_or_default();
    let frames = rows.iter().filter_map(|row| {
        let event = row.shown()?;
        Some(render_event(stream, host, row, event))
    });
    frames.collect::<String>().into_bytes()
}

fn render_event(stream: &LogStream, host: &str, row: &LogRow, event: Value) -> String {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
    let known = |pointer: &str| text(pointer).unwrap_or_default();
    let number = row.seq.to_string();
    let values = [
        ("uuid", row.id.as_str()),
        ("type", row.event_type.as_str()),
        ("actor", row.actor_id.as_str()),
        ("actorType", known("/actor/type")),
        ("actorName", known("/actor/alternateId")),
        ("outcome", row.outcome.as_str()),
        ("reason", known("/outcome/reason")),
        ("org", stream.org_id.as_str()),
        ("sequence", number.as_str()),
    ];
    let head = render_head(&Message {
        severity: severity_of(known("/severity")),
        at: row.published_at,
        host,
        app: APP,
        kind: &row.event_type,
        element: ELEMENT,
        values: &values,
    });
    let text = fit_event(event, text_bytes_max(&head));
    render_frame(&head, &text)
}

fn severity_of(word: &str) -> Severity {
    match word {
        "ERROR" => Severity::Error,
        "WARN" => Severity::Warning,
        "DEBUG" => Severity::Debug,
        _ => Severity::Informational,
    }
}

/// The event as JSON of so many bytes at most. One that is too long says so and loses what is longest in it: a message that was
/// cut somewhere would be no JSON, and its structured data name the event by which all of it is found.
fn fit_event(mut event: Value, bytes_max: usize) -> String {
    let mut text = render_ascii(&event.to_string());
    for name in LENGTHY {
        if text.len() <= bytes_max {
            return text;
        }
        if let Some(fields) = event.as_object_mut() {
            fields.remove(name);
            fields.insert(String::from("truncated"), Value::Bool(true));
        }
        text = render_ascii(&event.to_string());
    }
    if text.len() <= bytes_max {
        return text;
    }
    json!({ "truncated": true }).to_string()
}

#[cfg(test)]
mod tests {
    use super::{fit_event, render_batch, render_batch_id, render_frames};
    use crate::log_stream::{LogStream, Receiver, Standing, StreamConfig, Syslog};
    use ledger::LogRow;
    use proptest::prelude::{any, prop, proptest};
    use protocol::syslog::MESSAGE_BYTES_MAX;
    use serde_json::{Value, json};
    use vocab::entropy::SeededEntropy;
    use vocab::id::{EventId, LogStreamId, OrgId};
    use vocab::time::Timestamp;

    const AT: Timestamp = Timestamp::from_micros(1_795_465_901_123_000);

    fn stream() -> LogStream {
        let entropy = SeededEntropy::new(1);
        LogStream {
            org_id: OrgId::generate(&entropy),
            id: LogStreamId::generate(&entropy),
            name: "Siem".into(),
            config: StreamConfig {
                receiver: Receiver::Syslog(Syslog {
                    host: "siem.example".into(),
                    port: 6_514,
                    authority: None,
                }),
                base_url: "https://id.example:8443/t/main".into(),
            },
            filter: String::new(),
            active: true,
            revision: 1,
            created_at: AT,
            updated_at: AT,
            standing: Standing::default(),
        }
    }

    fn row(seq: i64, event: &Value) -> LogRow {
        LogRow {
            seq,
            id: EventId::generate(&SeededEntropy::new(2)),
            published_at: AT,
            event_type: "user.account.report_suspicious_activity_by_enduser".into(),
            outcome: "SUCCESS".into(),
            actor_id: "00u1".into(),
            body: event.to_string(),
            hash: String::new(),
        }
    }

    #[test]
    fn a_message_names_its_event_and_holds_it() {
        let stream = stream();
        let event = json!({
            "uuid": "evt1", "severity": "ERROR", "displayMessage": "Grüße",
            "actor": { "id": "00u1", "type": "User", "alternateId": "ada\"]@example.com" },
            "outcome": { "result": "SUCCESS", "reason": "x" },
        });
        let row = row(41, &event);
        let frames = String::from_utf8(render_frames(&stream, std::slice::from_ref(&row))).unwrap();
        let (length, message) = frames.split_once(' ').unwrap();
        assert_eq!(length.parse::<usize>().unwrap(), message.len());
        let head = format!(
            "<107>1 2026-11-23T20:31:41.123Z id.example testudo - user.account.report_suspicious_a \
             [testudo@32473 uuid=\"{}\" type=\"user.account.report_suspicious_activity_by_enduser\" \
             actor=\"00u1\" actorType=\"User\" actorName=\"ada\\\"\\]@example.com\" outcome=\"SUCCESS\" \
             reason=\"x\" org=\"{}\" sequence=\"41\"] ",
            row.id, stream.org_id
        );
        let text = message
            .strip_prefix(&head)
            .unwrap_or_else(|| panic!("{message}"));
        assert!(text.is_ascii());
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), event);
    }

    #[test]
    fn the_same_rows_have_the_same_name_and_a_damaged_one_is_passed() {
        let stream = stream();
        let mut rows = vec![
            row(41, &json!({ "uuid": "a" })),
            row(42, &json!({ "uuid": "b" })),
        ];
        assert_eq!(
            render_batch_id(&stream, &rows),
            format!("{}-41-42", stream.id)
        );
        rows[0].body = String::from("{");
        let batch: Value = serde_json::from_slice(&render_batch(&stream, &rows, AT)).unwrap();
        assert_eq!(batch["data"]["events"], json!([{ "uuid": "b" }]));
        let frames = String::from_utf8(render_frames(&stream, &rows)).unwrap();
        assert_eq!(frames.matches("[testudo@32473").count(), 1);
    }

    #[test]
    fn what_is_too_long_loses_what_is_longest_and_stays_json() {
        let long = "x".repeat(9_000);
        for (field, kept) in [
            ("debugContext", "target"),
            ("client", "target"),
            ("target", "outcome"),
        ] {
            let mut event =
                json!({ "uuid": "a", "target": ["t"], "outcome": { "result": "SUCCESS" } });
            event[field] = json!([&long]);
            let text = fit_event(event, 1_000);
            assert!(text.len() <= 1_000, "{field}");
            let read: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(
                (&read["truncated"], &read["uuid"]),
                (&json!(true), &json!("a"))
            );
            assert!(
                read.get(field).is_none() && read.get(kept).is_some(),
                "{field}: {read}"
            );
        }
        let nothing_fits = fit_event(json!({ "uuid": &long }), 100);
        assert_eq!(nothing_fits, r#"{"truncated":true}"#);
    }

    proptest! {
        /// Whatever events hold, each frame is one message within its bound, and its text is JSON.
        #[test]
        fn frames_are_bounded_and_hold_json(
            texts in prop::collection::vec(any::<String>(), 1..6),
            repeated in 0_usize..2_000,
        ) {
            let stream = stream();
            let rows: Vec<LogRow> = (1..)
                .zip(&texts)
                .map(|(seq, text)| {
                    let details = json!({ "debugData": { "a": text.repeat(repeated % 300) } });
                    row(seq, &json!({
                        "uuid": text, "actor": { "alternateId": text }, "outcome": { "reason": text },
                        "debugContext": details, "displayMessage": text,
                    }))
                })
                .collect();
            let frames = render_frames(&stream, &rows);
            let (mut rest, mut count) = (frames.as_slice(), 0);
            while !rest.is_empty() {
                let space = rest.iter().position(|byte| *byte == b' ').unwrap();
                let length: usize = std::str::from_utf8(&rest[..space]).unwrap().parse().unwrap();
                assert!(length <= MESSAGE_BYTES_MAX);
                let message = std::str::from_utf8(&rest[space + 1..=space + length]).unwrap();
                assert!(!message.contains(char::is_control));
                let (_, text) = message.split_once("\"] {").unwrap();
                let event: Value = serde_json::from_str(&format!("{{{text}")).unwrap();
                assert!(event["truncated"] == true || event["uuid"] == texts[count].as_str());
                rest = &rest[space + length + 1..];
                count += 1;
            }
            assert_eq!(count, texts.len());
        }
    }
}
