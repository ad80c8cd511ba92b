//! Pages of other sites in a real browser: one that is trusted reads what the API answers, a stranger does not.

use serde_json::json;
use testbed::bootstrap::{self, Keys};
use testbed::instance::{Instance, Plan};
use testbed::{binary, script};

#[test]
fn a_trusted_page_reads_and_a_stranger_does_not() {
    let keys = Keys::make().unwrap();
    let instance = Instance::start(Plan {
        bootstrap: Some(bootstrap::render_scripts_document(&keys).unwrap()),
        ..Plan::default()
    })
    .unwrap();
    let input = json!({
        "origin": instance.origin(),
        "token": bootstrap::MANAGER_TOKEN,
        "chromium": script::chromium().unwrap(),
        "screenshots": binary::target_folder().join("screenshots").join("origins"),
    });
    script::run_node("browser_origins.mjs", &input).unwrap();
}
