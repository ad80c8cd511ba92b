//! The doors that are compared, all before the one cell of a small fleet: our own edge, HAProxy, nginx.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Serialize;
use serde_json::{Value, json};

use crate::bench::machine::{LOAD_CORE, SERVER_CORE, pinned};
use crate::command::{Call, find_program};
use crate::fleet::bench::strain::{Group, Report};

/// Our own door, in the table.
pub const OURS: &str = "testudo";
/// The org that is asked for.
const ORG: &str = "acme";
/// What is asked for: the cell says that it lives, without its store.
const PATH: &str = "/health/live";
/// Where Debian keeps servers.
const SYSTEM_PROGRAMS: &str = "/usr/sbin";
/// How long anything may take to be there.
const READY_MAX: Duration = Duration::from_secs(60);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// How doors are spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wire {
    /// HTTP as it is.
    Plain,
    /// Over TLS 1.3.
    Tls,
}

impl Wire {
    /// Those that our edge speaks.
    pub fn all(product: &Path) -> anyhow::Result<Vec<Self>> {
        let help = Call::new(product)
            .args(["fleet", "up", "--help"])
            .capture()?;
        let speaks_tls = help.contains("--tls ");
        Ok(match speaks_tls {
            true => vec![Self::Plain, Self::Tls],
            false => vec![Self::Plain],
        })
    }

    /// Where its files lie. Configurations of other doors name them, so that there is no space in it.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Tls => "tls",
        }
    }

    /// In the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Tls => "TLS 1.3",
        }
    }
}

/// A door.
#[derive(Debug)]
pub struct Door {
    /// In the table.
    pub name: &'static str,
    /// Whether it agrees on keys in X25519MLKEM768.
    pub knows_hybrid: bool,
    address: SocketAddr,
    tls: Option<Value>,
    pids: Vec<u32>,
    _child: Option<Running>,
}

impl Door {
    /// No door: the cell itself, asked as an edge asks it.
    pub fn none(stage: &Stage) -> Self {
        Self {
            name: "none",
            knows_hybrid: true,
            address: stage.cell,
            tls: Some(json!({
                "name": "cell-a.cell.testudo.internal",
                "roots": stage.identity().join("authority.pem"),
                "identity": stage.identity(),
            })),
            pids: Vec::new(),
            _child: None,
        }
    }
}

/// A process that ends with us.
#[derive(Debug)]
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A fleet of one cell with one org, and what is needed to stand other doors before that cell.
#[derive(Debug)]
pub struct Stage {
    /// How doors are spoken to.
    pub wire: Wire,
    cell: SocketAddr,
    edge: SocketAddr,
    folder: PathBuf,
    programs: PathBuf,
    _fleet: Running,
}

impl Stage {
    /// Starts the fleet.
    pub fn set(programs: &Path, folder: &Path, wire: Wire) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let (edge, page) = (free_address()?, free_address()?);
        let mut command = pinned(&programs.join("testudo"), LOAD_CORE);
        command
            .args(["fleet", "up", "--output", "json", "--cells", "1"])
            .args(["--listen", &edge.to_string(), "--page", &page.to_string()])
            .arg("--data")
            .arg(folder.join("fleet"));
        if wire == Wire::Tls {
            command.args(["--tls", "local"]);
        }
        let mut fleet = command
            .stdout(Stdio::piped())
            .stderr(File::create(folder.join("fleet.log"))?)
            .spawn()
            .context("cannot start the fleet (taskset is in Debian's util-linux)")?;
        let output = fleet.stdout.take().context("the fleet has no output")?;
        let fleet = Running(fleet);
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        anyhow::ensure!(
            line.contains("\"ready\":true"),
            "the fleet did not start: {line}"
        );
        let mut stage = Self {
            wire,
            cell: edge,
            edge,
            folder: folder.to_path_buf(),
            programs: programs.to_path_buf(),
            _fleet: fleet,
        };
        let cells = stage.ask(&["cell", "list"])?;
        let address = cells.get(0).and_then(|cell| cell.get("address"));
        let address = address.and_then(Value::as_str).context("no cell")?;
        stage.cell = address.parse()?;
        stage.ask(&["org", "create", ORG])?;
        make_certificates(&stage.folder)?;
        Ok(stage)
    }

    /// All doors, each with a core of its own as long as it is the only one that is asked.
    pub fn doors(&self) -> anyhow::Result<Vec<Door>> {
        let ours = self.process_of("edge-1")?;
        Call::new("taskset")
            .args(["-a", "-p", "-c", SERVER_CORE, &ours.to_string()])
            .capture()?;
        let roots = find_file(&self.folder.join("fleet/edge-1"), "root.pem");
        let ours = Door {
            name: OURS,
            knows_hybrid: true,
            address: self.edge,
            tls: self.tls_by(roots),
            pids: vec![ours],
            _child: None,
        };
        Ok(vec![ours, self.haproxy()?, self.nginx()?])
    }

    fn haproxy(&self) -> anyhow::Result<Door> {
        let address = free_address()?;
        let crt = match self.wire {
            Wire::Plain => String::new(),
            Wire::Tls => format!(" ssl crt {}", self.folder.join("host-both.pem").display()),
        };
        let edge = self.folder.join("edge-both.pem");
        let config = format!(
            "global\n nbthread 1\n maxconn 8192\n ssl-default-bind-options ssl-min-ver TLSv1.3\n\
             defaults\n mode http\n timeout connect 3s\n timeout client 60s\n timeout server 60s\n option http-keep-alive\n http-reuse always\n\
             frontend door\n bind {address}{crt}\n default_backend cells\n\
             backend cells\n server cell-a {cell} ssl verify required ca-file {roots} crt {edge} sni str({name}) alpn http/1.1\n",
            cell = self.cell,
            roots = self.identity().join("authority.pem").display(),
            edge = edge.display(),
            name = "cell-a.cell.testudo.internal",
        );
        let file = self.folder.join("haproxy.cfg");
        std::fs::write(&file, config)?;
        let mut command = pinned(&program("haproxy")?, SERVER_CORE);
        command.args(["-db", "-f"]).arg(&file);
        self.other("haproxy", address, command)
    }

    fn nginx(&self) -> anyhow::Result<Door> {
        let address = free_address()?;
        let own = self.folder.join("nginx");
        std::fs::create_dir_all(&own)?;
        let (ssl, certificates) = match self.wire {
            Wire::Plain => ("", String::new()),
            Wire::Tls => (
                " ssl",
                format!(
                    "ssl_certificate {0}/host.pem; ssl_certificate_key {0}/host.key; ssl_protocols TLSv1.3; ssl_session_tickets off;",
                    self.folder.display()
                ),
            ),
        };
        let config = format!(
            "daemon off; master_process off; worker_processes 1; pid {own}/pid; error_log {own}/error.log;\n\
             events {{ worker_connections 8192; }}\n\
             http {{ access_log off; keepalive_requests 1000000000; \
             client_body_temp_path {own}/b; proxy_temp_path {own}/p; fastcgi_temp_path {own}/f; uwsgi_temp_path {own}/u; scgi_temp_path {own}/s;\n\
             upstream cells {{ server {cell}; keepalive 128; keepalive_requests 1000000000; }}\n\
             server {{ listen {address}{ssl}; {certificates}\n\
             location / {{ proxy_pass https://cells; proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host $http_host;\n\
             proxy_ssl_verify on; proxy_ssl_trusted_certificate {identity}/authority.pem; proxy_ssl_certificate {identity}/certificate.pem;\n\
             proxy_ssl_certificate_key {identity}/key.pem; proxy_ssl_name {name}; proxy_ssl_server_name on; proxy_ssl_protocols TLSv1.3; }} }} }}\n",
            own = own.display(),
            cell = self.cell,
            identity = self.identity().display(),
            name = "cell-a.cell.testudo.internal",
        );
        let file = self.folder.join("nginx.conf");
        std::fs::write(&file, config)?;
        let mut command = pinned(&program("nginx")?, SERVER_CORE);
        command.arg("-c").arg(&file).arg("-p").arg(&own);
        self.other("nginx", address, command)
    }

    fn other(
        &self,
        name: &'static str,
        address: SocketAddr,
        mut command: Command,
    ) -> anyhow::Result<Door> {
        let log = File::create(self.folder.join(format!("{name}.log")))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let door = Door {
            name,
            knows_hybrid: false,
            address,
            tls: self.tls_by(Some(self.folder.join("root.pem"))),
            pids: vec![child.id()],
            _child: Some(Running(child)),
        };
        until(&format!("{name} listens"), || {
            Ok(TcpStream::connect(address).is_ok().then_some(()))
        })?;
        Ok(door)
    }

    fn tls_by(&self, roots: Option<PathBuf>) -> Option<Value> {
        (self.wire == Wire::Tls).then(
            || json!({ "name": format!("{ORG}.localhost"), "roots": roots, "identity": null }),
        )
    }

    /// Strains a door.
    pub fn strain(&self, door: &Door, group: Group, pace: &Value) -> anyhow::Result<Report> {
        let tls = door.tls.clone().map(|mut tls| {
            tls["group"] = json!(group);
            tls
        });
        let order = json!({
            "address": door.address,
            "host": format!("{ORG}.localhost:{}", self.edge.port()),
            "path": PATH,
            "tls": tls,
            "pids": door.pids,
            "pace": pace,
        });
        let output = pinned(&self.programs.join("gate"), LOAD_CORE)
            .arg(order.to_string())
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null())
            .output()
            .context("cannot start the strain")?;
        anyhow::ensure!(
            output.status.success(),
            "{} at {pace}: {}",
            door.name,
            String::from_utf8_lossy(&output.stderr).trim()
        );
        serde_json::from_slice(&output.stdout).context("the report of the strain cannot be read")
    }

    /// From the moment at which a new org is acknowledged to its first answer at the edge, in milliseconds. Over TLS nothing
    /// else would be measured, so that plain doors alone are asked.
    pub fn time_until_visible(&self) -> anyhow::Result<f64> {
        self.ask(&["org", "create", "newcomer"])?;
        let begun = Instant::now();
        until("a new org", || Ok(self.answers("newcomer").then_some(())))?;
        Ok(begun.elapsed().as_secs_f64() * 1e3)
    }

    fn answers(&self, org: &str) -> bool {
        let ask = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(self.edge)?;
            let port = self.edge.port();
            write!(
                stream,
                "GET {PATH} HTTP/1.1\r\nhost: {org}.localhost:{port}\r\nconnection: close\r\n\r\n"
            )?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
    }

    /// The certificate of the fleet's edge, by which the cell lets a door in.
    fn identity(&self) -> PathBuf {
        self.folder.join("fleet/identities/edge-edge-1")
    }

    fn ask(&self, words: &[&str]) -> anyhow::Result<Value> {
        let said = Call::new(self.programs.join("testudo"))
            .args(words.iter().copied())
            .args(["--output", "json", "--data"])
            .args([self.folder.join("fleet")])
            .capture()?;
        serde_json::from_str(&said).with_context(|| format!("{words:?} said {said}"))
    }

    /// The process of one member of the fleet.
    fn process_of(&self, name: &str) -> anyhow::Result<u32> {
        let data = self.folder.join("fleet").join(name).display().to_string();
        for entry in std::fs::read_dir("/proc")?.flatten() {
            let number = entry
                .file_name()
                .to_str()
                .and_then(|text| text.parse().ok());
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let mut parts = line.split(|byte| *byte == 0);
            if let Some(number) = number
                && parts.any(|part| part == data.as_bytes())
            {
                return Ok(number);
            }
        }
        anyhow::bail!("{name} does not run")
    }
}

/// What other doors show: an authority, a host's certificate, and both halves in one file as HAProxy wants them.
fn make_certificates(folder: &Path) -> anyhow::Result<()> {
    let ec = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ];
    let openssl = |words: &[&str]| {
        let mut command = Command::new("openssl");
        command.args(words).current_dir(folder).stdin(Stdio::null());
        let output = command.output().context("openssl is not installed")?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        anyhow::ensure!(output.status.success(), "openssl {words:?}: {said}");
        Ok(())
    };
    std::fs::write(
        folder.join("host.ext"),
        format!("subjectAltName=DNS:{ORG}.localhost\n"),
    )?;
    let root = [
        "req",
        "-x509",
        "-days",
        "2",
        "-subj",
        "/CN=Bench",
        "-keyout",
        "root.key",
        "-out",
        "root.pem",
    ];
    openssl(&[&root[..], &ec].concat())?;
    let host = [
        "req", "-subj", "/CN=Host", "-keyout", "host.key", "-out", "host.csr",
    ];
    openssl(&[&host[..], &ec].concat())?;
    openssl(&[
        "x509",
        "-req",
        "-days",
        "2",
        "-in",
        "host.csr",
        "-CA",
        "root.pem",
        "-CAkey",
        "root.key",
        "-CAcreateserial",
        "-extfile",
        "host.ext",
        "-out",
        "host.pem",
    ])?;
    let identity = folder.join("fleet/identities/edge-edge-1");
    join(
        &folder.join("host.pem"),
        &folder.join("host.key"),
        &folder.join("host-both.pem"),
    )?;
    join(
        &identity.join("certificate.pem"),
        &identity.join("key.pem"),
        &folder.join("edge-both.pem"),
    )
}

fn join(one: &Path, other: &Path, into: &Path) -> anyhow::Result<()> {
    let mut bytes = std::fs::read(one)?;
    bytes.extend(std::fs::read(other)?);
    Ok(std::fs::write(into, bytes)?)
}

fn find_file(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).ok()?.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|file| file == name) {
                return Some(path);
            }
        }
    }
    None
}

fn program(name: &str) -> anyhow::Result<PathBuf> {
    find_program(name, &[PathBuf::from(SYSTEM_PROGRAMS)]).with_context(|| {
        format!("{name} is not installed. On Debian, as root: apt-get install {name}")
    })
}

fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn until(what: &str, mut look: impl FnMut() -> anyhow::Result<Option<()>>) -> anyhow::Result<()> {
    let begun = Instant::now();
    while look()?.is_none() {
        anyhow::ensure!(
            begun.elapsed() < READY_MAX,
            "{what}: not within {} s",
            READY_MAX.as_secs()
        );
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(())
}
