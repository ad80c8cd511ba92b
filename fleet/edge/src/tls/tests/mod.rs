//! Handshakes with a real client of TLS: what is agreed on, who is shown what, and who is refused how.

pub(crate) mod world;

use crate::tls::certificate::{Age, Certificate, CertificateError, Name, decide_age};
use crate::tls::files::Files;
use crate::tls::handshake::Front;
use crate::tls::local::LocalAuthority;
use crate::tls::sources::{Maker, Sources};
use rustls::crypto::aws_lc_rs::kx_group::{SECP256R1, X25519, X25519MLKEM768};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{AlertDescription, HandshakeKind, NamedGroup, ProtocolVersion};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
use tokio_rustls::client::TlsStream;
use vocab::time::{SystemClock, Timestamp};
use world::{Speech, TestAuthority, client_config, front, hosts, kit, shake};

struct Place {
    authority: TestAuthority,
    front: Front,
    _folder: TempDir,
}

/// A front with two orgs' own files, a file for all orgs below the fleet, and one for an address.
fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new();
    for (file, names) in [
        ("fleet", vec!["id.test", "*.id.test"]),
        ("acme", vec!["login.acme.test"]),
        ("globex", vec!["login.globex.test"]),
        ("address", vec!["192.0.2.1"]),
    ] {
        let made = authority.make(&names, -1, 60);
        std::fs::write(folder.path().join(format!("{file}.pem")), made.chain).unwrap();
        std::fs::write(folder.path().join(format!("{file}.key")), made.key).unwrap();
    }
    let files = Files::open(folder.path(), kit(), Arc::new(SystemClock)).unwrap();
    let sources = Sources {
        files: Some(files),
        maker: None,
    };
    Place {
        front: front(sources, hosts(folder.path(), "https://id.test")),
        authority,
        _folder: folder,
    }
}

impl Place {
    async fn agree(&self, speech: Speech, host: &str) -> TlsStream<tokio::io::DuplexStream> {
        let config = client_config(&self.authority.root, speech);
        let (accepted, connected) = shake(&self.front, config, host).await;
        assert!(accepted.is_some());
        connected.unwrap()
    }

    async fn refuse(&self, speech: Speech, host: &str) -> AlertDescription {
        let config = client_config(&self.authority.root, speech);
        let (accepted, connected) = shake(&self.front, config, host).await;
        assert!(accepted.is_none());
        alert_of(&connected.err().unwrap())
    }

    fn counted(&self, part: &str) -> bool {
        self.front.inventory.render().contains(part)
    }
}

fn alert_of(error: &io::Error) -> AlertDescription {
    let cause = error.get_ref().unwrap().downcast_ref::<rustls::Error>();
    match cause.unwrap() {
        rustls::Error::AlertReceived(alert) => *alert,
        other => panic!("{other}"),
    }
}

fn with_groups(groups: &[&'static dyn rustls::crypto::SupportedKxGroup]) -> Speech {
    Speech {
        provider: CryptoProvider {
            kx_groups: groups.to_vec(),
            ..aws_lc_rs::default_provider()
        },
        ..Speech::default()
    }
}

#[tokio::test]
async fn the_newest_that_both_speak_is_agreed_on() {
    let place = place();
    let old = |provider| Speech {
        provider,
        versions: vec![&rustls::version::TLS12],
        alpn: vec![b"http/1.1".to_vec()],
    };
    let (new, tls12) = (ProtocolVersion::TLSv1_3, ProtocolVersion::TLSv1_2);
    let table = [
        (
            Speech::default(),
            new,
            NamedGroup::X25519MLKEM768,
            Some("h2"),
        ),
        // The client guessed X25519, and is asked for the better that it speaks as well.
        (
            with_groups(&[X25519, X25519MLKEM768]),
            new,
            NamedGroup::X25519MLKEM768,
            Some("h2"),
        ),
        (with_groups(&[X25519]), new, NamedGroup::X25519, Some("h2")),
        (
            with_groups(&[SECP256R1]),
            new,
            NamedGroup::secp256r1,
            Some("h2"),
        ),
        (
            old(aws_lc_rs::default_provider()),
            tls12,
            NamedGroup::X25519,
            Some("http/1.1"),
        ),
        (
            Speech {
                alpn: Vec::new(),
                ..Speech::default()
            },
            new,
            NamedGroup::X25519MLKEM768,
            None,
        ),
    ];
    for (speech, version, group, alpn) in table {
        let stream = place.agree(speech, "login.acme.test").await;
        let (_, connection) = stream.get_ref();
        assert_eq!(connection.protocol_version(), Some(version));
        let agreed = connection.negotiated_key_exchange_group().unwrap();
        assert_eq!(agreed.name(), group);
        assert_eq!(connection.alpn_protocol(), alpn.map(str::as_bytes));
    }
    for part in [
        "org=\"acme\",version=\"TLSv1_3\",suite=\"TLS13_AES_256_GCM_SHA384\",group=\"X25519MLKEM768\",alpn=\"h2\"} 2",
        "version=\"TLSv1_2\",suite=\"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384\",group=\"X25519\",alpn=\"http/1.1\"} 1",
        "group=\"X25519MLKEM768\",alpn=\"none\"} 1",
    ] {
        assert!(
            place.counted(part),
            "{part} in {}",
            place.front.inventory.render()
        );
    }
    let strange = Speech {
        alpn: vec![b"gopher".to_vec()],
        ..Speech::default()
    };
    let alert = place.refuse(strange, "login.acme.test").await;
    assert_eq!(alert, AlertDescription::NoApplicationProtocol);
    assert!(place.counted("reason=\"handshake_failed\"} 1"));
}

#[tokio::test]
async fn each_host_is_shown_its_own_certificate_and_no_other_one() {
    let place = place();
    for (host, org) in [
        ("login.acme.test", "acme"),
        ("acme.id.test", "acme"),
        ("globex.id.test", "globex"),
        ("id.test", ""),
        ("nobody.id.test", ""),
        // By address: the client sends no name.
        ("192.0.2.1", ""),
    ] {
        place.agree(Speech::default(), host).await;
        assert!(
            place.counted(&format!("org=\"{org}\",version=\"TLSv1_3\"")),
            "{host}"
        );
    }
    for host in [
        "evil.test",
        "a.b.id.test",
        "acme.test",
        "xlogin.acme.test",
        "login.acme.test.evil.test",
    ] {
        let alert = place.refuse(Speech::default(), host).await;
        assert_eq!(alert, AlertDescription::UnrecognisedName, "{host}");
    }
    assert!(place.counted("reason=\"unknown_name\"} 5"));
}

#[tokio::test]
async fn a_client_that_names_no_host_gets_nothing_where_no_certificate_is_for_the_address() {
    let place = place();
    let (ours, theirs) = duplex(64 * 1024);
    let config = Arc::new(client_config(&place.authority.root, Speech::default()));
    let name = rustls_pki_types::ServerName::try_from("192.0.2.2").unwrap();
    let connector = tokio_rustls::TlsConnector::from(config);
    let (accepted, connected) = tokio::join!(
        place.front.accept(
            ours,
            "::ffff:192.0.2.2".parse().unwrap(),
            place.front.deadline()
        ),
        connector.connect(name, theirs)
    );
    assert!(accepted.is_none());
    assert_eq!(
        alert_of(&connected.err().unwrap()),
        AlertDescription::UnrecognisedName
    );
}

#[tokio::test]
async fn a_session_is_resumed_at_its_host_alone() {
    let place = place();
    let config = Arc::new(client_config(&place.authority.root, Speech::default()));
    let mut kinds = Vec::new();
    for host in ["login.acme.test", "login.acme.test", "login.globex.test"] {
        let (accepted, connected) = shake(&place.front, Arc::clone(&config), host).await;
        let (mut ours, mut theirs) = (accepted.unwrap().0, connected.unwrap());
        kinds.push(theirs.get_ref().1.handshake_kind());
        // Tickets come after the handshake, and are taken with what is read.
        ours.write_all(b"x").await.unwrap();
        theirs.read_u8().await.unwrap();
    }
    let full = Some(HandshakeKind::Full);
    assert_eq!(kinds, [full, Some(HandshakeKind::Resumed), full]);
}

#[tokio::test]
async fn one_deadline_ends_every_handshake() {
    let mut place = place();
    place.front.handshake_max = Duration::from_millis(5);
    // The first has the form of the beginning of a TLS record.
    for sent in [&[22_u8, 3, 1, 2][..], &[]] {
        let (ours, mut theirs) = duplex(1024);
        theirs.write_all(sent).await.unwrap();
        let front = &place.front;
        let local = "192.0.2.1".parse().unwrap();
        let accepted = front.accept(ours, local, front.deadline()).await;
        assert!(accepted.is_none());
    }
    assert!(place.counted("reason=\"timeout\"} 2"));
}

#[tokio::test]
async fn what_is_no_tls_is_refused() {
    let place = place();
    for sent in [
        "GET / HTTP/1.1\r\nhost: id.test\r\n\r\n",
        "\0\0\0\0\0\0\0\0",
        "\u{16}\u{3}\u{1}\0\u{1}x",
    ] {
        let (ours, mut theirs) = duplex(1024);
        theirs.write_all(sent.as_bytes()).await.unwrap();
        theirs.shutdown().await.unwrap();
        let front = &place.front;
        let local = "192.0.2.1".parse().unwrap();
        let accepted = front.accept(ours, local, front.deadline()).await;
        assert!(accepted.is_none(), "{sent:?}");
    }
    assert!(place.counted("reason=\"handshake_failed\"} 3"));
}

#[tokio::test]
async fn nobody_proves_a_host_that_was_not_asked_for() {
    let place = place();
    let speech = Speech {
        alpn: vec![b"acme-tls/1".to_vec()],
        ..Speech::default()
    };
    let alert = place.refuse(speech, "login.acme.test").await;
    assert_eq!(alert, AlertDescription::NoApplicationProtocol);
}

#[tokio::test]
async fn a_connection_carries_the_hosts_of_its_certificate_and_of_its_org() {
    let place = place();
    let config = client_config(&place.authority.root, Speech::default());
    let config = Arc::new(config);
    for (named, wanted, carried) in [
        ("login.acme.test", "login.acme.test", true),
        ("login.acme.test", "acme.id.test", true),
        ("login.acme.test", "login.globex.test", false),
        ("login.acme.test", "globex.id.test", false),
        ("login.acme.test", "id.test", false),
        ("login.acme.test", "evil.test", false),
        ("acme.id.test", "globex.id.test", true),
        ("acme.id.test", "id.test", true),
        ("acme.id.test", "login.acme.test", true),
        ("globex.id.test", "login.acme.test", false),
        ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "id.test", false),
    ] {
        let (accepted, _) = shake(&place.front, Arc::clone(&config), named).await;
        let session = accepted.unwrap().1;
        assert_eq!(
            session.carries(wanted, &place.front.hosts),
            carried,
            "{named} {wanted}"
        );
    }
}

#[tokio::test]
async fn the_authority_of_this_machine_makes_certificates_for_hosts_that_we_know() {
    let folder = tempfile::tempdir().unwrap();
    let open = |origin: &str| {
        let hosts = hosts(folder.path(), origin);
        let local = folder.path().join("local");
        LocalAuthority::open_or_create(&local, hosts, kit(), Arc::new(SystemClock)).unwrap()
    };
    let local = open("https://localhost:8443");
    let first = std::fs::read(local.root_path()).unwrap();
    let pem = rustls_pki_types::pem::PemObject::from_pem_slice(&first);
    let root: rustls_pki_types::CertificateDer<'static> = pem.unwrap();
    let sources = Sources {
        files: None,
        maker: Some(Maker::Local(local.clone())),
    };
    let front = front(sources, hosts(folder.path(), "https://localhost:8443"));
    let config = Arc::new(client_config(&root, Speech::default()));
    for host in [
        "localhost",
        "acme.localhost",
        "login.acme.test",
        "acme.localhost",
    ] {
        let (_, connected) = shake(&front, Arc::clone(&config), host).await;
        connected.unwrap();
    }
    for host in ["nobody.localhost", "evil.test", "192.0.2.1"] {
        let (_, connected) = shake(&front, Arc::clone(&config), host).await;
        let alert = alert_of(&connected.err().unwrap());
        assert_eq!(alert, AlertDescription::UnrecognisedName, "{host}");
    }
    assert_eq!(local.kept_count(), 3);
    let told = front.sources.render();
    let line = "testudo_edge_tls_certificate_ends_seconds{host=\"login.acme.test\"} ";
    assert!(told.contains(line), "{told}");
    assert!(
        local
            .find("127.0.0.1")
            .unwrap()
            .unwrap()
            .covers("127.0.0.1")
    );
    assert!(local.find("[::1]").unwrap().unwrap().covers("[::1]"));
    // The root is made once.
    assert_eq!(
        std::fs::read(open("https://localhost:8443").root_path()).unwrap(),
        first
    );
    let mode = |file: &str| {
        use std::os::unix::fs::MetadataExt as _;
        std::fs::metadata(folder.path().join("local").join(file))
            .unwrap()
            .mode()
            & 0o777
    };
    assert_eq!(mode("root-key.pem"), 0o600);
}

#[test]
fn a_root_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let open = |clock: Timestamp| {
        let hosts = hosts(folder.path(), "https://localhost");
        let clock = Arc::new(vocab::time::ManualClock::new(clock));
        let local = folder.path().join("local");
        LocalAuthority::open_or_create(&local, hosts, kit(), clock)
    };
    let now = vocab::time::Clock::now(&SystemClock);
    open(now).unwrap();
    let error = open(now.plus_secs(3_640 * world::DAY)).err().unwrap();
    assert!(error.to_string().contains("it ends at"), "{error}");
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    std::fs::write(folder.path().join("local/root-key.pem"), key).unwrap();
    let error = open(now).err().unwrap();
    assert!(
        error.to_string().contains("is the key of another one"),
        "{error}"
    );
    std::fs::write(folder.path().join("local/root.pem"), "nonsense").unwrap();
    let error = open(now).err().unwrap();
    assert!(
        error
            .to_string()
            .contains("root.pem: it holds no certificate"),
        "{error}"
    );
}

#[test]
fn ages_have_sharp_edges() {
    let at = |day: i64| Timestamp::from_seconds(day * world::DAY);
    for (begins, ends, now, age) in [
        (0, 90, -1, Age::NotYet),
        (0, 90, 0, Age::Good),
        (0, 90, 75, Age::Good),
        (0, 90, 76, Age::EndsSoon),
        (0, 90, 90, Age::EndsSoon),
        (0, 90, 91, Age::Ended),
        (0, 6, 4, Age::Good),
        (0, 3_650, 3_619, Age::Good),
        (0, 3_650, 3_621, Age::EndsSoon),
        (5, 1, 3, Age::NotYet),
    ] {
        assert_eq!(
            decide_age(at(begins), at(ends), at(now)),
            age,
            "{begins} {ends} {now}"
        );
    }
}

#[test]
fn what_cannot_be_shown_is_refused_with_a_reason() {
    let authority = TestAuthority::new();
    let (one, other) = (
        authority.make(&["a.test"], -1, 1),
        authority.make(&["b.test"], -1, 1),
    );
    let read = |chain: &str, key: &str| {
        Certificate::from_pem(&kit(), chain.as_bytes(), key.as_bytes()).map(|_| ())
    };
    read(&one.chain, &one.key).unwrap();
    // One text with both, whatever stands first.
    let both = format!("{}{}", one.key, one.chain);
    read(&both, &both).unwrap();
    let long = one.chain.repeat(11);
    let unnamed = authority.make(&[], -1, 1);
    let root = rcgen::KeyPair::generate().unwrap();
    type Fits = fn(&CertificateError) -> bool;
    let table: [(&str, &str, Fits); 6] = [
        ("", &one.key, |e| {
            matches!(e, CertificateError::NoCertificate)
        }),
        (&one.chain, "", |e| matches!(e, CertificateError::NoKey(_))),
        (&one.chain, &other.key, |e| {
            matches!(e, CertificateError::Unusable(_))
        }),
        (&long, &one.key, |e| {
            matches!(e, CertificateError::LongChain)
        }),
        (&unnamed.chain, &unnamed.key, |e| {
            matches!(e, CertificateError::NoNames)
        }),
        (&one.chain, &root.serialize_pem(), |e| {
            matches!(e, CertificateError::Unusable(_))
        }),
    ];
    for (chain, key, fits) in table {
        let error = read(chain, key).err().unwrap();
        assert!(fits(&error), "{error}");
    }
    let (cut, _) = one.chain.split_at(one.chain.len() / 2);
    assert!(read(cut, &one.key).is_err());
}

#[test]
fn names_are_those_that_hosts_have() {
    let host = |text: &str| Some(Name::Host(text.to_owned()));
    for (text, name) in [
        ("A.Test", host("a.test")),
        ("*.a.test", Some(Name::Below(String::from("a.test")))),
        ("localhost", host("localhost")),
        ("*", None),
        ("a.*.test", None),
        ("x*.test", None),
        ("*.*.test", None),
        ("192.0.2.1", None),
        ("a b", None),
        ("", None),
    ] {
        assert_eq!(Name::parse(text), name, "{text}");
    }
}
