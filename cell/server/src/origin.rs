//! Which org a request is for: by host name, by the path `/t/<org>`, or the first org at the bare origin.
//!
//! A host that nobody knows is refused: it never falls through to a default.

use url::Url;

/// The longest `Host` header that is looked at.
const HOST_CHARS_MAX: usize = 255;

/// How the server is reached from outside.
#[derive(Debug, Clone)]
pub struct Origin {
    scheme: &'static str,
    host: String,
    port: Option<u16>,
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// The bare origin: the first org.
    First,
    /// The org of that short name, at `<slug>.<origin>`.
    Slug(String),
    /// Perhaps a custom domain of an org.
    Custom(String),
}

/// A request's target, with the path as the org's own routes see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Which org.
    pub address: Address,
    /// Scheme and port of the origin, and the host as the caller used it.
    pub host_url: String,
    /// The host name alone.
    pub host: String,
    /// `""` or `/t/<slug>`.
    pub path_prefix: String,
    /// The path without the prefix.
    pub path: String,
}

/// A host header that cannot be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnusableHost;

impl Origin {
    /// From the configured address; defaults to `localhost` at the port that is listened on.
    #[must_use]
    pub fn new(configured: Option<&Url>, tls: bool, port: u16) -> Self {
        match configured {
            Some(url) => Self {
                scheme: if url.scheme() == "https" {
                    "https"
                } else {
                    "http"
                },
                host: url.host_str().unwrap_or("localhost").to_ascii_lowercase(),
                port: url.port(),
            },
            None => Self {
                scheme: if tls { "https" } else { "http" },
                host: String::from("localhost"),
                port: Some(port),
            },
        }
    }

    /// The address of the first org, without a final slash.
    #[must_use]
    pub fn base_url(&self) -> String {
        match self.port {
            Some(port) => format!("{}://{}:{port}", self.scheme, self.host),
            None => format!("{}://{}", self.scheme, self.host),
        }
    }

    /// Finds out which org a host header and path name.
    ///
    /// # Errors
    /// [`UnusableHost`] for text that is no host.
    pub fn resolve(&self, host_header: &str, path: &str) -> Result<Target, UnusableHost> {
        let host = split_host(host_header)?;
        // The port is ours to know: one that a caller made up would stand in links that are mailed to others.
        let host_url = match self.port {
            Some(port) => format!("{}://{host}:{port}", self.scheme),
            None => format!("{}://{host}", self.scheme),
        };
        let bare = host == self.host || (self.is_loopback() && is_loopback_name(&host));
        if let Some((slug, rest)) = split_path(path) {
            // Below a host of another org it would carry pages that are not its own.
            if bare || self.slug_of(&host) == Some(slug) {
                return Ok(Target {
                    address: Address::Slug(slug.to_owned()),
                    host_url,
                    host,
                    path_prefix: format!("/t/{slug}"),
                    path: rest.to_owned(),
                });
            }
        }
        let address = match self.slug_of(&host) {
            _ if bare => Address::First,
            Some(slug) => Address::Slug(slug.to_owned()),
            None => Address::Custom(host.clone()),
        };
        Ok(Target {
            address,
            host_url,
            host,
            path_prefix: String::new(),
            path: path.to_owned(),
        })
    }

    fn slug_of<'h>(&self, host: &'h str) -> Option<&'h str> {
        let parent = if self.is_loopback() {
            "localhost"
        } else {
            self.host.as_str()
        };
        let slug = host.strip_suffix(parent)?.strip_suffix('.')?;
        (!slug.is_empty() && !slug.contains('.')).then_some(slug)
    }

    fn is_loopback(&self) -> bool {
        is_loopback_name(&self.host)
    }
}

fn is_loopback_name(host: &str) -> bool {
    host == "localhost" || host == "127.0.0.1" || host == "[::1]"
}

/// `/t/acme/apps` → `acme`, `/apps`.
fn split_path(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix("/t/")?;
    match rest.find('/') {
        Some(at) => {
            let (slug, tail) = rest.split_at(at);
            (!slug.is_empty()).then_some((slug, tail))
        }
        None => (!rest.is_empty()).then_some((rest, "/")),
    }
}

fn split_host(header: &str) -> Result<String, UnusableHost> {
    if header.is_empty() || header.len() > HOST_CHARS_MAX {
        return Err(UnusableHost);
    }
    let host = match header.rfind(':') {
        Some(at) if !header.ends_with(']') => {
            let (host, port) = header.split_at(at);
            let digits = port.trim_start_matches(':');
            if digits.len() + 1 != port.len() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(UnusableHost);
            }
            digits.parse::<u16>().map_err(|_| UnusableHost)?;
            host
        }
        _ => header,
    };
    let name = host
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    let address = host.starts_with('[')
        && host.ends_with(']')
        && host
            .trim_matches(['[', ']'])
            .parse::<std::net::Ipv6Addr>()
            .is_ok();
    if host.is_empty() || host.starts_with('.') || !(name || address) {
        return Err(UnusableHost);
    }
    Ok(host.trim_end_matches('.').to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::{Address, Origin, Target};
    use proptest::prelude::{any, proptest};

    fn local() -> Origin {
        Origin::new(None, false, 8080)
    }

    fn public() -> Origin {
        Origin::new(
            Some(&"https://id.example.com".parse().unwrap()),
            false,
            8080,
        )
    }

    #[test]
    fn hosts_and_paths_name_orgs() {
        let slug = |s: &str| Address::Slug(s.into());
        let custom = |s: &str| Address::Custom(s.into());
        let table = [
            (
                local(),
                "localhost:8080",
                "/apps",
                Address::First,
                "",
                "/apps",
            ),
            (local(), "127.0.0.1:8080", "/", Address::First, "", "/"),
            (local(), "[::1]:8080", "/", Address::First, "", "/"),
            (
                local(),
                "acme.localhost:8080",
                "/apps",
                slug("acme"),
                "",
                "/apps",
            ),
            (
                local(),
                "localhost:8080",
                "/t/acme/apps",
                slug("acme"),
                "/t/acme",
                "/apps",
            ),
            (
                local(),
                "localhost:8080",
                "/t/acme",
                slug("acme"),
                "/t/acme",
                "/",
            ),
            (
                local(),
                "evil.example",
                "/",
                custom("evil.example"),
                "",
                "/",
            ),
            (
                local(),
                "a.b.localhost",
                "/",
                custom("a.b.localhost"),
                "",
                "/",
            ),
            (public(), "id.example.com", "/", Address::First, "", "/"),
            (public(), "ID.Example.com.", "/", Address::First, "", "/"),
            (public(), "acme.id.example.com", "/", slug("acme"), "", "/"),
            (public(), "localhost", "/", custom("localhost"), "", "/"),
            (
                public(),
                "acme.id.example.com",
                "/t/acme/apps",
                slug("acme"),
                "/t/acme",
                "/apps",
            ),
            (
                public(),
                "acme.id.example.com",
                "/t/other/x",
                slug("acme"),
                "",
                "/t/other/x",
            ),
            (
                public(),
                "login.acme.example",
                "/t/other/x",
                custom("login.acme.example"),
                "",
                "/t/other/x",
            ),
        ];
        for (origin, host, path, address, prefix, rest) in table {
            let target = origin.resolve(host, path).unwrap();
            assert_eq!(
                (
                    &target.address,
                    target.path_prefix.as_str(),
                    target.path.as_str()
                ),
                (&address, prefix, rest),
                "{host}{path}"
            );
        }
    }

    #[test]
    fn the_base_has_the_port_of_the_origin_whatever_a_caller_says() {
        for named in ["acme.localhost:8080", "acme.localhost:9", "acme.localhost"] {
            let Target { host_url, .. } = local().resolve(named, "/").unwrap();
            assert_eq!(host_url, "http://acme.localhost:8080");
        }
        let Target { host_url, .. } = public().resolve("acme.id.example.com:9", "/").unwrap();
        assert_eq!(host_url, "https://acme.id.example.com");
        assert_eq!(public().base_url(), "https://id.example.com");
    }

    #[test]
    fn text_that_is_no_host_is_refused() {
        for bad in [
            "",
            "a b",
            "a/b",
            "a:b",
            "a:99999",
            "a::1",
            "[::1",
            "host@evil",
            ".",
            "é.example",
        ] {
            assert!(local().resolve(bad, "/").is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_host_and_path_resolves_or_is_refused(host in any::<String>(), path in "/.{0,40}") {
            if let Ok(target) = local().resolve(&host, &path) {
                assert!(!target.host_url.contains(['\r', '\n', ' ', '"', '<']));
            }
        }
    }
}
