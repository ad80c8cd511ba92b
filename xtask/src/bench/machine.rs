//! Names the machine that was measured: a number without it says nothing.

use std::path::Path;
use std::process::Command;

use serde::Serialize;

/// Where servers run.
pub const SERVER_CORE: &str = "0";
/// Where the load runs.
pub const LOAD_CORE: &str = "1";

/// The machine.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// How many cores there are.
    pub cores: usize,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// The kernel.
    pub kernel: String,
    /// The peer's runtime.
    pub node: String,
    /// How many tasks wanted a core in the minute before the run; what others do is measured as ours.
    pub load_before: f64,
}

/// More than this before the run, and the numbers are not to be trusted.
const LOAD_BEFORE_MAX: f64 = 0.5;

impl Machine {
    /// A word of warning when the machine is busy with something else.
    pub fn warning(&self) -> Option<String> {
        (self.load_before > LOAD_BEFORE_MAX).then(|| {
            format!(
                "warning: the machine was busy before the run (load {:.2}): throughput and latency are not to be trusted",
                self.load_before
            )
        })
    }

    /// One line for a person.
    pub fn render(&self) -> String {
        format!(
            "{}, {} cores, {} MiB, Linux {}, Node.js {}",
            self.processor, self.cores, self.memory_mib, self.kernel, self.node
        )
    }
}

/// A program that is kept to one core (taskset is in Debian's util-linux).
pub fn pinned(program: &Path, core: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", core]).arg(program);
    command
}

/// Looks at this machine; what cannot be seen is named unknown.
pub fn look() -> Machine {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let node = crate::command::Call::new("node").args(["--version"]);
    Machine {
        processor: value_of(&read("/proc/cpuinfo"), "model name"),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        memory_mib: value_of(&read("/proc/meminfo"), "MemTotal")
            .trim_end_matches("kB")
            .trim()
            .parse::<u64>()
            .unwrap_or_default()
            / 1024,
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        load_before: read("/proc/loadavg")
            .split_whitespace()
            .next()
            .and_then(|load| load.parse().ok())
            .unwrap_or_default(),
        node: node.capture().unwrap_or_default().trim().to_owned(),
    }
}

fn value_of(text: &str, key: &str) -> String {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim() == key)
        .map_or_else(
            || "unknown".to_owned(),
            |(_, value)| value.trim().to_owned(),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_key() {
        assert_eq!(value_of("a : 1\nmodel name\t: X 2\n", "model name"), "X 2");
        assert_eq!(value_of("", "model name"), "unknown");
    }
}
