//! Tells apps that a session has ended (OpenID Connect Back-Channel Logout 1.0), out of the outbox.

use crate::jobs::stopped_within;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, StatusCode, header};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use identity::cell::Cell;
use identity::fault::Fault;
use ledger::outbox::store::{self as outbox, Leased};
use oauth::logout::backchannel::{Delivery, KIND, prepare};
use std::time::Duration;
use tokio::sync::watch;

/// Pause between two looks at the outbox.
const PAUSE: Duration = Duration::from_millis(500);
/// Notices in one look.
const ROWS_MAX: i64 = 20;
/// How long an app may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);

type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Delivers notices until told to stop.
pub(crate) async fn deliver(cell: Cell, mut stop: watch::Receiver<bool>) {
    let client = match build_client() {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "apps cannot be told of logouts: no TLS client");
            return;
        }
    };
    while !stopped_within(&mut stop, PAUSE).await {
        if let Err(fault) = deliver_due(&cell, &client).await {
            tracing::warn!(error = %fault, "notices of logouts could not be taken out of the outbox; it will be tried again");
        }
    }
}

fn build_client() -> Result<HttpClient, rustls::Error> {
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_webpki_roots()
        .with_no_client_auth();
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .build();
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

async fn deliver_due(cell: &Cell, client: &HttpClient) -> Result<(), Fault> {
    let now = cell.now();
    let due = {
        let mut tx = cell.database.read().await?;
        outbox::is_any_due(&mut tx, KIND, now).await?
    };
    if !due {
        return Ok(());
    }
    let leased = cell
        .database
        .write(move |tx| Box::pin(async move { outbox::lease_due(tx, KIND, now, ROWS_MAX).await }))
        .await?;
    for row in leased {
        deliver_one(cell, client, row).await?;
    }
    Ok(())
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
