//! A command on one end of the socket, a cell on the other.

use crate::control::client::{self, ControlError};
use crate::control::message::{REQUEST_BYTES_MAX, Reply};
use crate::control::{Control, Serving, bind_or_warn, socket};
use crate::data_folder::DataFolder;
use crate::declaration::progress::Progress;
use crate::declaration::tests::World;
use crate::declaration::{Declaration, Mode, load};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

const DOCUMENT: &str = "orgs:\n- slug: acme\n  name: Acme\n  people:\n  - { login: ada@example.com, email: ada@example.com, password: { file: secret } }\n";

/// A cell that is served on the socket of a folder.
struct Served {
    folder: DataFolder,
    parent: TempDir,
    serving: Serving,
    _world: World,
}

async fn served_in(parent: TempDir, data: PathBuf) -> Served {
    let folder = DataFolder::open(&data).unwrap();
    let world = World::on_sqlite().await;
    let control = bind_or_warn(&folder).unwrap();
    let base_url = String::from("http://localhost:8080");
    Served {
        folder,
        parent,
        serving: Serving::start(control, world.cell.clone(), base_url),
        _world: world,
    }
}

async fn served() -> Served {
    let parent = TempDir::new().unwrap();
    let data = parent.path().join("data");
    served_in(parent, data).await
}

impl Served {
    fn declaration(&self, text: &str) -> Declaration {
        std::fs::write(
            self.parent.path().join("secret"),
            "plain clock winter harbour",
        )
        .unwrap();
        let path = self.parent.path().join("doc.yaml");
        std::fs::write(&path, text).unwrap();
        load(&path).unwrap()
    }

    async fn send(&self, mode: Mode, text: &str) -> Result<(usize, u64), String> {
        let progress = Progress::default();
        let declaration = self.declaration(text);
        let answer = client::send(self.folder.path(), mode, &declaration, &progress).await;
        match answer.unwrap().unwrap() {
            Ok(report) => Ok((report.changes.len(), report.unchanged)),
            Err(unfinished) => Err(unfinished.problem.of_file(Path::new("doc")).to_string()),
        }
    }

    /// Says something that no command says; what is said back.
    async fn say(&self, bytes: &[u8]) -> Reply {
        let path = self.folder.join(socket::SOCKET_FILE);
        let mut stream = UnixStream::connect(path).await.unwrap();
        // The server may have had enough before everything is written.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let mut said = Vec::new();
        stream.read_to_end(&mut said).await.unwrap();
        serde_json::from_slice(&said).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declaration_is_planned_and_applied_over_the_socket() {
    let served = served().await;
    assert_eq!(served.send(Mode::Plan, DOCUMENT).await, Ok((2, 0)));
    assert_eq!(served.send(Mode::Apply, DOCUMENT).await, Ok((2, 0)));
    assert_eq!(served.send(Mode::Plan, DOCUMENT).await, Ok((0, 2)));
    // What the server refuses has its place too.
    let refused = DOCUMENT.replace("email: ada@example.com", "email: nobody");
    let told = served.send(Mode::Apply, &refused).await.unwrap_err();
    assert!(
        told.starts_with("doc:5:14: person ada@example.com: email"),
        "{told}"
    );
    served.serving.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_is_its_owners_and_goes_with_the_server() {
    let served = served().await;
    let path = served.folder.join(socket::SOCKET_FILE);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    served.serving.stop().await;
    assert!(!path.exists());
    let connected = socket::connect(served.folder.path()).await.unwrap();
    assert!(connected.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_left_is_replaced() {
    let parent = TempDir::new().unwrap();
    let folder = DataFolder::open(&parent.path().join("data")).unwrap();
    let Control { listener, path } = bind_or_warn(&folder).unwrap();
    drop(listener);
    assert!(path.exists());
    assert!(socket::connect(folder.path()).await.unwrap().is_none());
    let control = bind_or_warn(&folder).unwrap();
    assert!(socket::connect(folder.path()).await.unwrap().is_some());
    drop(control);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_path_is_gone_round() {
    let parent = TempDir::new().unwrap();
    let data = parent.path().join("long".repeat(40)).join("data");
    std::fs::create_dir_all(data.parent().unwrap()).unwrap();
    let served = served_in(parent, data).await;
    assert!(served.folder.path().as_os_str().len() > 150);
    assert_eq!(served.send(Mode::Plan, DOCUMENT).await, Ok((2, 0)));
    served.serving.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_bound_is_no_reason_not_to_start() {
    let parent = TempDir::new().unwrap();
    let folder = DataFolder::open(&parent.path().join("data")).unwrap();
    std::fs::create_dir(folder.join(socket::SOCKET_FILE)).unwrap();
    assert!(bind_or_warn(&folder).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn anything_else_is_refused_in_bounds_and_harms_nothing() {
    let served = served().await;
    let other_release = r#"{"format":2,"mode":"plan","text":"orgs: []","secrets":[]}"#;
    for line in [
        "",
        "\n",
        "{}\n",
        "GET / HTTP/1.1\n\n",
        &format!("{other_release}\n"),
    ] {
        let said = served.say(line.as_bytes()).await;
        assert!(matches!(said, Reply::NotUnderstood(_)), "{line}: {said:?}");
    }
    let long = vec![b' '; usize::try_from(REQUEST_BYTES_MAX).unwrap() + 10];
    let path = served.folder.join(socket::SOCKET_FILE);
    let mut stream = UnixStream::connect(path).await.unwrap();
    let _ = stream.write_all(&long).await;
    drop(stream);
    assert_eq!(served.send(Mode::Plan, DOCUMENT).await, Ok((2, 0)));
    served.serving.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_says_so_by_the_end_of_the_connection() {
    let parent = TempDir::new().unwrap();
    let folder = DataFolder::open(&parent.path().join("data")).unwrap();
    let Control { listener, .. } = bind_or_warn(&folder).unwrap();
    let doc = parent.path().join("doc.yaml");
    std::fs::write(&doc, "orgs: []\n").unwrap();
    let declaration = load(&doc).unwrap();
    let progress = Progress::default();
    let (answer, ()) = tokio::join!(
        client::send(folder.path(), Mode::Plan, &declaration, &progress),
        async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut byte = [0_u8; 1];
            stream.read_exact(&mut byte).await.unwrap();
        }
    );
    assert!(matches!(answer, Err(ControlError::Gone)), "{answer:?}");
}
