//! Starts a server, and sees to it that none outlives its test process.
//!
//! A small shell stands between: it starts the server, says so, and then reads a pipe whose other end this process
//! holds. When the process ends, even by `kill -9`, the pipe closes; the shell stops the server and wipes its folder.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::binaries::{Owner, find_owner, find_programs};

/// `$1` programs, `$2` folder, `$3` options of the server, `$4` options of initdb.
const WATCHDOG: &str = r#"
trap '' INT TERM HUP
"$1/initdb" -D "$2/data" -U postgres --auth=trust --encoding=UTF8 --locale=C $4 >"$2/log" 2>&1 &&
"$1/pg_ctl" -D "$2/data" -l "$2/log" -o "$3" -w -t 120 start >>"$2/log" 2>&1 &&
echo ready || { echo failed; cat "$2/log"; rm -rf "$2"; exit 1; }
exec >&- 2>&-
read -r _
"$1/pg_ctl" -D "$2/data" -m immediate -w stop >/dev/null 2>&1
rm -rf "$2"
"#;

/// The longest path of a Unix socket, less the socket's own name.
const FOLDER_BYTES_MAX: usize = 107 - "/.s.PGSQL.65535".len();

/// How often another free port is tried.
const PORT_TRIES_MAX: usize = 8;

/// The port that names the socket when there is no TCP.
const SOCKET_PORT: u16 = 5432;

/// How a server is set up.
#[derive(Debug, Default)]
pub struct Settings {
    /// Whether a commit waits for the disk.
    pub durability: Durability,
    /// With it the server also listens on a free port of 127.0.0.1, and takes nothing but TLS there.
    pub tls: Option<Tls>,
}

/// Whether a commit waits for the disk.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Fast: the data survives the end of the server's processes, but not of the machine.
    #[default]
    Fast,
    /// As in production.
    Durable,
}

/// The server's certificate and key, PEM.
pub struct Tls {
    /// The certificate chain.
    pub certificate_pem: String,
    /// The private key.
    pub key_pem: String,
}

impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Tls")
    }
}

/// Why there is no server.
#[derive(Debug)]
pub enum StartError {
    /// The programs are nowhere.
    NotInstalled,
    /// Root cannot run it, and the user for it does not exist.
    NoUser,
    /// The temporary folder's name is too long for a Unix socket.
    FolderTooLong(PathBuf),
    /// A step failed.
    Io(&'static str, std::io::Error),
    /// The server said no.
    Refused(String),
}

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled => formatter.write_str(
                "PostgreSQL is not installed: neither in /usr/lib/postgresql/*/bin nor in PATH are initdb, pg_ctl, \
                 postgres and psql; on Debian: apt-get install postgresql",
            ),
            Self::NoUser => formatter.write_str(
                "PostgreSQL does not run as root, and there is no user postgres; on Debian: apt-get install postgresql",
            ),
            Self::FolderTooLong(folder) => {
                write!(formatter, "{} is too long for a Unix socket: set TMPDIR to a shorter one", folder.display())
            }
            Self::Io(step, error) => write!(formatter, "PostgreSQL for tests: {step}: {error}"),
            Self::Refused(log) => write!(formatter, "PostgreSQL for tests did not start:\n{log}"),
        }
    }
}

impl std::error::Error for StartError {}

/// A running server.
#[derive(Debug)]
pub struct Server {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    tcp: bool,
    owner: Option<Owner>,
    // Its closed input ends the server.
    watchdog: Mutex<Child>,
    pub(crate) databases: AtomicU32,
    pub(crate) templates: tokio::sync::Mutex<Vec<&'static str>>,
}

impl Server {
    /// Starts a server of its own.
    ///
    /// # Errors
    /// What is missing on this machine, or what the server complained of.
    pub fn start(settings: &Settings) -> Result<Self, StartError> {
        let mut tries_left = PORT_TRIES_MAX;
        loop {
            tries_left -= 1;
            match Self::start_once(settings) {
                // Another process may have taken the port that was free a moment ago.
                Err(StartError::Refused(log))
                    if tries_left > 0 && log.contains("could not bind") => {}
                started => return started,
            }
        }
    }

    fn start_once(settings: &Settings) -> Result<Self, StartError> {
        let programs = find_programs()?;
        let owner = find_owner()?;
        let folder = create_folder(owner)?;
        let port = match &settings.tls {
            Some(tls) => {
                write_tls(&folder, tls, owner)?;
                find_free_port()?
            }
            None => SOCKET_PORT,
        };
        let options = render_options(settings, &folder, port);
        let mut watchdog =
            spawn_watchdog(&programs, &folder, &options, settings.durability, owner)?;
        wait_until_ready(&mut watchdog)?;
        Ok(Self {
            programs,
            folder,
            port,
            tcp: settings.tls.is_some(),
            owner,
            watchdog: Mutex::new(watchdog),
            databases: AtomicU32::new(0),
            templates: tokio::sync::Mutex::new(Vec::new()),
        })
    }

    /// The address of a database by the Unix socket.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let socket = self.folder.to_string_lossy().replace('/', "%2F");
        format!("postgres://postgres@{socket}:{}/{database}", self.port)
    }

    /// The address of a database by TCP, for a server that was started with TLS; a query such as `sslmode=…` can follow.
    #[must_use]
    pub fn tcp_url(&self, host: &str, database: &str) -> Option<String> {
        self.tcp
            .then(|| format!("postgres://postgres@{host}:{}/{database}", self.port))
    }

    /// Runs SQL as the superuser; gives the rows, one a line, columns apart by `|`.
    ///
    /// # Errors
    /// What the server or the client complained of.
    pub fn run_sql(&self, database: &str, sql: &str) -> Result<String, StartError> {
        let output = Command::new(self.programs.join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d"])
            .arg(self.url(database))
            .args(["-c", sql])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| StartError::Io("run psql", error))?;
        if !output.status.success() {
            return Err(StartError::Refused(
                String::from_utf8_lossy(&output.stderr).into_owned(),
            ));
        }
        Ok(String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned())
    }

    /// Kills the server's processes as a crash would, and starts it again; every connection is lost.
    ///
    /// # Errors
    /// What `pg_ctl` complained of.
    pub fn crash_and_restart(&self) -> Result<(), StartError> {
        let mut command = Command::new(self.programs.join("pg_ctl"));
        command
            .arg("-D")
            .arg(self.folder.join("data"))
            .args(["-m", "immediate", "-w", "-t", "120", "-l"])
            .arg(self.folder.join("log"))
            .arg("restart")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        become_owner(&mut command, self.owner);
        let status = command
            .status()
            .map_err(|error| StartError::Io("run pg_ctl", error))?;
        if status.success() {
            Ok(())
        } else {
            Err(StartError::Refused(self.read_log()))
        }
    }

    /// The folder of its data; gone some time after the server is dropped.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn read_log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Ok(watchdog) = self.watchdog.get_mut() else {
            return;
        };
        // The closed pipe is the order to stop; then the folder is gone when this returns.
        drop(watchdog.stdin.take());
        let _ = watchdog.wait();
    }
}

fn create_folder(owner: Option<Owner>) -> Result<PathBuf, StartError> {
    static FOLDERS: AtomicU32 = AtomicU32::new(0);
    let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("pg-{}-{number}", std::process::id()));
    if folder.as_os_str().len() > FOLDER_BYTES_MAX {
        return Err(StartError::FolderTooLong(folder));
    }
    let create = || -> std::io::Result<()> {
        // A process with the same number may have left one behind.
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir(&folder)?;
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))?;
        give_to(&folder, owner)
    };
    create().map_err(|error| StartError::Io("create its folder", error))?;
    Ok(folder)
}

fn write_tls(folder: &Path, tls: &Tls, owner: Option<Owner>) -> Result<(), StartError> {
    let write = |name: &str, content: &str| -> std::io::Result<()> {
        let path = folder.join(name);
        std::fs::write(&path, content)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        give_to(&path, owner)
    };
    write("server.crt", &tls.certificate_pem)
        .and_then(|()| write("server.key", &tls.key_pem))
        .map_err(|error| StartError::Io("write its certificate", error))
}

fn give_to(path: &Path, owner: Option<Owner>) -> std::io::Result<()> {
    match owner {
        Some(owner) => chown(path, Some(owner.user), Some(owner.group)),
        None => Ok(()),
    }
}

fn find_free_port() -> Result<u16, StartError> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| StartError::Io("find a free port", error))
}

fn render_options(settings: &Settings, folder: &Path, port: u16) -> String {
    let mut options = vec![
        format!("unix_socket_directories={}", folder.display()),
        format!("port={port}"),
        "max_connections=300".to_owned(),
        "shared_buffers=32MB".to_owned(),
        "autovacuum=off".to_owned(),
    ];
    if settings.durability == Durability::Fast {
        options.extend(["fsync=off".to_owned(), "full_page_writes=off".to_owned()]);
    }
    if settings.tls.is_some() {
        options.push("listen_addresses=127.0.0.1".to_owned());
        options.push("ssl=on".to_owned());
        options.push(format!(
            "ssl_cert_file={}",
            folder.join("server.crt").display()
        ));
        options.push(format!(
            "ssl_key_file={}",
            folder.join("server.key").display()
        ));
    } else {
        options.push("listen_addresses=".to_owned());
    }
    options
        .iter()
        .map(|option| format!("-c '{option}'"))
        .collect::<Vec<_>>()
        .join(" ")
}

fn spawn_watchdog(
    programs: &Path,
    folder: &Path,
    options: &str,
    durability: Durability,
    owner: Option<Owner>,
) -> Result<Child, StartError> {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", WATCHDOG, "watchdog"])
        .arg(programs)
        .arg(folder)
        .arg(options)
        .arg(if durability == Durability::Fast {
            "--no-sync"
        } else {
            ""
        })
        .current_dir("/")
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // A ^C meant for the tests must not kill the watchdog before it has cleaned up.
        .process_group(0);
    become_owner(&mut command, owner);
    command
        .spawn()
        .map_err(|error| StartError::Io("start a shell", error))
}

fn become_owner(command: &mut Command, owner: Option<Owner>) {
    if let Some(owner) = owner {
        command.uid(owner.user).gid(owner.group).current_dir("/");
    }
}

fn wait_until_ready(watchdog: &mut Child) -> Result<(), StartError> {
    let Some(stdout) = watchdog.stdout.take() else {
        return Err(StartError::Refused("the shell has no output".to_owned()));
    };
    let mut output = BufReader::new(stdout);
    let mut verdict = String::new();
    output
        .read_line(&mut verdict)
        .map_err(|error| StartError::Io("wait for the server", error))?;
    if verdict.trim() == "ready" {
        return Ok(());
    }
    let mut log = String::new();
    output
        .read_to_string(&mut log)
        .map_err(|error| StartError::Io("read the server's log", error))?;
    let _ = watchdog.wait();
    Err(StartError::Refused(log))
}
