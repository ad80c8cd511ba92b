//! Tells apps that a session has ended (OpenID Connect Back-Channel Logout 1.0), out of the outbox. Where to was named by
//! an administrator of an org, so the connection is one of [`crate::outbound`].

use crate::errands::{self, Errand, Sender};
use crate::jobs::stopped_within;
use crate::outbound::{Connector, Reach};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, StatusCode, header};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use identity::cell::Cell;
use identity::fault::Fault;
use ledger::outbox::store::{self as outbox, Leased};
use oauth::logout::backchannel::{Delivery, KIND, prepare};
use oauth::logout::ended::tell_apps;
use std::time::Duration;
use tokio::sync::watch;

/// Pause between two looks at what has ended.
const PAUSE: Duration = Duration::from_millis(500);
/// Notices that are under way at once: an app may take its time.
const ERRAND: Errand = Errand {
    kind: KIND,
    at_once_max: 64,
    of_one_org_max: 8,
    lane: None,
};
/// How long an app may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);

type HttpClient = Client<HttpsConnector<Connector>, Full<Bytes>>;

/// Looks for sessions that have ended, and notes which apps are to be told, until told to stop.
pub(crate) async fn note_ended(cell: Cell, mut stop: watch::Receiver<bool>) {
    while !stopped_within(&mut stop, PAUSE).await {
        if let Err(fault) = tell_apps(&cell).await {
            tracing::warn!(error = %fault, "apps of ended sessions could not be noted; it will be tried again");
        }
    }
}

/// Delivers notices until told to stop.
pub(crate) async fn deliver(sender: Sender, reach: Reach, stop: watch::Receiver<bool>) {
    let client = match build_client(reach) {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "apps cannot be told of logouts: no TLS client");
            return;
        }
    };
    let cell = sender.cell.clone();
    errands::run(sender, ERRAND, stop, move |row| {
        let (cell, client) = (cell.clone(), client.clone());
        async move {
            if let Err(fault) = deliver_one(&cell, &client, row).await {
                tracing::warn!(error = %fault, "the delivery of a notice could not be noted; it will be sent again");
            }
        }
    })
    .await;
}

fn build_client(reach: Reach) -> Result<HttpClient, rustls::Error> {
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_webpki_roots()
        .with_no_client_auth();
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(Connector::new(reach));
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

async fn deliver_one(cell: &Cell, client: &HttpClient, row: Leased) -> Result<(), Fault> {
    let sent = match prepare(cell, &row.org_id, &row.payload, cell.now()).await {
        Ok(Some(delivery)) => post(client, delivery).await,
        Ok(None) => Ok(()),
        Err(fault) => Err(fault.to_string()),
    };
    let now = cell.now();
    match sent {
        Ok(()) => {
            cell.database
                .write(move |tx| {
                    Box::pin(async move { outbox::complete(tx, &row.org_id, &row.id).await })
                })
                .await?;
        }
        Err(error) => {
            let attempts = row.attempts;
            cell.database
                .write(move |tx| Box::pin(async move { outbox::give_back(tx, &row, now).await }))
                .await?;
            tracing::warn!(%error, attempts, "an app could not be told of a logout");
        }
    }
    Ok(())
}

/// Redirections are not followed: the notice goes where the app registered, or nowhere.
async fn post(client: &HttpClient, delivery: Delivery) -> Result<(), String> {
    let request = Request::post(&delivery.uri)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::CACHE_CONTROL, "no-store")
        .body(Full::new(Bytes::from(delivery.body)))
        .map_err(|error| error.to_string())?;
    let answer = tokio::time::timeout(ANSWER_MAX, client.request(request))
        .await
        .map_err(|_| String::from("the app did not answer in time"))?
        .map_err(|error| error.to_string())?;
    match answer.status() {
        StatusCode::OK | StatusCode::NO_CONTENT => Ok(()),
        status => Err(format!("the app answered {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{build_client, post};
    use crate::outbound::Reach;
    use oauth::logout::backchannel::Delivery;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    /// An app that takes one notice; what it was sent, or nothing if nobody came.
    async fn deliver_to_app(reach: Reach, host: &str) -> (Result<(), String>, Option<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let app = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut received = Vec::new();
            while !received.ends_with(b"logout_token=x") {
                let mut piece = [0_u8; 1_024];
                let count = stream.read(&mut piece).await.unwrap();
                received.extend_from_slice(&piece[..count]);
            }
            let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
            stream.write_all(answer).await.unwrap();
            String::from_utf8(received).unwrap()
        });
        let delivery = Delivery {
            uri: format!("http://{host}:{port}/out"),
            body: "logout_token=x".to_owned(),
        };
        let sent = post(&build_client(reach).unwrap(), delivery).await;
        match &sent {
            Ok(()) => (sent, Some(app.await.unwrap())),
            Err(_) => {
                assert!(!app.is_finished(), "somebody connected");
                app.abort();
                (sent, None)
            }
        }
    }

    #[tokio::test]
    async fn a_notice_reaches_an_app_on_this_machine_where_it_may() {
        for reach in [Reach::PublicAndLoopback, Reach::Everywhere] {
            for host in ["127.0.0.1", "localhost"] {
                let (sent, received) = deliver_to_app(reach, host).await;
                assert_eq!(sent, Ok(()));
                assert!(received.unwrap().starts_with("POST /out HTTP/1.1"));
            }
        }
    }

    #[tokio::test]
    async fn no_notice_goes_into_the_private_network() {
        for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
            let (sent, received) = deliver_to_app(Reach::Public, host).await;
            assert!(sent.is_err() && received.is_none(), "{host}");
        }
    }
}
