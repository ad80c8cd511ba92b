//! What the tests of TLS stand on: a route map with two orgs, certificates made on the spot, and a client.

use crate::address::Origin;
use crate::follower::Routes;
use crate::hosts::Hosts;
use crate::tls::handshake::{Front, HANDSHAKE_MAX, Session};
use crate::tls::inventory::Inventory;
use crate::tls::server_kit::ServerKit;
use crate::tls::sources::Sources;
use rcgen::{
    BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{DuplexStream, duplex};
use tokio_rustls::{TlsConnector, client, server};
use vocab::entropy::SeededEntropy;
use vocab::epoch::Epoch;
use vocab::id::OrgId;
use vocab::slug::Slug;
use vocab::time::{Clock as _, SystemClock, Timestamp};
use wire::names::{CellName, Host};
use wire::routes::entry::{Change, Entry, HostRoute, OrgRoute};
use wire::routes::follow::Delta;
use wire::routes::map::RouteMap;
use wire::routes::signature::{Head, RouteSigner, RouteVerifier};

pub(crate) const DAY: i64 = 86_400;

/// Hosts of the fleet `id.test`, with the orgs acme and globex, and a host that acme brought.
pub(crate) fn hosts(folder: &std::path::Path, origin: &str) -> Hosts {
    Hosts::new(Origin::new(&origin.parse().unwrap()), routes(folder))
}

pub(crate) fn routes(folder: &std::path::Path) -> Routes {
    let org = |slug: &str, seed| {
        Change::Put(Entry::Org(OrgRoute {
            slug: Slug::parse(slug).unwrap(),
            org: OrgId::generate(&SeededEntropy::new(seed)),
            cell: CellName::parse("cell-a").unwrap(),
            epoch: Epoch::FIRST,
        }))
    };
    let changes = vec![
        org("acme", 1),
        org("globex", 2),
        Change::Put(Entry::Host(HostRoute {
            host: Host::parse("login.acme.test").unwrap(),
            slug: Slug::parse("acme").unwrap(),
        })),
    ];
    let signer = RouteSigner::generate().unwrap();
    let verifier = RouteVerifier::from_hex(&signer.public_hex()).unwrap();
    let routes = Routes::open(folder, verifier);
    let map = RouteMap::default().apply(changes.clone()).unwrap();
    let head = signer.sign(Head {
        cursor: 1,
        root: map.root(),
        signed_at: Timestamp::from_seconds(1),
    });
    let whole = Delta {
        whole: true,
        after: 0,
        changes,
        head,
    };
    routes.take(whole).unwrap();
    routes
}

/// An authority that clients of these tests believe.
pub(crate) struct TestAuthority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) root: CertificateDer<'static>,
}

/// A chain and its key, in PEM form.
pub(crate) struct Made {
    pub(crate) chain: String,
    pub(crate) key: String,
}

impl TestAuthority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap();
        Self {
            root: root.der().clone(),
            issuer: Issuer::new(params, key),
        }
    }

    /// A certificate that is good from one day to another, counted from today.
    pub(crate) fn make(&self, names: &[&str], from_day: i64, to_day: i64) -> Made {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        let moment = |day: i64| {
            let secs = SystemClock.now().plus_secs(day * DAY).seconds();
            date_time_ymd(1970, 1, 1) + Duration::from_secs(secs.try_into().unwrap())
        };
        (params.not_before, params.not_after) = (moment(from_day), moment(to_day));
        let key = KeyPair::generate().unwrap();
        Made {
            chain: params.signed_by(&key, &self.issuer).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }
}

/// How a client speaks.
pub(crate) struct Speech {
    pub(crate) provider: CryptoProvider,
    pub(crate) versions: Vec<&'static rustls::SupportedProtocolVersion>,
    pub(crate) alpn: Vec<Vec<u8>>,
}

impl Default for Speech {
    fn default() -> Self {
        Self {
            provider: aws_lc_rs::default_provider(),
            versions: rustls::DEFAULT_VERSIONS.to_vec(),
            alpn: vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        }
    }
}

pub(crate) fn client_config(root: &CertificateDer<'static>, speech: Speech) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(speech.provider))
        .with_protocol_versions(&speech.versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = speech.alpn;
    config
}

pub(crate) fn front(sources: Sources, hosts: Hosts) -> Front {
    Front {
        sources,
        hosts,
        inventory: Arc::new(Inventory::default()),
        handshake_max: HANDSHAKE_MAX,
    }
}

pub(crate) fn kit() -> ServerKit {
    ServerKit::new().unwrap()
}

pub(crate) type Accepted = Option<(server::TlsStream<DuplexStream>, Session)>;
pub(crate) type Connected = io::Result<client::TlsStream<DuplexStream>>;

/// One handshake, from both sides.
pub(crate) async fn shake(
    front: &Front,
    config: impl Into<Arc<ClientConfig>>,
    host: &str,
) -> (Accepted, Connected) {
    let (ours, theirs) = duplex(64 * 1024);
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let connector = TlsConnector::from(config.into());
    let local = "192.0.2.1".parse().unwrap();
    tokio::join!(
        front.accept(ours, local, front.deadline()),
        connector.connect(name, theirs)
    )
}
