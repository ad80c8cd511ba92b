//! What wraps org keys: a file now, a hardware module or a cloud's key service tomorrow.

pub(crate) mod file;

use crate::fault::RootFault;
use crate::org_key::KeyBytes;
use std::future::Future;
use std::pin::Pin;
use vocab::id::OrgId;

/// What a root of trust answers with.
pub type RootFuture<'r, T> = Pin<Box<dyn Future<Output = Result<T, RootFault>> + Send + 'r>>;

/// Wraps and unwraps org keys. It may live in another machine: it is never asked inside a transaction.
pub trait RootOfTrust: Send + Sync {
    /// Names the root's own key. Another key has another id.
    fn id(&self) -> &str;

    /// Wraps a key, bound to the context.
    fn wrap_key<'r>(&'r self, context: &'r [u8], key: &'r KeyBytes) -> RootFuture<'r, Vec<u8>>;

    /// Unwraps a key. It must refuse what it wrapped for another context.
    fn unwrap_key<'r>(&'r self, context: &'r [u8], wrapped: &'r [u8]) -> RootFuture<'r, KeyBytes>;
}

/// What a wrapped org key is bound to.
pub(crate) fn render_context(org: &OrgId, version: i64) -> Vec<u8> {
    let mut context = b"testudo org key 1:".to_vec();
    context.extend_from_slice(org.as_str().as_bytes());
    context.push(b':');
    context.extend_from_slice(version.to_string().as_bytes());
    context
}
