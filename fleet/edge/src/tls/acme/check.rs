//! What of the command line would obtain no certificate, whatever happens later: told at the start. Pure.

use crate::tls::acme::AcmeConfig;
use crate::tls::acme::challenges::ChallengeKind;
use crate::tls::acme::plan::decide_eligible;
use url::Url;

/// Whether clients may come with plain HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainDoor {
    /// They are sent on to TLS, and authorities find their proofs there.
    Open,
    /// There is none.
    Shut,
}

/// What can be known at the start to obtain nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AcmeRefusal {
    /// An authority is asked in TLS alone (RFC 8555 section 6.1).
    #[error(
        "--tls-acme: {0} does not begin with https, and authorities are asked in TLS alone; name the directory as the authority \
         does, such as https://acme-v02.api.letsencrypt.org/directory (--acme-roots if no public root is over it)"
    )]
    Scheme(Url),
    /// No authority signs for this machine's own names.
    #[error(
        "--tls-acme: no authority signs for {0:?}, the host of --origin, or for a name below it; use --tls-local, or an --origin with a \
         name in the DNS"
    )]
    Origin(String),
    /// Authorities would find nobody.
    #[error(
        "--acme-challenge http-01: authorities look at port 80 for it, and there is no --http-listen; name that (0.0.0.0:80), or leave \
         --acme-challenge out to be proved at --listen"
    )]
    NoDoor,
    /// The authority would refuse the account.
    #[error("--acme-contact: {0:?} is not a mail address, such as you@example.com")]
    Contact(String),
}

/// Refuses what would obtain nothing.
///
/// # Errors
/// [`AcmeRefusal`] with what to do.
pub fn check_acme(config: &AcmeConfig, host: &str, door: PlainDoor) -> Result<(), AcmeRefusal> {
    if config.directory.scheme() != "https" {
        return Err(AcmeRefusal::Scheme(config.directory.clone()));
    }
    if !decide_eligible(host) {
        return Err(AcmeRefusal::Origin(host.to_owned()));
    }
    if config.challenges.contains(&ChallengeKind::Http01) && door == PlainDoor::Shut {
        return Err(AcmeRefusal::NoDoor);
    }
    match &config.contact {
        Some(contact) if !is_mail(contact) => Err(AcmeRefusal::Contact(contact.clone())),
        _ => Ok(()),
    }
}

/// As far as can be told without asking anybody. It becomes one `mailto:` address without header fields (RFC 8555 section 7.3).
fn is_mail(text: &str) -> bool {
    let strange = |c: char| c.is_whitespace() || c.is_control() || ",;:?<>\"".contains(c);
    let parts = text.split_once('@');
    parts.is_some_and(|(who, host)| {
        !who.is_empty() && decide_eligible(host) && !text.contains(strange)
    })
}

#[cfg(test)]
mod tests {
    use super::{AcmeRefusal, PlainDoor, check_acme};
    use crate::tls::acme::AcmeConfig;
    use crate::tls::acme::challenges::ChallengeKind::{self, Http01, TlsAlpn01};

    fn config(directory: &str, contact: Option<&str>, challenges: &[ChallengeKind]) -> AcmeConfig {
        AcmeConfig {
            directory: directory.parse().unwrap(),
            roots: None,
            contact: contact.map(str::to_owned),
            challenges: challenges.to_vec(),
        }
    }

    #[test]
    fn what_would_obtain_nothing_is_refused_at_the_start() {
        use PlainDoor::{Open, Shut};
        let (good, host) = ("https://acme.example/directory", "id.example.com");
        let check = |directory, contact, challenges: &[_], host, door| {
            check_acme(&config(directory, contact, challenges), host, door)
        };
        check(good, None, &[TlsAlpn01], host, Shut).unwrap();
        check(
            good,
            Some("you@example.com"),
            &[TlsAlpn01, Http01],
            host,
            Open,
        )
        .unwrap();
        let plain = check("http://acme.example/d", None, &[TlsAlpn01], host, Shut);
        assert!(matches!(plain, Err(AcmeRefusal::Scheme(_))), "{plain:?}");
        for host in [
            "localhost",
            "id.localhost",
            "127.0.0.1",
            "[::1]",
            "intranet",
        ] {
            let local = check(good, None, &[TlsAlpn01], host, Shut);
            assert_eq!(local, Err(AcmeRefusal::Origin(host.to_owned())));
        }
        for challenges in [&[Http01][..], &[TlsAlpn01, Http01]] {
            let nowhere = check(good, None, challenges, host, Shut);
            assert_eq!(nowhere, Err(AcmeRefusal::NoDoor));
        }
        for contact in [
            "me",
            "@example.com",
            "me@",
            "mailto:me@example.com",
            "a@example.com,b@example.com",
            "a b@example.com",
            "a@b@example.com",
        ] {
            let nobody = check(good, Some(contact), &[TlsAlpn01], host, Shut);
            assert_eq!(nobody, Err(AcmeRefusal::Contact(contact.to_owned())));
        }
    }
}
