//! What clients of the fleet speak, as edges counted it since this control plane started.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use vocab::slug::Slug;
use vocab::time::Timestamp;
use wire::control::{TlsCount, TlsView};

/// Most kinds that are counted apart; further ones are counted without their org.
const KINDS_MAX: usize = 50_000;
/// Most kinds without an org.
const KINDS_WITHOUT_ORG_MAX: usize = 1_000;
/// Most counts of one report that are looked at.
const REPORT_MAX: usize = 1_000;
/// Longest word of a report. Edges name what is agreed on in words of the standards.
const WORD_CHARS_MAX: usize = 64;
/// Most kinds that are shown at once.
const SHOWN_MAX: usize = 1_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Kind {
    slug: Option<Slug>,
    version: String,
    suite: String,
    group: String,
    alpn: String,
}

/// The counts. Clones share them.
#[derive(Clone)]
pub struct TlsSeen {
    since: Timestamp,
    kinds: Arc<Mutex<HashMap<Kind, u64>>>,
}

impl TlsSeen {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(since: Timestamp) -> Self {
        Self {
            since,
            kinds: Arc::default(),
        }
    }

    /// Adds what an edge reported.
    pub fn add(&self, report: Vec<TlsCount>) {
        let mut kinds = self.kinds();
        for count in report.into_iter().take(REPORT_MAX) {
            let mut kind = Kind {
                slug: count.slug,
                version: bounded(count.version),
                suite: bounded(count.suite),
                group: bounded(count.group),
                alpn: bounded(count.alpn),
            };
            if kinds.len() >= KINDS_MAX && !kinds.contains_key(&kind) {
                kind.slug = None;
            }
            let full = kinds.len() >= KINDS_MAX + KINDS_WITHOUT_ORG_MAX;
            if full && !kinds.contains_key(&kind) {
                continue;
            }
            let known = kinds.entry(kind).or_default();
            *known = known.saturating_add(count.handshakes);
        }
    }

    /// What was seen, of one org if one is named; the most frequent first.
    #[must_use]
    pub fn view(&self, slug: Option<&Slug>) -> TlsView {
        let kinds = self.kinds();
        let wanted = kinds
            .iter()
            .filter(|(kind, _)| slug.is_none() || kind.slug.as_ref() == slug);
        let mut wanted: Vec<_> = wanted.collect();
        wanted.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        let more = wanted.len() > SHOWN_MAX;
        let shown = wanted.into_iter().take(SHOWN_MAX);
        let counts = shown.map(|(kind, handshakes)| TlsCount {
            slug: kind.slug.clone(),
            version: kind.version.clone(),
            suite: kind.suite.clone(),
            group: kind.group.clone(),
            alpn: kind.alpn.clone(),
            handshakes: *handshakes,
        });
        TlsView {
            since: self.since,
            counts: counts.collect(),
            more,
        }
    }

    fn kinds(&self) -> MutexGuard<'_, HashMap<Kind, u64>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bounded(word: String) -> String {
    if word.chars().count() <= WORD_CHARS_MAX {
        return word;
    }
    word.chars().take(WORD_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::{KINDS_MAX, SHOWN_MAX, TlsSeen, WORD_CHARS_MAX};
    use vocab::slug::Slug;
    use vocab::time::Timestamp;
    use wire::control::TlsCount;

    fn count(slug: &str, group: &str, handshakes: u64) -> TlsCount {
        TlsCount {
            slug: Slug::parse(slug).ok(),
            version: String::from("TLSv1_3"),
            suite: String::from("TLS13_AES_128_GCM_SHA256"),
            group: group.to_owned(),
            alpn: String::from("h2"),
            handshakes,
        }
    }

    #[test]
    fn reports_add_up_and_the_most_frequent_stand_first() {
        let seen = TlsSeen::new(Timestamp::from_seconds(1));
        seen.add(vec![
            count("acme", "X25519", 2),
            count("globex", "X25519", 1),
        ]);
        seen.add(vec![count("globex", "X25519", 4), count("", "X25519", 1)]);
        seen.add(vec![count("globex", "X25519MLKEM768", u64::MAX)]);
        seen.add(vec![count("globex", "X25519MLKEM768", 1)]);
        let view = seen.view(None);
        assert_eq!(view.since, Timestamp::from_seconds(1));
        let all = [
            count("globex", "X25519MLKEM768", u64::MAX),
            count("globex", "X25519", 5),
            count("acme", "X25519", 2),
            count("", "X25519", 1),
        ];
        assert_eq!(view.counts, all);
        let acme = seen.view(Slug::parse("acme").ok().as_ref());
        assert_eq!(acme.counts, [count("acme", "X25519", 2)]);
    }

    #[test]
    fn what_is_kept_and_shown_is_bounded() {
        let seen = TlsSeen::new(Timestamp::from_seconds(1));
        let long = "x".repeat(10_000);
        seen.add(vec![count("acme", &long, 9)]);
        assert_eq!(seen.view(None).counts[0].group.len(), WORD_CHARS_MAX);
        for number in 0..KINDS_MAX + 5 {
            seen.add(vec![count(&format!("org-{number}"), "X25519", 1)]);
        }
        let view = seen.view(None);
        assert!(view.more && view.counts.len() == SHOWN_MAX);
        let beyond = Slug::parse(&format!("org-{KINDS_MAX}")).ok();
        assert!(seen.view(beyond.as_ref()).counts.is_empty());
        let others = view.counts.iter().find(|count| count.slug.is_none());
        assert_eq!(others.unwrap().handshakes, 6);
    }
}
