//! What clients speak: version, cipher suite, group and application protocol of each handshake, per org, and why others
//! were refused. It is told twice: what is new to the control plane, and all since the start to whoever reads the metrics.

use rustls::{ServerConnection, SupportedCipherSuite};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use vocab::slug::Slug;
use wire::control::TlsCount;

/// Most kinds of handshakes that are counted apart; further ones are counted without their org.
const KINDS_MAX: usize = 20_000;
/// Most kinds without an org. Every part of one is a word of our own, so that there cannot be many.
const KINDS_WITHOUT_ORG_MAX: usize = 1_000;
/// Most counts of one report, so that it fits a request to the control plane.
const REPORT_MAX: usize = 500;

/// What a handshake agreed on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind {
    /// The org, if the server name told.
    pub slug: Option<Slug>,
    /// `TLSv1_3`.
    pub version: String,
    /// The cipher suite.
    pub suite: String,
    /// The key exchange group.
    pub group: String,
    /// The application protocol.
    pub alpn: String,
}

impl Kind {
    /// What a connection agreed on.
    #[must_use]
    pub fn of(connection: &ServerConnection, slug: Option<Slug>) -> Self {
        let named = |name: Option<String>| name.unwrap_or_else(|| String::from("none"));
        let group = connection.negotiated_key_exchange_group();
        let alpn = connection.alpn_protocol();
        Self {
            slug,
            version: named(connection.protocol_version().map(|v| format!("{v:?}"))),
            suite: named(connection.negotiated_cipher_suite().map(name_of_suite)),
            group: named(group.map(|group| format!("{:?}", group.name()))),
            // Ours, since we chose it among ours.
            alpn: named(alpn.map(|name| String::from_utf8_lossy(name).into_owned())),
        }
    }
}

fn name_of_suite(suite: SupportedCipherSuite) -> String {
    format!("{:?}", suite.suite())
}

/// Why a handshake did not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Refusal {
    /// The client named no host, or one for which we have no certificate.
    Name,
    /// A certificate for the host is being obtained.
    NotYet,
    /// It took too long.
    Late,
    /// The client broke off, or we found no protocol in common.
    Broken,
}

impl Refusal {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "unknown_name",
            Self::NotYet => "no_certificate_yet",
            Self::Late => "timeout",
            Self::Broken => "handshake_failed",
        }
    }
}

#[derive(Default)]
struct Count {
    handshakes: u64,
    told: u64,
}

#[derive(Default)]
struct Counts {
    kinds: HashMap<Kind, Count>,
    refusals: HashMap<Refusal, u64>,
}

/// The counts.
#[derive(Default)]
pub struct Inventory(Mutex<Counts>);

impl Inventory {
    /// Counts a handshake.
    pub fn count(&self, mut kind: Kind) {
        let mut counts = self.counts();
        if counts.kinds.len() >= KINDS_MAX && !counts.kinds.contains_key(&kind) {
            kind.slug = None;
        }
        let full = counts.kinds.len() >= KINDS_MAX + KINDS_WITHOUT_ORG_MAX;
        if full && !counts.kinds.contains_key(&kind) {
            return;
        }
        let count = counts.kinds.entry(kind).or_default();
        count.handshakes = count.handshakes.saturating_add(1);
    }

    /// Counts a handshake that did not come to its end.
    pub fn refuse(&self, refusal: Refusal) {
        *self.counts().refusals.entry(refusal).or_default() += 1;
    }

    /// What was not told to the control plane yet, at most as much as fits.
    #[must_use]
    pub fn news(&self) -> Vec<TlsCount> {
        let counts = self.counts();
        let new = counts.kinds.iter().filter_map(|(kind, count)| {
            let handshakes = count.handshakes - count.told;
            (handshakes > 0).then(|| render_count(kind, handshakes))
        });
        new.take(REPORT_MAX).collect()
    }

    /// The control plane has heard these.
    pub fn settle(&self, told: Vec<TlsCount>) {
        let mut counts = self.counts();
        for told in told {
            let kind = Kind {
                slug: told.slug,
                version: told.version,
                suite: told.suite,
                group: told.group,
                alpn: told.alpn,
            };
            if let Some(count) = counts.kinds.get_mut(&kind) {
                count.told = count
                    .told
                    .saturating_add(told.handshakes)
                    .min(count.handshakes);
            }
        }
    }

    /// All since the start, in the text form of Prometheus.
    #[must_use]
    pub fn render(&self) -> String {
        let counts = self.counts();
        let mut kinds: Vec<_> = counts.kinds.iter().collect();
        kinds.sort_by(|a, b| a.0.cmp(b.0));
        let mut refusals: Vec<_> = counts.refusals.iter().collect();
        refusals.sort();
        let mut text = String::from(
            "# HELP testudo_edge_tls_handshakes_total TLS handshakes by what they agreed on.\n\
             # TYPE testudo_edge_tls_handshakes_total counter\n",
        );
        // Writing into a text does not fail. No label needs an escape: all are words of ours, or short names.
        for (kind, count) in kinds {
            let org = kind.slug.as_ref().map_or("", Slug::as_str);
            let _ = writeln!(
                text,
                "testudo_edge_tls_handshakes_total{{org=\"{org}\",version=\"{}\",suite=\"{}\",group=\"{}\",alpn=\"{}\"}} {}",
                kind.version, kind.suite, kind.group, kind.alpn, count.handshakes
            );
        }
        text.push_str(
            "# HELP testudo_edge_tls_refused_total TLS handshakes that did not come to their end.\n\
             # TYPE testudo_edge_tls_refused_total counter\n",
        );
        for (refusal, count) in refusals {
            let reason = refusal.as_str();
            let _ = writeln!(
                text,
                "testudo_edge_tls_refused_total{{reason=\"{reason}\"}} {count}"
            );
        }
        text
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn render_count(kind: &Kind, handshakes: u64) -> TlsCount {
    TlsCount {
        slug: kind.slug.clone(),
        version: kind.version.clone(),
        suite: kind.suite.clone(),
        group: kind.group.clone(),
        alpn: kind.alpn.clone(),
        handshakes,
    }
}

#[cfg(test)]
mod tests {
    use super::{Inventory, KINDS_MAX, Kind, REPORT_MAX, Refusal};
    use vocab::slug::Slug;

    fn kind(slug: &str) -> Kind {
        Kind {
            slug: Slug::parse(slug).ok(),
            version: String::from("TLSv1_3"),
            suite: String::from("TLS13_AES_256_GCM_SHA384"),
            group: String::from("X25519MLKEM768"),
            alpn: String::from("h2"),
        }
    }

    #[test]
    fn what_the_control_plane_heard_is_not_told_again() {
        let inventory = Inventory::default();
        inventory.count(kind("acme"));
        inventory.count(kind("acme"));
        let news = inventory.news();
        assert_eq!(news.iter().map(|count| count.handshakes).sum::<u64>(), 2);
        // It did not hear: the same is told once more.
        assert_eq!(inventory.news(), news);
        inventory.count(kind("acme"));
        inventory.settle(news);
        assert_eq!(inventory.news()[0].handshakes, 1);
        let news = inventory.news();
        inventory.settle(news);
        assert!(inventory.news().is_empty());
        let text = inventory.render();
        let line = "testudo_edge_tls_handshakes_total{org=\"acme\",version=\"TLSv1_3\",\
            suite=\"TLS13_AES_256_GCM_SHA384\",group=\"X25519MLKEM768\",alpn=\"h2\"} 3\n";
        assert!(text.contains(line), "{text}");
    }

    #[test]
    fn counts_are_bounded_and_none_is_lost() {
        let inventory = Inventory::default();
        for number in 0..KINDS_MAX + 5 {
            inventory.count(kind(&format!("org-{number}")));
        }
        assert_eq!(inventory.news().len(), REPORT_MAX);
        let text = inventory.render();
        assert_eq!(text.matches("handshakes_total{").count(), KINDS_MAX + 1);
        let rest = text.lines().find(|line| line.contains("org=\"\"")).unwrap();
        assert!(rest.ends_with(" 5"), "{rest}");
    }

    #[test]
    fn refusals_are_counted_by_reason() {
        let inventory = Inventory::default();
        inventory.refuse(Refusal::Name);
        inventory.refuse(Refusal::Name);
        inventory.refuse(Refusal::Late);
        let text = inventory.render();
        for line in ["{reason=\"unknown_name\"} 2\n", "{reason=\"timeout\"} 1\n"] {
            assert!(text.contains(line), "{text}");
        }
    }
}
