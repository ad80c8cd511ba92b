//! A log stream as the API shows it.

use crate::call::Call;
use crate::receivers::AUTH_SCHEME;
use crate::shown::{moment, status_of, text};
use identity::log_stream::{LogStream, Receiver, Standing};
use serde_json::{Value, json};

/// The address of a stream.
pub(crate) fn stream_href(call: &Call, stream: &LogStream) -> String {
    call.href(&format!("/api/v1/logStreams/{}", stream.id))
}

/// The whole of a stream; nothing secret is shown.
pub(crate) fn render_stream(call: &Call, stream: &LogStream) -> Value {
    json!({
        "id": stream.id.as_str(),
        "type": stream.config.kind().as_str(),
        "name": stream.name,
        "status": status_of(stream.active),
        "filter": text(&stream.filter),
        "created": moment(Some(stream.created_at)),
        "lastUpdated": moment(Some(stream.updated_at)),
        "settings": render_settings(&stream.config.receiver),
        "delivery": render_delivery(&stream.standing),
        "_links": render_links(&stream_href(call, stream), stream.active),
    })
}

fn render_settings(receiver: &Receiver) -> Value {
    match receiver {
        Receiver::Webhook(webhook) => json!({
            "uri": webhook.uri,
            "authScheme": webhook.auth.as_ref().map(|auth| json!({
                "type": AUTH_SCHEME,
                "key": auth.name,
            })),
        }),
        Receiver::Syslog(syslog) => json!({
            "host": syslog.host,
            "port": syslog.port,
            "caCertificate": syslog.authority,
        }),
    }
}

fn render_delivery(standing: &Standing) -> Value {
    let fails = standing.failures > 0;
    json!({
        "eventsBehind": standing.behind(),
        "eventsMissed": standing.missed,
        "lastSuccess": moment(standing.taken_at),
        "lastAttempt": moment(standing.tried_at),
        "responseStatus": standing.status,
        "failure": standing.trouble,
        "failedAttempts": standing.failures,
        "failingSince": moment(standing.failing_since),
        "nextAttempt": moment(Some(standing.next_at).filter(|_| fails)),
    })
}

/// Links in the form that streams have in the field.
fn render_links(href: &str, active: bool) -> Value {
    let step = if active { "deactivate" } else { "activate" };
    json!({
        "self": { "href": href, "method": "GET" },
        step: { "href": format!("{href}/lifecycle/{step}"), "method": "POST" },
        "test": { "href": format!("{href}/test"), "method": "POST" },
    })
}
