//! TLS of our own: certificate files, or a local authority for laptops.

use crate::config::TlsMode;
use crate::data_folder::{DataFolder, DataFolderError};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wire::files::write_durably;
use wire::identity::{FleetIdentity, IdentityError};

const ROOT_CERTIFICATE: &str = "root.pem";
const ROOT_KEY: &str = "root-key.pem";

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or holds something else.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The folder of the local authority cannot be made.
    #[error(transparent)]
    Folder(#[from] DataFolderError),
    /// The local authority could not make a certificate.
    #[error("the local authority failed: {0}")]
    Authority(#[from] rcgen::Error),
    /// The certificate and key do not make a configuration.
    #[error("certificate and key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// What was set up.
pub struct Tls {
    /// The configuration for accepting connections.
    pub config: Arc<ServerConfig>,
    /// Where the root of the local authority lies, if it is one.
    pub local_root: Option<PathBuf>,
}

/// Sets TLS up as configured; nothing if it is off.
///
/// # Errors
/// [`TlsError`] naming the file.
pub fn set_up(mode: &TlsMode, folder: &DataFolder, host: &str) -> Result<Option<Tls>, TlsError> {
    match mode {
        TlsMode::Off => Ok(None),
        TlsMode::Files { certificate, key } => {
            let chain = read_chain(certificate)?;
            let config = configure(chain, read_key(key)?)?;
            Ok(Some(Tls {
                config,
                local_root: None,
            }))
        }
        TlsMode::SelfSigned => {
            let folder = folder.subfolder("tls")?;
            let (root_path, issuer) = local_authority(&folder)?;
            let config = local_certificate(&issuer, host, &root_path)?;
            Ok(Some(Tls {
                config,
                local_root: Some(root_path),
            }))
        }
    }
}

/// TLS of a cell of a fleet: nobody but processes of the fleet connects.
///
/// # Errors
/// [`IdentityError::Unusable`].
pub fn of_fleet(identity: &FleetIdentity) -> Result<Tls, IdentityError> {
    Ok(Tls {
        config: identity.server_config(&[b"h2", b"http/1.1"])?,
        local_root: None,
    })
}

fn configure(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let refuse = |reason: String| TlsError::File {
        path: path.to_path_buf(),
        reason,
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path)
        .map_err(|e| refuse(e.to_string()))?
        .collect();
    let chain = chain.map_err(|error| refuse(error.to_string()))?;
    if chain.is_empty() {
        return Err(refuse(String::from("it holds no certificate in PEM form")));
    }
    Ok(chain)
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| TlsError::File {
        path: path.to_path_buf(),
        reason: error.to_string(),
    })
}

fn local_authority(folder: &Path) -> Result<(PathBuf, Issuer<'static, KeyPair>), TlsError> {
    let (root_path, key_path) = (folder.join(ROOT_CERTIFICATE), folder.join(ROOT_KEY));
    let failed = |path: &Path, reason: String| TlsError::File {
        path: path.to_path_buf(),
        reason,
    };
    if !root_path.exists() {
        let mut params = CertificateParams::new(Vec::<String>::new())?;
        let mut name = DistinguishedName::new();
        name.push(DnType::CommonName, "Testudo local authority");
        params.distinguished_name = name;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let root = params.self_signed(&key)?;
        // The key first: a root without its key would be of no use after a crash between the two.
        write_durably(folder, ROOT_KEY, key.serialize_pem().as_bytes())
            .map_err(|error| failed(&key_path, error.to_string()))?;
        write_durably(folder, ROOT_CERTIFICATE, root.pem().as_bytes())
            .map_err(|error| failed(&root_path, error.to_string()))?;
    }
    let key_text =
        std::fs::read_to_string(&key_path).map_err(|error| failed(&key_path, error.to_string()))?;
    let root_text = std::fs::read_to_string(&root_path)
        .map_err(|error| failed(&root_path, error.to_string()))?;
    let key = KeyPair::from_pem(&key_text)?;
    let issuer = Issuer::from_ca_cert_pem(&root_text, key)?;
    Ok((root_path, issuer))
}

fn local_certificate(
    issuer: &Issuer<'static, KeyPair>,
    host: &str,
    root_path: &Path,
) -> Result<Arc<ServerConfig>, TlsError> {
    let mut names = vec![
        String::from("localhost"),
        String::from("*.localhost"),
        String::from("127.0.0.1"),
    ];
    if !names.iter().any(|name| name == host) {
        names.push(host.to_owned());
        names.push(format!("*.{host}"));
    }
    let params = CertificateParams::new(names)?;
    let key = KeyPair::generate()?;
    let leaf = params.signed_by(&key, issuer)?;
    let mut chain = vec![leaf.der().clone()];
    chain.extend(read_chain(root_path)?);
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|reason| TlsError::File {
        path: root_path.to_path_buf(),
        reason: reason.to_owned(),
    })?;
    configure(chain, key)
}

#[cfg(test)]
mod tests {
    use super::{TlsError, set_up};
    use crate::config::TlsMode;
    use crate::data_folder::DataFolder;

    #[test]
    fn the_local_authority_is_made_once_and_used_again() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(&parent.path().join("data")).unwrap();
        let root = |folder: &DataFolder| {
            let tls = set_up(&TlsMode::SelfSigned, folder, "localhost")
                .unwrap()
                .unwrap();
            std::fs::read_to_string(tls.local_root.unwrap()).unwrap()
        };
        assert_eq!(root(&folder), root(&folder));
    }

    #[test]
    fn a_file_that_is_no_certificate_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(&parent.path().join("data")).unwrap();
        let file = parent.path().join("nonsense.pem");
        std::fs::write(&file, "nonsense").unwrap();
        let mode = TlsMode::Files {
            certificate: file.clone(),
            key: file.clone(),
        };
        let error = set_up(&mode, &folder, "localhost").err().unwrap();
        assert!(
            matches!(&error, TlsError::File { path, .. } if *path == file),
            "{error}"
        );
    }
}
