//! People of other providers sign in, in a real browser: of another server of ours, and of npm `oidc-provider`.

use serde_json::json;
use testbed::instance::{Instance, Plan};
use testbed::{binary, bootstrap, script};

#[test]
fn people_of_other_providers_sign_in() {
    let relying = Instance::start(Plan {
        bootstrap: Some(bootstrap::render_vouching_document(bootstrap::CALLBACK).unwrap()),
        ..Plan::default()
    })
    .unwrap();
    // Each provider calls back at an address of its own, which is known once it is added: the script registers it.
    let vouching = Instance::start(Plan {
        bootstrap: Some(bootstrap::render_vouching_document(bootstrap::CALLBACK).unwrap()),
        ..Plan::default()
    })
    .unwrap();
    let input = json!({
        "origin": relying.origin(),
        "provider": vouching.origin(),
        "client_id": bootstrap::WEB,
        "client_secret": bootstrap::WEB_SECRET,
        "token": bootstrap::MANAGER_TOKEN,
        "login": bootstrap::PERSON,
        "administrator": bootstrap::ADMINISTRATOR,
        "password": bootstrap::PASSWORD,
        "chromium": script::chromium().unwrap(),
        "screenshots": binary::target_folder().join("screenshots").join("providers"),
    });
    script::run_node("browser_providers.mjs", &input).unwrap();
}
