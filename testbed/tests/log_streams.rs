//! The log of an org flows to a real receiver of syslog, and is held against what it made of it: nothing is lost and nothing
//! reordered, also while the program and the receiver are ended without warning.

use anyhow::Context as _;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use testbed::bootstrap::{self, Keys};
use testbed::companion::Companion;
use testbed::instance::{Instance, Plan, free_address};
use testbed::scratch::Scratch;
use testbed::{script, wait};

/// The longest until everything has arrived: a sender that died holds its stream for half a minute.
const ARRIVAL_MAX: Duration = Duration::from_secs(120);
/// Names that a message must not be torn apart by.
const NAMES: [&str; 6] = [
    "plain",
    "a]b\"c\\d",
    "Grüße 👩‍🚀",
    "<110>1 - - - - - - forged",
    "42 <1>1 - - - - - -",
    "\u{feff}begins with a mark",
];

/// A receiver that may be ended and started again at its place.
struct Collector {
    listen: SocketAddr,
    certificate: PathBuf,
    key: PathBuf,
    root: PathBuf,
    file: PathBuf,
    running: Option<Companion>,
    _scratch: Scratch,
}

impl Collector {
    fn start() -> anyhow::Result<Self> {
        let scratch = Scratch::new("collector")?;
        let made = script::run_python("make_certificate.py", &json!({ "folder": scratch.path() }))?;
        let path = |name: &str| Some(PathBuf::from(made[name].as_str()?));
        let mut collector = Self {
            listen: free_address()?,
            certificate: path("certificate").context("no certificate")?,
            key: path("key").context("no key")?,
            root: path("root").context("no root")?,
            file: scratch.path().join("messages.jsonl"),
            running: None,
            _scratch: scratch,
        };
        collector.run()?;
        Ok(collector)
    }

    fn run(&mut self) -> anyhow::Result<()> {
        let pair = (self.certificate.as_path(), self.key.as_path());
        self.running = Some(Companion::syslog_ng(self.listen, pair, &self.file)?);
        Ok(())
    }

    fn kill(&mut self) {
        self.running = None;
    }

    /// The messages as it read them.
    fn messages(&self) -> anyhow::Result<Vec<Value>> {
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
        text.split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
            .map(|line| serde_json::from_str(line).with_context(|| line.to_owned()))
            .collect()
    }

    /// Waits until that event has come.
    fn wait_for(&self, uuid: &str) -> anyhow::Result<Vec<Value>> {
        wait::until("the last event", ARRIVAL_MAX, || {
            let messages = self.messages()?;
            let has_come = messages.iter().any(|message| uuid_of(message) == uuid);
            Ok(has_come.then_some(messages))
        })
    }
}

fn data(message: &Value) -> &Value {
    &message["_SDATA"]["testudo@32473"]
}

fn uuid_of(message: &Value) -> &str {
    data(message)["uuid"].as_str().unwrap_or_default()
}

struct Administrator {
    org_url: String,
}

impl Administrator {
    fn act(&self, act: &str, more: Value) -> anyhow::Result<Value> {
        let mut input = more;
        input["org_url"] = json!(self.org_url);
        input["token"] = json!(bootstrap::MANAGER_TOKEN);
        input["act"] = json!(act);
        script::run_bare_python("log_streams.py", &input)
    }

    fn groups(&self, names: &[String]) -> anyhow::Result<()> {
        self.act("groups", json!({ "names": names }))?;
        Ok(())
    }

    fn log(&self) -> anyhow::Result<Vec<Value>> {
        let said = self.act("log", json!({}))?;
        Ok(said["events"].as_array().context("no events")?.clone())
    }
}

fn text_of<'v>(value: &'v Value, name: &str) -> anyhow::Result<&'v str> {
    let text = value[name].as_str();
    text.with_context(|| format!("no {name} in {value}"))
}

/// Each message says what its event says, in head, structured data and text.
fn hold_against_log(messages: &[Value], events: &[Value]) -> anyhow::Result<()> {
    for event in events {
        let uuid = text_of(event, "uuid")?;
        let mut found = messages.iter();
        let message = found.find(|message| uuid_of(message) == uuid);
        let message = message.with_context(|| format!("{event} was lost"))?;
        let text: Value = serde_json::from_str(text_of(message, "MESSAGE")?)?;
        assert_eq!(text, *event);
        let data = data(message);
        assert_eq!(data["type"], event["eventType"]);
        assert_eq!(data["actor"], event["actor"]["id"]);
        assert_eq!(data["outcome"], event["outcome"]["result"]);
        assert_eq!(message["PROGRAM"], "testudo");
        assert_eq!(message["HOST"], "localhost");
        let kind: String = text_of(event, "eventType")?.chars().take(32).collect();
        assert_eq!(message["MSGID"], kind.as_str());
        let priority = match text_of(event, "severity")? {
            "WARN" => "108",
            _ => "110",
        };
        assert_eq!(message["PRI"], priority, "{event}");
    }
    Ok(())
}

/// Apart from repetitions, events came in the order of the log, and all of them: their numbers have no gap.
fn hold_in_order(messages: &[Value]) -> anyhow::Result<usize> {
    let mut seen = BTreeSet::new();
    let mut last = None;
    for message in messages {
        let number: i64 = text_of(data(message), "sequence")?.parse()?;
        if seen.insert(number) {
            assert!(
                last.is_none_or(|last| number == last + 1),
                "{last:?} then {number}"
            );
            last = Some(number);
        }
    }
    Ok(seen.len())
}

fn last_of(events: &[Value]) -> anyhow::Result<&str> {
    text_of(events.last().context("no events")?, "uuid")
}

fn numbered(round: usize, count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("group {round} {number}"))
        .collect()
}

fn run(store_url: Option<String>) -> anyhow::Result<()> {
    let mut collector = Collector::start()?;
    let mut instance = Instance::start(Plan {
        store_url,
        bootstrap: Some(bootstrap::render_scripts_document(&Keys::make()?)?),
        ..Plan::default()
    })?;
    let administrator = Administrator {
        org_url: instance.origin(),
    };
    let made = administrator.act(
        "create",
        json!({ "port": collector.listen.port(), "ca": collector.root }),
    )?;
    administrator.groups(&NAMES.map(str::to_owned))?;
    let events = administrator.log()?;
    hold_against_log(&collector.wait_for(last_of(&events)?)?, &events)?;
    // The program dies in the middle of its work, and the receiver is away when it comes back.
    administrator.groups(&numbered(1, 40))?;
    instance.kill()?;
    collector.kill();
    instance.restart()?;
    administrator.groups(&numbered(2, 10))?;
    wait::until("a failure that is shown", ARRIVAL_MAX, || {
        let said = administrator.act("stream", json!({ "id": made["id"] }))?;
        let delivery = &said["stream"]["delivery"];
        Ok((delivery["failure"] == "UNREACHABLE").then_some(()))
    })?;
    collector.run()?;
    administrator.groups(&numbered(3, 10))?;
    let events = administrator.log()?;
    let messages = collector.wait_for(last_of(&events)?)?;
    hold_against_log(&messages, &events)?;
    let arrived = hold_in_order(&messages)?;
    anyhow::ensure!(arrived >= events.len(), "{arrived} of {}", events.len());
    let said = wait::until("the end of the log", ARRIVAL_MAX, || {
        let said = administrator.act("stream", json!({ "id": made["id"] }))?;
        Ok((said["stream"]["delivery"]["eventsBehind"] == 0).then_some(said))
    })?;
    anyhow::ensure!(said["stream"]["delivery"]["failedAttempts"] == 0, "{said}");
    Ok(())
}

#[test]
fn syslog_ng_is_told_everything_on_sqlite() {
    run(None).unwrap();
}

#[test]
fn syslog_ng_is_told_everything_on_postgresql() {
    let database = postgres_for_tests::shared().empty_database().unwrap();
    run(Some(database.url())).unwrap();
}
