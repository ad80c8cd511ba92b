//! Adding and renaming what has a label: custom roles and resource sets. The row of the org is locked: of two who add or
//! rename at once, the second sees what the first one did.

use crate::access::custom::store::labelled::{self as store, LabelledId};
use crate::access::custom::{Labelled, Named};
use crate::fault::Refusal;
use crate::person::profile::fold;
use database::WriteTx;
use vocab::id::OrgId;
use vocab::time::Timestamp;

/// Adds one beside the others, of which there are fewer than `max`.
///
/// # Errors
/// [`Refusal::TooMany`]; [`Refusal::Taken`] for a label that there is.
pub(super) async fn add<Id: LabelledId>(
    tx: &mut WriteTx,
    org: &OrgId,
    added: &Labelled<Id>,
    (what, max): (&'static str, usize),
) -> Result<(), Refusal> {
    let others = store::load_all(tx, org).await?;
    if others.len() >= max {
        return Err(Refusal::TooMany { what, max });
    }
    refuse_taken(&others, added)?;
    Ok(store::insert(tx, org, added).await?)
}

/// Calls one otherwise; nothing if it is called so.
///
/// # Errors
/// [`Refusal::Taken`] for a label that another has.
pub(super) async fn rename<Id: LabelledId>(
    tx: &mut WriteTx,
    org: &OrgId,
    present: &Labelled<Id>,
    (named, now): (Named, Timestamp),
) -> Result<Option<Labelled<Id>>, Refusal> {
    if present.named == named {
        return Ok(None);
    }
    let renamed = Labelled {
        named,
        updated_at: now,
        ..present.clone()
    };
    refuse_taken(&store::load_all(tx, org).await?, &renamed)?;
    match store::update(tx, org, &renamed).await? {
        true => Ok(Some(renamed)),
        false => Err(Refusal::NotFound),
    }
}

fn refuse_taken<Id: PartialEq>(others: &[Labelled<Id>], one: &Labelled<Id>) -> Result<(), Refusal> {
    let label = fold(&one.named.label);
    let mut others = others.iter().filter(|other| other.id != one.id);
    match others.any(|other| fold(&other.named.label) == label) {
        true => Err(Refusal::Taken { field: "label" }),
        false => Ok(()),
    }
}
