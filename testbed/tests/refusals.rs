//! Starts that must come to nothing: each says what is wrong and what to do, and leaves the folder as it found it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use testbed::instance::{Instance, Plan};
use testbed::scratch::Scratch;
use testbed::{bootstrap, fingerprint, refusal, store};

/// A folder that a program has used and left in order.
fn used_folder() -> anyhow::Result<Instance> {
    let mut instance = Instance::start(Plan {
        bootstrap: Some(bootstrap::render_crowd_document(1)),
        ..Plan::default()
    })?;
    instance.stop()?;
    Ok(instance)
}

/// Spoils a copy of the folder, and expects the start to be refused with these words and the copy to be left as it is.
fn expect_untouched(
    used: &Instance,
    spoil: &dyn Fn(&Path) -> anyhow::Result<()>,
    words: &[&str],
) -> anyhow::Result<()> {
    let folder = used.folder().join("spoiled");
    fingerprint::copy(&used.data(), &folder)?;
    spoil(&folder)?;
    let before = fingerprint::of(&folder)?;
    refusal::expect_up(&folder, &[], words)?;
    let after = fingerprint::of(&folder)?;
    for (path, entry) in &before {
        anyhow::ensure!(
            after.get(path) == Some(entry),
            "{} was changed by a start that was refused ({words:?})",
            path.display()
        );
    }
    let added: Vec<_> = after
        .keys()
        .filter(|path| !before.contains_key(*path))
        .collect();
    anyhow::ensure!(
        added.is_empty(),
        "{added:?} came by a start that was refused ({words:?})"
    );
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

fn store_file(folder: &Path) -> PathBuf {
    folder.join("testudo.db")
}

fn overwrite(path: &Path, at: usize, with: &[u8]) -> anyhow::Result<()> {
    let mut bytes = std::fs::read(path)?;
    for (place, byte) in bytes.iter_mut().skip(at).zip(with) {
        *place = *byte;
    }
    Ok(std::fs::write(path, bytes)?)
}

#[test]
fn a_folder_that_is_damaged_or_too_new_is_left_as_it_is() {
    type Spoil = Box<dyn Fn(&Path) -> anyhow::Result<()>>;
    let used = used_folder().unwrap();
    let spoils: Vec<(Spoil, &[&str])> = vec![
        (
            Box::new(|folder| Ok(std::fs::write(folder.join("FORMAT"), "testudo-data 2\n")?)),
            &["newer release", "testudo-data 2"],
        ),
        (
            Box::new(|folder| store::run(folder, store::LATER_SCHEMA).map(drop)),
            &["schema version 9999", "newer release"],
        ),
        (
            Box::new(|folder| overwrite(&store_file(folder), 0, b"something else entirely")),
            &["testudo.db", "not a database"],
        ),
        (
            // The second page: a tree of the schema's.
            Box::new(|folder| overwrite(&store_file(folder), 4_096, &[0xff; 4_096])),
            &["testudo.db", "damaged"],
        ),
        (
            Box::new(|folder| {
                let bytes = std::fs::read(store_file(folder))?;
                let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
                Ok(std::fs::write(store_file(folder), half)?)
            }),
            &["testudo.db", "damaged"],
        ),
        (
            Box::new(|folder| Ok(std::fs::remove_file(store_file(folder))?)),
            &["testudo.db", "missing or empty", "restore"],
        ),
        (
            Box::new(|folder| Ok(std::fs::write(store_file(folder), b"")?)),
            &["testudo.db", "missing or empty", "restore"],
        ),
        (
            Box::new(|folder| Ok(std::fs::remove_file(folder.join("root.key"))?)),
            &["root key", "restore"],
        ),
        (
            Box::new(|folder| Ok(std::fs::write(folder.join("root.key"), [7_u8; 31])?)),
            &["root.key", "31 bytes"],
        ),
        (
            Box::new(|folder| overwrite(&folder.join("root.key"), 0, &[7; 32])),
            &["key"],
        ),
        (
            Box::new(|folder| {
                let open = std::fs::Permissions::from_mode(0o755);
                Ok(std::fs::set_permissions(folder, open)?)
            }),
            &["chmod 700"],
        ),
        (
            Box::new(|folder| {
                let open = std::fs::Permissions::from_mode(0o644);
                Ok(std::fs::set_permissions(folder.join("root.key"), open)?)
            }),
            &["root.key", "chmod 600"],
        ),
    ];
    for (spoil, words) in spoils {
        expect_untouched(&used, &spoil, words).unwrap();
    }
    // What is not spoiled starts: the copies were refused for what was done to them.
    let whole = used.folder().join("whole");
    fingerprint::copy(&used.data(), &whole).unwrap();
    let begun = refusal::expect_up(&whole, &["--store", "mysql://x/y"], &["--store"]);
    begun.unwrap();
    let mut used = used;
    used.restart().unwrap();
}

#[test]
fn a_folder_of_something_else_is_left_as_it_is() {
    let scratch = Scratch::new("foreign").unwrap();
    let folder = scratch.path().join("home");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    std::fs::write(folder.join("letter.txt"), "Dear Charles").unwrap();
    let before = fingerprint::of(&folder).unwrap();
    refusal::expect_up(&folder, &[], &["not a testudo data folder", "--data"]).unwrap();
    assert_eq!(fingerprint::of(&folder).unwrap(), before);
}

/// A mistake in what was typed must not cost a half-made folder.
fn expect_nothing_made(arguments: &[&str], words: &[&str]) -> anyhow::Result<()> {
    let scratch = Scratch::new("wrong")?;
    let folder = scratch.path().join("data");
    refusal::expect_up(&folder, arguments, words)?;
    anyhow::ensure!(!folder.exists(), "{arguments:?} left a folder behind");
    Ok(())
}

#[test]
fn plain_http_outside_loopback_and_other_mistakes_are_named_with_their_mend() {
    let wrong: [(&[&str], &[&str]); 8] = [
        (
            &["--listen", "0.0.0.0:0"],
            &[
                "--listen",
                "plain HTTP",
                "--tls self-signed",
                "--behind-proxy",
            ],
        ),
        (&["--listen", "[::]:0"], &["--listen", "plain HTTP"]),
        (
            &["--origin", "http://id.example.com"],
            &["--origin", "https://"],
        ),
        (
            &["--origin", "https://id.example.com"],
            &["--origin", "--tls-certificate", "--behind-proxy"],
        ),
        (
            &["--origin", "https://id.example.com/path", "--behind-proxy"],
            &["--origin", "alone"],
        ),
        (&["--mail-from", "nobody"], &["--mail-from", "nobody"]),
        (
            &["--bootstrap", "/nowhere/at/all.yaml"],
            &["/nowhere/at/all.yaml", "cannot be read"],
        ),
        (
            &["--store", "mysql://root@x/y"],
            &["--store", "postgres://"],
        ),
    ];
    for (arguments, words) in wrong {
        expect_nothing_made(arguments, words).unwrap();
    }
    // What is found out later leaves an empty folder of ours, which the next start takes up.
    let scratch = Scratch::new("later").unwrap();
    let folder = scratch.path().join("data");
    let files = ["--tls-certificate", "/nowhere/a.pem", "--tls-key", "b.pem"];
    refusal::expect_up(&folder, &files, &["/nowhere/a.pem"]).unwrap();
    refusal::expect_up(&folder, &["--smtp", "nonsense"], &["--smtp", "smtps://"]).unwrap();
}

#[test]
fn a_document_with_a_mistake_is_told_with_its_place() {
    let scratch = Scratch::new("document").unwrap();
    let document = scratch.path().join("wrong.yaml");
    let path = document.to_str().unwrap();
    let texts = [
        (
            "orgs:\n- slug: main\n  name: Main\n  colour: red\n",
            "wrong.yaml:4:3: ",
            "colour",
        ),
        (
            "orgs:\n- slug: main\n  name: Main\n  groups:\n  - name: G\n    members: [ada]\n",
            "wrong.yaml:6:15: ",
            "ada",
        ),
    ];
    for (text, place, word) in texts {
        std::fs::write(&document, text).unwrap();
        expect_nothing_made(&["--bootstrap", path], &[place, word]).unwrap();
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let scratch = Scratch::new("port").unwrap();
    refusal::expect_up(
        &scratch.path().join("data"),
        &["--listen", &address],
        &[&address, "--listen"],
    )
    .unwrap();
}

#[test]
fn a_store_that_cannot_be_reached_is_named_without_its_password() {
    let scratch = Scratch::new("store").unwrap();
    let free = testbed::instance::free_address().unwrap();
    let url = format!("postgres://testudo:the-secret-word@{free}/testudo?sslmode=disable");
    let arguments = ["up", "--listen", "127.0.0.1:0", "--data"].map(PathBuf::from);
    let rest = [scratch.path().join("data"), "--store".into(), url.into()];
    let refused = refusal::of(&[&arguments[..], &rest[..]].concat()).unwrap();
    assert_eq!(refused.code, 1, "{}", refused.said);
    assert!(refused.said.contains(&free.to_string()), "{}", refused.said);
    assert!(
        !refused.said.contains("the-secret-word"),
        "{}",
        refused.said
    );
}

#[test]
fn words_that_nobody_knows_are_named_with_where_to_look() {
    for words in [
        &["up", "--colour", "red"][..],
        &["down"][..],
        &["up", "--listen", "everywhere"][..],
        &["up", "--tls-certificate", "a.pem"][..],
    ] {
        let refused = refusal::of(words).unwrap();
        assert_eq!(refused.code, 1, "{words:?}: {}", refused.said);
        assert!(
            refused.said.contains("--help"),
            "{words:?}: {}",
            refused.said
        );
    }
}
