//! The key of one org, in all its versions, in memory: seals, opens, derives.

use crate::envelope::SealingKey;
use crate::fault::KeyFault;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use vocab::id::OrgId;
use zeroize::Zeroizing;

/// Bytes of every symmetric key.
pub const KEY_BYTES: usize = 32;
/// A key in the clear; wiped when dropped.
pub type KeyBytes = Zeroizing<[u8; KEY_BYTES]>;

/// Largest value that is sealed: secrets are small.
const PLAINTEXT_BYTES_MAX: usize = 256 * 1024;
/// The first byte of a sealed value: the form of the rest.
const FORM: u8 = 1;
/// The form and the version of the org's key.
const HEADER_BYTES: usize = 5;

const SEAL_DOMAIN: &[u8] = b"testudo sealing key 1";
const PURPOSE_DOMAIN: &[u8] = b"testudo purpose key 1";
const AAD_DOMAIN: &[u8] = b"testudo sealed 1";

/// The key of one org, in all its versions.
pub struct OrgKeys {
    org: OrgId,
    /// In the order of their versions; never empty.
    versions: Vec<KeyVersion>,
    current: KeyVersionNumber,
}

type KeyVersionNumber = u32;

struct KeyVersion {
    number: KeyVersionNumber,
    key: KeyBytes,
    sealing: SealingKey,
}

impl OrgKeys {
    /// The highest version is the current one.
    pub(crate) fn new(org: OrgId, keys: Vec<(u32, KeyBytes)>) -> Result<Self, KeyFault> {
        let mut versions = Vec::with_capacity(keys.len());
        for (number, key) in keys {
            let sealing = derive_key(&key, &[SEAL_DOMAIN])?;
            let sealing = SealingKey::new(&sealing)
                .map_err(|_| KeyFault::Internal("preparing an org key"))?;
            versions.push(KeyVersion {
                number,
                key,
                sealing,
            });
        }
        versions.sort_by_key(|version| version.number);
        match versions.last().map(|version| version.number) {
            Some(current) => Ok(Self {
                org,
                versions,
                current,
            }),
            None => Err(KeyFault::NoOrgKey(org)),
        }
    }

    /// Seals a value for one place: the context names it (`totp:` and the row's id). It opens for this org and this
    /// context alone.
    ///
    /// # Errors
    /// [`KeyFault::TooLarge`], or [`KeyFault::Internal`] when the library fails.
    pub fn seal(&self, context: &str, plaintext: &[u8]) -> Result<Vec<u8>, KeyFault> {
        if plaintext.len() > PLAINTEXT_BYTES_MAX {
            return Err(KeyFault::TooLarge {
                bytes: plaintext.len(),
            });
        }
        let key = self
            .version(self.current)
            .ok_or(KeyFault::Internal("finding the current org key"))?;
        let header = render_header(key.number);
        let body = key
            .sealing
            .seal(&self.render_aad(&header, context), plaintext)
            .map_err(|_| KeyFault::Internal("sealing"))?;
        let mut sealed = Vec::with_capacity(HEADER_BYTES + body.len());
        sealed.extend_from_slice(&header);
        sealed.extend_from_slice(&body);
        Ok(sealed)
    }

    /// Opens what [`Self::seal`] made for this context.
    ///
    /// # Errors
    /// [`KeyFault::Sealed`] for anything else.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
        let refused = || KeyFault::Sealed {
            context: context.to_owned(),
        };
        let (header, body) = sealed.split_at_checked(HEADER_BYTES).ok_or_else(refused)?;
        let key = parse_header(header)
            .and_then(|number| self.version(number))
            .ok_or_else(refused)?;
        key.sealing
            .open(&self.render_aad(header, context), body)
            .ok_or_else(refused)
    }

    /// A key for one purpose, from the current version of the org's key. It changes when the org's key is rotated.
    ///
    /// # Errors
    /// [`KeyFault::Internal`] when the library fails.
    pub fn derive(&self, purpose: &str) -> Result<KeyBytes, KeyFault> {
        let key = self
            .version(self.current)
            .ok_or(KeyFault::Internal("finding the current org key"))?;
        self.derive_from(key, purpose)
    }

    /// The keys for one purpose from every version, the current first: to check what was made before a rotation.
    ///
    /// # Errors
    /// [`KeyFault::Internal`] when the library fails.
    pub fn derive_every(&self, purpose: &str) -> Result<Vec<KeyBytes>, KeyFault> {
        self.versions
            .iter()
            .rev()
            .map(|key| self.derive_from(key, purpose))
            .collect()
    }

    /// The org.
    #[must_use]
    pub const fn org(&self) -> &OrgId {
        &self.org
    }

    /// The version that seals.
    #[must_use]
    pub const fn current_version(&self) -> u32 {
        self.current
    }

    /// Whether the value was sealed under a version that is not among these: a newer one, if the value is genuine.
    pub(crate) fn lacks_version_of(&self, sealed: &[u8]) -> bool {
        let number = sealed.get(..HEADER_BYTES).and_then(parse_header);
        number.is_some_and(|number| self.version(number).is_none())
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = (u32, &KeyBytes)> {
        self.versions
            .iter()
            .map(|version| (version.number, &version.key))
    }

    fn version(&self, number: KeyVersionNumber) -> Option<&KeyVersion> {
        self.versions
            .iter()
            .find(|version| version.number == number)
    }

    fn derive_from(&self, key: &KeyVersion, purpose: &str) -> Result<KeyBytes, KeyFault> {
        let mut info = Vec::new();
        push_part(&mut info, PURPOSE_DOMAIN);
        push_part(&mut info, self.org.as_str().as_bytes());
        push_part(&mut info, purpose.as_bytes());
        derive_key(&key.key, &[&info])
    }

    fn render_aad(&self, header: &[u8], context: &str) -> Vec<u8> {
        let mut aad = Vec::with_capacity(AAD_DOMAIN.len() + context.len() + 64);
        for part in [
            AAD_DOMAIN,
            header,
            self.org.as_str().as_bytes(),
            context.as_bytes(),
        ] {
            push_part(&mut aad, part);
        }
        aad
    }
}

/// Each part with its length before it: no two lists of parts have the same bytes.
fn push_part(bytes: &mut Vec<u8>, part: &[u8]) {
    // A slice is never longer than u64 counts.
    bytes.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
    bytes.extend_from_slice(part);
}

fn render_header(number: KeyVersionNumber) -> [u8; HEADER_BYTES] {
    let [one, two, three, four] = number.to_be_bytes();
    [FORM, one, two, three, four]
}

fn parse_header(header: &[u8]) -> Option<KeyVersionNumber> {
    match header {
        [FORM, one, two, three, four] => Some(u32::from_be_bytes([*one, *two, *three, *four])),
        _ => None,
    }
}

struct KeyLength;

impl KeyType for KeyLength {
    fn len(&self) -> usize {
        KEY_BYTES
    }
}

fn derive_key(key: &KeyBytes, info: &[&[u8]]) -> Result<KeyBytes, KeyFault> {
    let mut derived = Zeroizing::new([0_u8; KEY_BYTES]);
    Salt::new(HKDF_SHA256, b"testudo")
        .extract(key.as_ref())
        .expand(info, KeyLength)
        .and_then(|expanded| expanded.fill(derived.as_mut()))
        .map_err(|_| KeyFault::Internal("deriving a key"))?;
    Ok(derived)
}

#[cfg(test)]
mod tests;
