//! `PUT` and `DELETE` of a host name of an org.

use crate::api::{Answer, OPERATOR, Said, Side, invalid, only, refused};
use crate::listener::Peer;
use axum::extract::{Path, State};
use axum::routing::put;
use axum::{Extension, Json, Router};
use std::net::IpAddr;
use url::Url;
use vocab::slug::Slug;
use wire::control::OrgView;
use wire::identity::{DOMAIN, FleetRole};
use wire::names::Host;

/// The paths.
pub(crate) fn router() -> Router<Side> {
    Router::new().route("/v1/orgs/{slug}/hosts/{host}", put(add).delete(remove))
}

async fn add(
    Extension(peer): Extension<Peer>,
    State(side): State<Side>,
    Path((slug, host)): Path<(String, String)>,
) -> Answer<OrgView> {
    only(peer, FleetRole::Operator)?;
    let (slug, host) = (parse_slug(&slug)?, parse_host(&host, &side.origin)?);
    let done = side.register.add_host(&slug, &host, OPERATOR).await;
    done.map(Json).map_err(|refusal| refused(&refusal))
}

async fn remove(
    Extension(peer): Extension<Peer>,
    State(side): State<Side>,
    Path((slug, host)): Path<(String, String)>,
) -> Answer<OrgView> {
    only(peer, FleetRole::Operator)?;
    let (slug, host) = (parse_slug(&slug)?, parse_host(&host, &side.origin)?);
    let done = side.register.remove_host(&slug, &host, OPERATOR).await;
    done.map(Json).map_err(|refusal| refused(&refusal))
}

fn parse_slug(text: &str) -> Result<Slug, Said> {
    Slug::parse(text).map_err(|error| invalid(&error.to_string()))
}

/// A host name that an org may bring: below a domain, and not one at which the fleet itself answers.
fn parse_host(text: &str, origin: &Url) -> Result<Host, Said> {
    let host = Host::parse(&text.to_ascii_lowercase());
    let host = host.map_err(|error| invalid(&error.to_string()))?;
    let name = host.as_str();
    if !name.contains('.') || is_of_a_machine(name) {
        return Err(invalid(
            "host: use a host name alone, for example id.example.com",
        ));
    }
    let own = origin.host_str().unwrap_or_default();
    let below = name
        .strip_suffix(own)
        .is_some_and(|front| front.is_empty() || front.ends_with('.'));
    if below {
        let text = format!("host: {name} is the fleet's own; an organisation's is not below {own}");
        return Err(invalid(&text));
    }
    Ok(host)
}

/// Whether clients take it for an address, or for something on their own machine: what ends in a number is an address (URL
/// Standard, "ends in a number checker"), however odd; members of the fleet have names of their own.
fn is_of_a_machine(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
    let is_hex = last
        .strip_prefix("0x")
        .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let is_below = |domain: &str| {
        name.strip_suffix(domain)
            .is_some_and(|front| front.is_empty() || front.ends_with('.'))
    };
    is_number
        || is_hex
        || name.parse::<IpAddr>().is_ok()
        || ["localhost", "localhost.localdomain", DOMAIN]
            .into_iter()
            .any(is_below)
}

#[cfg(test)]
mod tests {
    use super::parse_host;
    use url::Url;

    #[test]
    fn an_org_brings_hosts_of_its_own_domain_alone() {
        let origin = Url::parse("https://id.example:8443").unwrap();
        for (text, host) in [
            ("login.acme.test", Some("login.acme.test")),
            ("LOGIN.acme.test", Some("login.acme.test")),
            ("xid.example", Some("xid.example")),
            ("id.example", None),
            ("127.1", None),
            ("0x7f.1", None),
            ("login.0x7f", None),
            ("login.1", None),
            ("login.1a", Some("login.1a")),
            ("localhost.localdomain", None),
            ("control.testudo.internal", None),
            ("id.acme.internal", Some("id.acme.internal")),
            ("acme.id.example", None),
            ("a.b.id.example", None),
            ("localhost", None),
            ("acme.localhost", None),
            ("intranet", None),
            ("192.0.2.1", None),
            ("::1", None),
            ("a..b", None),
            ("*.acme.test", None),
            ("login.acme.test:443", None),
        ] {
            let parsed = parse_host(text, &origin).ok().map(String::from);
            assert_eq!(parsed.as_deref(), host, "{text}");
        }
    }
}
