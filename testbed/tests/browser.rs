//! A real browser with a virtual authenticator against the real program: set-up, passkeys, step-up, loss and recovery,
//! a person's own account, and an application made by the wizard that a real client signs in with. Pictures land in
//! `target/screenshots`.

use anyhow::Context as _;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
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

/// An application that the browser comes back to, on a free port: whatever is asked for, it shows its page.
fn serve_application() -> anyhow::Result<String> {
    const PAGE: &str = "<!doctype html><html lang=\"en\"><title>App</title><link rel=\"icon\" href=\"data:,\"><h1>App</h1></html>";
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let callback = format!("http://{}/callback", listener.local_addr()?);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let head = BufReader::new(&stream).lines();
            if head.map_while(Result::ok).any(|line| line.is_empty()) {
                let reply = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{PAGE}",
                    PAGE.len()
                );
                let _ = stream.write_all(reply.as_bytes());
            }
        }
    });
    Ok(callback)
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
fn a_person_keeps_the_own_account() {
    let callback = serve_application().unwrap();
    let document = bootstrap::render_clients_document(&Keys::make().unwrap());
    let plan = Plan {
        bootstrap: Some(document.replace(bootstrap::CALLBACK, &callback)),
        ..Plan::default()
    };
    let instance = Instance::start(plan).unwrap();
    let application = json!({
        "issuer": instance.origin(),
        "client_id": bootstrap::WEB_CONSENT,
        "client_secret": bootstrap::WEB_SECRET,
        "redirect_uri": callback,
    });
    let input = input(
        &instance,
        "account",
        json!({ "login": bootstrap::PERSON, "application": application }),
    )
    .unwrap();
    script::run_node("browser_person.mjs", &input).unwrap();
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
