//! Which certificate a host is shown. Pure.

use crate::tls::certificate::{Age, Certificate, Name, parse_address};
use std::collections::HashMap;
use std::sync::Arc;
use vocab::time::Timestamp;

/// Certificates by what they name.
#[derive(Debug, Default)]
pub struct Index(HashMap<Name, Arc<Certificate>>);

impl Index {
    /// Of several certificates for one name the one that is good stands, and of several such the one that ends last.
    pub fn build<'c>(
        certificates: impl IntoIterator<Item = &'c Arc<Certificate>>,
        now: Timestamp,
    ) -> Self {
        let mut index: HashMap<Name, Arc<Certificate>> = HashMap::new();
        let rank = |certificate: &Certificate| {
            let good = matches!(certificate.age(now), Age::Good | Age::EndsSoon);
            (good, certificate.ends)
        };
        for certificate in certificates {
            for name in &certificate.names {
                let known = index.get(name);
                if known.is_none_or(|known| rank(known) < rank(certificate)) {
                    index.insert(name.clone(), Arc::clone(certificate));
                }
            }
        }
        Self(index)
    }

    /// The certificate of a host: one that names it, else one that names all beside it.
    #[must_use]
    pub fn find(&self, host: &str) -> Option<&Arc<Certificate>> {
        if let Some(address) = parse_address(host) {
            return self.0.get(&Name::Address(address));
        }
        self.0.get(&Name::Host(host.to_owned())).or_else(|| {
            let (_, parent) = host.split_once('.')?;
            self.0.get(&Name::Below(parent.to_owned()))
        })
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
