//! Secret texts that stand in the configuration of a thing: sealed under the org's key, bound to their place, in base64.

use crate::cell::Cell;
use crate::fault::Fault;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vocab::id::OrgId;
use vocab::secret::Secret;

impl Cell {
    /// Seals a text. The context names its place: opened for another one, it is refused.
    pub(crate) async fn seal_text(
        &self,
        org: &OrgId,
        context: &str,
        text: &Secret<String>,
    ) -> Result<String, keys::KeyFault> {
        let sealed = self.keyring.seal(org, context, text.expose().as_bytes());
        Ok(STANDARD.encode(sealed.await?))
    }

    /// Opens a text that was sealed for this place.
    pub(crate) async fn open_text(
        &self,
        org: &OrgId,
        context: &str,
        sealed: &str,
    ) -> Result<Secret<String>, Fault> {
        let unreadable = "sealed text";
        let sealed = STANDARD
            .decode(sealed)
            .map_err(|error| Fault::stored(unreadable, &error))?;
        let opened = self.keyring.open(org, context, &sealed).await?;
        let text =
            std::str::from_utf8(&opened).map_err(|error| Fault::stored(unreadable, &error))?;
        Ok(Secret::new(text.to_owned()))
    }
}
