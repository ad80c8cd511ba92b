//! The root key's file: made once, durably, read only when nobody else can.

use super::{FileRoot, FileRootError, FileRootProblem, KEY_BYTES};
use crate::fault::RootProblem;
use crate::for_tests::Folder;
use crate::root::RootOfTrust;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use vocab::entropy::{SeededEntropy, SystemEntropy};
use zeroize::Zeroizing;

fn write(path: &Path, bytes: &[u8], mode: u32) {
    std::fs::write(path, bytes).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn problem<T>(loaded: Result<T, FileRootError>) -> FileRootProblem {
    match loaded {
        Ok(_) => panic!("it was accepted"),
        Err(error) => error.problem,
    }
}

#[tokio::test]
async fn a_root_that_was_made_is_the_one_that_is_read() {
    let folder = Folder::new();
    let path = folder.path().join("root.key");
    assert!(FileRoot::load(&path).unwrap().is_none());
    let made = FileRoot::create(&path, &SystemEntropy).unwrap();
    let facts = std::fs::metadata(&path).unwrap();
    assert_eq!(
        (facts.permissions().mode() & 0o777, facts.len()),
        (0o600, KEY_BYTES as u64)
    );
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["root.key"], "nothing is left beside it");
    let read = FileRoot::load(&path).unwrap().unwrap();
    assert_eq!(made.id(), read.id());
    let key = Zeroizing::new([9; KEY_BYTES]);
    let wrapped = made.wrap_key(b"here", &key).await.unwrap();
    assert_eq!(read.unwrap_key(b"here", &wrapped).await.unwrap(), key);
    let elsewhere = read.unwrap_key(b"there", &wrapped).await.unwrap_err();
    assert_eq!(elsewhere.problem, RootProblem::Refused);
    let short = made.key.seal(b"here", &[1; KEY_BYTES - 1]).unwrap();
    assert_eq!(
        read.unwrap_key(b"here", &short).await.unwrap_err().problem,
        RootProblem::Refused
    );
}

#[test]
fn a_root_is_never_replaced() {
    let folder = Folder::new();
    let path = folder.path().join("root.key");
    write(&path, b"precious", 0o600);
    assert!(matches!(
        problem(FileRoot::create(&path, &SystemEntropy)),
        FileRootProblem::Exists
    ));
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    assert!(!folder.path().join("root.key.new").exists());
}

#[test]
fn a_half_written_file_of_a_start_that_was_cut_short_does_no_harm() {
    let folder = Folder::new();
    let path = folder.path().join("root.key");
    write(&folder.path().join("root.key.new"), b"half", 0o600);
    assert!(FileRoot::load(&path).unwrap().is_none());
    let made = FileRoot::create(&path, &SystemEntropy).unwrap();
    assert_eq!(FileRoot::load(&path).unwrap().unwrap().id(), made.id());
}

#[test]
fn a_file_that_others_may_read_or_that_is_no_key_is_refused() {
    let folder = Folder::new();
    let path = folder.path().join("root.key");
    for mode in [0o640, 0o604, 0o660, 0o601, 0o777] {
        write(&path, &[7; KEY_BYTES], mode);
        assert!(
            matches!(problem(FileRoot::load(&path)), FileRootProblem::TooOpen { mode: found } if found == mode)
        );
    }
    for bytes in [0, KEY_BYTES - 1, KEY_BYTES + 1] {
        write(&path, &vec![7; bytes], 0o600);
        let refused = problem(FileRoot::load(&path));
        assert!(
            matches!(refused, FileRootProblem::WrongLength { bytes: found } if found == bytes as u64)
        );
    }
    write(&path, &[7; KEY_BYTES], 0o400);
    assert!(
        FileRoot::load(&path).unwrap().is_some(),
        "read-only is well"
    );
    let link = folder.path().join("link.key");
    symlink(&path, &link).unwrap();
    assert!(matches!(
        problem(FileRoot::load(&link)),
        FileRootProblem::NotAFile
    ));
    assert!(matches!(
        problem(FileRoot::load(folder.path())),
        FileRootProblem::NotAFile
    ));
    let nowhere = folder.path().join("missing").join("root.key");
    assert!(matches!(
        problem(FileRoot::create(&nowhere, &SystemEntropy)),
        FileRootProblem::Io { .. }
    ));
}

#[test]
fn the_message_names_the_file_and_the_mend() {
    let folder = Folder::new();
    let path = folder.path().join("root.key");
    write(&path, &[7; KEY_BYTES], 0o644);
    let message = FileRoot::load(&path).err().unwrap().to_string();
    assert!(
        message.contains("root.key") && message.contains("644") && message.contains("chmod 600"),
        "{message}"
    );
}

#[test]
fn another_key_has_another_id() {
    let folder = Folder::new();
    let id = |name: &str, seed| {
        let root = FileRoot::create(&folder.path().join(name), &SeededEntropy::new(seed)).unwrap();
        root.id().to_owned()
    };
    let (one, same, other) = (id("a", 1), id("b", 1), id("c", 2));
    assert_eq!(one, same);
    assert_ne!(one, other);
    assert!(one.starts_with("file:") && one.len() == 21);
}
