//! A real browser against the real program: every kind of page that an administrator reaches by links, in light and dark,
//! wide and narrow. Pictures land in `target/screenshots`.

use anyhow::Context as _;
use serde_json::json;
use testbed::bootstrap;
use testbed::instance::{Instance, Plan};
use testbed::{binary, script};

const ADMINISTRATOR: &str = "ada@example.com";

#[test]
fn every_page_is_sound_accessible_and_fits_its_window() {
    let instance = Instance::start(Plan::default()).unwrap();
    let setup_link = instance
        .setup_link()
        .map(|link| link.replace("//127.0.0.1:", "//localhost:"))
        .context("the first start printed no set-up link")
        .unwrap();
    let input = json!({
        "origin": instance.origin(),
        "data": instance.data(),
        "setup_link": setup_link,
        "login": ADMINISTRATOR,
        "password": bootstrap::PASSWORD,
        "chromium": script::chromium().unwrap(),
        "screenshots": binary::target_folder().join("screenshots").join("pages"),
    });
    script::run_node("browser_pages.mjs", &input).unwrap();
}
