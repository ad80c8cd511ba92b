//! The example of the guide is a document that holds together, and it applies.

use super::World;
use crate::declaration::parse::parse_document;
use crate::declaration::{Mode, load};
use std::path::Path;

const GUIDE: &str = include_str!("../../../../../docs/declare-an-organisation.md");

/// The fenced YAML of the guide.
fn examples() -> Vec<String> {
    let fences = GUIDE.split("```yaml\n").skip(1);
    fences
        .filter_map(|after| {
            after
                .split_once("```")
                .map(|(example, _)| example.to_owned())
        })
        .collect()
}

#[test]
fn every_example_of_the_guide_is_read() {
    let examples = examples();
    assert!(!examples.is_empty());
    for example in examples {
        if let Err(problem) = parse_document(&example) {
            panic!("{problem:?}\n{example}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_example_of_the_guide_applies() {
    let folder = tempfile::TempDir::new().unwrap();
    let example = examples().remove(0);
    let secrets = [
        ("secrets/ada", "plain clock winter harbour"),
        ("secrets/wiki", "web-secret-of-the-test-bed-0123456789"),
        (
            "secrets/pipeline",
            "00Tabcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLM",
        ),
    ];
    std::fs::create_dir(folder.path().join("secrets")).unwrap();
    for (file, secret) in secrets {
        std::fs::write(folder.path().join(file), secret).unwrap();
    }
    // The process of a test has no environment of its own: what comes from there comes from files here.
    let example = example.replace("{ env: WIKI_CLIENT_SECRET }", "{ file: secrets/wiki }");
    let path = folder.path().join("acme.yaml");
    std::fs::write(&path, &example).unwrap();
    load(Path::new(&path)).unwrap_or_else(|error| panic!("{error}"));
    let world = World::on_sqlite().await;
    let absolute = example.replace("secrets/", &format!("{}/secrets/", folder.path().display()));
    world.run(&absolute, Mode::Apply).await.unwrap();
    assert!(world.plan(&absolute).await.changes.is_empty());
}
