//! Against Pebble, the test server of the people who run the largest ACME authority. It looks at challenges as a real one
//! does, and remembers some proofs, so that a client that guesses fails.

mod pebble;

use crate::lobby::Lobby;
use crate::tls::acme::challenges::ChallengeKind;
use crate::tls::acme::{Acme, AcmeConfig, Known, Lent};
use crate::tls::certificate::Certificate;
use crate::tls::handshake::Front;
use crate::tls::sources::{Found, Maker, Sources};
use crate::tls::tests::world::{DAY, Speech, client_config, front, hosts, kit, shake};
use pebble::{Pebble, serve_lobby, serve_tls};
use rustls::AlertDescription;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinSet;
use vocab::entropy::{SeededEntropy, SystemEntropy};
use vocab::time::{Clock as _, ManualClock, SystemClock};

/// How long a state is waited for.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// How many orders may fail until one does not: the first finds out that the account is forgotten.
const TRIES_MAX: usize = 5;

struct Place {
    folder: TempDir,
    pebble: Pebble,
    clock: Arc<ManualClock>,
}

/// An edge that asks Pebble.
struct Edge {
    acme: Acme,
    front: Arc<Front>,
    jobs: JoinSet<()>,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            pebble: Pebble::start(),
            clock: Arc::new(ManualClock::new(SystemClock.now())),
        }
    }

    fn acme(&self, challenges: &[ChallengeKind]) -> Acme {
        let config = AcmeConfig {
            directory: self.pebble.directory(),
            roots: Some(self.pebble.roots()),
            contact: Some(String::from("operator@id.test")),
            challenges: challenges.to_vec(),
        };
        let lent = Lent {
            hosts: hosts(self.folder.path(), "https://id.test"),
            kit: kit(),
            clock: self.clock.clone(),
            entropy: Arc::new(SystemEntropy),
        };
        Acme::open(self.folder.path(), config, lent).unwrap()
    }

    /// An edge whose doors stand where Pebble looks.
    async fn edge(&self, challenges: &[ChallengeKind]) -> Edge {
        let acme = self.acme(challenges);
        let sources = Sources {
            files: None,
            maker: Some(Maker::Acme(acme.clone())),
        };
        let front = Arc::new(front(sources, hosts(self.folder.path(), "https://id.test")));
        let lobby = self.lobby(&acme);
        let mut jobs = JoinSet::new();
        jobs.spawn(super::run(acme.clone()));
        serve_tls(&mut jobs, self.pebble.tls_address, Arc::clone(&front)).await;
        serve_lobby(&mut jobs, self.pebble.http_address, lobby).await;
        Edge { acme, front, jobs }
    }

    fn lobby(&self, acme: &Acme) -> Lobby {
        Lobby::new(
            hosts(self.folder.path(), "https://id.test"),
            Some(acme.challenges().clone()),
            None,
            Arc::new(SeededEntropy::new(1)),
        )
    }

    fn kept(&self, file: &str) -> PathBuf {
        let mut authorities = std::fs::read_dir(self.folder.path().join("acme")).unwrap();
        authorities.next().unwrap().unwrap().path().join(file)
    }
}

impl Edge {
    /// The certificate of a host, as it is found when a client names the host.
    async fn certificate(&self, host: &str) -> Arc<Certificate> {
        match tokio::time::timeout(WAIT_MAX, self.acme.find(host)).await {
            Ok(Found::Certificate(certificate)) => certificate,
            other => panic!("{host}: {other:?}"),
        }
    }

    /// Ends with its doors closed.
    async fn end(mut self) {
        self.jobs.shutdown().await;
    }

    fn failures(&self, host: &str) -> u32 {
        let known = self.acme.known();
        known.get(host).map_or(0, |known| known.standing.failures)
    }

    /// Waits until what is known of a host is as wanted.
    async fn wait(&self, host: &str, wanted: impl Fn(&Known) -> bool) {
        let mut ended = self.acme.0.ended.subscribe();
        let reached = async {
            while !self.acme.known().get(host).is_some_and(&wanted) {
                ended.changed().await.unwrap();
            }
        };
        tokio::time::timeout(WAIT_MAX, reached).await.unwrap();
    }
}

#[tokio::test]
async fn each_way_of_proof_leads_to_a_certificate_that_clients_accept() {
    for kind in [ChallengeKind::TlsAlpn01, ChallengeKind::Http01] {
        let place = Place::new();
        let edge = place.edge(&[kind]).await;
        // What is foreseen comes by itself, what a client names when it does.
        for host in ["id.test", "login.acme.test", "globex.id.test"] {
            let certificate = edge.certificate(host).await;
            assert!(certificate.covers(host));
        }
        let root = place.pebble.root().await;
        let config = Arc::new(client_config(&root, Speech::default()));
        let (_, connected) = shake(&edge.front, Arc::clone(&config), "globex.id.test").await;
        connected.unwrap();
        // Nothing is asked for a host that is none of ours.
        for host in ["evil.test", "nobody.id.test", "a.b.id.test"] {
            assert!(matches!(edge.acme.find(host).await, Found::Nothing));
            let (_, connected) = shake(&edge.front, Arc::clone(&config), host).await;
            let error = connected.err().unwrap().to_string();
            assert!(
                error.contains(&format!("{:?}", AlertDescription::UnrecognisedName)),
                "{error}"
            );
        }
        assert_eq!(edge.acme.known().len(), 3);
        for file in [
            "account.json",
            "certificates/id.test.pem",
            "certificates/globex.id.test.pem",
        ] {
            let mode = std::fs::metadata(place.kept(file)).unwrap().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        // Nothing is shown to authorities that they did not just ask for.
        assert!(edge.acme.challenges().certificate("id.test").is_none());
    }
}

#[tokio::test]
async fn a_certificate_is_renewed_in_time_and_the_last_one_serves_while_nobody_signs() {
    let mut place = Place::new();
    let edge = place.edge(&[ChallengeKind::TlsAlpn01]).await;
    let first = edge.certificate("id.test").await;
    let life = first.ends.secs_since(first.begins);
    // Pebble's own clock goes on as ever: what it signs now lasts longer than what it signed before.
    place.clock.advance_secs(life / 2);
    assert!(!edge.acme.due().contains(&String::from("id.test")));
    place.pebble.stop();
    place.clock.advance_secs(life / 3);
    edge.wait("id.test", |known| known.standing.failures > 0)
        .await;
    assert_eq!(edge.certificate("id.test").await.ends, first.ends);
    // Another process, with nobody to ask: it starts and serves from its disk.
    edge.end().await;
    let edge = place.edge(&[ChallengeKind::TlsAlpn01]).await;
    assert_eq!(edge.certificate("id.test").await.ends, first.ends);
    edge.wait("id.test", |known| known.standing.failures > 0)
        .await;
    // The authority is back, and has forgotten all accounts: another one is made.
    place.pebble.start_again();
    let last = edge.certificate("id.test").await;
    let renewed = |known: &Known| {
        let now = known.certificate.as_ref();
        now.is_some_and(|now| !Arc::ptr_eq(now, &last))
    };
    for _ in 0..TRIES_MAX {
        let failures = edge.failures("id.test");
        place.clock.advance_secs(DAY);
        let moved_on = |known: &Known| renewed(known) || known.standing.failures > failures;
        edge.wait("id.test", moved_on).await;
        if edge.acme.known().get("id.test").is_some_and(renewed) {
            return;
        }
    }
    panic!("the certificate was not renewed");
}

#[tokio::test]
async fn another_way_of_proof_is_tried_where_one_is_closed() {
    let place = Place::new();
    let edge = place
        .edge(&[ChallengeKind::TlsAlpn01, ChallengeKind::Http01])
        .await;
    edge.certificate("id.test").await;
    edge.end().await;
    // From here on nobody answers at the door of TLS.
    let acme = place.acme(&[ChallengeKind::TlsAlpn01, ChallengeKind::Http01]);
    let lobby = place.lobby(&acme);
    let mut jobs = JoinSet::new();
    jobs.spawn(super::run(acme.clone()));
    serve_lobby(&mut jobs, place.pebble.http_address, lobby).await;
    let mut ended = acme.0.ended.subscribe();
    assert!(matches!(acme.find("globex.id.test").await, Found::NotYet));
    let failed = acme
        .known()
        .get("globex.id.test")
        .map(|known| known.standing.failures);
    assert_eq!(failed, Some(1));
    // Whoever comes before the pause is over is refused at once, and causes nothing.
    ended.mark_unchanged();
    assert!(matches!(acme.find("globex.id.test").await, Found::NotYet));
    assert!(!ended.has_changed().unwrap());
    place.clock.advance_secs(DAY);
    let found = tokio::time::timeout(WAIT_MAX, acme.find("globex.id.test")).await;
    assert!(matches!(found, Ok(Found::Certificate(_))));
}

#[tokio::test]
async fn what_was_kept_is_read_with_care() {
    let place = Place::new();
    drop(place.acme(&[ChallengeKind::TlsAlpn01]));
    for (file, text) in [
        ("certificates/id.test.pem", "nonsense"),
        ("certificates/acme.id.test.pem.new", "half"),
        ("account.json", "{"),
    ] {
        std::fs::write(place.kept(file), text).unwrap();
    }
    let edge = place.edge(&[ChallengeKind::Http01]).await;
    assert!(edge.certificate("id.test").await.covers("id.test"));
    let account = std::fs::read_to_string(place.kept("account.json")).unwrap();
    assert!(account.contains("key_pkcs8"), "{account}");
    // A host that is ours no more is shown no more, though its certificate is still there.
    std::fs::copy(
        place.kept("certificates/id.test.pem"),
        place.kept("certificates/gone.test.pem"),
    )
    .unwrap();
    let acme = place.acme(&[ChallengeKind::Http01]);
    assert!(matches!(acme.find("gone.test").await, Found::Nothing));
    let last = acme.all().iter().map(|one| one.ends).max().unwrap();
    let left = last.secs_since(place.clock.now());
    place.clock.advance_secs(left + 1);
    assert!(!acme.due().contains(&String::from("gone.test")));
    assert!(!place.kept("certificates/gone.test.pem").exists());
    assert!(place.kept("certificates/id.test.pem").exists());
}
