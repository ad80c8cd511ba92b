//! Settings of the org, a page per concern. Each form names the revision that it was made from.

pub mod attributes;
pub mod features;
pub mod general;
pub mod hook_keys;
pub mod hooks;
pub mod inline_hooks;
pub mod mail;
pub mod means;
pub mod origins;
pub mod passkeys;
pub mod passwords;
pub mod providers;
pub mod relations;
pub mod sessions;
pub mod streams;
pub mod threats;
pub mod tokens;
pub mod types;

use crate::admin::form::revision;
use crate::visit::Visit;
use identity::access::Permit;
use identity::fault::Refusal;
use identity::org::Org;
use identity::org::settings::OrgSettings;
use std::collections::BTreeMap;
use vocab::secret::Secret;

/// What is wrong with a form, by field.
pub type Problems = BTreeMap<&'static str, String>;

/// The org as it is now, at the revision that the form was made from.
fn org_of_form(visit: &Visit) -> Org {
    Org {
        revision: revision(visit),
        ..visit.snapshot.org.clone()
    }
}

/// Stores changed settings under the present name.
async fn save(visit: &Visit, permit: &Permit, settings: OrgSettings) -> Result<(), Refusal> {
    let org = org_of_form(visit);
    let name = org.name.clone();
    visit.cell.update_org(permit, org, &name, settings).await
}

/// The header by which a receiver knows us, as a form names it; without a value the present one stays.
fn posted_auth(visit: &Visit) -> Option<(String, Option<Secret<String>>)> {
    let (name, value) = (visit.field("auth_name").trim(), visit.field("auth_value"));
    let value = (!value.is_empty()).then(|| Secret::new(value.to_owned()));
    (!name.is_empty() || value.is_some()).then(|| (name.to_owned(), value))
}
