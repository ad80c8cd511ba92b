//! Key pairs of an org: made off the threads that serve requests, in the turn of whoever asks, and sealed at once. The private half
//! is opened again only into a [`Signer`], which signs and shows nothing.

use crate::fault::KeyFault;
use crate::keyring::Keyring;
use crate::signing::signer::Signer;
use protocol::jose::algorithm::Algorithm;
use protocol::jose::signing_key::SigningKey;
use vocab::id::OrgId;

/// A key pair that was made.
#[derive(Clone)]
pub struct SealedPair {
    /// Its id: the thumbprint (RFC 7638), so that a key id never means two keys.
    pub kid: String,
    /// The public half: JSON.
    pub public_jwk: String,
    /// The private half, sealed for its place.
    pub sealed: Vec<u8>,
}

impl Keyring {
    /// Makes a key pair and seals its private half for the place that is named by its id. An RSA key costs a core for a tenth of a
    /// second or more, so whoever asks brings a turn, which bounds how many are made at once: it is held until the key is made, be
    /// whoever asked gone by then.
    ///
    /// # Errors
    /// [`KeyFault`] when the org's key cannot be had or the library fails.
    pub async fn make_pair(
        &self,
        org: &OrgId,
        algorithm: Algorithm,
        context: impl FnOnce(&str) -> String + Send + 'static,
        turn: impl Send + 'static,
    ) -> Result<SealedPair, KeyFault> {
        let keys = self.load(org).await?;
        let making = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let fault = |source| KeyFault::signing(algorithm, source);
            let key = SigningKey::generate(algorithm).map_err(fault)?;
            let kid = key
                .thumbprint()
                .map_err(|_| KeyFault::Internal("naming a key"))?;
            let jwk = key
                .public_jwk(&kid)
                .map_err(|_| KeyFault::Internal("naming a key"))?;
            let document = key.to_pkcs8().map_err(fault)?;
            let sealed = keys.seal(&context(&kid), &document)?;
            Ok(SealedPair {
                kid,
                public_jwk: jwk.render().to_string(),
                sealed,
            })
        });
        making
            .await
            .map_err(|_| KeyFault::Internal("making a key"))?
    }

    /// The private half of a pair, ready to sign.
    ///
    /// # Errors
    /// [`KeyFault::Sealed`] for what was not sealed for this org and place; other faults when the org's key cannot be had.
    pub async fn open_signer(
        &self,
        org: &OrgId,
        context: &str,
        (algorithm, kid): (Algorithm, String),
        sealed: &[u8],
    ) -> Result<Signer, KeyFault> {
        let opened = self.open(org, context, sealed).await?;
        let key = SigningKey::from_pkcs8(algorithm, &opened)
            .map_err(|source| KeyFault::signing(algorithm, source))?;
        Ok(Signer::new(kid, key))
    }
}

#[cfg(test)]
mod tests {
    use crate::fault::KeyFault;
    use crate::for_tests::Store;
    use protocol::jose::algorithm::Algorithm;
    use protocol::jose::jwk::Jwk;

    #[tokio::test]
    async fn a_pair_signs_at_its_place_alone() {
        for store in Store::both().await {
            let keyring = store.keyring(&[store.folder.root("a")]);
            let org = store.create_org(&keyring).await;
            let other = store.create_org(&keyring).await;
            for algorithm in Algorithm::ALL {
                let place = |kid: &str| format!("here:{kid}");
                let pair = keyring.make_pair(&org, algorithm, place, ());
                let pair = pair.await.unwrap();
                let named = (algorithm, pair.kid.clone());
                let context = place(&pair.kid);
                let signer = keyring.open_signer(&org, &context, named.clone(), &pair.sealed);
                let signer = signer.await.unwrap();
                let public = Jwk::parse(pair.public_jwk.as_bytes()).unwrap();
                assert_eq!(public.thumbprint(), pair.kid);
                assert!(public.verifies(b"message", &signer.sign(b"message").unwrap()));
                assert!(
                    !pair.public_jwk.contains("\"d\""),
                    "the private half is shown"
                );
                for (org, context) in [(&org, "there"), (&other, context.as_str())] {
                    let opened = keyring.open_signer(org, context, named.clone(), &pair.sealed);
                    let refused = opened.await.unwrap_err();
                    assert!(matches!(refused, KeyFault::Sealed { .. }));
                }
            }
        }
    }
}
