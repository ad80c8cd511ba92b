//! Starts of the program that must not come to anything: what it said, and with which status it ended.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;

use crate::scratch::Scratch;
use crate::{binary, wait};

/// The longest until a wrong start has ended.
const END_MAX: Duration = Duration::from_secs(30);

/// How a start ended that did not succeed.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The exit status.
    pub code: i32,
    /// What it said to the person who started it.
    pub said: String,
}

/// Runs the program with these words, which must not succeed.
///
/// # Errors
/// When it succeeds, goes on running, or is ended by a signal.
pub fn of<A: AsRef<Path>>(arguments: &[A]) -> anyhow::Result<Refusal> {
    let scratch = Scratch::new("refusal")?;
    let (output, errors) = (scratch.path().join("out"), scratch.path().join("err"));
    let mut child = Command::new(binary::find()?)
        .args(arguments.iter().map(AsRef::as_ref))
        .current_dir(scratch.path())
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::null())
        .stdout(File::create(&output)?)
        .stderr(File::create(&errors)?)
        .spawn()?;
    let ended = wait::until("the end", END_MAX, || Ok(child.try_wait()?));
    if ended.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    let said = std::fs::read_to_string(&errors)?;
    let printed = std::fs::read_to_string(&output)?;
    let status = ended.with_context(|| format!("it goes on running: {printed}{said}"))?;
    anyhow::ensure!(!status.success(), "it succeeded: {printed}{said}");
    let code = status.code().with_context(|| format!("{status}: {said}"))?;
    Ok(Refusal { code, said })
}

/// Runs `up` on a data folder with further words; it must end with status 1 and say all of `words`.
///
/// # Errors
/// When it does not, with what it said instead.
pub fn expect_up(data: &Path, arguments: &[&str], words: &[&str]) -> anyhow::Result<()> {
    let folder = data.to_str().context("the folder's name is no text")?;
    let mut all = vec!["up", "--listen", "127.0.0.1:0", "--data", folder];
    // A later `--listen` would be refused as a second one.
    if arguments.contains(&"--listen") {
        all.drain(1..3);
    }
    all.extend(arguments);
    let refusal = of(&all)?;
    for word in words {
        anyhow::ensure!(
            refusal.said.contains(word),
            "`{}` was refused without the word {word:?}: {}",
            all.join(" "),
            refusal.said
        );
    }
    anyhow::ensure!(
        refusal.code == 1,
        "`{}` ended with {}: {}",
        all.join(" "),
        refusal.code,
        refusal.said
    );
    Ok(())
}
