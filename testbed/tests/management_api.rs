//! A script of an administrator against the real program, by the unmodified SDK that scripts in the field use: people, groups
//! and apps added, paged, searched, changed, led through the life cycle, assigned and removed, and the log followed; on both
//! stores.

use serde_json::json;
use testbed::bootstrap;
use testbed::instance::{Instance, Plan};
use testbed::script;

fn run_all(store_url: Option<String>) -> anyhow::Result<()> {
    let instance = Instance::start(Plan {
        store_url,
        bootstrap: Some(bootstrap::render_scripts_document()),
        ..Plan::default()
    })?;
    let origin = instance.origin();
    // An organisation by host, configured with a slash at the end, and one by path.
    for org_url in [format!("{origin}/"), format!("{origin}/t/acme")] {
        let input = json!({
            "org_url": org_url,
            "token": bootstrap::MANAGER_TOKEN,
            "reader_token": bootstrap::READER_TOKEN,
        });
        script::run_python("management_sdk.py", &input)?;
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
