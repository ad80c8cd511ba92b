//! Child processes: started with a clean cargo environment, bounded in time, and never silent for long.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::report;

/// How long a child may work without a word from us.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(60);
/// How often a child is asked whether it has ended.
const POLL_EVERY: Duration = Duration::from_millis(50);
/// The longest that a call may take that only asks whether something works.
const QUESTION_MAX: Duration = Duration::from_secs(60);
/// How many lines of a failed child's log are shown; the file holds the rest.
const LOG_LINES_SHOWN: usize = 200;

/// A program to run, its arguments, and what differs in its environment.
#[derive(Debug)]
pub struct Call {
    command: Command,
    words: Vec<String>,
}

impl Call {
    /// A call of `program`, found on the path or named by one.
    pub fn new(program: impl AsRef<Path>) -> Self {
        let program = program.as_ref();
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        // What cargo told us about ourselves would make its children believe that their inputs changed.
        for (name, _) in std::env::vars_os() {
            if is_about_the_caller(&name.to_string_lossy()) {
                command.env_remove(name);
            }
        }
        Self {
            command,
            words: vec![program.display().to_string()],
        }
    }

    /// Adds arguments.
    pub fn args<S: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        for argument in arguments {
            let argument = argument.into();
            self.words.push(argument.to_string_lossy().into_owned());
            self.command.arg(argument);
        }
        self
    }

    /// Sets one variable of the environment.
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.command.env(name, value.into());
        self
    }

    /// Sets the working directory.
    pub fn dir(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs with its output on ours; fails when it fails or outlasts `limit`.
    pub fn stream(mut self, limit: Duration) -> anyhow::Result<()> {
        let child = self.start()?;
        let status = self.wait(child, limit)?;
        self.judge(status)
    }

    /// Runs with its output in a file, whose end is shown when it fails.
    pub fn log_to(mut self, log: &Path, limit: Duration) -> anyhow::Result<()> {
        let file = create_file(log)?;
        self.command.stdout(file.try_clone()?).stderr(file);
        let child = self.start()?;
        let verdict = self
            .wait(child, limit)
            .and_then(|status| self.judge(status));
        if verdict.is_err() {
            report::line(&render_log_end(log)?);
        }
        verdict
    }

    /// Runs with its standard output returned and its errors on ours.
    pub fn capture(mut self) -> anyhow::Result<String> {
        self.command.stdout(Stdio::piped());
        let child = self.start()?;
        let output = child
            .wait_with_output()
            .with_context(|| self.describe("cannot wait for"))?;
        self.judge(output.status)?;
        String::from_utf8(output.stdout).with_context(|| self.describe("cannot read the output of"))
    }

    /// Runs unheard and for a short time; true when it exists and succeeds.
    pub fn succeeds(mut self) -> bool {
        self.command.stdout(Stdio::null()).stderr(Stdio::null());
        let status = self
            .start()
            .and_then(|child| self.wait(child, QUESTION_MAX));
        status.is_ok_and(|status| status.success())
    }

    fn start(&mut self) -> anyhow::Result<Child> {
        self.command
            .spawn()
            .with_context(|| self.describe("cannot start"))
    }

    fn wait(&self, mut child: Child, limit: Duration) -> anyhow::Result<ExitStatus> {
        let started = Instant::now();
        let mut spoken = started;
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            if started.elapsed() > limit {
                child.kill()?;
                child.wait()?;
                bail!(
                    "{} within {}",
                    self.describe("no end of"),
                    report::render_duration(limit)
                );
            }
            if spoken.elapsed() > HEARTBEAT_EVERY {
                spoken = Instant::now();
                let so_far = report::render_duration(started.elapsed());
                report::line(&format!("   … {so_far} so far: {}", self.words.join(" ")));
            }
            thread::sleep(POLL_EVERY);
        }
    }

    fn judge(&self, status: ExitStatus) -> anyhow::Result<()> {
        if status.success() {
            return Ok(());
        }
        bail!("{}: {status}", self.describe("failed"))
    }

    fn describe(&self, what: &str) -> String {
        format!("{what} `{}`", self.words.join(" "))
    }
}

fn is_about_the_caller(variable: &str) -> bool {
    [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
    ]
    .iter()
    .any(|prefix| variable.starts_with(prefix))
        || matches!(variable, "CARGO_PRIMARY_PACKAGE" | "OUT_DIR")
}

/// Creates a file and the folders above it.
pub fn create_file(path: &Path) -> anyhow::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create the folder {}", folder.display()))?;
    }
    File::create(path).with_context(|| format!("cannot create {}", path.display()))
}

fn render_log_end(log: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(log)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let skipped = lines.len().saturating_sub(LOG_LINES_SHOWN);
    let shown: Vec<&str> = lines.into_iter().skip(skipped).collect();
    Ok(format!(
        "---- {} ({skipped} lines before this)\n{}\n----",
        log.display(),
        shown.join("\n")
    ))
}

/// Where a program lies, looked for on the path and then in further folders.
pub fn find_program(name: &str, further: &[PathBuf]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(further.iter().cloned())
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_secs(20);

    #[test]
    fn a_call_tells_success_from_failure() {
        assert!(Call::new("true").stream(SHORT).is_ok());
        let failure = Call::new("false").stream(SHORT).unwrap_err().to_string();
        assert!(failure.starts_with("failed `false`"), "{failure}");
        assert!(!Call::new("there-is-no-such-program").succeeds());
    }

    #[test]
    fn output_is_returned() {
        let output = Call::new("echo").args(["one", "two"]).capture().unwrap();
        assert_eq!(output, "one two\n");
    }

    #[test]
    fn a_call_that_outlasts_its_limit_is_ended() {
        let failure = Call::new("cat")
            .args(["/dev/zero"])
            .log_to(Path::new("/dev/null"), Duration::ZERO)
            .unwrap_err()
            .to_string();
        assert!(
            failure.starts_with("no end of `cat /dev/zero`"),
            "{failure}"
        );
    }

    #[test]
    fn what_cargo_says_about_us_is_kept_from_children() {
        assert!(is_about_the_caller("CARGO_PKG_NAME"));
        assert!(is_about_the_caller("CARGO_MANIFEST_DIR"));
        assert!(!is_about_the_caller("CARGO_HOME"));
        assert!(!is_about_the_caller("CARGO_TARGET_DIR"));
    }
}
