//! A real browser against the real program: administrators, sign-on policies, zones and every setting of an
//! organisation. Pictures land in `target/screenshots`.

use anyhow::Context as _;
use serde_json::json;
use testbed::bootstrap;
use testbed::instance::{Instance, Plan};
use testbed::{binary, script};

const ADMINISTRATOR: &str = "ada@example.com";

#[test]
fn an_administrator_sets_the_rules_of_the_organisation() {
    let instance = Instance::start(Plan::default()).unwrap();
    let setup_link = instance
        .setup_link()
        .map(|link| link.replace("//127.0.0.1:", "//localhost:"))
        .context("the first start printed no set-up link")
        .unwrap();
    let input = json!({
        "origin": instance.origin(),
        "setup_link": setup_link,
        "email": ADMINISTRATOR,
        "password": bootstrap::PASSWORD,
        "chromium": script::chromium().unwrap(),
        "screenshots": binary::target_folder().join("screenshots").join("rules"),
    });
    script::run_node("browser_rules.mjs", &input).unwrap();
}
