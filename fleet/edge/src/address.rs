//! Which org a request names: by host name, or by the path `/t/<org>` at the fleet's own host. No host of one org carries
//! pages of another.

use std::net::Ipv6Addr;
use url::Url;
use wire::names::HOST_CHARS_MAX;

/// How people reach the fleet.
#[derive(Debug, Clone)]
pub struct Origin {
    host: String,
    /// `http` or `https`.
    scheme: &'static str,
}

/// What a request names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The org of that short name.
    Slug(String),
    /// The org with that host name of its own, if there is one.
    Host(String),
    /// The fleet itself.
    Fleet,
}

/// A host that cannot be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnusableHost;

impl Origin {
    /// From the configured address.
    #[must_use]
    pub fn new(url: &Url) -> Self {
        Self {
            host: url.host_str().unwrap_or("localhost").to_ascii_lowercase(),
            scheme: if url.scheme() == "https" {
                "https"
            } else {
                "http"
            },
        }
    }

    /// The host, lower case.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// `http` or `https`.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// Whether it is of this machine alone.
    #[must_use]
    pub fn is_local(&self) -> bool {
        is_loopback(&self.host)
    }

    /// What a host and a path name. The port is of no meaning: whatever a caller says, it came in at ours.
    ///
    /// # Errors
    /// [`UnusableHost`] for text that is no host.
    pub fn resolve(&self, host: &str, path: &str) -> Result<Wanted, UnusableHost> {
        Ok(self.place(split_host(host)?, path))
    }

    /// What a host, as [`split_host`] gives it, and a path name.
    #[must_use]
    pub fn place(&self, host: String, path: &str) -> Wanted {
        let local = is_loopback(&self.host);
        let bare = host == self.host || (local && is_loopback(&host));
        let parent = if local { "localhost" } else { &self.host };
        let label = host
            .strip_suffix(parent)
            .and_then(|label| label.strip_suffix('.'))
            .filter(|label| !label.contains('.'));
        // Not below a host of another org: it would carry pages that are not its own.
        let by_path = slug_of_path(path).filter(|slug| bare || label == Some(slug));
        match by_path.or(label) {
            Some(slug) => Wanted::Slug(slug.to_owned()),
            None if bare => Wanted::Fleet,
            None => Wanted::Host(host),
        }
    }
}

fn is_loopback(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

fn slug_of_path(path: &str) -> Option<&str> {
    let slug = path.strip_prefix("/t/")?.split('/').next()?;
    (!slug.is_empty()).then_some(slug)
}

/// The host of a `Host` field: lower case, without port and final dot.
///
/// # Errors
/// [`UnusableHost`] for text that is no host.
pub fn split_host(text: &str) -> Result<String, UnusableHost> {
    let host = match text.rfind(':') {
        Some(at) if !text.ends_with(']') => {
            let (host, port) = text.split_at(at);
            let digits = port.strip_prefix(':').ok_or(UnusableHost)?;
            let is_port =
                digits.bytes().all(|b| b.is_ascii_digit()) && digits.parse::<u16>().is_ok();
            is_port.then_some(host).ok_or(UnusableHost)?
        }
        _ => text,
    };
    let name = host
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    let address = host
        .strip_prefix('[')
        .and_then(|inner| inner.strip_suffix(']'))
        .is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok());
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.is_empty() || host.len() > HOST_CHARS_MAX || host.starts_with('.') || !(name || address)
    {
        return Err(UnusableHost);
    }
    Ok(host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::{Origin, Wanted};
    use proptest::prelude::{any, proptest};

    fn origin(url: &str) -> Origin {
        Origin::new(&url.parse().unwrap())
    }

    #[test]
    fn hosts_and_paths_name_orgs() {
        let slug = |s: &str| Wanted::Slug(s.into());
        let host = |s: &str| Wanted::Host(s.into());
        let (local, public) = ("http://localhost:8080", "https://id.example.com");
        let table = [
            (local, "localhost:8080", "/t/acme/apps", slug("acme")),
            (local, "localhost:8080", "/t/acme", slug("acme")),
            (local, "127.0.0.1:8080", "/t/acme", slug("acme")),
            (local, "[::1]:8080", "/", Wanted::Fleet),
            (local, "localhost", "/t/", Wanted::Fleet),
            (local, "localhost", "/fleet", Wanted::Fleet),
            (local, "ACME.localhost:9", "/t/acme/apps", slug("acme")),
            (local, "ACME.localhost:9", "/t/other/", slug("acme")),
            (public, "acme.id.example.com", "/t/other", slug("acme")),
            (public, "id.example.com", "/t/other", slug("other")),
            (local, "acme.localhost:9", "/apps", slug("acme")),
            (local, "a.b.localhost", "/", host("a.b.localhost")),
            (local, "xlocalhost", "/", host("xlocalhost")),
            (public, "acme.id.example.com.", "/", slug("acme")),
            (public, "localhost", "/t/acme", host("localhost")),
            (
                public,
                "login.acme.example",
                "/t/other",
                host("login.acme.example"),
            ),
        ];
        for (at, named, path, wanted) in table {
            assert_eq!(origin(at).resolve(named, path), Ok(wanted), "{named}{path}");
        }
        for bad in [
            "",
            ".",
            "a b",
            "a:b",
            "a:99999",
            "a::1",
            "[::1",
            "host@evil",
            "é.example",
            ":80",
        ] {
            assert!(origin(local).resolve(bad, "/").is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_understood_or_refused(host in any::<String>(), path in any::<String>()) {
            if let Ok(Wanted::Host(host)) = origin("https://id.example.com").resolve(&host, &path) {
                assert!(!host.bytes().any(|b| b.is_ascii_whitespace() || b.is_ascii_uppercase()));
            }
        }
    }
}
