//! A fleet that speaks TLS: a certificate for each host that it knows, and for no other; hosts that orgs bring.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use testbed::fleet::Fleet;
use testbed::{script, wait};

const CHANGE_MAX: Duration = Duration::from_secs(30);

/// A fleet that speaks TLS, and where its root lies.
struct Place {
    fleet: Fleet,
    port: u16,
}

/// What is asked: the name in the handshake, the host, the path, the version.
type Asked<'a> = (&'a str, &'a str, &'a str, &'a str);

impl Place {
    fn start() -> anyhow::Result<Self> {
        let fleet = Fleet::start_with(2, &["--tls", "local"])?;
        let port = fleet
            .origin
            .rsplit_once(':')
            .context("no port")?
            .1
            .parse()?;
        Ok(Self { fleet, port })
    }

    fn ask(&self, asked: &[Asked<'_>]) -> anyhow::Result<Vec<Value>> {
        let asked = asked.iter().map(|(name, host, path, version)| {
            json!({ "name": name, "host": host, "path": path, "version": version })
        });
        let input = json!({
            "port": self.port,
            "root": self.fleet.folder().join("edge-1/tls/root.pem"),
            "asked": asked.collect::<Vec<_>>(),
        });
        let said = script::run_python("fleet_tls.py", &input)?;
        Ok(said["answers"].as_array().context("no answers")?.clone())
    }

    /// Waits until a host is answered so.
    fn wait_for(&self, host: &str, wanted: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        wait::until(&format!("another answer at {host}"), CHANGE_MAX, || {
            let mut answers = self.ask(&[(host, host, "/signin", "1.3")])?;
            Ok(answers.pop().filter(|answer| wanted(answer)))
        })
    }
}

#[test]
fn each_host_of_a_fleet_has_its_certificate_and_orgs_bring_their_own() {
    let place = Place::start().unwrap();
    assert!(place.fleet.origin.starts_with("https://localhost:"));
    for (slug, cell) in [("acme", "cell-a"), ("globex", "cell-b")] {
        place.fleet.make_org(slug, cell).unwrap();
        place
            .wait_for(&format!("{slug}.localhost"), |answer| {
                answer["status"] == 200
            })
            .unwrap();
    }
    let answers = place
        .ask(&[
            ("acme.localhost", "acme.localhost", "/signin", "1.2"),
            ("localhost", "localhost", "/t/globex/signin", "1.3"),
            (
                "acme.localhost",
                "acme.localhost",
                "/oauth2/default/.well-known/openid-configuration",
                "1.3",
            ),
            ("acme.localhost", "globex.localhost", "/signin", "1.3"),
            ("nobody.localhost", "acme.localhost", "/signin", "1.3"),
            ("login.acme.test", "login.acme.test", "/signin", "1.3"),
        ])
        .unwrap();
    assert_eq!(
        (&answers[0]["status"], &answers[1]["status"]),
        (&json!(200), &json!(200))
    );
    let body = answers[2]["body"].as_str().unwrap();
    let issuer = format!("\"issuer\":\"https://acme.localhost:{}", place.port);
    assert!(body.contains(&issuer), "{}", answers[2]);
    assert_eq!(answers[3]["status"], 421, "{}", answers[3]);
    for refused in [&answers[4], &answers[5]] {
        assert_eq!(refused["refused"], "TLSV1_UNRECOGNIZED_NAME", "{refused}");
    }

    let hosts = place
        .fleet
        .ask(&["org", "host", "add", "acme", "login.acme.test"]);
    assert_eq!(hosts.unwrap(), json!(["login.acme.test"]));
    let answer = place.wait_for("login.acme.test", |answer| answer["status"] == 200);
    assert!(answer.unwrap()["body"].as_str().unwrap().contains("acme"));
    let taken = place
        .fleet
        .run(&["org", "host", "add", "globex", "login.acme.test"])
        .unwrap();
    assert_eq!(taken.code, Some(1));
    assert!(
        taken.said.contains("is another organisation's"),
        "{}",
        taken.said
    );
    let own = place
        .fleet
        .run(&["org", "host", "add", "acme", "x.localhost"])
        .unwrap();
    assert!(own.said.contains("are the fleet's own"), "{}", own.said);

    // What was agreed on is told per org.
    wait::until("what clients speak", CHANGE_MAX, || {
        let seen = place.fleet.ask(&["fleet", "tls", "--org", "acme"])?;
        let counts = seen["counts"].as_array().context("no counts")?;
        let old = counts.iter().find(|count| count["version"] == "TLSv1_2");
        Ok(old.filter(|count| count["alpn"] == "http/1.1").map(|_| ()))
    })
    .unwrap();

    place
        .fleet
        .ask(&["org", "host", "remove", "acme", "login.acme.test"])
        .unwrap();
    let gone = place
        .wait_for("login.acme.test", |answer| answer["status"] == Value::Null)
        .unwrap();
    assert_eq!(gone["refused"], "TLSV1_UNRECOGNIZED_NAME", "{gone}");
    assert_eq!(
        place.fleet.ask(&["org", "host", "list", "acme"]).unwrap(),
        json!([])
    );
}
