//! A script of an administrator against the real program, by the unmodified SDKs that scripts in the field use: people, groups
//! and apps added, paged, searched, changed, led through the life cycle, assigned and removed, and the log followed; servers and
//! policies, held against the tokens that they decide about; trusted origins, zones, tokens and means of proof; schemas and
//! relations; custom roles and narrowed ones, held against what somebody can do by them; identity providers and authenticators;
//! sessions and what apps hold of people; event hooks, verified and told what happens by a receiver that proves where it comes
//! from; inline hooks, asked about tokens and passwords, and with a token that a
//! hook key got; and an app that acts for itself by its key; on both stores.

use serde_json::json;
use testbed::bootstrap::{self, Keys};
use testbed::instance::{Instance, Plan};
use testbed::script;

fn run_all(store_url: Option<String>) -> anyhow::Result<()> {
    let keys = Keys::make()?;
    let instance = Instance::start(Plan {
        store_url,
        bootstrap: Some(bootstrap::render_scripts_document(&keys)?),
        ..Plan::default()
    })?;
    let origin = instance.origin();
    // An organisation by host, configured with a slash at the end, and one by path.
    for org_url in [format!("{origin}/"), format!("{origin}/t/acme")] {
        let input = json!({
            "org_url": org_url,
            "token": bootstrap::MANAGER_TOKEN,
            "reader_token": bootstrap::READER_TOKEN,
            "services": [bootstrap::SERVICE_RS256, bootstrap::SERVICE_BASIC],
        });
        // First, for it counts who is there.
        let service = json!({
            "org_url": org_url,
            "client_id": bootstrap::SERVICE_RS256,
            "private_key": keys.private("RS256")?,
        });
        script::run_python("management_oauth.py", &service)?;
        script::run_python("management_sdk.py", &input)?;
        script::run_python("management_settings_sdk.py", &input)?;
        script::run_python("management_schema_sdk.py", &input)?;
        script::run_node("management_schema_sdk.mjs", &input)?;
        script::run_python("management_custom_roles_sdk.py", &input)?;
        script::run_python("management_role_targets_sdk.py", &input)?;
        script::run_node("management_roles_sdk.mjs", &input)?;
        script::run_python("management_providers_sdk.py", &input)?;
        script::run_python("management_tokens_sdk.py", &input)?;
        let both = json!({
            "org_url": org_url,
            "token": bootstrap::MANAGER_TOKEN,
            "reader_token": bootstrap::READER_TOKEN,
            "client_id": bootstrap::SERVICE_RS256,
            "private_key": keys.private("RS256")?,
        });
        script::run_node("management_sdk.mjs", &both)?;
        script::run_python("management_hooks_sdk.py", &input)?;
        let mut input = input;
        input["client_id"] = json!(bootstrap::SERVICE_BASIC);
        input["client_secret"] = json!(bootstrap::SERVICE_SECRET);
        script::run_python("management_servers_sdk.py", &input)?;
        script::run_python("management_inline_hooks_sdk.py", &input)?;
    }
    Ok(())
}

#[test]
fn the_sdk_on_sqlite() {
    run_all(None).unwrap();
}

#[test]
fn the_sdk_on_postgresql() {
    let database = postgres_for_tests::shared().empty_database().unwrap();
    run_all(Some(database.url())).unwrap();
}
