//! The commands for declarations against the running program: what they print, how they end, and what is there after.

use postgres_for_tests::{Server, Settings};
use testbed::binary;
use testbed::instance::{Ended, Instance, Plan};

const BEFORE: &str = "orgs:
  - slug: main
    name: Analytical Engines
    groups:
      - name: Engineers
        description: Who builds
";

/// A change, something new, and two secrets that come from where the command runs.
const AFTER: &str = "orgs:
  - slug: main
    name: Analytical Engines
    people:
      - login: ada@example.com
        email: ada@example.com
        first_name: Ada
        last_name: Lovelace
        password: { file: secrets/ada }
    groups:
      - name: Engineers
        description: Who builds and repairs
        members: [ada@example.com]
    apps:
      - id: 0oaWiki0000000000001
        label: Wiki
        kind: web
        client_secret: { env: WIKI_CLIENT_SECRET }
        settings:
          redirect_uris: [https://wiki.example.com/callback]
";

const SECRET: (&str, &str) = (
    "WIKI_CLIENT_SECRET",
    "a-secret-of-more-than-thirty-two-characters",
);

fn start(store_url: Option<String>) -> anyhow::Result<Instance> {
    Instance::start(Plan {
        store_url,
        bootstrap: Some(BEFORE.to_owned()),
        ..Plan::default()
    })
}

fn write(instance: &Instance, name: &str, text: &str) -> anyhow::Result<String> {
    let path = instance.folder().join(name);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&path, text)?;
    Ok(path.display().to_string())
}

fn expect(ended: &Ended, code: i32, words: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    for word in words {
        let said = ended.printed.contains(word) || ended.said.contains(word);
        assert!(said, "without {word:?}: {ended:?}");
    }
}

fn plan_then_apply(store_url: Option<String>) -> anyhow::Result<()> {
    let mut instance = start(store_url.clone())?;
    let (before, after) = (
        write(&instance, "before.yaml", BEFORE)?,
        write(&instance, "after.yaml", AFTER)?,
    );
    write(&instance, "secrets/ada", "nine tortoises walk to Samos\n")?;
    let secret = &[SECRET][..];
    let plan = |file: &str| instance.command(&["plan", file], secret);
    expect(&plan(&before)?, 0, &[]);
    // To look changes nothing, so a second look shows the same.
    for _ in 0..2 {
        let shown = plan(&after)?;
        let words = [
            "person ada@example.com",
            "group \"Engineers\"",
            "app \"Wiki\"",
        ];
        expect(&shown, 2, &words);
        expect(&shown, 2, &["\"Who builds\" → \"Who builds and repairs\""]);
        assert!(!format!("{shown:?}").contains(SECRET.1), "{shown:?}");
    }
    expect(&instance.command(&["apply", &after], secret)?, 0, &["Wiki"]);
    expect(&plan(&after)?, 0, &[]);
    let again = instance.command(&["apply", &after], secret)?;
    expect(&again, 0, &[]);
    assert!(!again.printed.contains("+ "), "{again:?}");
    // The document of the start has drifted, and is what a start would make again.
    expect(
        &plan(&before)?,
        2,
        &["\"Who builds and repairs\" → \"Who builds\""],
    );
    // Without a process, `plan` looks into the store itself, and `apply` says what is missing.
    instance.stop()?;
    let url: Vec<&str> = store_url.iter().flat_map(|url| ["--store", url]).collect();
    let offline = [&["plan", after.as_str()][..], &url].concat();
    expect(&instance.command(&offline, secret)?, 0, &[]);
    let nobody = instance.command(&["apply", &after], secret)?;
    expect(&nobody, 1, &["testudo up"]);
    Ok(())
}

#[test]
fn what_is_planned_is_applied_and_then_nothing_is_left() {
    plan_then_apply(None).unwrap();
}

#[test]
fn what_is_planned_is_applied_and_then_nothing_is_left_on_postgresql() {
    let server = Server::start(&Settings::default()).unwrap();
    let database = server.empty_database().unwrap();
    plan_then_apply(Some(database.url())).unwrap();
}

#[test]
fn a_mistake_is_told_with_file_line_and_column_and_nothing_is_made() {
    let instance = start(None).unwrap();
    let with = |rest: &str| format!("{BEFORE}{rest}");
    let table = [
        (with("    grops: []\n"), ":7:", "grops"),
        (with("      - name: Engineers\n"), ":7:", "Engineers"),
        (
            with("      - name: Others\n        members: [nobody@example.com]\n"),
            ":8:19",
            "nobody@example.com",
        ),
        (
            AFTER.replace("WIKI_CLIENT_SECRET", "NO_SUCH_VARIABLE"),
            // The line that names the variable.
            ":18:24",
            "NO_SUCH_VARIABLE",
        ),
        (
            AFTER.replace("secrets/ada", "secrets/nobody"),
            // The line that names the file.
            ":9:19",
            "secrets/nobody",
        ),
        (
            AFTER.replace("{ file: secrets/ada }", "nine tortoises"),
            ":9:",
            "clear",
        ),
    ];
    for (text, place, word) in table {
        let file = write(&instance, "wrong.yaml", &text).unwrap();
        for command in ["plan", "apply"] {
            // A password that is first used is missed when it is used.
            if command == "plan" && word == "secrets/nobody" {
                continue;
            }
            let ended = instance.command(&[command, &file], &[SECRET]).unwrap();
            expect(&ended, 1, &[&format!("wrong.yaml{place}"), word]);
        }
    }
    let file = write(&instance, "before.yaml", BEFORE).unwrap();
    expect(&instance.command(&["plan", &file], &[]).unwrap(), 0, &[]);
}

#[test]
fn a_socket_that_a_killed_process_left_keeps_nobody() {
    let mut instance = start(None).unwrap();
    let file = write(&instance, "before.yaml", BEFORE).unwrap();
    instance.kill().unwrap();
    assert!(instance.data().join("control.sock").exists());
    let nobody = instance.command(&["apply", &file], &[]).unwrap();
    expect(&nobody, 1, &["testudo up"]);
    instance.restart().unwrap();
    expect(&instance.command(&["apply", &file], &[]).unwrap(), 0, &[]);
}

#[test]
fn of_two_at_once_both_end_and_one_is_the_last() {
    let instance = start(None).unwrap();
    let other = BEFORE.replace("Who builds", "Who repairs");
    let files = [
        write(&instance, "one.yaml", BEFORE).unwrap(),
        write(&instance, "two.yaml", &other).unwrap(),
    ];
    std::thread::scope(|scope| {
        for file in &files {
            scope.spawn(|| {
                let ended = instance.command(&["apply", file], &[]).unwrap();
                expect(&ended, 0, &[]);
            });
        }
    });
    let codes = files.map(|file| instance.command(&["plan", &file], &[]).unwrap().code);
    assert!(
        codes == [Some(0), Some(2)] || codes == [Some(2), Some(0)],
        "{codes:?}"
    );
}

#[test]
fn the_schema_is_json_and_knows_the_document() {
    let mut command = std::process::Command::new(binary::find().unwrap());
    let printed = Ended::of(command.arg("schema")).unwrap().printed;
    let schema: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert!(schema["properties"]["orgs"].is_object(), "{printed}");
}
