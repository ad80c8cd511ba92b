//! Programs that run beside the one under test: a mail server, a proxy, a receiver of syslog. Ended when they are dropped.

use std::fs::File;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;

use crate::scratch::Scratch;
use crate::{binary, script, wait};

/// The proxy, when it is not where Debian puts it.
const HAPROXY_VARIABLE: &str = "TESTBED_HAPROXY";
/// The folder below which the receiver of syslog lies.
const SYSLOG_NG_VARIABLE: &str = "TESTBED_SYSLOG_NG";
/// Where its libraries lie below that.
const SYSLOG_NG_LIBRARIES: [&str; 3] = [
    "usr/lib/syslog-ng",
    "usr/lib/x86_64-linux-gnu",
    "lib/x86_64-linux-gnu",
];
/// The longest until a companion is ready.
const READY_MAX: Duration = Duration::from_secs(30);

/// A running companion.
#[derive(Debug)]
pub struct Companion {
    child: Child,
    scratch: Scratch,
}

impl Companion {
    /// A script of `testbed/clients/python` that runs on; ready with its first line of JSON.
    ///
    /// # Errors
    /// When it does not become ready, with what it said.
    pub fn python(name: &str, input: &Value) -> anyhow::Result<Self> {
        let mut command = Command::new(script::python()?);
        command
            .arg(name)
            .arg(input.to_string())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(binary::root().join("testbed/clients/python"));
        let mut companion = Self::start(command, Scratch::new("companion")?)?;
        companion.wait_until_ready(name, |it| Ok(!it.lines()?.is_empty()))?;
        Ok(companion)
    }

    /// HAProxy, which terminates TLS with the bundle of chain and key and passes on to `backend`.
    ///
    /// # Errors
    /// When it is missing, with what to install, or does not become ready.
    pub fn haproxy(listen: SocketAddr, bundle: &Path, backend: SocketAddr) -> anyhow::Result<Self> {
        Self::haproxy_with(listen, &render_settings(listen, bundle, backend))
    }

    /// HAProxy, which passes connections on to `backend` as they are, and says who connected by `option`.
    ///
    /// # Errors
    /// When it is missing, with what to install, or does not become ready.
    pub fn haproxy_passing(
        listen: SocketAddr,
        backend: SocketAddr,
        option: &str,
    ) -> anyhow::Result<Self> {
        Self::haproxy_with(listen, &render_passing(listen, backend, option))
    }

    fn haproxy_with(listen: SocketAddr, text: &str) -> anyhow::Result<Self> {
        let program = std::env::var_os(HAPROXY_VARIABLE)
            .map_or_else(|| PathBuf::from("/usr/sbin/haproxy"), PathBuf::from);
        anyhow::ensure!(
            program.is_file(),
            "there is no proxy at {}: install it with `apt-get install haproxy`, or run `cargo xtask provision`",
            program.display()
        );
        let scratch = Scratch::new("haproxy")?;
        let settings = scratch.path().join("haproxy.cfg");
        std::fs::write(&settings, text)?;
        let mut command = Command::new(program);
        command.arg("-db").arg("-f").arg(&settings);
        let mut companion = Self::start(command, scratch)?;
        companion.wait_until_ready("haproxy", |_| Ok(TcpStream::connect(listen).is_ok()))?;
        Ok(companion)
    }

    /// syslog-ng, which takes syslog over TLS under that certificate and adds each message, taken apart by its own grammar, to a
    /// file as a line of JSON.
    ///
    /// # Errors
    /// When it is missing, with what to do, or does not become ready.
    pub fn syslog_ng(
        listen: SocketAddr,
        (certificate, key): (&Path, &Path),
        file: &Path,
    ) -> anyhow::Result<Self> {
        let folder = std::env::var_os(SYSLOG_NG_VARIABLE).map_or_else(
            || binary::target_folder().join("xtask/syslog-ng"),
            PathBuf::from,
        );
        let program = folder.join("usr/sbin/syslog-ng");
        anyhow::ensure!(
            program.is_file(),
            "there is no syslog-ng at {}: run `cargo xtask provision`",
            program.display()
        );
        let libraries = folder.join("usr/lib/syslog-ng");
        // The folder of the plugins bears the version.
        let mut versions = std::fs::read_dir(&libraries)?.filter_map(Result::ok);
        let plugins = versions.find(|entry| entry.path().is_dir());
        let plugins = plugins.context("there are no plugins of syslog-ng")?.path();
        let version = plugins.file_name().unwrap_or_default().to_string_lossy();
        let scratch = Scratch::new("syslog-ng")?;
        let settings = scratch.path().join("syslog-ng.conf");
        let text = render_collector(listen, &version, (certificate, key), file);
        std::fs::write(&settings, text)?;
        let places = SYSLOG_NG_LIBRARIES.map(|place| folder.join(place));
        let mut command = Command::new(program);
        command
            .args(["--foreground", "--no-caps", "--stderr"])
            .arg("--cfgfile")
            .arg(&settings)
            .arg("--module-path")
            .arg(&plugins);
        for (option, name) in [
            ("--persist-file", "persist"),
            ("--pidfile", "pid"),
            ("--control", "control"),
        ] {
            command.arg(option).arg(scratch.path().join(name));
        }
        if folder != Path::new("/") {
            command.env("LD_LIBRARY_PATH", std::env::join_paths(places)?);
        }
        let mut companion = Self::start(command, scratch)?;
        companion.wait_until_ready("syslog-ng", |_| Ok(TcpStream::connect(listen).is_ok()))?;
        Ok(companion)
    }

    fn start(mut command: Command, scratch: Scratch) -> anyhow::Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(scratch.path().join("out"))?)
            .stderr(File::create(scratch.path().join("err"))?)
            .spawn()
            .with_context(|| {
                let program = command.get_program().to_string_lossy().into_owned();
                format!("cannot start {program}")
            })?;
        Ok(Self { child, scratch })
    }

    fn wait_until_ready(
        &mut self,
        name: &str,
        is_ready: impl Fn(&Self) -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let what = format!("the readiness of {name}");
        let ready = wait::until(&what, READY_MAX, || {
            if let Some(status) = self.child.try_wait()? {
                anyhow::bail!("{name} ended with {status}");
            }
            Ok(is_ready(self)?.then_some(()))
        });
        ready.with_context(|| {
            std::fs::read_to_string(self.scratch.path().join("err")).unwrap_or_default()
        })
    }

    /// The whole lines of JSON that it has printed.
    ///
    /// # Errors
    /// When one is no JSON.
    pub fn lines(&self) -> anyhow::Result<Vec<Value>> {
        let text = std::fs::read_to_string(self.scratch.path().join("out"))?;
        text.split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
            .map(|line| serde_json::from_str(line).with_context(|| line.to_owned()))
            .collect()
    }
}

impl Drop for Companion {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn render_settings(listen: SocketAddr, bundle: &Path, backend: SocketAddr) -> String {
    format!(
        "global\n  maxconn 256\ndefaults\n  mode http\n  option forwardfor\n\
         \x20 timeout connect 10s\n  timeout client 60s\n  timeout server 60s\n\
         frontend front\n  bind {listen} ssl crt {} alpn h2,http/1.1\n\
         \x20 http-request set-header X-Forwarded-Proto https\n  default_backend cell\n\
         backend cell\n  server cell {backend}\n",
        bundle.display()
    )
}

fn render_collector(
    listen: SocketAddr,
    version: &str,
    (certificate, key): (&Path, &Path),
    file: &Path,
) -> String {
    format!(
        "@version: {version}\noptions {{ keep-hostname(yes); use-dns(no); dns-cache(no); stats-freq(0); }};\n\
         source s {{ syslog(ip({}) port({}) transport(\"tls\") log-msg-size(65536)\n\
         \x20 tls(key-file(\"{}\") cert-file(\"{}\") peer-verify(optional-untrusted))); }};\n\
         destination d {{ file(\"{}\" template(\"$(format-json --scope rfc5424,sdata PRI=$PRI)\\n\")); }};\n\
         log {{ source(s); destination(d); }};\n",
        listen.ip(),
        listen.port(),
        key.display(),
        certificate.display(),
        file.display()
    )
}

fn render_passing(listen: SocketAddr, backend: SocketAddr, option: &str) -> String {
    format!(
        "global\n  maxconn 256\ndefaults\n  mode tcp\n\
         \x20 timeout connect 10s\n  timeout client 60s\n  timeout server 60s\n\
         frontend front\n  bind {listen}\n  default_backend edge\n\
         backend edge\n  server edge {backend} {option}\n"
    )
}
