//! What the operator sets, checked once at the start. A wrong value stops the start with key, reason and mend.

use crate::outbound::Reach;
use database::Location;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use url::Url;
use vocab::secret::Secret;
use wire::identity::FleetIdentity;
use wire::names::CellName;

/// Everything a cell is started with.
pub struct Config {
    /// Where the data lies.
    pub data: PathBuf,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The address under which people reach it, if it is not the one listened on.
    pub origin: Option<Url>,
    /// The store; inside the data folder if none is named.
    pub store: Option<Secret<String>>,
    /// How TLS is done.
    pub tls: TlsMode,
    /// Whether a proxy in front terminates TLS and sets the forwarding headers.
    pub proxy: ProxyMode,
    /// Where mail goes; kept in the data folder if nowhere.
    pub smtp: Option<Secret<String>>,
    /// The sender of mail.
    pub mail_from: String,
    /// A document of what shall be there.
    pub bootstrap: Option<PathBuf>,
    /// Whether addresses that administrators name may lie in private networks.
    pub private_outbound: PrivateOutbound,
    /// Its seat in a fleet, if it has one.
    pub seat: Option<FleetSeat>,
}

/// The seat of a cell in a fleet.
#[derive(Debug, Clone)]
pub struct FleetSeat {
    /// The cell's name.
    pub name: CellName,
    /// What proves that it is that cell.
    pub identity: Arc<FleetIdentity>,
}

/// Whether connections to addresses that administrators name may go into private networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrivateOutbound {
    /// They may not; to this machine they may where it is itself reached on loopback alone.
    Refused,
    /// They may.
    Allowed,
}

/// How far connections to addresses that administrators name may go.
#[must_use]
pub fn decide_reach(config: &Config) -> Reach {
    let on_loopback = config.origin.as_ref().map_or_else(
        || config.listen.ip().is_loopback() && config.proxy == ProxyMode::None,
        |origin| is_loopback_host(origin.host_str().unwrap_or_default()),
    );
    match (config.private_outbound, on_loopback) {
        (PrivateOutbound::Allowed, _) => Reach::Everywhere,
        (PrivateOutbound::Refused, true) => Reach::PublicAndLoopback,
        (PrivateOutbound::Refused, false) => Reach::Public,
    }
}

fn is_loopback_host(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

/// How TLS is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsMode {
    /// Not here.
    Off,
    /// A local authority in the data folder, for laptops and tests.
    SelfSigned,
    /// Certificate chain and key, PEM.
    Files {
        /// The chain, leaf first.
        certificate: PathBuf,
        /// Its key.
        key: PathBuf,
    },
}

/// Whether a proxy stands in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyMode {
    /// Clients connect directly; forwarding headers are ignored.
    None,
    /// A TLS-terminating proxy stands in front; the last `X-Forwarded-For` entry is the client's address.
    TerminatesTls,
    /// Only edges of the fleet connect, over mutual TLS; what they say of a request is believed.
    FleetEdge,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{key}: {reason}\n  mend: {mend}")]
pub struct ConfigError {
    /// The option.
    pub key: &'static str,
    /// What is wrong with it.
    pub reason: String,
    /// What to do.
    pub mend: &'static str,
}

/// Holds the configuration against the rules that do not depend on the machine.
///
/// # Errors
/// [`ConfigError`] for the first rule that is broken.
pub fn decide_config(config: &Config) -> Result<(), ConfigError> {
    if config.seat.is_some() && config.origin.is_none() {
        return Err(ConfigError {
            key: "--origin",
            reason: String::from("a cell of a fleet must know how people reach the fleet"),
            mend: "name the address of the edge, for example --origin https://id.example.com",
        });
    }
    refuse_plain_http_outside_loopback(config)?;
    if let Some(origin) = &config.origin {
        check_origin(origin, config)?;
    }
    if !config.mail_from.contains('@') {
        return Err(ConfigError {
            key: "--mail-from",
            reason: format!("{:?} is not a mail address", config.mail_from),
            mend: "name the sender, for example --mail-from testudo@example.com",
        });
    }
    Ok(())
}

fn refuse_plain_http_outside_loopback(config: &Config) -> Result<(), ConfigError> {
    let plain = config.tls == TlsMode::Off && config.proxy == ProxyMode::None;
    if plain && !config.listen.ip().is_loopback() {
        return Err(ConfigError {
            key: "--listen",
            reason: format!(
                "{} is reachable from other machines, and plain HTTP would show passwords on the way",
                config.listen
            ),
            mend: "add --tls-certificate and --tls-key, or --tls self-signed, or --behind-proxy if a proxy terminates TLS",
        });
    }
    Ok(())
}

fn check_origin(origin: &Url, config: &Config) -> Result<(), ConfigError> {
    let refuse = |reason: &str, mend| {
        Err(ConfigError {
            key: "--origin",
            reason: reason.to_owned(),
            mend,
        })
    };
    if origin.path() != "/" || origin.query().is_some() || origin.fragment().is_some() {
        return refuse(
            "it must be scheme, host and port alone",
            "for example --origin https://id.example.com",
        );
    }
    if !origin.username().is_empty() || origin.password().is_some() {
        return refuse(
            "it must not carry a user name",
            "for example --origin https://id.example.com",
        );
    }
    let loopback = is_loopback_host(origin.host_str().unwrap_or_default());
    match origin.scheme() {
        "https" if config.tls == TlsMode::Off && config.proxy == ProxyMode::None => refuse(
            "the origin is https, but nothing terminates TLS",
            "add --tls-certificate and --tls-key, or --tls self-signed, or --behind-proxy",
        ),
        "https" => Ok(()),
        "http" if config.tls != TlsMode::Off => refuse(
            "the origin is http, but TLS is on",
            "begin the origin with https://",
        ),
        "http" if loopback => Ok(()),
        "http" => refuse(
            "plain HTTP is for loopback alone",
            "begin the origin with https://",
        ),
        _ => refuse(
            "the scheme must be https",
            "for example --origin https://id.example.com",
        ),
    }
}

/// Where the store lies.
///
/// # Errors
/// [`ConfigError`] for a store of an unknown kind.
pub fn store_location(
    data: &Path,
    store: Option<&Secret<String>>,
) -> Result<Location, ConfigError> {
    match store {
        None => Ok(Location::Sqlite {
            path: data.join("testudo.db"),
        }),
        Some(url)
            if url.expose().starts_with("postgres://")
                || url.expose().starts_with("postgresql://") =>
        {
            Ok(Location::Postgres { url: url.clone() })
        }
        Some(_) => Err(ConfigError {
            key: "--store",
            reason: String::from("only postgres:// addresses are known"),
            mend: "name one, for example --store postgres://testudo@localhost/testudo, or leave the option out",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Config, PrivateOutbound, ProxyMode, TlsMode, decide_config, decide_reach, store_location,
    };
    use crate::outbound::Reach;
    use std::path::{Path, PathBuf};
    use vocab::secret::Secret;

    fn config(listen: &str, origin: Option<&str>, tls: TlsMode, proxy: ProxyMode) -> Config {
        Config {
            data: PathBuf::from("data"),
            listen: listen.parse().unwrap(),
            origin: origin.map(|text| text.parse().unwrap()),
            store: None,
            tls,
            proxy,
            smtp: None,
            mail_from: String::from("testudo@localhost"),
            bootstrap: None,
            private_outbound: PrivateOutbound::Refused,
            seat: None,
        }
    }

    #[test]
    fn private_networks_are_reached_where_the_operator_says_so() {
        use ProxyMode::{None as Direct, TerminatesTls};
        let files = || TlsMode::Files {
            certificate: PathBuf::from("c"),
            key: PathBuf::from("k"),
        };
        let table = [
            (
                "127.0.0.1:8080",
                None,
                TlsMode::Off,
                Direct,
                Reach::PublicAndLoopback,
            ),
            (
                "127.0.0.1:8080",
                Some("http://id.localhost"),
                TlsMode::Off,
                Direct,
                Reach::PublicAndLoopback,
            ),
            (
                "127.0.0.1:8080",
                None,
                TlsMode::Off,
                TerminatesTls,
                Reach::Public,
            ),
            (
                "127.0.0.1:8080",
                Some("https://id.example"),
                TlsMode::Off,
                TerminatesTls,
                Reach::Public,
            ),
            ("0.0.0.0:443", None, files(), Direct, Reach::Public),
            (
                "0.0.0.0:443",
                Some("https://id.example"),
                files(),
                Direct,
                Reach::Public,
            ),
        ];
        for (listen, origin, tls, proxy, expected) in table {
            let mut config = config(listen, origin, tls, proxy);
            assert_eq!(decide_reach(&config), expected, "{listen} {origin:?}");
            config.private_outbound = PrivateOutbound::Allowed;
            assert_eq!(decide_reach(&config), Reach::Everywhere);
        }
    }

    #[test]
    fn plain_http_is_for_loopback_alone() {
        let off = || TlsMode::Off;
        let good = [
            config("127.0.0.1:8080", None, off(), ProxyMode::None),
            config("[::1]:8080", None, off(), ProxyMode::None),
            config("0.0.0.0:8080", None, off(), ProxyMode::TerminatesTls),
            config("0.0.0.0:8443", None, TlsMode::SelfSigned, ProxyMode::None),
            config(
                "127.0.0.1:8080",
                Some("http://localhost:8080"),
                off(),
                ProxyMode::None,
            ),
            config(
                "127.0.0.1:8080",
                Some("https://id.example.com"),
                off(),
                ProxyMode::TerminatesTls,
            ),
        ];
        for good in good {
            decide_config(&good).unwrap();
        }
        let bad = [
            (
                "--listen",
                config("0.0.0.0:8080", None, off(), ProxyMode::None),
            ),
            (
                "--origin",
                config(
                    "127.0.0.1:1",
                    Some("http://id.example.com"),
                    off(),
                    ProxyMode::None,
                ),
            ),
            (
                "--origin",
                config(
                    "127.0.0.1:1",
                    Some("https://id.example.com"),
                    off(),
                    ProxyMode::None,
                ),
            ),
            (
                "--origin",
                config(
                    "127.0.0.1:1",
                    Some("http://localhost"),
                    TlsMode::SelfSigned,
                    ProxyMode::None,
                ),
            ),
            (
                "--origin",
                config(
                    "127.0.0.1:1",
                    Some("https://h/path"),
                    TlsMode::SelfSigned,
                    ProxyMode::None,
                ),
            ),
            (
                "--origin",
                config(
                    "127.0.0.1:1",
                    Some("https://u@h"),
                    TlsMode::SelfSigned,
                    ProxyMode::None,
                ),
            ),
            (
                "--origin",
                config(
                    "127.0.0.1:1",
                    Some("ftp://h"),
                    TlsMode::SelfSigned,
                    ProxyMode::None,
                ),
            ),
        ];
        for (key, bad) in bad {
            assert_eq!(decide_config(&bad).unwrap_err().key, key);
        }
    }

    #[test]
    fn only_known_stores_are_taken() {
        let data = Path::new("data");
        assert!(store_location(data, None).is_ok());
        let known = Secret::new(String::from("postgres://localhost/x"));
        assert!(store_location(data, Some(&known)).is_ok());
        let unknown = Secret::new(String::from("mysql://localhost/x"));
        let refused = store_location(data, Some(&unknown)).err().unwrap();
        assert_eq!(refused.key, "--store");
    }
}
