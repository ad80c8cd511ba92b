//! The steps of a move as the control plane's log tells them: it is followed, so that somebody can be hurt at a step.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

/// What is said of steps and of phases.
const KINDS: [(News, &str); 3] = [
    (News::Begins, "a step of a move begins"),
    (News::Through, "a step of a move is through"),
    (News::Phase, "an org moves"),
];

/// What a line tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// A step begins.
    Begins,
    /// It is through.
    Through,
    /// The move came to a phase.
    Phase,
}

/// A line about a move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What it tells.
    pub news: News,
    /// Of which organisation.
    pub org: String,
    /// In which phase.
    pub phase: String,
    /// Which step; empty if it tells of a phase.
    pub step: String,
}

impl Told {
    /// Whether it tells this of this step.
    #[must_use]
    pub fn is(&self, news: News, phase: &str, step: &str) -> bool {
        self.news == news && self.phase == phase && self.step == step
    }
}

/// A line as it is logged.
#[derive(Deserialize)]
struct Line<'l> {
    #[serde(borrow)]
    fields: Fields<'l>,
}

#[derive(Deserialize)]
struct Fields<'l> {
    #[serde(borrow)]
    message: Cow<'l, str>,
    org: String,
    phase: String,
    #[serde(default)]
    step: String,
}

/// Reads a line; none if it tells of something else.
#[must_use]
pub fn parse_line(line: &str) -> Option<Told> {
    let Line { fields } = serde_json::from_str(line).ok()?;
    let mut kinds = KINDS.into_iter();
    let (news, _) = kinds.find(|(_, message)| *message == fields.message)?;
    Some(Told {
        news,
        org: fields.org,
        phase: fields.phase,
        step: fields.step,
    })
}

/// Reads a log from where it ended when it was opened.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    offset: u64,
    rest: Vec<u8>,
}

impl Follower {
    /// Of what comes from now on.
    ///
    /// # Errors
    /// When there is no log.
    pub fn from_now(path: &Path) -> anyhow::Result<Self> {
        let about = || path.display().to_string();
        let offset = std::fs::metadata(path).with_context(about)?.len();
        Ok(Self {
            path: path.to_owned(),
            offset,
            rest: Vec::new(),
        })
    }

    /// What one organisation's move was told of since the last look.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn read(&mut self, org: &str) -> anyhow::Result<Vec<Told>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.offset))?;
        let read = file.read_to_end(&mut self.rest)?;
        self.offset += read as u64;
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else {
            return Ok(Vec::new());
        };
        let begun = self.rest.split_off(end + 1);
        let whole = std::mem::replace(&mut self.rest, begun);
        let text = String::from_utf8_lossy(&whole);
        let told = text.lines().filter_map(parse_line);
        Ok(told.filter(|told| told.org == org).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{Follower, News, parse_line};
    use crate::scratch::Scratch;
    use std::io::Write as _;

    const STEP: &str = r#"{"timestamp":"2026-01-02T03:04:05Z","level":"DEBUG","fields":{"message":"a step of a move begins","org":"acme","phase":"purging","step":"finish at the giver"},"target":"atlas::org_move::carry"}"#;

    #[test]
    fn lines_tell_of_steps_and_phases() {
        let told = parse_line(STEP).unwrap();
        assert!(told.is(News::Begins, "purging", "finish at the giver"));
        assert_eq!(told.org, "acme");
        let line = STEP.replace("a step of a move begins", "an org moves");
        let line = line.replace(r#","step":"finish at the giver""#, "");
        assert!(parse_line(&line).unwrap().is(News::Phase, "purging", ""));
        assert_eq!(parse_line(&STEP.replace("a step", "ready")), None);
        assert_eq!(parse_line("ready"), None);
    }

    #[test]
    fn a_log_is_read_from_now_on_and_line_by_line() {
        let scratch = Scratch::new("trace").unwrap();
        let path = scratch.path().join("log");
        std::fs::write(&path, format!("{STEP}\n")).unwrap();
        let mut follower = Follower::from_now(&path).unwrap();
        let mut file = std::fs::File::options().append(true).open(&path).unwrap();
        let (half, rest) = STEP.split_at(40);
        write!(file, "{half}").unwrap();
        assert!(follower.read("acme").unwrap().is_empty());
        writeln!(file, "{rest}").unwrap();
        assert_eq!(follower.read("acme").unwrap().len(), 1);
        writeln!(file, "{STEP}").unwrap();
        assert!(follower.read("globex").unwrap().is_empty());
    }
}
