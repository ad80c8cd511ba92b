//! Host names at which an org answers beside its short name. A name leads to one org of the whole cell.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::fault::{Fault, Refusal};
use crate::org::store;
use database::WriteTx;
use ledger::{Event, EventType, Outcome, Target};
use std::net::IpAddr;
use vocab::future::boxed;
use vocab::id::OrgId;

/// Most host names of one org.
pub const HOSTS_MAX: usize = 20;
/// Longest host name (RFC 1035 section 2.3.4).
const HOST_CHARS_MAX: usize = 253;
/// Longest part of a host name between dots.
const LABEL_CHARS_MAX: usize = 63;

/// Reads a host name as it is stored: lower case, at least two labels, no address and no name of loopback.
///
/// # Errors
/// [`Refusal::Invalid`] that says what a host name looks like.
pub fn parse_host(text: &str) -> Result<String, Refusal> {
    let host = text.trim().trim_end_matches('.').to_ascii_lowercase();
    let is_label = |label: &str| {
        (1..=LABEL_CHARS_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let shaped = host.len() <= HOST_CHARS_MAX
        && host.contains('.')
        && host.split('.').all(is_label)
        && host.parse::<IpAddr>().is_err();
    if !shaped {
        return Err(Refusal::invalid(
            "host",
            "use a host name alone, for example id.example.com",
        ));
    }
    if host.ends_with(".localhost") {
        return Err(Refusal::invalid(
            "host",
            "names under localhost lead to the machine of whoever uses them",
        ));
    }
    Ok(host)
}

impl Cell {
    /// Lets the org answer at a host name.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for what is no host name or is in use, by whichever org.
    #[boxed]
    pub async fn add_host(&self, permit: &Permit, text: &str) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let host = parse_host(text)?;
        let event = self.host_event(permit, EventType::SystemCustomUrlDomainInitiate, &host);
        let (org, added) = (permit.org().clone(), host.clone());
        let outcome = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    // Of two who add at once, the second counts the first one's name.
                    store::lock(tx, &org).await?;
                    insert(tx, &org, &added).await?;
                    Ok(ledger::append(tx, &org, event).await?)
                })
            })
            .await;
        self.hosts.invalidate(&host);
        outcome
    }

    /// Lets the org no longer answer at a host name.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if it does not answer there.
    #[boxed]
    pub async fn remove_host(&self, permit: &Permit, host: &str) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let event = self.host_event(permit, EventType::SystemCustomUrlDomainDelete, host);
        let (org, removed) = (permit.org().clone(), host.to_owned());
        let outcome = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    if !store::delete_host(tx, &org, &removed).await? {
                        return Err(Refusal::NotFound);
                    }
                    Ok(ledger::append(tx, &org, event).await?)
                })
            })
            .await;
        self.hosts.invalidate(&host.to_owned());
        outcome
    }

    /// The org of that short name. No org ever gives its name up or takes another, so what is known stays true.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn find_org_by_slug(&self, slug: &str) -> Result<Option<OrgId>, Fault> {
        let key = slug.to_owned();
        let generation = match self.names.get(&key) {
            Ok(org) => return Ok(Some(org)),
            Err(generation) => generation,
        };
        let mut tx = self.database.read().await?;
        let found = store::find_by_slug(&mut tx, slug).await?;
        if let Some(org) = &found {
            self.names.insert(key, org.clone(), generation);
        }
        Ok(found)
    }

    /// The org that was made first, and stays so.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn find_first_org(&self) -> Result<Option<OrgId>, Fault> {
        // No short name is empty.
        let key = String::new();
        let generation = match self.names.get(&key) {
            Ok(org) => return Ok(Some(org)),
            Err(generation) => generation,
        };
        let mut tx = self.database.read().await?;
        let found = store::find_first(&mut tx).await?;
        if let Some(org) = &found {
            self.names.insert(key, org.clone(), generation);
        }
        Ok(found)
    }

    /// The org that answers at a host name: one look into memory, or one into an index. Names that nobody has are not
    /// kept, or anybody could fill the memory with them.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn find_org_by_host(&self, host: &str) -> Result<Option<OrgId>, Fault> {
        let key = host.to_owned();
        let generation = match self.hosts.get(&key) {
            Ok(org) => return Ok(Some(org)),
            Err(generation) => generation,
        };
        let mut tx = self.database.read().await?;
        let found = store::find_by_host(&mut tx, host).await?;
        if let Some(org) = &found {
            self.hosts.insert(key, org.clone(), generation);
        }
        Ok(found)
    }

    fn host_event(&self, permit: &Permit, kind: EventType, host: &str) -> Event {
        Event::new(kind, Outcome::Success, self.now())
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(Target::other("Domain", host, host))
    }
}

async fn insert(tx: &mut WriteTx, org: &OrgId, host: &str) -> Result<(), Refusal> {
    const ELSEWHERE: &str = "another organisation of this server answers there";
    match store::find_by_host(tx, host).await? {
        Some(other) if other != *org => return Err(Refusal::invalid("host", ELSEWHERE)),
        Some(_) => {
            return Err(Refusal::invalid(
                "host",
                "this organisation answers there already",
            ));
        }
        None => {}
    }
    if store::load_hosts(tx, org).await?.len() >= HOSTS_MAX {
        return Err(Refusal::TooMany {
            what: "host names",
            max: HOSTS_MAX,
        });
    }
    // Another org may have taken it since it was looked for; the index decides.
    match store::insert_host(tx, org, host).await {
        Err(Refusal::Taken { field }) => Err(Refusal::invalid(field, ELSEWHERE)),
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::parse_host;

    #[test]
    fn host_names_are_read_in_one_form() {
        for (typed, stored) in [
            ("id.example.com", "id.example.com"),
            (" ID.Example.COM. ", "id.example.com"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(parse_host(typed).unwrap(), stored);
        }
    }

    #[test]
    fn what_is_no_host_name_is_refused() {
        let long = format!("{}.example", "a".repeat(64));
        let longer = "a.".repeat(127) + "example";
        for typed in [
            "",
            "localhost",
            "acme.localhost",
            "example",
            "https://id.example.com",
            "id.example.com:443",
            "id.example.com/x",
            "-a.example",
            "a-.example",
            "a..example",
            "bücher.example",
            "192.0.2.1",
            "2001:db8::1",
            "a b.example",
            "*.example.com",
            long.as_str(),
            longer.as_str(),
        ] {
            assert!(parse_host(typed).is_err(), "{typed}");
        }
    }
}
