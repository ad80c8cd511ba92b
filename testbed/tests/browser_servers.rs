//! A real browser against the real program: authorization servers, signing keys, the live log, and apps that are tried
//! out, with consent and with a device. Pictures land in `target/screenshots`.

use anyhow::Context as _;
use serde_json::json;
use testbed::bootstrap;
use testbed::instance::{Instance, Plan};
use testbed::{binary, script};

const ADMINISTRATOR: &str = "ada@example.com";

#[test]
fn an_administrator_tends_servers_keys_and_apps_and_watches_the_log() {
    let instance = Instance::start(Plan::default()).unwrap();
    let setup_link = instance
        .setup_link()
        .map(|link| link.replace("//127.0.0.1:", "//localhost:"))
        .context("the first start printed no set-up link")
        .unwrap();
    let input = json!({
        "origin": instance.origin(),
        "pid": instance.watched().pid,
        "setup_link": setup_link,
        "email": ADMINISTRATOR,
        "password": bootstrap::PASSWORD,
        "chromium": script::chromium().unwrap(),
        "screenshots": binary::target_folder().join("screenshots").join("servers"),
    });
    script::run_node("browser_servers.mjs", &input).unwrap();
}
