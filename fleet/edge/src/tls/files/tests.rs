//! A folder whose files others change while they are served.

use crate::tls::certificate::Age;
use crate::tls::files::{Files, is_open_to_all, is_taken_by_clients};
use crate::tls::tests::world::{DAY, Made, TestAuthority, kit};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use vocab::time::{Clock as _, ManualClock, SystemClock, Timestamp};

struct Place {
    folder: TempDir,
    authority: TestAuthority,
    clock: Arc<ManualClock>,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            authority: TestAuthority::new(),
            clock: Arc::new(ManualClock::new(SystemClock.now())),
        }
    }

    fn open(&self) -> Files {
        Files::open(self.folder.path(), kit(), self.clock.clone()).unwrap()
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, names: &[&str], to_day: i64) -> Made {
        let made = self.authority.make(names, -1, to_day);
        put(&self.path(&format!("{name}.pem")), &made.chain);
        put(&self.path(&format!("{name}.key")), &made.key);
        made
    }
}

fn put(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

/// When the certificate of a host ends, to the second.
fn ends(files: &Files, host: &str) -> Option<Timestamp> {
    files.find(host).map(|certificate| certificate.ends)
}

#[test]
fn hosts_find_their_certificate_by_name_then_by_star() {
    let place = Place::new();
    place.put("all", &["id.test", "*.id.test"], 10);
    place.put("acme", &["acme.id.test", "login.acme.test"], 20);
    fs::create_dir(place.path("globex")).unwrap();
    place.put("globex/tls", &["globex.test"], 30);
    let files = place.open();
    let own = ends(&files, "login.acme.test").unwrap();
    assert_eq!(ends(&files, "acme.id.test"), Some(own));
    assert_ne!(ends(&files, "initech.id.test"), Some(own));
    assert!(ends(&files, "id.test").is_some() && ends(&files, "globex.test").is_some());
    for unknown in ["a.b.id.test", "test", "", "acme.test", "192.0.2.1"] {
        assert_eq!(ends(&files, unknown), None, "{unknown}");
    }
    assert_eq!(files.all().len(), 3);
}

#[test]
fn a_new_file_is_served_without_a_restart_and_a_broken_one_is_not() {
    let place = Place::new();
    let files = place.open();
    assert!(files.require_any().is_err() && files.find("a.test").is_none());
    place.put("a", &["a.test"], 10);
    files.look().unwrap();
    let first = ends(&files, "a.test").unwrap();
    files.require_any().unwrap();
    // Half of a renewal: the key is still that of the old one.
    let renewed = place.authority.make(&["a.test"], -1, 20);
    put(&place.path("a.pem"), &renewed.chain);
    files.look().unwrap();
    assert_eq!(ends(&files, "a.test"), Some(first));
    put(&place.path("a.key"), &renewed.key);
    files.look().unwrap();
    let second = ends(&files, "a.test").unwrap();
    assert!(second > first);
    for nonsense in [
        "",
        "nonsense",
        "-----BEGIN CERTIFICATE-----\n",
        &"x".repeat(300_000),
    ] {
        put(&place.path("a.pem"), nonsense);
        files.look().unwrap();
        assert_eq!(ends(&files, "a.test"), Some(second));
    }
    // By another name that is moved over it, as those do who write carefully.
    let third = place.authority.make(&["a.test", "b.test"], -1, 30);
    for (name, text) in [("a.key", &third.key), ("a.pem", &third.chain)] {
        put(&place.path("new"), text);
        fs::rename(place.path("new"), place.path(name)).unwrap();
    }
    files.look().unwrap();
    assert!(ends(&files, "b.test").unwrap() > second);
}

#[test]
fn what_was_removed_is_served_until_it_is_sure() {
    let place = Place::new();
    place.put("a", &["a.test"], 10);
    place.put("b", &["b.test"], 10);
    let files = place.open();
    fs::remove_file(place.path("a.pem")).unwrap();
    files.look().unwrap();
    assert!(files.find("a.test").is_some());
    place.put("a", &["a.test"], 20);
    files.look().unwrap();
    fs::remove_file(place.path("a.key")).unwrap();
    files.look().unwrap();
    assert!(files.find("a.test").is_some());
    files.look().unwrap();
    assert!(files.find("a.test").is_none() && files.find("b.test").is_some());
    // A folder that cannot be read takes nothing away.
    fs::rename(
        place.folder.path(),
        place.folder.path().with_extension("away"),
    )
    .unwrap();
    assert!(files.look().is_err() && files.look().is_err() && files.look().is_err());
    assert!(files.find("b.test").is_some());
    fs::rename(
        place.folder.path().with_extension("away"),
        place.folder.path(),
    )
    .unwrap();
}

#[test]
fn of_two_for_one_host_the_one_that_is_good_is_shown() {
    let place = Place::new();
    place.put("long", &["a.test"], 60);
    place.put("short", &["a.test"], 10);
    let late = place.authority.make(&["a.test"], 30, 400);
    put(&place.path("late.pem"), &late.chain);
    put(&place.path("late.key"), &late.key);
    let files = place.open();
    let shown = |files: &Files| files.find("a.test").unwrap();
    let first = shown(&files);
    assert_eq!(first.age(place.clock.now()), Age::Good);
    let left = first.ends.secs_since(place.clock.now());
    assert!((59 * DAY..=60 * DAY).contains(&left), "{left}");
    place.clock.advance_secs(61 * DAY);
    files.look().unwrap();
    assert_eq!(shown(&files).age(place.clock.now()), Age::Good);
    // Where nothing good is left, the truth is shown: it has ended.
    place.clock.advance_secs(400 * DAY);
    files.look().unwrap();
    assert_eq!(shown(&files).age(place.clock.now()), Age::Ended);
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let place = Place::new();
    let missing = place.path("missing");
    let error = Files::open(&missing, kit(), place.clock.clone())
        .err()
        .unwrap();
    assert!(error.to_string().contains("missing"), "{error}");
    let nothing = place.open().require_any().err().unwrap();
    assert!(nothing.to_string().contains("NAME.key"), "{nothing}");
}

#[test]
fn what_no_client_takes_is_not_told_as_served_and_open_keys_are_seen() {
    for (age, taken) in [
        (Age::Good, true),
        (Age::EndsSoon, true),
        (Age::Ended, false),
        (Age::NotYet, false),
    ] {
        assert_eq!(is_taken_by_clients(age), taken, "{age:?}");
    }
    for (mode, open) in [
        (0o100_600, false),
        (0o100_640, false),
        (0o100_644, true),
        (0o100_604, true),
    ] {
        assert_eq!(is_open_to_all(mode), open, "{mode:o}");
    }
}
