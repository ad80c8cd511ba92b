//! Whether the proof that a client sent is the one that its app is set to, and right.

use identity::app::settings::ClientAuthentication;
use identity::app::{App, AppStatus};
use protocol::oauth::client_auth::ClientProof;
use vocab::secret::SecretHash;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCheck {
    /// The client is who it says.
    Passed,
    /// It is not, and why: for the log alone.
    Refused(&'static str),
    /// The assertion is of the right kind, and must be verified now.
    VerifyAssertion,
}

/// Compares the proof with what the app is set to. A secret may come in the header or in the body, whichever of the
/// two the app is set to: clients in the field differ, and it is the same secret.
#[must_use]
pub fn decide_client(app: &App, proof: &ClientProof) -> ClientCheck {
    if app.status != AppStatus::Active {
        return ClientCheck::Refused("the app is switched off");
    }
    let set_to = app.settings.client_authentication;
    let takes_secret = matches!(
        set_to,
        ClientAuthentication::ClientSecretBasic | ClientAuthentication::ClientSecretPost
    );
    match proof {
        ClientProof::None if set_to == ClientAuthentication::None => ClientCheck::Passed,
        ClientProof::SecretBasic(secret) | ClientProof::SecretPost(secret) if takes_secret => {
            let presented = SecretHash::of(secret.expose());
            // Every secret is compared, so that the time does not tell which one it was.
            let matching = app
                .secrets
                .iter()
                .filter(|known| **known == presented)
                .count();
            if matching == 0 {
                ClientCheck::Refused("wrong secret")
            } else {
                ClientCheck::Passed
            }
        }
        ClientProof::PrivateKeyJwt(_) if set_to == ClientAuthentication::PrivateKeyJwt => {
            ClientCheck::VerifyAssertion
        }
        _ => ClientCheck::Refused("another authentication method than the app is set to"),
    }
}
