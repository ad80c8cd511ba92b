//! How the program comes and goes: it answers for its health, drains when it is asked to stop, keeps its folder to itself
//! and to one process, and proves its log.

use std::collections::BTreeMap;

use anyhow::Context as _;
use postgres_for_tests::{Server, Settings};
use testbed::connection::{self, Connection, Peer};
use testbed::first_hour::Administrator;
use testbed::instance::{Instance, Plan};
use testbed::raw::Raw;
use testbed::{bootstrap, fingerprint, refusal, store, wait};

const RECOVERY_MAX: std::time::Duration = std::time::Duration::from_secs(30);
/// Sends what a program logs to where nothing can be written, as on a disk that is full.
const LOGS_IN_VAIN: &str = "exec \"$0\" \"$@\" 2>/dev/full";

fn start_with_crowd(store_url: Option<String>) -> anyhow::Result<Instance> {
    Instance::start(Plan {
        store_url,
        bootstrap: Some(bootstrap::render_crowd_document(1)),
        ..Plan::default()
    })
}

/// A token request in two halves, so that it is under way for as long as the test wants.
fn token_request(peer: &Peer) -> (String, String) {
    let body = connection::form(&[
        ("grant_type", "client_credentials"),
        ("scope", bootstrap::SERVICE_SCOPE),
    ]);
    let (name, value) = connection::basic(bootstrap::SERVICE_BASIC, bootstrap::SERVICE_SECRET);
    let (first, second) = body.split_at(10);
    let head = format!(
        "POST /oauth2/default/v1/token HTTP/1.1\r\nhost: {}\r\n{name}: {value}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n{first}",
        peer.host,
        body.len()
    );
    (head, second.to_owned())
}

#[tokio::test]
async fn a_log_that_cannot_be_written_is_in_nobodys_way() {
    let mut instance = Instance::start(Plan {
        environment: vec![(String::from("TESTUDO_LOG"), String::from("trace"))],
        wrapper: ["sh", "-c", LOGS_IN_VAIN].map(String::from).to_vec(),
        ..Plan::default()
    })
    .unwrap();
    let mut client = Connection::new(instance.peer().clone());
    for path in ["/health/live", "/health/ready", "/signin"] {
        let reply = client.get(path, "").await.unwrap();
        assert!(reply.status.is_success(), "{path}: {}", reply.status);
    }
    assert!(instance.stop().unwrap().success());
}

fn wait_until_refused(peer: &Peer) -> anyhow::Result<()> {
    wait::until("the end of listening", RECOVERY_MAX, || {
        Ok(std::net::TcpStream::connect(peer.address).err())
    })?;
    Ok(())
}

#[tokio::test]
async fn what_is_under_way_is_answered_and_nothing_new_is_taken() {
    let mut instance = start_with_crowd(None).unwrap();
    let peer = instance.peer().clone();
    // A client that keeps its connection for later must not keep the program.
    let mut idle = Connection::new(peer.clone());
    assert!(
        idle.get("/health/live", "")
            .await
            .unwrap()
            .status
            .is_success()
    );
    let (first, second) = token_request(&peer);
    let mut under_way = Raw::open(&peer).unwrap();
    under_way.send(first.as_bytes());
    // Whoever is told to go on is under way (RFC 9110 section 10.1.1).
    under_way
        .read_until("HTTP/1.1 100 Continue\r\n\r\n")
        .unwrap();

    instance.ask_to_stop().unwrap();
    wait_until_refused(&peer).unwrap();
    under_way.send(second.as_bytes());
    let answer = under_way.answer().unwrap();
    assert_eq!(answer.status, Some(200), "{}", answer.text);
    assert!(answer.body().contains("access_token"), "{}", answer.text);
    assert!(instance.wait_for_end().unwrap().success());
    let log = instance.log().unwrap();
    assert!(!log.contains("were cut off"), "{log}");
    drop(idle);
}

#[tokio::test]
async fn an_open_stream_of_events_does_not_keep_the_program() {
    let mut instance = Instance::start(Plan::default()).unwrap();
    let ada = Administrator::set_up(&instance).await.unwrap();
    let request = format!(
        "GET /admin/log/tail HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\naccept: text/event-stream\r\n\r\n",
        instance.peer().host,
        ada.agent.cookie_header()
    );
    let mut stream = Raw::open(instance.peer()).unwrap();
    stream.send(request.as_bytes());
    let begun = stream.read_until("\r\n\r\n").unwrap();
    assert!(begun.contains("text/event-stream"), "{begun}");
    assert!(instance.stop().unwrap().success());
    let answer = stream.answer().unwrap();
    assert!(!answer.text.contains("HTTP/1.1"), "{}", answer.text);
    let log = instance.log().unwrap();
    assert!(!log.contains("were cut off"), "{log}");
}

/// A link that is made beside the server is for the address that it has, whichever that is; none is made up.
#[tokio::test]
async fn a_link_to_get_back_in_is_for_the_address_of_the_last_start() {
    let mut instance = Instance::start(Plan::default()).unwrap();
    Administrator::set_up(&instance).await.unwrap();
    let recover = |instance: &Instance| instance.run(&["recover", "ada@example.com"]).unwrap();
    let wanted = format!("\n  {}/reset?token=", instance.origin());
    let said = recover(&instance);
    assert!(said.contains(&wanted), "{said}");
    let link = said.lines().last().unwrap().trim();
    let path = link.strip_prefix(&instance.origin()).unwrap();
    let mut client = Connection::new(instance.peer().clone());
    let reply = client.get(path, "").await.unwrap();
    assert!(reply.status.is_success(), "{}", reply.status);
    assert!(instance.stop().unwrap().success());
    assert!(recover(&instance).contains(&wanted), "it is noted");
    let said = instance
        .run(&[
            "recover",
            "ada@example.com",
            "--origin",
            "https://id.example.com",
        ])
        .unwrap();
    let named = "\n  https://id.example.com/reset?token=";
    assert!(said.contains(named), "{said}");
    std::fs::remove_file(instance.data().join("origin")).unwrap();
    let said = recover(&instance);
    assert!(said.contains("\n  /reset?token="), "{said}");
    assert!(
        said.contains("--origin") && !said.contains("localhost"),
        "{said}"
    );
    // The next start notes it.
    instance.restart().unwrap();
    assert!(recover(&instance).contains(&wanted));
}

#[test]
fn a_second_process_on_the_same_folder_is_refused() {
    let mut instance = Instance::start(Plan::default()).unwrap();
    let before = fingerprint_without_store(&instance).unwrap();
    refusal::expect_up(&instance.data(), &[], &["in use", "--data"]).unwrap();
    assert_eq!(fingerprint_without_store(&instance).unwrap(), before);
    assert!(instance.stop().unwrap().success());
    // The lock is the process's, not the file's.
    instance.restart().unwrap();
}

/// The first process goes on writing its store meanwhile.
fn fingerprint_without_store(
    instance: &Instance,
) -> anyhow::Result<BTreeMap<std::path::PathBuf, fingerprint::Entry>> {
    let mut entries = fingerprint::of(&instance.data())?;
    entries.retain(|path, _| !path.to_string_lossy().starts_with("testudo.db"));
    Ok(entries)
}

#[test]
fn the_folder_and_all_in_it_are_the_owners_alone() {
    let instance = Instance::start(Plan {
        bootstrap: Some(bootstrap::render_crowd_document(1)),
        arguments: vec!["--tls".to_owned(), "self-signed".to_owned()],
        ..Plan::default()
    })
    .unwrap();
    let entries = fingerprint::of(&instance.data()).unwrap();
    assert!(entries.len() > 5, "{entries:?}");
    let root = entries.get(std::path::Path::new("")).unwrap();
    assert_eq!(root.mode, 0o700);
    for (path, entry) in entries {
        // The mode of the folder shuts everybody else out; the files that hold secrets must not rely on it.
        let is_secret = path.to_string_lossy().contains("key");
        assert!(
            !is_secret || entry.mode & 0o077 == 0,
            "{} has mode {:o}",
            path.display(),
            entry.mode
        );
    }
}

async fn health(peer: &Peer) -> anyhow::Result<(u16, u16)> {
    let mut connection = Connection::new(peer.clone());
    let live = connection.get("/health/live", "").await?.status.as_u16();
    Ok((
        live,
        connection.get("/health/ready", "").await?.status.as_u16(),
    ))
}

#[tokio::test]
async fn health_is_told_to_whoever_asks_by_whatever_name() {
    let instance = Instance::start(Plan::default()).unwrap();
    let by_number = Peer {
        address: instance.peer().address,
        host: instance.peer().address.to_string(),
    };
    let by_other_name = Peer {
        host: "balancer.internal".to_owned(),
        ..by_number.clone()
    };
    for peer in [instance.peer(), &by_number, &by_other_name] {
        assert_eq!(health(peer).await.unwrap(), (200, 200), "{}", peer.host);
    }
    let pages = Connection::new(by_other_name).get("/signin", "").await;
    assert_eq!(pages.unwrap().status.as_u16(), 421);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readiness_follows_the_store_on_postgresql() {
    let server = Server::start(&Settings::default()).unwrap();
    let database = server.empty_database().unwrap();
    let mut instance = start_with_crowd(Some(database.url())).unwrap();
    let peer = instance.peer().clone();
    assert_eq!(health(&peer).await.unwrap(), (200, 200));
    server
        .run_sql("postgres", &store::shut(database.name()))
        .unwrap();
    assert_eq!(health(&peer).await.unwrap(), (200, 503));
    let sql = store::reopen(database.name());
    server.run_sql("postgres", &sql).unwrap();
    wait::until_async("readiness", RECOVERY_MAX, || async {
        Ok((health(&peer).await?.1 == 200).then_some(()))
    })
    .await
    .unwrap();
    assert!(instance.stop().unwrap().success());
}

/// Reads go on; writes fail. Readiness follows, in both directions, and nobody has to sign in for it.
async fn readiness_follows_the_writes(
    mut instance: Instance,
    run: impl Fn(&str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let peer = instance.peer().clone();
    anyhow::ensure!(health(&peer).await? == (200, 200));
    run(store::REFUSE_PULSES)?;
    wait::until_async("the end of readiness", RECOVERY_MAX, || async {
        Ok((health(&peer).await? == (200, 503)).then_some(()))
    })
    .await?;
    let mut pages = Connection::new(peer.clone());
    let page = pages.get("/oauth2/v1/keys", "").await?;
    anyhow::ensure!(page.status.is_success(), "reads do not go on");
    run(store::TAKE_PULSES)?;
    wait::until_async("readiness", RECOVERY_MAX, || async {
        Ok((health(&peer).await? == (200, 200)).then_some(()))
    })
    .await?;
    anyhow::ensure!(instance.stop()?.success());
    Ok(())
}

#[tokio::test]
async fn readiness_follows_the_writes_on_sqlite() {
    let instance = start_with_crowd(None).unwrap();
    let data = instance.data();
    let run = |sql: &str| store::run(&data, sql).map(drop);
    readiness_follows_the_writes(instance, run).await.unwrap();
}

#[tokio::test]
async fn readiness_follows_the_writes_on_postgresql() {
    let server = postgres_for_tests::shared();
    let database = server.empty_database().unwrap();
    let instance = start_with_crowd(Some(database.url())).unwrap();
    let run = |sql: &str| Ok(server.run_sql(database.name(), sql).map(drop)?);
    readiness_follows_the_writes(instance, run).await.unwrap();
}

/// The one-time link, a second factor, an application, its tokens, a restart, and the proof of the log.
async fn first_hour(store_url: Option<String>) -> anyhow::Result<()> {
    let mut instance = Instance::start(Plan {
        store_url,
        ..Plan::default()
    })?;
    let mut ada = Administrator::set_up(&instance).await?;
    let app = ada.make_app().await?;
    let tokens = ada.token_for(&app).await?;
    anyhow::ensure!(tokens.get("id_token").is_some(), "no ID token: {tokens}");
    let link = instance.setup_link().context("no link")?.to_owned();
    let (_, path) = link.split_once("/setup?").context("another link")?;
    let again = Connection::new(instance.peer().clone())
        .get(&format!("/setup?{path}"), "")
        .await?;
    anyhow::ensure!(
        !again.text().contains("password_again"),
        "the one-time link opens twice"
    );
    anyhow::ensure!(instance.stop()?.success(), "the end was not orderly");
    instance.restart()?;
    anyhow::ensure!(
        instance.setup_link().is_none(),
        "a second link for a first administrator"
    );
    // The session and the application are still there.
    ada.agent.connection().forget();
    ada.token_for(&app).await?;
    instance.stop()?;
    let said = instance.run(&["log", "verify"])?;
    anyhow::ensure!(
        said.contains(": whole, "),
        "the log was not looked at: {said}"
    );
    Ok(())
}

#[tokio::test]
async fn the_first_hour_on_sqlite() {
    first_hour(None).await.unwrap();
}

#[tokio::test]
async fn the_first_hour_on_postgresql() {
    let database = postgres_for_tests::shared().empty_database().unwrap();
    first_hour(Some(database.url())).await.unwrap();
}

#[test]
fn a_log_that_was_changed_is_found_out() {
    let mut instance = start_with_crowd(None).unwrap();
    instance.stop().unwrap();
    let said = instance.run(&["log", "verify"]).unwrap();
    assert!(said.contains(": whole, "), "{said}");
    for sql in store::TAMPERING {
        let folder = instance.folder().join("tampered");
        fingerprint::copy(&instance.data(), &folder).unwrap();
        store::run(&folder, sql).unwrap();
        let words = ["log", "verify", "--data"].map(std::path::PathBuf::from);
        let found = refusal::of(&[&words[..], std::slice::from_ref(&folder)].concat()).unwrap();
        assert_eq!(found.code, 1, "{sql}: {}", found.said);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
