//! The OpenAPI document that an organisation serves against the real program, by the unmodified testing tool of the field: it
//! asks each operation what is described and what is not.

use serde_json::json;
use testbed::bootstrap;
use testbed::instance::{Instance, Plan};
use testbed::script;

#[test]
fn the_program_keeps_to_its_description() {
    let plan = Plan {
        bootstrap: Some(bootstrap::render_provisioning_document()),
        ..Plan::default()
    };
    let instance = Instance::start(plan).unwrap();
    let input = json!({ "base_url": instance.origin(), "token": bootstrap::MANAGER_TOKEN });
    script::run_python("description_schemathesis.py", &input).unwrap();
}
