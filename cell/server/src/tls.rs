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
    /// A file that an option names cannot be read or holds something else.
    #[error("{option}: {path}: {reason}")]
    Named {
        /// The option.
        option: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file of the local authority cannot be read or holds something else.
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

/// TLS by the files that options name, if they do. Nothing is made.
///
/// # Errors
/// [`TlsError`] naming the option and the file.
pub fn of_files(mode: &TlsMode) -> Result<Option<Tls>, TlsError> {
    let TlsMode::Files { certificate, key } = mode else {
        return Ok(None);
    };
    let refuse = |option, path: &PathBuf| {
        let path = path.clone();
        move |reason| TlsError::Named {
            option,
            path,
            reason,
        }
    };
    let chain = read_chain(certificate).map_err(refuse("--tls-certificate", certificate))?;
    let secret = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| refuse("--tls-key", key)(error.to_string()))?;
    let config = configure(chain, secret)?;
    Ok(Some(Tls {
        config,
        local_root: None,
    }))
}

/// TLS by the local authority of a data folder, which is made if it is not there.
///
/// # Errors
/// [`TlsError`] naming the file.
pub fn of_local_authority(folder: &DataFolder, host: &str) -> Result<Tls, TlsError> {
    let folder = folder.subfolder("tls")?;
    let (root_path, issuer) = local_authority(&folder)?;
    let config = local_certificate(&issuer, host, &root_path)?;
    Ok(Tls {
        config,
        local_root: Some(root_path),
    })
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

/// The certificates of a file, or what is wrong with it.
fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match chain {
        Ok(chain) if chain.is_empty() => Err(String::from("it holds no certificate in PEM form")),
        Ok(chain) => Ok(chain),
        Err(error) => Err(error.to_string()),
    }
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
    let failed = |reason: String| TlsError::File {
        path: root_path.to_path_buf(),
        reason,
    };
    chain.extend(read_chain(root_path).map_err(failed)?);
    let key = PrivateKeyDer::try_from(key.serialize_der());
    let key = key.map_err(|reason| failed(reason.to_owned()))?;
    configure(chain, key)
}

#[cfg(test)]
mod tests {
    use super::{TlsError, of_files, of_local_authority};
    use crate::config::TlsMode;
    use crate::data_folder::DataFolder;

    #[test]
    fn the_local_authority_is_made_once_and_used_again() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(&parent.path().join("data")).unwrap();
        let root = |folder: &DataFolder| {
            let tls = of_local_authority(folder, "localhost").unwrap();
            std::fs::read_to_string(tls.local_root.unwrap()).unwrap()
        };
        assert_eq!(root(&folder), root(&folder));
    }

    #[test]
    fn a_file_that_is_no_certificate_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("nonsense.pem");
        std::fs::write(&file, "nonsense").unwrap();
        let mode = TlsMode::Files {
            certificate: file.clone(),
            key: file.clone(),
        };
        let error = of_files(&mode).err().unwrap();
        assert!(
            matches!(&error, TlsError::Named { option: "--tls-certificate", path, .. } if *path == file),
            "{error}"
        );
    }
}
