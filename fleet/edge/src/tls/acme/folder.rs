//! What is kept on disk, for its owner alone: the account at an authority, and each certificate with its key in one file, so
//! that no crash leaves one of them with the other of another.

use crate::tls::acme::order::Obtained;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use wire::files::{make_private_folder, read_bounded, write_durably};
use wire::names::Host;
use zeroize::Zeroizing;

const ACCOUNT: &str = "account.json";
const CERTIFICATES: &str = "certificates";
const ENDING: &str = ".pem";
/// Most certificates that are read.
pub const KEPT_MAX: usize = 10_000;
/// Largest file.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// The folder of one authority.
#[derive(Debug, Clone)]
pub struct AcmeFolder(PathBuf);

impl AcmeFolder {
    /// Opens it, or makes it.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        make_private_folder(path)?;
        make_private_folder(&path.join(CERTIFICATES))?;
        Ok(Self(path.to_path_buf()))
    }

    /// The account, if there is one.
    ///
    /// # Errors
    /// What the file system says.
    pub fn load_account(&self) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        match read(&self.0.join(ACCOUNT)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps the account.
    ///
    /// # Errors
    /// What the file system says.
    pub fn keep_account(&self, bytes: &[u8]) -> io::Result<()> {
        write_durably(&self.0, ACCOUNT, bytes)
    }

    /// Every certificate with its key, by host.
    ///
    /// # Errors
    /// What the file system says.
    pub fn load_certificates(&self) -> io::Result<BTreeMap<String, Zeroizing<Vec<u8>>>> {
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(self.0.join(CERTIFICATES))?.take(KEPT_MAX) {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let host = name.and_then(|name| name.strip_suffix(ENDING));
            // What is half written has another ending.
            let Some(host) = host.and_then(|host| Host::parse(host).ok()) else {
                continue;
            };
            found.insert(host.to_string(), read(&path)?);
        }
        Ok(found)
    }

    /// Keeps a certificate with its key.
    ///
    /// # Errors
    /// What the file system says.
    pub fn keep_certificate(&self, host: &Host, obtained: &Obtained) -> io::Result<()> {
        let text = Zeroizing::new(format!("{}{}", *obtained.key, obtained.chain));
        let name = format!("{host}{ENDING}");
        write_durably(&self.0.join(CERTIFICATES), &name, text.as_bytes())
    }

    /// Forgets a certificate.
    ///
    /// # Errors
    /// What the file system says.
    pub fn remove_certificate(&self, host: &Host) -> io::Result<()> {
        fs::remove_file(self.0.join(CERTIFICATES).join(format!("{host}{ENDING}")))
    }
}

fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let bytes = read_bounded(path, FILE_BYTES_MAX)?;
    let too_large = || io::Error::other(format!("it is larger than {FILE_BYTES_MAX} bytes"));
    bytes.map(Zeroizing::new).ok_or_else(too_large)
}
