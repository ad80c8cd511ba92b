//! How trusted origins stand to what is declared of them, and making what differs.

use crate::declaration::Mode;
use crate::declaration::apply::Site;
use crate::declaration::difference::differences;
use crate::declaration::document::{OriginDeclaration, OriginUse};
use crate::declaration::problem::{Problem, placed};
use crate::declaration::report::{Kind, Report, Standing};
use identity::access::Permission;
use identity::fault::Refusal;
use identity::person::profile::fold;
use identity::trusted_origin::operations::OriginChange;
use identity::trusted_origin::{OriginInput, Trust, TrustedOrigin, parse_origin, store};
use serde_json::{Value, json};

pub(super) async fn apply_origins(
    site: &Site,
    declared: &[OriginDeclaration],
    report: &mut Report,
) -> Result<(), Problem> {
    for origin in declared {
        let done = apply_origin(site, origin).await;
        let standing = placed(Kind::TrustedOrigin, &origin.name, done)?;
        site.note(report, Kind::TrustedOrigin, &origin.name, standing);
    }
    Ok(())
}

async fn apply_origin(site: &Site, declared: &OriginDeclaration) -> Result<Standing, Refusal> {
    let present = {
        let mut tx = site.cell.database.read().await?;
        let all = store::load_all(&mut tx, &site.org).await?;
        let key = fold(&declared.name.value);
        all.into_iter().find(|origin| fold(&origin.name) == key)
    };
    let (standing, input) = plan_origin(declared, present.as_ref())?;
    if site.mode == Mode::Apply && standing != Standing::Same {
        let permit = site.permit(Permission::ManageOrg)?;
        match present {
            None => {
                site.cell.create_trusted_origin(&permit, input).await?;
            }
            Some(present) => {
                let change = OriginChange::Set(input);
                let changed = site
                    .cell
                    .change_trusted_origin(&permit, &present.id, change);
                changed.await?;
            }
        }
    }
    Ok(standing)
}

/// What is to be done for an origin. Whether it counts is the administrators' own, whatever the document says.
fn plan_origin(
    declared: &OriginDeclaration,
    present: Option<&TrustedOrigin>,
) -> Result<(Standing, OriginInput), Refusal> {
    let input = OriginInput {
        name: declared.name.value.trim().to_owned(),
        origin: parse_origin(&declared.origin)?,
        trust: Trust {
            cors: declared.scopes.contains(&OriginUse::Cors),
            redirect: declared.scopes.contains(&OriginUse::Redirect),
        },
    };
    let standing = present.map_or(Standing::Missing, |present| {
        let before = as_json(&present.name, &present.origin, present.trust);
        let after = as_json(&input.name, &input.origin, input.trust);
        Standing::from(differences(&before, &after))
    });
    Ok((standing, input))
}

fn as_json(name: &str, origin: &str, trust: Trust) -> Value {
    json!({ "name": name, "origin": origin, "cors": trust.cors, "redirect": trust.redirect })
}
