//! A provisioning client against the real program: the unmodified client of the field adds, finds, changes and removes users
//! and groups, and the unmodified conformance tester of its makers finds nothing wrong but what is named; on both stores.

use serde_json::json;
use testbed::bootstrap;
use testbed::instance::{Instance, Plan};
use testbed::script;

fn run_all(store_url: Option<String>) -> anyhow::Result<()> {
    let instance = Instance::start(Plan {
        store_url,
        bootstrap: Some(bootstrap::render_provisioning_document()),
        ..Plan::default()
    })?;
    let origin = instance.origin();
    // An organisation by host, and one by path.
    for base_url in [
        format!("{origin}/scim/v2"),
        format!("{origin}/t/acme/scim/v2"),
    ] {
        let input = json!({
            "base_url": base_url,
            "token": bootstrap::MANAGER_TOKEN,
            "reader_token": bootstrap::READER_TOKEN,
        });
        for name in ["scim_client.py", "scim_tester.py"] {
            script::run_python(name, &input)?;
        }
    }
    Ok(())
}

#[test]
fn provisioning_clients_on_sqlite() {
    run_all(None).unwrap();
}

#[test]
fn provisioning_clients_on_postgresql() {
    let database = postgres_for_tests::shared().empty_database().unwrap();
    run_all(Some(database.url())).unwrap();
}
