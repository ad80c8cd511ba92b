//! What applications and services that exist already are built on, unmodified: the verifiers of tokens in Node.js and Python,
//! and the middleware that signs people in to an application of Express.

use serde_json::{Value, json};
use testbed::bootstrap;
use testbed::instance::{Instance, Plan, free_address};
use testbed::script;

const AUDIENCE: &str = "api://default";

fn start(site: &str, arguments: &[&str]) -> anyhow::Result<Instance> {
    Instance::start(Plan {
        bootstrap: Some(bootstrap::render_verified_document(site)?),
        arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
        ..Plan::default()
    })
}

fn input(instance: &Instance, site: &str) -> Value {
    json!({
        "issuer": format!("{}/oauth2/default", instance.origin()),
        "audience": AUDIENCE,
        "login": bootstrap::PERSON,
        "password": bootstrap::PASSWORD,
        "service": {
            "client_id": bootstrap::SERVICE_BASIC,
            "client_secret": bootstrap::SERVICE_SECRET,
            "scope": bootstrap::SERVICE_SCOPE,
        },
        "web": {
            "client_id": bootstrap::WEB,
            "client_secret": bootstrap::WEB_SECRET,
            "redirect_uri": format!("{site}/authorization-code/callback"),
        },
    })
}

#[test]
fn tokens_are_verified_in_node_js() {
    let site = "http://127.0.0.1:9797";
    let instance = start(site, &[]).unwrap();
    script::run_node("jwt_verifiers.mjs", &input(&instance, site)).unwrap();
}

#[test]
fn tokens_are_verified_in_python_over_tls() {
    let site = "http://127.0.0.1:9797";
    let instance = start(site, &["--tls", "self-signed"]).unwrap();
    let mut input = input(&instance, site);
    input["ca_file"] = json!(instance.local_root().unwrap());
    script::run_python("jwt_verifier.py", &input).unwrap();
}

#[test]
fn the_middleware_signs_a_person_in_and_out() {
    let address = free_address().unwrap();
    let site = format!("http://{address}");
    let instance = start(&site, &[]).unwrap();
    let input = json!({
        "issuer": format!("{}/oauth2/default", instance.origin()),
        "client_id": bootstrap::WEB,
        "client_secret": bootstrap::WEB_SECRET,
        "port": address.port(),
        "login": bootstrap::PERSON,
        "password": bootstrap::PASSWORD,
    });
    script::run_node("oidc_middleware.mjs", &input).unwrap();
}
