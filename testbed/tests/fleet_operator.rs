//! What an operator of a fleet meets when something is not as it should be: members that hang, cells that are away, folders
//! and addresses that are not what they were; each time it mends itself, or says what to do.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use http::StatusCode;
use rustix::process::Signal;
use testbed::connection::{Connection, Peer};
use testbed::first_hour::Administrator;
use testbed::fleet::Fleet;
use testbed::instance::{Ended, free_address};
use testbed::scratch::Scratch;
use testbed::{binary, wait};

const RECOVERY_MAX: Duration = Duration::from_secs(60);

async fn wait_for(peer: &Peer, wanted: StatusCode) -> anyhow::Result<()> {
    wait::until_async(&peer.host, RECOVERY_MAX, async || {
        let answer = Connection::new(peer.clone()).get("/signin", "").await;
        Ok(answer
            .is_ok_and(|answer| answer.status == wanted)
            .then_some(()))
    })
    .await
}

#[tokio::test]
async fn a_member_that_hangs_is_killed_and_started_again() {
    let fleet = Fleet::start(1).unwrap();
    fleet.make_org("acme", "cell-a").unwrap();
    let acme = fleet.peer_of("acme").unwrap();
    wait_for(&acme, StatusCode::OK).await.unwrap();
    let hung = ["control", "edge-1", "cell-a"].map(|name| {
        let process = fleet.signal(name, Signal::STOP).unwrap();
        (name, process)
    });
    for (name, before) in hung {
        wait::until(name, RECOVERY_MAX, || {
            let now = fleet.process_of(name)?;
            Ok(now.filter(|now| *now != before).map(drop))
        })
        .unwrap();
    }
    wait_for(&acme, StatusCode::OK).await.unwrap();
    wait::until("the control plane", RECOVERY_MAX, || {
        Ok(fleet.ask(&["org", "show", "acme"]).ok().map(drop))
    })
    .unwrap();
    // Those who answer are left alone.
    let now = fleet.process_of("cell-a").unwrap();
    assert_ne!(now, Some(hung[2].1));
}

#[tokio::test]
async fn an_organisation_that_was_made_while_its_cell_was_away_is_set_up_by_a_new_link() {
    let fleet = Fleet::start_with(2, &["--leave-hung"]).unwrap();
    let hung = fleet.signal("cell-a", Signal::STOP).unwrap();
    wait::until("a cell that is silent", RECOVERY_MAX, || {
        let cell = fleet.ask(&["cell", "show", "cell-a"])?;
        Ok(cell["health"].is_null().then_some(()))
    })
    .unwrap();
    // The emptiest cell is silent: another one that fits is chosen.
    let made = fleet.ask(&["org", "create", "globex"]).unwrap();
    assert_eq!(made["org"]["cell"], "cell-b");
    let create = ["org", "create", "acme", "--cell", "cell-a"];
    let waits = fleet.run(&create).unwrap();
    assert_eq!(waits.code, Some(1));
    assert!(
        waits.said.contains("testudo org invite acme"),
        "{}",
        waits.said
    );
    rustix::process::kill_process(hung, Signal::CONT).unwrap();
    let acme = fleet.peer_of("acme").unwrap();
    wait_for(&acme, StatusCode::OK).await.unwrap();

    let first = fleet.ask(&["org", "invite", "acme"]).unwrap();
    let second = fleet.ask(&["org", "invite", "acme"]).unwrap();
    let link = |answer: &serde_json::Value| answer["setup_url"].as_str().unwrap().to_owned();
    let refused = Administrator::set_up_at(acme.clone(), &link(&first)).await;
    assert!(refused.is_err(), "a newer link ends the one before");
    Administrator::set_up_at(acme, &link(&second))
        .await
        .unwrap();
    let late = fleet.run(&["org", "invite", "acme"]).unwrap();
    assert!(
        late.said.contains("testudo recover LOGIN --org acme"),
        "{}",
        late.said
    );

    // The link is made beside the cell that serves the organisation, for the address that its administrator began at.
    let ada = "ada@example.com";
    let folder = |name: &str| fleet.folder().join(name).display().to_string();
    let recover = |data: &str| {
        let mut command = Command::new(binary::find().unwrap());
        command.args(["recover", ada, "--org", "acme", "--data", data]);
        Ended::of(&mut command).unwrap()
    };
    let recovered = recover(&folder("cell-a"));
    let own = fleet.origin.replace("//localhost", "//acme.localhost");
    assert!(link(&second).starts_with(&format!("{own}/setup?token=")));
    let wanted = format!("{own}/reset");
    assert!(recovered.printed.contains(&wanted), "{recovered:?}");
    let elsewhere = recover(&folder("cell-b"));
    assert!(
        elsewhere.said.contains("testudo org show acme"),
        "{elsewhere:?}"
    );
    let whole = recover(&folder(""));
    assert!(whole.said.contains("the folder of a fleet"), "{whole:?}");
}

#[tokio::test]
async fn a_move_that_is_under_way_is_watched_and_told_in_the_same_words() {
    let fleet = Fleet::start_with(2, &["--leave-hung"]).unwrap();
    fleet.make_org("acme", "cell-a").unwrap();
    let never = fleet.run(&["org", "show", "acme"]).unwrap();
    assert!(!never.printed.contains("move"), "{}", never.printed);
    // Its cell hangs, and whoever asks before that is noticed begins a move that waits.
    let hung = wait::until("a move that waits", RECOVERY_MAX, || {
        let hung = fleet.signal("cell-a", Signal::STOP)?;
        let asked = fleet.run(&["org", "move", "acme", "--to", "cell-b"])?;
        if asked.code == Some(0) {
            return Ok(Some(hung));
        }
        rustix::process::kill_process(hung, Signal::CONT)?;
        Ok(None)
    })
    .unwrap();
    wait::until("the reason of a move that waits", RECOVERY_MAX, || {
        let newest = &fleet.ask(&["org", "moves"])?["moves"][0];
        Ok((newest["reason"] == "cell-a does not answer").then_some(()))
    })
    .unwrap();
    let shown = fleet.run(&["org", "show", "acme"]).unwrap();
    let words = "cell-a -> cell-b: the cells get ready (cell-a does not answer)";
    assert!(shown.printed.contains(words), "{}", shown.printed);
    let again = fleet
        .run(&["org", "move", "acme", "--to", "cell-b"])
        .unwrap();
    assert!(again.said.contains("on its way already"), "{}", again.said);
    rustix::process::kill_process(hung, Signal::CONT).unwrap();
    let watched = ["org", "move", "acme", "--to", "cell-b", "--watch"];
    assert_eq!(fleet.ask(&watched).unwrap()["serving"], "cell-b");
    let there = fleet
        .run(&["org", "move", "acme", "--to", "cell-b"])
        .unwrap();
    assert!(
        there.said.contains("acme is in cell-b already"),
        "{}",
        there.said
    );
    let wrong = fleet
        .run(&["org", "move", "acme", "--keep-secs", "99999999"])
        .unwrap();
    assert!(wrong.said.contains("--keep-secs"), "{}", wrong.said);
    let unknown = fleet.run(&["fleet", "tls", "--org", "nosuch"]).unwrap();
    assert!(
        unknown.said.contains("there is no organisation"),
        "{}",
        unknown.said
    );
    let strange = ["org", "host", "add", "acme", "http://login.acme.test"];
    let strange = fleet.run(&strange).unwrap();
    assert!(
        strange
            .said
            .contains("leave the scheme out: login.acme.test"),
        "{}",
        strange.said
    );
    let proved = fleet.verify_log("cell-b").unwrap();
    assert!(proved.contains(" (acme): whole, "), "{proved}");
    assert!(proved.contains("one chain with "), "{proved}");
}

#[test]
fn a_move_into_a_cell_that_does_not_answer_is_refused_and_one_that_is_started_again_is_waited_for()
{
    let fleet = Fleet::start_with(2, &["--leave-hung"]).unwrap();
    for slug in ["acme", "globex"] {
        fleet.make_org(slug, "cell-a").unwrap();
    }
    fleet.signal("cell-b", Signal::KILL).unwrap();
    let moved = ["org", "move", "globex", "--to", "cell-b", "--watch"];
    assert_eq!(fleet.ask(&moved).unwrap()["serving"], "cell-b");

    let hung = fleet.signal("cell-b", Signal::STOP).unwrap();
    let refused = fleet
        .run(&["org", "move", "acme", "--to", "cell-b"])
        .unwrap();
    assert_eq!(refused.code, Some(1));
    for part in [
        "cell-b does not answer (",
        "nothing was begun",
        "testudo fleet status",
    ] {
        assert!(refused.said.contains(part), "{}", refused.said);
    }
    let moves = fleet.ask(&["org", "moves"]).unwrap();
    assert_eq!(moves["moves"].as_array().unwrap().len(), 1);
    // A drain that has nowhere else to go says so, and goes on by itself.
    wait::until("a cell that is silent", RECOVERY_MAX, || {
        let cell = fleet.ask(&["cell", "show", "cell-b"])?;
        Ok(cell["health"].is_null().then_some(()))
    })
    .unwrap();
    let drained = fleet.run(&["cell", "drain", "cell-a"]).unwrap();
    for part in ["acme stays: ", "cell-b may have it"] {
        assert!(drained.printed.contains(part), "{}", drained.printed);
    }
    rustix::process::kill_process(hung, Signal::CONT).unwrap();
    wait::until("an organisation that leaves", RECOVERY_MAX, || {
        let acme = fleet.ask(&["org", "show", "acme"])?;
        Ok((acme["cell"] == "cell-b").then_some(()))
    })
    .unwrap();
}

/// Runs `fleet up` where it comes to nothing.
fn fails_up(data: &Path, options: &[&str]) -> anyhow::Result<Ended> {
    let mut command = Command::new(binary::find()?);
    command.args(["fleet", "up", "--data"]).arg(data);
    Ended::of(command.args(options))
}

#[test]
fn a_start_that_comes_to_nothing_says_why_and_leaves_nothing_behind() {
    let scratch = Scratch::new("operator").unwrap();
    let data = scratch.path().join("fleet");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let (busy, free) = (
        taken.local_addr().unwrap().to_string(),
        free_address().unwrap().to_string(),
    );
    for (listen, page, option) in [(&busy, &free, "--listen"), (&free, &busy, "--page")] {
        let ended = fails_up(&data, &["--listen", listen, "--page", page]).unwrap();
        assert_eq!(ended.code, Some(1));
        let wanted = format!("cannot listen on {busy}");
        assert!(
            ended.said.contains(&wanted) && ended.said.contains(option),
            "{}",
            ended.said
        );
        assert!(!data.exists());
    }
    let mut up = Command::new(binary::find().unwrap());
    let up = up.args(["up", "--listen", &busy, "--data"]).arg(&data);
    let ended = Ended::of(up).unwrap();
    assert!(
        ended.said.contains("name another one with --listen"),
        "{}",
        ended.said
    );
    assert!(!data.exists());
}

#[test]
fn a_fleet_is_started_again_as_it_was_or_is_told_what_is_missing() {
    let mut fleet = Fleet::start(2).unwrap();
    fleet.make_org("acme", "cell-b").unwrap();
    let data = fleet.folder();
    let port = fleet.origin.rsplit(':').next().unwrap().to_owned();
    let listen = format!("127.0.0.1:{port}");
    let page = free_address().unwrap().to_string();

    let running = fails_up(&data, &["--listen", &listen, "--page", &page]).unwrap();
    assert!(
        running.said.contains("in use by another testudo process"),
        "{}",
        running.said
    );
    // Its processes end without their parent, which has told nobody.
    fleet.kill().unwrap();
    let stale = fleet.run(&["fleet", "status"]).unwrap();
    assert!(
        stale.said.contains("ended without a word"),
        "{}",
        stale.said
    );
    assert_eq!(fleet.run(&["fleet", "down"]).unwrap().code, Some(1));

    let moved = fails_up(
        &data,
        &["--listen", &listen, "--page", &page, "--tls", "local"],
    )
    .unwrap();
    assert!(moved.said.contains("would no longer fit"), "{}", moved.said);
    // The one that was given up may not be gone yet.
    let taken = wait::until("the address of the page", RECOVERY_MAX, || {
        Ok(TcpListener::bind(&page).ok())
    })
    .unwrap();
    let busy = fails_up(&data, &["--listen", &listen, "--page", &page]).unwrap();
    assert!(
        busy.said
            .contains("control does not start: cannot listen on"),
        "{}",
        busy.said
    );
    drop(taken);
    let ready = fleet.restart(&["--cells", "1"]).unwrap();
    assert_eq!(ready["not_started"], serde_json::json!(["cell-b"]));
    assert_eq!(fleet.run(&["fleet", "down"]).unwrap().code, Some(0));
    let ready = fleet.restart(&[]).unwrap();
    assert_eq!(ready["not_started"], serde_json::json!([]));
    let cells = fleet.ask(&["fleet", "status"]).unwrap();
    let healthy = cells["cells"].as_array().unwrap().iter();
    assert_eq!(
        healthy
            .filter(|cell| cell["health"]["ready"] == true)
            .count(),
        2
    );
}

#[test]
fn a_folder_that_is_gone_is_missed_and_not_made_anew() {
    let mut fleet = Fleet::start(2).unwrap();
    fleet.make_org("acme", "cell-a").unwrap();
    let data = fleet.folder();
    let aside = data.with_extension("aside");
    let port = fleet.origin.rsplit(':').next().unwrap().to_owned();
    let listen = format!("127.0.0.1:{port}");
    let page = fleet
        .page
        .rsplit('/')
        .next()
        .unwrap()
        .replace("localhost", "127.0.0.1");
    let doors = ["--listen", &listen, "--page", &page];
    for (folder, parts) in [
        (
            "cell-a",
            [
                "cell-a has no store in",
                "1 organisation has its place there",
                "--without cell-a",
            ],
        ),
        (
            "control",
            ["there is no register at", "(cell-a, cell-b)", "route.key"],
        ),
    ] {
        assert_eq!(fleet.run(&["fleet", "down"]).unwrap().code, Some(0));
        std::fs::rename(data.join(folder), &aside).unwrap();
        let ended = fails_up(&data, &doors).unwrap();
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        for part in parts {
            assert!(ended.said.contains(part), "{}", ended.said);
        }
        assert!(!data.join(folder).exists());
        std::fs::rename(&aside, data.join(folder)).unwrap();
        let ready = fleet.restart(&[]).unwrap();
        assert_eq!(ready["not_started"], serde_json::json!([]));
    }
    assert_eq!(fleet.run(&["fleet", "down"]).unwrap().code, Some(0));
    let ready = fleet.restart(&["--without", "cell-a"]).unwrap();
    assert_eq!(ready["not_started"], serde_json::json!(["cell-a"]));
    let orgs = fleet.ask(&["org", "list"]).unwrap();
    assert_eq!(orgs[0]["slug"], "acme");
}

#[test]
fn what_is_asked_for_by_mistake_is_said_and_not_done() {
    let fleet = Fleet::start(1).unwrap();
    fleet.make_org("acme", "cell-a").unwrap();
    let data = fleet.folder();
    let refusals: [(&[&str], &str); 6] = [
        (
            &["org", "move", "acme", "--watch"],
            "--watch alone begins no move",
        ),
        (&["org", "move", "acme"], "there is no other cell"),
        (
            &["org", "list", "--cell", "cell-z"],
            "there is no cell \"cell-z\"",
        ),
        (&["cell", "close", "cell-a"], "drain it first"),
        (&["log", "verify"], "name the folder of a cell, such as"),
        (&["fleet", "up"], "testudo fleet down --data"),
    ];
    for (command, part) in refusals {
        let ended = fleet.run(command).unwrap();
        assert_eq!(ended.code, Some(1), "{command:?}");
        assert!(ended.said.contains(part), "{command:?}: {}", ended.said);
    }
    assert_eq!(
        fleet.ask(&["org", "moves"]).unwrap()["moves"],
        serde_json::json!([])
    );
    let one = free_address().unwrap().to_string();
    let same = fails_up(&data.join("x"), &["--listen", &one, "--page", &one]).unwrap();
    assert!(same.said.contains("--page:"), "{}", same.said);
    let tls = fleet.run(&["fleet", "tls"]).unwrap();
    assert!(tls.printed.contains("nobody speaks TLS"), "{}", tls.printed);

    // Nobody else can take its organisation: whoever drains hears so, and so does whoever closes.
    let drained = fleet.run(&["cell", "drain", "cell-a"]).unwrap();
    assert!(
        drained.printed.contains("acme stays: "),
        "{}",
        drained.printed
    );
    let closed = fleet.run(&["cell", "close", "cell-a"]).unwrap();
    assert!(
        closed.said.contains("1 organisation lives there"),
        "{}",
        closed.said
    );
    assert!(
        !closed.said.contains("`testudo cell drain`"),
        "{}",
        closed.said
    );

    let status = fleet.ask(&["fleet", "status"]).unwrap();
    for name in ["control", "edge-1", "cell-a"] {
        let process = fleet.process_of(name).unwrap().unwrap();
        let process = process.as_raw_nonzero().get();
        assert_eq!(
            status["processes"][name],
            serde_json::json!(process),
            "{name}"
        );
    }
}

#[test]
fn an_edge_that_hangs_is_not_said_to_have_handed_over() {
    let fleet = Fleet::start(1).unwrap();
    let replaced = fleet.ask(&["fleet", "restart", "edge"]).unwrap();
    assert_eq!(replaced["handed_over"], serde_json::json!(true));
    let process = i32::try_from(replaced["process"].as_i64().unwrap()).unwrap();
    let process = rustix::process::Pid::from_raw(process).unwrap();
    rustix::process::kill_process(process, Signal::STOP).unwrap();
    let ended = fleet.run(&["fleet", "restart", "edge"]).unwrap();
    assert_eq!(ended.code, Some(1));
    assert!(ended.printed.contains("did not hand over"), "{ended:?}");
}

#[test]
fn whoever_reads_only_the_beginning_is_not_an_error() {
    let fleet = Fleet::start(1).unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ended = Command::new(binary::find().unwrap())
        .args(["fleet", "status", "--data"])
        .arg(fleet.folder())
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
    assert_eq!(ended.status.code(), Some(141));
}

#[test]
fn a_folder_that_is_something_else_is_told_from_one_that_is_not_there() {
    let scratch = Scratch::new("operator").unwrap();
    let file = scratch.path().join("letter.txt");
    std::fs::write(&file, "x").unwrap();
    let (listen, page) = (
        free_address().unwrap().to_string(),
        free_address().unwrap().to_string(),
    );
    let doors = ["--listen", &listen, "--page", &page];
    for (data, part) in [
        (file.clone(), "letter.txt is not a folder; name"),
        (file.join("fleet"), "letter.txt is not a folder; name"),
        (scratch.path().to_path_buf(), "is not a testudo data folder"),
    ] {
        let ended = fails_up(&data, &doors).unwrap();
        assert_eq!(ended.code, Some(1));
        assert!(ended.said.contains(part), "{}", ended.said);
    }
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 1);
}

/// Starts a part of a fleet by hand where it comes to nothing.
fn fails_by_hand(words: &[&str], data: &Path, identity: &Path) -> anyhow::Result<String> {
    let mut command = Command::new(binary::find()?);
    command.args(words).arg("--data").arg(data);
    command.arg("--identity").arg(identity);
    command.args(["--listen", "127.0.0.1:0", "--origin", "http://localhost:1"]);
    let ended = Ended::of(command.arg("--until-stdin-ends"))?;
    anyhow::ensure!(ended.code == Some(1), "{words:?}: {}", ended.printed);
    Ok(ended.said)
}

#[test]
fn a_part_that_is_started_by_hand_takes_no_folder_but_its_own() {
    let fleet = Fleet::start(2).unwrap();
    assert_eq!(fleet.run(&["fleet", "down"]).unwrap().code, Some(0));
    let data = fleet.folder();
    let identity = |name: &str| data.join("identities").join(name);
    let (cell_a, cell_b) = (
        ["cell", "run", "--name", "cell-a"],
        ["cell", "run", "--name", "cell-b"],
    );
    let key = "00".repeat(32);
    let edge = [
        "--name",
        "edge-1",
        "--control",
        "127.0.0.1:1",
        "--route-key",
        &key,
    ];
    let edge = [&["edge"], &edge[..]].concat();
    let nowhere = data.join("misspelt");
    for (words, name) in [
        (&["control"][..], "control-control"),
        (&edge[..], "edge-edge-1"),
        (&cell_a[..], "cell-cell-a"),
    ] {
        let said = fails_by_hand(words, &nowhere, &identity(name)).unwrap();
        assert!(said.contains("say --new"), "{said}");
        assert!(!nowhere.exists());
        let said = fails_by_hand(words, &data.join("identities"), &identity(name)).unwrap();
        assert!(said.contains("holds something else"), "{said}");
    }
    // Each knows where people reached the fleet: issuers would be made of an address that somebody mistook.
    for (words, folder, name) in [
        (&["control"][..], "control", "control-control"),
        (&edge[..], "edge-1", "edge-edge-1"),
        (&cell_a[..], "cell-a", "cell-cell-a"),
    ] {
        let said = fails_by_hand(words, &data.join(folder), &identity(name)).unwrap();
        let before = format!("--origin {} as before", fleet.origin);
        assert!(
            said.contains(&before) && said.contains("--change-address"),
            "{said}"
        );
    }
    let before = testbed::fingerprint::of(&data.join("cell-a")).unwrap();
    let other = fails_by_hand(&cell_b, &data.join("cell-a"), &identity("cell-cell-b")).unwrap();
    assert!(
        other.contains("the folder of cell-a, and not of cell-b"),
        "{other}"
    );
    let whole = fails_by_hand(&cell_a, &data, &identity("cell-cell-a")).unwrap();
    assert!(whole.contains("the folder of a fleet"), "{whole}");
    std::fs::remove_file(data.join("cell-a/cell.json")).unwrap();
    let server = fails_by_hand(&cell_a, &data.join("cell-a"), &identity("cell-cell-a")).unwrap();
    assert!(server.contains("the folder of a server"), "{server}");
    let mut after = testbed::fingerprint::of(&data.join("cell-a")).unwrap();
    let mark = PathBuf::from("cell.json");
    after.insert(mark.clone(), before[&mark].clone());
    assert_eq!(before, after);
}

#[tokio::test]
async fn what_a_fleet_signs_with_is_missed_and_made_anew_by_leave_alone() {
    let mut fleet = Fleet::start(1).unwrap();
    fleet.make_org("acme", "cell-a").unwrap();
    let (data, acme) = (fleet.folder(), fleet.peer_of("acme").unwrap());
    let port = fleet.origin.rsplit(':').next().unwrap().to_owned();
    let listen = format!("127.0.0.1:{port}");
    let page = free_address().unwrap().to_string();
    let doors = ["--listen", &listen, "--page", &page];
    let identities = data.with_extension("identities");
    for (lost, option) in [
        ("control/route.key", "--new-route-key"),
        ("authority/authority.pem", "--new-authority"),
    ] {
        assert_eq!(fleet.run(&["fleet", "down"]).unwrap().code, Some(0));
        if !identities.exists() {
            testbed::fingerprint::copy(&data.join("identities"), &identities).unwrap();
        }
        std::fs::remove_file(data.join(lost)).unwrap();
        let ended = fails_up(&data, &doors).unwrap();
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        assert!(ended.said.contains(option), "{}", ended.said);
        assert!(!data.join(lost).exists());
        // Ready is who knows the way, though the map that was kept is of no use, or gone.
        drop(std::fs::remove_file(data.join("edge-1/routes.map")));
        fleet.restart(&[option]).unwrap();
        let first = Connection::new(acme.clone()).get("/signin", "").await;
        assert_eq!(first.unwrap().status, StatusCode::OK);
    }
    // The certificates of before are another fleet's.
    assert_eq!(fleet.run(&["fleet", "down"]).unwrap().code, Some(0));
    let (name, folder) = (["cell", "run", "--name", "cell-a"], data.join("cell-a"));
    let other = fails_by_hand(&name, &folder, &identities.join("cell-cell-a")).unwrap();
    assert!(other.contains("cell-a of another fleet"), "{other}");
}
