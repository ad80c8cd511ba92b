//! Certificates of processes that run for longer than a certificate is good: another one that comes to lie in the folder is
//! shown from then on, without a restart. One of another process, of another fleet, or not of this time is never taken.

use crate::identity::{FleetIdentity, IdentityError, peer_is, read_own};
use rustls::SignatureScheme;
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier, danger::ServerCertVerifier as _};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use vocab::time::Timestamp;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Days before its end from which on a certificate is replaced, and people are told where it is not.
pub const RENEWAL_DAYS: i64 = 30;
const DAY_SECS: i64 = 86_400;

/// Where in its life a certificate of a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// It is good for a while.
    Long,
    /// It ends within so many days, and is to be replaced.
    Days(i64),
    /// It is good no more: nobody of the fleet speaks to its process.
    Ended,
}

/// Where in its life something is that ends then.
#[must_use]
pub fn decide_rest(ends: Timestamp, now: Timestamp) -> Rest {
    match ends.secs_since(now) {
        left if left < 0 => Rest::Ended,
        left if left < RENEWAL_DAYS * DAY_SECS => Rest::Days(left / DAY_SECS),
        _ => Rest::Long,
    }
}

/// What came of a look into the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// The certificate there is the one that is shown.
    Same,
    /// It is another one, and shown from now on.
    Renewed,
}

/// The certificate and the key that a process shows at this moment, to whoever connects and to whomever it connects.
pub(super) struct Shown(RwLock<Arc<CertifiedKey>>);

impl Shown {
    pub(super) fn new(own: CertifiedKey) -> Self {
        Self(RwLock::new(Arc::new(own)))
    }

    pub(super) fn now(&self) -> Arc<CertifiedKey> {
        // It is replaced by one move that cannot fail half-way.
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, own: CertifiedKey) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(own);
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Shown")
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.now())
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.now())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl FleetIdentity {
    /// Until when its certificate is good.
    ///
    /// # Errors
    /// [`IdentityError::File`] if it cannot be read.
    pub fn ends(&self) -> Result<Timestamp, IdentityError> {
        let shown = self.shown.now();
        let refuse = |reason: &dyn ToString| IdentityError::File {
            path: self.folder.clone(),
            reason: reason.to_string(),
        };
        let leaf = shown.cert.first().ok_or_else(|| refuse(&"it is empty"))?;
        let (_, leaf) = X509Certificate::from_der(leaf).map_err(|error| refuse(&error))?;
        let ends = leaf.validity().not_after.timestamp();
        Ok(Timestamp::from_seconds(ends))
    }

    /// Looks whether another certificate lies in the folder, and shows it from now on if it is this process's and good now.
    /// What was loaded without a name is not renewed.
    ///
    /// # Errors
    /// [`IdentityError`]: what lies there cannot be used, as in the moment in which it is written. The one before stays.
    pub fn renew(&self, now: Timestamp) -> Result<Look, IdentityError> {
        let next = read_own(&self.folder)?;
        let known = self.shown.now();
        if next.cert == known.cert {
            return Ok(Look::Same);
        }
        let unfit = |reason: String| IdentityError::File {
            path: self.folder.clone(),
            reason,
        };
        let (role, name) = self
            .whose
            .as_ref()
            .ok_or_else(|| unfit(String::from("whose it is was not said")))?;
        let (leaf, above) = next
            .cert
            .split_first()
            .ok_or_else(|| unfit(String::from("it is empty")))?;
        if !peer_is(leaf, *role, name) {
            return Err(IdentityError::Another {
                path: self.folder.clone(),
                role: role.as_str(),
                name: name.clone(),
            });
        }
        let wanted = super::server_name(*role, name);
        self.check_now(leaf, above, wanted, now).map_err(unfit)?;
        self.shown.replace(next);
        Ok(Look::Renewed)
    }

    fn check_now(
        &self,
        leaf: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        name: String,
        now: Timestamp,
    ) -> Result<(), String> {
        let name = ServerName::try_from(name).map_err(|error| error.to_string())?;
        let now = u64::try_from(now.seconds()).map_err(|error| error.to_string())?;
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
        WebPkiServerVerifier::builder_with_provider(
            Arc::clone(&self.roots),
            Arc::new(default_provider()),
        )
        .build()
        .map_err(|error| error.to_string())?
        .verify_server_cert(leaf, above, &name, &[], now)
        .map(drop)
        .map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::{Look, RENEWAL_DAYS, Rest, decide_rest};
    use crate::identity::{
        CERTIFICATE_DAYS, FleetAuthority, FleetIdentity, FleetRole, IdentityError,
    };
    use vocab::time::{Clock as _, SystemClock, Timestamp};

    #[test]
    fn a_certificate_is_replaced_before_it_ends() {
        let (day, ends) = (86_400, 1_000 * 86_400);
        for (now, rest) in [
            (ends - RENEWAL_DAYS * day - 1, Rest::Long),
            (ends - RENEWAL_DAYS * day, Rest::Long),
            (ends - RENEWAL_DAYS * day + 1, Rest::Days(RENEWAL_DAYS - 1)),
            (ends - day, Rest::Days(1)),
            (ends - 1, Rest::Days(0)),
            (ends, Rest::Days(0)),
            (ends + 1, Rest::Ended),
        ] {
            let (ends, now) = (Timestamp::from_seconds(ends), Timestamp::from_seconds(now));
            assert_eq!(decide_rest(ends, now), rest, "{now:?}");
        }
    }

    #[test]
    fn another_certificate_of_the_same_process_is_shown_and_no_other_is() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let authority = FleetAuthority::open_or_create(&at("ca")).unwrap();
        let own = at("own");
        authority.issue(FleetRole::Edge, "edge-1", &own).unwrap();
        let identity = FleetIdentity::load_own(&own, FleetRole::Edge, "edge-1").unwrap();
        let now = SystemClock.now();
        let life = identity.ends().unwrap().secs_since(now);
        assert!(
            (life - i64::from(CERTIFICATE_DAYS) * 86_400).abs() < 3_600,
            "{life}"
        );
        assert_eq!(identity.renew(now).unwrap(), Look::Same);
        // Whoever has a configuration has it for as long as it runs.
        let (server, first) = (identity.server_config(&[]).unwrap(), identity.shown.now());
        authority.issue(FleetRole::Edge, "edge-1", &own).unwrap();
        assert_eq!(identity.renew(now).unwrap(), Look::Renewed);
        let second = identity.shown.now();
        assert_ne!(first.cert, second.cert);
        drop(server);

        // Of another name, of another fleet, not good yet, half written: the one before stays.
        authority.issue(FleetRole::Edge, "edge-2", &own).unwrap();
        let other = identity.renew(now).unwrap_err();
        assert!(matches!(other, IdentityError::Another { .. }), "{other}");
        let stranger = FleetAuthority::open_or_create(&at("stranger")).unwrap();
        stranger.issue(FleetRole::Edge, "edge-1", &own).unwrap();
        identity.renew(now).unwrap_err();
        authority.issue(FleetRole::Edge, "edge-1", &own).unwrap();
        identity.renew(Timestamp::from_seconds(1)).unwrap_err();
        std::fs::write(own.join("key.pem"), "").unwrap();
        identity.renew(now).unwrap_err();
        assert_eq!(identity.shown.now().cert, second.cert);
    }
}
