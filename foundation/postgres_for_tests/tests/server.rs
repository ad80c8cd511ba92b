//! The server itself: each test its own database, templates, and no server that outlives its process.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use postgres_for_tests::{Server, Settings, shared};

#[test]
fn databases_are_apart_and_dropped() {
    let one = shared().empty_database().unwrap();
    let other = shared().empty_database().unwrap();
    one.run_sql("CREATE TABLE t (x INT)").unwrap();
    assert!(other.run_sql("SELECT * FROM t").is_err());
    let name = one.name().to_owned();
    drop(one);
    let left = shared().run_sql(
        "postgres",
        &format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'"),
    );
    assert_eq!(left.unwrap(), "0");
}

#[tokio::test]
async fn a_template_is_filled_once() {
    let mut fills = 0;
    for _ in 0..2 {
        let copy = shared()
            .copy_of("filled", |url| {
                fills += 1;
                assert!(url.ends_with("/filled"));
                shared()
                    .run_sql("filled", "CREATE TABLE t (x INT); INSERT INTO t VALUES (7)")
                    .unwrap();
                async {}
            })
            .await
            .unwrap();
        assert_eq!(copy.run_sql("SELECT x FROM t").unwrap(), "7");
    }
    assert_eq!(fills, 1);
}

#[test]
fn data_survives_a_crash_of_the_server() {
    let server = Server::start(&Settings::default()).unwrap();
    let database = server.empty_database().unwrap();
    database
        .run_sql("CREATE TABLE t (x INT); INSERT INTO t VALUES (1)")
        .unwrap();
    server.crash_and_restart().unwrap();
    assert_eq!(database.run_sql("SELECT x FROM t").unwrap(), "1");
    let folder = server.folder().to_owned();
    drop(database);
    drop(server);
    assert!(!folder.exists());
}

/// Runs in a process of its own, to be killed.
#[test]
#[ignore = "the child of a_killed_process_leaves_no_server"]
fn child_that_is_killed() {
    let server = Server::start(&Settings::default()).unwrap();
    let postmaster = std::fs::read_to_string(server.folder().join("data/postmaster.pid")).unwrap();
    println!(
        "\nfolder {} {}",
        postmaster.lines().next().unwrap(),
        server.folder().display()
    );
    let mut forever = String::new();
    std::io::stdin().read_line(&mut forever).unwrap();
}

#[test]
fn a_killed_process_leaves_no_server() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "child_that_is_killed",
            "--ignored",
            "--nocapture",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let line = output
        .lines()
        .map(Result::unwrap)
        .find_map(|line| line.strip_prefix("folder ").map(str::to_owned))
        .expect("the child's folder");
    let (pid, folder) = line.split_once(' ').unwrap();
    let (process, folder) = (PathBuf::from(format!("/proc/{pid}")), PathBuf::from(folder));
    assert!(process.exists() && folder.exists());
    child.kill().unwrap();
    child.wait().unwrap();
    while process.exists() || folder.exists() {
        std::thread::yield_now();
    }
}
