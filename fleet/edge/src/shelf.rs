//! The route map on an edge's disk: the whole map in one file, and beside it, where the map is large, the changes that came
//! since, so that one change among a million entries writes one change. Each change carries the signature of what comes of
//! it: the map that is read is one that was signed, and at worst an older one.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use wire::files::{read_bounded, write_durably};
use wire::routes::file::{WHOLE_BYTES_MAX, decode, encode};
use wire::routes::follow::{Delta, Followed, accept};
use wire::routes::signature::RouteVerifier;

/// The whole map.
const WHOLE_FILE: &str = "routes.map";
/// The changes since: each with its length before it.
const STEPS_FILE: &str = "routes.steps";
/// A map of so many entries is written whole with each change: that is a few hundred kilobytes.
const SMALL_ENTRIES_MAX: usize = 4_096;
/// Changes beside the whole map; each takes a fraction of a millisecond at the start.
const STEPS_MAX: usize = 2_000;
/// Largest file of changes.
const STEPS_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Where the map is kept. One process uses a folder at a time.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    /// How many changes lie beside the whole map.
    steps: AtomicUsize,
}

impl Shelf {
    /// The shelf of a data folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_path_buf(),
            steps: AtomicUsize::new(0),
        }
    }

    /// The newest map that proves itself; an empty one if there is none.
    #[must_use]
    pub fn load(&self, verifier: &RouteVerifier) -> Followed {
        let path = self.folder.join(WHOLE_FILE);
        let whole = match read_bounded(&path, WHOLE_BYTES_MAX) {
            Ok(Some(bytes)) => decode(&bytes, verifier),
            Ok(None) => {
                tracing::error!(path = %path.display(), max_bytes = WHOLE_BYTES_MAX, "the route map on disk is larger than any map is, and not read; one is asked for");
                return Followed::default();
            }
            Err(error) => {
                tracing::info!(%error, "there is no route map on disk yet");
                return Followed::default();
            }
        };
        match whole {
            Ok(whole) => self.catch_up(whole, verifier),
            Err(error) => {
                tracing::warn!(%error, "the route map on disk is not used; one is asked for");
                Followed::default()
            }
        }
    }

    /// Takes the changes that lie beside the whole map, up to the first that is cut off or does not prove itself.
    fn catch_up(&self, mut followed: Followed, verifier: &RouteVerifier) -> Followed {
        let bytes = read_bounded(&self.folder.join(STEPS_FILE), STEPS_BYTES_MAX);
        let bytes = bytes.ok().flatten().unwrap_or_default();
        let mut rest = bytes.as_slice();
        let mut count = 0;
        while let Some(step) = take_step(&mut rest) {
            count += 1;
            // The whole map was written after it.
            if step.head.head.cursor <= followed.cursor() {
                continue;
            }
            match accept(&followed, step, verifier) {
                Ok(next) => followed = next,
                Err(error) => {
                    tracing::warn!(%error, "changes of the route map on disk are not used");
                    break;
                }
            }
        }
        // What is left is no change: the next one must not come to lie behind it.
        let count = if rest.is_empty() { count } else { STEPS_MAX };
        self.steps.store(count, Ordering::Relaxed);
        followed
    }

    /// Writes the map whole.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, followed: &Followed) -> io::Result<()> {
        let Some(bytes) = encode(followed) else {
            return Ok(());
        };
        if bytes.len() as u64 > WHOLE_BYTES_MAX {
            let error = format!("the route map has more than {WHOLE_BYTES_MAX} bytes");
            return Err(io::Error::other(error));
        }
        write_durably(&self.folder, WHOLE_FILE, &bytes)?;
        self.steps.store(0, Ordering::Relaxed);
        match fs::remove_file(self.folder.join(STEPS_FILE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Writes these changes, which led to this map.
    ///
    /// # Errors
    /// What the file system says. The map must be written whole then: a change may be there in part.
    pub fn add(&self, followed: &Followed, steps: &[Delta]) -> io::Result<()> {
        let there = self.steps.load(Ordering::Relaxed);
        if followed.map.entries_count() <= SMALL_ENTRIES_MAX || there + steps.len() > STEPS_MAX {
            return self.write(followed);
        }
        let mut bytes = Vec::new();
        for step in steps {
            let text = serde_json::to_vec(step)?;
            let length = u32::try_from(text.len()).map_err(io::Error::other)?;
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(&text);
        }
        let mut file = File::options()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(self.folder.join(STEPS_FILE))?;
        if file.metadata()?.len().saturating_add(bytes.len() as u64) > STEPS_BYTES_MAX {
            return self.write(followed);
        }
        file.write_all(&bytes)?;
        file.sync_all()?;
        self.steps.store(there + steps.len(), Ordering::Relaxed);
        Ok(())
    }
}

/// The next change, if it is there whole.
fn take_step(bytes: &mut &[u8]) -> Option<Delta> {
    let (length, rest) = bytes.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (text, rest) = rest.split_at_checked(length)?;
    let step = serde_json::from_slice(text).ok()?;
    *bytes = rest;
    Some(step)
}

#[cfg(test)]
mod tests {
    use super::{SMALL_ENTRIES_MAX, STEPS_FILE, STEPS_MAX, Shelf, WHOLE_FILE};
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    use std::fs;
    use vocab::entropy::SeededEntropy;
    use vocab::epoch::Epoch;
    use vocab::id::OrgId;
    use vocab::slug::Slug;
    use vocab::time::Timestamp;
    use wire::names::CellName;
    use wire::routes::entry::{Change, Entry, OrgRoute};
    use wire::routes::file::WHOLE_BYTES_MAX;
    use wire::routes::follow::{Delta, Followed, accept};
    use wire::routes::signature::{Head, RouteSigner, RouteVerifier};

    struct Plane {
        signer: RouteSigner,
        verifier: RouteVerifier,
    }

    impl Plane {
        fn new() -> Self {
            let signer = RouteSigner::generate().unwrap();
            let verifier = RouteVerifier::from_hex(&signer.public_hex()).unwrap();
            Self { signer, verifier }
        }

        /// The map with so many more orgs, and the change that leads to it.
        fn grow(&self, known: &Followed, orgs: u64) -> (Followed, Delta) {
            let first = u64::try_from(known.map.orgs_count()).unwrap();
            let changes: Vec<_> = (first..first + orgs).map(org).collect();
            let map = known.map.apply(changes.clone()).unwrap();
            let head = self.signer.sign(Head {
                cursor: known.cursor() + 1,
                root: map.root(),
                signed_at: Timestamp::from_seconds(1),
            });
            let delta = Delta {
                whole: false,
                after: known.cursor(),
                changes,
                head,
            };
            let next = accept(known, delta.clone(), &self.verifier).unwrap();
            (next, delta)
        }
    }

    fn org(number: u64) -> Change {
        Change::Put(Entry::Org(OrgRoute {
            slug: Slug::parse(&format!("org-{number}")).unwrap(),
            org: OrgId::generate(&SeededEntropy::new(number)),
            cell: CellName::parse("cell-a").unwrap(),
            epoch: Epoch::FIRST,
        }))
    }

    #[test]
    fn changes_of_a_large_map_lie_beside_it_and_are_taken_at_the_start() {
        let (plane, folder) = (Plane::new(), tempfile::tempdir().unwrap());
        let shelf = Shelf::new(folder.path());
        let large = u64::try_from(SMALL_ENTRIES_MAX).unwrap() + 1;
        let (mut known, _) = plane.grow(&Followed::default(), large);
        shelf.write(&known).unwrap();
        let whole = fs::read(folder.path().join(WHOLE_FILE)).unwrap();
        for _ in 0..3 {
            let (next, step) = plane.grow(&known, 1);
            shelf.add(&next, &[step]).unwrap();
            known = next;
        }
        assert_eq!(fs::read(folder.path().join(WHOLE_FILE)).unwrap(), whole);
        let again = Shelf::new(folder.path());
        let found = again.load(&plane.verifier);
        assert_eq!((found.cursor(), found.map.root()), (4, known.map.root()));

        // A crash between the whole map and the end of the changes: these are older, and passed over.
        let steps = fs::read(folder.path().join(STEPS_FILE)).unwrap();
        again.write(&found).unwrap();
        fs::write(folder.path().join(STEPS_FILE), &steps).unwrap();
        assert_eq!(Shelf::new(folder.path()).load(&plane.verifier).cursor(), 4);
    }

    #[test]
    fn a_change_that_is_cut_off_or_changed_ends_the_way_and_none_comes_to_lie_behind_it() {
        let (plane, folder) = (Plane::new(), tempfile::tempdir().unwrap());
        let shelf = Shelf::new(folder.path());
        let large = u64::try_from(SMALL_ENTRIES_MAX).unwrap() + 1;
        let (base, _) = plane.grow(&Followed::default(), large);
        shelf.write(&base).unwrap();
        let (second, step) = plane.grow(&base, 1);
        shelf.add(&second, &[step]).unwrap();
        let (third, step) = plane.grow(&second, 1);
        let path = folder.path().join(STEPS_FILE);
        let before = fs::read(&path).unwrap().len();
        shelf.add(&third, &[step]).unwrap();
        let steps = fs::read(&path).unwrap();
        let mut lie = steps.clone();
        let digit = lie.last_mut().unwrap();
        *digit = b' ';
        for bytes in [&steps[..steps.len() - 1], &steps[..before + 2], &lie] {
            fs::write(&path, bytes).unwrap();
            let again = Shelf::new(folder.path());
            let found = again.load(&plane.verifier);
            assert_eq!(found.cursor(), 2);
            // The next change is not written behind what cannot be read.
            let (next, step) = plane.grow(&found, 1);
            again.add(&next, &[step]).unwrap();
            assert_eq!(Shelf::new(folder.path()).load(&plane.verifier).cursor(), 3);
            shelf.write(&base).unwrap();
        }
    }

    #[test]
    fn a_small_map_and_one_with_many_changes_are_written_whole() {
        let (plane, folder) = (Plane::new(), tempfile::tempdir().unwrap());
        let shelf = Shelf::new(folder.path());
        let (small, step) = plane.grow(&Followed::default(), 1);
        shelf.add(&small, &[step]).unwrap();
        assert!(!folder.path().join(STEPS_FILE).exists());
        let large = u64::try_from(SMALL_ENTRIES_MAX).unwrap() + 1;
        let (base, step) = plane.grow(&small, large);
        shelf.add(&base, &vec![step; STEPS_MAX + 1]).unwrap();
        assert!(!folder.path().join(STEPS_FILE).exists());
        assert_eq!(shelf.load(&plane.verifier).cursor(), 2);
    }

    #[test]
    fn what_cannot_be_a_map_is_not_read_and_not_waited_for() {
        let (plane, folder) = (Plane::new(), tempfile::tempdir().unwrap());
        let path = folder.path().join(WHOLE_FILE);
        let shelf = Shelf::new(folder.path());
        // It takes no room on the disk, and would take all of the memory.
        let huge = fs::File::create(&path).unwrap();
        huge.set_len(WHOLE_BYTES_MAX + 1).unwrap();
        assert_eq!(shelf.load(&plane.verifier).cursor(), 0);
        // Nobody ever writes to it.
        fs::remove_file(&path).unwrap();
        let mode = Mode::RUSR | Mode::WUSR;
        mknodat(CWD, &path, FileType::Fifo, mode, 0).unwrap();
        assert_eq!(shelf.load(&plane.verifier).cursor(), 0);
    }
}
