//! `testudo up`: one cell in one process.

use crate::fleet::folder::note_origin;
use crate::fleet::ports::check_free;
use crate::home::must_be_servers;
use crate::options::{Output, TlsChoice, Up};
use crate::progress::Shown;
use server::config::{Config, PrivateOutbound, ProxyMode, TlsMode};
use server::declaration::progress::Progress;
use server::start::{Started, StopSignals, start};
use std::io::Write as _;
use std::process::ExitCode;
use telemetry::LogFormat;

fn configure(up: Up) -> Config {
    let tls = match (up.tls, up.tls_certificate, up.tls_key) {
        (Some(TlsChoice::SelfSigned), _, _) => TlsMode::SelfSigned,
        (None, Some(certificate), Some(key)) => TlsMode::Files { certificate, key },
        _ => TlsMode::Off,
    };
    Config {
        data: up.store.data,
        listen: up.listen,
        origin: up.origin,
        store: up.store.store.map(Into::into),
        tls,
        proxy: if up.behind_proxy {
            ProxyMode::TerminatesTls
        } else {
            ProxyMode::None
        },
        smtp: up.smtp.map(Into::into),
        mail_from: up.mail_from,
        bootstrap: up.bootstrap,
        private_outbound: if up.allow_private_outbound {
            PrivateOutbound::Allowed
        } else {
            PrivateOutbound::Refused
        },
        seat: None,
    }
}

/// Runs until the process is told to stop.
///
/// # Errors
/// Whatever keeps the cell from starting, with what to do.
pub async fn run(up: Up) -> anyhow::Result<ExitCode> {
    telemetry::start_logging(match up.output {
        Output::Text => LogFormat::Text,
        Output::Json => LogFormat::Json,
    });
    let signals = StopSignals::catch()?;
    let (output, data) = (up.output, up.store.data.clone());
    must_be_servers(&up.store.data, "up")?;
    check_free(&up.store.data, &[(up.listen, "--listen")])?;
    let progress = Progress::default();
    let shown = Shown::start(&progress);
    let started = start(configure(up), &progress).await;
    shown.end().await;
    let started = started?;
    note_origin(&data, &started.base_url);
    announce(&started, output)?;
    started.run(signals.wait()).await;
    Ok(ExitCode::SUCCESS)
}

fn announce(started: &Started, output: Output) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match output {
        Output::Json => {
            let line = serde_json::json!({
                "ready": true, "address": started.base_url, "setup": started.setup_url, "root": started.local_root,
            });
            writeln!(out, "{line}")?;
        }
        Output::Text => {
            writeln!(out, "Testudo is ready at {}", started.base_url)?;
            if let Some(root) = &started.local_root {
                writeln!(out, "The root of its local authority: {}", root.display())?;
            }
            if let Some(setup) = &started.setup_url {
                writeln!(
                    out,
                    "\nMake the first administrator within one hour, by this link (it works once):\n  {setup}"
                )?;
            }
        }
    }
    out.flush()
}
