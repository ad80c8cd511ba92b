//! A real browser with a virtual authenticator against the real program: set-up, passkeys, step-up, loss and recovery,
//! and an application made by the wizard that a real client signs in with. Pictures land in `target/screenshots`.

use anyhow::Context as _;
use serde_json::{Value, json};
use testbed::bootstrap;
use testbed::instance::{Instance, Plan};
use testbed::{binary, script};

const ADMINISTRATOR: &str = "ada@example.com";

fn input(instance: &Instance, pictures: &str, more: Value) -> anyhow::Result<Value> {
    let screenshots = binary::target_folder().join("screenshots").join(pictures);
    let mut input = json!({
        "origin": instance.origin(),
        "data": instance.data(),
        "password": bootstrap::PASSWORD,
        "chromium": script::chromium()?,
        "screenshots": screenshots,
    });
    if let (Value::Object(into), Value::Object(from)) = (&mut input, more) {
        into.extend(from);
    }
    Ok(input)
}

fn set_up_link(instance: &Instance) -> anyhow::Result<String> {
    instance
        .setup_link()
        .map(|link| link.replace("//127.0.0.1:", "//localhost:"))
        .context("the first start printed no set-up link")
}

#[test]
fn the_first_administrator_lives_with_a_passkey_and_loses_it() {
    let instance = Instance::start(Plan::default()).unwrap();
    let input = input(
        &instance,
        "passkey",
        json!({
            "setup_link": set_up_link(&instance).unwrap(),
            "email": ADMINISTRATOR,
        }),
    )
    .unwrap();
    script::run_node("browser_passkey.mjs", &input).unwrap();
}

#[test]
fn the_first_app_signs_the_administrator_in() {
    let instance = Instance::start(Plan::default()).unwrap();
    let input = input(
        &instance,
        "app",
        json!({
            "setup_link": set_up_link(&instance).unwrap(),
            "email": ADMINISTRATOR,
        }),
    )
    .unwrap();
    script::run_node("browser_first_app.mjs", &input).unwrap();
}
