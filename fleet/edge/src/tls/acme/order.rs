//! One certificate for one host, from the order to the chain (RFC 8555 section 7.4).

use crate::tls::acme::challenges::{ChallengeError, ChallengeKind, Challenges, Shown};
use crate::tls::server_kit::ServerKit;
use instant_acme::{
    Account, AuthorizationHandle, AuthorizationStatus, ChallengeType, Identifier, NewOrder, Order,
    OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use std::time::Duration;
use zeroize::Zeroizing;

/// The first pause between two looks at an order; each further one is half as long again.
const POLL_FIRST: Duration = Duration::from_millis(250);
const POLL_GROWTH: f32 = 1.5;
/// How long the authority may take to look at a challenge, and how long to sign.
const POLL_SECS_MAX: u64 = 90;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// The authority refused, or could not be asked.
    #[error(transparent)]
    Acme(#[from] instant_acme::Error),
    /// It offers no challenge that we can show.
    #[error("the authority offers none of the challenges that can be shown here; it offers {0}")]
    NoChallenge(String),
    /// It looked at the challenge and was not convinced.
    #[error("the authority did not accept the challenge {kind}: {reason}")]
    NotProved {
        /// Which.
        kind: &'static str,
        /// What it said.
        reason: String,
    },
    /// A challenge cannot be shown.
    #[error(transparent)]
    Challenge(#[from] ChallengeError),
    /// The request for the certificate cannot be made.
    #[error("the request for a certificate cannot be made: {0}")]
    Request(#[from] rcgen::Error),
}

/// What an authority signed.
pub struct Obtained {
    /// The chain, in PEM form.
    pub chain: String,
    /// The key, in PEM form.
    pub key: Zeroizing<String>,
}

/// How a host is proved.
pub struct Proof<'p> {
    /// The ways that are open to us, the one to try first.
    pub kinds: &'p [ChallengeKind],
    /// Where challenges are shown.
    pub challenges: &'p Challenges,
    /// What certificates of challenges are made with.
    pub kit: &'p ServerKit,
}

/// Obtains a certificate.
///
/// # Errors
/// [`OrderError`].
pub async fn obtain(
    account: &Account,
    host: &str,
    proof: &Proof<'_>,
) -> Result<Obtained, OrderError> {
    let identifiers = [Identifier::Dns(host.to_owned())];
    let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
    let (shown, kind) = show_challenges(&mut order, host, proof).await?;
    let polls = RetryPolicy::new()
        .initial_delay(POLL_FIRST)
        .backoff(POLL_GROWTH)
        .timeout(Duration::from_secs(POLL_SECS_MAX));
    let status = order.poll_ready(&polls).await;
    // Valid at once where the authority remembers an earlier proof and an earlier order.
    if !matches!(status?, OrderStatus::Ready | OrderStatus::Valid) {
        return Err(OrderError::NotProved {
            kind: kind.map_or("none", ChallengeKind::as_str),
            reason: reason_of(&mut order).await,
        });
    }
    drop(shown);
    let mut params = CertificateParams::new(vec![host.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    // A new key for each certificate: one that leaked is good for no longer than its own.
    let key = KeyPair::generate()?;
    let request = params.serialize_request(&key)?;
    order.finalize_csr(request.der()).await?;
    Ok(Obtained {
        chain: order.poll_certificate(&polls).await?,
        key: Zeroizing::new(key.serialize_pem()),
    })
}

type ShownChallenges = (Vec<Shown>, Option<ChallengeKind>);

/// Shows what the authority asks for, and tells it to look. It asks for nothing if it remembers an earlier proof.
async fn show_challenges(
    order: &mut Order,
    host: &str,
    proof: &Proof<'_>,
) -> Result<ShownChallenges, OrderError> {
    let (mut shown, mut with) = (Vec::new(), None);
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            other => {
                return Err(OrderError::NotProved {
                    kind: "none",
                    reason: format!("its authorization is {other:?}"),
                });
            }
        }
        let kind = choose(&authorization, proof.kinds)?;
        let Some(mut challenge) = authorization.challenge(type_of(kind)) else {
            continue;
        };
        let answer = challenge.key_authorization();
        shown.push(match kind {
            ChallengeKind::Http01 => {
                let challenges = proof.challenges;
                challenges.show_text(host, &challenge.token, answer.as_str())
            }
            ChallengeKind::TlsAlpn01 => {
                let mut digest = [0; 32];
                digest.copy_from_slice(answer.digest().as_ref());
                let challenges = proof.challenges;
                challenges.show_certificate(proof.kit, host, &digest)?
            }
        });
        with = Some(kind);
        challenge.set_ready().await?;
    }
    Ok((shown, with))
}

fn choose(
    authorization: &AuthorizationHandle<'_>,
    kinds: &[ChallengeKind],
) -> Result<ChallengeKind, OrderError> {
    let offered = &authorization.challenges;
    let fits = |kind: &&ChallengeKind| offered.iter().any(|one| one.r#type == type_of(**kind));
    kinds.iter().find(fits).copied().ok_or_else(|| {
        let names = offered.iter().map(|one| format!("{:?}", one.r#type));
        OrderError::NoChallenge(names.collect::<Vec<_>>().join(", "))
    })
}

const fn type_of(kind: ChallengeKind) -> ChallengeType {
    match kind {
        ChallengeKind::Http01 => ChallengeType::Http01,
        ChallengeKind::TlsAlpn01 => ChallengeType::TlsAlpn01,
    }
}

/// What the authority found wrong, as far as it says.
async fn reason_of(order: &mut Order) -> String {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let Ok(state) = authorization.refresh().await else {
            continue;
        };
        let said = state.challenges.iter().find_map(|one| one.error.as_ref());
        if let Some(problem) = said {
            return problem.to_string();
        }
    }
    String::from("it did not say why")
}
