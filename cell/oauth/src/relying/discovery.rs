//! What a provider publishes of itself, read for an administrator who then decides what of it is saved. Nothing is kept here.

use identity::access::{Permission, Permit};
use identity::cell::Cell;
use identity::event_hook::channel::decide_uri;
use identity::event_hook::envoy::{Letter, Method, PlainHttp};
use identity::fault::Refusal;
use protocol::oidc::relying::metadata::{
    METADATA_BYTES_MAX, ProviderMetadata, metadata_address, parse_metadata,
};

/// Of what it is told that it cannot be used.
const ISSUER: &str = "protocol.issuer.url";

/// Reads what an issuer publishes of itself.
///
/// # Errors
/// [`Refusal::Invalid`] if nobody answers there, or with something else than the document of this issuer.
pub async fn discover(
    cell: &Cell,
    permit: &Permit,
    issuer: &str,
    plain: PlainHttp,
) -> Result<ProviderMetadata, Refusal> {
    permit.covers(Permission::ManageOrg)?;
    decide_uri(ISSUER, issuer, plain)?;
    let letter = Letter {
        method: Method::Get,
        uri: metadata_address(issuer),
        headers: Vec::new(),
        body: Vec::new(),
        // One more tells that an answer is too large.
        answer_bytes_max: METADATA_BYTES_MAX + 1,
    };
    let asked = cell.ask_provider(permit.org(), &letter).await;
    let answered = asked.ok().filter(|answered| answered.status == 200);
    let Some(answered) = answered else {
        let problem = "nobody answers there with a discovery document";
        return Err(Refusal::invalid(ISSUER, problem));
    };
    parse_metadata(&answered.body, issuer).map_err(|_| {
        let problem = "what is answered there is no discovery document of exactly this issuer";
        Refusal::invalid(ISSUER, problem)
    })
}
