//! The way of mail out of the process, as far as the administration needs it: to try it while somebody waits.

use identity::notice::Mail;
use std::pin::Pin;
use vocab::id::OrgId;

/// Why a mail was not delivered, as far as an administrator of one org may know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undelivered {
    /// No mail server was reached, or none that can be trusted.
    Unreachable,
    /// The mail server said no, in its own words.
    Refused(String),
}

/// What [`Courier::deliver`] returns.
pub type Delivery<'c> = Pin<Box<dyn Future<Output = Result<(), Undelivered>> + Send + 'c>>;

/// Delivers mail now, by the mail server of the org or of the whole process. Only a trial goes this way: whatever
/// follows from a change leaves through the outbox.
pub trait Courier: Send + Sync {
    /// Whether the mail of an org without a server of its own leaves this machine.
    fn leaves_machine(&self) -> bool;

    /// Delivers one mail.
    fn deliver<'c>(&'c self, org: &'c OrgId, mail: &'c Mail) -> Delivery<'c>;
}
