//! The documents that the tests start from: people and applications under names that every test knows. The only place
//! of the test bed that knows the form of a bootstrap document.

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::load::order::{Application, Target};
use crate::script;

/// A person without rights.
pub const PERSON: &str = "grace@example.com";
/// The password of everybody.
pub const PASSWORD: &str = "nine tortoises walk to Samos";
/// Its hash with the product's own parameters, so that a crowd need not be hashed at the start.
const PASSWORD_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$ZPQL8r78SrmxTdDyCnOXdw$Bk2vuVBoF4Ap8DjkyywUIpbZZXczZPywTGz0RCrG1vY";
/// Where applications are called back; nothing listens there.
pub const CALLBACK: &str = "http://127.0.0.1:9797/callback";
/// Where a person is sent after signing out of an application.
pub const SIGNED_OUT: &str = "http://127.0.0.1:9797/signed-out";
/// The scope that services ask for.
pub const SERVICE_SCOPE: &str = "read";
/// A confidential web application.
pub const WEB: &str = "0oaWebBasic000000001";
/// The same with ID tokens by ES256.
pub const WEB_ES256: &str = "0oaWebEs256000000002";
/// The same, asking people for consent.
pub const WEB_CONSENT: &str = "0oaWebConsent0000003";
/// Their secret.
pub const WEB_SECRET: &str = "web-secret-of-the-test-bed-0123456789";
/// A public application in the browser.
pub const SPA: &str = "0oaSinglePage0000004";
/// A device without a keyboard.
pub const TELEVISION: &str = "0oaTelevision0000005";
/// A service with its secret in the header.
pub const SERVICE_BASIC: &str = "0oaServiceBasic00006";
/// A service with its secret in the body.
pub const SERVICE_POST: &str = "0oaServicePost000007";
/// Their secret.
pub const SERVICE_SECRET: &str = "service-secret-of-the-test-bed-0123456789";
/// A service with a P-256 key.
pub const SERVICE_ES256: &str = "0oaServiceEs25600008";
/// A service with an RSA key.
pub const SERVICE_RS256: &str = "0oaServiceRs25600009";

/// The key pairs of the services that prove themselves by one.
#[derive(Debug, Clone)]
pub struct Keys {
    pairs: Value,
}

impl Keys {
    /// Makes new ones; none is ever part of the repository.
    ///
    /// # Errors
    /// When Node.js or its packages are missing.
    pub fn make() -> anyhow::Result<Self> {
        let made = script::run_node("make_keys.mjs", &json!({ "algs": ["ES256", "RS256"] }))?;
        let pairs = made.get("keys").cloned().context("no keys were made")?;
        Ok(Self { pairs })
    }

    /// No key pairs, where no service proves itself by one.
    #[must_use]
    pub fn none() -> Self {
        Self { pairs: Value::Null }
    }

    /// The private key of an algorithm, as JWK.
    ///
    /// # Errors
    /// When there is none for it.
    pub fn private(&self, algorithm: &str) -> anyhow::Result<Value> {
        self.half(algorithm, "private")
    }

    fn half(&self, algorithm: &str, half: &str) -> anyhow::Result<Value> {
        self.pairs
            .get(algorithm)
            .and_then(|pair| pair.get(half))
            .cloned()
            .with_context(|| format!("there is no key for {algorithm}"))
    }
}

/// The login of one of many.
#[must_use]
pub fn crowd_login(number: usize) -> String {
    format!("person{number}@example.com")
}

/// Every kind of application, services that prove themselves by a key where there are keys, and one person.
#[must_use]
pub fn render_clients_document(keys: &Keys) -> String {
    let services = [("ES256", SERVICE_ES256), ("RS256", SERVICE_RS256)];
    let services = services
        .into_iter()
        .filter_map(|(algorithm, id)| keyed_service(keys, algorithm, id));
    let mut apps = vec![
        web(WEB, "Wiki", json!({})),
        web(
            WEB_ES256,
            "Wiki ES256",
            json!({ "id_token_algorithm": "ES256" }),
        ),
        web(
            WEB_CONSENT,
            "Wiki of others",
            json!({ "consent": "required" }),
        ),
        app(
            SPA,
            "Calendar",
            "single_page",
            None,
            person_settings("none"),
        ),
        app(TELEVISION, "Television", "native", None, device_settings()),
        service(SERVICE_BASIC, "Service basic", "client_secret_basic"),
        service(SERVICE_POST, "Service post", "client_secret_post"),
    ];
    apps.extend(services);
    render(vec![person(PERSON, "Grace", "Hopper")], apps)
}

/// A service that proves itself by its key, if there is one.
fn keyed_service(keys: &Keys, algorithm: &str, id: &str) -> Option<Value> {
    let public = keys.half(algorithm, "public").ok()?;
    let mut settings = service_settings("private_key_jwt");
    settings["jwks"] = json!(json!({ "keys": [public] }).to_string());
    let label = format!("Service {algorithm}");
    Some(app(id, &label, "service", None, settings))
}

/// The token of an administrator's script.
pub const MANAGER_TOKEN: &str = "00TscriptOfAnAdministrator00000000000000000000";
/// The token of a script that may only look.
pub const READER_TOKEN: &str = "00TscriptThatMayOnlyLook0000000000000000000000";

/// Two organisations, `main` and `acme`, each with an administrator, somebody who may only look, a token of each, and a
/// service that may look at people and manage groups, and one that asks for tokens.
///
/// # Errors
/// When there is no key for the service.
pub fn render_scripts_document(keys: &Keys) -> anyhow::Result<String> {
    let basic = service(SERVICE_BASIC, "Service basic", "client_secret_basic");
    let mut service = keyed_service(keys, "RS256", SERVICE_RS256).context("no key")?;
    service["api_scopes"] = json!(["okta.users.read", "okta.groups.manage"]);
    service["roles"] = json!(["super_admin"]);
    let apps = json!([service, basic]);
    Ok(render_two_orgs(&json!([]), &apps))
}

/// Two such organisations without apps, whose people have attributes that provisioning clients fill: those with a name that
/// SCIM has a place for, and those without.
#[must_use]
pub fn render_provisioning_document() -> String {
    let text = |name: &str| json!({ "name": name, "kind": "text" });
    let names = [
        "displayName",
        "title",
        "middleName",
        "primaryPhone",
        "mobilePhone",
        "streetAddress",
        "city",
        "department",
        "employeeNumber",
        "managerId",
        "badge",
    ];
    let mut schema: Vec<Value> = names.into_iter().map(text).collect();
    schema.push(json!({ "name": "level", "kind": "integer" }));
    schema.push(json!({ "name": "guest", "kind": "boolean" }));
    render_two_orgs(&json!(schema), &json!([]))
}

fn render_two_orgs(profile_schema: &Value, apps: &Value) -> String {
    let org = |slug: &str| {
        let administrator = |name: &str, role: &str| {
            let mut person = person(&format!("{name}@{slug}.example"), name, "Admin");
            person["roles"] = json!([role]);
            person
        };
        let token = |name: &str, text: &str| {
            let person = format!("{name}@{slug}.example");
            json!({ "name": name, "person": person, "token": { "clear": text } })
        };
        json!({
            "slug": slug,
            "name": slug,
            "profile_schema": profile_schema,
            "people": [administrator("ada", "super_admin"), administrator("rosa", "read_only_admin")],
            "api_tokens": [token("ada", MANAGER_TOKEN), token("rosa", READER_TOKEN)],
            "apps": apps,
        })
    };
    json!({ "orgs": [org("main"), org("acme")] }).to_string()
}

/// One person, and one web application that wants to be told at `uri` when a session ends.
#[must_use]
pub fn render_told_document(uri: &str) -> String {
    let told = web(WEB, "Wiki", json!({ "backchannel_logout_uri": uri }));
    render(vec![person(PERSON, "Grace", "Hopper")], vec![told])
}

/// One person; a web application and one in the browser, both at the address `site`; a service, and a token of an
/// administrator. The server signs access tokens by RS256, the one algorithm that many verifiers know.
///
/// # Errors
/// When the document has another form than it always has.
pub fn render_verified_document(site: &str) -> anyhow::Result<String> {
    let back = [
        format!("{site}/authorization-code/callback"),
        format!("{site}/"),
    ];
    let more = json!({ "redirect_uris": back, "post_logout_redirect_uris": [back[1]] });
    let mut calendar = app(
        SPA,
        "Calendar",
        "single_page",
        None,
        person_settings("none"),
    );
    calendar["settings"]["redirect_uris"] = json!(back);
    let apps = vec![
        web(WEB, "Wiki", more),
        calendar,
        service(SERVICE_BASIC, "Service basic", "client_secret_basic"),
    ];
    let people = vec![person(PERSON, "Grace", "Hopper"), super_administrator()];
    with_manager_token(&render(people, apps))
}

/// The administrator of [`MANAGER_TOKEN`].
pub const ADMINISTRATOR: &str = "ada@example.com";

fn super_administrator() -> Value {
    let mut ada = person(ADMINISTRATOR, "Ada", "Lovelace");
    ada["roles"] = json!(["super_admin"]);
    ada
}

/// The same with a token of the administrator, and access tokens by RS256.
fn with_manager_token(document: &str) -> anyhow::Result<String> {
    let mut document: Value = serde_json::from_str(document)?;
    let org = document
        .pointer_mut("/orgs/0")
        .context("a document without an organisation")?;
    org["authorization_servers"][0]["access_token_algorithm"] = json!("RS256");
    org["api_tokens"] = json!([{
        "name": "ada",
        "person": ADMINISTRATOR,
        "token": { "clear": MANAGER_TOKEN },
    }]);
    Ok(document.to_string())
}

/// One person, a web application that is called back at this address, and a token of an administrator.
///
/// # Errors
/// When the document has another form than it always has.
pub fn render_vouching_document(callback: &str) -> anyhow::Result<String> {
    let apps = vec![web(WEB, "Partner", json!({ "redirect_uris": [callback] }))];
    let people = vec![person(PERSON, "Grace", "Hopper"), super_administrator()];
    with_manager_token(&render(people, apps))
}

/// An administrator of an organisation that is there already, with the token of a script; a person and a service, who come while
/// something else goes on.
#[must_use]
pub fn render_manager_document(slug: &str, name: &str) -> String {
    let mut ada = person("script@example.com", "Script", "Of Ada");
    ada["roles"] = json!(["super_admin"]);
    let token = json!({
        "name": "script",
        "person": "script@example.com",
        "token": { "clear": MANAGER_TOKEN },
    });
    let org = json!({
        "slug": slug,
        "name": name,
        "people": [ada, person(PERSON, "Grace", "Hopper")],
        "api_tokens": [token],
        "apps": [service(SERVICE_BASIC, "Service basic", "client_secret_basic")],
        "authorization_servers": [default_server()],
    });
    json!({ "orgs": [org] }).to_string()
}

/// So many people, one web application and one service.
#[must_use]
pub fn render_crowd_document(people: usize) -> String {
    let people = (0..people)
        .map(|number| person(&crowd_login(number), "Person", &number.to_string()))
        .collect();
    let apps = vec![
        web(WEB, "Wiki", json!({ "id_token_algorithm": "ES256" })),
        service(SERVICE_BASIC, "Service basic", "client_secret_basic"),
    ];
    render(people, apps)
}

/// What the load generator must know of a program that was started with such a crowd; the origin is still to be named.
#[must_use]
pub fn crowd_target(people: usize) -> Target {
    Target {
        origin: String::new(),
        token_path: "/oauth2/default/v1/token".to_owned(),
        authorize_path: "/oauth2/default/v1/authorize".to_owned(),
        introspect_path: "/oauth2/default/v1/introspect".to_owned(),
        web: Application {
            client_id: WEB.to_owned(),
            client_secret: WEB_SECRET.to_owned(),
            scope: "openid profile email offline_access".to_owned(),
        },
        service: Application {
            client_id: SERVICE_BASIC.to_owned(),
            client_secret: SERVICE_SECRET.to_owned(),
            scope: SERVICE_SCOPE.to_owned(),
        },
        redirect_uri: CALLBACK.to_owned(),
        sign_in_start: "/signin?continue=%2Fapps".to_owned(),
        sign_in_end: "/apps".to_owned(),
        people,
        password: PASSWORD.to_owned(),
    }
}

/// JSON is YAML too.
fn render(people: Vec<Value>, apps: Vec<Value>) -> String {
    json!({
        "orgs": [{
            "slug": "main",
            "name": "Analytical Engines",
            "people": people,
            "apps": apps,
            "authorization_servers": [default_server()],
        }],
    })
    .to_string()
}

fn default_server() -> Value {
    json!({
        "name": "default",
        "audience": "api://default",
        "scopes": [{ "name": SERVICE_SCOPE, "description": "Read" }],
    })
}

fn person(login: &str, first_name: &str, last_name: &str) -> Value {
    json!({
        "login": login,
        "email": login,
        "first_name": first_name,
        "last_name": last_name,
        "password_hash": PASSWORD_HASH,
    })
}

fn app(id: &str, label: &str, kind: &str, secret: Option<&str>, settings: Value) -> Value {
    let mut app = json!({ "id": id, "label": label, "kind": kind, "settings": settings });
    if let Some(secret) = secret {
        app["client_secret"] = json!({ "clear": secret });
    }
    app
}

fn web(id: &str, label: &str, more: Value) -> Value {
    let mut settings = person_settings("client_secret_basic");
    if let (Value::Object(into), Value::Object(from)) = (&mut settings, more) {
        into.extend(from);
    }
    app(id, label, "web", Some(WEB_SECRET), settings)
}

fn service(id: &str, label: &str, authentication: &str) -> Value {
    app(
        id,
        label,
        "service",
        Some(SERVICE_SECRET),
        service_settings(authentication),
    )
}

fn person_settings(authentication: &str) -> Value {
    json!({
        "redirect_uris": [CALLBACK],
        "post_logout_redirect_uris": [SIGNED_OUT],
        "client_authentication": authentication,
        "grants": ["authorization_code", "refresh_token"],
        "visibility": "everyone",
    })
}

fn device_settings() -> Value {
    json!({
        "client_authentication": "none",
        "grants": ["device_code", "refresh_token"],
        "visibility": "everyone",
    })
}

fn service_settings(authentication: &str) -> Value {
    json!({
        "client_authentication": authentication,
        "grants": ["client_credentials"],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_have_the_length_of_ids() {
        for id in [
            WEB,
            WEB_ES256,
            WEB_CONSENT,
            SPA,
            TELEVISION,
            SERVICE_BASIC,
            SERVICE_POST,
            SERVICE_ES256,
            SERVICE_RS256,
        ] {
            assert_eq!(id.len(), 20, "{id}");
        }
    }

    #[test]
    fn a_crowd_has_as_many_people_as_asked_for() {
        let document: Value = serde_json::from_str(&render_crowd_document(3)).unwrap();
        assert_eq!(
            document["orgs"][0]["people"].as_array().map(Vec::len),
            Some(3)
        );
    }
}
