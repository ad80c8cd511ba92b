//! The commands of an administrator against the running program: what they print, what is there after, and how they are
//! refused.

use serde_json::Value;
use std::process::Command;
use testbed::binary;
use testbed::bootstrap::{self, Keys};
use testbed::instance::{Ended, Instance, Plan};

/// Commands that ask one organisation with one token.
struct Administrator {
    url: String,
    org: &'static str,
    token: &'static str,
}

impl Administrator {
    fn ask(&self, words: &[&str]) -> anyhow::Result<Ended> {
        Ended::of(
            Command::new(binary::find()?)
                .args(words)
                .args(["--org", self.org])
                .env("TESTUDO_URL", &self.url)
                .env("TESTUDO_TOKEN", self.token),
        )
    }

    /// What is printed by a command that is to go well.
    fn done(&self, words: &[&str]) -> anyhow::Result<String> {
        let ended = self.ask(words)?;
        anyhow::ensure!(ended.code == Some(0), "{words:?}: {ended:?}");
        Ok(ended.printed)
    }

    /// The things that a command prints as JSON, one in each line.
    fn things(&self, words: &[&str]) -> anyhow::Result<Vec<Value>> {
        let words = [words, &["--output", "json"]].concat();
        let printed = self.done(&words)?;
        Ok(printed
            .lines()
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()?)
    }

    fn thing(&self, words: &[&str]) -> anyhow::Result<Value> {
        let mut things = self.things(words)?;
        anyhow::ensure!(things.len() == 1, "{words:?}: {things:?}");
        Ok(things.remove(0))
    }

    /// That a command is refused, and says these words.
    fn refused(&self, words: &[&str], said: &str) -> anyhow::Result<()> {
        let ended = self.ask(words)?;
        anyhow::ensure!(ended.code == Some(1), "{words:?}: {ended:?}");
        anyhow::ensure!(ended.said.contains(said), "{words:?}: {}", ended.said);
        anyhow::ensure!(ended.printed.is_empty(), "{words:?}: {}", ended.printed);
        Ok(())
    }
}

fn text<'a>(thing: &'a Value, pointer: &str) -> &'a str {
    thing
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn people_and_groups(admin: &Administrator) -> anyhow::Result<String> {
    let added = admin.thing(&[
        "user",
        "add",
        "grace@example.com",
        "--first-name",
        "Grace",
        "--last-name",
        "Hopper",
        "--inactive",
    ])?;
    anyhow::ensure!(text(&added, "/status") == "STAGED", "{added}");
    let id = text(&added, "/id").to_owned();
    let renamed = admin.thing(&["user", "set", "grace@example.com", "lastName=Murray Hopper"])?;
    anyhow::ensure!(
        text(&renamed, "/profile/lastName") == "Murray Hopper",
        "{renamed}"
    );
    admin.refused(&["user", "set", &id, "nothing=x"], "nothing")?;
    let shown = admin.done(&["user", "show", &id])?;
    anyhow::ensure!(shown.contains("Murray Hopper"), "{shown}");
    let found = admin.things(&["user", "list", "--search", "profile.lastName sw \"Murray\""])?;
    anyhow::ensure!(
        found.len() == 1 && text(&found[0], "/id") == id,
        "{found:?}"
    );
    let one = admin.things(&["user", "list", "--limit", "1"])?;
    anyhow::ensure!(one.len() == 1, "{one:?}");

    admin.thing(&[
        "group",
        "add",
        "Team \"one\"",
        "--description",
        "Who builds",
    ])?;
    admin.done(&["group", "add-member", "team \"ONE\"", "grace@example.com"])?;
    let members = admin.things(&["group", "members", "Team \"one\""])?;
    anyhow::ensure!(
        members.len() == 1 && text(&members[0], "/id") == id,
        "{members:?}"
    );
    let hers = admin.done(&["user", "groups", &id])?;
    anyhow::ensure!(hers.contains("Team \"one\""), "{hers}");
    admin.thing(&["group", "set", "Team \"one\"", "--name", "Builders"])?;
    let group = admin.thing(&["group", "show", "Builders"])?;
    anyhow::ensure!(
        text(&group, "/profile/description") == "Who builds",
        "{group}"
    );
    // One who is not there, and nobody is taken out.
    admin.refused(
        &[
            "group",
            "remove-member",
            "Builders",
            &id,
            "nobody@example.com",
        ],
        "E0000007",
    )?;
    anyhow::ensure!(
        admin.things(&["group", "members", "Builders"])?.len() == 1,
        "she is gone"
    );
    admin.done(&["group", "remove-member", "Builders", &id])?;
    anyhow::ensure!(
        admin.things(&["group", "members", "Builders"])?.is_empty(),
        "she is still there"
    );
    Ok(id)
}

fn apps_and_policies(admin: &Administrator, person: &str) -> anyhow::Result<()> {
    admin.refused(&["app", "add", "Wiki", "--kind", "web"], "--redirect-uri")?;
    let back = "https://wiki.example.com/callback";
    let app = admin.thing(&[
        "app",
        "add",
        "Wiki",
        "--kind",
        "web",
        "--redirect-uri",
        back,
    ])?;
    anyhow::ensure!(
        !text(&app, "/credentials/oauthClient/client_secret").is_empty(),
        "no secret: {app}"
    );
    let id = text(&app, "/id").to_owned();
    let shown = admin.done(&["app", "show", &id])?;
    anyhow::ensure!(shown.contains(back) && !shown.contains("secret"), "{shown}");
    admin.done(&["app", "assign", &id, "--user", person])?;
    admin.done(&["app", "assign", &id, "--group", "Builders"])?;
    let users = admin.things(&["app", "users", &id])?;
    anyhow::ensure!(
        users.len() == 1 && text(&users[0], "/id") == person,
        "{users:?}"
    );
    admin.done(&["app", "unassign", &id, "--user", person])?;
    anyhow::ensure!(
        admin.things(&["app", "users", &id])?.is_empty(),
        "it is still assigned"
    );
    let simulated = admin.done(&["policy", "simulate", "--user", person, "--app", &id])?;
    anyhow::ensure!(simulated.contains("evaluated"), "{simulated}");
    let policies = admin.things(&["policy", "list", "--type", "OKTA_SIGN_ON"])?;
    anyhow::ensure!(policies.len() == 1, "{policies:?}");
    let rules = admin.things(&["policy", "rules", text(&policies[0], "/id")])?;
    anyhow::ensure!(!rules.is_empty(), "the policy has no rule");
    admin.refused(&["app", "delete", &id], "--yes")?;
    admin.done(&["app", "delete", &id, "--yes"])?;
    admin.refused(&["app", "show", &id], "E0000007")?;
    admin.done(&["group", "delete", "Builders", "--yes"])?;
    admin.refused(&["group", "show", "Builders"], "testudo group list")
}

fn tokens_and_the_log(admin: &Administrator) -> anyhow::Result<()> {
    let made = admin.thing(&["token", "add", "Nightly script"])?;
    anyhow::ensure!(text(&made, "/token").starts_with("00T"), "{made}");
    let id = text(&made, "/id").to_owned();
    anyhow::ensure!(
        admin.thing(&["token", "show", &id])?.get("token").is_none(),
        "shown twice"
    );
    anyhow::ensure!(
        admin.done(&["token", "list"])?.contains("Nightly script"),
        "it is not listed"
    );
    admin.done(&["token", "revoke", &id, "--yes"])?;
    admin.refused(&["token", "show", &id], "E0000007")?;
    let rows = admin.things(&[
        "log",
        "list",
        "--filter",
        "eventType eq \"user.lifecycle.create\"",
        "--limit",
        "1",
    ])?;
    anyhow::ensure!(rows.len() == 1, "{rows:?}");
    anyhow::ensure!(
        text(&rows[0], "/target/0/alternateId") == "grace@example.com",
        "{rows:?}"
    );
    let searched = admin.things(&[
        "log",
        "list",
        "--query",
        "GRACE@example.com user.lifecycle.create",
    ])?;
    anyhow::ensure!(searched == rows, "{searched:?}");
    Ok(())
}

fn who_is_not_let_in(instance: &Instance) -> anyhow::Result<()> {
    let with = |url: String, token| Administrator {
        url,
        org: "acme",
        token,
    };
    let origin = instance.origin();
    let reader = with(origin.clone(), bootstrap::READER_TOKEN);
    reader.done(&["user", "list"])?;
    reader.refused(&["user", "suspend", "grace@example.com"], "E0000006")?;
    with(origin.clone(), "00TnoSuchToken").refused(&["user", "list"], "Settings, API tokens")?;
    with(origin, "").refused(&["user", "list"], "the API token is empty")?;
    with(String::from("http://192.0.2.1"), "00Tx").refused(&["user", "list"], "without TLS")?;
    let nobody = testbed::instance::free_address()?;
    with(format!("http://{nobody}"), "00Tx").refused(&["user", "list"], "cannot be reached")
}

fn run_all(store_url: Option<String>) -> anyhow::Result<()> {
    let instance = Instance::start(Plan {
        store_url,
        bootstrap: Some(bootstrap::render_scripts_document(&Keys::make()?)?),
        ..Plan::default()
    })?;
    for org in ["main", "acme"] {
        let admin = Administrator {
            url: instance.origin(),
            org,
            token: bootstrap::MANAGER_TOKEN,
        };
        let person = people_and_groups(&admin)?;
        apps_and_policies(&admin, &person)?;
        tokens_and_the_log(&admin)?;
        if org == "acme" {
            who_is_not_let_in(&instance)?;
        }
        admin.refused(&["user", "delete", &person], "--yes")?;
        admin.done(&["user", "delete", &person, "--yes"])?;
        admin.refused(&["user", "show", &person], "E0000007")?;
    }
    Ok(())
}

#[test]
fn commands_on_sqlite() {
    run_all(None).unwrap();
}

#[test]
fn commands_on_postgresql() {
    let database = postgres_for_tests::shared().empty_database().unwrap();
    run_all(Some(database.url())).unwrap();
}

#[test]
fn a_shell_is_told_every_command() {
    let ended =
        Ended::of(Command::new(binary::find().unwrap()).args(["completion", "bash"])).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for word in ["user", "group", "app", "policy", "token", "follow"] {
        assert!(ended.printed.contains(word), "{word}");
    }
}
