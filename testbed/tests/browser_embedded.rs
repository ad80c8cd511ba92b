//! Sign-in within an application's own page in a real browser, by the unmodified library and widget that such pages are built on.

use serde_json::json;
use testbed::instance::{Instance, Plan, free_address};
use testbed::{binary, bootstrap, script};

#[test]
fn a_page_that_asks_for_the_password_itself_gets_tokens() {
    let address = free_address().unwrap();
    let site = format!("http://{address}");
    let instance = Instance::start(Plan {
        bootstrap: Some(bootstrap::render_verified_document(&site).unwrap()),
        ..Plan::default()
    })
    .unwrap();
    let input = json!({
        "origin": instance.origin(),
        "issuer": format!("{}/oauth2/default", instance.origin()),
        "client_id": bootstrap::SPA,
        "port": address.port(),
        "token": bootstrap::MANAGER_TOKEN,
        "login": bootstrap::PERSON,
        "password": bootstrap::PASSWORD,
        "chromium": script::chromium().unwrap(),
        "screenshots": binary::target_folder().join("screenshots").join("embedded"),
    });
    script::run_node("browser_embedded.mjs", &input).unwrap();
}
