//! What a handler is told of the request it serves: the org it is for, and who sent it.

use crate::session::SignedIn;
use ledger::ClientFacts;
use std::sync::Arc;
use vocab::id::OrgId;
use vocab::time::Timestamp;

/// The org that a request is for, and how it was addressed. Every link is `{path_prefix}/…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgContext {
    /// The org.
    pub org: OrgId,
    /// Its short name.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// The address by which the caller reached it, without a final slash: `http://localhost:8080/t/acme`.
    pub base_url: String,
    /// `""`, or `/t/acme` where the org is addressed by path.
    pub path_prefix: String,
    /// The host name alone: what passkeys are bound to.
    pub rp_id: String,
}

/// Who sent a request, as far as it is known.
#[derive(Clone)]
pub struct RequestFacts {
    /// Address, agent and id of the request.
    pub client: ClientFacts,
    /// When it arrived.
    pub now: Timestamp,
    /// The live session whose cookie it carried.
    pub session: Option<Arc<SignedIn>>,
    /// The cookie by which the browser is known, beside a session of an org that has behaviours; opened only where a policy names one.
    pub device_cookie: String,
}
