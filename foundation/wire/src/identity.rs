//! Who is who in a fleet: a private authority, a certificate per process, mutual TLS 1.3 between them.
//!
//! A certificate names its holder's role and name as DNS names below [`DOMAIN`]. That is all a process is believed: an
//! address proves nothing.

pub mod proof;
pub mod renewal;

use crate::files::{make_private_folder, read_secret, write_durably};
use crate::identity::renewal::Shown;
use aws_lc_rs::digest;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::client::verify_server_name;
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::{self, PemObject as _};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::fmt::{self, Write as _};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// The domain of all names in certificates of a fleet. It is never looked up.
pub const DOMAIN: &str = "testudo.internal";
/// How long a certificate is good for. A fleet issues them anew at each start.
pub const CERTIFICATE_DAYS: u32 = 400;

const AUTHORITY_CERTIFICATE: &str = "authority.pem";
const AUTHORITY_KEY: &str = "authority-key.pem";
const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";

/// What a process of the fleet is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FleetRole {
    /// Keeps the register.
    Control,
    /// Takes requests to cells.
    Edge,
    /// Serves orgs.
    Cell,
    /// A person at a terminal.
    Operator,
}

impl FleetRole {
    const ALL: [Self; 4] = [Self::Control, Self::Edge, Self::Cell, Self::Operator];

    /// The role as it stands in names.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Edge => "edge",
            Self::Cell => "cell",
            Self::Operator => "operator",
        }
    }

    fn domain(self) -> String {
        format!("{}.{DOMAIN}", self.as_str())
    }
}

/// The name in the certificate of one process.
#[must_use]
pub fn server_name(role: FleetRole, name: &str) -> String {
    format!("{name}.{}", role.domain())
}

/// Why certificates cannot be made, read or used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file cannot be read or written, or holds something else.
    #[error("{path}: {reason}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// It is the certificate of another process.
    #[error(
        "{path} is not the certificate of the {role} {name}: name the folder of that one, or the process as its certificate does"
    )]
    Another {
        /// The folder.
        path: PathBuf,
        /// What the process is.
        role: &'static str,
        /// How it is called.
        name: String,
    },
    /// The authority could not make a certificate.
    #[error("the fleet's authority failed: {0}")]
    Authority(#[from] rcgen::Error),
    /// Certificate and key do not make a configuration.
    #[error("the certificate of this process cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

fn failed(path: &Path) -> impl Fn(io::Error) -> IdentityError {
    let path = path.to_path_buf();
    move |error| IdentityError::File {
        path: path.clone(),
        reason: error.to_string(),
    }
}

/// The authority of one fleet. Whoever holds it can become any process of the fleet.
pub struct FleetAuthority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl FleetAuthority {
    /// Whether there is one in a folder.
    #[must_use]
    pub fn is_at(folder: &Path) -> bool {
        folder.join(AUTHORITY_CERTIFICATE).exists()
    }

    /// The authority in a folder, made if there is none.
    ///
    /// # Errors
    /// [`IdentityError`] naming the file.
    pub fn open_or_create(folder: &Path) -> Result<Self, IdentityError> {
        let (certificate, key) = (
            folder.join(AUTHORITY_CERTIFICATE),
            folder.join(AUTHORITY_KEY),
        );
        if !certificate.exists() {
            make_private_folder(folder).map_err(failed(folder))?;
            let made = KeyPair::generate()?;
            let root = authority_params()?.self_signed(&made)?;
            // The key first: a certificate without its key would be of no use after a crash between the two.
            write_durably(folder, AUTHORITY_KEY, made.serialize_pem().as_bytes())
                .map_err(failed(&key))?;
            write_durably(folder, AUTHORITY_CERTIFICATE, root.pem().as_bytes())
                .map_err(failed(&certificate))?;
        }
        let key = KeyPair::from_pem(&read_pem(&key)?)?;
        let root = fs::read_to_string(&certificate).map_err(failed(&certificate))?;
        Ok(Self {
            folder: folder.to_path_buf(),
            issuer: Issuer::from_ca_cert_pem(&root, key)?,
        })
    }

    /// Puts a new certificate for a process into a folder of its own, with its key and the authority's certificate.
    ///
    /// # Errors
    /// [`IdentityError`] naming the file.
    pub fn issue(&self, role: FleetRole, name: &str, folder: &Path) -> Result<(), IdentityError> {
        make_private_folder(folder).map_err(failed(folder))?;
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![server_name(role, name), role.domain()])?;
        limit_in_time(&mut params);
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ClientAuth,
            ExtendedKeyUsagePurpose::ServerAuth,
        ];
        let certificate = params.signed_by(&key, &self.issuer)?;
        let root = self.folder.join(AUTHORITY_CERTIFICATE);
        let root = fs::read(&root).map_err(failed(&root))?;
        for (file, bytes) in [
            (KEY, key.serialize_pem().as_bytes()),
            (CERTIFICATE, certificate.pem().as_bytes()),
            (AUTHORITY_CERTIFICATE, root.as_slice()),
        ] {
            write_durably(folder, file, bytes).map_err(failed(&folder.join(file)))?;
        }
        Ok(())
    }
}

fn authority_params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "Testudo fleet authority");
    params.distinguished_name = name;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

/// From yesterday, for a clock that is behind.
fn limit_in_time(params: &mut CertificateParams) {
    let day = Duration::from_secs(86_400);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let dawn = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = dawn + now.saturating_sub(day);
    params.not_after = dawn + (now + day * CERTIFICATE_DAYS);
}

/// The certificate of one process, and whom it believes. Clones share it: what one of them renews, all show.
#[derive(Clone)]
pub struct FleetIdentity {
    shown: Arc<Shown>,
    roots: Arc<RootCertStore>,
    folder: PathBuf,
    /// Who the process is, if it was said.
    whose: Option<(FleetRole, String)>,
}

impl fmt::Debug for FleetIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FleetIdentity({})", self.folder.display())
    }
}

impl FleetIdentity {
    /// Reads what [`FleetAuthority::issue`] wrote.
    ///
    /// # Errors
    /// [`IdentityError`] naming the file.
    pub fn load(folder: &Path) -> Result<Self, IdentityError> {
        let own = read_own(folder)?;
        let mut roots = RootCertStore::empty();
        for root in read_certificates(&folder.join(AUTHORITY_CERTIFICATE))? {
            roots.add(root)?;
        }
        Ok(Self {
            shown: Arc::new(Shown::new(own)),
            roots: Arc::new(roots),
            folder: folder.to_path_buf(),
            whose: None,
        })
    }

    /// The same of the process that this is: what another one may do, it could not, and would find out only when it is refused.
    ///
    /// # Errors
    /// [`IdentityError`]; [`IdentityError::Another`] if the certificate names another role or another name.
    pub fn load_own(folder: &Path, role: FleetRole, name: &str) -> Result<Self, IdentityError> {
        let own = Self::load(folder)?;
        let shown = own.shown.now();
        let leaf = shown.cert.first();
        if leaf.is_some_and(|leaf| peer_is(leaf, role, name)) {
            let whose = Some((role, name.to_owned()));
            return Ok(Self { whose, ..own });
        }
        Err(IdentityError::Another {
            path: folder.to_path_buf(),
            role: role.as_str(),
            name: name.to_owned(),
        })
    }

    /// The fleet that this process is of, by the key of its authority: a word that only another authority has another for.
    #[must_use]
    pub fn fleet(&self) -> String {
        let mut hash = digest::Context::new(&digest::SHA256);
        for root in &self.roots.roots {
            hash.update(root.subject_public_key_info.as_ref());
        }
        let hash = hash.finish();
        hash.as_ref().iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Takes connections of processes of the same fleet alone. What their role may do is for [`peer_role`] to tell.
    ///
    /// # Errors
    /// [`IdentityError::Unusable`].
    pub fn server_config(&self, alpn: &[&[u8]]) -> Result<Arc<ServerConfig>, IdentityError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::clone(&self.roots), provider.clone())
                .build()
                .map_err(|error| rustls::Error::General(error.to_string()))?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::<Shown>::clone(&self.shown));
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        Ok(Arc::new(config))
    }

    /// Connects to processes of the same fleet alone.
    ///
    /// # Errors
    /// [`IdentityError::Unusable`].
    pub fn client_config(&self) -> Result<ClientConfig, IdentityError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        Ok(ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(Arc::clone(&self.roots))
            .with_client_cert_resolver(Arc::<Shown>::clone(&self.shown)))
    }
}

/// A certificate and its key, which belong together.
fn read_own(folder: &Path) -> Result<CertifiedKey, IdentityError> {
    let path = folder.join(KEY);
    let key = PrivateKeyDer::from_pem_slice(read_pem(&path)?.as_bytes()).map_err(|error| {
        IdentityError::File {
            path,
            reason: error.to_string(),
        }
    })?;
    let chain = read_certificates(&folder.join(CERTIFICATE))?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    Ok(CertifiedKey::from_der(chain, key, &provider)?)
}

/// The text of a file that holds a key.
fn read_pem(path: &Path) -> Result<Zeroizing<String>, IdentityError> {
    let bytes = read_secret(path).map_err(failed(path))?;
    let text = std::str::from_utf8(&bytes).map_err(|error| IdentityError::File {
        path: path.to_path_buf(),
        reason: error.to_string(),
    })?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let refuse = |reason: String| IdentityError::File {
        path: path.to_path_buf(),
        reason,
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path)
        .map_err(|error| refuse(render_pem(&error)))?
        .collect();
    let chain = chain.map_err(|error| refuse(render_pem(&error)))?;
    if chain.is_empty() {
        return Err(refuse(String::from("it holds no certificate in PEM form")));
    }
    Ok(chain)
}

/// The library says "I/O error" of a file that is not there.
fn render_pem(error: &pem::Error) -> String {
    match error {
        pem::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}

/// The role of a peer whose chain was verified in the handshake.
#[must_use]
pub fn peer_role(certificate: &CertificateDer<'_>) -> Option<FleetRole> {
    let parsed = ParsedCertificate::try_from(certificate).ok()?;
    FleetRole::ALL.into_iter().find(|role| {
        ServerName::try_from(role.domain())
            .is_ok_and(|name| verify_server_name(&parsed, &name).is_ok())
    })
}

/// Whether a peer whose chain was verified in the handshake has this name in that role.
#[must_use]
pub fn peer_is(certificate: &CertificateDer<'_>, role: FleetRole, name: &str) -> bool {
    let Ok(parsed) = ParsedCertificate::try_from(certificate) else {
        return false;
    };
    ServerName::try_from(server_name(role, name))
        .is_ok_and(|name| verify_server_name(&parsed, &name).is_ok())
}

#[cfg(test)]
mod tests {
    use super::{FleetAuthority, FleetIdentity, FleetRole, IdentityError, peer_is, peer_role};

    #[test]
    fn a_certificate_names_one_process_and_its_role() {
        let folder = tempfile::tempdir().unwrap();
        let authority = FleetAuthority::open_or_create(&folder.path().join("ca")).unwrap();
        let own = folder.path().join("own");
        authority.issue(FleetRole::Edge, "edge-1", &own).unwrap();
        let identity = FleetIdentity::load(&own).unwrap();
        let shown = identity.shown.now();
        let leaf = shown.cert.first().unwrap();
        assert_eq!(peer_role(leaf), Some(FleetRole::Edge));
        assert!(peer_is(leaf, FleetRole::Edge, "edge-1"));
        assert!(!peer_is(leaf, FleetRole::Edge, "edge-2"));
        assert!(!peer_is(leaf, FleetRole::Control, "edge-1"));
        assert!(FleetIdentity::load_own(&own, FleetRole::Edge, "edge-1").is_ok());
        for (role, name) in [(FleetRole::Edge, "edge-2"), (FleetRole::Cell, "edge-1")] {
            let refused = FleetIdentity::load_own(&own, role, name);
            assert!(
                matches!(refused, Err(IdentityError::Another { .. })),
                "{name}"
            );
        }
        identity.server_config(&[b"http/1.1"]).unwrap();
        identity.client_config().unwrap();
    }

    #[test]
    fn a_fleet_is_known_by_its_authority() {
        let folder = tempfile::tempdir().unwrap();
        let fleet = |authority: &str, name: &str| {
            let authority = FleetAuthority::open_or_create(&folder.path().join(authority)).unwrap();
            let own = folder.path().join(name);
            authority.issue(FleetRole::Cell, name, &own).unwrap();
            FleetIdentity::load(&own).unwrap().fleet()
        };
        let one = fleet("one", "cell-a");
        assert_eq!((one.len(), &one), (64, &fleet("one", "cell-b")));
        assert_ne!(one, fleet("two", "cell-a"));
    }

    #[test]
    fn the_authority_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca");
        FleetAuthority::open_or_create(&ca).unwrap();
        let before = std::fs::read(ca.join("authority.pem")).unwrap();
        FleetAuthority::open_or_create(&ca).unwrap();
        assert_eq!(before, std::fs::read(ca.join("authority.pem")).unwrap());
    }

    #[test]
    fn a_missing_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = FleetIdentity::load(folder.path()).err().unwrap();
        assert!(error.to_string().contains("key.pem"), "{error}");
    }
}
