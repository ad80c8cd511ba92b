//! What the kernel knows of a process: processor time and memory.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;

/// Fields of `/proc/PID/stat` after the name: user and system time, in ticks.
const USER_TICKS_FIELD: usize = 11;
const SYSTEM_TICKS_FIELD: usize = 12;

/// A process that is watched from outside.
#[derive(Debug, Clone, Copy)]
pub struct Watched {
    /// Its number.
    pub pid: u32,
}

impl Watched {
    /// User and system time of all its threads, living and ended.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn processor_time(&self) -> anyhow::Result<Duration> {
        let text = self.read("stat")?;
        let ticks = parse_ticks(&text).context("the kernel's line about a process has changed")?;
        let per_second = rustix::param::clock_ticks_per_second();
        Ok(Duration::from_micros(
            ticks.saturating_mul(1_000_000) / per_second.max(1),
        ))
    }

    /// What it holds in memory, in KiB.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn resident_kib(&self) -> anyhow::Result<u64> {
        let text = self.read("status")?;
        text.lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse().ok())
            .context("the kernel does not say how much memory the process holds")
    }

    fn read(&self, name: &str) -> anyhow::Result<String> {
        let path = PathBuf::from(format!("/proc/{}/{name}", self.pid));
        std::fs::read_to_string(&path).with_context(|| format!("process {} is gone", self.pid))
    }
}

/// The first core that this process may use: for programs that are to have one core alone.
///
/// # Errors
/// When the kernel does not say.
pub fn first_core() -> anyhow::Result<String> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    text.lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
        .and_then(|list| list.trim().split([',', '-']).next())
        .map(str::to_owned)
        .context("the kernel does not say which cores may be used")
}

/// The name of the program stands in brackets and may hold anything, so the fields count from the last bracket.
fn parse_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let user: u64 = fields.get(USER_TICKS_FIELD)?.parse().ok()?;
    let system: u64 = fields.get(SYSTEM_TICKS_FIELD)?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_read_after_a_name_with_brackets() {
        let line = "42 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 120 30 0 0 20 0 9 0 5 6 7";
        assert_eq!(parse_ticks(line), Some(150));
        assert_eq!(parse_ticks("42 (a) S 1"), None);
    }

    #[test]
    fn this_process_has_used_time_and_memory() {
        let own = Watched {
            pid: std::process::id(),
        };
        assert!(own.processor_time().is_ok());
        assert!(own.resident_kib().unwrap() > 100);
    }
}
