//! Takes the database address apart: what the driver knows, and the TLS options that it does not.
//!
//! Without `sslmode`, TLS with full verification is required, except on a Unix socket or loopback, where it is off.
//! Messages never quote the address: it carries a password.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::open::OpenError;

/// How long a connection attempt may take, where the address does not say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How the server appears in `pg_stat_activity`, where the address does not say.
const APPLICATION_NAME: &str = "testudo";

/// The longest address that is looked at.
const ADDRESS_BYTES_MAX: usize = 4096;

/// A database address, understood.
#[derive(Debug)]
pub(crate) struct Address {
    pub(crate) config: Config,
    /// The file with the only root certificates to trust; without it, the public roots.
    pub(crate) root_certificates: Option<PathBuf>,
}

/// Understands `postgres://…`.
pub(crate) fn parse_address(url: &str) -> Result<Address, OpenError> {
    if url.len() > ADDRESS_BYTES_MAX {
        return Err(bad(format!("it is longer than {ADDRESS_BYTES_MAX} bytes")));
    }
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(bad("it does not begin with postgres://".to_owned()));
    }
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let mut kept = Vec::new();
    let mut mode = None;
    let mut root_certificates = None;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = Some(parse_mode(value)?),
            // The public roots are the default.
            Some(("sslrootcert", "system")) => {}
            Some(("sslrootcert", value)) => {
                root_certificates = Some(PathBuf::from(decode_percent(value)?))
            }
            _ => kept.push(pair),
        }
    }
    let driver_url = if kept.is_empty() {
        base.to_owned()
    } else {
        format!("{base}?{}", kept.join("&"))
    };
    let mut config: Config = driver_url
        .parse()
        .map_err(|error| bad(render_driver_error(&error)))?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(bad("it names no host".to_owned()));
    }
    let default_mode = if is_local(&config) {
        SslMode::Disable
    } else {
        SslMode::Require
    };
    config.ssl_mode(mode.unwrap_or(default_mode));
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_application_name().is_none() {
        config.application_name(APPLICATION_NAME);
    }
    Ok(Address {
        config,
        root_certificates,
    })
}

/// Every mode with TLS verifies certificate and name: `require` without verification would stop no attacker.
fn parse_mode(value: &str) -> Result<SslMode, OpenError> {
    match value {
        "disable" => Ok(SslMode::Disable),
        "prefer" => Ok(SslMode::Prefer),
        "require" | "verify-ca" | "verify-full" => Ok(SslMode::Require),
        _ => Err(bad(
            "sslmode is none of disable, prefer, require, verify-ca, verify-full".to_owned(),
        )),
    }
}

/// Whether every host is on this machine.
fn is_local(config: &Config) -> bool {
    let hosts_local = config.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse::<IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
    });
    hosts_local && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn decode_percent(text: &str) -> Result<String, OpenError> {
    let wrong = || bad("sslrootcert is not percent-encoded UTF-8".to_owned());
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let high = rest
            .next()
            .and_then(|digit| char::from(digit).to_digit(16))
            .ok_or_else(wrong)?;
        let low = rest
            .next()
            .and_then(|digit| char::from(digit).to_digit(16))
            .ok_or_else(wrong)?;
        bytes.push(u8::try_from(high * 16 + low).map_err(|_| wrong())?);
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

/// The driver's words name options, never their values.
fn render_driver_error(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn bad(reason: String) -> OpenError {
    OpenError::BadAddress { reason }
}
