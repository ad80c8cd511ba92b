//! Real clients, unmodified, against the real program: npm `openid-client` and PyPI Authlib do what an application's
//! author would have them do, on both stores.

use serde_json::{Value, json};
use testbed::bootstrap::{self, Keys};
use testbed::instance::{Instance, Plan};
use testbed::script;

fn start(store_url: Option<String>, keys: &Keys) -> anyhow::Result<Instance> {
    Instance::start(Plan {
        store_url,
        bootstrap: Some(bootstrap::render_clients_document(keys)),
        ..Plan::default()
    })
}

/// What every script of a person must know, and more.
fn person_input(issuer: &str, more: Value) -> Value {
    let mut input = json!({
        "issuer": issuer,
        "login": bootstrap::PERSON,
        "password": bootstrap::PASSWORD,
        "redirect_uri": bootstrap::CALLBACK,
        "post_logout_redirect_uri": bootstrap::SIGNED_OUT,
    });
    merge(&mut input, more);
    input
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

fn run_all(store_url: Option<String>) -> anyhow::Result<()> {
    let keys = Keys::make()?;
    let instance = start(store_url, &keys)?;
    let origin = instance.origin();
    for issuer in [origin.clone(), format!("{origin}/oauth2/default")] {
        code_flow(&issuer)?;
        device(&issuer)?;
    }
    services(&format!("{origin}/oauth2/default"), &keys)?;
    Ok(())
}

fn code_flow(issuer: &str) -> anyhow::Result<()> {
    let confidential =
        json!({ "client_id": bootstrap::WEB, "client_secret": bootstrap::WEB_SECRET });
    let public = json!({ "client_id": bootstrap::SPA });
    let elliptic = json!({
        "client_id": bootstrap::WEB_ES256,
        "client_secret": bootstrap::WEB_SECRET,
        "id_token_signed_response_alg": "ES256",
    });
    for more in [confidential.clone(), public.clone(), elliptic] {
        script::run_node("openid_client_code_pkce.mjs", &person_input(issuer, more))?;
    }
    for more in [confidential, public] {
        script::run_python("authlib_code_flow.py", &person_input(issuer, more))?;
    }
    Ok(())
}

fn device(issuer: &str) -> anyhow::Result<()> {
    let input = person_input(issuer, json!({ "client_id": bootstrap::TELEVISION }));
    script::run_node("openid_client_device.mjs", &input)?;
    Ok(())
}

fn services(issuer: &str, keys: &Keys) -> anyhow::Result<()> {
    let input = json!({
        "issuer": issuer,
        "scope": bootstrap::SERVICE_SCOPE,
        "clients": [
            { "client_id": bootstrap::SERVICE_BASIC, "client_secret": bootstrap::SERVICE_SECRET },
            {
                "client_id": bootstrap::SERVICE_POST,
                "client_secret": bootstrap::SERVICE_SECRET,
                "token_endpoint_auth_method": "client_secret_post",
            },
            { "client_id": bootstrap::SERVICE_ES256, "private_key_jwk": keys.private("ES256")? },
            { "client_id": bootstrap::SERVICE_RS256, "private_key_jwk": keys.private("RS256")? },
        ],
    });
    script::run_node("openid_client_credentials.mjs", &input)?;
    script::run_python("authlib_client_credentials.py", &input)?;
    Ok(())
}

#[test]
fn real_clients_on_sqlite() {
    run_all(None).unwrap();
}

#[test]
fn real_clients_on_postgresql() {
    let database = postgres_for_tests::shared().empty_database().unwrap();
    run_all(Some(database.url())).unwrap();
}
