//! The map itself: look-up in well under a microsecond, a new map per change that shares all but what changed.

use crate::names::CellName;
use crate::routes::RouteError;
use crate::routes::entry::{
    ADDRESS_CHARS_MAX, CellRoute, Change, Entry, HostRoute, Key, OrgRoute, render_host, render_org,
};
use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// Orgs and hosts are spread over so many groups of so many buckets by the hash of their name. With a million orgs a bucket
/// has some fifteen: a look-up compares four names, and a change hashes one bucket, one group and the root again.
const GROUPS: usize = 256;
const BUCKETS: usize = 256;
/// Sets the hash of a route map apart from every other hash.
const DOMAIN: &[u8] = b"testudo route map 2\n";

/// SHA-256 over a route map.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    pub(super) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl TryFrom<String> for Digest {
    type Error = RouteError;
    fn try_from(text: String) -> Result<Self, RouteError> {
        parse_hex(&text)
            .map(Self)
            .ok_or(RouteError::Malformed("a digest is 64 hexadecimal digits"))
    }
}

/// Reads lower-case hexadecimal digits.
pub(super) fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0_u8; N];
    if text.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(pair).ok()?;
        let lower = digits
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        *byte = u8::from_str_radix(digits, 16).ok().filter(|_| lower)?;
    }
    Some(bytes)
}

#[derive(Debug, Clone)]
struct Bucket {
    /// In the order of their short names.
    orgs: Vec<Arc<OrgRoute>>,
    /// A mark of each of their names, in one line of the processor's cache: a look-up goes to one entry alone.
    marks: Vec<u32>,
    /// In the order of their names.
    hosts: Vec<Arc<HostRoute>>,
    digest: [u8; 32],
}

#[derive(Debug, Clone)]
struct Group {
    buckets: Vec<Arc<Bucket>>,
    digest: [u8; 32],
}

/// A route map. Clones share everything.
#[derive(Clone)]
pub struct RouteMap {
    groups: Arc<Vec<Arc<Group>>>,
    cells: Arc<BTreeMap<CellName, CellRoute>>,
    orgs_count: usize,
    hosts_count: usize,
    root: Digest,
}

impl fmt::Debug for RouteMap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "RouteMap({} cells, {} orgs, {} hosts, {})",
            self.cells.len(),
            self.orgs_count,
            self.hosts_count,
            self.root
        )
    }
}

impl Default for RouteMap {
    fn default() -> Self {
        let mut empty = Bucket {
            orgs: Vec::new(),
            marks: Vec::new(),
            hosts: Vec::new(),
            digest: [0; 32],
        };
        empty.digest = hash_bucket(&empty);
        let buckets: Vec<_> = std::iter::repeat_n(Arc::new(empty), BUCKETS).collect();
        let group = Group {
            digest: hash_group(&buckets),
            buckets,
        };
        let groups: Vec<_> = std::iter::repeat_n(Arc::new(group), GROUPS).collect();
        let cells = BTreeMap::new();
        Self {
            root: hash_root(&cells, &groups),
            groups: Arc::new(groups),
            cells: Arc::new(cells),
            orgs_count: 0,
            hosts_count: 0,
        }
    }
}

impl RouteMap {
    /// The map after these changes, in their order. This one stays as it is.
    ///
    /// # Errors
    /// [`RouteError::Stale`] if an entry would go back to an older epoch, or be another one at the same epoch.
    pub fn apply(&self, changes: Vec<Change>) -> Result<Self, RouteError> {
        let mut work = self.begin();
        for change in changes {
            match change {
                Change::Put(entry) => work.put(entry)?,
                Change::Delete(key) => work.delete(&key),
            }
        }
        Ok(work.finish())
    }

    /// The map of these entries, taken as they come: a million of them never lie beside it in another form.
    pub(super) fn of_entries(
        entries: impl Iterator<Item = Result<Entry, RouteError>>,
    ) -> Result<Self, RouteError> {
        let mut work = Self::default().begin();
        for entry in entries {
            work.put(entry?)?;
        }
        Ok(work.finish())
    }

    fn begin(&self) -> Work {
        Work {
            groups: (*self.groups).clone(),
            touched: BTreeSet::new(),
            cells: self.cells.clone(),
            orgs_count: self.orgs_count,
            hosts_count: self.hosts_count,
        }
    }

    /// The hash over every entry.
    #[must_use]
    pub const fn root(&self) -> Digest {
        self.root
    }

    /// Where an org is served, by its short name.
    #[must_use]
    pub fn org_by_slug(&self, slug: &str) -> Option<&OrgRoute> {
        let place = place_of(slug);
        let bucket = self.bucket(&place)?;
        let mut marked = bucket.marks.iter().zip(&bucket.orgs);
        let found = marked.find(|(mark, org)| **mark == place.mark && org.slug.as_str() == slug);
        found.map(|(_, org)| org.as_ref())
    }

    /// Where an org is served, by a host name of its own.
    #[must_use]
    pub fn org_by_host(&self, host: &str) -> Option<&OrgRoute> {
        let bucket = self.bucket(&place_of(host))?;
        let at = find_host(bucket, host).ok()?;
        self.org_by_slug(bucket.hosts.get(at)?.slug.as_str())
    }

    /// There always is one.
    fn bucket(&self, place: &Place) -> Option<&Bucket> {
        let group = self.groups.get(place.group)?;
        group.buckets.get(place.bucket).map(Arc::as_ref)
    }

    /// A cell.
    #[must_use]
    pub fn cell(&self, name: &CellName) -> Option<&CellRoute> {
        self.cells.get(name)
    }

    /// All cells, by name.
    pub fn cells(&self) -> impl Iterator<Item = &CellRoute> {
        self.cells.values()
    }

    /// How many orgs there are.
    #[must_use]
    pub const fn orgs_count(&self) -> usize {
        self.orgs_count
    }

    /// How many entries of every kind there are.
    #[must_use]
    pub fn entries_count(&self) -> usize {
        self.cells.len() + self.orgs_count + self.hosts_count
    }

    /// Every host name that an org brought.
    pub fn hosts(&self) -> impl Iterator<Item = &HostRoute> {
        let buckets = self.groups.iter().flat_map(|group| &group.buckets);
        let hosts = buckets.flat_map(|bucket| &bucket.hosts);
        hosts.map(Arc::as_ref)
    }

    /// Every entry, in an order that depends on the entries alone.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        let cells = self.cells.values().cloned().map(Entry::Cell);
        let buckets = || self.groups.iter().flat_map(|group| &group.buckets);
        let orgs = buckets().flat_map(|bucket| &bucket.orgs);
        let hosts = buckets().flat_map(|bucket| &bucket.hosts);
        cells
            .chain(orgs.map(|org| Entry::Org(org.as_ref().clone())))
            .chain(hosts.map(|host| Entry::Host(host.as_ref().clone())))
    }
}

/// A map that is being changed.
struct Work {
    groups: Vec<Arc<Group>>,
    touched: BTreeSet<(usize, usize)>,
    cells: Arc<BTreeMap<CellName, CellRoute>>,
    orgs_count: usize,
    hosts_count: usize,
}

impl Work {
    fn put(&mut self, entry: Entry) -> Result<(), RouteError> {
        match entry {
            Entry::Cell(cell) => self.put_cell(cell),
            Entry::Org(org) => self.put_org(org),
            Entry::Host(host) => {
                self.put_host(host);
                Ok(())
            }
        }
    }

    fn put_cell(&mut self, cell: CellRoute) -> Result<(), RouteError> {
        if cell.address.len() > ADDRESS_CHARS_MAX {
            return Err(RouteError::Malformed("the address of a cell is too long"));
        }
        if let Some(known) = self.cells.get(&cell.name) {
            let stale = cell.epoch < known.epoch || (cell.epoch == known.epoch && cell != *known);
            check_age(stale, cell.name.as_str(), known.epoch, cell.epoch)?;
        }
        Arc::make_mut(&mut self.cells).insert(cell.name.clone(), cell);
        Ok(())
    }

    fn put_org(&mut self, mut org: OrgRoute) -> Result<(), RouteError> {
        // One text for a cell's name, however many orgs it has.
        if let Some((name, _)) = self.cells.get_key_value(&org.cell) {
            org.cell = name.clone();
        }
        let place = place_of(org.slug.as_str());
        let Some(bucket) = self.touch(&place) else {
            return Ok(());
        };
        match find_org(bucket, org.slug.as_str()) {
            Ok(at) => {
                let Some(route) = bucket.orgs.get_mut(at) else {
                    return Ok(());
                };
                let known = route.as_ref();
                let stale = known.org == org.org
                    && (org.epoch < known.epoch || (org.epoch == known.epoch && org != *known));
                check_age(stale, org.slug.as_str(), known.epoch, org.epoch)?;
                *route = Arc::new(org);
            }
            Err(at) => {
                bucket.orgs.insert(at, Arc::new(org));
                bucket.marks.insert(at, place.mark);
                self.orgs_count += 1;
            }
        }
        Ok(())
    }

    fn put_host(&mut self, host: HostRoute) {
        let Some(bucket) = self.touch(&place_of(host.host.as_str())) else {
            return;
        };
        match find_host(bucket, host.host.as_str()) {
            Ok(at) => {
                if let Some(place) = bucket.hosts.get_mut(at) {
                    *place = Arc::new(host);
                }
            }
            Err(at) => {
                bucket.hosts.insert(at, Arc::new(host));
                self.hosts_count += 1;
            }
        }
    }

    fn delete(&mut self, key: &Key) {
        match key {
            Key::Cell(name) => {
                Arc::make_mut(&mut self.cells).remove(name);
            }
            Key::Org(slug) => {
                let Some(bucket) = self.touch(&place_of(slug.as_str())) else {
                    return;
                };
                if let Ok(at) = find_org(bucket, slug.as_str()) {
                    bucket.orgs.remove(at);
                    bucket.marks.remove(at);
                    self.orgs_count -= 1;
                }
            }
            Key::Host(host) => {
                let Some(bucket) = self.touch(&place_of(host.as_str())) else {
                    return;
                };
                if let Ok(at) = find_host(bucket, host.as_str()) {
                    bucket.hosts.remove(at);
                    self.hosts_count -= 1;
                }
            }
        }
    }

    /// The bucket of a name, to be changed. There always is one.
    fn touch(&mut self, place: &Place) -> Option<&mut Bucket> {
        let at = (place.group, place.bucket);
        self.touched.insert(at);
        self.bucket(at)
    }

    fn bucket(&mut self, (group, bucket): (usize, usize)) -> Option<&mut Bucket> {
        let group = self.groups.get_mut(group).map(Arc::make_mut)?;
        group.buckets.get_mut(bucket).map(Arc::make_mut)
    }

    fn finish(mut self) -> RouteMap {
        let touched = std::mem::take(&mut self.touched);
        for at in &touched {
            if let Some(bucket) = self.bucket(*at) {
                bucket.digest = hash_bucket(bucket);
            }
        }
        let groups: BTreeSet<usize> = touched.into_iter().map(|(group, _)| group).collect();
        for at in groups {
            if let Some(group) = self.groups.get_mut(at).map(Arc::make_mut) {
                group.digest = hash_group(&group.buckets);
            }
        }
        RouteMap {
            root: hash_root(&self.cells, &self.groups),
            groups: Arc::new(self.groups),
            cells: self.cells,
            orgs_count: self.orgs_count,
            hosts_count: self.hosts_count,
        }
    }
}

fn check_age(
    stale: bool,
    subject: &str,
    known: vocab::epoch::Epoch,
    offered: vocab::epoch::Epoch,
) -> Result<(), RouteError> {
    if stale {
        return Err(RouteError::Stale {
            subject: subject.to_owned(),
            known: known.number(),
            offered: offered.number(),
        });
    }
    Ok(())
}

/// Where a name stands, by the hash of it: nobody chooses names that crowd one place.
struct Place {
    group: usize,
    bucket: usize,
    mark: u32,
}

fn place_of(name: &str) -> Place {
    let mut bytes = [0; 6];
    if let Some(front) = digest(&SHA256, name.as_bytes()).as_ref().get(..6) {
        bytes.copy_from_slice(front);
    }
    let [group, bucket, mark @ ..] = bytes;
    Place {
        group: usize::from(group),
        bucket: usize::from(bucket),
        mark: u32::from_be_bytes(mark),
    }
}

fn find_org(bucket: &Bucket, slug: &str) -> Result<usize, usize> {
    bucket
        .orgs
        .binary_search_by(|org| org.slug.as_str().cmp(slug))
}

fn find_host(bucket: &Bucket, host: &str) -> Result<usize, usize> {
    bucket
        .hosts
        .binary_search_by(|route| route.host.as_str().cmp(host))
}

fn hash_bucket(bucket: &Bucket) -> [u8; 32] {
    let mut bytes = Vec::with_capacity(80 * (bucket.orgs.len() + bucket.hosts.len()));
    for org in &bucket.orgs {
        render_org(org, &mut bytes);
    }
    for host in &bucket.hosts {
        render_host(host, &mut bytes);
    }
    sha256(&bytes)
}

fn hash_group(buckets: &[Arc<Bucket>]) -> [u8; 32] {
    let mut bytes = Vec::with_capacity(32 * buckets.len());
    for bucket in buckets {
        bytes.extend_from_slice(&bucket.digest);
    }
    sha256(&bytes)
}

fn hash_root(cells: &BTreeMap<CellName, CellRoute>, groups: &[Arc<Group>]) -> Digest {
    let mut listed = Vec::new();
    for cell in cells.values() {
        Entry::Cell(cell.clone()).render(&mut listed);
    }
    let mut bytes = Vec::with_capacity(DOMAIN.len() + 32 * (groups.len() + 1));
    bytes.extend_from_slice(DOMAIN);
    bytes.extend_from_slice(&sha256(&listed));
    for group in groups {
        bytes.extend_from_slice(&group.digest);
    }
    Digest(sha256(&bytes))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}
