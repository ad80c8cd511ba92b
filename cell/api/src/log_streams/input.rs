//! What a body says of a log stream.

use crate::body::Fields;
use crate::error::ApiError;
use crate::receivers::take_auth;
use crate::shown::{SWITCH, status_of};
use identity::log_stream::settings::{ReceiverChange, SYSLOG_PORT, StreamChange};
use identity::log_stream::{LogStream, Receiver, StreamKind};

/// What is shown of a stream, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 5] = ["id", "created", "lastUpdated", "delivery", "_links"];
/// Kinds that are known in the field and not served.
const KNOWN_ELSEWHERE: [&str; 2] = ["aws_eventbridge", "splunk_cloud_logstreaming"];

/// Reads a stream. Of one that is there, a body may repeat how it stands.
///
/// # Errors
/// [`ApiError`] naming the field.
pub(crate) fn parse_stream(
    bytes: &[u8],
    base_url: &str,
    present: Option<&LogStream>,
) -> Result<StreamChange, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let active = present.is_none_or(|stream| stream.active);
    fields.take_only("status", &[status_of(active)], SWITCH)?;
    let name = fields.take_text("name")?.unwrap_or_default();
    let filter = fields.take_text("filter")?.unwrap_or_default();
    let kind = parse_kind(&mut fields)?;
    let settings = fields.take_object("settings")?;
    let mut settings = settings.ok_or_else(|| fields.refusal("settings", "it is required"))?;
    let receiver = match kind {
        StreamKind::Webhook => parse_webhook(&mut settings)?,
        StreamKind::Syslog => parse_syslog(&mut settings, present)?,
    };
    settings.end()?;
    fields.end()?;
    Ok(StreamChange {
        name,
        filter,
        receiver,
        base_url: base_url.to_owned(),
    })
}

fn parse_kind(fields: &mut Fields) -> Result<StreamKind, ApiError> {
    let word = fields.take_text("type")?.unwrap_or_default();
    StreamKind::from_word(&word).ok_or_else(|| {
        if KNOWN_ELSEWHERE.contains(&word.as_str()) {
            return ApiError::not_supported("type");
        }
        fields.refusal("type", "use webhook or syslog")
    })
}

fn parse_webhook(settings: &mut Fields) -> Result<ReceiverChange, ApiError> {
    let uri = settings.take_text("uri")?.unwrap_or_default();
    let auth = take_auth(settings)?;
    Ok(ReceiverChange::Webhook { uri, auth })
}

/// Certificates are shown and sent back whole: without them, public authorities are asked for.
fn parse_syslog(
    settings: &mut Fields,
    present: Option<&LogStream>,
) -> Result<ReceiverChange, ApiError> {
    let usual = match present.map(|stream| &stream.config.receiver) {
        Some(Receiver::Syslog(syslog)) => syslog.port,
        _ => SYSLOG_PORT,
    };
    Ok(ReceiverChange::Syslog {
        host: settings.take_text("host")?.unwrap_or_default(),
        port: settings.take_number("port")?.unwrap_or(i64::from(usual)),
        authority: settings.take_text("caCertificate")?,
    })
}

#[cfg(test)]
mod tests {
    use super::parse_stream;
    use crate::error::ErrorCode;
    use identity::log_stream::settings::ReceiverChange;
    use serde_json::{Value, json};

    fn webhook() -> Value {
        json!({
            "type": "webhook", "name": "Siem", "filter": "outcome.result eq \"FAILURE\"", "status": "ACTIVE",
            "id": "0oa", "created": "x", "lastUpdated": "x", "delivery": {}, "_links": {},
            "settings": {
                "uri": "https://siem.example/in",
                "authScheme": { "type": "HEADER", "key": "Authorization", "value": "secret" },
            },
        })
    }

    fn syslog() -> Value {
        json!({
            "type": "syslog", "name": "Siem",
            "settings": { "host": "siem.example", "port": 601, "caCertificate": "PEM" },
        })
    }

    #[test]
    fn a_stream_is_read_as_it_is_shown() {
        let read = parse_stream(webhook().to_string().as_bytes(), "https://id.example", None);
        let read = read.unwrap();
        assert_eq!(read.name, "Siem");
        assert_eq!(read.filter, "outcome.result eq \"FAILURE\"");
        let ReceiverChange::Webhook { uri, auth } = read.receiver else {
            panic!("no webhook");
        };
        assert_eq!(uri, "https://siem.example/in");
        let (name, value) = auth.unwrap();
        assert_eq!(
            (name.as_str(), value.unwrap().expose().as_str()),
            ("Authorization", "secret")
        );
        for (port, expected) in [(json!(601), 601), (Value::Null, 6_514)] {
            let mut body = syslog();
            body["settings"]["port"] = port;
            let read = parse_stream(body.to_string().as_bytes(), "", None).unwrap();
            let ReceiverChange::Syslog {
                host,
                port,
                authority,
            } = read.receiver
            else {
                panic!("no syslog");
            };
            assert_eq!((host.as_str(), port), ("siem.example", expected));
            assert_eq!(authority.as_deref(), Some("PEM"));
        }
    }

    #[test]
    fn what_means_nothing_here_is_refused() {
        for (place, value) in [
            ("/status", json!("INACTIVE")),
            ("/type", json!("kafka")),
            ("/type", json!("aws_eventbridge")),
            ("/type", json!("splunk_cloud_logstreaming")),
            ("/type", json!(null)),
            ("/name", json!(1)),
            ("/filter", json!([])),
            ("/settings", json!(null)),
            ("/settings", json!("x")),
            ("/settings/uri", json!(1)),
            ("/settings/authScheme/type", json!("BASIC")),
        ] {
            let mut body = webhook();
            *body.pointer_mut(place).unwrap() = value;
            let error = parse_stream(body.to_string().as_bytes(), "", None)
                .err()
                .unwrap();
            assert_eq!(error.code(), ErrorCode::Validation, "{place}");
        }
        for (field, value) in [
            ("port", json!("601")),
            ("uri", json!("https://siem.example")),
            ("token", json!("x")),
        ] {
            let mut body = syslog();
            body["settings"][field] = value;
            assert!(
                parse_stream(body.to_string().as_bytes(), "", None).is_err(),
                "{field}"
            );
        }
    }
}
