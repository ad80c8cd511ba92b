//! A certificate authority of this machine's own, for laptops: its root is made once, and each host that we know gets a
//! certificate when somebody first asks for it.

use crate::hosts::{Hosts, Owner};
use crate::tls::certificate::{Age, Certificate, CertificateError, parse_address};
use crate::tls::server_kit::ServerKit;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _,
};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use vocab::time::{Clock, Timestamp};
use wire::files::{make_private_folder, read_secret, write_durably};
use x509_parser::prelude::{FromDer as _, X509Certificate};

const ROOT: &str = "root.pem";
const ROOT_KEY: &str = "root-key.pem";
/// How long the root is good for.
const ROOT_DAYS: i64 = 3_650;
/// How long a host's certificate is good for. It is made anew long before.
const HOST_DAYS: i64 = 30;
/// Certificates start in the past, for a clock that is behind.
const BACK_DAYS: i64 = 1;
/// Most hosts whose certificate is kept; further ones are made again.
const KEPT_MAX: usize = 1_000;
const DAY_SECS: i64 = 86_400;

/// Why there is no local authority.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The root cannot be used.
    #[error(
        "{path}: {reason}; remove it and {ROOT_KEY} for a new root, which must be made known to clients anew"
    )]
    Root {
        /// The root.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A certificate cannot be made.
    #[error("the local authority failed: {0}")]
    Authority(#[from] rcgen::Error),
    /// A certificate that was made cannot be used.
    #[error("a certificate of the local authority cannot be used: {0}")]
    Certificate(#[from] CertificateError),
}

/// The authority. Clones share it.
#[derive(Clone)]
pub struct LocalAuthority(Arc<Inner>);

struct Inner {
    root_path: PathBuf,
    root: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
    hosts: Hosts,
    kit: ServerKit,
    clock: Arc<dyn Clock>,
    kept: Mutex<HashMap<String, Arc<Certificate>>>,
}

impl LocalAuthority {
    /// The authority whose root lies in a folder, made if there is none.
    ///
    /// # Errors
    /// [`LocalError`] naming the file.
    pub fn open_or_create(
        folder: &Path,
        hosts: Hosts,
        kit: ServerKit,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, LocalError> {
        let now = clock.now();
        let root_path = folder.join(ROOT);
        if !root_path.exists() {
            create(folder, now)?;
        }
        let (root, issuer) = load(&root_path, &folder.join(ROOT_KEY), now)?;
        Ok(Self(Arc::new(Inner {
            root_path,
            root,
            issuer,
            hosts,
            kit,
            clock,
            kept: Mutex::default(),
        })))
    }

    /// Where the root lies that clients must know.
    #[must_use]
    pub fn root_path(&self) -> &Path {
        &self.0.root_path
    }

    /// The certificate of a host, if we know the host.
    ///
    /// # Errors
    /// [`LocalError`] if it cannot be made.
    pub fn find(&self, host: &str) -> Result<Option<Arc<Certificate>>, LocalError> {
        let inner = &*self.0;
        if inner.hosts.owner(host) == Owner::Nobody {
            return Ok(None);
        }
        let now = inner.clock.now();
        let mut kept = inner.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(host)
            && known.age(now) == Age::Good
        {
            return Ok(Some(Arc::clone(known)));
        }
        let made = Arc::new(inner.issue(host, now)?);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(host.to_owned(), Arc::clone(&made));
        Ok(Some(made))
    }

    /// The certificates that were made and are kept.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Certificate>> {
        let kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.values().cloned().collect()
    }

    #[cfg(test)]
    pub(crate) fn kept_count(&self) -> usize {
        self.0.kept.lock().unwrap().len()
    }
}

impl Inner {
    fn issue(&self, host: &str, now: Timestamp) -> Result<Certificate, LocalError> {
        let name = parse_address(host).map_or_else(|| host.to_owned(), |ip| ip.to_string());
        let mut params = CertificateParams::new(vec![name])?;
        params.distinguished_name = DistinguishedName::new();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        limit_in_time(&mut params, now, HOST_DAYS);
        let key = KeyPair::generate()?;
        let leaf = params.signed_by(&key, &self.issuer)?;
        let chain = vec![leaf.der().clone(), self.root.clone()];
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        Ok(Certificate::new(&self.kit, chain, key)?)
    }
}

fn create(folder: &Path, now: Timestamp) -> Result<(), LocalError> {
    make_private_folder(folder).map_err(failed(folder))?;
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.distinguished_name = DistinguishedName::new();
    let name = "Testudo local authority of this machine";
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    limit_in_time(&mut params, now, ROOT_DAYS);
    let key = KeyPair::generate()?;
    let root = params.self_signed(&key)?;
    // The key first: a root without its key would be of no use after a crash between the two.
    for (file, text) in [(ROOT_KEY, key.serialize_pem()), (ROOT, root.pem())] {
        write_durably(folder, file, text.as_bytes()).map_err(failed(&folder.join(file)))?;
    }
    Ok(())
}

fn load(
    root_path: &Path,
    key_path: &Path,
    now: Timestamp,
) -> Result<(CertificateDer<'static>, Issuer<'static, KeyPair>), LocalError> {
    let refuse = |reason: String| LocalError::Root {
        path: root_path.to_path_buf(),
        reason,
    };
    let text = fs::read_to_string(root_path).map_err(failed(root_path))?;
    let key = read_secret(key_path).map_err(failed(key_path))?;
    let key = std::str::from_utf8(&key)
        .ok()
        .and_then(|key| KeyPair::from_pem(key).ok());
    let key = key.ok_or_else(|| refuse(format!("{ROOT_KEY} holds no key")))?;
    let root = CertificateDer::from_pem_slice(text.as_bytes());
    let root = root.map_err(|_| refuse(String::from("it holds no certificate")))?;
    let (_, parsed) = X509Certificate::from_der(&root)
        .map_err(|error| refuse(format!("it cannot be read ({error})")))?;
    if parsed.public_key().raw != key.subject_public_key_info() {
        return Err(refuse(format!("{ROOT_KEY} is the key of another one")));
    }
    let ends = Timestamp::from_seconds(parsed.validity().not_after.timestamp());
    if ends < now.plus_secs(HOST_DAYS * DAY_SECS) {
        return Err(refuse(format!("it ends at {}", ends.to_rfc3339_millis())));
    }
    let issuer = Issuer::from_ca_cert_pem(&text, key)?;
    Ok((root, issuer))
}

fn failed(path: &Path) -> impl Fn(io::Error) -> LocalError {
    let path = path.to_path_buf();
    move |source| LocalError::File {
        path: path.clone(),
        source,
    }
}

fn limit_in_time(params: &mut CertificateParams, now: Timestamp, days: i64) {
    let dawn = rcgen::date_time_ymd(1970, 1, 1);
    let moment = |secs: i64| dawn + Duration::from_secs(u64::try_from(secs).unwrap_or_default());
    params.not_before = moment(now.seconds() - BACK_DAYS * DAY_SECS);
    params.not_after = moment(now.seconds() + days * DAY_SECS);
}
