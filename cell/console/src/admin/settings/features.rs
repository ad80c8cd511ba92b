//! Which ways in of programs are open.

use crate::admin::caller::{Answer, administrator, administrator_freshly, done, found};
use crate::admin::form::shell_after;
use crate::view::admin::{FeatureRow, FeaturesPage};
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::response::Response;
use identity::access::Permission;
use identity::feature::{Door, Feature, Others};

const HERE: &str = "/admin/settings/features";

/// The word of the form.
const fn word(feature: Feature) -> &'static str {
    match feature {
        Feature::ClassicSignIn => "authn",
        Feature::SessionTokens => "sessions",
        Feature::ApiTokens => "tokens",
        Feature::ScimServer => "scim",
        Feature::DeviceGrant => "device",
    }
}

/// `GET /admin/settings/features`.
pub async fn show(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    Ok(page(&visit, visit.shell()))
}

/// `POST /admin/settings/features`: shuts a way in, or opens it again, if no other is in the way.
pub async fn switch(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let named = visit.field("feature");
    let mut known = Feature::ALL.into_iter();
    let feature = found(&visit, known.find(|feature| word(*feature) == named))?;
    let wanted = match visit.field("open") == "yes" {
        true => Door::Open,
        false => Door::Shut,
    };
    let changed = visit
        .cell
        .change_feature(&permit, feature, wanted, Others::Stay);
    match changed.await {
        Ok(()) => Ok(visit.go(HERE)),
        Err(refusal) => {
            let shell = done(&visit, shell_after(&visit, refusal))?;
            Ok(page(&visit, shell))
        }
    }
}

fn page(visit: &Visit, shell: Shell) -> Response {
    let t = &shell.t.settings;
    let rows = Feature::ALL.map(|feature| {
        let (name, about) = match feature {
            Feature::ClassicSignIn => (t.feature_authn, t.feature_authn_about),
            Feature::SessionTokens => (t.feature_sessions, t.feature_sessions_about),
            Feature::ApiTokens => (t.feature_tokens, t.feature_tokens_about),
            Feature::ScimServer => (t.feature_scim, t.feature_scim_about),
            Feature::DeviceGrant => (t.feature_device, t.feature_device_about),
        };
        FeatureRow {
            word: word(feature),
            name,
            about,
            is_open: visit.snapshot.org.settings.shut_doors.door(feature) == Door::Open,
        }
    });
    visit.page(&FeaturesPage {
        rows: rows.into(),
        shell,
    })
}
