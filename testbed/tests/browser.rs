//! A real browser with a virtual authenticator against the real program: set-up, passkeys, step-up, loss and recovery,
//! my account, and every page of administration. Pictures land in `target/screenshots`.

use anyhow::Context as _;
use serde_json::{Value, json};
use testbed::bootstrap::{self, Keys};
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

fn application(instance: &Instance, client_id: &str) -> Value {
    json!({
        "issuer": instance.origin(),
        "client_id": client_id,
        "client_secret": bootstrap::WEB_SECRET,
        "redirect_uri": bootstrap::CALLBACK,
    })
}

fn start_with_clients() -> anyhow::Result<Instance> {
    Instance::start(Plan {
        bootstrap: Some(bootstrap::render_clients_document(&Keys::make()?)),
        ..Plan::default()
    })
}

fn set_up_link(instance: &Instance) -> anyhow::Result<String> {
    instance
        .setup_link()
        .map(|link| link.replace("//127.0.0.1:", "//localhost:"))
        .context("the first start printed no set-up link")
}

#[test]
fn the_first_administrator_lives_with_a_passkey_and_loses_it() {
    let instance = start_with_clients().unwrap();
    let input = input(
        &instance,
        "passkey",
        json!({
            "setup_link": set_up_link(&instance).unwrap(),
            "email": ADMINISTRATOR,
            "application": application(&instance, bootstrap::WEB),
        }),
    )
    .unwrap();
    script::run_node("browser_passkey.mjs", &input).unwrap();
}

#[test]
fn a_person_keeps_the_own_account() {
    let instance = start_with_clients().unwrap();
    let input = input(
        &instance,
        "person",
        json!({
            "login": bootstrap::PERSON,
            "application": application(&instance, bootstrap::WEB_CONSENT),
        }),
    )
    .unwrap();
    script::run_node("browser_person.mjs", &input).unwrap();
}

#[test]
fn every_page_of_administration_is_sound() {
    let instance = start_with_clients().unwrap();
    let input = input(
        &instance,
        "pages",
        json!({
            "login": ADMINISTRATOR,
            "setup_link": set_up_link(&instance).unwrap(),
        }),
    )
    .unwrap();
    script::run_node("browser_pages.mjs", &input).unwrap();
}
