//! Sites that an org trusts: whose scripts may read what its API answers (Fetch, section 3.2), and to which a browser may
//! be sent on after a sign-in.
//!
//! An origin is compared whole, as browsers write it. What is not in the list, or is switched off, is not trusted.

pub mod operations;
pub mod store;
#[cfg(test)]
mod tests;

use crate::fault::Refusal;
use crate::org::operations::check_name;
use url::{Host, Url};
use vocab::id::TrustedOriginId;
use vocab::time::Timestamp;

/// Most trusted origins of one org: every request of a foreign page is held against them, from memory.
pub const ORIGINS_MAX: usize = 100;
/// Longest origin.
pub const ORIGIN_BYTES_MAX: usize = 255;

/// A site that is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedOrigin {
    /// Its id.
    pub id: TrustedOriginId,
    /// Its name for administrators.
    pub name: String,
    /// The origin as browsers write it: `https://app.example.com`.
    pub origin: String,
    /// What it is trusted with.
    pub trust: Trust,
    /// Whether it counts.
    pub active: bool,
    /// When it was added.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
}

/// What a site is trusted with: one of both at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trust {
    /// Its scripts may read what the API answers.
    pub cors: bool,
    /// A browser may be sent there.
    pub redirect: bool,
}

/// What is asked of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustedUse {
    /// That its scripts read an answer.
    Cors,
    /// That a browser is sent there.
    Redirect,
}

/// What administrators say of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginInput {
    /// Its name.
    pub name: String,
    /// The origin.
    pub origin: String,
    /// What it is trusted with.
    pub trust: Trust,
}

/// Whether a site is trusted with that. `origin` is what a browser says, byte for byte.
#[must_use]
pub fn is_trusted(origins: &[TrustedOrigin], origin: &str, wanted: TrustedUse) -> bool {
    origins.iter().any(|known| {
        let trusted = match wanted {
            TrustedUse::Cors => known.trust.cors,
            TrustedUse::Redirect => known.trust.redirect,
        };
        known.active && trusted && known.origin == origin
    })
}

/// The address to which a browser may be sent, as it will be understood there; none for one of a site that is not trusted
/// with it.
#[must_use]
pub fn decide_redirect(origins: &[TrustedOrigin], address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    // Whoever reads the address must not take a name before the host for the host.
    if !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    let origin = url.origin().ascii_serialization();
    is_trusted(origins, &origin, TrustedUse::Redirect).then(|| url.to_string())
}

/// Reads an origin: scheme, host, and port where it is another than usual.
///
/// # Errors
/// [`Refusal::Invalid`] for anything with more to it, and for what anybody between could change: pages that come over
/// plain HTTP from another machine.
pub fn parse_origin(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let wrong = || {
        Refusal::invalid(
            "origin",
            "use scheme and host, such as https://app.example.com, without a path",
        )
    };
    if text.is_empty() || text.len() > ORIGIN_BYTES_MAX || text.contains(['*', '@', '?', '#', '\\'])
    {
        return Err(wrong());
    }
    let url = Url::parse(text).map_err(|_| wrong())?;
    let is_bare = url.path() == "/" && text.contains("://");
    match (url.scheme(), url.host()) {
        ("https", Some(_)) if is_bare => Ok(url.origin().ascii_serialization()),
        ("http", Some(host)) if is_bare && is_this_machine(&host) => {
            Ok(url.origin().ascii_serialization())
        }
        ("http", Some(_)) if is_bare => Err(Refusal::invalid(
            "origin",
            "use https: only a site on the reader's own machine may do without",
        )),
        _ => Err(wrong()),
    }
}

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Holds what is said of a site against the bounds and the others of the org; `own` is the id of the one that changes.
///
/// # Errors
/// [`Refusal::Invalid`], [`Refusal::Taken`], or [`Refusal::TooMany`].
pub(crate) fn decide_origin(
    input: &OriginInput,
    others: &[TrustedOrigin],
    own: Option<&TrustedOriginId>,
) -> Result<OriginInput, Refusal> {
    use crate::person::profile::fold;
    let decided = OriginInput {
        name: input.name.trim().to_owned(),
        origin: parse_origin(&input.origin)?,
        trust: input.trust,
    };
    check_name(&decided.name)?;
    if !decided.trust.cors && !decided.trust.redirect {
        return Err(Refusal::invalid(
            "scopes",
            "say what it is trusted with: one of both at least",
        ));
    }
    let others = || others.iter().filter(|other| Some(&other.id) != own);
    if others().any(|other| fold(&other.name) == fold(&decided.name)) {
        return Err(Refusal::Taken { field: "name" });
    }
    if others().any(|other| other.origin == decided.origin) {
        return Err(Refusal::Taken { field: "origin" });
    }
    if own.is_none() && others().count() >= ORIGINS_MAX {
        return Err(Refusal::TooMany {
            what: "trusted origins",
            max: ORIGINS_MAX,
        });
    }
    Ok(decided)
}
