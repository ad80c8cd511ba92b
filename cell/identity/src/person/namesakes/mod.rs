//! One name leads to one person: nobody's login is a mail address of somebody else, or the other way round.
//!
//! A login is unique by its index. Mail addresses are not, for two people may share one, and nobody signs in by an address that
//! is shared. So what is newly given to somebody is looked up under both kinds, in the transaction that writes it, after the name
//! is held: of two who are given the same name as different kinds at once, the second waits and finds the first. What was stored
//! before stays as it is until it is changed.

mod store;

use crate::fault::Refusal;
use crate::person::Person;
use crate::person::profile::{ProfileInput, fold};
use database::{DatabaseFault, WriteTx};
use vocab::id::{OrgId, UserId};

/// Checks what is to be written of somebody, of whom `present` is known so far.
///
/// # Errors
/// [`Refusal::Taken`] naming the login or the mail address.
pub(super) async fn check(
    tx: &mut WriteTx,
    (org, user): (&OrgId, &UserId),
    present: Option<&Person>,
    profile: &ProfileInput,
) -> Result<(), Refusal> {
    let (login, email) = (fold(&profile.login), fold(&profile.email));
    let login_is_new = present.is_none_or(|person| fold(&person.login) != login);
    let email_is_new = present.is_none_or(|person| fold(&person.email) != email);
    let named = [
        (login.as_str(), login_is_new),
        (email.as_str(), email_is_new),
    ];
    hold(tx, org, named).await?;
    if login_is_new && store::is_anybodys(tx, (org, user), &login).await? {
        return Err(Refusal::Taken { field: "login" });
    }
    if email_is_new && store::is_a_login(tx, (org, user), &email).await? {
        return Err(Refusal::Taken { field: "email" });
    }
    Ok(())
}

/// Holds the names that are new until the end of the transaction, in an order that is the same for all.
async fn hold(
    tx: &mut WriteTx,
    org: &OrgId,
    named: [(&str, bool); 2],
) -> Result<(), DatabaseFault> {
    let new = named.into_iter().filter(|(_, is_new)| *is_new);
    let mut names: Vec<&str> = new.map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        tx.hold_name(&format!("{org}/{name}")).await?;
    }
    Ok(())
}
