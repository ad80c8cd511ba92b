//! TLS of the program's own, TLS of a proxy in front of it, and which forwarding headers are believed when.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use http::HeaderName;
use serde_json::{Value, json};
use testbed::companion::Companion;
use testbed::connection::Connection;
use testbed::instance::{Instance, Plan, free_address};
use testbed::scratch::Scratch;
use testbed::{bootstrap, refusal, script, store};

/// Certificates as an operator would have them.
struct Certificates {
    _scratch: Scratch,
    made: Value,
}

impl Certificates {
    fn make() -> anyhow::Result<Self> {
        let scratch = Scratch::new("certificates")?;
        let made = script::run_python("make_certificate.py", &json!({ "folder": scratch.path() }))?;
        Ok(Self {
            _scratch: scratch,
            made,
        })
    }

    fn path(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.made.get(name).and_then(Value::as_str);
        Ok(PathBuf::from(path.context("no such file was made")?))
    }

    fn arguments(&self) -> anyhow::Result<Vec<String>> {
        let text = |name| anyhow::Ok(self.path(name)?.display().to_string());
        Ok(vec![
            "--tls-certificate".to_owned(),
            text("certificate")?,
            "--tls-key".to_owned(),
            text("key")?,
        ])
    }
}

fn plan(arguments: Vec<String>) -> Plan {
    Plan {
        bootstrap: Some(bootstrap::render_clients_document(&bootstrap::Keys::none())),
        arguments,
        ..Plan::default()
    }
}

/// Tries every version of TLS.
fn probe(address: SocketAddr, root: &Path, control: &Certificates) -> anyhow::Result<Value> {
    let input = json!({
        "port": address.port(),
        "root": root,
        "control": {
            "certificate": control.path("certificate")?,
            "key": control.path("key")?,
            "root": control.path("root")?,
        },
    });
    script::run_python("tls_probe.py", &input)
}

fn judge_versions(seen: &Value) -> anyhow::Result<()> {
    for version in ["1.2", "1.3"] {
        let agreed = &seen["versions"][version];
        anyhow::ensure!(
            agreed["version"] == format!("TLSv{version}") && agreed["status"] == "200",
            "TLS {version} came to {agreed}"
        );
        anyhow::ensure!(agreed["alpn"] == "http/1.1", "no protocol agreed: {agreed}");
    }
    let refused = seen["versions"]["1.1"]["refused"].as_str();
    anyhow::ensure!(
        // An alert of the server's, not a scruple of the client's: the control has shown that it has none.
        refused.is_some_and(|why| why.contains("_ALERT_")),
        "TLS 1.1 came to {seen}"
    );
    let untrusted = seen["untrusted"]["refused"].as_str();
    anyhow::ensure!(
        untrusted.is_some_and(|why| why.contains("CERTIFICATE_VERIFY_FAILED")),
        "a client without the root came to {seen}"
    );
    Ok(())
}

/// Authlib signs a person in over TLS, trusting that root alone.
fn sign_in(origin: &str, root: &Path) -> anyhow::Result<()> {
    let input = json!({
        "issuer": origin,
        "root": root,
        "login": bootstrap::PERSON,
        "password": bootstrap::PASSWORD,
        "redirect_uri": bootstrap::CALLBACK,
        "client_id": bootstrap::WEB,
        "client_secret": bootstrap::WEB_SECRET,
    });
    script::run_python("authlib_code_flow.py", &input).map(drop)
}

#[test]
fn the_local_authority_is_trusted_by_whoever_is_given_its_root() {
    let control = Certificates::make().unwrap();
    let mut instance =
        Instance::start(plan(vec!["--tls".to_owned(), "self-signed".to_owned()])).unwrap();
    assert!(instance.origin().starts_with("https://localhost:"));
    let root = instance.local_root().unwrap().to_path_buf();
    judge_versions(&probe(instance.peer().address, &root, &control).unwrap()).unwrap();
    sign_in(&instance.origin(), &root).unwrap();

    // Whoever trusts it today trusts it tomorrow.
    let before = std::fs::read(&root).unwrap();
    instance.stop().unwrap();
    instance.restart().unwrap();
    assert_eq!(std::fs::read(&root).unwrap(), before);
    sign_in(&instance.origin(), &root).unwrap();
}

#[test]
fn own_certificate_files_are_served() {
    let own = Certificates::make().unwrap();
    let instance = Instance::start(plan(own.arguments().unwrap())).unwrap();
    let root = own.path("root").unwrap();
    judge_versions(&probe(instance.peer().address, &root, &own).unwrap()).unwrap();
    sign_in(&instance.origin(), &root).unwrap();
}

#[test]
fn a_certificate_and_the_key_of_another_are_refused() {
    let (own, other) = (Certificates::make().unwrap(), Certificates::make().unwrap());
    let mut arguments = own.arguments().unwrap();
    arguments[3] = other.path("key").unwrap().display().to_string();
    let scratch = Scratch::new("mismatch").unwrap();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    refusal::expect_up(
        &scratch.path().join("data"),
        &words,
        &["certificate", "key"],
    )
    .unwrap();
}

#[test]
fn a_real_proxy_in_front_terminates_tls() {
    let certificates = Certificates::make().unwrap();
    let (front, back) = (free_address().unwrap(), free_address().unwrap());
    let origin = format!("https://localhost:{}", front.port());
    let mut instance = Instance::start(Plan {
        listen: Some(back),
        ..plan(vec![
            "--behind-proxy".to_owned(),
            "--origin".to_owned(),
            origin.clone(),
        ])
    })
    .unwrap();
    assert_eq!(instance.origin(), origin);
    let bundle = certificates.path("bundle").unwrap();
    let _proxy = Companion::haproxy(front, &bundle, back).unwrap();
    sign_in(&origin, &certificates.path("root").unwrap()).unwrap();
    instance.stop().unwrap();
    // The proxy says who connected to it.
    let addresses = store::sign_in_addresses(&instance.data()).unwrap();
    assert_eq!(addresses, ["127.0.0.1"]);
}

/// A wrong password, with forged or honest headers of a proxy; and what the program says it is called.
async fn knock(instance: &Instance, headers: &[(&'static str, &str)]) -> anyhow::Result<String> {
    let mut agent = testbed::agent::Agent::new(Connection::new(instance.peer().clone()), &[]);
    for (name, value) in headers {
        agent.add_header(HeaderName::from_static(name), value);
    }
    let person = testbed::agent::Person {
        login: bootstrap::PERSON.to_owned(),
        password: bootstrap::PASSWORD.to_owned(),
    };
    let testbed::agent::Arrival::Page(metadata) =
        agent.open("/.well-known/openid-configuration").await?
    else {
        anyhow::bail!("discovery leads elsewhere");
    };
    agent.stop_at(&["/apps"]);
    agent.sign_in("/signin?continue=%2Fapps", &person).await?;
    let issuer = metadata.reply.json()?["issuer"].clone();
    issuer.as_str().map(str::to_owned).context("no issuer")
}

async fn addresses_behind(arguments: Vec<String>) -> anyhow::Result<Vec<String>> {
    let mut instance = Instance::start(plan(arguments))?;
    let origin = instance.origin();
    let forged = [
        ("x-forwarded-for", "198.51.100.7, 203.0.113.9"),
        ("x-forwarded-host", "evil.example.com"),
        ("x-forwarded-proto", "https"),
        (
            "forwarded",
            "for=192.0.2.60;host=evil.example.com;proto=https",
        ),
        ("x-real-ip", "192.0.2.61"),
    ];
    let issuer = knock(&instance, &forged).await?;
    anyhow::ensure!(issuer == origin, "a header made it call itself {issuer}");
    instance.stop()?;
    store::sign_in_addresses(&instance.data())
}

#[tokio::test]
async fn forwarding_headers_are_believed_behind_a_proxy_alone() {
    let direct = addresses_behind(Vec::new()).await.unwrap();
    assert_eq!(direct, ["127.0.0.1"]);
    // The last entry is the one that our own proxy added.
    let proxied = addresses_behind(vec!["--behind-proxy".to_owned()])
        .await
        .unwrap();
    assert_eq!(proxied, ["203.0.113.9"]);
}

#[tokio::test]
async fn plain_http_to_a_tls_port_is_not_served() {
    let instance = Instance::start(plan(vec!["--tls".to_owned(), "self-signed".to_owned()]));
    let instance = instance.unwrap();
    let reply = Connection::new(instance.peer().clone())
        .get("/health/live", "")
        .await;
    assert!(reply.is_err(), "{reply:?}");
    // And the program has taken no harm.
    let control = Certificates::make().unwrap();
    let root = instance.local_root().unwrap().to_path_buf();
    judge_versions(&probe(instance.peer().address, &root, &control).unwrap()).unwrap();
}
